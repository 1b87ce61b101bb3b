---What other resources may ask and hear. Everything is a copy of the board's, with the age of now.
---Pure: what registers an export is handed in.

---@param board CadBridge.Board
---@param call Call
---@param now integer
---@return Call
local function copy(board, call, now)
    local result = {}
    for field, value in pairs(call) do result[field] = value end
    result.age = board:age(call.key, now) or call.age
    return result --[[@as Call]]
end

---@class CadBridge.ExportParts
---@field board CadBridge.Board
---@field roster CadBridge.Roster
---@field audience CadBridge.Audience
---@field isConnected fun(): boolean
---@field now fun(): integer

---@param parts CadBridge.ExportParts
---@param export fun(name: string, handler: function)
local function register(parts, export)
    local board, roster, audience = parts.board, parts.roster, parts.audience

    ---Whether the bridge is connected and its board is here.
    export('IsConnected', function() return parts.isConnected() end)

    ---Open calls, the newest first.
    ---@return Call[]
    export('GetCalls', function()
        local calls = board:newest()
        for index, call in ipairs(calls) do calls[index] = copy(board, call, parts.now()) end
        return calls
    end)

    ---The call of a key, or of an id: the open 911 call of that number, else the dispatch call.
    ---@param id string|number
    ---@return Call?
    export('GetCall', function(id)
        local call = board:find(id)
        return call and copy(board, call, parts.now())
    end)

    ---Units on duty, the lowest ident first.
    ---@return Unit[]
    export('GetUnits', function()
        local units = {}
        for _, unit in pairs(board.units) do units[#units + 1] = unit end
        table.sort(units, function(a, b) return a.ident < b.ident end)
        return units
    end)

    ---The unit of a player, where it is proven to be his.
    ---@param source number
    ---@return Unit?
    export('GetUnitByPlayer', function(source)
        local ident = audience.sources.cad:identsOf(math.tointeger(tonumber(source)) or 0)[1]
        return ident and board.units[ident]
    end)

    ---The players whom a communityUserId means.
    ---@param id string
    ---@return number[]
    export('GetPlayersByCommunityUserId', function(id)
        return roster:match({ { id } }).players
    end)

    ---Whether the player gets alerts as a responder.
    ---@param source number
    ---@return boolean
    export('IsResponder', function(source)
        return audience.responders[math.tointeger(tonumber(source)) or 0] == true
    end)
end

CadBridge.exports = { register = register, copy = copy }
