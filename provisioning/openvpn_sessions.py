"""OpenVPN's sessions ended through the server's management socket (`client-kill`), and looked for again afterwards.

Members' programs are told to begin again: whoever may still come in is back within seconds. OpenVPN forgets a session
five seconds after it told so, whether or not it was heard.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from typing import Final

from foundation import reach
from foundation.errors import Unavailable
from foundation.reach import Machine, Means
from foundation.speech import Phrase
from inventory.models.devices import OPENVPN_MANAGEMENT
from provisioning import releases

TOLD: Final = f"{releases.FOLDER}/openvpn/told"
"""Written once the daemon was told of a release: whoever came in since then is let in by that one."""

# A socket that nobody listens to is a server that does not run, to which nobody is connected.
_SCRIPT: Final = """\
import json, os, socket, sys, time

path, told = sys.argv[1:]
before = int(os.stat(told).st_mtime) if told and os.path.exists(told) else float("inf")


def open_sessions(daemon, rows):
    daemon.sendall(b"status 3\\n")
    found = {}
    for row in rows:
        columns = row.rstrip("\\r\\n").split("\\t")
        if columns[0] == "CLIENT_LIST" and columns[1] in NAMES and int(columns[8]) < before:
            if columns[3] or columns[4]:  # else it was refused, and is not yet forgotten
                found[columns[10]] = columns[1]
        if columns[0] == "END":
            return found
    sys.exit("the server went away")


with socket.socket(socket.AF_UNIX) as daemon:
    daemon.settimeout(10)
    try:
        daemon.connect(path)
    except (FileNotFoundError, ConnectionRefusedError):
        print(json.dumps([0, []]))
        sys.exit()
    rows = daemon.makefile("r", encoding="utf-8", errors="replace", newline="\\n")
    ended = open_sessions(daemon, rows)
    for number in ended:
        daemon.sendall(f"client-kill {number}\\n".encode())
        next(row for row in rows if row.startswith(("SUCCESS", "ERROR")))
    until = time.monotonic() + 10
    while standing := ended.keys() & open_sessions(daemon, rows).keys():
        if time.monotonic() > until:
            break
        time.sleep(0.2)
    print(json.dumps([len(ended) - len(standing), sorted({ended[number] for number in standing})]))
"""


class OpenVpnSilent(Unavailable):
    """An OpenVPN server could not be told to end sessions."""

    kind = "openvpn-silent"
    phrase = Phrase(
        "{machine} ne répond pas aux demandes de coupure ({reason}).",
        "{machine} does not answer requests to disconnect ({reason}).",
    )


class OpenVpnUnwilling(Unavailable):
    """Sessions that an OpenVPN server was told to end, and still has."""

    kind = "openvpn-unwilling"
    phrase = Phrase(
        "{machine} a toujours, après la demande de coupure, des sessions de {names}.",
        "After being told to end them, {machine} still has sessions of {names}.",
    )


def disconnect(means: Means, machine: Machine, names: Sequence[str], *, former: bool = False) -> int:
    """End every session of certificates' names on a server of ours: how many there were.

    With `former`, those alone that began before the release in force. Raises OpenVpnSilent, OpenVpnUnwilling.
    """
    script = f"NAMES = frozenset({sorted(names)!r})\n{_SCRIPT}"
    command = f"python3 - {OPENVPN_MANAGEMENT} {TOLD if former else shlex.quote('')}"
    try:
        ended, standing = json.loads(reach.run(means, machine, command, stdin=script, timeout=40))
    except (reach.MachineUnreachable, reach.CommandFailed) as lost:
        raise OpenVpnSilent(machine=machine.name, reason=lost.facts["reason"]) from lost
    except ValueError as strange:
        raise OpenVpnSilent(machine=machine.name, reason="JSON") from strange
    if standing:
        raise OpenVpnUnwilling(machine=machine.name, names=[str(one) for one in standing])
    return int(ended)
