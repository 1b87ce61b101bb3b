-- MessagePack as FiveM's scripts see it, with the options its scheduler sets: short strings by the
-- old rules, whole numbers unsigned, tables without holes as arrays, the empty table as an array,
-- floats always as floats. Written from the MessagePack specification.

local type, pairs, error, select = type, pairs, error, select
local getmetatable = debug.getmetatable -- past a __metatable field
local math_type, char, byte, sub = math.type, string.char, string.byte, string.sub
local string_pack, string_unpack = string.pack, string.unpack
local concat = table.concat

---A table at this level is packed as nil, without a word. The arguments of an event are at level 1.
local TOO_DEEP <const> = 16

local msgpack = {}

---ext type -> table with __pack and __unpack
local extensions = {}
---Lua type name -> ext type, for values that are no tables
local extension_of_type = {}

local SHORT_STRING, SHORT_ARRAY, SHORT_MAP, SMALL = {}, {}, {}, {}
for n = 0, 31 do SHORT_STRING[n] = char(0xa0 + n) end
for n = 0, 15 do
    SHORT_ARRAY[n], SHORT_MAP[n] = char(0x90 + n), char(0x80 + n)
end
for n = 0, 127 do SMALL[n] = char(n) end

---@return string
local function extension(kind, data)
    local length = #data
    if length == 1 then return char(0xd4, kind) .. data end
    if length == 2 then return char(0xd5, kind) .. data end
    if length == 4 then return char(0xd6, kind) .. data end
    if length == 8 then return char(0xd7, kind) .. data end
    if length == 16 then return char(0xd8, kind) .. data end
    if length <= 0xff then return char(0xc7, length, kind) .. data end
    if length <= 0xffff then return char(0xc8) .. string_pack('>I2', length) .. char(kind) .. data end
    return char(0xc9) .. string_pack('>I4', length) .. char(kind) .. data
end

---@return string
local function integer(n)
    if n >= 0 then
        if n <= 0x7f then return SMALL[n] end
        if n <= 0xff then return char(0xcc, n) end
        if n <= 0xffff then return string_pack('>BI2', 0xcd, n) end
        if n <= 0xffffffff then return string_pack('>BI4', 0xce, n) end
        return string_pack('>BI8', 0xcf, n)
    end
    if n >= -0x20 then return char(0x100 + n) end
    if n >= -0x80 then return string_pack('>Bi1', 0xd0, n) end
    if n >= -0x8000 then return string_pack('>Bi2', 0xd1, n) end
    if n >= -0x80000000 then return string_pack('>Bi4', 0xd2, n) end
    return string_pack('>Bi8', 0xd3, n)
end

---Length if the table is an array without holes (the empty one is), else nil and the number of keys.
local function shape(t)
    local count, highest = 0, 0
    local array = true
    for key in pairs(t) do
        count = count + 1
        if array then
            if math_type(key) == 'integer' and key > 0 then
                if key > highest then highest = key end
            else
                array = false
            end
        end
    end
    if array and highest == count then return count end
    return nil, count
end

local write

local function write_string(out, n, s)
    local length = #s
    if length <= 31 then
        out[n + 1] = SHORT_STRING[length]
    elseif length <= 0xffff then
        out[n + 1] = string_pack('>BI2', 0xda, length)
    else
        out[n + 1] = string_pack('>BI4', 0xdb, length)
    end
    out[n + 2] = s
    return n + 2
end

local function write_table(out, n, t, level)
    local meta = getmetatable(t)
    if type(meta) == 'table' and meta.__ext then
        out[n + 1] = extension(meta.__ext, meta.__pack(t, meta.__ext))
        return n + 1
    end
    local length, keys = shape(t)
    if length then
        n = n + 1
        if length <= 15 then
            out[n] = SHORT_ARRAY[length]
        elseif length <= 0xffff then
            out[n] = string_pack('>BI2', 0xdc, length)
        else
            out[n] = string_pack('>BI4', 0xdd, length)
        end
        for i = 1, length do n = write(out, n, t[i], level + 1) end
        return n
    end
    n = n + 1
    if keys <= 15 then
        out[n] = SHORT_MAP[keys]
    elseif keys <= 0xffff then
        out[n] = string_pack('>BI2', 0xde, keys)
    else
        out[n] = string_pack('>BI4', 0xdf, keys)
    end
    for key, value in pairs(t) do
        n = write(out, n, key, level + 1)
        n = write(out, n, value, level + 1)
    end
    return n
end

write = function(out, n, value, level)
    local kind = type(value)
    if kind == 'string' then return write_string(out, n, value) end
    if kind == 'number' then
        if math_type(value) == 'integer' then
            out[n + 1] = integer(value)
        else
            out[n + 1] = string_pack('>Bd', 0xcb, value)
        end
        return n + 1
    end
    if kind == 'boolean' then
        out[n + 1] = value and '\xc3' or '\xc2'
        return n + 1
    end
    if kind == 'nil' or kind == 'table' and level == TOO_DEEP then
        out[n + 1] = '\xc0'
        return n + 1
    end
    if kind == 'table' then return write_table(out, n, value, level) end
    local ext = extension_of_type[kind]
    if not ext then error('msgpack: cannot pack a ' .. kind, 0) end
    out[n + 1] = extension(ext, extensions[ext].__pack(value, ext))
    return n + 1
