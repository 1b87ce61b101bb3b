"""How an object of a push is read: pydantic models with fields made clean by `values`.

A model lists what is read; what it does not list is never looked at, stored or sent.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError

from bridge.errors import PushRejected
from bridge.sonoran.payloads import values

__all__ = [
    "Body",
    "CallIds",
    "CallNumber",
    "Choice",
    "Flag",
    "Idents",
    "MetaData",
    "Named",
    "PlayerIds",
    "Shape",
    "Text",
    "cut_to",
    "idents_of",
    "read",
]

Body = dict[str, Any]
Model = TypeVar("Model", bound=BaseModel)


_NO_TEXT = frozenset({type(None), bool, list, dict})


def _text_or_none(value: object, most: int) -> str | None:
    if value.__class__ in _NO_TEXT:
        return None
    return values.text(value, most)


def cut_to(most: int) -> PlainValidator:
    """Return the validator of a text field that keeps at most `most` characters."""
    return PlainValidator(partial(_text_or_none, most=most))


Text = str | None
"""None: not said. Used with a length: `Annotated[Text, cut_to(100)]`."""
Flag = Annotated[bool | None, PlainValidator(values.flag)]
Choice = Annotated[int | str | None, PlainValidator(values.choice)]
CallNumber = Annotated[int | str, PlainValidator(values.call_id)]
CallIds = Annotated[tuple[int | str, ...], PlainValidator(values.call_ids)]
Idents = Annotated[tuple[int, ...] | None, PlainValidator(values.idents)]
"""None: not said, or nothing usable was."""
MetaData = Annotated[dict[str, Any] | None, PlainValidator(values.meta_data)]
PlayerIds = Annotated[tuple[str, ...], PlainValidator(values.player_ids)]


class Shape(BaseModel):
    """An object of a push; unknown fields are ignored."""

    # built at first use, in 1 to 3 ms: together they would be 5 % of the start
    model_config = ConfigDict(extra="ignore", defer_build=True)


class Named(Shape):
    """An object that names units, in one or several of four ways."""

    ident: Idents = None
    idents: Idents = None
    ident_id: Idents = Field(None, alias="identId")
    ident_ids: Idents = Field(None, alias="identIds")


_IDENT_FIELDS = {
    "ident": "ident",
    "idents": "idents",
    "ident_id": "identId",
    "ident_ids": "identIds",
}


def idents_of(shape: Named, path: str, *, needed: bool = True) -> tuple[int, ...]:
    """Return the union of all idents named, in order.

    Raises:
        PushRejected: there are too many, or none where some are needed.
    """
    lists = (shape.ident, shape.idents, shape.ident_id, shape.ident_ids)
    found = tuple(dict.fromkeys(ident for idents in lists if idents for ident in idents))
    if len(found) > values.IDENTS:
        raise PushRejected(f"names more than {values.IDENTS} idents", path)
    if needed and not found:
        said = [name for field, name in _IDENT_FIELDS.items() if field in shape.model_fields_set]
        raise PushRejected("has no usable ident", f"{path}.{said[0] if said else 'identIds'}")
    return found


def read(model: type[Model], value: object, path: str) -> Model:
    """Return the value as the model says.

    Raises:
        PushRejected: with the path of the first field that cannot be done without.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join((path, *map(str, first["loc"])))
        raise PushRejected(_REASONS.get(first["type"], first["msg"]), where) from None


_REASONS = {"missing": "is missing", "model_type": "is no object"}
