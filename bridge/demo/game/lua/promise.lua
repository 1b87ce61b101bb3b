-- `promise`: what Citizen.Await waits for. States: 0 pending, 3 resolved, 4 rejected.

local promise = {}
promise.__index = promise

local function settle(p, state, value)
    if p.state ~= 0 then return end
    p.state, p.value = state, value
    local waiting = p.waiting
    p.waiting = nil
    for _, routine in ipairs(waiting) do routine() end
end

function promise.new()
    return setmetatable({ state = 0, waiting = {} }, promise)
end

function promise:resolve(value)
    settle(self, 3, value)
    return self
end

function promise:reject(reason)
    settle(self, 4, reason)
    return self
end

function promise:next(on_value, on_reason)
    local after = promise.new()
    local function go()
        local handler = on_value
        if self.state == 4 then handler = on_reason end
        if not handler then
            settle(after, self.state, self.value)
            return
        end
        local fine, result = pcall(handler, self.value)
        settle(after, fine and 3 or 4, result)
    end
    if self.state == 0 then
        self.waiting[#self.waiting + 1] = go
    else
        go()
    end
    return after
end

return promise
