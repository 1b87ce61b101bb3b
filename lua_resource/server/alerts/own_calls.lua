---Calls that a player made himself: his test, the call that he placed from the game, and the word to
---its caller that help is on the way. Pure, but for the parts handed in.

---@class CadBridge.OwnCalls: CadBridge.AlertParts
---@field private showing CadBridge.Showing
---@field private memory CadBridge.Memory
---@field private openings CadBridge.Openings
---@field private untested table<string, CadBridge.CallEvent> tests whose player is not known yet
local OwnCalls = {}
OwnCalls.__index = OwnCalls

local look = CadBridge.look

---@param parts CadBridge.AlertParts
---@param showing CadBridge.Showing
---@param memory CadBridge.Memory
---@param openings CadBridge.Openings
---@return CadBridge.OwnCalls
local function new(parts, showing, memory, openings)
    local own = { showing = showing, memory = memory, openings = openings, untested = {} }
    for name, part in pairs(parts) do own[name] = part end
    return setmetatable(own, OwnCalls)
end

---A test: for the player who asked for it. Event and answer may come in either order.
---@param event CadBridge.CallEvent
---@return integer[] recipients
function OwnCalls:tested(event)
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
    return self.openings:handOut(event, { source }).recipients
end

---The bridge said which call is the test of this player.
---@param key string
---@param source integer
function OwnCalls:tester(key, source)
    if self.claims:tester(key) then return end
    self.claims:test(key, source)
    local event = self.untested[key]
    self.untested[key] = nil
    if event then self:tested(event) end
end

---The bridge said which call the player placed from the game; its event may have come before.
---@param key string
---@param source integer
function OwnCalls:placed(key, source)
    self.claims:placed(key, source)
    local call = self.board.calls[key]
    if call then self:named(call, source, 'alert') end
end

---The player turned out to be the caller, or is proven to be him: he hears of the call, or sees where it is.
---@param call Call
---@param source integer
---@param how 'alert'|'quiet'
function OwnCalls:named(call, source, how)
    if not self.showing:isReady(source) then return end
    local has, class, proof = self.pictures:has(source, call.key), self.claims:entitled(call, source)
    if not has and class then return self.showing:showTo(call, source, class, how) end
    if class == 'caller' then
        local parts = { changed = { 'place', 'postal', 'position' } }
        self.pictures:show(source, self.showing:build(call, class, 'change', parts, proof))
    end
end

---The first unit is attached: the caller hears it, unless the call is silent.
---@param call Call
function OwnCalls:helpIsComing(call)
    if call.silent or self.options.caller == 'none' then return end
    if self.memory:isHelped(call.key) or self.memory:isHelped(call.origin911 or '') then return end
    local callers = self.claims:callersOf(call.key)
    if not next(callers) then return end
    self.memory:help(call.key)
    local text = look.say(self.sight, 'notice.onTheWay', { number = look.number(self.sight, call, 'caller') })
    for source in pairs(callers) do
        if self.showing:isReady(source) and self.pictures:has(source, call.key) ~= 'assigned' then
            self.pictures:notice(source, look.notice(self.sight, 'good', text, 'quiet'))
        end
    end
end

---@param key string
function OwnCalls:forget(key)
    self.untested[key] = nil
end

CadBridge.ownCalls = { new = new }
