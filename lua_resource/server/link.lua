---The connection as the owner sees it: one line for each change in its life, with what to do next; a
---failure that repeats is said once in a while. Pure.

---@alias CadBridge.LinkState 'starting'|'missing'|'exposed'|'connecting'|'connected'|'down'

---@class CadBridge.Link
---@field state CadBridge.LinkState
---@field private tell CadBridge.Tell
---@field private say fun(name: string, places: table<string, string|number>?): string
---@field private detail table<string, string|number> places of the last words
---@field private words string? name of what was told last
---@field private saidAt integer?
---@field private since integer
local Link = {}
Link.__index = Link

---A failure that goes on is said again after so long.
local AGAIN_MS = 5 * 60 * 1000

---@param tell CadBridge.Tell
---@param say fun(name: string, places: table<string, string|number>?): string
---@return CadBridge.Link
local function new(tell, say)
    return setmetatable({ state = 'starting', tell = tell, say = say, detail = {}, since = 0 }, Link)
end

---@private
---@param state CadBridge.LinkState
---@param words string
---@param places table<string, string|number>
---@param now integer
function Link:turn(state, words, places, now)
    local again = self.words == words and self.saidAt and now - self.saidAt < AGAIN_MS
    if self.state ~= state then self.since = now end
    self.state, self.words, self.detail = state, words, places
    if again then return end
    self.saidAt = now
    self.tell(words, places)
end

---An address as it may be shown: without the user and password that it may hold.
---@param url any
---@return string
local function shown(url)
    return (tostring(url or ''):gsub('//[^/@]*@', '//'))
end

---The transport cannot begin.
---@param what 'websocket'|'token'|'url'|'transport'
---@param detail any
---@param now integer
function Link:missing(what, detail, now)
    self:turn('missing', 'server.missing.' .. what, { detail = shown(detail) }, now)
end

---The token is known to players: the bridge must not be reached with it.
---@param now integer
function Link:exposed(now)
    self:turn('exposed', 'server.tokenExposed', {}, now)
end

---@type table<integer, string>
local CODES = { [4401] = 'token', [4409] = 'replaced', [4426] = 'protocol', [4400] = 'badFrame' }

---The connection ended, or could not be made.
---@param reason string
---@param code integer?
---@param retryMs number
---@param now integer
function Link:down(reason, code, retryMs, now)
    if self.state == 'exposed' then return end
    local words = 'server.down.' .. (CODES[code or 0] or reason)
    local seconds = math.ceil((tonumber(retryMs) or 0) / 1000)
    self:turn('down', words, { code = code or '-', seconds = ('%d'):format(seconds) }, now)
end

---@param server { id: integer, name: string }?
---@return string
local function named(server)
    if not server then return '?' end
    return server.name ~= '' and server.name or tostring(server.id)
end

---The bridge welcomed the resource.
---@param server { id: integer, name: string }?
---@param bridge string?
---@param calls integer
---@param units integer
---@param now integer
function Link:connected(server, bridge, calls, units, now)
    self.words = nil
    self:turn('connected', 'server.connected', {
        server = named(server), bridge = bridge or '?', calls = calls, units = units,
    }, now)
end

---The state in one line, for `cadbridge status`.
---@param now integer
---@return string
function Link:describe(now)
    local minutes = ('%d'):format((now - self.since) // 60000)
    if self.state == 'connected' then
        return self.say('server.status.connected', {
            server = self.detail.server, bridge = self.detail.bridge, minutes = minutes,
        })
    end
    local line = self.words and self.say(self.words, self.detail) or self.say('server.starting')
    return self.say('server.status.link', { state = line, minutes = minutes })
end

---A mark by which a token is known again without being kept (64 bits, FNV-1a).
---@param token string
---@return string
local function fingerprint(token)
    local hash = 0xcbf29ce484222325
    for position = 1, #token do hash = (hash ~ token:byte(position)) * 0x100000001b3 end
    return ('%016x'):format(hash)
end

CadBridge.link = { new = new, fingerprint = fingerprint }
