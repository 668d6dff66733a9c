"""The lab takes the place of an association's machines: up, down, and members' homes that connect."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import lab
from desk.homes import Access
from foundation import reach
from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.errors import Refused, Unavailable
from foundation.settings import Settings
from foundation.speech import Phrase
from inventory import devices
from lab import topology
from lab.attach import Lab
from lab.topology import Topology

INTERNET: Final = ("192.0.2.200", "3fff:0:1::200")
"""The host that answers, in each family."""

PATIENCE_SECONDS: Final = 15.0


class NotALabAssociation(Refused):
    """The association has real machines: the lab must not take their place."""

    kind = "not-a-lab-association"
    phrase = Phrase(
        "Cette association a de vraies machines. Le labo est à celles qui disent lab = true dans {file}.",
        "This association has real machines. The lab is for those that say lab = true in {file}.",
    )


class HomeNotConnected(Unavailable):
    """A member's home did not get through in time, or was refused."""

    kind = "home-not-connected"
    phrase = Phrase("{line} ne se connecte pas : {reason}", "{line} does not connect: {reason}")


def require(settings: Settings) -> None:
    """Refuse where the association's machines are not the lab's. Raises NotALabAssociation."""
    if not settings.lab:
        raise NotALabAssociation(file=settings.var / "essaim.toml")


def up(store: Store, settings: Settings, act: Act, progress: Callable[[Phrase], None]) -> list[str]:
    """Bring the lab up as this association's machines: their names. Raises NotALabAssociation, LabImpossible."""
    require(settings)
    endpoints = lab.up(drawn(store, settings), settings.lab_folder, progress)
    reach.trust(settings.means(), endpoints.host_keys())
    with transaction(store) as session:
        for machine in endpoints.machines:
            device = devices.find_device(session, machine.name)
            if device.host_key != machine.host_key:
                devices.trust_host_key(session, act, device, machine.host_key)
    return [machine.name for machine in endpoints.machines]


def drawn(store: Store, settings: Settings) -> Topology:
    """The lab that stands in for this association's machines: who they are, and the cables between them."""
    with reading(store) as session:
        hosted = devices.polled(session)[0]
        edge = devices.find_device(session, "edge")
        grown = len(devices.list_devices(session, role="router")) > 1
        drawing = topology.whole_isp if grown else topology.small_isp
        return drawing(
            settings.means().key_file.with_suffix(".pub").read_text().strip(),
            community=devices.secret_of(session, hosted, "snmp"),
            hosted=hosted.name,
            our_as=edge.asn or 0,
        )


def down(settings: Settings) -> bool:
    """Take the lab down; False when it was down already."""
    return lab.down(settings.lab_folder)


@contextmanager
def held(settings: Settings) -> Iterator[None]:
    """While inside, the lab is up for our sake: it ends with us, even if we are killed. Raises LabDown."""
    with lab.attach(settings.lab_folder).held():
        yield


@contextmanager
def connected(settings: Settings, at_home: Access, patience: float = PATIENCE_SECONDS) -> Iterator[Lab]:
    """While inside, the member's home is connected; hung up afterwards.

    Raises HomeNotConnected when it takes longer than `patience` seconds, LabDown.
    """
    running = lab.attach(settings.lab_folder)
    log = running.start(
        at_home.home,
        at_home.line,
        [sys.executable, "-m", at_home.program],
        stdin=at_home.secrets,
    )
    try:
        _await_connection(log, at_home.line, patience)
        yield running
    finally:
        running.stop(at_home.home, at_home.line)


def _await_connection(log: Path, line: str, patience: float) -> None:
    until = time.monotonic() + patience
    while time.monotonic() < until:
        for said in log.read_text().splitlines():
            if not said.startswith("{"):
                continue
            event = json.loads(said)
            if event["event"] == "connected":
                return
            if event["event"] in ("refused", "closed"):
                raise HomeNotConnected(line=line, reason=event.get("detail") or event["reason"])
        time.sleep(0.05)
    raise HomeNotConnected(line=line, reason=Phrase(f"rien en {patience:.0f} s", f"nothing in {patience:.0f} s"))
