import re
from pathlib import Path
from typing import Any, get_args

import pytest

from bridge.blot import BLOT, Secrets
from bridge.errors import ConfigurationError
from bridge.settings import SECTIONS, Settings, load, secrets

TOKEN = "0123456789abcdef0123456789abcdef"
SECRET_KEY = "the-communitys-secret-key"
SMALLEST = f'[cad]\napi_key = "{SECRET_KEY}"\n[[servers]]\nid = 1\ntoken = "{TOKEN}"\n'


@pytest.fixture(autouse=True)
def _without_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.environ", {})


def written(folder: Path, text: str) -> Path:
    path = folder / "cad-bridge.toml"
    path.write_text(text, encoding="utf-8")
    return path


def loaded(folder: Path, text: str = SMALLEST) -> Settings:
    return load(written(folder, text))


def test_the_smallest_configuration_has_the_documented_defaults(tmp_path: Path) -> None:
    settings = loaded(tmp_path)
    assert settings.cad.source == "http"
    assert settings.cad.identifier == "license"
    assert settings.cad.identifier_form == "bare"
    assert settings.cad.reconcile
    assert (settings.push.host, settings.push.port) == ("0.0.0.0", 30130)
    assert settings.push.max_body == 1024 * 1024
    assert (settings.gateway.host, settings.gateway.port) == ("127.0.0.1", 30131)
    assert (settings.admin.host, settings.admin.port) == ("127.0.0.1", 30132)
    assert settings.journal.keep_days == 7
    assert settings.journal.max_size == 1024**3
    assert settings.alerts.fresh_for == 300
    assert settings.alerts.forget_after == 21600


def test_relative_paths_start_at_the_configuration_files_folder(tmp_path: Path) -> None:
    assert loaded(tmp_path).journal.path == tmp_path / "cad-bridge.db"


def test_an_absolute_journal_path_stays(tmp_path: Path) -> None:
    elsewhere = (tmp_path / "x" / "j.db").as_posix()
    settings = loaded(tmp_path, f'{SMALLEST}[journal]\nurl = "sqlite:{elsewhere}"\n')
    assert settings.journal.path == Path(elsewhere)


def test_a_byte_order_mark_of_a_windows_editor_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "cad-bridge.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SMALLEST.replace("\n", "\r\n").encode())
    assert load(path).servers[0].id == 1


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAD_BRIDGE_PUSH__PORT", "40000")
    monkeypatch.setenv("CAD_BRIDGE_PUSH__ALLOW_FROM", '["10.0.0.0/8"]')
    settings = loaded(tmp_path)
    assert settings.push.port == 40000
    assert str(settings.push.allow_from[0]) == "10.0.0.0/8"


def test_the_environment_alone_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAD_BRIDGE_CAD__API_KEY", SECRET_KEY)
    monkeypatch.setenv("CAD_BRIDGE_SERVERS", f'[{{"id": 7, "token": "{TOKEN}"}}]')
    assert load(None).server(7).token.get_secret_value() == TOKEN


def test_a_server_is_found_by_its_id(tmp_path: Path) -> None:
    settings = loaded(tmp_path)
    assert settings.server(1) is settings.servers[0]
    with pytest.raises(KeyError):
        settings.server(2)


def with_server(extra: str) -> str:
    return SMALLEST + extra


