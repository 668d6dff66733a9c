"""A certificate that was revoked and still opens, because its server was not told: an alert until it no longer does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

from desk import alerting
from desk.alerting import Watched
from foundation.acts import Act
from foundation.database import Store, transaction
from foundation.settings import read_settings
from inventory import (
    addresses,
    authority,
    certificates,
    device_secrets,
    devices,
    lines,
    members,
    offers,
    places,
)
from monitoring import openvpn
from monitoring.connections import record_openvpn
from monitoring.models import open_samples
from monitoring.poll import Answered, Report
from provisioning import handouts

AT = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
ROUND = timedelta(minutes=5)
ACT = Act("machine:test", AT - ROUND, "test")


def test_a_line_that_is_connected_by_a_revoked_certificate_is_an_alert_until_it_has_another(
    store: Store, tmp_path: Path
) -> None:
    settings = read_settings(var=tmp_path, driver="console", poll_seconds=300)
    served(store)
    hand_out(store)
    samples = open_samples(settings)
    with transaction(samples) as session:
        record_openvpn(session, "vpn", AT, [openvpn.Session("1 1", "l0001", None, AT, 1, 1)], {"l0001": 1})
    samples.engine.dispose()

    def watched(rank: int) -> Watched:
        at = AT + rank * ROUND
        return alerting.watch(store, settings, at, Report((Answered("vpn", "vpn", 1),), ()), ended=at)

    assert watched(0).open == ()
    with transaction(store) as session:
        for one in certificates.in_force(session, AT, "l0001"):
            certificates.revoke(session, ACT, one)
    assert [watched(rank).told for rank in (1, 2, 3)] == [0, 1, 0]
    (alert,) = watched(4).open
    assert (alert.rule, alert.subject, alert.scopes) == ("revoked-connected", "L0001", ("device:vpn", "site:colo"))
    assert alert.words.say("fr") == (
        "L0001 est connectée avec un certificat révoqué : vpn ne le sait pas encore (essaim change plan)"
    )
    hand_out(store)
    assert watched(5).open == ()


def served(store: Store) -> None:
    """An OpenVPN server, and a line of it."""
    with transaction(store) as session:
        site = places.add_site(session, ACT, "colo")
        vpn = devices.add_device(
            session, ACT, "vpn", role="vpn", platform="debian", site=site, endpoint="192.0.2.7:1194"
        )
        held = [
            addresses.create_pool(session, ACT, name, ip_network(prefix), handed=handed, device=vpn)
            for name, prefix, handed in (("v4", "192.0.2.64/27", 32), ("v6", "2001:db8:300::/40", 56))
        ]
        offer = offers.add_offer(
            session, ACT, "ovpn", "OpenVPN", "openvpn", "tunnel", mtu=1420, device=vpn, pool_v4=held[0],
            pool_v6=held[1],
        )  # fmt: skip
        authority.create_authority(session, ACT, "Essaim")
        device_secrets.entrust(session, ACT, vpn, "openvpn")
        who = members.add_member(session, ACT, "Camille Exemple", email="camille@abeilles.example")
        lines.order_line(session, ACT, who, offer, lines.Ordering())


def hand_out(store: Store) -> None:
    with transaction(store) as session:
        line = lines.find_line(session, "L0001")
        handouts.hand_out(session, ACT, line, line.shares[0], "ovpn")
