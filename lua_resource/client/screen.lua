---What a player sees now. One call is one picture for life: news changes it in place, another key takes
---its place over, and when it leaves it leaves everywhere. A receipt goes out only for what was really
---painted. Natives, styles and clock are handed in.

---@class Picture
---@field alert Alert the newest
---@field style Style_? the style that shows it now; nil: not on the screen
---@field masked boolean? names and exact places are masked in it
---@field owed boolean? no style has painted it yet: nothing was told of it
---@field timed boolean? a timer is under way that will look whether it is time to leave
---@field order integer the newer the higher
---@field at integer when the alert came
---@field ends integer? when it leaves the screen
---@field unseen boolean? its time was over while the pause menu lay over it

---@class ScreenParts
---@field styles table<string, Style_>
---@field choose fun(known: table<string, Style_>, chosen: string, offered: string): Style_
---@field blips Blips
---@field sounds Sounds
---@field preferences fun(): Preferences
---@field say fun(locale: string, name: string, places: table?): string
---@field announce fun(alert: Alert): boolean whether another resource has taken the picture over
---@field receipt fun(key: string, seq: integer, outcome: string)
---@field bound fun(): string? name of the key that responds
---@field away fun(): boolean whether the player is in the pause menu, which hides what we show
---@field watch fun() called when what is on the screen has changed
---@field now fun(): integer ms
---@field later fun(ms: integer, action: fun())

---@class CadBridge.Screen
local screen = {}

---Milliseconds that a picture stays, by class; news keeps it for half of that.
local STAY = {
    emergency = 25000, civil = 15000, dispatch = 20000, assigned = 40000,
    panic = 90000, caller = 20000, test = 15000, tone = 20000,
}
local FACTOR = { short = 0.6, normal = 1, long = 2 }

---Milliseconds that a picture stays after the pause menu in which its time ran out.
local AFTER_PAUSE = 6000

---Pictures kept in memory; the oldest that is not on the screen is forgotten first.
local MOST = 600

---Classes of a call that is one's own: its mark lasts, its news is always worth seeing.
local OWN = { assigned = true, panic = true }

---@class Screen : ScreenParts
---@field private pictures table<string, Picture>
---@field private count integer
---@field private order integer
---@field private crowd Crowd
local Screen = {}
Screen.__index = Screen

---@param parts ScreenParts
---@return Screen
function screen.new(parts)
    local self = setmetatable({ pictures = {}, count = 0, order = 0 }, Screen)
    for name, part in pairs(parts) do self[name] = part end
    self.crowd = CadBridge.crowd.new(parts.now, parts.later, function(rest) self:tellRest(rest) end)
    return self
end

---Whether this is an alert at all; what comes over the network is looked at before it is used.
---@param alert any
---@return boolean
local function valid(alert)
    return type(alert) == 'table' and type(alert.key) == 'string' and #alert.key <= 128
        and STAY[alert.class] ~= nil and (alert.units == nil or type(alert.units) == 'table')
        and (alert.changed == nil or type(alert.changed) == 'table')
end

---@param a Picture
---@param b Picture
---@return boolean
local function newer(a, b)
    if (a.style == nil) ~= (b.style == nil) then return a.style ~= nil end
    return a.order > b.order
end

---@private
---@param alert Alert
---@param outcome string
function Screen:tell(alert, outcome)
    if math.type(alert.seq) == 'integer' then
        self.receipt(alert.key, alert.seq, outcome)
    elseif type(alert.seq) == 'number' and alert.seq % 1 == 0 then
        self.receipt(alert.key, math.tointeger(alert.seq), outcome)
    end
end

---@private
function Screen:forgetOldest()
    local oldest
    for key, picture in pairs(self.pictures) do
        if not picture.style and (not oldest or picture.order < self.pictures[oldest].order) then oldest = key end
    end
    if oldest then self:clear(oldest, 'forgotten') end
