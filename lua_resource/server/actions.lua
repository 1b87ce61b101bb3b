---What a player can do: respond, leave, close, note, status, link, place a call, panic. Commands and
---doors come here with a player they know and values they checked; what the CAD must be told goes to
---the bridge, and every answer to the player. Pure, but for the parts handed in.

---@class CadBridge.ActionParts
---@field board CadBridge.Board
---@field roster CadBridge.Roster
---@field audience CadBridge.Audience
---@field claims CadBridge.Claims
---@field pictures CadBridge.Pictures
---@field alerts CadBridge.Alerts
---@field whereabouts CadBridge.Whereabouts
---@field panics CadBridge.Panics
---@field requests CadBridge.Requests
---@field postals CadBridge.Postals
---@field sight CadBridge.Sight
---@field options CadBridge.Options
---@field standing fun(source: integer): Position?
---@field now fun(): integer
---@field later fun(ms: integer, callback: fun())
---@field send fun(source: integer, event: string, ...)

---@class CadBridge.Actions: CadBridge.ActionParts
---@field private routed table<integer, string> source -> key of the call he chose
---@field private linking table<integer, integer> source -> clock at which his code ends
local Actions = {}
Actions.__index = Actions

---The CAD takes 1,000 characters of a description; a player's name is shorter than this.
local TEXT, NAME, LISTED = 1000, 100, 500
---Bytes of a call's texts in the list, about what one line and the panel beside it hold: 500 calls are
---one event.
local IN_LIST = { text = 160, title = 100, place = 100, caller = 60, postal = 24, priority = 24, status = 32 }
local UNIT_IN_LIST = 16
local LINK_CHECK_MS = 30000
---The bridge gives up a response 60 s after it was asked for; a little later nothing more can come.
local GIVEN_UP_MS = 65000
---How long the echo of a call placed from the game may take.
local ECHO_MS = 3000

---@param parts CadBridge.ActionParts
---@return CadBridge.Actions
local function new(parts)
    local actions = { routed = {}, linking = {} }
    for name, part in pairs(parts) do actions[name] = part end
    return setmetatable(actions, Actions)
end

---One line for the player.
---@param source integer
---@param kind 'info'|'good'|'bad'
---@param name string of the words
---@param places table<string, string|number>?
function Actions:say(source, kind, name, places)
    self.pictures:notice(source, {
        text = CadBridge.look.say(self.sight, name, places), kind = kind,
        style = self.options.notify, locale = self.options.locale,
    })
end

---How a command is typed, by the name that it has on this server.
---@param source integer
---@param command string default name
function Actions:usage(source, command)
    self:say(source, 'bad', 'notice.usage.' .. command, { command = self.options.commands[command] })
end

---Tells the player why the bridge did not.
---@private
---@param source integer
---@param problem CadBridge.Problem
function Actions:refused(source, problem)
    if not self.roster.players[source] then return end
    self:say(source, 'bad', CadBridge.requests.sentence(problem), {
        problem = CadBridge.look.short(problem.message, 200) or problem.code,
    })
end

---@private
---@param source integer
---@param method string
---@param params table
---@param done fun(result: table) called when the bridge did it
function Actions:ask(source, method, params, done)
    local player = self.roster.players[source]
    if not player then return end
    params.player = player.identifiers
    self.requests:ask(method, params, function(result, problem)
        -- An answer for somebody who has left, or whose number is another's now.
        if self.roster.players[source] ~= player then return end
        if problem then return self:refused(source, problem) end
        done(result --[[@as table]])
    end)
end

---The call that the player means: the one he names, else the one he is on, else the newest he has.
---@private
---@param source integer
---@param reference string?
---@return Call?
function Actions:callFor(source, reference)
    if reference then
        local call = self.board:find(reference)
        return call and self.claims:entitled(call, source) and call or nil
    end
    local chosen = self.routed[source] and self.board.calls[self.routed[source]]
    return chosen or self:assigned(source)
end

---@private
---@param source integer
---@return Call? call that a unit of his is attached to, the newest first
function Actions:assigned(source)
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
function Actions:newest(source)
    for _, call in ipairs(self.board:newest()) do
        local class = call.kind ~= 'test' and self.claims:entitled(call, source)
        if class and class ~= 'caller' then return call end
    end
    return nil
end

---@private
---@param source integer
---@param call Call
---@param on boolean
function Actions:route(source, call, on)
    local class = self.claims:entitled(call, source)
    if not class then return end
    self.pictures:show(source, self.alerts:build(call, class, 'change', { changed = {}, route = on }))
end

