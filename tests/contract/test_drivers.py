"""What every driver promises (`provisioning/drivers/protocol.py`), held by each of them on a machine of its own."""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import stat
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from foundation.reach import Machine, MachineUnreachable
from foundation.settings import Settings
from foundation.vault import Vault
from provisioning.artifact import Target
from provisioning.artifacts.carrier import CARRIER_VPN
from provisioning.artifacts.cisco import IOS_LNS
from provisioning.artifacts.dns import ACCESS, UPDATE
from provisioning.artifacts.mikrotik import ROUTEROS_LNS
from provisioning.artifacts.radius_sql import RADIUS_SQL
from provisioning.artifacts.router import ROUTER
from provisioning.artifacts.wireguard import WIREGUARD
from provisioning.drivers.console import ConsoleDriver
from provisioning.drivers.protocol import ConfigurationRefused, Driver, Seen, Stale, Stand, Undone, Unsettled
from provisioning.texts import digest

GOLDEN = Path(__file__).parents[1] / "golden"


@dataclass(frozen=True)
class Trial:
    """A driver, a target, what it may be told; the secret in it, a fresh one for its place, where that may rest.

    Without a resting place it rests sealed, or nowhere.
    """

    driver: Driver
    target: Target
    texts: Mapping[str, str]
    others: Mapping[str, str]
    refused: Mapping[str, str]
    unreachable: Target
    secret: str
    canary: str
    resting_place: str
    settings: Settings
    pace: Callable[[int], None] = lambda _: None

    def hold(self, texts: Mapping[str, str]) -> None:
        """Bring the machine to these texts, if it does not hold them already."""
        seen = self.driver.look(self.target, texts)
        if seen.diff:
            self.bring(texts, seen)

    def bring(self, texts: Mapping[str, str], seen: Seen) -> None:
        """Apply these texts, and keep them."""
        self.driver.apply(self.target, texts, digest(seen.texts))
        self.driver.confirm(self.target, digest(texts))

    def brief(self, seconds: int) -> Driver:
        """The same driver, for changes that wait so long and no longer: where it counts minutes, of such minutes."""
        self.pace(seconds)
        return type(self.driver)(self.settings.model_copy(update={"confirm_seconds": seconds}))

    def try_others(self, seconds: int = 60) -> str:
        """From `texts` to `others`, without keeping them; gives what was held before."""
        self.hold(self.texts)
        before = self.held(self.texts)
        self.brief(seconds).apply(self.target, self.others, before)
        return before

    def waits(self) -> bool:
        """Whether the last change waits still. A router that goes back by its backup restarts, and is silent then."""
        try:
            return self.driver.standing(self.target).stand is Stand.WAITING
        except MachineUnreachable:
            return True

    def held(self, texts: Mapping[str, str]) -> str:
        """The digest of what the machine holds now."""
        return digest(self.driver.look(self.target, texts).texts)


def golden(artifact: str, platform: str) -> dict[str, str]:
    return {path.name: path.read_text() for path in (GOLDEN / artifact / platform).iterdir()}


def changed(texts: Mapping[str, str], old: str, new: str) -> dict[str, str]:
    assert any(old in text for text in texts.values())
    return {name: text.replace(old, new) for name, text in texts.items()}


def private_key(texts: Mapping[str, str]) -> str:
    return texts["wg0.conf"].split("PrivateKey = ")[1].split("\n")[0]


def fresh_key() -> str:
    """A private key as WireGuard gives it back (RFC 7748, 5)."""
    raw = bytearray(secrets.token_bytes(32))
    raw[0], raw[31] = raw[0] & 248, raw[31] & 127 | 64
    return base64.b64encode(raw).decode()


def console(tmp_path: Path) -> Trial:
    texts = golden("wireguard", "debian")
    (tmp_path / "console").mkdir()
    (tmp_path / "console" / "ghost").touch()
    settings = Settings(var=tmp_path)
    return Trial(
        ConsoleDriver(settings),
        Target(Machine("vpn", "vpn"), WIREGUARD),
        texts,
        changed(texts, "198.51.100.2/32", "198.51.100.77/32"),
        {name: text.rstrip() for name, text in texts.items()},
        Target(Machine("ghost", "ghost"), WIREGUARD),
        private_key(texts),
        fresh_key(),
        "/console/vpn/",
        settings,
    )


def settings_of(lab: Any, tmp_path: Path) -> Settings:
    """An association whose machines are the lab's."""
    settings = Settings(var=tmp_path, lab=True, ssh_key_file=lab.means.key_file)
    settings.lab_folder.symlink_to(lab.folder)
    (tmp_path / "ssh").mkdir()
    shutil.copy(lab.means.known_hosts, settings.means().known_hosts)
    return settings


