---A player works on a call: he responds to it and leaves it, notes and closes it. The route is the game's
---and does not wait for the CAD. Pure, but for the parts handed in.

---@class CadBridge.Responding: CadBridge.ActionParts
---@field private answers CadBridge.Answers
---@field private routed table<integer, string> source -> key of the call he chose
local Responding = {}
Responding.__index = Responding

---The CAD takes 1,000 characters of a note.
local TEXT = 1000
---The bridge gives up a response 60 s after it was asked for; a little later nothing more can come.
local GIVEN_UP_MS = 65000

---@param parts CadBridge.ActionParts
---@param answers CadBridge.Answers
---@return CadBridge.Responding
local function new(parts, answers)
    local responding = { answers = answers, routed = {} }
    for name, part in pairs(parts) do responding[name] = part end
    return setmetatable(responding, Responding)
end

-- Which call he means -----------------------------------------------------------------------------

---The call that the player means: the one he names, else the one he is on.
---@private
---@param source integer
---@param reference string?
---@return Call?
function Responding:callFor(source, reference)
    if reference then
        local call = self.board:find(reference)
        return call and self.claims:onDuty(call, source) and call or nil
    end
    return self:chosen(source) or self:assigned(source)
end

---@private
---@param source integer
---@return Call? call that he responded to, while he has it by his duty
function Responding:chosen(source)
    local call = self.board.calls[self.routed[source] or '']
    return call and self.claims:onDuty(call, source) and call or nil
end

---@private
---@param source integer
---@return Call? call that a unit of his is attached to, the newest first
function Responding:assigned(source)
    local best, youngest = nil, math.huge
    for _, ident in ipairs(self.audience.sources.cad:identsOf(source)) do
        for _, key in ipairs(self.board:attached(ident)) do
            local age = self.board:age(key, self.now()) or math.huge
            if age < youngest then best, youngest = self.board.calls[key], age end
        end
    end
    return best
end

---@private
---@param source integer
---@return Call?
function Responding:newest(source)
    for _, call in ipairs(self.board:newest()) do
        if call.kind ~= 'test' and self.claims:onDuty(call, source) then return call end
    end
    return nil
end

---Says that there is no such call, or that he is on none.
---@private
---@param source integer
---@param reference string?
function Responding:noCall(source, reference)
    self.answers:say(source, 'bad', reference and 'notice.noSuchCall' or 'notice.onNoCall')
end

-- Respond and leave -------------------------------------------------------------------------------

---@private
---@param source integer
---@param call Call
---@param on boolean
function Responding:route(source, call, on)
    local class = self.claims:entitled(call, source)
    if not class then return end
    self.pictures:show(source, self.alerts:build(call, class, 'change', { changed = {}, route = on }))
end

---Routes the player to a call, and attaches him in the CAD, where he is not on it already.
---@param source integer
---@param reference string? key or id; nil for the newest call he has
function Responding:respond(source, reference)
    local answers = self.answers
    local panic = reference and self.panics:get(reference)
    if panic then return self:respondToPanic(source, panic) end
    local call
    if reference then call = self:callFor(source, reference) else call = self:newest(source) end
    if not call then return answers:say(source, 'bad', 'notice.noSuchCall') end
    if call.kind == 'test' then return answers:say(source, 'info', 'notice.testCall') end
    local number = CadBridge.look.number(self.sight, call)
    self.routed[source] = call.key
    self:route(source, call, true)
    if self.claims:isAttached(call, source) then
        return answers:say(source, 'good', 'notice.responding', { number = number })
    end
    local placed = self.whereabouts:of(call.key) ~= nil
    answers:say(source, 'info', placed and 'notice.routing' or 'notice.routingNowhere', { number = number })
    answers:ask(source, 'call.respond', { call = call.key }, function(result)
        if result.queued then return self:queued(source, number) end
        if type(result.call) == 'string' and self.routed[source] == call.key then self.routed[source] = result.call end
        answers:say(source, 'good', 'notice.responding', { number = number })
    end)
end

