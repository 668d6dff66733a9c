"""Lines from their order to their end."""

from __future__ import annotations

import base64
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from foundation import clock, journal
from foundation.acts import Act
from foundation.database import EssaimSession, Store, transaction
from inventory import addresses, credentials, line_parts, lines, members, offers, shares
from inventory.lines import IllegalTransition, Ordering
from inventory.models.access import Copper
from inventory.models.addresses import Assignment, Block, BlockState, Role
from inventory.models.lines import Credential, Line, LineEvent, LineState, Share, Technology
from inventory.models.people import Member, MemberStatus

S = LineState
KEY = base64.b64encode(b"k" * 32).decode()
LEGAL = {
    (S.REQUESTED, S.ORDERED),
    (S.REQUESTED, S.ACTIVE),
    (S.REQUESTED, S.CANCELLED),
    (S.ORDERED, S.DELIVERED),
    (S.ORDERED, S.REQUESTED),
    (S.ORDERED, S.CANCELLED),
    (S.DELIVERED, S.ACTIVE),
    (S.DELIVERED, S.CLOSING),
    (S.DELIVERED, S.CLOSED),
    (S.ACTIVE, S.SUSPENDED),
    (S.ACTIVE, S.CLOSING),
    (S.ACTIVE, S.CLOSED),
    (S.SUSPENDED, S.ACTIVE),
    (S.SUSPENDED, S.CLOSING),
    (S.SUSPENDED, S.CLOSED),
    (S.CLOSING, S.CLOSED),
}


def test_a_line_goes_only_where_it_may(session: EssaimSession, act: Act, small: Any, order: Any) -> None:
    line = order(small.ada)
    for before in S:
        for after in S:
            line.state = before
            if (before, after) in LEGAL:
                lines.move(session, act, line, after)
                assert line.state == after
            else:
                with pytest.raises(IllegalTransition):
                    lines.move(session, act, line, after)
                assert line.state == before


def test_a_refused_step_names_the_legal_ones(session: EssaimSession, act: Act, small: Any, order: Any) -> None:
    line = order(small.ada)
    with pytest.raises(IllegalTransition) as refused:
        lines.move(session, act, line, S.ORDERED)
    assert refused.value.sentence("fr") == (
        "L0001 est « en service » et ne peut pas devenir « commandée » "
        "(possible : fermée (closed), en fermeture (closing), suspendue (suspended)). Rien n'a été changé."
    )


def test_a_tunnel_is_in_service_at_once_with_its_addresses(session: EssaimSession, small: Any, order: Any) -> None:
    line = order(small.ada)
    assert line.state == S.ACTIVE
    assert line.device_id == small.server.id
    assert lines.prefixes(session, line) == ["198.51.100.0/32", "2001:db8::/56"]
    states = session.scalars(select(LineEvent.state).where(LineEvent.line_id == line.id).order_by(LineEvent.id)).all()
    assert states == [S.REQUESTED, S.ACTIVE]


def test_a_copper_line_waits_and_has_a_login_with_a_sealed_password(
    session: EssaimSession, small: Any, act: Act
) -> None:
    line = lines.order_line(session, act, small.ada, small.adsl, Ordering(nd="05 56.00 00 01"))
    assert line.state == S.REQUESTED
    assert session.scalars(select(Copper.nd)).all() == ["0556000001"]
    credential = session.scalars(select(Credential)).one()
    assert (credential.kind, credential.name) == ("ppp", "l0001@adsl")
    assert credential.secret is not None
    assert "Sealed(…)" in repr(credential.secret)


