"""How the figures of a series are written for people: their unit, and powers of 1000. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from foundation.speech import Language, Phrase
from monitoring.rates import COUNTERS

_PARTS: Final[dict[str, float]] = {"micro": 1e-6, "milli": 1e-3, "centi": 1e-2, "deci": 1e-1}
_PREFIXES: Final = ("", "k", "M", "G", "T", "P", "E")
_LOCALES: Final[dict[Language, str]] = {"fr": "fr_FR", "en": "en_GB"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A unit as people read it. A figure of the series times `scale` is in it; `large`: with k, M, G before it."""

    symbol: Phrase
    scale: float = 1.0
    large: bool = False


def _same(symbol: str) -> Phrase:
    return Phrase(symbol, symbol)


BITS: Final = Shown(_same("bit/s"), 8.0, large=True)
"""Octets that were counted, as traffic: bits per second, in powers of 1000."""
UP: Final = Shown(_same("%"), 100.0)
"""A share of the time."""

_VALUES: Final[dict[str, Shown]] = {
    "octets": Shown(Phrase("o", "B"), large=True),
    "bit/s": Shown(_same("bit/s"), large=True),
    "packets": Shown(Phrase("paquets", "packets"), large=True),
    "percent": Shown(_same("%")),
    "hundredths": Shown(_same(""), 0.01),
    "seconds": Shown(_same("s")),
    "microseconds": Shown(_same("ms"), 0.001),
    "minutes": Shown(_same("min")),
    "degrees": Shown(_same("°C")),
    "watts": Shown(_same("W")),
    "watthours": Shown(_same("Wh"), large=True),
    "volt-amperes": Shown(_same("VA")),
    "volts": Shown(_same("V")),
    "amperes": Shown(_same("A")),
    "hertz": Shown(_same("Hz")),
    "rpm": Shown(Phrase("tr/min", "rpm")),
    "dbm": Shown(_same("dBm")),
    "messages": Shown(_same("messages")),
    "number": Shown(_same("")),
    "count": Shown(_same("")),
    "state": Shown(_same("")),
}
"""What a series counts in, as people read it; `milli`, `centi` and `deci` before it say its scale."""


def shown(metric: str, unit: str) -> Shown:
    """How a series is shown: what counts up as so much a second. A unit nobody foresaw is shown as it is called."""
    scale, base = 1.0, _VALUES.get(unit)
    for part, times in _PARTS.items():
        if base is None and unit.startswith(part):
            scale, base = times, _VALUES.get(unit.removeprefix(part))
    if base is None:
        base = Shown(Phrase.said(unit, unit))
    if metric not in COUNTERS:
        return Shown(base.symbol, base.scale * scale, base.large)
    if unit == "octets":
        return BITS
    return Shown(Phrase(f"{base.symbol.fr}/s", f"{base.symbol.en}/s"), base.scale * scale, base.large)


def figure(value: float, unit: Shown, language: Language) -> str:
    """`12,4 Mbit/s`, `21.5 °C`: a figure of a series, as it is read; one digit after the comma, three below one."""
    from babel.numbers import format_decimal

    value, rank = value * unit.scale, 0
    while unit.large and abs(value) >= 999.95 and rank < len(_PREFIXES) - 1:
        value, rank = value / 1000, rank + 1
    digits = "#,##0.###" if 0 < abs(value) < 1 else "#,##0.#"
    text = str(format_decimal(value, digits, locale=_LOCALES[language]))
    symbol = _PREFIXES[rank] + unit.symbol.say(language)
    return f"{text}\N{NO-BREAK SPACE}{symbol}" if symbol else text


def ceiling(value: float) -> float:
    """The least of 1, 2 or 5 times a power of ten that is not below a value above zero."""
    power = 1.0
    while power * 10 <= value:
        power *= 10
    while power > value:
        power /= 10
    return next(times * power for times in (1, 2, 5, 10) if times * power >= value * 0.999_999)


def scale(low: float, high: float, unit: Shown) -> tuple[float, float]:
    """Round figures to draw between, about what goes from `low`, nothing or below it, to `high`."""
    top = ceiling(high * unit.scale) / unit.scale if high > 0 else 0.0
    bottom = -ceiling(-low * unit.scale) / unit.scale if low < 0 else 0.0
    return bottom, top if top > bottom else bottom + 1.0 / unit.scale
