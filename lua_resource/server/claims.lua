---Who is entitled to a call, and as what. A player has a call as one of its attached units, as a
---responder, as a dispatcher, or as its caller; nobody else learns of it. Pure.

---Whether the id that matched proves who is meant. `alerted`: it does, and the option `caller` gives him
---what responders get.
---@alias CadBridge.Proof 'verified'|'claimed'|'alerted'

---@class CadBridge.Claims
---@field private board CadBridge.Board
---@field private roster CadBridge.Roster
---@field private audience CadBridge.Audience
---@field private options CadBridge.Options
---@field private callers table<string, table<integer, CadBridge.Proof>> key -> source
---@field private named CadBridge.Callers the open calls, by the ids that they name
---@field private testers table<string, integer> key -> source
---@field private own CadBridge.Membership source -> keys of the calls he placed or tests
---@field private restricted table<string, true> keys that only dispatchers get
local Claims = {}
Claims.__index = Claims

---@type table<integer, CadBridge.Proof>
local NOBODY = {}

---@param board CadBridge.Board
---@param roster CadBridge.Roster
---@param audience CadBridge.Audience
---@param options CadBridge.Options
---@return CadBridge.Claims
local function new(board, roster, audience, options)
    return setmetatable({
        board = board, roster = roster, audience = audience, options = options,
        named = CadBridge.callers.new(roster), own = CadBridge.membership.new(),
        callers = {}, testers = {}, restricted = {},
    }, Claims)
end

---@private
---@param key string
---@param source integer
---@param proof CadBridge.Proof
function Claims:called(key, source, proof)
    local callers = self.callers[key]
    if not callers then
        callers = {}
        self.callers[key] = callers
    end
    callers[source] = proof
    self.own:put(source, key, true)
end

