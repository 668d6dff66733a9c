"""What members need a machine to hand on: by the addresses of those who are in service there."""

from __future__ import annotations

from typing import Any

import pytest

from inventory import addresses
from inventory.models.devices import Device
from inventory.models.lines import LineState
from provisioning import promises
from provisioning.artifact import Artifact
from provisioning.artifacts.antispoofing import ANTISPOOFING_VPN
from provisioning.artifacts.bird import BIRD
from provisioning.artifacts.l2tp import L2TP
from provisioning.artifacts.openvpn import OPENVPN
from provisioning.artifacts.radius import RADIUS
from provisioning.artifacts.wireguard import WIREGUARD


@pytest.mark.parametrize(
    ("machine", "artifact", "versions"),
    [
        ("vpn", WIREGUARD, {4, 6}),
        ("vpn", OPENVPN, {4, 6}),
        ("lns", L2TP, {4, 6}),
        ("edge", BIRD, {4, 6}),
        ("vpn", ANTISPOOFING_VPN, set()),
        ("radius", RADIUS, set()),
    ],
)
def test_what_members_have_is_what_their_machine_hands_on(
    association: Any, machine: str, artifact: Artifact, versions: set[int]
) -> None:
    device: Device = getattr(association, machine)
    assert promises.carried(association.session, device, artifact) == versions


def test_where_nobody_is_in_service_nothing_is_said(association: Any) -> None:
    session = association.session
    for number in ("L0001", "L0002", "L0003"):
        association.line(number).state = LineState.SUSPENDED
    session.flush()
    assert promises.carried(session, association.vpn, WIREGUARD) == set()
    assert promises.carried(session, association.lns, L2TP) == {4, 6}
    assert promises.unmoving(frozenset()) == ()


def test_a_version_that_nobody_there_has_an_address_of_is_not_asked_for(association: Any) -> None:
    session = association.session
    for number in ("L0001", "L0002", "L0003"):
        for share in association.line(number).shares:
            for one in [each for each in share.assignments if each.family == 6]:
                addresses.release(session, association.act, one)
    session.flush()
    assert promises.carried(session, association.vpn, WIREGUARD) == {4}
    (said,) = promises.unmoving(frozenset({4}))
    assert said.say("fr").endswith("une fois : docs/reference/machines.md")
    assert said.say("en").endswith("once: docs/reference/machines.md")
