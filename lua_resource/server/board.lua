---The mirror of the bridge's board: open calls and units on duty. An event carries the whole call or
---unit, so the mirror replaces and never merges. Pure; `now` is a clock in milliseconds of its own.

---@class CadBridge.Board
---@field calls table<string, Call> by key
---@field units table<integer, Unit> by ident
---@field private openedAt table<string, integer> by key
---@field private callsOf CadBridge.Membership ident -> keys of the calls it is on
---@field private order string[]? keys, the newest first, until a call comes or goes
local Board = {}
Board.__index = Board

local JITTER_MS = 5000

---@return CadBridge.Board
local function new()
    return setmetatable({ calls = {}, units = {}, openedAt = {}, callsOf = CadBridge.membership.new() }, Board)
end

---Whole numbers that JSON wrote as `3.0` are the same keys; ids of calls are shown, so they are made whole.
---@param call Call
local function whole(call)
    if type(call.id) == 'number' then call.id = math.tointeger(call.id) or call.id end
end

---@private
---@param key string
---@param units integer[]?
---@param on true?
function Board:index(key, units, on)
    for _, ident in ipairs(units or {}) do self.callsOf:put(ident, key, on) end
end

---@private
---@param call Call
---@param age integer milliseconds between the event and now
---@param now integer
function Board:put(call, age, now)
    whole(call)
    local before = self.calls[call.key]
    if before then self:index(call.key, before.units) end
    self.calls[call.key] = call
    self:index(call.key, call.units, true)
    local opened, known = now - age - (call.age or 0), self.openedAt[call.key]
    -- Each event measures the opening anew, a little differently: as long as it is the same, it stays.
    if known and math.abs(known - opened) < JITTER_MS then return end
    self.openedAt[call.key], self.order = opened, nil
end

---@private
---@param key string
function Board:remove(key)
    local before = self.calls[key]
    if before then self:index(key, before.units) end
    self.calls[key], self.openedAt[key], self.order = nil, nil, nil
end

---Forgets everything and takes the board of a welcome.
---@param snapshot { calls: Call[]?, units: Unit[]? }
---@param now integer
function Board:replace(snapshot, now)
    self.calls, self.units, self.openedAt, self.callsOf, self.order = {}, {}, {}, CadBridge.membership.new(), nil
    for _, call in ipairs(snapshot.calls or {}) do self:put(call, 0, now) end
    for _, unit in ipairs(snapshot.units or {}) do self.units[unit.ident] = unit end
end

---@type table<string, fun(board: CadBridge.Board, event: table, age: integer, now: integer): (Call|Unit)?>
local APPLY = {
    ['call.opened'] = function(board, event, age, now)
        local before = board.calls[event.call.key]
        board:put(event.call, age, now)
        return before
    end,
    ['call.closed'] = function(board, event)
        local before = board.calls[event.call.key]
        whole(event.call)
        board:remove(event.call.key)
        return before
    end,
    ['unit.on_duty'] = function(board, event)
        local before = board.units[event.unit.ident]
        board.units[event.unit.ident] = event.unit
        return before
    end,
    ['unit.off_duty'] = function(board, event)
        local before = board.units[event.unit.ident]
        board.units[event.unit.ident] = nil
        return before
    end,
}
APPLY['call.changed'] = APPLY['call.opened']
APPLY['call.noted'] = APPLY['call.opened']
APPLY['unit.changed'] = APPLY['unit.on_duty']

---Applies one event; what changes no state is left alone.
---@param event table
---@param age integer milliseconds since the event
---@param now integer
---@return (Call|Unit)? before what the board held in its place
function Board:apply(event, age, now)
    local step = APPLY[event.type]
    return step and step(self, event, age, now)
end

---How long ago the call was opened, in milliseconds; nil for a call that is not open.
---@param key string
---@param now integer
---@return integer?
function Board:age(key, now)
    local opened = self.openedAt[key]
    return opened and math.max(0, now - opened)
end

---The call of a key, or of an id: the open 911 call of that number, else the dispatch call.
---@param reference any
---@return Call?
function Board:find(reference)
    if type(reference) == 'number' then
        reference = math.tointeger(reference)
        if not reference then return nil end
    end
    local text = tostring(reference)
    return self.calls[text] or self.calls['911:' .. text] or self.calls['dispatch:' .. text]
end

---Keys of the calls that the unit is attached to.
---@param ident integer
---@return string[]
function Board:attached(ident)
    return self.callsOf:list(ident)
end

---@param ident integer
---@param key string
---@return boolean
function Board:isOn(ident, key)
    return self.callsOf:of(ident)[key] == true
end

---Keys of the open calls, the newest first. Not to be changed.
---@return string[]
function Board:keys()
    if self.order then return self.order end
    local keys, opened = {}, self.openedAt
    for key in pairs(self.calls) do keys[#keys + 1] = key end
    table.sort(keys, function(a, b)
        if opened[a] ~= opened[b] then return opened[a] > opened[b] end
        return a < b
    end)
    self.order = keys
    return keys
end

---Open calls, the newest first.
---@return Call[]
function Board:newest()
    local calls = {}
    for index, key in ipairs(self:keys()) do calls[index] = self.calls[key] end
    return calls
end

CadBridge.board = { new = new }