end

---@private
---@param alert Alert
---@return Picture
function Screen:keep(alert)
    self.order = self.order + 1
    local picture = self.pictures[alert.key]
    if picture then
        picture.alert, picture.at = alert, self.now()
        if alert.how == 'alert' then picture.order = self.order end
        return picture
    end
    if self.count >= MOST then self:forgetOldest() end
    picture = { alert = alert, order = self.order, at = self.now() }
    self.pictures[alert.key] = picture
    self.count = self.count + 1
    return picture
end

---@private
---@param old any
---@param new string
function Screen:replace(old, new)
    if type(old) ~= 'string' or old == new then return end
    self.blips:rename(old, new)
    local picture = self.pictures[old]
    if not picture then return end
    self.pictures[old] = nil
    self.count = self.count - 1
    local style = picture.style
    if self.pictures[new] then -- came before we heard that they are one
        if style then style:clear(old, 'replaced') end
    else
        self.pictures[new] = picture
        self.count = self.count + 1
        if style then style:rename(old, new) end
    end
    if style then self.watch() end
end

---@private
---@param alert Alert
function Screen:map(alert)
    local news = alert.how == 'alert'
        or alert.how ~= 'quiet' and (alert.sound ~= nil or not self.blips:has(alert.key))
    self.blips:show(alert.key, alert.position, alert.blip, news, OWN[alert.class] == true)
    if alert.route == true then self.blips:route(alert.key) end
    if alert.route == false then self.blips:unroute(alert.key) end
end

---Puts a call of the list on the map, where it has no mark. The list leaves looks out for size: the
---mark is the one that the call had, or one with its number.
---@param alert Alert
function Screen:mark(alert)
    if self.blips:has(alert.key) then return end
    local known = self:known(alert.key)
    local look = alert.blip or known and known.blip or { name = alert.number }
    self.blips:show(alert.key, alert.position, look, false, OWN[alert.class] == true)
end

---@private
---@param alert Alert
---@param picture Picture
---@return boolean whether it is worth a picture now
local function worth(alert, picture)
    if alert.how == 'quiet' then return false end
    if alert.how == 'alert' or picture.style then return true end
    return alert.sound ~= nil and alert.sound ~= 'quiet'
end

---Shows an alert, a change or a quiet mark.
---@param alert any from the server
function Screen:show(alert)
    if not valid(alert) then return end
    self:replace(alert.replaces, alert.key)
    local picture = self:keep(alert)
    self:map(alert)
    if not worth(alert, picture) then return self:tell(alert, alert.how == 'quiet' and 'shown' or 'suppressed') end
    if CadBridge.preferences.silences(self.preferences(), alert.class) then
        self:leave(alert.key, 'muted')
        return self:tell(alert, 'muted')
    end
    if alert.style == 'none' or self.announce(alert) then -- another resource shows it
        self:leave(alert.key, 'suppressed')
        return self:tell(alert, 'suppressed')
    end
    if alert.how == 'alert' and not picture.style and not self.crowd:admits(alert.class) then
        return self.crowd:hold(alert)
    end
    self:paint(picture)
end

---What is told of a picture that was painted: the pause menu lies over what we show, but for what lies
---over the menu itself.
---@private
---@param style Style_
---@return string
function Screen:seen(style)
    return self.away() and not style.above and 'paused' or 'shown'
end

