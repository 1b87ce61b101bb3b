---What the game server knows of a player, and how something reaches him. Pure: the table of natives is
---handed in.

---@class CadBridge.Game
---@field standing fun(source: integer): Position? where the player is; nil without OneSync, and before he has spawned
---@field heading fun(source: integer): number? degrees
---@field allowed fun(source: integer, object: string): boolean whether the player has the permission
---@field isStarted fun(resource: string): boolean

---@param natives table `_G` in the game
---@return CadBridge.Game
local function new(natives)
    local pedOf, exists, coordsOf = natives.GetPlayerPed, natives.DoesEntityExist, natives.GetEntityCoords
    local headingOf, isAllowed, state = natives.GetEntityHeading, natives.IsPlayerAceAllowed, natives.GetResourceState
    return {
        standing = function(source)
            local ped = pedOf(source)
            if not ped or ped == 0 or not exists(ped) then return nil end
            local ok, coords = pcall(coordsOf, ped)
            if not ok or not coords then return nil end
            return CadBridge.position.checked { x = coords.x, y = coords.y, z = coords.z }
        end,
        heading = function(source)
            local ok, degrees = pcall(headingOf, pedOf(source))
            return ok and degrees or nil
        end,
        allowed = function(source, object) return isAllowed(tostring(source), object) and true or false end,
        isStarted = function(resource) return state(resource) == 'started' end,
    }
end

---What sends to one player, and what sends the same to several: packed once, where `TriggerClientEvent`
---would pack it for each. A dispatch script of the owner may stand in the way, and then is told of one
---player at a time.
---@param natives table
---@param isStarted fun(resource: string): boolean
---@param options CadBridge.Options
---@param warn fun(line: string)
---@return fun(source: integer, event: string, ...) send
---@return fun(sources: integer[], event: string, ...) sendAll
local function senders(natives, isStarted, options, warn)
    local function ours(source, event, ...) natives.TriggerClientEvent(event, source, ...) end
    local send = CadBridge.adapters.through(ours, options.dispatch, {
        trigger = natives.TriggerClientEvent, exports = natives.exports, jobs = options.jobs, time = natives.os.time,
        started = isStarted, vector = natives.vector3 or function(x, y, z) return { x = x, y = y, z = z } end,
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

CadBridge.game = { new = new, senders = senders }
