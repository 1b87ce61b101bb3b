---What a player has chosen in `/alerts`, kept on his machine. Whatever the stored text holds (an older
---version's words, a half-written file, another resource's joke), the result is a whole, valid table.
---Pure: the text comes in and goes out.

---@alias Style 'auto'|'card'|'ox_lib'|'native'|'chat'

---@class Preferences
---@field style Style `auto`: what the server has chosen
---@field place string corner or edge of the card stack; `free`: at `x`, `y`
---@field x number middle of the stack, share of the screen's width
---@field y number top of the stack, share of the screen's height
---@field size 'small'|'medium'|'large'
---@field stay 'short'|'normal'|'long' how long a card stays
---@field wide 'centre'|'edge' on a screen wider than 16:9
---@field motion boolean whether cards move
---@field mute boolean no pictures and sounds but for panic
---@field muted table<string, boolean> the same for single classes
---@field sound 'game'|'card' who plays: the game's own sounds, or the card, with a volume a class
---@field volume table<string, integer> 0 to 100 a class
---@field glance boolean at speed only class, arrow and distance
---@field shield boolean names and exact places masked while streaming

---@class CadBridge.Preferences
local preferences = {}

---Under this key in the client's own storage.
preferences.KEY = 'cadbridge:preferences'

---The classes that can be silenced one by one. `change` is news of a call that is already known.
preferences.CLASSES = { 'emergency', 'civil', 'dispatch', 'assigned', 'panic', 'caller', 'tone', 'change' }

---Classes that are never muted, and never quieter than this.
local PANIC_FLOOR = 40

local WORDS = {
    style = { 'auto', 'card', 'ox_lib', 'native', 'chat' },
    place = { 'top-right', 'right', 'bottom-right', 'top-left', 'left', 'top', 'free' },
    size = { 'medium', 'small', 'large' },
    stay = { 'normal', 'short', 'long' },
    wide = { 'centre', 'edge' },
    sound = { 'game', 'card' },
}

local FLAGS = { motion = true, mute = false, glance = true, shield = false }

---@param words string[] the first is the default
---@param value any
---@return string
local function word(words, value)
    for _, known in ipairs(words) do
        if value == known then return known end
    end
    return words[1]
end

---@param value any
---@param low number
---@param high number
---@param default number
---@return number
local function within(value, low, high, default)
    if type(value) ~= 'number' or value ~= value then return default end
    return math.max(low, math.min(high, value))
end

---@param stored any
---@return table<string, integer> volume, table<string, boolean> muted
local function classes(stored)
    local volumes = type(stored.volume) == 'table' and stored.volume or {}
    local silent = type(stored.muted) == 'table' and stored.muted or {}
    local volume, muted = {}, {}
    for _, class in ipairs(preferences.CLASSES) do
        local floor = class == 'panic' and PANIC_FLOOR or 0
        volume[class] = math.floor(within(volumes[class], floor, 100, 70) + 0.5)
        muted[class] = class ~= 'panic' and silent[class] == true
    end
    return volume, muted
end

---A whole, valid table from anything.
---@param stored any
---@return Preferences
function preferences.complete(stored)
    if type(stored) ~= 'table' then stored = {} end
    local result = {} ---@type table<string, any>
    for name, words in pairs(WORDS) do result[name] = word(words, stored[name]) end
    for name, default in pairs(FLAGS) do
        local value = stored[name]
        if type(value) ~= 'boolean' then value = default end
        result[name] = value
    end
    result.x = within(stored.x, 0, 1, 0.85)
    result.y = within(stored.y, 0, 1, 0.1)
    result.volume, result.muted = classes(stored)
    return result --[[@as Preferences]]
end

---@param text string? what was stored; nil: nothing yet
---@param decode fun(text: string): any may raise
---@return Preferences
function preferences.read(text, decode)
    if type(text) ~= 'string' or text == '' then return preferences.complete(nil) end
    local ok, stored = pcall(decode, text)
    return preferences.complete(ok and stored or nil)
end

---Whether the player wants to see nothing of this class. Panic breaks through, always, and so does the
---sample that he asked for himself.
---@param chosen Preferences
---@param class string
---@return boolean
function preferences.silences(chosen, class)
    if class == 'panic' or class == 'test' then return false end
    return chosen.mute or chosen.muted[class] == true
end

---How loud a sound of this class is, 0 to 100.
---@param chosen Preferences
---@param class string
---@return integer
function preferences.loudness(chosen, class)
    if preferences.silences(chosen, class) then return 0 end
    return chosen.volume[class] or chosen.volume.emergency
end

CadBridge.preferences = preferences