WRONG = {
    "unknown section": ("[puhs]\nport = 1\n", "puhs", "did you mean 'push'"),
    "unknown key": (with_server("[push]\nprot = 1\n"), "push.prot", "did you mean 'port'"),
    "unknown server key": (with_server("toke = 1\n"), "servers.0.toke", "did you mean 'token'"),
    "no key": (SMALLEST.replace(SECRET_KEY, ""), "cad.api_key", "is empty"),
    "blank key": (SMALLEST.replace(SECRET_KEY, "  "), "cad.api_key", "is empty"),
    "key of a wrong type": (SMALLEST.replace(f'"{SECRET_KEY}"', "5"), "cad.api_key", "not allowed"),
    "no servers": (f'[cad]\napi_key = "{SECRET_KEY}"\n', "servers", "at least one"),
    "no token": (SMALLEST.replace(f'token = "{TOKEN}"', ""), "servers.0.token", "is missing"),
    "short token": (SMALLEST.replace(TOKEN, TOKEN[:31]), "servers.0.token", "at least 32"),
    "token used twice": (
        with_server(f'[[servers]]\nid = 2\ntoken = "{TOKEN}"\n'),
        "servers.1.token",
        "of its own",
    ),
    "id used twice": (
        with_server(f'[[servers]]\nid = 1\ntoken = "{TOKEN[::-1]}"\n'),
        "servers.1.id",
        "used twice",
    ),
    "negative id": (SMALLEST.replace("id = 1", "id = -1"), "servers.0.id", "-1"),
    "id as text": (SMALLEST.replace("id = 1", 'id = "one"'), "servers.0.id", "'one'"),
    "push port taken": (with_server("push_port = 30130\n"), "servers.0.push_port", "is taken"),
    "gateway port taken": (with_server("push_port = 30131\n"), "servers.0.push_port", "is taken"),
    "unknown source": (SMALLEST.replace("[cad]", '[cad]\nsource = "ftp"'), "cad.source", "'hub'"),
    "hub without community": (
        SMALLEST.replace("[cad]", '[cad]\nsource = "hub"'),
        "cad.community_id",
        'source = "hub"',
    ),
    "identifier ip": (
        SMALLEST.replace("[cad]", '[cad]\nidentifier = "ip"'),
        "cad.identifier",
        "'license'",
    ),
    "api url without scheme": (
        SMALLEST.replace("[cad]", '[cad]\napi_url = "cad.invalid"'),
        "cad.api_url",
        "cad.invalid",
    ),
    "port too high": (with_server("[push]\nport = 70000\n"), "push.port", "65535"),
    "body size as text": (with_server('[push]\nmax_body = "big"\n'), "push.max_body", "integer"),
    "bad network": (with_server('[push]\nallow_from = ["10/x"]\n'), "push.allow_from.0", "10/x"),
    "open gateway without TLS": (
        with_server('[gateway]\nhost = "0.0.0.0"\n'),
        "gateway.host",
        "tls_cert",
    ),
    "certificate without key": (
        with_server('[gateway]\ntls_cert = "c.pem"\n'),
        "gateway.tls_key",
        "go together",
    ),
    "certificate that is not there": (
        with_server('[gateway]\ntls_cert = "c.pem"\ntls_key = "k.pem"\n'),
        "gateway.tls_cert",
        "no file",
    ),
    "open admin without token": (
        with_server('[admin]\nhost = "0.0.0.0"\n'),
        "admin.token",
        "127.0.0.1",
    ),
    "short admin token": (
        with_server('[admin]\ntoken = "secret"\n'),
        "admin.token",
        "at least 16",
    ),
    "unknown journal": (with_server('[journal]\nurl = "redis:x"\n'), "journal.url", "nats://"),
    "journal that is no text": (with_server("[journal]\nurl = 5\n"), "journal.url", "text"),
    "journal without a host": (with_server('[journal]\nurl = "nats://"\n'), "journal.url", "host"),
    "journal with credentials that are not there": (
        with_server('[journal]\nurl = "nats://one?credentials=no.creds"\n'),
        "journal.url",
        "no.creds",
    ),
    "journal without a file": (with_server('[journal]\nurl = "sqlite:"\n'), "journal.url", "file"),
    "tiny journal": (with_server("[journal]\nmax_size = 5\n"), "journal.max_size", "16777216"),
    "days below zero": (with_server("[journal]\nkeep_days = -1\n"), "journal.keep_days", "-1"),
    "fresh for ever": (with_server("[alerts]\nfresh_for = 1e9\n"), "alerts.fresh_for", "86400"),
    "no TOML": ("[cad\n", "cad-bridge.toml", "is no TOML"),
    "path with backslashes": (
        with_server('[journal]\nurl = "sqlite:C:\\cad\\journal.db"\n'),
        "cad-bridge.toml",
        "'single quotes'",
    ),
    "path with a user's backslash": (
        with_server('[gateway]\ntls_cert = "C:\\Users\\me\\c.pem"\n'),
        "cad-bridge.toml",
        "with / instead of",
    ),
    "path whose backslash makes a tab": (
        with_server('[gateway]\ntls_cert = "C:\\temp"\ntls_key = "C:\\temp"\n'),
        "gateway.tls_cert",
        "'single quotes'",
    ),
    "journal whose backslash makes a line": (
        with_server('[journal]\nurl = "sqlite:C:\\new"\n'),
        "journal.url",
        "'single quotes'",
    ),
    "key with a sign of the clipboard": (
        SMALLEST.replace(SECRET_KEY, "\\u0016"),
        "cad.api_key",
        "copy it from the CAD again",
    ),
    "community id with a sign of no width": (
        SMALLEST.replace("[cad]", '[cad]\ncommunity_id = "c\\u200b"'),
        "cad.community_id",
        "copy it from the CAD again",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_configuration_is_refused_by_key_and_with_what_is_allowed(
    case: str, tmp_path: Path
) -> None:
    text, key, hint = WRONG[case]
    with pytest.raises(ConfigurationError) as refusal:
        loaded(tmp_path, text)
    line = next(line for line in str(refusal.value).splitlines() if key in line)
    assert hint in line
    assert SECRET_KEY not in str(refusal.value)
    assert TOKEN[:31] not in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        SMALLEST.replace("[[servers]]", "[servers]"),
        SMALLEST.replace("[cad]", "[[cad]]"),
        f'cad = "{SECRET_KEY}"\nservers = "{TOKEN}"\n',
        f'servers = ["{TOKEN}"]\n[cad]\napi_key = "{SECRET_KEY}"\n',
    ],
)
def test_a_section_of_the_wrong_shape_does_not_show_the_secrets_in_it(
    text: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=r"servers|cad") as refusal:
        loaded(tmp_path, text)
    assert SECRET_KEY not in str(refusal.value)
    assert TOKEN[:8] not in str(refusal.value)


