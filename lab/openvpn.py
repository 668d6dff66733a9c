"""A home behind OpenVPN: runs the `.ovpn` that a member was handed out, as it is.

`python -m lab.openvpn` reads one JSON object from standard input, so that the private key is never an argument, a
variable or a file:

    {"configuration": "…"}

OpenVPN itself sets addresses, MTU and routes. The program says `up`, then `connected` once OpenVPN does, and runs
until SIGTERM, when OpenVPN says goodbye to its server. It ends with 0 when told to, 4 where OpenVPN ends by itself.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
from contextlib import suppress
from typing import Final

from foundation.errors import Invalid, Unavailable
from foundation.speech import Phrase, language_of_environment
from lab.program import announce, stop_signal

PROGRAM: Final = "/usr/sbin/openvpn"
GOODBYE_SECONDS: Final = 3.0
USAGE: Final = 2

_COMPLETED: Final = "Initialization Sequence Completed"
_REFUSED: Final = "AUTH_FAILED"
_LAST: Final = 200


class BadOpenVpnFile(Invalid):
    """The text is not a member's file."""

    kind = "bad-openvpn-file"
    phrase = Phrase(
        "Le fichier OpenVPN n'est pas lisible ({reason}). Rien n'a été lancé.",
        "The OpenVPN file cannot be read ({reason}). Nothing was started.",
    )


class OpenVpnFailed(Unavailable):
    """OpenVPN ended by itself."""

    kind = "openvpn-failed"
    phrase = Phrase("OpenVPN s'est arrêté : {reason}", "OpenVPN ended: {reason}")


def main() -> int:
    """Read a member's file from standard input and hold its tunnel until told to stop."""
    told = stop_signal()
    try:
        text = str(json.loads(sys.stdin.read())["configuration"])
    except (ValueError, KeyError, TypeError) as unreadable:
        # What was given may hold a key: only the kind of error is said.
        refused = BadOpenVpnFile(reason=type(unreadable).__name__)
        announce("closed", reason=refused.kind, detail=refused.sentence("en"))
        sys.stderr.write(refused.sentence(language_of_environment()) + "\n")
        return USAGE
    # Whatever kills this program, OpenVPN goes with it, and its interface too.
    argv = ["setpriv", "--pdeathsig", "KILL", PROGRAM, "--suppress-timestamps", "--config", "stdin"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as daemon:
        assert daemon.stdin is not None
        assert daemon.stdout is not None
        with suppress(BrokenPipeError), daemon.stdin as given:
            given.write(text.encode())
        announce("up")
        with selectors.DefaultSelector() as heard:
            heard.register(told, selectors.EVENT_READ)
            heard.register(daemon.stdout, selectors.EVENT_READ)
            last = _listen(heard, daemon.stdout.fileno())
        if last is None:
            _end(daemon)
            announce("closed", reason="hung-up", detail="")
            return 0
    announce("refused" if _REFUSED in last else "closed", reason=OpenVpnFailed.kind, detail=last)
    return OpenVpnFailed.exit_status


def _listen(heard: selectors.BaseSelector, said: int) -> str | None:
    """Say when the tunnel is up; None once told to stop, OpenVPN's last words once it ended."""
    last, rest = "", ""
    while True:
        ready = {key.fd for key, _ in heard.select()}
        if ready - {said}:
            return None
        octets = os.read(said, 65536)
        if not octets:
            return last
        *rows, rest = (rest + octets.decode(errors="replace")).split("\n")
        for row in rows:
            if _COMPLETED in row:
                announce("connected")
            if _REFUSED in row or not last.startswith(_REFUSED):
                last = row[:_LAST]


def _end(daemon: subprocess.Popen[bytes]) -> None:
    daemon.terminate()
    try:
        daemon.communicate(timeout=GOODBYE_SECONDS)
    except subprocess.TimeoutExpired:
        daemon.kill()


if __name__ == "__main__":
    sys.exit(main())
