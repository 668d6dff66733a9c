"""Machines whose process 1 is systemd: this Debian's own programs over a disk of their own, apart from this machine.

A machine's processes, mounts, network, names and control groups are its own; what it writes goes to a disk in memory
that outlives its power, so that it may be cut off and booted again. No unit is enabled in it but what it is told.
Machines are reached from the operation centre: a network of its own, with a cable to each.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

GROUPS: Final = Path("/sys/fs/cgroup/unified")
UP_SECONDS: Final = 60.0
SILENT: Final = (
    "systemd-sysctl", "systemd-modules-load", "systemd-udevd", "systemd-udev-trigger", "systemd-remount-fs",
    "systemd-timesyncd", "systemd-logind", "systemd-update-utmp", "systemd-hwdb-update", "systemd-binfmt",
    "networking", "getty.target", "timers.target", "dev-hugepages.mount", "dev-mqueue.mount",
    "sys-kernel-debug.mount", "sys-kernel-tracing.mount", "sys-fs-fuse-connections.mount",
    "proc-sys-fs-binfmt_misc.automount",
)  # fmt: skip
"""What would speak to the kernel that others share, or wait for what no machine of ours has."""

_ENTER: Final = r"""
echo $$ >"$1/cgroup.procs"
shift
exec unshare --mount --pid --fork --kill-child --net --uts --ipc --cgroup sh -c "$@"
"""
_BOOT: Final = r"""
set -e
disk=$1
root=$disk/root
mount -t overlay overlay -o lowerdir=/,upperdir=$disk/written,workdir=$disk/work "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
for each in run tmp dev; do mount -t tmpfs -o mode=755 tmpfs "$root/$each"; done
chmod 1777 "$root/tmp"
mkdir "$root/dev/pts" "$root/dev/shm" "$root/dev/net"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
for each in null zero full random urandom tty net/tun; do
  touch "$root/dev/$each"
  mount --bind "/dev/$each" "$root/dev/$each"
done
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mkdir -p "$root/before"
cd "$root"
pivot_root . before
umount -l /before
hostname "$2"
# It says nothing of its own before it is told its cable: then systemd may begin.
while [ ! -e "/sys/class/net/$3" ]; do sleep 0.02; done
exec env -i container=essaim PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --system </dev/null >/dev/null 2>&1
"""


def why_not() -> str | None:
    """What this machine lacks to boot another one; None where it lacks nothing."""
    if os.getuid() != 0:
        return "root"
    if not Path("/lib/systemd/systemd").exists():
        return "systemd"
    if not (GROUPS / "cgroup.procs").exists():
        return f"control groups, version 2, at {GROUPS}"
    return None


class Centre:
    """The network from which machines are reached, at one address."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        _await(lambda: self._net() != Path("/proc/self/ns/net").readlink(), "no network of its own")
        for words in (("link", "set", "lo", "up"), ("address", "add", f"{address}/32", "dev", "lo")):
            run(*self.within("ip", *words))

    def within(self, *argv: str) -> list[str]:
        """The words that run a program there."""
        return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", "--", *argv]

    def close(self) -> None:
        """It goes, with its cables."""
        self.holder.kill()
        self.holder.wait()

    def _net(self) -> Path:
        return Path(f"/proc/{self.holder.pid}/ns/net").readlink()


