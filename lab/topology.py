"""What the lab is made of, as plain values: machines, the cables between them, who may sign in.

A `Topology` says nothing about members: what they get is pushed by Essaim itself, as on a real network.
Every prefix is a documentation prefix (RFC 5737, 3849, 9637; 100.64.0.0/10 where more room is needed).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from ipaddress import IPv4Interface, IPv6Interface, ip_interface
from typing import Any, Final, Literal, TypeAlias

Kind: TypeAlias = Literal[
    "noc", "edge", "router", "transit", "lns", "radius", "vpn", "dns", "bng", "hosted", "internet", "home"
]
"""An `edge` stands alone; a `router` tells others of ours what it knows, by OSPF."""

OURS: Final[frozenset[Kind]] = frozenset({"edge", "router", "lns", "radius", "vpn", "dns", "bng", "hosted"})
"""The kinds of machine that the association runs: an SSH server, and units that `systemctl` tells."""

MANAGEMENT: Final = "management"

_GATEWAYS: Final = ("192.0.2.1", "2001:db8::1")
"""Who joins the machines on the LAN `core` to all others."""
_TOWN_GATEWAYS: Final = ("192.0.2.233", "3fff:0:2::1")
_PEERING: Final = ("192.0.2.128", ("192.0.2.129", "3fff:0:0:ffff::1"))
_PEERING_2: Final = ("192.0.2.130", ("192.0.2.131", "3fff:0:0:fffe::1"))


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
    """How a transit meets an edge of ours: two AS numbers and the ends of the link, in each family."""

    transit_as: int
    our_as: int
    router_id: str
    ours: tuple[str, ...]
    """Our addresses on the link: the neighbours of the transit."""
    transit: str = "transit"
    """The transit's machine."""
    beside: tuple[tuple[str, int], ...] = ()
    """Other transits that it exchanges all it knows with: their addresses and AS numbers."""


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
    peerings: tuple[Peering, ...]
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

    def peering(self, transit: str) -> Peering:
        """How the transit of that name meets us. Raises LookupError when there is none."""
        for peering in self.peerings:
            if peering.transit == transit:
                return peering
        raise LookupError(transit)

    def plain(self) -> dict[str, Any]:
        """As values that JSON can hold."""
        return asdict(self)

    @classmethod
    def of_plain(cls, values: dict[str, Any]) -> Topology:
        """The reverse of `plain`, through JSON."""
        return cls(
            authorised_key=values["authorised_key"],
            machines=tuple(_machine(each) for each in values["machines"]),
            peerings=tuple(_peering(each) for each in values["peerings"]),
            snmp=SnmpAccess(**values["snmp"]),
        )


def _machine(values: dict[str, Any]) -> Machine:
    ports = tuple(Port(each["name"], each["lan"], tuple(each["addresses"])) for each in values["ports"])
    return Machine(values["name"], values["kind"], ports, tuple(values["gateways"]))


def _peering(values: dict[str, Any]) -> Peering:
    beside = tuple((address, number) for address, number in values["beside"])
    return Peering(**{**values, "ours": tuple(values["ours"]), "beside": beside})


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
    return Topology(
        authorised_key=authorised_key,
        machines=(
            _noc(),
            Machine("edge", "edge", (_management(1), Port("core0", "core"), Port("transit0", "transit"))),
            *_servers(hosted),
            *_outside(),
        ),
        peerings=(Peering(transit_as, our_as, *_PEERING),),
        snmp=SnmpAccess(community),
    )


