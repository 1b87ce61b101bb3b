---The map. One table owns all that a call has there: its point, the circle around it, the route to
---it. What is removed is forgotten in the same step, for the game gives a handle again. The player's
---own waypoint is never touched. Natives are handed in.

---@class CadBridge.Blips
local blips = {}

---Metres from the call at which its route ends.
local ARRIVED = 30

---Milliseconds between two looks at the distance, only while there is a route.
local LOOK = 2000

---A blip lives its minutes in so many steps; from the middle on each one is fainter.
local STEPS = 10

---What is left of the opacity in the last step.
local FAINT = 90

local CIRCLE_OPACITY = 96

---Beyond the map of the game there is nothing to drive to.
local FARTHEST = 16000

---@class Mark
---@field point integer handle
---@field circle integer? handle
---@field position Position
---@field look BlipLook
---@field life integer counts the lives, so that an older one's timer does nothing
---@field lasting boolean lives until it is removed

---@class Blips
---@field private game table<string, function>
---@field private later fun(ms: integer, action: fun())
---@field private text CadBridge.Text
---@field private marks table<string, Mark>
---@field private routed string? key of the one call that has the route
---@field private looking boolean
local Blips = {}
Blips.__index = Blips

---@param game table<string, function> the game's natives by name
---@param later fun(ms: integer, action: fun())
---@return Blips
function blips.new(game, later)
    return setmetatable({ game = game, later = later, text = CadBridge.text, marks = {}, looking = false }, Blips)
end

---@param n any
---@return boolean
local function finite(n)
    return type(n) == 'number' and n == n and n > -math.huge and n < math.huge
end

---@param n any
---@return boolean
local function onMap(n)
    return finite(n) and n > -FARTHEST and n < FARTHEST
end

---Whether one may mark it: two numbers on the map, and not the origin, which only means "unknown".
---@param position any
---@return boolean
function blips.placeable(position)
    return type(position) == 'table' and onMap(position.x) and onMap(position.y)
        and not (position.x == 0 and position.y == 0)
end

---@param position Position
---@return number x, number y, number z
local function xyz(position)
    local z = onMap(position.z) and position.z or 0
    return position.x + 0.0, position.y + 0.0, z + 0.0
end

---A look without gaps. Ranges are checked where the owner's choice is read; a colour may be 0xRRGGBBAA.
---@param look any
---@return BlipLook
local function complete(look)
    if type(look) ~= 'table' then look = {} end
    local number = function(value, default) return finite(value) and value or default end
    local whole = function(value, default) return math.tointeger(math.floor(number(value, default))) or default end
    return {
        sprite = whole(look.sprite, 480), colour = whole(look.colour, 1), scale = number(look.scale, 1.0),
        flash = number(look.flash, 0), minutes = number(look.minutes, 10), radius = number(look.radius, 0),
        name = look.name, category = look.category and whole(look.category, 0), categoryName = look.categoryName,
    }
end

---@private
---@param point integer
---@param look BlipLook
function Blips:category(point, look)
    local category = look.category
    if not category or category < 12 or category > 133 then return end
    if look.categoryName then
        self.game.AddTextEntry(('BLIP_CAT_%d'):format(category), self.text.blip(look.categoryName))
    end
    self.game.SetBlipCategory(point, category)
end

---@private
---@param point integer
---@param look BlipLook
function Blips:dress(point, look)
    local game = self.game
    game.SetBlipSprite(point, look.sprite) -- first: it resets what follows
    game.SetBlipDisplay(point, 2)
    game.SetBlipScale(point, look.scale + 0.0)
    game.SetBlipColour(point, look.colour)
    game.SetBlipAsShortRange(point, false)
    game.SetBlipHighDetail(point, true)
    game.SetBlipAlpha(point, 255)
    self:category(point, look)
    game.BeginTextCommandSetBlipName('STRING')
    game.AddTextComponentSubstringPlayerName(self.text.blip(look.name))
    game.EndTextCommandSetBlipName(point)
end

---@private
---@param mark Mark
function Blips:encircle(mark)
    local game = self.game
    if mark.circle then game.RemoveBlip(mark.circle) end
    mark.circle = nil
    if mark.look.radius <= 0 then return end
    local x, y, z = xyz(mark.position)
    mark.circle = game.AddBlipForRadius(x, y, z, mark.look.radius + 0.0)
    game.SetBlipColour(mark.circle, mark.look.colour)
    game.SetBlipAlpha(mark.circle, CIRCLE_OPACITY)
end

---@private
---@param mark Mark
function Blips:flash(mark)
    if mark.look.flash <= 0 then return end
    local ms = math.floor(mark.look.flash * 1000)
    self.game.SetBlipFlashes(mark.point, true)
    self.game.SetBlipFlashInterval(mark.point, 400)
    self.game.SetBlipFlashTimer(mark.point, ms) -- ends by itself
end

