"""What a player's game is like around him, and its settings: a test changes them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Surroundings"]


@dataclass(slots=True)
class Surroundings:
    """As in a game that has just loaded. Sizes are pixels, headings degrees."""

    frames: int = 0
    """How many were drawn."""
    paused: bool = False
    hud_hidden: bool = False
    radar_hidden: bool = False
    big_map: bool = False
    faded_out: bool = False
    dead: bool = False
    resolution: tuple[int, int] = (1920, 1080)
    safe_zone: float = 1.0
    cursor: tuple[int, int] = (960, 540)
    camera_heading: float = 0.0
    language: int = 0
    metric: bool = True
    streets: tuple[str, str] = ("Vespucci Blvd", "Alta St")
    """Street and crossing, empty for none."""
    zone: str = "DOWNT"
    zone_label: str = "Downtown"
