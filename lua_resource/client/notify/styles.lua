---Which style shows a picture: the player's choice, else the server's, else the card; and what stands
---in where that one is not there now. Pure.

---@class Style_ what every file of this folder gives
---@field name string
---@field above boolean? its pictures lie over the pause menu
---@field available fun(self): boolean
---@field show fun(self, alert: Alert, lines: Lines, done: fun(painted: boolean), duration: integer, key: string?)
---@field clear fun(self, key: string, reason: string?)
---@field rename fun(self, old: string, new: string)
---@field move fun(self, key: string, position: Position)? only where the picture has a compass
---@field notice fun(self, notice: Notice, done: fun(painted: boolean))

---@class CadBridge.Styles
local styles = {}

---The last one is always there.
local ORDER = { 'card', 'native' }

---@param known table<string, Style_>
---@param chosen string the player's word
---@param offered string the server's word
---@return Style_
function styles.choose(known, chosen, offered)
    for _, name in ipairs({ chosen, offered }) do
        local style = known[name]
        if style then -- `auto` is no style
            if style:available() then return style end
            break
        end
    end
    for _, name in ipairs(ORDER) do
        if known[name]:available() then return known[name] end
    end
    return known.native
end

CadBridge.styles = styles
