"""WireGuard on a Debian VPN server: one interface, `wg0`, one peer a line.

The text is wg-quick(8)'s. Routes to the pools stand whether or not a peer has an address of them, so that
a packet to nobody ends here instead of going round between us and the edge.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any, Final

from sqlalchemy.orm import Session

from foundation.speech import Phrase
from foundation.text import render
from inventory.models.addresses import IPNetwork
from inventory.models.devices import Device
from inventory.models.lines import CredentialKind
from provisioning import facts, releases
from provisioning.artifact import Effect, Impact, Observation
from provisioning.texts import Texts

FILE: Final = "wg0.conf"
PATH: Final = "/etc/wireguard/wg0.conf"
MTU: Final = 1420
UNKNOWN: Final = "?"
EDITED: Final = "wg0.conf was edited by hand"

_KEY: Final = re.compile(r"[A-Za-z0-9+/]{43}=")
_NONE: Final = "(none)"
_LOOK: Final = """\
ip link show wg0 >/dev/null 2>&1 || exit 0
section dump wg show wg0 dump
section link ip -j addr show dev wg0
section routes ip -j route show dev wg0
section routes6 ip -j -6 route show dev wg0
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """A line as WireGuard sees it. `label` is its number: a member's name never goes to a machine."""

    label: str
    public_key: str
    allowed_ips: tuple[str, ...]
    preshared_key: str = ""
    keepalive: str = ""


@dataclass(frozen=True, slots=True)
class Server:
    """The interface and its peers. `notes` is what a machine holds that no configuration says."""

    private_key: str
    addresses: tuple[str, ...]
    port: int
    mtu: int
    routes: tuple[str, ...]
    peers: tuple[Peer, ...]
    notes: tuple[str, ...] = ()


class WireGuard:
    """The artifact."""

    name = "wireguard"
    role = "vpn"
    platform = "debian"
    secrets = re.compile(r"(?:PrivateKey|PresharedKey) = (?P<secret>\S+)")
    observation: Observation | None = Observation(releases.looking("wireguard", {FILE: PATH}, _LOOK))

    def desired(self, session: Session, device: Device, at: datetime) -> Texts:
        """The server with the peers of its lines. Raises MachineIncomplete, Unwritable."""
        peers = tuple(_peers(session, device, at))
        pools = facts.served_pools(session, device)
        return _rendered(
            Server(
                private_key=_clamped(_checked(facts.service_secret(session, device, "wireguard"), device.name)),
                addresses=tuple(str(one) for one in facts.interface_addresses(session, device, "wg0", at)),
                port=facts.service(device)[1],
                mtu=MTU,
                routes=_sorted([*(str(pool) for pool in pools), *_elsewhere(peers, pools)]),
                peers=peers,
            )
        )

    def observed(self, output: str) -> Texts:
        """What the kernel runs, with the labels that the release's file gives to its keys."""
        found = releases.sections(output)
        if "dump" not in found:
            return {}
        try:
            return _rendered(_running(found))
        except (ValueError, LookupError) as wrong:
            raise releases.Illegible(what="wg show wg0 dump") from wrong

    def effect(self, before: Texts, after: Texts) -> Effect:
        """New peers cut nobody; one that goes, changes or loses its route is cut; another key or port cuts them all."""
        if dict(before) == dict(after):
            return Effect(Impact.NONE)
        old, new = _parsed(before), _parsed(after)
        lost = set(old.interface) - set(new.interface)
        if any(row.startswith(("PrivateKey", "ListenPort")) for row in lost):
            return Effect(Impact.CUTS, len(old.peers))
        unrouted = [ip_network(row.split()[5]) for row in lost if row.startswith("PostUp")]
        gone = sum(1 for key, peer in old.peers.items() if new.peers.get(key) != peer or peer.reached_by(unrouted))
        if gone:
            return Effect(Impact.CUTS, gone)
        return Effect(Impact.HITLESS, len(new.peers.keys() - old.peers.keys()))

    def lines(self, before: Texts, after: Texts) -> tuple[str, ...]:
        """Lines whose peer comes, goes or changes; all of them when the interface does."""
        old, new = _parsed(before), _parsed(after)
        keys = old.peers.keys() | new.peers.keys()
        if old.interface == new.interface:
            keys = {key for key in keys if old.peers.get(key) != new.peers.get(key)}
        labels = {peers[key].label for peers in (old.peers, new.peers) for key in keys if key in peers}
        return tuple(sorted(labels - {UNKNOWN}, key=lambda label: (len(label), label)))


@dataclass(frozen=True, slots=True)
class _Said:
    """A peer as a text has it. Two are equal when they are the same to WireGuard, whatever the label."""

    label: str = field(compare=False)
    rows: tuple[str, ...]

    def reached_by(self, routes: list[IPNetwork]) -> bool:
        """Whether one of its addresses lies in one of these prefixes."""
        allowed = next((row.partition(" = ")[2] for row in self.rows if row.startswith("AllowedIPs")), "")
        held = [ip_network(each) for each in allowed.split(", ") if each]
        return any(mine.overlaps(route) for mine in held for route in routes if mine.version == route.version)


