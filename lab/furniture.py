"""What each machine keeps for itself: the folders and files that lie over Debian's inside it.

Daemons and playbooks use their real paths; what they write goes to `<lab folder>/machines/<name>`, and
what is not the machine's own is read-only: nothing it does can touch the host's files.
A machine that runs Python programs of ours (a home, the Internet's host) keeps only `/run` and its
WireGuard: its interpreter may live under /root or /tmp, and must stay in sight.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from lab import kernel
from lab.daemons import files
from lab.topology import Kind, Machine, Topology

_OF_EVERY_SERVER: Final = {
    "/run": 0o755,
    "/tmp": 0o1777,  # noqa: S108 - the machine's own
    "/var/tmp": 0o1777,  # noqa: S108
    "/root": 0o700,
    "/var/log": 0o755,
    "/var/lib": 0o755,
}
_LOGS: Final[dict[Kind, str]] = {
    "edge": "/var/log/frr",
    "router": "/var/log/frr",
    "transit": "/var/log/frr",
    "radius": "/var/log/freeradius",
}
_STATE: Final[dict[Kind, str]] = {"hosted": "/var/lib/snmp"}
_CONFIGURATION: Final[dict[Kind, str]] = {
    "edge": "/etc/frr",
    "router": "/etc/frr",
    "transit": "/etc/frr",
    "lns": "/etc/l2tpns",
    "dns": "/etc/knot",
    "radius": "/etc/freeradius",
    "hosted": "/etc/snmp",
}
_PYTHON_RUNS_HERE: Final[frozenset[Kind]] = frozenset({"internet", "home"})
_WIREGUARD: Final[frozenset[Kind]] = frozenset({"vpn", "home"})
"""Never a copy: the host's own tunnels and keys are none of the lab's business."""
_OPENVPN: Final = "/etc/openvpn"
_LAYER: Final = "layer"
"""Of a machine whose daemons' files lie in /etc itself: what it writes there, over the host's own /etc."""
_OF_ETC: Final[frozenset[Kind]] = frozenset({"bng"})
_OWN_PROGRAMS: Final = "/usr/local/sbin"
"""First on every PATH of root, and there on a Debian without systemd too."""
_SHADOW: Final = "/etc/shadow"


def furnish(topology: Topology, machine: Machine, folder: Path, host_key: Path | None) -> None:
    """Fill a machine's folder as Debian's packages leave it, and with what the lab gives it."""
    _empty(folder, "/run", 0o755)
    if machine.kind in _WIREGUARD:
        _empty(folder, "/etc/wireguard", 0o700)
        if Path(_OPENVPN).is_dir():
            _empty(folder, _OPENVPN, 0o755)
    if machine.kind in _PYTHON_RUNS_HERE:
        return
    for path, mode in _OF_EVERY_SERVER.items():
        _empty(folder, path, mode)
    for table in (_LOGS, _STATE):
        if machine.kind in table:
            _empty_like(folder, table[machine.kind])
    if machine.kind in _CONFIGURATION:
        _copy(folder, _CONFIGURATION[machine.kind])
    if machine.kind in _OF_ETC:
        (folder / _LAYER).mkdir()
    _configure(topology, machine, folder)
    if host_key is not None:
        _sign_in(topology, machine, folder, host_key)


def environment(machine: Machine) -> dict[str, str]:
    """What programs must know of the machine's folders: where to put temporary files."""
    return {"TMPDIR": "/run"} if machine.kind in _PYTHON_RUNS_HERE else {}


def overlay(folder: Path) -> None:
    """Lay a machine's folder over Debian's, in the calling thread's own mounts.

    The folder is opened first: one of its own parts may come to hide the way to it.
    """
    root = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        here = Path(f"/proc/self/fd/{root}")
        if (here / _LAYER).is_dir():
            _lay_over_etc(here / _LAYER)
        for path in sorted((*(_folders(here)), *_single_files(here)), reverse=True):
            kernel.bind(here / path.lstrip("/"), Path(path))
    finally:
        os.close(root)


def _lay_over_etc(layer: Path) -> None:
    """In memory: where the lab's folder lies, a file system may be that takes no layers."""
    kernel.mount("tmpfs", layer)
    above, work = layer / "above", layer / "work"
    above.mkdir()
    work.mkdir()
    kernel.lay(above, work, Path("/etc"))


def _folders(root: Path) -> list[str]:
    nested = ("etc", "var")
    above = [f"/{each.name}" for each in root.iterdir() if each.is_dir() and each.name not in (*nested, _LAYER)]
    below = [
        f"/{name}/{each.name}"
        for name in nested
        if (root / name).is_dir()
        for each in (root / name).iterdir()
        if each.is_dir()
    ]
    own = [_OWN_PROGRAMS] if (root / _OWN_PROGRAMS.lstrip("/")).is_dir() else []
    return [path for path in above + below + own if path != "/usr"]


def _single_files(root: Path) -> list[str]:
    return [_SHADOW] if (root / _SHADOW.lstrip("/")).is_file() else []


def _configure(topology: Topology, machine: Machine, folder: Path) -> None:
    match machine.kind:
        case "edge":
            _frr(folder, files.frr_of_edge(machine))
        case "router":
            _frr(folder, files.frr_of_edge(machine), "ospfd", "ospf6d")
        case "dns":
            conf = folder / "etc/knot/knot.conf"
            _rewrite(conf, files.knot(conf.read_text()))
        case "transit":
            _frr(folder, files.frr_of_transit(machine, topology.peering(machine.name)))
        case "hosted":
            _rewrite(folder / "etc/snmp/snmpd.conf", files.snmpd(machine, topology.snmp))


def _sign_in(topology: Topology, machine: Machine, folder: Path, host_key: Path) -> None:
    ssh = _empty(folder, "/etc/ssh", 0o755)
    (ssh / "sshd_config").write_text(files.sshd(machine))
    _secret(ssh / "authorized_keys", topology.authorised_key.strip() + "\n")
    _secret(ssh / "ssh_host_ed25519_key", host_key.read_text())
    _secret(folder / _SHADOW.lstrip("/"), files.SHADOW)
    program = _empty(folder, _OWN_PROGRAMS, 0o755) / "systemctl"
    shutil.copyfile(Path(__file__).parent / "daemons" / "systemctl.py", program)
    program.chmod(0o755)


def _frr(folder: Path, configuration: str, *daemons: str) -> None:
    frr = folder / "etc/frr"
    _rewrite(frr / "frr.conf", configuration)
    _rewrite(frr / "daemons", files.frr_daemons((frr / "daemons").read_text(), *daemons))


def _empty(folder: Path, path: str, mode: int) -> Path:
    made = folder / path.lstrip("/")
    made.mkdir(parents=True, exist_ok=True)
    made.chmod(mode)
    return made


def _empty_like(folder: Path, path: str) -> None:
    """A folder of the same owner and mode as the host's, without what the host has in it."""
    there = Path(path).stat()
    made = _empty(folder, path, there.st_mode & 0o7777)
    os.chown(made, there.st_uid, there.st_gid)


def _copy(folder: Path, path: str) -> None:
    target = folder / path.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "--archive", path, os.fspath(target)], check=True, capture_output=True)


def _rewrite(path: Path, text: str) -> None:
    """Change what a file says; its owner and its mode stay as the package made them."""
    path.write_text(text)


def _secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
