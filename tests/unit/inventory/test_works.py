"""Works and incidents: who announces them, how they stand, and whom they concern."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from foundation import clock
from foundation.acts import Act
from foundation.database import EssaimSession
from inventory import announced, lines, mandates, members, numbers, orders, wholesalers, works
from inventory.models.lines import Line
from inventory.models.mandates import Task
from inventory.models.works import Works, WorksKind, WorksState
from inventory.rights import NotMandated, WhoAreYou
from inventory.texts import BadText, EmptyText
from inventory.views.works import view, view_announced
from inventory.works import Wording

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TITLE = Wording("Mise à jour", "Update", "Quelques minutes.", "")


@pytest.fixture
def announce(session: EssaimSession, act: Act, small: Any) -> Callable[..., Works]:
    """Announce works on things, from so many hours after now for so many hours."""

    def announced(*on: str, begins: float = 1, lasts: float = 2, by: Act | None = None) -> Works:
        since = act.at + begins * HOUR
        subjects = works.find_subjects(session, on)
        return works.announce_works(session, by or act, subjects, TITLE, since, since + lasts * HOUR)

    return announced


def told(session: EssaimSession, line: Line, at: datetime) -> list[str]:
    return [one.number for one in announced.of_lines(session, [line], at)[line.number]]


def later(act: Act, hours: float) -> Act:
    return replace(act, at=act.at + hours * HOUR)


def test_works_stand_as_their_window_says(announce: Callable[..., Works], act: Act) -> None:
    one = announce("device:vpn", begins=1, lasts=2)
    states = [one.state_at(act.at + hours * HOUR) for hours in (0, 0.99, 1, 2.99, 3)]
    planned, under_way, over = WorksState.PLANNED, WorksState.UNDER_WAY, WorksState.OVER
    assert states == [planned, planned, under_way, under_way, over]


def test_works_and_incidents_are_numbered_apart(
    session: EssaimSession, act: Act, announce: Callable[..., Works]
) -> None:
    on = works.find_subjects(session, ["device:vpn"])
    found = [announce("device:vpn"), works.open_incident(session, act, on, TITLE), announce("device:vpn")]
    assert [str(one) for one in found] == ["W0001", "I0001", "W0002"]
    assert works.find_works(session, "w2") is found[2]
    assert works.find_incident(session, "I0001") is found[1]
    with pytest.raises(works.NoSuchWorks):
        works.find_incident(session, "2")
    with pytest.raises(numbers.BadNumber):
        works.find_works(session, "I0001")


@pytest.mark.parametrize(("begins", "lasts"), [(1, 0), (1, -1), (-3, 2), (-2, 2)])
def test_a_window_ends_after_it_began_and_after_now(
    announce: Callable[..., Works], begins: float, lasts: float
) -> None:
    with pytest.raises(works.BadWindow):
        announce("device:vpn", begins=begins, lasts=lasts)


def test_works_that_have_begun_may_be_announced(announce: Callable[..., Works], act: Act) -> None:
    assert announce("device:vpn", begins=-1, lasts=2).state_at(act.at) == WorksState.UNDER_WAY


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("vpn", works.BadSubject),
        ("", works.BadSubject),
        ("member:M0001", works.BadSubject),
        ("Device:vpn", works.BadSubject),
        ("device:", works.NoSuchSubject),
        ("device:nope", works.NoSuchSubject),
        ("site:vpn", works.NoSuchSubject),
        ("line:L0099", works.NoSuchSubject),
        ("wholesaler:x", works.NoSuchSubject),
        ("line:M0001", numbers.BadNumber),
    ],
)
def test_what_works_are_about_must_exist(
    session: EssaimSession, small: object, text: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        works.find_subjects(session, [text])


def test_works_are_about_something(session: EssaimSession, announce: Callable[..., Works]) -> None:
    with pytest.raises(works.NoSubject):
        announce()
    assert len(works.find_subjects(session, ["device:vpn", " device:vpn ", "site:cave"]).found) == 2


@pytest.mark.parametrize(
    ("wording", "error"),
    [
        (Wording(), EmptyText),
        (Wording(" "), EmptyText),
        (Wording("x" * 201), BadText),
        (Wording("deux\nlignes"), BadText),
        (Wording("a", words_fr="x" * 2001), BadText),
        (Wording("a", title_en="\x1b[2J"), BadText),
    ],
)
def test_words_that_cannot_be_shown_are_refused(
    session: EssaimSession, act: Act, small: object, wording: Wording, error: type[Exception]
) -> None:
    with pytest.raises(error):
        works.open_incident(session, act, works.find_subjects(session, ["site:cave"]), wording)


def test_what_has_no_english_is_said_in_french(session: EssaimSession, act: Act, small: Any, order: Any) -> None:
    line = order(small.ada)
    works.open_incident(session, act, works.find_subjects(session, ["device:vpn"]), Wording("Panne {vraiment}", ""))
    (one,) = announced.of_lines(session, [line], act.at)[line.number]
    assert one.say("en") == "Incident since 22 Nov 2026 at 14:02: Panne {vraiment}."
    assert view_announced(one).title_en == "Panne {vraiment}"


def test_a_line_hears_of_what_it_hangs_on(
    session: EssaimSession, act: Act, small: Any, order: Any, announce: Callable[..., Works]
) -> None:
    one, other = order(small.ada), order(small.bea, small.adsl)
    kosc = wholesalers.add_wholesaler(session, act, "kosc", wholesalers.Terms(collection="white-label", sister="a"))
    orders.place_order(session, act, lines.find_line(session, str(other)), kosc)
    for on in ("device:vpn", "site:cave", "offer:vpn", "offer:adsl", "pool:v4", "wholesaler:kosc", "line:L0001"):
        announce(on)
    assert told(session, one, act.at) == ["W0001", "W0002", "W0003", "W0005", "W0007"]
    assert told(session, other, act.at) == ["W0004", "W0005", "W0006"]


def test_works_on_several_things_are_told_once(
    session: EssaimSession, act: Act, small: Any, order: Any, announce: Callable[..., Works]
) -> None:
    line = order(small.ada)
    announce("device:vpn", "site:cave", f"line:{line}")
    assert told(session, line, act.at) == ["W0001"]


def test_works_are_told_from_seven_days_before_until_they_are_over(
    session: EssaimSession, act: Act, small: Any, order: Any, announce: Callable[..., Works]
) -> None:
    line = order(small.ada)
    announce("device:vpn", begins=200, lasts=2)
    hours = (31.9, 32, 199, 200, 201.9, 202)
    assert [bool(told(session, line, act.at + each * HOUR)) for each in hours] == [False, True, True, True, True, False]


def test_overlapping_works_are_told_in_the_order_in_which_they_begin(
    session: EssaimSession, act: Act, small: Any, order: Any, announce: Callable[..., Works]
) -> None:
    line = order(small.ada)
    announce("device:vpn", begins=5, lasts=10)
    announce("site:cave", begins=2, lasts=10)
    works.open_incident(session, act, works.find_subjects(session, ["offer:vpn"]), TITLE)
    assert told(session, line, act.at + 6 * HOUR) == ["I0001", "W0002", "W0001"]


def test_cancelled_works_concern_nobody(
    session: EssaimSession, act: Act, small: Any, order: Any, announce: Callable[..., Works]
) -> None:
    line, one = order(small.ada), announce("device:vpn")
    works.cancel_works(session, act, one)
    assert (told(session, line, act.at), one.state_at(act.at + 1.5 * HOUR)) == ([], WorksState.CANCELLED)
    for deed in (works.cancel_works, lambda *given: works.change_works(*given, Wording("b"))):
        with pytest.raises(works.WorksOver, match="cancelled"):
            deed(session, act, one)


def test_a_change_moves_the_window_the_words_and_the_subjects(
    session: EssaimSession, act: Act, small: Any, order: Any, announce: Callable[..., Works]
) -> None:
    line, one = order(small.ada), announce("device:vpn")
    works.change_works(session, act, one, Wording(words_fr="Plus long."), until=one.since + 5 * HOUR)
    assert (one.title_fr, one.words_fr, one.until) == ("Mise à jour", "Plus long.", act.at + 6 * HOUR)
    works.change_works(session, act, one, Wording(), subjects=works.find_subjects(session, ["offer:adsl"]))
    assert (view(one, act.at).subjects, told(session, line, act.at)) == (("offer:adsl",), [])
    with pytest.raises(works.BadWindow):
        works.change_works(session, act, one, Wording(), until=one.since)
    with pytest.raises(EmptyText):
        works.change_works(session, act, one, Wording(title_fr=""))
    with pytest.raises(works.WorksOver, match="over"):
        works.change_works(session, later(act, 7), one, Wording("trop tard"))


def test_an_incident_lasts_until_someone_says_that_it_is_over(
    session: EssaimSession, act: Act, small: Any, order: Any
) -> None:
    line, on = order(small.ada), works.find_subjects(session, ["device:vpn"])
    one = works.open_incident(session, act, on, TITLE, since=act.at - HOUR)
    works.note_incident(session, later(act, 1), one, "On cherche.", "Looking.")
    (seen,) = announced.of_lines(session, [line], act.at + 100 * DAY)[line.number]
    assert (seen.state, seen.until, view_announced(seen).news_en) == (WorksState.UNDER_WAY, None, "Looking.")
    with pytest.raises(EmptyText):
        works.close_incident(session, later(act, 2), one, " ")
    works.close_incident(session, later(act, 2), one, "Un câble.\nRebranché.")
    assert (one.until, told(session, line, act.at + 2 * HOUR)) == (act.at + 2 * HOUR, [])
    assert [note.words_fr for note in one.notes] == ["On cherche.", "Un câble.\nRebranché."]
    for deed in (works.close_incident, works.note_incident):
        with pytest.raises(works.WorksOver):
            deed(session, later(act, 3), one, "encore")


def test_an_incident_that_ends_at_once_has_still_lasted(session: EssaimSession, act: Act, small: object) -> None:
    one = works.open_incident(session, act, works.find_subjects(session, ["site:cave"]), TITLE)
    works.close_incident(session, act, one, "Rien.")
    assert one.until is not None
    assert one.until > one.since


def test_an_incident_does_not_begin_tomorrow(session: EssaimSession, act: Act, small: object) -> None:
    with pytest.raises(works.IncidentAhead):
        works.open_incident(session, act, works.find_subjects(session, ["site:cave"]), TITLE, since=act.at + DAY)


def test_a_window_over_the_end_of_summer_time_lasts_an_hour_more(
    session: EssaimSession, act: Act, small: object
) -> None:
    night = replace(act, at=clock.parse("2026-10-24T12:00"))
    since, until = clock.parse("2026-10-25T01:30"), clock.parse("2026-10-25T04:00")
    one = works.announce_works(session, night, works.find_subjects(session, ["site:cave"]), TITLE, since, until)
    assert one.until is not None
    assert one.until - one.since == 3.5 * HOUR
    assert one.state_at(clock.parse("2026-10-25T02:30+01:00")) == WorksState.UNDER_WAY


def test_a_machine_hears_of_its_own_and_of_its_site(
    session: EssaimSession, act: Act, small: Any, announce: Callable[..., Works]
) -> None:
    for on in ("device:vpn", "site:cave", "offer:vpn"):
        announce(on)
    assert [one.number for one in announced.of_device(session, small.server, act.at)] == ["W0001", "W0002"]


def test_a_member_hears_of_what_concerns_them_and_of_nothing_else(
    session: EssaimSession, act: Act, small: Any, order: Any, announce: Callable[..., Works]
) -> None:
    line, other = order(small.ada), order(small.bea, small.adsl)
    announce(f"line:{line}")
    announce(f"line:{other}")
    announce("offer:adsl", f"line:{line}")
    ada, bea = ([one.number for one in announced.of_member(session, who, act.at)] for who in (small.ada, small.bea))
    assert (ada, bea) == (["W0001", "W0003"], ["W0002", "W0003"])
    seen = view_announced(announced.of_member(session, small.bea, act.at)[1])
    assert str(line) not in str(seen)
    assert announced.of_member(session, members.add_member(session, act, "Cléo"), act.at) == ()


def test_who_left_a_line_hears_no_more_of_it(
    session: EssaimSession, act: Act, small: Any, order: Any, announce: Callable[..., Works]
) -> None:
    line = lines.find_line(session, str(order(small.ada, small.adsl)))
    lines.add_share(session, act, line, small.bea, small.adsl)
    announce(f"line:{line}")
    assert len(announced.of_member(session, small.bea, act.at)) == 1
    lines.end_share(session, act, line, small.bea)
    assert announced.of_member(session, small.bea, act.at) == ()


def test_the_owner_of_a_machine_hears_of_where_it_stands(
    session: EssaimSession, act: Act, small: Any, announce: Callable[..., Works]
) -> None:
    small.server.owner_id = small.bea.id
    announce("site:cave")
    assert [one.number for one in announced.of_member(session, small.bea, act.at)] == ["W0001"]


def test_what_hangs_on_nothing_announced_is_left_alone(act: Act) -> None:
    assert announced.concerns(frozenset(), ()) == ()


def test_works_are_listed_by_number_those_over_where_asked(
    session: EssaimSession, act: Act, announce: Callable[..., Works]
) -> None:
    for begins in (1, 5, -1, 5):
        announce("device:vpn", begins=begins)
    works.cancel_works(session, act, works.find_works(session, "4"))
    at = act.at + 2 * HOUR
    kind = WorksKind.WORKS
    assert [one.number for one in works.list_works(session, kind, at)] == [1, 2]
    assert [one.number for one in works.list_works(session, kind, at, ended=True, after=1, limit=2)] == [2, 3]
    assert list(works.list_works(session, WorksKind.INCIDENT, at, ended=True)) == []


def test_a_mandate_covers_works_where_it_covers_all_that_they_touch(
    session: EssaimSession, act: Act, small: Any, announce: Callable[..., Works]
) -> None:
    cleo = members.add_member(session, act, "Cléo")
    mandates.give(session, act, small.ada, Task.MANDATES_GIVE)
    giver, keeper = replace(act, actor="M0001"), replace(act, actor=str(cleo))
    with pytest.raises(WhoAreYou):
        announce("site:cave")
    mandates.give(session, giver, cleo, Task.WORKS_ANNOUNCE, scope="site:cave")
    one = announce("site:cave", "device:vpn", by=keeper)
    for on in ("offer:adsl", "pool:v4"):
        with pytest.raises(NotMandated):
            announce("site:cave", on, by=keeper)
        with pytest.raises(NotMandated):
            works.change_works(session, keeper, one, Wording(), subjects=works.find_subjects(session, [on]))
    works.change_works(session, keeper, one, Wording("Plus tard"))
    works.cancel_works(session, keeper, one)
    mandates.give(session, giver, small.bea, Task.WORKS_ANNOUNCE, scope="device:vpn")
    other = replace(act, actor="M0002")
    incident = works.open_incident(session, other, works.find_subjects(session, ["device:vpn"]), TITLE)
    with pytest.raises(NotMandated, match="site:cave"):
        announce("device:vpn", "site:cave", by=other)
    works.close_incident(session, keeper, incident, "La cave est sèche.")
