---What the chat says of our commands while a player types: his client gets those that he may use, each with
---what it does and what follows it, and gets them again when he may use others. It is looked at a little
---later and for many at once, so that no push waits for it. Pure: what asks the game is handed in.

---A command as chat resources take it.
---@class CadBridge.Suggestion
---@field name string with its slash
---@field help string
---@field params { name: string, help: string }[]?

---@class CadBridge.SuggestionParts
---@field roster CadBridge.Roster
---@field claims CadBridge.Claims
---@field commands table<string, string> default name -> name, or '' for none
---@field say fun(name: string): string
---@field sendAll fun(sources: integer[], event: string, ...)
---@field there fun(): boolean whether a chat runs
---@field later fun(ms: integer, callback: fun())

---@alias CadBridge.Permission 'anyone'|'responder'

---@class CadBridge.Suggestions: CadBridge.SuggestionParts
---@field private due table<integer, true> players to look at
---@field private told table<integer, CadBridge.Permission> what a player's client has
---@field private lists table<CadBridge.Permission, CadBridge.Suggestion[]>
---@field private waiting boolean
local Suggestions = {}
Suggestions.__index = Suggestions

local SOON_MS, STEP_MS = 1000, 50
---How many players one step tells.
local STEP = 64

---@param parts CadBridge.SuggestionParts
---@return CadBridge.Suggestions
local function new(parts)
    local suggestions = { due = {}, told = {}, lists = {}, waiting = false }
    for name, part in pairs(parts) do suggestions[name] = part end
    return setmetatable(suggestions, Suggestions)
end

---@private
---@param permission CadBridge.Permission
---@return CadBridge.Suggestion[]
function Suggestions:list(permission)
    if self.lists[permission] then return self.lists[permission] end
    local list = {}
    for _, command in ipairs(CadBridge.commands.all) do
        local name, word = self.commands[command.default], 'chat.help.' .. command.default
        if name ~= '' and (command.permission == 'anyone' or permission == 'responder') then
            local parameter = command.parameter
            list[#list + 1] = {
                name = '/' .. name, help = self.say(word),
                params = parameter and {
                    { name = parameter, help = self.say(('%s.%s'):format(word, parameter)) },
                },
            }
        end
    end
    self.lists[permission] = list
    return list
end

---@private
---@param ms integer
function Suggestions:wait(ms)
    if self.waiting then return end
    self.waiting = true
    self.later(ms, function() self:step() end)
end

---@private
function Suggestions:step()
    self.waiting = false
    -- Where no chat runs, they stay due until a resource starts that may be one.
    if not self.there() then return end
    local groups, count = { anyone = {}, responder = {} }, 0
    for source in pairs(self.due) do
        if count == STEP then break end
        self.due[source] = nil
        local player = self.roster.players[source]
        local permission = self.claims:hasDuty(source) and 'responder' or 'anyone'
        if player and player.ready and self.told[source] ~= permission then
            self.told[source], count = permission, count + 1
            table.insert(groups[permission], source)
        end
    end
    for permission, sources in pairs(groups) do
        if sources[1] then self.sendAll(sources, 'cadbridge:suggest', self:list(permission)) end
    end
    if next(self.due) then self:wait(STEP_MS) end
end

---The player may be allowed more than before, or less.
---@param source integer
function Suggestions:review(source)
    self.due[source] = true
    self:wait(SOON_MS)
end

---His client is loaded, and knows of nothing.
---@param source integer
function Suggestions:ready(source)
    self.told[source] = nil
    self:review(source)
end

---Another resource has started: it may be the chat.
function Suggestions:started()
    if next(self.due) then self:wait(SOON_MS) end
end

---@param source integer
function Suggestions:dropped(source)
    self.due[source], self.told[source] = nil, nil
end

CadBridge.suggestions = { new = new }
