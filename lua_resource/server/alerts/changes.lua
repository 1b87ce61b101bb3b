---A call changes: who has it sees what changed, in place; who was attached to it has it now; a note goes
---to the units on it and to dispatchers. Pure, but for the parts handed in.

---@class CadBridge.Changes: CadBridge.AlertParts
---@field private showing CadBridge.Showing
local Changes = {}
Changes.__index = Changes

local look = CadBridge.look

---@param parts CadBridge.AlertParts
---@param showing CadBridge.Showing
---@return CadBridge.Changes
local function new(parts, showing)
    local changes = { showing = showing }
    for name, part in pairs(parts) do changes[name] = part end
    return setmetatable(changes, Changes)
end

---What the caller may see of a change: where his call is.
local CALLER_SEES = { place = true, postal = true, position = true }

---@param fields string[]
---@return string[]
local function callerFields(fields)
    local seen = {}
    for _, field in ipairs(fields) do
        if CALLER_SEES[field] then seen[#seen + 1] = field end
    end
    return seen
end

---Brings one player who has the call up to date.
---@private
---@param event CadBridge.CallEvent
---@param source integer
---@param fields string[] of the alert
---@param mailing CadBridge.Mailing
function Changes:update(event, source, fields, mailing)
    local call = event.call
    local before, class, proof = self.pictures:has(source, call.key), self.claims:entitled(call, source)
    if not class then return self.pictures:take(source, call.key, 'detached') end
    if class == 'caller' then fields = callerFields(fields) end
    if class == before and #fields == 0 then return end
    local attached, freed = class == 'assigned' and before ~= class, before == 'assigned' and class ~= before
    local sound = class == 'assigned' and event.alert and (attached and 'assigned' or 'changed') or nil
    local route = nil
    if attached then route = true elseif freed then route = false end
    local kind = ('%s %s %s'):format(class, route, proof)
    mailing:add(source, kind, mailing:has(kind)
        or self.showing:build(call, class, 'change', { changed = fields, sound = sound, route = route }, proof))
end

---The fields of the alert that show the change.
---@private
---@param event CadBridge.CallEvent
---@return string[]
function Changes:fieldsOf(event)
    local call = event.call
    local moved = self.whereabouts:find(call, self.board:age(call.key, self.now()) or 0)
    local fields = {}
    for _, field in ipairs(look.shownChanges(event.changed or {})) do
        if field ~= 'position' then fields[#fields + 1] = field end
    end
    if moved then fields[#fields + 1] = 'position' end
    return fields
end

---Brings everybody who has the call up to date.
---@private
---@param event CadBridge.CallEvent
---@param fields string[] of the alert
function Changes:updateAll(event, fields)
    local mailing = CadBridge.mailing.new(self.pictures)
    for _, source in ipairs(self.pictures:sources(event.call.key)) do self:update(event, source, fields, mailing) end
    mailing:send()
end

---The call came again with another board: what changed meanwhile is shown in place, and nobody is alerted.
---@param before Call
---@param call Call
function Changes:renewed(before, call)
    local event = { call = call, seq = 0, age = 0, alert = false, changed = look.differing(before, call) }
    local fields = self:fieldsOf(event)
    if fields[1] then self:updateAll(event, fields) end
end

---A call changed.
---@param event CadBridge.CallEvent
function Changes:changed(event)
    local call = event.call
    self:updateAll(event, self:fieldsOf(event))
    for _, ident in ipairs(event.attached or {}) do
        for _, source in ipairs(self.audience.sources.cad:playersOf(ident)) do
            local class = self.showing:isReady(source) and self.claims:entitled(call, source)
            if class and not self.pictures:has(source, call.key) then
                self.showing:showTo(call, source, class, event.alert and 'alert' or 'quiet')
            end
        end
    end
end

---A note was added.
---@param event CadBridge.CallEvent
function Changes:noted(event)
    local call, text = event.call, look.note(self.sight, event.note or {})
    if not text then return end
    local mailing = CadBridge.mailing.new(self.pictures)
    for _, source in ipairs(self.pictures:sources(call.key)) do
        local class = self.claims:entitled(call, source)
        if class == 'assigned' or (class and class ~= 'caller' and self.audience.dispatchers[source]) then
            mailing:add(source, class, mailing:has(class) or self.showing:build(call, class, 'change', {
                changed = { 'note' }, note = text,
                sound = event.alert and class == 'assigned' and 'changed' or nil,
            }))
        end
    end
    mailing:send()
end

CadBridge.changes = { new = new }
