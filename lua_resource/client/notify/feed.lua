---The game's own feed. Ninety-nine bytes a component and a few of them an entry; an entry of a call is
---replaced by its next one. All natives of an entry run in one go: the game drops a text that is begun
---in one frame and ended in another.

---@class FeedStyle : Style_
---@field name string
---@field private game table<string, function>
---@field private handles table<string, integer>
local Feed = { name = 'native' }
Feed.__index = Feed

---Label of the game whose text is nothing but places for components.
local LABEL = 'CELL_EMAIL_BCON'

---Components an entry may have: more would cover the map.
local COMPONENTS = 5

---Bytes of the two headings, which are no components.
local HEADING = 60

---A new line, in the feed's own code.
local BREAK = '~n~'

---Colour of the entry behind the text, by class: the game's own numbers.
local BACKGROUND = { panic = 6, emergency = 6, assigned = 9 }

---@param game table<string, function>
---@return FeedStyle
local function new(game)
    return setmetatable({ game = game, handles = {} }, Feed)
end

---@return boolean the feed is always there
function Feed:available()
    return self.name == 'native'
end

---@private
---@param body string[] raw lines
function Feed:write(body)
    local text = CadBridge.text
    local left = COMPONENTS
    self.game.BeginTextCommandThefeedPost(LABEL)
    for index, line in ipairs(body) do
        local lead = index > 1 and BREAK or ''
        local room = text.COMPONENT - #lead -- a break in two halves would show, and be none
        for _, piece in ipairs(left > 0 and text.components(text.feed(line), room, left) or {}) do
            self.game.AddTextComponentSubstringPlayerName(lead .. piece)
            lead, left = '', left - 1
        end
    end
    if left == COMPONENTS then self.game.AddTextComponentSubstringPlayerName(' ') end
end

---@private
---@param alert Alert
---@param lines Lines
---@return integer handle
function Feed:post(alert, lines)
    local text = CadBridge.text
    local background = BACKGROUND[alert.class]
    if background then self.game.ThefeedSetNextPostBackgroundColor(background) end
    self:write(lines.body)
    return self.game.EndTextCommandThefeedPostMessagetext('CHAR_CALL911', 'CHAR_CALL911', false, 1,
        text.short(text.feed(lines.heading), HEADING), text.short(text.feed(lines.title), HEADING))
end

---@param alert Alert
---@param lines Lines
---@param done fun(painted: boolean)
function Feed:show(alert, lines, done)
    self:clear(alert.key)
    self.handles[alert.key] = self:post(alert, lines)
    done(true)
end

---@param key string
function Feed:clear(key)
    local handle = self.handles[key]
    if not handle then return end
    self.handles[key] = nil
    self.game.ThefeedRemoveItem(handle)
end

---@param old string
---@param new string
function Feed:rename(old, new)
    if old == new then return end
    self:clear(new)
    self.handles[new], self.handles[old] = self.handles[old], nil
end

---@param notice Notice
---@param done fun(painted: boolean)
function Feed:notice(notice, done)
    self:write({ notice.text })
    self.game.EndTextCommandThefeedPostTicker(notice.kind == 'bad', true)
    done(true)
end

CadBridge.feed = { new = new }
