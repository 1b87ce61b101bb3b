"""Stand-ins for resources that are on most servers: they record what they are told."""

from __future__ import annotations

__all__ = ["FAKES"]

_CHAT = """
local function tell(what) return function(value) TriggerEvent('__sim:chat', what, value) end end
RegisterNetEvent('chat:addMessage', tell('message'))
RegisterNetEvent('chat:addSuggestion', function(name, help, parameters)
    local suggestion = { name = name, help = help or '', parameters = parameters or {} }
    TriggerEvent('__sim:chat', 'add', suggestion)
end)
RegisterNetEvent('chat:addSuggestions', function(list)
    for _, suggestion in ipairs(list) do TriggerEvent('__sim:chat', 'add', suggestion) end
end)
RegisterNetEvent('chat:removeSuggestion', tell('remove'))
"""

_OX_LIB = """
local function notify(data)
    if type(data) ~= 'table' or not (data.title or data.description) then return end
    TriggerEvent('__sim:ox_lib', data)
end
RegisterNetEvent('ox_lib:notify', notify)
exports('notify', notify)
"""

FAKES = {"chat": _CHAT, "ox_lib": _OX_LIB}
"""Client scripts by the name of the resource."""