def test_two_listeners_on_one_port_are_told_by_both_keys(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        loaded(tmp_path, f"{SMALLEST}[push]\nport = 30131\n[admin]\nport = 30131\n")
    assert str(refusal.value).splitlines() == [
        "gateway.port: 30131 is taken by push.port; a port of its own",
        "admin.port: 30131 is taken by push.port; a port of its own",
    ]


def test_the_push_port_is_free_for_others_where_no_listener_is_opened(tmp_path: Path) -> None:
    cad = '[cad]\nsource = "hub"\ncommunity_id = "c"'
    text = SMALLEST.replace("[cad]", cad) + "[push]\nport = 30131\n"
    assert loaded(tmp_path, text).gateway.port == 30131


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        loaded(tmp_path, "[push]\nport = 70000\nprot = 1\n[admin]\nport = -1\n")
    assert len(str(refusal.value).splitlines()) == 3


def test_a_missing_file_names_the_command_that_writes_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cad-bridge init"):
        load(tmp_path / "nothing.toml")


def test_a_file_of_the_services_user_says_how_to_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_yours(*_: Any, **__: Any) -> str:
        raise PermissionError(13, "Permission denied")

    path = written(tmp_path, SMALLEST)
    monkeypatch.setattr(Path, "read_text", not_yours)

    with pytest.raises(ConfigurationError, match=r"may not read it; .*sudo"):
        load(path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cad-bridge.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match=r"not saved as UTF-8; in Notepad: Save as"):
        load(path)


def test_what_copying_adds_around_the_key_is_no_part_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAD_BRIDGE_CAD__API_KEY", f" {SECRET_KEY}\r\n")
    monkeypatch.setenv("CAD_BRIDGE_CAD__COMMUNITY_ID", "community-1\n")
    settings = loaded(tmp_path)
    assert settings.cad.api_key.get_secret_value() == SECRET_KEY
    assert settings.cad.community_id == "community-1"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CAD_BRIDGE_PUHS__PORT", "1"),
        ("CAD_BRIDGE_SERVERS", "no json"),
        ("CAD_BRIDGE_PUSH__X", "1"),
        ("CAD_BRIDGE_PUSH_PORT", "1"),
        ("CAD_BRIDGE_CAD_APIKEY", "a-key"),
        ("CAD_BRIDGE_PUSH__PORT", "true"),
    ],
)
def test_a_wrong_environment_variable_is_refused(
    name: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError):
        loaded(tmp_path)


def numbers() -> list[tuple[str, str]]:
    """Return section and key of everything that is a number."""
    return [
        (section, key)
        for section, model in SECTIONS.items()
        for key, field in model.model_fields.items()
        if {int, float} & {field.annotation, *map(_plain, get_args(field.annotation))}
    ]


def _plain(annotation: Any) -> Any:
    return getattr(annotation, "__origin__", annotation)


def test_the_numbers_are_found() -> None:
    found = {f"{section}.{key}" for section, key in numbers()}
    assert {"push.port", "journal.keep_days", "servers.push_port", "servers.id"} <= found
    assert len(found) == 10


@pytest.mark.parametrize("value", ["true", "false"])
@pytest.mark.parametrize(("section", "key"), numbers())
def test_a_number_is_never_true_or_false(
    section: str, key: str, value: str, tmp_path: Path
) -> None:
    if section == "servers":
        text = SMALLEST.replace("id = 1\n", "") if key == "id" else SMALLEST
        text, name = f"{text}{key} = {value}\n", f"servers.0.{key}"
    else:
        text, name = f"{SMALLEST}[{section}]\n{key} = {value}\n", f"{section}.{key}"
    with pytest.raises(ConfigurationError) as refusal:
        loaded(tmp_path, text)
    words = "is not allowed; should be a number, not true or false"
    assert str(refusal.value) == f"{name}: {value} {words}"


def test_numbers_of_the_environment_are_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAD_BRIDGE_JOURNAL__KEEP_DAYS", "1.5")
    monkeypatch.setenv("CAD_BRIDGE_PUSH__MAX_BODY", "2048")
    monkeypatch.setenv("CAD_BRIDGE_SERVERS", f'[{{"id": "3", "token": "{TOKEN}"}}]')
    settings = loaded(tmp_path)
    assert settings.journal.keep_days == 1.5
    assert settings.push.max_body == 2048
    assert settings.servers[0].id == 3


