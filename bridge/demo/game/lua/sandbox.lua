-- What a script may see of Lua's own libraries. Called once with (host, side).
-- FXServer opens base, table, string, math, coroutine, utf8 and debug; `os` and `io` are its own,
-- confined to the resource's folder, and exist on the server only.

return function(host, side)
    local real_type, setmetatable, tostring = type, setmetatable, tostring
    local error, select, ipairs = error, select, ipairs
    local date, time, difftime = os.date, os.time, os.difftime
    local concat = table.concat

    python = nil
    package = nil
    dofile = nil
    loadfile = nil
    io = nil
    os = nil

    function require(name)
        error(("module '%s' not found"):format(tostring(name)), 2)
    end

    function print(...)
        local parts = {}
        for i = 1, select('#', ...) do parts[i] = tostring((select(i, ...))) end
        host.trace(concat(parts, '\t') .. '\n')
    end

    if side == 'server' then
        os = {
            clock = host.clock,
            time = function(t)
                if t then return time(t) end
                return host.time()
            end,
            date = function(format, t) return date(format or '%c', t or host.time()) end,
            difftime = difftime,
            getenv = function(name) return name == 'os' and host.platform or nil end,
            exit = function() return nil, 'Permission denied', 13 end,
            execute = function() return nil, 'Permission denied', 13 end,
            remove = function(name) return host.remove_file(name) end,
            rename = function() return nil, 'Permission denied', 13 end,
            tmpname = function() return nil, 'Permission denied', 13 end,
        }
        io = {
            open = function(name, mode)
                local text, problem, code = host.open_file(name, mode or 'r')
                if not text then return nil, problem, code end
                return {
                    read = function() return text end,
                    lines = function() return text:gmatch('[^\n]+') end,
                    close = function() return true end,
                }
            end,
            popen = function() return nil, 'Permission denied', 13 end,
        }
    end

    -- Vectors. In the game they are a type of their own: no table, read-only, with a length.
    local parts_of = setmetatable({}, { __mode = 'k' })
    local AXES = { x = 1, y = 2, z = 3, w = 4 }
    local metas = {}

    local function make(parts)
        local v = setmetatable({}, metas[#parts])
        parts_of[v] = parts
        return v
    end

    local function number(n, level)
        if real_type(n) ~= 'number' then error('vector: a number is needed, not a ' .. real_type(n), level) end
        return n + 0.0
    end

    local function combine(operation)
        return function(a, b)
            local p, q = parts_of[a], parts_of[b]
            if p and q and #p ~= #q then error('vectors of different size', 2) end
            local result = {}
            for i = 1, #(p or q) do
                result[i] = operation(p and p[i] or number(a, 3), q and q[i] or number(b, 3))
            end
            return make(result)
        end
    end

    local function describe(v)
        local parts = parts_of[v]
        local texts = {}
        for i, part in ipairs(parts) do texts[i] = ('%f'):format(part) end
        return ('vector%d(%s)'):format(#parts, concat(texts, ', '))
    end

    for size = 2, 4 do
        local format = '<' .. ('f'):rep(size) -- on the wire: single floats
        local meta = {
            __vector = true,
            __metatable = 'vector' .. size,
            __ext = 18 + size,
            __pack = function(v) return format:pack(table.unpack(parts_of[v])) end,
            __unpack = function(data)
                local parts = { format:unpack(data) }
                parts[size + 1] = nil
                return make(parts)
            end,
            __index = function(v, key)
                local parts = parts_of[v]
                if real_type(key) == 'string' and #key == 2 then
                    return make({ parts[AXES[key:sub(1, 1)]], parts[AXES[key:sub(2, 2)]] })
                end
                return parts[AXES[key] or key]
            end,
            __newindex = function() error('a vector cannot be changed', 2) end,
            __pairs = function() error("bad argument #1 to 'for iterator' (table expected, got vector)", 2) end,
            __add = combine(function(a, b) return a + b end),
            __sub = combine(function(a, b) return a - b end),
            __mul = combine(function(a, b) return a * b end),
            __div = combine(function(a, b) return a / b end),
            __len = function(v)
                local sum = 0.0
                for _, part in ipairs(parts_of[v]) do sum = sum + part * part end
                return sum ^ 0.5
            end,
            __unm = function(v)
                local result = {}
                for i, part in ipairs(parts_of[v]) do result[i] = -part end
                return make(result)
            end,
            __eq = function(a, b)
                local p, q = parts_of[a], parts_of[b]
                if not p or not q or #p ~= #q then return false end
                for i = 1, #p do
                    if p[i] ~= q[i] then return false end
                end
                return true
            end,
            __tostring = describe,
            __concat = function(a, b) return tostring(a) .. tostring(b) end,
        }
        metas[size] = meta
        msgpack.extend(meta)
        _G['vector' .. size] = function(...)
            if select('#', ...) ~= size then error(('vector%d needs %d numbers'):format(size, size), 2) end
            local parts = { ... }
            for i = 1, size do parts[i] = number(parts[i], 3) end
            return make(parts)
        end
        _G['vec' .. size] = _G['vector' .. size]
    end

    ---`type` of a vector is 'vector3', never 'table'.
    function type(...)
        local value = ...
        local kind = real_type(...)
        if kind == 'table' then
            local parts = parts_of[value]
            if parts then return 'vector' .. #parts end
        end
        return kind
    end

    return function(...) return make({ ... }) end
end
