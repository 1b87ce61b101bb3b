"""Natives of the player's hands: the page, keys, and what goes to the server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bridge.demo.game.console import ScriptError
from bridge.demo.game.natives.shared import c_string
from bridge.demo.game.natives.signature import native
from bridge.demo.game.packing import text_of

if TYPE_CHECKING:
    from bridge.demo.game.client import GameClient

__all__ = ["InterfaceNatives"]


class InterfaceNatives:
    """NUI, key mappings and events to the server."""

    def __init__(self, client: GameClient, resource: str) -> None:
        self._client = client
        self._resource = resource

    @native("TriggerServerEventInternal(string, string, int)")
    def trigger_server_event(self, name: bytes, payload: bytes, size: int) -> None:
        """Send a net event."""
        self._client.send(text_of(name), payload[:size])

    @native("TriggerLatentServerEventInternal(string, string, int, int)")
    def trigger_latent_server_event(
        self,
        name: bytes,
        payload: bytes,
        size: int,
        rate: int,
    ) -> None:
        """Send a net event slowly; the same limits hold."""
        self._client.send(text_of(name), payload[:size])

    def _page(self) -> bool:
        owner = self._client.world.resources[self._resource]
        page = owner.manifest.first("ui_page")
        return page is not None and ("://" in page or owner.files.read(page) is not None)

    @native("SendNuiMessage(string) -> bool")
    def send_nui_message(self, text: bytes) -> bool:
        """Send JSON to the page."""
        if not self._page():
            problem = "sends to a page that it does not have (ui_page, and the file in `files`)"
            self._fault(problem)
            return False
        try:
            message = json.loads(text)
        except ValueError:
            self._fault("sends the page what is no JSON")
            return False
        self._client.page.show(message)
        return True

    def _fault(self, problem: str) -> None:
        where = self._client.console.where
        self._client.console.errors.append(ScriptError(where, self._resource, problem))

    @native("RegisterNuiCallbackType(string)")
    def register_nui_callback_type(self, name: bytes) -> None:
        """Let the page call an event `__cfx_nui:<name>`."""
        self._client.page.register(text_of(name), self._resource)

    @native("RegisterNuiCallback(string, func)")
    def register_nui_callback(self, name: bytes, handler: bytes) -> None:
        """Let the page call a function."""
        self._client.page.register(text_of(name), self._resource, text_of(handler))

    @native("SetNuiFocus(bool, bool)")
    def set_nui_focus(self, focus: bool, cursor: bool) -> None:
        """Give keyboard and mouse to the page, or take them back."""
        self._client.page.focus = (focus, cursor)

    @native("SetNuiFocusKeepInput(bool)")
    def set_nui_focus_keep_input(self, on: bool) -> None:
        """Let the game hear keys too."""
        self._client.page.keep_input = on

    @native("SetNuiZindex(int)")
    def set_nui_zindex(self, level: int) -> None:
        """Set which page covers which."""

    @native("IsNuiFocused() -> bool")
    def is_nui_focused(self) -> bool:
        """Return whether some page has the keyboard."""
        return self._client.page.focus[0]

    @native("IsNuiFocusKeepingInput() -> bool")
    def is_nui_focus_keeping_input(self) -> bool:
        """Return whether the game hears keys too."""
        return self._client.page.keep_input

    @native("GetNuiCursorPosition() -> int, int")
    def nui_cursor_position(self) -> tuple[int, int]:
        """Return where the mouse is, pixels."""
        return self._client.cursor

    @native("RegisterKeyMapping(string, string, string, string)")
    def register_key_mapping(
        self, command: bytes, description: bytes, mapper: bytes, key: bytes
    ) -> None:
        """Let the player bind a key to a command."""
        name = c_string(command).decode("utf-8", "replace")
        if name.startswith("~!"):
            return
        known = (text_of(description), text_of(mapper), text_of(key))
        self._client.key_mappings.setdefault(name, known)

    @native("GetControlInstructionalButton(int, int, bool?) -> string")
    @native("GetControlInstructionalButtonsString(int, int, bool?) -> string")
    def control_instructional_button(
        self,
        pad: int,
        control: int,
        allow_swap: bool | None = None,
    ) -> bytes:
        """Return how the key of a control is written, as `t_Y`."""
        return self._client.key_label(control).encode()

    @native("GetExternalKvpString(string, string) -> string")
    def external_kvp_string(self, resource: bytes, key: bytes) -> bytes | None:
        """Read what another resource keeps on this machine."""
        value = self._client.store.get(text_of(resource), text_of(key))
        return value if isinstance(value, bytes) else None
