"""Certificates that open nothing any more: a real OpenVPN server refuses them, and its log and the desk say why."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from desk import alerting, diagnosis, polling
from foundation import clock
from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.settings import Settings, read_settings
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
from inventory.lines import Ordering
from inventory.models.addresses import Role
from monitoring.diagnosis.finding import Situation
from monitoring.models import open_samples
from provisioning import apply as applying
from provisioning import changes, handouts
from provisioning import plan as planning
from provisioning.artifact import Target
from provisioning.artifacts.openvpn import OPENVPN
from provisioning.drivers.ansible import AnsibleDriver
from provisioning.handouts import Form
from provisioning.texts import digest

pytestmark = pytest.mark.timeout(120)

AGO = timedelta(days=800)
"""Longer than a member's certificate lasts, and than a list of what was revoked; not than a server's certificate."""
UNIT = "openvpn-server@essaim"
HOME = "hosted1"
"""A machine on the VPN server's own LAN plays each of the homes."""
EXPIRED, REVOKED, LISTED = (f"L{number:04d}" for number in range(1, 4))
"""A line for each situation: the tests may go in any order."""


@dataclass(frozen=True)
class Certified:
    """An association with an OpenVPN server and three lines, founded two years ago."""

    lab: Any
    store: Store
    samples: Store
    settings: Settings

    def act(self, at: datetime | None = None) -> Act:
        return Act("machine:test", at or clock.now(), "test")

    def hand_out(self, number: str, at: datetime | None = None) -> str:
        with transaction(self.store) as session:
            line = lines.find_line(session, number)
            made, _ = handouts.hand_out(session, self.act(at), line, line.shares[0], "ovpn")
            return handouts.written(made, Form.OVPN, "fr")

    def bring(self) -> None:
        """What `essaim change plan`, `approve` and `apply` do."""
        found = planning.plan(self.store, self.settings, self.act(), lambda _: None)
        assert [one.problem for one in found if one.problem] == []
        numbers = [one.change for one in found if one.change]
        with transaction(self.store) as session:
            for number in numbers:
                changes.approve(session, self.act(), changes.find_change(session, number))
        done = applying.apply(self.store, self.settings, self.act(), numbers, lambda _: None)
        assert [one.problem for one in done if one.problem] == []

    @contextmanager
    def at_home(self, text: str) -> Iterator[Path]:
        """While inside, a home runs its file, connected or not: what it says."""
        text = text.replace("redirect-gateway def1 ipv6\n", "")
        here = ["--dev", "tun9", "--connect-retry", "1", "1", "--route-ipv6", "2001:db8:300::/40"]
        argv = ["/usr/sbin/openvpn", "--config", "stdin", *here]
        log = Path(self.lab.keeper.start(HOME, "openvpn", argv, stdin=text))
        try:
            yield log
        finally:
            self.lab.keeper.stop(HOME, "openvpn")

    def heard(self) -> int:
        """How much the server has said so far."""
        return len(self.log().read_bytes())

    def refuses(self, why: str, since: int) -> None:
        """The server's own log says why it refuses, in time."""
        self.soon(lambda: why in self.log().read_bytes()[since:].decode())

    def log(self) -> Path:
        return Path(self.lab.folder, "logs", f"vpn-{UNIT}.log")

    def soon(self, wanted: Callable[[], bool]) -> None:
        until = time.monotonic() + 15
        while not wanted():
            assert time.monotonic() < until, self.log().read_text()[-2000:]
            time.sleep(0.1)

    def told(self, number: str) -> tuple[Situation, str, str]:
        """What `essaim line diagnose` answers first, in both languages."""
        found = diagnosis.diagnose(self.store, self.samples, self.settings, self.act(), number)
        assert found.unseen == ()
        assert found.findings[0].facts
        return found.situation, found.findings[0].said.say("fr"), found.findings[0].said.say("en")

    def alerts(self) -> list[str]:
        """What a round tells of."""
        report = polling.poll(self.store, self.settings, clock.now())
        watched = alerting.watch(self.store, self.settings, clock.now(), report)
        return [f"{one.rule} {one.subject}" for one in watched.open]

    def situation(self, number: str) -> Situation:
        return self.told(number)[0]


