---What a player can do, by what it is about: `responding` to a call, `calling` for help, `linking` his
---account, and here the list of open calls. Commands and doors come here with a player they know and
---values they checked; what the CAD must be told goes to the bridge, and every answer to the player.
---Pure, but for the parts handed in.

---@class CadBridge.ActionParts
---@field board CadBridge.Board
---@field roster CadBridge.Roster
---@field audience CadBridge.Audience
---@field claims CadBridge.Claims
---@field pictures CadBridge.Pictures
---@field alerts CadBridge.Alerts
---@field whereabouts CadBridge.Whereabouts
---@field panics CadBridge.Panics
---@field requests CadBridge.Requests
---@field postals CadBridge.Postals
---@field sight CadBridge.Sight
---@field options CadBridge.Options
---@field standing fun(source: integer): Position?
---@field now fun(): integer
---@field later fun(ms: integer, callback: fun())
---@field send fun(source: integer, event: string, ...)

---@class CadBridge.Actions: CadBridge.ActionParts
---@field answers CadBridge.Answers
---@field responding CadBridge.Responding
---@field calling CadBridge.Calling
---@field linking CadBridge.Linking
local Actions = {}
Actions.__index = Actions

---How many calls a list holds; all of them are one event.
local LISTED = 500
---Bytes of a call's texts in the list, about what one line and the panel beside it hold.
local IN_LIST = { text = 160, title = 100, place = 100, caller = 60, postal = 24, priority = 24, status = 32 }
local UNIT_IN_LIST = 16

---@param parts CadBridge.ActionParts
---@return CadBridge.Actions
local function new(parts)
    local answers = CadBridge.answers.new(parts)
    local actions = {
        answers = answers, responding = CadBridge.responding.new(parts, answers),
        calling = CadBridge.calling.new(parts, answers), linking = CadBridge.linking.new(parts, answers),
    }
    for name, part in pairs(parts) do actions[name] = part end
    return setmetatable(actions, Actions)
end

---The alert as an entry of the list: short, and without what only the map needs. Who is on a call is not
---asked to respond to it; there the route has a key of its own.
---@param alert Alert
---@return Alert
local function listed(alert)
    alert.route, alert.blip = nil, nil
    if alert.class == 'assigned' then alert.respond = nil end
    for field, most in pairs(IN_LIST) do alert[field] = CadBridge.look.short(alert[field], most) end
    for index, unit in ipairs(alert.units or {}) do
        alert.units[index] = CadBridge.text.short(unit, UNIT_IN_LIST)
    end
    return alert
end

---Opens the list of open calls, for who may see them. Units in distress come first.
---@param source integer
function Actions:list(source)
    local alerts = {}
    for _, alert in ipairs(self.panics:listed(source)) do alerts[#alerts + 1] = listed(alert) end
    for _, call in ipairs(self.board:newest()) do
        local class, proof = self.claims:entitled(call, source)
        if class and #alerts < LISTED then
            alerts[#alerts + 1] = listed(self.alerts:build(call, class, 'quiet', { unmarked = true, route = false }, proof))
        end
    end
    self.send(source, 'cadbridge:list', alerts, self.options.locale)
end

---Opens the player's own settings.
---@param source integer
function Actions:settings(source)
    self.send(source, 'cadbridge:settings', self.options.locale)
end

---@param source integer
function Actions:dropped(source)
    self.responding:dropped(source)
    self.linking:dropped(source)
end

CadBridge.actions = { new = new }
