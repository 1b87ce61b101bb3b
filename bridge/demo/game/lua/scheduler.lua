-- Events, function references and exports on top of the `Citizen` library: the part that FXServer
-- ships as a script itself. Its own can stand here instead (CAD_BRIDGE_SCHEDULER_LUA).

local type, error, pairs, tonumber, tostring = type, error, pairs, tonumber, tostring
local rawget, setmetatable, getmetatable, pcall, select = rawget, setmetatable, getmetatable, pcall, select
local unpack, pack_results = table.unpack, table.pack
local pack_args, pack, decode = msgpack.pack_args, msgpack.pack, msgpack.unpack
local Citizen, G = Citizen, _G
local CreateThreadNow, Trace = Citizen.CreateThreadNow, Citizen.Trace
local on_server = IsDuplicityVersion()
local own_name = GetCurrentResourceName()

Wait, CreateThread, SetTimeout, ClearTimeout = Citizen.Wait, Citizen.CreateThread, Citizen.SetTimeout, Citizen.ClearTimeout

local AWAIT = Citizen.AwaitSentinel()
Citizen.AwaitSentinel = nil

function Citizen.Await(p)
    local _, main = coroutine.running()
    if main then error('Citizen.Await needs a thread, a timeout or an event handler around it', 2) end
    if p.state == 0 then
        local wake = coroutine.yield(AWAIT)
        p:next(wake, wake)
        coroutine.yield(AWAIT)
    end
    if p.state == 4 then error(p.value, 2) end
    return p.value
end

-- Function references -------------------------------------------------------------------------

local EXT_REF <const>, EXT_LOCAL_REF <const> = 10, 11
local functions, next_function = {}, 0

local function reference(routine)
    local index = next_function
    next_function = index + 1
    functions[index] = { routine = routine, uses = 0 }
    return Citizen.CanonicalizeRef(index)
end

function Citizen.GetFunctionReference(value)
    if type(value) == 'function' then return reference(value) end
    if type(value) == 'table' and rawget(value, '__cfx_functionReference') then
        return reference(function(...) return value(...) end)
    end
    return nil
end

Citizen.SetDuplicateRefRoutine(function(index)
    local entry = functions[index]
    if not entry then return -1 end
    entry.uses = entry.uses + 1
    return index
end)

Citizen.SetDeleteRefRoutine(function(index)
    local entry = functions[index]
    if not entry then return end
    entry.uses = entry.uses - 1
    if entry.uses <= 0 then functions[index] = nil end
end)

Citizen.SetCallRefRoutine(function(index, arguments)
    local entry = functions[index]
    if not entry then
        Trace('Invalid ref call attempt: ' .. index .. '\n')
        return pack(nil)
    end
    local results, problem
    local later = {}
    local waits = CreateThreadNow(function()
        local outcome = pack_results(pcall(entry.routine, unpack(decode(arguments))))
        if outcome[1] then
            results = { unpack(outcome, 2, outcome.n) }
        else
            problem = outcome[2]
        end
        if later.call then
            later.call(results, problem and tostring(problem))
        elseif problem then
            error(problem, 0) -- the thread dies of it, and the console says so
        end
    end)
    if waits then
        return pack({ { __cfx_async_retval = function(call) later.call = call end } })
    end
    if problem then return pack(nil) end
    return pack(results)
end)

local ref_meta = { __ext = EXT_REF }

ref_meta.__index = function() error('a function reference has no fields', 2) end
ref_meta.__newindex = ref_meta.__index
ref_meta.__call = function(self, ...)
    local answer = decode(Citizen.InvokeFunctionReference(rawget(self, '__cfx_functionReference'), pack_args(...)))
    if not answer then error() end -- without a word: the console of its resource has the message
    local first = answer[1]
    if type(first) == 'table' and rawget(first, '__cfx_async_retval') and coroutine.running() then
        local p = promise.new()
        first.__cfx_async_retval(function(results, problem)
            if results then p:resolve(results) else p:reject(problem) end
        end)
        return unpack(Citizen.Await(p))
    end
    return unpack(answer)
end
ref_meta.__pack = function(self)
    return Citizen.GetFunctionReference(self)
end
ref_meta.__unpack = function(text)
    DuplicateFunctionReference(text)
    return setmetatable({ __cfx_functionReference = text }, ref_meta)
end
msgpack.extend(ref_meta)
msgpack.extend({ __ext = EXT_LOCAL_REF, __pack = ref_meta.__pack, __unpack = ref_meta.__unpack })
msgpack.settype('function', EXT_REF)

-- Events --------------------------------------------------------------------------------------

---name -> { safe = boolean, order = key[], handlers = { [key] = routine } }
---The keys of a runtime's handlers count on over all events, from 11: what one event has of them comes
---in no order that a script could count on.
local events, next_key = {}, 10

local function event_entry(name)
    if type(name) ~= 'string' then error('an event name must be a string, not a ' .. type(name), 3) end
    local entry = events[name]
    if not entry then
        entry = {}
        events[name] = entry
    end
    return entry
end

local function run_handlers(entry, arguments)
    for _, handler in pairs(entry.handlers) do
        CreateThreadNow(function() handler(unpack(arguments)) end)
    end
