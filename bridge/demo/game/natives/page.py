"""Natives of the page over the player's screen (NUI)."""

from __future__ import annotations

import json

from bridge.demo.game.console import ScriptError
from bridge.demo.game.natives.signature import native
from bridge.demo.game.packing import text_of
from bridge.demo.game.page import Page
from bridge.demo.game.surroundings import Surroundings
from bridge.demo.game.world import World

__all__ = ["PageNatives"]


class PageNatives:
    """What a resource sends to its page, and what the page may call."""

    def __init__(self, world: World, page: Page, surroundings: Surroundings, resource: str) -> None:
        self._world = world
        self._page = page
        self._around = surroundings
        self._resource = resource

    def _has_page(self) -> bool:
        owner = self._world.resources[self._resource]
        page = owner.manifest.first("ui_page")
        return page is not None and ("://" in page or owner.files.read(page) is not None)

    @native("SendNuiMessage(string) -> bool")
    def send_nui_message(self, text: bytes) -> bool:
        """Send JSON to the page."""
        if not self._has_page():
            problem = "sends to a page that it does not have (ui_page, and the file in `files`)"
            self._fault(problem)
            return False
        try:
            message = json.loads(text)
        except ValueError:
            self._fault("sends the page what is no JSON")
            return False
        self._page.show(message)
        return True

    def _fault(self, problem: str) -> None:
        console = self._world.console
        console.errors.append(ScriptError(console.where, self._resource, problem))

    @native("RegisterNuiCallbackType(string)")
    def register_nui_callback_type(self, name: bytes) -> None:
        """Let the page call an event `__cfx_nui:<name>`."""
        self._page.register(text_of(name), self._resource)

    @native("RegisterNuiCallback(string, func)")
    def register_nui_callback(self, name: bytes, handler: bytes) -> None:
        """Let the page call a function."""
        self._page.register(text_of(name), self._resource, text_of(handler))

    @native("SetNuiFocus(bool, bool)")
    def set_nui_focus(self, focus: bool, cursor: bool) -> None:
        """Give keyboard and mouse to the page, or take them back."""
        self._page.focus = (focus, cursor)

    @native("SetNuiFocusKeepInput(bool)")
    def set_nui_focus_keep_input(self, on: bool) -> None:
        """Let the game hear keys too."""
        self._page.keep_input = on

    @native("SetNuiZindex(int)")
    def set_nui_zindex(self, level: int) -> None:
        """Set which page covers which."""

    @native("IsNuiFocused() -> bool")
    def is_nui_focused(self) -> bool:
        """Return whether some page has the keyboard."""
        return self._page.focus[0]

    @native("IsNuiFocusKeepingInput() -> bool")
    def is_nui_focus_keeping_input(self) -> bool:
        """Return whether the game hears keys too."""
        return self._page.keep_input

    @native("GetNuiCursorPosition() -> int, int")
    def nui_cursor_position(self) -> tuple[int, int]:
        """Return where the mouse is, pixels."""
        return self._around.cursor
