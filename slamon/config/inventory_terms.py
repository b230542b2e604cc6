"""Whether the contract of a row knows the row's terms: tier, span, product (never guessed, always refused)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache

from slamon.config.addresses import family_of
from slamon.config.problems import Unfit, did_you_mean
from slamon.core.contract import Contract, Contracts
from slamon.core.inventory import Period


class Terms:
    """Judges periods by contracts, profiles and credentials; None where those could not be loaded.

    Profiles may come with the source address of each.
    """

    def __init__(
        self, contracts: Contracts | None, profiles: Collection[str] | None, credentials: Collection[str] | None
    ) -> None:
        self._contracts = contracts
        self._versions = {c: tuple(contracts.of(c)) for c in contracts.ids()} if contracts is not None else {}
        self._profiles = profiles
        self._credentials = credentials
        self._sources = profiles if isinstance(profiles, Mapping) else {}
        # Rows repeat the same few terms a hundred thousand times.
        self._judged = lru_cache(maxsize=65_536)(self._judge)

    def problems(self, period: Period) -> list[Unfit]:
        """Return what is wrong with a period; `key` is the column."""
        found: list[Unfit] = []
        if period.demarc is None and period.cpe is None:
            found.append(Unfit("neither demarc nor cpe is given", "at least one address to watch", "demarc"))
        if period.last_day is not None and period.last_day < period.first_day:
            reason = f"{period.last_day} is before in_service_from {period.first_day}"
            found.append(Unfit(reason, "the last day of service", "in_service_to"))
        found += self._watching(period)
        if self._contracts is not None:
            found += self._contract(period)
        return found

    def _watching(self, period: Period) -> list[Unfit]:
        found: list[Unfit] = []
        if self._profiles is not None and period.profile not in self._profiles:
            close = did_you_mean(period.profile, self._profiles, "profiles")
            found.append(Unfit(f"profile {period.profile!r} is not in the config", close, "profile"))
        source = self._sources.get(period.profile)
        if source is not None:
            found += [unfit for key in ("demarc", "cpe") if (unfit := _other_family(period, key, source)) is not None]
        if (period.snmp_agent is None) != (period.snmp_interface is None):
            key = "snmp_interface" if period.snmp_agent is not None else "snmp_agent"
            found.append(Unfit("is missing", "snmp_agent and snmp_interface stand together", key))
        if period.snmp_agent is not None and self._credentials is not None:
            credential = period.snmp_agent.partition("@")[0]
            if credential not in self._credentials:
                close = did_you_mean(credential, self._credentials, "credentials")
                reason = f"credential {credential!r} is not in the config"
                found.append(Unfit(reason, close or f"add [snmp.{credential}]", "snmp_agent"))
        return found

    def _contract(self, period: Period) -> tuple[Unfit, ...]:
        versions = self._versions.get(period.contract)
        if versions is None:
            close = did_you_mean(period.contract, self._versions, "contracts")
            return (Unfit(f"contract {period.contract!r} is not known", close, "contract"),)
        in_force = (0, 1) if len(versions) == 1 else _in_force(versions, period)
        words = (period.tier, period.span, period.product)
        return self._judged(period.contract, in_force, words, period.vat_rate is not None)

    def _judge(
        self,
        contract: str,
        in_force: tuple[int, int],
        words: tuple[str | None, str | None, str | None],
        own_rate: bool,  # noqa: FBT001
    ) -> tuple[Unfit, ...]:
        tier, span, product = words
        found: dict[str, Unfit] = {}  # the first version that objects speaks for its column
        for version in self._versions[contract][slice(*in_force)]:
            unfits = [
                _unknown_word(version, "tier", tier, version.tiers),
                _unknown_word(version, "span", span, version.spans),
                None if own_rate else _untaxed(version, product),
            ]
            for unfit in unfits:
                if unfit is not None:
                    found.setdefault(unfit.key, unfit)
        return tuple(found.values())

    def zones_and_currencies(self, periods: Collection[Period]) -> set[tuple[str, str]]:
        """Return the time zones and currencies that the contracts of these periods use."""
        known = [self._versions[p.contract][0] for p in periods if p.contract in self._versions]
        return {(contract.zone.key, contract.currency) for contract in known}


def _other_family(period: Period, key: str, source: str) -> Unfit | None:
    target = family_of(getattr(period, key) or "")
    if target is None or target == family_of(source):
        return None
    reason = f"is IPv{target}, and profile {period.profile!r} sends from {source}"
    return Unfit(reason, f"a profile with an IPv{target} source, or without one", key)


def _in_force(versions: tuple[Contract, ...], period: Period) -> tuple[int, int]:
    """Return which versions, oldest first, judge incidents of a period: from the first of them to before the second.

    Before the oldest version, the oldest judges.
    """
    first = max((n for n, version in enumerate(versions) if version.effective_from <= period.first_day), default=0)
    begun = [period.last_day is None or version.effective_from <= period.last_day for version in versions]
    return first, max(first + 1, sum(begun))


def _untaxed(contract: Contract, product: str | None) -> Unfit | None:
    taxed = sorted({vat.product for vat in contract.vat})
    if product in taxed:
        return None
    if product is None:
        return Unfit("is missing", "product decides the VAT rate; or give vat_rate", "product")
    hint = f"give vat_rate; products with a rate: {', '.join(taxed)}" if taxed else "give vat_rate"
    return Unfit(f"{_named(contract)} has no VAT rate for {product}", hint, "product")


def _unknown_word(contract: Contract, key: str, value: str | None, known: tuple[str, ...]) -> Unfit | None:
    if not known:
        reason = f"{_named(contract)} has no {key}s"
        return Unfit(reason, "leave it empty", key) if value is not None else None
    if value is None:
        return Unfit(f"is missing; {_named(contract)} needs it", f"{key}s are {', '.join(known)}", key)
    if value in known:
        return None
    reason = f"{key} {value!r} is not known to {_named(contract)}"
    return Unfit(reason, did_you_mean(value, known, f"{key}s"), key)


def _named(contract: Contract) -> str:
    return f"{contract.id} of {contract.version}"
