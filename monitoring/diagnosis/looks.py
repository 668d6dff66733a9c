"""What machines of ours are asked for a diagnosis, each in one short script: nothing is changed on them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from cryptography import x509

from foundation import reach
from foundation.errors import EssaimError, Unavailable
from foundation.speech import Phrase
from inventory.models.devices import OPENVPN_MANAGEMENT, RADIUS_ACCOUNTING
from monitoring.diagnosis.seen import Health, Knocks, Part, Reach, Refusal

LISTENING_SECONDS: Final = 6
"""A WireGuard peer without an answer knocks again after five seconds and a third (REKEY_TIMEOUT, its paper, 6.1)."""
ANSWER_SECONDS: Final = 10.0
MOST_REFUSALS: Final = 500
REVOCATION_LIST: Final = "/var/lib/essaim/openvpn/current/crl.pem"

_SERVES: Final[Mapping[Part, str]] = {
    Part.LNS: "ss -Hlun 'sport = :1701' | grep -q .",
    Part.RADIUS: "ss -Hlun 'sport = :1812' | grep -q .",
    Part.WIREGUARD: "wg show wg0 >/dev/null 2>&1",
    Part.OPENVPN: f"ss -Hlx src {OPENVPN_MANAGEMENT} | grep -q .",
}

# How often a login was refused is of no use: the latest time of each is read, and nothing of the password is there.
_REFUSALS: Final = """\
import json, pathlib, sqlite3, sys
path, since, most = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
table = sqlite3.connect(pathlib.Path(path).as_uri() + "?mode=ro", uri=True, timeout=5)
rows = table.execute(
    "SELECT authdate, username, class FROM radpostauth WHERE authdate >= ? ORDER BY authdate DESC LIMIT ?",
    (since, most),
)
json.dump(rows.fetchall(), sys.stdout)
"""

# Counts WireGuard's openings (type 1) and the server's answers (types 2 and 3) by where they come from; says numbers.
_LISTEN: Final = """\
import collections, ipaddress, json, socket, sys, time
port, seconds, near = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
asked, told = collections.Counter(), set()
with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3)) as wire:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        wire.settimeout(left)
        try:
            packet, (_, protocol, kind, *_) = wire.recvfrom(2048)
        except TimeoutError:
            break
        if protocol == 0x0800 and len(packet) > 20 and packet[9] == 17:
            head, ends = (packet[0] & 15) * 4, (packet[12:16], packet[16:20])
        elif protocol == 0x86DD and len(packet) > 40 and packet[6] == 17:
            head, ends = 40, (packet[8:24], packet[24:40])
        else:
            continue
        udp = packet[head:]
        if len(udp) < 12:
            continue
        source, target, sort = int.from_bytes(udp[:2], "big"), int.from_bytes(udp[2:4], "big"), udp[8]
        if kind != 4 and target == port and sort == 1 and len(udp) == 156:
            asked[ends[0], source] += 1
        elif kind == 4 and source == port and sort in (2, 3):
            told.add((ends[1], target))
    close = ipaddress.ip_address(near).packed if near else b""
    silent = {one: count for one, count in asked.items() if one not in told}
    print(json.dumps([
        sum(silent.values()),
        sum(count for (where, _), count in silent.items() if where == close),
        sum(count for one, count in asked.items() if one in told and one[0] == close),
    ]))
"""

_RESOLVE: Final = """\
import socket, sys
for address in sys.argv[1:]:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.settimeout(2)
        try:
            asked.sendto(b"^^\\1\\0\\0\\1" + bytes(7) + b"\\0\\2\\0\\1", (address, 53))
            said = asked.recv(2048)[:4]
        except OSError:
            continue
        if said[:2] == b"^^" and said[3] & 15 in (0, 3):
            print(address)
