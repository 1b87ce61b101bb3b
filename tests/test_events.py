from bridge.events import Call


def test_the_key_of_a_call_tells_the_two_number_spaces_apart() -> None:
    keys = {Call("911", 7, 0).key, Call("dispatch", 7, 0).key, Call("911", "26-7", 0).key}

    assert keys == {"911:7", "dispatch:7", "911:26-7"}
