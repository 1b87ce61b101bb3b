---What a player hears of what he did, and what is asked of the bridge for him. Pure, but for the parts
---handed in.

---@class CadBridge.Answers
---@field private roster CadBridge.Roster
---@field private pictures CadBridge.Pictures
---@field private requests CadBridge.Requests
---@field private sight CadBridge.Sight
---@field private options CadBridge.Options
local Answers = {}
Answers.__index = Answers

---@param parts CadBridge.ActionParts
---@return CadBridge.Answers
local function new(parts)
    return setmetatable({
        roster = parts.roster, pictures = parts.pictures, requests = parts.requests, sight = parts.sight,
        options = parts.options,
    }, Answers)
end

---One line for the player.
---@param source integer
---@param kind 'info'|'good'|'bad'
---@param name string of the words
---@param places table<string, string|number>?
function Answers:say(source, kind, name, places)
    local look = CadBridge.look
    self.pictures:notice(source, look.notice(self.sight, kind, look.say(self.sight, name, places)))
end

---How a command is typed, by the name that it has on this server.
---@param source integer
---@param command string default name
function Answers:usage(source, command)
    self:say(source, 'bad', 'notice.usage.' .. command, { command = self.options.commands[command] })
end

---Tells the player why the bridge did not.
---@private
---@param source integer
---@param problem CadBridge.Problem
function Answers:refused(source, problem)
    self:say(source, 'bad', CadBridge.requests.sentence(problem), {
        problem = CadBridge.look.short(problem.message, 200) or problem.code,
    })
end

---Asks the bridge for the player.
---@param source integer
---@param method string
---@param params table
---@param done fun(result: table) called when the bridge did it
function Answers:ask(source, method, params, done)
    local player = self.roster.players[source]
    if not player then return end
    params.player = player.identifiers
    self.requests:ask(method, params, function(result, problem)
        -- An answer for somebody who has left, or whose number is another's now.
        if self.roster.players[source] ~= player then return end
        if problem then return self:refused(source, problem) end
        done(result --[[@as table]])
    end)
end

CadBridge.answers = { new = new }
