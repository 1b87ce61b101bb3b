---Where each open call is, as far as it is known: found once, moved only by better knowledge, and told
---to the bridge where it was found in the game. Pure.

---@class CadBridge.Whereabouts
---@field private places CadBridge.Places
---@field private locate fun(key: string, position: Position)
---@field private known table<string, Position>
local Whereabouts = {}
Whereabouts.__index = Whereabouts

---@param places CadBridge.Places
---@param locate fun(key: string, position: Position) tells the bridge, which keeps it
---@return CadBridge.Whereabouts
local function new(places, locate)
    return setmetatable({ places = places, locate = locate, known = {} }, Whereabouts)
end

---@param a Position?
---@param b Position?
---@return boolean
local function same(a, b)
    if not a or not b then return a == b end
    return math.abs(a.x - b.x) < 1 and math.abs(a.y - b.y) < 1
end

---Looks where the call is. A dispatch call starts where its 911 call was.
---@param call Call
---@param age integer milliseconds since it was opened
---@return boolean moved
function Whereabouts:find(call, age)
    local before = self.known[call.key] or self.known[call.origin911 or '']
    local position, source = CadBridge.position.of(call, age, self.places)
    -- Where the caller stood counts once: he may have moved on.
    if not position or (source == 'caller' and before) then
        self.known[call.key] = before
        return false
    end
    self.known[call.key] = position
    if same(before, position) then return false end
    if source ~= 'call' then self.locate(call.key, position) end
    return true
end

---@param key string
---@return Position?
function Whereabouts:of(key)
    return self.known[key]
end

---@param key string
---@param position Position? nil: it is over
function Whereabouts:set(key, position)
    self.known[key] = position
end

---Forgets whatever is not open.
---@param open table<string, Call>
function Whereabouts:keep(open)
    for key in pairs(self.known) do
        if not open[key] then self.known[key] = nil end
    end
end

CadBridge.whereabouts = { new = new }
