"""FRRouting through NAPALM: vtysh and frr-reload over SSH, for FRR 8.4 as Debian 12 has it.

The candidate stays with us; each operation is one command on the machine that receives the text, works
and leaves nothing behind (`frr_scripts`). A commit is one such command too: should the connection break,
the machine goes on by itself to the new configuration or back to the former one, never to something between.

frr-reload is not believed on its word: a commit holds when the running state no longer differs from the
candidate.
"""

from __future__ import annotations

import json
import logging
import re
import shlex
import socket
from pathlib import Path
from typing import Any, Final, Literal

from napalm.base.base import NetworkDriver
from napalm.base.exceptions import (
    CommandErrorException,
    CommitError,
    ConnectAuthError,
    ConnectionClosedException,
    ConnectionException,
    MergeConfigException,
    ReplaceConfigException,
)
from netmiko import ConnectHandler
from netmiko.exceptions import (
    NetmikoAuthenticationException,
    NetmikoBaseException,
    SSHException,
)

from foundation.reach import CONNECT_SECONDS
from provisioning.drivers import frr_reload, frr_scripts, switch

WORK_SECONDS: Final = 600
SILENT_MILLISECONDS: Final = 30_000
SHOWN_LINES: Final = 20

_NOT_UNDERSTOOD: Final = re.compile(r"^line \d+: Failure to communicate\[\d+\] to (\w+), line: +", re.MULTILINE)
_NOISE: Final = re.compile(
    r"^(?:Note: |Warning: attempting|File permissions|Building Conf)|VtyshException|failed due to|exited with status"
)
_TRACEBACK: Final = re.compile(r"^Traceback .*\n(?:[ \t]+.*\n)*", re.MULTILINE)

# The SSH library reports broken connections on its own logger with tracebacks; ours are exceptions.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


