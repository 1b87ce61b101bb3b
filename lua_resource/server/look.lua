---What a player gets to see of a call: one alert, built of the call, its class and what the server
---knows. Texts stay as the CAD sent them, cut in length only; each sink makes them safe. Pure.

---@class CadBridge.Sight
---@field words CadBridge.Words
---@field options CadBridge.Options
---@field unit fun(ident: integer): Unit?
---@field postal fun(position: Position): string? code of the nearest postal

---@class CadBridge.LookParts
---@field seq integer?
---@field age integer?
---@field position Position?
---@field sound AlertSound?
---@field route boolean?
---@field changed string[]?
---@field note string?
---@field replaces string?
---@field unmarked boolean? nothing of it is drawn on the map

local TEXT, PLACE, NAME, UNITS = 1200, 240, 120, 12
---A title of so many bytes that begins a description was cut from it; the CAD takes 60 characters.
local CUT_TITLE = 50

---Fields of a call, as events name what changed, and the field of the alert that shows them.
local SHOWN_AS = {
    emergency = 'title', title = 'title', code = 'title', caller = 'caller', location = 'place',
    description = 'text', postal = 'postal', position = 'position', priority = 'priority',
    status = 'status', units = 'units',
}

---Own legend entry of each class on the map.
local CATEGORY = { emergency = 20, civil = 21, dispatch = 22, panic = 23, test = 24 }

local cut = CadBridge.text.short

---@param value any
---@param most integer
---@return string?
local function short(value, most)
    if value == nil or value == '' then return nil end
    return cut(tostring(value), most)
end

---What kind of call it is: its blip, and its class for who is not attached.
---@param call Call
---@return CadBridge.Class
local function kind(call)
    if call.kind == 'test' then return 'test' end
    if call.kind == 'dispatch' then return 'dispatch' end
    return call.emergency and 'emergency' or 'civil'
end

---Sentences after which a command is named that helps on, by its default name.
local HINTS = {
    ['notice.openCalls'] = 'calls', ['notice.more'] = 'calls', ['notice.moreEmergencies'] = 'calls',
    ['notice.noSuchCall'] = 'calls', ['notice.linkHint'] = 'link', ['notice.refused.not_linked'] = 'link',
    ['notice.panicOn'] = 'panic',
}

---What is said, with the command that helps on by the name that it has on this server, if it has one.
---@param sight CadBridge.Sight
---@param name string
---@param places table<string, string|number>?
---@return string
local function say(sight, name, places)
    local words, locale = sight.words, sight.options.locale
    local sentence, hint = words:say(locale, name, places), HINTS[name]
    local command = hint and sight.options.commands[hint] or ''
    if command == '' then return sentence end
    return ('%s %s'):format(sentence, words:say(locale, 'notice.hint.' .. hint, { command = command }))
end

---A line for a player.
---@param sight CadBridge.Sight
---@param mood 'info'|'good'|'bad'
---@param text string
---@param sound AlertSound?
---@return Notice
local function notice(sight, mood, text, sound)
    return {
        text = text, kind = mood, sound = sound,
        style = sight.options.notify, locale = sight.options.locale,
    }
end

---Kind and number, such as `911 #4711`. The caller keeps the number of his 911 call, whatever it became.
---@param sight CadBridge.Sight
---@param call Call
---@param class string?
---@return string
local function number(sight, call, class)
    local first = class == 'caller' and call.origin911 and call.origin911:match('^911:(.+)$')
    if first then return say(sight, 'call.number.911', { id = short(first, 64) or '?' }) end
    return say(sight, 'call.number.' .. call.kind, { id = short(call.id, 64) or '?' })
end

---Title and description of a dispatch call, without saying anything twice: one made of a 911 call has
---for its title the words of the description, or as many of them as the CAD takes.
---@param call Call
---@return string? title
---@return string? description
local function spoken(call)
    local heading, text = call.title, call.description
    if call.kind ~= 'dispatch' or not heading or not text then return heading, text end
    if text == heading then return heading, nil end
    if #heading >= CUT_TITLE and text:sub(1, #heading) == heading then return nil, text end
    return heading, text
end

---@param sight CadBridge.Sight
---@param call Call
---@param class string
---@return string?
local function title(sight, call, class)
    if class == 'caller' then return say(sight, 'call.received') end
    if call.kind ~= 'dispatch' then return say(sight, 'call.title.' .. kind(call)) end
    local heading = spoken(call)
    if heading and call.code then
        return short(say(sight, 'call.titleCode', { title = heading, code = call.code }), PLACE)
    end
    return short(heading or call.code, PLACE) or say(sight, 'call.title.dispatch')
