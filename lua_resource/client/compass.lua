---Tells the card where the player stands and where he looks, four times a second, and only while a card
---is up that has a use for it: no card, no loop. Natives are handed in.

---@class CadBridge.Compass
local compass = {}

local EVERY = 250

---Metres a second (54 km/h) from which a driver only glances at a card.
local FAST = 15

---@class Compass
---@field private game table<string, function>
---@field private later fun(ms: integer, action: fun())
---@field private send fun(action: string, data: any)
---@field private wanted fun(): boolean
---@field private running boolean
local Compass = {}
Compass.__index = Compass

---@param game table<string, function>
---@param later fun(ms: integer, action: fun())
---@param send fun(action: string, data: any) to the page
---@param wanted fun(): boolean whether a card is up that shows a distance, or shrinks at speed
---@return Compass
function compass.new(game, later, send, wanted)
    return setmetatable({ game = game, later = later, send = send, wanted = wanted, running = false }, Compass)
end

---@return table where the player is, as the page takes it
function Compass:here()
    local game = self.game
    local ped = game.PlayerPedId()
    local at = game.GetEntityCoords(ped)
    local vehicle = game.GetVehiclePedIsIn(ped, false)
    local speed = vehicle and vehicle ~= 0 and game.GetEntitySpeed(vehicle) or 0
    return { x = at.x, y = at.y, heading = game.GetGameplayCamRot(2).z, fast = speed > FAST }
end

---@private
function Compass:tick()
    if not self.wanted() then
        self.running = false
        return
    end
    self.send('where', self:here())
    self.later(EVERY, function() self:tick() end)
end

---To be called whenever what is on the screen has changed.
function Compass:watch()
    if self.running or not self.wanted() then return end
    self.running = true
    self:tick()
end

CadBridge.compass = compass
