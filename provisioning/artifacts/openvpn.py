"""OpenVPN 2.6 on a Debian VPN server: one instance, `essaim`, and one file of settings for each certificate's name.

What belongs to members (their settings, what was revoked) the daemon reads as each connects: adding one, or taking one
away, needs no restart. It has no check of its own for these files: we check them. An address that is not a member's own
it drops itself, of both families. The kernel's addresses and routes are ours to set, as they may change without a
restart; their metric gives way to WireGuard's, to which lines go over with their addresses.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Final

from sqlalchemy.orm import Session

from foundation.text import render
from inventory.models.devices import OPENVPN_MANAGEMENT, Device
from provisioning import facts, releases
from provisioning.artifact import Effect, Impact, Observation
from provisioning.artifacts import openvpn_found, openvpn_members, openvpn_trust
from provisioning.artifacts.openvpn_members import Client
from provisioning.texts import Texts

CONFIGURATION: Final = "server.conf"
ROUTES: Final = "routes"
REVOKED: Final = "crl.pem"
CCD: Final = "ccd/"
EMPTY: Final = f"{CCD}.keep"
"""The daemon wants the folder there even while nobody is in it. No name of a certificate begins with a dot."""
INTERFACE: Final = "ovpn0"
PORT: Final = 1194
MTU: Final = facts.TUNNEL_MTU
METRIC: Final = 4096
MOST: Final = 8192
"""Clients at a time, where OpenVPN's own bound is 1024."""
FOLDER: Final = f"{releases.FOLDER}/openvpn/current"
EDITED: Final = f"{CONFIGURATION} was edited by hand"

_STARTING: Final = (CONFIGURATION, *openvpn_trust.FILES)
"""What the daemon reads only as it starts."""
_NOTES: Final = re.compile(r"^# (?!essaim).*\n", re.MULTILINE)
_LABEL: Final = re.compile(r"# (L\d+)\n")
_TAKEN_BACK: Final = re.compile(r"^# revoked ([0-9a-f]+) (\S+)$", re.MULTILINE)
_LOOK: Final = f"""\
if [ -e {releases.FOLDER}/openvpn/told ]; then section told cat {releases.FOLDER}/openvpn/told; fi
for file in {FOLDER}/{EMPTY} {FOLDER}/{CCD}*; do
  case ${{file##*/}} in *[!A-Za-z0-9._@-]*) continue;; esac
  if [ -f "$file" ]; then section "file:{CCD}${{file##*/}}" cat "$file"; fi
done
if [ ! -L {releases.FOLDER}/openvpn/current ]; then section foreign python3 -c {shlex.quote(openvpn_found.LOOK)}; fi
if systemctl is-active --quiet openvpn-server@essaim; then section running echo yes; fi
if ip link show dev {INTERFACE} >/dev/null 2>&1; then
  section link ip -j addr show dev {INTERFACE}
  section routes4 ip -j route show dev {INTERFACE}
  section routes6 ip -j -6 route show dev {INTERFACE}
fi
"""
_OWN: Final = {
    CONFIGURATION: "/etc/openvpn/server/essaim.conf",
    **{name: f"{FOLDER}/{name}" for name in (ROUTES, REVOKED, *openvpn_trust.FILES)},
}


@dataclass(frozen=True, slots=True)
class Server:
    """The instance. `static` is how files that were handed out before us begin (`tls-auth`, `tls-crypt`), if any do.

    `notes` is what is amiss on a machine and no configuration says.
    """

    address: str
    netmask: str
    address6: str
    static: str = ""
    port: int = PORT
    interface: str = INTERFACE
    mtu: int = MTU
    most: int = MOST
    folder: str = FOLDER
    management: str = OPENVPN_MANAGEMENT
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kernel:
    """The interface as the kernel has it: what `ip -batch` sets."""

    addresses: tuple[str, ...]
    routes: tuple[str, ...]
    mtu: int = MTU
    metric: int = METRIC
    interface: str = INTERFACE


