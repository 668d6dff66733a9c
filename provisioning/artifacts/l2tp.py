"""l2tpns on a Debian LNS: where PPP sessions of the wholesaler's collection end (RFC 2661).

What it runs is read on its own command line, which answers on the loopback alone. `write terminal` gives
every setting in one order and one spelling; the text here has the same, so the two can be compared.

Where it is told of routers by BGP, it tells them of each session that it holds, in both families: whichever of several
LNS a wholesaler brings a member to, their packets find the way back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv6Interface
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.speech import Phrase
from foundation.text import render
from inventory import collecting
from inventory.models.devices import Device
from inventory.models.routing import BgpPeer
from provisioning import facts, releases
from provisioning.artifact import Effect, Impact, Observation
from provisioning.artifacts.radius import INTERIM_SECONDS
from provisioning.texts import Texts

PATHS: Final = {"ip_pool": "/etc/l2tpns/ip_pool", "startup-config": "/etc/l2tpns/startup-config"}
TUNNEL: Final = "tun0"
"""The interface through which sessions are reached: its IPv4 address is the members' gateway."""
OVERHEAD: Final = 38
"""What l2tpns itself counts between a member's packet and `l2tp_mtu`: IP, UDP, L2TP without its length, and PPP."""
EDITED: Final = "startup-config was edited by hand"

_FOREIGN: Final = f"# {releases.FOREIGN}"
_NO_POOL: Final = "# Addresses are given by RADIUS.\n"
_TUNNEL_ADDRESS: Final = Phrase(f"une adresse IPv4 sur {TUNNEL}", f"an IPv4 address on {TUNNEL}")
_RADIUS: Final = Phrase("un serveur RADIUS", "a RADIUS server")
_RADIUS_PORT: Final = 1812
_ROUTERS: Final = 2
"""How many neighbours l2tpns takes."""
_SETTING: Final = re.compile(r"set (?P<name>\S+) |(?P<bgp>router bgp) | (?P<neighbour>neighbour \S+ \S+) ")
_ASN: Final = Phrase("un numéro d'AS", "an AS number")
_EVERY_ADDRESS: Final = "0.0.0.0"  # noqa: S104 - as l2tpns names it; L2TP comes by the collection link
# fmt: off
_LIVE: Final = frozenset({
    "debug", "log_file", "l2tp_secret", "hostname", "primary_radius", "primary_radius_port", "radius_accounting",
    "radius_interim", "radius_secret", "radius_authtypes", "allow_duplicate_users", "throttle_speed", "primary_dns",
    "secondary_dns",
})
# fmt: on
"""Settings that SIGHUP puts in force. It never forgets one: a setting that goes takes a restart."""
_DEFAULTS: Final = frozenset(
    f"set {setting}"
    for setting in """\
default_ipv6_domain_list ""
pid_file ""
random_device "/dev/urandom"
ppp_restart_time 3
ppp_max_configure 10
ppp_max_failure 5
ppp_keepalive yes
secondary_radius 0.0.0.0
secondary_radius_port 0
radius_bind_min 0
radius_bind_max 0
kill_timedout_sessions yes
guest_account ""
send_garp no
throttle_buckets 6000
accounting_dir ""
account_all_origin no
dump_speed no
multi_read_count 10
scheduler_fifo no
lock_pages no
icmp_rate 0
packet_limit 0
cluster_address 239.192.13.13
cluster_port 32792
cluster_mcast_ttl 1
nexthop_address 0.0.0.0
nexthop6_address ::
echo_timeout 10
idle_echo_timeout 240
disable_lac_func no
auth_tunnel_change_addr_src no
bind_address_remotelns 0.0.0.0
bind_portremotelns 65432
pppoe_if_to_bind ""
pppoe_service_name ""
pppoe_ac_name "l2tpns-pppoe"
disable_sending_hello no
disable_no_spoof no
bind_multi_address ""
pppoe_only_equal_svc_name no
multi_hostname ""
no_throttle_local_IP no
dhcp6_preferred_lifetime 0
dhcp6_valid_lifetime 0
dhcp6_server_duid 0
dns6_lifetime 1200
primary_ipv6_dns ::
secondary_ipv6_dns ::
""".splitlines()
)
"""What l2tpns 2.4.1 says of the settings that we leave alone."""
_LOOK: Final = """\
ask() { python3 - <<'END'
import socket
try:
    cli = socket.create_connection(("127.0.0.1", 23), 3)
except ConnectionRefusedError:
    raise SystemExit
cli.settimeout(5)
cli.sendall(b"enable\\r\\nwrite terminal\\r\\n")
said = b""
while b"# end" not in said:
    said += cli.recv(65536) or b"# end"
print(said.decode("latin-1"))
END
}
section running ask
"""


