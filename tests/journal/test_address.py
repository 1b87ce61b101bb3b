"""Where a distributed journal lies: its url in parts."""

from __future__ import annotations

import pytest

from bridge.journal.address import Address


def test_one_server_needs_no_more_than_its_name():
    address = Address.parse("nats://nats.example.org")
    assert address == Address(servers=("nats://nats.example.org:4222",), name="cadbridge")
    assert address.copies == 1


@pytest.mark.parametrize(
    "url",
    [
        "nats://one:4222,two:4223,[::1]:4224/town",
        "nats://one,nats://two:4223,nats://[::1]:4224/town",
        "nats://one, two:4223 ,[::1]:4224/town/",
    ],
)
def test_several_servers_are_separated_by_commas(url: str):
    address = Address.parse(url)
    assert address.servers == ("nats://one:4222", "nats://two:4223", "nats://[::1]:4224")
    assert address.name == "town"
    assert address.copies == 3
    assert address.shown == "nats://one:4222,nats://two:4223,nats://[::1]:4224/town"


def test_user_and_password_are_taken_out_of_what_is_shown():
    address = Address.parse("tls://bridge:pass%40word%2C@one,two/town")
    assert (address.user, address.password, address.token) == ("bridge", "pass@word,", "")
    assert address.servers == ("tls://one:4222", "tls://two:4222")
    assert "pass" not in address.shown + repr(address)


def test_what_stands_alone_before_the_at_is_a_token():
    address = Address.parse("nats://s3cr3t@one")
    assert (address.user, address.token) == ("", "s3cr3t")
    assert "s3cr3t" not in address.shown + repr(address)


def test_credentials_lie_in_a_file():
    assert Address.parse("nats://one?credentials=a/bridge.creds").credentials == "a/bridge.creds"
    assert Address.parse("nats://one/x?credentials=C:%5Cb.creds").credentials == "C:\\b.creds"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nats:",
        "nats://",
        "http://one",
        "nats://,one",
        "nats://one:0",
        "nats://one:99999",
        "nats://one:x",
        "nats://one/a.b",
        "nats://one/a b",
        "nats://one/" + "a" * 33,
        "nats://one?replicas=3",
        "nats://[::1",
    ],
)
def test_what_is_no_address_is_told_without_repeating_it(url: str):
    with pytest.raises(ValueError, match=r".") as refusal:
        Address.parse(url)
    assert "one" not in str(refusal.value).replace("none", "")