@pytest.mark.parametrize(
    ("ordering", "refusal"),
    [
        (Ordering(), credentials.KeyMissing),
        (Ordering(public_key=""), credentials.BadKey),
        (Ordering(public_key="x" * 44), credentials.BadKey),
        (Ordering(public_key="é" * 44), credentials.BadKey),
        (Ordering(public_key=KEY[:-1]), credentials.BadKey),
        (Ordering(public_key=base64.b64encode(b"k" * 31).decode()), credentials.BadKey),
        (Ordering(public_key=KEY[:-2] + chr(ord(KEY[-2]) + 1) + "="), credentials.BadKey),
        (Ordering(public_key=base64.b64encode(bytes(32)).decode()), credentials.BadKey),
        (Ordering(public_key=KEY, nd="12"), line_parts.BadND),
        (Ordering(public_key=KEY, nd="0056000001"), line_parts.BadND),
        (Ordering(public_key=KEY, nd="٠٥٥٦٠٠٠٠٠١"), line_parts.BadND),
    ],
)
def test_an_order_that_cannot_be_served_is_refused(
    session: EssaimSession, act: Act, small: Any, ordering: Ordering, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        lines.order_line(session, act, small.ada, small.vpn, ordering)


def test_a_key_serves_one_line_at_a_time(session: EssaimSession, act: Act, small: Any) -> None:
    first = lines.order_line(session, act, small.ada, small.vpn, Ordering(public_key=KEY))
    with pytest.raises(credentials.CredentialTaken) as refused:
        lines.order_line(session, act, small.bea, small.vpn, Ordering(public_key=f" {KEY}\n"))
    assert "L0001" in refused.value.sentence("fr")
    lines.close_line(session, act, first)
    later = Act(act.actor, act.at + timedelta(minutes=1))
    assert lines.order_line(session, later, small.bea, small.vpn, Ordering(public_key=KEY)).state == S.ACTIVE


def test_the_servers_own_key_opens_no_line(session: EssaimSession, act: Act, small: Any) -> None:
    small.server.public_key = KEY
    with pytest.raises(credentials.KeyOfOurs, match="vpn"):
        lines.order_line(session, act, small.ada, small.vpn, Ordering(public_key=KEY))


def test_the_database_itself_refuses_a_second_living_key(session: EssaimSession, small: Any, order: Any) -> None:
    share = lines.shares_of(session, order(small.ada))[0]
    held = share.credentials[0]
    twin = Credential(share_id=share.id, kind=held.kind, name=held.name, since=held.since + timedelta(days=1))
    with pytest.raises(IntegrityError), session.begin_nested():
        session.add(twin)


def test_an_exhausted_pool_leaves_nothing_half_written(store: Store, act: Act) -> None:
    with transaction(store) as session:
        members.add_member(session, act, "Ada Exemple")
        # The first pool has room, the second has not: the refusal comes after half of the order.
        v4 = addresses.create_pool(session, act, "v4", ip_network("198.51.100.0/30"), handed=32)
        v6 = addresses.create_pool(session, act, "v6", ip_network("2001:db8::/56"), handed=56)
        addresses.reserve(session, act, v6, ip_network("2001:db8::/56"))
        offers.add_offer(session, act, "vpn", "VPN", Technology.WIREGUARD, "tunnel", mtu=1420, pool_v4=v4, pool_v6=v6)
    counted = (Line, Share, Credential, LineEvent, Assignment, Block, journal.Entry)

    def count(session: EssaimSession) -> list[int]:
        return [session.scalars(select(func.count()).select_from(table)).one() for table in counted]

    with transaction(store) as session:
        before = count(session)

    def order() -> None:
        with transaction(store) as session:
            who, what = members.find_member(session, "M0001"), offers.find_offer(session, "vpn")
            lines.order_line(session, act, who, what, Ordering(public_key=KEY))

    with pytest.raises(addresses.PoolExhausted) as refused:
        order()
    assert "v6 (2001:db8::/56)" in refused.value.sentence("fr")
    with transaction(store) as session:
        assert count(session) == before
        pool = addresses.find_pool(session, "v4")
        assert addresses.census(session, pool)[BlockState.FREE] == 4


def test_whoever_left_orders_nothing_more(session: EssaimSession, act: Act, small: Any, order: Any) -> None:
    members.leave(session, act, small.ada)
    with pytest.raises(shares.NotAMember):
        order(small.ada)
    with pytest.raises(shares.NotAMember):
        lines.add_share(session, act, order(small.bea), small.ada, small.vpn)


def test_a_neighbour_gets_an_address_of_their_own(session: EssaimSession, act: Act, small: Any, order: Any) -> None:
    line = order(small.ada)
    share = lines.add_share(session, act, line, small.bea, small.vpn, weight=2)
    held = session.scalars(select(Assignment).where(Assignment.share_id == share.id)).one()
    assert (str(held.prefix), held.role, share.weight) == ("198.51.100.1/32", Role.ROUTED, 2)
    with pytest.raises(shares.AlreadyShares):
        lines.add_share(session, act, line, small.bea, small.vpn)


def test_nobody_comes_into_a_line_that_is_over(session: EssaimSession, act: Act, small: Any, order: Any) -> None:
    line = order(small.ada)
    lines.close_line(session, act, line)
    with pytest.raises(lines.LineEnded):
        lines.add_share(session, act, line, small.bea, small.vpn)


def test_closing_a_line_ends_all_that_hangs_on_it(session: EssaimSession, act: Act, small: Any, order: Any) -> None:
    line = order(small.ada)
    lines.add_share(session, act, line, small.bea, small.vpn)
    later = Act(act.actor, act.at + timedelta(days=3))
    lines.close_line(session, later, line)
    assert line.state == S.CLOSED
    assert lines.prefixes(session, line) == []
    for share in lines.shares_of(session, line):
        assert share.until == clock.today(later.at)
        assert all(one.until == later.at for one in (*share.credentials, *share.assignments))
    assert addresses.census(session, small.v4) == {
        BlockState.FREE: 6,
        BlockState.ASSIGNED: 0,
        BlockState.QUARANTINED: 2,
        BlockState.RESERVED: 0,
    }
    with pytest.raises(IllegalTransition):
        lines.close_line(session, later, line)


def test_a_line_closed_in_the_instant_it_was_ordered_still_has_periods(
    session: EssaimSession, act: Act, small: Any, order: Any
) -> None:
    line = order(small.ada)
    lines.close_line(session, act, line)
    held = session.scalars(select(Assignment)).all()
    assert all(one.until is not None and one.until > one.since for one in held)


def test_a_line_that_was_never_delivered_is_cancelled(session: EssaimSession, act: Act, small: Any) -> None:
    line = lines.order_line(session, act, small.ada, small.adsl, Ordering())
    lines.close_line(session, act, line)
    assert line.state == S.CANCELLED


def test_leaving_closes_ones_own_lines_and_leaves_the_neighbours_theirs(
    session: EssaimSession, act: Act, small: Any, order: Any
) -> None:
    own, shared = order(small.ada), order(small.bea)
    lines.add_share(session, act, shared, small.ada, small.vpn)
    partings = members.leave(session, act, small.ada)
    assert [(one.line, one.closed, one.to) for one in partings] == [(str(own), True, None), (str(shared), False, None)]
    assert (own.state, shared.state) == (S.CLOSED, S.ACTIVE)
    assert (small.ada.status, small.ada.left) == (MemberStatus.LEFT, clock.today(act.at))
    assert [str(share.member) for share in lines.shares_of(session, shared) if share.until is None] == ["M0002"]
    with pytest.raises(members.AlreadyLeft):
        members.leave(session, act, small.ada)


def test_a_shared_line_goes_on_when_its_holder_leaves(session: EssaimSession, act: Act, small: Any, order: Any) -> None:
    line = order(small.ada)
    lines.add_share(session, act, line, small.bea, small.vpn)
    (parting,) = members.leave(session, act, small.ada)
    assert (parting.line, parting.closed, parting.to) == (str(line), False, "M0002")
    assert parting.phrase.fr == "L0001 (continue avec M0002)"
    assert [str(one) for one in lines.lines_of(session, small.bea)] == [str(line)]
    assert lines.holder(lines.find_line(session, str(line)), clock.today(act.at)).member_id == small.bea.id


def test_lines_are_listed_by_number_a_page_at_a_time(session: EssaimSession, act: Act, small: Any, order: Any) -> None:
    ordered = [order(small.ada) for _ in range(4)]
    lines.close_line(session, act, ordered[1])
    assert [line.number for line in lines.list_lines(session)] == [1, 3, 4]
    assert [line.number for line in lines.list_lines(session, ended=True, after=1, limit=2)] == [2, 3]


def test_lines_are_found_by_state_offer_machine_technology_and_member(
    session: EssaimSession, act: Act, small: Any, order: Any
) -> None:
    order(small.ada)
    copper = lines.order_line(session, act, small.bea, small.adsl, Ordering())
    lines.close_line(session, act, order(small.bea))

    def found(**wanted: Any) -> list[int]:
        return [line.number for line in lines.list_lines(session, **wanted)]

    assert found(state="active") == [1]
    assert found(state="demandée") == [copper.number]
    assert found(state="closed") == [3]
    assert found(offer="adsl") == [2]
    assert found(technology="wireguard") == [1]
    assert found(technology="wireguard", offer="adsl") == []
    assert found(device="vpn") == [1]
    assert found(member=small.bea, ended=True) == [2, 3]
    with pytest.raises(lines.BadLineState):
        found(state="asleep")


def test_a_step_may_be_dated_but_not_before_the_last_one_nor_ahead(
    session: EssaimSession, act: Act, small: Any
) -> None:
    line = lines.order_line(session, act, small.ada, small.adsl, Ordering())
    later = Act(act.actor, act.at + timedelta(days=9))
    ordered = act.at + timedelta(days=2)
    lines.move(session, later, line, S.ORDERED, at=ordered)
    for wrong in (ordered - timedelta(seconds=1), later.at + timedelta(seconds=1)):
        with pytest.raises(lines.OutOfOrder):
            lines.move(session, later, line, S.DELIVERED, at=wrong)
    lines.move(session, later, line, S.DELIVERED, at=ordered)
    assert lines.since(lines.find_line(session, str(line)), S.DELIVERED) == ordered


def test_nobody_is_suspended_without_a_word_of_why(session: EssaimSession, act: Act, small: Any, order: Any) -> None:
    line = order(small.ada)
    with pytest.raises(lines.WhyNeeded):
        lines.move(session, Act(act.actor, act.at, " "), line, S.SUSPENDED)
    lines.move(session, act, line, S.SUSPENDED)
    assert lines.prefixes(session, line) == ["198.51.100.0/32", "2001:db8::/56"]


def test_an_unknown_line_is_not_found(session: EssaimSession, small: Any) -> None:
    with pytest.raises(lines.NoSuchLine) as missing:
        lines.find_line(session, "l42")
    assert "L0042" in missing.value.sentence("fr")
    assert missing.value.exit_status == 3


def test_every_deed_is_in_the_journal_of_the_member_it_touches(store: Store, act: Act) -> None:
    with transaction(store) as session:
        member: Member = members.add_member(session, act, "Ada Exemple", email="ada@membres.example")
        members.leave(session, act, member)
    with transaction(store) as session:
        assert [deed.verb for deed in journal.show(session, member="M0001")] == ["member.leave", "member.add"]
