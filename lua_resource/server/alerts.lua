---Decides what each player gets of what happens to a call: nobody else does. Pure, but for the parts
---handed in.
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
---@field attached integer[]?
---@field note Note?

---@class CadBridge.Alerts: CadBridge.AlertParts
---@field private live table<string, integer> key -> clock of the alert, of calls that alerted in this run
---@field private knew table<string, { at: integer, sources: table<integer, true> }> who had a 911 call that is gone
---@field private helped table<string, true> keys whose caller heard that help is on the way
---@field private first boolean no board has been taken in this run
---@field private untested table<string, CadBridge.CallEvent> tests whose player is not known yet
local Alerts = {}
Alerts.__index = Alerts

---How long a 911 call that became a dispatch call waits for it, before its pictures go.
local HANDOVER_MS = 5000
---How long it is remembered who had a call that is gone.
local KNEW_MS = 15 * 60 * 1000

---@param parts CadBridge.AlertParts
---@return CadBridge.Alerts
local function new(parts)
    local alerts = { live = {}, knew = {}, helped = {}, untested = {}, first = true }
    for name, part in pairs(parts) do alerts[name] = part end
    return setmetatable(alerts, Alerts)
end

local look = CadBridge.look

---@private
---@param source integer
---@return boolean
function Alerts:isReady(source)
    local player = self.roster.players[source]
    return player ~= nil and player.ready
end

---The alert of a call for players of that class. `proof`: an unverified caller learns that his call
---arrived, and not where any player is.
---@param call Call
---@param class string
---@param how 'alert'|'change'|'quiet'
---@param parts CadBridge.LookParts
---@param proof CadBridge.Proof?
---@return Alert
function Alerts:build(call, class, how, parts, proof)
    local claimed = class == 'caller' and proof == 'claimed'
    parts.position = not claimed and self.whereabouts:of(call.key) or nil
    parts.age = self.board:age(call.key, self.now())
    if class == 'assigned' and parts.route == nil and how ~= 'change' then parts.route = true end
    local alert = look.alert(self.sight, call, class, how, parts)
    if claimed then alert.place, alert.postal = nil, nil end
    if proof == 'alerted' then alert.respond = nil end
    return alert
end

---@param class string
---@param how string
---@return string?
local function soundOf(class, how)
    if how ~= 'alert' then return nil end
    if class == 'assigned' then return 'assigned' end
    return class == 'caller' and 'quiet' or 'new'
end

---Whether the player may be shown one more alert now; what is his own always is.
---@private
---@param call Call
---@param source integer
---@param class string
---@param now integer
---@return boolean
function Alerts:admitted(call, source, class, now)
    if class == 'assigned' or class == 'caller' then return true end
    local admitted, first = self.burst:admit(source, call.key, class == 'emergency', now)
    if first then self.held(source) end
    return admitted
end

---Shows one call to one player, as one who came later.
---@param call Call
---@param source integer
---@param class string
---@param how 'alert'|'quiet'
function Alerts:showTo(call, source, class, how)
    if how == 'alert' and not self:admitted(call, source, class, self.now()) then return end
    local _, proof = self.claims:entitled(call, source)
    self.pictures:show(source, self:build(call, class, how, { sound = soundOf(class, how) }, proof))
end

-- A call is opened --------------------------------------------------------------------------------

---What became of an opening, for receipt, console and other resources.
---@class CadBridge.Handout
---@field mailing CadBridge.Mailing
---@field now integer
---@field sent integer[]
---@field recipients integer[] everybody who got the call in any way
---@field missed table<string, integer>
---@field reached integer how many have it, or are told of it, for more than being the caller

