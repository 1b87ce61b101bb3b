---Who is a responder and who dispatches: one set, kept up to date from the sources that the owner
---named, so that a push scans nobody. Pure: sources are handed in.

---@class CadBridge.Sources
---@field cad CadBridge.CadResponders
---@field ace CadBridge.AceResponders
---@field job CadBridge.JobResponders

---@class CadBridge.Audience
---@field responders table<integer, true>
---@field dispatchers table<integer, true>
---@field sources CadBridge.Sources
---@field private roster CadBridge.Roster
---@field private named table<CadBridge.Source, true>
---@field private changed fun(source: integer, since: integer?)
local Audience = {}
Audience.__index = Audience

---How many players a push asks again for their rights at once, besides those who hold one; and how
---many each following step asks.
local INLINE, STEP = 8, 64

---@param roster CadBridge.Roster
---@param sources CadBridge.Sources
---@param named CadBridge.Source[] that the owner wants
---@param changed fun(source: integer, since: integer?) a player became or ceased to be something; `since`: he may have been it since then
---@return CadBridge.Audience
local function new(roster, sources, named, changed)
    local audience = setmetatable({
        responders = {}, dispatchers = {}, sources = sources, roster = roster, named = {}, changed = changed,
    }, Audience)
    for _, name in ipairs(named) do audience.named[name] = true end
    return audience
end

---The sources by which the player is a responder; empty for a bystander.
---@param source integer
---@return CadBridge.Source[]
function Audience:reasons(source)
    local reasons, named, sources = {}, self.named, self.sources
    if named.cad and sources.cad:holds(source) then reasons[#reasons + 1] = 'cad' end
    if named.ace and sources.ace:holds(source) then reasons[#reasons + 1] = 'ace' end
    if named.job and sources.job:holds(source) then reasons[#reasons + 1] = 'job' end
    if named.everyone then reasons[#reasons + 1] = 'everyone' end
    return reasons
end

---@private
---@param source integer
---@return boolean
function Audience:isOne(source)
    local named, sources = self.named, self.sources
    return named.everyone
        or named.cad and sources.cad:holds(source)
        or named.ace and sources.ace:holds(source)
        or named.job and sources.job:holds(source)
        or false
end

---Looks again at one player, after one of the sources changed its mind.
---@param source integer
---@param since integer? he may have been it since then, clock in milliseconds
function Audience:update(source, since)
    if not self.roster.players[source] then return end
    local responder = self:isOne(source) or nil
    local dispatcher = self.sources.ace:dispatches(source) or self.sources.cad:dispatches(source) or nil
    if responder == self.responders[source] and dispatcher == self.dispatchers[source] then return end
    self.responders[source], self.dispatchers[source] = responder, dispatcher
    self.changed(source, since)
end

---@param affected table<integer, true>
function Audience:updateAll(affected)
    for source in pairs(affected) do self:update(source) end
end

---A player joined: everything about him is asked.
---@param player CadBridge.Player
---@param now integer
function Audience:joined(player, now)
    self.sources.ace:ask(player.source, now)
    self.sources.job:read(player.source)
    local affected = self.sources.cad:review(player.keys)
    affected[player.source] = true
    self:updateAll(affected)
end

---A player left; the roster knows him no more.
---@param player CadBridge.Player
function Audience:dropped(player)
    local source = player.source
    self.responders[source], self.dispatchers[source] = nil, nil
    self.sources.ace:dropped(source)
    self.sources.job:dropped(source)
    self:updateAll(self.sources.cad:review(player.keys))
    self.sources.cad:dropped(source)
end

---Asks for the rights of one player, as at a command.
---@param source integer
---@param now integer
function Audience:ask(source, now)
    if self.sources.ace:ask(source, now) then self:update(source) end
end

---Asks again before a push is handed out all whose right is older than ten seconds.
---@param now integer
function Audience:refresh(now)
    for _, source in ipairs(self.sources.ace:staleHolders(now)) do self:ask(source, now) end
end

---Asks a few of the others at once, the longest unasked first.
---@param now integer
---@return boolean more whether others are left; then `sweep` until it says no
function Audience:refreshOthers(now)
    local stale = self.sources.ace:stale(now, INLINE)
    for _, source in ipairs(stale) do self:ask(source, now) end
    return #stale == INLINE
end

---One step of asking the others again. Who turns out to be a responder was one when the push came.
---@param now integer
---@param since integer when the push came
---@return boolean more
function Audience:sweep(now, since)
    local stale = self.sources.ace:stale(now, STEP)
    for _, source in ipairs(stale) do
        if self.sources.ace:ask(source, now) then self:update(source, since) end
    end
    return #stale == STEP
end

CadBridge.audience = { new = new }