---@private
---@param rest Rest
function Screen:tellRest(rest)
    local last, count = rest.alerts[#rest.alerts], #rest.alerts
    local name = rest.emergencies > 0 and 'card.crowdEmergencies' or 'card.crowd'
    local line = self.say(last.locale, name, { count = count, emergencies = rest.emergencies })
    self.sounds:due('new', CadBridge.preferences.loudness(self.preferences(), 'emergency'))
    self:notice({ text = line, kind = 'info', style = last.style, locale = last.locale }, function()
        for _, alert in ipairs(rest.alerts) do self:tell(alert, 'shown') end
    end)
end

---@private
---@param alert Alert
---@return Alert
function Screen:visible(alert)
    if self.preferences().shield then return CadBridge.shield.mask(alert) end
    return alert
end

---How long the picture stays from now on; news never shortens what it had left.
---@private
---@param picture Picture
---@return integer ms
function Screen:duration(picture)
    local ms = STAY[picture.alert.class] * (FACTOR[self.preferences().stay] or 1)
    if picture.alert.how == 'change' then ms = ms / 2 end
    local now = self.now()
    picture.ends = math.max(picture.ends or 0, now + math.floor(ms))
    return picture.ends - now
end

---@private
---@param picture Picture
---@param only Style_? this style and no other
function Screen:paint(picture, only)
    local alert, chosen = picture.alert, self.preferences()
    local style = only or self.choose(self.styles, chosen.style, alert.style)
    if picture.style and picture.style ~= style then picture.style:clear(alert.key, 'moved') end
    picture.style, picture.masked, picture.owed = style, chosen.shield, true
    local seen = self:visible(alert)
    local say = function(name, places) return self.say(alert.locale, name, places) end
    local duration = self:duration(picture)
    style:show(seen, CadBridge.lines.of(seen, say), function(painted)
        self:shown(picture, alert, style, painted)
    end, duration, alert.respond and self.bound() or nil)
    self:time(picture)
    self.watch()
end

---Whether the player has not had his time to see it: he is in the pause menu, or has just come back.
---@private
---@param picture Picture
---@return boolean
function Screen:missed(picture)
    local before = picture.unseen == true
    picture.unseen = self.away() or nil
    return before or picture.unseen == true
end

---One timer a picture, however often it changes: when it fires and the end has moved, it goes on.
---@private
---@param picture Picture
function Screen:time(picture)
    if picture.timed then return end
    picture.timed = true
    self.later(picture.ends - self.now(), function()
        picture.timed = nil
        local key = picture.alert.key
        if self.pictures[key] ~= picture or not picture.ends then return end
        if self.now() >= picture.ends then
            if not self:missed(picture) then return self:leave(key, 'expired') end
            picture.ends = self.now() + AFTER_PAUSE
        end
        self:time(picture)
    end)
end

---The picture has been painted, or could not be: then the feed, which always can, shows it.
---@private
---@param picture Picture
---@param alert Alert as it was shown
---@param style Style_
---@param painted boolean
function Screen:shown(picture, alert, style, painted)
    if not painted then
        local current = self.pictures[alert.key] == picture and picture.alert == alert and picture.style == style
        if current and style ~= self.styles.native then self:paint(picture, self.styles.native) end
        return
    end
    if picture.alert == alert then picture.owed = nil end
    local class = alert.how == 'change' and alert.class ~= 'panic' and 'change' or alert.class
    self.sounds:due(alert.sound, CadBridge.preferences.loudness(self.preferences(), class))
    self:tell(alert, self:seen(style))
end

---Takes a picture off the screen; the call itself stays known, with its blip.
---@param key string
---@param reason string
function Screen:leave(key, reason)
    local picture = self.pictures[key]
    if not picture or not picture.style then return end
    local style = picture.style
    picture.style, picture.ends, picture.unseen = nil, nil, nil
    style:clear(key, reason)
    self.watch()
end

---The call is over: picture, blip and route go.
---@param key any
---@param reason any
function Screen:clear(key, reason)
    if type(key) ~= 'string' then return end
    self.blips:remove(key)
    local picture = self.pictures[key]
    if not picture then return end
    self:leave(key, type(reason) == 'string' and reason or 'gone')
    self.pictures[key] = nil
    self.count = self.count - 1
    if picture.alert.class == 'panic' and not self:distress() then self.sounds:hush() end
end

---@private
---@return boolean whether any unit is in distress
function Screen:distress()
    for _, picture in pairs(self.pictures) do
        if picture.alert.class == 'panic' then return true end
    end
    return false
end

---@param key any
---@param position any
function Screen:move(key, position)
    if type(key) ~= 'string' or not CadBridge.blips.placeable(position) then return end
    self.blips:move(key, position)
    local picture = self.pictures[key]
    if not picture then return end
    picture.alert.position = position
    if picture.style and picture.style.move then picture.style:move(key, position) end
end

---Shows calls in the game's own feed, for a list that is asked for while there is no page.
---@param alerts Alert[]
function Screen:plain(alerts)
    for _, alert in ipairs(alerts) do
        if valid(alert) then
            local seen = self:visible(alert)
            local say = function(name, places) return self.say(alert.locale, name, places) end
            self.styles.native:show(seen, CadBridge.lines.of(seen, say), function() end, 0)
        end
    end
end

---One line for the player.
---@param notice any
---@param done fun()? once it is painted
function Screen:notice(notice, done)
    if type(notice) ~= 'table' or type(notice.text) ~= 'string' then return end
    local style = self.choose(self.styles, self.preferences().style, notice.style)
    style:notice(notice, function(painted)
        if painted then return done and done() end
        if style ~= self.styles.native then self.styles.native:notice(notice, done or function() end) end
    end)
    self.sounds:due(notice.sound, CadBridge.preferences.loudness(self.preferences(), 'caller'))
end

---The player has changed his mind: what is on the screen moves to the style he wants now, masked or not,
---and what he does not want to see any more goes. Nothing else is shown again: the chat would say it twice.
function Screen:reconsider()
    local chosen = self.preferences()
    for key, picture in pairs(self.pictures) do
        if picture.style and CadBridge.preferences.silences(chosen, picture.alert.class) then
            self:leave(key, 'muted')
        elseif picture.style then
            local style = self.choose(self.styles, chosen.style, picture.alert.style)
            if style ~= picture.style or picture.masked ~= chosen.shield then self:repaint(picture) end
        end
    end
end

---What a style showed is gone, and it is ready again: it shows it once more. What it had not painted yet
---still makes its sound, and is told.
---@param name string
function Screen:restore(name)
    for _, picture in pairs(self.pictures) do
        if picture.style and picture.style.name == name then self:repaint(picture, picture.owed) end
    end
end

---@private
---@param picture Picture
---@param owed boolean? it was not told before
function Screen:repaint(picture, owed)
    local alert = {}
    for name, value in pairs(picture.alert) do alert[name] = value end
    if not owed then alert.seq, alert.sound, alert.changed = nil, nil, nil end -- nothing new is told
    alert.age = (tonumber(alert.age) or 0) + self.now() - picture.at
    picture.alert, picture.at = alert, self.now()
    self:paint(picture)
end

---The call that the key responds to: the newest of those that the player sees and may respond to, else
---the newest that he has seen.
---@return Alert?
function Screen:latest()
    local newest
    for _, picture in pairs(self.pictures) do
        if picture.alert.respond and (not newest or newer(picture, newest)) then newest = picture end
    end
    return newest and newest.alert
end

---@param key string
---@return Alert?
function Screen:known(key)
    local picture = self.pictures[key]
    return picture and picture.alert
end

---@param name string of a style
---@return Alert[] what that style shows now
function Screen:shownBy(name)
    local alerts = {}
    for _, picture in pairs(self.pictures) do
        if picture.style and picture.style.name == name then alerts[#alerts + 1] = picture.alert end
    end
    return alerts
end

---The player has no right to any of it any more, or the resource stops.
function Screen:wipe()
    for key in pairs(self.pictures) do self:leave(key, 'wiped') end
    self.pictures, self.count = {}, 0
    self.crowd:forget()
    self.blips:removeAll()
    self.sounds:hush()
end

CadBridge.screen = screen
