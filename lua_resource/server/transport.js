'use strict';
/*
 * The socket to the bridge, and nothing but the socket: Lua in FiveM has none. This file connects,
 * greets with the token, moves text frames, notices a dead connection and comes back. What frames
 * say is Lua's business (`session.lua`).
 *
 * It shares one global scope with every other JavaScript file of the resource, hence the function.
 * Node's WebSocket under FiveM's timers tells little and may tell nothing at all: a refused
 * connect gives `error` and never `close`, a silent host gives no event ever. So the end of a
 * socket is decided here, once, by `finish`, and never by `readyState` or a `close` to come.
 *
 * Local events, refused from other resources:
 *   to Lua, `cadbridge:transport`: ready | missing what detail | open generation |
 *     frame generation text | down reason code retryMs
 *   from Lua, `cadbridge:socket`: hello? | start | hello generation json | send generation json |
 *     end generation code reason | stop
 */
(function () {
    const TO_LUA = 'cadbridge:transport';
    const FROM_LUA = 'cadbridge:socket';
    const PROTOCOL = 'cad-bridge.v1';
    const DEFAULT_URL = 'ws://127.0.0.1:30131';

    const CONNECT_MS = 10000;
    const SILENCE_MS = 45000;
    const PAUSES_MS = [1000, 2000, 4000, 8000, 15000];
    const REFUSED_PAUSE_MS = 60000;
    /** A connection that lived this long was a good one: the next pause is the shortest again. */
    const GOOD_MS = 15000;
    /** A timer this late means that the server stood still: what arrived meanwhile is still unread. */
    const STALL_MS = 2000;

    const WRONG_TOKEN = 4401;
    const REPLACED = 4409;
    const BAD_FRAME = 4400;

    const ownName = GetCurrentResourceName();
    const monotonic = () => performance.now();

    let running = false;
    let urls = [];
    let token = '';
    let tries = 0;
    let failures = 0;
    /** Of the socket that counts now. Whoever holds an older number is spoken to no more. */
    let generation = 0;
    let socket = null;
    let opened = null;
    let heard = 0;
    let connected = 0;

    function tell(...words) {
        emit(TO_LUA, ...words);
    }

    /** A callback that can neither throw nor act for a socket that is no longer the one. */
    function guarded(mine, callback) {
        return (...args) => {
            if (mine !== generation) return;
            try {
                callback(...args);
            } catch (error) {
                console.error(`[${ownName}] transport: ${error && error.message}`);
            }
        };
    }

    function after(ms, callback) {
        setTimeout(guarded(generation, callback), ms);
    }

    function pauseBefore(code) {
        if (code === WRONG_TOKEN || code === REPLACED) return REFUSED_PAUSE_MS;
        const rounds = Math.floor(failures / urls.length);
        const pause = PAUSES_MS[Math.min(rounds, PAUSES_MS.length - 1)];
        return Math.round(pause * (0.85 + 0.3 * Math.random()));
    }

    /** Takes leave of the socket, whatever its state; handlers first, as `close` may call them. */
    function drop(code, reason) {
        generation += 1;
        const old = socket;
        socket = null;
        if (!old) return;
        old.onopen = old.onmessage = old.onerror = old.onclose = null;
        try {
            old.close(code, reason);
        } catch {
            // It was never open, or the code is not ours to send: TCP's end will do.
        }
    }

    /** The one end of a socket: everything that can end it comes through here, and only once. */
    function finish(reason, code, closeCode, closeReason) {
        if (connected && monotonic() - connected >= GOOD_MS) failures = 0;
        connected = 0;
        drop(closeCode, closeReason);
        if (!running) return;
        const pause = pauseBefore(code);
        failures += 1;
        after(pause, connect);
        tell('down', reason, code === undefined ? null : code, pause);
    }

    /**
     * Calls `expired` once `since()` lies `limit` ms back, and looks again instead of being reset:
     * timers are cheap when they do nothing. Ends when `since()` is null.
     */
    function watch(limit, since, expired, grace = 0) {
        if (since() === null) return;
        const wait = Math.max(0, since() + limit - monotonic(), grace);
        const due = monotonic() + wait;
        after(wait, () => {
            const late = monotonic() - due > STALL_MS;
            if (since() === null) return;
            if (monotonic() - since() < limit) watch(limit, since, expired);
            else if (late) watch(limit, since, expired, STALL_MS);
            else expired();
        });
    }

    function onOpen() {
        connected = heard = monotonic();
        watch(SILENCE_MS, () => heard, () => finish('silent', undefined, 4408, 'silence'));
        tell('open', generation);
    }

    function onMessage(event) {
        heard = monotonic();
        if (typeof event.data === 'string') tell('frame', generation, event.data);
        else finish('binary', undefined, BAD_FRAME, 'text frames only');
    }

    function connect() {
        const url = urls[tries % urls.length];
        tries += 1;
        generation += 1;
        const started = monotonic();
        try {
            socket = new WebSocket(url, [PROTOCOL]);
        } catch {
            finish('unreachable');
            return;
        }
        const mine = generation;
        socket.onopen = guarded(mine, onOpen);
        socket.onmessage = guarded(mine, onMessage);
        socket.onerror = guarded(mine, () => finish(connected ? 'closed' : 'unreachable'));
        socket.onclose = guarded(mine, (event) => finish(connected ? 'closed' : 'unreachable', event.code));
        watch(CONNECT_MS, () => (connected ? null : started), () => finish('timeout'));
    }

    /** The addresses that can be used; the others are told of. A fragment is refused by WebSocket. */
    function readUrls() {
        const named = GetConvar('cadbridge_url', '').split(',').map((url) => url.trim()).filter(Boolean);
        return (named.length ? named : [DEFAULT_URL]).filter((text) => {
            try {
                const url = new URL(text);
                if (['ws:', 'wss:'].includes(url.protocol) && !url.hash) return true;
            } catch {
                // Told below, like every other address that is none.
            }
            tell('missing', 'url', text);
            return false;
        });
    }

    function start() {
        if (running) return;
        if (typeof WebSocket !== 'function') {
            tell('missing', 'websocket', process.version);
            return;
        }
        token = GetConvar('cadbridge_token', '').trim();
        if (!token) {
            tell('missing', 'token');
            return;
        }
        urls = readUrls();
        if (!urls.length) return;
        running = true;
        failures = 0;
        connect();
    }

    function stop() {
        running = false;
        drop(1000, 'resource stops');
    }

    function send(text) {
        // An open socket only: while connecting this throws, afterwards it is lost without a word.
        if (socket && socket.readyState === 1) socket.send(text);
    }

    function greet(text) {
        send(JSON.stringify({ ...JSON.parse(text), token }));
    }

    const orders = {
        'hello?': () => tell('ready'),
        start,
        stop,
        hello: (mine, text) => mine === generation && greet(text),
        send: (mine, text) => mine === generation && send(text),
        end: (mine, code, reason) => mine === generation && finish('ended', code, code, reason),
    };

    on(FROM_LUA, (what, ...args) => {
        if (GetInvokingResource() !== ownName || !Object.hasOwn(orders, what)) return;
        try {
            orders[what](...args);
        } catch (error) {
            console.error(`[${ownName}] transport: ${error && error.message}`);
        }
    });

    on('onResourceStop', (name) => {
        if (name === ownName) stop();
    });

    tell('ready');
})();
