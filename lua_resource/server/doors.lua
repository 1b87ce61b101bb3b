---What a player's game may send: the only file that opens the network. Each door names what it takes,
---how long and how often, and who may; the checking is one function. A client that sends anything
---else is ignored, counted, and named once; who pressed a key too fast is told so, once in a while. Pure,
---but for `open`.

---@class CadBridge.Argument
---@field type 'text'|'whole'|'word'
---@field most integer bytes of a text, or the largest number
---@field least integer? bytes of a text
---@field words table<string, true>? of a `word`
---@field optional boolean?

---@class CadBridge.Rate
---@field count integer
---@field seconds number the time for so many

---@class CadBridge.Door
---@field name string
---@field takes CadBridge.Argument[]
---@field rate CadBridge.Rate
---@field permission 'anyone'|'responder'
---@field handle fun(source: integer, ...)

---@class CadBridge.Bucket
---@field tokens number
---@field at integer

---@class CadBridge.Doors
---@field refused table<string, integer> door -> how often something was refused
---@field private knows fun(source: integer): boolean
---@field private may fun(source: integer, permission: string): boolean
---@field private now fun(): integer
---@field private named fun(source: integer, door: string, reason: string)
---@field private hurried fun(source: integer)
---@field private buckets table<integer, table<string, CadBridge.Bucket>>
---@field private told table<integer, table<string, true>>
---@field private hintedAt table<integer, integer> source -> clock
local Doors = {}
Doors.__index = Doors

---How long a player who was told that he is too fast is not told again.
local HINT_MS = 10000

---@param knows fun(source: integer): boolean whether this player is connected
---@param may fun(source: integer, permission: string): boolean
---@param now fun(): integer
---@param named fun(source: integer, door: string, reason: string) told once a player and door
---@param hurried fun(source: integer) told once in a while of who presses a key too fast
---@return CadBridge.Doors
local function new(knows, may, now, named, hurried)
    return setmetatable({
        refused = {}, knows = knows, may = may, now = now, named = named, hurried = hurried,
        buckets = {}, told = {}, hintedAt = {},
    }, Doors)
end

---Whether one more is let in: `count` at once, and as many again in each `seconds`.
---@param source integer
---@param name string
---@param rate CadBridge.Rate
---@return boolean
function Doors:admits(source, name, rate)
    local buckets = self.buckets[source] or {}
    self.buckets[source] = buckets
    local now = self.now()
    local bucket = buckets[name] or { tokens = rate.count, at = now }
    buckets[name] = bucket
    bucket.tokens = math.min(rate.count, bucket.tokens + (now - bucket.at) * rate.count / (rate.seconds * 1000))
    bucket.at = now
    if bucket.tokens < 1 then return false end
    bucket.tokens = bucket.tokens - 1
    return true
end

---@type table<string, fun(argument: CadBridge.Argument, value: any): any>
local CHECKS = {
    text = function(argument, value)
        if type(value) ~= 'string' or #value > argument.most or #value < (argument.least or 0) then return nil end
        if not utf8.len(value) or value:find('\0', 1, true) then return nil end
        return value
    end,
    whole = function(argument, value)
        if type(value) ~= 'number' then return nil end
        value = math.tointeger(value)
        if not value or value < 0 or value > argument.most then return nil end
        return value
    end,
    word = function(argument, value)
        return type(value) == 'string' and argument.words[value] and value or nil
    end,
}

---The values, if they are what the door takes; nothing more, nothing else.
---@param takes CadBridge.Argument[]
---@param ... any
---@return boolean good
---@return any[] values
local function checked(takes, ...)
    local count = select('#', ...)
    if count > #takes then return false, {} end
    local values = {}
    for index, argument in ipairs(takes) do
        local value = select(index, ...)
        if index > count then value = nil end
        if value ~= nil then
            value = CHECKS[argument.type](argument, value)
            if value == nil then return false, {} end
        elseif not argument.optional then
            return false, {}
        end
        values[index] = value
    end
    return true, values
end

