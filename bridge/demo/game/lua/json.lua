-- JSON as FiveM's scripts see it (rapidjson with `empty_table_as_array` and `with_hole`, and with its
-- manners of dkjson): `{}` is `[]`, whole floats keep their `.0`, null becomes nil. Bad text does not
-- raise: the value is nil then, behind it come the place and a message. Behind a good value comes where
-- it ended; what follows it is not looked at. Written from RFC 8259.

local type, pairs, pcall, error, tostring, tonumber = type, pairs, pcall, error, tostring, tonumber
local math_type, floor, huge = math.type, math.floor, math.huge
local byte, char, sub, find, format, gsub = string.byte, string.char, string.sub, string.find, string.format, string.gsub
local utf8_char, concat = utf8.char, table.concat
local math_tointeger = math.tointeger

local DEEPEST_WRITTEN <const> = 32
local DEEPEST_READ <const> = 256 -- of the stack here; the game has no such limit

local json = { _VERSION = '1.0' }

local ESCAPES = { ['"'] = '\\"', ['\\'] = '\\\\', ['\b'] = '\\b', ['\f'] = '\\f', ['\n'] = '\\n', ['\r'] = '\\r', ['\t'] = '\\t' }
for code = 0, 31 do
    local c = char(code)
    ESCAPES[c] = ESCAPES[c] or format('\\u%04X', code)
end

local function quote(s)
    if find(s, '[%c"\\]') then s = gsub(s, '[%c"\\]', ESCAPES) end
    return '"' .. s .. '"'
end

local function number(n)
    if math_type(n) == 'integer' then return tostring(n) end
    if n ~= n or n == huge or n == -huge then error('json: not a number', 0) end
    local s = format('%.14g', n)
    if tonumber(s) ~= n then s = format('%.16g', n) end
    if tonumber(s) ~= n then s = format('%.17g', n) end
    if not find(s, '[%.eE]') then s = s .. '.0' end
    return s
end

---Length if the table is written as an array: empty, or with positive whole keys and few holes. A
---whole number at `n` counts as the length, as `table.pack` leaves it: `{ n = 2 }` is `[null,null]`.
local function array_length(t)
    local count, highest, packed = 0, 0, 0
    for key, value in pairs(t) do
        if math_type(key) == 'integer' and key >= 1 then
            count = count + 1
            if key > highest then highest = key end
        elseif key == 'n' and math_type(value) == 'integer' and value >= 1 then
            packed = value
            if value > highest then highest = value end
        else
            return nil
        end
    end
    if highest == count or highest < 11 or highest <= packed or count >= highest >> 1 then return highest end
    return nil
end

local write

local function write_table(out, n, t, depth)
    if depth > DEEPEST_WRITTEN then error('json: maximum table nesting depth exceeded', 0) end
    local length = array_length(t)
    if length then
        if length == 0 then
            out[n + 1] = '[]'
            return n + 1
        end
        n = n + 1
        out[n] = '['
        for i = 1, length do
            if i > 1 then
                n = n + 1
                out[n] = ','
            end
            n = write(out, n, t[i], depth)
        end
        out[n + 1] = ']'
        return n + 1
    end
    n = n + 1
    out[n] = '{'
    local first = true
    for key, value in pairs(t) do
        local kind = type(key)
        if kind ~= 'string' then
            if kind ~= 'number' then error('json: a ' .. kind .. ' cannot be a key', 0) end
            key = tostring(key)
        end
        n = n + 1
        out[n] = (first and '' or ',') .. quote(key) .. ':'
        first = false
        n = write(out, n, value, depth)
    end
    out[n + 1] = '}'
    return n + 1
end

write = function(out, n, value, depth)
    local kind = type(value)
    if kind == 'string' then
        out[n + 1] = quote(value)
    elseif kind == 'number' then
        out[n + 1] = number(value)
    elseif kind == 'boolean' then
        out[n + 1] = value and 'true' or 'false'
    elseif kind == 'nil' then
        out[n + 1] = 'null'
    elseif kind == 'table' and not (debug.getmetatable(value) or {}).__vector then
        return write_table(out, n, value, depth + 1)
    else
        error('json: cannot write a ' .. kind, 0)
    end
    return n + 1
end

function json.encode(value)
    local out = {}
    write(out, 0, value, 0)
    return concat(out)
end

local UNESCAPES = { b = '\b', f = '\f', n = '\n', r = '\r', t = '\t', ['"'] = '"', ['\\'] = '\\', ['/'] = '/' }

