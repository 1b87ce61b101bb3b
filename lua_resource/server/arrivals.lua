---Players who come after the alert: who joins, who becomes a responder or ceases to be one, and
---everybody after a restart. Fresh calls may still alert; what is older comes quietly, a few at a
---time. Pure, but for the parts handed in.

---@class CadBridge.ArrivalParts
---@field board CadBridge.Board
---@field roster CadBridge.Roster
---@field claims CadBridge.Claims
---@field pictures CadBridge.Pictures
---@field burst CadBridge.Burst
---@field alerts CadBridge.Alerts
---@field panics CadBridge.Panics
---@field sight CadBridge.Sight
---@field options CadBridge.Options
---@field freshFor fun(): integer milliseconds
---@field now fun(): integer
---@field later fun(ms: integer, callback: fun())

---@class CadBridge.Arrivals: CadBridge.ArrivalParts
---@field paused boolean while a board is restored, which looks at everybody itself
---@field private queues table<integer, string[]> source -> keys to be shown quietly
---@field private running boolean
local Arrivals = {}
Arrivals.__index = Arrivals

---So many quiet calls a player and step, and players looked at a step after a restart.
local STEP_MS, CALLS, PLAYERS = 100, 25, 8

---@param parts CadBridge.ArrivalParts
---@return CadBridge.Arrivals
local function new(parts)
    local arrivals = { queues = {}, running = false, paused = false }
    for name, part in pairs(parts) do arrivals[name] = part end
    return setmetatable(arrivals, Arrivals)
end

---@private
---@param source integer
---@param keys string[]
function Arrivals:queue(source, keys)
    if #keys == 0 then return end
    local queue = self.queues[source] or {}
    self.queues[source] = queue
    for _, key in ipairs(keys) do queue[#queue + 1] = key end
    if self.running then return end
    self.running = true
    self:step()
end

---@private
function Arrivals:step()
    for source, queue in pairs(self.queues) do
        local rest = {}
        for index, key in ipairs(queue) do
            if index > CALLS then rest[#rest + 1] = key else self:quietly(source, key) end
        end
        self.queues[source] = #rest > 0 and rest or nil
    end
    self.running = next(self.queues) ~= nil
    if self.running then self.later(STEP_MS, function() self:step() end) end
end

---@private
---@param source integer
---@param key string
function Arrivals:quietly(source, key)
    local player, call = self.roster.players[source], self.board.calls[key]
    if not call or not player or not player.ready or self.pictures:has(source, key) then return end
    local class = self.claims:entitled(call, source)
    if class then self.alerts:showTo(call, source, class, 'quiet') end
end

---@private
---@param source integer
---@param name string of the words
---@param places table<string, string|number>
function Arrivals:line(source, name, places)
    self.pictures:notice(source, {
        text = CadBridge.look.say(self.sight, name, places), kind = 'info',
        style = self.options.notify, locale = self.options.locale,
    })
end

---Shows what the player is entitled to and has not: what `alerts` says as alerts, the rest quietly.
---@private
---@param source integer
---@param alerts fun(call: Call): boolean
---@return integer quiet how many come quietly, his own call aside
function Arrivals:give(source, alerts)
    local keys, quiet = {}, 0
    for _, call in ipairs(self.board:newest()) do
        local class = self.claims:entitled(call, source)
        if class and not self.pictures:has(source, call.key) then
            if alerts(call) then
                self.alerts:showTo(call, source, class, 'alert')
            else
                keys[#keys + 1] = call.key
                if class ~= 'caller' then quiet = quiet + 1 end
            end
        end
    end
    self:queue(source, keys)
    return quiet
end

---A client is loaded: what the player is due can reach him now.
---@param source integer
function Arrivals:ready(source)
    local player = self.roster.players[source]
    if not player then return end
    -- A client that says so again has started anew: nothing is on its screen.
    self.pictures:dropped(source)
    local early, again, now, freshFor = player.early, player.ready, self.now(), self.freshFor()
    player.early, player.ready = false, true
    self.claims:joined(source)
    local quiet = self:give(source, function(call)
        -- Who was here before the resource restarted has seen the calls of before.
        if again or (early and not self.alerts:liveSince(call.key)) then return false end
        return self.board:age(call.key, now) < freshFor
    end)
    self.panics:arrived(source, early or again)
    if quiet > 0 and not early and not again then self:line(source, 'notice.openCalls', { count = quiet }) end
end

---Takes from the player what he is not entitled to any more, and corrects what he is entitled to
---differently.
---@private
---@param source integer
function Arrivals:take(source)
    local lost, kept = {}, 0
    for _, key in ipairs(self.pictures:of(source)) do
        local call = self.board.calls[key]
        local class = call and self.claims:entitled(call, source)
        if self.panics:keeps(source, key) then
            kept = kept + 1
        elseif not class then
            lost[#lost + 1] = key
        else
            kept = kept + 1
            local before = self.pictures:has(source, key)
            if class ~= before then
                local route = nil
                if class == 'assigned' then route = true elseif before == 'assigned' then route = false end
                local parts = { changed = {}, route = route }
                self.pictures:show(source, self.alerts:build(call, class, 'change', parts,
                    self.claims:callersOf(key)[source]))
            end
        end
    end
    if kept == 0 then return self.pictures:wipe(source) end
    for _, key in ipairs(lost) do self.pictures:take(source, key, 'off_duty') end
end

---A player became or ceased to be a responder or dispatcher, or his unit is another one.
---@param source integer
---@param since integer? clock; calls that alerted since then would have been his
function Arrivals:review(source, since)
    local player = self.roster.players[source]
    if not player or not player.ready or self.paused then return end
    self:take(source)
    local quiet = self:give(source, function(call)
        local live = self.alerts:liveSince(call.key)
        return since ~= nil and live ~= nil and live >= since
    end)
    self.panics:arrived(source, true)
    if quiet > 0 then self:line(source, 'notice.openCalls', { count = quiet }) end
end

---The board is another one, or the first: everybody gets what it holds, quietly, a few at a time.
---@param sources integer[] those who may be concerned
function Arrivals:restored(sources)
    local at = 1
    local function some()
        for index = at, math.min(at + PLAYERS - 1, #sources) do
            local player = self.roster.players[sources[index]]
            if player and player.ready then
                self:take(sources[index])
                self:give(sources[index], function() return false end)
                self.panics:arrived(sources[index], true)
            end
        end
        at = at + PLAYERS
        if at <= #sources then self.later(STEP_MS, some) end
    end
    some()
end

---A flood is over for the player: one line with the number, and the calls quietly.
---@param source integer
function Arrivals:release(source)
    local keys, held = self.burst:take(source)
    local open, urgent = {}, 0
    for index, key in ipairs(keys) do
        if self.board.calls[key] then
            open[#open + 1] = key
            if index <= held then urgent = urgent + 1 end
        end
    end
    local player = self.roster.players[source]
    if #open == 0 or not player or not player.ready then return end
    self:queue(source, open)
    self:line(source, urgent > 0 and 'notice.moreEmergencies' or 'notice.more', { count = #open, emergencies = urgent })
end

---@param source integer
function Arrivals:dropped(source)
    self.queues[source] = nil
end

CadBridge.arrivals = { new = new }
