import ipaddress

import pytest

from bridge.sonoran import doorkeeper
from bridge.sonoran.doorkeeper import TRUST, WRONG_KEYS, Doorkeeper


def keeper_with_wrong_keys(count: int, address: str = "203.0.113.9") -> Doorkeeper:
    keeper = Doorkeeper()
    for _ in range(count):
        keeper.wrong_key(address, 100.0)
    return keeper


def test_everybody_may_knock_where_no_network_is_named() -> None:
    assert Doorkeeper().allows("203.0.113.9")


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("203.0.113.9", False),
        ("2001:db8::1", True),
        ("fe80::1%eth0", False),
        ("", False),
        ("not an address", False),
    ],
)
def test_only_named_networks_may_knock(address: str, allowed: bool) -> None:
    networks = [ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("2001:db8::/32")]
    assert Doorkeeper(networks).allows(address) is allowed


def test_five_wrong_keys_a_minute_are_answered() -> None:
    assert keeper_with_wrong_keys(WRONG_KEYS - 1).must_wait("203.0.113.9", 101.0) == 0


def test_after_five_wrong_keys_the_address_waits_until_the_minute_is_over() -> None:
    keeper = keeper_with_wrong_keys(WRONG_KEYS)
    assert keeper.must_wait("203.0.113.9", 130.0) == 30.0
    assert keeper.must_wait("203.0.113.9", 160.0) == 0


def test_other_addresses_do_not_wait() -> None:
    assert keeper_with_wrong_keys(50).must_wait("203.0.113.10", 101.0) == 0


def test_an_address_that_showed_the_right_key_in_the_last_day_never_waits() -> None:
    keeper = keeper_with_wrong_keys(WRONG_KEYS)
    keeper.right_key("203.0.113.9", 101.0)
    assert keeper.must_wait("203.0.113.9", 102.0) == 0


def test_the_right_key_is_forgotten_after_a_day() -> None:
    keeper = Doorkeeper()
    keeper.right_key("203.0.113.9", 0.0)
    for _ in range(WRONG_KEYS):
        keeper.wrong_key("203.0.113.9", TRUST)
    assert keeper.must_wait("203.0.113.9", TRUST + 1) > 0


def test_memory_is_bounded_and_the_oldest_address_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doorkeeper, "MEMORY", 3)
    keeper = keeper_with_wrong_keys(WRONG_KEYS, "first")
    for name in ("a", "b", "c"):
        keeper.wrong_key(name, 100.0)
    assert keeper.must_wait("first", 101.0) == 0
