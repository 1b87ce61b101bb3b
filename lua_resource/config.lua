-- Options of cadbridge. This file stays on the server: players never get it.
--
-- It holds only what differs from the defaults, so an update never loses a choice: take the two
-- dashes from a line to change it, and mind the comma at its end. `restart cadbridge` reads it again.
-- Every line but `blip` and `commands` can also be set in server.cfg, lists with commas, such as
--     set cadbridge_responders "cad, ace"
-- which wins over this file. Nothing secret belongs here: url and token are set in server.cfg.

CadBridge.config = {

    -- Who gets alerts: 'cad' (a unit on duty in the CAD whose account is linked), 'ace' (players
    -- with the permission cadbridge.responder), 'job' (a job below, on duty), 'everyone'.
    -- responders = { 'cad', 'ace', 'job' },

    -- Jobs for 'job': names, or types such as 'leo'. Qbox, QBCore, ESX, ox_core and ND_Core are
    -- found by themselves.
    -- jobs = { 'police', 'sheriff', 'ambulance', 'fire' },

    -- What the player gets who placed the call: 'acknowledge' (a notice that it arrived, and its
    -- blip), 'alert' (the same as a responder), 'none'.
    -- caller = 'acknowledge',

    -- How alerts look for players who chose nothing in /alerts: 'auto' (the card), 'card', 'ox_lib',
    -- 'native' (the game's own feed), 'chat'.
    -- notify = 'auto',

    -- New calls in the dispatch script that the server already has: 'none', 'ps-dispatch',
    -- 'cd_dispatch', 'lb-tablet'.
    -- dispatch = 'none',

    -- true: while a dispatcher is on duty in the CAD, new 911 calls alert only dispatchers.
    -- dispatcherFirst = false,

    -- What an id without a prefix may mean. The CAD's own resource links players by bare license.
    -- bareIdentifiers = { communityUserId = { 'license' }, apiIds = { 'license', 'steam', 'discord' } },

    -- false: positions of units on duty are not sent to the CAD's live map.
    -- liveMap = true,

    -- Language of players and console: a file in locales. Default: that of ox_lib, else English.
    -- locale = 'en',

    -- Blips, per kind: emergency, civil, dispatch, panic, test. Only what differs: sprite, colour,
    -- scale, flash (seconds), minutes (to live), radius (metres; 0 is the exact point).
    -- blip = {
    --     emergency = { sprite = 480, colour = 1, flash = 15, minutes = 10 },
    -- },

    -- Other names for commands, or '' for none. 911, panic and calls are often taken.
    -- commands = {
    --     ['911'] = '911', ['311'] = '311', panic = 'panic', calls = 'calls', respond = 'respond',
    --     clearcall = 'clearcall', note = 'note', status = 'status', link = 'link', alerts = 'alerts',
    -- },

}
