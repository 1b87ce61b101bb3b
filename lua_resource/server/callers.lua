---Which open calls name a player as their caller, by his ids: so that whoever joins looks up his own
---calls, and not at all that are open. Pure.

---@class CadBridge.Callers
---@field private roster CadBridge.Roster
---@field private ids table<string, string[][]> key of a call -> the lists of ids that it is indexed by
---@field private named CadBridge.Membership key of a player -> keys of the calls that name it
local Callers = {}
Callers.__index = Callers

---@param roster CadBridge.Roster
---@return CadBridge.Callers
local function new(roster)
    return setmetatable({ roster = roster, ids = {}, named = CadBridge.membership.new() }, Callers)
end

---@private
---@param key string
---@param lists string[][]
---@param on true?
function Callers:index(key, lists, on)
    for list, ids in ipairs(lists) do
        for _, id in ipairs(ids) do
            for _, player in ipairs((self.roster:keys(id, list))) do self.named:put(player, key, on) end
        end
    end
end

---The call is open, and names these ids now.
---@param call Call
---@return boolean whether they are others than before
function Callers:put(call)
    local key, before, ids = call.key, self.ids[call.key], call.callerIds
    if CadBridge.roster.sameIds(before, ids) then return false end
    if before then self:index(key, before) end
    if ids then self:index(key, ids, true) end
    self.ids[key] = ids
    return true
end

---The call is over.
---@param key string
function Callers:remove(key)
    local before = self.ids[key]
    if before then self:index(key, before) end
    self.ids[key] = nil
end

---Forgets whatever is not open.
---@param open table<string, Call>
function Callers:keep(open)
    for key in pairs(self.ids) do
        if not open[key] then self:remove(key) end
    end
end

---The calls that may mean the player.
---@param keys string[] of the player
---@return table<string, true> keys of calls
function Callers:naming(keys)
    local found = {}
    for _, key in ipairs(keys) do
        for call in pairs(self.named:of(key)) do found[call] = true end
    end
    return found
end

CadBridge.callers = { new = new }
