---Whether a call or unit has the shape that everything here counts on (`Call` and `Unit` in
---shared/types.lua). Another version of the bridge may send others; those never come onto the board, where
---they would hide sound ones. Pure.

---Whether a value may stand in a field.
---@alias CadBridge.Fits fun(value: any): boolean

---@param value any
---@return boolean
local function text(value)
    return type(value) == 'string'
end

---@param value any
---@return boolean
local function number(value)
    return type(value) == 'number'
end

---@param value any
---@return boolean
local function whole(value)
    return type(value) == 'number' and math.tointeger(value) ~= nil
end

---@param value any
---@return boolean
local function word(value)
    return type(value) == 'string' or type(value) == 'number'
end

---@param fits CadBridge.Fits for each element
---@return CadBridge.Fits
local function list(fits)
    return function(value)
        if type(value) ~= 'table' then return false end
        for position, element in pairs(value) do
            if math.type(position) ~= 'integer' or not fits(element) then return false end
        end
        return true
    end
end

---@param fields table<string, CadBridge.Fits> others may hold anything
---@param required string[]
---@return CadBridge.Fits
local function shape(fields, required)
    return function(value)
        if type(value) ~= 'table' then return false end
        for name, content in pairs(value) do
            local fits = fields[name]
            if fits and not fits(content) then return false end
        end
        for _, name in ipairs(required) do
            if value[name] == nil then return false end
        end
        return true
    end
end

local ids = list(list(text))

local call = shape({
    key = text, id = word, kind = text, age = number, origin911 = text,
    caller = text, location = text, description = text, postal = text, title = text, code = text,
    priority = word, status = word, units = list(whole), callerIds = ids,
    position = shape({ x = number, y = number, z = number }, { 'x', 'y' }),
    notes = list(shape({ content = text, label = text, kind = text, time = text }, {})),
}, { 'key', 'id', 'kind' })

local unit = shape({
    ident = whole, number = text, name = text, department = text, subdivision = text, rank = text, group = text,
    status = word, account = text, playerIds = ids,
}, { 'ident' })

---@param item any
---@param field string that names it
---@return string
local function named(item, field)
    local name = type(item) == 'table' and word(item[field]) and tostring(item[field])
    return CadBridge.look.short(name or '?', 64)
end

---The sound ones of a list, which may have holes where the bridge wrote null.
---@param items any
---@param fits CadBridge.Fits
---@param name string of the field that names one
---@param broken string[] names of the others are added
---@return any[]
local function sound(items, fits, name, broken)
    local kept = {}
    if type(items) ~= 'table' then items = { items } end
    for _, item in pairs(items) do
        if fits(item) then
            kept[#kept + 1] = item
        else
            broken[#broken + 1] = named(item, name)
        end
    end
    return kept
end

---What of a board can be taken.
---@param board { calls: any, units: any }
---@return { calls: Call[], units: Unit[] }
---@return string[] broken names of those that are left out
local function sift(board)
    local broken = {}
    return {
        calls = sound(board.calls, call, 'key', broken),
        units = sound(board.units, unit, 'ident', broken),
    }, broken
end

---Events that take something off the board need no more of it than its name.
local ENDS = { ['call.closed'] = true, ['unit.off_duty'] = true }

---Raises for an event whose call or unit would break the board.
---@param event table
local function check(event)
    if ENDS[event.type] then return end
    if event.call ~= nil and not call(event.call) then
        error(('call %s is of another shape'):format(named(event.call, 'key')), 0)
    end
    if event.unit ~= nil and not unit(event.unit) then
        error(('unit %s is of another shape'):format(named(event.unit, 'ident')), 0)
    end
end

CadBridge.shapes = { sift = sift, check = check }
