from __future__ import annotations

from pathlib import Path

from bridge.demo.game.files import ResourceFiles


def test_an_overlay_replaces_adds_and_hides(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")
    (tmp_path / "b.txt").write_text("gone")
    files = ResourceFiles(tmp_path, {"a.txt": "new", "b.txt": None, "c.txt": b"\x00"})
    assert files.read("a.txt") == b"new"
    assert files.read("b.txt") is None
    assert files.names() == ["a.txt", "c.txt"]


def test_a_new_file_of_the_folder_is_named_after_a_refresh(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/x.lua").write_text("x")
    files = ResourceFiles(tmp_path)
    assert files.glob("**/*.lua") == ["a/x.lua"]
    (tmp_path / "a/y.lua").write_text("y")
    assert files.glob("**/*.lua") == ["a/x.lua"]
    files.refresh()
    assert files.glob("**/*.lua") == ["a/x.lua", "a/y.lua"]
    assert files.read("a") is None


def test_nothing_outside_of_the_resource_is_read_or_written(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("x")
    inside = tmp_path / "inside"
    inside.mkdir()
    files = ResourceFiles(inside)
    assert files.read("../secret.txt") is None
    assert files.read("a/../../secret.txt") is None
    assert not files.write("../other.txt", b"")


def test_the_folder_itself_is_never_written(tmp_path: Path) -> None:
    files = ResourceFiles(tmp_path)
    assert files.write("x/y.txt", b"1")
    assert files.read("x/y.txt") == b"1"
    assert list(tmp_path.iterdir()) == []
    assert files.remove("x/y.txt")
    assert not files.remove("x/y.txt")
