---Which player is meant by an id of the CAD, and whose client is ready. Every player is indexed
---once, when he joins, so that a push looks ids up and never scans players. Pure.
---
---The rules are those of the CAD's data: an id is `type:value` or a bare value. A prefixed id matches
---only its type; a bare one matches the types that an id of its list may mean; a bare value that two
---players share matches nobody. Never by `ip`: households share it.

---What matched.
---@class CadBridge.Match
---@field players integer[]
---@field list integer? which of the five lists matched, 1 to 5
---@field verified boolean whether the list proves who is meant: the two of communityUserIds do

---Someone who has left; for a few minutes he may still be the caller of a call.
---@class CadBridge.Gone
---@field at integer clock, milliseconds
---@field position Position?

---@class CadBridge.Player
---@field source integer
---@field name string
---@field identifiers string[] without `ip`
---@field keys string[] `type:value`, normalised
---@field ready boolean his client said that it is loaded
---@field version string? of the resource that his client runs
---@field early boolean he was connected when the resource started

---@class CadBridge.Roster
---@field players table<integer, CadBridge.Player>
---@field count integer
---@field private bare { [1]: table<string, true>, [2]: table<string, true> } types by kind of list
---@field private index CadBridge.Membership key of a player -> sources
---@field private gone table<string, CadBridge.Gone>
---@field private leavers { at: integer, keys: string[] }[] who left first comes first
---@field private ambiguous fun(value: string)
---@field private reported table<string, true>
local Roster = {}
Roster.__index = Roster

---How long a player who left can still be the caller of a call.
local GONE_MS = 5 * 60 * 1000

local TYPES = { license = true, license2 = true, steam = true, discord = true, fivem = true, xbl = true,
    live = true, ip = true }

---Texts that some senders write where they know no id.
local NOTHING = { [''] = true, ['nil'] = true, null = true, undefined = true, none = true, unknown = true }

---The CAD's own limit of a communityUserId.
local LONGEST = 255

---SteamID64 as FXServer writes it, in hexadecimal, from the decimal form that a CAD may hold.
---@param value string
---@return string? nil for what is no SteamID64
local function steamHex(value)
    if not value:match('^7656119%d%d%d%d%d%d%d%d%d%d$') then return nil end
    return ('%x'):format(math.tointeger(tonumber(value)))
end

---@param id any
---@return string? kind known type in front of the colon; nil for a bare value
---@return string? value lower case; nil for an id that says nothing
local function normalise(id)
    if type(id) ~= 'string' or #id > LONGEST then return nil, nil end
    id = (id:match('^%s*(.*%S)') or ''):lower()
    local kind, value = id:match('^(%w+):(.*)$')
    if kind and TYPES[kind] then
        value = value:match('^%s*(.*%S)') or ''
        if NOTHING[value] then return nil, nil end
        return kind, kind == 'steam' and steamHex(value) or value
    end
    if NOTHING[id] then return nil, nil end
    return nil, id
end

---Whether a list is proof: the first two are communityUserIds, which come from a code that the game
---showed to the player; all others hold what their sender liked.
---@param list integer
---@return boolean
local function isVerified(list)
    return list <= 2
end

---Whether two sets of lists name the same ids.
---@param a string[][]?
---@param b string[][]?
---@return boolean
local function sameIds(a, b)
    if not a or not b then return a == b end
    for list = 1, 5 do
        local left, right = a[list] or {}, b[list] or {}
        if #left ~= #right then return false end
        for index, id in ipairs(left) do
            if id ~= right[index] then return false end
        end
    end
    return true
end

---@param types string[]
---@return table<string, true>
local function set(types)
    local members = {}
    for _, name in ipairs(types) do members[name] = true end
    members.ip = nil
    return members
end

---@param bare CadBridge.BareIdentifiers
---@param ambiguous fun(value: string) told once for each bare value that more than one player has
---@return CadBridge.Roster
local function new(bare, ambiguous)
    return setmetatable({
        players = {},
        count = 0,
        bare = { set(bare.communityUserId), set(bare.apiIds) },
        index = CadBridge.membership.new(),
        gone = {},
        leavers = {},
        ambiguous = ambiguous,
        reported = {},
    }, Roster)
end

