---For players who stream: names and exact places of a call are masked before anything is painted, in
---every style. What happens and how far it is stays, for that is needed to play. Pure.

---@class CadBridge.Shield
local shield = {}

local MASK = '•••'

---@param s string
---@return string a pattern that finds exactly this text
local function literal(s)
    return (s:gsub('[%^%$%(%)%%%.%[%]%*%+%-%?]', '%%%0'))
end

---Masks each of the secrets wherever the text repeats it, in any letter case of ASCII.
---@param s string?
---@param secrets string[]
---@return string?
local function masked(s, secrets)
    if type(s) ~= 'string' then return s end
    for _, secret in ipairs(secrets) do
        local pattern = literal(secret):gsub('%a', function(letter)
            return ('[%s%s]'):format(letter:lower(), letter:upper())
        end)
        s = s:gsub(pattern, MASK)
    end
    return s
end

---The words of a text that are worth hiding one by one (a first name, a street), and the text itself.
---@param secrets string[]
---@param s any
local function learn(secrets, s)
    if type(s) ~= 'string' or s == '' then return end
    secrets[#secrets + 1] = s
    for part in s:gmatch('[^%s,;/]+') do
        if #part >= 4 and #secrets < 64 then secrets[#secrets + 1] = part end
    end
end

---A copy that tells nobody where or who; the alert itself is left as it was.
---@param alert Alert
---@return Alert
function shield.mask(alert)
    local copy, secrets = {}, {}
    for name, value in pairs(alert) do copy[name] = value end
    learn(secrets, alert.caller)
    learn(secrets, alert.place)
    learn(secrets, alert.postal)
    table.sort(secrets, function(a, b) return #a > #b end) -- whole texts before their words
    for _, name in ipairs({ 'caller', 'place', 'postal' }) do copy[name] = copy[name] and MASK end
    for _, name in ipairs({ 'text', 'title', 'note' }) do copy[name] = masked(copy[name], secrets) end
    return copy --[[@as Alert]]
end

CadBridge.shield = shield
