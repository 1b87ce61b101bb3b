---Options of the owner: defaults here, what differs in `config.lua`, each plain one overridden by
---`set cadbridge_<option>`. What is unknown or not allowed is named, and the default serves.
---Pure: the table of `config.lua`, the convars and what tells the owner are handed in.

---@alias CadBridge.Source 'cad'|'ace'|'job'|'everyone'
---@alias CadBridge.Class 'emergency'|'civil'|'dispatch'|'panic'|'test'

---@class CadBridge.Look
---@field sprite integer
---@field colour integer a number of the game's palette, or 0xRRGGBBAA
---@field scale number
---@field flash integer seconds
---@field minutes number
---@field radius number metres; 0 for the exact point

---@class CadBridge.BareIdentifiers
---@field communityUserId string[]
---@field apiIds string[]

---@class CadBridge.Options
---@field responders CadBridge.Source[]
---@field jobs string[]
---@field caller 'acknowledge'|'alert'|'none'
---@field notify 'auto'|'card'|'ox_lib'|'native'|'chat'
---@field dispatcherFirst boolean
---@field bareIdentifiers CadBridge.BareIdentifiers
---@field blip table<CadBridge.Class, CadBridge.Look>
---@field commands table<string, string> default name -> name, or '' for none
---@field dispatch 'none'|'ps-dispatch'|'cd_dispatch'|'lb-tablet' where new calls are shown as well
---@field liveMap boolean
---@field locale string

---Says a line to the owner: a name of the words, and what fills its places.
---@alias CadBridge.Tell fun(name: string, places: table<string, string|number>?)

---@class CadBridge.OptionReader
local options = {}

local IDENTIFIER_TYPES = { 'license', 'license2', 'steam', 'discord', 'fivem', 'xbl', 'live' }

---@type table<CadBridge.Class, CadBridge.Look>
local LOOKS = {
    emergency = { sprite = 480, colour = 1, scale = 1.0, flash = 15, minutes = 10, radius = 0 },
    civil = { sprite = 480, colour = 3, scale = 0.9, flash = 10, minutes = 10, radius = 0 },
    dispatch = { sprite = 480, colour = 5, scale = 0.9, flash = 10, minutes = 10, radius = 0 },
    panic = { sprite = 526, colour = 1, scale = 1.2, flash = 600, minutes = 10, radius = 0 },
    test = { sprite = 480, colour = 2, scale = 0.9, flash = 10, minutes = 1, radius = 0 },
}

---Lowest and highest value of each field of a look.
local LOOK_RANGES = {
    sprite = { 0, 2000 },
    colour = { 0, 0xFFFFFFFF },
    scale = { 0.1, 5 },
    flash = { 0, 3600 },
    minutes = { 0.1, 1440 },
    radius = { 0, 5000 },
}

local COMMANDS = { 'calls', 'respond', 'clearcall', 'note', 'status', 'link', '911', '311', 'panic', 'alerts' }

---Gives the value as it is used, or nil and what would be allowed.
---@alias CadBridge.Parser fun(value: any): any, string?

---@param names string[]
---@return CadBridge.Parser
local function word(names)
    return function(value)
        for _, name in ipairs(names) do
            if type(value) == 'string' and value:lower() == name:lower() then return name end
        end
        return nil, table.concat(names, ', ')
    end
end

local FLAGS = { ['true'] = true, ['false'] = false, ['1'] = true, ['0'] = false, yes = true, no = false,
    on = true, off = false }

---@param value any
---@return any parsed nil for what is not allowed
---@return string? allowed
local function flag(value)
    if type(value) == 'boolean' then return value end
    local known = FLAGS[tostring(value):lower()]
    if known == nil then return nil, 'true, false' end
    return known
end

