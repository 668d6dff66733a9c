"""The kinds of membership are the association's own."""

from __future__ import annotations

import pytest

from foundation.acts import Act
from foundation.database import EssaimSession
from foundation.speech import written
from inventory import kinds, members
from inventory.kinds import BadKindLabel, BadKindName, KindThere, LastKind, NoSuchKind
from inventory.models.people import MemberStatus
from inventory.rights import NotMandated
from inventory.words import Coded


def test_an_association_begins_with_three_kinds_of_which_one_votes(session: EssaimSession) -> None:
    found = kinds.list_kinds(session)
    assert [(one.name, one.votes) for one in found] == [
        ("adherent", True),
        ("affiliate", False),
        ("benefactor", False),
    ]
    assert found[2].word.phrase.say("fr") == "bienfaiteur·rice"


def test_a_kind_is_read_as_its_words_and_given_as_its_code(session: EssaimSession) -> None:
    word = kinds.words(session)["affiliate"]
    assert word == "affiliate"
    assert (written(word, "fr"), written(word, "en")) == ("affilié·e", "affiliate")
    assert written(Coded("x", kinds.LAPSED.phrase), "en") == "membership lapsed"


def test_one_joins_with_a_kind_that_came_later(session: EssaimSession, act: Act) -> None:
    kinds.add_kind(session, act, "student", french="étudiant·e {a}", english="student {a}", votes=True)
    assert members.add_member(session, act, "Ada", status="student").status == MemberStatus.MEMBER
    assert written(kinds.words(session)["student"], "fr") == "étudiant·e {a}"


def test_nobody_joins_with_a_retired_kind_and_who_has_it_keeps_it(session: EssaimSession, act: Act) -> None:
    members.add_member(session, act, "Ada", status="affiliate")
    affiliate = kinds.find_kind(session, "affiliate")
    kinds.change_kind(session, act, affiliate, retired=True)
    with pytest.raises(members.BadChoice) as refused:
        members.add_member(session, act, "Béa", status="affiliate")
    assert refused.value.facts["choices"] == ["adherent", "benefactor", "applicant"]
    assert [one.number for one in members.list_members(session)] == [1]
    kinds.change_kind(session, act, affiliate, retired=False)
    assert members.add_member(session, act, "Béa", status="affiliate").number == 2


def test_the_first_kind_left_is_the_one_that_goes_without_saying(session: EssaimSession, act: Act) -> None:
    kinds.change_kind(session, act, kinds.find_kind(session, "adherent"), retired=True)
    assert kinds.joinable(session, None).name == "affiliate"
    kinds.change_kind(session, act, kinds.find_kind(session, "affiliate"), retired=True)
    with pytest.raises(LastKind):
        kinds.change_kind(session, act, kinds.find_kind(session, "benefactor"), retired=True)


@pytest.mark.parametrize(
    "name", ["", "Élève", "a b", "applicant", "left", "merged", "lapsed", "member", "x" * 33, "-a"]
)
def test_a_name_that_no_kind_can_have_is_refused(session: EssaimSession, act: Act, name: str) -> None:
    with pytest.raises(BadKindName):
        kinds.add_kind(session, act, name, french="a", english="a", votes=False)


@pytest.mark.parametrize("label", ["", "  ", "x" * 61, "a\x1bb"])
def test_words_that_cannot_be_read_are_refused(session: EssaimSession, act: Act, label: str) -> None:
    with pytest.raises(BadKindLabel):
        kinds.add_kind(session, act, "student", french=label, english="a", votes=False)
    with pytest.raises(BadKindLabel):
        kinds.change_kind(session, act, kinds.find_kind(session, "adherent"), english=label)


def test_a_kind_that_exists_is_changed_not_added(session: EssaimSession, act: Act) -> None:
    with pytest.raises(KindThere):
        kinds.add_kind(session, act, "affiliate", french="a", english="a", votes=False)
    with pytest.raises(NoSuchKind):
        kinds.find_kind(session, "king")


def test_the_kinds_are_a_rule_that_not_everyone_sets(session: EssaimSession, act: Act) -> None:
    members.add_member(session, act, "Ada")
    with pytest.raises(NotMandated):
        kinds.add_kind(session, Act("M0001", act.at), "student", french="a", english="a", votes=True)
