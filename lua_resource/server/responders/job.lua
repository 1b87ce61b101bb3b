---Responders by job: those on duty in a job of the list, by the framework of the server. Player
---objects of frameworks are costly to copy, so a player's job is read when it changes, and kept.
---Pure: the framework, found by `main`, is handed in.

---@class CadBridge.Job
---@field name string
---@field kind string? type of job, such as `leo`
---@field onDuty boolean

---One framework: how to read a player's job, and what tells that it changed.
---@class CadBridge.Framework
---@field resource string
---@field reach fun(exports: table): any what `read` and `character` ask, kept while the framework runs: some hand out a copy of all they hold; may raise
---@field read fun(core: any, source: integer, jobs: table<string, true>): CadBridge.Job? nil while no character is loaded; may raise
---@field character fun(core: any, source: integer): string? name of the character; may raise
---@field events table<string, fun(...): integer?> event -> which player to read again
---@field unloads table<string, fun(...): integer?> event -> whose character is put away; the framework may still know it then

---@class CadBridge.JobResponders
---@field framework CadBridge.Framework?
---@field private exports table
---@field private core any what the framework is asked
---@field private wanted table<string, true>
---@field private jobs table<integer, CadBridge.Job>
local Jobs = {}
Jobs.__index = Jobs

---@param exports table of the game
---@param names string[] jobs, or types of jobs
---@return CadBridge.JobResponders
local function new(exports, names)
    local wanted = {}
    for _, name in ipairs(names) do wanted[name] = true end
    return setmetatable({ exports = exports, wanted = wanted, jobs = {} }, Jobs)
end

---The framework started, or stopped: nothing known counts any more.
---@param framework CadBridge.Framework?
function Jobs:use(framework)
    self.framework, self.core, self.jobs = framework, nil, {}
end

---Asks the framework about a player. One that lacks an export, or has no character yet, says nothing.
---@private
---@param question 'read'|'character'
---@param source integer
---@return any
function Jobs:ask(question, source)
    local framework = self.framework
    if not framework then return nil end
    local ok, answer = pcall(function()
        if self.core == nil then self.core = framework.reach(self.exports) end
        return framework[question](self.core, source, self.wanted)
    end)
    if ok then return answer end
    -- What it handed out may be of a run that is over.
    self.core = nil
    return nil
end

---Reads the player's job.
---@param source integer
function Jobs:read(source)
    self.jobs[source] = nil
    local job = self:ask('read', source)
    if type(job) == 'table' and type(job.name) == 'string' then self.jobs[source] = job end
end

---The player has left, or his character is put away.
---@param source integer
function Jobs:dropped(source)
    self.jobs[source] = nil
end

---@param source integer
---@return boolean
function Jobs:holds(source)
    local job = self.jobs[source]
    return job ~= nil and job.onDuty and self:lists(source)
end

---Whether the player's job, or its type, is one that the owner listed.
---@param source integer
---@return boolean
function Jobs:lists(source)
    local job = self.jobs[source]
    return job ~= nil and (self.wanted[job.name] or self.wanted[job.kind or job.name] or false)
end

---@param source integer
---@return CadBridge.Job?
function Jobs:of(source)
    return self.jobs[source]
end

---Name of the player's character; nil where no framework tells.
---@param source integer
---@return string?
function Jobs:character(source)
    local name = self:ask('character', source)
    if type(name) == 'string' and name:match('%S') then return name end
    return nil
end

---How many players are responders by their job.
---@return integer
function Jobs:count()
    local count = 0
    for source in pairs(self.jobs) do
        if self:holds(source) then count = count + 1 end
    end
    return count
end

---The framework that runs, in the order of detection.
---@param frameworks CadBridge.Framework[]
---@param state fun(resource: string): string
---@return CadBridge.Framework?
local function detect(frameworks, state)
    for _, framework in ipairs(frameworks) do
        if state(framework.resource) == 'started' then return framework end
    end
    return nil
end

CadBridge.frameworks = {}
CadBridge.jobResponders = { new = new, detect = detect }
