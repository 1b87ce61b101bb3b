-- The `Citizen` library: threads and the hooks that a scheduler sets. FXServer has it in C++
-- (LuaScriptRuntime.cpp); its own scheduler.lua and ours both stand on these functions.
-- Called once with the host table; returns the entry points that the host calls.

return function(host)
    local create, resume, status, yield = coroutine.create, coroutine.resume, coroutine.status, coroutine.yield
    local running, traceback = coroutine.running, debug.traceback
    local type, error, tostring, getmetatable = type, error, tostring, getmetatable
    local math_type = math.type
    local now = host.now

    local AWAIT = setmetatable({}, { __tostring = function() return 'await' end })

    ---@type { co: thread, due: number, id: integer }[] in the order in which they were scheduled
    local sleeping = {}
    ---Scheduled during the present entry into the runtime; they start when it ends.
    local pending = {}
    local next_id = 0

    local function message_of(err)
        if type(err) == 'string' then return err end
        local meta = getmetatable(err)
        if type(meta) == 'table' and meta.__tostring then return tostring(err) end
        if host.is_python_error(err) then return tostring(err) end
        return 'error object is not a string'
    end

    local function report(err, co)
        host.script_error(message_of(err), co and traceback(co) or '')
    end

    ---Resumes a thread; true if it still lives.
    local function run(thread)
        local co = thread.co
        if status(co) == 'dead' then return false end
        local fine, value = resume(co)
        if status(co) == 'dead' then
            if not fine then report(value, co) end
            return false
        end
        if value == AWAIT then
            local woken = false
            fine, value = resume(co, function()
                if woken then return end
                woken = true
                run(thread)
            end)
            if not fine then report(value, co) end
            return status(co) ~= 'dead'
        end
        if value == nil or type(value) == 'number' then
            thread.due = now() + (value or 0) // 1
            sleeping[#sleeping + 1] = thread
        end
        return true
    end

    local function thread_of(routine)
        if type(routine) ~= 'function' then
            error('a function is needed to make a thread, not a ' .. type(routine), 3)
        end
        next_id = next_id + 1
        return { co = create(routine), due = now(), id = next_id }
    end

    local hooks = {}
    local function hook(name)
        return function(routine) hooks[name] = hooks[name] or routine end
    end
    local function constant(value)
        return function() return value end
    end

    Citizen = {
        Trace = function(text) host.trace(text) end,
        CreateThread = function(routine)
            local thread = thread_of(routine)
            pending[#pending + 1] = thread
            return thread.id
        end,
        CreateThreadNow = function(routine) return run(thread_of(routine)) end,
        SetTimeout = function(delay, routine)
            if math_type(delay) == nil then error('SetTimeout needs a number of milliseconds', 2) end
            local thread = thread_of(routine)
            thread.delay = delay // 1
            pending[#pending + 1] = thread
            return thread.id
        end,
        -- Only what was made in this same entry into the runtime can be taken back.
        ClearTimeout = function(id)
            for i, thread in ipairs(pending) do
                if thread.id == id then
                    table.remove(pending, i)
                    return true
                end
            end
            return false
        end,
        Wait = function(delay)
            local _, main = running()
            if main then error('attempt to yield from outside a coroutine', 2) end
            yield(delay)
        end,
        AwaitSentinel = constant(AWAIT),
        SetBoundaryRoutine = hook('boundary'),
        SetStackTraceRoutine = hook('stack_trace'),
        SetTickRoutine = hook('tick'),
        SetEventRoutine = hook('event'),
        SetCallRefRoutine = hook('call_ref'),
        SetDuplicateRefRoutine = hook('duplicate_ref'),
        SetDeleteRefRoutine = hook('delete_ref'),
        SubmitBoundaryStart = function() end,
        SubmitBoundaryEnd = function() end,
        CanonicalizeRef = host.canonicalize_ref,
        InvokeFunctionReference = function(ref, arguments)
            local result = host.invoke_ref(ref, arguments)
            if result == nil then
                error('Execution of function reference in script host failed: it is gone', 2)
            end
            return result
        end,
        ResultAsString = constant('string'),
        ResultAsInteger = constant('integer'),
        ResultAsObject2 = constant('object'),
        PointerValueInt = constant('pointer'),
        -- Only what a scheduler itself invokes by hash; scripts of ours may not use it at all.
        InvokeNative = function(hash)
            if hash & 0xFFFFFFFF == host.FORMAT_STACK_TRACE & 0xFFFFFFFF then return traceback('', 2) end
            error('Citizen.InvokeNative is not simulated', 2)
        end,
    }

    ---Ends an entry into the runtime: what was scheduled in it begins to count.
    local function leave()
        if not pending[1] then return end
        local list = pending
        pending = {}
        for _, thread in ipairs(list) do
            thread.due = now() + (thread.delay or 0)
            sleeping[#sleeping + 1] = thread
        end
    end

    local function guarded(name)
        return function(...)
            local routine = hooks[name]
            if not routine then return nil end
            local fine, result = pcall(routine, ...)
            leave()
            if fine then return result end
            report(result)
            return nil
        end
    end

    return {
        event = guarded('event'),
        call_ref = guarded('call_ref'),
        duplicate_ref = guarded('duplicate_ref'),
        delete_ref = guarded('delete_ref'),
        ---Loads and runs a script file; false and a message if it did not parse.
        script = function(text, name)
            local chunk, problem = load(text, '@' .. name, 't')
            if not chunk then return false, problem end
            run(thread_of(chunk))
            leave()
            return true
        end,
        ---Runs a chunk as a function of a test: returns packed results, or nil and the message.
        evaluate = function(text, arguments)
            local chunk, problem = load(text, '=test', 't')
            if not chunk then return nil, problem end
            local fine, result = pcall(function()
                return msgpack.pack_args(chunk(table.unpack(msgpack.unpack(arguments))))
            end)
            leave()
            if fine then return result end
            return nil, message_of(result)
        end,
        ---Wakes what is due, and returns when the next thread is (nil: none sleeps).
        tick = function()
            local moment = now()
            local due, later = nil, nil
            for _, thread in ipairs(sleeping) do
                if thread.due <= moment then
                    due = due or {}
                    due[#due + 1] = thread
                else
                    later = later or {}
                    later[#later + 1] = thread
                end
            end
            if due then
                sleeping = later or {}
                for _, thread in ipairs(due) do run(thread) end
                leave()
            end
            local nearest
            for _, thread in ipairs(sleeping) do
                if not nearest or thread.due < nearest then nearest = thread.due end
            end
            return nearest
        end,
    }
end
