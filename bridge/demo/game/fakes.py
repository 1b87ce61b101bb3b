"""Other resources on the server: made of Lua text, or stand-ins for what most servers have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.demo.game.files import ResourceFiles
from bridge.demo.game.world import World

__all__ = ["StandIns", "made_up_resource"]

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

_STAND_INS = {"chat": _CHAT, "ox_lib": _OX_LIB}
"""Client scripts that record what they are told, by the name of the resource."""


def made_up_resource(
    name: str,
    server: str,
    client: str,
    manifest: str,
    files: Mapping[str, str | bytes | None],
) -> ResourceFiles:
    """Return the files of a resource with the given scripts and further lines of its manifest.

    `chat` and `ox_lib` without scripts are stand-ins that record what they are told.
    """
    if not server and not client:
        client = _STAND_INS.get(name, "")
    lines = ["fx_version 'cerulean'", "game 'gta5'", manifest]
    content: dict[str, str | bytes | None] = dict(files)
    for side, text in (("server", server), ("client", client)):
        if text:
            lines.append(f"{side}_script '{side}.lua'")
            content[f"{side}.lua"] = text
    content["fxmanifest.lua"] = "\n".join(lines)
    return ResourceFiles(None, content)


class StandIns:
    """What the stand-ins in a player's game were told."""

    def __init__(self, world: World) -> None:
        self.chat: list[Any] = []
        self.suggestions: dict[str, Any] = {}
        self.notifies: list[Any] = []
        world.listen("__sim:chat", self._hear_chat)
        world.listen("__sim:ox_lib", lambda args, _: self.notifies.append(args[0]))

    def _hear_chat(self, args: list[Any], _: str) -> None:
        what, value = args
        if what == "message":
            self.chat.append(value)
        elif what == "add":
            self.suggestions[value["name"]] = value
        else:
            self.suggestions.pop(value, None)