---Finds the callers among those who are here.
---@private
---@param call Call
---@return integer[] who was none before, or was not proven to be one
function Claims:match(call)
    local key, found = call.key, {}
    local match = self.roster:match(call.callerIds)
    for _, source in ipairs(match.players) do
        local before = self:callersOf(key)[source]
        local proof = match.verified and 'verified' or before or 'claimed'
        if proof ~= before then found[#found + 1] = source end
        self:called(key, source, proof)
    end
    return found
end

---A call was opened, is known from the board, or was made from a 911 call as is known only now: finds its
---caller. A dispatch call made from a 911 call takes over whose that one was.
---@param call Call
---@param known boolean? it was open before: whether only dispatchers get it was decided then
---@return integer[] who was none before, or was not proven to be one
function Claims:open(call, known)
    local key, before = call.key, call.origin911
    self.named:put(call)
    for source, proof in pairs(before and self.callers[before] or NOBODY) do self:called(key, source, proof) end
    local named = self:match(call)
    if before then
        self.restricted[key] = self.restricted[key] or self.restricted[before]
    elseif not known and call.kind == '911' and self.options.dispatcherFirst then
        self:restrict(key)
    end
    return named
end

---A call changed: its callers are those whom its ids name now, and those whom they named before.
---@param call Call
---@return integer[] who was none before, or was not proven to be one
function Claims:changed(call)
    return self.named:put(call) and self:match(call) or {}
end

---The call is over, and nothing takes its place.
---@param key string
function Claims:forget(key)
    for source in pairs(self:callersOf(key)) do self.own:put(source, key) end
    if self.testers[key] then self.own:put(self.testers[key], key) end
    self.callers[key], self.testers[key], self.restricted[key] = nil, nil, nil
    self.named:remove(key)
end

---The player placed this call from the game: better proof than any id.
---@param key string
---@param source integer
function Claims:placed(key, source)
    self:called(key, source, 'verified')
end

---Forgets whatever is not open.
---@param open table<string, Call>
function Claims:keep(open)
    for _, memory in ipairs { self.callers, self.testers, self.restricted } do
        for key in pairs(memory) do
            if not open[key] then self:forget(key) end
        end
    end
    self.named:keep(open)
end

---Whose test it is.
---@param key string
---@param source integer
function Claims:test(key, source)
    self.testers[key] = source
    self.own:put(source, key, true)
end

---@param key string
---@return integer?
function Claims:tester(key)
    return self.testers[key]
end

---A player joined: of which open calls he is the caller.
---@param source integer
function Claims:joined(source)
    for key in pairs(self.named:naming(self.roster.players[source].keys)) do
        -- A 911 call that became a dispatch call is remembered a little longer than it is open.
        local call = self.board.calls[key]
        if call then self:match(call) end
    end
end

---@param source integer
function Claims:dropped(source)
    for key in pairs(self:ownOf(source)) do
        local callers = self.callers[key]
        if callers then
            callers[source] = nil
            if not next(callers) then self.callers[key] = nil end
        end
        if self.testers[key] == source then self.testers[key] = nil end
    end
    self.own:forget(source)
end

---The players who placed the call.
---@param key string
---@return table<integer, CadBridge.Proof> not to be changed
function Claims:callersOf(key)
    return self.callers[key] or NOBODY
end

---The calls that the player placed or tests: all that he may have without being on duty.
---@param source integer
---@return table<string, true> keys not to be changed
function Claims:ownOf(source)
    return self.own:of(source)
end

---The call is for dispatchers only, while there is one.
---@param key string
function Claims:restrict(key)
    if self.audience.sources.cad.dispatchers > 0 then self.restricted[key] = true end
end

---Calls that were for dispatchers only, no longer are: the last dispatcher has left.
---@return string[] keys
function Claims:lift()
    local keys = {}
    for key in pairs(self.restricted) do keys[#keys + 1] = key end
    self.restricted = {}
    table.sort(keys)
    return keys
end

---Whether only dispatchers get the call.
---@param key string
---@return boolean
function Claims:isRestricted(key)
    return self.restricted[key] == true
end

---Whether one of the player's units is attached.
---@param call Call
---@param source integer
---@return boolean
function Claims:isAttached(call, source)
    if not (call.units and call.units[1]) then return false end
    for ident in pairs(self.audience.sources.cad:unitsOf(source)) do
        if self.board:isOn(ident, call.key) then return true end
    end
    return false
end

---Whether the player is a responder, a dispatcher, or has a unit: who is none of them can have a call
---only as its caller or tester.
---@param source integer
---@return boolean
function Claims:hasDuty(source)
    local audience = self.audience
    return (audience.responders[source] or audience.dispatchers[source]
        or next(audience.sources.cad:unitsOf(source))) ~= nil
end

---The class in which the player has the call by his duty: who only placed it has no right to work on it.
---@param call Call
---@param source integer
---@return string?
function Claims:onDuty(call, source)
    local key, audience = call.key, self.audience
    if call.kind == 'test' then return self.testers[key] == source and 'test' or nil end
    if self:isAttached(call, source) then return 'assigned' end
    local dispatcher = audience.dispatchers[source]
    if call.kind == 'dispatch' and dispatcher then return 'dispatch' end
    if call.kind == '911' or call.origin911 then
        if self.restricted[key] then
            if dispatcher then return CadBridge.look.kind(call) end
        elseif audience.responders[source] then
            return CadBridge.look.kind(call)
        end
    end
    return nil
end

---The class in which the player has the call; nil for who has not.
---@param call Call
---@param source integer
---@return string? class
---@return CadBridge.Proof? proof of who has it as its caller only
function Claims:entitled(call, source)
    local class = self:onDuty(call, source)
    if class then return class, nil end
    local proof = self:callersOf(call.key)[source]
    if not proof or call.kind == 'test' or self.options.caller == 'none' then return nil, nil end
    if self:mayBeAlerted(call.key, source) then return CadBridge.look.kind(call), 'alerted' end
    return 'caller', proof
end

---Whether the player gets, or would get off duty, as the call's caller what responders get.
---@param key string
---@param source integer
---@return boolean
function Claims:mayBeAlerted(key, source)
    return self.options.caller == 'alert' and self:callersOf(key)[source] == 'verified'
end

---Everybody who may be entitled to the call, in ascending order: nobody else need be asked.
---@param call Call
---@return integer[]
function Claims:candidates(call)
    local set, audience = {}, self.audience
    for source in pairs(self:callersOf(call.key)) do set[source] = true end
    if call.kind == 'test' then
        set = { [self.testers[call.key] or false] = true }
        set[false] = nil
    else
        for source in pairs(audience.dispatchers) do set[source] = true end
        if call.kind == '911' or call.origin911 then
            for source in pairs(audience.responders) do set[source] = true end
        end
        for _, ident in ipairs(call.units or {}) do
            for _, source in ipairs(audience.sources.cad:playersOf(ident)) do set[source] = true end
        end
    end
    local sources = {}
    for source in pairs(set) do sources[#sources + 1] = source end
    table.sort(sources)
    return sources
end

CadBridge.claims = { new = new }
