---Other resources that this one uses where they run: the server's framework, the postal file, and the
---CAD's own resource, which would tell units of a call a second time. Pure: what asks the game is handed in.

---@class CadBridge.NeighbourParts
---@field roster CadBridge.Roster
---@field audience CadBridge.Audience
---@field postals CadBridge.Postals
---@field state fun(resource: string): string
---@field file fun(resource: string, path: string): string?
---@field metadata fun(resource: string, key: string): string?
---@field decode fun(text: string): any
---@field hear fun(event: string, handler: fun(...)) of other resources of the server
---@field tell CadBridge.Tell

---@class CadBridge.Neighbours: CadBridge.NeighbourParts
---@field private heard table<CadBridge.Framework, true>
local Neighbours = {}
Neighbours.__index = Neighbours

local POSTALS, CADS_OWN = 'nearest-postal', 'sonorancad'

---@param parts CadBridge.NeighbourParts
---@return CadBridge.Neighbours
local function new(parts)
    local neighbours = { heard = {} }
    for name, part in pairs(parts) do neighbours[name] = part end
    return setmetatable(neighbours, Neighbours)
end

---Hears the events of a framework, once; while it is the one that is used, they count.
---@private
---@param framework CadBridge.Framework
function Neighbours:listen(framework)
    if self.heard[framework] then return end
    self.heard[framework] = true
    local job = self.audience.sources.job
    local function on(events, act)
        for name, whose in pairs(events) do
            self.hear(name, function(...)
                local source = job.framework == framework and math.tointeger(tonumber(whose(...)))
                if not source or not self.roster.players[source] then return end
                act(job, source)
                self.audience:update(source)
            end)
        end
    end
    on(framework.events, job.read)
    -- Not read again: most frameworks tell it before they forget the character.
    on(framework.unloads, job.dropped)
end

---Takes the framework that runs, and reads everybody's job.
---@private
function Neighbours:useFramework()
    local framework, job = CadBridge.jobResponders.detect(CadBridge.frameworks, self.state), self.audience.sources.job
    if framework == job.framework then return end
    job:use(framework)
    if framework then self:listen(framework) end
    for source in pairs(self.roster.players) do
        job:read(source)
        self.audience:update(source)
    end
end

---@private
function Neighbours:loadPostals()
    if self.state(POSTALS) == 'missing' then return end
    local file = self.metadata(POSTALS, 'postal_file') or 'new-postals.json'
    local content = self.file(POSTALS, file)
    if not content then return end
    local ok, entries = pcall(self.decode, (content:gsub('^\xEF\xBB\xBF', '')))
    -- The game's decoder raises for some bad texts, and gives nothing for others.
    if not ok or type(entries) ~= 'table' then return self.tell('server.postalsBroken', { file = file }) end
    self.postals:load(entries)
end

---The CAD's own resource tells units of calls too, unless that is switched off: then each would come twice.
---@private
function Neighbours:noticeCadsOwn()
    if self.state(CADS_OWN) ~= 'started' then return end
    local settings = self.file(CADS_OWN, 'configuration/dispatchnotify_config.lua') or ''
    if settings:find('enabled%s*=%s*false') then return end
    self.tell('server.sonorancad')
end

---Looks at what runs already.
function Neighbours:find()
    self:loadPostals()
    self:useFramework()
    self:noticeCadsOwn()
end

---Another resource has started.
---@param resource string
function Neighbours:started(resource)
    if resource == CADS_OWN then self:noticeCadsOwn() end
    if resource == POSTALS then self:loadPostals() end
    self:useFramework()
end

---Another resource stops.
---@param resource string
function Neighbours:stopped(resource)
    local job = self.audience.sources.job
    if not job.framework or job.framework.resource ~= resource then return end
    job:use(nil)
    for source in pairs(self.roster.players) do self.audience:update(source) end
end

CadBridge.neighbours = { new = new }
