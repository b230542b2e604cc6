"""Who runs this process: the operating system's word, or that of the socket by which an errand came."""

from __future__ import annotations

import getpass
import os
import pwd

_peer: str | None = None


def assume(uid: int) -> None:
    """Act for the user at the other end of a socket, as the kernel named them, for the rest of this process."""
    global _peer  # noqa: PLW0603 - an identity is the process's
    _peer = named(uid)


def os_user() -> str:
    """Return the operating system's identity, which stands in every entry."""
    return _peer or named(os.getuid())


def login() -> str:
    """Return the name by which the user logged in."""
    if _peer is not None:
        return _peer
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return os_user()


def named(uid: int) -> str:
    """Return a user's name, or the number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
