---Where a call is: its own coordinates, then its postal, then where the player stands who placed it,
---else nowhere. The resource never invents a position. Pure.

---@class CadBridge.Places
---@field postals CadBridge.Postals
---@field roster CadBridge.Roster
---@field standing fun(source: integer): Position? where a player is; nil without OneSync
---@field now fun(): integer

---How old the event of a call may be for its caller to stand where he called from.
local CALLER_MS = 30000

---The map, with the island that lies off it; as the bridge reads coordinates.
local WEST, EAST, SOUTH, NORTH = -5000, 6500, -7000, 8500

---@param value any
---@return number?
local function finite(value)
    if type(value) ~= 'number' or value ~= value or value == math.huge or value == -math.huge then return nil end
    return value
end

---A position that can be drawn: finite, on the map, and not the origin, which means "none".
---@param position any
---@return Position?
local function checked(position)
    if type(position) ~= 'table' then return nil end
    local x, y, z = finite(position.x), finite(position.y), finite(position.z)
    if not x or not y or (x == 0 and y == 0) then return nil end
    if x < WEST or x > EAST or y < SOUTH or y > NORTH then return nil end
    return { x = x, y = y, z = z }
end

---Codes that a text marks as postals: `[7351]`, `postal 7351`, `Postal: A101`. A number alone may be
---that of a house.
---@param text string?
---@return string[]
local function marked(text)
    local codes = {}
    if not text then return codes end
    for code in text:gmatch('%[%s*([%w-]+)%s*%]') do codes[#codes + 1] = code end
    local lower = text:lower()
    local from = 1
    while true do
        local first, last = lower:find('%f[%a]postal%f[%A][%s:#.]*', from)
        if not first then break end
        codes[#codes + 1] = text:match('^[%w-]+', last + 1)
        from = last + 1
    end
    return codes
end

---The postal of a call, by its own field or as its location text marks it.
---@param call Call
---@param postals CadBridge.Postals
---@return CadBridge.Postal?
local function postalOf(call, postals)
    local postal = postals:find(call.postal)
    if postal then return postal end
    for _, code in ipairs(marked(call.location)) do
        postal = postals:find(code)
        if postal then return postal end
    end
    return nil
end

---@param call Call
---@param places CadBridge.Places
---@return Position?
local function caller(call, places)
    local match = places.roster:match(call.callerIds)
    local here = match.verified and match.players or {}
    local left = places.roster:left(call.callerIds, places.now())
    if #here + #left ~= 1 then return nil end
    if here[1] then return checked(places.standing(here[1])) end
    return checked(left[1].position)
end

---@param call Call
---@param age integer milliseconds since the call was opened
---@param places CadBridge.Places
---@return Position?
---@return 'call'|'postal'|'caller'|nil source
local function of(call, age, places)
    local own = checked(call.position)
    if own then return own, 'call' end
    local postal = postalOf(call, places.postals)
    if postal then return checked { x = postal.x, y = postal.y }, 'postal' end
    if age < CALLER_MS then
        local position = caller(call, places)
        if position then return position, 'caller' end
    end
    return nil, nil
end

CadBridge.position = { of = of, checked = checked, postalOf = postalOf, marked = marked }
