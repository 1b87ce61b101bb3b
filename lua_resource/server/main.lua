---Wires the parts to the game and to each other: the only file that calls natives, and the last one.

local OWN <const> = GetCurrentResourceName()
local VERSION <const> = GetResourceMetadata(OWN, 'version', 0) or '0'
local FROM_TRANSPORT <const>, TO_TRANSPORT <const> = 'cadbridge:transport', 'cadbridge:socket'
local POSTALS <const>, CADS_OWN <const> = 'nearest-postal', 'sonorancad'
local FLUSH_MS <const>, TRANSPORT_MS <const> = 10000, 5000

local now, later = GetGameTimer, SetTimeout

---@param name string
---@return string
local function convar(name)
    return GetConvar(name, '')
end

---@param resource string
---@return boolean
local function isStarted(resource)
    return GetResourceState(resource) == 'started'
end

-- Words and options -------------------------------------------------------------------------------

local function printLine(line)
    print(CadBridge.text.console(line))
end

local words = CadBridge.locale.open(function(path) return LoadResourceFile(OWN, path) end, json.decode, printLine)
local language = convar('ox:locale') ~= '' and convar('ox:locale') or 'en'

---@type CadBridge.Tell
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

-- The game ----------------------------------------------------------------------------------------

---@param source integer
---@return Position?
local function standing(source)
    local ped = GetPlayerPed(source)
    if not ped or ped == 0 or not DoesEntityExist(ped) then return nil end
    local ok, coords = pcall(GetEntityCoords, ped)
    if not ok or not coords then return nil end
    return CadBridge.position.checked { x = coords.x, y = coords.y, z = coords.z }
end

---@param source integer
---@return number?
local function heading(source)
    local ped = GetPlayerPed(source)
    local ok, degrees = pcall(GetEntityHeading, ped)
    return ok and degrees or nil
end

---@param source integer
---@param event string
local function sendOurs(source, event, ...)
    TriggerClientEvent(event, source, ...)
end

local send = CadBridge.adapters.through(sendOurs, options.dispatch, {
    trigger = TriggerClientEvent, exports = exports, started = isStarted, jobs = options.jobs, time = os.time,
    vector = vector3 or function(x, y, z) return { x = x, y = y, z = z } end,
    warn = printLine,
})

---The same to several players: packed once, where `TriggerClientEvent` would pack it for each.
---@param sources integer[]
---@param event string
local function sendAll(sources, event, ...)
    if send ~= sendOurs then
        for _, source in ipairs(sources) do send(source, event, ...) end
        return
    end
    local payload = msgpack.pack_args(...)
    for _, source in ipairs(sources) do TriggerClientEventInternal(event, source, payload, payload:len()) end
end

---@param source integer
---@param object string
---@return boolean
local function allowed(source, object)
    return IsPlayerAceAllowed(tostring(source), object) and true or false
end

-- The parts ---------------------------------------------------------------------------------------

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

local epoch, cursor = CadBridge.session.read(GetResourceKvpString('cursor'))
local session = CadBridge.session.new {
    version = VERSION,
    instance = ('%x-%x'):format(os.time(), math.random(0, 0x7fffffff)),
    encode = json.encode, decode = json.decode,
    epoch = epoch, cursor = cursor,
}

---Sends a frame over the connection that counts.
---@param text string
---@return boolean
local function transmit(text)
    if not session.welcomed then return false end
    TriggerEvent(TO_TRANSPORT, 'send', session.generation, text)
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

---@type CadBridge.Arrivals
local arrivals

local cad = CadBridge.cadResponders.new(roster, function(source, unit)
    pictures:notice(source, {
        text = CadBridge.look.say(sight, 'notice.linkHint', { unit = unit.number or unit.name or '?' }),
        kind = 'info', style = options.notify, locale = options.locale,
    })
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
end)
local claims = CadBridge.claims.new(board, roster, audience, options)

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
    options = options, later = later,
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
    standing = standing, heading = heading, later = later,
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

local events = CadBridge.events.new {
    board = board, roster = roster, audience = audience, claims = claims, alerts = alerts, arrivals = arrivals,
    panics = panics, pictures = pictures, actions = actions, liveMap = liveMap, sight = sight,
    now = now, later = later, announce = TriggerEvent, freshFor = function() return session.freshFor end,
}

local link = CadBridge.link.new(tell, function(name, places) return words:say(language, name, places) end)

-- The connection ----------------------------------------------------------------------------------

local flushing, acknowledging, started = false, false, false