local function bad(s, at, what)
    error({ at = at, message = format('json: %s at byte %d of %d', what, at, #s) }, 0)
end

local function hex(s, at)
    local digits = sub(s, at, at + 3)
    if not find(digits, '^%x%x%x%x$') then bad(s, at, 'bad \\u escape') end
    return tonumber(digits, 16)
end

local function unescape(s, at)
    local c = sub(s, at, at)
    local plain = UNESCAPES[c]
    if plain then return plain, at + 1 end
    if c ~= 'u' then bad(s, at, 'bad escape') end
    local code = hex(s, at + 1)
    if code >= 0xdc00 and code <= 0xdfff then bad(s, at, 'lone surrogate') end
    if code < 0xd800 or code > 0xdbff then return utf8_char(code), at + 5 end
    if sub(s, at + 5, at + 6) ~= '\\u' then bad(s, at, 'lone surrogate') end
    local low = hex(s, at + 7)
    if low < 0xdc00 or low > 0xdfff then bad(s, at, 'lone surrogate') end
    return utf8_char(0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)), at + 11
end

---`at` is just behind the opening quote.
local function read_string(s, at)
    local stop = find(s, '["\\%c]', at)
    if stop and byte(s, stop) == 34 then return sub(s, at, stop - 1), stop + 1 end
    local parts, n = {}, 0
    while true do
        stop = find(s, '["\\%c]', at)
        if not stop then bad(s, #s, 'unfinished string') end
        n = n + 1
        parts[n] = sub(s, at, stop - 1)
        local what = byte(s, stop)
        if what == 34 then return concat(parts), stop + 1 end
        n = n + 1
        if what == 92 then
            parts[n], at = unescape(s, stop + 1)
        elseif what == 127 then
            parts[n], at = '\127', stop + 1
        else
            bad(s, stop, 'control character in a string')
        end
    end
end

local function read_number(s, at)
    local _, stop = find(s, '^-?%d+%.?%d*[eE]?[+-]?%d*', at)
    if not stop then bad(s, at, 'unexpected character') end
    local text = sub(s, at, stop)
    if not find(text, '^-?%d+$') then
        if not (find(text, '^-?%d+%.%d+$') or find(text, '^-?%d+%.?%d*[eE][+-]?%d+$')) or find(text, '%.[eE]') then
            bad(s, at, 'bad number')
        end
    end
    if find(text, '^-?0%d') then bad(s, at, 'bad number') end
    local value = tonumber(text)
    if not value then bad(s, at, 'bad number') end
    return value, stop + 1
end

local read

local function read_object(s, at, depth)
    local t = {}
    at = find(s, '[^ \n\r\t]', at)
    if not at then bad(s, #s, 'unfinished object') end
    if byte(s, at) == 125 then return t, at + 1 end
    while true do
        if byte(s, at) ~= 34 then bad(s, at, 'a name is missing') end
        local key, value
        key, at = read_string(s, at + 1)
        if byte(s, at) ~= 58 then
            at = find(s, '[^ \n\r\t]', at)
            if not at or byte(s, at) ~= 58 then bad(s, at or #s, 'a colon is missing') end
        end
        value, at = read(s, at + 1, depth)
        t[key] = value
        local next_byte = byte(s, at)
        if next_byte ~= 44 and next_byte ~= 125 then
            at = find(s, '[^ \n\r\t]', at)
            next_byte = at and byte(s, at)
        end
        if next_byte == 125 then return t, at + 1 end
        if next_byte ~= 44 then bad(s, at or #s, 'a comma or } is missing') end
        at = at + 1
        if byte(s, at) ~= 34 then
            at = find(s, '[^ \n\r\t]', at)
            if not at then bad(s, #s, 'unfinished object') end
            if byte(s, at) == 125 then return t, at + 1 end
        end
    end
end

local function read_array(s, at, depth)
    local t, n = {}, 0
    at = find(s, '[^ \n\r\t]', at)
    if not at then bad(s, #s, 'unfinished array') end
    if byte(s, at) == 93 then return t, at + 1 end
    while true do
        n = n + 1
        t[n], at = read(s, at, depth)
        local next_byte = byte(s, at)
        if next_byte ~= 44 and next_byte ~= 93 then
            at = find(s, '[^ \n\r\t]', at)
            next_byte = at and byte(s, at)
        end
        if next_byte == 93 then return t, at + 1 end
        if next_byte ~= 44 then bad(s, at or #s, 'a comma or ] is missing') end
        at = find(s, '[^ \n\r\t]', at + 1)
        if not at then bad(s, #s, 'unfinished array') end
        if byte(s, at) == 93 then return t, at + 1 end
    end
end

read = function(s, at, depth)
    local c = byte(s, at)
    if c == 32 or c == 10 or c == 13 or c == 9 then
        at = find(s, '[^ \n\r\t]', at)
        c = at and byte(s, at)
    end
    if c == 34 then return read_string(s, at + 1) end
    if c == 123 or c == 91 then
        if depth >= DEEPEST_READ then bad(s, at, 'nested too deeply') end
        if c == 123 then return read_object(s, at + 1, depth + 1) end
        return read_array(s, at + 1, depth + 1)
    end
    if not c then bad(s, #s, 'the text ends too soon') end
    if c == 116 and sub(s, at, at + 3) == 'true' then return true, at + 4 end
    if c == 102 and sub(s, at, at + 4) == 'false' then return false, at + 5 end
    if c == 110 and sub(s, at, at + 3) == 'null' then return nil, at + 4 end
    return read_number(s, at)
end

function json.decode(s)
    if s == nil then s = '' end
    if type(s) == 'number' then s = tostring(s) end
    if type(s) ~= 'string' then error('json: a string is needed, not a ' .. type(s), 2) end
    if s == '' then return nil, 0, 'json: the text is empty' end
    local fine, value, at = pcall(read, s, 1, 0)
    if fine then return value, at end
    return nil, value.at, value.message
end

function json.setoption() end

return json
