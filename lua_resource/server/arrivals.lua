---Players who come after the alert: who joins, who becomes a responder or ceases to be one, and
---everybody after a restart. Fresh calls may still alert; what is older comes quietly. What is taken is
---taken at once; what is given is `dues`. Pure, but for the parts handed in.

---@class CadBridge.ArrivalParts
---@field board CadBridge.Board
---@field roster CadBridge.Roster
---@field claims CadBridge.Claims
---@field pictures CadBridge.Pictures
---@field burst CadBridge.Burst
---@field alerts CadBridge.Alerts
---@field dues CadBridge.Dues
---@field panics CadBridge.Panics
---@field freshFor fun(): integer milliseconds
---@field now fun(): integer

---@class CadBridge.Arrivals: CadBridge.ArrivalParts
---@field paused boolean while a board is restored, which looks at everybody itself
local Arrivals = {}
Arrivals.__index = Arrivals

---@param parts CadBridge.ArrivalParts
---@return CadBridge.Arrivals
local function new(parts)
    local arrivals = { paused = false }
    for name, part in pairs(parts) do arrivals[name] = part end
    return setmetatable(arrivals, Arrivals)
end

---@return boolean
local function never()
    return false
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
    local function alerts(key)
        -- Who was here before the resource restarted has seen the calls of before.
        if again or (early and not self.alerts:liveSince(key)) then return false end
        return self.board:age(key, now) < freshFor
    end
    self.dues:owe(source, { alerts = alerts, line = not early and not again, recheck = false })
    self.panics:arrived(source, early or again)
end

---Whether the player has a picture of a call that he placed or tests.
---@private
---@param source integer
---@return boolean
function Arrivals:holdsOwn(source)
    for key in pairs(self.claims:ownOf(source)) do
        if self.pictures:has(source, key) then return true end
    end
    return false
end

---Takes from the player what he is not entitled to any more.
---@private
---@param source integer
function Arrivals:take(source)
    -- Who goes off duty may hold all open calls: they are not asked about one by one.
    if not self.claims:hasDuty(source) and not self:holdsOwn(source) then return self.pictures:wipe(source) end
    local lost, kept = {}, 0
    for _, key in ipairs(self.pictures:of(source)) do
        local call = self.board.calls[key]
        local class = call and self.claims:entitled(call, source)
        if class then
            kept = kept + 1
            self.dues:correct(source, call, class)
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
    local function alerts(key)
        local live = self.alerts:liveSince(key)
        return since ~= nil and live ~= nil and live >= since
    end
    self.dues:owe(source, { alerts = alerts, line = true, recheck = false })
    self.panics:arrived(source, true)
end

---The board is another one, or the first: everybody gets what it holds, quietly. What is over was taken
---from all; what the others have is looked through when their turn comes.
---@param sources integer[] those who may be concerned
---@param affected table<integer, true> those of them whose units are others now
function Arrivals:restored(sources, affected)
    for _, source in ipairs(sources) do
        local player = self.roster.players[source]
        if player and player.ready then
            if affected[source] then self:take(source) end
            self.dues:owe(source, { alerts = never, line = false, recheck = not affected[source] })
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
        local call = self.board.calls[key]
        if call and self.claims:entitled(call, source) and not self.pictures:has(source, key) then
            open[#open + 1] = key
            if index <= held then urgent = urgent + 1 end
        end
    end
    local player = self.roster.players[source]
    if #open == 0 or not player or not player.ready then return end
    self.dues:quietly(source, open)
    local name = urgent > 0 and 'notice.moreEmergencies' or 'notice.more'
    self.dues:line(source, name, { count = #open, emergencies = urgent })
end

CadBridge.arrivals = { new = new }
