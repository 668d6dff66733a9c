"""Facts to try a template with: of each kind one at least, secrets that cannot be taken for anything else.

What the golden files of the tests are for our own templates, these are for an association's: a template is filled in
with them, and what comes out is looked at as a change would be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv6Network
from typing import Final

from provisioning import routeros
from provisioning.artifact import Artifact
from provisioning.artifacts import accel, cisco, mikrotik, openvpn
from provisioning.artifacts.antispoofing import ANTISPOOFING_VPN, Element, Group, Tunnel
from provisioning.artifacts.antispoofing import FILE as NFT_FILE
from provisioning.artifacts.cisco import IOS_LNS
from provisioning.artifacts.collection import Client
from provisioning.artifacts.dns import BIND, CONFIGURATION, KNOT, NSD
from provisioning.artifacts.l2tp import L2TP, Lns
from provisioning.artifacts.mikrotik import ROUTEROS_LNS
from provisioning.artifacts.openvpn import OPENVPN
from provisioning.artifacts.openvpn_members import Client as Member
from provisioning.artifacts.openvpn_members import Routed
from provisioning.artifacts.radius import RADIUS, Login
from provisioning.artifacts.wireguard import FILE as WIREGUARD_FILE
from provisioning.artifacts.wireguard import WIREGUARD, Peer, Server
from provisioning.artifacts.zones import Record, Zone

CANARY: Final = "Canari-"
"""How every secret of these facts begins."""


@dataclass(frozen=True, slots=True)
class Specimen:
    """Facts for one template, what it becomes on the machine, and whose text it is (nobody's: it goes to a member)."""

    file: str
    facts: Mapping[str, object]
    artifact: Artifact | None = None


_SERVER: Final = Server(
    private_key=f"{CANARY}private",
    addresses=("198.51.100.1/32", "2001:db8:100::1/128"),
    port=51820,
    mtu=1420,
    routes=("198.51.100.0/24", "2001:db8:100::/40"),
    peers=(
        Peer("L0001", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=", ("198.51.100.2/32", "2001:db8:100:200::/56")),
        Peer(
            "L0002",
            "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=",
            ("198.51.100.3/32",),
            preshared_key=f"{CANARY}preshared",
            keepalive="25",
        ),
        Peer("L0003", "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=", ()),
    ),
    notes=("a note",),
)
_CLIENT: Final = Member(
    "L0001",
    "l0001",
    "198.51.100.2",
    "255.255.255.0",
    "198.51.100.1",
    (Routed("203.0.113.8", "255.255.255.248"),),
    "2001:db8:100:200::1",
    "2001:db8:100::1",
    ("2001:db8:100:200::/56",),
    1400,
    (),
)
_LOGINS: Final = (
    Login("L0004", "l0004@adsl", f"'{CANARY}password'", ("Framed-IP-Address = 203.0.113.4", "Framed-MTU = 1460")),
    Login("L0005", "l0005@adsl", f"'{CANARY}new'", ("Framed-IP-Address = 203.0.113.5",), former=f"'{CANARY}former'"),
)
_LNS: Final = Lns(
    hostname="lns",
    bind_address="100.64.2.1",
    address="203.0.113.1",
    ipv6_prefix="2001:db8:200::",
    mtu=1460,
    l2tp_secret=f"{CANARY}l2tp",
    radius="192.0.2.3",
    radius_port=1812,
    radius_secret=f"{CANARY}radius",
    interim=60,
    cluster_interface="core0",
)
_ACCEL: Final = accel.Told(
    hostname="lns",
    bind="100.64.2.1",
    core="192.0.2.2",
    gateway="203.0.113.1",
    ipv6=True,
    mtu=1460,
    l2tp_secret=_LNS.l2tp_secret,
    radius=_LNS.radius,
    radius_port=_LNS.radius_port,
    radius_secret=_LNS.radius_secret,
    interim=_LNS.interim,
)
_POOLS: Final = (IPv6Network("2001:db8:200::/40"),)
_ZONE: Final = Zone(
    "100.51.198.in-addr.arpa",
    ("ns1.abeilles.example", "ns2.abeilles.example"),
    "noc.abeilles.example",
    (Record("2", "PTR", "nid.abeilles.example.", "L0001"), Record("3", "NS", "ns1.membre.example.")),
)
_TUNNEL: Final = Tunnel(
    "wg0",
    "2001:db8:100::/64",
    (
        Group("wg0_v4_1420", 4, 1380, (Element("198.51.100.2", "L0001"),)),
        Group("wg0_v6_1420", 6, 1360, (Element("2001:db8:100:200::/56", "L0001"),)),
    ),
)

SPECIMENS: Final[Mapping[str, Specimen]] = {
    "wireguard/debian.j2": Specimen(WIREGUARD_FILE, {"server": _SERVER}, WIREGUARD),
    "openvpn/debian.server.j2": Specimen(
        openvpn.CONFIGURATION, {"server": openvpn.Server("198.51.100.1", "255.255.255.0", "2001:db8:100::1")}, OPENVPN
    ),
    "openvpn/debian.ccd.j2": Specimen(f"{openvpn.CCD}l0001", {"client": _CLIENT}, OPENVPN),
    "openvpn/debian.routes.j2": Specimen(
        openvpn.ROUTES, {"kernel": openvpn.Kernel(("198.51.100.1/32",), ("198.51.100.0/24",))}, OPENVPN
    ),
    "radius/debian.authorize.j2": Specimen("authorize", {"release": "0" * 64, "logins": _LOGINS}, RADIUS),
    "radius/debian.clients.j2": Specimen(
        "clients.conf", {"clients": (Client("lns", "192.0.2.2", f"{CANARY}client"),)}, RADIUS
    ),
    "l2tp/debian.startup-config.j2": Specimen("startup-config", {"lns": _LNS}, L2TP),
    "l2tp/debian-accel.conf.j2": Specimen(accel.FILE, {"told": _ACCEL}, accel.ACCEL),
    "l2tp/ios.j2": Specimen(cisco.FILE, {"lns": _LNS, "mtu": 1460, "minutes": 1}, IOS_LNS),
    "l2tp/routeros.j2": Specimen(
        mikrotik.FILE,
        {"lns": _LNS, "mtu": 1460, "interim": "1m", "pools": _POOLS, "quoted": routeros.quoted},
        ROUTEROS_LNS,
    ),
    "antispoofing/debian.j2": Specimen(NFT_FILE, {"tunnel": _TUNNEL}, ANTISPOOFING_VPN),
    "dns/zone.j2": Specimen("100.51.198.in-addr.arpa.zone", {"zone": _ZONE}, KNOT),
    **{
        f"dns/{one.name}.j2": Specimen(
            CONFIGURATION, {"zones": ["100.51.198.in-addr.arpa"], "secondaries": ["192.0.2.53"]}, one
        )
        for one in (KNOT, NSD, BIND)
    },
}
"""By the template's name. Templates that are not here are read and compared with ours, not filled in."""