@dataclass(frozen=True, slots=True)
class Told:
    """A router of ours that an LNS tells of its sessions (BGP)."""

    address: str
    remote_as: int
    fast: bool


@dataclass(frozen=True, slots=True)
class Lns:
    """What one LNS is told; `mtu` is the largest packet of a session, in octets."""

    hostname: str
    bind_address: str
    address: str
    ipv6_prefix: str
    mtu: int
    l2tp_secret: str
    radius: str
    radius_port: int
    radius_secret: str
    interim: int
    cluster_interface: str
    cluster_address: str = ""
    asn: int | None = None
    next_hop: str = ""
    peers: tuple[Told, ...] = ()

    @property
    def l2tp_mtu(self) -> int:
        """The same, as l2tpns counts it."""
        return self.mtu + OVERHEAD


class L2tp:
    """The artifact."""

    name = "l2tp"
    role = "lns"
    platform = "debian"
    secrets = re.compile(r'set (?:l2tp|radius)_secret "(?P<secret>[^"]+)"')
    observation = Observation(releases.looking("l2tp", PATHS, _LOOK))

    def desired(self, session: Session, device: Device, at: datetime) -> Texts:
        """The LNS with its RADIUS server. Raises MachineIncomplete, NoSuchSecret, Unwritable."""
        return _rendered(lns(session, device, at))

    def observed(self, output: str) -> Texts:
        """What the daemon says it runs; nothing when it does not run."""
        found = releases.sections(output)
        running = [row for row in found["running"].split("\r\n") if _SETTING.match(row)]
        if not running:
            return {}
        rows = [row for row in running if row not in _DEFAULTS]
        if releases.by_hand(found):
            rows.append(_FOREIGN)
        elif releases.edited(found):
            rows.append(f"# {EDITED}")
        pool = releases.files(found).get("ip_pool", "")
        return {"ip_pool": pool, "startup-config": "".join(f"{row}\n" for row in rows)}

    def recognised(self, running: Texts, desired: Texts) -> Texts:
        """What was made by hand: as desired, where every setting is the same."""
        return dict(desired) if _by_hand(running) and not _differing(running, desired) else running

    def strangers(self, running: Texts, desired: Texts) -> tuple[str, ...]:
        """Settings of somebody else's that would change: an LNS that restarts cuts every session."""
        return _differing(running, desired) if _by_hand(running) else ()

    def effect(self, before: Texts, after: Texts) -> Effect:
        """A restart cuts every session of the LNS (the texts do not say how many); SIGHUP cuts none."""
        if dict(before) == dict(after):
            return Effect(Impact.NONE)
        old, new = _settings(before), _settings(after)
        changed = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
        other_pool = before.get("ip_pool") != after.get("ip_pool")
        if old and (other_pool or changed - _LIVE or old.keys() - new.keys()):
            return Effect(Impact.CUTS)
        return Effect(Impact.HITLESS)

    def lines(self, before: Texts, after: Texts) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's signature
        """None: an LNS is not told of lines, it asks RADIUS."""
        return ()


