---What the game server knows of a player, and how something reaches him. Pure: the table of natives is
---handed in.

---@class CadBridge.Game
---@field private natives table
local Game = {}
Game.__index = Game

---@param natives table `_G` in the game
---@return CadBridge.Game
local function new(natives)
    return setmetatable({ natives = natives }, Game)
end

---Where the player is; nil without OneSync, and before he has spawned.
---@param source integer
---@return Position?
function Game:standing(source)
    local natives = self.natives
    local ped = natives.GetPlayerPed(source)
    if not ped or ped == 0 or not natives.DoesEntityExist(ped) then return nil end
    local ok, coords = pcall(natives.GetEntityCoords, ped)
    if not ok or not coords then return nil end
    return CadBridge.position.checked { x = coords.x, y = coords.y, z = coords.z }
end

---@param source integer
---@return number? degrees
function Game:heading(source)
    local ped = self.natives.GetPlayerPed(source)
    local ok, degrees = pcall(self.natives.GetEntityHeading, ped)
    return ok and degrees or nil
end

---Whether the player has the permission.
---@param source integer
---@param object string
---@return boolean
function Game:allowed(source, object)
    return self.natives.IsPlayerAceAllowed(tostring(source), object) and true or false
end

---@param resource string
---@return boolean
function Game:isStarted(resource)
    return self.natives.GetResourceState(resource) == 'started'
end

---What sends to one player, and what sends the same to several: packed once, where `TriggerClientEvent`
---would pack it for each. A dispatch script of the owner may stand in the way, and then is told of one
---player at a time.
---@param dispatch string the option
---@param jobs string[] the option
---@param warn fun(line: string)
---@return fun(source: integer, event: string, ...) send
---@return fun(sources: integer[], event: string, ...) sendAll
function Game:senders(dispatch, jobs, warn)
    local natives = self.natives
    local function ours(source, event, ...) natives.TriggerClientEvent(event, source, ...) end
    local send = CadBridge.adapters.through(ours, dispatch, {
        trigger = natives.TriggerClientEvent, exports = natives.exports, jobs = jobs, time = natives.os.time,
        started = function(resource) return self:isStarted(resource) end,
        vector = natives.vector3 or function(x, y, z) return { x = x, y = y, z = z } end,
        warn = warn,
    })
    if send ~= ours then
        return send, function(sources, event, ...)
            for _, source in ipairs(sources) do send(source, event, ...) end
        end
    end
    return ours, function(sources, event, ...)
        local payload = natives.msgpack.pack_args(...)
        local length, trigger = payload:len(), natives.TriggerClientEventInternal
        for _, source in ipairs(sources) do trigger(event, source, payload, length) end
    end
end

CadBridge.game = { new = new }
