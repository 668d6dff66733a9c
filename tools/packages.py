"""Debian packages for the lab, installed without leaving any service started or enabled that was not before.

A step of `make demo` and `make test` that runs before the virtual environment exists: standard library only.
Exit status: 0 all there, 1 something is missing (said in one line on standard error).
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LAB = (
    "frr",
    "frr-pythontools",
    "freeradius",
    "freeradius-utils",
    "iproute2",
    "iputils-ping",
    "l2tpns",
    "nftables",
    "openssh-client",
    "openssh-server",
    "snmpd",
    "wireguard-go",
    "wireguard-tools",
)
TESTS = (
    "bind9",
    "bind9-utils",
    "bird2",
    "chromium",
    "fonts-dejavu-core",
    "freeradius-postgresql",
    "frr-rpki-rtrlib",
    "git",
    "kea-dhcp4-server",
    "kea-dhcp6-server",
    "knot",
    "knot-dnssecutils",
    "knot-dnsutils",
    "nsd",
    "openvpn",
    "postgresql",
    "python3-pyroute2",
    "radvd",
)

POLICY = Path("/usr/sbin/policy-rc.d")
WANTS = Path("/etc/systemd/system")
RUNLEVELS = Path("/etc")
REFUSAL = "#!/bin/sh\n# Placed by essaim while it installs packages; removed right after.\nexit 101\n"


def main() -> int:
    """Install what is missing, or say in one line what cannot be shown without it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tests", action="store_true", help="also what the browser and database tests need")
    wanted = LAB + (TESTS if options.parse_args().tests else ())
    missing = [name for name in wanted if not installed(name)]
    if not missing:
        return 0
    refusal = why_not()
    if refusal is None and not agreed(missing):
        refusal = say("refusé", "refused")
    if refusal is not None:
        print(
            say(
                f"Paquets absents ({refusal}) : {' '.join(missing)}. Sans eux, pas de labo.",
                f"Packages missing ({refusal}): {' '.join(missing)}. Without them there is no lab.",
            ),
            file=sys.stderr,
        )
        return 1
    return install(missing)


def say(french: str, english: str) -> str:
    """The sentence in the reader's language: ESSAIM_LANG, else French."""
    return english if os.environ.get("ESSAIM_LANG", "fr").startswith("en") else french


def installed(package: str) -> bool:
    """Whether dpkg holds `package`, configured."""
    answer = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status}", package],
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout == "installed"


def why_not() -> str | None:
    """Why packages cannot be installed here, or None."""
    if os.environ.get("ESSAIM_APT") == "no":
        return "ESSAIM_APT=no"
    if shutil.which("apt-get") is None:
        return say("pas une Debian", "not a Debian")
    if os.geteuid() != 0:
        return say("il faut être root", "root is needed")
    return None


def agreed(missing: list[str]) -> bool:
    """Ask where there is a terminal; go on where there is none."""
    print(say("Paquets Debian à installer : ", "Debian packages to install: ") + " ".join(missing), flush=True)
    if not sys.stdin.isatty():
        return True
    answer = input(
        say(
            "Les installer (aucun service ne sera activé) ? [O/n] ",
            "Install them (no service is enabled)? [Y/n] ",
        )
    )
    return answer.strip().lower() in ("", "o", "oui", "y", "yes")


def install(missing: list[str]) -> int:
    """Run apt-get quietly under a policy that starts nothing, then take back what it enabled."""
    enabled, listening = enabled_services(), listeners()
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0", "-o", "DPkg::Lock::Timeout=120"]
    with nothing_starts():
        for step in ([*apt, "update"], [*apt, "install", "-y", "--no-install-recommends", *missing]):
            done = subprocess.run(step, capture_output=True, text=True, env=quiet, check=False)
            if done.returncode:
                print(done.stderr.strip() or done.stdout.strip(), file=sys.stderr)
                return 1
    for link in sorted(enabled_services() - enabled):
        link.unlink()
    if still := sorted(enabled_services() - enabled):
        print(
            say("Services restés activés : ", "Services still enabled: ") + " ".join(map(str, still)),
            file=sys.stderr,
        )
        return 1
    if more := sorted(listeners() - listening):
        print(say("Ports ouverts depuis : ", "Ports opened since: ") + " ".join(more), file=sys.stderr)
        return 1
    print(say("Paquets installés, aucun service activé.", "Packages installed, no service enabled."))
    return 0


@contextmanager
def nothing_starts() -> Iterator[None]:
    """While inside, Debian's maintainer scripts start no daemon (policy-rc.d answers 101).

    A policy that was there before is put aside and comes back; one that an interrupted run of ours
    left behind is recognised by its text and goes.
    """
    before = POLICY.read_bytes() if POLICY.exists() else None
    if before == REFUSAL.encode():
        before = None
    POLICY.write_text(REFUSAL)
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        if before is None:
            POLICY.unlink()
        else:
            POLICY.write_bytes(before)


def enabled_services() -> set[Path]:
    """Links by which systemd or sysv-rc would start something at boot."""
    units = {link for link in WANTS.rglob("*") if link.is_symlink() and link.parent != WANTS}
    aliases = {link for link in WANTS.iterdir() if link.is_symlink()} if WANTS.is_dir() else set()
    return units | aliases | set(RUNLEVELS.glob("rc[S2345].d/S*"))


def listeners() -> set[str]:
    """Local addresses and ports in state LISTEN, and bound UDP ports, of this network namespace."""
    found = set()
    for table, state in (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")):
        for row in Path("/proc/net", table).read_text().splitlines()[1:]:
            fields = row.split()
            if fields[3] == state:
                found.add(f"{table}/{fields[1]}")
    return found


if __name__ == "__main__":
    sys.exit(main())