@pytest.fixture(scope="module")
def certified(
    standing_lab: Any,
    new_store: Callable[[Path], AbstractContextManager[Store]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Certified]:
    if shutil.which("openvpn") is None:
        pytest.skip("needs openvpn")
    standing_lab.keeper.restore()
    var = tmp_path_factory.mktemp("certified")
    (var / "lab").symlink_to(standing_lab.folder)
    (var / "ssh").mkdir()
    shutil.copy(standing_lab.means.known_hosts, var / "ssh" / "known_hosts")
    with new_store(var) as store:
        settings = read_settings(var=var, lab=True, ssh_key_file=standing_lab.means.key_file)
        made = Certified(standing_lab, store, open_samples(settings), settings)
        found_association(made)
        with transaction(store) as session:
            certificates.keep(session, made.act())
        release(made)
        yield made
        made.samples.engine.dispose()
    standing_lab.keeper.restore()


def found_association(made: Certified) -> None:
    act = made.act(clock.now() - AGO)
    with transaction(made.store) as session:
        vpn = devices.add_device(
            session, act, "vpn", role="vpn", platform="debian", site=places.add_site(session, act, "colo"),
            endpoint="192.0.2.4:1194", management=made.lab.machine("vpn").host,
        )  # fmt: skip
        port = devices.add_interface(session, act, vpn, "ovpn0")
        pools = []
        for prefix, handed, own in (("192.0.2.64/27", 32, "192.0.2.65"), ("2001:db8:300::/40", 56, "2001:db8:300::1")):
            network = ip_network(prefix)
            pool = addresses.create_pool(session, act, f"ovpn-v{network.version}", network, handed=handed, device=vpn)
            addresses.allocate(session, act, pool, port, Role.LOOPBACK, exactly=ip_network(own))
            pools.append(pool)
        offer = offers.add_offer(
            session, act, "ovpn", "OpenVPN", "openvpn", "tunnel", mtu=1420, device=vpn, pool_v4=pools[0],
            pool_v6=pools[1],
        )  # fmt: skip
        authority.create_authority(session, act, "Essaim")
        device_secrets.entrust(session, act, vpn, "openvpn")
        for number in (EXPIRED, REVOKED, LISTED):
            who = members.add_member(session, act, f"Camille {number}", email=f"{number.lower()}@membres.example")
            assert str(lines.order_line(session, act, who, offer, Ordering())) == number


def test_a_certificate_that_is_over_is_refused_and_said_to_be(certified: Certified) -> None:
    text, since = certified.hand_out(EXPIRED, clock.now() - AGO), certified.heard()
    with certified.at_home(text):
        certified.refuses("certificate has expired", since)
        situation, french, english = certified.told(EXPIRED)
    assert situation is Situation.CERTIFICATE_EXPIRED
    assert french.startswith("Le certificat de la ligne a expiré il y a ")
    assert english.startswith("The line's certificate expired ")
    with certified.at_home(certified.hand_out(EXPIRED)):  # as it says to try
        certified.soon(lambda: certified.situation(EXPIRED) is Situation.WELL)


@pytest.mark.soak
def test_a_certificate_that_was_taken_back_is_an_alert_until_its_server_knows_and_is_refused_then(
    certified: Certified,
) -> None:
    with certified.at_home(certified.hand_out(REVOKED)):
        certified.soon(lambda: certified.situation(REVOKED) is Situation.WELL)
        with transaction(certified.store) as session:
            (row,) = certificates.in_force(session, clock.now(), REVOKED.lower())
            certificates.revoke(session, certified.act(), row)
        assert [certified.alerts(), certified.alerts()] == [[], [f"revoked-connected {REVOKED}"]]
        since = certified.heard()
        release(certified)
        certified.refuses("certificate revoked", since)
        certified.soon(lambda: certified.alerts() == [])
        assert certified.told(REVOKED) == (
            Situation.CERTIFICATE_REVOKED,
            "Le certificat de la ligne a été révoqué : le serveur VPN n'en veut plus.",
            "The line's certificate was revoked: the VPN server takes it no more.",
        )
    assert len([one for one in alerting.listed(certified.settings, ended=True) if one.told_at is not None]) == 1


@pytest.mark.soak
def test_a_list_of_the_revoked_that_is_over_shuts_everybody_out_until_it_is_planned_again(certified: Certified) -> None:
    text = certified.hand_out(LISTED)
    with transaction(certified.store) as session:
        authority.sign_list(session, clock.now() - AGO, authority.newest(session))
    release(certified)
    since = certified.heard()
    with certified.at_home(text):
        certified.refuses("CRL has expired", since)
        assert certified.told(LISTED) == (
            Situation.LIST_EXPIRED,
            "La panne est chez nous : la liste des certificats révoqués a expiré, le serveur VPN refuse tout le monde.",
            "The fault is ours: the list of revoked certificates has expired, the VPN server refuses everybody.",
        )
    certified.bring()  # as it says to try: the list is signed again
    with certified.at_home(text):
        certified.soon(lambda: certified.situation(LISTED) is Situation.WELL)


def release(certified: Certified) -> None:
    """What the inventory has goes to the server as it is: a plan would sign a list again that is over."""
    with reading(certified.store) as session:
        texts = OPENVPN.desired(session, devices.find_device(session, "vpn"), clock.now())
    driver, target = AnsibleDriver(certified.settings), Target(certified.lab.machine("vpn"), OPENVPN)
    driver.apply(target, texts, digest(driver.look(target, texts).texts))
    driver.confirm(target, digest(texts))
