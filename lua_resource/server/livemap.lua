---Positions of units for the CAD's live map: of units on duty only, and only what moved. Runs while a
---unit of the CAD is in the game and the bridge is connected, and costs nothing otherwise. Pure.

---@class CadBridge.LiveMapParts
---@field sources fun(): integer[] players who are units on duty
---@field player fun(source: integer): CadBridge.Player?
---@field standing fun(source: integer): Position?
---@field heading fun(source: integer): number?
---@field place fun(position: Position): string words for where that is
---@field report fun(updates: table[]): boolean whether there is a connection
---@field later fun(ms: integer, callback: fun())
---@field tell CadBridge.Tell

---@class CadBridge.LiveMap: CadBridge.LiveMapParts
---@field private last table<integer, Position>
---@field private running boolean
---@field private failed boolean it was told that something went wrong
local LiveMap = {}
LiveMap.__index = LiveMap

---The CAD takes twelve reports a minute over its API; over its hub the bridge may be faster.
local PACE_MS = 5000
---Metres that count as having moved.
local STEP = 5

---@param parts CadBridge.LiveMapParts
---@return CadBridge.LiveMap
local function new(parts)
    local map = { last = {}, running = false, failed = false }
    for name, part in pairs(parts) do map[name] = part end
    return setmetatable(map, LiveMap)
end

---@private
---@param source integer
---@return table?
function LiveMap:update(source)
    local player, position = self.player(source), self.standing(source)
    if not player or not position then return nil end
    local before = self.last[source]
    if before and math.abs(before.x - position.x) < STEP and math.abs(before.y - position.y) < STEP then return nil end
    local update = {
        player = player.identifiers, position = position, heading = self.heading(source),
        location = self.place(position),
    }
    self.last[source] = position
    return update
end

---There may be something to report: a unit came, or the bridge is there again.
function LiveMap:wake()
    if self.running or #self.sources() == 0 then return end
    self.running = true
    self:step()
end

---What goes wrong here must neither end the map nor cost the other units their place on it.
---@private
---@param part fun(map: CadBridge.LiveMap, ...): any
---@return boolean ok
---@return any result nil where it failed
function LiveMap:try(part, ...)
    local ok, result = pcall(part, self, ...)
    if ok then return true, result end
    if not self.failed then
        self.failed = true
        self.tell('server.liveMapFailed', { problem = tostring(result) })
    end
    return false, nil
end

---@private
---@return boolean whether there will be more to report
function LiveMap:round()
    local sources, updates, present = self.sources(), {}, {}
    for _, source in ipairs(sources) do
        local _, update = self:try(self.update, source)
        updates[#updates + 1] = update
        present[source] = self.last[source]
    end
    self.last = present
    -- An empty report asks whether the bridge is there.
    return #sources > 0 and self.report(updates)
end

---@private
function LiveMap:step()
    local ok, more = self:try(self.round)
    self.running = more or not ok
    -- What may not have arrived is told again.
    if not (ok and more) then self.last = {} end
    if self.running then self.later(PACE_MS, function() self:step() end) end
end

CadBridge.liveMap = { new = new }
