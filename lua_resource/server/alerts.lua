---Decides what each player gets of what happens to a call: nobody else does. This file is the one door
---to that; behind it, in `alerts/`, stand the openings, the changes and a player's own calls, each with
---one idea; a call ends here. Pure, but for the parts handed in.
---
---Who is entitled is `claims`; who has what is `pictures`. Here the two are brought together: an
---opening alerts who is entitled, a change goes to who has the call, an end takes it from all of them.

---@class CadBridge.AlertParts
---@field board CadBridge.Board
---@field roster CadBridge.Roster
---@field audience CadBridge.Audience
---@field claims CadBridge.Claims
---@field pictures CadBridge.Pictures
---@field whereabouts CadBridge.Whereabouts
---@field panics CadBridge.Panics
---@field receipts CadBridge.Receipts
---@field burst CadBridge.Burst
---@field sight CadBridge.Sight
---@field options CadBridge.Options
---@field standing fun(source: integer): Position?
---@field now fun(): integer
---@field later fun(ms: integer, callback: fun())
---@field tell CadBridge.Tell
---@field held fun(source: integer) alerts of a flood are held for this player

---An event about a call, as the session gives it.
---@class CadBridge.CallEvent
---@field call Call
---@field seq integer
---@field age integer milliseconds since the event
---@field alert boolean whether it may alert
---@field changed string[]?
---@field inherits boolean? the change names the 911 call whose place the call takes
---@field attached integer[]?
---@field note Note?

---@class CadBridge.Alerts: CadBridge.AlertParts
---@field private memory CadBridge.Memory
---@field private showing CadBridge.Showing
---@field private openings CadBridge.Openings
---@field private own CadBridge.OwnCalls
---@field private changes CadBridge.Changes
---@field private first boolean no board has been taken in this run
local Alerts = {}
Alerts.__index = Alerts

---How long a 911 call that became a dispatch call waits for it, before its pictures go.
local HANDOVER_MS = 5000

---@param parts CadBridge.AlertParts
---@return CadBridge.Alerts
local function new(parts)
    local memory, showing = CadBridge.alertMemory.new(), CadBridge.showing.new(parts)
    local openings = CadBridge.openings.new(parts, showing, memory)
    local alerts = {
        memory = memory, showing = showing, openings = openings, first = true,
        own = CadBridge.ownCalls.new(parts, showing, memory, openings),
        changes = CadBridge.changes.new(parts, showing),
    }
    for name, part in pairs(parts) do alerts[name] = part end
    return setmetatable(alerts, Alerts)
end

-- One player --------------------------------------------------------------------------------------

---The alert of a call for players of that class.
---@param call Call
---@param class string
---@param how 'alert'|'change'|'quiet'
---@param parts CadBridge.LookParts
---@param proof CadBridge.Proof?
---@return Alert
function Alerts:build(call, class, how, parts, proof)
    return self.showing:build(call, class, how, parts, proof)
end

---Shows one call to one player, as one who came later.
---@param call Call
---@param source integer
---@param class string
---@param how 'alert'|'quiet'
function Alerts:showTo(call, source, class, how)
    self.showing:showTo(call, source, class, how)
end

---When the call alerted in this run of the resource; nil for one that did not.
---@param key string
---@return integer?
function Alerts:liveSince(key)
    return self.memory:liveSince(key)
end

-- What happens to a call --------------------------------------------------------------------------

---A call was opened.
---@param event CadBridge.CallEvent
---@return integer[] recipients
function Alerts:opened(event)
    local call = event.call
    if call.kind == 'test' then return self.own:tested(event) end
    local recipients = self.openings:opened(event)
    if event.alert and call.units and call.units[1] then self.own:helpIsComing(call) end
    return recipients
end

---The bridge said which call is the test of this player.
---@param key string
---@param source integer
function Alerts:tester(key, source)
    self.own:tester(key, source)
end

---The bridge said which call the player placed from the game.
---@param key string
---@param source integer
function Alerts:placed(key, source)
    self.own:placed(key, source)
end

---A call changed.
---@param event CadBridge.CallEvent
function Alerts:changed(event)
    local call = event.call
    local named = event.inherits and self.openings:claim(call, true) or self.claims:changed(call)
    self.changes:changed(event)
    if event.inherits then self.openings:inherited(call) end
    for _, source in ipairs(named) do self.own:named(call, source, event.alert and 'alert' or 'quiet') end
    if event.inherits then self.openings:offer(call) end
    local attached = event.inherits and call.units or event.attached
    if event.alert and attached and attached[1] then self.own:helpIsComing(call) end
end

---A note was added.
---@param event CadBridge.CallEvent
function Alerts:noted(event)
    self.changes:noted(event)
end

---The last dispatcher has left: what was for dispatchers only is for all responders now.
---@param freshFor integer milliseconds
function Alerts:lift(freshFor)
    self.openings:lift(freshFor)
end

-- A call ends -------------------------------------------------------------------------------------

---@private
---@param key string
function Alerts:forget(key)
    self.claims:forget(key)
    self.whereabouts:set(key, nil)
    self.memory:forget(key)
    self.own:forget(key)
end

---A 911 call is gone: a dispatch call made from it may still come.
---@private
---@param key string
function Alerts:remember(key)
    self.memory:had(key, self.pictures:sources(key), self.claims:isRestricted(key), self.now())
end

---A call was closed.
---@param call Call
---@param reason string
function Alerts:closed(call, reason)
    local key = call.key
    self.memory:expire(self.now())
    if call.kind == '911' then self:remember(key) end
    if reason ~= 'dispatched' then
        self.pictures:clear(key, reason)
        return self:forget(key)
    end
    -- The dispatch call that takes its place comes at once, or came already.
    self.later(HANDOVER_MS, function()
        if self.board.calls[key] then return end
        self.pictures:clear(key, reason)
        self:forget(key)
    end)
end

---@param source integer
function Alerts:dropped(source)
    self.memory:dropped(source)
end

---A call of the new board: finds whose it is, and brings up to date who has it.
---@private
---@param call Call
---@param was Call? as the board before had it
function Alerts:renew(call, was)
    local inherits = call.origin911 ~= nil and not (was and was.origin911)
    if inherits then self.openings:claim(call, was ~= nil) else self.claims:open(call, was ~= nil) end
    if was then
        self.changes:renewed(was, call)
    else
        self.whereabouts:find(call, self.board:age(call.key, self.now()) or 0)
    end
    if inherits then self.openings:inherited(call) end
    -- Before the restart its caller has heard of the units that were on the way.
    if self.first and call.units and call.units[1] then self.memory:help(call.key) end
end

---The board is another one, or the first: finds again what is in it, ends what is not.
---@param before table<string, Call> the calls of the board that was
function Alerts:restored(before)
    local open = self.board.calls
    -- 911 calls first: a dispatch call takes over what its 911 call had, also where that one is gone.
    for _, kind in ipairs { '911', 'dispatch' } do
        for key, call in pairs(open) do
            if call.kind == kind then self:renew(call, before[key]) end
        end
    end
    self.first = false
    self.memory:expire(self.now())
    for key, call in pairs(before) do
        if call.kind == '911' and not open[key] then self:remember(key) end
    end
    self:keep(open)
end

---Forgets what is not open, and takes it from all.
---@private
---@param open table<string, Call>
function Alerts:keep(open)
    self.claims:keep(open)
    self.whereabouts:keep(open)
    self.memory:keep(open)
    for _, key in ipairs(self.pictures:all()) do
        if not open[key] and not self.panics:get(key) then self.pictures:clear(key, 'gone') end
    end
end

CadBridge.alerts = { new = new }
