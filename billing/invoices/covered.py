"""When what is billed was bought, to the day, and on what terms. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from billing.invoices.facts import Access, Bought, Period, Terms

_DAY = timedelta(days=1)


class Gap(NamedTuple):
    """Days that are billed though nothing is bought: after the day it `ended`, or before the day it `begins`."""

    period: Period
    ended: date | None
    begins: date | None


def outside(period: Period, bought: Bought) -> Iterator[Gap]:
    """What of the period lies outside all that is bought; the day on which that ends counts as bought."""
    since = period.since
    for covered in sorted(billable(each.period) for each in bought.accesses):
        if covered.since > since and since < period.until:
            yield _gap(Period(since, min(covered.since, period.until)), bought)
        since = max(since, covered.until)
    if since < period.until:
        yield _gap(Period(since, period.until), bought)


def _gap(period: Period, bought: Bought) -> Gap:
    ended = [each.period.until for each in bought.accesses if each.period.until <= period.since]
    begins = [each.period.since for each in bought.accesses if each.period.since >= period.until]
    return Gap(period, max(ended, default=None), min(begins, default=None))


def billable(period: Period) -> Period:
    """What may be billed of something that lasted so long: the day on which it ended too."""
    return period if period.until == date.max else Period(period.since, period.until + _DAY)


def terms_of(bought: Bought, period: Period) -> list[Terms]:
    """The terms that were in force on some day of the period, of every access of then."""
    return [
        terms
        for access in bought.accesses
        for terms, until in _in_turn(access)
        if Period(terms.since, until).within(billable(access.period)).within(period).days
    ]


def _in_turn(access: Access) -> Iterator[tuple[Terms, date]]:
    """Terms, each with the day after the last on which they may be billed: the one on which others begin."""
    ends = [each.since + _DAY for each in access.terms[1:]] + [date.max]
    yield from zip(access.terms, ends, strict=True)
