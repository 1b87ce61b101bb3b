"""Natives of the player's surroundings: his ped, vehicle, streets, screen."""

from __future__ import annotations

import msgpack

from bridge.demo.game.hashing import joaat
from bridge.demo.game.natives.signature import native
from bridge.demo.game.players import Player
from bridge.demo.game.surroundings import Surroundings

__all__ = ["SurroundingNatives"]

PED, VEHICLE, PLAYER = 4098, 8194, 128
"""Handles on the player's own machine, where he is always the same."""


class SurroundingNatives:
    """Where he is and what he sees of the game itself."""

    def __init__(self, player: Player, surroundings: Surroundings) -> None:
        self._player = player
        self._around = surroundings
        self._hashes: dict[int, str] = {}

    @native("PlayerPedId() -> int")
    def player_ped_id(self) -> int:
        """Return his ped."""
        return PED

    @native("PlayerId() -> int")
    def player_id(self) -> int:
        """Return his number on his own machine."""
        return PLAYER

    @native("GetPlayerServerId(int) -> int")
    def player_server_id(self, player: int) -> int:
        """Return his id on the server."""
        return self._player.source if player in (PLAYER, -1) else 0

    @native("GetPlayerFromServerId(int) -> int")
    def player_from_server_id(self, source: int) -> int:
        """Return his number here, -1 if he is not near."""
        return PLAYER if source == self._player.source else -1

    @native("GetActivePlayers() -> object")
    def active_players(self) -> bytes:
        """Return the players near."""
        return bytes(msgpack.packb([PLAYER]))

    @native("GetPlayerPed(int) -> int")
    def player_ped(self, player: int) -> int:
        """Return a player's ped."""
        return PED if player in (PLAYER, -1) else 0

    @native("GetPlayerName(int) -> string")
    def player_name(self, player: int) -> bytes:
        """Return a player's name."""
        return self._player.name.encode() if player == PLAYER else b"**Invalid**"

    @native("NetworkIsPlayerActive(int) -> bool")
    def is_player_active(self, player: int) -> bool:
        """Return whether he is in the game."""
        return player == PLAYER

    @native("NetworkIsSessionStarted() -> bool")
    def is_session_started(self) -> bool:
        """Return whether the game runs."""
        return True

    @native("DoesEntityExist(int) -> bool")
    def does_entity_exist(self, entity: int) -> bool:
        """Return whether there is such an entity near."""
        return entity == PED or (entity == VEHICLE and self._player.in_vehicle)

    @native("GetEntityCoords(int, bool?) -> vector3")
    def entity_coords(
        self,
        entity: int,
        alive: bool | None = None,
    ) -> tuple[float, float, float]:
        """Return where it is; zeros for what does not exist."""
        return self._player.coords if self.does_entity_exist(entity) else (0.0, 0.0, 0.0)

    @native("GetEntityHeading(int) -> float")
    def entity_heading(self, entity: int) -> float:
        """Return where it looks, degrees, counter-clockwise from north."""
        return self._player.heading if self.does_entity_exist(entity) else 0.0

    @native("GetEntitySpeed(int) -> float")
    def entity_speed(self, entity: int) -> float:
        """Return its speed, m/s."""
        return self._player.speed if self.does_entity_exist(entity) else 0.0

    @native("IsPedInAnyVehicle(int, bool) -> bool")
    def is_ped_in_any_vehicle(self, ped: int, at_get_in: bool) -> bool:
        """Return whether he sits in a vehicle."""
        return ped == PED and self._player.in_vehicle

    @native("GetVehiclePedIsIn(int, bool) -> int")
    def vehicle_ped_is_in(self, ped: int, last: bool) -> int:
        """Return the vehicle, 0 on foot."""
        return VEHICLE if ped == PED and self._player.in_vehicle else 0

    @native("IsEntityDead(int) -> bool")
    def is_entity_dead(self, entity: int) -> bool:
        """Return whether it is dead."""
        return entity == PED and self._around.dead

    @native("GetStreetNameAtCoord(float, float, float) -> int, int")
    def street_name_at_coord(self, x: float, y: float, z: float) -> tuple[int, int]:
        """Return the hashes of street and crossing."""
        street, crossing = self._around.streets
        for name in (street, crossing):
            self._hashes[joaat(name)] = name
        return joaat(street) if street else 0, joaat(crossing) if crossing else 0

    @native("GetStreetNameFromHashKey(hash) -> string")
    def street_name_from_hash_key(self, street: int) -> bytes:
        """Return a street's name."""
        return self._hashes.get(street, "").encode()

    @native("GetNameOfZone(float, float, float) -> string")
    def name_of_zone(self, x: float, y: float, z: float) -> bytes:
        """Return the label of a zone."""
        return self._around.zone.encode()

    @native("IsPauseMenuActive() -> bool")
    def is_pause_menu_active(self) -> bool:
        """Return whether the menu is open."""
        return self._around.paused

    @native("IsHudHidden() -> bool")
    def is_hud_hidden(self) -> bool:
        """Return whether the game's own display is off."""
        return self._around.hud_hidden

    @native("IsRadarHidden() -> bool")
    def is_radar_hidden(self) -> bool:
        """Return whether the minimap is off."""
        return self._around.radar_hidden

    @native("IsBigmapActive() -> bool")
    def is_bigmap_active(self) -> bool:
        """Return whether the minimap is the big one."""
        return self._around.big_map

    @native("IsScreenFadedOut() -> bool")
    def is_screen_faded_out(self) -> bool:
        """Return whether the screen is black."""
        return self._around.faded_out

    @native("IsPlayerSwitchInProgress() -> bool")
    def is_player_switch_in_progress(self) -> bool:
        """Return whether the camera flies to the player."""
        return False

    @native("IsCutsceneActive() -> bool")
    def is_cutscene_active(self) -> bool:
        """Return whether a film plays."""
        return False

    @native("GetSafeZoneSize() -> float")
    def safe_zone_size(self) -> float:
        """Return how much of the screen is used, 0.9 to 1."""
        return self._around.safe_zone

    @native("GetActiveScreenResolution() -> int, int")
    def active_screen_resolution(self) -> tuple[int, int]:
        """Return the size of the screen, pixels."""
        return self._around.resolution

    @native("GetScreenResolution() -> int, int")
    def screen_resolution(self) -> tuple[int, int]:
        """Return the size that the game draws for: always 1280 by 720."""
        return 1280, 720

    @native("GetAspectRatio(bool) -> float")
    def aspect_ratio(self, physical: bool) -> float:
        """Return width by height."""
        width, height = self._around.resolution
        return width / height

    @native("GetIsWidescreen() -> bool")
    def is_widescreen(self) -> bool:
        """Return whether the screen is wide."""
        width, height = self._around.resolution
        return width / height > 1.5

    @native("GetGameplayCamRot(int) -> vector3")
    @native("GetFinalRenderedCamRot(int) -> vector3")
    def gameplay_cam_rot(self, order: int) -> tuple[float, float, float]:
        """Return where the camera looks, degrees."""
        return 0.0, 0.0, self._around.camera_heading

    @native("GetGameplayCamRelativeHeading() -> float")
    def gameplay_cam_relative_heading(self) -> float:
        """Return the camera's heading beside his own, degrees."""
        return self._around.camera_heading - self._player.heading

    @native("IsUsingKeyboard(int) -> bool")
    @native("IsInputDisabled(int) -> bool")
    def is_using_keyboard(self, pad: int) -> bool:
        """Return whether keyboard and mouse were used last."""
        return True

    @native("GetCurrentLanguage() -> int")
    def current_language(self) -> int:
        """Return the game's language, 0 for American English."""
        return self._around.language

    @native("ShouldUseMetricMeasurements() -> bool")
    def should_use_metric(self) -> bool:
        """Return whether he measures in metres, by his game's settings."""
        return self._around.metric

    @native("GetFrameTime() -> float")
    def frame_time(self) -> float:
        """Return how long the last frame took, s."""
        return 1 / 60

    @native("GetFrameCount() -> int")
    def frame_count(self) -> int:
        """Return how many frames there were."""
        return self._around.frames