---How a new call comes to a player: in place of the 911 call that he has, quietly if he had that and
---it is gone, as an alert otherwise.
---@private
---@param event CadBridge.CallEvent
---@param source integer
---@param class string
---@param knows string? class in which he has the call whose place it takes
---@return 'alert'|'change'|'quiet'
function Alerts:howFor(event, source, class, knows)
    if knows then return 'change' end
    local memory = self.knew[event.call.origin911 or '']
    local knew = memory ~= nil and memory.sources[source] == true
    return event.alert and (class == 'assigned' or not knew) and 'alert' or 'quiet'
end

---Hands a new call to one player.
---@private
---@param event CadBridge.CallEvent
---@param source integer
---@param out CadBridge.Handout
function Alerts:handTo(event, source, out)
    local call, from = event.call, event.call.origin911
    local class, proof = self.claims:entitled(call, source)
    local knows = from and self.pictures:has(source, from)
    if not class then
        if knows then self.pictures:take(source, from --[[@as string]], 'dispatched') end
        return
    end
    local how = self:howFor(event, source, class, knows)
    if not self:isReady(source) then
        if how == 'alert' then out.missed.not_ready = (out.missed.not_ready or 0) + 1 end
        return
    end
    if class ~= 'caller' then out.reached = out.reached + 1 end
    if how == 'alert' and not self:admitted(call, source, class, out.now) then
        out.missed.limited = (out.missed.limited or 0) + 1
        return
    end
    local promoted = knows and class == 'assigned' and knows ~= 'assigned'
    local kind = class .. how .. (promoted and 'promoted' or '') .. (proof or '')
    out.mailing:add(source, kind, out.mailing:has(kind) or self:build(call, class, how, {
        seq = how == 'alert' and event.seq or nil,
        replaces = knows and from or nil,
        changed = knows and {} or nil,
        route = class == 'assigned' or nil,
        sound = promoted and event.alert and 'assigned' or soundOf(class, how),
    }, proof))
    out.recipients[#out.recipients + 1] = source
    if how == 'alert' then out.sent[#out.sent + 1] = source end
end

---@private
---@param event CadBridge.CallEvent
---@param sources integer[]
---@return CadBridge.Handout
function Alerts:handOut(event, sources)
    local now = self.now()
    local out = {
        mailing = CadBridge.mailing.new(self.pictures), now = now,
        sent = {}, recipients = {}, missed = {}, reached = 0,
    }
    for _, source in ipairs(sources) do self:handTo(event, source, out) end
    out.mailing:send()
    if not event.alert then return out end
    self.live[event.call.key] = now
    local close = self.receipts:expect(event.call.key, event.seq, event.age, now, out.sent, out.missed)
    if close then self.later(CadBridge.receipts.WAIT_MS, close) end
    return out
end

---Who may get the call, and who has the one whose place it takes.
---@private
---@param call Call
---@return integer[]
function Alerts:concerned(call)
    local sources = self.claims:candidates(call)
    if not call.origin911 then return sources end
    local known = {}
    for _, source in ipairs(sources) do known[source] = true end
    for _, source in ipairs(self.pictures:sources(call.origin911)) do
        if not known[source] then sources[#sources + 1] = source end
    end
    return sources
end

---A call was opened.
---@param event CadBridge.CallEvent
---@return integer[] recipients
function Alerts:opened(event)
    local call = event.call
    if call.kind == 'test' then return self:tested(event) end
    self.claims:open(call)
    self.whereabouts:find(call, self.board:age(call.key, self.now()) or 0)
    local out = self:handOut(event, self:concerned(call))
    if event.alert and out.reached == 0 then self:nobody(call, out) end
    if event.alert and call.units and call.units[1] then self:helpIsComing(call) end
    return out.recipients
end

---Says why an alert reached nobody, once a call.
---@private
---@param call Call
---@param out CadBridge.Handout
function Alerts:nobody(call, out)
    local sources = self.audience.sources
    local units, matched = sources.cad:count()
    local responders = 0
    for _ in pairs(self.audience.responders) do responders = responders + 1 end
    if self.claims:isRestricted(call.key) then
        return self.tell('server.reachedNoDispatcher', {
            call = look.number(self.sight, call), dispatchers = sources.cad.dispatchers,
        })
    end
    local framework = sources.job.framework
    self.tell('server.reachedNobody', {
        call = look.number(self.sight, call), players = self.roster.count, responders = responders,
        unready = out.missed.not_ready or 0, units = units, matched = matched,
        ace = sources.ace:count(), job = sources.job:count(),
        framework = framework and framework.resource or look.say(self.sight, 'server.none'),
    })
end

-- Calls that a player made himself ----------------------------------------------------------------

---A test: for the player who asked for it. Event and answer may come in either order.
---@private
---@param event CadBridge.CallEvent
---@return integer[]
function Alerts:tested(event)
    local call = event.call
    local source = self.claims:tester(call.key)
    if not source then
        local match = self.roster:match(call.callerIds)
        if match.verified and #match.players == 1 then source = match.players[1] end
    end
    if not source then
        if event.alert then self.untested[call.key] = event end
        return {}
    end
    self.claims:test(call.key, source)
    self.whereabouts:set(call.key, CadBridge.position.checked(call.position or self.standing(source)))
    return self:handOut(event, { source }).recipients
end

---The bridge said which call is the test of this player.
---@param key string
---@param source integer
function Alerts:tester(key, source)
    if self.claims:tester(key) then return end
    self.claims:test(key, source)
    local event = self.untested[key]
    self.untested[key] = nil
    if event then self:tested(event) end
end

---The bridge said which call the player placed from the game; its event may have come before.
---@param key string
---@param source integer
function Alerts:placed(key, source)
    self.claims:placed(key, source)
    local call, has = self.board.calls[key], self.pictures:has(source, key)
    if not call or not self:isReady(source) then return end
    local class = self.claims:entitled(call, source)
    if not has and class then return self:showTo(call, source, class, 'alert') end
    if class == 'caller' then
        local parts = { changed = { 'place', 'postal', 'position' } }
        self.pictures:show(source, self:build(call, class, 'change', parts, 'verified'))
    end
end

---The first unit is attached: the caller hears it, unless the call is silent.
---@private
---@param call Call
function Alerts:helpIsComing(call)
    if call.silent or self.options.caller == 'none' then return end
    if self.helped[call.key] or self.helped[call.origin911 or ''] then return end
    self.helped[call.key] = true
    local text = look.say(self.sight, 'notice.onTheWay', { number = look.number(self.sight, call, 'caller') })
    for source in pairs(self.claims:callersOf(call.key)) do
        if self:isReady(source) and self.pictures:has(source, call.key) ~= 'assigned' then
            self.pictures:notice(source, {
                text = text, kind = 'good', sound = 'quiet',
                style = self.options.notify, locale = self.options.locale,
            })
        end
    end
end

-- A call changes ----------------------------------------------------------------------------------

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
function Alerts:update(event, source, fields, mailing)
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
        or self:build(call, class, 'change', { changed = fields, sound = sound, route = route }, proof))
end

---The fields of the alert that show the change.
---@private
---@param event CadBridge.CallEvent
---@return string[]
function Alerts:fieldsOf(event)
    local call = event.call
    local moved = self.whereabouts:find(call, self.board:age(call.key, self.now()) or 0)
    local fields = {}
    for _, field in ipairs(look.shownChanges(event.changed or {})) do
        if field ~= 'position' then fields[#fields + 1] = field end
    end
    if moved then fields[#fields + 1] = 'position' end
    return fields
end

---A call changed: who has it sees what changed; who was attached to it has it now.
---@param event CadBridge.CallEvent
function Alerts:changed(event)
    local call, fields = event.call, self:fieldsOf(event)
    local mailing = CadBridge.mailing.new(self.pictures)
    for _, source in ipairs(self.pictures:sources(call.key)) do self:update(event, source, fields, mailing) end
    mailing:send()
    for _, ident in ipairs(event.attached or {}) do
        for _, source in ipairs(self.audience.sources.cad:playersOf(ident)) do
            local class = self:isReady(source) and self.claims:entitled(call, source)
            if class and not self.pictures:has(source, call.key) then
                self:showTo(call, source, class, event.alert and 'alert' or 'quiet')
            end
        end
    end
    if event.alert and event.attached and event.attached[1] then self:helpIsComing(call) end
end

---A note was added: for the units attached and for dispatchers.
---@param event CadBridge.CallEvent
function Alerts:noted(event)
    local call, text = event.call, look.note(self.sight, event.note or {})
    if not text then return end
    local mailing = CadBridge.mailing.new(self.pictures)
    for _, source in ipairs(self.pictures:sources(call.key)) do
        local class = self.claims:entitled(call, source)
        if class == 'assigned' or (class and class ~= 'caller' and self.audience.dispatchers[source]) then
            mailing:add(source, class, mailing:has(class) or self:build(call, class, 'change', {
                changed = { 'note' }, note = text,
                sound = event.alert and class == 'assigned' and 'changed' or nil,
            }))
        end
    end
    mailing:send()
end

-- A call ends -------------------------------------------------------------------------------------

---@private
---@param key string
function Alerts:forget(key)
    self.claims:forget(key)
    self.whereabouts:set(key, nil)
    self.live[key], self.helped[key], self.untested[key] = nil, nil, nil
end

---Remembers who had a 911 call: a dispatch call made from it must not alert them again.
---@private
---@param key string
function Alerts:remember(key)
    local sources, now = {}, self.now()
    for _, source in ipairs(self.pictures:sources(key)) do sources[source] = true end
    for other, memory in pairs(self.knew) do
        if now - memory.at > KNEW_MS then self.knew[other] = nil end
    end
    if next(sources) then self.knew[key] = { at = now, sources = sources } end
end

---A call was closed.
---@param call Call
---@param reason string
function Alerts:closed(call, reason)
    local key = call.key
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

---The last dispatcher has left: what was for dispatchers only is for all responders now.
---@param freshFor integer milliseconds
function Alerts:lift(freshFor)
    for _, key in ipairs(self.claims:lift()) do
        local call = self.board.calls[key]
        for _, source in ipairs(call and self.claims:candidates(call) or {}) do
            local class = self.claims:entitled(call --[[@as Call]], source)
            if class and self:isReady(source) and not self.pictures:has(source, key) then
                local fresh = self.live[key] and self.board:age(key, self.now()) < freshFor
                self:showTo(call --[[@as Call]], source, class, fresh and 'alert' or 'quiet')
            end
        end
    end
end

---When the call alerted in this run of the resource; nil for one that did not.
---@param key string
---@return integer?
function Alerts:liveSince(key)
    return self.live[key]
end

---The board is another one, or the first: finds again what is not in it.
function Alerts:restored()
    local open, now = self.board.calls, self.now()
    self.claims:keep(open)
    self.whereabouts:keep(open)
    for _, key in ipairs(self.pictures:all()) do
        if not open[key] and not self.panics:get(key) then self.pictures:clear(key, 'gone') end
    end
    for _, memory in ipairs { self.live, self.helped } do
        for key in pairs(memory) do
            if not open[key] then memory[key] = nil end
        end
    end
    -- 911 calls first: a dispatch call takes over what its 911 call had.
    for _, kind in ipairs { '911', 'dispatch' } do
        for key, call in pairs(open) do
            if call.kind == kind then
                self.claims:open(call)
                self.whereabouts:find(call, self.board:age(key, now) or 0)
                -- Before the restart its caller has heard of the units that were on the way.
                if self.first and call.units and call.units[1] then self.helped[key] = true end
            end
        end
    end
    self.first = false
end

CadBridge.alerts = { new = new }
