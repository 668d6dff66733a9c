"""An OpenVPN server that somebody set up by hand: what it means, held against what the inventory wants.

The instance that runs there is not ours, and ours takes its port only with the first change, which cuts everyone and
says so. Until then what means the same is no difference (docs/decisions/0035).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from provisioning import releases
from provisioning.artifacts import openvpn_trust
from provisioning.texts import Texts

CONFIGURATION: Final = "server.conf"
REVOKED: Final = "crl.pem"
CCD: Final = "ccd/"
EMPTY: Final = f"{CCD}.keep"
NOTE: Final = f"# {releases.FOREIGN}\n"

# What runs of OpenVPN in this machine's network, as a server and by a file that is not ours. Keys stay there: what
# comes back of them is a digest.
LOOK: Final = r"""
import glob, hashlib, json, os, re
here = os.readlink("/proc/self/ns/net")
def read(*path):
    try:
        with open(os.path.join(*path), encoding="utf-8", errors="replace") as file:
            return file.read(4 << 20)
    except OSError:
        return ""
def server(place):
    if read(place, "comm").strip() != "openvpn" or os.readlink(place + "/ns/net") != here:
        return None
    words = read(place, "cmdline").split("\0")
    name = words[words.index("--config") + 1] if "--config" in words else words[1]
    path = os.path.join(os.readlink(place + "/cwd"), name)
    text = read(path)
    blocks = dict(re.findall(r"^<([a-z0-9-]+)>\n(.*?)^</\1>", text, re.M | re.S))
    rows = [re.split(r"[#;]", row, maxsplit=1)[0].replace("\"", " ").split() for row in text.splitlines()]
    said = {row[0]: row[1:] for row in rows if row}
    ours = os.path.realpath(path).startswith("/var/lib/essaim/")
    if ours or "client" in said or not {"server", "mode"} & said.keys():
        return None
    folder = os.readlink(place + "/cwd")
    def given(name):
        return blocks.get(name) or (read(folder, said[name][0]) if said.get(name) else "")
    def digest(name):
        body = "".join(re.findall(r"^[0-9A-Za-z+/=]+$", given(name), re.M))
        return hashlib.sha256(body.encode()).hexdigest() if body else ""
    ccd = os.path.join(folder, said["client-config-dir"][0]) if said.get("client-config-dir") else ""
    names = [one for one in os.listdir(ccd) if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@-]*", one)] if ccd else []
    pool = read(folder, said["ifconfig-pool-persist"][0]) if said.get("ifconfig-pool-persist") else ""
    wanted = ("port", "lport", "proto", "server", "server-ipv6", "ifconfig", "ifconfig-ipv6")
    return {
        "path": path, "said": {one: said[one] for one in wanted if one in said}, "ca": given("ca"),
        "crl": given("crl-verify"), "ccd": {one: read(ccd, one) for one in names},
        "keys": {one: digest(one) for one in ("tls-auth", "tls-crypt", "tls-crypt-v2")},
        "pool": [] if "ccd-exclusive" in said else sorted({row.split(",")[0] for row in pool.split() if row[0] != "#"}),
    }
found = []
for place in glob.glob("/proc/[0-9]*"):
    try:
        one = server(place)
    except (OSError, IndexError):
        continue
    if one is not None:
        found.append(one)
