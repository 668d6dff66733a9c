"""Who comes in, under what name, and how they are found."""

from __future__ import annotations

import pytest

from foundation import clock
from foundation.acts import Act
from foundation.database import EssaimSession
from inventory import members, numbers
from inventory.members import BadChoice, BadEmail, BadName, NoSuchMember
from inventory.models.people import MemberStatus


def test_someone_joins_with_the_next_number_and_a_membership(session: EssaimSession, act: Act) -> None:
    members.add_member(session, act, "Ada Exemple")
    bea = members.add_member(session, act, " Béa Exemple ", email=" bea@membres.example ", language="en")
    assert (str(bea), bea.name, bea.email, bea.language) == ("M0002", "Béa Exemple", "bea@membres.example", "en")
    found = members.find_member(session, "m2")
    assert [(one.kind, one.since) for one in found.memberships] == [("adherent", clock.today(act.at))]


def test_an_applicant_is_not_a_member_yet(session: EssaimSession, act: Act) -> None:
    asked = members.add_member(session, act, "Ada", status=MemberStatus.APPLICANT)
    assert members.find_member(session, str(asked)).memberships == []


@pytest.mark.parametrize("name", ["Ada", "N'Diaye 李", "O’Brien-Núñez", "Ω", "<script>", "{0}", "x" * 200, "Zoe\u0301"])
def test_the_name_one_uses_is_enough(session: EssaimSession, act: Act, name: str) -> None:
    assert members.add_member(session, act, name).name


@pytest.mark.parametrize(
    "name", ["", "  ", "\u00a0", "x" * 201, "a\nb", "a\x00b", "\x1b[2J", "a\u202eb", "a\u200bb", "\udcff", "a\u2028b"]
)
def test_a_name_that_cannot_be_read_is_refused(session: EssaimSession, act: Act, name: str) -> None:
    with pytest.raises(BadName) as refused:
        members.add_member(session, act, name)
    assert refused.value.sentence("fr").isprintable() or "\u00a0" in refused.value.sentence("fr")


@pytest.mark.parametrize("email", ["", "a", "a@b", "@membres.example", "a b@membres.example", "a@b@membres.example",
                                   "a@membres.", "a@.example", "a@membres.example\nBcc: x@y.example", "<a@b.example>",
                                   "x" * 250 + "@b.example"])  # fmt: skip
def test_what_is_no_email_address_is_refused(session: EssaimSession, act: Act, email: str) -> None:
    with pytest.raises(BadEmail):
        members.add_member(session, act, "Ada", email=email)


@pytest.mark.parametrize("choice", [{"status": "left"}, {"status": "king"}, {"language": "de"}, {"language": ""}])
def test_a_choice_outside_the_list_is_refused_with_the_list(
    session: EssaimSession, act: Act, choice: dict[str, str]
) -> None:
    with pytest.raises(BadChoice) as refused:
        members.add_member(session, act, "Ada", **choice)  # type: ignore[arg-type]
    assert "choisir parmi" in refused.value.sentence("fr")


def test_an_unknown_member_is_not_found(session: EssaimSession) -> None:
    with pytest.raises(NoSuchMember) as missing:
        members.find_member(session, "42")
    assert "M0042" in missing.value.sentence("fr")


def test_members_are_listed_by_number_and_those_who_left_where_asked(session: EssaimSession, act: Act) -> None:
    for name in ("Ada", "Béa", "Cléo", "Dan"):
        members.add_member(session, act, name)
    members.leave(session, act, members.find_member(session, "M0002"))
    assert [one.number for one in members.list_members(session)] == [1, 3, 4]
    assert [one.number for one in members.list_members(session, left=True, after=1, limit=2)] == [2, 3]


@pytest.mark.parametrize(("given", "number"), [("M0042", 42), ("m42", 42), ("42", 42), (" M7 ", 7), ("M12345", 12345)])
def test_a_number_is_read_as_people_write_it(given: str, number: int) -> None:
    assert numbers.parse("M", given) == number


@pytest.mark.parametrize("given", ["", "M", "L0042", "MM42", "Mm42", "M-1", "M4.2", "M٤٢", "M" + "9" * 10, "M0042 x"])
def test_what_is_no_number_is_refused(given: str) -> None:
    with pytest.raises(numbers.BadNumber):
        numbers.parse("M", given)


def test_numbers_are_four_digits_wide_and_may_grow() -> None:
    assert [numbers.shown("L", number) for number in (1, 42, 9999, 10000)] == ["L0001", "L0042", "L9999", "L10000"]