---Keeps the cursor over a restart: at once where the process ends, and soon where the machine does.
local function save()
    local text = session:saved()
    if not text then return end
    SetResourceKvpNoSync('cursor', text)
    if flushing then return end
    flushing = true
    later(FLUSH_MS, function()
        flushing = false
        FlushResourceKvp()
    end)
end

local function acknowledge()
    acknowledging = false
    local text = session:acknowledge()
    if text then transmit(text) end
end

---@type table<string, fun(action: CadBridge.Action)>
local ACT = {
    welcome = function(action)
        local welcome = action.welcome --[[@as CadBridge.Welcome]]
        if welcome.board then events:restore(welcome.board) end
        save()
        local calls, units = 0, 0
        for _ in pairs(board.calls) do calls = calls + 1 end
        for _ in pairs(board.units) do units = units + 1 end
        link:connected(session.server, session.bridge, calls, units, now())
        liveMap:wake()
    end,
    event = function(action)
        -- A broken event must not come back for ever: it is handled, if only by having been tried.
        local ok, problem = pcall(events.handle, events, action)
        if not ok then tell('server.eventFailed', { seq = action.seq, problem = tostring(problem) }) end
        session:handled(action.seq)
        save()
        if acknowledging then return end
        acknowledging = true
        later(CadBridge.session.ACK_MS, acknowledge)
    end,
    reply = function(action) requests:answer(action.id, action.result, action.error) end,
    ['end'] = function(action)
        TriggerEvent(TO_TRANSPORT, 'end', session.generation, 4400, action.reason)
    end,
}

---Whether players can read the token, as far as is known. No native tells a server script that a convar
---is replicated, and the console's own answer would print the token. A client sees what is replicated
---to it, so it reports what it can read (door `exposed`), and is believed only if that is the token:
---who lies cannot know it. What is left of the finding is a mark, so that a restart does not connect
---again before the first client has spoken.
---@return boolean
local function isExposed()
    local mark = GetResourceKvpString('exposed')
    return mark ~= nil and mark == CadBridge.link.fingerprint(convar('cadbridge_token'))
end

---@type table<string, fun(...)>
local TRANSPORT = {
    ready = function()
        if started then return end
        started = true
        if isExposed() then return link:exposed(now()) end
        TriggerEvent(TO_TRANSPORT, 'start')
    end,
    missing = function(what, detail) link:missing(what, detail, now()) end,
    open = function(generation) TriggerEvent(TO_TRANSPORT, 'hello', generation, session:open(generation)) end,
    frame = function(generation, text)
        local action = session:receive(generation, text)
        if action then ACT[action.kind](action) end
    end,
    down = function(reason, code, retryMs)
        session:down()
        requests:down()
        link:down(reason, code, retryMs, now())
    end,
}

AddEventHandler(FROM_TRANSPORT, function(what, ...)
    if GetInvokingResource() ~= OWN or not TRANSPORT[what] then return end
    TRANSPORT[what](...)
end)

-- Players -----------------------------------------------------------------------------------------

---@param source integer
---@param early boolean
local function joined(source, early)
    local player = roster:add(source, GetPlayerName(source) or '', GetPlayerIdentifiers(source), early)
    audience:joined(player, now())
    for _, ident in ipairs(cad:identsOf(source)) do panics:found(ident, source) end
    liveMap:wake()
end

local outcomes = {}

---@type CadBridge.Doors
local doors

AddEventHandler('playerJoining', function()
    joined(source, false)
end)

AddEventHandler('playerDropped', function()
    local source = math.tointeger(source) or 0
    local player = roster.players[source]
    if not player then return end
    player = roster:remove(source, now(), standing(source)) --[[@as CadBridge.Player]]
    outcomes[source] = nil
    pictures:dropped(source)
    receipts:left(source, now())
    burst:dropped(source)
    dues:dropped(source)
    claims:dropped(source)
    actions:dropped(source)
    doors:dropped(source)
    panics:dropped(source)
    audience:dropped(player)
end)

-- Doors, commands, exports ------------------------------------------------------------------------

---@param source integer
---@return boolean
local function knows(source)
    return roster.players[source] ~= nil
end

---@param source integer
---@param permission string
---@return boolean
local function may(source, permission)
    if permission == 'anyone' then return true end
    audience:ask(source, now())
    -- Whose unit is attached may respond and leave, whatever else makes a responder here.
    return audience.responders[source] or audience.dispatchers[source] or cad:holds(source)
end

