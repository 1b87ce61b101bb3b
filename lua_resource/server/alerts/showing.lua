---One call for one player: what he is shown of it, with which sound, and whether he may be shown one
---more now. Pure, but for the parts handed in.

---@class CadBridge.Showing: CadBridge.AlertParts
local Showing = {}
Showing.__index = Showing

local look = CadBridge.look

---@param parts CadBridge.AlertParts
---@return CadBridge.Showing
local function new(parts)
    local showing = {}
    for name, part in pairs(parts) do showing[name] = part end
    return setmetatable(showing, Showing)
end

---Whether the player's client is loaded.
---@param source integer
---@return boolean
function Showing:isReady(source)
    local player = self.roster.players[source]
    return player ~= nil and player.ready
end

---The alert of a call for players of that class. `proof`: an unverified caller learns that his call
---arrived, and not where any player is.
---@param call Call
---@param class string
---@param how 'alert'|'change'|'quiet'
---@param parts CadBridge.LookParts
---@param proof CadBridge.Proof?
---@return Alert
function Showing:build(call, class, how, parts, proof)
    local claimed = class == 'caller' and proof == 'claimed'
    parts.position = not claimed and self.whereabouts:of(call.key) or nil
    parts.age = self.board:age(call.key, self.now())
    if class == 'assigned' and parts.route == nil and how ~= 'change' then parts.route = true end
    local alert = look.alert(self.sight, call, class, how, parts)
    if claimed then alert.place, alert.postal = nil, nil end
    if proof == 'alerted' then alert.respond = nil end
    return alert
end

---@param class string
---@param how string
---@return AlertSound?
local function soundOf(class, how)
    if how ~= 'alert' then return nil end
    if class == 'assigned' then return 'assigned' end
    return class == 'caller' and 'quiet' or 'new'
end

---Whether the player may be shown one more alert now; what is his own always is.
---@param call Call
---@param source integer
---@param class string
---@param now integer
---@return boolean
function Showing:admits(call, source, class, now)
    if class == 'assigned' or class == 'caller' then return true end
    local admitted, first = self.burst:admit(source, call.key, class == 'emergency', now)
    if first then self.held(source) end
    return admitted
end

---Shows one call to one player, as one who came later.
---@param call Call
---@param source integer
---@param class string
---@param how 'alert'|'quiet'
function Showing:showTo(call, source, class, how)
    if how == 'alert' and not self:admits(call, source, class, self.now()) then return end
    local _, proof = self.claims:entitled(call, source)
    self.pictures:show(source, self:build(call, class, how, { sound = soundOf(class, how) }, proof))
end

CadBridge.showing = { new = new, soundOf = soundOf }
