---ox_core. A player has groups with grades; the active one is the job he is on duty in. Methods of
---the player do not survive the copy between resources, hence `CallPlayer`.

---@type CadBridge.Framework
local oxCore = {
    resource = 'ox_core',
    reach = function(exports) return exports.ox_core end,
    read = function(core, source, jobs)
        local active = core:CallPlayer(source, 'get', 'activeGroup')
        -- It is still named where the character that had it is put away; its groups are gone then.
        if type(active) == 'string' and core:CallPlayer(source, 'getGroup', active) then
            return { name = active, onDuty = true }
        end
        for name in pairs(jobs) do
            local grade = core:CallPlayer(source, 'getGroup', name)
            -- Older versions give grade and duty, newer ones the grade; then only the active group counts.
            if type(grade) == 'table' then return { name = name, onDuty = grade.inService ~= false } end
            if grade then return { name = name, onDuty = false } end
        end
        return nil
    end,
    character = function(core, source)
        local player = core:GetPlayer(source)
        if not player then return nil end
        if player.name then return player.name end
        return player.firstName and ('%s %s'):format(player.firstName, player.lastName)
    end,
    events = {
        ['ox:setGroup'] = function(source) return source end,
        ['ox:setActiveGroup'] = function(source) return source end,
        ['ox:playerLoaded'] = function(source) return source end,
    },
    unloads = {
        ['ox:playerLogout'] = function(source) return source end,
    },
}

table.insert(CadBridge.frameworks, oxCore)
