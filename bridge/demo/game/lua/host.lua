-- Puts a script runtime together. Called with the host's table of Python functions, the side, and
-- a function that returns the source of another file beside this one.

local host, side, source_of, functions, bindings = ...

local function part(name)
    local text = source_of(name)
    return assert(load(text, '@citizen:/' .. name, 't'))
end

local raw_type, tostring, error, getmetatable = type, tostring, error, debug.getmetatable

msgpack = part('msgpack.lua')()
json = part('json.lua')()

---Seconds spent in JSON, MessagePack and the natives of each recipient, which are C and C++ in the
---game; counted only when asked for.
local timing, engine_seconds = false, 0.0
local cpu = host.cpu

local function finish(began, fine, ...)
    engine_seconds = engine_seconds + cpu() - began
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

-- Only natives that call no script back: the time of a handler is the resource's own.
for _, name in ipairs { 'TriggerClientEventInternal', 'IsPlayerAceAllowed', 'GetPlayerPed', 'GetEntityCoords' } do
    if functions[name] then timed(functions, name) end
end

assert(load(bindings, '@citizen:/natives', 't'))(functions, _G, counts, help)
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
    timing = true
    return engine_seconds
end
return entries
