---cd_dispatch (Codesign): its documented client event, sent to one player. It shows a call only to players
---of the jobs in `job_table`, so the option `jobs` must name theirs.
---Source: docs.codesign.pro, paid scripts, dispatch, resource integration.

---@param parts CadBridge.AdapterParts
---@param source integer
---@param alert Alert
local function show(parts, source, alert)
    local text, at = CadBridge.text, alert.position --[[@as Position]]
    local title = text.chat(alert.number)
    if alert.title then title = ('%s - %s'):format(title, text.chat(alert.title)) end
    local message = text.chat(alert.text)
    local place = CadBridge.adapters.place(alert)
    if place ~= '' then message = message == '' and place or ('%s (%s)'):format(message, place) end
    parts.trigger('cd_dispatch:AddNotification', source, {
        job_table = parts.jobs, coords = parts.vector(at.x + 0.0, at.y + 0.0, (at.z or 0) + 0.0),
        title = title, message = message, unique_id = alert.key, sound = 1,
        flash = alert.class == 'panic' and 1 or 0,
        blip = {
            sprite = 480, scale = 1.0, colour = 1, flashes = false, text = title,
            time = 0, radius = 0, -- minutes: ours is there
        },
    })
end

CadBridge.adapters.known['cd_dispatch'] = { resource = 'cd_dispatch', instead = true, show = show }