def whole_isp(
    authorised_key: str,
    *,
    community: str = "public",
    hosted: str = "hosted1",
    our_as: int = 64496,
    transit_as: int = 64500,
    other_transit_as: int = 64501,
) -> Topology:
    """A grown association: what the small one has, and two edges with a transit each, behind a router of the core.

    Also a second LNS, a name server, an OpenVPN server, a gateway on a high point with two homes on its radio, a home
    that has OpenVPN. The three routers have their management addresses only; every link between two of them is a LAN.
    """
    routers = (
        ("core", 10, (Port("core0", "core"), Port("edge0", "core-edge"), Port("edge1", "core-edge2"))),
        ("edge", 1, (Port("core0", "core-edge"), Port("edge0", "edges"), Port("transit0", "transit"))),
        ("edge2", 5, (Port("core0", "core-edge2"), Port("edge0", "edges"), Port("transit0", "transit2"))),
    )
    return Topology(
        authorised_key=authorised_key,
        machines=(
            _noc(),
            *(Machine(name, "router", (_management(number), *ports)) for name, number, ports in routers),
            *_servers(hosted),
            second_lns(),
            _server("dns", "dns", 6),
            _server("openvpn", "vpn", 7),
            _server("bng", "bng", 8, Port("coll0.101", "radio-101"), Port("coll0.102", "radio-102")),
            *_outside(),
            _other_transit(),
            Machine(
                "home-openvpn",
                "home",
                (Port("eth0", "town", ("192.0.2.235/29", "3fff:0:2::235/64")),),
                _TOWN_GATEWAYS,
            ),
            Machine("home-radio101", "home", (Port("wan0", "radio-101"),)),
            Machine("home-radio102", "home", (Port("wan0", "radio-102"),)),
        ),
        peerings=(
            Peering(transit_as, our_as, *_PEERING, beside=_beside("192.0.2.194", "3fff:0:1::2", other_transit_as)),
            Peering(
                other_transit_as,
                our_as,
                *_PEERING_2,
                transit="transit2",
                beside=_beside("192.0.2.193", "3fff:0:1::1", transit_as),
            ),
        ),
        snmp=SnmpAccess(community),
    )


def _beside(four: str, six: str, number: int) -> tuple[tuple[str, int], ...]:
    return (four, number), (six, number)


def second_lns() -> Machine:
    """An LNS beside the first, to which a wholesaler goes where that one does not answer."""
    return _server("lns2", "lns", 9, Port("coll0", "collection", ("100.64.2.3/24",)))


def _management(number: int) -> Port:
    return Port("mgmt0", MANAGEMENT, (f"100.64.0.{number}/24",))


def _noc() -> Machine:
    """Where Essaim runs: among the machines, and on their LAN, from where it listens to members' lines."""
    core = Port("core0", "core", ("192.0.2.13/28", "2001:db8::13/64"))
    return Machine("noc", "noc", (_management(254), core), _GATEWAYS)


def _server(name: str, kind: Kind, number: int, *more: Port) -> Machine:
    """A machine of ours on the LAN `core`."""
    core = Port("core0", "core", (f"192.0.2.{number}/28", f"2001:db8::{number}/64"))
    return Machine(name, kind, (_management(number), core, *more), _GATEWAYS)


def _servers(hosted: str) -> tuple[Machine, ...]:
    return (
        _server("lns", "lns", 2, Port("coll0", "collection", ("100.64.2.1/24",))),
        _server("radius", "radius", 3),
        _server("vpn", "vpn", 4),
        Machine(
            hosted,
            "hosted",
            (_management(20), Port("core0", "core", ("192.0.2.14/28", "2001:db8::14/64"))),
            _GATEWAYS,
        ),
    )


def _outside() -> tuple[Machine, ...]:
    """The transit, the Internet's host that answers, and the homes of two members."""
    return (
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
            _TOWN_GATEWAYS,
        ),
    )


def _other_transit() -> Machine:
    """It reaches the homes of the town by the first one, and the Internet's host by itself."""
    return Machine(
        "transit2",
        "transit",
        (
            Port("edge0", "transit2", ("192.0.2.130/31", "3fff:0:0:fffe::/127")),
            Port("internet0", "internet", ("192.0.2.194/27", "3fff:0:1::2/64")),
        ),
    )
