---What is remembered of calls beside the board: which alerted in this run, who had one that is gone and
---for whom it was, whose caller heard that help is on the way. Pure.

---@class CadBridge.Memory
---@field private live table<string, integer> key -> clock of the alert, of calls that alerted in this run
---@field private knew table<string, { at: integer, sources: table<integer, true>, restricted: boolean }> who had a 911 call that is gone
---@field private helped table<string, true> keys whose caller heard that help is on the way
local Memory = {}
Memory.__index = Memory

---How long it is remembered who had a call that is gone.
local KNEW_MS = 15 * 60 * 1000

---@return CadBridge.Memory
local function new()
    return setmetatable({ live = {}, knew = {}, helped = {} }, Memory)
end

---The call alerted.
---@param key string
---@param now integer
function Memory:alerted(key, now)
    self.live[key] = now
end

---When the call alerted in this run of the resource; nil for one that did not.
---@param key string
---@return integer?
function Memory:liveSince(key)
    return self.live[key]
end

---The caller has heard of the units that are on the way.
---@param key string
function Memory:help(key)
    self.helped[key] = true
end

---@param key string
---@return boolean
function Memory:isHelped(key)
    return self.helped[key] == true
end

---These players had a 911 call that is gone: a dispatch call made from it must not alert them again, and
---is for dispatchers only where that one was.
---@param key string
---@param holders integer[]
---@param restricted boolean
---@param now integer
function Memory:had(key, holders, restricted, now)
    local sources = {}
    for _, source in ipairs(holders) do sources[source] = true end
    self.knew[key] = { at = now, sources = sources, restricted = restricted }
end

---Forgets who had 911 calls that are gone for long.
---@param now integer
function Memory:expire(now)
    for key, memory in pairs(self.knew) do
        if now - memory.at > KNEW_MS then self.knew[key] = nil end
    end
end

---Whether the player had that 911 call, which is gone.
---@param key string?
---@param source integer
---@return boolean
function Memory:knows(key, source)
    local memory = key and self.knew[key]
    return memory ~= nil and memory.sources[source] == true
end

---Whether that 911 call, which is gone, was for dispatchers only.
---@param key string?
---@return boolean
function Memory:wasRestricted(key)
    local memory = key and self.knew[key]
    return memory ~= nil and memory.restricted
end

---The player has left: who has his number next had nothing.
---@param source integer
function Memory:dropped(source)
    for _, memory in pairs(self.knew) do memory.sources[source] = nil end
end

---The call is over. Who had it stays known for a while.
---@param key string
function Memory:forget(key)
    self.live[key], self.helped[key] = nil, nil
end

---Forgets whatever is not open.
---@param open table<string, Call>
function Memory:keep(open)
    for _, memory in ipairs { self.live, self.helped } do
        for key in pairs(memory) do
            if not open[key] then memory[key] = nil end
        end
    end
end

CadBridge.alertMemory = { new = new }
