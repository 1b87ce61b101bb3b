---Puts the client together: the only file here that knows all the others. Takes what the server sends,
---never what another resource on this machine pretends that it sent, and says when it is ready for it.

local own = GetCurrentResourceName()
local game = _G
local later = SetTimeout

---@return table<string, string>
local function english()
    local ok, words = pcall(json.decode, LoadResourceFile(own, 'locales/en.json') or '')
    return ok and type(words) == 'table' and words or {}
end

local words = CadBridge.locale.open(
    function(path) return LoadResourceFile(own, path) end,
    json.decode,
    function(line) print(('[cadbridge] %s'):format(CadBridge.text.console(line))) end)

---@param locale any
---@param name string
---@param places table?
---@return string
local function say(locale, name, places)
    return words:say(type(locale) == 'string' and locale or 'en', name, places)
end

local page = CadBridge.page.new(SendNUIMessage, english(), say, function()
    return { safe = GetSafeZoneSize(), metric = ShouldUseMetricMeasurements() and true or false }
end)

---@param action string
---@param data any
local function send(action, data) page:send(action, data) end

local chosen = CadBridge.preferences.read(GetResourceKvpString(CadBridge.preferences.KEY), json.decode)
local function preferences() return chosen end

local blips = CadBridge.blips.new(game, later)
local focus = CadBridge.focus.new(game, later, send)
local card = CadBridge.card.new(send, later)

---@param name SoundName
---@param volume integer
local function play(name, volume)
    if chosen.sound == 'card' and card:available() then
        return send('sound', { name = name, volume = volume })
    end
    local entry = CadBridge.sounds.GAME[name]
    PlaySoundFrontend(-1, entry[1], entry[2], true)
end

local sounds = CadBridge.sounds.new(play, GetGameTimer, later)

---@type table<string, Style_>
local styles = {
    card = card,
    native = CadBridge.feed.new(game),
    ox_lib = CadBridge.oxLib.new(game),
    chat = CadBridge.chat.new(game),
}

local RESPOND, LIST = 'cadbridge_respond', 'cadbridge_calls'

---@return table<string, string?>
local function bound()
    return { respond = CadBridge.keys.bound(game, '+' .. RESPOND), list = CadBridge.keys.bound(game, '+' .. LIST) }
end

local compass ---@type Compass
local screen ---@type Screen
local targeted ---@type string?
screen = CadBridge.screen.new({
    styles = styles,
    choose = CadBridge.styles.choose,
    blips = blips,
    sounds = sounds,
    preferences = preferences,
    say = say,
    announce = function(alert)
        TriggerEvent('cadbridge:alert', alert)
        return WasEventCanceled() and true or false
    end,
    receipt = function(key, seq, outcome) TriggerServerEvent('cadbridge:painted', key, seq, outcome) end,
    bound = function() return CadBridge.keys.bound(game, '+' .. RESPOND) end,
    away = function() return IsPauseMenuActive() and true or false end,
    watch = function()
        compass:watch()
        local alert = screen:latest()
        local key = alert and alert.key or ''
        if key ~= targeted then
            targeted = key
            send('target', { key = key })
        end
    end,
    now = GetGameTimer,
    later = later,
})

compass = CadBridge.compass.new(game, later, send, function()
    local shown = screen:shownBy('card')
    for _, alert in ipairs(shown) do
        if CadBridge.blips.placeable(alert.position) then return 'always' end
    end
    return #shown > 0 and 'changes' or nil
end)

---@param new any
local function choose(new)
    chosen = CadBridge.preferences.complete(new)
    SetResourceKvp(CadBridge.preferences.KEY, json.encode(chosen))
    send('preferences', chosen)
    screen:reconsider()
end

