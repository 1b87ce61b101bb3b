from __future__ import annotations

from bridge.demo.game.kvp import KvpStore


def test_each_resource_has_its_own_keys() -> None:
    store = KvpStore()
    store.set("a", "k", b"1", sync=True)
    store.set("b", "k", b"2", sync=False)
    assert store.get("a", "k") == b"1"
    assert store.of("b") == {"k": b"2"}
    assert store.writes == 1


def test_keys_are_listed_by_prefix() -> None:
    store = KvpStore()
    for key in ("x:2", "x:1", "y"):
        store.set("a", key, 1, sync=False)
    handle = store.start_find("a", "x:")
    assert [store.find(handle) for _ in range(3)] == ["x:1", "x:2", None]
    store.end_find(handle)


def test_no_more_than_64_lists_are_open_at_once() -> None:
    store = KvpStore()
    handles = [store.start_find("a", "") for _ in range(65)]
    assert handles[-1] == -1
    assert -1 not in handles[:64]
    store.end_find(handles[5])
    assert store.start_find("a", "") == handles[5]
    assert store.find(-1) is None


def test_the_data_can_outlive_the_store() -> None:
    data: dict[str, bytes | int | float] = {}
    KvpStore(data).set("a", "k", b"1", sync=True)
    assert KvpStore(data).get("a", "k") == b"1"
