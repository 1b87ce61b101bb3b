---ps-dispatch (Project Sloth, 2.2): its client shows what comes by its own net event. Its server event
---and its export `CustomAlert` would send the call to every player of a job, so neither is used.
---Source: the fields that client/alerts.lua of that script builds, and docs.projectsloth.org,
---"Using Exports". It shows a call only to players on duty whose job is of type `leo` or `ems`.

---Its priority 1 is red.
local PRIORITY = { emergency = 1, panic = 1 }

---@type table<string, string>
local ICON = {
    emergency = 'fas fa-phone-volume', civil = 'fas fa-phone', dispatch = 'fas fa-tower-broadcast',
    assigned = 'fas fa-location-arrow', panic = 'fas fa-triangle-exclamation',
}

---@param parts CadBridge.AdapterParts
---@param source integer
---@param alert Alert
local function show(parts, source, alert)
    local text, at = CadBridge.text, alert.position --[[@as Position]]
    local mark = {
        radius = 0.0, sprite = 480, color = 1, scale = 1.0, flash = false, offset = false,
        length = 0, -- minutes: its blip goes at once, for ours is there
        sound = 'Lose_1st', sound2 = 'GTAO_FM_Events_Soundset',
    }
    local call = {
        id = alert.key, units = {}, responses = {}, time = parts.time() * 1000,
        codeName = 'cadbridge', code = text.chat(alert.number),
        message = text.chat(alert.text or alert.title), icon = ICON[alert.class],
        priority = PRIORITY[alert.class] or 2, street = CadBridge.adapters.place(alert),
        coords = { x = at.x + 0.0, y = at.y + 0.0, z = (at.z or 0) + 0.0 },
        name = alert.caller and text.chat(alert.caller) or nil, alert = mark, jobs = { 'leo', 'ems' },
    }
    for name, value in pairs(mark) do call[name] = value end
    parts.trigger('ps-dispatch:client:notify', source, call)
end

CadBridge.adapters.known['ps-dispatch'] = { resource = 'ps-dispatch', instead = true, show = show }