def ansible(lab: Any, tmp_path: Path) -> Trial:
    from provisioning.drivers.ansible import AnsibleDriver

    texts, settings = golden("wireguard", "debian"), settings_of(lab, tmp_path)
    return Trial(
        AnsibleDriver(settings),
        Target(lab.machine("vpn"), WIREGUARD),
        texts,
        changed(texts, "198.51.100.2/32", "198.51.100.77/32"),
        changed(texts, "PublicKey = AQEB", "PublicKey = !QEB"),
        Target(Machine("ghost", "100.64.0.99"), WIREGUARD),
        private_key(texts),
        fresh_key(),
        "/var/lib/essaim/wireguard/releases/",
        settings,
    )


def carrier(lab: Any, tmp_path: Path) -> Trial:
    """The program on the machine itself (`playbooks/machine/essaim_carrier.py`): what runs is what the kernel holds."""
    from provisioning.drivers.ansible import AnsibleDriver

    if not Path("/usr/lib/python3/dist-packages/pyroute2").exists():
        pytest.skip("needs python3-pyroute2")
    texts, settings = golden("carrier", "debian"), settings_of(lab, tmp_path)
    return Trial(
        AnsibleDriver(settings),
        Target(lab.machine("vpn"), CARRIER_VPN),
        texts,
        changed(texts, '"via": "192.0.2.1"', '"via": "192.0.2.5"'),
        changed(texts, '"via": "192.0.2.1"', '"via": "203.0.113.9"'),
        Target(Machine("ghost", "100.64.0.99"), CARRIER_VPN),
        "2001:db8:100:200::/56",
        f"2001:db8:{0x1000 + secrets.randbelow(0xE000):x}:200::/56",
        "/var/lib/essaim/carrier/releases/",
        settings,
    )


def napalm(lab: Any, tmp_path: Path) -> Trial:
    from provisioning.drivers.napalm import NapalmDriver

    texts = changed(
        golden("router", "frr"),
        " neighbor 192.0.2.128 adv",
        " neighbor 192.0.2.128 password walnut-11\n neighbor 192.0.2.128 adv",
    )
    settings = settings_of(lab, tmp_path)
    return Trial(
        NapalmDriver(settings),
        Target(lab.machine("edge"), ROUTER),
        texts,
        changed(texts, " description core", " description heart"),
        changed(texts, " ip address 192.0.2.1/28", " ip address 192.0.2.1/99"),
        Target(Machine("ghost", "100.64.0.99"), ROUTER),
        "walnut-11",
        secrets.token_hex(12),
        "/etc/frr/",
        settings,
    )


@contextmanager
def dns_update(name_server: Any, tmp_path: Path) -> Iterator[Trial]:
    """A name server that takes updates. What it is told with is sealed wherever it rests."""
    from provisioning.drivers.dns_update import DnsUpdateDriver

    settings = Settings(var=tmp_path)
    Vault.create(settings.vault_key)
    texts = golden("zones", "rfc2136")
    with name_server("knot", [name.removesuffix(".zone") for name in texts if name != ACCESS]) as server:
        texts[ACCESS] = f"port {server.port}\nkey {server.keys[0]}\n"
        other = server.keys[1].split(":", 1)[1]
        yield Trial(
            DnsUpdateDriver(settings),
            Target(Machine("ns9", "127.0.0.1"), UPDATE),
            texts,
            changed(texts, "2 PTR serveur", "2 PTR autre"),
            changed(texts, "2 PTR serveur.membre.example.", "2 PTR"),
            Target(Machine("ghost", "127.0.0.9"), UPDATE),
            server.keys[0].split(":", 1)[1],
            other,
            "",
            settings,
        )


@contextmanager
def ios(ios_router: Any, tmp_path: Path) -> Iterator[Trial]:
    """What stands in for a router of Cisco's (`ios_router.py`): no IOS, and no such machine was ever tried."""
    from provisioning.drivers.cisco import IosDriver

    settings = Settings(var=tmp_path)
    Vault.create(settings.vault_key)
    with ios_router() as served:
        (tmp_path / "ssh").mkdir(mode=0o700)
        settings.means().known_hosts.write_text(served.host_key())
        texts = golden("lns", "ios")
        yield Trial(
            IosDriver(settings),
            Target(Machine("lns", "127.0.0.1", "essaim", served.port, served.router.password), IOS_LNS),
            texts,
            changed(texts, " mtu 1460", " mtu 1492"),
            changed(texts, "203.0.113.1 255.255.255.255", "203.0.113.1 255.0.255.0"),
            Target(Machine("ghost", "127.0.0.9", "essaim", served.port, "-"), IOS_LNS),
            "between-lns-and-radius",
            secrets.token_hex(12),
            "",
            settings,
            lambda seconds: setattr(served.router, "minute", seconds),
        )


