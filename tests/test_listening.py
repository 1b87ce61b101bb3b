import errno
import socket

import pytest

from bridge.errors import CannotListen
from bridge.listening import listening


@pytest.mark.parametrize(
    ("error", "key", "words"),
    [
        (OSError(errno.EADDRINUSE, "in use"), "push.port", "another program"),
        (OSError(errno.EACCES, "no"), "push.port", "from 1024 on"),
        (OSError(errno.EADDRNOTAVAIL, "no"), "push.host", "no such address"),
        (socket.gaierror(-2, "unknown name"), "push.host", "no such address"),
        (OSError(errno.EIO, "odd"), "push.port", "odd"),
        (OSError(), "push.port", "OSError"),
    ],
)
def test_the_setting_to_look_at_is_named(error: OSError, key: str, words: str) -> None:
    with pytest.raises(CannotListen) as refusal, listening("push", "1.2.3.4", 9):
        raise error
    assert str(refusal.value).startswith(f"{key}: cannot listen at 1.2.3.4:9: ")
    assert words in str(refusal.value)


def test_a_port_with_a_key_of_its_own_is_named_by_it() -> None:
    with (
        pytest.raises(CannotListen, match=r"^servers\.1\.push_port: "),
        listening("push", "::", 9, port_key="servers.1.push_port"),
    ):
        raise OSError(errno.EADDRINUSE, "in use")
