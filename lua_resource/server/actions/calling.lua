---A player calls for help: a call that he places, his panic, and the status of his unit. Where he calls
---from is the server's knowledge, not the player's. Pure, but for the parts handed in.

---@class CadBridge.Calling: CadBridge.ActionParts
---@field private answers CadBridge.Answers
local Calling = {}
Calling.__index = Calling

---The CAD takes 1,000 characters of a description; a player's name is shorter than this.
local TEXT, NAME = 1000, 100
---How long the echo of a call placed from the game may take.
local ECHO_MS = 3000

---@param parts CadBridge.ActionParts
---@param answers CadBridge.Answers
---@return CadBridge.Calling
local function new(parts, answers)
    local calling = { answers = answers }
    for name, part in pairs(parts) do calling[name] = part end
    return setmetatable(calling, Calling)
end

---Places a call.
---@param source integer
---@param emergency boolean
---@param text string
function Calling:place(source, emergency, text)
    local player = self.roster.players[source]
    if not player then return end
    local position = CadBridge.position.checked(self.standing(source))
    local postal = position and self.postals:nearest(position.x, position.y)
    local name = self.audience.sources.job:character(source) or player.name
    self.answers:ask(source, 'call.create', {
        emergency = emergency,
        caller = CadBridge.text.cut(CadBridge.text.line(name), NAME),
        text = CadBridge.text.cut(CadBridge.text.line(text), TEXT),
        position = position,
        postal = postal and postal.code,
        location = postal and CadBridge.look.say(self.sight, 'call.location', { postal = postal.code }) or '',
    }, function(result)
        if type(result.key) == 'string' then self.alerts:placed(result.key, source) end
        -- His call comes back as an event and acknowledges itself; where it does not, he hears it so.
        self.later(ECHO_MS, function()
            if self.roster.players[source] ~= player or self.pictures:has(source, result.key) then return end
            self.answers:say(source, 'good', 'notice.placed')
        end)
    end)
end

---Raises the player's panic, or ends it. In the game this does not wait for the CAD.
---@param source integer
function Calling:panic(source)
    local active = self.panics:find(nil, source)
    if active then
        self.panics:finish(active, 'off')
    else
        local ident = self.audience.sources.cad:identsOf(source)[1]
        local unit = ident and self.board.units[ident]
        local player = self.roster.players[source]
        local label = unit and (unit.number or unit.name) or player.name
        self.panics:raise(unit, source, label, { age = 0, alert = true, here = true })
    end
    self.answers:say(source, 'info', active and 'notice.panicOff' or 'notice.panicOn')
    self.answers:ask(source, 'unit.panic', { on = not active }, function(result)
        if result.updated == 0 and not active then self.answers:say(source, 'info', 'notice.panicNoUnit') end
    end)
end

---Statuses of the CAD by the words that players type; communities add others, which go as numbers.
local STATUSES = {
    unavailable = 0, busy = 1, available = 2, enroute = 3, onscene = 4,
    ['10-7'] = 0, ['10-6'] = 1, ['10-8'] = 2, ['10-97'] = 3, ['10-23'] = 4,
}

---@param source integer
---@param word string
function Calling:status(source, word)
    local answers = self.answers
    local plain = word:lower():gsub('[%s_]', '')
    local number = math.tointeger(tonumber(plain))
    local status = STATUSES[plain] or STATUSES[(plain:gsub('%-', ''))]
    if number and number >= 0 and number <= 999 then status = number end
    if not status then return answers:say(source, 'bad', 'notice.unknownStatus') end
    answers:ask(source, 'unit.status', { status = status }, function(result)
        if result.updated == 0 then return answers:say(source, 'bad', 'notice.refused.not_a_unit') end
        answers:say(source, 'good', 'notice.statusSet')
    end)
end

CadBridge.calling = { new = new }
