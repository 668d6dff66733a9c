"""What the drivers for vendors' routers promise beside the contract, against stand-ins that are no such routers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from foundation.reach import CommandFailed, Machine, MachineUnreachable
from foundation.settings import Settings
from foundation.vault import Vault
from provisioning.artifact import Target
from provisioning.artifacts.cisco import IOS_LNS
from provisioning.artifacts.mikrotik import ROUTEROS_LNS
from provisioning.drivers.cisco import FILES, IosDriver
from provisioning.drivers.mikrotik import KNOWN, RouterOsDriver
from provisioning.drivers.protocol import ConfigurationRefused, ConnectionLost, Stand, Undone
from provisioning.texts import digest

GOLDEN = Path(__file__).parents[1] / "golden" / "lns"


@dataclass
class Met:
    """A driver, the router that it speaks to, and two texts for it."""

    driver: Any
    router: Any
    served: Any
    target: Target
    texts: dict[str, str]
    others: dict[str, str]
    settings: Settings

    def hold(self, texts: dict[str, str]) -> None:
        seen = self.driver.look(self.target, texts)
        if seen.diff:
            self.driver.apply(self.target, texts, digest(seen.texts))
            self.driver.confirm(self.target, digest(texts))

    def begin(self, texts: dict[str, str], driver: Any = None) -> None:
        """Put them in force, and confirm nothing."""
        held = digest(self.driver.look(self.target, texts).texts)
        (driver or self.driver).apply(self.target, texts, held)


@pytest.fixture
def ios(ios_router: Callable[[], Any], tmp_path: Path) -> Iterator[Met]:
    texts = {"ios.cfg": (GOLDEN / "ios" / "ios.cfg").read_text()}
    others = {"ios.cfg": texts["ios.cfg"].replace(" mtu 1460", " mtu 1492")}
    with ios_router() as served:
        settings = settings_of(tmp_path)
        settings.means().known_hosts.write_text(served.host_key())
        machine = Machine("lns", "127.0.0.1", "essaim", served.port, served.router.password)
        yield Met(IosDriver(settings), served.router, served, Target(machine, IOS_LNS), texts, others, settings)


@pytest.fixture
def routeros(routeros_router: Callable[[], Any], tmp_path: Path) -> Iterator[Met]:
    texts = {"routeros.rsc": (GOLDEN / "routeros" / "routeros.rsc").read_text()}
    others = {"routeros.rsc": texts["routeros.rsc"].replace("max-mru=1460", "max-mru=1492")}
    with routeros_router() as served:
        settings = settings_of(tmp_path)
        pair = "-".join(f"{octet:02X}" for octet in bytes.fromhex(served.fingerprint)).replace("-", ":")
        settings.means().known_hosts.with_name(KNOWN).write_text(f"127.0.0.1 {pair}\n")
        machine = Machine("lns", "127.0.0.1", "essaim", served.port, served.router.password)
        target = Target(machine, ROUTEROS_LNS)
        yield Met(RouterOsDriver(settings), served.router, served, target, texts, others, settings)


def settings_of(folder: Path) -> Settings:
    settings = Settings(var=folder)
    Vault.create(settings.vault_key)
    (folder / "ssh").mkdir(mode=0o700)
    return settings


def test_an_ios_that_reloads_before_it_is_told_to_keep_it_comes_up_as_it_was(ios: Met) -> None:
    ios.hold(ios.texts)
    ios.begin(ios.others)
    assert " mtu 1492" in ios.router.shown()
    ios.router.reload()
    again = IosDriver(ios.settings)  # whoever applied is dead
    assert again.standing(ios.target).stand is Stand.UNDONE
    with pytest.raises(Undone):
        again.confirm(ios.target, digest(ios.others))
    assert again.look(ios.target, ios.texts).diff == ""


def test_nothing_of_ours_stays_on_the_flash_and_theirs_is_as_it_was(ios: Met) -> None:
    theirs = [row for row in ios.router.shown().splitlines() if "GigabitEthernet1" in row or "username" in row]
    ios.hold(ios.texts)
    ios.begin(ios.others)
    assert set(ios.router.flash) == set(FILES.values())
    ios.driver.confirm(ios.target, digest(ios.others))
    assert ios.router.flash == {}
    assert ios.router.startup == ios.router.running
    assert len(theirs) == 2
    assert set(theirs) <= set(ios.router.shown().splitlines())


def test_an_ios_without_an_archive_is_not_touched(ios: Met) -> None:
    before = ios.router.shown()
    ios.router.archives = False
    seen = ios.driver.look(ios.target, ios.texts)
    with pytest.raises(CommandFailed, match="archive"):
        ios.driver.apply(ios.target, ios.texts, digest(seen.texts))
    assert ios.router.shown() == before
    assert ios.driver.standing(ios.target).stand is Stand.UNDONE
    ios.router.archives = True
    ios.hold(ios.texts)


def test_an_ios_of_another_host_key_is_not_told_the_password(ios: Met, ios_router: Callable[[], Any]) -> None:
    with ios_router() as other:
        stranger = replace(ios.target, machine=replace(ios.target.machine, port=other.port))
        with pytest.raises(MachineUnreachable):
            ios.driver.look(stranger, ios.texts)


def test_a_routeros_of_another_certificate_is_not_told_the_password(routeros: Met) -> None:
    routeros.settings.means().known_hosts.with_name(KNOWN).write_text(f"127.0.0.1 sha256:{'0' * 64}\n")
    with pytest.raises(MachineUnreachable, match="known_certificates"):
        routeros.driver.look(routeros.target, routeros.texts)
    assert routeros.router.asked == []


def test_a_routeros_that_hears_nothing_more_boots_into_what_it_was(routeros: Met) -> None:
    routeros.hold(routeros.texts)
    routeros.router.breaks_at = "/import"
    quick = RouterOsDriver(routeros.settings.model_copy(update={"confirm_seconds": 1}))
    with pytest.raises(ConnectionLost):
        routeros.begin(routeros.others, quick)
    routeros.router.breaks_at = ""
    time.sleep(1.1)
    assert quick.standing(routeros.target).stand is Stand.UNDONE
    assert routeros.router.boots == 1
    assert quick.look(routeros.target, routeros.texts).diff == ""


def test_what_routeros_refuses_in_the_middle_is_typed_back_without_a_reboot(routeros: Met) -> None:
    routeros.hold(routeros.texts)
    text = routeros.others["routeros.rsc"]
    wrong = {"routeros.rsc": text + "/ip route add dst-address=192.0.2.0/99 distance=1 comment=essaim\n"}
    before = routeros.router.export()
    with pytest.raises(ConfigurationRefused, match="line 1"):
        routeros.begin(wrong)
    assert routeros.router.boots == 0
    wrong = {"routeros.rsc": text.replace("interim-update=1m", "interim-update=2m frobs=yes")}
    with pytest.raises(ConfigurationRefused, match="unknown parameter frobs"):
        routeros.begin(wrong)
    assert (routeros.router.boots, routeros.router.export()) == (0, before)
    assert routeros.router.jobs == []


def test_what_cannot_be_typed_back_takes_the_backup(routeros: Met, monkeypatch: pytest.MonkeyPatch) -> None:
    routeros.hold(routeros.texts)
    before = routeros.router.export()
    routeros.begin(routeros.others)
    trap = type(routeros.router).run.__globals__["Trap"]

    def refusing(router: Any, script: str, *, dry: bool = False) -> None:
        raise trap(script[:1])

    monkeypatch.setattr(type(routeros.router), "run", refusing)
    routeros.driver.revert(routeros.target, digest(routeros.others))
    assert (routeros.router.boots, routeros.router.export()) == (1, before)
    assert routeros.driver.standing(routeros.target).stand is Stand.UNDONE


def test_theirs_is_as_it_was_on_routeros(routeros: Met) -> None:
    theirs = [row for row in routeros.router.export().splitlines() if "theirs" in row or "name=essaim group" in row]
    routeros.hold(routeros.texts)
    routeros.hold(routeros.others)
    routeros.hold({"routeros.rsc": "/ip settings set rp-filter=no\n"})
    rows = routeros.router.export().splitlines()
    assert len(theirs) == 1
    assert set(theirs) <= set(rows)
    assert [row for row in rows if "comment=essaim" in row] == []
