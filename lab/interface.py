"""Setting a home's network interface with `ip` (iproute2), all lines in one process."""

from __future__ import annotations

import subprocess
from typing import Final, Literal

from foundation.errors import Unavailable
from foundation.speech import Phrase

SECONDS: Final = 10


class NoInterface(Unavailable):
    """The kernel does not let us make or set the interface."""

    kind = "no-interface"
    phrase = Phrase(
        "L'interface {interface} ne peut pas être créée ou réglée ({reason}). Il faut root et /dev/net/tun.",
        "The interface {interface} cannot be made or set ({reason}). It takes root and /dev/net/tun.",
    )


def configure(interface: str, family: Literal[4, 6], *lines: str) -> None:
    """Run `ip` commands for one family, in order. Raises NoInterface at the first that fails."""
    done = subprocess.run(
        ["ip", f"-{family}", "-batch", "-"],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["ip"])[0]
        raise NoInterface(interface=interface, reason=reason)