@contextmanager
def routeros(routeros_router: Any, tmp_path: Path) -> Iterator[Trial]:
    """What stands in for a router of MikroTik's (`routeros_router.py`): no RouterOS, and no such machine was tried."""
    from provisioning.drivers.mikrotik import KNOWN, RouterOsDriver

    settings = Settings(var=tmp_path)
    Vault.create(settings.vault_key)
    with routeros_router() as served:
        (tmp_path / "ssh").mkdir(mode=0o700)
        known = settings.means().known_hosts.with_name(KNOWN)
        known.write_text(f"127.0.0.1 sha256:{served.fingerprint}\n")
        texts = golden("lns", "routeros")
        yield Trial(
            RouterOsDriver(settings),
            Target(Machine("lns", "127.0.0.1", "essaim", served.port, served.router.password), ROUTEROS_LNS),
            texts,
            changed(texts, "max-mru=1460", "max-mru=1492"),
            changed(texts, "2001:db8:200::/40", "2001:db8:200::/24"),
            Target(Machine("ghost", "127.0.0.9", "essaim", served.port, "-"), ROUTEROS_LNS),
            "between-lns-and-radius",
            secrets.token_hex(12),
            "",
            settings,
        )


def freeradius_sql(database: Any, tmp_path: Path) -> Trial:
    """A database with FreeRADIUS' own schema. A password rests in its rows, and in what it writes ahead of them."""
    from provisioning.drivers.freeradius_sql import FreeradiusSqlDriver

    database.fresh()
    texts, settings = golden("radius-sql", "freeradius-sql"), Settings(var=tmp_path)
    return Trial(
        FreeradiusSqlDriver(settings),
        Target(Machine("radius", "127.0.0.1", "essaim", database.port, "one-of-your-own"), RADIUS_SQL),
        texts,
        changed(texts, "203.0.113.2", "203.0.113.77"),
        changed(texts, "Framed-MTU = ", "Framed-MTU === "),
        Target(Machine("ghost", "127.0.0.9", "essaim", database.port, "one-of-your-own"), RADIUS_SQL),
        "word-of-0",
        secrets.token_hex(12),
        f"{database.folder}/data/",
        settings,
    )


@pytest.fixture(scope="module")
def shared_lab(standing_lab: Any) -> Iterator[Any]:
    """One lab for all, since each begins by what it needs; as it was after `up` for whoever comes afterwards."""
    yield standing_lab
    standing_lab.keeper.restore()


@pytest.fixture(
    params=[
        "console",
        "dns-update",
        "freeradius-sql",
        pytest.param("ios", marks=pytest.mark.soak),
        "routeros",
        pytest.param("ansible", marks=pytest.mark.lab),
        pytest.param("carrier", marks=(pytest.mark.lab, pytest.mark.soak)),
        pytest.param("napalm", marks=pytest.mark.lab),
    ]
)
def trial(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Trial]:
    if request.param == "console":
        yield console(tmp_path)
    elif request.param == "freeradius-sql":
        yield freeradius_sql(request.getfixturevalue("radius_database"), tmp_path)
    elif request.param in ("dns-update", "ios", "routeros"):
        stand_in = {"dns-update": "name_server", "ios": "ios_router", "routeros": "routeros_router"}[request.param]
        make = {"dns-update": dns_update, "ios": ios, "routeros": routeros}[request.param]
        with make(request.getfixturevalue(stand_in), tmp_path) as made:
            yield made
    else:
        lab = request.getfixturevalue("shared_lab")
        yield {"ansible": ansible, "carrier": carrier, "napalm": napalm}[request.param](lab, tmp_path)


def test_what_is_applied_is_what_is_seen_and_looking_changes_nothing(trial: Trial) -> None:
    trial.hold(trial.texts)
    other = trial.driver.look(trial.target, trial.others)
    assert other.diff != ""
    assert trial.driver.look(trial.target, trial.texts).diff == ""
    trial.bring(trial.others, other)
    assert trial.driver.look(trial.target, trial.others).diff == ""


def test_what_is_confirmed_stays_and_may_be_confirmed_again(trial: Trial) -> None:
    trial.try_others()
    wanted = digest(trial.others)
    waiting = trial.driver.standing(trial.target)
    assert (waiting.stand, waiting.wanted) == (Stand.WAITING, wanted)
    assert 0 < waiting.seconds <= 60
    for _ in range(2):
        trial.driver.confirm(trial.target, wanted)
    assert trial.driver.standing(trial.target).stand is Stand.CONFIRMED
    trial.driver.revert(trial.target, wanted)  # too late: it is confirmed
    assert trial.driver.look(trial.target, trial.others).diff == ""


