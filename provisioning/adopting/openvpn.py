"""An OpenVPN folder of client files (`client-config-dir`): one file a certificate, named by its common name."""

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
from provisioning.adopting.found import Found, Unreadable, Way, called, said_of

_COMMON_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_BAD: Final = Phrase("« {text} » ne se comprend pas.", "“{text}” cannot be understood.")
_STRANGE_NAME: Final = Phrase(
    "ce nom de fichier n'est pas celui d'un certificat : laissé de côté.",
    "this file's name is no certificate's: left aside.",
)
_DISABLED: Final = Phrase(
    "{name} est coupé (disable) : il n'est pas proposé.", "{name} is cut off (disable): not proposed."
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
    found.ways.append(Way(CredentialKind.OPENVPN, name, Place(file, 1), called(*comments), tuple(prefixes)))
    return found


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
