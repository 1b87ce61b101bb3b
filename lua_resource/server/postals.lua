---The server's nearest-postal file, indexed once: code to place, and place to nearest code through a
---grid. Pure.

---@class CadBridge.Postal
---@field code string as the file writes it
---@field x number
---@field y number

---@class CadBridge.Postals
---@field count integer
---@field private byCode table<string, CadBridge.Postal>
---@field private cells table<integer, CadBridge.Postal[]>
---@field private reach integer rings of cells that can hold a postal at all
local Postals = {}
Postals.__index = Postals

local CELL = 250
---Cells in one row of the grid; more than the map is wide.
local ROW = 1024

---@param x number
---@param y number
---@return integer column
---@return integer row
local function cellOf(x, y)
    return math.floor(x / CELL), math.floor(y / CELL)
end

---@param value any
---@return number?
local function finite(value)
    value = tonumber(value)
    if not value or value ~= value or value > 100000 or value < -100000 then return nil end
    return value
end

---@return CadBridge.Postals
local function new()
    return setmetatable({ count = 0, byCode = {}, cells = {}, reach = 0 }, Postals)
end

---Takes the postals of a file, in place of those before.
---@param entries any the decoded file: a list of { x, y, code }
function Postals:load(entries)
    self.count, self.byCode, self.cells, self.reach = 0, {}, {}, 0
    for _, entry in ipairs(type(entries) == 'table' and entries or {}) do
        local x, y = nil, nil
        if type(entry) == 'table' then x, y = finite(entry.x), finite(entry.y) end
        local code = x and y and entry.code ~= nil and tostring(entry.code):match('^%s*(.-)%s*$') or ''
        if code ~= '' then
            local postal = { code = code, x = x, y = y }
            local column, row = cellOf(x, y)
            local cell = self.cells[row * ROW + column] or {}
            self.cells[row * ROW + column] = cell
            cell[#cell + 1] = postal
            self.byCode[code:upper()] = self.byCode[code:upper()] or postal
            self.count = self.count + 1
            self.reach = math.max(self.reach, math.abs(column), math.abs(row))
        end
    end
end

---@param code any
---@return CadBridge.Postal?
function Postals:find(code)
    if type(code) ~= 'string' and type(code) ~= 'number' then return nil end
    return self.byCode[tostring(code):match('^%s*(.-)%s*$'):upper()]
end

---Walks the cells of one ring around a cell.
---@param ring integer
---@param visit fun(column: integer, row: integer)
local function around(ring, visit)
    if ring == 0 then return visit(0, 0) end
    for step = -ring, ring do
        visit(step, -ring)
        visit(step, ring)
    end
    for step = -ring + 1, ring - 1 do
        visit(-ring, step)
        visit(ring, step)
    end
end

---@param x number
---@param y number
---@return CadBridge.Postal? nil only where there are no postals
function Postals:nearest(x, y)
    if self.count == 0 or not finite(x) or not finite(y) then return nil end
    local column, row = cellOf(x, y)
    local best, distance = nil, math.huge
    local last = self.reach + math.max(math.abs(column), math.abs(row)) + 1
    for ring = 0, last do
        -- What lies in this ring is at least ring - 1 whole cells away.
        if best and (ring - 1) * CELL > distance then break end
        around(ring, function(right, up)
            for _, postal in ipairs(self.cells[(row + up) * ROW + column + right] or {}) do
                local far = ((postal.x - x) ^ 2 + (postal.y - y) ^ 2) ^ 0.5
                if far < distance then best, distance = postal, far end
            end
        end)
    end
    return best
end

CadBridge.postals = { new = new }