def lns(session: Session, device: Device, at: datetime) -> Lns:
    """The LNS as the inventory has it, whatever its software. Raises MachineIncomplete, NoSuchSecret, Unwritable."""
    address, ipv6_prefix = _tunnel(session, device, at)
    return Lns(
        hostname=device.name,
        bind_address=facts.service(device)[0] if device.endpoint else _EVERY_ADDRESS,
        address=address,
        ipv6_prefix=ipv6_prefix,
        mtu=collecting.carried(session)[device.id],
        l2tp_secret=facts.service_secret(session, device, "l2tp"),
        radius=_radius(session, device, at),
        radius_port=_RADIUS_PORT,
        radius_secret=facts.service_secret(session, device, "radius"),
        interim=INTERIM_SECONDS,
        cluster_interface=facts.CORE,
        cluster_address=_cluster(session, device, at),
        asn=device.asn,
        next_hop=_next_hop(session, device, at),
        peers=_told(session, device),
    )


def _told(session: Session, device: Device) -> tuple[Told, ...]:
    """The routers that it tells of its sessions. Raises MachineIncomplete, Unwritable."""
    held = session.scalars(select(BgpPeer).where(BgpPeer.device_id == device.id).order_by(BgpPeer.address)).all()
    if held and device.asn is None:
        raise facts.MachineIncomplete(device=device.name, what=_ASN)
    if len(held) > _ROUTERS or any(":" in one.address for one in held):
        what = Phrase("Plus de deux voisins BGP, ou un voisin en IPv6,", "More than two BGP peers, or one in IPv6,")
        raise facts.Unwritable(what=what, owner=device.name)
    return tuple(Told(one.address, one.remote_as, one.fast) for one in held)


def _cluster(session: Session, device: Device, at: datetime) -> str:
    """Where it looks for others to be one LNS with: two on one LAN would, unless each but the first looks apart."""
    living = select(Device.id).where(Device.role == "lns", Device.until.is_(None), Device.platform == device.platform)
    if session.scalar(living.where(Device.id < device.id).limit(1)) is None:
        return ""
    return f"239.192.{'.'.join(str(facts.core_address(session, device, 4, at)).split('.')[2:])}"


def _next_hop(session: Session, device: Device, at: datetime) -> str:
    """By which address of the core members' IPv6 prefixes are reached."""
    held = facts.interface_addresses(session, device, facts.CORE, at)
    return next((str(one.ip) for one in held if one.version == 6), "")


def _rendered(lns: Lns) -> Texts:
    return {
        "ip_pool": _NO_POOL,
        "startup-config": render("provisioning", "l2tp/debian.startup-config.j2", {"lns": lns}),
    }


def _tunnel(session: Session, device: Device, at: datetime) -> tuple[str, str]:
    """The members' gateway, and the /64 whose router they hear of (`::`: no IPv6)."""
    held = facts.interface_addresses(session, device, TUNNEL, at)
    address = next((str(one.ip) for one in held if one.version == 4), None)
    if address is None:
        raise facts.MachineIncomplete(device=device.name, what=_TUNNEL_ADDRESS)
    heard = next((one.ip for one in held if isinstance(one, IPv6Interface)), None)
    return address, "::" if heard is None else str(IPv6Interface((heard, 64)).network.network_address)


def _radius(session: Session, device: Device, at: datetime) -> str:
    living = select(Device).where(Device.role == "radius", Device.until.is_(None))
    server = session.scalar(living.order_by(Device.name).limit(1))
    if server is None:
        raise facts.MachineIncomplete(device=device.name, what=_RADIUS)
    return str(facts.core_address(session, server, 4, at))


def _settings(texts: Texts) -> Mapping[str, str]:
    rows = texts.get("startup-config", "").splitlines()
    return {found[found.lastgroup or 0]: row[found.end() :] for row in rows if (found := _SETTING.match(row))}


def _by_hand(running: Texts) -> bool:
    return _FOREIGN in running.get("startup-config", "").splitlines()


def _differing(old: Texts, new: Texts) -> tuple[str, ...]:
    """What goes or changes, by its name: a setting may be a secret."""
    before, after = _settings(old), _settings(new)
    names = [name for name, value in before.items() if after.get(name) != value]
    names += [name for name in after if name not in before]
    pools = [
        [row for row in each.get("ip_pool", "").splitlines() if row.strip() and row[0] != "#"] for each in (old, new)
    ]
    return (*sorted(names), *(("ip_pool",) if pools[0] != pools[1] else ()))


L2TP: Final = L2tp()
