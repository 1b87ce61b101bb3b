-- Puts a script runtime together. Called with the host's table of Python functions, the side, and
-- a function that returns the source of another file beside this one.

local host, side, source_of, functions, bindings = ...

-- As the game sets up each of its Lua runtimes.
collectgarbage('generational')

local function part(name)
    local text = source_of(name)
    return assert(load(text, '@citizen:/' .. name, 't'))
end

local raw_type, tostring, error, getmetatable = type, tostring, error, debug.getmetatable

msgpack = part('msgpack.lua')()
json = part('json.lua')()

---Seconds spent in JSON, MessagePack and the natives that every push calls, which are C and C++ in the
---game, and of the stopwatch itself; counted only when asked for.
local timing, engine_seconds, stopwatch = false, 0.0, 0.0
local cpu = host.cpu

local function finish(began, fine, ...)
    engine_seconds = engine_seconds + cpu() - began + stopwatch
    if fine then return ... end
    error((...), 0)
end

local function timed(library, name)
    local work = library[name]
    library[name] = function(...)
        if not timing then return work(...) end
        return finish(cpu(), pcall(work, ...))
    end
end
timed(json, 'encode')
timed(json, 'decode')
timed(msgpack, 'pack_args')
timed(msgpack, 'unpack')

---Finds what one use of the stopwatch costs beyond what it counts: the least of some batches.
local function calibrate()
    local idle, batch, least = { work = function() end }, 500, math.huge
    timed(idle, 'work')
    for _ = 1, 10 do
        local counted, began = engine_seconds, cpu()
        for _ = 1, batch do idle.work() end
        least = math.min(least, cpu() - began - (engine_seconds - counted))
    end
    stopwatch, engine_seconds = math.max(0, least / batch), 0.0
end

local vector = part('sandbox.lua')()(host, side)
local entries = part('citizen.lua')()(host)
promise = part('promise.lua')()

---How often each native was called.
local counts = {}

local function shown(value)
    if raw_type(value) == 'string' then return ('the string %q'):format(value:sub(1, 40)) end
    if raw_type(value) == 'number' then return ('the %s %s'):format(math.type(value), tostring(value)) end
    return type(value)
end

local help = {
    type = raw_type,
    vector = vector,
    decode = function(packed)
        if packed ~= nil then return msgpack.unpack(packed) end
    end,
    many = function(name, count)
        error(('%s takes %d arguments, not more'):format(name, count), 3)
    end,
    wrong = function(name, position, wanted, got)
        error(('%s: argument %d must be %s, not %s'):format(name, position, wanted, shown(got)), 3)
    end,
    check = function(fine, ...)
        if fine then return ... end
        error(tostring((...)), 2)
    end,
}

function help.text(name, position, value)
    if math.type(value) == 'integer' and value ~= 0 then return tostring(value) end
    help.wrong(name, position, 'a string', value)
end

function help.truth(name, position, value)
    if value == 0 or value == 1 then return value == 1 end
    help.wrong(name, position, 'a boolean', value)
end

function help.hash(name, position, value)
    if raw_type(value) == 'string' then return host.hash(value) end
    help.wrong(name, position, 'a hash', value)
end

function help.reference(name, position, value)
    local reference = Citizen.GetFunctionReference(value)
    if not reference then help.wrong(name, position, 'a function', value) end
    return reference
end

assert(load(bindings, '@citizen:/natives', 't'))(functions, _G, counts, help)

-- Only natives that call no script back: the time of a handler is the resource's own.
for _, name in ipairs {
    'GetGameTimer', 'GetInvokingResource', 'IsPlayerAceAllowed', 'GetPlayerPed', 'GetEntityCoords',
    'SetResourceKvpNoSync', 'TriggerClientEventInternal',
} do
    if _G[name] then timed(_G, name) end
end

part('scheduler.lua')()

-- Globals that the resource's own scripts make are told: it should be only one.
setmetatable(_G, {
    __newindex = function(globals, name, value)
        rawset(globals, name, value)
        if name ~= 'source' then host.new_global(tostring(name)) end
    end,
})

entries.counts = counts
---Begins to count, and returns what has come together.
function entries.engine_seconds()
    if not timing then
        timing = true
        calibrate()
    end
    return engine_seconds
end
return entries