---@private
---@param key string
---@param mark Mark
---@param life integer
---@param step integer
function Blips:age(key, mark, life, step)
    if self.marks[key] ~= mark or mark.life ~= life then return end
    if step >= STEPS and self.routed ~= key then return self:remove(key) end
    if step > STEPS // 2 and step < STEPS then
        local left = (STEPS - step) / (STEPS - STEPS // 2)
        self.game.SetBlipAlpha(mark.point, math.floor(FAINT + (255 - FAINT) * left))
    end
    local ms = math.floor(mark.look.minutes * 60000 / STEPS)
    self.later(ms, function() self:age(key, mark, life, step + 1) end)
end

---A new life: full opacity, and the minutes count from now.
---@private
---@param key string
---@param mark Mark
function Blips:renew(key, mark)
    mark.life = mark.life + 1
    self.game.SetBlipAlpha(mark.point, 255)
    if mark.lasting or mark.look.minutes <= 0 then return end
    self:age(key, mark, mark.life, 0)
end

---@private
---@param key string
---@param mark Mark
---@param position Position
function Blips:put(key, mark, position)
    local x, y, z = xyz(position)
    local oldX, oldY, oldZ = xyz(mark.position)
    if x == oldX and y == oldY and z == oldZ then return end
    mark.position = position
    self.game.SetBlipCoords(mark.point, x, y, z)
    if mark.circle then self.game.SetBlipCoords(mark.circle, x, y, z) end
    if self.routed == key then self:draw(mark) end
end

---@param look BlipLook
---@return string
local function face(look)
    return ('%s|%s|%s|%s|%s|%s'):format(look.sprite, look.colour, look.scale, look.radius, look.name, look.category)
end

---Shows the call on the map, or brings its mark up to date; no position, no mark.
---@param key string
---@param position Position?
---@param look BlipLook|table|nil where a part is missing, it has the default
---@param news boolean flashes, and lives anew where it was marked before
---@param lasting boolean lives until it is removed (a call of one's own)
function Blips:show(key, position, look, news, lasting)
    if not look or not blips.placeable(position) then return end
    look = complete(look)
    local mark = self.marks[key]
    if not mark then
        local x, y, z = xyz(position)
        mark = { point = self.game.AddBlipForCoord(x, y, z), position = position, look = look, life = 0 }
        self.marks[key] = mark
        self:dress(mark.point, look)
        self:encircle(mark)
    else
        local changed = face(mark.look) ~= face(look)
        mark.look = look
        self:put(key, mark, position)
        if changed then
            self:dress(mark.point, look)
            self:encircle(mark)
            if self.routed == key then self:draw(mark) end
        end
    end
    local settled = mark.lasting == lasting -- a new mark is not: its life begins
    mark.lasting = lasting
    if news then self:flash(mark) end
    if news or not settled then self:renew(key, mark) end
end

---The mark of one call goes on under another key: the 911 call that became a dispatch call.
---@param old string
---@param new string
function Blips:rename(old, new)
    local mark = self.marks[old]
    if not mark or old == new then return end
    self:remove(new)
    self.marks[old], self.marks[new] = nil, mark
    if self.routed == old then self.routed = new end
    self:renew(new, mark)
end

---Follows what moves (a unit in distress).
---@param key string
---@param position any
function Blips:move(key, position)
    local mark = self.marks[key]
    if mark and blips.placeable(position) then self:put(key, mark, position) end
end

---@private
---@param mark Mark
function Blips:draw(mark)
    self.game.SetBlipRoute(mark.point, true)
    self.game.SetBlipRouteColour(mark.point, mark.look.colour)
end

---Draws the route to a call; the game shows one at a time, so the one before ends.
---@param key string
---@return boolean whether there is a mark to drive to
function Blips:route(key)
    local mark = self.marks[key]
    if not mark then return false end
    if self.routed ~= key then self:unroute(self.routed) end
    self.routed = key
    self:draw(mark)
    self:look()
    return true
end

---@param key string? nil: nothing to do
function Blips:unroute(key)
    if key == nil or self.routed ~= key then return end
    self.routed = nil
    local mark = self.marks[key]
    if mark then self.game.SetBlipRoute(mark.point, false) end
end

---@private
---@return boolean
function Blips:arrived()
    local mark = self.marks[self.routed]
    local here = self.game.GetEntityCoords(self.game.PlayerPedId())
    local dx, dy = here.x - mark.position.x, here.y - mark.position.y
    return dx * dx + dy * dy < ARRIVED * ARRIVED
end

---Looks now and then whether the player has arrived; ends with the route.
---@private
function Blips:look()
    if self.looking then return end
    self.looking = true
    self.later(LOOK, function()
        self.looking = false
        if not self.routed then return end
        if self:arrived() then return self:unroute(self.routed) end
        self:look()
    end)
end

---Point, circle and route, at once and for good.
---@param key string
function Blips:remove(key)
    local mark = self.marks[key]
    if not mark then return end
    self:unroute(key)
    self.marks[key] = nil
    self.game.RemoveBlip(mark.point)
    if mark.circle then self.game.RemoveBlip(mark.circle) end
end

function Blips:removeAll()
    local keys = {}
    for key in pairs(self.marks) do keys[#keys + 1] = key end
    for _, key in ipairs(keys) do self:remove(key) end
end

---@param key string
---@return boolean whether the call is on the map
function Blips:has(key)
    return self.marks[key] ~= nil
end

---@param key string
---@return boolean whether the route leads to this call
function Blips:routes(key)
    return self.routed == key
end

CadBridge.blips = blips