---A player has joined, or was there when the resource started.
---@param source integer
---@param name string
---@param identifiers string[] as the game server reads them
---@param early boolean
---@return CadBridge.Player
function Roster:add(source, name, identifiers, early)
    if self.players[source] then self:remove(source) end
    local player = { source = source, name = name, identifiers = {}, keys = {}, ready = false, early = early }
    for _, identifier in ipairs(identifiers) do
        local kind, value = normalise(identifier)
        if kind and kind ~= 'ip' then
            local key = kind .. ':' .. value
            player.identifiers[#player.identifiers + 1] = identifier
            player.keys[#player.keys + 1] = key
            self.index:put(key, source, true)
            -- He is back: what he left behind would make him two persons.
            self.gone[key] = nil
        end
    end
    self.players[source] = player
    self.count = self.count + 1
    return player
end

---A player has left.
---@param source integer
---@param now integer? with `position`, he is remembered as a possible caller
---@param position Position? where he stood
---@return CadBridge.Player?
function Roster:remove(source, now, position)
    local player = self.players[source]
    if not player then return nil end
    for _, key in ipairs(player.keys) do self.index:put(key, source) end
    self.players[source] = nil
    self.count = self.count - 1
    if now then
        local record = { at = now, position = position }
        for _, key in ipairs(player.keys) do self.gone[key] = record end
        self.leavers[#self.leavers + 1] = { at = now, keys = player.keys }
        self:forget(now)
    end
    return player
end

---@private
---@param now integer
function Roster:forget(now)
    while self.leavers[1] and now - self.leavers[1].at > GONE_MS do
        local leaver = table.remove(self.leavers, 1)
        for _, key in ipairs(leaver.keys) do
            local record = self.gone[key]
            if record and record.at == leaver.at then self.gone[key] = nil end
        end
    end
end

---The keys that an id may have in the index.
---@param id any
---@param list integer
---@return string[] keys
---@return string? bare the value, where the id has no prefix
function Roster:keys(id, list)
    local kind, value = normalise(id)
    if not value then return {}, nil end
    if kind then return kind == 'ip' and {} or { kind .. ':' .. value }, nil end
    local keys = {}
    for name in pairs(self.bare[isVerified(list) and 1 or 2]) do
        keys[#keys + 1] = name .. ':' .. (name == 'steam' and steamHex(value) or value)
    end
    return keys, value
end

---@private
---@param id any
---@param list integer
---@param found table<integer, true>
function Roster:lookUp(id, list, found)
    local keys, bare = self:keys(id, list)
    local sources, number = {}, 0
    for _, key in ipairs(keys) do
        for source in pairs(self.index:of(key)) do
            if not sources[source] then number = number + 1 end
            sources[source] = true
        end
    end
    if bare and number > 1 then
        if not self.reported[bare] then
            self.reported[bare] = true
            self.ambiguous(bare)
        end
        return
    end
    for source in pairs(sources) do found[source] = true end
end

---@type CadBridge.Match
local NOBODY = { players = {}, verified = false }

---The players that the lists of ids mean: the first list with a match counts, with all its matches.
---@param lists string[][]? five lists, in order
---@return CadBridge.Match not to be changed
function Roster:match(lists)
    for list, ids in ipairs(lists or {}) do
        local found = {}
        for _, id in ipairs(ids) do self:lookUp(id, list, found) end
        if next(found) then
            local players = {}
            for source in pairs(found) do players[#players + 1] = source end
            table.sort(players)
            return { players = players, list = list, verified = isVerified(list) }
        end
    end
    return NOBODY
end

---Players who left less than five minutes ago and are meant by the verified ids.
---@param lists string[][]?
---@param now integer
---@return CadBridge.Gone[]
function Roster:left(lists, now)
    self:forget(now)
    local found, records = {}, {}
    for list = 1, 2 do
        for _, id in ipairs(lists and lists[list] or {}) do
            for _, key in ipairs((self:keys(id, list))) do
                local record = self.gone[key]
                if record and not found[record] and now - record.at <= GONE_MS then
                    found[record] = true
                    records[#records + 1] = record
                end
            end
        end
    end
    return records
end

CadBridge.roster = { new = new, normalise = normalise, isVerified = isVerified, sameIds = sameIds }
