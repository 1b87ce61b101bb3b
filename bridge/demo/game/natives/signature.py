"""The signature of a native, and the Lua function that holds callers to it.

FXServer passes what a script hands in without looking: a whole number where a float belongs is
read as another number, a missing argument as 0. Here each of these is an error, so that a test
finds what a player would only see as a blip at the edge of the map.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

__all__ = ["Native", "NativeError", "lua_bindings", "native", "natives_of"]

_SIGNATURE = re.compile(r"(?P<name>\w+)\((?P<parameters>[^)]*)\)(?:\s*->\s*(?P<result>[\w, ]+))?")

KINDS = frozenset({"string", "int", "float", "bool", "hash", "func", "any"})
"""`string` takes a number too (the game converts it), but not 0, which it turns into nothing."""

RESULTS = frozenset({"string", "int", "float", "bool", "vector3", "object"})


class NativeError(Exception):
    """A native refuses; the script gets it as an error."""


@dataclass(frozen=True, slots=True)
class Native:
    """A native's name, the kinds of its arguments (`?` behind: may be nil) and of its result."""

    name: str
    parameters: tuple[str, ...]
    result: str | None
    raises: bool


_Function = TypeVar("_Function", bound=Callable[..., Any])


def native(signature: str, *, raises: bool = False) -> Callable[[_Function], _Function]:
    """Mark a method as a native, as in `native("GetPlayerName(string) -> string")`.

    Args:
        signature: name, kinds of the arguments, kind of the result.
        raises: the method may raise NativeError.
    """
    match = _SIGNATURE.fullmatch(signature)
    if match is None:
        raise ValueError(f"not a signature: {signature}")
    parameters = tuple(part.strip() for part in match["parameters"].split(",") if part.strip())
    for kind in parameters:
        if kind.rstrip("?") not in KINDS:
            raise ValueError(f"unknown kind {kind} in {signature}")
    result = match["result"]
    if result is not None and any(part.strip() not in RESULTS for part in result.split(",")):
        raise ValueError(f"unknown result in {signature}")
    declared = Native(match["name"], parameters, result, raises)

    def mark(function: _Function) -> _Function:
        known: list[Native] = getattr(function, "_natives", [])
        function._natives = [*known, declared]  # type: ignore[attr-defined]
        return function

    return mark


def natives_of(library: object) -> Iterator[tuple[Native, Callable[..., Any]]]:
    """Return the natives that an object's methods are."""
    for attribute in dir(type(library)):
        function = getattr(type(library), attribute)
        for declared in getattr(function, "_natives", ()):
            yield declared, getattr(library, attribute)


_CHECKS = {
    "string": "if type({a}) ~= 'string' then {a} = text({name!r}, {i}, {a}) end",
    "int": "if mtype({a}) ~= 'integer' then wrong({name!r}, {i}, 'a whole number', {a}) end",
    "float": "if mtype({a}) ~= 'float' then wrong({name!r}, {i}, 'a float', {a}) end",
    "bool": "if type({a}) ~= 'boolean' then {a} = truth({name!r}, {i}, {a}) end",
    "hash": "if mtype({a}) ~= 'integer' then {a} = hash({name!r}, {i}, {a}) end",
    "func": "{a} = reference({name!r}, {i}, {a})",
    "any": "",
}

_PRELUDE = """
local F, G, N, help = ...
local type, mtype, pcall = help.type, math.type, pcall
local text, wrong, truth, hash = help.text, help.wrong, help.truth, help.hash
local reference = help.reference
local many, check, vector, decode = help.many, help.check, help.vector, help.decode
"""


def _body(declared: Native) -> str:
    names = [f"a{i}" for i in range(1, len(declared.parameters) + 1)]
    lines = [f"N[{declared.name!r}] = (N[{declared.name!r}] or 0) + 1"]
    lines.append(f"if extra ~= nil then many({declared.name!r}, {len(names)}) end")
    for i, (argument, kind) in enumerate(zip(names, declared.parameters, strict=True), 1):
        line = _CHECKS[kind.rstrip("?")].format(a=argument, i=i, name=declared.name)
        if line and kind.endswith("?"):
            line = f"if {argument} ~= nil then {line} end"
        lines.append(line)
    call = f"py({', '.join(names)})"
    if declared.raises:
        call = f"check(pcall(py{''.join(f', {name}' for name in names)}))"
    if declared.result == "bool":
        lines.append(f"return {call} and 1 or false")
    elif declared.result == "vector3":
        lines.append(f"return vector({call})")
    elif declared.result == "object":
        lines.append(f"return decode({call})")
    elif declared.result is None:
        lines.append(call)
    else:
        lines.append(f"return {call}")
    parameters = ", ".join([*names, "extra"])
    inner = "\n    ".join(line for line in lines if line)
    return (
        f"do local py = F[{declared.name!r}]\n"
        f"G[{declared.name!r}] = function({parameters})\n    {inner}\nend end\n"
    )


def lua_bindings(natives: list[Native]) -> bytes:
    """Return the Lua chunk that defines the natives as globals.

    It is called with the table of Python functions, the globals, the table of counts and the
    helpers of host.lua.
    """
    return (_PRELUDE + "".join(_body(declared) for declared in natives)).encode()
