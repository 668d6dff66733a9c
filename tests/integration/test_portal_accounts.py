"""A link signs in once, for a time; the database knows no secret of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from foundation import journal
from foundation.acts import Act
from foundation.database import EssaimSession, Store, reading, transaction
from inventory import accounts, members
from inventory.models.people import Member, SignIn, SignInLink
from tests.integration.conftest import values_of


@pytest.fixture
def camille(session: EssaimSession, act: Act) -> Member:
    return members.add_member(session, act, "Camille Exemple")


def test_a_link_signs_in_whom_it_was_made_for(session: EssaimSession, act: Act, camille: Member) -> None:
    token = accounts.sign_in_link(session, act, camille)
    cookie = accounts.sign_in(session, token, act.at + timedelta(minutes=14))
    assert accounts.signed_in(session, cookie, act.at + timedelta(days=13)) is camille


def test_a_link_serves_once(session: EssaimSession, act: Act, camille: Member) -> None:
    token = accounts.sign_in_link(session, act, camille)
    accounts.sign_in(session, token, act.at)
    with pytest.raises(accounts.LinkDead):
        accounts.sign_in(session, token, act.at)


def test_a_link_dies_after_fifteen_minutes(session: EssaimSession, act: Act, camille: Member) -> None:
    token = accounts.sign_in_link(session, act, camille)
    with pytest.raises(accounts.LinkDead):
        accounts.sign_in(session, token, act.at + accounts.LINK_LIFE)


@pytest.mark.parametrize("token", ["", "x" * 43, "é" * 43, "a" * 4000, "\0"])
def test_a_text_that_is_no_link_opens_nothing(session: EssaimSession, act: Act, camille: Member, token: str) -> None:
    with pytest.raises(accounts.LinkDead):
        accounts.sign_in(session, token, act.at)
    assert accounts.signed_in(session, token, act.at) is None


def test_a_cookie_is_good_for_fourteen_days(session: EssaimSession, act: Act, camille: Member) -> None:
    cookie = accounts.sign_in(session, accounts.sign_in_link(session, act, camille), act.at)
    assert accounts.signed_in(session, cookie, act.at + accounts.SIGN_IN_LIFE) is None


def test_signing_out_ends_this_cookie_and_no_other(session: EssaimSession, act: Act, camille: Member) -> None:
    here, there = (accounts.sign_in(session, accounts.sign_in_link(session, act, camille), act.at) for _ in range(2))
    accounts.sign_out(session, here, act.at)
    accounts.sign_out(session, here, act.at)
    assert accounts.signed_in(session, here, act.at) is None
    assert accounts.signed_in(session, there, act.at) is camille


def test_what_is_too_old_is_swept_away_in_passing(session: EssaimSession, act: Act, camille: Member) -> None:
    accounts.sign_in_link(session, act, camille)
    accounts.sign_in(session, accounts.sign_in_link(session, act, camille), act.at)
    later = replace(act, at=act.at + timedelta(days=15))
    accounts.sign_in(session, accounts.sign_in_link(session, later, camille), later.at)
    assert session.scalar(select(func.count()).select_from(SignInLink)) == 0
    assert session.scalar(select(func.count()).select_from(SignIn)) == 1


def test_of_two_who_use_one_link_at_once_one_gets_in(store: Store, act: Act) -> None:
    with transaction(store) as session:
        token = accounts.sign_in_link(session, act, members.add_member(session, act, "Camille Exemple"))

    def try_it(_: int) -> bool:
        try:
            with transaction(store) as session:
                accounts.sign_in(session, token, act.at)
        except accounts.LinkDead:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(try_it, range(4))) == [False, False, False, True]


def test_neither_the_database_nor_the_journal_knows_a_token(store: Store, act: Act) -> None:
    with transaction(store) as session:
        token = accounts.sign_in_link(session, act, members.add_member(session, act, "Camille Exemple"))
    with transaction(store) as session:
        cookie = accounts.sign_in(session, token, act.at)
    with reading(store) as session:
        assert [deed.verb for deed in journal.show(session, subject="M0001")][:2] == ["sign-in.begin", "sign-in.link"]
        kept = values_of(session)
    assert any(b"Camille Exemple" in value for value in kept)
    for secret in (token, cookie):
        assert not any(secret.encode() in value for value in kept)