print(json.dumps(sorted(found, key=lambda one: one["path"])))
"""

_ROW: Final = re.compile(r"(?:ifconfig-push|ifconfig-ipv6-push|iroute|iroute-ipv6)(?:\s+\S+){1,2}$")
_SETTING: Final = re.compile(r"^(port|proto|ifconfig|ifconfig-ipv6|ca|revoked|key|pool) (\S+)$", re.MULTILINE)
_TAKEN_BACK: Final = re.compile(r"^# revoked ([0-9a-f]+) ", re.MULTILINE)
_PEM: Final = re.compile(r"-----BEGIN X509 CRL-----.*?-----END X509 CRL-----\n?", re.DOTALL)
_NO_KEY: Final = "none:"
_SECURE: Final = "tls-crypt-v2:"


@dataclass(frozen=True, slots=True)
class Held:
    """What a member's file gives them: their own addresses, and the prefixes behind these."""

    own: frozenset[str]
    behind: frozenset[str]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a server is to its members. `keys` are what a file may begin with, as digests; `pool` names that it lets in
    without a file of their own.
    """

    door: str
    addresses: frozenset[str]
    authorities: frozenset[str]
    revoked: frozenset[str]
    keys: frozenset[str]
    pool: frozenset[str]


def observed(section: str) -> Texts:
    """The texts of a server made by hand, from what `LOOK` says; empty where none runs. Raises Illegible."""
    try:
        every = json.loads(section)
        return _texts(every[0]) if every else {}
    except (ValueError, LookupError, TypeError, AttributeError) as wrong:
        raise releases.Illegible(what="openvpn") from wrong


def foreign(texts: Texts) -> bool:
    """Whether what runs was made by hand."""
    return texts.get(CONFIGURATION, "").endswith(NOTE)


def only_meant(texts: Texts) -> bool:
    """Whether texts say what a server made by hand means, and are none that OpenVPN could start with."""
    return CONFIGURATION in texts and openvpn_trust.AUTHORITIES not in texts


def recognised(running: Texts, desired: Texts) -> Texts:
    """What runs; where it was made by hand, what means the same as in `desired` is spelled as there."""
    if not foreign(running):
        return running
    old, new = _members(running), _members(desired)
    members = {f"{CCD}{name}": new[name] if _agree(text, new.get(name)) else text for name, text in old.items()}
    there, wanted = _meaning(running), _ours(desired)
    others = there.pool - new.keys() or (there.addresses, there.revoked) != (wanted.addresses, wanted.revoked)
    if others or _lacking(there, wanted):
        return {CONFIGURATION: running[CONFIGURATION], **members}
    ours = {name: text for name, text in desired.items() if not name.startswith(CCD) or name == EMPTY}
    if {**ours, **members} == dict(desired):
        return dict(desired)
    return {**ours, **members, CONFIGURATION: ours[CONFIGURATION] + NOTE}


def strangers(running: Texts, desired: Texts) -> tuple[str, ...]:
    """What `desired` would take away: settings on which members' files rest, and names that would lose something.

    `running` is what `recognised` gave.
    """
    if not foreign(running):
        return ()
    old, new = _members(running), _members(desired)
    names = {name for name, text in old.items() if not _keeps(text, new.get(name))}
    if running[CONFIGURATION] == desired[CONFIGURATION] + NOTE:
        return tuple(sorted(names))
    there = _meaning(running)
    return (*_lacking(there, _ours(desired)), *sorted(names | there.pool - new.keys()))


def _texts(one: Mapping[str, Any]) -> Texts:
    said: Mapping[str, list[str]] = one["said"]
    port = next((said[name][0] for name in ("port", "lport") if said.get(name)), "1194")
    protocol = (said.get("proto") or ["udp"])[0]
    rows = [f"port {int(port)}", f"proto {'udp' if protocol.startswith('udp') else 'tcp'}", *_addresses(said)]
    rows += [f"ca {each}" for each in sorted(_fingerprints(one["ca"]))]
    rows += [f"revoked {each}" for each in sorted(_revoked(one["crl"]))]
    keys = [f"{kind}:{digest}" for kind, digest in sorted(one["keys"].items()) if digest]
    rows += [f"key {each}" for each in keys or [_NO_KEY]]
    rows += [f"pool {each}" for each in one["pool"]]
    members = {f"{CCD}{name}": text for name, given in one["ccd"].items() if (text := _plain(given))}
    return {CONFIGURATION: "".join(f"{row}\n" for row in rows) + NOTE, **members}


def _addresses(said: Mapping[str, list[str]]) -> list[str]:
    """The server's own, as it says them itself or has OpenVPN choose the first of a network."""
    rows = []
    if "server" in said:
        rows.append(f"ifconfig {ip_network('/'.join(said['server'][:2]), strict=False).network_address + 1}")
    elif "ifconfig" in said:
        rows.append(f"ifconfig {ip_address(said['ifconfig'][0])}")
    if "server-ipv6" in said:
        rows.append(f"ifconfig-ipv6 {ip_network(said['server-ipv6'][0], strict=False).network_address + 1}")
    elif "ifconfig-ipv6" in said:
        rows.append(f"ifconfig-ipv6 {ip_interface(said['ifconfig-ipv6'][0]).ip}")
    return rows


