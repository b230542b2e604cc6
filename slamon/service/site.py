"""A site: its configuration and its ledger, opened together. The composition root of every command.

The ledger keeps every version of contract and inventory that was used for anything; a line that left the
inventory is found again there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from slamon.config.loaded import Loaded, load
from slamon.config.settings import find_config
from slamon.core.contract import Contracts
from slamon.core.inventory import Line
from slamon.core.timeline import LineTerms
from slamon.service import clock, identity
from slamon.service.archive import archive, archived_contracts, departed_lines
from slamon.service.personal_key import seal_for
from slamon.store.book import Fleet, LineBook, read_fleet, read_line
from slamon.store.entry import Actor
from slamon.store.ledger import Ledger
from slamon.store.reads import Reads


@dataclass(frozen=True, slots=True)
class Site:
    """A loaded configuration and an open ledger; `lines` are today's and those that only the ledger remembers."""

    loaded: Loaded
    ledger: Ledger
    lines: Mapping[str, Line]
    contracts: Contracts

    @property
    def vantage(self) -> str:
        return self.loaded.settings.vantage

    def terms(self, line_id: str) -> LineTerms:
        """Return a line with its contracts; raises `KeyError`."""
        return LineTerms(self.lines[line_id], self.contracts)

    def fleet(self) -> Fleet:
        """Return what is on record of all lines together, as of now."""
        return read_fleet(self.ledger, self.vantage)

    def book(self, line_id: str, fleet: Fleet | None = None, ledger: Reads | None = None) -> LineBook:
        """Return one line's record."""
        return read_line(ledger or self.ledger, fleet or self.fleet(), line_id)


def actor(name: str | None, environ: Mapping[str, str]) -> Actor:
    """Return who acts: the name given (default: the login name), and the operating system's identity always."""
    return Actor(name or environ.get("SUDO_USER") or identity.login(), identity.os_user())


@contextmanager
def open_site(
    config: str | None, environ: Mapping[str, str], by: str | None = None, *, read_only: bool = False
) -> Iterator[Site]:
    """Load the configuration and open its ledger; raises `InvalidInput` and `LedgerError`.

    A command that only looks opens the ledger for reading, once there is one.
    """
    loaded = load(find_config(config, environ), environ)
    who = actor(by, environ)
    url = loaded.settings.ledger_url
    looking = read_only and Path(url.removeprefix("sqlite:///")).exists()
    seal = seal_for(loaded.settings, create=not looking)
    vantage = loaded.settings.vantage
    with Ledger.open(url, writer=vantage, stamp=clock.stamp, read_only=looking, actor=who, seal=seal) as ledger:
        if not looking:
            archive(ledger, loaded)
        yield site_of(loaded, ledger)


def site_of(loaded: Loaded, ledger: Ledger) -> Site:
    """Return the site of a configuration and an open ledger, lines that left the inventory included."""
    departed = departed_lines(ledger, loaded)
    contracts = loaded.contracts
    if any(period.contract not in contracts.ids() for line in departed.values() for period in line.periods):
        contracts = archived_contracts(ledger, contracts)
    return Site(loaded, ledger, {**loaded.inventory.lines, **departed}, contracts)
