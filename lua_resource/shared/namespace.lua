---The one global of this resource. Each file adds one table to it; a file takes what it needs of
---it into locals. FiveM's `require` loads no files, so the order of the manifest is the order of use.
---@class CadBridge
CadBridge = {}
