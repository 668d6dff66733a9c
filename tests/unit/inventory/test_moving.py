"""A line goes over to another access: addresses and shares stay, both accesses are in force until it is done."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from foundation import clock
from foundation.acts import Act
from foundation.database import EssaimSession
from inventory import credentials, devices, line_parts, lines, moving, offers, shares
from inventory.lines import Ordering
from inventory.models.access import Copper, Fibre, LineMigration, Outcome
from inventory.models.lines import Line, LineState
from inventory.models.places import Site
from inventory.moving import complete_migration, migrate_line, undo_migration
from inventory.views.lines import LineView, view

KEY = base64.b64encode(b"m" * 32).decode()


@pytest.fixture
def line(session: EssaimSession, act: Act, small: Any) -> Line:
    """A copper line in service, shared."""
    made = lines.order_line(session, act, small.ada, small.adsl, Ordering(nd="0556000001", insee="33063", mtu=1400))
    for state in (LineState.ORDERED, LineState.DELIVERED, LineState.ACTIVE):
        lines.move(session, act, made, state)
    lines.add_share(session, act, made, small.bea, small.adsl)
    return made


@pytest.fixture
def fibre(session: EssaimSession, act: Act, small: Any) -> Any:
    return offers.add_offer(session, act, "fibre", "Fibre", "ftth", "l2tp", device=small.server, realm="ftth.example")


def later(act: Act, hours: int = 1) -> Act:
    return replace(act, at=act.at + timedelta(hours=hours))


def seen(session: EssaimSession, act: Act, line: Line) -> LineView:
    session.expire_all()
    return view(session, lines.find_line(session, str(line)), clock.today(act.at))


def test_while_it_migrates_a_line_has_both_accesses_and_all_its_addresses(
    session: EssaimSession, act: Act, line: Line, fibre: Any
) -> None:
    before = seen(session, act, line)
    migrate_line(session, later(act), line, fibre, Ordering(pto="FI-1234-5678", place="3 rue des Lilas"))
    now = seen(session, act, line)
    assert (now.offer, now.nd, now.pto, now.mtu, now.place) == ("adsl", "0556000001", None, 1400, "")
    assert now.migration is not None
    assert (now.migration.offer, now.migration.device, now.migration.pto, now.migration.mtu) == (
        "fibre", "vpn", "FI-1234-5678", 1460,
    )  # fmt: skip
    assert now.prefixes == before.prefixes
    assert now.shares[0].credentials == ("l0001@adsl", "l0001@ftth.example")


def test_once_done_the_new_access_is_the_lines_own(session: EssaimSession, act: Act, line: Line, fibre: Any) -> None:
    before = seen(session, act, line)
    migrate_line(session, later(act), line, fibre, Ordering(pto="FI-1234-5678", place="3 rue des Lilas"))
    complete_migration(session, later(act, 2), line)
    now = seen(session, act, line)
    assert (now.offer, now.device, now.nd, now.insee, now.pto, now.mtu, now.place, now.migration) == (
        "fibre", "vpn", None, None, "FI-1234-5678", 1460, "3 rue des Lilas", None,
    )  # fmt: skip
    assert now.prefixes == before.prefixes
    assert [one.member for one in now.shares] == [one.member for one in before.shares]
    assert now.shares[0].credentials == ("l0001@ftth.example",)
    assert session.scalars(select(Copper.until)).one() == later(act, 2).at
    with pytest.raises(moving.NotMigrating):
        complete_migration(session, later(act, 3), line)


def test_undone_the_line_is_as_it_was(session: EssaimSession, act: Act, line: Line, fibre: Any) -> None:
    before = seen(session, act, line)
    migrate_line(session, later(act), line, fibre, Ordering(pto="FI-1234-5678"))
    undo_migration(session, later(act, 2), line)
    assert seen(session, act, line) == before
    assert session.scalars(select(Fibre.until)).one() == later(act, 2).at
    with pytest.raises(moving.NotMigrating):
        undo_migration(session, later(act, 3), line)
    migrate_line(session, later(act, 4), line, fibre, Ordering(pto="FI-1234-5678"))


def test_a_house_move_replaces_the_pair_and_keeps_the_login(
    session: EssaimSession, act: Act, line: Line, small: Any
) -> None:
    migrate_line(session, later(act), line, small.adsl, Ordering(nd="0556000002", place="ailleurs"))
    assert seen(session, act, line).nd == "0556000001"
    complete_migration(session, later(act, 2), line)
    now = seen(session, act, line)
    assert (now.nd, now.place, now.mtu, now.shares[0].credentials) == ("0556000002", "ailleurs", 1400, ("l0001@adsl",))


def test_a_new_concentrator_keeps_the_key(session: EssaimSession, act: Act, small: Any, order: Any) -> None:
    tunnel = order(small.ada)
    other = devices.add_device(
        session, act, "vpn2", role="vpn", platform="debian", site=session.get_one(Site, small.server.site_id)
    )
    before = seen(session, act, tunnel)
    migrate_line(session, later(act), tunnel, small.vpn, Ordering(), device=other)
    complete_migration(session, later(act, 2), tunnel)
    now = seen(session, act, tunnel)
    assert now.device == "vpn2"
    assert (now.shares, now.prefixes) == (before.shares, before.prefixes)


def test_a_new_key_comes_with_a_migration_and_replaces_the_old(
    session: EssaimSession, act: Act, small: Any, order: Any
) -> None:
    tunnel = order(small.ada)
    migrate_line(session, later(act), tunnel, small.vpn, Ordering(public_key=KEY, place="ici"))
    complete_migration(session, later(act, 2), tunnel)
    assert seen(session, act, tunnel).shares[0].credentials == (KEY,)


def test_what_cannot_migrate_is_refused(session: EssaimSession, act: Act, line: Line, small: Any, fibre: Any) -> None:
    with pytest.raises(moving.NothingMoves):
        migrate_line(session, act, line, small.adsl, Ordering())
    with pytest.raises(line_parts.NotOfThis):
        migrate_line(session, act, line, fibre, Ordering(nd="0556000002"))
    with pytest.raises(credentials.KeyMissing), session.begin_nested():
        migrate_line(session, act, line, small.vpn, Ordering())
    waiting = lines.order_line(session, act, small.ada, small.adsl, Ordering())
    with pytest.raises(moving.NotYetThere):
        migrate_line(session, act, waiting, fibre, Ordering())
    lines.close_line(session, act, waiting)
    with pytest.raises(lines.LineEnded):
        migrate_line(session, act, waiting, fibre, Ordering())
    migrate_line(session, act, line, fibre, Ordering())
    with pytest.raises(moving.AlreadyMigrating) as refused:
        migrate_line(session, act, line, fibre, Ordering())
    assert "essaim line migrate L0001 --done" in refused.value.sentence("fr")
    offers.retire_offer(session, act, fibre)
    undo_migration(session, act, line)
    with pytest.raises(offers.OfferRetired):
        migrate_line(session, act, line, fibre, Ordering())


def test_closing_a_line_gives_its_migration_up(session: EssaimSession, act: Act, line: Line, fibre: Any) -> None:
    migrate_line(session, later(act), line, fibre, Ordering(pto="FI-1234-5678"))
    lines.close_line(session, later(act, 2), line)
    migration = session.scalars(select(LineMigration)).one()
    assert (migration.outcome, migration.ended) == (Outcome.UNDONE, later(act, 2).at)
    assert session.scalars(select(Fibre.until)).one() is not None
    assert credentials.living(session, [one.id for one in shares.of_line(session, line)]) == []


def test_the_database_itself_refuses_two_migrations_at_a_time(
    session: EssaimSession, act: Act, line: Line, fibre: Any
) -> None:
    migrate_line(session, act, line, fibre, Ordering())
    twin = LineMigration(line_id=line.id, from_offer_id=line.offer_id, to_offer_id=fibre.id, since=act.at)
    with pytest.raises(IntegrityError), session.begin_nested():
        session.add(twin)
