"""Natives of the player's screen: map blips, the feed, sounds."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from bridge.demo.game.console import ScriptError
from bridge.demo.game.natives.shared import c_string
from bridge.demo.game.natives.signature import NativeError, native
from bridge.demo.game.screen import COMPONENT_BYTES, Blip, FeedPost, Sound, as_seen

if TYPE_CHECKING:
    from bridge.demo.game.client import GameClient

__all__ = ["BlipNatives", "FeedNatives", "SoundNatives"]

Coordinates = tuple[float, float, float]


class BlipNatives:
    """Marks on the map. A handle that is none is ignored by the game, and an error here."""

    def __init__(self, client: GameClient) -> None:
        self._client = client

    def _add(self, kind: str, coords: Coordinates, radius: float = 0.0) -> int:
        handle = next(self._client.blip_handles)
        now = self._client.world.clock.now()
        self._client.all_blips[handle] = Blip(handle, kind, coords, now, radius)
        return handle

    def _blip(self, handle: int) -> Blip:
        blip = self._client.all_blips.get(handle)
        if blip is None or blip.removed_at is not None:
            raise NativeError(f"there is no blip {handle}")
        return blip

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
        self._blip(handle).removed_at = self._client.world.clock.now()

    @native("DoesBlipExist(int) -> bool")
    def exists(self, handle: int) -> bool:
        """Return whether it is on the map."""
        blip = self._client.all_blips.get(handle)
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
        blip.flash_started = self._client.world.clock.now() if on else None

    @native("SetBlipFlashInterval(int, int)", raises=True)
    def set_flash_interval(self, handle: int, interval: int) -> None:
        """Set how fast it flashes, ms."""
        self._blip(handle).flash_interval = interval

    @native("SetBlipFlashTimer(int, int)", raises=True)
    def set_flash_timer(self, handle: int, duration: int) -> None:
        """Let flashing end by itself, ms."""
        blip = self._blip(handle)
        blip.flash_timer = duration
        blip.flash_started = self._client.world.clock.now()

    @native("SetBlipRoute(int, bool)", raises=True)
    def set_route(self, handle: int, on: bool) -> None:
        """Draw the way to it; the game draws one way at a time."""
        blip = self._blip(handle)
        for other in self._client.blips:
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
        self._client.begin_text("blip", c_string(label).decode("utf-8", "replace"))

    @native("EndTextCommandSetBlipName(int)", raises=True)
    def end_name(self, handle: int) -> None:
        """Name it."""
        text, _ = self._client.end_text("blip")
        self._blip(handle).name, _ = as_seen(text)

    @native("SetNewWaypoint(float, float)")
    def set_waypoint(self, x: float, y: float) -> None:
        """Set the player's own waypoint."""
        self._client.waypoint = (x, y)

    @native("IsWaypointActive() -> bool")
    def is_waypoint_active(self) -> bool:
        """Return whether he has set one."""
        return self._client.waypoint is not None

    @native("SetWaypointOff()")
    def waypoint_off(self) -> None:
        """Take it away."""
        self._client.waypoint = None


class FeedNatives:
    """Notifications, and the texts they are made of."""

    def __init__(self, client: GameClient) -> None:
        self._client = client
        self._handles = itertools.count(1)
        self._background: int | None = None

    @native("AddTextEntry(string, string)")
    def add_text_entry(self, key: bytes, text: bytes) -> None:
        """Add a label."""
        entries = self._client.text_entries
        entries[c_string(key).decode("utf-8", "replace")] = c_string(text).decode(
            "utf-8", "replace"
        )

    @native("BeginTextCommandThefeedPost(string)")
    def begin(self, label: bytes) -> None:
        """Begin a notification."""
        self._client.begin_text("feed", c_string(label).decode("utf-8", "replace"))

    @native("AddTextComponentSubstringPlayerName(string)", raises=True)
    def add_component(self, text: bytes) -> None:
        """Fill a place of the text that was begun."""
        command = self._client.open_text()
        raw = c_string(text)
        if len(raw) > COMPONENT_BYTES:
            problem = f"a text component has {len(raw)} bytes, {COMPONENT_BYTES} are shown"
            self._client.console.errors.append(
                ScriptError(self._client.console.where, "text", problem)
            )
        command.components.append(raw[:COMPONENT_BYTES].decode("utf-8", "replace"))

    @native("ThefeedSetNextPostBackgroundColor(int)")
    @native("ThefeedNextPostBackgroundColor(int)")
    def next_background(self, colour: int) -> None:
        """Set the colour behind the next notification."""
        self._background = colour

    def _post(self, **form: object) -> int:
        text, components = self._client.end_text("feed")
        seen, codes = as_seen(text)
        post = FeedPost(
            handle=next(self._handles),
            text=seen,
            codes=codes,
            components=components,
            at=self._client.world.clock.now(),
            background=self._background,
            **form,  # type: ignore[arg-type]
        )
        self._background = None
        self._client.feed.append(post)
        return post.handle

    @native("EndTextCommandThefeedPostTicker(bool, bool) -> int", raises=True)
    def end_ticker(self, important: bool, in_brief: bool) -> int:
        """Show it as plain text."""
        return self._post(important=important)

    @native(
        "EndTextCommandThefeedPostMessagetext(string, string, bool, int, string, string) -> int",
        raises=True,
    )
    def end_message(
        self,
        dictionary: bytes,
        picture: bytes,
        flash: bool,
        icon: int,
        sender: bytes,
        subject: bytes,
    ) -> int:
        """Show it with a picture, a sender and a subject."""
        return self._post(
            important=flash,
            picture=dictionary.decode("utf-8", "replace"),
            icon=icon,
            sender=as_seen(sender.decode("utf-8", "replace"))[0],
            subject=as_seen(subject.decode("utf-8", "replace"))[0],
        )

    @native("ThefeedRemoveItem(int)")
    def remove(self, handle: int) -> None:
        """Take a notification away."""
        self._client.feed_removed.append(handle)


class SoundNatives:
    """The game's own sounds. An unknown name plays nothing and raises nothing."""

    def __init__(self, client: GameClient) -> None:
        self._client = client
        self._ids = itertools.count(1)

    @native("PlaySoundFrontend(int, string, string, bool)")
    def play_frontend(self, sound_id: int, name: bytes, of: bytes, on: bool) -> None:
        """Play a sound."""
        now = self._client.world.clock.now()
        sound = Sound(name.decode("utf-8", "replace"), of.decode("utf-8", "replace"), now, sound_id)
        self._client.sounds.append(sound)

    @native("GetSoundId() -> int")
    def sound_id(self) -> int:
        """Return a handle, to be released."""
        handle = next(self._ids)
        self._client.open_sounds.add(handle)
        return handle

    @native("ReleaseSoundId(int)")
    def release(self, sound_id: int) -> None:
        """Give a handle back."""
        self._client.open_sounds.discard(sound_id)

    @native("StopSound(int)")
    def stop(self, sound_id: int) -> None:
        """End a sound."""
