"""What a Cisco (`show running-config`) or a MikroTik (`/export`) says of roads.

The addresses of its interfaces are proposed; its BGP neighbours, what it announces and its static routes are told, as
those of FRR and BIRD are (`routing.py`).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_interface, ip_network
from typing import Final

from foundation.speech import Phrase
from inventory.exchange.records import Place
from inventory.exchange.tables import harmless
from provisioning import ios, routeros
from provisioning.adopting.found import Found, IPInterface, Own, Unreadable, said_of
from provisioning.routeros import Row

_NEIGHBOUR: Final = Phrase(
    "un voisin BGP ; le dire à l'inventaire : essaim device peer add MACHINE {options}",
    "a BGP neighbour; to tell the inventory: essaim device peer add MACHINE {options}",
)
_ANNOUNCED: Final = Phrase(
    "annoncé : {prefix} ; le dire à l'inventaire : essaim aggregate add {prefix}",
    "announced: {prefix}; to tell the inventory: essaim aggregate add {prefix}",
)
_ROUTE: Final = Phrase(
    "une route statique vers {prefix} par {via} ; l'inventaire la tire du pool et de la machine qui le sert",
    "a static route to {prefix} by {via}; the inventory draws it from the pool and the machine that serves it",
)
_NO_ADDRESS: Final = Phrase("{text} n'est pas une adresse.", "{text} is no address.")
_NO_EXPORT: Final = Phrase("ce n'est pas un export de RouterOS ({text}).", "this is no export of RouterOS ({text}).")

_ADDRESS: Final = re.compile(r"(?:ip address ([\d.]+) ([\d.]+)(?: secondary)?|ipv6 address ([0-9a-f:.]+/\d+))")
_PEER: Final = re.compile(r"neighbor (\S+) (remote-as|description) (.+)")
_NETWORK: Final = re.compile(r"network (\S+?)(?: mask (\S+)|(/\d+))?(?: route-map \S+)?")
_STATIC: Final = re.compile(r"(?:ip route (\S+) (\S+)|ipv6 route (\S+/\d+)) (\S+)")
_OURS: Final = {f"Loopback{ios.NUMBER}": "lo"}


def read_ios(file: str, text: str) -> Found:
    """What a running configuration of IOS says. Raises Unreadable."""
    found, rows = Found(), [row.strip().lower() for row in text.splitlines()]

    def line(said: str) -> int:
        return rows.index(said.lower()) + 1 if said.lower() in rows else 0

    peers: dict[str, dict[str, str]] = {}
    held: dict[str, list[IPInterface]] = {}
    for path in ios.paths(ios.read(text)):
        top, last = path[0], path[-1]
        if top.startswith("interface ") and (said := _ADDRESS.fullmatch(last)):
            whole = said[3] or f"{said[1]}/{said[2]}"
            held.setdefault(top.removeprefix("interface "), []).append(_interface(file, line(last), whole))
        elif top.startswith("router bgp ") and (said := _PEER.fullmatch(last)):
            peers.setdefault(said[1], {})[said[2]] = said[3]
        elif top.startswith("router bgp ") and (said := _NETWORK.fullmatch(last)):
            found.tell(file, line(last), _ANNOUNCED, prefix=_announced(said))
        elif len(path) == 1 and (said := _STATIC.match(last)):
            prefix = said[3] or f"{said[1]}/{said[2]}"
            found.tell(file, line(last), _ROUTE, prefix=_prefix(prefix), via=harmless(said[4]))
    for name, addresses in held.items():
        found.own.append(Own(_OURS.get(name, name), Place(file, line(f"interface {name}")), tuple(addresses)))
    for address, one in peers.items():
        _tell_peer(found, file, line(f"neighbor {address} remote-as {one.get('remote-as', '')}"), address, one)
    return found


def read_routeros(file: str, text: str) -> Found:
    """What an export of RouterOS says. Raises Unreadable."""
    found = Found()
    try:
        rows = [row for row in routeros.read(text) if row.verb == "add"]
    except routeros.Illegible as wrong:
        raise Unreadable(file=file, line=0, reason=said_of(_NO_EXPORT, text=harmless(str(wrong)))) from wrong
    for name, addresses in _held(file, rows):
        found.own.append(Own(name, Place(file, 0), tuple(addresses)))
    for row in rows:
        said = row.settings
        if row.menu == "/routing bgp connection" and "remote.address" in said:
            known = {"remote-as": said.get("remote.as", "")}
            if comment := said.get("comment", "").removeprefix("essaim").lstrip(": "):
                known["description"] = comment
            _tell_peer(found, file, 0, said["remote.address"].partition("/")[0], known)
        elif row.menu in ("/ip route", "/ipv6 route") and said.get("gateway"):
            prefix = _prefix(said.get("dst-address", "0.0.0.0/0" if row.menu == "/ip route" else "::/0"))
            found.tell(file, 0, _ROUTE, prefix=prefix, via=harmless(said["gateway"]))
    lists = {row.settings["output.network"] for row in rows if row.settings.get("output.network")}
    for row in rows:
        if row.menu.endswith("firewall address-list") and row.settings.get("list") in lists:
            found.tell(file, 0, _ANNOUNCED, prefix=_prefix(row.settings.get("address", "")))
    return found


def _held(file: str, rows: Iterable[Row]) -> Iterator[tuple[str, list[IPInterface]]]:
    """Addresses that are in force, by interface; link-local ones are the machine's own affair."""
    found: dict[str, list[IPInterface]] = {}
    for row in rows:
        if row.menu in ("/ip address", "/ipv6 address") and row.settings.get("disabled", "no") == "no":
            address = _interface(file, 0, row.settings.get("address", ""))
            if not address.is_link_local:
                found.setdefault(row.settings.get("interface", ""), []).append(address)
    yield from found.items()


def _tell_peer(found: Found, file: str, line: int, address: str, known: dict[str, str]) -> None:
    """A neighbour, as the command that tells the inventory of it."""
    try:
        told = f"--address {ip_address(address)} --as {int(known.get('remote-as', ''))}"
    except ValueError:
        return  # a peer group, or an AS number in dots: people see it themselves
    if "description" in known:
        told += f" --description {shlex.quote(harmless(known['description']))}"
    found.tell(file, line, _NEIGHBOUR, options=told)


def _interface(file: str, line: int, text: str) -> IPInterface:
    try:
        return ip_interface(text)
    except ValueError as wrong:
        raise Unreadable(file=file, line=line, reason=said_of(_NO_ADDRESS, text=harmless(text))) from wrong


def _announced(said: re.Match[str]) -> str:
    """IOS leaves out the mask that an address's class had."""
    address, mask, length = said.groups()
    first = int(address.partition(".")[0]) if "." in address and address[0].isdecimal() else 0
    usual = "8" if first < 128 else "16" if first < 192 else "24"
    return _prefix(f"{address}{length}" if length else f"{address}/{mask or usual}")


def _prefix(text: str) -> str:
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        return harmless(text)