---@private
---@param source integer
---@param door CadBridge.Door
---@param reason string
function Doors:refuse(source, door, reason)
    self.refused[door.name] = (self.refused[door.name] or 0) + 1
    local told = self.told[source] or {}
    self.told[source] = told
    if told[door.name] then return end
    told[door.name] = true
    self.named(source, door.name, reason)
end

---Somebody comes too often.
---@private
---@param source integer
---@param door CadBridge.Door
function Doors:slow(source, door)
    self:refuse(source, door, 'rate')
    local now, before = self.now(), self.hintedAt[source]
    -- What anyone may send, his game sends by itself: only the others are keys that he presses.
    if door.permission == 'anyone' or (before and now - before < HINT_MS) then return end
    self.hintedAt[source] = now
    self.hurried(source)
end

---Somebody is at the door.
---@param door CadBridge.Door
---@param source any as the game gives it: a number for an event of the network
---@param ... any
function Doors:knock(door, source, ...)
    -- A local event of another resource has no player.
    if type(source) ~= 'number' or source <= 0 then return end
    source = math.tointeger(source)
    if not source or not self.knows(source) then return end
    if not self:admits(source, door.name, door.rate) then return self:slow(source, door) end
    local good, values = checked(door.takes, ...)
    if not good then return self:refuse(source, door, 'values') end
    if not self.may(source, door.permission) then return self:refuse(source, door, 'permission') end
    door.handle(source, table.unpack(values, 1, #door.takes))
end

---Opens the doors. `source` is global while an event is handled, and gone after the first wait.
---@param doors CadBridge.Door[]
function Doors:open(doors)
    for _, door in ipairs(doors) do
        RegisterNetEvent(door.name, function(...) self:knock(door, source, ...) end)
    end
end

---@param source integer
function Doors:dropped(source)
    self.buckets[source], self.told[source], self.hintedAt[source] = nil, nil, nil
end

local KEY = { type = 'text', least = 1, most = 80 }

---@class CadBridge.DoorHandlers
---@field ready fun(source: integer, version: string)
---@field painted fun(source: integer, key: string, seq: integer, outcome: CadBridge.Outcome)
---@field respond fun(source: integer, key: string)
---@field leave fun(source: integer)
---@field note fun(source: integer, key: string, text: string)
---@field calls fun(source: integer)
---@field exposed fun(source: integer, value: string)

---The doors of this resource.
---@param handlers CadBridge.DoorHandlers
---@return CadBridge.Door[]
local function list(handlers)
    return {
        {
            name = 'cadbridge:ready', takes = { { type = 'text', most = 32 } },
            rate = { count = 3, seconds = 30 }, permission = 'anyone', handle = handlers.ready,
        },
        {
            name = 'cadbridge:painted',
            takes = {
                KEY,
                { type = 'whole', most = 2 ^ 53 },
                { type = 'word', most = 0, words = { shown = true, paused = true, muted = true, suppressed = true } },
            },
            rate = { count = 120, seconds = 30 }, permission = 'anyone', handle = handlers.painted,
        },
        {
            name = 'cadbridge:respond', takes = { KEY },
            rate = { count = 4, seconds = 10 }, permission = 'responder', handle = handlers.respond,
        },
        {
            name = 'cadbridge:leave', takes = {},
            rate = { count = 4, seconds = 10 }, permission = 'responder', handle = handlers.leave,
        },
        {
            name = 'cadbridge:note', takes = { KEY, { type = 'text', least = 1, most = 2000 } },
            rate = { count = 5, seconds = 30 }, permission = 'responder', handle = handlers.note,
        },
        {
            name = 'cadbridge:calls', takes = {},
            rate = { count = 4, seconds = 10 }, permission = 'responder', handle = handlers.calls,
        },
        {
            name = 'cadbridge:exposed', takes = { { type = 'text', least = 1, most = 512 } },
            rate = { count = 2, seconds = 60 }, permission = 'anyone', handle = handlers.exposed,
        },
    }
end

CadBridge.doors = { new = new, list = list, checked = checked }
