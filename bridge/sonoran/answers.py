"""What the CAD's API answers, as far as the bridge reads it.

The documentation and the CAD's own client differ in letter case and in names, so each field lists
all names that either uses. Calls and units inside are left as they came: `payloads` reads them, as
in pushes. Whatever is missing that an answer cannot do without makes it a `CadGarbled`.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bridge.sonoran.faults import CadGarbled
from bridge.sonoran.payloads import values

__all__ = [
    "Calls",
    "Idents",
    "LinkCheck",
    "LinkCode",
    "Placed911",
    "Plan",
    "ServerEntry",
    "Servers",
    "Updated",
    "Written",
    "described",
    "read",
    "units_of",
]

Json = dict[str, Any]
Model = TypeVar("Model", bound=BaseModel)


def described(sent: Json, said: Json) -> Json:
    """Return what was made as the CAD describes it, and as it was sent where the CAD is silent."""
    return {**sent, **{name: value for name, value in said.items() if value is not None}}


def _names(*names: str) -> Any:
    return Field(validation_alias=AliasChoices(*names))


def _optional(*names: str) -> Any:
    return Field(default=None, validation_alias=AliasChoices(*names))


def _ids(value: object) -> object:
    found = values.idents(value)
    return () if found is None else found


CallId = Annotated[int | str, BeforeValidator(values.call_id)]
Ids = Annotated[tuple[int, ...], BeforeValidator(_ids)]


class _Answer(BaseModel):
    # built at first use, in 1 to 3 ms: together they would be 5 % of the start
    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)


class LinkCode(_Answer):
    """`POST /v2/general/links`: the code that the player types into the CAD."""

    code: Annotated[str, Field(min_length=1, max_length=64)] = _names("code", "linkCode", "idCode")
    url: str | None = _optional("url", "linkUrl")
    expires_in: Annotated[float, Field(gt=0, le=86400)] = Field(
        default=600, validation_alias="expiresInSeconds"
    )


class LinkCheck(_Answer):
    """`POST /v2/general/links/check`: is this player known to the CAD?"""

    linked: bool
    account: str | None = _optional("accountUuid")


class Calls(_Answer):
    """`GET calls`: None where a list is missing, which says nothing about its calls."""

    active: list[Any] | None = _optional("ActiveCalls", "activeCalls")
    emergency: list[Any] | None = _optional("EmergencyCalls", "emergencyCalls")
    closed: list[Any] | None = _optional("ClosedCalls", "closedCalls")


class Placed911(_Answer):
    """`POST calls/911`: the number that the call got."""

    id: CallId = _names("callId", "id")


class Written(_Answer):
    """`POST dispatch-calls`: the number that the call got, and who is on it."""

    id: CallId = _names("callId", "id")
    units: Ids | None = _optional("idents", "identIds")


class Idents(_Answer):
    """Attachments: the units that were attached or detached, perhaps none."""

    idents: Ids = _names("identIds", "idents")


class Updated(_Answer):
    """Status, panic, locations: how many units it reached."""

    count: Annotated[int, Field(ge=0)] = _names("updated", "count")


class Plan(_Answer):
    """`GET version`: the community's plan."""

    name: str = "unknown"


class ServerEntry(_Answer):
    """What the CAD has stored of one game server."""

    id: int
    name: str = ""
    address: str | None = _optional("mapIp")
    port: str | int | None = _optional("listenerPort")


class Servers(_Answer):
    """`GET servers`."""

    servers: list[ServerEntry]


def read(model: type[Model], body: object, trace: str = "") -> Model:
    """Return an answer as its model says.

    Raises:
        CadGarbled: naming the field; the answer itself is not quoted.
    """
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise CadGarbled(f"{where}: {first['msg']}", trace) from None


def units_of(body: object, trace: str = "") -> list[Any]:
    """Return the units of `GET units`: an array, or an object that holds one.

    Raises:
        CadGarbled: for anything else, which says nothing about who is on duty.
    """
    if isinstance(body, dict):
        body = body.get("units", body.get("Units"))
    if not isinstance(body, list):
        raise CadGarbled("no list of units", trace)
    return body
