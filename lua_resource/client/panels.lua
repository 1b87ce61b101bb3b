---The two panels of the page that take keyboard and mouse: `/alerts`, the player's own settings, and
---`/calls`, the list of open calls. What a panel sends is checked like anything that comes from outside.

---@class PanelParts
---@field game table<string, function>
---@field focus Focus
---@field page Page
---@field screen Screen
---@field blips Blips
---@field there fun(): boolean whether the page is loaded: without one nothing may take the keyboard
---@field here fun(): table
---@field keys fun(): table<string, string?> names of the bound keys
---@field styles fun(): table<string, boolean> which styles are there now
---@field preferences fun(): Preferences
---@field choose fun(chosen: any) takes new preferences, whatever they are
---@field listen fun(name: SoundName, class: string) lets the player hear one

---@class CadBridge.Panels
local panels = {}

---Bytes of a note, as many as the server takes.
local NOTE = 1000

---Bytes of a description beside the list.
local DESCRIPTION = 600

---Calls that are told without a page.
local FEW = 4

---@class Panels : PanelParts
---@field private listed table<string, Alert>
local Panels = {}
Panels.__index = Panels

---@param parts PanelParts
---@return Panels
function panels.new(parts)
    local self = setmetatable({ listed = {} }, Panels)
    for name, part in pairs(parts) do self[name] = part end
    return self
end

---`/alerts`.
---@param locale string
function Panels:settings(locale)
    if not self.there() then return end
    self.page:prepare(locale)
    self.page:send('settings', {
        preferences = self.preferences(), styles = self.styles(), keys = self.keys(),
        classes = CadBridge.preferences.CLASSES,
    })
    self.focus:open('settings')
end

---@private
---@param alert Alert
---@return table
function Panels:row(alert)
    if self.preferences().shield then alert = CadBridge.shield.mask(alert) end
    local row = CadBridge.card.page(alert)
    row.routed = self.blips:routes(alert.key)
    return row
end

---The list cuts texts for size; of a call that the player has, the client knows the rest.
---@private
---@param alert Alert
function Panels:complete(alert)
    local known = self.screen:known(alert.key)
    if not known then return end
    for _, field in ipairs({ 'text', 'title', 'place', 'caller' }) do
        local whole, start = known[field], tostring(alert[field] or ''):match('^(.+)…$')
        if start and type(whole) == 'string' and whole:sub(1, #start) == start then
            alert[field] = CadBridge.text.short(whole, DESCRIPTION)
        end
    end
end

---`/calls`.
---@param alerts any from the server
---@param locale string
function Panels:calls(alerts, locale)
    if type(alerts) ~= 'table' then return end
    if not self.there() then return self.screen:plain({ table.unpack(alerts, 1, FEW) }) end
    local rows = {}
    self.listed = {}
    for _, alert in ipairs(alerts) do
        if type(alert) == 'table' and type(alert.key) == 'string' then
            self:complete(alert)
            self.listed[alert.key] = alert
            rows[#rows + 1] = self:row(alert)
        end
    end
    self.page:prepare(locale)
    self.page:send('list', { calls = rows, here = self.here() })
    self.focus:open('list')
end

---An open list follows what happens. A tone is no call.
---@param alert Alert
function Panels:changed(alert)
    if self.focus.panel ~= 'list' or alert.class == 'tone' then return end
    local row = self:row(alert)
    if type(alert.replaces) == 'string' then
        self.listed[alert.replaces] = nil
        row.replaces = alert.replaces
    end
    self.listed[alert.key] = alert
    self.page:send('listed', row)
end

---@param key any
function Panels:gone(key)
    if self.focus.panel ~= 'list' or type(key) ~= 'string' then return end
    self.listed[key] = nil
    self.page:send('unlisted', { key = key })
end

---The player has no right to the calls any more. His settings stay his, also while he has them open.
function Panels:wipe()
    self.listed = {}
    if self.focus.panel == 'list' then self.focus:close() end
end

---@private
---@param key any
---@return Alert?
function Panels:call(key)
    return type(key) == 'string' and (self.listed[key] or self.screen:known(key)) or nil
end

---@private
---@param key any
function Panels:respond(key)
    if self:call(key) then self.game.TriggerServerEvent('cadbridge:respond', key) end
end

---The route, drawn or taken away, for the player alone: the CAD hears nothing of it.
---@private
---@param key any
function Panels:route(key)
    local alert = self:call(key)
    if not alert then return end
    if self.blips:routes(key) then
        self.blips:unroute(key)
    else
        self.screen:mark(alert)
        self.blips:route(key)
    end
    local row = self:row(alert)
    row.age = nil -- it is that of when we heard of the call; the page has counted on
    self.page:send('listed', row)
end

---@private
---@param key any
---@param note any
function Panels:note(key, note)
    if not self:call(key) or type(note) ~= 'string' then return end
    note = CadBridge.text.cut(CadBridge.text.line(note), NOTE)
    if note ~= '' then self.game.TriggerServerEvent('cadbridge:note', key, note) end
end

---What the panels may ask for, by the name of the callback.
---@return table<string, fun(data: table)>
function Panels:callbacks()
    return {
        close = function() self.focus:close() end,
        alive = function(data) self.focus:alive(data.question) end,
        save = function(data) self.choose(data.preferences) end,
        listen = function(data) self.listen(data.name, data.class) end,
        respond = function(data) self:respond(data.key) end,
        route = function(data) self:route(data.key) end,
        note = function(data) self:note(data.key, data.text) end,
    }
end

CadBridge.panels = panels
