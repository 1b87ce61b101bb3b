---The chat. Its codes are removed from foreign text until none is left; never a template of our own,
---for templates are the one thing it does not escape.

---@class ChatStyle : Style_
---@field name string
---@field private game table<string, function>
local Chat = { name = 'chat' }
Chat.__index = Chat

---Bytes of one line: the chat of the game holds a handful of lines in all.
local LINE = 300

---@type table<string, integer[]>
local COLOUR = {
    emergency = { 255, 90, 82 }, civil = { 74, 168, 255 }, dispatch = { 242, 177, 52 },
    assigned = { 63, 207, 142 }, panic = { 255, 45, 85 }, caller = { 159, 179, 200 },
    test = { 180, 140, 255 }, tone = { 242, 177, 52 },
    info = { 159, 179, 200 }, good = { 63, 207, 142 }, bad = { 255, 90, 82 },
}

---@param game table<string, function>
---@return ChatStyle
local function new(game)
    return setmetatable({ game = game }, Chat)
end

---@return boolean a server may run another chat, which hears the same event, or none
function Chat:available()
    return self.game.GetResourceState('chat') == 'started'
end

---@private
---@param colour integer[]
---@param args string[]
function Chat:say(colour, args)
    self.game.TriggerEvent('chat:addMessage', { color = colour, multiline = true, args = args })
end

---@param alert Alert
---@param lines Lines
---@param done fun(painted: boolean)
function Chat:show(alert, lines, done)
    local text, body = CadBridge.text, {}
    if lines.title then body[1] = text.short(text.chat(lines.title), LINE) end
    for _, line in ipairs(lines.body) do body[#body + 1] = text.short(text.chat(line), LINE) end
    self:say(COLOUR[alert.class] or COLOUR.dispatch, { text.chat(lines.heading), table.concat(body, '\n') })
    done(true)
end

---@param _key string what is said is said
function Chat:clear(_key) end

---@param _old string
---@param _new string
function Chat:rename(_old, _new) end

---@param notice Notice
---@param done fun(painted: boolean)
function Chat:notice(notice, done)
    self:say(COLOUR[notice.kind] or COLOUR.info, { 'CAD', CadBridge.text.chat(notice.text) })
    done(true)
end

CadBridge.chat = { new = new }
