#!/usr/bin/python3 -IS
"""systemctl for a machine of the lab: asks the lab's keeper to do what systemd does elsewhere.

It lies in /usr/local/sbin inside the machine, before any other on the PATH, runs on Debian's own Python
with nothing but its standard library, and knows the verbs that a playbook uses. Exit status as systemctl(1):
3 when a unit that was asked about does not run, 5 when there is no such unit, 1 when a command failed.
"""

from __future__ import annotations

import json
import socket
import sys
from typing import Any

INIT = "/run/essaim-init.sock"
VERBS = frozenset(
    {
        "start", "stop", "restart", "try-restart", "reload", "reload-or-restart",
        "try-reload-or-restart", "is-active", "show", "status",
    }
)  # fmt: skip
WITHOUT_EFFECT = frozenset({"daemon-reload", "enable", "disable", "is-enabled", "reset-failed"})


def main(arguments: list[str]) -> int:
    """Do the verb to each unit in turn; the first failure's status is ours."""
    words = [word for word in arguments if not word.startswith("-")]
    quiet = "-q" in arguments or "--quiet" in arguments
    if not words:
        sys.stderr.write("systemctl: a verb is needed\n")
        return 1
    verb, units = words[0], [word.removesuffix(".service") for word in words[1:]]
    if verb in WITHOUT_EFFECT:
        if verb == "is-enabled" and not quiet:
            sys.stdout.write("enabled\n")
        return 0
    if verb == "kill" and "--signal=HUP" in arguments:
        verb = "reload"  # of daemons that have no other way to it
    if verb not in VERBS or not units:
        sys.stderr.write(f"systemctl: {verb}: not in the lab\n")
        return 1
    first = 0
    for unit in units:
        answer = ask({"do": "unit", "verb": verb, "unit": unit})
        if not quiet:
            sys.stdout.write(answer.get("stdout", ""))
        sys.stderr.write(answer.get("stderr", ""))
        first = first or int(answer.get("status", 1))
    return first


def ask(request: dict[str, str]) -> dict[str, Any]:
    """One request to the keeper, one answer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as keeper:
        keeper.settimeout(60)
        keeper.connect(INIT)
        keeper.sendall(json.dumps(request).encode() + b"\n")
        with keeper.makefile("rb") as lines:
            answer: dict[str, Any] = json.loads(lines.readline())
    if "error" in answer:
        return {"status": 1, "stderr": f"systemctl: {answer['error']}\n"}
    return answer


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except OSError as unanswered:
        sys.stderr.write(f"systemctl: the lab's keeper does not answer: {unanswered}\n")
        sys.exit(1)
