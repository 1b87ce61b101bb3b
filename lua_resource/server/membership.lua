---Who belongs to what: under each name a set of members, to be looked up by the name. A name without
---members is forgotten, so that nothing is left of who has gone. Pure.

---@class CadBridge.Membership
---@field private sets table<any, table<any, true>>
local Membership = {}
Membership.__index = Membership

---@return CadBridge.Membership
local function new()
    return setmetatable({ sets = {} }, Membership)
end

---@param name any
---@param member any
---@param on true? nil: it belongs there no more
function Membership:put(name, member, on)
    local members = self.sets[name]
    if not members then
        if not on then return end
        members = {}
        self.sets[name] = members
    end
    members[member] = on
    if not on and not next(members) then self.sets[name] = nil end
end

---Forgets the name with all its members.
---@param name any
function Membership:forget(name)
    self.sets[name] = nil
end

local NONE = {}

---@param name any
---@return table<any, true> members not to be changed
function Membership:of(name)
    return self.sets[name] or NONE
end

---Whether the name has any member.
---@param name any
---@return boolean
function Membership:has(name)
    return self.sets[name] ~= nil
end

---The names that have members, in ascending order.
---@return any[]
function Membership:names()
    local names = {}
    for name in pairs(self.sets) do names[#names + 1] = name end
    table.sort(names)
    return names
end

---The members of a name, in ascending order.
---@param name any
---@return any[]
function Membership:list(name)
    local members = {}
    for member in pairs(self:of(name)) do members[#members + 1] = member end
    table.sort(members)
    return members
end

CadBridge.membership = { new = new }
