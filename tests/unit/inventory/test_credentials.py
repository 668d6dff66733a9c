"""What opens a line: one of a name at a time, renewed by its owner, dated when it ends."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from foundation.acts import Act
from foundation.database import EssaimSession
from foundation.vault import vault_of
from inventory import credentials, lines, offers, shares
from inventory.credentials import Opening, renew_credential
from inventory.lines import Ordering
from inventory.models.lines import Credential, Line, Share
from inventory.models.mandates import Mandate, Task
from inventory.rights import NotMandated

KEY = base64.b64encode(b"n" * 32).decode()


def part_of(session: EssaimSession, line: Line) -> Share:
    return shares.of_line(session, line)[0]


def test_a_new_password_ends_the_old_one_and_is_told_once(session: EssaimSession, act: Act, small: Any) -> None:
    line = lines.order_line(session, act, small.ada, small.adsl, Ordering())
    later = replace(act, at=act.at + timedelta(hours=1))
    password = renew_credential(session, later, part_of(session, line), Opening())
    old, new = session.scalars(select(Credential).order_by(Credential.id)).all()
    assert (old.name, old.until, new.name, new.since, new.until) == (new.name, later.at, "l0001@adsl", later.at, None)
    assert new.secret is not None
    assert vault_of(session).open(new.secret) == password
    assert old.secret is not None
    assert vault_of(session).open(old.secret) != password
    renew_credential(session, later, part_of(session, line), Opening())  # in the same instant too


def test_a_member_renews_their_own_and_not_the_neighbours(session: EssaimSession, act: Act, small: Any) -> None:
    line = lines.order_line(session, act, small.ada, small.adsl, Ordering())
    lines.add_share(session, act, line, small.bea, small.adsl)
    session.add(Mandate(number=1, member_id=small.ada.id, task=Task.MEMBERS_READ, since=date(2020, 1, 1),
                        given_by="M0001", given_at=act.at))  # fmt: skip
    session.flush()
    own = replace(act, actor="M0001", at=act.at + timedelta(hours=1))
    assert renew_credential(session, own, part_of(session, line), Opening())
    with pytest.raises(NotMandated):
        renew_credential(session, replace(own, actor="M0002"), part_of(session, line), Opening())


def test_a_part_without_a_credential_has_nothing_to_renew(session: EssaimSession, act: Act, small: Any) -> None:
    line = lines.order_line(session, act, small.ada, small.adsl, Ordering())
    part = lines.add_share(session, act, line, small.bea, small.adsl)
    with pytest.raises(credentials.NothingToRenew):
        renew_credential(session, act, part, Opening())


def test_a_new_key_is_the_members_own(session: EssaimSession, act: Act, small: Any, order: Any) -> None:
    line, other = order(small.ada), order(small.bea)
    later = replace(act, at=act.at + timedelta(hours=1))
    with pytest.raises(credentials.KeyMissing):
        renew_credential(session, later, part_of(session, line), Opening())
    assert renew_credential(session, later, part_of(session, other), Opening(public_key=KEY)) is None
    assert credentials.opened_by(session)["wireguard"][KEY] == other.number


def vpn(session: EssaimSession, act: Act) -> Any:
    return offers.add_offer(session, act, "ovpn", "OpenVPN", "openvpn")


def test_a_certificate_is_named_after_the_line_and_its_neighbour(session: EssaimSession, act: Act, small: Any) -> None:
    offer = vpn(session, act)
    line = lines.order_line(session, act, small.ada, offer, Ordering())
    assert line.state == "active"
    lines.add_share(session, act, line, small.bea, offer, opening=Opening())
    assert credentials.opened_by(session)["openvpn"] == {"l0001": 1, "l0001-m0002": 1}
    with pytest.raises(credentials.NewNameNeeded):
        renew_credential(session, act, part_of(session, line), Opening())
    later = replace(act, at=act.at + timedelta(hours=1))
    renew_credential(session, later, part_of(session, line), Opening(certificate="l0001-2"))
    assert credentials.opened_by(session)["openvpn"] == {"l0001-2": 1, "l0001-m0002": 1}


@pytest.mark.parametrize(
    ("ordering", "refusal"),
    [
        (Ordering(login="sans-arobase"), credentials.BadLogin),
        (Ordering(login="é@isp.example"), credentials.BadLogin),
        (Ordering(login="a b@isp.example"), credentials.BadLogin),
        (Ordering(login="L0001@adsl"), credentials.CredentialTaken),
    ],
)
def test_a_login_that_cannot_serve_is_refused(
    session: EssaimSession, act: Act, small: Any, ordering: Ordering, refusal: type[Exception]
) -> None:
    lines.order_line(session, act, small.ada, small.adsl, Ordering())
    with pytest.raises(refusal):
        lines.order_line(session, act, small.bea, small.adsl, ordering)


def test_a_login_that_was_imposed_is_kept(session: EssaimSession, act: Act, small: Any) -> None:
    lines.order_line(session, act, small.ada, small.adsl, Ordering(login="Ada.Exemple@isp.example"))
    assert credentials.opened_by(session)["ppp"] == {"ada.exemple@isp.example": 1}


@pytest.mark.parametrize("name", ["", " ", "é", "a/b", "x" * 65])
def test_a_certificate_that_cannot_be_is_refused(session: EssaimSession, act: Act, small: Any, name: str) -> None:
    with pytest.raises(credentials.BadCommonName):
        lines.order_line(session, act, small.ada, vpn(session, act), Ordering(certificate=name or " "))
