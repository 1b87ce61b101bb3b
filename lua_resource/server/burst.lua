---Keeps a flood of calls from flooding a player: so many alerts in a while are shown one by one, what
---is beyond is told in one line, emergencies first. Pure.

local LIMIT, WINDOW_MS = 30, 10000

---@class CadBridge.Flood
---@field shown table<integer, integer> clock of the last alerts, numbered from `first` to `last`
---@field first integer
---@field last integer
---@field held { key: string, urgent: boolean }[] what was not shown

---@class CadBridge.Burst
---@field private floods table<integer, CadBridge.Flood>
local Burst = {}
Burst.__index = Burst

---@return CadBridge.Burst
local function new()
    return setmetatable({ floods = {} }, Burst)
end

---Whether the player may be shown one more alert now; else it is held for the line.
---@param source integer
---@param key string
---@param urgent boolean
---@param now integer
---@return boolean admitted
---@return boolean first whether this is the first one held: then `take` it after `WINDOW_MS`
function Burst:admit(source, key, urgent, now)
    local flood = self.floods[source]
    if not flood then
        flood = { shown = {}, first = 1, last = 0, held = {} }
        self.floods[source] = flood
    end
    local shown = flood.shown
    while flood.first <= flood.last and now - shown[flood.first] >= WINDOW_MS do
        shown[flood.first] = nil
        flood.first = flood.first + 1
    end
    if flood.last - flood.first + 1 < LIMIT then
        flood.last = flood.last + 1
        shown[flood.last] = now
        return true, false
    end
    flood.held[#flood.held + 1] = { key = key, urgent = urgent }
    return false, #flood.held == 1
end

---What was held for the player, emergencies first; nothing is held any more.
---@param source integer
---@return string[] keys
---@return integer urgent how many of them are emergencies
function Burst:take(source)
    local flood = self.floods[source]
    if not flood then return {}, 0 end
    local held, keys = flood.held, {}
    flood.held = {}
    for _, call in ipairs(held) do
        if call.urgent then keys[#keys + 1] = call.key end
    end
    local urgent = #keys
    for _, call in ipairs(held) do
        if not call.urgent then keys[#keys + 1] = call.key end
    end
    return keys, urgent
end

---@param source integer
function Burst:dropped(source)
    self.floods[source] = nil
end

CadBridge.burst = { new = new, WINDOW_MS = WINDOW_MS, LIMIT = LIMIT }
