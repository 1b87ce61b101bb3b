---What the chat says of our commands, as the server has it for this player. A chat forgets it when its page
---is loaded anew, and names every command without a word after any resource has started: then it is told
---again.

---@class ChatHelp.Entry
---@field name string with its slash
---@field help string
---@field params { name: string, help: string }[]?

---@class CadBridge.ChatHelpModule
local chatHelp = {}

---@class ChatHelp
---@field private game table<string, function>
---@field private list ChatHelp.Entry[]
local ChatHelp = {}
ChatHelp.__index = ChatHelp

---@param game table<string, function>
---@return ChatHelp
function chatHelp.new(game)
    return setmetatable({ game = game, list = {} }, ChatHelp)
end

---@param list any
---@return table<string, string> helps by name
local function helps(list)
    local found = {}
    for _, suggestion in ipairs(type(list) == 'table' and list or {}) do
        if type(suggestion) == 'table' and type(suggestion.name) == 'string' then
            found[suggestion.name] = tostring(suggestion.help)
        end
    end
    return found
end

---The commands that this player may use now.
---@param list any from the server
function ChatHelp:take(list)
    if type(list) ~= 'table' then return end
    local now = helps(list)
    for name in pairs(helps(self.list)) do
        if not now[name] then self.game.TriggerEvent('chat:removeSuggestion', name) end
    end
    self.list = list
    self:give()
end

---Tells the chat, if there is anything to tell.
function ChatHelp:give()
    if self.list[1] then self.game.TriggerEvent('chat:addSuggestions', self.list) end
end

---Whether what the chat was told now says of a command of ours something else than we do.
---@param told any
---@return boolean
function ChatHelp:contradicts(told)
    local ours = helps(self.list)
    for name, help in pairs(helps(told)) do
        if ours[name] and ours[name] ~= help then return true end
    end
    return false
end

CadBridge.chatHelp = chatHelp
