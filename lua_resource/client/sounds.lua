---One sound a second at most, the most urgent of those that were due. Panic does not wait: it plays at
---once, and three times, so that nobody takes it for an ordinary call. Pure: clock and player are
---handed in.

---@alias SoundName 'new'|'assigned'|'changed'|'panic'

---@class CadBridge.Sounds
local sounds = {}

---Milliseconds between two sounds.
local APART = 1000

---How often panic sounds.
local PANIC_TIMES = 3

---@type table<string, integer>
local URGENCY = { changed = 1, new = 2, assigned = 3, panic = 4 }

---The game's own sounds: name and set for `PlaySoundFrontend`.
---@type table<string, string[]>
sounds.GAME = {
    new = { 'Lose_1st', 'GTAO_FM_Events_Soundset' },
    assigned = { 'CHECKPOINT_PERFECT', 'HUD_MINI_GAME_SOUNDSET' },
    changed = { 'SELECT', 'HUD_FRONTEND_DEFAULT_SOUNDSET' },
    panic = { 'Beep_Red', 'DLC_HEIST_HACKING_SNAKE_SOUNDS' },
}

---@class Sounds
---@field private play fun(name: SoundName, volume: integer)
---@field private now fun(): integer
---@field private later fun(ms: integer, action: fun())
---@field private last integer? when the last one was played
---@field private urgency integer of the last one
---@field private waiting { name: SoundName, volume: integer }?
---@field private alarm integer counts alarms, so that one that was hushed stops repeating
---@field private alarmed boolean one is under way
---@field private left integer how often it sounds still
local Sounds = {}
Sounds.__index = Sounds

---@param play fun(name: SoundName, volume: integer)
---@param now fun(): integer milliseconds
---@param later fun(ms: integer, action: fun())
---@return Sounds
function sounds.new(play, now, later)
    local self = { play = play, now = now, later = later, urgency = 0, alarm = 0, alarmed = false, left = 0 }
    return setmetatable(self, Sounds)
end

---@private
---@param name SoundName
---@param volume integer
function Sounds:sound(name, volume)
    self.last, self.urgency, self.waiting = self.now(), URGENCY[name], nil
    self.play(name, volume)
end

---Another panic while one sounds makes the alarm longer: beeps over each other would be one noise.
---@private
---@param volume integer
function Sounds:panic(volume)
    self.left = PANIC_TIMES
    if not self.alarmed then self:beep(volume, self.alarm) end
end

---@private
---@param volume integer
---@param alarm integer
function Sounds:beep(volume, alarm)
    if alarm ~= self.alarm then return end
    self.alarmed = self.left > 0
    if not self.alarmed then return end
    self.left = self.left - 1
    self:sound('panic', volume)
    self.later(APART, function() self:beep(volume, alarm) end)
end

---@param name any anything but the four names is silence
---@param volume integer 0 to 100; 0 is silence
function Sounds:due(name, volume)
    local urgency = URGENCY[name]
    if not urgency or volume <= 0 then return end
    if name == 'panic' then return self:panic(volume) end
    local since = self.last and self.now() - self.last or APART
    if since >= APART then return self:sound(name, volume) end
    if urgency <= self.urgency then return end
    local waiting = self.waiting
    if waiting and URGENCY[waiting.name] >= urgency then return end
    self.waiting = { name = name, volume = volume }
    if waiting then return end
    self.later(APART - since, function() self:overdue() end)
end

---@private
function Sounds:overdue()
    local waiting = self.waiting
    if waiting and self.now() - self.last >= APART then self:sound(waiting.name, waiting.volume) end
end

---No further beep of a panic that has ended, nothing that still waits.
function Sounds:hush()
    self.alarm, self.alarmed = self.alarm + 1, false
    self.waiting = nil
end

CadBridge.sounds = sounds
