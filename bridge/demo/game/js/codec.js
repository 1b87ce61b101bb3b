'use strict';
// MessagePack as FiveM's server JavaScript uses it: whole numbers outside of 32 bits leave as
// floats, undefined as nil, Map, Set, Date and Error as an empty map; a BigInt throws.
// Written from the MessagePack specification.

const EXT_FUNCTION = 10;
const VECTOR_SIZES = { 20: 2, 21: 3, 22: 4 };

class Writer {
    constructor(referenceOf) {
        this.parts = [];
        this.referenceOf = referenceOf;
    }

    head(...bytes) {
        this.parts.push(Buffer.from(bytes));
    }

    sized(value, small, limit, codes) {
        if (small !== null && value < limit) this.head(small | value);
        else if (codes[0] !== null && value <= 0xff) this.head(codes[0], value);
        else if (value <= 0xffff) this.head(codes[1], value >> 8, value & 0xff);
        else {
            const head = Buffer.alloc(5);
            head[0] = codes[2];
            head.writeUInt32BE(value, 1);
            this.parts.push(head);
        }
    }

    number(value) {
        if ((value | 0) !== value || Object.is(value, -0)) {
            const body = Buffer.alloc(9);
            body[0] = 0xcb;
            body.writeDoubleBE(value, 1);
            this.parts.push(body);
        } else if (value >= 0) this.sized(value, 0, 0x80, [0xcc, 0xcd, 0xce]);
        else if (value >= -0x20) this.head(0x100 + value);
        else {
            const body = Buffer.alloc(5);
            body[0] = 0xd2;
            body.writeInt32BE(value, 1);
            this.parts.push(body);
        }
    }

    text(value) {
        const body = Buffer.from(value, 'utf8');
        this.sized(body.length, 0xa0, 32, [0xd9, 0xda, 0xdb]);
        this.parts.push(body);
    }

    extension(kind, body) {
        this.sized(body.length, null, 0, [0xc7, 0xc8, 0xc9]);
        this.head(kind);
        this.parts.push(body);
    }

    value(value) {
        switch (typeof value) {
            case 'undefined':
            case 'symbol':
                return this.head(0xc0);
            case 'boolean':
                return this.head(value ? 0xc3 : 0xc2);
            case 'number':
                return this.number(value);
            case 'string':
                return this.text(value);
            case 'bigint':
                throw new TypeError('Cannot convert a BigInt value to a number');
            case 'function':
                return this.extension(EXT_FUNCTION, Buffer.from(this.referenceOf(value), 'utf8'));
        }
        if (value === null) return this.head(0xc0);
        if (value instanceof ArrayBuffer) {
            const body = Buffer.from(value);
            this.sized(body.length, null, 0, [0xc4, 0xc5, 0xc6]);
            this.parts.push(body);
            return undefined;
        }
        if (Array.isArray(value)) {
            this.sized(value.length, 0x90, 16, [null, 0xdc, 0xdd]);
            for (let i = 0; i < value.length; i++) this.value(value[i]);
            return undefined;
        }
        const keys = Object.keys(value);
        this.sized(keys.length, 0x80, 16, [null, 0xde, 0xdf]);
        for (const key of keys) {
            this.text(key);
            this.value(value[key]);
        }
        return undefined;
    }
}

/** Text of bytes; where they are no UTF-8, each bad byte becomes the character of its number. */
function guess(bytes) {
    try {
        return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
        let text = '';
        for (let at = 0; at < bytes.length; ) {
            let size = 1;
            for (const length of [1, 2, 3, 4]) {
                try {
                    const part = bytes.subarray(at, at + length);
                    const decoded = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(part);
                    if (part.length === length && [...decoded].length === 1) {
                        text += decoded;
                        size = length;
                        break;
                    }
                } catch {
                    if (length === 4) text += String.fromCharCode(bytes[at]);
                }
            }
            at += size;
        }
        return text;
    }
}

class Reader {
    constructor(bytes, functionOf) {
        this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        this.at = 0;
        this.functionOf = functionOf;
    }

    take(size) {
        if (this.at + size > this.bytes.length) throw new RangeError('msgpack: missing bytes');
        this.at += size;
        return this.bytes.subarray(this.at - size, this.at);
    }

    size(width) {
        return this.take(width).readUIntBE(0, width);
    }

    list(length) {
        const list = [];
        for (let i = 0; i < length; i++) list.push(this.value());
        return list;
    }

    map(length) {
        const map = {};
        for (let i = 0; i < length; i++) {
            const key = this.value();
            map[key] = this.value();
        }
        return map;
    }

    extension(length) {
        const kind = this.size(1);
        const body = this.take(length);
        if (kind === 10 || kind === 11) return this.functionOf(body.toString('utf8'));
        const size = VECTOR_SIZES[kind];
        if (size === undefined) return null;
        return Array.from({ length: size }, (_, i) => body.readFloatLE(i * 4));
    }

    value() {
        const first = this.size(1);
        if (first < 0x80) return first;
        if (first < 0x90) return this.map(first & 0x0f);
        if (first < 0xa0) return this.list(first & 0x0f);
        if (first < 0xc0) return guess(this.take(first & 0x1f));
        if (first >= 0xe0) return first - 0x100;
        switch (first) {
            case 0xc0: return null;
            case 0xc2: return false;
            case 0xc3: return true;
            case 0xc4: return new Uint8Array(this.take(this.size(1)));
            case 0xc5: return new Uint8Array(this.take(this.size(2)));
            case 0xc6: return new Uint8Array(this.take(this.size(4)));
            case 0xc7: return this.extension(this.size(1));
            case 0xc8: return this.extension(this.size(2));
            case 0xc9: return this.extension(this.size(4));
            case 0xca: return this.take(4).readFloatBE(0);
            case 0xcb: return this.take(8).readDoubleBE(0);
            case 0xcc: return this.size(1);
            case 0xcd: return this.size(2);
            case 0xce: return this.size(4);
            case 0xcf: return Number(this.take(8).readBigUInt64BE(0));
            case 0xd0: return this.take(1).readInt8(0);
            case 0xd1: return this.take(2).readInt16BE(0);
            case 0xd2: return this.take(4).readInt32BE(0);
            case 0xd3: return Number(this.take(8).readBigInt64BE(0));
            case 0xd4: return this.extension(1);
            case 0xd5: return this.extension(2);
            case 0xd6: return this.extension(4);
            case 0xd7: return this.extension(8);
            case 0xd8: return this.extension(16);
            case 0xd9: return guess(this.take(this.size(1)));
            case 0xda: return guess(this.take(this.size(2)));
            case 0xdb: return guess(this.take(this.size(4)));
            case 0xdc: return this.list(this.size(2));
            case 0xdd: return this.list(this.size(4));
            case 0xde: return this.map(this.size(2));
            case 0xdf: return this.map(this.size(4));
        }
        throw new RangeError(`msgpack: unknown type ${first}`);
    }
}

exports.codec = (referenceOf, functionOf) => ({
    pack(value) {
        const writer = new Writer(referenceOf);
        writer.value(value);
        return Buffer.concat(writer.parts);
    },
    unpack(bytes) {
        return new Reader(bytes, functionOf).value();
    },
});
