---What each player has on his screen and map, so that a change goes to those who have the call, an
---end to all of them, and nothing to anybody else. The one place that sends to players. Pure: what
---sends is handed in.

---@class CadBridge.Pictures
---@field private send fun(source: integer, event: string, ...)
---@field private sendAll fun(sources: integer[], event: string, ...)
---@field private holders table<string, table<integer, string>> key -> source -> class
---@field private keys table<integer, table<string, true>> source -> keys
local Pictures = {}
Pictures.__index = Pictures

---@param send fun(source: integer, event: string, ...)
---@param sendAll fun(sources: integer[], event: string, ...) the same to several, packed once
---@return CadBridge.Pictures
local function new(send, sendAll)
    return setmetatable({ send = send, sendAll = sendAll, holders = {}, keys = {} }, Pictures)
end

---@private
---@param source integer
---@param key string
---@param class string?
function Pictures:record(source, key, class)
    local holders, keys = self.holders[key] or {}, self.keys[source] or {}
    holders[source], keys[key] = class, class and true or nil
    self.holders[key] = next(holders) and holders or nil
    self.keys[source] = next(keys) and keys or nil
end

---Shows the alert to the player. What is shown once (a tone) is not remembered.
---@param source integer
---@param alert Alert
---@param once boolean?
function Pictures:show(source, alert, once)
    if alert.replaces then self:record(source, alert.replaces, nil) end
    if not once then self:record(source, alert.key, alert.class) end
    self.send(source, 'cadbridge:show', alert)
end

---Shows the same alert to several players.
---@param sources integer[]
---@param alert Alert
---@param once boolean?
function Pictures:showAll(sources, alert, once)
    if #sources == 0 then return end
    for _, source in ipairs(sources) do
        if alert.replaces then self:record(source, alert.replaces, nil) end
        if not once then self:record(source, alert.key, alert.class) end
    end
    self.sendAll(sources, 'cadbridge:show', alert)
end

---Takes one picture from one player.
---@param source integer
---@param key string
---@param reason string
function Pictures:take(source, key, reason)
    if not self:has(source, key) then return end
    self:record(source, key, nil)
    self.send(source, 'cadbridge:clear', key, reason)
end

---Takes a picture from all who have it.
---@param key string
---@param reason string
function Pictures:clear(key, reason)
    local sources = self:sources(key)
    if #sources == 0 then return end
    for _, source in ipairs(sources) do self:record(source, key, nil) end
    self.sendAll(sources, 'cadbridge:clear', key, reason)
end

---Takes everything from a player.
---@param source integer
function Pictures:wipe(source)
    if not self.keys[source] then return end
    self:dropped(source)
    self.send(source, 'cadbridge:wipe')
end

---Who has anything.
---@return integer[]
function Pictures:everybody()
    local sources = {}
    for source in pairs(self.keys) do sources[#sources + 1] = source end
    table.sort(sources)
    return sources
end

---@param key string
---@param position Position
function Pictures:move(key, position)
    local sources = self:sources(key)
    if #sources > 0 then self.sendAll(sources, 'cadbridge:move', key, position) end
end

---@param source integer
---@param notice Notice
function Pictures:notice(source, notice)
    self.send(source, 'cadbridge:notice', notice)
end

---The class in which the player has the call; nil where he has not.
---@param source integer
---@param key string
---@return string?
function Pictures:has(source, key)
    local holders = self.holders[key]
    return holders and holders[source]
end

---Who has the call, in ascending order.
---@param key string
---@return integer[]
function Pictures:sources(key)
    local sources = {}
    for source in pairs(self.holders[key] or {}) do sources[#sources + 1] = source end
    table.sort(sources)
    return sources
end

---Whatever anybody has, in no order.
---@return string[] keys
function Pictures:all()
    local keys = {}
    for key in pairs(self.holders) do keys[#keys + 1] = key end
    return keys
end

---What the player has, in no order.
---@param source integer
---@return string[]
function Pictures:of(source)
    local keys = {}
    for key in pairs(self.keys[source] or {}) do keys[#keys + 1] = key end
    return keys
end

---The player has left, or his client starts anew: nothing is on his screen.
---@param source integer
function Pictures:dropped(source)
    for key in pairs(self.keys[source] or {}) do
        local holders = self.holders[key]
        holders[source] = nil
        if not next(holders) then self.holders[key] = nil end
    end
    self.keys[source] = nil
end

CadBridge.pictures = { new = new }
