---Foreign text for each sink. A caller, a unit or a player wrote it, so it may hold codes that the
---sink would obey: colours, line breaks, markup, links. Each function here takes raw text and gives
---text that shows as what it says, in that sink and in no other. Pure; touches no native.

---@class CadBridge.Text
local text = {}

---Bytes that one component of the game's feed or of a blip's name holds.
text.COMPONENT = 99

local ELLIPSIS = '…'

---Marks that turn the direction of what follows them, and the two line ends outside ASCII.
local DIRECTION = {
    ['\u{202A}'] = '', ['\u{202B}'] = '', ['\u{202C}'] = '', ['\u{202D}'] = '', ['\u{202E}'] = '',
    ['\u{2066}'] = '', ['\u{2067}'] = '', ['\u{2068}'] = '', ['\u{2069}'] = '',
    ['\u{2028}'] = ' ', ['\u{2029}'] = ' ',
}

---Replaces every byte that belongs to no character by a question mark.
---@param s string
---@return string
local function valid(s)
    local parts, from = {}, 1
    while true do
        local length, bad = utf8.len(s, from)
        if length then break end
        parts[#parts + 1] = s:sub(from, bad - 1)
        parts[#parts + 1] = '?'
        from = bad + 1
        if from > #s then return table.concat(parts) end
    end
    parts[#parts + 1] = s:sub(from)
    return table.concat(parts)
end

---One line of plain text: no control characters, no direction marks, single spaces, valid UTF-8.
---What every sink starts from; also what the page gets, which sets text as text.
---@param s any nil gives the empty string
---@return string
function text.line(s)
    if s == nil then return '' end
    s = tostring(s)
    if s:find('[\128-\255]') then
        if not utf8.len(s) then s = valid(s) end
        s = s:gsub('\xC2[\x80-\x9F]', ' '):gsub('\xE2[\x80\x81][\xA6-\xAE]', DIRECTION)
    end
    s = s:gsub('[\0-\31\127]+', ' '):gsub('  +', ' ')
    return s:match('^ ?(.-) ?$')
end

---At most so many bytes of the text, never half a character.
---@param s string valid UTF-8
---@param bytes integer
---@return string
function text.cut(s, bytes)
    if #s <= bytes then return s end
    local last = bytes
    while last > 0 and (s:byte(last + 1) & 0xC0) == 0x80 do last = last - 1 end
    return s:sub(1, last)
end

---As `cut`, with an ellipsis where something was left out.
---@param s string valid UTF-8
---@param bytes integer 3 or more
---@return string
function text.short(s, bytes)
    if #s <= bytes then return s end
    return text.cut(s, bytes - #ELLIPSIS) .. ELLIPSIS
end

---The game's own feed and subtitles: `~…~` and `<…>` are codes there, `&…;` an entity.
---@param s any
---@return string
function text.feed(s)
    return (text.line(s):gsub('[~<>]', { ['~'] = '-', ['<'] = '(', ['>'] = ')' })
        :gsub('&(#?%w+;)', '+%1'))
end

---The name of a blip in the map's legend: as the feed, in one component.
---@param s any
---@return string
function text.blip(s)
    return text.short(text.feed(s), text.COMPONENT)
end

---The chat: `^…` and `~…~` are codes that it reads after escaping. Deleting only whole codes would
---build new ones (`^^11`), so no `^` is left. Some chats escape no markup.
---@param s any
---@return string
function text.chat(s)
    return (text.line(s):gsub('%^', ''):gsub('[~<>]', { ['~'] = '-', ['<'] = '‹', ['>'] = '›' }))
end

---Markdown, as in the description of an ox_lib notification: every ASCII punctuation mark may be
---escaped there, so each one is, also `:`, `.` and `@`, which would make links of bare addresses.
---@param s any
---@return string
function text.markdown(s)
    return (text.line(s):gsub('[\x21-\x2F\x3A-\x40\x5B-\x60\x7B-\x7E]', '\\%0'))
end

---The server's console, which reads `^…` as colours.
---@param s any
---@return string
function text.console(s)
    return (text.line(s):gsub('%^', ''))
end

---Splits text that is safe for its sink into pieces for the components of one label, at a space
---where one is near the end and nothing is lost by it.
---@param s string
---@param bytes integer? of each piece; default 99
---@param most integer? number of pieces; the last one ends with an ellipsis where text is left over
---@return string[]
function text.components(s, bytes, most)
    bytes = bytes or text.COMPONENT
    most = most or math.maxinteger // bytes
    local pieces = {}
    while #s > bytes do
        if #pieces == most - 1 then
            s = text.short(s, bytes)
            break
        end
        local piece = text.cut(s, bytes)
        local words = piece:match('^.+ ')
        -- A piece may fall three bytes short of its room, where a character does not fit.
        local room = (most - #pieces - 1) * (bytes - 3)
        if words and #words > bytes // 2 and #s - #words <= room then piece = words end
        pieces[#pieces + 1] = piece
        s = s:sub(#piece + 1)
    end
    if s ~= '' then pieces[#pieces + 1] = s end
    return pieces
end

CadBridge.text = text
