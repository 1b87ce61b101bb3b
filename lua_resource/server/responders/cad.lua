---Responders by the CAD: players whose unit is on duty there. Only a communityUserId proves whose
---unit it is; an API ID brings its player a hint to link his account, and nothing else. Pure.

---@class CadBridge.CadResponders
---@field dispatchers integer how many units dispatch, in the game or not
---@field private roster CadBridge.Roster
---@field private hint fun(source: integer, unit: Unit)
---@field private units table<integer, Unit>
---@field private wanted CadBridge.Membership key of a player -> idents that name it
---@field private matches table<integer, CadBridge.Match> by ident
---@field private idents CadBridge.Membership source -> idents, verified
---@field private hinted table<integer, true> sources
local Cad = {}
Cad.__index = Cad

---@param roster CadBridge.Roster
---@param hint fun(source: integer, unit: Unit) a unit names this player, but only by an id that proves nothing
---@return CadBridge.CadResponders
local function new(roster, hint)
    return setmetatable({
        dispatchers = 0, roster = roster, hint = hint,
        units = {}, matches = {}, hinted = {},
        wanted = CadBridge.membership.new(), idents = CadBridge.membership.new(),
    }, Cad)
end

---@private
---@param unit Unit
---@param on true?
function Cad:index(unit, on)
    for list, ids in ipairs(unit.playerIds or {}) do
        for _, id in ipairs(ids) do
            for _, key in ipairs((self.roster:keys(id, list))) do self.wanted:put(key, unit.ident, on) end
        end
    end
end

---Looks again whose unit this is; adds to `affected` whoever gained or lost it.
---@private
---@param ident integer
---@param affected table<integer, true>
function Cad:rematch(ident, affected)
    local before, unit = self.matches[ident], self.units[ident]
    local lost = {}
    for _, source in ipairs(before and before.verified and before.players or {}) do
        lost[source] = true
        self.idents:put(source, ident)
    end
    local match = unit and self.roster:match(unit.playerIds) or nil
    self.matches[ident] = match
    for _, source in ipairs(match and match.players or {}) do
        if match.verified then
            self.idents:put(source, ident, true)
            if not lost[source] then affected[source] = true end
            lost[source] = nil
        elseif not self.hinted[source] and self.roster.players[source].ready then
            self.hinted[source] = true
            self.hint(source, unit --[[@as Unit]])
        end
    end
    for source in pairs(lost) do affected[source] = true end
end

---A unit is on duty, or changed.
---@param unit Unit
---@return table<integer, true> affected sources to look at again
function Cad:put(unit)
    local affected, before = {}, self.units[unit.ident]
    self.units[unit.ident] = unit
    if not before or not CadBridge.roster.sameIds(before.playerIds, unit.playerIds) then
        if before then self:index(before) end
        self:index(unit, true)
        self:rematch(unit.ident, affected)
    end
    local dispatched = before and before.dispatcher or false
    if dispatched ~= (unit.dispatcher or false) then
        self.dispatchers = self.dispatchers + (unit.dispatcher and 1 or -1)
        for _, source in ipairs(self:playersOf(unit.ident)) do affected[source] = true end
    end
    return affected
end

---A unit is off duty.
---@param ident integer
---@return table<integer, true> affected
function Cad:remove(ident)
    local affected, before = {}, self.units[ident]
    if before then self:index(before) end
    if before and before.dispatcher then self.dispatchers = self.dispatchers - 1 end
    self.units[ident] = nil
    self:rematch(ident, affected)
    return affected
end

---All units at once, as a welcome brings them.
---@param units table<integer, Unit>
---@return table<integer, true> affected
function Cad:replace(units)
    local affected = {}
    for ident in pairs(self.units) do
        if not units[ident] then
            for source in pairs(self:remove(ident)) do affected[source] = true end
        end
    end
    for _, unit in pairs(units) do
        for source in pairs(self:put(unit)) do affected[source] = true end
    end
    return affected
end

---A player joined, became ready or left: the units that name him are looked at again.
---@param keys string[] of the player
---@return table<integer, true> affected
function Cad:review(keys)
    local idents, affected = {}, {}
    for _, key in ipairs(keys) do
        for ident in pairs(self.wanted:of(key)) do idents[ident] = true end
    end
    for ident in pairs(idents) do self:rematch(ident, affected) end
    return affected
end

---@param source integer
function Cad:dropped(source)
    self.hinted[source] = nil
end

---@param source integer
---@return boolean
function Cad:holds(source)
    return self.idents:has(source)
end

---Whether one of his units dispatches.
---@param source integer
---@return boolean
function Cad:dispatches(source)
    for ident in pairs(self.idents:of(source)) do
        if self.units[ident].dispatcher then return true end
    end
    return false
end

---The units of a player.
---@param source integer
---@return table<integer, true> not to be changed
function Cad:unitsOf(source)
    return self.idents:of(source)
end

---The units of a player, the lowest ident first.
---@param source integer
---@return integer[]
function Cad:identsOf(source)
    return self.idents:list(source)
end

---Players who are units on duty.
---@return integer[]
function Cad:inGame()
    return self.idents:names()
end

---The players of a unit, where it is proven.
---@param ident integer
---@return integer[]
function Cad:playersOf(ident)
    local match = self.matches[ident]
    return match and match.verified and match.players or {}
end

---How a player is named by units that prove nothing; for `why`.
---@param source integer
---@return integer? ident
function Cad:claims(source)
    for ident, match in pairs(self.matches) do
        if not match.verified then
            for _, other in ipairs(match.players) do
                if other == source then return ident end
            end
        end
    end
    return nil
end

---How many units are on duty, and how many of them are players here.
---@return integer units
---@return integer matched
function Cad:count()
    local units, matched = 0, 0
    for ident in pairs(self.units) do
        units = units + 1
        if self:playersOf(ident)[1] then matched = matched + 1 end
    end
    return units, matched
end

CadBridge.cadResponders = { new = new }
