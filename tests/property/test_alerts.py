"""Whatever happens: one alert at most of a rule and a subject, few of them in an hour, and each told once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from foundation.speech import Phrase
from monitoring.alerts.evaluation import HOUR, Standing, What, evaluate
from monitoring.alerts.reading import Key, Reading, Verdict
from monitoring.alerts.rules import Rule, Watch
from monitoring.alerts.seen import Works
from monitoring.alerts.silence import explain

BEGIN = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
WORDS = Phrase("mal", "wrong")
verdicts = st.sampled_from([Verdict.GOOD, Verdict.BAD, Verdict.BAD, Verdict.BETWEEN, Verdict.UNKNOWN, None])


def reading(verdict: Verdict, subject: str = "a", behind: str | None = None) -> Reading:
    cause = (Watch.SILENCE, behind) if behind else None
    return Reading("r", subject, (Watch.SILENCE, subject), verdict, WORDS, frozenset({f"device:{subject}"}), cause)


@given(
    st.lists(verdicts, min_size=1, max_size=150),
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(10, 600),
)
def test_an_alert_opens_and_closes_by_turns_and_an_hour_has_five_at_most(
    lives: list[Verdict | None], cycles: int, mended: int, seconds: int
) -> None:
    rule = Rule("r", Watch.SILENCE, cycles=cycles, mended=mended)
    stood: dict[Key, Standing] = {}
    opened: list[datetime] = []
    is_open = told = False
    for rank, verdict in enumerate(lives):
        now = BEGIN + timedelta(seconds=seconds * rank)
        judged = evaluate({"r": rule}, [] if verdict is None else [reading(verdict)], stood, (), now)
        for _ in judged.opened:
            assert not is_open
            is_open = True
            opened.append(now)
        for event in judged.events:
            assert (event.what is What.TOLD) is not told, "told and mended, by turns"
            told = event.what is What.TOLD
        for _ in judged.closed:
            assert is_open
            is_open = False
        assert is_open or not told, "what is over was said to be over"
        assert len([one for one in opened if now - one < HOUR]) <= 5
        stood = dict(judged.standings)
        standing = stood.get(("r", "a"), Standing())
        assert (standing.opened is not None) == is_open


@given(st.lists(verdicts, max_size=60), st.integers(1, 4), st.integers(1, 4))
def test_once_it_is_well_for_long_everything_is_over_and_forgotten(
    lives: list[Verdict | None], cycles: int, mended: int
) -> None:
    rule = Rule("r", Watch.SILENCE, cycles=cycles, mended=mended)
    stood: dict[Key, Standing] = {}
    for rank, verdict in enumerate([*lives, *[Verdict.GOOD] * 70]):
        readings = [] if verdict is None else [reading(verdict)]
        stood = dict(evaluate({"r": rule}, readings, stood, (), BEGIN + timedelta(minutes=rank)).standings)
    assert stood == {}


@given(st.lists(st.booleans(), max_size=40))
def test_what_works_explain_is_told_to_nobody_until_they_are_over(lives: list[bool]) -> None:
    rule = Rule("r", Watch.SILENCE, cycles=2, mended=1)
    works = [Works("W0001", frozenset({"device:a"}))]
    stood: dict[Key, Standing] = {}
    for rank, bad in enumerate(lives):
        now = BEGIN + timedelta(minutes=rank)
        verdict = Verdict.BAD if bad else Verdict.GOOD
        judged = evaluate({"r": rule}, [reading(verdict)], stood, works, now)
        assert judged.events == ()
        stood = dict(judged.standings)
    after = BEGIN + timedelta(hours=3)
    events = []
    for rank in range(2):
        judged = evaluate({"r": rule}, [reading(Verdict.BAD)], stood, (), after + timedelta(minutes=rank))
        stood, events = dict(judged.standings), [*events, *judged.events]
    assert [event.what for event in events] == [What.TOLD]


names = st.sampled_from("abcdefgh")


@given(st.lists(st.tuples(names, names), max_size=16), st.sets(names), st.sets(names))
def test_every_silent_machine_is_told_or_behind_one_that_is(
    cables: list[tuple[str, str]], silent: set[str], other: set[str]
) -> None:
    answering = other - silent
    found = explain(cables, silent, answering)
    assert not set(found.behind) & answering
    for one, root in found.behind.items():
        assert one != root
        assert root not in found.behind, "nothing is behind what is behind something"
        assert root in silent | found.presumed
    if silent and answering:
        assert (silent | found.presumed) - set(found.behind), "somebody is told"
    assert not (found.presumed & (silent | answering))


@given(
    st.lists(st.tuples(verdicts, verdicts, st.booleans()), max_size=60),
    st.integers(1, 4),
    st.integers(1, 4),
)
def test_a_look_at_one_thing_alone_leaves_all_else_as_it_was(
    lives: list[tuple[Verdict | None, Verdict | None, bool]], cycles: int, mended: int
) -> None:
    rule = Rule("r", Watch.SILENCE, cycles=cycles, mended=mended)
    stood: dict[Key, Standing] = {}
    alone: dict[Key, Standing] = {}
    for rank, (one, other, looks) in enumerate(lives):
        now = BEGIN + timedelta(minutes=rank)
        readings = [reading(found, subject) for found, subject in ((one, "a"), (other, "b")) if found is not None]
        judged = evaluate({"r": rule}, readings, stood, (), now, (lambda each: each.subject == "b") if looks else None)
        if looks:
            assert all(
                key == ("r", "b") for key in (*judged.opened, *judged.closed, *(told.key for told in judged.events))
            )
        else:
            alone = dict(evaluate({"r": rule}, readings, alone, (), now).standings)
        stood = dict(judged.standings)
        assert stood.get(("r", "a"), Standing()).opened == alone.get(("r", "a"), Standing()).opened
        assert stood.get(("r", "a"), Standing()).bad == alone.get(("r", "a"), Standing()).bad
