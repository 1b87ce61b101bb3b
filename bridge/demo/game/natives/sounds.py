"""Natives of the player's ears."""

from __future__ import annotations

import itertools

from bridge.demo.game.clock import Clock
from bridge.demo.game.natives.signature import native
from bridge.demo.game.screen import Sound

__all__ = ["SoundNatives"]


class SoundNatives:
    """The game's own sounds. An unknown name plays nothing and raises nothing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ids = itertools.count(1)
        self.played: list[Sound] = []
        self.open: set[int] = set()
        """Handles that scripts have not released."""

    @native("PlaySoundFrontend(int, string, string, bool)")
    def play_frontend(self, sound_id: int, name: bytes, of: bytes, on: bool) -> None:
        """Play a sound."""
        now = self._clock.now()
        sound = Sound(name.decode("utf-8", "replace"), of.decode("utf-8", "replace"), now, sound_id)
        self.played.append(sound)

    @native("GetSoundId() -> int")
    def sound_id(self) -> int:
        """Return a handle, to be released."""
        handle = next(self._ids)
        self.open.add(handle)
        return handle

    @native("ReleaseSoundId(int)")
    def release(self, sound_id: int) -> None:
        """Give a handle back."""
        self.open.discard(sound_id)

    @native("StopSound(int)")
    def stop(self, sound_id: int) -> None:
        """End a sound."""
