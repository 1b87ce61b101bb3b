'use strict';
// Node as the JavaScript runtime of one resource on a simulated FXServer: classic scripts in one
// shared scope, events, exports and natives as globals. Started by runtime_js.py.

const vm = require('node:vm');
const util = require('node:util');
const { createRequire } = require('node:module');
const path = require('node:path');
const { Wire } = require('./wire.js');
const { codec } = require('./codec.js');
const { timers } = require('./timers.js');

const options = JSON.parse(process.argv[2]);
const FORBIDDEN = new Set(['child_process', 'worker_threads', 'wasi', 'inspector', 'cluster', 'fs', 'fs/promises']);

const functions = new Map();
let lastFunction = 0;

const wire = new Wire(handle);
const { pack, unpack } = codec(referenceOf, functionOf);
const { api: timerApi, tick, begin } = timers(report);

function trace(text) {
    wire.send({ op: 'trace', text });
}

function report(where, problem) {
    const text = problem && problem.stack ? problem.stack : util.inspect(problem);
    wire.send({ op: 'error', text: `in ${where}: ${text}` });
}

function callNative(name, args) {
    const { head, body } = wire.request({ op: 'native', name }, pack(args));
    if (head.problem) throw new Error(head.problem);
    return unpack(body);
}

// Function references

function referenceOf(fn) {
    lastFunction += 1;
    functions.set(lastFunction, { fn, uses: 0 });
    return `${options.resource}:${options.instance}:${lastFunction}`;
}

function functionOf(reference) {
    callNative('DuplicateFunctionReference', [reference]);
    return (...args) => {
        const { head, body } = wire.request({ op: 'invoke', reference }, pack(args));
        const results = head.failed ? null : unpack(body);
        if (results === null) throw new Error(`Error in nested ref call for ${options.resource}.`);
        if (results.length === 1 && results[0] && results[0].__cfx_async_retval) {
            return new Promise((resolve, reject) => {
                results[0].__cfx_async_retval((values, problem) => {
                    if (problem != null) reject(problem);
                    else resolve(values.length > 1 ? values : values[0]);
                });
            });
        }
        return results.length > 1 ? results : results[0];
    };
}

function callReference(index, args) {
    const entry = functions.get(index);
    if (!entry) {
        trace(`Invalid ref call attempt: ${index}\n`);
        return pack([]);
    }
    try {
        const result = entry.fn(...unpack(args));
        if (result instanceof Promise) {
            return pack([{
                __cfx_async_retval: (give) => {
                    result.then((value) => give([value], null), (problem) => give(null, String(problem && problem.message || problem)));
                },
            }]);
        }
        return pack([result]);
    } catch (problem) {
        report('call ref', problem);
        return pack(null);
    }
}

// Events

const handlers = new Map();
const netSafe = new Set();

function on(name, callback, safe = false) {
    if (safe) netSafe.add(name);
    callNative('RegisterResourceAsEventHandler', [name]);
    if (!handlers.has(name)) handlers.set(name, []);
    handlers.get(name).push(callback);
}

function off(name, callback) {
    const list = handlers.get(name) || [];
    const at = list.indexOf(callback);
    if (at >= 0) list.splice(at, 1);
}

function emit(name, ...args) {
    const payload = pack(args);
    callNative('TriggerEventInternal', [name, toArrayBuffer(payload), payload.length]);
}

function toArrayBuffer(bytes) {
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}

function runEvent(name, origin, payload) {
    globalThis.source = origin;
    const list = handlers.get(name) || [];
    if (origin.startsWith('net')) {
        if (list.length > 0 && !netSafe.has(name)) {
            trace(`Event ${name} was not safe for net\n`);
            globalThis.source = null;
            return;
        }
        globalThis.source = parseInt(origin.slice(4), 10);
    } else if (origin.startsWith('internal-net')) globalThis.source = parseInt(origin.slice(13), 10);
    const args = list.length > 0 ? unpack(payload) || [] : null;
    for (const callback of Array.isArray(args) ? [...list] : []) {
        try {
            const result = callback(...args);
            if (result instanceof Promise) result.catch((problem) => trace(`Unhandled promise failure: ${problem && problem.stack || problem}\n`));
        } catch (problem) {
            report(`event \`${name}'`, problem);
        }
    }
    globalThis.source = null;
}

// Exports

const found = new Map();
let forgetting = false;

function exported(resource, name) {
    const key = `${resource}/${name}`;
    if (!forgetting) {
        forgetting = true;
        on('onServerResourceStop', forget);
    }
    if (!found.has(key)) {
        emit(`__cfx_export_${resource}_${name}`, (fn) => found.set(key, fn));
        if (!found.has(key)) throw new Error(`No such export ${name} in resource ${resource}`);
    }
    return (...args) => {
        try {
            return found.get(key)(...args);
        } catch {
            throw new Error(`An error occurred while calling export ${name} of resource ${resource} - see above for details`);
        }
    };
}

