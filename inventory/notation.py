"""How addresses are written: texts become addresses, prefixes and roles."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

from foundation.errors import Invalid
from foundation.speech import Phrase
from inventory.models.addresses import IPAddress, IPNetwork, Role


class BadAddress(Invalid):
    """A text that is no address."""

    kind = "bad-address"
    phrase = Phrase("« {text} » n'est pas une adresse IP.", "“{text}” is not an IP address.")


class LinkLocal(BadAddress):
    """An address with a scope (RFC 4007) means something on one machine only."""

    kind = "address-of-a-link"
    phrase = Phrase(
        "« {text} » n'a de sens que sur une machine dont « {scope} » est une interface : personne ne l'a ailleurs.",
        "“{text}” means something only on a machine of which “{scope}” is an interface: nobody has it elsewhere.",
    )


class BadRole(Invalid):
    """A word that is no role of an address."""

    kind = "bad-address-role"
    phrase = Phrase("« {text} » : choisir parmi {roles}.", "“{text}”: choose among {roles}.")


def parse_address(text: str) -> IPAddress:
    """Read an address; IPv4 mapped into IPv6 (RFC 4291) is IPv4. Raises BadAddress, LinkLocal."""
    try:
        read = ip_address(text.strip())
    except ValueError as wrong:
        raise BadAddress(text=text[:50]) from wrong
    if isinstance(read, IPv6Address):
        if read.scope_id is not None:
            raise LinkLocal(text=text[:50], scope=read.scope_id[:20])
        return read.ipv4_mapped or read
    return read


def parse_prefix(text: str) -> IPNetwork:
    """Read a prefix. Raises BadAddress."""
    try:
        return ip_network(text.strip())
    except ValueError as wrong:
        raise BadAddress(text=text[:50]) from wrong


def parse_role(text: str) -> Role:
    """Read a role. Raises BadRole."""
    try:
        return Role(text.strip().lower())
    except ValueError as wrong:
        raise BadRole(text=text[:20], roles=[role.value for role in Role]) from wrong
