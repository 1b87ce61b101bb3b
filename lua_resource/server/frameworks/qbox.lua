---Qbox. It provides a `qb-core` bridge too, so it is looked for first.

---@type CadBridge.Framework
local qbox = {
    resource = 'qbx_core',
    reach = function(exports) return exports.qbx_core end,
    read = function(core, source)
        local player = core:GetPlayer(source)
        local job = player and player.PlayerData and player.PlayerData.job
        if not job then return nil end
        return { name = job.name, kind = job.type, onDuty = job.onduty == true }
    end,
    character = function(core, source)
        local player = core:GetPlayer(source)
        local info = player and player.PlayerData.charinfo
        return info and ('%s %s'):format(info.firstname, info.lastname)
    end,
    events = {
        ['QBCore:Server:OnJobUpdate'] = function(source) return source end,
        ['QBCore:Server:SetDuty'] = function(source) return source end,
        ['QBCore:Server:PlayerLoaded'] = function(player)
            return type(player) == 'table' and player.PlayerData and player.PlayerData.source or nil
        end,
    },
    unloads = {
        ['QBCore:Server:OnPlayerUnload'] = function(source) return source end,
    },
}

table.insert(CadBridge.frameworks, qbox)
