---Wires the parts to the game and to each other: the only file that calls natives, and the last one.

local OWN <const> = GetCurrentResourceName()
local VERSION <const> = GetResourceMetadata(OWN, 'version', 0) or '0'
local FROM_TRANSPORT <const>, TO_TRANSPORT <const> = 'cadbridge:transport', 'cadbridge:socket'

local now, later = GetGameTimer, SetTimeout
local game = CadBridge.game.new(_G)

---@param name string
---@return string
local function convar(name)
    return GetConvar(name, '')
end

-- Words and options -------------------------------------------------------------------------------

local function printLine(line)
    print(CadBridge.text.console(line))
end

local words = CadBridge.locale.open(function(path) return LoadResourceFile(OWN, path) end, json.decode, printLine)
local language = convar('ox:locale') ~= '' and convar('ox:locale') or 'en'

---@param name string
---@param places table<string, string|number>?
local function tell(name, places)
    printLine(words:say(language, name, places))
end

if CadBridge.config == nil then
    tell(CadBridge.options.whyConfigFailed(LoadResourceFile(OWN, 'config.lua'), load))
end
local options = CadBridge.options.read(CadBridge.config, convar, tell)
language = options.locale

if OWN ~= 'cadbridge' then
    tell(OWN ~= OWN:lower() and 'server.folderCapital' or 'server.folderName', { folder = OWN })
end

-- What is known -----------------------------------------------------------------------------------

local standing, allowed = game.standing, game.allowed
local send, sendAll = CadBridge.game.senders(_G, game.isStarted, options, printLine)
local board = CadBridge.board.new()
local postals = CadBridge.postals.new()
local roster = CadBridge.roster.new(options.bareIdentifiers, function(value)
    tell('server.ambiguous', { value = value })
end)
local pictures = CadBridge.pictures.new(send, sendAll)
local burst = CadBridge.burst.new()

---@type CadBridge.Sight
local sight = {
    words = words,
    options = options,
    unit = function(ident) return board.units[ident] end,
    postal = function(position)
        local postal = postals:nearest(position.x, position.y)
        return postal and postal.code
    end,
}

-- The bridge --------------------------------------------------------------------------------------

local epoch, cursor = CadBridge.session.read(GetResourceKvpString('cursor'))
local session = CadBridge.session.new {
    version = VERSION,
    instance = ('%x-%x'):format(os.time(), math.random(0, 0x7fffffff)),
    encode = json.encode, decode = json.decode,
    epoch = epoch, cursor = cursor,
}

local function toTransport(...)
    TriggerEvent(TO_TRANSPORT, ...)
end

---Sends a frame over the connection that counts.
---@param text string
---@return boolean
local function transmit(text)
    if not session.welcomed then return false end
    toTransport('send', session.generation, text)
    return true
end

local requests = CadBridge.requests.new(function(id, method, params)
    return session.welcomed and transmit(session:request(id, method, params))
end, now, later)

local receipts = CadBridge.receipts.new(function(receipt)
    if receipt.key:find('^test:') and receipt.shown > 0 then
        tell('server.test.shown', { ms = ('%d'):format(receipt.ms or 0) })
    end
    transmit(session:receipt(receipt))
end)

-- Who gets what -----------------------------------------------------------------------------------

---@type CadBridge.Arrivals
local arrivals
---@type CadBridge.Suggestions
local suggestions

local cad = CadBridge.cadResponders.new(roster, function(source, unit)
    local hint = CadBridge.look.say(sight, 'notice.linkHint', { unit = unit.number or unit.name or '?' })
    pictures:notice(source, CadBridge.look.notice(sight, 'info', hint))
end)
local named = {}
for _, name in ipairs(options.responders) do named[name] = true end
local sources = {
    cad = cad,
    ace = CadBridge.aceResponders.new(allowed, named.ace == true),
    job = CadBridge.jobResponders.new(exports, options.jobs),
}
local audience = CadBridge.audience.new(roster, sources, options.responders, function(source, since)
    arrivals:review(source, since)
    suggestions:review(source)
end)
local claims = CadBridge.claims.new(board, roster, audience, options)

suggestions = CadBridge.suggestions.new {
    roster = roster, claims = claims, commands = options.commands, sendAll = sendAll, later = later,
    say = function(name) return words:say(language, name) end,
    there = function() return game.isStarted('chat') end,
}

local panics = CadBridge.panic.new {
    roster = roster, audience = audience, pictures = pictures, receipts = receipts, sight = sight,
    options = options, standing = standing, now = now, later = later, tell = tell,
}

local whereabouts = CadBridge.whereabouts.new(
    { postals = postals, roster = roster, standing = standing, now = now },
    function(key, position) requests:ask('call.located', { call = key, position = position }) end
)

local alerts = CadBridge.alerts.new {
    board = board, roster = roster, audience = audience, claims = claims, pictures = pictures,
    whereabouts = whereabouts, panics = panics, receipts = receipts, burst = burst, sight = sight, options = options,
    standing = standing, now = now, later = later, tell = tell,
    held = function(source)
        later(CadBridge.burst.WINDOW_MS, function() arrivals:release(source) end)
    end,
}

local dues = CadBridge.dues.new {
    board = board, roster = roster, claims = claims, pictures = pictures, alerts = alerts, sight = sight,
    later = later,
}

arrivals = CadBridge.arrivals.new {
    board = board, roster = roster, claims = claims, pictures = pictures, burst = burst, alerts = alerts,
    dues = dues, panics = panics, now = now, freshFor = function() return session.freshFor end,
}

