"""Which members have a line, what it costs them from when on, and in what rhythm they pay it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from transfer_facts import Draw
from transfer_people import BEGINNING, Account, Payer

FIRST_RISE, SECOND_RISE = date(2025, 7, 1), date(2026, 1, 1)
OFFERS = {
    "vpn": ("VPN", ((500, FIRST_RISE, 600),)),
    "adsl": ("ADSL", ((2800, SECOND_RISE, 3000), (3500, SECOND_RISE, 3500))),
    "fibre": ("Fibre", ((3800, SECOND_RISE, 3800), (3200, SECOND_RISE, 3400))),
    "radio": ("Radio", ((2500, SECOND_RISE, 2500),)),
    "hosting": ("Hébergement", ((800, FIRST_RISE, 800), (1500, SECOND_RISE, 1650))),
    "share": ("Part de ligne", ((3500, SECOND_RISE, 3700), (3800, SECOND_RISE, 3800), (2800, SECOND_RISE, 3000))),
}
"""What an offer is called, and its tariffs: cents a month, until when, then."""


@dataclass(slots=True)
class Typed:
    """What somebody typed: from which account, with which reference in it, of whom; a standing order repeats it."""

    account: Account
    ref: str
    told: tuple[int, ...]
    ways: tuple[tuple[str, str], ...]
    """The text and the field apart, in the order tried until the bank leaves the reference whole."""


@dataclass(slots=True)
class Line:
    """What a member pays each month, and how. `covers` are the parts that one payment is for: the flat's, or itself."""

    member: int
    what: str
    prices: tuple[tuple[date, int], ...]
    since: date
    until: date | None
    plan: str
    day: int
    covers: list[Line] = field(default_factory=list)
    amount: int = 0
    early: bool = False
    """The standing order runs at the end of the month before."""
    rises: int | None = 0
    """How many months after a new tariff the standing order follows it; never."""
    memory: Typed | None = None

    def price(self, day: date) -> int:
        """Cents a month on that day."""
        return next(cents for since, cents in reversed(self.prices) if since <= day or since == self.prices[0][0])

    def label(self) -> str:
        return OFFERS[self.what][0]


def lines(seed: int, payers: Mapping[int, Payer]) -> list[Line]:
    """Every line, in the order of its payer's number."""
    draw = Draw(seed, "lines")
    made: list[Line] = []
    flats: set[int] = set()
    for payer in payers.values():
        if payer.flat is not None:
            if payer.flat not in flats:
                flats.add(payer.flat)
                made.extend(_flat(draw, [one for one in payers.values() if one.flat == payer.flat]))
        elif draw.chance(44) or payer.trait == "homonym":
            what = draw.weighted(("vpn", 40), ("adsl", 25), ("fibre", 14), ("radio", 9), ("hosting", 12))
            before, on, after = draw.one(OFFERS[what][1])
            line = _line(draw, payer, what, ((BEGINNING, before), (on, after)))
            line.covers = [line]
            made.append(line)
            if draw.chance(9):
                before, on, after = OFFERS["vpn"][1][0]
                more = _line(draw, payer, "vpn", ((BEGINNING, before), (on, after)))
                more.covers = [more]
                made.append(more)
    return made


def _line(draw: Draw, payer: Payer, what: str, prices: tuple[tuple[date, int], ...]) -> Line:
    since = _next_month(payer.joined, draw.below(3))
    until = _next_month(payer.left, 0) if payer.left else None
    if until is None and draw.chance(8):
        until = _next_month(max(since, BEGINNING), draw.between(6, 20))
    plan = draw.weighted(
        ("standing", 50), ("by hand", 19), ("irregular", 13), ("quarterly", 6), ("yearly", 2), ("direct debit", 10)
    )  # fmt: skip
    if payer.trait == "homonym":
        plan = "by hand"
    late = draw.weighted((0, 45), (draw.between(2, 7), 38), (None, 17))
    early = plan == "standing" and draw.chance(5)
    day = draw.between(24, 28) if early else draw.between(1, 26)
    return Line(payer.person.number, what, prices, since, until, plan, day, early=early, rises=late)


def _flat(draw: Draw, flatmates: list[Payer]) -> Iterator[Line]:
    """Parts of one line, by weights, that add up to it; one pays for all, or each for themselves."""
    weights = [draw.one((1, 1, 1, 2, 3)) for _ in flatmates]
    before, on, after = draw.one(OFFERS["share"][1])
    old, new = _split(before, weights), _split(after, weights)
    parts = [
        _line(draw, one, "share", ((BEGINNING, first), (on, then)))
        for one, first, then in zip(flatmates, old, new, strict=True)
    ]
    since = max(part.since for part in parts)
    together = bool(flatmates[0].together)
    for part in parts:
        part.since, part.until = (since, parts[0].until) if together else (since, part.until)
        part.covers = [part]
        if together and part is not parts[0]:
            part.plan = "covered"
    if together:
        parts[0].covers = parts
        parts[0].plan, parts[0].early = draw.one(("standing", "standing", "by hand")), False
    yield from parts


def _split(cents: int, weights: list[int]) -> list[int]:
    """Parts in cents that are the whole, by largest remainder."""
    whole = sum(weights)
    parts = [cents * weight // whole for weight in weights]
    by_rest = sorted(range(len(weights)), key=lambda at: (-(cents * weights[at] % whole), at))
    for at in by_rest[: cents - sum(parts)]:
        parts[at] += 1
    return parts


def _next_month(day: date, more: int) -> date:
    months = day.year * 12 + day.month + more
    return date(months // 12, months % 12 + 1, 1)


def month_before(day: date) -> date:
    """The first day of the month before."""
    return _next_month(day, -2)
