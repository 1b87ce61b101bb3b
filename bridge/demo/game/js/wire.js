'use strict';
// The way between the simulated server and this Node: frames on standard input and output.
//
// In the game JavaScript and Lua share one thread. Here they are two processes, so one of them has
// the word at a time: Node runs freely until the server says `take`, then it only does what it is
// told until `give`. A worker thread reads standard input, so that the main thread can wait for an
// answer (Atomics.wait) in the middle of a script. When the input ends, the server is gone, and
// this process goes too, whatever its scripts are doing.
//
// A frame: length of the head (4 bytes), length of the body (4 bytes), head (JSON), body.

const fs = require('node:fs');
const { MessageChannel, Worker, isMainThread, receiveMessageOnPort, workerData } = require('node:worker_threads');

const GRACE_MS = 1000;

function readFully(size) {
    const bytes = Buffer.alloc(size);
    for (let have = 0; have < size; ) {
        let got;
        try {
            got = fs.readSync(0, bytes, have, size - have, null);
        } catch (problem) {
            if (problem.code === 'EAGAIN') continue;
            return null; // on Windows the end of a pipe is an error
        }
        if (got === 0) return null;
        have += got;
    }
    return bytes;
}

function readInput({ port, count }) {
    const tell = (message) => {
        port.postMessage(message);
        Atomics.add(count, 0, 1);
        Atomics.notify(count, 0);
    };
    for (;;) {
        const lengths = readFully(8);
        const head = lengths && readFully(lengths.readUInt32BE(0));
        const body = head && readFully(lengths.readUInt32BE(4));
        if (!body) break;
        tell({ head: JSON.parse(head.toString('utf8')), body: new Uint8Array(body) });
    }
    tell({ head: { op: 'end' }, body: new Uint8Array(0) });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, GRACE_MS);
    process.kill(process.pid, 'SIGKILL');
}

function writeFully(bytes) {
    for (let done = 0; done < bytes.length; ) {
        try {
            done += fs.writeSync(1, bytes, done, bytes.length - done);
        } catch (problem) {
            if (problem.code !== 'EAGAIN') process.kill(process.pid, 'SIGKILL');
        }
    }
}

class Wire {
    constructor(handle) {
        this.handle = handle;
        this.wanted = false;
        const channel = new MessageChannel();
        this.count = new Int32Array(new SharedArrayBuffer(4));
        this.port = channel.port1;
        this.later = setImmediate; // Node's own, before scripts get theirs
        this.worker = new Worker(__filename, {
            workerData: { port: channel.port2, count: this.count },
            transferList: [channel.port2],
        });
        this.port.on('message', (message) => this.free(message));
    }

    send(head, body = new Uint8Array(0)) {
        const text = Buffer.from(JSON.stringify(head), 'utf8');
        const lengths = Buffer.alloc(8);
        lengths.writeUInt32BE(text.length, 0);
        lengths.writeUInt32BE(body.length, 4);
        writeFully(Buffer.concat([lengths, text, body]));
    }

    next() {
        for (;;) {
            const seen = Atomics.load(this.count, 0);
            const got = receiveMessageOnPort(this.port);
            if (got) return got.message;
            Atomics.wait(this.count, 0, seen);
        }
    }

    /** Asks the server and waits; does meanwhile what it is told. */
    request(head, body) {
        this.send(head, body);
        for (;;) {
            const message = this.next();
            if (message.head.op === 'reply') return message;
            if (message.head.op === 'take') { // as soon as the script that asks has ended
                this.wanted = true;
                this.later(() => this.yieldWord());
            } else this.handle(message);
        }
    }

    free(message) {
        if (message.head.op === 'take') {
            this.wanted = true;
            this.yieldWord();
        } else this.handle(message);
    }

    yieldWord() {
        if (!this.wanted) return;
        this.wanted = false;
        this.send({ op: 'taken' });
        for (;;) {
            const message = this.next();
            if (message.head.op === 'give') return;
            this.handle(message);
        }
    }
}

if (!isMainThread && workerData && workerData.count) readInput(workerData);

exports.Wire = Wire;
