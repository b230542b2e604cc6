"""Secrets: where they may stand, and that nothing ever prints one."""

import copy
import dataclasses
import json
import os
import pickle
import traceback
from pathlib import Path

import pytest

from slamon.config.problems import InvalidInput
from slamon.config.secret import Secret
from slamon.config.settings import Settings, load_settings

WORD = "hunter2-and-more"


def load(folder: Path, text: str, environ: dict[str, str] | None = None, mode: int = 0o644) -> Settings:
    path = folder / "slamon.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return load_settings(path, environ or {})


def secret_file(path: Path, mode: int = 0o640, content: str = f"{WORD}\n") -> Path:
    path.write_text(content)
    path.chmod(mode)
    return path


def community(settings: Settings) -> str:
    found = settings.snmp["edge"].community
    assert found is not None
    return found.reveal()


V2 = '[snmp.edge]\nversion = "2c"\n'


def test_a_secret_comes_from_a_file(tmp_path):
    """A file beside the config that not everybody can read; the end of its line is not part of the secret."""
    secret_file(tmp_path / "c")
    assert community(load(tmp_path, f'{V2}community_file = "c"')) == WORD


def test_a_secret_comes_from_systemd_first(tmp_path):
    """A relative name is looked for in $CREDENTIALS_DIRECTORY before the config's folder."""
    (tmp_path / "cred").mkdir()
    secret_file(tmp_path / "cred" / "c", 0o400)
    secret_file(tmp_path / "c", content="other\n")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path / "cred")}
    assert community(load(tmp_path, f'{V2}community_file = "c"', environ)) == WORD


def test_a_secret_comes_from_the_environment(tmp_path):
    """${NAME} is replaced, and may stand in a file that everybody reads."""
    assert community(load(tmp_path, f'{V2}community = "${{C}}"', {"C": WORD})) == WORD


def test_an_inline_secret_is_taken_from_a_private_file(tmp_path):
    """Who keeps the config to himself may write the secret into it."""
    assert community(load(tmp_path, f'{V2}community = "{WORD}"', mode=0o640)) == WORD


def test_v3_and_influx_fetch_their_secrets(tmp_path):
    """Authentication, privacy and the InfluxDB token come the same ways."""
    found = load(
        tmp_path,
        '[snmp.core]\nversion = "3"\nuser = "u"\nauth = "sha256"\nauth_key = "${A}"\npriv = "aes"\npriv_key = "${P}"\n'
        '[influxdb]\nurl = "http://127.0.0.1:8086"\norg = "o"\nbucket = "b"\ntoken = "${T}"\n',
        {"A": "a" * 8, "P": "p" * 8, "T": "t"},
    )
    core = found.snmp["core"]
    assert (core.auth_key, core.priv_key) == (Secret("a" * 8), Secret("p" * 8))
    assert found.influx is not None
    assert found.influx.token == Secret("t")


REFUSED = [
    ("inline where everybody reads", f'community = "{WORD}"', "is a secret in a file that everybody can read"),
    (
        "half inline where everybody reads",
        f'community = "{WORD}${{C}}"',
        "is a secret in a file that everybody can read",
    ),
    ("a variable that is not set", 'community = "${NOPE}"', "the environment has no NOPE"),
    ("a variable that is empty", 'community = "${EMPTY}"', "the environment has no EMPTY"),
    ("a file that is not there", 'community_file = "nope"', "nope cannot be read: No such file or directory"),
    ("a file that everybody reads", 'community_file = "open"', "open can be read by everybody; chmod o-r "),
    ("a folder", 'community_file = "."', "is not a file"),
    ("an empty file", 'community_file = "empty"', "empty does not hold one secret"),
    ("a file of two lines", 'community_file = "two"', "two does not hold one secret"),
    ("a file of bytes", 'community_file = "bytes"', "bytes is not a text file"),
]


