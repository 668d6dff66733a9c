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
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any, Final

from sqlalchemy.orm import Session

from foundation.speech import Phrase
from foundation.text import render
from foundation.vault import vault_of
from inventory.models.addresses import IPNetwork
from inventory.models.devices import Device
from inventory.models.lines import CredentialKind
from provisioning import facts, releases
from provisioning.artifact import Effect, Impact, Observation
from provisioning.artifacts import openvpn_members
from provisioning.texts import Texts

FILE: Final = "wg0.conf"
PATH: Final = "/etc/wireguard/wg0.conf"
MTU: Final = facts.TUNNEL_MTU
UNKNOWN: Final = "?"
EDITED: Final = "wg0.conf was edited by hand"
_FOREIGN: Final = f"\n# {releases.FOREIGN}\n"

_LABEL: Final = re.compile(r"L\d+")
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
    observation = Observation(releases.looking("wireguard", {FILE: PATH}, _LOOK))

    def desired(self, session: Session, device: Device, at: datetime) -> Texts:
        """The server with the peers of its lines. Raises MachineIncomplete, Unwritable."""
        known = list(_peers(session, device, at))
        elsewhere = openvpn_members.own_pools(session, device)
        pools = tuple(one for one in facts.served_pools(session, device) if one not in elsewhere)
        return _rendered(
            Server(
                private_key=_clamped(_checked(facts.service_secret(session, device, "wireguard"), device.name)),
                addresses=tuple(str(one) for one in facts.interface_addresses(session, device, "wg0", at)),
                port=facts.service(device)[1],
                mtu=MTU,
                routes=_sorted([*(str(pool) for pool in pools), *_elsewhere(known, pools)]),
                peers=tuple(peer for peer, _ in known),
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

    def recognised(self, running: Texts, desired: Texts) -> Texts:
        """What was made by hand, with each peer and the interface in our words where they mean the same."""
        text, wanted = running.get(FILE, ""), desired.get(FILE, "")
        if not text.endswith(_FOREIGN):
            return running
        old, new = _parsed(running), _parsed(desired)
        heads, blocks, ours = (_head(text), _head(wanted)), _blocks(text.removesuffix(_FOREIGN)), _blocks(wanted)
        order = [*(key for key in ours if key in blocks), *(key for key in blocks if key not in ours)]
        same = {key for key in order if old.peers[key] == new.peers.get(key)}
        head = heads[1] if _same_interface(old, new) else heads[0]
        respelled = head + "".join(ours[key] if key in same else blocks[key] for key in order)
        return dict(desired) if respelled == wanted else {FILE: respelled + _FOREIGN}

    def strangers(self, running: Texts, desired: Texts) -> tuple[str, ...]:
        """Public keys that would be cut: unknown to the inventory, or known with fewer addresses or another secret."""
        if not running.get(FILE, "").endswith(_FOREIGN):
            return ()
        old, new = _parsed(running), _parsed(desired)
        keys = [_settings(each.interface).get("PrivateKey") for each in (old, new)]
        return tuple(
            key
            for key, peer in old.peers.items()
            if keys[0] != keys[1] or key not in new.peers or _loses(peer, new.peers[key])
        )

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
        held = self.allowed
        return any(mine.overlaps(route) for mine in held for route in routes if mine.version == route.version)

    @property
    def allowed(self) -> list[IPNetwork]:
        """The addresses that lie behind it."""
        found = next((row.partition(" = ")[2] for row in self.rows if row.startswith("AllowedIPs")), "")
        return [ip_network(each) for each in found.split(", ") if each]

    @property
    def preshared(self) -> str:
        """The secret that it shares with the server beside the keys, if any."""
        return next((row for row in self.rows if row.startswith("PresharedKey")), "")


@dataclass(frozen=True, slots=True)
class _Parsed:
    interface: tuple[str, ...]
    peers: Mapping[str, _Said]
    """By public key."""


def _rendered(server: Server) -> Texts:
    return {FILE: render("provisioning", "wireguard/debian.j2", {"server": server})}


def _peers(session: Session, device: Device, at: datetime) -> Iterator[tuple[Peer, tuple[IPNetwork, ...]]]:
    for line in facts.rendered_lines(session, device):
        for share in line.shares:
            for credential in facts.opening(line, share, CredentialKind.WIREGUARD, at, device):
                held = facts.prefixes(share.assignments, at)
                shared = "" if credential.secret is None else vault_of(session).open(credential.secret)
                peer = Peer(
                    label=str(line),
                    public_key=_checked(credential.name, str(line)),
                    allowed_ips=tuple(str(one) for one in held),
                    preshared_key=_checked(shared, str(line)) if shared else "",
                )
                yield peer, held


def _elsewhere(known: Iterable[tuple[Peer, Iterable[IPNetwork]]], pools: Iterable[IPNetwork]) -> Iterator[str]:
    """Prefixes of its peers that are in no pool of its own: they came with a migration, and need a route each."""
    for mine in (prefix for _, held in known for prefix in held):
        if not _covered(mine, pools):
            yield str(mine)


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
    if releases.by_hand(found):
        # A file made by hand names people there: no name of theirs goes into a diff.
        labels = {key: label for key, label in labels.items() if _LABEL.fullmatch(label)}
    (link,) = json.loads(found["link"])
    routes = json.loads(found["routes"] or "[]") + json.loads(found["routes6"] or "[]")
    notes = [releases.FOREIGN] if releases.by_hand(found) else [EDITED] if releases.edited(found) else []
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


def _head(text: str) -> str:
    """The interface's part of a text."""
    return text.removesuffix(_FOREIGN).partition("\n[Peer]\n")[0].rstrip("\n") + "\n"


def _blocks(text: str) -> dict[str, str]:
    """The part of each peer by its public key, with the empty line before it."""
    found = {}
    for block in text.split("\n[Peer]\n")[1:]:
        key = next((row.partition(" = ")[2] for row in block.splitlines() if row.startswith("PublicKey = ")), "")
        found[key] = f"\n[Peer]\n{block}"
    return found


def _same_interface(old: _Parsed, new: _Parsed) -> bool:
    """Whether two interfaces mean the same: a route for each peer leads them where one for all of a pool does."""
    held, wanted = (_settings(each.interface) for each in (old, new))
    narrow, wide = ([ip_network(row.split()[3]) for row in each.pop("PostUp", ())] for each in (held, wanted))
    own, ours = ([ip_interface(one) for one in each.pop("Address", ())] for each in (held, wanted))
    if held != wanted or {one.ip for one in own} != {one.ip for one in ours}:
        return False
    # An address with a length is a route to its whole network, too.
    narrow += [one.network for one in own]
    wide += [one.network for one in ours]
    peers = [prefix for peer in old.peers.values() for prefix in peer.allowed]
    return all(_covered(each, wide) for each in narrow) and all(_covered(each, narrow) for each in peers)


def _settings(rows: tuple[str, ...]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in rows:
        key, _, value = row.partition(" = ")
        found.setdefault(key, set()).add(value)
    return found


def _covered(part: IPNetwork, wholes: Iterable[IPNetwork]) -> bool:
    # By numbers: `subnet_of` makes four objects, for each of many thousand peers.
    place, length = int(part.network_address), part.prefixlen
    for whole in wholes:
        shift = whole.max_prefixlen - whole.prefixlen
        same = part.version == whole.version and whole.prefixlen <= length
        if same and place >> shift == int(whole.network_address) >> shift:
            return True
    return False


def _loses(old: _Said, new: _Said) -> bool:
    """Whether a peer would lose an address, or the secret by which it is let in."""
    return old.preshared != new.preshared or not all(_covered(each, new.allowed) for each in old.allowed)


WIREGUARD: Final = WireGuard()
