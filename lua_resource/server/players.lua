---Players come, load, and go: who is known here, and what everybody forgets of who has left. Pure: what
---asks the game is handed in.

---@class CadBridge.PlayerParts
---@field roster CadBridge.Roster
---@field audience CadBridge.Audience
---@field arrivals CadBridge.Arrivals
---@field panics CadBridge.Panics
---@field pictures CadBridge.Pictures
---@field receipts CadBridge.Receipts
---@field burst CadBridge.Burst
---@field dues CadBridge.Dues
---@field claims CadBridge.Claims
---@field alerts CadBridge.Alerts
---@field actions CadBridge.Actions
---@field liveMap CadBridge.LiveMap
---@field suggestions CadBridge.Suggestions
---@field name fun(source: integer): string? nil for who is not connected
---@field identifiers fun(source: integer): string[]
---@field standing fun(source: integer): Position?
---@field now fun(): integer

---@class CadBridge.Players: CadBridge.PlayerParts
---@field outcomes table<integer, string> source -> how his client took the last alert
local Players = {}
Players.__index = Players

---@param parts CadBridge.PlayerParts
---@return CadBridge.Players
local function new(parts)
    local players = { outcomes = {} }
    for name, part in pairs(parts) do players[name] = part end
    return setmetatable(players, Players)
end

---@param source integer
---@return boolean
function Players:knows(source)
    return self.roster.players[source] ~= nil
end

---Whether the player is more than anybody, as far as is known.
---@param source integer
---@return boolean
function Players:isOnDuty(source)
    local audience = self.audience
    -- Whose unit is attached may respond and leave, whatever else makes a responder here.
    return audience.responders[source] or audience.dispatchers[source] or audience.sources.cad:holds(source)
end

---Whether the player may do what takes that permission; asks the game again.
---@param source integer
---@param permission string
---@return boolean
function Players:may(source, permission)
    if permission == 'anyone' then return true end
    self.audience:ask(source, self.now())
    return self:isOnDuty(source)
end

---@param source integer
---@param early boolean he was connected when the resource started
function Players:joined(source, early)
    local name = self.name(source)
    -- Another resource may have thrown him out as he joined: he has left before we hear that he came.
    if not name then return end
    local player = self.roster:add(source, name, self.identifiers(source), early)
    self.audience:joined(player, self.now())
    for _, ident in ipairs(self.audience.sources.cad:identsOf(source)) do self.panics:found(ident) end
    self.liveMap:wake()
end

---His client is loaded.
---@param source integer
---@param version string of the resource that it runs
function Players:ready(source, version)
    local player = self.roster.players[source]
    player.version = CadBridge.text.line(version)
    self.arrivals:ready(source)
    self.suggestions:ready(source)
    self.audience:updateAll(self.audience.sources.cad:review(player.keys))
end

---His client says what became of an alert.
---@param source integer
---@param key string
---@param seq integer
---@param outcome CadBridge.Outcome
function Players:painted(source, key, seq, outcome)
    if self.receipts:painted(source, key, seq, outcome, self.now()) then self.outcomes[source] = outcome end
end

---@param source integer
---@return boolean whether he was known
function Players:left(source)
    if not self.roster.players[source] then return false end
    local now = self.now()
    local player = self.roster:remove(source, now, self.standing(source)) --[[@as CadBridge.Player]]
    self.outcomes[source] = nil
    self.pictures:dropped(source)
    self.receipts:left(source, now)
    self.burst:dropped(source)
    self.dues:dropped(source)
    self.claims:dropped(source)
    self.alerts:dropped(source)
    self.actions:dropped(source)
    self.suggestions:dropped(source)
    self.audience:dropped(player)
    -- Afterwards: his units may be another's, who is followed then.
    self.panics:dropped(source)
    return true
end

CadBridge.players = { new = new }
