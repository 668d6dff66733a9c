"""Whatever a person types, it is understood or refused in one sentence: never a surprise."""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from foundation import clock
from foundation.acts import Act, BadWords
from foundation.clock import BadMoment, Month
from foundation.money import Euros
from foundation.speech import LANGUAGES, Phrase
from inventory import addresses, members, numbers

AT = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
anything = st.text(st.characters(), max_size=40)  # half signs and control characters too
nearly = st.from_regex(
    r"\s?[0-9]{1,5}-[0-9]{1,3}-[0-9]{1,3}([T ][0-9]{2}(:[0-9]{2}){0,2}(\.[0-9]{1,7})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)


def say(problem: object) -> None:
    """The sentence can be said, in both languages, on any terminal."""
    assert hasattr(problem, "sentence")
    for language in LANGUAGES:
        problem.sentence(language).encode(errors="backslashreplace")


@given(st.one_of(anything, nearly))
@example("9999-12-31T23:59:59.999999-23:59")
@example("0001-01-01T00:00:00+23:59")
@example("2026-W47-7")
@example("20261122T140205Z")
def test_a_moment_is_read_or_refused(text: str) -> None:
    try:
        read = clock.parse(text)
    except BadMoment as refused:
        say(refused)
    else:
        assert read.tzinfo is UTC
        clock.today(read)
        assert all(Phrase("{at}", "{at}").say(language, at=read) for language in LANGUAGES)
        assert clock.parse(read.isoformat()) == read


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.timezones()))
def test_a_moment_that_is_written_is_read_back(moment: datetime) -> None:
    assert clock.parse(moment.isoformat()) == moment.astimezone(UTC)


@given(anything)
@example("2026-" + "1" * 5000)
def test_a_month_is_read_or_refused(text: str) -> None:
    try:
        read = Month.parse(text)
    except BadMoment as refused:
        say(refused)
    else:
        assert read.first < read.after


@given(st.integers(1000, 9998), st.integers(1, 12))
def test_a_month_that_is_written_is_read_back(year: int, number: int) -> None:
    assert Month.parse(str(Month(year, number))) == Month(year, number)


@given(st.sampled_from("MLC"), st.one_of(anything, st.from_regex(r"\s?[MLCmlc]?[0-9]{0,11}\s?")))
def test_a_number_is_read_or_refused(letter: str, text: str) -> None:
    try:
        read = numbers.parse(letter, text)
    except numbers.BadNumber as refused:
        say(refused)
    else:
        assert 0 <= read < 10**9
        assert numbers.parse(letter, numbers.shown(letter, read)) == read


@given(anything)
@example("1" * 5000)
def test_an_amount_is_read_or_refused(text: str) -> None:
    with suppress(ValueError):
        assert isinstance(Euros.parse(text), Euros)


@given(anything)
@example("1" * 5000)
@example("::%\x00")
@example("fe80::1%{0}")
def test_an_address_is_read_or_refused(text: str) -> None:
    for parse in (addresses.parse_address, addresses.parse_prefix):
        try:
            parse(text)
        except addresses.BadAddress as refused:
            say(refused)


@given(anything)
def test_words_of_why_are_kept_or_refused(text: str) -> None:
    try:
        kept = Act("M0001", AT, text).why
    except BadWords as refused:
        say(refused)
    else:
        assert kept == text
        kept.encode()
        assert "\0" not in kept
        assert "\x1b" not in kept


@given(anything)
@example("{name} %s [red]<b>")
@example("\u0301")
def test_a_name_is_kept_as_it_was_said_or_refused(text: str) -> None:
    try:
        kept = members.checked_name(text)
    except members.BadName as refused:
        say(refused)
    else:
        assert kept == unicodedata.normalize("NFC", text).strip()
        assert 0 < len(kept) <= 200
        kept.encode()
        assert len(kept.splitlines()) == 1


@given(st.one_of(anything, st.emails()))
def test_an_email_address_fits_on_the_line_of_a_header_or_is_refused(text: str) -> None:
    try:
        kept = members.checked_email(text)
    except members.BadEmail as refused:
        say(refused)
    else:
        assert kept is not None
        assert kept.isprintable()
        assert not set(kept) & set(" <>\r\n")
