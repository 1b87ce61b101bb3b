---What an event of the bridge does here: the mirror first, then who is a responder, then the players,
---then other resources. Pure, but for the parts handed in.

---@class CadBridge.EventParts
---@field board CadBridge.Board
---@field roster CadBridge.Roster
---@field audience CadBridge.Audience
---@field claims CadBridge.Claims
---@field alerts CadBridge.Alerts
---@field arrivals CadBridge.Arrivals
---@field panics CadBridge.Panics
---@field pictures CadBridge.Pictures
---@field actions CadBridge.Actions
---@field liveMap CadBridge.LiveMap
---@field suggestions CadBridge.Suggestions
---@field sight CadBridge.Sight
---@field freshFor fun(): integer
---@field now fun(): integer
---@field later fun(ms: integer, callback: fun())
---@field announce fun(name: string, ...) a local event for other resources
---@field tell CadBridge.Tell

---@class CadBridge.Events: CadBridge.EventParts
---@field private sweeping boolean
---@field private brokenTold boolean
local Events = {}
Events.__index = Events

local SWEEP_MS = 50

---@param parts CadBridge.EventParts
---@return CadBridge.Events
local function new(parts)
    local events = { sweeping = false, brokenTold = false }
    for name, part in pairs(parts) do events[name] = part end
    return setmetatable(events, Events)
end

---Asks for rights again, the most urgent now and the others in the next ticks.
function Events:refresh()
    local now = self.now()
    self.audience:refresh(now)
    if self.audience:refreshOthers(now) then self:sweep(now) end
end

---Asks some of the others in each tick, until all have been asked.
---@private
---@param since integer when the push came
function Events:sweep(since)
    if self.sweeping then return end
    self.sweeping = true
    self.later(SWEEP_MS, function()
        self.sweeping = false
        if self.audience:sweep(self.now(), since) then self:sweep(since) end
    end)
end

---@private
---@param call Call
---@return Call
function Events:copy(call)
    return CadBridge.exports.copy(self.board, call, self.now())
end

---Players have other units: who is a responder, and what he may type, is found anew.
---@private
---@param affected table<integer, true>
function Events:dutiesMoved(affected)
    self.audience:updateAll(affected)
    for source in pairs(affected) do self.suggestions:review(source) end
end

---Units came, changed or went: looks again at the players concerned.
---@private
---@param affected table<integer, true>
---@param ident integer
function Events:unitsMoved(affected, ident)
    -- Before he is looked at: the last dispatcher who stays a responder keeps what he has.
    if self.audience.sources.cad.dispatchers == 0 then self.alerts:lift(self.freshFor()) end
    self:dutiesMoved(affected)
    self.panics:found(ident)
    -- A unit that is attached makes a call its player's own, whatever else he is.
    if #self.board:attached(ident) > 0 then
        for source in pairs(affected) do self.arrivals:review(source) end
    end
    self.liveMap:wake()
end

---@private
---@param unit Unit
---@param news { seq: integer?, age: integer, alert: boolean }
function Events:panic(unit, news)
    if not unit.panic then return self.panics:ended(unit.ident, 'off') end
    self.panics:raise(unit, self.audience.sources.cad:playersOf(unit.ident)[1],
        unit.number or unit.name or ('%d'):format(unit.ident), news)
end

---@param list any[]?
---@param value any
---@return boolean
local function has(list, value)
    for _, element in ipairs(list or {}) do
        if element == value then return true end
    end
    return false
end

