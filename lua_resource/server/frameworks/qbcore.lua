---QBCore. Its job event comes for every change of a player, so the job is read only for those keys.

---@type CadBridge.Framework
local qbcore = {
    resource = 'qb-core',
    -- The core object is a copy of everything, players and items too: of it, only what finds a player is kept.
    reach = function(exports) return exports['qb-core']:GetCoreObject().Functions.GetPlayer end,
    read = function(getPlayer, source)
        local player = getPlayer(source)
        local job = player and player.PlayerData and player.PlayerData.job
        if not job then return nil end
        return { name = job.name, kind = job.type, onDuty = job.onduty == true }
    end,
    character = function(getPlayer, source)
        local player = getPlayer(source)
        local info = player and player.PlayerData.charinfo
        return info and ('%s %s'):format(info.firstname, info.lastname)
    end,
    events = {
        ['QBCore:Server:OnJobUpdate'] = function(source) return source end,
        ['QBCore:Server:SetDuty'] = function(source) return source end,
        ['QBCore:Server:OnPlayerUpdated'] = function(source, key)
            return (key == 'job' or key == 'all') and source or nil
        end,
        ['QBCore:Server:PlayerLoaded'] = function(player)
            return type(player) == 'table' and player.PlayerData and player.PlayerData.source or nil
        end,
    },
    unloads = {
        ['QBCore:Server:OnPlayerUnload'] = function(source) return source end,
    },
}

table.insert(CadBridge.frameworks, qbcore)
