---The connection to the bridge: what transport.js says is done, what is due is sent and acknowledged, and
---the cursor outlives the resource. Pure: what sends, and what keeps a value over a restart, are handed in.

---What is kept over a restart of the resource, and of the server.
---@class CadBridge.Store
---@field get fun(key: string): string?
---@field set fun(key: string, value: string) at once where the process ends, and later where the machine does
---@field flush fun() now for the machine too

---@class CadBridge.ConnectionParts
---@field session CadBridge.Session
---@field requests CadBridge.Requests
---@field receipts CadBridge.Receipts
---@field events CadBridge.Events
---@field liveMap CadBridge.LiveMap
---@field board CadBridge.Board
---@field link CadBridge.Link
---@field store CadBridge.Store
---@field token fun(): string
---@field toTransport fun(what: string, ...)
---@field transmit fun(text: string): boolean sends a frame over the connection that counts
---@field now fun(): integer
---@field later fun(ms: integer, callback: fun())
---@field tell CadBridge.Tell

---@class CadBridge.Connection: CadBridge.ConnectionParts
---@field private started boolean
---@field private flushing boolean
---@field private acknowledging boolean
local Connection = {}
Connection.__index = Connection

---How long the cursor may be in memory only, and how long transport.js may take to load.
local FLUSH_MS, TRANSPORT_MS = 10000, 5000

---@param parts CadBridge.ConnectionParts
---@return CadBridge.Connection
local function new(parts)
    local connection = { started = false, flushing = false, acknowledging = false }
    for name, part in pairs(parts) do connection[name] = part end
    return setmetatable(connection, Connection)
end

---Keeps the cursor over a restart: at once where the process ends, and soon where the machine does.
---@private
function Connection:save()
    local text = self.session:saved()
    if not text then return end
    self.store.set('cursor', text)
    if self.flushing then return end
    self.flushing = true
    self.later(FLUSH_MS, function()
        self.flushing = false
        self.store.flush()
    end)
end

---@private
function Connection:acknowledge()
    self.acknowledging = false
    local text = self.session:acknowledge()
    if text then self.transmit(text) end
end

-- What a frame asks for ---------------------------------------------------------------------------

---@type table<string, fun(connection: CadBridge.Connection, action: CadBridge.Action)>
local ACT = {
    welcome = function(connection, action)
        local welcome, session, board = action.welcome --[[@as CadBridge.Welcome]], connection.session, connection.board
        if welcome.board then connection.events:restore(welcome.board) end
        connection:save()
        local calls, units = 0, 0
        for _ in pairs(board.calls) do calls = calls + 1 end
        for _ in pairs(board.units) do units = units + 1 end
        connection.link:connected(session.server, session.bridge, calls, units, connection.now())
        connection.liveMap:wake()
    end,
    event = function(connection, action)
        -- A broken event must not come back for ever: it is handled, if only by having been tried.
        local events, event = connection.events, action --[[@as CadBridge.EventAction]]
        local ok, problem = pcall(events.handle, events, event)
        if not ok then
            connection.tell('server.eventFailed', { seq = event.seq, problem = tostring(problem) })
        end
        connection.session:handled(event.seq)
        connection:save()
        if connection.acknowledging then return end
        connection.acknowledging = true
        connection.later(CadBridge.session.ACK_MS, function() connection:acknowledge() end)
    end,
    reply = function(connection, action) connection.requests:answer(action.id, action.result, action.error) end,
    ['end'] = function(connection, action)
        connection.toTransport('end', connection.session.generation, 4400, action.reason)
    end,
}

-- What transport.js says --------------------------------------------------------------------------

---@type table<string, fun(connection: CadBridge.Connection, ...)>
local SAYS = {
    ready = function(connection)
        if connection.started then return end
        connection.started = true
        if connection:isExposed() then return connection.link:exposed(connection.now()) end
        connection.toTransport('start')
    end,
    missing = function(connection, what, detail) connection.link:missing(what, detail, connection.now()) end,
    open = function(connection, generation)
        connection.toTransport('hello', generation, connection.session:open(generation))
    end,
    frame = function(connection, generation, text)
        local action = connection.session:receive(generation, text)
        if action then ACT[action.kind](connection, action) end
    end,
    down = function(connection, reason, code, retryMs)
        connection.session:down()
        connection.requests:down()
        connection.link:down(reason, code, retryMs, connection.now())
    end,
}

---transport.js says something.
---@param what any
function Connection:hear(what, ...)
    local step = SAYS[what]
    if step then step(self, ...) end
end

---Looks for transport.js, and says so where it did not load.
function Connection:begin()
    self.later(TRANSPORT_MS, function()
        if not self.started then self.link:missing('transport', nil, self.now()) end
    end)
    self.toTransport('hello?')
end

---The resource stops: the last word is said.
function Connection:finish()
    self.receipts:flush()
    self:acknowledge()
    self.toTransport('stop')
    self:save()
    self.store.flush()
end

-- A token that players can read -------------------------------------------------------------------

---Whether players can read the token, as far as is known. No native tells a server script that a convar
---is replicated, and the console's own answer would print the token. A client sees what is replicated
---to it, so it reports what it can read (door `exposed`), and is believed only if that is the token:
---who lies cannot know it. What is left of the finding is a mark, so that a restart does not connect
---again before the first client has spoken.
---@private
---@return boolean
function Connection:isExposed()
    local mark = self.store.get('exposed')
    return mark ~= nil and mark == CadBridge.link.fingerprint(self.token())
end

---A client says what it can read as the token.
---@param value string
function Connection:exposed(value)
    local token = self.token()
    if token == '' or value ~= token or self.link.state == 'exposed' then return end
    self.store.set('exposed', CadBridge.link.fingerprint(token))
    self.store.flush()
    self.toTransport('stop')
    self.session:down()
    self.requests:down()
    self.link:exposed(self.now())
end

CadBridge.connection = { new = new }
