"""An OpenVPN folder of client files (`client-config-dir`): one file a certificate, named by its common name. And the
server's own file, of which its addresses are kept.
"""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import PurePath
from typing import Final

from foundation.speech import Phrase
from inventory.exchange.records import Place
from inventory.exchange.tables import harmless
from inventory.models.addresses import IPNetwork, Role
from inventory.models.lines import CredentialKind
from provisioning.adopting.found import Found, IPInterface, Own, Unreadable, Way, called, said_of

INTERFACE: Final = "ovpn0"
PORT: Final = "1194"
"""The interface and the port of the server that Essaim keeps."""

_OWN: Final = ("server", "ifconfig", "server-ipv6", "ifconfig-ipv6")
_COMMON_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_BAD: Final = Phrase("« {text} » ne se comprend pas.", "“{text}” cannot be understood.")
_STRANGE_NAME: Final = Phrase(
    "ce nom de fichier n'est pas celui d'un certificat : laissé de côté.",
    "this file's name is no certificate's: left aside.",
)
_DISABLED: Final = Phrase(
    "{name} est coupé (disable) : il n'est pas proposé.", "{name} is cut off (disable): not proposed."
)
_OTHER_DOOR: Final = Phrase(
    "ce serveur écoute sur {door} ; celui d'Essaim, sur {ours} : les fichiers des membres disent l'autre.",
    "this server listens on {door}; that of Essaim on {ours}: members' files say the other.",
)
_EVERYONE: Final = Phrase("vaut pour tout le monde : laissé de côté.", "holds for everyone: left aside.")
_OTHERS: Final = Phrase(
    "{name} : {directives}, qu'Essaim ne garde pas.", "{name}: {directives}, which Essaim does not keep."
)


def read(file: str, text: str) -> Found:
    """What one client file says: the addresses that its certificate is given. Raises Unreadable."""
    found, name = Found(), PurePath(file).name
    if name == "DEFAULT":
        found.tell(file, 0, _EVERYONE)
        return found
    if not _COMMON_NAME.fullmatch(name):
        found.tell(file, 0, _STRANGE_NAME)
        return found
    comments, prefixes, others = [], [], []
    for number, row in enumerate(text.splitlines(), start=1):
        plain, *comment = re.split(r"[#;]", row, maxsplit=1)
        comments += comment
        words = plain.replace('"', " ").split()
        match words:
            case []:
                pass
            case ["disable"]:
                found.tell(file, number, _DISABLED, name=name)
                return found
            case [("ifconfig-push" | "ifconfig-ipv6-push" | "iroute" | "iroute-ipv6") as directive, *values]:
                prefixes.append(_held(file, number, row, directive, values))
            case [directive, *_]:
                others.append(harmless(directive))
    if others:
        found.tell(file, 0, _OTHERS, name=name, directives=sorted(set(others)))
    found.ways.append(Way(CredentialKind.OPENVPN, name, Place(file, 1), called(*comments), _apart(prefixes)))
    return found


def read_server(file: str, text: str) -> Found:
    """What a server's file says of its own addresses; nothing of a client's. Raises Unreadable."""
    found = Found()
    rows = [(number, re.split(r"[#;]", row, maxsplit=1)[0].split()) for number, row in enumerate(text.splitlines(), 1)]
    said = {words[0]: (number, words[1:]) for number, words in rows if words}
    if "client" in said or not {"server", "mode"} & said.keys():
        return found
    addresses = tuple(_own(file, name, *said[name]) for name in _OWN if name in said)
    found.own.append(Own(INTERFACE, Place(file, 0), addresses))
    port = next((said[name][1][0] for name in ("port", "lport") if name in said and said[name][1]), PORT)
    protocol = next(iter(said.get("proto", (0, ["udp"]))[1]), "udp")
    if port != PORT or not protocol.startswith("udp"):
        found.tell(file, 0, _OTHER_DOOR, door=harmless(f"{protocol} {port}"), ours=f"udp {PORT}")
    return found


def _own(file: str, name: str, number: int, values: list[str]) -> IPInterface:
    """An address of the server itself, with its network: the first one where OpenVPN chooses it."""
    try:
        network = ip_interface("/".join(values[:2]) if name in ("server", "ifconfig") else values[0])
    except (ValueError, IndexError) as wrong:
        text = harmless(" ".join([name, *values]))
        raise Unreadable(file=file, line=number, reason=said_of(_BAD, text=text)) from wrong
    if name.startswith("ifconfig"):
        return network
    return ip_interface(f"{network.network.network_address + 1}/{network.network.prefixlen}")


def _apart(prefixes: list[tuple[IPNetwork, Role]]) -> tuple[tuple[IPNetwork, Role], ...]:
    """Prefixes of which none lies in another: a home's own address is often one of those that are routed to it."""
    return tuple(
        (one, role)
        for one, role in prefixes
        if not any(one != other and one.version == other.version and _within(one, other) for other, _ in prefixes)
    )


def _within(part: IPNetwork, whole: IPNetwork) -> bool:
    return part.subnet_of(whole)  # type: ignore[arg-type]


def _held(file: str, line: int, row: str, directive: str, values: list[str]) -> tuple[IPNetwork, Role]:
    try:
        match directive, *values:
            case "ifconfig-push", address, *_:
                return ip_network(str(ip_address(address))), Role.WAN
            case "ifconfig-ipv6-push", address, *_:
                return ip_network(str(ip_interface(address).ip)), Role.WAN
            case "iroute", address:
                return ip_network(address), Role.ROUTED
            case "iroute", address, mask:
                return ip_network(f"{address}/{mask}"), Role.ROUTED
            case "iroute-ipv6", prefix:
                return ip_network(prefix), Role.DELEGATED
    except ValueError as wrong:
        raise Unreadable(file=file, line=line, reason=said_of(_BAD, text=harmless(row.strip()))) from wrong
    raise Unreadable(file=file, line=line, reason=said_of(_BAD, text=harmless(row.strip())))
