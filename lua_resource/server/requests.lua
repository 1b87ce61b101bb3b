---What the game asks of the bridge, and waits for: which player, until when, and what then. Pure.

---@class CadBridge.Problem
---@field code string
---@field message string?

---@alias CadBridge.Answered fun(result: table?, problem: CadBridge.Problem?)

---@class CadBridge.Pending
---@field deadline integer
---@field answered CadBridge.Answered

---@class CadBridge.Requests
---@field private transmit fun(id: string, method: string, params: table): boolean
---@field private now fun(): integer
---@field private later fun(ms: integer, callback: fun())
---@field private pending table<string, CadBridge.Pending>
---@field private last integer
---@field private watching boolean
local Requests = {}
Requests.__index = Requests

---The bridge answers within ten seconds, if only to say that the CAD did not.
local WAIT_MS = 11000
local LOOK_MS = 1000

---@param transmit fun(id: string, method: string, params: table): boolean false while there is no connection
---@param now fun(): integer
---@param later fun(ms: integer, callback: fun())
---@return CadBridge.Requests
local function new(transmit, now, later)
    return setmetatable({
        transmit = transmit, now = now, later = later, pending = {}, last = 0, watching = false,
    }, Requests)
end

---Asks the bridge. `answered` is called once, whatever happens.
---@param method string
---@param params table
---@param answered CadBridge.Answered?
function Requests:ask(method, params, answered)
    self.last = self.last + 1
    local id = ('%d'):format(self.last)
    self.pending[id] = { deadline = self.now() + WAIT_MS, answered = answered or function() end }
    if not self.transmit(id, method, params) then
        return self:answer(id, nil, { code = 'disconnected' })
    end
    self:watch()
end

---The bridge answered. What is not waited for any more is dropped.
---@param id string
---@param result any
---@param problem CadBridge.Problem?
function Requests:answer(id, result, problem)
    local pending = self.pending[id]
    if not pending then return end
    self.pending[id] = nil
    if not problem and type(result) ~= 'table' then result = {} end
    pending.answered(not problem and result or nil, problem)
end

---@private
function Requests:watch()
    if self.watching or not next(self.pending) then return end
    self.watching = true
    self.later(LOOK_MS, function()
        self.watching = false
        local now, overdue = self.now(), {}
        for id, pending in pairs(self.pending) do
            if now >= pending.deadline then overdue[#overdue + 1] = id end
        end
        for _, id in ipairs(overdue) do self:answer(id, nil, { code = 'timeout' }) end
        self:watch()
    end)
end

---The connection ended, and with it what was asked over it.
function Requests:down()
    local ids = {}
    for id in pairs(self.pending) do ids[#ids + 1] = id end
    table.sort(ids)
    for _, id in ipairs(ids) do self:answer(id, nil, { code = 'disconnected' }) end
end

---Problems that have a sentence of their own.
local SENTENCES = {
    not_linked = true, not_a_unit = true, cad_unreachable = true, cad_refused = true, rate_limited = true,
    unknown_call = true, timeout = true, disconnected = true, not_configured = true, bad_params = true,
    internal = true,
}

---The name of the sentence that tells a player of the problem.
---@param problem CadBridge.Problem
---@return string
local function sentence(problem)
    return 'notice.refused.' .. (SENTENCES[problem.code] and problem.code or 'other')
end

CadBridge.requests = { new = new, sentence = sentence }
