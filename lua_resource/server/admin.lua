---`cadbridge status`, `test` and `why`, for the server console and for `cadbridge.admin` in the game:
---one line a thing that can be wrong. Pure, but for the parts handed in.

---@class CadBridge.AdminParts
---@field board CadBridge.Board
---@field roster CadBridge.Roster
---@field audience CadBridge.Audience
---@field claims CadBridge.Claims
---@field pictures CadBridge.Pictures
---@field alerts CadBridge.Alerts
---@field requests CadBridge.Requests
---@field doors CadBridge.Doors
---@field postals CadBridge.Postals
---@field sight CadBridge.Sight
---@field options CadBridge.Options
---@field link CadBridge.Link
---@field version string
---@field outcome fun(source: integer): string? how the player's client took the last alert
---@field oneSync fun(): boolean
---@field now fun(): integer
---@field allowed fun(source: integer, permission: string): boolean asks the game
---@field reply fun(source: integer, line: string)

---@class CadBridge.Admin: CadBridge.AdminParts
local Admin = {}
Admin.__index = Admin

---@param parts CadBridge.AdminParts
---@return CadBridge.Admin
local function new(parts)
    return setmetatable(parts --[[@as CadBridge.Admin]], Admin)
end

---@private
---@param source integer
---@param name string
---@param places table<string, string|number>?
function Admin:say(source, name, places)
    self.reply(source, self.sight.words:say(self.options.locale, name, places))
end

---@private
---@param yes any
---@return string
function Admin:yes(yes)
    return self.sight.words:say(self.options.locale, yes and 'server.yes' or 'server.no')
end

---@private
---@return string
function Admin:none()
    return self.sight.words:say(self.options.locale, 'server.none')
end

---A list in one line.
---@private
---@param names string[]
---@param separator string?
---@return string
function Admin:list(names, separator)
    return #names > 0 and table.concat(names, separator or ', ') or self:none()
end

---What makes a responder, in words.
---@private
---@param sources CadBridge.Source[]
---@return string
function Admin:sources(sources)
    local words = {}
    for index, name in ipairs(sources) do
        words[index] = self.sight.words:say(self.options.locale, 'server.source.' .. name)
    end
    return self:list(words, '; ')
end

---@param set table<any, any>
---@return integer
local function size(set)
    local count = 0
    for _ in pairs(set) do count = count + 1 end
    return count
end

