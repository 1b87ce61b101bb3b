---A player links his CAD account: he gets a code, types it in the CAD, and hears that it is done. Pure,
---but for the parts handed in.

---@class CadBridge.Linking: CadBridge.ActionParts
---@field private answers CadBridge.Answers
---@field private ends table<integer, integer> source -> clock at which his code ends
local Linking = {}
Linking.__index = Linking

local CHECK_MS = 30000

---@param parts CadBridge.ActionParts
---@param answers CadBridge.Answers
---@return CadBridge.Linking
local function new(parts, answers)
    local linking = { answers = answers, ends = {} }
    for name, part in pairs(parts) do linking[name] = part end
    return setmetatable(linking, Linking)
end

---Starts linking; success comes as an event, or is asked for.
---@param source integer
function Linking:start(source)
    local answers = self.answers
    answers:ask(source, 'link.create', {}, function(result)
        if result.linked then return answers:say(source, 'good', 'notice.alreadyLinked') end
        local minutes = math.max(1, math.floor((tonumber(result.expiresIn) or 600) / 60 + 0.5))
        answers:say(source, 'info', 'notice.linkCode', {
            code = tostring(result.code or '?'), url = tostring(result.url or ''), minutes = ('%d'):format(minutes),
        })
        local watching = self.ends[source]
        self.ends[source] = self.now() + minutes * 60000
        if not watching then self:watch(source) end
    end)
end

---@private
---@param source integer
function Linking:watch(source)
    self.later(CHECK_MS, function()
        local ends, player = self.ends[source], self.roster.players[source]
        if not ends then return end
        if not player or self.now() > ends then
            self.ends[source] = nil
            return
        end
        self.requests:ask('link.check', { player = player.identifiers }, function(result)
            if result and result.linked then self:linked(source) end
        end)
        self:watch(source)
    end)
end

---The player's account is linked.
---@param source integer
function Linking:linked(source)
    local asked = self.ends[source]
    self.ends[source] = nil
    if asked then self.answers:say(source, 'good', 'notice.linked') end
end

---@param source integer
function Linking:dropped(source)
    self.ends[source] = nil
end

CadBridge.linking = { new = new }
