"""What a player's machine downloads of a resource."""

from __future__ import annotations

from bridge.demo.game.files import ResourceFiles
from bridge.demo.game.manifest import MANIFEST_NAME
from bridge.demo.game.resource import Resource

__all__ = ["DownloadedFiles", "downloaded"]


class DownloadedFiles(ResourceFiles):
    """The scripts of the client's side and the listed files; nothing else can be read there."""

    def __init__(self, served: ResourceFiles, names: set[str]) -> None:
        super().__init__(None)
        self._served = served
        self._names = names

    def read(self, name: str) -> bytes | None:
        """Return a file's bytes, None if it was not downloaded."""
        return self._served.read(name) if name.lstrip("/") in self._names else None

    def write(self, name: str, content: bytes) -> bool:
        """Refuse: clients cannot write."""
        return False

    def names(self) -> list[str]:
        """Return the downloaded files."""
        return sorted(self._names)


def downloaded(served: Resource) -> Resource:
    """Return a resource as a player's machine has it."""
    listed = served.manifest.files(
        served.files, "shared_script", "client_script", "file", "loadscreen"
    )
    files = DownloadedFiles(served.files, {*listed, MANIFEST_NAME})
    return Resource(served.name, files, served.manifest)