end

function msgpack.pack(...)
    local out, n = {}, 0
    for i = 1, select('#', ...) do n = write(out, n, (select(i, ...)), 0) end
    return concat(out)
end

---Packs all arguments as one array that keeps their positions, nil included.
function msgpack.pack_args(...)
    local count = select('#', ...)
    local out = { count <= 15 and SHORT_ARRAY[count] or string_pack('>BI2', 0xdc, count) }
    local arguments = { ... }
    local n = 1
    for i = 1, count do n = write(out, n, arguments[i], 1) end
    return concat(out)
end

local read

---Makes tables whose array part has so many places from the start: then `#` counts as it does in
---the game where an element inside is nil.
local roomy = setmetatable({}, {
    __index = function(makers, length)
        makers[length] = load('return {' .. ('nil,'):rep(length) .. '}')
        return makers[length]
    end,
})

local function read_array(s, at, length)
    local t, holes = {}, false
    for i = 1, length do
        t[i], at = read(s, at)
        holes = holes or t[i] == nil
    end
    if holes and length <= 250 then
        local full = roomy[length]()
        for i = 1, length do full[i] = t[i] end
        return full, at
    end
    return t, at
end

local function read_map(s, at, length)
    local t = {}
    for _ = 1, length do
        local key, value
        key, at = read(s, at)
        value, at = read(s, at)
        if key ~= nil and key == key then t[key] = value end
    end
    return t, at
end

local function read_text(s, at, length)
    local stop = at + length
    if stop - 1 > #s then error('msgpack: missing bytes', 0) end
    return sub(s, at, stop - 1), stop
end

local function read_extension(s, at, length)
    local kind = byte(s, at)
    local data
    data, at = read_text(s, at + 1, length)
    local known = extensions[kind]
    if not known then return data, at end
    return known.__unpack(data, kind), at
end

---@type (fun(s: string, at: integer): any, integer)[]
local readers = {}
for first = 0x00, 0x7f do readers[first] = function(_, at) return first, at end end
for first = 0x80, 0x8f do readers[first] = function(s, at) return read_map(s, at, first - 0x80) end end
for first = 0x90, 0x9f do readers[first] = function(s, at) return read_array(s, at, first - 0x90) end end
for first = 0xa0, 0xbf do readers[first] = function(s, at) return read_text(s, at, first - 0xa0) end end
for first = 0xe0, 0xff do readers[first] = function(_, at) return first - 0x100, at end end
readers[0xc0] = function(_, at) return nil, at end
readers[0xc2] = function(_, at) return false, at end
readers[0xc3] = function(_, at) return true, at end

local function sized(first, format, reader)
    readers[first] = function(s, at)
        local length
        length, at = string_unpack(format, s, at)
        return reader(s, at, length)
    end
end
for _, reader in ipairs({
    { 0xc4, '>I1', read_text }, { 0xc5, '>I2', read_text }, { 0xc6, '>I4', read_text },
    { 0xd9, '>I1', read_text }, { 0xda, '>I2', read_text }, { 0xdb, '>I4', read_text },
    { 0xc7, '>I1', read_extension }, { 0xc8, '>I2', read_extension }, { 0xc9, '>I4', read_extension },
    { 0xdc, '>I2', read_array }, { 0xdd, '>I4', read_array },
    { 0xde, '>I2', read_map }, { 0xdf, '>I4', read_map },
}) do
    sized(reader[1], reader[2], reader[3])
end
for power = 0, 4 do
    readers[0xd4 + power] = function(s, at) return read_extension(s, at, 1 << power) end
end
for first, format in pairs({
    [0xca] = '>f', [0xcb] = '>d',
    [0xcc] = '>I1', [0xcd] = '>I2', [0xce] = '>I4', [0xcf] = '>i8',
    [0xd0] = '>i1', [0xd1] = '>i2', [0xd2] = '>i4', [0xd3] = '>i8',
}) do
    readers[first] = function(s, at) return string_unpack(format, s, at) end
end

read = function(s, at)
    local first = byte(s, at)
    local reader = readers[first]
    if not reader then error('msgpack: missing bytes or unknown type', 0) end
    return reader(s, at + 1)
end

function msgpack.unpack(s)
    if s == '' then return end
    return (read(s, 1))
end

---Registers an extension type: a table with `__ext`, `__pack` and `__unpack`. Returns the table.
function msgpack.extend(meta)
    extensions[meta.__ext] = meta
    return meta
end

function msgpack.extend_clear(...)
    for i = 1, select('#', ...) do extensions[(select(i, ...))] = nil end
end

function msgpack.settype(kind, ext)
    extension_of_type[kind] = ext
end

-- The options are fixed at what FiveM sets them to; the setters are there for its own scheduler.
local function fixed(expected)
    return function(value)
        if value ~= expected then error('msgpack: only ' .. expected .. ' is simulated', 2) end
    end
end
msgpack.set_string = fixed('string_compat')
msgpack.set_integer = fixed('unsigned')
msgpack.set_array = fixed('without_hole')
function msgpack.setoption() end

return msgpack
