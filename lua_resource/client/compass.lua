---Tells the card where the player stands and where he looks, four times a second while a card is up that
---points somewhere; while others are up, only when he has become fast or opened the pause menu. No card,
---no loop. Natives are handed in.

---@class CadBridge.Compass
local compass = {}

local EVERY = 250

---Metres a second (54 km/h) from which a driver only glances at a card.
local FAST = 15

---@class Compass
---@field private game table<string, function>
---@field private later fun(ms: integer, action: fun())
---@field private send fun(action: string, data: any)
---@field private wanted fun(): 'always'|'changes'|nil
---@field private running boolean
---@field private last string?
local Compass = {}
Compass.__index = Compass

---@param game table<string, function>
---@param later fun(ms: integer, action: fun())
---@param send fun(action: string, data: any) to the page
---@param wanted fun(): 'always'|'changes'|nil what the cards that are up have a use for; nil: none is up
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
    return {
        x = at.x, y = at.y, heading = game.GetGameplayCamRot(2).z,
        fast = speed > FAST, paused = game.IsPauseMenuActive() and true or false,
    }
end

---@private
function Compass:tick()
    local wanted = self.wanted()
    if not wanted then
        self.running, self.last = false, nil
        return
    end
    local here = self:here()
    local state = ('%s %s'):format(here.fast, here.paused)
    if wanted == 'always' or state ~= self.last then self.send('where', here) end
    self.last = state
    self.later(EVERY, function() self:tick() end)
end

---The page has been loaded anew: it does not know what it was told.
function Compass:forget()
    self.last = nil
end

---To be called whenever what is on the screen has changed.
function Compass:watch()
    if self.running or not self.wanted() then return end
    self.running = true
    self:tick()
end

CadBridge.compass = compass