def _plain(text: str) -> str:
    """The rows of a member's file that give them addresses; none of one that is cut off. What else is there stays."""
    rows = [" ".join(re.split(r"[#;]", row, maxsplit=1)[0].replace('"', " ").split()) for row in text.splitlines()]
    return "" if "disable" in rows else "".join(f"{row}\n" for row in sorted(rows) if _understood(row))


def _understood(row: str) -> bool:
    """What OpenVPN itself does not understand there it writes to its log, and lets the member in without it."""
    try:
        return _ROW.fullmatch(row) is not None and bool(_held(row))
    except ValueError:
        return False


def _fingerprints(text: str) -> frozenset[str]:
    found = x509.load_pem_x509_certificates(text.encode()) if "-----BEGIN" in text else []
    return frozenset(one.fingerprint(hashes.SHA256()).hex() for one in found)


def _revoked(text: str) -> frozenset[str]:
    lists = [x509.load_pem_x509_crl(one.encode()) for one in _PEM.findall(text)]
    return frozenset(f"{each.serial_number:x}" for one in lists for each in one)


def _digest(text: str) -> str:
    return sha256("".join(re.findall(r"^[0-9A-Za-z+/=]+$", text, re.MULTILINE)).encode()).hexdigest()


def _meaning(texts: Texts) -> Meaning:
    said: dict[str, set[str]] = {}
    for name, value in _SETTING.findall(texts[CONFIGURATION]):
        said.setdefault(name, set()).add(value)
    (port,), (protocol,) = said["port"], said["proto"]
    return Meaning(
        f"{protocol} {port}",
        frozenset(said.get("ifconfig", set()) | said.get("ifconfig-ipv6", set())),
        *(frozenset(said.get(name, ())) for name in ("ca", "revoked", "key", "pool")),
    )


def _ours(desired: Texts) -> Meaning:
    configuration = desired[CONFIGURATION]
    own = re.findall(r"^ifconfig(?:-ipv6)? ([^\s/]+)", configuration, re.MULTILINE)
    keys = {f"{_SECURE}{_digest(desired[openvpn_trust.WRAPPING])}"}
    static = re.search(rf"^(tls-auth|tls-crypt) \S+/{re.escape(openvpn_trust.STATIC)}", configuration, re.MULTILINE)
    if static:
        keys.add(f"{static[1]}:{_digest(desired[openvpn_trust.STATIC])}")
    (port,) = re.findall(r"^port (\d+)$", configuration, re.MULTILINE)
    return Meaning(
        f"udp {port}",
        frozenset(own),
        _fingerprints(desired[openvpn_trust.AUTHORITIES]),
        frozenset(_TAKEN_BACK.findall(desired[REVOKED])),
        frozenset(keys),
        frozenset(),
    )


def _lacking(there: Meaning, wanted: Meaning) -> tuple[str, ...]:
    """What members' files rest on, and ours would not have."""
    gone = [] if there.door == wanted.door else [there.door]
    gone += [f"ca {one[:16]}" for one in sorted(there.authorities - wanted.authorities)]
    gone += [f"crl {one}" for one in sorted(there.revoked - wanted.revoked)]
    return (*gone, *(one.partition(":")[0].replace("none", "tls-crypt") for one in sorted(there.keys - wanted.keys)))


def _members(texts: Texts) -> dict[str, str]:
    return {name.removeprefix(CCD): text for name, text in texts.items() if name.startswith(CCD) and name != EMPTY}


def _held(text: str) -> Held:
    own, behind = set[str](), set[str]()
    for row in text.splitlines():
        match row.split():
            case ["ifconfig-push", address, *_] | ["ifconfig-ipv6-push", address, *_]:
                own.add(str(ip_interface(address).ip))
            case ["iroute", *values]:
                behind.add(str(ip_network("/".join(values), strict=False)))
            case ["iroute-ipv6", prefix]:
                behind.add(str(ip_network(prefix, strict=False)))
    return Held(frozenset(own), frozenset(behind - {str(ip_network(one)) for one in own}))


def _agree(running: str, desired: str | None) -> bool:
    return desired is not None and _held(running) == _held(desired)


def _keeps(running: str, desired: str | None) -> bool:
    """Whether nothing that a member has would go."""
    if desired is None:
        return False
    old, new = _held(running), _held(desired)
    return old.own <= new.own and old.behind <= new.behind
