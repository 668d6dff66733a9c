"""By when a wholesaler must have repaired: hours straight, working hours, working days, in Paris."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from foundation import clock
from foundation.speech import PARIS
from inventory.deadlines import BadGuarantee, Guarantee, deadline, easter, holidays, is_working


def due(opened: str, promised: str) -> str:
    """The deadline, as a clock in Paris shows it."""
    return f"{deadline(clock.parse(opened), Guarantee.parse(promised)).astimezone(PARIS):%a %Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("opened", "promised", "expected"),
    [
        ("2026-11-22T14:02", "4h", "Sun 2026-11-22 18:02"),
        ("2026-12-31T23:00", "4h", "Fri 2027-01-01 03:00"),
        # In the night when clocks go back four hours straight end at what looks like three, and the other way round.
        ("2026-10-25T00:00", "4h", "Sun 2026-10-25 03:00"),
        ("2026-03-29T00:00", "4h", "Sun 2026-03-29 05:00"),
        ("2026-10-25T02:30+02:00", "1h", "Sun 2026-10-25 02:30"),
    ],
)
def test_hours_straight_pass_by_night_and_through_summer_time(opened: str, promised: str, expected: str) -> None:
    assert due(opened, promised) == expected


@pytest.mark.parametrize(
    ("opened", "promised", "expected"),
    [
        ("2026-11-23T09:00", "4ho", "Mon 2026-11-23 13:00"),
        ("2026-11-23T08:00", "10ho", "Mon 2026-11-23 18:00"),
        ("2026-11-23T16:30", "4ho", "Tue 2026-11-24 10:30"),
        ("2026-11-23T18:00", "4ho", "Tue 2026-11-24 12:00"),
        ("2026-11-22T14:02", "8ho", "Mon 2026-11-23 16:00"),
        ("2026-11-20T17:00", "4ho", "Mon 2026-11-23 11:00"),
        ("2026-04-30T17:30", "8ho", "Mon 2026-05-04 15:30"),  # 1 May is a Friday
        ("2026-12-31T17:00", "2ho", "Mon 2027-01-04 09:00"),
        ("2026-10-23T17:00", "2ho", "Mon 2026-10-26 09:00"),  # over the end of summer time
    ],
)
def test_working_hours_stop_at_night_on_weekends_and_on_holidays(opened: str, promised: str, expected: str) -> None:
    assert due(opened, promised) == expected


@pytest.mark.parametrize(
    ("opened", "promised", "expected"),
    [
        ("2026-11-23T09:00", "j+1", "Tue 2026-11-24 18:00"),
        ("2026-11-23T17:59", "j+1", "Tue 2026-11-24 18:00"),
        ("2026-11-23T18:00", "j+1", "Wed 2026-11-25 18:00"),
        ("2026-11-23T02:00", "j+1", "Tue 2026-11-24 18:00"),
        ("2026-11-27T10:00", "j+1", "Mon 2026-11-30 18:00"),
        ("2026-11-28T10:00", "j+1", "Tue 2026-12-01 18:00"),
        ("2026-11-10T10:00", "j+1", "Thu 2026-11-12 18:00"),
        ("2026-04-03T10:00", "j+1", "Tue 2026-04-07 18:00"),  # Good Friday is worked, Easter Monday is not
        ("2026-05-13T10:00", "j+1", "Fri 2026-05-15 18:00"),  # Ascension
        ("2026-12-24T19:00", "j+2", "Wed 2026-12-30 18:00"),
        ("2026-01-30T10:00", "j+1", "Mon 2026-02-02 18:00"),
        ("2028-02-28T10:00", "j+1", "Tue 2028-02-29 18:00"),
    ],
)
def test_a_working_day_begins_when_somebody_works(opened: str, promised: str, expected: str) -> None:
    assert due(opened, promised) == expected


@pytest.mark.parametrize(
    ("year", "sunday"),
    [(1818, "03-22"), (1943, "04-25"), (2000, "04-23"), (2024, "03-31"), (2025, "04-20"), (2026, "04-05"),
     (2027, "03-28"), (2038, "04-25"), (2100, "03-28"), (2285, "03-22")],
)  # fmt: skip
def test_easter_falls_where_the_calendar_has_it(year: int, sunday: str) -> None:
    assert easter(year) == date.fromisoformat(f"{year}-{sunday}")


def test_france_has_eleven_public_holidays() -> None:
    days = ["01-01", "04-06", "05-01", "05-08", "05-14", "05-25", "07-14", "08-15", "11-01", "11-11", "12-25"]
    assert sorted(holidays(2026)) == [date.fromisoformat(f"2026-{one}") for one in days]


def test_two_holidays_may_fall_on_one_day() -> None:
    assert easter(2008) + timedelta(days=39) == date(2008, 5, 1)
    assert len(holidays(2008)) == 10


def test_nobody_works_on_weekends() -> None:
    assert [is_working(date(2026, 11, 23) + timedelta(days=rank)) for rank in range(7)] == [True] * 5 + [False] * 2


@pytest.mark.parametrize(
    ("text", "kept"), [("4h", "4h"), ("8HO", "8ho"), ("8wh", "8ho"), (" J+1 ", "j+1"), ("d+2", "j+2"), ("72h", "72h")]
)
def test_a_repair_time_is_kept_in_one_spelling(text: str, kept: str) -> None:
    assert str(Guarantee.parse(text)) == kept
    assert Guarantee.parse(kept) == Guarantee.parse(text)


@pytest.mark.parametrize(
    "text", ["", "4", "h", "0h", "j+0", "j", "-4h", "4.5h", "1001h", "4 h", "j+1h", "٤h", "99999h"]
)
def test_what_is_no_repair_time_is_refused(text: str) -> None:
    with pytest.raises(BadGuarantee):
        Guarantee.parse(text)