---A list, or its words in one text, separated by commas.
---@param parse CadBridge.Parser of one element
---@return CadBridge.Parser
local function list(parse)
    return function(value)
        local elements = value
        if type(value) == 'string' then
            elements = {}
            for element in value:gmatch('[^,]+') do
                element = element:match('^%s*(.-)%s*$')
                if element ~= '' then elements[#elements + 1] = element end
            end
        end
        local _, allowed = parse(nil)
        if type(elements) ~= 'table' then return nil, allowed end
        local parsed = {}
        for position, element in pairs(elements) do
            local good = math.type(position) == 'integer' and parse(element)
            if not good then return nil, allowed end
            parsed[#parsed + 1] = good
        end
        return parsed
    end
end

---@param value any
---@return any parsed nil for what is not allowed
---@return string? allowed
local function name(value)
    if type(value) == 'string' and value:match('%S') and #value <= 64 then return value end
    return nil, 'names in quotes'
end

---@param value any
---@return any parsed nil for what is not allowed
---@return string? allowed
local function language(value)
    if type(value) == 'string' and value:match('^%a+[-_]?%w*$') and #value <= 16 then return value end
    return nil, 'the name of a file in locales, such as en'
end

---@param value any
---@return any parsed nil for what is not allowed
---@return string? allowed
local function bareIdentifiers(value)
    local types = list(word(IDENTIFIER_TYPES))
    local _, allowed = types(nil)
    if type(value) ~= 'table' or #value > 0 then value = { communityUserId = value } end
    local parsed = { communityUserId = { 'license' }, apiIds = { 'license', 'steam', 'discord' } }
    for key, element in pairs(value) do
        local good = parsed[key] and types(element)
        if not good then return nil, ('{ communityUserId = {…}, apiIds = {…} } of %s'):format(allowed) end
        parsed[key] = good
    end
    return parsed
end

---@param class CadBridge.Class
---@param changes any
---@param tell CadBridge.Tell
---@return CadBridge.Look
local function look(class, changes, tell)
    local result = {}
    for field, default in pairs(LOOKS[class]) do result[field] = default end
    if changes == nil then return result end
    if type(changes) ~= 'table' then
        local allowed = '{ sprite = 480, … }'
        tell('server.optionBad', { name = 'blip.' .. class, value = tostring(changes), allowed = allowed })
        return result
    end
    for field, value in pairs(changes) do
        local range = LOOK_RANGES[field]
        local whole = field == 'sprite' or field == 'colour'
        if not range then
            tell('server.optionUnknown', {
                name = ('blip.%s.%s'):format(class, field),
                allowed = 'sprite, colour, scale, flash, minutes, radius',
            })
        elseif type(value) ~= 'number' or not (value >= range[1] and value <= range[2])
            or (whole and not math.tointeger(value)) then
            tell('server.optionBad', {
                name = ('blip.%s.%s'):format(class, field),
                value = tostring(value),
                allowed = ('%s … %s'):format(range[1], range[2]),
            })
        else
            result[field] = whole and math.tointeger(value) or value
        end
    end
    return result
end

---@param value any
---@param tell CadBridge.Tell
---@return table<CadBridge.Class, CadBridge.Look>
local function looks(value, tell)
    if value ~= nil and type(value) ~= 'table' then
        tell('server.optionBad', { name = 'blip', value = tostring(value), allowed = '{ emergency = {…}, … }' })
        value = nil
    end
    for class in pairs(value or {}) do
        if not LOOKS[class] then
            tell('server.optionUnknown', {
                name = 'blip.' .. tostring(class), allowed = 'emergency, civil, dispatch, panic, test',
            })
        end
    end
    local result = {}
    for class in pairs(LOOKS) do result[class] = look(class, value and value[class], tell) end
    return result
end

---@param value any
---@param tell CadBridge.Tell
---@return table<string, string>
local function commandNames(value, tell)
    local result, owner = {}, {}
    for _, default in ipairs(COMMANDS) do result[default] = default end
    if value ~= nil and type(value) ~= 'table' then
        tell('server.optionBad', { name = 'commands', value = tostring(value), allowed = '{ panic = "mayday", … }' })
        return result
    end
    for default, other in pairs(value or {}) do
        default = tostring(default)
        if not result[default] then
            tell('server.optionUnknown', { name = 'commands.' .. default, allowed = table.concat(COMMANDS, ', ') })
        elseif type(other) ~= 'string' or not (other == '' or other:match('^[%w_-]+$')) or #other > 32
            or other:lower() == 'cadbridge' then
            tell('server.optionBad', {
                name = 'commands.' .. default, value = tostring(other), allowed = 'letters, digits, _ and -, or ""',
            })
        else
            result[default] = other
        end
    end
    for _, default in ipairs(COMMANDS) do
        local chosen = result[default]:lower()
        if chosen ~= '' and owner[chosen] then
            tell('server.commandTwice', { command = chosen, first = owner[chosen], second = default })
            result[default] = ''
        end
        owner[chosen] = owner[chosen] or default
    end
    return result
end

---@class CadBridge.PlainOption
---@field name string
---@field default any
---@field parse CadBridge.Parser

---@type CadBridge.PlainOption[]
local PLAIN = {
    { name = 'responders', default = { 'cad', 'ace', 'job' }, parse = list(word { 'cad', 'ace', 'job', 'everyone' }) },
    { name = 'jobs', default = { 'police', 'sheriff', 'ambulance', 'fire' }, parse = list(name) },
    { name = 'caller', default = 'acknowledge', parse = word { 'acknowledge', 'alert', 'none' } },
    { name = 'notify', default = 'auto', parse = word { 'auto', 'card', 'ox_lib', 'native', 'chat' } },
    { name = 'dispatcherFirst', default = false, parse = flag },
    { name = 'bareIdentifiers', default = bareIdentifiers {}, parse = bareIdentifiers },
    { name = 'dispatch', default = 'none', parse = word { 'none', 'ps-dispatch', 'cd_dispatch', 'lb-tablet' } },
    { name = 'liveMap', default = true, parse = flag },
    { name = 'locale', default = false, parse = language },
}

---@param option CadBridge.PlainOption
---@param value any
---@param where string how the owner wrote it
---@param tell CadBridge.Tell
---@return any
local function plain(option, value, where, tell)
    if value == nil then return option.default end
    local parsed, allowed = option.parse(value)
    if parsed ~= nil then return parsed end
    tell('server.optionBad', { name = where, value = tostring(value), allowed = allowed or '' })
    return option.default
end

---@param config any what `config.lua` set, nil where it did not load
---@param convar fun(name: string): string the value of a convar, empty where it is not set
---@param tell CadBridge.Tell
---@return CadBridge.Options
function options.read(config, convar, tell)
    if type(config) ~= 'table' then config = {} end
    local known, names = { blip = true, commands = true }, {}
    local result = { blip = looks(config.blip, tell), commands = commandNames(config.commands, tell) }
    for _, option in ipairs(PLAIN) do
        known[option.name] = true
        names[#names + 1] = option.name
        local override = convar('cadbridge_' .. option.name)
        if override ~= '' then
            result[option.name] = plain(option, override, 'cadbridge_' .. option.name, tell)
        else
            result[option.name] = plain(option, config[option.name], option.name, tell)
        end
    end
    for key in pairs(config) do
        if not known[key] then
            tell('server.optionUnknown', {
                name = tostring(key), allowed = table.concat(names, ', ') .. ', blip, commands',
            })
        end
    end
    if not result.locale then
        local ox = convar('ox:locale')
        result.locale = ox ~= '' and language(ox) or 'en'
    end
    return result --[[@as CadBridge.Options]]
end

---Why `config.lua` set nothing: it is missing, starts with a byte order mark, or does not compile.
---@param content string? the file
---@param compile fun(code: string, name: string): any, string? `load`
---@return string name of the words
---@return table<string, string> places
function options.whyConfigFailed(content, compile)
    if not content or content == '' then return 'server.configMissing', {} end
    if content:sub(1, 3) == '\xEF\xBB\xBF' then return 'server.configMark', {} end
    local _, problem = compile(content, '@config.lua')
    if problem then return 'server.configBroken', { problem = problem } end
    return 'server.configFailed', {}
end

CadBridge.options = options
