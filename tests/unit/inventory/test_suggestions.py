"""Suggestions: what someone has no mandate for waits, changes nothing, and is done by whoever may."""

from __future__ import annotations

import base64
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from foundation.acts import LONGEST_WHY, Act
from foundation.database import EssaimSession
from inventory import credentials, lines, mandates, members, offers, reverse, shares, suggestions
from inventory.line_parts import BadPlace, NotOfThis
from inventory.models.lines import Line
from inventory.models.mandates import Task
from inventory.models.suggestions import Suggestion, SuggestionState
from inventory.rights import NotMandated
from inventory.suggested import ChangeLine, ForWhom, NameAddress, OrderLine, Suggested
from inventory.suggestions import NothingToSuggest, RefusedWithoutWhy, SuggestionDecided, TooManySuggestions
from inventory.views.suggestions import view

KEY = base64.b64encode(b"s" * 32).decode()


def by(act: Act, number: int, why: str = "") -> Act:
    return replace(act, actor=f"M{number:04d}", why=why)


@pytest.fixture
def line(session: EssaimSession, act: Act, small: Any, order: Any) -> Line:
    """A tunnel of M0001; M0001 gives mandates and keeps lines and addresses, M0002 has none."""
    ordered: Line = order(small.ada)
    mandates.give(session, act, small.ada, Task.MANDATES_GIVE)
    for task in (Task.LINES_WRITE, Task.ADDRESSES_WRITE):
        mandates.give(session, by(act, 1), small.ada, task)
    return ordered


def address(session: EssaimSession, line: Line) -> str:
    return str(ip_network(lines.prefixes(session, line)[0]).network_address)


def names(session: EssaimSession) -> list[str]:
    return [one.name for one in reverse.list_names(session)]


def said(session: EssaimSession, subject: str) -> list[tuple[str, str, str]]:
    """What the journal is to hold of a subject, the latest first: it is written with the transaction."""
    noted = reversed(session.info["journal"])
    return [(verb, deed.actor, facts["why"]) for deed, verb, of, _, facts in noted if of == subject]


def test_a_suggested_name_changes_nothing_until_someone_who_may_accepts_it(
    session: EssaimSession, act: Act, line: Line
) -> None:
    wanted = NameAddress(address(session, line), "Serveur.Ada.Example.")
    with pytest.raises(NotMandated):
        reverse.set_name(session, by(act, 2), wanted.upon(session), wanted.upon(session).prefix[0], "x.example")
    made = suggestions.suggest(session, by(act, 2, "the mail server"), wanted)
    assert (str(made), made.diff) == ("G0001", f"+{wanted.address} PTR serveur.ada.example\n")
    assert names(session) == []
    with pytest.raises(NotMandated):
        suggestions.accept(session, by(act, 2), made)
    assert suggestions.accept(session, by(act, 1), made) == wanted.address
    assert names(session) == ["serveur.ada.example"]
    assert (made.state, made.decided_by) == (SuggestionState.ACCEPTED, "M0001")
    with pytest.raises(SuggestionDecided):
        suggestions.accept(session, by(act, 1), made)


def test_the_journal_has_who_suggested_and_who_accepted(session: EssaimSession, act: Act, line: Line) -> None:
    made = suggestions.suggest(session, by(act, 2, "it moved"), ChangeLine(str(line), place="2 rue de l'Exemple"))
    suggestions.accept(session, by(act, 1, "seen with her"), made)
    deeds = said(session, str(line))
    assert ("line.change", "M0001", "G0001, M0002 : it moved") in deeds
    assert [(verb, actor) for verb, actor, _ in said(session, "G0001")] == [
        ("suggestion.accept", "M0001"),
        ("suggestion.add", "M0002"),
    ]


def test_a_member_suggests_a_line_for_themselves(session: EssaimSession, act: Act, line: Line) -> None:
    made = suggestions.suggest(session, by(act, 2), OrderLine("M0002", "vpn", KEY))
    assert made.diff == f"+member: M0002\n+offer: vpn\n+public_key: {KEY}\n"
    number = suggestions.accept(session, by(act, 1), made)
    ordered = lines.find_line(session, number)
    assert [str(share.member) for share in ordered.shares] == ["M0002"]


def test_what_a_line_is_said_to_be_is_shown_beside_what_it_would_be(
    session: EssaimSession, act: Act, line: Line
) -> None:
    first = suggestions.suggest(session, by(act, 2), ChangeLine(str(line), place="1 rue"))
    suggestions.accept(session, by(act, 1), first)
    second = suggestions.suggest(session, by(act, 2), ChangeLine(str(line), place="2 rue"))
    third = suggestions.suggest(session, by(act, 2), ChangeLine(str(line), place="3 rue"))
    assert second.diff == "-place: 1 rue\n+place: 2 rue\n"
    suggestions.accept(session, by(act, 1), second)
    assert view(session, third, act.at).diff == "-place: 2 rue\n+place: 3 rue\n"
    assert view(session, second, act.at).diff == "-place: 1 rue\n+place: 2 rue\n"
    fourth = suggestions.suggest(session, by(act, 2), ChangeLine(str(line), place=""))
    suggestions.accept(session, by(act, 1), fourth)
    assert lines.find_line(session, str(line)).place == ""


