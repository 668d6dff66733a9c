"""How members are reached, and who speaks for an organisation."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from foundation.acts import Act
from foundation.database import EssaimSession
from inventory import contacts, members
from inventory.contacts import (
    BadPhone,
    BadReferent,
    ContactThere,
    NoSuchContact,
    NoSuchReferent,
    NotAnOrganisation,
    ReferentThere,
)
from inventory.members import BadChoice, BadEmail, BadName, BadPostal
from inventory.models.people import Member
from inventory.views.members import view

DAY = date(2026, 11, 22)


@pytest.fixture
def ada(session: EssaimSession, act: Act) -> Member:
    return members.add_member(session, act, "Ada Exemple")


@pytest.fixture
def club(session: EssaimSession, act: Act) -> Member:
    return members.add_member(session, act, "Le Club", organisation=True)


def test_a_member_has_several_contacts_each_for_something(session: EssaimSession, act: Act, ada: Member) -> None:
    contacts.add_contact(session, act, ada, "phone", "+33 6 12 34 56 78", purpose="emergency")
    contacts.add_contact(session, act, ada, "email", "Noc@" + "club.example".upper(), purpose="technical")
    contacts.add_contact(session, act, ada, "postal", "1 rue d'Essai\n33000 Essai", purpose="billing")
    assert [(one.kind, one.value, one.purpose) for one in view(session, ada, DAY).contacts] == [
        ("phone", "+33 6 12 34 56 78", "emergency"),
        ("email", "Noc@club.example", "technical"),
        ("postal", "1 rue d'Essai\n33000 Essai", "billing"),
    ]


def test_a_contact_that_no_longer_serves_is_gone_from_the_file(session: EssaimSession, act: Act, ada: Member) -> None:
    for purpose in ("general", "emergency", "billing"):
        contacts.add_contact(session, act, ada, "phone", "06.12.34.56.78", purpose=purpose)
    contacts.end_contact(session, act, ada, "0612345678", purpose="billing")
    assert [one.purpose for one in contacts.contacts_of(session, ada)] == ["general", "emergency"]
    contacts.end_contact(session, act, ada, "06 12 34 56 78")
    assert contacts.contacts_of(session, ada) == []
    with pytest.raises(NoSuchContact):
        contacts.end_contact(session, act, ada, "0612345678")
    contacts.add_contact(session, act, ada, "phone", "06.12.34.56.78")


def test_the_same_contact_for_the_same_thing_is_refused(session: EssaimSession, act: Act, ada: Member) -> None:
    contacts.add_contact(session, act, ada, "email", "noc@club.example")
    with pytest.raises(ContactThere):
        contacts.add_contact(session, act, ada, "email", "noc@" + "club.example".upper())
    contacts.add_contact(session, act, ada, "email", "noc@club.example", purpose="billing")


@pytest.mark.parametrize(
    ("kind", "value", "refusal"),
    [
        ("fax", "0612345678", BadChoice),
        ("email", "a@b", BadEmail),
        ("postal", " ", BadPostal),
        ("postal", "a\x00b", BadPostal),
        ("phone", "", BadPhone),
        ("phone", "12", BadPhone),
        ("phone", "0612345678 poste 3", BadPhone),
        ("phone", "٠٦١٢٣٤٥٦٧٨", BadPhone),
        ("phone", "1" * 20, BadPhone),
    ],
)
def test_what_reaches_nobody_is_refused(
    session: EssaimSession, act: Act, ada: Member, kind: str, value: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        contacts.add_contact(session, act, ada, kind, value)
    with pytest.raises(BadChoice):
        contacts.add_contact(session, act, ada, "phone", "0612345678", purpose="fun")


def test_an_organisation_has_referents_who_are_members_or_names(
    session: EssaimSession, act: Act, ada: Member, club: Member
) -> None:
    contacts.add_referent(session, act, club, ada)
    contacts.add_referent(session, act, club, name="Zoé Œuvre", contact="06 12 34 56 78", role="technical")
    assert [(one.name, one.member, one.contact, one.role) for one in view(session, club, DAY).referents] == [
        ("Ada Exemple", "M0001", "", "representative"),
        ("Zoé Œuvre", None, "06 12 34 56 78", "technical"),
    ]
    assert [one.number for one in members.list_members(session, word="oeuvre")] == [2]
    contacts.end_referent(session, act, club, "zoe oeuvre")
    contacts.end_referent(session, act, club, "m1")
    assert contacts.referents_of(session, club) == []
    with pytest.raises(NoSuchReferent):
        contacts.end_referent(session, act, club, "M0001")


def test_a_referent_is_one_person_named_once(session: EssaimSession, act: Act, ada: Member, club: Member) -> None:
    with pytest.raises(NotAnOrganisation):
        contacts.add_referent(session, act, ada, name="Zoé")
    with pytest.raises(BadReferent):
        contacts.add_referent(session, act, club)
    with pytest.raises(BadReferent):
        contacts.add_referent(session, act, club, ada, name="Ada")
    with pytest.raises(BadReferent):
        contacts.add_referent(session, act, club, club)
    with pytest.raises(BadName):
        contacts.add_referent(session, act, club, name="a\x1bb")
    with pytest.raises(BadPhone):
        contacts.add_referent(session, act, club, name="Zoé", contact="chez elle")
    with pytest.raises(BadChoice):
        contacts.add_referent(session, act, club, name="Zoé", role="king")
    contacts.add_referent(session, act, club, name="Zoé")
    with pytest.raises(ReferentThere):
        contacts.add_referent(session, act, club, name="ZOE")


def test_a_referent_to_come_may_be_ended_before(session: EssaimSession, act: Act, ada: Member, club: Member) -> None:
    contacts.add_referent(session, act, club, ada, since=DAY + timedelta(days=9))
    contacts.end_referent(session, replace(act), club, "M0001")
    assert contacts.referents_of(session, club) == []
