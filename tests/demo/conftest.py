"""A CAD that pushes into a list."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.demo.cad import Cad


class Pushed(list[dict[str, Any]]):
    """What the CAD pushed; every push is answered 200."""

    async def post(self, push: dict[str, Any], *, aside: bool = False) -> int:
        self.append(push)
        return 200

    @property
    def types(self) -> list[str]:
        return [push["type"] for push in self]


@pytest.fixture
def pushed() -> Pushed:
    return Pushed()


@pytest.fixture
def cad(pushed: Pushed) -> Cad:
    """A CAD of its own, whose pushes go into `pushed`."""
    cad = Cad()
    cad.belong("the key", pushed.post)
    return cad