local actions = CadBridge.actions.new {
    board = board, roster = roster, audience = audience, claims = claims, pictures = pictures, alerts = alerts,
    whereabouts = whereabouts, panics = panics, requests = requests, postals = postals, sight = sight,
    options = options,
    standing = standing, now = now, later = later, send = send,
}

local liveMap = CadBridge.liveMap.new {
    sources = function() return options.liveMap and session.welcomed and cad:inGame() or {} end,
    player = function(source) return roster.players[source] end,
    standing = standing, heading = game.heading, later = later, tell = tell,
    place = function(position)
        local postal = sight.postal(position)
        if not postal then return ('%d, %d'):format(position.x // 1, position.y // 1) end
        return CadBridge.look.say(sight, 'call.location', { postal = postal })
    end,
    report = function(updates)
        if #updates > 0 then requests:ask('units.located', { updates = updates }) end
        return session.welcomed
    end,
}

-- The connection ----------------------------------------------------------------------------------

local events = CadBridge.events.new {
    board = board, roster = roster, audience = audience, claims = claims, alerts = alerts, arrivals = arrivals,
    panics = panics, pictures = pictures, actions = actions, liveMap = liveMap, suggestions = suggestions,
    sight = sight,
    now = now, later = later, announce = TriggerEvent, tell = tell, freshFor = function() return session.freshFor end,
}

local link = CadBridge.link.new(tell, function(name, places) return words:say(language, name, places) end)

local connection = CadBridge.connection.new {
    session = session, requests = requests, receipts = receipts, events = events, liveMap = liveMap, board = board,
    link = link, store = { get = GetResourceKvpString, set = SetResourceKvpNoSync, flush = FlushResourceKvp },
    token = function() return convar('cadbridge_token') end,
    toTransport = toTransport, transmit = transmit, now = now, later = later, tell = tell,
}

AddEventHandler(FROM_TRANSPORT, function(...)
    if GetInvokingResource() == OWN then connection:hear(...) end
end)

-- Players, doors, commands, exports ---------------------------------------------------------------

local players = CadBridge.players.new {
    roster = roster, audience = audience, arrivals = arrivals, panics = panics, pictures = pictures,
    receipts = receipts, burst = burst, dues = dues, claims = claims, alerts = alerts, actions = actions,
    liveMap = liveMap, suggestions = suggestions,
    name = GetPlayerName, identifiers = GetPlayerIdentifiers, standing = standing, now = now,
}

local function knows(source) return players:knows(source) end
local function may(source, permission) return players:may(source, permission) end

local doors = CadBridge.doors.new(knows, may, now, function(source, door, reason)
    local player = roster.players[source]
    tell('server.refused.' .. reason, { player = player and player.name or '?', id = source, door = door })
end, function(source)
    -- To a bystander nothing is said.
    if players:isOnDuty(source) then actions.answers:say(source, 'bad', 'notice.tooFast') end
end)

doors:open(CadBridge.doors.list {
    ready = function(source, version) players:ready(source, version) end,
    painted = function(source, key, seq, outcome) players:painted(source, key, seq, outcome) end,
    respond = function(source, key) actions.responding:respond(source, key) end,
    leave = function(source) actions.responding:leave(source) end,
    note = function(source, key, text) actions.responding:note(source, text, key) end,
    calls = function(source) actions:list(source) end,
    exposed = function(_, value) connection:exposed(value) end,
})

CadBridge.commands.register {
    actions = actions, options = options, doors = doors, may = may, knows = knows, tell = tell, own = OWN,
    register = function(name, handler) RegisterCommand(name, handler, false) end,
    registered = GetRegisteredCommands,
}

local admin = CadBridge.admin.new {
    board = board, roster = roster, audience = audience, claims = claims, pictures = pictures, alerts = alerts,
    requests = requests, doors = doors, postals = postals, sight = sight, options = options, link = link,
    version = VERSION, now = now,
    outcome = function(source) return players.outcomes[source] end,
    oneSync = function() return GetConvar('onesync', 'off') ~= 'off' end,
    allowed = allowed,
    reply = function(source, line)
        if source <= 0 then return printLine(line) end
        if not game.isStarted('chat') then
            return pictures:notice(source, CadBridge.look.notice(sight, 'info', line))
        end
        TriggerClientEvent('chat:addMessage', source, { args = { 'cadbridge', CadBridge.text.chat(line) } })
    end,
}
RegisterCommand('cadbridge', function(source, arguments) admin:run(source, arguments) end, false)

CadBridge.exports.register({
    board = board, roster = roster, audience = audience, now = now,
    isConnected = function() return session.welcomed end,
}, exports)

-- What the game tells -----------------------------------------------------------------------------

local neighbours = CadBridge.neighbours.new {
    roster = roster, audience = audience, postals = postals,
    state = GetResourceState, file = LoadResourceFile, decode = json.decode, hear = AddEventHandler, tell = tell,
    metadata = function(resource, key) return GetResourceMetadata(resource, key, 0) end,
}

AddEventHandler('playerJoining', function() players:joined(source, false) end)

AddEventHandler('playerDropped', function()
    local source = math.tointeger(source) or 0
    if players:left(source) then doors:dropped(source) end
end)

AddEventHandler('onServerResourceStart', function(name)
    neighbours:started(name)
    suggestions:started()
end)

AddEventHandler('onResourceStop', function(name)
    if name == OWN then connection:finish() else neighbours:stopped(name) end
end)

neighbours:find()
for _, source in ipairs(GetPlayers()) do
    players:joined(math.tointeger(tonumber(source)) --[[@as integer]], true)
end
connection:begin()
