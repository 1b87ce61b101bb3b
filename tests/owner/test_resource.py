import json
from pathlib import Path

import pytest

import bridge
from bridge.errors import ConfigurationError
from bridge.owner import resource


@pytest.fixture
def resources(tmp_path: Path) -> Path:
    folder = tmp_path / "server-data" / "resources"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small resource in place of the bundled one, to be changed between installations."""
    folder = tmp_path / "bundle"
    files = {
        "fxmanifest.lua": "name 'cadbridge'\nversion '1.0.0'\n",
        "config.lua": "-- yours\n",
        "server/main.lua": "-- 1\n",
        "locales/en.json": "{}\n",
        "old.lua": "-- goes\n",
        ".hidden/x": "not copied",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(resource, "find", lambda: folder)
    return folder


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_bundled_resource_is_ours_and_has_the_bridges_version() -> None:
    assert resource.version(resource.find()) == bridge.__version__


def test_the_real_resource_is_installed_whole(resources: Path) -> None:
    done = resource.install(resources)

    source = resource.find()
    assert done.folder == resources / "cadbridge"
    assert (done.before, done.now) == (None, bridge.__version__)
    assert files(done.folder) - {resource.RECORD} == {
        name for name in files(source) if "/." not in f"/{name}"
    }
    for name in files(source):
        assert (done.folder / name).read_bytes() == (source / name).read_bytes()


def test_a_category_is_a_place_too(resources: Path, bundle: Path) -> None:
    category = resources / "[cad]" / "[inner]"
    category.mkdir(parents=True)

    assert resource.install(category).folder == category / "cadbridge"


def test_an_update_keeps_config_and_added_files_and_removes_what_is_gone(
    resources: Path, bundle: Path
) -> None:
    folder = resource.install(resources).folder
    (folder / "config.lua").write_text("mine", encoding="utf-8")
    (folder / "locales/fr.json").write_text("{}", encoding="utf-8")
    (bundle / "fxmanifest.lua").write_text("name 'cadbridge'\nversion '1.1.0'\n", encoding="utf-8")
    (bundle / "server/main.lua").write_text("-- 2\n", encoding="utf-8")
    (bundle / "server/new.lua").write_text("-- new\n", encoding="utf-8")
    (bundle / "old.lua").unlink()

    done = resource.install(resources)

    assert (done.before, done.now, done.saved) == ("1.0.0", "1.1.0", ())
    assert (folder / "config.lua").read_text(encoding="utf-8") == "mine"
    assert (folder / "server/main.lua").read_text(encoding="utf-8") == "-- 2\n"
    assert files(folder) == {
        "fxmanifest.lua",
        "config.lua",
        "server/main.lua",
        "server/new.lua",
        "locales/en.json",
        "locales/fr.json",
        resource.RECORD,
    }


def test_a_file_of_ours_that_the_owner_changed_is_saved_beside_the_new_one(
    resources: Path, bundle: Path
) -> None:
    folder = resource.install(resources).folder
    (folder / "locales/en.json").write_text('{"my": "words"}', encoding="utf-8")
    (folder / "old.lua").write_text("-- changed\n", encoding="utf-8")
    (bundle / "old.lua").unlink()
    (bundle / "locales/en.json").write_text('{"new": "words"}', encoding="utf-8")

    done = resource.install(resources)

    saved = folder / "locales/en.json.yours"
    assert done.saved == (saved,)
    assert saved.read_text(encoding="utf-8") == '{"my": "words"}'
    assert (folder / "locales/en.json").read_text(encoding="utf-8") == '{"new": "words"}'
    assert (folder / "old.lua").exists()
    assert resource.install(resources).saved == ()


@pytest.mark.parametrize("record", ["", "[]", "not json", '{"../../x": "1", "/etc/x": "1"}'])
def test_a_damaged_record_removes_nothing_outside(
    resources: Path, bundle: Path, record: str
) -> None:
    folder = resource.install(resources).folder
    outside = resources.parent / "x"
    outside.write_text("", encoding="utf-8")
    (folder / resource.RECORD).write_text(record, encoding="utf-8")

    resource.install(resources)

    assert outside.exists()
    assert "server/main.lua" in json.loads((folder / resource.RECORD).read_text(encoding="utf-8"))


def refused(into: Path) -> str:
    before = sorted(into.parent.rglob("*"))
    with pytest.raises(ConfigurationError) as error:
        resource.install(into)
    assert sorted(into.parent.rglob("*")) == before
    return str(error.value)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "is no folder" in refused(tmp_path / "resources")


def test_the_folder_above_resources_is_refused_with_the_right_one(resources: Path) -> None:
    assert str(resources) in refused(resources.parent)


def test_any_other_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "documents").mkdir()

    assert "not a `resources` folder" in refused(tmp_path / "documents")


def test_the_resource_itself_is_refused_with_the_folder_above(
    resources: Path, bundle: Path
) -> None:
    folder = resource.install(resources).folder

    assert f"the folder above it: {resources}" in refused(folder)


@pytest.mark.parametrize(
    "manifest", [None, "name 'somebody-elses'\nversion '1.0.0'\n", "name 'cadbridge'"]
)
def test_a_target_that_is_not_ours_is_refused(resources: Path, manifest: str | None) -> None:
    (resources / "cadbridge").mkdir()
    (resources / "cadbridge" / "server.lua").write_text("x", encoding="utf-8")
    if manifest:
        (resources / "cadbridge" / "fxmanifest.lua").write_text(manifest, encoding="utf-8")

    assert "is not our resource" in refused(resources)


def test_a_link_is_not_written_through(resources: Path, bundle: Path) -> None:
    (resources / "cadbridge").symlink_to(bundle, target_is_directory=True)

    assert "is not our resource" in refused(resources)


def test_an_empty_folder_of_our_name_is_no_hindrance(resources: Path, bundle: Path) -> None:
    (resources / "cadbridge").mkdir()

    assert resource.install(resources).before is None


def test_a_second_copy_is_refused_with_the_place_of_the_first(
    resources: Path, bundle: Path
) -> None:
    (resources / "[cad]").mkdir()
    resource.install(resources / "[cad]")

    assert str(resources / "[cad]") in refused(resources)


def test_a_manifest_with_a_byte_order_mark_is_still_ours(tmp_path: Path) -> None:
    manifest = "\ufeffname 'cadbridge'\r\nversion '0.9.0'\r\n"
    (tmp_path / "fxmanifest.lua").write_text(manifest, encoding="utf-8")

    assert resource.version(tmp_path) == "0.9.0"


def test_a_damaged_installation_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "__file__", str(tmp_path / "bridge/owner/resource.py"))

    with pytest.raises(ConfigurationError, match="install cad-bridge again"):
        resource.find()