"""
"""The name servers of the root, of each resolver: those that have an answer are printed."""


class UnreadableLook(Unavailable):
    """What a machine said for a diagnosis is not what was asked."""

    kind = "unreadable-look"
    phrase = Phrase(
        "{machine} a répondu ce que l'on ne sait pas lire ({what}).", "{machine} answered what cannot be read ({what})."
    )


def parts(means: reach.Means, machine: reach.Machine, wanted: Sequence[Part]) -> dict[Part, Health]:
    """Which of these a machine does; all are silent where it does not answer."""
    script = "".join(f"if {_SERVES[one]}; then echo {one}; fi\n" for one in wanted if one in _SERVES)
    try:
        said = reach.run(means, machine, f"{script}true", timeout=ANSWER_SECONDS).split()
    except EssaimError:
        return dict.fromkeys(wanted, Health.SILENT)
    return {one: Health.UP if one.value in said else Health.DOWN for one in wanted}


def refusals(means: reach.Means, machine: reach.Machine, since: datetime) -> list[tuple[Refusal, str]]:
    """Whom a RADIUS server of ours refused since then, with where each called from.

    Raises MachineUnreachable, CommandFailed, UnreadableLook.
    """
    command = f"python3 - {shlex.quote(RADIUS_ACCOUNTING)} {int(since.timestamp())} {MOST_REFUSALS}"
    said = _json(machine, "radpostauth", reach.run(means, machine, command, stdin=_REFUSALS, timeout=ANSWER_SECONDS))
    if not isinstance(said, list):
        raise UnreadableLook(machine=machine.name, what="radpostauth")
    return [each for each in map(_refusal, said) if each is not None]


def of_line(
    told: Iterable[tuple[Refusal, str]], logins: Collection[str], callers: Collection[str], others: Collection[str]
) -> tuple[Refusal, ...]:
    """The refusals that are this line's: of its own logins, of their names in another realm, or from where it calls.

    Of a login that opens another line (`others`) none is. Pure.
    """
    users = {login.partition("@")[0] for login in logins}
    return tuple(
        one
        for one, caller in told
        if one.login in logins
        or (one.login not in others and (one.login.partition("@")[0] in users or (caller and caller in callers)))
    )


def list_ends(means: reach.Means, machine: reach.Machine) -> datetime | None:
    """Until when an OpenVPN server believes its lists of revoked certificates, the first to end; None without any.

    Raises MachineUnreachable, CommandFailed, UnreadableLook.
    """
    text = reach.run(means, machine, f"cat {REVOCATION_LIST} 2>/dev/null || true", timeout=ANSWER_SECONDS)
    blocks = re.findall(r"-----BEGIN X509 CRL-----.*?-----END X509 CRL-----\n?", text, re.DOTALL)
    try:
        ends = [x509.load_pem_x509_crl(one.encode()).next_update_utc for one in blocks]
    except ValueError as wrong:
        raise UnreadableLook(machine=machine.name, what="crl.pem") from wrong
    return min((one for one in ends if one is not None), default=None)


def knocks(means: reach.Means, machine: reach.Machine, near: str | None) -> Knocks:
    """Listen at a WireGuard server's door; `near` is where the line was last seen.

    Raises MachineUnreachable, CommandFailed, UnreadableLook.
    """
    listen = f'python3 - "$(wg show wg0 listen-port)" {LISTENING_SECONDS} {shlex.quote(near or "")}'
    said = reach.run(means, machine, listen, stdin=_LISTEN, timeout=LISTENING_SECONDS + ANSWER_SECONDS)
    counted = _json(machine, "wg", said)
    if not (isinstance(counted, list) and len(counted) == 3 and all(isinstance(one, int) for one in counted)):
        raise UnreadableLook(machine=machine.name, what="wg")
    return Knocks(LISTENING_SECONDS, *counted)


def answers(
    means: reach.Means, machine: reach.Machine, four: str | None, six: str | None, mtu: int, routed: str | None
) -> Reach:
    """Whether a line's addresses answer its machine, and a packet of `mtu` octets in one piece; the road to `routed`.

    Raises MachineUnreachable, CommandFailed.
    """
    ping = "ping -n -q -c 2 -i 0.3 -W 1"
    asked = {
        "four": four and f"{ping} {four}",
        "full": four and f"{ping} -M do -s {mtu - 28} {four}",
        "six": six and f"{ping} {six}",
        "road": routed and f"ip -6 route show {routed} | grep -q .",
    }
    script = "".join(f"({command}) >/dev/null 2>&1 && echo {name} &\n" for name, command in asked.items() if command)
    said = reach.run(means, machine, f"{script}wait; true", timeout=ANSWER_SECONDS).split()
    heard = {name: name in said if command else None for name, command in asked.items()}
    return Reach(heard["four"], heard["six"], heard["full"], heard["road"])


def resolving(means: reach.Means, machine: reach.Machine, resolvers: Sequence[str]) -> frozenset[str]:
    """Which of our resolvers answer that machine. Raises MachineUnreachable, CommandFailed."""
    words = " ".join(shlex.quote(one) for one in resolvers)
    return frozenset(
        reach.run(means, machine, f"python3 - {words}", stdin=_RESOLVE, timeout=2 * ANSWER_SECONDS).split()
    )


def _refusal(row: Any) -> tuple[Refusal, str] | None:
    if not (isinstance(row, list) and len(row) == 3 and isinstance(row[0], int) and isinstance(row[1], str)):
        return None
    at, login, caller = row
    if not 0 < at < 2**35:
        return None
    return Refusal(datetime.fromtimestamp(at, UTC), _plain(login).lower()), _plain(caller or "")


def _plain(text: str) -> str:
    """What FreeRADIUS wrote, with the signs that it spells as `=2B`."""
    spelled = re.sub(r"=([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), text)
    return "".join(sign for sign in spelled if sign.isprintable())[:100]


def _json(machine: reach.Machine, what: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise UnreadableLook(machine=machine.name, what=what) from wrong