---@private
---@param source integer
function Admin:status(source)
    local sources, ready = self.audience.sources, 0
    for _, player in pairs(self.roster.players) do
        if player.ready then ready = ready + 1 end
    end
    local units, matched = sources.cad:count()
    self:say(source, 'server.status.version', { version = self.version })
    self.reply(source, self.link:describe(self.now()))
    self:say(source, 'server.status.players', { players = self.roster.count, ready = ready })
    local framework = sources.job.framework
    self:say(source, 'server.status.responders', {
        responders = size(self.audience.responders), dispatchers = size(self.audience.dispatchers),
    })
    self:say(source, 'server.status.sources', {
        sources = self:sources(self.options.responders), units = units, matched = matched,
        ace = sources.ace:count(), job = sources.job:count(),
        framework = framework and framework.resource or self:none(),
    })
    self:say(source, 'server.status.calls', { calls = size(self.board.calls), postals = self.postals.count })
    if not self.oneSync() then self:say(source, 'server.status.noOneSync') end
    local doors = {}
    for door in pairs(self.doors.refused) do doors[#doors + 1] = door end
    table.sort(doors)
    for _, door in ipairs(doors) do
        self:say(source, 'server.status.refused', { door = door, count = self.doors.refused[door] })
    end
end

---@private
---@param reference string?
---@return CadBridge.Player?
function Admin:player(reference)
    local number = math.tointeger(tonumber(reference))
    return number and self.roster.players[number] or nil
end

---@private
---@param source integer
---@param reference string?
function Admin:test(source, reference)
    local player = self:player(reference or ('%d'):format(source))
    if not player and not reference and self.roster.count == 1 then
        player = self.roster.players[next(self.roster.players)]
    end
    if not player then return self:say(source, 'server.test.whom') end
    if not player.ready then return self:say(source, 'server.test.notReady', { player = player.name }) end
    self.requests:ask('call.test', { player = player.identifiers }, function(result, problem)
        if problem then
            local sentence = CadBridge.requests.sentence(problem)
            return self:say(source, sentence, { problem = problem.message or problem.code })
        end
        if self.roster.players[player.source] ~= player then return end
        self:say(source, 'server.test.sent', { player = player.name })
        if type(result.key) == 'string' then self.alerts:tester(result.key, player.source) end
    end)
end

---@private
---@param source integer
---@param player CadBridge.Player
---@param reference string?
function Admin:whyCall(source, player, reference)
    if not reference then return end
    local call = self.board:find(reference)
    if not call then return self:say(source, 'server.why.noCall', { call = reference }) end
    local class, has = self.claims:entitled(call, player.source), self.pictures:has(player.source, call.key)
    self:say(source, class and 'server.why.entitled' or 'server.why.notEntitled', {
        call = CadBridge.look.number(self.sight, call), has = self:yes(has),
        class = class and self.sight.words:say(self.options.locale, 'card.class.' .. class),
    })
    if not class and self.claims:isRestricted(call.key) then
        self:say(source, 'server.why.restricted', { call = CadBridge.look.number(self.sight, call) })
    end
end

---@private
---@param source integer
---@param reference string?
---@param call string?
function Admin:why(source, reference, call)
    local player = self:player(reference)
    if not player then return self:say(source, 'server.why.noPlayer', { player = reference or '?' }) end
    local id, sources = player.source, self.audience.sources
    self.audience:ask(id, self.now())
    sources.job:read(id)
    self.audience:update(id)
    local reasons, job = self.audience:reasons(id), sources.job:of(id)
    self:say(source, #reasons > 0 and 'server.why.responder' or 'server.why.bystander', {
        player = player.name, id = id,
        sources = self:sources(#reasons > 0 and reasons or self.options.responders),
    })
    self:say(source, 'server.why.ids', { ids = self:list(player.keys) })
    local units = {}
    for _, ident in ipairs(sources.cad:identsOf(id)) do
        local unit = self.board.units[ident]
        units[#units + 1] = unit and unit.number or ('%d'):format(ident)
    end
    local claimed = sources.cad:claims(id)
    self:say(source, 'server.why.unit', { units = self:list(units) })
    if #units == 0 and claimed then
        local command = self.options.commands.link
        self:say(source, 'server.why.claimed', { ident = claimed, command = command ~= '' and command or 'link' })
    end
    self:say(source, 'server.why.rights', {
        responder = self:yes(self.allowed(id, 'cadbridge.responder')),
        dispatcher = self:yes(self.allowed(id, 'cadbridge.dispatcher')),
    })
    self:say(source, 'server.why.job', {
        job = job and job.name or self:none(), duty = self:yes(job and job.onDuty),
        listed = self:yes(sources.job:lists(id)),
    })
    self:say(source, 'server.why.client', {
        ready = self:yes(player.ready), version = player.version or self:none(),
        outcome = self.sight.words:say(self.options.locale, 'server.outcome.' .. (self.outcome(id) or 'none')),
    })
    self:whyCall(source, player, call)
end

---The command `cadbridge`.
---@param source integer 0 for the console
---@param arguments string[]
function Admin:run(source, arguments)
    if source > 0 and not self.allowed(source, 'cadbridge.admin') then return self:say(source, 'server.adminsOnly') end
    local what = tostring(arguments[1] or ''):lower()
    if what == 'status' then return self:status(source) end
    if what == 'test' then return self:test(source, arguments[2]) end
    if what == 'why' then return self:why(source, arguments[2], arguments[3]) end
    self:say(source, 'server.usage')
end

CadBridge.admin = { new = new }
