---What players and owners type. The table below is the list of commands; one function checks who may,
---how often, and whether a text is there. Pure, but for the parts handed in.

---@class CadBridge.Command
---@field default string name that the owner may change
---@field permission CadBridge.Permission
---@field rate CadBridge.Rate of one player
---@field server CadBridge.Rate? of all players together
---@field needs boolean? a text must follow; where it is missing, the usage is told
---@field parameter string? what follows it, as the chat names it
---@field run fun(actions: CadBridge.Actions, source: integer, text: string?)

local ONE = { count = 5, seconds = 20 }
local CALLS = { count = 2, seconds = 30 }
---The CAD takes ten calls a minute; the bridge knows what is left of that.
local ALL_CALLS = { count = 40, seconds = 60 }

---@type CadBridge.Command[]
local COMMANDS = {
    {
        default = 'calls', permission = 'responder', rate = ONE,
        run = function(actions, source) actions:list(source) end,
    },
    {
        default = 'respond', permission = 'responder', rate = ONE, parameter = 'id',
        run = function(actions, source, text) actions.responding:respond(source, text and text:match('^#?(%S+)')) end,
    },
    {
        default = 'clearcall', permission = 'responder', rate = ONE, parameter = 'close',
        run = function(actions, source, text)
            local word, reference = (text or ''):match('^(%S+)%s*#?(%S*)')
            if not word then return actions.responding:leave(source) end
            if word:lower() ~= 'close' then return actions.answers:usage(source, 'clearcall') end
            if not actions.audience.dispatchers[source] then
                return actions.answers:say(source, 'bad', 'notice.dispatchersOnly')
            end
            actions.responding:close(source, reference ~= '' and reference or nil)
        end,
    },
    {
        default = 'note', permission = 'responder', rate = ONE, needs = true, parameter = 'text',
        run = function(actions, source, text) actions.responding:note(source, text --[[@as string]]) end,
    },
    {
        default = 'status', permission = 'responder', rate = ONE, needs = true, parameter = 'status',
        run = function(actions, source, text) actions.calling:status(source, text --[[@as string]]) end,
    },
    {
        default = 'link', permission = 'anyone', rate = { count = 2, seconds = 60 }, server = ALL_CALLS,
        run = function(actions, source) actions.linking:start(source) end,
    },
    {
        default = '911', permission = 'anyone', rate = CALLS, server = ALL_CALLS, needs = true, parameter = 'text',
        run = function(actions, source, text) actions.calling:place(source, true, text --[[@as string]]) end,
    },
    {
        default = '311', permission = 'anyone', rate = CALLS, server = ALL_CALLS, needs = true, parameter = 'text',
        run = function(actions, source, text) actions.calling:place(source, false, text --[[@as string]]) end,
    },
    {
        default = 'panic', permission = 'responder', rate = { count = 4, seconds = 20 },
        run = function(actions, source) actions.calling:panic(source) end,
    },
    {
        default = 'alerts', permission = 'anyone', rate = ONE,
        run = function(actions, source) actions:settings(source) end,
    },
}

---@class CadBridge.CommandParts
---@field actions CadBridge.Actions
---@field options CadBridge.Options
---@field doors CadBridge.Doors
---@field may fun(source: integer, permission: string): boolean asks the game again
---@field knows fun(source: integer): boolean
---@field tell CadBridge.Tell
---@field register fun(name: string, handler: fun(source: integer, arguments: string[], raw: string))
---@field registered fun(): { name: string, resource: string }[]
---@field own string name of this resource

---What follows the name of a command, as it was typed. Found from both ends: a pattern for the whole would
---try each of some thousand spaces against all the others, and stop the server for half a second.
---@param raw string
---@return string?
local function textOf(raw)
    local gap = raw:find('%s')
    local first = gap and raw:find('%S', gap)
    if not first then return nil end
    return raw:sub(first, #raw + 1 - raw:reverse():find('%S'))
end

---@param parts CadBridge.CommandParts
---@param command CadBridge.Command
---@param name string
---@param source integer
---@param raw string
local function run(parts, command, name, source, raw)
    if source <= 0 then return parts.tell('server.playersOnly', { command = name }) end
    if not parts.knows(source) then return end
    local actions, answers = parts.actions, parts.actions.answers
    if not parts.doors:admits(source, '/' .. command.default, command.rate)
        or (command.server and not parts.doors:admits(0, '/' .. command.default, command.server)) then
        return answers:say(source, 'bad', 'notice.tooFast')
    end
    if not parts.may(source, command.permission) then return answers:say(source, 'bad', 'notice.respondersOnly') end
    local text = textOf(raw)
    if command.needs and not text then return answers:usage(source, command.default) end
    command.run(actions, source, text)
end

---Registers what nobody else has; a name that is taken is left to its owner, and said.
---@param parts CadBridge.CommandParts
local function register(parts)
    local takenBy = {}
    for _, command in ipairs(parts.registered()) do
        if command.resource ~= parts.own then takenBy[tostring(command.name):lower()] = command.resource or '' end
    end
    for _, command in ipairs(COMMANDS) do
        local name = parts.options.commands[command.default]
        local other = takenBy[name:lower()]
        if other then
            parts.tell('server.commandTaken', {
                command = name, resource = other ~= '' and other or 'FXServer', option = command.default,
            })
            -- Nothing is to name it to players.
            parts.options.commands[command.default] = ''
        elseif name ~= '' then
            parts.register(name, function(source, _, raw) run(parts, command, name, source, raw) end)
        end
    end
end

CadBridge.commands = { all = COMMANDS, register = register, textOf = textOf }
