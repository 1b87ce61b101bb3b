'use strict';
// FiveM's timers: driven by the server's tick, due when *more* than their time has passed since the
// tick in which they were made. Node's own stay in require('timers').

exports.timers = (report) => {
    const timers = new Map();
    const ticks = new Map();
    let now = 0;
    let lastTimer = 0;
    let lastTick = 0;

    function checked(callback) {
        if (typeof callback !== 'function') throw new TypeError(`Callback must be a function. Received ${callback}`);
    }

    function make(run, delay) {
        const id = ++lastTimer;
        const handle = {
            id,
            unref: () => handle,
            ref: () => handle,
            hasRef: () => true,
            refresh() {
                const timer = timers.get(id);
                if (timer) timer.since = now;
                return handle;
            },
            [Symbol.toPrimitive]: () => id,
        };
        const wanted = Math.max(1, Math.min(2147483647, delay || 1)) | 0;
        timers.set(id, { run: () => run(handle), wanted, since: now });
        return handle;
    }

    function clear(handle) {
        if (handle) timers.delete(handle.id); // of a number `.id` is undefined: nothing is cleared
    }

    const api = {
        setInterval(callback, delay, ...rest) {
            checked(callback);
            return make(() => callback(...rest), delay);
        },
        setTimeout(callback, delay, ...rest) {
            checked(callback);
            return make((handle) => {
                try {
                    callback(...rest);
                } finally {
                    clear(handle);
                }
            }, delay);
        },
        setImmediate: (callback, ...rest) => api.setTimeout(callback, 0, ...rest),
        clearTimeout: clear,
        clearInterval: clear,
        clearImmediate: clear,
        setTick(callback) {
            checked(callback);
            ticks.set(++lastTick, { callback, busy: false });
            return lastTick;
        },
        clearTick: (id) => void ticks.delete(id),
    };

    function runTick(entry) {
        if (entry.busy) return;
        try {
            const result = entry.callback();
            if (result && typeof result.then === 'function') {
                entry.busy = true;
                result.then(() => { entry.busy = false; }, (problem) => {
                    entry.busy = false;
                    report('ticker', problem);
                });
            }
        } catch (problem) {
            report('ticker', problem);
        }
    }

    function tick(moment) {
        for (const id of [...timers.keys()]) {
            const timer = timers.get(id);
            if (timer && moment - timer.since > timer.wanted) {
                try {
                    timer.run();
                } catch (problem) {
                    report('timer', problem);
                }
                timer.since = moment;
            }
        }
        for (const entry of [...ticks.values()]) runTick(entry);
        now = moment;
        process._tickCallback(); // promises that wait for a tick
    }

    return { api, tick, begin: (moment) => { now = moment; } };
};
