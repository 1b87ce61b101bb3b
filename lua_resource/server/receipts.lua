---Who should have got an alert, and who painted it. A receipt goes to the bridge when all have
---answered, at the latest five seconds after the alert. Pure.

---@alias CadBridge.Outcome 'shown'|'paused'|'muted'|'suppressed'

---@class CadBridge.Receipt
---@field key string
---@field seq integer
---@field due integer
---@field sent integer
---@field shown integer
---@field ms integer? between the push and the last painting; nil while nobody painted
---@field why table<string, integer> those who did not paint: reason -> how many

---@class CadBridge.Expected
---@field receipt CadBridge.Receipt
---@field age integer of the push when the alert was sent
---@field since integer
---@field waiting table<integer, true>
---@field open integer how many are waited for

---@class CadBridge.Receipts
---@field private emit fun(receipt: CadBridge.Receipt)
---@field private expected table<string, CadBridge.Expected>
local Receipts = {}
Receipts.__index = Receipts

local WAIT_MS = 5000

---@param key string
---@param seq integer
---@return string
local function name(key, seq)
    return ('%d %s'):format(seq, key)
end

---@param emit fun(receipt: CadBridge.Receipt)
---@return CadBridge.Receipts
local function new(emit)
    return setmetatable({ emit = emit, expected = {} }, Receipts)
end

---@private
---@param id string
function Receipts:finish(id)
    local expected = self.expected[id]
    if not expected then return end
    self.expected[id] = nil
    if expected.open > 0 then expected.receipt.why.unanswered = expected.open end
    self.emit(expected.receipt)
end

---An alert went out.
---@param key string
---@param seq integer
---@param age integer of the push, milliseconds
---@param now integer
---@param sent integer[] who was sent it
---@param missed table<string, integer> who should have been and was not: reason -> how many
---@return fun()? close to be called `WAIT_MS` later; nil where nobody is waited for
function Receipts:expect(key, seq, age, now, sent, missed)
    local receipt = { key = key, seq = seq, due = #sent, sent = #sent, shown = 0, why = {} }
    for reason, count in pairs(missed) do
        receipt.due = receipt.due + count
        receipt.why[reason] = count
    end
    local expected = { receipt = receipt, age = age, since = now, waiting = {}, open = #sent }
    for _, source in ipairs(sent) do expected.waiting[source] = true end
    local id = name(key, seq)
    self.expected[id] = expected
    if #sent == 0 then
        self:finish(id)
        return nil
    end
    return function() self:finish(id) end
end

---@private
---@param id string
---@param expected CadBridge.Expected
---@param source integer
---@param reason string? nil: he painted it
---@param now integer
function Receipts:answered(id, expected, source, reason, now)
    expected.waiting[source] = nil
    expected.open = expected.open - 1
    local receipt = expected.receipt
    if reason then
        receipt.why[reason] = (receipt.why[reason] or 0) + 1
    else
        receipt.shown = receipt.shown + 1
        receipt.ms = expected.age + now - expected.since
    end
    if expected.open == 0 then self:finish(id) end
end

---A client says what became of an alert. Counts once, and only of those who were sent it.
---@param source integer
---@param key string
---@param seq integer
---@param outcome CadBridge.Outcome
---@param now integer
---@return boolean counted
function Receipts:painted(source, key, seq, outcome, now)
    local id = name(key, seq)
    local expected = self.expected[id]
    if not expected or not expected.waiting[source] then return false end
    self:answered(id, expected, source, outcome ~= 'shown' and outcome or nil, now)
    return true
end

---@param source integer
---@param now integer
function Receipts:left(source, now)
    local waited = {}
    for id, expected in pairs(self.expected) do
        if expected.waiting[source] then waited[#waited + 1] = id end
    end
    for _, id in ipairs(waited) do self:answered(id, self.expected[id], source, 'left', now) end
end

---Closes all, as when the resource stops.
function Receipts:flush()
    local ids = {}
    for id in pairs(self.expected) do ids[#ids + 1] = id end
    table.sort(ids)
    for _, id in ipairs(ids) do self:finish(id) end
end

CadBridge.receipts = { new = new, WAIT_MS = WAIT_MS }