class FrrDriver(NetworkDriver):  # type: ignore[misc]
    """NAPALM's vocabulary for one FRR router.

    `optional_args`: `key_file` (our private key) and `known_hosts` (the host keys we trust, nothing else is
    trusted or learned), both needed; `port`. The password is not used. Sockets are opened by `open()`, in
    the calling thread. What is added to NAPALM's promises: `compare_config` is empty if and only if a commit
    would change nothing, and a commit that raises CommitError has put the machine back as it was, unless
    its message says otherwise. CommandErrorException means that FRR did not answer, and nothing was begun.
    `revert_in` is the machine's own doing: it outlives us, and a reboot.
    """

    def __init__(
        self,
        hostname: str,
        username: str,
        password: str = "",
        timeout: int = 60,
        optional_args: dict[str, Any] | None = None,
    ) -> None:
        self.hostname = hostname
        self.username = username
        self.password = password
        self.timeout = timeout
        self.options = dict(optional_args or {})
        self.platform = "frr"
        self.profile = ["frr"]
        self._connection: Any = None
        self._candidate = ""
        self._mode: Literal["replace", "merge"] = "replace"
        self._before = ""

    def open(self) -> None:
        """Connect. Raises ConnectAuthError, or ConnectionException also for a host key that is not trusted."""
        try:
            self._connection = ConnectHandler(
                device_type="linux",
                host=self.hostname,
                port=self.options.get("port", 22),
                username=self.username,
                # use_keys would also try the keys of whoever runs us
                use_keys=False,
                key_file=str(self.options["key_file"]),
                allow_agent=False,
                ssh_strict=True,
                system_host_keys=False,
                alt_host_keys=True,
                alt_key_file=str(self.options["known_hosts"]),
                conn_timeout=CONNECT_SECONDS,
                banner_timeout=CONNECT_SECONDS,
                auth_timeout=CONNECT_SECONDS,
                keepalive=5,
            )
        except NetmikoAuthenticationException as refused:
            raise ConnectAuthError(f"{self.hostname}: our key is not accepted") from refused
        except (NetmikoBaseException, SSHException, EOFError, OSError) as failed:
            raise ConnectionException(f"{self.hostname}: {_reason(failed)}") from failed
        # A peer that went silent is noticed in half a minute, not in TCP's quarter of an hour.
        transport = self._connection.remote_conn_pre.get_transport()
        transport.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENT_MILLISECONDS)

    def close(self) -> None:
        """Forget the candidate and disconnect. Nothing of ours is on the machine."""
        self.discard_config()
        if self._connection is not None:
            self._connection.disconnect()
            self._connection = None

    def is_alive(self) -> dict[str, bool]:
        """Whether the connection still stands."""
        return {"is_alive": self._connection is not None and bool(self._connection.is_alive())}

    def load_replace_candidate(self, filename: str | None = None, config: str | None = None) -> None:
        """Take a whole configuration. Raises ReplaceConfigException when FRR cannot read it, or it is empty."""
        self._load("replace", _text(filename, config), ReplaceConfigException)

    def load_merge_candidate(self, filename: str | None = None, config: str | None = None) -> None:
        """Take lines to add to the running ones. Raises MergeConfigException when FRR cannot read them."""
        self._load("merge", _text(filename, config), MergeConfigException)

    def compare_config(self) -> str:
        """What a commit would change: signed lines under their blocks, secrets in the open; empty for nothing.

        Raises ReplaceConfigException when FRR cannot tell.
        """
        if not self._candidate:
            return ""
        status, said = self._work(frr_scripts.COMPARE, self._candidate)
        if status:
            raise ReplaceConfigException(_complaint(said))
        printed, _, running = said.partition("\0")
        differences = frr_reload.parse(printed)
        if self._mode == "merge":
            differences = frr_reload.merged(differences, self._candidate, running)
        return frr_reload.render(frr_reload.expanded(differences, running))

    def commit_config(self, message: str = "", revert_in: int | None = None) -> None:
        """Put the candidate in force and save it, or put back what was there and raise CommitError.

        With `revert_in` seconds, the machine goes back by itself unless `confirm_commit` comes first; `message` is the
        name that the commit bears until then. One such commit at a time. Raises ConnectionClosedException when the
        connection broke meanwhile: the machine then finishes alone.
        """
        if message and revert_in is None:
            raise NotImplementedError("FRR keeps no message with a commit")
        if not self._candidate:
            raise CommitError("no candidate is loaded")
        if revert_in is not None:
            self._ship()
        self._before = self._put_in_force(self._mode, self._candidate, revert_in or 0, message or "unnamed")
        self._candidate = ""

    def confirm_commit(self) -> None:
        """Keep what was committed with `revert_in`. Raises CommitError when nothing waits, or it was undone."""
        status, _ = self._run(shlex.join(["sh", "-c", frr_scripts.CONFIRM]), b"", WORK_SECONDS)
        if status:
            raise CommitError("no commit waits to be confirmed")

    def has_pending_commit(self) -> bool:
        """Whether a commit waits to be confirmed."""
        return self._answer(frr_scripts.WAITS).strip() == "waits"

    def discard_config(self) -> None:
        """Forget the candidate."""
        self._candidate = ""

    def rollback(self) -> None:
        """Put back what was in force before the last commit, if there was one. Raises as `commit_config`."""
        if self._before:
            self._put_in_force("replace", self._before)
            self._before = ""

    def get_config(
        self,
        retrieve: str = "all",
        full: bool = False,  # noqa: ARG002 - FRR has one form only
        sanitized: bool = False,
        format: str = "text",  # noqa: A002 - NAPALM's name
    ) -> dict[str, str]:
        """The running configuration and the one read at start-up, as text; the candidate as it was loaded."""
        if format != "text":
            raise NotImplementedError(f"FRR has no configuration in {format}")
        texts = {"running": "", "startup": "", "candidate": ""}
        if retrieve in ("all", "running"):
            texts["running"] = self._vtysh(frr_scripts.RUNNING)
        if retrieve in ("all", "startup"):
            texts["startup"] = self._answer("cat /etc/frr/frr.conf")
        if retrieve in ("all", "candidate"):
            texts["candidate"] = self._candidate
        return {name: frr_reload.without_secrets(text) if sanitized else text for name, text in texts.items()}

    def get_facts(self) -> dict[str, Any]:
        """What FRR says of itself; `uptime` is the machine's, in seconds."""
        version = re.search(r"FRRouting (\S+) \((.*?)\)", self._vtysh("show version"))
        release, name = version.groups() if version else ("", "")
        return {
            "vendor": "FRRouting",
            "model": "FRR",
            "os_version": release,
            "hostname": name,
            "fqdn": name,
            "serial_number": "",
            "uptime": float(self._answer("cat /proc/uptime").split()[0]),
            "interface_list": sorted(self._json("show interface json")),
        }

    def get_interfaces(self) -> dict[str, dict[str, Any]]:
        """Each interface; `speed` in Mbit/s. FRR does not tell when one last changed: -1."""
        return {
            name: {
                "is_up": one.get("operationalStatus") == "up",
                "is_enabled": one.get("administrativeStatus") == "up",
                "description": one.get("description", ""),
                "last_flapped": -1.0,
                "speed": float(one.get("speed", 0)),
                "mtu": one.get("mtu", 0),
                "mac_address": one.get("hardwareAddress", ""),
            }
            for name, one in self._json("show interface json").items()
        }

    def get_interfaces_ip(self) -> dict[str, dict[str, dict[str, dict[str, int]]]]:
        """Addresses by interface and family, link-local ones included; interfaces without any are left out."""
        found: dict[str, dict[str, dict[str, dict[str, int]]]] = {}
        for name, one in self._json("show interface json").items():
            for held in one.get("ipAddresses", []):
                address, _, length = held["address"].partition("/")
                family = "ipv6" if ":" in address else "ipv4"
                of_family = found.setdefault(name, {}).setdefault(family, {})
                of_family[address] = {"prefix_length": int(length)}
        return found

    def get_bgp_neighbors(self) -> dict[str, dict[str, Any]]:
        """The peers of the default VRF; `uptime` in seconds, -1 for one that never came up."""
        neighbors = self._json("show bgp neighbors json")
        families = {family: self._json(f"show bgp {family} unicast summary json") for family in ("ipv4", "ipv6")}
        router = next((one["routerId"] for one in families.values() if "routerId" in one), "")
        return {
            "global": {
                "router_id": router,
                "peers": {address: _peer(address, one, families) for address, one in neighbors.items()},
            }
        }

    def _load(self, mode: Literal["replace", "merge"], config: str, refusal: type[Exception]) -> None:
        self.discard_config()
        candidate = frr_reload.tidied(config)
        if frr_reload.says_nothing(candidate):
            raise refusal("the candidate is empty")
        status, said = self._work(frr_scripts.CHECK, candidate)
        if status:
            raise refusal(_complaint(said))
        self._candidate, self._mode = candidate, mode

    def _ship(self) -> None:
        """Have the machine's switch on the machine."""
        status, said = self._work(frr_scripts.SHIP, switch.source())
        if status:
            raise CommandErrorException(f"{self.hostname}: nothing was changed: essaim-undo: {_complaint(said)}")

    def _put_in_force(
        self, mode: Literal["replace", "merge"], config: str, seconds: int = 0, name: str = "unnamed"
    ) -> str:
        """Commit `config`; give what was in force before."""
        status, said = self._work(frr_scripts.COMMIT, config, mode, str(seconds), name)
        if status == 0:
            return said
        words, _, remaining = said.partition("\0")
        left = frr_reload.render(frr_reload.parse(remaining)).splitlines()
        reason = _complaint(words) or "FRR says nothing of why"
        if left:
            reason += "\nwhat did not take:\n" + frr_reload.without_secrets("\n".join(left[:SHOWN_LINES]))
        if status == frr_scripts.REFUSED:
            raise CommitError(f"refused, the former configuration is in force: {reason}")
        raise CommitError(f"refused, and the former configuration may not be in force: {reason}")

    def _vtysh(self, command: str) -> str:
        return self._answer(f"timeout 30 vtysh -c {shlex.quote(command)}")

    def _json(self, command: str) -> dict[str, Any]:
        try:
            return dict(json.loads(self._vtysh(command)))
        except ValueError as unread:
            raise CommandErrorException(f"{self.hostname}: {command}: not JSON") from unread

    def _answer(self, command: str) -> str:
        status, said = self._run(command, b"", self.timeout)
        if status:
            raise CommandErrorException(f"{self.hostname}: {command}: {_complaint(said)}")
        return said

    def _work(self, script: str, config: str, *arguments: str) -> tuple[int, str]:
        """Have one of our scripts work on `config`: its exit status and what it printed."""
        sent = config.encode()
        command = shlex.join(["sh", "-c", script, "essaim", str(len(sent)), *arguments])
        status, said = self._run(command, sent, WORK_SECONDS)
        if status in frr_scripts.NOT_BEGUN:
            reason = frr_scripts.NOT_BEGUN[status]
            raise CommandErrorException(f"{self.hostname}: nothing was changed: {reason}")
        return status, said

    def _run(self, command: str, sent: bytes, seconds: float) -> tuple[int, str]:
        """Run a command on the machine: its exit status and what it printed, its errors too if it failed.

        `seconds` bounds each silence.
        """
        if self._connection is None:
            raise ConnectionClosedException(f"{self.hostname}: not connected")
        try:
            into, out, err = self._connection.remote_conn_pre.exec_command(command, timeout=seconds)
            into.write(sent)
            into.channel.shutdown_write()
            printed, complained = out.read(), err.read()
            status = out.channel.recv_exit_status()
        except (SSHException, EOFError, OSError) as broken:
            raise ConnectionClosedException(f"{self.hostname}: {_reason(broken)}") from broken
        if status < 0:
            raise ConnectionClosedException(f"{self.hostname}: the connection broke")
        return status, (printed + complained if status else printed).decode(errors="replace")


