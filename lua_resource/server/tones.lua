---Tones, station alerts and pages: which units they address. Pure.

---The CAD's agencies by number.
local AGENCIES = { [0] = 'police', [1] = 'fire', [2] = 'ems', [3] = 'dispatch' }

---@param a any
---@param b any
---@return boolean
local function equal(a, b)
    if a == nil or b == nil or a == '' then return false end
    if type(a) == 'number' and math.tointeger(a) then a = math.tointeger(a) end
    if type(b) == 'number' and math.tointeger(b) then b = math.tointeger(b) end
    return tostring(a):lower() == tostring(b):lower()
end

---By the type of a target: whether it means the unit.
---@type table<integer, fun(unit: Unit, value: any, board: CadBridge.Board): boolean>
local MEANS = {
    [0] = function() return true end,
    [1] = function(unit, value, board)
        local id = type(value) == 'number' and math.tointeger(value) or value
        return board:isOn(unit.ident, ('dispatch:%s'):format(id))
    end,
    [2] = function(unit, value) return equal(unit.agency, value) or equal(AGENCIES[unit.agency], value) end,
    [3] = function(unit, value) return equal(unit.department, value) end,
    [4] = function(unit, value) return equal(unit.subdivision, value) end,
    [5] = function(unit, value) return equal(unit.ident, value) or equal(unit.number, value) end,
    [6] = function(unit, value) return equal(unit.group, value) end,
}

---@param tone Tone
---@param board CadBridge.Board
---@return integer[] idents of units on duty
local function addressed(tone, board)
    local named = {}
    for _, ident in ipairs(tone.idents or {}) do named[ident] = true end
    local idents = {}
    for ident, unit in pairs(board.units) do
        local means = named[ident] or false
        for _, target in ipairs(tone.targets or {}) do
            local rule = MEANS[target.type]
            means = means or (rule ~= nil and rule(unit, target.value, board))
        end
        if means then idents[#idents + 1] = ident end
    end
    table.sort(idents)
    return idents
end

---@param tone Tone
---@param seq integer
---@param sight CadBridge.Sight
---@return Alert
local function alert(tone, seq, sight)
    local labels = {}
    for _, target in ipairs(tone.targets or {}) do
        if #labels < 6 then labels[#labels + 1] = CadBridge.look.short(target.label, 60) end
    end
    return {
        key = ('tone:%d'):format(seq), class = 'tone', how = 'alert',
        number = CadBridge.look.say(sight, 'call.number.' .. tone.kind),
        title = labels[1] and table.concat(labels, ', ') or nil,
        text = CadBridge.look.short(tone.text, 1200),
        age = 0, sound = 'new', style = sight.options.notify, locale = sight.options.locale,
    }
end

CadBridge.tones = { addressed = addressed, alert = alert }
