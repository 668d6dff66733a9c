"""What someone might do by hand on each machine at three in the morning: the plan must show exactly that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from foundation import reach
from foundation.database import Store, reading
from foundation.settings import Settings
from foundation.speech import Phrase
from inventory import credentials, devices, numbers
from provisioning.artifacts.radius import PATHS
from provisioning.drivers.console import file_of

MOST_ROWS: Final = 6
"""A plan that shows exactly one edit shows no more rows than this."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One edit: on which target, in words, a shell command, and a piece of text that the plan must show."""

    target: str
    words: Phrase
    command: str
    trace: str


def deeds(store: Store) -> Iterator[Deed]:
    """One edit for each kind of machine."""
    with reading(store) as session:
        key, number = next(iter(sorted(credentials.opened_by(session)["wireguard"].items(), key=lambda one: one[1])))
    yield Deed(
        "edge/router",
        Phrase("une route en trop sur edge", "a route too many on edge"),
        "vtysh -c 'configure terminal' -c 'ip route 192.0.2.99/32 Null0' -c end",
        "192.0.2.99",
    )
    yield Deed(
        "radius/radius",
        Phrase("un accès de secours ajouté sur radius", "an emergency login added on radius"),
        f"echo \"secours@adsl Cleartext-Password := 'secours'\" >> {PATHS['authorize']} && systemctl reload freeradius",
        "secours@adsl",
    )
    yield Deed(
        "lns/l2tp",
        Phrase("un autre serveur de noms sur lns", "another name server on lns"),
        "sed -i 's/^set primary_dns .*/set primary_dns 192.0.2.99/' /etc/l2tpns/startup-config"
        " && systemctl reload l2tpns",
        "192.0.2.99",
    )
    for name, table in (("lns", "tun0_v4_1460"), ("vpn", "wg0_v4_1420")):
        yield Deed(
            f"{name}/antispoofing",
            Phrase(f"une adresse de plus laissée passer sur {name}", f"an address more let through on {name}"),
            f"nft add element inet essaim {table} '{{ 192.0.2.99 }}'",
            "192.0.2.99",
        )
    yield Deed(
        "vpn/wireguard",
        Phrase(f"{numbers.shown('L', number)} débranchée sur vpn", f"{numbers.shown('L', number)} unplugged on vpn"),
        f"wg set wg0 peer {key} remove",
        numbers.shown("L", number),
    )


def do(store: Store, settings: Settings, deed: Deed) -> None:
    """Do it on the machine, or to the console's text of it."""
    name = deed.target.partition("/")[0]
    if settings.driver == "console":
        path = file_of(settings, deed.target)
        path.write_text(path.read_text() + f"# {deed.trace}\n")
        return
    with reading(store) as session:
        machine = devices.machine(devices.find_device(session, name))
    reach.run(settings.means(), machine, deed.command)
