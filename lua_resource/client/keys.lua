---The keys, as the player has bound them. One of two has a default; both can be changed in the game's
---own settings, and what is shown is what is bound there.

---@class CadBridge.Keys
local keys = {}

---@class Key
---@field command string unique on the server
---@field word string name of what the game's settings say of it
---@field default string '' for none
---@field press fun()

---Mappings of commands are controls whose number is the hash of the name with the highest bit set
---(FiveM's GameInput.cpp).
local MAPPED = 0x80000000

---What the game gives for keys that have no letter: a picture's number.
---@type table<string, string>
local PICTURES = {
    b_100 = 'LMB', b_101 = 'RMB', b_102 = 'MMB', b_115 = 'Wheel ↑', b_116 = 'Wheel ↓',
    b_130 = 'Num -', b_131 = 'Num +', b_132 = 'Num .', b_133 = 'Num /', b_134 = 'Num *', b_135 = 'Num ↵',
    b_194 = '↑', b_195 = '↓', b_196 = '←', b_197 = '→', b_198 = 'Del', b_199 = 'Esc', b_200 = 'Ins',
    b_201 = 'End', b_210 = 'Del', b_211 = 'Ins', b_212 = 'End', b_1000 = 'Shift', b_1001 = 'R Shift',
    b_1002 = 'Tab', b_1003 = 'Enter', b_1004 = '⌫', b_1008 = 'Home', b_1009 = 'PgUp', b_1010 = 'PgDn',
    b_1012 = 'Caps', b_1013 = 'Ctrl', b_1014 = 'R Ctrl', b_1015 = 'Alt', b_1016 = 'R Alt', b_1055 = 'Home',
    b_1056 = 'PgUp', b_2000 = 'Space',
}
for digit = 0, 9 do PICTURES[('b_%d'):format(136 + digit)] = ('Num %d'):format(digit) end
for number = 1, 24 do PICTURES[('b_%d'):format(169 + number)] = ('F%d'):format(number) end

---The name of a key from what `GetControlInstructionalButton` gives: `t_J`, `b_1000`, or several of them.
---@param button any
---@return string? nil: not bound, or a key we have no name for
function keys.name(button)
    if type(button) ~= 'string' then return nil end
    local first = button:match('^[^%%]+')
    if not first then return nil end
    local letter = first:match('^t_(.+)$')
    if letter then return CadBridge.text.cut(CadBridge.text.line(letter), 12) end
    return PICTURES[first]
end

---@param game table<string, function>
---@param command string with its plus sign
---@return string?
function keys.bound(game, command)
    local control = (game.GetHashKey(command) & 0xFFFFFFFF) | MAPPED
    return keys.name(game.GetControlInstructionalButton(0, control, true))
end

---Registers a key. It does nothing in the pause menu, nor while a page has the keyboard.
---@param game table<string, function>
---@param say fun(name: string): string
---@param key Key
function keys.register(game, say, key)
    game.RegisterCommand('+' .. key.command, function()
        if game.IsPauseMenuActive() or game.IsNuiFocused() then return end
        key.press()
    end, false)
    game.RegisterCommand('-' .. key.command, function() end, false)
    game.RegisterKeyMapping('+' .. key.command, say(key.word), 'keyboard', key.default)
end

---Takes a key out of what the chat suggests: it is no command that anybody types.
---@param game table<string, function>
---@param command string without a sign
function keys.hide(game, command)
    for _, sign in ipairs({ '+', '-' }) do
        game.TriggerEvent('chat:removeSuggestion', ('/%s%s'):format(sign, command))
    end
end

CadBridge.keys = keys