---Routes the player to a call, and attaches him in the CAD. The route does not wait for the CAD.
---@param source integer
---@param reference string? key or id; nil for the newest call he has
function Actions:respond(source, reference)
    local panic = reference and self.panics:get(reference)
    if panic then return self:respondToPanic(source, panic) end
    local call
    if reference then call = self:callFor(source, reference) else call = self:newest(source) end
    if not call then return self:say(source, 'bad', 'notice.noSuchCall') end
    if call.kind == 'test' then return self:say(source, 'info', 'notice.testCall') end
    local number = CadBridge.look.number(self.sight, call)
    self.routed[source] = call.key
    self:route(source, call, true)
    local placed = self.whereabouts:of(call.key) ~= nil
    self:say(source, 'info', placed and 'notice.routing' or 'notice.routingNowhere', { number = number })
    self:ask(source, 'call.respond', { call = call.key }, function(result)
        if result.queued then return self:queued(source, number) end
        if type(result.call) == 'string' and self.routed[source] == call.key then self.routed[source] = result.call end
        self:say(source, 'good', 'notice.responding', { number = number })
    end)
end

---The CAD is busy: it is said now, and once more if the bridge has given up without attaching him.
---@private
---@param source integer
---@param number string
function Actions:queued(source, number)
    self:say(source, 'info', 'notice.queued', { number = number })
    local player = self.roster.players[source]
    self.later(GIVEN_UP_MS, function()
        local waits = self.routed[source] and self.board.calls[self.routed[source]] ~= nil
        if player ~= nil and self.roster.players[source] == player and waits and not self:assigned(source) then
            self:say(source, 'bad', 'notice.gaveUp', { number = number })
        end
    end)
end

---@private
---@param source integer
---@param panic CadBridge.Panic
function Actions:respondToPanic(source, panic)
    if not self.pictures:has(source, panic.key) then return self:say(source, 'bad', 'notice.noSuchCall') end
    local alert = self.panics:build(panic, 'quiet')
    alert.how, alert.changed, alert.route = 'change', {}, true
    self.pictures:show(source, alert)
    self:say(source, 'info', panic.position and 'notice.routing' or 'notice.routingNowhere', { number = panic.number })
end

---Leaves the call: the route ends at once, the CAD is told.
---@param source integer
function Actions:leave(source)
    local chosen = self.routed[source] and self.board.calls[self.routed[source]]
    local assigned = self:assigned(source)
    self.routed[source] = nil
    if chosen then self:route(source, chosen, false) end
    if assigned and assigned ~= chosen then self:route(source, assigned, false) end
    if not chosen and not assigned then return self:say(source, 'bad', 'notice.onNoCall') end
    self:ask(source, 'call.leave', {}, function(result)
        self:say(source, 'good', result.left == false and 'notice.wasOnNoCall' or 'notice.left')
    end)
end

---Closes the call, for dispatchers.
---@param source integer
---@param reference string?
function Actions:close(source, reference)
    local call = self:callFor(source, reference)
    if not call then return self:say(source, 'bad', reference and 'notice.noSuchCall' or 'notice.onNoCall') end
    local number = CadBridge.look.number(self.sight, call)
    self:ask(source, 'call.close', { call = call.key }, function()
        self:say(source, 'good', 'notice.closed', { number = number })
    end)
end

---@param source integer
---@param text string
---@param reference string?
function Actions:note(source, text, reference)
    local call = self:callFor(source, reference)
    if not call then return self:say(source, 'bad', reference and 'notice.noSuchCall' or 'notice.onNoCall') end
    local number = CadBridge.look.number(self.sight, call)
    local clean = CadBridge.text.cut(CadBridge.text.line(text), TEXT)
    self:ask(source, 'call.note', { call = call.key, text = clean }, function()
        self:say(source, 'good', 'notice.noted', { number = number })
    end)
end

---Statuses of the CAD by the words that players type; communities add others, which go as numbers.
local STATUSES = {
    unavailable = 0, busy = 1, available = 2, enroute = 3, onscene = 4,
    ['10-7'] = 0, ['10-6'] = 1, ['10-8'] = 2, ['10-97'] = 3, ['10-23'] = 4,
}

---@param source integer
---@param word string
function Actions:status(source, word)
    local plain = word:lower():gsub('[%s_]', '')
    local number = math.tointeger(tonumber(plain))
    local status = STATUSES[plain] or STATUSES[(plain:gsub('%-', ''))]
    if number and number >= 0 and number <= 999 then status = number end
    if not status then return self:say(source, 'bad', 'notice.unknownStatus') end
    self:ask(source, 'unit.status', { status = status }, function(result)
        if result.updated == 0 then return self:say(source, 'bad', 'notice.refused.not_a_unit') end
        self:say(source, 'good', 'notice.statusSet')
    end)
