---ESX. Older versions know no duty and give off-duty players another job, such as `offpolice`.

---@type CadBridge.Framework
local esx = {
    resource = 'es_extended',
    read = function(exports, source)
        local player = exports.es_extended:getSharedObject().GetPlayerFromId(source)
        local job = player and player.job
        if not job then return nil end
        return { name = job.name, kind = job.type, onDuty = job.onDuty ~= false }
    end,
    character = function(exports, source)
        local player = exports.es_extended:getSharedObject().GetPlayerFromId(source)
        return player and player.getName()
    end,
    events = {
        ['esx:setJob'] = function(source) return source end,
        ['esx:playerLoaded'] = function(source) return source end,
        ['esx:playerLogout'] = function(source) return source end,
    },
}

table.insert(CadBridge.frameworks, esx)
