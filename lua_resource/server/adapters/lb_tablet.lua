---lb-tablet (LB Scripts): its documented server export `AddDispatch`. The tablet itself decides who reads
---it (whoever has its police terminal), not we: so a call goes there once, and our own picture stays.
---A panic, and a call of one's own, are not for all and do not go there.
---Source: docs.lbscripts.com, tablet, script integration, server exports.

---Seconds that the tablet keeps it.
local TIME = 600

---Keys that are remembered as told, so that a call with ten recipients goes there once.
local MOST = 500

local PRIORITY = { emergency = 'high', dispatch = 'medium', civil = 'low' }

---@type table<string, true>, string[]
local told, order = {}, {}

---@param key string
---@return boolean whether it is new
local function remember(key)
    if told[key] then return false end
    told[key] = true
    order[#order + 1] = key
    if #order > MOST then told[table.remove(order, 1)] = nil end
    return true
end

---@param parts CadBridge.AdapterParts
---@param _source integer
---@param alert Alert
local function show(parts, _source, alert)
    if not PRIORITY[alert.class] or not remember(alert.key) then return end
    local text, at = CadBridge.text, alert.position --[[@as Position]]
    parts.exports['lb-tablet']:AddDispatch({
        priority = PRIORITY[alert.class], code = text.chat(alert.number),
        title = text.chat(alert.title or alert.number), description = text.chat(alert.text),
        location = { label = CadBridge.adapters.place(alert), coords = { x = at.x + 0.0, y = at.y + 0.0 } },
        time = TIME, job = 'police',
    })
end

CadBridge.adapters.known['lb-tablet'] = { resource = 'lb-tablet', instead = false, show = show }