---@type table<string, fun(events: CadBridge.Events, event: table, action: CadBridge.EventAction)>
local HANDLE = {
    ['call.opened'] = function(events, event, action)
        local call = event.call
        if call.origin911 then events.actions.responding:closed(call.origin911, call.key) end
        local recipients = events.alerts:opened {
            call = call, seq = action.seq, age = action.age, alert = action.alert and event.alert ~= false,
        }
        events.announce('cadbridge:callOpened', events:copy(call), recipients)
    end,
    ['call.changed'] = function(events, event, action)
        local call = event.call
        local inherits = call.origin911 ~= nil and has(event.changed, 'origin911')
        if inherits then events.actions.responding:closed(call.origin911, call.key) end
        events.alerts:changed {
            call = call, seq = action.seq, age = action.age, alert = action.alert,
            changed = event.changed, attached = event.attached, inherits = inherits,
        }
        for _, ident in ipairs(event.detached or {}) do
            events.actions.responding:detached(events.audience.sources.cad:playersOf(ident), call.key)
        end
        events.announce('cadbridge:callChanged', events:copy(call))
    end,
    ['call.noted'] = function(events, event, action)
        events.alerts:noted {
            call = event.call, seq = action.seq, age = action.age, alert = action.alert, note = event.note,
        }
        events.announce('cadbridge:callChanged', events:copy(event.call))
    end,
    ['call.closed'] = function(events, event)
        events.alerts:closed(event.call, tostring(event.reason))
        if event.reason ~= 'dispatched' then events.actions.responding:closed(event.call.key) end
        events.announce('cadbridge:callClosed', event.call)
    end,
    ['unit.on_duty'] = function(events, event, action)
        events:unitsMoved(events.audience.sources.cad:put(event.unit), event.unit.ident)
        if event.unit.panic then events:panic(event.unit, action) end
        events.announce('cadbridge:unitChanged', event.unit)
    end,
    ['unit.changed'] = function(events, event, action)
        events:unitsMoved(events.audience.sources.cad:put(event.unit), event.unit.ident)
        if has(event.changed, 'panic') then events:panic(event.unit, action) end
        events.announce('cadbridge:unitChanged', event.unit)
    end,
    ['unit.off_duty'] = function(events, event)
        local cad, ident = events.audience.sources.cad, event.unit.ident
        local players = cad:playersOf(ident)
        events.panics:ended(ident, 'off_duty')
        events:unitsMoved(cad:remove(ident), ident)
        events.actions.responding:loggedOut(players, ident)
        events.announce('cadbridge:unitChanged', event.unit)
    end,
    ['tone.played'] = function(events, event, action)
        if not action.alert then return end
        local sources, told = {}, {}
        for _, ident in ipairs(CadBridge.tones.addressed(event.tone, events.board)) do
            for _, source in ipairs(events.audience.sources.cad:playersOf(ident)) do
                if not told[source] and events.roster.players[source].ready then
                    told[source] = true
                    sources[#sources + 1] = source
                end
            end
        end
        events.pictures:showAll(sources, CadBridge.tones.alert(event.tone, action.seq, events.sight), true)
    end,
    ['link.verified'] = function(events, event)
        for _, source in ipairs(events.roster:match({ { event.communityUserId } }).players) do
            events.actions.linking:linked(source)
        end
    end,
    ['push'] = function(events, event)
        events.announce('cadbridge:push', event.push, event.data)
    end,
}

---One event of the stream.
---@param action CadBridge.EventAction
function Events:handle(action)
    local event = action.event
    local handle = HANDLE[event.type]
    if not handle then return end
    CadBridge.shapes.check(event)
    -- First who is a responder: what is open already comes quietly, what comes now as an alert.
    self:refresh()
    self.board:apply(event, action.age, self.now())
    handle(self, event, action)
end

---What of the bridge's board can be read. The rest is told once: each new connection brings it again.
---@private
---@param board { calls: any, units: any }
---@return { calls: Call[], units: Unit[] }
function Events:readable(board)
    local snapshot, broken = CadBridge.shapes.sift(board)
    if broken[1] and not self.brokenTold then
        self.brokenTold = true
        self.tell('server.boardBroken', { count = #broken, first = broken[1] })
    end
    return snapshot
end

---The bridge's board: state, and alerts for nobody.
---@param board { calls: any, units: any }
function Events:restore(board)
    local before = self.board.calls
    self.board:replace(self:readable(board), self.now())
    local affected = self.audience.sources.cad:replace(self.board.units)
    self.arrivals.paused = true
    self:dutiesMoved(affected)
    self.arrivals.paused = false
    self.panics:restored(self.board.units)
    self.alerts:restored(before)
    self.actions.responding:restored(before)
    -- The last dispatcher may have left while nobody told us.
    if self.audience.sources.cad.dispatchers == 0 then self.alerts:lift(self.freshFor()) end
    for _, unit in pairs(self.board.units) do
        if unit.panic then self:panic(unit, { age = 0, alert = false }) end
    end
    self.arrivals:restored(self:concerned(), affected)
    self.liveMap:wake()
end

---Players who may have, or get, anything of the board.
---@private
---@return integer[]
function Events:concerned()
    local set, sources = {}, {}
    for source in pairs(self.audience.responders) do set[source] = true end
    for source in pairs(self.audience.dispatchers) do set[source] = true end
    for _, source in ipairs(self.audience.sources.cad:inGame()) do set[source] = true end
    for key in pairs(self.board.calls) do
        for source in pairs(self.claims:callersOf(key)) do set[source] = true end
    end
    for _, source in ipairs(self.pictures:everybody()) do set[source] = true end
    for source in pairs(set) do sources[#sources + 1] = source end
    table.sort(sources)
    return sources
end

CadBridge.events = { new = new }