end

---Starts linking the player's CAD account; success comes as an event, or is asked for.
---@param source integer
function Actions:link(source)
    self:ask(source, 'link.create', {}, function(result)
        if result.linked then return self:say(source, 'good', 'notice.alreadyLinked') end
        local minutes = math.max(1, math.floor((tonumber(result.expiresIn) or 600) / 60 + 0.5))
        self:say(source, 'info', 'notice.linkCode', {
            code = tostring(result.code or '?'), url = tostring(result.url or ''), minutes = ('%d'):format(minutes),
        })
        local watching = self.linking[source]
        self.linking[source] = self.now() + minutes * 60000
        if not watching then self:awaitLink(source) end
    end)
end

---@private
---@param source integer
function Actions:awaitLink(source)
    self.later(LINK_CHECK_MS, function()
        local ends, player = self.linking[source], self.roster.players[source]
        if not ends then return end
        if not player or self.now() > ends then
            self.linking[source] = nil
            return
        end
        self.requests:ask('link.check', { player = player.identifiers }, function(result)
            if result and result.linked then self:linked(source) end
        end)
        self:awaitLink(source)
    end)
end

---The player's account is linked.
---@param source integer
function Actions:linked(source)
    local asked = self.linking[source]
    self.linking[source] = nil
    if asked then self:say(source, 'good', 'notice.linked') end
end

---Places a call. Where from is the server's knowledge, not the player's.
---@param source integer
---@param emergency boolean
---@param text string
function Actions:place(source, emergency, text)
    local player = self.roster.players[source]
    if not player then return end
    local position = CadBridge.position.checked(self.standing(source))
    local postal = position and self.postals:nearest(position.x, position.y)
    local name = self.audience.sources.job:character(source) or player.name
    self:ask(source, 'call.create', {
        emergency = emergency,
        caller = CadBridge.text.cut(CadBridge.text.line(name), NAME),
        text = CadBridge.text.cut(CadBridge.text.line(text), TEXT),
        position = position,
        postal = postal and postal.code,
        location = postal and CadBridge.look.say(self.sight, 'call.location', { postal = postal.code }) or '',
    }, function(result)
        if type(result.key) == 'string' then self.alerts:placed(result.key, source) end
        -- His call comes back as an event and acknowledges itself; where it does not, he hears it so.
        self.later(ECHO_MS, function()
            if self.roster.players[source] ~= player or self.pictures:has(source, result.key) then return end
            self:say(source, 'good', 'notice.placed')
        end)
    end)
end

---Raises the player's panic, or ends it. In the game this does not wait for the CAD.
---@param source integer
function Actions:panic(source)
    local active = self.panics:find(nil, source)
    if active then
        self.panics:finish(active, 'off')
    else
        local ident = self.audience.sources.cad:identsOf(source)[1]
        local unit = ident and self.board.units[ident]
        local player = self.roster.players[source]
        self.panics:raise(unit, source, unit and (unit.number or unit.name) or player.name, { age = 0, alert = true })
    end
    self:say(source, 'info', active and 'notice.panicOff' or 'notice.panicOn')
    self:ask(source, 'unit.panic', { on = not active }, function(result)
        if result.updated == 0 and not active then self:say(source, 'info', 'notice.panicNoUnit') end
    end)
end

---The alert as an entry of the list: short, and without what only the map needs.
---@param alert Alert
---@return Alert
local function listed(alert)
    alert.route, alert.blip = nil, nil
    for field, most in pairs(IN_LIST) do alert[field] = CadBridge.look.short(alert[field], most) end
    for index, unit in ipairs(alert.units or {}) do
        alert.units[index] = CadBridge.text.short(unit, UNIT_IN_LIST)
    end
    return alert
end

---The list of open calls, for who may see them.
---@param source integer
function Actions:list(source)
    local alerts = {}
    for _, call in ipairs(self.board:newest()) do
        local class, proof = self.claims:entitled(call, source)
        if class and #alerts < LISTED then
            alerts[#alerts + 1] = listed(self.alerts:build(call, class, 'quiet', { route = false }, proof))
        end
    end
    self.send(source, 'cadbridge:list', alerts, self.options.locale)
end

---The call is over: nobody is on it any more.
---@param key string
---@param instead string? key of the call that takes its place
function Actions:closed(key, instead)
    for source, chosen in pairs(self.routed) do
        if chosen == key then self.routed[source] = instead end
    end
end

---@param source integer
function Actions:dropped(source)
    self.routed[source], self.linking[source] = nil, nil
end

CadBridge.actions = { new = new }
