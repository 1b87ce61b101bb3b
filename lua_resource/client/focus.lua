---Keyboard and mouse, lent to the page while one of its panels is open. They always come back: when the
---panel closes, when the page reports an error, when it does not answer any more, when the resource stops.

---@class CadBridge.Focus
local focus = {}

---Milliseconds between two questions whether the page still lives, while it has the focus.
local ASK = 3000

---@class Focus
---@field panel string? that is open
---@field private game table<string, function>
---@field private later fun(ms: integer, action: fun())
---@field private send fun(action: string, data: any)
---@field private asked integer
---@field private answered integer
local Focus = {}
Focus.__index = Focus

---@param game table<string, function>
---@param later fun(ms: integer, action: fun())
---@param send fun(action: string, data: any)
---@return Focus
function focus.new(game, later, send)
    return setmetatable({ game = game, later = later, send = send, asked = 0, answered = 0 }, Focus)
end

---@private
function Focus:ask()
    local question = self.asked + 1
    self.asked = question
    self.send('alive', { question = question })
    self.later(ASK, function()
        if not self.panel or self.asked ~= question then return end
        if self.answered ~= question then return self:close() end
        self:ask()
    end)
end

---@param panel string
function Focus:open(panel)
    local before = self.panel
    self.panel = panel
    self.game.SetNuiFocus(true, true)
    if not before then self:ask() end
end

---@param question any what the page says it answers
function Focus:alive(question)
    if question == self.asked then self.answered = question end
end

---Gives keyboard and mouse back and closes whatever is open.
function Focus:close()
    if not self.panel then return end
    self.panel = nil
    self.asked = self.asked + 1
    self.game.SetNuiFocus(false, false)
    self.send('close', {})
end

CadBridge.focus = focus