/** A stopped resource takes its functions with it: what it exports is asked for again. */
function forget(resource) {
    for (const key of found.keys()) {
        if (key.startsWith(`${resource}/`)) found.delete(key);
    }
}

const exportsProxy = new Proxy(() => {}, {
    get: (_, resource) => new Proxy({}, {
        get: (__, name) => exported(resource, name),
        set: () => { throw new Error('cannot set values on an export resource'); },
    }),
    apply(_, __, args) {
        if (args.length !== 2) throw new Error('this needs 2 arguments');
        on(`__cfx_export_${options.resource}_${args[0]}`, (give) => give(args[1]));
    },
    set: () => { throw new Error('cannot set values on exports'); },
});

// What the server tells

function load(name, text) {
    const zero = text.indexOf('\0');
    try {
        vm.runInThisContext(zero < 0 ? text : text.slice(0, zero), { filename: `@${options.resource}/${name}` });
        return null;
    } catch (problem) {
        return problem && problem.stack ? problem.stack : String(problem);
    }
}

function handle({ head, body }) {
    switch (head.op) {
        case 'load':
            return wire.send({ op: 'done', problem: load(head.name, Buffer.from(body).toString('utf8')) });
        case 'event':
            runEvent(head.name, head.source, body);
            return wire.send({ op: 'done' });
        case 'call':
            return wire.send({ op: 'done' }, callReference(head.index, body));
        case 'duplicate': {
            const entry = functions.get(head.index);
            if (entry) entry.uses += 1;
            return wire.send({ op: 'done', known: entry !== undefined });
        }
        case 'delete': {
            const entry = functions.get(head.index);
            if (entry && --entry.uses <= 0) functions.delete(head.index);
            return wire.send({ op: 'done' });
        }
        case 'tick':
            tick(head.now);
            return wire.send({ op: 'done' });
        case 'stop': // one last turn of the loop lets what was written go out
            return wire.later(() => wire.later(() => wire.send({ op: 'bye' })));
        case 'end':
            return process.kill(process.pid, 'SIGKILL');
    }
    throw new Error(`unknown order ${head.op}`);
}

// The scripts' world

const realRequire = createRequire(path.join(options.folder || process.cwd(), 'index.js'));

function require_(name) {
    if (FORBIDDEN.has(name.replace(/^node:/, ''))) {
        const problem = new Error(`Access to this API has been restricted: ${name}`);
        problem.code = 'ERR_ACCESS_DENIED';
        throw problem;
    }
    return realRequire(name);
}

function print(...args) {
    trace(`${util.format(...args)}\n`);
}

const globals = {
    ...timerApi,
    on,
    addEventListener: on,
    AddEventHandler: on,
    onNet: (name, callback) => on(name, callback, true),
    addNetEventListener: (name, callback) => on(name, callback, true),
    RegisterNetEvent: (name) => void netSafe.add(name),
    RegisterServerEvent: (name) => void netSafe.add(name),
    removeEventListener: off,
    RemoveEventHandler: off,
    emit,
    TriggerEvent: emit,
    emitNet(name, target, ...args) {
        const payload = pack(args);
        callNative('TriggerClientEventInternal', [name, target, toArrayBuffer(payload), payload.length]);
    },
    exports: exportsProxy,
    require: require_,
    source: null,
    getPlayers: () => Array.from({ length: globalThis.GetNumPlayerIndices() }, (_, i) => globalThis.GetPlayerFromIndex(i)),
    getPlayerIdentifiers: (player) => Array.from({ length: globalThis.GetNumPlayerIdentifiers(player) }, (_, i) => globalThis.GetPlayerIdentifier(player, i)),
    console: { ...console, log: print, info: print, warn: print, error: print, debug: print, trace: print },
};
globals.TriggerClientEvent = globals.emitNet;

for (const name of options.natives) {
    globals[name] = (...args) => callNative(name, args);
}
globals.GetCurrentResourceName = () => options.resource;
for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: true });
}
if (!options.websocket) {
    delete globalThis.WebSocket;
    delete globalThis.fetch;
}
const quiet = { write: (text) => { trace(String(text)); return true; }, isTTY: false, on() {}, once() {}, end() {} };
Object.defineProperty(process, 'stdout', { value: quiet });
Object.defineProperty(process, 'stdin', { value: undefined });
process.on('uncaughtException', (problem) => report('a callback', problem));

begin(options.now);
wire.send({ op: 'ready', node: process.version });
