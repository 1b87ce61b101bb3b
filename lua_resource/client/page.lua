---The page: what goes to it, and the words it speaks. It holds no words of its own; it gets those of
---the player's language before the first thing it shows in it.

---@class CadBridge.Page
local page = {}

local PREFIXES = { card = true, settings = true, list = true }

---A place that stays as it is: the page fills it in.
local AS_IS = setmetatable({}, { __index = function(_, name) return ('{%s}'):format(name) end })

---@class Page
---@field private post fun(message: table)
---@field private say fun(locale: string, name: string, places: table): string
---@field private names string[]
---@field private view fun(): table
---@field private locale string?
---@field private seen string?
local Page = {}
Page.__index = Page

---@param english table<string, string> the words that exist
---@return string[]
local function names(english)
    local result = {}
    for name in pairs(english) do
        if PREFIXES[name:match('^(%a+)%.')] then result[#result + 1] = name end
    end
    return result
end

---@param post fun(message: table) `SendNUIMessage`
---@param english table<string, string>
---@param say fun(locale: string, name: string, places: table): string
---@param view fun(): { safe: number, metric: boolean } what the game's settings say of the screen
---@return Page
function page.new(post, english, say, view)
    return setmetatable({ post = post, names = names(english), say = say, view = view }, Page)
end

---@param action string
---@param data any
function Page:send(action, data)
    self.post({ action = action, data = data })
end

---The page has been loaded: it knows nothing.
function Page:forget()
    self.locale, self.seen = nil, nil
end

---To be called before something is shown: language and screen, if they are others than before.
---@param locale any
function Page:prepare(locale)
    if type(locale) ~= 'string' then locale = 'en' end
    if locale ~= self.locale then
        self.locale = locale
        local words = {}
        for _, name in ipairs(self.names) do words[name] = self.say(locale, name, AS_IS) end
        self:send('words', { locale = locale, words = words })
    end
    local view = self.view()
    local seen = ('%s %s'):format(view.safe, view.metric)
    if seen == self.seen then return end
    self.seen = seen
    self:send('view', view)
end

CadBridge.page = page