class Booted:
    """A machine, from `boot` to `cut`; `throw_away` when it is over."""

    def __init__(self, name: str, folder: Path, centre: Centre, cable: str, addresses: Sequence[str], key: str) -> None:
        """All `addresses` are on its one `cable`; root signs in with `key`, as `authorized_keys` has it."""
        self.name, self.centre, self.cable, self.addresses = name, centre, cable, addresses
        self.disk, self.group = folder / name, GROUPS / f"essaim-{os.getpid()}-{name}"
        self.outer: subprocess.Popen[bytes] | None = None
        self.disk.mkdir()
        run("mount", "-t", "tmpfs", "-o", "size=512m", "tmpfs", str(self.disk))
        for part in ("written", "work", "root"):
            (self.disk / part).mkdir()
        self.group.mkdir()
        self._furnish(key)

    @property
    def written(self) -> Path:
        """What lies over Debian on its disk."""
        return self.disk / "written"

    @property
    def host_key(self) -> str:
        """Its public SSH key: `ssh-ed25519 AAAA…`."""
        return " ".join((self.written / "etc/ssh/ssh_host_booted_key.pub").read_text().split()[:2])

    def boot(self) -> None:
        """Give it power and return once systemd says that it is up."""
        with (self.disk / "boot").open("w") as said:
            argv = ["sh", "-c", _ENTER, "sh", str(self.group), _BOOT, "sh", str(self.disk), self.name, self.cable]
            self.outer = subprocess.Popen(argv, stderr=said)
        self._plug_in()
        _await(self._up, "systemd does not come up")

    def cut(self) -> None:
        """Cut its power: nothing in it says goodbye."""
        if self.outer is not None:
            os.kill(self._first(), signal.SIGKILL)
            self.outer.wait()
            self.outer = None
            _await(lambda: "populated 0" in (self.group / "cgroup.events").read_text(), "processes that do not end")
            unplug = self.centre.within("ip", "link", "delete", self.name)
            subprocess.run(unplug, capture_output=True, check=False)  # it may be gone with its other end already

    def throw_away(self) -> None:
        """Its power, its disk, its cable: nothing stays."""
        self.cut()
        run("umount", str(self.disk))
        for each in sorted((self.group, *(one for one in self.group.rglob("*") if one.is_dir())), reverse=True):
            each.rmdir()

    def ask(self, *argv: str, told: str = "") -> str:
        """What a program says that runs inside and is told something, whatever its status."""
        into = ["nsenter", f"--target={self._first()}", "--all", "--", *argv]
        return subprocess.run(into, input=told, capture_output=True, text=True, check=False, timeout=60).stdout.strip()

    def _furnish(self, key: str) -> None:
        units = self.written / "etc/systemd/system"
        units.mkdir(parents=True)
        for each in Path("/etc/systemd/system").glob("*.wants"):
            (units / each.name).mkdir()
            os.setxattr(units / each.name, "trusted.overlay.opaque", b"y")  # what this Debian starts, it does not
        for name in SILENT:
            (units / (name if "." in name else f"{name}.service")).symlink_to("/dev/null")
        (units / "default.target").symlink_to("/lib/systemd/system/multi-user.target")
        wanted = units / "multi-user.target.wants"
        wanted.mkdir(exist_ok=True)
        (wanted / "ssh.service").symlink_to("/lib/systemd/system/ssh.service")
        runlevel = self.written / "etc/rc2.d"
        runlevel.mkdir()
        for script in Path("/etc/init.d").iterdir():
            # Debian's packages leave these links; where none of them may start here, they were taken away.
            (runlevel / f"K01{script.name}").symlink_to(f"../init.d/{script.name}")
        for name in ("machine-id", "fstab"):
            (self.written / "etc" / name).touch()
        self._sign_in(key)

    def _sign_in(self, key: str) -> None:
        ssh, home = self.written / "etc/ssh", self.written / "root"
        ssh.mkdir()
        home.mkdir(mode=0o700)
        (ssh / "authorized_keys").write_text(key)
        for each in Path("/etc/ssh").glob("ssh_host_*"):
            os.mknod(ssh / each.name, 0, 0)  # overlay's word for a file that is not there
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(ssh / "ssh_host_booted_key"))
        (ssh / "sshd_config").write_text(
            "HostKey /etc/ssh/ssh_host_booted_key\nAuthorizedKeysFile /etc/ssh/authorized_keys\nStrictModes no\n"
            "UsePAM no\nPermitRootLogin prohibit-password\nSubsystem sftp /usr/lib/openssh/sftp-server\n"
        )

    def _plug_in(self) -> None:
        """Addresses and the way back, before systemd begins: it begins when it sees the cable."""
        first = self._first()
        inside = ("nsenter", f"--net=/proc/{first}/ns/net", "--", "ip")
        centre = self.centre.within("ip")
        run(*inside, "link", "set", "lo", "up")
        run(*centre, "link", "add", self.name, "type", "veth", "peer", "name", "cable", "netns", str(first))
        run(*centre, "link", "set", self.name, "up")
        for address in self.addresses:
            run(*inside, "address", "add", address, "dev", "cable")
            if "." in address:
                run(*centre, "route", "add", address.partition("/")[0], "dev", self.name)
        run(*inside, "link", "set", "cable", "name", self.cable)
        run(*inside, "link", "set", self.cable, "up")
        run(*inside, "route", "add", self.centre.address, "dev", self.cable)

    def _first(self) -> int:
        """The number out here of its process 1."""
        if self.outer is None:
            raise RuntimeError("it has no power")
        children = Path(f"/proc/{self.outer.pid}/task/{self.outer.pid}/children")
        _await(lambda: children.read_text().strip(), "no process 1")
        return int(children.read_text().split()[0])

    def _up(self) -> bool:
        return self.ask("systemctl", "is-system-running") in ("running", "degraded")


def run(*argv: str) -> None:
    """Run to the end. Raises RuntimeError with what it said."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{argv}: {done.stderr.strip()}")


def _await(so: Callable[[], object], otherwise: str) -> None:
    deadline = time.monotonic() + UP_SECONDS
    while not so():
        if time.monotonic() > deadline:
            raise RuntimeError(otherwise)
        time.sleep(0.05)
