"""The page over a player's screen (NUI): messages to it, its calls back, who has the keyboard."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from bridge.demo.game.clock import Wait
from bridge.demo.game.packing import FunctionRef, encode_args
from bridge.demo.game.world import World

__all__ = ["NuiRefused", "Page"]

_ANSWER_SECONDS = 5.0


class NuiRefused(Exception):
    """A page's request that the game does not let through, or that nobody takes."""


class Page:
    """All pages of a player's game; callbacks belong to resources.

    Args:
        world: the player's scripts.
        resource: whose page calls if none is named.
        wait: lets time pass until a callback answers.
    """

    def __init__(self, world: World, resource: str, wait: Wait) -> None:
        self._world = world
        self._resource = resource
        self._wait = wait
        self.messages: list[Any] = []
        self.on_message: Callable[[Any], None] | None = None
        self.focus = (False, False)
        """Keyboard, and mouse."""
        self.keep_input = False
        self._owners: dict[str, str] = {}
        self._functions: dict[str, str] = {}

    def show(self, message: Any) -> None:
        """Take a message of a script."""
        self.messages.append(message)
        if self.on_message is not None:
            self.on_message(message)

    def register(self, callback: str, resource: str, reference: str | None = None) -> None:
        """Let the page call an event of a resource, or a function."""
        self._owners[callback] = resource
        if reference is not None:
            self._functions[callback] = reference

    def forget(self, resource: str) -> None:
        """Drop the callbacks of a stopped resource."""
        self._owners = {name: owner for name, owner in self._owners.items() if owner != resource}

    async def call(
        self,
        callback: str,
        data: Any = None,
        *,
        resource: str | None = None,
        origin: str | None = None,
    ) -> Any:
        """Call back as the page does; returns the answer.

        Raises:
            NuiRefused: no such callback, or a page of another origin where the resource is strict.
            TimeoutError: nobody answers, and the page's request would hang.
        """
        resource = resource or self._resource
        owner = self._world.resources.get(resource)
        if owner is None or owner.state != "started" or self._owners.get(callback) != resource:
            raise NuiRefused(f"{resource} has no callback {callback}")
        strict = owner.manifest.first("nui_callback_strict_mode") == "true"
        if strict and origin not in (None, f"https://cfx-nui-{resource}"):
            raise NuiRefused(f"{origin} may not call {resource}")
        answers: list[Any] = []

        def answer(args: list[Any]) -> None:
            answers.append(args[0] if args else None)

        body = json.loads(json.dumps({} if data is None else data))
        arguments = [body, FunctionRef(self._world.python_reference(answer))]
        if callback in self._functions:
            self._world.call(self._functions[callback], *arguments)
        else:
            self._world.trigger(f"__cfx_nui:{callback}", encode_args(arguments), "", only=resource)
        await self._wait(lambda: answers, _ANSWER_SECONDS)
        return answers[0]
