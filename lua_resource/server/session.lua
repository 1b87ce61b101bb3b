---What is said over the socket, without the socket: text frames in, actions out. Keeps the cursor,
---acknowledges, and knows which connection counts. Pure: JSON and the clock are handed in.
---
---Frames and their fields: the contract's section "Websocket".

---@class CadBridge.Welcome
---@field bridge string version
---@field server { id: integer, name: string }
---@field epoch string
---@field cursor integer
---@field freshFor integer milliseconds
---@field board { calls: Call[], units: Unit[] }?

---What a frame asks of the resource.
---@class CadBridge.Action
---@field kind 'welcome'|'event'|'reply'|'end'
---@field welcome CadBridge.Welcome?
---@field seq integer?
---@field age integer?
---@field alert boolean?
---@field event table?
---@field id string?
---@field result any
---@field error CadBridge.Problem?
---@field reason string? of an `end`

---An event of the stream, which this resource has not handled yet.
---@class CadBridge.EventAction: CadBridge.Action
---@field kind 'event'
---@field seq integer
---@field age integer milliseconds
---@field alert boolean
---@field event table

---@class CadBridge.Session
---@field epoch string? of the journal that the cursor belongs to
---@field cursor integer? the last event that was handled
---@field generation integer? of the open connection; nil while there is none
---@field welcomed boolean whether this connection was welcomed
---@field server { id: integer, name: string }? as the last welcome named it
---@field bridge string? version
---@field freshFor integer milliseconds
---@field private acknowledged integer?
---@field private hasBoard boolean
---@field private instance string
---@field private version string
---@field private encode fun(value: any): string
---@field private decode fun(text: string): any
local Session = {}
Session.__index = Session

---Milliseconds between an event that was handled and its acknowledgement: 200 at most, and a timer
---of the game server may be a tick of 50 late.
local ACK_MS = 150

---@class CadBridge.SessionSetup
---@field version string of the resource
---@field instance string names this game server's process
---@field encode fun(value: any): string
---@field decode fun(text: string): any
---@field epoch string?
---@field cursor integer?

---@param setup CadBridge.SessionSetup
---@return CadBridge.Session
local function new(setup)
    return setmetatable({
        epoch = setup.epoch,
        cursor = setup.cursor,
        welcomed = false,
        freshFor = 300000,
        hasBoard = false,
        instance = setup.instance,
        version = setup.version,
        encode = setup.encode,
        decode = setup.decode,
    }, Session)
end

---Reads what `saved` wrote; nil where there is nothing, or not that.
---@param text string?
---@return string? epoch
---@return integer? cursor
local function read(text)
    local cursor, epoch = (text or ''):match('^(%d+) (.+)$')
    cursor = cursor and math.tointeger(tonumber(cursor))
    if not cursor then return nil, nil end
    return epoch, cursor
end

---What must be kept over a restart of the resource; nil before the first welcome.
---@return string?
function Session:saved()
    if not (self.epoch and self.cursor) then return nil end
    return ('%d %s'):format(self.cursor, self.epoch)
end

---A connection is open: gives the greeting, without the token.
---@param generation integer
---@return string
function Session:open(generation)
    self.generation, self.welcomed, self.acknowledged = generation, false, nil
    -- Cut by hand: Lua's encoder leaves out what is nil, and the greeting says null.
    return ('{"op":"hello","resource":%s,"instance":%s,"epoch":%s,"cursor":%s,"board":%s}'):format(
        self.encode(self.version),
        self.encode(self.instance),
        self.epoch and self.encode(self.epoch) or 'null',
        self.cursor and ('%d'):format(self.cursor) or 'null',
        tostring(not self.hasBoard)
    )
end

---The connection ended.
function Session:down()
    self.generation, self.welcomed = nil, false
end

---@param value any
---@return integer?
local function count(value)
    if type(value) ~= 'number' then return nil end
    value = math.tointeger(value)
    return value and value >= 0 and value or nil
end

---@param reason string
---@return CadBridge.Action
local function bad(reason)
    return { kind = 'end', reason = reason }
end

---@type table<string, fun(session: CadBridge.Session, frame: table): CadBridge.Action?>
local FRAMES = {
    welcome = function(session, frame)
        local cursor = count(frame.cursor)
        if session.welcomed then return bad('a second welcome') end
        if type(frame.epoch) ~= 'string' or not cursor then return bad('a welcome without epoch and cursor') end
        if type(frame.board) ~= 'table' then frame.board = nil end
        -- Without its journal's board the mirror would be another journal's.
        if not frame.board and (not session.hasBoard or frame.epoch ~= session.epoch) then
            session.hasBoard = false
            return bad('a welcome without the board that is needed')
        end
        session.welcomed, session.hasBoard = true, true
        session.epoch, session.cursor, session.acknowledged = frame.epoch, cursor, cursor
        session.server, session.bridge = frame.server, frame.bridge
        session.freshFor = count(frame.freshFor) or session.freshFor
        return { kind = 'welcome', welcome = frame }
    end,
    event = function(session, frame)
        local seq = count(frame.seq)
        if not session.welcomed then return bad('an event before the welcome') end
        if not seq or type(frame.event) ~= 'table' then return bad('an event without number or body') end
        -- Numbers only grow; what was handled is not handled again.
        if seq <= session.cursor then return nil end
        return {
            kind = 'event',
            seq = seq,
            age = count(frame.age) or 0,
            alert = frame.alert == true,
            event = frame.event,
        }
    end,
    reply = function(_, frame)
        if type(frame.id) ~= 'string' then return bad('a reply without id') end
        local problem = frame.error
        if problem ~= nil and type(problem) ~= 'table' then problem = { code = 'internal' } end
        return { kind = 'reply', id = frame.id, result = frame.result, error = problem }
    end,
    heartbeat = function() return nil end,
}

---A text frame came.
---@param generation integer
---@param text string
---@return CadBridge.Action? nil where there is nothing to do
function Session:receive(generation, text)
    if generation ~= self.generation then return nil end
    local ok, frame = pcall(self.decode, text)
    if not ok or type(frame) ~= 'table' then return bad('not a JSON object') end
    local step = FRAMES[frame.op]
    -- A newer bridge may say more than this resource knows.
    return step and step(self, frame)
end

---The event was handled: whoever it concerned has been told.
---@param seq integer
function Session:handled(seq)
    self.cursor = seq
end

---The acknowledgement that is due, or nil; `ACK_MS` after the first event that it covers.
---@return string?
function Session:acknowledge()
    if not self.welcomed or self.acknowledged == self.cursor then return nil end
    self.acknowledged = self.cursor
    return ('{"op":"ack","seq":%d}'):format(self.cursor)
end

---@param id string
---@param method string
---@param params table
---@return string
function Session:request(id, method, params)
    return self.encode { op = 'request', id = id, method = method, params = params }
end

---@param receipt table
---@return string
function Session:receipt(receipt)
    receipt.op = 'receipt'
    return self.encode(receipt)
end

CadBridge.session = { new = new, read = read, ACK_MS = ACK_MS }
