"""Who comes in, under what name, and how they are found."""

from __future__ import annotations

from datetime import date

import pytest

from foundation import clock, journal
from foundation.acts import Act
from foundation.database import EssaimSession, Store, transaction
from inventory import contacts, members, memberships, numbers
from inventory.members import BadChoice, BadEmail, BadName, BadPostal, NoSuchMember
from inventory.models.people import MemberStatus
from inventory.rights import NotMandated

DOMAIN = "membres.example"


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


def test_the_domain_of_an_email_address_is_in_lower_case_and_its_local_part_as_it_is_written(
    session: EssaimSession, act: Act
) -> None:
    assert members.add_member(session, act, "Ada", email=f"Ada.E@{DOMAIN.upper()}").email == "Ada.E@membres.example"


def test_a_couple_may_share_an_address_and_both_are_found_by_it_whatever_its_case(
    session: EssaimSession, act: Act
) -> None:
    ada = members.add_member(session, act, "Ada", email="eux@membres.example")
    bea = members.add_member(session, act, "Béa", email="Eux@membres.example")
    dan = members.add_member(session, act, "Dan")
    contacts.add_contact(session, act, dan, "email", "EUX@membres.example", purpose="billing")
    assert list(members.written_by(session, f" eux@{DOMAIN.title()}")) == [ada, bea, dan]
    assert list(members.written_by(session, "eu_@membres.example")) == []


def test_a_file_is_corrected_and_only_what_changed_is_journaled(store: Store, act: Act) -> None:
    with transaction(store) as session:
        ada = members.add_member(session, act, "Ada", email="ada@membres.example")
        changed = members.change_member(
            session, act, ada, name="Adèle", email=f"ada@{DOMAIN.upper()}", postal=" 1 rue d'Essai \n\n33000 Essai "
        )
        assert changed == ("name", "postal")
        assert members.change_member(session, act, ada, name="Adèle") == ()
        assert members.change_member(session, act, ada, email="", language="en") == ("email", "language")
        assert (ada.email, ada.postal, ada.language) == (None, "1 rue d'Essai\n33000 Essai", "en")
    with transaction(store) as session:
        deeds = journal.show(session, member="M0001")
        assert [deed.verb for deed in deeds] == ["member.change", "member.change", "member.add"]
        assert deeds[1].facts == {
            "before": {"name": "Ada", "postal": ""},
            "after": {"name": "Adèle", "postal": "1 rue d'Essai\n33000 Essai"},
        }


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"name": ""}, BadName),
        ({"email": "a@b"}, BadEmail),
        ({"language": "de"}, BadChoice),
        ({"postal": "a\x1bb"}, BadPostal),
        ({"postal": "x" * 501}, BadPostal),
    ],
)
def test_a_correction_that_makes_no_sense_changes_nothing(
    session: EssaimSession, act: Act, wrong: dict[str, str], refusal: type[Exception]
) -> None:
    ada = members.add_member(session, act, "Ada", email="ada@membres.example")
    with pytest.raises(refusal):
        members.change_member(session, act, ada, **{"name": "Adèle"} | wrong)
    assert (ada.name, ada.email, ada.language, ada.postal) == ("Ada", "ada@membres.example", "fr", "")


def test_a_member_may_correct_their_own_file_and_nobody_elses(session: EssaimSession, act: Act) -> None:
    ada, bea = (members.add_member(session, act, name) for name in ("Ada", "Béa"))
    own = Act("M0001", act.at)
    members.change_member(session, own, ada, name="Adèle")
    contacts.add_contact(session, own, ada, "phone", "0600000000")
    with pytest.raises(NotMandated):
        members.change_member(session, own, bea, name="Moi")
    with pytest.raises(NotMandated):
        contacts.add_contact(session, own, bea, "phone", "0600000000")
    for verb in (members.leave, memberships.rejoin):
        with pytest.raises(NotMandated):
            verb(session, own, ada)
    with pytest.raises(NotMandated):
        members.add_member(session, own, "Cléo")


def test_members_are_found_by_words_of_their_name_and_contacts(session: EssaimSession, act: Act) -> None:
    zoe = members.add_member(session, act, "Zoé L’ŒUVRE", email="Zoe@membres.example")
    members.add_member(session, act, "Ada 100%")

    def found(word: str) -> list[int]:
        return [one.number for one in members.list_members(session, word=word)]

    assert found("zoe") == found("oeuvre ZOÉ") == found("zoe@membres") == [1]
    contacts.add_contact(session, act, zoe, "phone", "06 12 34 56 78")
    assert found("0612345678") == found("06 12") == [1]
    contacts.end_contact(session, act, zoe, "0612345678")
    members.change_member(session, act, zoe, name="Zoé")
    assert found("0612") == found("oeuvre") == []
    assert found("100%") == [2]
    assert found("_") == found("1%") == []


def test_members_are_listed_by_the_kind_of_their_membership(session: EssaimSession, act: Act) -> None:
    members.add_member(session, act, "Ada")
    bea = members.add_member(session, act, "Béa", status="affiliate", since=date(2020, 1, 1))
    memberships.become(session, act, bea, "adherent", since=date(2027, 1, 1))
    day = clock.today(act.at)
    assert [one.number for one in members.list_members(session, kind="affiliate", day=day)] == [2]
    assert members.list_members(session, kind="affiliate", day=date(2027, 1, 1)) == []


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
