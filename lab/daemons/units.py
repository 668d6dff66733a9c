"""What systemd does on a real machine: the units of each, with the command lines of Debian's own files."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

from lab.topology import Kind

Argv: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """A service. `sort` is systemd's Type=: when it counts as started."""

    name: str
    sort: Literal["notify", "simple", "forking", "oneshot"]
    start: tuple[Argv, ...]
    """Run one after the other; of a notify or simple unit the last is the daemon itself."""
    stop: tuple[Argv, ...] = ()
    """Run before the processes are told to end."""
    reload: tuple[Argv, ...] = ()
    """Run for `reload`."""
    hangup: bool = False
    """Whether `reload` then sends SIGHUP to the daemon."""
    pid_files: tuple[str, ...] = ()
    """Where the daemons of a forking unit write their process numbers."""
    runtime_folder: tuple[str, str] | None = None
    """A folder under /run made at each start, and its owner."""
    environment: dict[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    says_secrets: bool = False
    """Whether the daemon writes its secrets to its standard output, which is then not kept."""


_SSH: Final = Unit(
    "ssh",
    "notify",
    start=(("/usr/sbin/sshd", "-t"), ("/usr/sbin/sshd", "-D")),
    reload=(("/usr/sbin/sshd", "-t"),),
    hangup=True,
    runtime_folder=("/run/sshd", "root:root"),
    aliases=("sshd",),
)
_FRR_OPTIONS: Final = ("-d", "-F", "traditional", "-A", "127.0.0.1")
_FRR: Final = Unit(
    "frr",
    "forking",
    start=(
        ("/usr/lib/frr/zebra", *_FRR_OPTIONS, "-s", "90000000"),
        ("/usr/lib/frr/bgpd", *_FRR_OPTIONS),
        ("/usr/lib/frr/staticd", *_FRR_OPTIONS),
        ("/usr/bin/vtysh", "-b"),
    ),
    reload=(("/usr/lib/frr/frr-reload.py", "--reload", "/etc/frr/frr.conf"),),
    pid_files=("/run/frr/zebra.pid", "/run/frr/bgpd.pid", "/run/frr/staticd.pid"),
    runtime_folder=("/run/frr", "frr:frr"),
)
_OSPF: Final = replace(
    _FRR,
    start=(
        *_FRR.start[:-1],
        ("/usr/lib/frr/ospfd", *_FRR_OPTIONS),
        ("/usr/lib/frr/ospf6d", "-d", "-F", "traditional", "-A", "::1"),
        _FRR.start[-1],
    ),
    pid_files=(*_FRR.pid_files, "/run/frr/ospfd.pid", "/run/frr/ospf6d.pid"),
)
_AS_FREERAD: Final = ("/usr/bin/setpriv", "--reuid=freerad", "--regid=freerad", "--init-groups", "--")
_FREERADIUS: Final = Unit(
    "freeradius",
    "notify",
    start=(
        (*_AS_FREERAD, "/usr/sbin/freeradius", "-Cx", "-lstdout"),
        (*_AS_FREERAD, "/usr/sbin/freeradius", "-f"),
    ),
    reload=((*_AS_FREERAD, "/usr/sbin/freeradius", "-Cxm", "-lstdout"),),
    hangup=True,
    runtime_folder=("/run/freeradius", "freerad:freerad"),
)
_L2TPNS: Final = Unit("l2tpns", "simple", start=(("/usr/sbin/l2tpns",),), hangup=True, says_secrets=True)
_SNMPD: Final = Unit(
    "snmpd",
    "notify",
    start=(
        (
            "/usr/sbin/snmpd", "-LOw", "-u", "Debian-snmp", "-g", "Debian-snmp",
            "-I", "-smux,mteTrigger,mteTriggerConf", "-f",
        ),
    ),
    hangup=True,
    runtime_folder=("/run/agentx", "root:root"),
)  # fmt: skip
_WIREGUARD: Final = Unit(
    "wg-quick@wg0",
    "oneshot",
    start=(("/usr/bin/wg-quick", "up", "wg0"),),
    stop=(("/usr/bin/wg-quick", "down", "wg0"),),
    reload=(("/bin/bash", "-c", "exec /usr/bin/wg syncconf wg0 <(exec /usr/bin/wg-quick strip wg0)"),),
    environment={
        "WG_QUICK_USERSPACE_IMPLEMENTATION": "wireguard-go",
        "WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD": "1",
    },
)
# Installed with `make test`; a lab without it has the unit all the same, which then does not start.
_OPENVPN: Final = Unit(
    "openvpn-server@essaim",
    "notify",
    start=(("/usr/sbin/openvpn", "--suppress-timestamps", "--config", "/etc/openvpn/server/essaim.conf"),),
    runtime_folder=("/run/openvpn-server", "root:root"),
)

_OUR_TABLE: Final = "/var/lib/essaim/antispoofing/current/essaim.nft"
_ANTISPOOFING: Final = Unit(
    "essaim-antispoofing",
    "oneshot",
    start=(("/usr/sbin/nft", "-f", _OUR_TABLE),),
    stop=(("/bin/sh", "-c", "nft delete table inet essaim || true"),),
    reload=(("/usr/sbin/nft", "-f", _OUR_TABLE),),
)
_CARRIER_PROGRAM: Final = "/usr/local/sbin/essaim-carrier"
_CARRIER: Final = Unit(
    "essaim-carrier",
    "oneshot",
    start=((_CARRIER_PROGRAM, "apply"),),
    stop=((_CARRIER_PROGRAM, "clear"),),
    reload=((_CARRIER_PROGRAM, "apply"),),
)

_AS_KNOT: Final = (
    "/usr/bin/setpriv", "--reuid=knot", "--regid=knot", "--init-groups",
    "--inh-caps=+net_bind_service", "--ambient-caps=+net_bind_service", "--",
)  # fmt: skip
_KNOT: Final = Unit(
    "knot",
    "notify",
    start=(
        ("install", "-d", "-o", "knot", "-g", "knot", "-m", "770", "/var/lib/knot"),
        (*_AS_KNOT, "/usr/sbin/knotc", "conf-check"),
        (*_AS_KNOT, "/usr/sbin/knotd"),
    ),
    hangup=True,
    runtime_folder=("/run/knot", "knot:knot"),
)
# Kernels of trials may have no VLANs: a port named after each line's stands for it, as the role takes what is there.
_IPOE_PROGRAM: Final = "/usr/local/sbin/essaim-ipoe"
_IPOE: Final = Unit("essaim-ipoe", "simple", start=((_IPOE_PROGRAM, "up"), (_IPOE_PROGRAM, "serve")))
_AS_KEA: Final = (
    "/usr/bin/setpriv", "--reuid=_kea", "--regid=_kea", "--init-groups",
    "--inh-caps=+net_bind_service,+net_raw", "--ambient-caps=+net_bind_service,+net_raw", "--",
)  # fmt: skip
_KEA_FOLDERS: Final = ("install", "-d", "-o", "_kea", "-g", "_kea", "/run/kea", "/run/lock/kea", "/var/lib/kea")
_KEA: Final = tuple(
    Unit(
        f"kea-dhcp{family}-server",
        "simple",
        start=(_KEA_FOLDERS, (*_AS_KEA, f"/usr/sbin/kea-dhcp{family}", "-c", f"/etc/kea/kea-dhcp{family}.conf")),
        hangup=True,
    )
    for family in (4, 6)
)
_RADVD: Final = Unit(
    "radvd",
    "simple",
    start=(
        ("/usr/sbin/radvd", "--logmethod", "stderr_clean", "--configtest"),
        ("/usr/sbin/radvd", "--logmethod", "stderr_clean", "--nodaemon"),
    ),
    hangup=True,
)

UNITS: Final[dict[Kind, tuple[Unit, ...]]] = {
    "noc": (),
    "edge": (_SSH, _FRR),
    "router": (_SSH, _OSPF),
    "transit": (_FRR,),
    "lns": (_SSH, _L2TPNS, _ANTISPOOFING, _CARRIER),
    "radius": (_SSH, _FREERADIUS),
    "vpn": (_SSH, _WIREGUARD, _OPENVPN, _ANTISPOOFING, _CARRIER),
    "dns": (_SSH, _KNOT),
    "bng": (_SSH, _IPOE, *_KEA, _RADVD, _CARRIER),
    "hosted": (_SSH, _SNMPD),
    "internet": (),
    "home": (),
}

STARTED: Final = frozenset({"ssh", "frr", "snmpd"})
"""The units that run once the lab is up. The others wait for the configuration that Essaim pushes:
with Debian's, l2tpns would open pools of its own, and FreeRADIUS would know nobody."""

PROGRAMS: Final = (
    "vtysh",
    "l2tpns",
    "freeradius",
    "wireguard-go",
    "wg-quick",
    "nft",
    "sshd",
    "ssh",
    "ssh-keygen",
    "snmpd",
    "ip",
    "nsenter",
    "setpriv",
    "python3",
)
"""What must be installed, whatever the lab runs."""

PROGRAMS_OF: Final[dict[Kind, tuple[str, ...]]] = {
    "dns": ("knotd", "knotc"),
    "bng": ("kea-dhcp4", "kea-dhcp6", "radvd"),
}
"""What must be installed beside, for a lab with such a machine."""
