---Calls in the dispatch script that an owner already has. An adapter is a file that knows one such
---script; it is used only when the option names it, that script runs, and the call has a place. Who gets
---a call is decided before: an adapter is told of one player and one alert at a time. Blip, route and key
---stay ours, and so does news of a call that is already known.

---@class CadBridge.Adapter
---@field resource string folder of the script
---@field instead boolean whether its picture stands in for ours
---@field show fun(parts: CadBridge.AdapterParts, source: integer, alert: Alert)

---@class CadBridge.AdapterParts
---@field trigger fun(event: string, source: integer, ...) `TriggerClientEvent`
---@field exports table<string, table<string, function>>
---@field started fun(resource: string): boolean
---@field jobs string[] the option `jobs`
---@field vector fun(x: number, y: number, z: number): any the game's vector
---@field time fun(): integer seconds since 1970
---@field warn fun(line: string)

---@type table<string, CadBridge.Adapter>
local known = {}

---Classes that a dispatch script has a picture for.
local CLASSES = { emergency = true, civil = true, dispatch = true, assigned = true, panic = true }

---@param adapter CadBridge.Adapter
---@param parts CadBridge.AdapterParts
---@param event string
---@param alert any
---@return boolean
local function fits(adapter, parts, event, alert)
    return event == 'cadbridge:show' and type(alert) == 'table' and alert.how == 'alert'
        and CLASSES[alert.class] == true and alert.position ~= nil and parts.started(adapter.resource)
end

---@param alert Alert
---@return Alert a copy that the client marks on the map and does not picture
local function unpictured(alert)
    local copy = {}
    for name, value in pairs(alert) do copy[name] = value end
    copy.style = 'none'
    return copy --[[@as Alert]]
end

---What sends to players, with the chosen adapter in its way. An adapter that fails costs its own picture
---and a line in the console, never the alert: ours is shown then.
---@param send fun(source: integer, event: string, ...)
---@param name string of the adapter; any other word is none
---@param parts CadBridge.AdapterParts
---@return fun(source: integer, event: string, ...)
local function through(send, name, parts)
    local adapter, warned = known[name], false
    if not adapter then return send end
    return function(source, event, alert, ...)
        if not fits(adapter, parts, event, alert) then return send(source, event, alert, ...) end
        local ok, problem = pcall(adapter.show, parts, source, alert)
        if ok and adapter.instead then alert = unpictured(alert) end
        if not ok and not warned then
            warned = true
            parts.warn(('%s did not take a call, so ours is shown: %s'):format(adapter.resource, problem))
        end
        send(source, event, alert, ...)
    end
end

---One line that tells what and where, for scripts with one field for both.
---@param alert Alert
---@return string
local function place(alert)
    local parts = {}
    if alert.place then parts[#parts + 1] = alert.place end
    if alert.postal then parts[#parts + 1] = alert.postal end
    return CadBridge.text.chat(table.concat(parts, ' · '))
end

CadBridge.adapters = { through = through, known = known, place = place }
