"""What the lab is made of, as plain values: machines, the cables between them, who may sign in.

A `Topology` says nothing about members: what they get is pushed by Essaim itself, as on a real network.
Every prefix is a documentation prefix (RFC 5737, 3849, 9637; 100.64.0.0/10 where more room is needed).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from ipaddress import IPv4Interface, IPv6Interface, ip_interface
from typing import Any, Final, Literal, TypeAlias

Kind: TypeAlias = Literal["noc", "edge", "transit", "lns", "radius", "vpn", "hosted", "internet", "home"]

OURS: Final[frozenset[Kind]] = frozenset({"edge", "lns", "radius", "vpn", "hosted"})
"""The kinds of machine that the association runs: an SSH server, and units that `systemctl` tells."""

MANAGEMENT: Final = "management"


@dataclass(frozen=True, slots=True)
class Port:
    """An interface of a machine, the LAN its cable goes to, and the addresses it has from the start."""

    name: str
    lan: str
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Machine:
    """One network namespace with its ports and its default gateways."""

    name: str
    kind: Kind
    ports: tuple[Port, ...]
    gateways: tuple[str, ...] = ()

    @property
    def ours(self) -> bool:
        """Whether the association runs it."""
        return self.kind in OURS

    @property
    def management(self) -> IPv4Interface | IPv6Interface:
        """Its address on the management LAN, with the LAN's length. Raises LookupError where it has none."""
        for port in self.ports:
            if port.lan == MANAGEMENT and port.addresses:
                return ip_interface(port.addresses[0])
        raise LookupError(self.name)


@dataclass(frozen=True, slots=True)
class Peering:
    """How the transit meets our edge: two AS numbers and the ends of the link, in each family."""

    transit_as: int
    our_as: int
    router_id: str
    ours: tuple[str, ...]
    """Our addresses on the link: the neighbours of the transit."""


@dataclass(frozen=True, slots=True)
class SnmpAccess:
    """Who may read a hosted machine: a community (SNMPv2c), and a user (SNMPv3, SHA-256 and AES) if named."""

    community: str
    user: str = ""
    authentication: str = ""
    privacy: str = ""


@dataclass(frozen=True, slots=True)
class Topology:
    """The whole lab."""

    authorised_key: str
    """The SSH public key that signs in as root on every machine of ours."""
    machines: tuple[Machine, ...]
    peering: Peering
    snmp: SnmpAccess

    @property
    def lans(self) -> tuple[str, ...]:
        """The LANs that the ports name, each once, in order."""
        return tuple(dict.fromkeys(port.lan for machine in self.machines for port in machine.ports))

    def machine(self, name: str) -> Machine:
        """The machine of that name. Raises LookupError when there is none."""
        for machine in self.machines:
            if machine.name == name:
                return machine
        raise LookupError(name)

    def plain(self) -> dict[str, Any]:
        """As values that JSON can hold."""
        return asdict(self)

    @classmethod
    def of_plain(cls, values: dict[str, Any]) -> Topology:
        """The reverse of `plain`, through JSON."""
        return cls(
            authorised_key=values["authorised_key"],
            machines=tuple(_machine(each) for each in values["machines"]),
            peering=Peering(**{**values["peering"], "ours": tuple(values["peering"]["ours"])}),
            snmp=SnmpAccess(**values["snmp"]),
        )


def _machine(values: dict[str, Any]) -> Machine:
    ports = tuple(Port(each["name"], each["lan"], tuple(each["addresses"])) for each in values["ports"])
    return Machine(values["name"], values["kind"], ports, tuple(values["gateways"]))


def small_isp(
    authorised_key: str,
    *,
    community: str = "public",
    hosted: str = "hosted1",
    our_as: int = 64496,
    transit_as: int = 64500,
) -> Topology:
    """A small association: an edge, an LNS, a RADIUS server, a VPN server, a hosted machine, two homes.

    The edge has its management address only: the others are configuration, which is pushed to it.
    """
    gateways = ("192.0.2.1", "2001:db8::1")

    def ours(name: str, kind: Kind, number: int, *more: Port) -> Machine:
        core = Port("core0", "core", (f"192.0.2.{number}/28", f"2001:db8::{number}/64"))
        return Machine(name, kind, (management(number), core, *more), gateways)

    def management(number: int) -> Port:
        return Port("mgmt0", MANAGEMENT, (f"100.64.0.{number}/24",))

    return Topology(
        authorised_key=authorised_key,
        machines=(
            Machine("noc", "noc", (management(254),)),
            Machine("edge", "edge", (management(1), Port("core0", "core"), Port("transit0", "transit"))),
            ours("lns", "lns", 2, Port("coll0", "collection", ("100.64.2.1/24",))),
            ours("radius", "radius", 3),
            ours("vpn", "vpn", 4),
            Machine(
                hosted,
                "hosted",
                (management(20), Port("core0", "core", ("192.0.2.14/28", "2001:db8::14/64"))),
                gateways,
            ),
            Machine(
                "transit",
                "transit",
                (
                    Port("edge0", "transit", ("192.0.2.128/31", "3fff:0:0:ffff::/127")),
                    Port("internet0", "internet", ("192.0.2.193/27", "3fff:0:1::1/64")),
                    Port("town0", "town", ("192.0.2.233/29", "3fff:0:2::1/64")),
                ),
            ),
            Machine(
                "internet",
                "internet",
                (Port("eth0", "internet", ("192.0.2.200/27", "3fff:0:1::200/64")),),
                ("192.0.2.193", "3fff:0:1::1"),
            ),
            Machine("home-adsl", "home", (Port("coll0", "collection", ("100.64.2.2/24",)),)),
            Machine(
                "home-wireguard",
                "home",
                (Port("eth0", "town", ("192.0.2.234/29", "3fff:0:2::234/64")),),
                ("192.0.2.233", "3fff:0:2::1"),
            ),
        ),
        peering=Peering(transit_as, our_as, "192.0.2.128", ("192.0.2.129", "3fff:0:0:ffff::1")),
        snmp=SnmpAccess(community),
    )
