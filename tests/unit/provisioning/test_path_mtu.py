"""How large a member's packets are over L2TP: one figure, by the path between the LAC and our LNS."""

from __future__ import annotations

import re
from typing import Any

import pytest

from inventory import offers, wholesalers
from inventory.models.lines import Line
from inventory.wholesalers import Terms
from provisioning import handouts, promises
from provisioning.artifact import Artifact
from provisioning.artifacts.accel import ACCEL
from provisioning.artifacts.antispoofing import ANTISPOOFING_LNS
from provisioning.artifacts.cisco import IOS_LNS
from provisioning.artifacts.l2tp import L2TP
from provisioning.artifacts.mikrotik import ROUTEROS_LNS
from provisioning.artifacts.radius import RADIUS
from provisioning.artifacts.wireguard import WIREGUARD


@pytest.fixture
def path(association: Any) -> Any:
    """Says how large packets are between the LAC and our LNS; the offer promises as much as there can be."""
    session, act = association.session, association.act
    terms = Terms(collection="realm-proxy", realm="adsl")
    made = wholesalers.add_wholesaler(session, act, "gros", terms)
    offer = offers.find_offer(session, "adsl")
    offer.wholesaler_id, offer.mtu = made.id, 1492

    def say(octets: int) -> None:
        wholesalers.change_wholesaler(session, act, made, Terms(path_mtu=str(octets)))

    return say


def sizes(association: Any) -> set[int]:
    """The size that each text about the LNS or its lines has, whichever way it says it."""
    session, at = association.session, association.later
    said: dict[Artifact, tuple[str, int]] = {
        L2TP: (r"set l2tp_mtu (\d+)", 38),
        ACCEL: (r"^m[tr]u=(\d+)", 0),
        IOS_LNS: (r"^ mtu (\d+)", 0),
        ROUTEROS_LNS: (r"max-m[tr]u=(\d+)", 0),
    }
    found = set()
    for artifact, (words, more) in said.items():
        text = "".join(artifact.desired(session, association.lns, at).values())
        found |= {int(one) - more for one in re.findall(words, text, re.MULTILINE)}
    segments = "".join(ANTISPOOFING_LNS.desired(session, association.lns, at).values())
    found |= {int(one) for one in re.findall(r"set tun0_v[46]_(\d+)", segments)}
    logins = RADIUS.desired(session, association.radius, at)["authorize"]
    found |= {int(one) for one in re.findall(r"Framed-MTU = (\d+)", logins)}
    line: Line = association.line("L0004")
    handed, _ = handouts.hand_out(session, association.act, line, line.shares[0], "sheet")
    return found | {handed.mtu}


@pytest.mark.parametrize(("octets", "size"), [(1500, 1460), (1520, 1480), (1532, 1492), (9000, 1492), (1400, 1360)])
def test_every_text_says_what_the_path_leaves(association: Any, path: Any, octets: int, size: int) -> None:
    path(octets)
    assert sizes(association) == {size}


def test_a_line_that_promises_less_keeps_less_and_the_lns_does_not_follow_it(association: Any, path: Any) -> None:
    association.line("L0004").mtu = 1400
    association.session.flush()
    logins = RADIUS.desired(association.session, association.radius, association.later)["authorize"]
    assert re.findall(r"Framed-MTU = (\d+)", logins) == ["1400", "1460"]
    told = L2TP.desired(association.session, association.lns, association.later)
    assert "set l2tp_mtu 1498\n" in told["startup-config"]


def test_what_is_promised_beyond_is_said_of_the_lns_and_of_no_other_machine(association: Any, path: Any) -> None:
    session = association.session
    association.line("L0005").mtu = 1480
    session.flush()
    offer, line = (one.say("en") for one in promises.broken(session, association.lns, L2TP))
    assert "offer adsl promises packets of 1492 octets, a session carries but 1460" in offer
    assert "essaim offer change adsl --mtu 1460" in offer
    assert "1460 octets" in line
    assert line.endswith("--mtu 1460")
    assert promises.broken(session, association.lns, ANTISPOOFING_LNS) == ()
    assert promises.broken(session, association.vpn, WIREGUARD) == ()
    path(1540)
    assert promises.broken(session, association.lns, L2TP) == ()