def test_what_would_change_nothing_is_not_noted(session: EssaimSession, act: Act, line: Line) -> None:
    wanted = ChangeLine(str(line), place="1 rue")
    suggestions.accept(session, by(act, 1), suggestions.suggest(session, by(act, 2), wanted))
    with pytest.raises(NothingToSuggest):
        suggestions.suggest(session, by(act, 2), wanted)


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        (NameAddress("198.51.100.0", "nope"), reverse.BadName),
        (NameAddress("203.0.113.9", "a.example"), reverse.NobodyHolds),
        (ChangeLine("L0001"), offers.NothingSaid),
        (ChangeLine("L0001", place="x\ny"), BadPlace),
        (ChangeLine("L0001", nd="0199001234"), NotOfThis),
        (ChangeLine("L0009", place="ici"), lines.NoSuchLine),
        (OrderLine("machine:test", "vpn", KEY), ForWhom),
        (OrderLine("M0009", "vpn", KEY), members.NoSuchMember),
        (OrderLine("M0002", "vpn"), credentials.KeyMissing),
        (OrderLine("M0002", "vpn", "short"), credentials.BadKey),
        (OrderLine("M0002", "rien", KEY), offers.NoSuchOffer),
    ],
)
def test_what_cannot_be_is_not_noted(
    session: EssaimSession, act: Act, line: Line, wanted: Suggested, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        suggestions.suggest(session, by(act, 2), wanted)
    assert suggestions.list_suggestions(session) == []


def test_whoever_has_left_gets_no_line(session: EssaimSession, act: Act, small: Any, line: Line) -> None:
    mandates.give(session, by(act, 1), small.ada, Task.MEMBERS_WRITE)
    members.leave(session, by(act, 1), small.bea)
    with pytest.raises(shares.NotAMember):
        suggestions.suggest(session, by(act, 1), OrderLine("M0002", "vpn", KEY))


def test_a_refusal_says_why_and_ones_own_is_taken_back_without_a_word(
    session: EssaimSession, act: Act, line: Line
) -> None:
    first, second = (
        suggestions.suggest(session, by(act, 2), ChangeLine(str(line), place=place)) for place in ("1 rue", "2 rue")
    )
    with pytest.raises(RefusedWithoutWhy):
        suggestions.refuse(session, by(act, 1), first)
    with pytest.raises(NotMandated):
        suggestions.refuse(session, by(act, 3, "no"), first)
    suggestions.refuse(session, by(act, 1, "it did not move"), first)
    assert (first.state, first.reason) == (SuggestionState.REFUSED, "it did not move")
    suggestions.refuse(session, by(act, 2), second)
    assert second.decided_by == "M0002"
    with pytest.raises(SuggestionDecided):
        suggestions.refuse(session, by(act, 2), second)
    assert suggestions.list_suggestions(session) == []
    assert list(suggestions.list_suggestions(session, decided=True, by="M0002")) == [first, second]


def test_no_more_than_some_of_one_person_wait(session: EssaimSession, act: Act, line: Line) -> None:
    for rank in range(suggestions.MOST):
        suggestions.suggest(session, by(act, 2), ChangeLine(str(line), place=f"{rank} rue"))
    with pytest.raises(TooManySuggestions):
        suggestions.suggest(session, by(act, 2), ChangeLine(str(line), place="ailleurs"))
    suggestions.suggest(session, by(act, 1), ChangeLine(str(line), place="ailleurs"))


def test_long_words_of_why_reach_the_deed_as_far_as_they_are_kept(session: EssaimSession, act: Act, line: Line) -> None:
    made = suggestions.suggest(session, by(act, 2, "é" * LONGEST_WHY), ChangeLine(str(line), place="ici"))
    suggestions.accept(session, by(act, 1), made)
    (why,) = [why for verb, _, why in said(session, str(line)) if verb == "line.change"]
    assert why.startswith("G0001, M0002 : éé")
    assert len(why) == LONGEST_WHY


def test_what_it_is_about_may_be_gone_by_the_time_it_is_read(
    session: EssaimSession, act: Act, small: Any, line: Line
) -> None:
    made = suggestions.suggest(session, by(act, 2), NameAddress(address(session, line), "a.example"))
    lines.close_line(session, by(act, 1), line)
    assert "PTR a.example" in view(session, made, act.at).diff
    with pytest.raises(reverse.NobodyHolds):
        suggestions.accept(session, by(act, 1), made)
    assert session.get_one(Suggestion, made.id).state == SuggestionState.WAITING


def test_what_someone_did_meanwhile_is_refused_and_not_done_twice(session: EssaimSession, act: Act, line: Line) -> None:
    first, second = (
        suggestions.suggest(session, by(act, number), ChangeLine(str(line), place="1 rue")) for number in (2, 3)
    )
    suggestions.accept(session, by(act, 1), first)
    with pytest.raises(NothingToSuggest):
        suggestions.accept(session, by(act, 1), second)
    suggestions.refuse(session, by(act, 1, "done already"), second)
    assert second.reason == "done already"