doors = CadBridge.doors.new(knows, may, now, function(source, door, reason)
    local player = roster.players[source]
    tell('server.refused.' .. reason, { player = player and player.name or '?', id = source, door = door })
end)

doors:open(CadBridge.doors.list {
    ready = function(source, version)
        local player = roster.players[source]
        player.version = CadBridge.text.line(version)
        arrivals:ready(source)
        audience:updateAll(cad:review(player.keys))
    end,
    painted = function(source, key, seq, outcome)
        if receipts:painted(source, key, seq, outcome, now()) then outcomes[source] = outcome end
    end,
    respond = function(source, key) actions:respond(source, key) end,
    leave = function(source) actions:leave(source) end,
    note = function(source, key, text) actions:note(source, text, key) end,
    calls = function(source) actions:list(source) end,
    exposed = function(_, value)
        local token = convar('cadbridge_token')
        if token == '' or value ~= token or link.state == 'exposed' then return end
        SetResourceKvp('exposed', CadBridge.link.fingerprint(token))
        TriggerEvent(TO_TRANSPORT, 'stop')
        session:down()
        requests:down()
        link:exposed(now())
    end,
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
    outcome = function(source) return outcomes[source] end,
    oneSync = function() return GetConvar('onesync', 'off') ~= 'off' end,
    allowed = allowed,
    reply = function(source, line)
        if source <= 0 then return printLine(line) end
        if not isStarted('chat') then
            return pictures:notice(source, {
                text = line, kind = 'info', style = options.notify, locale = options.locale,
            })
        end
        TriggerClientEvent('chat:addMessage', source, { args = { 'cadbridge', CadBridge.text.chat(line) } })
    end,
}
RegisterCommand('cadbridge', function(source, arguments) admin:run(source, arguments) end, false)

CadBridge.exports.register({
    board = board, roster = roster, audience = audience, now = now,
    isConnected = function() return session.welcomed end,
}, exports)

-- Other resources ---------------------------------------------------------------------------------

---@type table<CadBridge.Framework, true>
local heard = {}

---Takes the framework that runs, hears its events, and reads everybody's job.
local function useFramework()
    local framework = CadBridge.jobResponders.detect(CadBridge.frameworks, GetResourceState)
    if framework == sources.job.framework then return end
    sources.job:use(framework)
    if framework and not heard[framework] then
        heard[framework] = true
        for name, whose in pairs(framework.events) do
            AddEventHandler(name, function(...)
                local source = sources.job.framework == framework and math.tointeger(tonumber(whose(...)))
                if not source or not roster.players[source] then return end
                sources.job:read(source)
                audience:update(source)
            end)
        end
    end
    for source in pairs(roster.players) do
        sources.job:read(source)
        audience:update(source)
    end
end

local function loadPostals()
    if GetResourceState(POSTALS) == 'missing' then return end
    local file = GetResourceMetadata(POSTALS, 'postal_file', 0) or 'new-postals.json'
    local content = LoadResourceFile(POSTALS, file)
    if not content then return end
    local ok, entries = pcall(json.decode, (content:gsub('^\xEF\xBB\xBF', '')))
    if not ok then return tell('server.postalsBroken', { file = file }) end
    postals:load(entries)
end

---The CAD's own resource tells units of calls too, unless that is switched off: then each would come twice.
local function noticeCadsOwn()
    if not isStarted(CADS_OWN) then return end
    local settings = LoadResourceFile(CADS_OWN, 'configuration/dispatchnotify_config.lua') or ''
    if settings:find('enabled%s*=%s*false') then return end
    tell('server.sonorancad')
end

AddEventHandler('onServerResourceStart', function(name)
    if name == CADS_OWN then noticeCadsOwn() end
    if name == POSTALS then loadPostals() end
    useFramework()
end)

AddEventHandler('onResourceStop', function(name)
    if name == OWN then
        receipts:flush()
        acknowledge()
        TriggerEvent(TO_TRANSPORT, 'stop')
        save()
        return FlushResourceKvp()
    end
    if sources.job.framework and sources.job.framework.resource == name then
        sources.job:use(nil)
        for source in pairs(roster.players) do audience:update(source) end
    end
end)

-- Start -------------------------------------------------------------------------------------------

loadPostals()
useFramework()
if isStarted(CADS_OWN) then noticeCadsOwn() end
for _, source in ipairs(GetPlayers()) do joined(math.tointeger(tonumber(source)) --[[@as integer]], true) end

later(TRANSPORT_MS, function()
    if not started then link:missing('transport', nil, now()) end
end)
TriggerEvent(TO_TRANSPORT, 'hello?')
