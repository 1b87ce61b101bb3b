/*
 * Runs server/transport.js as a game server would: FiveM's own timers, which step with the server's
 * 50 ms tick, local events, convars. Time stands still but for the orders `pass` (tick by tick) and
 * `stall` (all at once). What the file tells Lua goes out as JSON lines; orders come in as JSON
 * lines.
 */
'use strict';
const fs = require('node:fs');
const readline = require('node:readline');
const vm = require('node:vm');

const TICK_MS = 50;

const { file, convars, without = [] } = JSON.parse(process.argv[2]);
let now = 60000;

const timers = new Map();
let lastTimer = 0;
globalThis.setTimeout = (callback, ms) => {
    const id = (lastTimer += 1);
    timers.set(id, { callback, since: now, ms: Math.max(1, ms | 0) });
    return {
        id,
        ref() { return this; },
        unref() { return this; },
        refresh() {
            if (timers.has(id)) timers.get(id).since = now;
            return this;
        },
        [Symbol.toPrimitive]: () => id,
    };
};
globalThis.clearTimeout = (timer) => timer && timers.delete(timer.id);
Object.defineProperty(globalThis, 'performance', { value: { now: () => now } });

function tick(ms) {
    now += ms;
    for (const [id, timer] of timers) {
        if (now - timer.since > timer.ms) {
            try {
                timer.callback();
            } finally {
                timers.delete(id);
            }
        }
    }
}

const ownOrders = {
    /** Between two ticks Node reads its sockets. */
    pass(ms) {
        if (ms <= 0) {
            emit('passed');
            return;
        }
        tick(TICK_MS);
        setImmediate(() => ownOrders.pass(ms - TICK_MS));
    },
    /** The server stood still: its timers are late, and what arrived meanwhile is still unread. */
    stall(ms) {
        tick(ms);
        emit('passed');
    },
};

const listeners = {};
let invoking = null;
globalThis.on = (name, callback) => (listeners[name] ??= []).push(callback);
globalThis.emit = (name, ...args) => process.stdout.write(`${JSON.stringify([name, ...args])}\n`);
globalThis.GetConvar = (name, fallback) => convars[name] ?? fallback;
globalThis.GetCurrentResourceName = () => 'cadbridge';
globalThis.GetInvokingResource = () => invoking;
for (const name of without) delete globalThis[name];

process.on('uncaughtException', (error) => emit('uncaught', error.message));
process.on('unhandledRejection', (error) => emit('uncaught', String(error)));

readline.createInterface({ input: process.stdin }).on('line', (line) => {
    const [from, name, ...args] = JSON.parse(line);
    if (Object.hasOwn(ownOrders, name)) {
        ownOrders[name](...args);
        return;
    }
    invoking = from;
    for (const callback of listeners[name] ?? []) callback(...args);
    invoking = null;
}).on('close', () => process.exit(0));

vm.runInThisContext(fs.readFileSync(file, 'utf8'), { filename: file });
