"""Whether the contract of a row knows the row's terms: tier, span, product (never guessed, always refused)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from functools import lru_cache

from slamon.config.problems import Unfit, did_you_mean
from slamon.core.contract import Contract, Contracts
from slamon.core.inventory import Period


class Terms:
    """Judges periods by contracts, profiles and credentials; None where those could not be loaded."""

    def __init__(
        self, contracts: Contracts | None, profiles: Collection[str] | None, credentials: Collection[str] | None
    ) -> None:
        self._contracts = contracts
        self._versions = {c: tuple(contracts.of(c)) for c in contracts.ids()} if contracts is not None else {}
        self._profiles = profiles
        self._credentials = credentials
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
        if len(versions) > 1:
            versions = _in_force(versions, period.first_day, period.last_day)
        named = tuple(contract.version for contract in versions)
        return self._judged(period.contract, named, period.tier, period.span, (period.product, period.vat_rate is None))

    def _judge(
        self, contract: str, named: tuple[str, ...], tier: str | None, span: str | None, tax: tuple[str | None, bool]
    ) -> tuple[Unfit, ...]:
        found: dict[str, Unfit] = {}  # the first version that objects speaks for its column
        for version in self._versions[contract]:
            if version.version in named:
                for unfit in _unknown(version, tier, span, tax):
                    found.setdefault(unfit.key, unfit)
        return tuple(found.values())

    def zones_and_currencies(self, periods: Collection[Period]) -> set[tuple[str, str]]:
        """Return the time zones and currencies that the contracts of these periods use."""
        known = [self._versions[p.contract][0] for p in periods if p.contract in self._versions]
        return {(contract.zone.key, contract.currency) for contract in known}


def _in_force(versions: tuple[Contract, ...], first: date, last: date | None) -> tuple[Contract, ...]:
    """Return the versions by which incidents of these days are judged; before the first one, the first."""
    begins = max((n for n, version in enumerate(versions) if version.effective_from <= first), default=0)
    later = (v for v in versions[begins + 1 :] if last is None or v.effective_from <= last)
    return (versions[begins], *later)


def _unknown(contract: Contract, tier: str | None, span: str | None, tax: tuple[str | None, bool]) -> list[Unfit]:
    found = [
        unfit
        for key, value, known in (("tier", tier, contract.tiers), ("span", span, contract.spans))
        if (unfit := _unknown_word(contract, key, value, known)) is not None
    ]
    product, from_table = tax
    if from_table and product is None:
        found.append(Unfit("is missing", "product decides the VAT rate; or give vat_rate", "product"))
    taxed = {vat.product for vat in contract.vat}
    if from_table and product is not None and product not in taxed:
        reason = f"{_named(contract)} has no VAT rate for {product}"
        hint = f"give vat_rate; products with a rate: {', '.join(sorted(taxed))}" if taxed else "give vat_rate"
        found.append(Unfit(reason, hint, "product"))
    return found


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
