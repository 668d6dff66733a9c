"""One calendar of what opens something; a password renewed ahead; members told twice."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest

from foundation import journal
from foundation.acts import Act
from foundation.database import EssaimSession
from foundation.vault import vault_of
from inventory import credentials, handing, lapsing, lines, members, tokens
from inventory.credentials import NothingToRenew, Opening
from inventory.lapsing import BadKeeping, NoSuchCredential, NotAhead, RenewedAlready
from inventory.lines import Ordering
from inventory.models.lines import Line, LineState, Share
from inventory.views.credentials import view

KEY = base64.b64encode(b"n" * 32).decode()


def in_days(act: Act, days: int) -> Act:
    return Act(act.actor, act.at + timedelta(days=days), "test")


def names(session: EssaimSession, act: Act, **only: Any) -> list[str]:
    return [str(one) for one in lapsing.list_credentials(session, act.at, **only)]


@pytest.fixture
def copper(session: EssaimSession, act: Act, small: Any) -> Line:
    """L0001, Ada's, on copper."""
    line: Line = lines.order_line(session, act, small.ada, small.adsl, Ordering())
    return line


def part_of(session: EssaimSession, line: Line) -> Share:
    return lines.shares_of(session, line)[0]


def test_what_ends_first_comes_first_and_what_nothing_ends_last(
    session: EssaimSession, act: Act, small: Any, copper: Line, order: Any
) -> None:
    order(small.bea)
    tokens.create_token(session, act, small.bea, "laptop", days=20)
    assert names(session, act)[0] == "token:J0001"
    later = in_days(act, 1)
    lapsing.renew_ahead(session, later, part_of(session, copper), days=15)
    assert names(session, later)[:2] == ["ppp:l0001@adsl", "token:J0001"]
    assert names(session, later)[2].startswith("wireguard:")
    assert names(session, later, within=timedelta(days=16)) == ["ppp:l0001@adsl"]
    assert names(session, later, kind="token") == ["token:J0001"]
    assert names(session, later, member=small.ada) == ["ppp:l0001@adsl"]


def test_a_calendar_tells_no_secret_and_how_old_each_is(session: EssaimSession, act: Act, copper: Line) -> None:
    seen = view(lapsing.find_credential(session, act.at, "ppp:l0001@adsl"), in_days(act, 40).at)
    assert (seen.line, seen.member, seen.age_days, seen.until, seen.former_until) == ("L0001", "M0001", 40, None, None)
    assert copper.number == 1
    with pytest.raises(NoSuchCredential):
        lapsing.find_credential(session, act.at, "ppp:l0009@adsl")


def test_both_passwords_are_in_force_until_the_day_and_only_the_new_one_after(
    session: EssaimSession, act: Act, copper: Line
) -> None:
    part, later = part_of(session, copper), in_days(act, 1)
    renewed = lapsing.renew_ahead(session, later, part, days=60)
    assert renewed.former_until == later.at + timedelta(days=60)
    new, old = (credentials.living(session, [part.id])[0], credentials.former(session, [part.id], later.at)[0])
    assert new.secret is not None
    assert old.secret is not None
    assert vault_of(session).open(new.secret) != vault_of(session).open(old.secret)
    assert credentials.former(session, [part.id], in_days(act, 61).at) == []
    assert str(view(lapsing.find_credential(session, later.at, "ppp:l0001@adsl"), later.at).former_until)


def test_a_password_is_not_renewed_twice_at_a_time(session: EssaimSession, act: Act, copper: Line) -> None:
    part = part_of(session, copper)
    lapsing.renew_ahead(session, in_days(act, 1), part)
    with pytest.raises(RenewedAlready):
        lapsing.renew_ahead(session, in_days(act, 2), part)
    lapsing.renew_ahead(session, in_days(act, 62), part)


@pytest.mark.parametrize("days", [0, 13, 367])
def test_too_few_or_too_many_days_are_refused(session: EssaimSession, act: Act, copper: Line, days: int) -> None:
    with pytest.raises(BadKeeping):
        lapsing.renew_ahead(session, act, part_of(session, copper), days=days)


def test_a_key_is_its_members_to_change_and_a_part_without_one_has_nothing_to_renew(
    session: EssaimSession, act: Act, small: Any, copper: Line, order: Any
) -> None:
    with pytest.raises(NotAhead):
        lapsing.renew_ahead(session, act, part_of(session, order(small.bea)))
    with pytest.raises(NothingToRenew):
        lapsing.renew_ahead(session, act, lines.add_share(session, act, copper, small.bea, small.adsl))


def test_a_member_is_told_thirty_days_before_and_seven_days_before_and_no_more(
    session: EssaimSession, act: Act, copper: Line
) -> None:
    lapsing.renew_ahead(session, act, part_of(session, copper), days=60)
    told = []
    for day in range(1, 62):
        today = in_days(act, day)
        due = lapsing.to_tell(session, today.at)
        lapsing.note_told(session, today, due)
        told += [day for _ in due]
    assert told == [30, 53]
    journal.verify(session)


def test_a_member_told_late_for_the_first_time_is_not_told_again_the_day_after(
    session: EssaimSession, act: Act, copper: Line
) -> None:
    lapsing.renew_ahead(session, act, part_of(session, copper), days=14)
    lapsing.note_told(session, in_days(act, 10), lapsing.to_tell(session, in_days(act, 10).at))
    assert lapsing.to_tell(session, in_days(act, 11).at) == []


def test_an_owner_is_told_of_a_token_that_ends(session: EssaimSession, act: Act, small: Any) -> None:
    token, _ = tokens.create_token(session, act, small.ada, "laptop", days=31)
    assert lapsing.to_tell(session, act.at) == []
    (due,) = lapsing.to_tell(session, in_days(act, 2).at)
    tokens.end_token(session, in_days(act, 2), token)
    assert (str(due), lapsing.to_tell(session, in_days(act, 3).at)) == ("token:J0001", [])


def test_a_line_handed_over_keeps_both_passwords_to_the_same_day(
    session: EssaimSession, act: Act, small: Any, copper: Line
) -> None:
    renewed = lapsing.renew_ahead(session, in_days(act, 1), part_of(session, copper), days=60)
    later = in_days(act, 2)
    lines.move(session, later, copper, LineState.ORDERED)
    handing.hand_line(session, later, lines.find_line(session, "L0001"), small.bea, opening=Opening())
    (found,) = lapsing.list_credentials(session, later.at, kind="ppp")
    assert (str(found.member), found.former_until) == ("M0002", renewed.former_until)


def test_what_opened_a_line_that_is_closed_is_on_no_calendar(
    session: EssaimSession, act: Act, small: Any, order: Any
) -> None:
    line, later = order(small.ada), in_days(act, 1)
    lines.close_line(session, later, line)
    assert names(session, in_days(act, 2)) == []
    assert members.find_member(session, "M0001")
