---ND_Core. It knows no duty: who has the job is on duty.

---@param character any
---@return integer?
local function sourceOf(character)
    return type(character) == 'table' and character.source or nil
end

---@type CadBridge.Framework
local ndCore = {
    resource = 'ND_Core',
    reach = function(exports) return exports['ND_Core'] end,
    read = function(core, source, jobs)
        local player = core:getPlayer(source)
        if not player then return nil end
        if type(player.job) == 'string' and jobs[player.job] then return { name = player.job, onDuty = true } end
        for name in pairs(jobs) do
            if type(player.groups) == 'table' and player.groups[name] then return { name = name, onDuty = true } end
        end
        return type(player.job) == 'string' and { name = player.job, onDuty = true } or nil
    end,
    character = function(core, source)
        local player = core:getPlayer(source)
        if not player then return nil end
        return player.fullname or (player.firstname and ('%s %s'):format(player.firstname, player.lastname))
    end,
    events = {
        ['ND:characterLoaded'] = sourceOf,
        ['ND:updateCharacter'] = sourceOf,
    },
    unloads = {
        ['ND:characterUnloaded'] = function(source) return source end,
    },
}

table.insert(CadBridge.frameworks, ndCore)
