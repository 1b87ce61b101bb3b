"""Pushes that are about neither calls nor units -> facts, and those that are only handed on.

Sources: [D] the CAD's public documentation, [H] what its own FiveM resource 4.0.104 reads.
"""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from pydantic import Field, PlainValidator
from pydantic_core import PydanticCustomError

from bridge.events import Target, Tone
from bridge.facts import Fact, Linked, Other, Toned
from bridge.sonoran.payloads import values
from bridge.sonoran.payloads.shapes import Body, Named, Shape, Text, cut_to, idents_of, read
from bridge.wire import dump

__all__ = ["handed_on", "link_verified", "page", "station_alert", "tone"]

MOST_BYTES = 64 * 1024
MOST_LEVELS = 15
"""Size and depth of what is handed on to other resources: an event in FXServer carries no more
levels, and loses what is deeper without a word.
"""
TARGETS = 100
WORDS = 20
URL = 500
_AUDIO = re.compile(r"data:|[A-Za-z0-9+/=\s]{200}")
"""The beginning of audio as text; no spoken sentence goes on for so long without a stop."""

Name = Annotated[Text, cut_to(values.NAME)]
Long = Annotated[Text, cut_to(values.DESCRIPTION)]


def _community_user_id(value: object) -> str:
    found = values.word(value, values.ID_TEXT) if isinstance(value, str) else None
    if found is None:
        raise PydanticCustomError("id", "is no text, or an empty one")
    return found


def _words(value: object) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else [value]
    return tuple(name for each in listed[:WORDS] if (name := values.text(each, values.NAME)))


Words = Annotated[tuple[str, ...], PlainValidator(_words)]


class _Linked(Shape):
    community_user_id: Annotated[str, PlainValidator(_community_user_id)] = Field(
        alias="communityUserId"
    )
    account: Name = Field(None, alias="accountUuid")


class _Tone(Shape):
    url: Annotated[Text, cut_to(URL)] = None
    targets: Any = Field(None, alias="playTonesTo")


class _StationAlert(Shape):
    locations: Any = None
    message: Any = None
    tone: Annotated[Text, cut_to(URL)] = None


class _Page(Named):
    addresses: Words = ()
    nature: Name = None
    body: Long = None


def link_verified(element: Body, path: str, now: int) -> list[Fact]:
    """EVENT_COMMUNITY_LINK_VERIFIED: a player finished linking his CAD account.

    `{communityUserId, accountUuid}` [D].

    Raises:
        PushRejected: `communityUserId` is no text, or an empty one.
    """
    said = read(_Linked, element, path)
    return [Linked(said.community_user_id, said.account or "")]


def tone(element: Body, path: str, now: int) -> list[Fact]:
    """EVENT_TONE: a tone is played.

    `{url, playTonesTo: [{type, value, label}, …]}` [D]; `value` is a number or a text for any type.
    Who is addressed by something unreadable is left out.
    """
    said = read(_Tone, element, path)
    return [Toned(Tone("tone", targets=_targets(said.targets), url=said.url or ""))]


def station_alert(element: Body, path: str, now: int) -> list[Fact]:
    """EVENT_STATION_ALERT: a fire station is alerted.

    `{locations: [{name, open: […], close: […]}, …], message, colors: […], tone}` [D]; `message` may
    be audio in base64, which is no text to show, `tone` a name or an address.
    """
    said = read(_StationAlert, element, path)
    places = said.locations if isinstance(said.locations, list) else [said.locations]
    names = _words([place.get("name") for place in places[:WORDS] if isinstance(place, dict)])
    spoken = isinstance(said.message, str) and not _AUDIO.match(said.message)
    message = values.text(said.message, values.DESCRIPTION) if spoken else ""
    address = said.tone if said.tone and said.tone.startswith(("http://", "https://")) else ""
    return [Toned(Tone("station", text=_sentence(", ".join(names), message), url=address))]


def page(element: Body, path: str, now: int) -> list[Fact]:
    """EVENT_PAGER_REBORN: a page is sent.

    `{addresses: [text, …], identIds: [n, …], nature, body}` [D]; `nature` is `Emergency`,
    `NonEmergency` or `Administrative`.

    Raises:
        PushRejected: more idents than a push may name.
    """
    said = read(_Page, element, path)
    head = " · ".join(part for part in (said.nature, ", ".join(said.addresses)) if part)
    text = _sentence(head, said.body or "")
    return [Toned(Tone("page", text=text, idents=idents_of(said, path, needed=False)))]


def handed_on(push_type: str, data: object) -> list[Fact]:
    """Return a push as it is, for other resources: types that change nothing the bridge knows.

    Documented: EVENT_DISPATCH_TOGGLE_BODYCAM `{ident, state}`, EVENT_CHAR_SELECTED `{accId, id}`,
    EVENT_NEW_CALLOUT `{callout}`, EVENT_STREETSIGN_UPDATED `{signData}`, EVENT_RECORD_ADD, _EDIT,
    _REMOVE `{record}`; observed: EVENT_PRINT_RECORD `{identId, url}`. Records are personal data:
    their content is in no error text and no log.

    Nothing is returned for what is over `MOST_BYTES` encoded or deeper than `MOST_LEVELS`.
    """
    try:
        cleaned = _cleaned(data, MOST_LEVELS)
    except _TooDeep:
        return []
    return [Other(push_type, cleaned)] if len(dump(cleaned)) <= MOST_BYTES else []


class _TooDeep(Exception):
    pass


def _cleaned(value: Any, levels: int) -> Any:
    """Return JSON data that can be encoded again, its texts free of what no text should have."""
    if isinstance(value, str):
        return values.plain(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if not isinstance(value, (dict, list)):
        return value
    if levels == 0:
        raise _TooDeep
    if isinstance(value, list):
        return [_cleaned(each, levels - 1) for each in value]
    return {values.plain(name): _cleaned(each, levels - 1) for name, each in value.items()}


def _targets(value: object) -> tuple[Target, ...]:
    listed = value if isinstance(value, list) else [value]
    return tuple(found for each in listed[:TARGETS] if (found := _target(each)) is not None)


def _target(value: object) -> Target | None:
    if not isinstance(value, dict):
        return None
    kind = values.ident(value.get("type"))
    if kind is None:
        return None
    who = values.choice(value.get("value"))
    return Target(kind, "" if who is None else who, values.text(value.get("label"), values.NAME))


def _sentence(head: str, rest: str) -> str:
    return f"{head}: {rest}" if head and rest else head or rest
