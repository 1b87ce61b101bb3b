"""Natives of the player's map: blips and the waypoint."""

from __future__ import annotations

import itertools

from bridge.demo.game.clock import Clock
from bridge.demo.game.natives.signature import NativeError, native
from bridge.demo.game.natives.texts import TextNatives
from bridge.demo.game.screen import Blip, as_seen

__all__ = ["MapNatives"]

Coordinates = tuple[float, float, float]


class MapNatives:
    """The blips and the waypoint. A handle that is none is ignored by the game, an error here."""

    def __init__(self, clock: Clock, texts: TextNatives) -> None:
        self._clock = clock
        self._texts = texts
        self._handles = itertools.count(1001)
        self.all: dict[int, Blip] = {}
        """Every blip by its handle, those that are gone too."""
        self.waypoint: tuple[float, float] | None = None

    @property
    def blips(self) -> list[Blip]:
        """Return those that are on the map."""
        return [blip for blip in self.all.values() if blip.removed_at is None]

    @property
    def removed(self) -> list[Blip]:
        """Return those that were there once."""
        return [blip for blip in self.all.values() if blip.removed_at is not None]

    def _add(self, kind: str, coords: Coordinates, radius: float = 0.0) -> int:
        handle = next(self._handles)
        self.all[handle] = Blip(handle, kind, coords, self._clock.now(), radius)
        return handle

    def _blip(self, handle: int) -> Blip:
        if not self.exists(handle):
            raise NativeError(f"there is no blip {handle}")
        return self.all[handle]

    @native("AddBlipForCoord(float, float, float) -> int")
    def add_for_coord(self, x: float, y: float, z: float) -> int:
        """Add a mark at a place."""
        return self._add("coord", (x, y, z))

    @native("AddBlipForRadius(float, float, float, float) -> int")
    def add_for_radius(self, x: float, y: float, z: float, radius: float) -> int:
        """Add an area."""
        return self._add("radius", (x, y, z), radius)

    @native("RemoveBlip(int)", raises=True)
    def remove(self, handle: int) -> None:
        """Take it from the map."""
        self._blip(handle).removed_at = self._clock.now()

    @native("DoesBlipExist(int) -> bool")
    def exists(self, handle: int) -> bool:
        """Return whether it is on the map."""
        blip = self.all.get(handle)
        return blip is not None and blip.removed_at is None

    @native("SetBlipCoords(int, float, float, float)", raises=True)
    def set_coords(self, handle: int, x: float, y: float, z: float) -> None:
        """Move it."""
        self._blip(handle).coords = (x, y, z)

    @native("GetBlipCoords(int) -> vector3", raises=True)
    def coords(self, handle: int) -> Coordinates:
        """Return where it is."""
        return self._blip(handle).coords

    @native("GetBlipInfoIdCoord(int) -> vector3", raises=True)
    def info_id_coord(self, handle: int) -> Coordinates:
        """Return where it is."""
        return self._blip(handle).coords

    @native("SetBlipSprite(int, int)", raises=True)
    def set_sprite(self, handle: int, sprite: int) -> None:
        """Set the picture; the game resets colour and scale with it."""
        blip = self._blip(handle)
        blip.sprite, blip.colour, blip.scale = sprite, 0, 1.0

    @native("GetBlipSprite(int) -> int", raises=True)
    def sprite(self, handle: int) -> int:
        """Return the picture."""
        return self._blip(handle).sprite

    @native("SetBlipColour(int, int)", raises=True)
    def set_colour(self, handle: int, colour: int) -> None:
        """Set the colour."""
        self._blip(handle).colour = colour

    @native("GetBlipColour(int) -> int", raises=True)
    def colour(self, handle: int) -> int:
        """Return the colour."""
        return self._blip(handle).colour

    @native("SetBlipScale(int, float)", raises=True)
    def set_scale(self, handle: int, scale: float) -> None:
        """Set the size."""
        self._blip(handle).scale = scale

    @native("SetBlipAlpha(int, int)", raises=True)
    def set_alpha(self, handle: int, alpha: int) -> None:
        """Set the opacity, 0 to 255."""
        blip = self._blip(handle)
        blip.alpha, blip.fade = alpha, None

    @native("GetBlipAlpha(int) -> int", raises=True)
    def alpha(self, handle: int) -> int:
        """Return the opacity."""
        return self._blip(handle).alpha

    @native("SetBlipFade(int, int, int)", raises=True)
    def set_fade(self, handle: int, alpha: int, duration: int) -> None:
        """Let the opacity change slowly."""
        self._blip(handle).fade = (alpha, duration)

    @native("SetBlipRotation(int, int)", raises=True)
    def set_rotation(self, handle: int, degrees: int) -> None:
        """Turn it."""
        self._blip(handle).rotation = degrees

    @native("SetBlipDisplay(int, int)", raises=True)
    def set_display(self, handle: int, display: int) -> None:
        """Set on which maps it shows."""
        self._blip(handle).display = display

    @native("SetBlipCategory(int, int)", raises=True)
    def set_category(self, handle: int, category: int) -> None:
        """Set its entry of the legend."""
        self._blip(handle).category = category

    @native("SetBlipPriority(int, int)", raises=True)
    def set_priority(self, handle: int, priority: int) -> None:
        """Set what it covers."""
        self._blip(handle).priority = priority

    @native("SetBlipAsShortRange(int, bool)", raises=True)
    def set_short_range(self, handle: int, on: bool) -> None:
        """Let it show on the minimap only when near."""
        self._blip(handle).short_range = on

    @native("SetBlipHighDetail(int, bool)", raises=True)
    def set_high_detail(self, handle: int, on: bool) -> None:
        """Let it show on the big map at any zoom."""
        self._blip(handle).high_detail = on

    @native("SetBlipFlashes(int, bool)", raises=True)
    def set_flashes(self, handle: int, on: bool) -> None:
        """Let it flash."""
        blip = self._blip(handle)
        blip.flashing = on
        blip.flash_started = self._clock.now() if on else None

    @native("SetBlipFlashInterval(int, int)", raises=True)
    def set_flash_interval(self, handle: int, interval: int) -> None:
        """Set how fast it flashes, ms."""
        self._blip(handle).flash_interval = interval

    @native("SetBlipFlashTimer(int, int)", raises=True)
    def set_flash_timer(self, handle: int, duration: int) -> None:
        """Let flashing end by itself, ms."""
        blip = self._blip(handle)
        blip.flash_timer = duration
        blip.flash_started = self._clock.now()

    @native("SetBlipRoute(int, bool)", raises=True)
    def set_route(self, handle: int, on: bool) -> None:
        """Draw the way to it; the game draws one way at a time."""
        blip = self._blip(handle)
        for other in self.blips:
            if on:
                other.route = False
        blip.route = on

    @native("SetBlipRouteColour(int, int)", raises=True)
    def set_route_colour(self, handle: int, colour: int) -> None:
        """Set the colour of the way."""
        self._blip(handle).route_colour = colour

    @native("BeginTextCommandSetBlipName(string)")
    def begin_name(self, label: bytes) -> None:
        """Begin to name a blip."""
        self._texts.begin("blip", label)

    @native("EndTextCommandSetBlipName(int)", raises=True)
    def end_name(self, handle: int) -> None:
        """Name it."""
        text, _ = self._texts.end("blip")
        self._blip(handle).name, _ = as_seen(text)

    @native("SetNewWaypoint(float, float)")
    def set_waypoint(self, x: float, y: float) -> None:
        """Set the player's own waypoint."""
        self.waypoint = (x, y)

    @native("IsWaypointActive() -> bool")
    def is_waypoint_active(self) -> bool:
        """Return whether he has set one."""
        return self.waypoint is not None

    @native("SetWaypointOff()")
    def waypoint_off(self) -> None:
        """Take it away."""
        self.waypoint = None
