---Units in distress. A panic goes to all responders, whatever they are on; its blip follows the unit;
---it ends when switched off, at log-out, or after ten minutes. One player has one panic, however many
---units he is. Pure, but for the parts handed in.

---@class CadBridge.Panic
---@field key string
---@field idents table<integer, boolean> units that are it; whether the CAD has said so
---@field source integer? the player whom its blip follows, where he is known
---@field raisers table<integer, true> players who raised it in the game, and so may end it there
---@field number string
---@field text string?
---@field started integer
---@field position Position?

---@class CadBridge.PanicParts
---@field roster CadBridge.Roster
---@field audience CadBridge.Audience
---@field pictures CadBridge.Pictures
---@field receipts CadBridge.Receipts
---@field sight CadBridge.Sight
---@field options CadBridge.Options
---@field standing fun(source: integer): Position?
---@field now fun(): integer
---@field later fun(ms: integer, callback: fun())
---@field tell CadBridge.Tell

---@class CadBridge.Panics: CadBridge.PanicParts
---@field private active table<string, CadBridge.Panic>
---@field private over table<integer, integer> units whose panic ended here, and not yet in the CAD -> until when the CAD may say it late
---@field private following boolean
local Panics = {}
Panics.__index = Panics

local LASTS_MS = 10 * 60 * 1000
local FOLLOW_MS = 2000
---How late the CAD may say what a player did in the game.
local LATE_MS = 15000
---Metres that a unit moves before its blip does.
local STEP = 4

---@param parts CadBridge.PanicParts
---@return CadBridge.Panics
local function new(parts)
    local panics = { active = {}, over = {}, following = false }
    for name, part in pairs(parts) do panics[name] = part end
    return setmetatable(panics, Panics)
end

local look = CadBridge.look

---@private
---@param panic CadBridge.Panic
---@param how 'alert'|'quiet'
---@param seq integer?
---@return Alert
function Panics:build(panic, how, seq)
    local alert = {
        key = panic.key, seq = seq, class = 'panic', how = how, number = panic.number,
        title = look.say(self.sight, 'call.title.panic'), text = panic.text,
        age = math.max(0, self.now() - panic.started), position = panic.position,
        sound = how == 'alert' and 'panic' or nil, respond = true,
        style = self.options.notify, locale = self.options.locale,
    }
    if panic.position then
        alert.blip = look.blip(self.sight, 'panic', panic.number)
        alert.postal = self.sight.postal(panic.position)
    end
    return alert
end

---The panic of a unit, or of a player.
---@param ident integer?
---@param source integer?
---@return CadBridge.Panic?
function Panics:find(ident, source)
    for _, panic in pairs(self.active) do
        if ident and panic.idents[ident] ~= nil then return panic end
        if source and (panic.source == source or panic.raisers[source]) then return panic end
    end
    return nil
end

---@param key string
---@return CadBridge.Panic?
function Panics:get(key)
    return self.active[key]
end

