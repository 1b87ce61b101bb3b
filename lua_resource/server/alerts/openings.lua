---A call is opened: it is handed out to whoever is entitled to it, once, and the console hears why
---where that is nobody. Pure, but for the parts handed in.

---What became of an opening, for receipt, console and other resources.
---@class CadBridge.Handout
---@field mailing CadBridge.Mailing
---@field now integer
---@field sent integer[]
---@field recipients integer[] everybody who got the call in any way
---@field missed table<string, integer>
---@field reached integer how many have it, or are told of it, for more than being the caller

---@class CadBridge.Openings: CadBridge.AlertParts
---@field private showing CadBridge.Showing
---@field private memory CadBridge.Memory
local Openings = {}
Openings.__index = Openings

local look, soundOf = CadBridge.look, CadBridge.showing.soundOf

---@param parts CadBridge.AlertParts
---@param showing CadBridge.Showing
---@param memory CadBridge.Memory
---@return CadBridge.Openings
local function new(parts, showing, memory)
    local openings = { showing = showing, memory = memory }
    for name, part in pairs(parts) do openings[name] = part end
    return setmetatable(openings, Openings)
end

---How a new call comes to a player: in place of the 911 call that he has, quietly if he had that and
---it is gone, as an alert otherwise.
---@private
---@param event CadBridge.CallEvent
---@param source integer
---@param class string
---@param knows string? class in which he has the call whose place it takes
---@return 'alert'|'change'|'quiet'
function Openings:howFor(event, source, class, knows)
    if knows then return 'change' end
    local knew = self.memory:knows(event.call.origin911, source)
    return event.alert and (class == 'assigned' or not knew) and 'alert' or 'quiet'
end

---Hands a new call to one player.
---@private
---@param event CadBridge.CallEvent
---@param source integer
---@param out CadBridge.Handout
function Openings:handTo(event, source, out)
    local call, from, showing = event.call, event.call.origin911, self.showing
    local class, proof = self.claims:entitled(call, source)
    local knows = from and self.pictures:has(source, from)
    if not class then
        if knows then self.pictures:take(source, from --[[@as string]], 'dispatched') end
        return
    end
    local how = self:howFor(event, source, class, knows)
    if not showing:isReady(source) then
        if how == 'alert' then out.missed.not_ready = (out.missed.not_ready or 0) + 1 end
        return
    end
    if not proof then out.reached = out.reached + 1 end
    if how == 'alert' and not showing:admits(call, source, class, out.now) then
        out.missed.limited = (out.missed.limited or 0) + 1
        return
    end
    local promoted = knows and class == 'assigned' and knows ~= 'assigned'
    local kind = class .. how .. (promoted and 'promoted' or '') .. (proof or '')
    out.mailing:add(source, kind, out.mailing:has(kind) or showing:build(call, class, how, {
        seq = how == 'alert' and event.seq or nil,
        replaces = knows and from or nil,
        changed = knows and {} or nil,
        route = class == 'assigned' or nil,
        sound = promoted and event.alert and 'assigned' or soundOf(class, how),
    }, proof))
    out.recipients[#out.recipients + 1] = source
    if how == 'alert' then out.sent[#out.sent + 1] = source end
end

---Hands a new call to those players who are entitled to it.
---@param event CadBridge.CallEvent
---@param sources integer[]
---@return CadBridge.Handout
function Openings:handOut(event, sources)
    local now = self.now()
    local out = {
        mailing = CadBridge.mailing.new(self.pictures), now = now,
        sent = {}, recipients = {}, missed = {}, reached = 0,
    }
    for _, source in ipairs(sources) do self:handTo(event, source, out) end
    out.mailing:send()
    if not event.alert then return out end
    self.memory:alerted(event.call.key, now)
    local close = self.receipts:expect(event.call.key, event.seq, event.age, now, out.sent, out.missed)
    if close then self.later(CadBridge.receipts.WAIT_MS, close) end
    return out
end

---@param call Call
---@return CadBridge.CallEvent
local function quietly(call)
    return { call = call, seq = 0, age = 0, alert = false }
end

---A call took the place of a 911 call while nobody told us, or is known to have only now: who has that one
---has this one instead, in the same place, and nobody is alerted.
---@param call Call
function Openings:inherited(call)
    self:handOut(quietly(call), self.pictures:sources(call.origin911 --[[@as string]]))
end

---A call whose 911 call is known only now is for whoever may get that one: who has it not gets it quietly.
---@param call Call
function Openings:offer(call)
    local lacking = {}
    for _, source in ipairs(self.claims:candidates(call)) do
        if not self.pictures:has(source, call.key) then lacking[#lacking + 1] = source end
    end
    self:handOut(quietly(call), lacking)
end

---Whose the call is. The 911 call whose place it takes may be gone: for whom that one was is remembered.
---@param call Call
---@param known boolean? it was open before
---@return integer[] callers of whom we hear only now
function Openings:claim(call, known)
    local named = self.claims:open(call, known)
    if self.memory:wasRestricted(call.origin911) then self.claims:restrict(call.key) end
    return named
end

---Who may get the call, and who has the one whose place it takes.
---@private
---@param call Call
---@return integer[]
function Openings:concerned(call)
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
function Openings:opened(event)
    local call = event.call
    self:claim(call)
    self.whereabouts:find(call, self.board:age(call.key, self.now()) or 0)
    local out = self:handOut(event, self:concerned(call))
    if event.alert and out.reached == 0 then self:nobody(call, out) end
    return out.recipients
end

---Says why an alert reached nobody, once a call.
---@private
---@param call Call
---@param out CadBridge.Handout
function Openings:nobody(call, out)
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

---What was for dispatchers only is for all responders now: what that means for one player.
---@private
---@param call Call
---@param source integer
---@param how 'alert'|'quiet'
function Openings:liftFor(call, source, how)
    local class, proof = self.claims:entitled(call, source)
    -- A dispatcher by permission, who is no responder.
    if not class then return self.pictures:take(source, call.key, 'off_duty') end
    if not self.showing:isReady(source) then return end
    -- Also a responder who placed it, and had it as its caller.
    if self.pictures:has(source, call.key) ~= class then return self.showing:showTo(call, source, class, how) end
    -- One who was alerted as its caller may respond from now on.
    if self.claims:mayBeAlerted(call.key, source) then
        self.pictures:show(source, self.showing:build(call, class, 'change', { changed = {} }, proof))
    end
end

---The last dispatcher has left: what was for dispatchers only is for all responders now.
---@param freshFor integer milliseconds
function Openings:lift(freshFor)
    for _, key in ipairs(self.claims:lift()) do
        local call = self.board.calls[key]
        if call then
            local fresh = self.memory:liveSince(key) and self.board:age(key, self.now()) < freshFor
            for _, source in ipairs(self.claims:candidates(call)) do
                self:liftFor(call, source, fresh and 'alert' or 'quiet')
            end
        end
    end
end

CadBridge.openings = { new = new }