end

Citizen.SetEventRoutine(function(name, payload, origin)
    local before = G.source
    local entry = events[name]
    G.source = origin
    local arguments = decode(payload)
    if entry and entry.handlers then
        if origin:sub(1, 3) == 'net' then
            if not entry.safe then
                G.source = before
                Trace('event ' .. name .. ' was not safe for net\n')
                return
            end
            G.source = tonumber(origin:sub(5))
        elseif on_server and origin:sub(1, 12) == 'internal-net' then
            G.source = tonumber(origin:sub(14))
        end
        if arguments == nil then arguments = {} end
        if type(arguments) == 'table' then run_handlers(entry, arguments) end
    end
    G.source = before
end)

function AddEventHandler(name, routine)
    local entry = event_entry(name)
    entry.handlers = entry.handlers or {}
    next_key = next_key + 1
    entry.handlers[next_key] = routine
    RegisterResourceAsEventHandler(name)
    return { key = next_key, name = name }
end

function RemoveEventHandler(handler)
    if not handler or not handler.key or not handler.name then
        error('RemoveEventHandler needs what AddEventHandler returned', 2)
    end
    events[handler.name].handlers[handler.key] = nil
end

function RegisterNetEvent(name, routine)
    event_entry(name).safe = true
    if routine then return AddEventHandler(name, routine) end
end

function TriggerEvent(name, ...)
    local payload = pack_args(...)
    return TriggerEventInternal(name, payload, #payload)
end

if on_server then
    RegisterServerEvent = RegisterNetEvent

    function TriggerClientEvent(name, player, ...)
        local payload = pack_args(...)
        return TriggerClientEventInternal(name, player, payload, #payload)
    end

    function TriggerLatentClientEvent(name, player, rate, ...)
        local payload = pack_args(...)
        return TriggerLatentClientEventInternal(name, player, payload, #payload, tonumber(rate))
    end

    function GetPlayerIdentifiers(player)
        local list = {}
        for i = 1, GetNumPlayerIdentifiers(player) do list[i] = GetPlayerIdentifier(player, i - 1) end
        return list
    end

    function GetPlayerTokens(player)
        local list = {}
        for i = 1, GetNumPlayerTokens(player) do list[i] = GetPlayerToken(player, i - 1) end
        return list
    end

    function GetPlayers()
        local list = {}
        for i = 1, GetNumPlayerIndices() do list[i] = GetPlayerFromIndex(i - 1) end
        return list
    end
else
    function TriggerServerEvent(name, ...)
        local payload = pack_args(...)
        return TriggerServerEventInternal(name, payload, #payload)
    end

    function TriggerLatentServerEvent(name, rate, ...)
        local payload = pack_args(...)
        return TriggerLatentServerEventInternal(name, payload, #payload, tonumber(rate))
    end

    function SendNUIMessage(message)
        SendNuiMessage(json.encode(message))
    end

    function RegisterNUICallback(name, routine)
        RegisterNuiCallbackType(name)
        AddEventHandler('__cfx_nui:' .. name, function(body, answer)
            local fine, problem = pcall(routine, body, answer)
            if not fine then Trace('error during NUI callback ' .. name .. ': ' .. tostring(problem) .. '\n') end
        end)
    end
end

-- Exports -------------------------------------------------------------------------------------

local found = {}

local function export_event(resource, name)
    return ('__cfx_export_%s_%s'):format(resource, name)
end

local function export_result(resource, name, fine, ...)
    if not fine then
        error(('An error occurred while calling export `%s` in resource `%s`: %s'):format(name, resource, tostring((...))), 3)
    end
    return ...
end

local function lookup(resource, name)
    if type(name) ~= 'string' then error('Invalid export name: ' .. tostring(name), 3) end
    local known = found[resource]
    if not known then
        known = {}
        found[resource] = known
    end
    if not known[name] then
        TriggerEvent(export_event(resource, name), function(routine) known[name] = routine end)
        if not known[name] then error('No such export ' .. name .. ' in resource ' .. tostring(resource), 3) end
    end
    return known[name]
end

exports = setmetatable({}, {
    __index = function(_, resource)
        return setmetatable({}, {
            __index = function(_, name)
                lookup(resource, name)
                return function(_, ...)
                    return export_result(resource, name, pcall(lookup(resource, name), ...))
                end
            end,
            __newindex = function() error('cannot set values on an export resource', 2) end,
        })
    end,
    __newindex = function() error('cannot set values on exports', 2) end,
    __call = function(_, name, routine)
        AddEventHandler(export_event(own_name, name), function(give) give(routine) end)
    end,
})

AddEventHandler(on_server and 'onServerResourceStop' or 'onClientResourceStop', function(resource)
    found[resource] = nil
end)

do -- `server_export 'Name'` in a manifest hands out the global of that name.
    local key = on_server and 'server_export' or 'export'
    for i = 0, GetNumResourceMetadata(own_name, key) - 1 do
        local name = GetResourceMetadata(own_name, key, i)
        AddEventHandler(export_event(own_name, name), function(give)
            if G[name] then give(G[name]) end
        end)
    end
end