---The CAD is busy: it is said now, and once more if the bridge has given up without attaching him.
---@private
---@param source integer
---@param number string
function Responding:queued(source, number)
    self.answers:say(source, 'info', 'notice.queued', { number = number })
    local player = self.roster.players[source]
    self.later(GIVEN_UP_MS, function()
        local waits = self:chosen(source) ~= nil
        if player ~= nil and self.roster.players[source] == player and waits and not self:assigned(source) then
            self.answers:say(source, 'bad', 'notice.gaveUp', { number = number })
        end
    end)
end

---@private
---@param source integer
---@param panic CadBridge.Panic
function Responding:respondToPanic(source, panic)
    if not self.pictures:has(source, panic.key) then return self.answers:say(source, 'bad', 'notice.noSuchCall') end
    local alert = self.panics:build(panic, 'quiet')
    alert.how, alert.changed, alert.route = 'change', {}, true
    self.pictures:show(source, alert)
    local placed = panic.position ~= nil
    self.answers:say(source, 'info', placed and 'notice.routing' or 'notice.routingNowhere', { number = panic.number })
end

---Leaves the call: the route ends at once, the CAD is told.
---@param source integer
function Responding:leave(source)
    local chosen, assigned = self:chosen(source), self:assigned(source)
    self.routed[source] = nil
    if chosen then self:route(source, chosen, false) end
    if assigned and assigned ~= chosen then self:route(source, assigned, false) end
    if not chosen and not assigned then return self:noCall(source) end
    self.answers:ask(source, 'call.leave', {}, function(result)
        self.answers:say(source, 'good', result.left == false and 'notice.wasOnNoCall' or 'notice.left')
    end)
end

-- Note and close ----------------------------------------------------------------------------------

---Closes the call, for dispatchers.
---@param source integer
---@param reference string?
function Responding:close(source, reference)
    local call = self:callFor(source, reference)
    if not call then return self:noCall(source, reference) end
    local number = CadBridge.look.number(self.sight, call)
    self.answers:ask(source, 'call.close', { call = call.key }, function()
        self.answers:say(source, 'good', 'notice.closed', { number = number })
    end)
end

---@param source integer
---@param text string
---@param reference string?
function Responding:note(source, text, reference)
    local call = self:callFor(source, reference)
    if not call then return self:noCall(source, reference) end
    local number = CadBridge.look.number(self.sight, call)
    local clean = CadBridge.text.cut(CadBridge.text.line(text), TEXT)
    self.answers:ask(source, 'call.note', { call = call.key, text = clean }, function()
        self.answers:say(source, 'good', 'notice.noted', { number = number })
    end)
end

-- The end -----------------------------------------------------------------------------------------

---The call is over: nobody is on it any more.
---@param key string
---@param instead string? key of the call that takes its place
function Responding:closed(key, instead)
    for source, chosen in pairs(self.routed) do
        if chosen == key then self.routed[source] = instead end
    end
end

---A unit of these players is on the call no more: that they chose it holds only where another unit of
---theirs is on it.
---@param sources integer[]
---@param key string
function Responding:detached(sources, key)
    local call = self.board.calls[key]
    for _, source in ipairs(sources) do
        if call and self.routed[source] == key and not self.claims:isAttached(call, source) then
            self.routed[source] = nil
        end
    end
end

---A unit of these players is off duty. Who is a responder all the same keeps what he chose, if the unit was
---not on it: the route to it is still on his map.
---@param sources integer[]
---@param ident integer
function Responding:loggedOut(sources, ident)
    for _, key in ipairs(self.board:attached(ident)) do self:detached(sources, key) end
    for _, source in ipairs(sources) do
        if not self:chosen(source) then self.routed[source] = nil end
    end
end

---The board is another one: a call may be in the place of the one that they chose, or they are off it.
---@param before table<string, Call> the calls of the board that was
function Responding:restored(before)
    local instead = {}
    for key, call in pairs(self.board.calls) do
        if call.origin911 then instead[call.origin911] = key end
    end
    for source, key in pairs(self.routed) do
        if not self.board.calls[key] then self.routed[source] = instead[key] end
    end
    for key, was in pairs(before) do
        for _, ident in ipairs(was.units or {}) do
            self:detached(self.audience.sources.cad:playersOf(ident), key)
        end
    end
end

---@param source integer
function Responding:dropped(source)
    self.routed[source] = nil
end

CadBridge.responding = { new = new }
