---Many alerts at once: so many are shown one by one, what comes beyond is gathered for a moment and told
---in one line. Panic is never one too many. Pure: clock and timer are handed in.

---@class CadBridge.Crowd
local crowd = {}

---So many pictures in that time are shown one by one.
local MOST, WITHIN = 30, 10000

---Milliseconds that the rest is gathered.
local GATHER = 1500

---@class Rest what was not shown one by one
---@field alerts Alert[]
---@field emergencies integer how many of them

---@class Crowd
---@field private now fun(): integer
---@field private later fun(ms: integer, action: fun())
---@field private tell fun(rest: Rest)
---@field private recent integer[] when the last pictures were admitted
---@field private rest Rest?
local Crowd = {}
Crowd.__index = Crowd

---@param now fun(): integer ms
---@param later fun(ms: integer, action: fun())
---@param tell fun(rest: Rest) shows the one line
---@return Crowd
function crowd.new(now, later, tell)
    return setmetatable({ now = now, later = later, tell = tell, recent = {} }, Crowd)
end

---Whether there is room for one more picture, which is then taken.
---@param class string
---@return boolean
function Crowd:admits(class)
    local now, recent = self.now(), {}
    for _, at in ipairs(self.recent) do
        if now - at < WITHIN then recent[#recent + 1] = at end
    end
    self.recent = recent
    if #recent >= MOST and class ~= 'panic' then return false end
    recent[#recent + 1] = now
    return true
end

---@param alert Alert
function Crowd:hold(alert)
    local rest = self.rest
    if not rest then
        rest = { alerts = {}, emergencies = 0 }
        self.rest = rest
        self.later(GATHER, function()
            if self.rest ~= rest then return end
            self.rest = nil
            self.tell(rest)
        end)
    end
    rest.alerts[#rest.alerts + 1] = alert
    if alert.class == 'emergency' then rest.emergencies = rest.emergencies + 1 end
end

---Nothing of what is held will be told.
function Crowd:forget()
    self.rest = nil
end

CadBridge.crowd = crowd