local panels = CadBridge.panels.new({
    game = game, focus = focus, page = page, screen = screen, blips = blips,
    there = function() return card:available() end,
    here = function() return compass:here() end,
    keys = bound,
    styles = function()
        local there = {}
        for name, style in pairs(styles) do there[name] = style:available() end
        return there
    end,
    preferences = preferences,
    choose = choose,
    listen = function(name, class)
        if CadBridge.sounds.GAME[name] then play(name, CadBridge.preferences.loudness(chosen, class)) end
    end,
})

local chatHelp = CadBridge.chatHelp.new(game)

-- What the server sends. -------------------------------------------------------------------------

---Registers an event of the server. Locally a client's resources may trigger it too: `source` is empty
---then, and nothing is done.
---@param name string
---@param handler fun(...)
local function hear(name, handler)
    RegisterNetEvent(name, function(...)
        if source == '' or source == nil then return end
        handler(...)
    end)
end

hear('cadbridge:show', function(alert)
    if type(alert) ~= 'table' then return end
    page:prepare(alert.locale)
    screen:show(alert)
    if type(alert.key) == 'string' then panels:changed(alert) end
end)

hear('cadbridge:clear', function(key, reason)
    screen:clear(key, reason)
    panels:gone(key)
end)

hear('cadbridge:move', function(key, position) screen:move(key, position) end)

hear('cadbridge:notice', function(notice)
    if type(notice) == 'table' then page:prepare(notice.locale) end
    screen:notice(notice)
end)

hear('cadbridge:list', function(alerts, locale) panels:calls(alerts, locale) end)
hear('cadbridge:settings', function(locale) panels:settings(locale) end)
hear('cadbridge:suggest', function(list) chatHelp:take(list) end)

hear('cadbridge:wipe', function()
    screen:wipe()
    panels:wipe()
end)

-- What the page says. ----------------------------------------------------------------------------

local callbacks = panels:callbacks()

---The page may be loaded again at any time; then it gets back what was on it.
callbacks.ready = function()
    targeted = nil
    page:forget()
    compass:forget()
    card:loaded()
    focus:close()
    send('hello', {})
    send('preferences', chosen)
    local lost = screen:shownBy('card')
    if #lost == 0 then return end
    page:prepare(lost[1].locale)
    screen:restore('card')
end
callbacks.painted = function(data) card:painted(data.tickets) end

for name, handle in pairs(callbacks) do
    RegisterNUICallback(name, function(data, reply)
        reply({ ok = true }) -- first: whatever happens, the page must not hang
        if type(data) == 'table' then handle(data) end
    end)
end

-- Keys, start and stop. --------------------------------------------------------------------------

CadBridge.keys.register(game, function(name) return say(GetConvar('ox:locale', 'en'), name) end, {
    command = RESPOND, word = 'key.respond', default = 'J',
    press = function()
        local alert = screen:latest()
        if alert then TriggerServerEvent('cadbridge:respond', alert.key) end
    end,
})

CadBridge.keys.register(game, function(name) return say(GetConvar('ox:locale', 'en'), name) end, {
    command = LIST, word = 'key.list', default = '',
    press = function() TriggerServerEvent('cadbridge:calls') end,
})

-- The chat suggests every command anew, and bare, when it is loaded and after any resource has started or
-- stopped, the keys among them. In the next step it has heard this event too, whoever heard it first.
RegisterNetEvent('chat:addSuggestions', function(told)
    later(0, function()
        for _, command in ipairs({ RESPOND, LIST }) do CadBridge.keys.hide(game, command) end
        if chatHelp:contradicts(told) then chatHelp:give() end
    end)
end)

AddEventHandler('onClientResourceStart', function(name)
    if name ~= own then return end
    TriggerServerEvent('cadbridge:ready', GetResourceMetadata(own, 'version', 0))
    -- Only a client can see that the owner's secret is replicated; the server then refuses to use it.
    local exposed = GetConvar('cadbridge_token', '')
    if exposed ~= '' then TriggerServerEvent('cadbridge:exposed', exposed) end
end)

AddEventHandler('onResourceStop', function(name)
    if name ~= own then return end
    focus:close()
    screen:wipe()
end)
