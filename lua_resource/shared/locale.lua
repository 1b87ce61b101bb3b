---The words for players and owners: `locales/<locale>.json`, one flat object of whole sentences with
---named places (`{number}`). A word that a language lacks is taken from English and reported once.
---Pure: what reads a file and what decodes JSON are handed in.

---@class CadBridge.Locale
local locale = {}

local FALLBACK = 'en'

---Where the common name of a language is not the name of its file.
local ALIAS = { pt = 'pt-BR' }

---@class CadBridge.Words
---@field private load fun(path: string): string?
---@field private decode fun(text: string): any
---@field private warn fun(line: string)
---@field private languages table<string, table<string, string>|false>
---@field private reported table<string, boolean>
local Words = {}
Words.__index = Words

---@param load fun(path: string): string? contents of a file of this resource, or nil
---@param decode fun(text: string): any raises for what is no JSON
---@param warn fun(line: string) prints to the console
---@return CadBridge.Words
function locale.open(load, decode, warn)
    return setmetatable({ load = load, decode = decode, warn = warn, languages = {}, reported = {} }, Words)
end

---Replaces `{name}` by the value of that name; a value is never looked at again, so text of a player
---cannot name a place. What has no value becomes empty.
---@param sentence string
---@param places table<string, string|number>?
---@return string
function locale.fill(sentence, places)
    return (sentence:gsub('{(%w+)}', function(name)
        local value = places and places[name]
        return value == nil and '' or tostring(value)
    end))
end

---The names of files that may hold a language, the closest first: `pt-br` gives `pt-br`, `pt-BR`,
---`pt`. Nothing for what is no name of a language.
---@param name any
---@return string[]
function locale.candidates(name)
    if type(name) ~= 'string' or #name > 16 then return {} end
    local language, region = name:match('^(%a+)[-_](%w+)$')
    language = language or name:match('^%a+$')
    if not language then return {} end
    local names = {}
    if region then
        names = { name, ('%s-%s'):format(language:lower(), region:upper()) }
    end
    names[#names + 1] = language:lower()
    names[#names + 1] = ALIAS[language:lower()]
    return names
end

---@private
---@param line string
function Words:report(line)
    if self.reported[line] then return end
    self.reported[line] = true
    self.warn(line)
end

---@private
---@param path string
---@return table<string, string>?
function Words:read(path)
    local content = self.load(path)
    if not content or content == '' then return nil end
    local ok, words = pcall(self.decode, (content:gsub('^\239\187\191', '')))
    if ok and type(words) == 'table' then return words end
    self:report(('%s is not valid JSON: its words are taken from English.'):format(path))
    return nil
end

---@private
---@param name string
---@return table<string, string>?
function Words:language(name)
    local words = self.languages[name]
    if words == nil then
        for _, candidate in ipairs(locale.candidates(name)) do
            words = self:read(('locales/%s.json'):format(candidate))
            if words then break end
        end
        self.languages[name] = words or false
    end
    return words or nil
end

---Whether there is a file for the language.
---@param name string
---@return boolean
function Words:has(name)
    return self:language(name) ~= nil
end

---The sentence of that name in that language, with its places filled in.
---@param language string
---@param name string such as `notice.linked`
---@param places table<string, string|number>? raw values: make the whole sentence safe for its sink
---@return string
function Words:say(language, name, places)
    local words = self:language(language)
    local sentence = words and words[name]
    if type(sentence) ~= 'string' then
        if language ~= FALLBACK and words then
            self:report(('locale %s lacks "%s": the English words are shown.'):format(language, name))
        elseif not words then
            self:report(('there is no locale "%s": the English words are shown.'):format(language))
        end
        local english = self:language(FALLBACK)
        sentence = english and english[name]
    end
    if type(sentence) ~= 'string' then return name end
    return locale.fill(sentence, places)
end

CadBridge.locale = locale
