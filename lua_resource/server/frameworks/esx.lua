---ESX. Older versions know no duty and give off-duty players another job, such as `offpolice`.

---@type CadBridge.Framework
local esx = {
    resource = 'es_extended',
    -- The shared object is a copy of everything, players and items too: of it, only what finds a player is kept.
    reach = function(exports) return exports.es_extended:getSharedObject().GetPlayerFromId end,
    read = function(getPlayer, source)
        local player = getPlayer(source)
        local job = player and player.job
        if not job then return nil end
        return { name = job.name, kind = job.type, onDuty = job.onDuty ~= false }
    end,
    character = function(getPlayer, source)
        local player = getPlayer(source)
        return player and player.getName()
    end,
    events = {
        ['esx:setJob'] = function(source) return source end,
        ['esx:playerLoaded'] = function(source) return source end,
    },
    unloads = {
        ['esx:playerLogout'] = function(source) return source end,
    },
}

table.insert(CadBridge.frameworks, esx)