---@private
---@param panic CadBridge.Panic
---@param seq integer?
---@param age integer
function Panics:hand(panic, seq, age)
    local sent, missed = {}, {}
    for source in pairs(self.audience.responders) do
        if self.roster.players[source].ready then
            sent[#sent + 1] = source
        else
            missed.not_ready = (missed.not_ready or 0) + 1
        end
    end
    table.sort(sent)
    self.pictures:showAll(sent, self:build(panic, 'alert', seq))
    if #sent == 0 then
        self.tell('server.panicReachedNobody', {
            unit = panic.number, players = self.roster.count, unready = missed.not_ready or 0,
        })
    end
    if not seq then return end
    local close = self.receipts:expect(panic.key, seq, age, self.now(), sent, missed)
    if close then self.later(CadBridge.receipts.WAIT_MS, close) end
end

---Someone is in distress.
---@param unit Unit? as the CAD knows it
---@param source integer? the player, where he is proven
---@param label string how he is called
---@param event { seq: integer?, age: integer, alert: boolean, here: boolean? } `here`: in the game, and the CAD may not know
function Panics:raise(unit, source, label, event)
    local ident, said = unit and unit.ident, not event.here
    if ident then
        -- What a board still holds is no news, nor what the CAD says late of one that was taken back.
        local over = said and self.over[ident]
        if over and (not event.alert or self.now() < over) then return end
        self.over[ident] = nil
    end
    local known = self:find(ident, source)
    if known then
        if ident then known.idents[ident] = known.idents[ident] or said end
        if event.here then known.raisers[source] = true end
        return
    end
    local rest = LASTS_MS - event.age
    if rest <= 0 then
        -- Over by its time before anybody here heard of it.
        if ident then self.over[ident] = 0 end
        return
    end
    local panic = {
        key = ('panic:%s'):format(ident or ('player-%d'):format(source or 0)),
        idents = ident and { [ident] = said } or {},
        source = source, raisers = event.here and { [source] = true } or {}, started = self.now() - event.age,
        number = look.say(self.sight, 'call.number.panic', { unit = label }),
        text = unit and look.short(unit.department, 120), position = source and self.standing(source),
    }
    self.active[panic.key] = panic
    self.later(rest, function()
        if self.active[panic.key] == panic then self:finish(panic, 'expired') end
    end)
    if event.alert then
        self:hand(panic, event.seq, event.age)
    else
        for other in pairs(self.audience.responders) do self:arrived(other, true) end
    end
    self:follow()
end

---@param panic CadBridge.Panic
---@param reason string
function Panics:finish(panic, reason)
    self.active[panic.key] = nil
    local late = reason == 'off' and self.now() + LATE_MS or 0
    for ident in pairs(panic.idents) do self.over[ident] = late end
    self.pictures:clear(panic.key, reason)
end

---The unit is in distress no longer, or off duty. A player is well when none of his units is not.
---@param ident integer
---@param reason string
function Panics:ended(ident, reason)
    self.over[ident] = nil
    local panic = self:find(ident, nil)
    if not panic then return end
    panic.idents[ident] = nil
    if not next(panic.idents) then self:finish(panic, reason) end
end

---Keeps the blips on the units, while there is one to follow.
---@private
function Panics:follow()
    if self.following then return end
    local any = false
    for _, panic in pairs(self.active) do any = any or panic.source ~= nil end
    if not any then return end
    self.following = true
    self.later(FOLLOW_MS, function()
        self.following = false
        for _, panic in pairs(self.active) do self:look(panic) end
        self:follow()
    end)
end

---@private
---@param panic CadBridge.Panic
function Panics:look(panic)
    local position = panic.source and self.standing(panic.source)
    if not position then return end
    local before = panic.position
    if before and math.abs(before.x - position.x) < STEP and math.abs(before.y - position.y) < STEP then return end
    panic.position = position
    if before then return self.pictures:move(panic.key, position) end
    -- Without a blip there is nothing to move: the picture comes again, with one.
    self.pictures:showAll(self.pictures:sources(panic.key), self:build(panic, 'quiet'))
end

---A player can be shown what is going on: as an alert where he comes new to a fresh panic.
---@param source integer
---@param quietly boolean
function Panics:arrived(source, quietly)
    local player = self.roster.players[source]
    if not self.audience.responders[source] or not player or not player.ready then return end
    for _, panic in pairs(self.active) do
        if not self.pictures:has(source, panic.key) then
            self.pictures:show(source, self:build(panic, quietly and 'quiet' or 'alert'))
        end
    end
end

---What goes on now that the player is to know of, the newest first.
---@param source integer
---@return Alert[]
function Panics:listed(source)
    local running, alerts = {}, {}
    for key, panic in pairs(self.active) do
        if self:keeps(source, key) then running[#running + 1] = panic end
    end
    table.sort(running, function(a, b)
        if a.started ~= b.started then return a.started > b.started end
        return a.key < b.key
    end)
    for index, panic in ipairs(running) do alerts[index] = self:build(panic, 'quiet') end
    return alerts
end

---Whether the player keeps the picture of that key.
---@param source integer
---@param key string
---@return boolean
function Panics:keeps(source, key)
    return self.active[key] ~= nil and self.audience.responders[source] ~= nil
end

---Whom the blip follows: the player whom it followed, while one of the units is his, or another of theirs.
---@private
---@param panic CadBridge.Panic
---@return integer?
function Panics:playerOf(panic)
    local other = nil
    for ident in pairs(panic.idents) do
        for _, source in ipairs(self.audience.sources.cad:playersOf(ident)) do
            if source == panic.source then return source end
            other = other or source
        end
    end
    return other
end

---The units of a panic may have other players, or none: then its last position stays.
---@private
---@param panic CadBridge.Panic
function Panics:handOver(panic)
    local source = self:playerOf(panic)
    if source == panic.source then return end
    panic.source = source
    self:look(panic)
    self:follow()
end

---The player has left, and no unit is his: his panic goes on until it is switched off. Two units of his
---may have one each.
---@param source integer
function Panics:dropped(source)
    for _, panic in pairs(self.active) do
        local his = panic.source == source or panic.raisers[source]
        panic.raisers[source] = nil
        if his and not next(panic.idents) then
            self:finish(panic, 'left')
        elseif his then
            self:handOver(panic)
        end
    end
end

---A unit may have other players than before: where they stand is where it is.
---@param ident integer
function Panics:found(ident)
    local panic = self:find(ident, nil)
    if panic then self:handOver(panic) end
end

---The board is another one: panics that the CAD had said and says no more end, and those of units that are
---off duty. One that the CAD was never told of goes on.
---@param units table<integer, Unit>
function Panics:restored(units)
    for ident in pairs(self.over) do
        if not (units[ident] and units[ident].panic) then self.over[ident] = nil end
    end
    for _, panic in pairs(self.active) do
        for ident, said in pairs(panic.idents) do
            local unit = units[ident]
            if not unit or (said and not unit.panic) then self:ended(ident, 'gone') end
        end
        if next(panic.idents) then self:handOver(panic) end
    end
end

CadBridge.panic = { new = new }
