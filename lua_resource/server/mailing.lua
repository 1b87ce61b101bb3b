---One alert for many: players who get the same of an event are gathered, so that it is built and
---packed once, whatever their number. Pure.

---@class CadBridge.Mailing
---@field private pictures CadBridge.Pictures
---@field private letters table<string, { alert: Alert, sources: integer[] }>
---@field private order string[]
local Mailing = {}
Mailing.__index = Mailing

---@param pictures CadBridge.Pictures
---@return CadBridge.Mailing
local function new(pictures)
    return setmetatable({ pictures = pictures, letters = {}, order = {} }, Mailing)
end

---The alert of a kind, if it was built already.
---@param kind string
---@return Alert?
function Mailing:has(kind)
    local letter = self.letters[kind]
    return letter and letter.alert
end

---@param source integer
---@param kind string players of the same kind get the same
---@param alert Alert
function Mailing:add(source, kind, alert)
    local letter = self.letters[kind]
    if not letter then
        letter = { alert = alert, sources = {} }
        self.letters[kind] = letter
        self.order[#self.order + 1] = kind
    end
    letter.sources[#letter.sources + 1] = source
end

function Mailing:send()
    for _, kind in ipairs(self.order) do
        local letter = self.letters[kind]
        self.pictures:showAll(letter.sources, letter.alert)
    end
end

CadBridge.mailing = { new = new }
