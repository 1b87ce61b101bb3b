---The card: a page in the game's browser. It counts as painted only when the page itself says so; a
---page that is silent (not loaded yet, crashed, minimised) is not waited for, the feed takes over.

---@class CardStyle : Style_
---@field name string
---@field private send fun(action: string, data: any) to the page
---@field private later fun(ms: integer, action: fun())
---@field private ready boolean the page has said that it is loaded
---@field private waiting table<integer, fun(painted: boolean)>
---@field private ticket integer
---@field private before integer the last ticket of a page that was there before this one
---@field private silent integer answers in a row that did not come
local Card = { name = 'card' }
Card.__index = Card

---Milliseconds the page has to paint: some frames of a slow machine.
local PATIENCE = 2000

---After so many unanswered pictures the page counts as gone until it is heard again: one that was
---minimised paints what it missed when the player comes back.
local LOST = 3

---What a card may show, in bytes; the page shows fewer lines than this, but must not be fed a megabyte.
local LONGEST = { text = 1200, title = 240, note = 600, place = 240 }
local SHORT = 120

local FIELDS = { 'number', 'title', 'text', 'place', 'postal', 'caller', 'priority', 'status', 'note' }

---@param send fun(action: string, data: any)
---@param later fun(ms: integer, action: fun())
---@return CardStyle
local function new(send, later)
    local card = { send = send, later = later, ready = false, waiting = {}, ticket = 0, before = 0, silent = 0 }
    return setmetatable(card, Card)
end

---@return boolean
function Card:available()
    return self.ready
end

---The page is there, and owes no answer to what was sent to one before it.
function Card:loaded()
    self.ready, self.before, self.silent = true, self.ticket, 0
end

---The alert as the page gets it: plain lines of bounded length, nothing that only Lua needs.
---@param alert Alert
---@return table
function Card.page(alert)
    local text, card = CadBridge.text, { key = alert.key, class = alert.class, age = alert.age }
    for _, field in ipairs(FIELDS) do
        local value = alert[field]
        if field == 'title' then value = CadBridge.lines.title(alert) end
        if value ~= nil then card[field] = text.short(text.line(value), LONGEST[field] or SHORT) end
    end
    local units = {}
    for index, unit in ipairs(alert.units or {}) do
        if index > 24 then break end
        units[index] = text.short(text.line(unit), 40)
    end
    card.units = units
    if CadBridge.blips.placeable(alert.position) then
        card.position = { x = alert.position.x, y = alert.position.y }
    end
    card.respond = alert.respond == true
    return card
end

---@private
---@param done fun(painted: boolean)
---@return integer ticket
function Card:expect(done)
    self.ticket = self.ticket + 1
    local ticket = self.ticket
    self.waiting[ticket] = done
    self.later(PATIENCE, function() self:overdue(ticket) end)
    return ticket
end

---@private
---@param ticket integer
function Card:overdue(ticket)
    local done = self.waiting[ticket]
    if not done then return end
    self.waiting[ticket] = nil
    if ticket > self.before then self.silent = self.silent + 1 end
    if self.silent >= LOST then self.ready = false end
    done(false)
end

---The page says that these pictures are on the screen.
---@param tickets any from the page, so it may be anything
function Card:painted(tickets)
    if type(tickets) ~= 'table' then return end
    self.ready, self.silent = true, 0
    for _, ticket in ipairs(tickets) do
        local done = self.waiting[ticket]
        if done then
            self.waiting[ticket] = nil
            done(true)
        end
    end
end

---@param alert Alert
---@param _lines Lines
---@param done fun(painted: boolean)
---@param duration integer ms
---@param key string? name of the bound key
function Card:show(alert, _lines, done, duration, key)
    local card = Card.page(alert)
    card.ticket, card.bound, card.duration = self:expect(done), key, duration
    if alert.how == 'change' then card.changed = alert.changed or {} end
    self.send('show', card)
end

---@param key string
---@param reason string?
function Card:clear(key, reason)
    self.send('clear', { key = key, reason = reason or 'gone' })
end

---@param old string
---@param new string
function Card:rename(old, new)
    if old ~= new then self.send('rename', { old = old, new = new }) end
end

---@param key string
---@param position Position
function Card:move(key, position)
    self.send('move', { key = key, position = { x = position.x, y = position.y } })
end

---@param notice Notice
---@param done fun(painted: boolean)
function Card:notice(notice, done)
    local text = CadBridge.text.short(CadBridge.text.line(notice.text), 600)
    self.send('notice', { text = text, kind = notice.kind, ticket = self:expect(done) })
end

CadBridge.card = { new = new, page = Card.page }
