"""A command that a member of the slamon group has done by the service's user."""

import json
import os
import socket
import threading
from pathlib import Path

import pytest

from slamon.service import errand, identity


def streams(folder: Path) -> list[int]:
    return [os.open(folder / name, os.O_RDWR | os.O_CREAT) for name in ("in", "out", "err")]


def request(words: object, environ: object) -> bytes:
    data = json.dumps({"words": words, "environ": environ}).encode()
    return len(data).to_bytes(4, "big") + data


def told(folder: Path, data: bytes, fds: int = 3) -> errand.Errand:
    """What is made of bytes and descriptors that came by a connection."""
    here, there = socket.socketpair()
    with here, there:
        opened = (streams(folder) * 2)[:fds]
        if opened:
            socket.send_fds(here, [data[:4]], opened)
        else:
            here.sendall(data[:4])
        here.sendall(data[4:])
        here.shutdown(socket.SHUT_WR)
        return errand.receive(there)


def test_an_errand_brings_words_streams_and_who_asks(tmp_path):
    """The kernel names the asker; only the terminal's and the language's variables come along."""
    environ = {"COLUMNS": "80", "LD_PRELOAD": "evil.so", "SLAMON_CONFIG": "mine.toml"}
    found = told(tmp_path, request(["status", "--json"], environ))
    assert found.words == ("status", "--json")
    assert found.environ == {"COLUMNS": "80"}
    assert found.uid == os.getuid()
    os.write(found.streams[1], b"said")
    assert (tmp_path / "out").read_bytes() == b"said"


@pytest.mark.parametrize(
    ("data", "fds"),
    [
        pytest.param(b"", 0, id="a connection that says nothing"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", 0, id="somebody who speaks HTTP"),
        pytest.param(request(["status"], {}), 0, id="words without streams"),
        pytest.param(request(["status"], {}), 2, id="a stream too few"),
        pytest.param(request(["status"], {}), 6, id="streams too many"),
        pytest.param(request(["status"], {})[:-3], 3, id="half of it"),
        pytest.param((1 << 30).to_bytes(4, "big"), 3, id="a length beyond all measure"),
        pytest.param(request("status", [1]), 3, id="an environment that is none"),
        pytest.param(request([1, 2], {}), 3, id="words that are numbers"),
        pytest.param(request(["status"], {"TERM": None}), 3, id="a variable without a value"),
    ],
)
def test_what_is_no_errand_is_refused(tmp_path, data, fds):
    """Nothing is run for whoever does not speak as `slamon` does."""
    with pytest.raises(errand.NoErrand):
        told(tmp_path, data, fds)


@pytest.mark.parametrize("code", [0, 3])
def test_the_exit_code_comes_back(tmp_path, code):
    """Sender and receiver agree, over a real socket, on words and answer."""
    place = tmp_path / "slamon.socket"
    seen: list[errand.Errand] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(place))
        listening.listen(1)

        def serve() -> None:
            talk, _ = listening.accept()
            with talk:
                seen.append(errand.receive(talk))
                errand.answer(talk, code)

        server = threading.Thread(target=serve)
        server.start()
        with Path(os.devnull).open() as nothing:
            assert errand.send(["status"], {"TERM": "x"}, place, (nothing.fileno(),) * 3) == code
        server.join(10)
    assert seen[0].words == ("status",)


def test_a_service_that_dies_is_said(tmp_path):
    """No answer is no success."""
    place = tmp_path / "slamon.socket"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(place))
        listening.listen(1)

        def die() -> None:
            listening.accept()[0].close()

        server = threading.Thread(target=die)
        server.start()
        with (
            Path(os.devnull).open() as nothing,
            pytest.raises(OSError, match=r"service ended|Connection reset|Broken pipe"),
        ):
            errand.send(["status"], {}, place, (nothing.fileno(),) * 3)
        server.join(10)


def test_a_caller_who_hangs_up_is_noticed():
    """What is done for somebody who has gone is ended."""
    here, there = socket.socketpair()
    gone = threading.Event()
    errand.watch(there, gone.set)
    here.close()
    assert gone.wait(10)
    there.close()


def test_root_and_whoever_names_a_config_do_it_themselves(tmp_path):
    """The socket is for those who could not do it otherwise."""
    place = tmp_path / "socket"
    place.touch()
    if os.geteuid() == 0:
        assert not errand.sent_elsewhere(None, {}, place)
    assert not errand.sent_elsewhere("mine.toml", {}, place)
    assert not errand.sent_elsewhere(None, {"SLAMON_CONFIG": "mine.toml"}, place)
    assert not errand.sent_elsewhere(None, {}, tmp_path / "none")


def test_a_user_without_a_name_goes_by_their_number():
    """Somebody whom no user database knows is still somebody."""
    assert identity.named(0) == "root"
    assert identity.named(4_000_000_000) == "uid 4000000000"