end

---@param sight CadBridge.Sight
---@param call Call
---@return string?
local function status(sight, call)
    local known = math.tointeger(call.status)
    if call.kind == 'dispatch' and known and known >= 0 and known <= 2 then
        return say(sight, ('call.status.%d'):format(known))
    end
    return short(call.status, NAME)
end

---Numbers of the units on the way; a unit that is not on duty any more is left out.
---@param sight CadBridge.Sight
---@param call Call
---@return string[]?
local function units(sight, call)
    local numbers = {}
    for _, ident in ipairs(call.units or {}) do
        local unit = sight.unit(ident)
        local shown = unit and (short(unit.number, 40) or short(unit.name, 40))
        if shown and #numbers < UNITS then numbers[#numbers + 1] = shown end
    end
    return numbers[1] and numbers or nil
end

---@param sight CadBridge.Sight
---@param class CadBridge.Class
---@param name string
---@return BlipLook
local function blip(sight, class, name)
    local look = sight.options.blip[class]
    return {
        sprite = look.sprite, colour = look.colour, scale = look.scale, flash = look.flash,
        minutes = look.minutes, radius = look.radius, name = CadBridge.text.blip(name),
        category = CATEGORY[class], categoryName = say(sight, 'call.legend.' .. class),
    }
end

---One alert. The caller sees of his call that it arrived and where it is, and nothing that was added.
---@param sight CadBridge.Sight
---@param call Call
---@param class string of the alert
---@param how 'alert'|'change'|'quiet'
---@param parts CadBridge.LookParts
---@return Alert
local function alert(sight, call, class, how, parts)
    local mine = class == 'caller'
    local heading, shownNumber = title(sight, call, class), number(sight, call, class)
    local position = parts.position
    local result = {
        key = call.key, seq = parts.seq, class = class, how = how,
        number = shownNumber, replaces = parts.replaces, title = heading,
        place = short(call.location, PLACE),
        postal = short(call.postal, NAME) or (position and sight.postal(position)),
        age = parts.age or 0, changed = parts.changed, note = parts.note,
        position = position, route = parts.route, sound = parts.sound,
        style = sight.options.notify, locale = sight.options.locale,
    }
    if position and not parts.unmarked then
        local name = mine and say(sight, 'call.blip.caller', { number = shownNumber })
            or say(sight, 'call.blip.call', { number = shownNumber, place = call.location or heading or '' })
        result.blip = blip(sight, kind(call), name)
    end
    if mine then return result end
    result.text = short(select(2, spoken(call)), TEXT)
    result.caller = short(call.caller, NAME)
    result.priority = short(call.priority, NAME)
    result.status = status(sight, call)
    result.units = units(sight, call)
    result.respond = class ~= 'test' or nil
    return result
end

---The fields of an alert that show what changed; empty where none does.
---@param changed string[] fields of the call
---@return string[]
local function shownChanges(changed)
    local fields, known = {}, {}
    for _, name in ipairs(changed) do
        local field = SHOWN_AS[name]
        if field and not known[field] then
            known[field] = true
            fields[#fields + 1] = field
        end
    end
    return fields
end

---@param a any
---@param b any
---@return boolean
local function same(a, b)
    if type(a) ~= 'table' or type(b) ~= 'table' then return a == b end
    if #a ~= #b then return false end
    for index, element in ipairs(a) do
        if element ~= b[index] then return false end
    end
    return true
end

---The fields of a call that players see and that differ, as an event would name them. Its position is
---left out: it may be known from elsewhere.
---@param before Call
---@param call Call
---@return string[]
local function differing(before, call)
    local fields = {}
    for field in pairs(SHOWN_AS) do
        if field ~= 'position' and not same(before[field], call[field]) then fields[#fields + 1] = field end
    end
    return fields
end

---What can be read of a note: only kind `text` has content, all others name an attachment.
---@param sight CadBridge.Sight
---@param written Note
---@return string? nil for an empty one
local function note(sight, written)
    if written.kind == 'text' or written.kind == nil then return short(written.content, TEXT) end
    return say(sight, 'call.attachment', { label = short(written.label or written.kind, NAME) or '' })
end

CadBridge.look = {
    alert = alert, kind = kind, number = number, note = note, blip = blip, say = say, short = short,
    shownChanges = shownChanges, differing = differing, notice = notice,
}
