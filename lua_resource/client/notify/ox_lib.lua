---ox_lib's notifications, by its event: nothing of it is loaded, it may come and go while we run. The
---description is Markdown there, so every mark in foreign text is escaped. The same id replaces what
---stands under it; there is no way to take one back, so each lasts as long as its card would.

---@class OxStyle : Style_
---@field name string
---@field above boolean
---@field private game table<string, function>
---@field private ids table<string, string> key of a call to the id it was first shown under
local Ox = { name = 'ox_lib', above = true }
Ox.__index = Ox

local KIND = { info = 'info', good = 'success', bad = 'error' }

---@type table<string, { icon: string, colour: string }>
local LOOK = {
    emergency = { icon = 'phone-volume', colour = '#ff5a52' },
    civil = { icon = 'phone', colour = '#4aa8ff' },
    dispatch = { icon = 'tower-broadcast', colour = '#f2b134' },
    assigned = { icon = 'location-arrow', colour = '#3fcf8e' },
    panic = { icon = 'triangle-exclamation', colour = '#ff2d55' },
    caller = { icon = 'circle-check', colour = '#9fb3c8' },
    test = { icon = 'vial', colour = '#b48cff' },
    tone = { icon = 'bell', colour = '#f2b134' },
}

---@param game table<string, function>
---@return OxStyle
local function new(game)
    return setmetatable({ game = game, ids = {} }, Ox)
end

---@return boolean asked each time: it may be restarted
function Ox:available()
    return self.game.GetResourceState('ox_lib') == 'started'
end

---@param alert Alert
---@param lines Lines
---@param done fun(painted: boolean)
---@param duration integer ms
function Ox:show(alert, lines, done, duration)
    local text, body = CadBridge.text, {}
    for index, line in ipairs(lines.body) do body[index] = text.markdown(text.cut(text.line(line), 500)) end
    self.ids[alert.key] = self.ids[alert.key] or ('cadbridge:%s'):format(alert.key)
    local look = LOOK[alert.class] or LOOK.dispatch
    local title = lines.title and ('%s · %s'):format(lines.heading, lines.title) or lines.heading
    self.game.TriggerEvent('ox_lib:notify', {
        id = self.ids[alert.key], title = text.short(text.line(title), 160), description = table.concat(body, '  \n'),
        type = alert.class == 'panic' and 'error' or 'info', icon = look.icon, iconColor = look.colour,
        duration = duration, position = 'top-right',
    })
    done(true)
end

---@param key string
function Ox:clear(key)
    self.ids[key] = nil
end

---@param old string
---@param new string
function Ox:rename(old, new)
    if old == new then return end
    self.ids[new], self.ids[old] = self.ids[old], nil
end

---@param notice Notice
---@param done fun(painted: boolean)
function Ox:notice(notice, done)
    self.game.TriggerEvent('ox_lib:notify', {
        description = CadBridge.text.markdown(notice.text), type = KIND[notice.kind] or 'info', duration = 6000,
    })
    done(true)
end

CadBridge.oxLib = { new = new }
