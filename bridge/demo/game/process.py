"""The server process: its console, variables, rights and resources, and the runtimes in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bridge.demo.game.access import AccessControl
from bridge.demo.game.clock import Clock
from bridge.demo.game.console import Console, ScriptError
from bridge.demo.game.convars import ARCHIVE, REPLICATED, SERVER_INFO, Convars
from bridge.demo.game.files import ResourceFiles
from bridge.demo.game.kvp import KvpStore, KvpValue
from bridge.demo.game.manifest import ManifestRefused, read_manifest
from bridge.demo.game.resource import Resource, Runtime
from bridge.demo.game.runtime_js import JsRuntime
from bridge.demo.game.runtime_lua import LuaRuntime
from bridge.demo.game.world import World

__all__ = ["ServerProcess"]

SCHEDULER_VARIABLE = "CAD_BRIDGE_SCHEDULER_LUA"
"""Names CitizenFX's own scheduler.lua, to run scripts under it instead of ours."""

Libraries = Callable[[str], list[object]]


class ServerProcess:
    """Everything of FXServer but its players.

    `libraries` gives the natives of a resource; it is set by whoever puts the server together.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        onesync: bool,
        build: int,
        javascript: bool,
        websocket: bool,
        store: dict[str, KvpValue] | None,
        strict: Mapping[str, frozenset[str]],
        seed: int,
    ) -> None:
        self.clock = clock
        self.onesync = onesync
        self.build = build
        self.errors: list[ScriptError] = []
        self.console = Console("server", self.errors)
        self.convars = Convars()
        self.access = AccessControl()
        self.store = KvpStore(store)
        self.libraries: Libraries = lambda _: []
        self.strict = strict
        """Globals that the scripts of a resource may make, by resource; no entry: any."""
        self.world = World(
            "server",
            clock=clock,
            console=self.console,
            convars=self.convars,
            access=self.access,
            make=self._make,
            seed=seed,
        )
        scheduler = os.environ.get(SCHEDULER_VARIABLE)
        if scheduler:
            self.world.scheduler = Path(scheduler).read_bytes()
        self._javascript = javascript
        self._websocket = websocket
        self._js: list[JsRuntime] = []
        self._taken: list[JsRuntime] = []
        self._inside = 0
        self._add_commands()
        self.convars.set("onesync", "on" if onesync else "off")
        self.convars.set("onesync_enabled", "true" if onesync else "false")

    def _add_commands(self) -> None:
        add = self.world.commands.builtin
        add("set", lambda a: self.convars.set(a[0], a[1]))
        add("setr", lambda a: self.convars.set(a[0], a[1], REPLICATED))
        add("sets", lambda a: self.convars.set(a[0], a[1], SERVER_INFO))
        add("seta", lambda a: self.convars.set(a[0], a[1], ARCHIVE))
        add("add_ace", lambda a: self.access.add(a[0], a[1], allow=a[2] == "allow"))
        add("remove_ace", lambda a: self.access.remove(a[0], a[1], allow=a[2] == "allow"))
        add("add_principal", lambda a: self.access.inherit(a[0], a[1]))
        add("remove_principal", lambda a: self.access.disinherit(a[0], a[1]))
        add("add_convar_permission", self._add_convar_permission)

    def _add_convar_permission(self, words: list[str]) -> None:
        if words[1] == "read":
            self.convars.restrict(words[0], words[2])

    # Runtimes ----------------------------------------------------------------------------------

    def _make(self, world: World, resource: str, scripts: list[str]) -> list[Runtime]:
        runtimes: list[Runtime] = []
        libraries = self.libraries(resource)
        if any(LuaRuntime.handles in script for script in scripts):
            runtimes.append(LuaRuntime(world, resource, libraries, self.strict.get(resource)))
        if self._javascript and any(JsRuntime.handles in script for script in scripts):
            runtimes.append(self._make_js(resource, libraries))
        return runtimes

    def _make_js(self, resource: str, libraries: list[object]) -> JsRuntime:
        root = self.world.resources[resource].files.root
        runtime = JsRuntime(
            self.world,
            resource,
            libraries,
            folder="" if root is None else str(root),
            websocket=self._websocket,
            entering=self.scripts,
        )
        self._js = [known for known in self._js if not known.gone]
        self._js.append(runtime)
        if self._inside:
            runtime.take()
            self._taken.append(runtime)
        return runtime

    @contextmanager
    def scripts(self) -> Iterator[None]:
        """Hold while scripts of the server are entered: JavaScript does not run by itself."""
        self._inside += 1
        if self._inside == 1:
            self._taken = list(self._js)
            for runtime in self._taken:
                runtime.take()
        try:
            yield
        finally:
            self._inside -= 1
            if self._inside == 0:
                for runtime in self._taken:
                    runtime.give()

    # Resources ---------------------------------------------------------------------------------

    def add(self, name: str, files: ResourceFiles) -> None:
        """Read a resource's manifest, as `refresh` does.

        Raises:
            ManifestRefused: it has none, or one that does not load.
        """
        self.world.resources[name] = Resource(name, files, read_manifest(files))

    def refresh(self, name: str) -> None:
        """Read the manifest of a known resource again."""
        files = self.world.resources[name].files
        files.refresh()
        self.add(name, files)

    def start(self, name: str) -> None:
        """Start a resource.

        Raises:
            ManifestRefused: FXServer would not.
        """
        resource = self.world.resources[name]
        try:
            resource.manifest.check(
                build=self.build,
                onesync=self.onesync,
                resources=frozenset(self.world.resources),
            )
        except ManifestRefused as refusal:
            self.console.write("resources", f"^1Resource {name} {refusal}^7\n")
            raise
        with self.scripts():
            self.world.start(resource)
        self.console.write("resources", f"Started resource {name}\n")

    def stop(self, name: str) -> None:
        """Stop a resource, if it runs."""
        resource = self.world.resources[name]
        if resource.state != "started":
            return
        with self.scripts():
            self.world.stop(resource)
        self.console.write("resources", f"Stopping resource {name}\n")

    def tick(self) -> None:
        """Let one tick pass."""
        with self.scripts():
            self.world.tick()