def _text(filename: str | None, config: str | None) -> str:
    return Path(filename).read_text() if filename else config or ""


def _peer(address: str, one: dict[str, Any], families: dict[str, dict[str, Any]]) -> dict[str, Any]:
    counted = {
        family: summary["peers"][address] for family, summary in families.items() if address in summary.get("peers", {})
    }
    established = one["bgpState"] == "Established"
    return {
        "local_as": one["localAs"],
        "remote_as": one["remoteAs"],
        "remote_id": one.get("remoteRouterId", ""),
        "is_up": established,
        "is_enabled": not one.get("adminShutDown", False),
        "description": one.get("nbrDesc", ""),
        "uptime": one.get("bgpTimerUpMsec", 0) // 1000 if established else -1,
        "address_family": {
            family: {
                "received_prefixes": numbers.get("pfxRcd", -1),
                "accepted_prefixes": numbers.get("pfxRcd", -1),
                "sent_prefixes": numbers.get("pfxSnt", -1),
            }
            for family, numbers in counted.items()
        },
    }


def _complaint(said: str) -> str:
    """FRR's own words, each once, without colours, dates, tracebacks and secrets."""
    plain = _TRACEBACK.sub("", said)
    plain = re.sub(r"\x1b\[\d+m|^\d{4}-\d\d-\d\d [\d:,]+ +", "", plain, flags=re.MULTILINE)
    plain = _NOT_UNDERSTOOD.sub(r"\1: ", plain)
    lines = dict.fromkeys(line.strip() for line in plain.splitlines() if line.strip())
    words = [line for line in lines if not _NOISE.search(line)]
    return frr_reload.without_secrets("\n".join(words[:SHOWN_LINES]))


def _reason(failure: BaseException) -> str:
    """The one line that matters in what the SSH libraries say at length."""
    lines = [line.strip() for line in str(failure).splitlines() if line.strip()]
    if lines and lines[0].startswith("A paramiko SSHException"):
        del lines[0]
    return lines[0] if lines else type(failure).__name__
