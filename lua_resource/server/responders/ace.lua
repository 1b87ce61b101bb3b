---Responders by permission. Rights change without an event, so an answer is kept for ten seconds
---and asked again at the next push, at join and at a command. A push asks again whoever holds a
---right, and of the others a few, the longest unasked first; the rest follow in the next ticks.
---Pure: what asks the game is handed in.

---@class CadBridge.Rights
---@field at integer when it was asked
---@field responder boolean
---@field dispatcher boolean

---@class CadBridge.AceResponders
---@field private allowed fun(source: integer, object: string): boolean
---@field private counts boolean whether `cadbridge.responder` makes a responder
---@field private rights table<integer, CadBridge.Rights>
---@field private holders table<integer, true> sources with any right
---@field private queue table<integer, { source: integer, at: integer }> `first` to `last`, by the time of asking; some are outdated
---@field private first integer
---@field private last integer
local Ace = {}
Ace.__index = Ace

local KEPT_MS = 10000
---More than a server has players; what is longer holds outdated entries.
local QUEUE = 4096

---@param allowed fun(source: integer, object: string): boolean
---@param counts boolean whether responders are also found by permission
---@return CadBridge.AceResponders
local function new(allowed, counts)
    return setmetatable({
        allowed = allowed, counts = counts, rights = {}, holders = {}, queue = {}, first = 1, last = 0,
    }, Ace)
end

---Asks the game, whatever is known.
---@param source integer
---@param now integer
---@return boolean changed
function Ace:ask(source, now)
    local before = self.rights[source]
    local rights = {
        at = now,
        responder = self.counts and self.allowed(source, 'cadbridge.responder'),
        dispatcher = self.allowed(source, 'cadbridge.dispatcher'),
    }
    self.rights[source] = rights
    self.holders[source] = (rights.responder or rights.dispatcher) and true or nil
    -- Twice in the same millisecond is one place in the queue, or he would be asked twice for ever.
    if not before or before.at ~= now then
        self.last = self.last + 1
        self.queue[self.last] = { source = source, at = now }
        if self.last - self.first >= QUEUE then self:tidy() end
    end
    return (before and before.responder or false) ~= rights.responder
        or (before and before.dispatcher or false) ~= rights.dispatcher
end

---Leaves out the outdated entries. Commands ask, and between two pushes nobody takes them out.
---@private
function Ace:tidy()
    local queue, last = {}, 0
    for index = self.first, self.last do
        local entry = self.queue[index]
        local rights = self.rights[entry.source]
        if rights and rights.at == entry.at then
            last = last + 1
            queue[last] = entry
        end
    end
    self.queue, self.first, self.last = queue, 1, last
end

---@param source integer
function Ace:dropped(source)
    self.rights[source], self.holders[source] = nil, nil
end

---Holders whose answer is older than ten seconds.
---@param now integer
---@return integer[]
function Ace:staleHolders(now)
    local sources = {}
    for source in pairs(self.holders) do
        if now - self.rights[source].at >= KEPT_MS then sources[#sources + 1] = source end
    end
    return sources
end

---The next players whose answer is older than ten seconds, the oldest first.
---@param now integer
---@param most integer
---@return integer[]
function Ace:stale(now, most)
    local sources = {}
    while #sources < most and self.first <= self.last do
        local entry = self.queue[self.first]
        local rights = self.rights[entry.source]
        if rights and rights.at == entry.at then
            if now - entry.at < KEPT_MS then break end
            sources[#sources + 1] = entry.source
        end
        self.queue[self.first] = nil
        self.first = self.first + 1
    end
    return sources
end

---@param source integer
---@return boolean
function Ace:holds(source)
    return self.rights[source] ~= nil and self.rights[source].responder
end

---@param source integer
---@return boolean
function Ace:dispatches(source)
    return self.rights[source] ~= nil and self.rights[source].dispatcher
end

---How many players are responders by permission.
---@return integer
function Ace:count()
    local count = 0
    for source in pairs(self.holders) do
        if self.rights[source].responder then count = count + 1 end
    end
    return count
end

CadBridge.aceResponders = { new = new }