@pytest.mark.parametrize(("line", "message"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_one_bad_secret_per_message(tmp_path, line, message):
    """A secret that anybody can read or that is not there is refused; the message does not hold it.

    Mutants tried: without the check of the config's mode, and of the file's, the first two and the fifth row load.
    """
    secret_file(tmp_path / "open", 0o644)
    secret_file(tmp_path / "empty", content="\n")
    secret_file(tmp_path / "two", content=f"{WORD}\n{WORD}\n")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    (tmp_path / "bytes").chmod(0o600)
    with pytest.raises(InvalidInput) as caught:
        load(tmp_path, V2 + line, {"C": WORD, "EMPTY": ""})
    (problem,) = caught.value.problems
    assert problem.where == f"snmp.edge.{line.split(' ')[0]}"
    assert message in str(problem)
    assert WORD not in "".join(traceback.format_exception(caught.value))


def test_a_secret_that_the_user_may_not_read_is_named(tmp_path):
    """Without permission there is a message with the reason, no traceback."""
    secret_file(tmp_path / "c", 0o000)
    if os.access(tmp_path / "c", os.R_OK):
        assert community(load(tmp_path, f'{V2}community_file = "c"')) == WORD  # root reads everything
        return
    with pytest.raises(InvalidInput, match="Permission denied"):
        load(tmp_path, f'{V2}community_file = "c"')


def test_secrets_never_print(tmp_path):
    """repr, str, format, asdict and JSON of settings show ***, never the secret."""
    found = load(tmp_path, f'{V2}community = "${{C}}"', {"C": WORD})
    secret = found.snmp["edge"].community
    shown = [repr(secret), str(secret), f"{secret}", f"{secret:>10}", f"{secret} {secret!r}", repr(found), str(found),
             repr(dataclasses.asdict(found)), json.dumps(dataclasses.asdict(found), default=str)]  # fmt: skip
    assert all("***" in text for text in shown)
    assert not any(WORD in text for text in shown)


@pytest.mark.parametrize(
    "line",
    [f'version = "{WORD}"', f'version = "2c"\ncommunity = ["{WORD}"]',
     f'version = "2c"\ncommunity = {{ x = "{WORD}" }}',
     f'version = "2c"\ninterval_s = "{WORD}"\ncommunity = "{WORD}"', f'version = "2c"\ncommunity = "{WORD}'],
    ids=["in the version", "in a list", "in a table", "beside a wrong key", "in broken TOML"],
)  # fmt: skip
def test_a_message_about_a_secret_does_not_hold_it(tmp_path, line):
    """Whatever shape a secret is given in, messages do not repeat it (a version is no secret and is repeated)."""
    with pytest.raises(InvalidInput) as caught:
        load(tmp_path, f"[snmp.edge]\n{line}", mode=0o644)
    assert (WORD in str(caught.value)) == line.startswith('version = "h')


def test_a_secret_crosses_to_another_process():
    """Credentials are handed to the polling process by pickle; they arrive whole."""
    assert pickle.loads(pickle.dumps(Secret(WORD))).reveal() == WORD  # noqa: S301 - our own bytes
    assert copy.deepcopy(Secret(WORD)) == Secret(WORD)
    assert len({Secret(WORD), Secret(WORD), Secret("x")}) == 2


def test_a_folder_of_credentials_comes_from_systemd_under_flat_names(tmp_path):
    """`LoadCredential=credentials:FOLDER` gives ``credentials_NAME``; the config names ``credentials/NAME`` both ways.

    Mutant: the flat name is not looked for: systemd's copy is passed over.
    """
    (tmp_path / "credentials").mkdir()
    secret_file(tmp_path / "credentials" / "c", content="beside the config\n")
    text = f'{V2}community_file = "credentials/c"'
    assert community(load(tmp_path, text)) == "beside the config"
    (tmp_path / "cred").mkdir()
    secret_file(tmp_path / "cred" / "credentials_c")
    assert community(load(tmp_path, text, {"CREDENTIALS_DIRECTORY": str(tmp_path / "cred")})) == WORD
