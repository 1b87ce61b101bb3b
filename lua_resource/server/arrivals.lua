---Players who come after the alert: who joins, who becomes a responder or ceases to be one, and
---everybody after a restart. Fresh calls may still alert; what is older comes quietly. What is taken is
---taken at once; what is given comes in the next ticks, a few players and calls at a time. Pure, but for
---the parts handed in.

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

---What a player is to be given.
---@class CadBridge.Due
---@field alerts fun(key: string): boolean whether that call is an alert for him
---@field line boolean whether he hears how many come quietly

---@class CadBridge.Arrivals: CadBridge.ArrivalParts
---@field paused boolean while a board is restored, which looks at everybody itself
---@field private due table<integer, CadBridge.Due> by source
---@field private waiting table<string, integer[]> key -> players whom the call is to be shown quietly
---@field private order table<integer, string> those keys, `first` to `last`
---@field private first integer
---@field private last integer
---@field private running boolean
local Arrivals = {}
Arrivals.__index = Arrivals

---In one step so many players are looked at, so many quiet calls are built, and so many sent.
local STEP_MS, PLAYERS, CALLS, SENDS = 50, 4, 20, 160

---@param parts CadBridge.ArrivalParts
---@return CadBridge.Arrivals
local function new(parts)
    local arrivals = {
        due = {}, waiting = {}, order = {}, first = 1, last = 0, running = false, paused = false,
    }
    for name, part in pairs(parts) do arrivals[name] = part end
    return setmetatable(arrivals, Arrivals)
end

---@return boolean
local function never()
    return false
end

-- What is given, step by step ---------------------------------------------------------------------

---@private
function Arrivals:run()
    if self.running then return end
    self.running = true
    self.later(0, function() self:step() end)
end

---@private
function Arrivals:step()
    local left, calls = SENDS, CALLS
    while left > 0 and calls > 0 and self.first <= self.last do
        left, calls = left - self:deliver(self.order[self.first], left), calls - 1
    end
    local looked = 0
    for source, due in pairs(self.due) do
        if looked == PLAYERS then break end
        looked = looked + 1
        self.due[source] = nil
        self:give(source, due)
    end
    self.running = next(self.due) ~= nil or self.first <= self.last
    if self.running then self.later(STEP_MS, function() self:step() end) end
end

---Shows a call quietly to those who wait for it, built once a class.
---@private
---@param key string
---@param most integer
---@return integer sent
function Arrivals:deliver(key, most)
    local waiting, mailing, sent = self.waiting[key], CadBridge.mailing.new(self.pictures), 0
    while waiting[1] and sent < most do
        local source = table.remove(waiting)
        if self:quietly(source, key, mailing) then sent = sent + 1 end
    end
    mailing:send()
    if not waiting[1] then
        self.waiting[key], self.order[self.first] = nil, nil
        self.first = self.first + 1
    end
    return sent
end

---@private
---@param source integer
---@param key string
---@param mailing CadBridge.Mailing
---@return boolean whether he gets it
function Arrivals:quietly(source, key, mailing)
    local player, call = self.roster.players[source], self.board.calls[key]
    if not call or not player or not player.ready or self.pictures:has(source, key) then return false end
    local class, proof = self.claims:entitled(call, source)
    if not class then return false end
    local kind = class .. (proof or '')
    mailing:add(source, kind, mailing:has(kind) or self.alerts:build(call, class, 'quiet', {}, proof))
    return true
end

---@private
---@param source integer
---@param keys string[]
function Arrivals:queue(source, keys)
    for _, key in ipairs(keys) do
        local waiting = self.waiting[key]
        if not waiting then
            waiting = {}
            self.waiting[key], self.last = waiting, self.last + 1
            self.order[self.last] = key
        end
        waiting[#waiting + 1] = source
    end
    if #keys > 0 then self:run() end
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

---Shows what the player is entitled to and has not.
---@private
---@param source integer
---@param due CadBridge.Due
function Arrivals:give(source, due)
    local player = self.roster.players[source]
    if not player or not player.ready then return end
    local keys, quiet = {}, 0
    for _, key in ipairs(self.board:keys()) do
        local call = self.board.calls[key]
        local class = not self.pictures:has(source, key) and self.claims:entitled(call, source)
        if class and due.alerts(key) then
            self.alerts:showTo(call, source, class, 'alert')
        elseif class then
            keys[#keys + 1] = key
            if class ~= 'caller' then quiet = quiet + 1 end
        end
    end
    self:queue(source, keys)
    if due.line and quiet > 0 then self:line(source, 'notice.openCalls', { count = quiet }) end
end

---@private
---@param source integer
---@param alerts fun(key: string): boolean
---@param line boolean
function Arrivals:owe(source, alerts, line)
    local before = self.due[source]
    self.due[source] = before and {
        alerts = function(key) return before.alerts(key) or alerts(key) end,
        line = before.line or line,
    } or { alerts = alerts, line = line }
    self:run()
end

-- Who comes, becomes, ceases ----------------------------------------------------------------------

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
    self:owe(source, function(key)
        -- Who was here before the resource restarted has seen the calls of before.
        if again or (early and not self.alerts:liveSince(key)) then return false end
        return self.board:age(key, now) < freshFor
    end, not early and not again)
    self.panics:arrived(source, early or again)
end

---Corrects what the player has in another class than he is entitled to now.
---@private
---@param source integer
---@param call Call
---@param class string
function Arrivals:correct(source, call, class)
    local before = self.pictures:has(source, call.key)
    if class == before then return end
    local route = nil
    if class == 'assigned' then route = true elseif before == 'assigned' then route = false end
    local _, proof = self.claims:entitled(call, source)
    local alert = self.alerts:build(call, class, 'change', { changed = {}, route = route }, proof)
    self.pictures:show(source, alert)
end

---Takes from the player what he is not entitled to any more.
---@private
---@param source integer
function Arrivals:take(source)
    local lost, kept, claims, calls = {}, 0, self.claims, self.board.calls
    -- Who goes off duty may hold all open calls: each is asked about only where he may still have it.
    local onDuty = claims:hasDuty(source)
    for _, key in ipairs(self.pictures:of(source)) do
        local call, class = calls[key], nil
        if call and (onDuty or call.kind == 'test' or claims:callersOf(key)[source]) then
            class = claims:entitled(call, source)
        end
        if class then
            kept = kept + 1
            self:correct(source, call, class)
        elseif not call and self.panics:keeps(source, key) then
            kept = kept + 1
        else
            lost[#lost + 1] = key
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
    self:owe(source, function(key)
        local live = self.alerts:liveSince(key)
        return since ~= nil and live ~= nil and live >= since
    end, true)
    self.panics:arrived(source, true)
end

---The board is another one, or the first: everybody gets what it holds, quietly.
---@param sources integer[] those who may be concerned
function Arrivals:restored(sources)
    for _, source in ipairs(sources) do
        local player = self.roster.players[source]
        if player and player.ready then
            self:take(source)
            self:owe(source, never, false)
            self.panics:arrived(source, true)
        end
    end
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
    local name = urgent > 0 and 'notice.moreEmergencies' or 'notice.more'
    self:line(source, name, { count = #open, emergencies = urgent })
end

---@param source integer
function Arrivals:dropped(source)
    self.due[source] = nil
end

CadBridge.arrivals = { new = new }