@dataclass(frozen=True, slots=True)
class _Parsed:
    interface: tuple[str, ...]
    peers: Mapping[str, _Said]
    """By public key."""


def _rendered(server: Server) -> Texts:
    return {FILE: render("provisioning", "wireguard/debian.j2", {"server": server})}


def _peers(session: Session, device: Device, at: datetime) -> Iterator[Peer]:
    for line in facts.rendered_lines(session, device):
        for share in line.shares:
            for credential in facts.opening(line, share, CredentialKind.WIREGUARD, at, device):
                held = facts.prefixes(share.assignments, at)
                yield Peer(str(line), _checked(credential.name, str(line)), tuple(str(one) for one in held))


def _elsewhere(peers: Iterable[Peer], pools: Iterable[IPNetwork]) -> Iterator[str]:
    """Prefixes of its peers that are in no pool of its own: they came with a migration, and need a route each."""
    for each in (prefix for peer in peers for prefix in peer.allowed_ips):
        mine = ip_network(each)
        if not any(mine.version == pool.version and mine.subnet_of(pool) for pool in pools):  # type: ignore[arg-type]
            yield each


def _checked(key: str, owner: str) -> str:
    if not _KEY.fullmatch(key):
        raise facts.Unwritable(what=Phrase("La clé WireGuard", "The WireGuard key"), owner=owner)
    return key


def _clamped(key: str) -> str:
    """The private key as X25519 uses it (RFC 7748, 5): WireGuard gives it back in this form alone."""
    raw = bytearray(base64.b64decode(key))
    raw[0] &= 248
    raw[31] = raw[31] & 127 | 64
    return base64.b64encode(raw).decode()


def _running(found: Mapping[str, str]) -> Server:
    first, *rows = (row.split("\t") for row in found["dump"].splitlines())
    labels = {key: peer.label for key, peer in _parsed({FILE: found.get(f"file:{FILE}", "")}).peers.items()}
    (link,) = json.loads(found["link"])
    routes = json.loads(found["routes"] or "[]") + json.loads(found["routes6"] or "[]")
    notes = [EDITED] if releases.edited(found) else []
    if first[3] != "off":
        notes.append(f"FwMark = {first[3]}")
    return Server(
        private_key=first[0],
        addresses=tuple(_addresses(link)),
        port=int(first[2]),
        mtu=link["mtu"],
        routes=_sorted(row["dst"] for row in routes if row.get("protocol") != "kernel"),
        peers=tuple(sorted((_peer(row, labels) for row in rows), key=_rank)),
        notes=tuple(notes),
    )


def _peer(row: list[str], labels: Mapping[str, str]) -> Peer:
    key, preshared, _endpoint, allowed, _handshake, _received, _sent, keepalive = row
    return Peer(
        label=labels.get(key, UNKNOWN),
        public_key=key,
        allowed_ips=() if allowed == _NONE else _sorted(allowed.split(",")),
        preshared_key="" if preshared == _NONE else preshared,
        keepalive="" if keepalive == "off" else keepalive,
    )


def _rank(peer: Peer) -> tuple[bool, int, str, str]:
    """By line, as `desired` has them; a peer that nobody knows comes last."""
    return peer.label == UNKNOWN, len(peer.label), peer.label, peer.public_key


def _addresses(link: Any) -> Iterator[str]:
    own = [one for one in link["addr_info"] if one["scope"] != "link"]
    for one in sorted(own, key=lambda each: (each["family"], int(ip_address(each["local"])))):
        yield f"{one['local']}/{one['prefixlen']}"


def _sorted(prefixes: Any) -> tuple[str, ...]:
    default = {"default": "0.0.0.0/0"}
    return tuple(
        str(one) for one in sorted((ip_network(default.get(each, each)) for each in prefixes), key=facts.order)
    )


def _parsed(texts: Texts) -> _Parsed:
    interface, *blocks = re.split(r"^\[Peer\]$", texts.get(FILE, ""), flags=re.MULTILINE)
    peers: dict[str, _Said] = {}
    for block in blocks:
        rows = [row.strip() for row in block.splitlines() if row.strip()]
        label = next((row[2:] for row in rows if row.startswith("# ")), UNKNOWN)
        key = next((row.partition(" = ")[2] for row in rows if row.startswith("PublicKey = ")), "")
        peers[key] = _Said(label, tuple(row for row in rows if not row.startswith("#")))
    return _Parsed(tuple(row for row in interface.splitlines() if row and not row.startswith("#")), peers)


WIREGUARD: Final = WireGuard()
