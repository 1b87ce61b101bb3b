fx_version 'cerulean'
game 'gta5'
lua54 'yes'
node_version '22'

name 'cadbridge'
author 'The cad-bridge authors'
description 'Real-time 911 alerts from the CAD: notices, sounds and map blips for those who should have them'
version '1.0.0'

dependencies {
    '/server:12913',
}

shared_scripts {
    'shared/namespace.lua',
    'shared/text.lua',
    'shared/locale.lua',
}

server_scripts {
    'config.lua',
    'server/transport.js',
    'server/options.lua',
    'server/membership.lua',
    'server/board.lua',
    'server/shapes.lua',
    'server/session.lua',
    'server/roster.lua',
    'server/responders/cad.lua',
    'server/responders/ace.lua',
    'server/responders/job.lua',
    'server/frameworks/qbox.lua',
    'server/frameworks/qbcore.lua',
    'server/frameworks/esx.lua',
    'server/frameworks/ox_core.lua',
    'server/frameworks/nd_core.lua',
    'server/audience.lua',
    'server/postals.lua',
    'server/position.lua',
    'server/look.lua',
    'server/pictures.lua',
    'server/receipts.lua',
    'server/burst.lua',
    'server/callers.lua',
    'server/claims.lua',
    'server/whereabouts.lua',
    'server/mailing.lua',
    'server/alerts/memory.lua',
    'server/alerts/showing.lua',
    'server/alerts/openings.lua',
    'server/alerts/own_calls.lua',
    'server/alerts/changes.lua',
    'server/alerts.lua',
    'server/panic.lua',
    'server/tones.lua',
    'server/dues.lua',
    'server/arrivals.lua',
    'server/requests.lua',
    'server/actions/answers.lua',
    'server/actions/responding.lua',
    'server/actions/calling.lua',
    'server/actions/linking.lua',
    'server/actions.lua',
    'server/doors.lua',
    'server/commands.lua',
    'server/suggestions.lua',
    'server/admin.lua',
    'server/livemap.lua',
    'server/exports.lua',
    'server/events.lua',
    'server/link.lua',
    'server/adapters.lua',
    'server/adapters/ps_dispatch.lua',
    'server/adapters/cd_dispatch.lua',
    'server/adapters/lb_tablet.lua',
    'server/game.lua',
    'server/connection.lua',
    'server/players.lua',
    'server/neighbours.lua',
    'server/main.lua',
}

client_scripts {
    'client/preferences.lua',
    'client/shield.lua',
    'client/sounds.lua',
    'client/blips.lua',
    'client/notify/lines.lua',
    'client/notify/feed.lua',
    'client/notify/ox_lib.lua',
    'client/notify/chat.lua',
    'client/notify/card.lua',
    'client/notify/styles.lua',
    'client/crowd.lua',
    'client/screen.lua',
    'client/compass.lua',
    'client/focus.lua',
    'client/keys.lua',
    'client/page.lua',
    'client/panels.lua',
    'client/chat_help.lua',
    'client/main.lua',
}

ui_page 'web/index.html'

files {
    'web/index.html',
    'web/card.css',
    'web/panels.css',
    'web/page.js',
    'web/tones.js',
    'web/compass.js',
    'web/card.js',
    'web/stack.js',
    'web/controls.js',
    'web/settings.js',
    'web/list.js',
    'web/start.js',
    'web/fonts/*.woff2',
    'locales/*.json',
}

nui_callback_strict_mode 'true'
