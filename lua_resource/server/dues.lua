---What players are still to be given: open calls that come quietly, or as alerts where they are fresh. A
---little is done in each tick, so that neither a crowd nor five hundred calls cost the server a long one.
---Pure, but for the parts handed in.

---@class CadBridge.DueParts
---@field board CadBridge.Board
---@field roster CadBridge.Roster
---@field claims CadBridge.Claims
---@field pictures CadBridge.Pictures
---@field alerts CadBridge.Alerts
---@field sight CadBridge.Sight
---@field later fun(ms: integer, callback: fun())

---What a player is to be given.
---@class CadBridge.Due
---@field alerts fun(key: string): boolean whether that call is an alert for him
---@field line boolean whether he hears how many come quietly
---@field recheck boolean whether what he has may not be his any more
---@field keys string[]? of the calls to look at, from his turn on
---@field next integer? the first of them that was not looked at yet
---@field quiet integer? how many of them come quietly, without those he placed

---@class CadBridge.Dues: CadBridge.DueParts
---@field private due table<integer, CadBridge.Due> by source
---@field private waiting table<string, integer[]> key -> players whom the call is to be shown quietly
---@field private order table<integer, string> those keys, `first` to `last`
---@field private first integer
---@field private last integer
---@field private running boolean
local Dues = {}
Dues.__index = Dues

---Work of one step, which looks for a player at one call for 1, and builds a quiet one for `BUILD`;
---and how many quiet ones it may send.
local STEP_MS, WORK, BUILD, SENDS = 50, 180, 20, 160

---@param parts CadBridge.DueParts
---@return CadBridge.Dues
local function new(parts)
    local dues = { due = {}, waiting = {}, order = {}, first = 1, last = 0, running = false }
    for name, part in pairs(parts) do dues[name] = part end
    return setmetatable(dues, Dues)
end

---@private
function Dues:run()
    if self.running then return end
    self.running = true
    self.later(0, function() self:step() end)
end

---@private
function Dues:step()
    self.running = next(self.due) ~= nil or self.first <= self.last
    if not self.running then return end
    -- Before the work: a call that cannot be shown keeps nobody waiting for the others.
    self.later(STEP_MS, function() self:step() end)
    local work, sends = WORK, SENDS
    for source, due in pairs(self.due) do
        work = work - self:look(source, due, work)
        if work <= 0 then break end
    end
    while work >= BUILD and sends > 0 and self.first <= self.last do
        work, sends = work - BUILD, sends - self:deliver(self.order[self.first], sends)
    end
end

---Shows a call quietly to those who wait for it, built once a class.
---@private
---@param key string
---@param most integer
---@return integer sent
function Dues:deliver(key, most)
    local waiting, mailing, sent = self.waiting[key], CadBridge.mailing.new(self.pictures), 0
    while waiting[1] and sent < most do
        local source = table.remove(waiting)
        if self:address(source, key, mailing) then sent = sent + 1 end
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
function Dues:address(source, key, mailing)
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
---@param key string
function Dues:queue(source, key)
    local waiting = self.waiting[key]
    if not waiting then
        waiting = {}
        self.waiting[key], self.last = waiting, self.last + 1
        self.order[self.last] = key
    end
    waiting[#waiting + 1] = source
end

---Corrects what the player has in another class than he is entitled to now.
---@param source integer
---@param call Call
---@param class string
function Dues:correct(source, call, class)
    local before = self.pictures:has(source, call.key)
    -- Its caller may have it in the class that he has it in on duty, and is offered Respond only there.
    if class == before and not self.claims:mayBeAlerted(call.key, source) then return end
    local route = nil
    if class ~= before then
        if class == 'assigned' then route = true elseif before == 'assigned' then route = false end
    end
    local _, proof = self.claims:entitled(call, source)
    local alert = self.alerts:build(call, class, 'change', { changed = {}, route = route }, proof)
    self.pictures:show(source, alert)
end

---Gives one open call to the player who is entitled to it and has it not.
---@private
---@param source integer
---@param key string
---@param due CadBridge.Due
function Dues:give(source, key, due)
    local call, has = self.board.calls[key], self.pictures:has(source, key)
    if not call or (has and not due.recheck) then return end
    local class = self.claims:entitled(call, source)
    if has and class then
        self:correct(source, call, class)
    elseif has then
        self.pictures:take(source, key, 'off_duty')
    elseif class and due.alerts(key) then
        self.alerts:showTo(call, source, class, 'alert')
    elseif class then
        self:queue(source, key)
        if class ~= 'caller' then due.quiet = due.quiet + 1 end
    end
end

---The open calls that the player can have.
---@private
---@param source integer
---@param due CadBridge.Due
---@return string[]
function Dues:keysFor(source, due)
    if due.recheck or self.claims:hasDuty(source) then return self.board:keys() end
    local keys = {}
    for key in pairs(self.claims:ownOf(source)) do keys[#keys + 1] = key end
    table.sort(keys)
    return keys
end

---Looks at calls for a player, where it stopped the last time.
---@private
---@param source integer
---@param due CadBridge.Due
---@param most integer how many calls
---@return integer work
function Dues:look(source, due, most)
    local player = self.roster.players[source]
    if not player or not player.ready then
        self.due[source] = nil
        return 1
    end
    if not due.keys then due.keys, due.next, due.quiet = self:keysFor(source, due), 1, 0 end
    local first, last = due.next, math.min(due.next + most - 1, #due.keys)
    for index = first, last do
        due.next = index + 1
        self:give(source, due.keys[index], due)
    end
    if last == #due.keys then
        self.due[source] = nil
        if due.line and due.quiet > 0 then self:line(source, 'notice.openCalls', { count = due.quiet }) end
    end
    return last - first + 2
end

---The player is to be given what he is entitled to and has not.
---@param source integer
---@param due CadBridge.Due
function Dues:owe(source, due)
    local before = self.due[source]
    self.due[source] = before and {
        alerts = function(key) return before.alerts(key) or due.alerts(key) end,
        line = before.line or due.line, recheck = before.recheck or due.recheck,
    } or due
    self:run()
end

---The player is to be shown these calls quietly.
---@param source integer
---@param keys string[]
function Dues:quietly(source, keys)
    for _, key in ipairs(keys) do self:queue(source, key) end
    self:run()
end

---Says one line to the player.
---@param source integer
---@param name string of the words
---@param places table<string, string|number>
function Dues:line(source, name, places)
    local look = CadBridge.look
    self.pictures:notice(source, look.notice(self.sight, 'info', look.say(self.sight, name, places)))
end

---@param source integer
function Dues:dropped(source)
    self.due[source] = nil
end

CadBridge.dues = { new = new }