class OpenVpn:
    """The artifact."""

    name = "openvpn"
    role = "vpn"
    platform = "debian"
    # Private keys stand on one row each; certificates and lists, which are public, on rows of 64 signs.
    secrets = re.compile(r"^[+ -]?(?P<secret>[A-Za-z0-9+/]{100,}={0,2})$", re.MULTILINE)
    observation = Observation(releases.looking("openvpn", _OWN, _LOOK))

    def desired(self, session: Session, device: Device, at: datetime) -> Texts:
        """The server, what it trusts, and a file for each member. Raises MachineIncomplete, NoAuthority, Unwritable."""
        held = openvpn_members.stand(session, device, INTERFACE, at)
        clients = {one.name: one for one in openvpn_members.clients(session, device, held, MTU, at)}
        static, static_key = openvpn_trust.static(session, device)
        server = Server(str(held.four.ip), str(held.four.netmask), str(held.six.ip) if held.six else "", static)
        kernel = Kernel(
            addresses=tuple(f"{one.ip}/{one.ip.max_prefixlen}" for one in (held.four, held.six) if one),
            routes=openvpn_members.routes(session, device, clients.values()),
        )
        return {
            CONFIGURATION: render("provisioning", "openvpn/debian.server.j2", {"server": server}),
            ROUTES: _kernel(kernel),
            **openvpn_trust.texts(session, device, at),
            **({openvpn_trust.STATIC: static_key} if static else {}),
            REVOKED: openvpn_trust.revoked(session, at),
            EMPTY: "# essaim\n",
            **{f"{CCD}{name}": _settings(client) for name, client in clients.items()},
        }

    def observed(self, output: str) -> Texts:
        """The files that the daemon reads, what the kernel has, and what is amiss. Of a server that somebody set up by
        hand, what it means.
        """
        found = releases.sections(output)
        if releases.by_hand(found):
            return openvpn_found.observed(found.get("foreign", "[]"))
        texts = releases.files(found)
        if "running" in found and "link" in found:
            try:
                texts[ROUTES] = _kernel(_seen(found))
            except (ValueError, LookupError) as wrong:
                raise releases.Illegible(what=f"ip addr show dev {INTERFACE}") from wrong
        return {**texts, CONFIGURATION: texts.get(CONFIGURATION, "") + releases.amiss(found, EDITED)}

    def effect(self, before: Texts, after: Texts) -> Effect:
        """Who comes in cuts nobody; who goes, changes or is revoked is cut; a restart cuts them all."""
        if dict(before) == dict(after):
            return Effect(Impact.NONE)
        old, new = _members(before), _members(after)
        added = len(new.keys() - old.keys())
        if openvpn_found.foreign(before):
            return Effect(Impact.CUTS, len(old))
        if not old or f"# {releases.NOT_RUNNING}\n" in before.get(CONFIGURATION, ""):
            return Effect(Impact.HITLESS, added)
        if _starts_anew(before, after):
            return Effect(Impact.CUTS, len(old))
        gone = ended_names(before, after)
        return Effect(Impact.CUTS, len(gone)) if gone else Effect(Impact.HITLESS, added)

    def recognised(self, running: Texts, desired: Texts) -> Texts:
        """What was made by hand, with what means the same in our words."""
        return openvpn_found.recognised(running, desired)

    def strangers(self, running: Texts, desired: Texts) -> tuple[str, ...]:
        """What a server made by hand gives its members, and ours would not."""
        return openvpn_found.strangers(running, desired)

    def lines(self, before: Texts, after: Texts) -> tuple[str, ...]:
        """Lines whose settings come, go or change, or that lost a certificate; all of them when the server restarts."""
        old, new = _members(before), _members(after)
        names = old.keys() | new.keys()
        if not old or not _starts_anew(before, after):
            names = {name for name in names if old.get(name) != new.get(name)} | ended_names(before, after)
        labels = {_label(members[name]) for members in (old, new) for name in names if name in members}
        return tuple(sorted(labels - {""}, key=lambda label: (len(label), label)))


def _settings(client: Client) -> str:
    text = render("provisioning", "openvpn/debian.ccd.j2", {"client": client})
    openvpn_members.check(text, client.label)
    return text


def _kernel(kernel: Kernel) -> str:
    return render("provisioning", "openvpn/debian.routes.j2", {"kernel": kernel})


def _seen(found: Mapping[str, str]) -> Kernel:
    (link,) = json.loads(found["link"])
    rows = json.loads(found["routes4"] or "[]") + json.loads(found["routes6"] or "[]")
    return Kernel(
        addresses=tuple(_addresses(link["addr_info"])),
        routes=openvpn_members.in_order(
            {"default": "0.0.0.0/0"}.get(row["dst"], row["dst"])
            for row in rows
            if row.get("metric") == METRIC or row.get("protocol") != "kernel"
        ),
        mtu=link["mtu"],
    )


def _addresses(held: list[dict[str, str]]) -> Iterator[str]:
    own = [one for one in held if one["scope"] != "link"]
    for one in sorted(own, key=lambda each: (each["family"], int(ip_address(each["local"])))):
        yield f"{one['local']}/{one['prefixlen']}"


def _members(texts: Texts) -> dict[str, str]:
    """The members' files by their certificates' names."""
    return {name.removeprefix(CCD): text for name, text in texts.items() if name.startswith(CCD) and name != EMPTY}


def _label(text: str) -> str:
    found = _LABEL.match(text)
    return found[1] if found else ""


def _starts_anew(before: Texts, after: Texts) -> bool:
    if f"# {releases.NOT_TOLD}\n" in before.get(CONFIGURATION, ""):
        return True
    return any(_NOTES.sub("", before.get(name, "")) != _NOTES.sub("", after.get(name, "")) for name in _STARTING)


def ended_names(before: Texts, after: Texts) -> set[str]:
    """Names that were let in and whose session ends: gone, changed, or with a certificate taken back."""
    old, new = _members(before), _members(after)
    revoked = set(_TAKEN_BACK.findall(after.get(REVOKED, ""))) - set(_TAKEN_BACK.findall(before.get(REVOKED, "")))
    return {name for name, text in old.items() if new.get(name) != text or any(name == one for _, one in revoked)}


OPENVPN: Final = OpenVpn()