def test_what_nobody_confirms_is_undone_once_its_time_is_over_and_is_confirmed_no_more(trial: Trial) -> None:
    before, began = trial.try_others(seconds=1), time.monotonic()
    while trial.waits():
        assert time.monotonic() < began + 20
        time.sleep(0.1)
    assert trial.held(trial.texts) == before
    with pytest.raises(Undone) as refusal:
        trial.driver.confirm(trial.target, digest(trial.others))
    assert "à temps" in refusal.value.sentence("fr")
    assert trial.held(trial.texts) == before


def test_what_is_reverted_is_undone_at_once_and_once(trial: Trial) -> None:
    before = trial.try_others()
    for _ in range(2):
        trial.driver.revert(trial.target, digest(trial.others))
    assert trial.held(trial.texts) == before
    assert trial.driver.look(trial.target, trial.texts).diff == ""
    assert trial.driver.standing(trial.target).stand is Stand.UNDONE
    with pytest.raises(Undone):
        trial.driver.confirm(trial.target, digest(trial.others))
    trial.hold(trial.others)  # and the same texts may be brought again


def test_while_one_change_waits_no_other_begins(trial: Trial) -> None:
    trial.try_others()
    with pytest.raises(Unsettled):
        trial.driver.apply(trial.target, trial.texts, trial.held(trial.others))
    assert trial.driver.look(trial.target, trial.others).diff == ""
    trial.driver.revert(trial.target, digest(trial.others))


def test_a_refused_configuration_leaves_the_former_in_force(trial: Trial) -> None:
    trial.hold(trial.texts)
    before = trial.held(trial.texts)
    with pytest.raises(ConfigurationRefused) as refusal:
        trial.driver.apply(trial.target, trial.refused, before)
    assert str(trial.target) in refusal.value.sentence("fr")
    assert trial.held(trial.texts) == before
    assert trial.driver.look(trial.target, trial.texts).diff == ""


def test_a_plan_of_another_moment_is_stale_and_nothing_is_applied(trial: Trial) -> None:
    trial.hold(trial.texts)
    with pytest.raises(Stale):
        trial.driver.apply(trial.target, trial.others, digest({"of": "another moment"}))
    assert trial.driver.look(trial.target, trial.texts).diff == ""


def test_a_machine_that_cannot_be_reached_is_named(trial: Trial) -> None:
    with pytest.raises(MachineUnreachable, match="ghost"):
        trial.driver.apply(trial.unreachable, trial.texts, digest({}))


def test_secrets_rest_where_they_serve_and_nowhere_else(trial: Trial, tmp_path: Path) -> None:
    began = time.time()
    texts, refused = (changed(each, trial.secret, trial.canary) for each in (trial.texts, trial.refused))
    with watched(trial.canary, tmp_path / "runs") as seen:
        trial.hold(texts)
        with pytest.raises(ConfigurationRefused) as refusal:
            trial.driver.apply(trial.target, refused, trial.held(texts))
    assert trial.canary not in refusal.value.sentence("en")
    assert seen == []
    resting = {path for path in leftovers(began) if any(form in contents(path) for form in forms(trial.canary))}
    assert bool(resting) == bool(trial.resting_place)
    assert {path for path in resting if trial.resting_place not in str(path)} == set()


def forms(secret: str) -> tuple[bytes, ...]:
    raw = secret.encode()
    return raw, base64.b64encode(raw), raw.hex().encode()


def contents(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def leftovers(began: float) -> Iterator[Path]:
    """Files of the temporary folders written since then; the lab's machines are among them."""
    for path in files_under(Path("/tmp"), Path("/dev/shm"), Path("/var/tmp"), Path("/run")):
        try:
            about = path.lstat()
        except OSError:
            continue  # it went meanwhile
        if stat.S_ISREG(about.st_mode) and about.st_mtime >= began - 1 and about.st_size < 10_000_000:
            yield path


def files_under(*folders: Path) -> Iterator[Path]:
    """Files below, whatever comes and goes meanwhile."""
    for folder in folders:
        for above, _, names in os.walk(folder):
            yield from (Path(above, name) for name in names)


@contextmanager
def watched(secret: str, runs: Path) -> Iterator[list[str]]:
    """What shows the secret meanwhile: arguments and environments of processes, files in memory and of a run."""
    seen: list[str] = []
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            said = [
                path for process in Path("/proc").glob("[0-9]*") for path in (process / "cmdline", process / "environ")
            ]
            kept = [path for path in files_under(Path("/dev/shm"), runs) if path.is_file()]
            seen.extend(str(path) for path in said + kept if any(form in contents(path) for form in forms(secret)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()
