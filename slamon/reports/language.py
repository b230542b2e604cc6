"""How a report speaks: words from one glossary, dates, numbers, money and plurals by Babel (CLDR)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_name

from slamon.core.calendar import BillingMonth
from slamon.core.phrase import Phrase
from slamon.core.timespan import from_second, whole_second

from .words.definitions import DEFINITIONS, READINGS
from .words.sentences import ZH
from .words.terms import DOMAIN, SHEETS, TABLE

CODES = ("zh", "en")
ABSENT = "–"

_WORDS = {**DOMAIN, **SHEETS, **TABLE, **{f"reading.{key}": term for key, term in READINGS.items()}}
# Values of the core's phrases that are names of the domain, and the room of the glossary that has them.
_NAMES = {name: name for name in ("responsibility", "rule", "kind", "channel", "shows", "state")}
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_INSTANT = {"zh": "yyyy-MM-dd HH:mm:ss", "en": "d MMM yyyy HH:mm:ss"}
_MONTH = {"zh": "y年M月", "en": "MMMM y"}


@dataclass(frozen=True)
class Language:
    """One language of reports, `zh` or `en`."""

    code: str

    @cached_property
    def locale(self) -> Locale:
        return Locale.parse({"zh": "zh_Hans_CN", "en": "en_GB"}[self.code])

    @property
    def tag(self) -> str:
        """The language as HTML names it (BCP 47)."""
        return {"zh": "zh-Hans-CN", "en": "en"}[self.code]

    @property
    def dot(self) -> str:
        """What stands between two facts on one line."""
        return " · " if self.code == "zh" else " – "

    @property
    def colon(self) -> str:
        """What stands between a label and what it says."""
        return "：" if self.code == "zh" else ": "

    def word(self, key: str, **values: object) -> str:
        """Return what something is called; raises `KeyError` for a key that the glossary does not have."""
        text = self._pick(_WORDS[key])
        return text.format_map(values) if values else text

    def name(self, room: str, value: str | None) -> str:
        """Return what a value of the domain is called; one that the glossary does not know stays as it is."""
        if value is None or value == "":
            return ABSENT
        term = DOMAIN.get(f"{room}.{value}")
        return str(value) if term is None else self._pick(term)

    def counted(self, key: str, number: int | Decimal) -> str:
        """Return a number with what it counts, in the right plural."""
        forms = self._pick(_WORDS[key]).split("|")
        form = forms[0] if self.locale.plural_form(number) == "one" else forms[-1]
        return form.format(n=self.number(number))

    def definition(self, key: str) -> tuple[str, str]:
        """Return a word and what it means on a statement."""
        word, meaning = DEFINITIONS[key]
        return self._pick(word), self._pick(meaning)

    def say(self, text: str) -> str:
        """Return a sentence of the core in this language; what a person wrote stays as it is."""
        if not isinstance(text, Phrase):
            return text
        template = ZH[text.template] if self.code == "zh" else text.template.replace(" x ", " × ")
        return template.format_map({name: self._value(name, value) for name, value in text.values.items()})

    def _value(self, name: str, value: object) -> str:
        if name in _NAMES:
            return self.name(_NAMES[name], str(value))
        if name == "channels":
            return self.list_of(self.name("channel", one) for one in str(value).split(", "))
        return self.say(value) if isinstance(value, str) else str(value)

    def list_of(self, words: Iterable[str]) -> str:
        """Return words side by side: with commas, in Chinese with enumeration commas."""
        return ("、" if self.code == "zh" else ", ").join(words)

    def also(self, sentences: Iterable[str]) -> str:
        """Return sentences one after the other."""
        return ("；" if self.code == "zh" else "; ").join(sentences)

    def say_all(self, sentences: Iterable[str]) -> str:
        """Return sentences of the core in this language, one after the other."""
        return self.also(map(self.say, sentences))

    def _pick(self, term: tuple[str, str]) -> str:
        return term[CODES.index(self.code) ^ 1]

    def number(self, value: int | Decimal) -> str:
        """Return a number with its groups of thousands and all its decimals: ``2,678,400``, ``1.25``."""
        if isinstance(value, Decimal):
            value = value.normalize()
        return format_decimal(value, locale=self.locale, decimal_quantization=False)

    def money(self, amount: Decimal | None) -> str:
        """Return an amount with its cents, without its currency: ``3,640.00``."""
        return ABSENT if amount is None else format_decimal(amount, "#,##0.00", locale=self.locale)

    def priced(self, amount: Decimal, currency: str) -> str:
        """Return an amount with its currency: ``CN¥3,640.00``, ``¥3,640.00``."""
        return format_currency(amount, currency, locale=self.locale)

    def currency(self, code: str) -> str:
        """Return what a currency is called: ``Chinese yuan (CNY)``, ``人民币（CNY）``."""
        name = get_currency_name(code, locale=self.locale)
        return f"{name}（{code}）" if self.code == "zh" else f"{name} ({code})"

    def percent(self, ratio: Decimal | str | None) -> str:
        """Return a ratio as a percentage with all its decimals: ``95.9677%``; a dash where there is none."""
        if ratio is None:
            return ABSENT
        exact = Decimal(ratio)
        decimals = max(0, -int(exact.as_tuple().exponent) - 2)
        return format_percent(exact, "#,##0." + "0" * decimals + "%" if decimals else "#,##0%", locale=self.locale)

    def share(self, ratio: Fraction) -> str:
        """Return an exact share: as a percentage where that is whole, else as a fraction."""
        percent = ratio * 100
        return f"{percent.numerator}%" if percent.denominator == 1 else str(ratio)

    def brief(self, seconds: int) -> str:
        """Return whole seconds for a narrow column: the two largest units, the rest dropped."""
        parts = self._parts(seconds)
        return ("" if self.code == "zh" else " ").join(parts[:2])

    def duration(self, seconds: int | None) -> str:
        """Return whole seconds, nothing dropped: ``1 d 6 h``, ``1天6小时``."""
        if seconds is None:
            return ABSENT
        if seconds < 0:
            return f"−{self.duration(-seconds)}"
        return ("" if self.code == "zh" else " ").join(self._parts(seconds))

    def _parts(self, seconds: int) -> list[str]:
        parts: list[str] = []
        left = seconds
        for size, unit in _UNITS:
            count, left = divmod(left, size)
            if count or (unit == "s" and not parts):
                parts.append(f"{count}{self.word(f'unit.{unit}')}")
        return parts

    def hours(self, seconds: int | None) -> str:
        """Return a limit as agreements print it, in hours: ``48 h``, ``48小时``; what is not whole hours in full."""
        if seconds is None or seconds % 3600:
            return self.duration(seconds)
        return f"{seconds // 3600}{self.word('unit.h')}"

    def day(self, day: date) -> str:
        """Return a natural day: ``3 Oct 2026``, ``2026年10月3日``."""
        return format_date(day, "y年M月d日" if self.code == "zh" else "d MMM y", locale=self.locale)

    def month(self, month: BillingMonth) -> str:
        """Return a month: ``October 2026``, ``2026年10月``."""
        return format_date(month.first_day, _MONTH[self.code], locale=self.locale)

    def instant(self, instant: datetime | None, zone: ZoneInfo) -> str:
        """Return an instant in a zone, to the second to which the accounts round it."""
        if instant is None:
            return ABSENT
        return _instant(whole_second(instant), zone, self.code, self.locale)

    def clock_of_day(self, instant: datetime, zone: ZoneInfo) -> str:
        """Return the hour and the minute of an instant: ``08:00``."""
        return format_datetime(instant.astimezone(zone), "HH:mm", locale=self.locale)


@lru_cache(maxsize=4096)
def _instant(second: int, zone: ZoneInfo, code: str, locale: Locale) -> str:
    return format_datetime(from_second(second).astimezone(zone), _INSTANT[code], locale=locale)


LANGUAGES: Mapping[str, Language] = {code: Language(code) for code in CODES}
