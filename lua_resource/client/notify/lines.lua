---An alert in plain lines, for the styles that have no card: a heading, what happened, where, who, who
---comes, what is new. Raw text, each line for itself: the style makes it safe for its own sink. Pure.

---@class Lines
---@field heading string class and number
---@field title string?
---@field body string[] the most important first

---@class CadBridge.Lines
local lines = {}

---@param say fun(name: string, places: table?): string # in the player's language
---@param alert Alert
---@return string?
local function place(say, alert)
    if alert.place and alert.postal then
        return say('card.placePostal', { place = alert.place, postal = alert.postal })
    end
    if alert.postal then return say('card.postal', { postal = alert.postal }) end
    return alert.place
end

---@param alert Alert
---@param name string
---@return boolean
local function changed(alert, name)
    for _, field in ipairs(alert.changed or {}) do
        if field == name then return true end
    end
    return false
end

---Classes whose own word says what kind of call it is: a heading that says it again is left out where
---there is a description.
local PLAIN = { emergency = true, civil = true }

---@param alert Alert
---@return string?
function lines.title(alert)
    if PLAIN[alert.class] and alert.text and alert.text ~= '' then return nil end
    return alert.title
end

---@param alert Alert
---@param say fun(name: string, places: table?): string
---@return Lines
function lines.of(alert, say)
    local body = {}
    local add = function(line) if line and line ~= '' then body[#body + 1] = line end end
    if alert.note and changed(alert, 'note') then add(say('card.noteLine', { note = alert.note })) end
    add(alert.text)
    add(place(say, alert))
    if alert.caller then add(say('card.callerLine', { caller = alert.caller })) end
    if alert.priority then add(say('card.priorityLine', { priority = alert.priority })) end
    if alert.units and #alert.units > 0 then
        add(say('card.unitsLine', { units = table.concat(alert.units, ', ') }))
    end
    local heading = { class = say('card.class.' .. alert.class), number = alert.number or '' }
    local name = alert.how == 'change' and 'card.headingChanged' or 'card.heading'
    return { heading = say(name, heading), title = lines.title(alert), body = body }
end

CadBridge.lines = lines