def test_a_number_in_the_environments_json_is_never_true(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAD_BRIDGE_SERVERS", f'[{{"id": true, "token": "{TOKEN}"}}]')
    with pytest.raises(ConfigurationError, match=r"^servers\.0\.id: true is not allowed"):
        loaded(tmp_path)


def test_secrets_do_not_show_in_the_settings_text(tmp_path: Path) -> None:
    settings = loaded(tmp_path)
    assert SECRET_KEY not in repr(settings)
    assert TOKEN not in repr(settings)


# A journal on other machines


def with_journal(url: str) -> str:
    return f'{SMALLEST}[journal]\nurl = "{url}"\n'


@pytest.mark.parametrize(
    ("url", "kind", "shown"),
    [
        ("nats://one", "nats", "nats://one:4222/cadbridge"),
        ("tls://one:4333,two/town", "nats", "tls://one:4333,tls://two:4222/town"),
        ("nats://bridge:pass%40word@one,two", "nats", "nats://one:4222,nats://two:4222/cadbridge"),
        ("nats://a-long-token@one", "nats", "nats://one:4222/cadbridge"),
    ],
)
def test_a_journal_over_nats_is_taken_and_shown_without_its_secrets(
    url: str, kind: str, shown: str, tmp_path: Path
) -> None:
    journal = loaded(tmp_path, with_journal(url)).journal
    assert (journal.kind, journal.shown, journal.url) == (kind, shown, url)


def test_credentials_of_a_journal_start_at_the_configurations_folder(tmp_path: Path) -> None:
    (tmp_path / "my bridge.creds").write_text(
        "-----BEGIN NATS USER JWT-----\nx\n-----BEGIN USER NKEY SEED-----\nx\n"
    )
    journal = loaded(tmp_path, with_journal("nats://one/town?credentials=my bridge.creds")).journal
    assert Path(journal.address.credentials) == tmp_path / "my bridge.creds"
    assert journal.address.name == "town"


@pytest.mark.parametrize(
    "content", [None, "", "SU-zebra", "-----BEGIN NATS USER JWT-----\nzebra\n"]
)
def test_a_file_that_holds_no_credentials_is_refused_and_not_shown(
    content: str | None, tmp_path: Path
) -> None:
    if content is None:
        (tmp_path / "x.creds").mkdir()
    else:
        (tmp_path / "x.creds").write_text(content)
    with pytest.raises(ConfigurationError, match=r"journal\.url: .*x\.creds") as refusal:
        loaded(tmp_path, with_journal("nats://one?credentials=x.creds"))
    assert "zebra" not in str(refusal.value)


def test_passwords_and_tokens_of_a_journal_are_shown_nowhere(tmp_path: Path) -> None:
    for url in ("nats://bridge:pa%40ss-word@one,two", "nats://pa%40ss-word@one"):
        settings = loaded(tmp_path, with_journal(url))
        for dumped in (
            repr(settings),
            str(settings.journal),
            str(settings.model_dump()),
            settings.model_dump_json(),
        ):
            assert "ss-word" not in dumped
        blotted = Secrets(secrets(settings)).blot("pa%40ss-word pa@ss-word cad-bridge")
        assert blotted == f"{BLOT} {BLOT} cad-bridge"


@pytest.mark.parametrize(
    "url",
    [
        "nats://u:lion/zebra@one",
        "nats://u:lion#zebra@one",
        "nats://u:12#zebra@one",
        "nats://u:12/zebra@one",
        "nats://u:12,zebra@one",
        "nats://u:lion,zebra@one",
        "nats://u:lion?zebra@one",
        "nats://u:lion\\tzebra@one",
        "nats://u:lion@one/a name of zebra",
        "nats://u:lion@one?option=zebra",
        "http://u:lion@one/zebra",
        "u:lion@one/zebra",
    ],
)
def test_a_refusal_of_a_journal_repeats_nothing_of_the_url(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"journal\.url: .*nats://user|'single") as refusal:
        loaded(tmp_path, with_journal(url))
    assert not re.search("zebra|lion", str(refusal.value))


def test_a_token_is_taken_without_the_lines_end_that_a_file_adds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CAD_BRIDGE_CAD__API_KEY", SECRET_KEY)
    monkeypatch.setenv("CAD_BRIDGE_ADMIN__TOKEN", f"{TOKEN[::-1]}\r")
    monkeypatch.setenv("CAD_BRIDGE_SERVERS", f'[{{"id": 7, "token": "{TOKEN}\\n"}}]')
    settings = load(None)
    assert settings.admin.token.get_secret_value() == TOKEN[::-1]
    assert settings.server(7).token.get_secret_value() == TOKEN
