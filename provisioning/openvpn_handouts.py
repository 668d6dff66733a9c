"""A member's side of OpenVPN: an `.ovpn`, or a `.cube` for a Brique Internet.

Each hand-out is a certificate of its own. Its private key is made as it is written, and is nowhere afterwards; or it
never leaves its member, who brings a signing request or the public half.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import date
from ipaddress import IPv6Network
from typing import Final

from sqlalchemy.orm import Session

from foundation import clock
from foundation.acts import Act
from foundation.errors import Refused
from foundation.speech import LANGUAGES, Language, Phrase
from foundation.text import render
from inventory import authority, certificates, devices, signing, tls_crypt
from inventory.models.lines import Credential, Line, Share
from provisioning import facts
from provisioning.artifacts import openvpn, openvpn_members
from provisioning.facts import MachineIncomplete, Unwritable

_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?")
_PEM: Final = re.compile(r"(?:-----(?:BEGIN|END) [A-Za-z0-9 -]+-----|[A-Za-z0-9+/=]+)(?:\n|\Z)")
_OUT: Final = ("^comp-lzo", "^ns-cert-type", "^tun-ipv6")
"""Rows of the Brique's own template that OpenVPN 2.6 knows no more."""


class KeyBesideCube(Refused):
    """A `.cube` holds its private key, or no certificate at all."""

    kind = "key-beside-cube"
    phrase = Phrase(
        "Un fichier .cube contient la clé privée : il ne se fait pas à partir d'une demande. Rien n'a été remis. "
        "essaim line handout {line} --as ovpn --request …",
        "A .cube file holds the private key: it cannot be made from a request. Nothing was handed out. "
        "essaim line handout {line} --as ovpn --request …",
    )


@dataclass(frozen=True, slots=True)
class OpenVpnHandout:
    """A member's side of an OpenVPN line; texts are PEM. `private_key` is empty where it never was here."""

    line: str
    name: str
    server: str
    host: str
    port: int
    mtu: int
    until: date
    address: str
    delegated: str
    authorities: str
    certificate: str
    private_key: str = field(repr=False)
    wrapping: str = field(repr=False)


def made(session: Session, act: Act, line: Line, part: Share, opens: Credential, request: str) -> OpenVpnHandout:
    """A certificate of that credential's name, for the key of a request, or for a fresh one where there is none.

    Raises MachineIncomplete, NoSuchSecret, NoAuthority, BadRequest.
    """
    server = line.device
    if server is None:
        raise MachineIncomplete(device=str(line), what=facts.ENDPOINT)
    host, _ = facts.service(server)
    wrapping = tls_crypt.client_text(devices.secret_of(session, server, certificates.SERVICE))
    if request:
        key, private = certificates.public_key(request), ""
    else:
        fresh, _ = signing.new_key()
        key, private = fresh.public_key(), signing.key_text(fresh)
    signed = certificates.issue(session, act, part, openvpn_members.checked_name(opens.name, str(line)), key)
    four, six = (openvpn_members.own_prefix(part.assignments, version, act.at) for version in (4, 6))
    return OpenVpnHandout(
        line=str(line),
        name=opens.name,
        server=server.name,
        host=host,
        port=openvpn.PORT,
        mtu=min(facts.mtu(line, opens), openvpn.MTU),
        until=clock.today(signed.not_after),
        address="" if four is None else openvpn_members.first_of(four.prefix),
        delegated=str(six.prefix.network_address) if six is not None and isinstance(six.prefix, IPv6Network) else "",
        authorities="".join(one.certificate for one in authority.in_force(session, act.at)).strip(),
        certificate=signed.text.strip(),
        private_key=private.strip(),
        wrapping=wrapping.strip(),
    )


def ovpn(handout: OpenVpnHandout, language: Language) -> str:
    """The `.ovpn`. Raises Unwritable where a value would be more than itself."""
    _check(handout)
    return render("provisioning", "handout/openvpn.ovpn.j2", {"handout": handout, "french": language == LANGUAGES[0]})


def cube(handout: OpenVpnHandout) -> str:
    """The `.cube` (labriqueinter.net): JSON, every value a text, ends of lines in PEM as `|`.

    Raises KeyBesideCube, Unwritable.
    """
    _check(handout)
    if not handout.private_key:
        raise KeyBesideCube(line=handout.line)
    added = [f"tun-mtu {handout.mtu}", "<tls-crypt-v2>", *handout.wrapping.splitlines(), "</tls-crypt-v2>"]
    values: dict[str, object] = {
        "server_name": handout.host,
        "server_port": str(handout.port),
        "server_proto": "udp",
        "ip6_net": handout.delegated,
        "ip4_addr": handout.address,
        "crt_server_ca": _in_one(handout.authorities),
        "crt_client": _in_one(handout.certificate),
        "crt_client_key": _in_one(handout.private_key),
        "dns0": "",
        "dns1": "",
        "openvpn_rm": list(_OUT),
        "openvpn_add": added,
    }
    # What is not known is left out, but for the resolvers: without them the Brique takes its own.
    return json.dumps({name: one for name, one in values.items() if one or name in ("dns0", "dns1")}, indent=2) + "\n"


def _in_one(text: str) -> str:
    return text.replace("\n", "|")


def _check(handout: OpenVpnHandout) -> None:
    """Whatever the inventory holds, no value is anything but what it stands for."""
    openvpn_members.checked_name(handout.name, handout.line)
    openvpn_members.checked_name(handout.server, handout.line)
    if not _HOST.fullmatch(handout.host):
        raise Unwritable(what=Phrase("L'adresse du serveur", "The server's address"), owner=handout.line)
    for text in (handout.authorities, handout.certificate, handout.private_key, handout.wrapping):
        if _PEM.sub("", text):
            raise Unwritable(what=Phrase("Un certificat ou une clé", "A certificate or key"), owner=handout.line)
