import zipfile
from pathlib import Path

from bridge.owner import release, resource


def test_the_zip_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        release.write_zip(tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_the_zip_holds_the_resource_in_one_folder(tmp_path: Path) -> None:
    count = release.write_zip(tmp_path / "r.zip")
    source = resource.find()
    with zipfile.ZipFile(tmp_path / "r.zip") as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(names) == count
        assert all(name.startswith("cadbridge/") for name in names)
        assert archive.read("cadbridge/fxmanifest.lua") == (source / "fxmanifest.lua").read_bytes()
