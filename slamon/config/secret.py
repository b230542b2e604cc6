"""Secrets: where they may come from, and that they never print."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from slamon.config.problems import CONTROL, Unfit

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_LONGEST_BYTES = 64 * 1024


class Secret:
    """A text that shows as ``***`` wherever it is printed; `reveal` is the only way to it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the secret itself, for the one call that needs it."""
        return self._text

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))


@dataclass(frozen=True, slots=True)
class SecretSources:
    """Where the secrets of one config file come from: its own folder, the environment, systemd's credentials."""

    config: Path
    environ: Mapping[str, str]

    def from_file(self, name: str) -> Secret:
        """Return the secret in a file; raises `Unfit`.

        A relative name is looked for among systemd's credentials first, then beside the config file. A folder loaded
        as the credential ``credentials`` comes as files ``credentials_NAME`` (systemd.exec(5), LoadCredential=), so
        ``credentials/NAME`` finds the same secret with systemd and without.
        """
        path = self.config.parent / name
        try:
            path = self._find(name)
            mode = path.stat().st_mode
            if not stat.S_ISREG(mode):
                raise Unfit(f"{path} is not a file")
            if mode & stat.S_IROTH:
                raise Unfit(f"{path} can be read by everybody", f"chmod o-r {path}")
            raw = path.read_bytes()[: _LONGEST_BYTES + 1]
        except OSError as error:
            hint = "run it as root, or as a member of the group slamon" if isinstance(error, PermissionError) else ""
            raise Unfit(f"{path} cannot be read: {error.strerror or error}", hint) from None
        return _checked(raw, str(path))

    def inline(self, value: str) -> Secret:
        """Return the secret that stands in the config itself or in the environment (``${NAME}``); raises `Unfit`."""
        if _REFERENCE.sub("", value) and self.config.stat().st_mode & stat.S_IROTH:
            hint = f"put it into a file of its own (the key with _file), write ${{NAME}}, or chmod o-r {self.config}"
            raise Unfit("is a secret in a file that everybody can read", hint)
        missing = [name for name in _REFERENCE.findall(value) if not self.environ.get(name)]
        if missing:
            raise Unfit(f"the environment has no {', '.join(missing)}", "set it where slamon is started")
        return Secret(_REFERENCE.sub(lambda found: self.environ[found[1]], value))

    def _find(self, name: str) -> Path:
        credentials = self.environ.get("CREDENTIALS_DIRECTORY")
        if credentials and not Path(name).is_absolute():
            for given in (Path(credentials) / name, Path(credentials) / name.replace("/", "_")):
                if given.exists():
                    return given
        return self.config.parent / name


def _checked(raw: bytes, path: str) -> Secret:
    try:
        text = raw.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise Unfit(f"{path} is not a text file") from None
    if not text or len(raw) > _LONGEST_BYTES or CONTROL.search(text):
        raise Unfit(f"{path} does not hold one secret", "one line with nothing else")
    return Secret(text)
