"""What a request of the game carries: the shapes that its methods share.

The game's side is trusted to say who is who, and nothing else: lengths, numbers and kinds are
checked here. Lua writes 3 as 3.0 and an empty object as an empty list; both are understood.
"""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from bridge import events
from bridge.errors import RequestRefused

__all__ = ["CallRef", "OfPlayer", "Params", "Place", "Player", "Text", "read"]

Model = TypeVar("Model", bound=BaseModel)

_MOST_IDS = 32
_WORLD = 100_000.0
"""Metres; nothing in the game is farther out, and a float that large still has centimetres."""


class Params(BaseModel):
    """Params of one method; fields that it does not know are ignored."""

    # built at first use, in 1 to 3 ms: together they would be 5 % of the start
    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)


class Place(Params):
    """A point of the game's map."""

    x: Annotated[float, Field(ge=-_WORLD, le=_WORLD, allow_inf_nan=False)]
    y: Annotated[float, Field(ge=-_WORLD, le=_WORLD, allow_inf_nan=False)]
    z: Annotated[float, Field(ge=-_WORLD, le=_WORLD, allow_inf_nan=False)] | None = None

    def to_position(self) -> events.Position:
        """Return it as the board has positions."""
        return events.Position(self.x, self.y, self.z)


def _without_addresses(value: object) -> object:
    if not isinstance(value, list):
        return value
    # whatever the game sent: an address is no identifier, and goes nowhere
    return [each for each in value if not str(each).strip().lower().startswith("ip:")]


def _call_ref(value: object) -> int | str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and 1 <= len(value.strip()) <= 80:
        return value.strip()
    raise PydanticCustomError("call", "is neither a key nor an id of a call")


Player = Annotated[
    tuple[Annotated[str, Field(min_length=3, max_length=255)], ...],
    BeforeValidator(_without_addresses),
    Field(max_length=_MOST_IDS),
]
"""A player's identifiers as the game server reads them, `type:value`, without his address."""
CallRef = Annotated[int | str, BeforeValidator(_call_ref)]
"""A call's key, or its id."""
Text = Annotated[str, Field(max_length=4000)]


class OfPlayer(Params):
    """Params that name a player and nothing else."""

    player: Player


def read(model: type[Model], params: object) -> Model:
    """Return the params as a method's model says.

    Raises:
        RequestRefused: with code `bad_params`, naming the field.
    """
    try:
        return model.model_validate({} if params == [] else params)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "params"
        raise RequestRefused("bad_params", f"{where}: {first['msg']}") from None
