# ruff: noqa: E501 - grammars are read by columns
"""A router that answers as Cisco IOS does to what NAPALM's driver asks: SSH, a command line with its modes, SCP and a
flash, a configuration kept as sections and lines, `configure terminal revert timer`.

It is written from Cisco's own documents and from what NAPALM expects, not from the code that it is there to try: it has
a grammar of its own, of the commands that an edge and an LNS need, and refuses what is not in it. It is no IOS.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from copy import deepcopy
from hashlib import md5
from ipaddress import ip_address, ip_interface
from typing import Any, TypeAlias

import paramiko

Tree: TypeAlias = dict[str, Any]
"""Lines in order; a section's value is its own lines, a plain line's is None."""

INVALID = "% Invalid input detected at '^' marker."
SECTIONS = {
    "": (
        r"interface [A-Z][\w/.-]+|interface core0|interface transit0", r"route-map \S+ (?:permit|deny) \d+",
        r"router bgp \d+", r"router ospf \d+", r"ipv6 router ospf \d+", r"aaa group server radius \S+",
        r"aaa server radius dynamic-author", r"radius server \S+", r"vpdn-group \S+", r"ipv6 dhcp pool \S+",
        r"line vty \d+ \d+", r"archive", r"key chain \S+",
    ),
    "key chain": (r"key \d+",),
    "router bgp": (r"address-family ipv[46](?: unicast)?",),
    "vpdn-group": (r"accept-dialin",),
}  # fmt: skip
"""What opens a section, by where."""
A4, A6 = r"\d+\.\d+\.\d+\.\d+", r"[0-9A-Fa-f:]+"
A = rf"(?:{A4}|{A6})"
LINES = {
    "": (
        r"hostname \S+", r"username .+", r"service .+", r"ip ssh .+", r"ip scp server enable", r"file prompt quiet",
        r"aaa new-model", r"ipv6 unicast-routing", r"ip bgp-community new-format", r"vpdn enable",
        rf"ip prefix-list \S+ seq \d+ (?:permit|deny) {A4}/\d+(?: le \d+)?",
        rf"ipv6 prefix-list \S+ seq \d+ (?:permit|deny) {A6}/\d+(?: le \d+)?",
        r"ip as-path access-list \d+ (?:permit|deny) \S+", r"ip community-list standard \S+ permit (?:\d+:\d+|gshut)",
        rf"ip route {A4} {A4} (?:{A4}|Null0 \d+)(?: tag \d+)?", rf"ipv6 route {A6}/\d+ (?:{A6}|Null0 \d+)(?: tag \d+)?",
        r"aaa authentication ppp \S+ group \S+", r"aaa authorization network \S+ group \S+",
        r"aaa accounting network \S+ start-stop group \S+", r"aaa accounting update periodic \d+",
    ),
    "interface": (
        r"description .+", rf"ip address {A4} {A4}(?: secondary)?", rf"ipv6 address {A6}/\d+", r"(?:no )?shutdown",
        r"mtu \d+", r"ip unnumbered \S+", r"ipv6 unnumbered \S+", r"ipv6 enable", r"ip tcp adjust-mss \d+",
        r"ipv6 tcp adjust-mss \d+", r"ip verify unicast source reachable-via rx",
        r"ipv6 verify unicast source reachable-via rx", r"ipv6 nd other-config-flag", r"ipv6 dhcp server \S+",
        r"ppp authentication chap pap \S+", r"ppp (?:authorization|accounting) \S+", r"negotiation auto",
        r"ip ospf \d+ area \d+", r"ipv6 ospf \d+ area \d+", r"(?:ip|ipv6) ospf (?:cost|hello-interval|dead-interval) \d+",
        r"(?:ip|ipv6) ospf network point-to-point", r"(?:ip ospf|ospfv3 \d+) authentication key-chain \S+",
    ),
    "key chain": (),
    "key": (
        r"key-string .+", r"cryptographic-algorithm (?:md5|hmac-sha-256)",
        r"send-lifetime \d\d:\d\d:\d\d [A-Z][a-z]{2} \d+ \d{4} \d\d:\d\d:\d\d [A-Z][a-z]{2} \d+ \d{4}",
    ),
    "route-map": (
        r"match as-path \d+", r"match community \S+", r"match rpki invalid", r"match ip(?:v6)? address prefix-list \S+",
        r"set local-preference \d+", r"set community \d+:\d+(?: no-export)?",
    ),
    "router bgp": (
        rf"bgp router-id {A4}", r"bgp log-neighbor-changes", r"no bgp default ipv4-unicast",
        rf"bgp rpki server tcp {A} port \d+ refresh \d+", rf"neighbor {A} remote-as \d+", rf"neighbor {A} description .+",
        rf"neighbor {A} advertisement-interval \d+", rf"neighbor {A} timers \d+ \d+", rf"neighbor {A} update-source \S+",
        rf"neighbor {A} password .+",
    ),
    "address-family": (
        rf"network {A4}(?: mask {A4})?", rf"network {A6}/\d+", rf"neighbor {A} activate", rf"neighbor {A} send-community",
        rf"neighbor {A} maximum-prefix \d+", rf"neighbor {A} (?:route-map|prefix-list) \S+ (?:in|out)", rf"neighbor {A} next-hop-self",
    ),
    "router ospf": (r"router-id \S+", r"redistribute static .+", r"passive-interface \S+", r"default-information originate"),
    "aaa group": (r"server name \S+",),
    "aaa server": (rf"client {A4} server-key .+", r"port \d+", r"auth-type any"),
    "radius server": (rf"address ipv4 {A4} auth-port \d+ acct-port \d+", r"key .+"),
    "vpdn-group": (r"local name \S+", rf"source-ip {A4}", r"l2tp tunnel password .+"),
    "accept-dialin": (r"protocol l2tp", r"virtual-template \d+"),
    "ipv6 dhcp": (r"prefix-delegation aaa method-list \S+",),
    "line vty": (r"transport input ssh", r"login local"),
    "archive": (r"path \S+",),
}  # fmt: skip
LINES["ipv6 router"] = LINES["router ospf"]
"""What each mode takes."""
ONE_OF = (
    r"hostname ", r"description ", r"ip address \S+ \S+$", r"mtu ", r"ip unnumbered ", r"ipv6 unnumbered ",
    r"ip tcp adjust-mss ", r"ipv6 tcp adjust-mss ", r"bgp router-id ", r"(neighbor \S+) remote-as ", r"aaa accounting update ",
    r"(neighbor \S+ description) ", r"(neighbor \S+ advertisement-interval) ", r"(neighbor \S+ timers) ",
    r"(neighbor \S+ update-source) ", r"(neighbor \S+ maximum-prefix) ", r"(neighbor \S+) (route-map|prefix-list) \S+ (in|out)$",
    r"set local-preference ", r"set community ", r"key ", r"address ipv4 ", r"local name ", r"source-ip ",
    r"l2tp tunnel password ", r"(client \S+) ", r"port ", r"((?:ip|ipv6) ospf (?:cost|\S+-interval)) ",
    r"((?:ip ospf|ospfv3 \d+) authentication) ", r"key-string ", r"cryptographic-algorithm ", r"send-lifetime ",
    r"router-id ", r"redistribute static ", r"virtual-template ", r"ppp authentication ",
)  # fmt: skip
"""Lines of which a section has one: a new one takes the place of the old."""


class Router:
    """What the router holds; `minute` is how many seconds one of its minutes lasts, `speakers` who would speak BGP with
    it, by address, each with the AS number that they expect of themselves."""

    def __init__(self, user: str, password: str, text: str) -> None:
        self.user, self.password, self.minute = user, password, 60.0
        self.running: Tree = {}
        self.flash: dict[str, bytes] = {}
        self.pending: tuple[float, int, Tree] | None = None
        self.archives = True
        self.speakers: dict[str, int] = {}
        self.lock = threading.RLock()
        assert self.typed(text) == []
        self.startup = deepcopy(self.running)

    def typed(self, text: str) -> list[str]:
        """Take a configuration line by line, as the modes go; what is said against it."""
        said, path = [], []
        for row in text.splitlines():
            line = " ".join(row.split())
            if not line or line.startswith("!"):
                continue
            if line in ("exit", "exit-address-family"):
                path = path[:-1]
            elif line == "end":
                path = []
            else:
                path, complaint = self._one(path, line)
                said += [f"{line}\r\n{complaint}"] if complaint else []
        return said

    def shown(self) -> str:
        """The running configuration as it is shown."""
        hides = "service password-encryption" in self.running
        rows = ["Building configuration...", "", "Current configuration : 1234 bytes", "!", "version 17.9"]
        for line, depth in _rows(self.running):
            rows.append(" " * depth + (_hidden(line) if hides else line))
        return "\r\n".join([*rows, "end", ""])

    def bgp(self) -> str:
        """`show bgp all summary`: a session is up where its neighbour is there and is called by its own AS number."""
        rows = []
        for line in (
            one for section, held in self.running.items() if section.startswith("router bgp ") for one in held
        ):
            found = re.fullmatch(r"neighbor (\S+) remote-as (\d+)", line)
            if found:
                up = self.speakers.get(str(ip_address(found[1]))) == int(found[2])
                head = f"{found[1]:<15}" if len(found[1]) < 16 else f"{found[1]}\r\n{'':<15}"
                rows.append(f"{head} 4 {found[2]:>12} 12 12 5 0 0 {'00:01:02 3' if up else 'never    Active'}")
        if not rows:
            return "% BGP not active"
        heading = "Neighbor        V           AS MsgRcvd MsgSent   TblVer  InQ OutQ Up/Down  State/PfxRcd"
        families = [[row for row in rows if (":" in row.split()[0]) == six] for six in (False, True)]
        return "\r\n".join(
            row
            for name, held in zip(("IPv4", "IPv6"), families, strict=True)
            for row in (f"For address family: {name} Unicast", "BGP router identifier 192.0.2.1, local AS number 64496",
                        "BGP table version is 5, main routing table version 5", "", heading, *held, "")
        )  # fmt: skip

    def tick(self) -> None:
        """Go back, if the time is over."""
        if self.pending is not None and time.monotonic() >= self.pending[0]:
            self.go_back()

    def go_back(self) -> None:
        """To the configuration that was in force when the timer began."""
        assert self.pending is not None
        self.running, self.pending = self.pending[2], None

    def reload(self) -> None:
        """As after a loss of power."""
        self.running, self.pending = deepcopy(self.startup), None

    def _one(self, path: list[str], line: str) -> tuple[list[str], str]:
        for depth in range(len(path), -1, -1):  # a line that a mode does not know is tried above it
            above = path[:depth]
            kind = _kind(above)
            negated = line.startswith("no ") and not _known(kind, line)
            plain = line.removeprefix("no ") if negated else line
            if any(re.fullmatch(one, plain) for one in SECTIONS.get(kind, ())):
                plain = plain.removesuffix(" unicast")
                if negated:
                    self._at(above).pop(plain, None)
                    return above, ""
                self._at(above).setdefault(plain, {})
                return [*above, plain], ""
            if _known(kind, plain) or (negated and any(re.match(one, f"{plain} ") for one in ("description ",))):
                return above, self._remove(above, plain) if negated else self._add(above, plain)
        return path, INVALID

    def _at(self, path: list[str]) -> Tree:
        branch = self.running
        for each in path:
            branch = branch[each]
        return branch

    def _add(self, above: list[str], line: str) -> str:
        branch, bgp = self._at(above), self._at(above[:1])
        try:
            line = _large(line)
        except ValueError:
            return INVALID
        neighbour = re.match(r"neighbor (\S+) (?!remote-as )", line)
        if neighbour and not any(one.startswith(f"neighbor {neighbour[1]} remote-as ") for one in bgp):
            return "% Specify remote-as or peer-group commands first"
        entry = re.match(r"(ip(?:v6)? prefix-list \S+ seq \d+) ", line)
        if entry and line not in branch and any(one.startswith(f"{entry[1]} ") for one in branch):
            return "%Insertion failed - prefix-list entry exists"
        same = next((one for one in ONE_OF if re.match(one, line)), None)
        if same is not None:
            key = re.match(same, line)
            old = [one for one in branch if (found := re.match(same, one)) and found.groups() == key.groups()]
            for one in old:
                del branch[one]
        branch[line] = None
        return ""

    def _remove(self, above: list[str], line: str) -> str:
        branch = self._at(above)
        line = _large(line)
        for one in [one for one in branch if one == line or one.startswith(f"{line} ")]:
            del branch[one]
        gone = re.match(r"neighbor (\S+) remote-as ", line)
        if gone:
            for part in (branch, *(child for child in branch.values() if child is not None)):
                for one in [one for one in part if one.startswith(f"neighbor {gone[1]} ")]:
                    del part[one]
        return ""


def _kind(path: list[str]) -> str:
    if not path:
        return ""
    found = [kind for kind in LINES if kind and path[-1].startswith(kind)]
    return max(found, key=len) if found else path[-1]


def _known(kind: str, line: str) -> bool:
    return any(re.fullmatch(one, line) for one in LINES.get(kind, ()))


def _large(line: str) -> str:
    """As IOS shows it: IPv6 in capitals. Raises ValueError for an address or a mask that is none."""
    if line.startswith(("description ", "username ")):
        return line
    line, told, described = line.partition(" description ")
    found = re.fullmatch(rf"ip address ({A4}) ({A4})(?: secondary)?", line)
    if found:
        ip_interface(f"{found[1]}/{found[2]}")
    for address in re.findall(rf"(?<![\w.])({A4})(?![\w.])", line):
        ip_address(address)
    return (
        re.sub(r"(?<![\w:])[0-9a-f]*:[0-9a-f:]*:[0-9a-f:]*", lambda one: one.group().upper(), line) + told + described
    )


def _rows(tree: Tree, depth: int = 0) -> Iterator[tuple[str, int]]:
    for line, below in tree.items():
        yield line, depth
        if below is not None:
            yield from _rows(below, depth + 1)
            if line.startswith("address-family"):
                yield "exit-address-family", depth + 1


def _hidden(line: str) -> str:
    """Passwords as `service password-encryption` shows them, by the salt 08."""
    found = re.fullmatch(r"(key|key-string|client \S+ server-key|l2tp tunnel password) (\S+)", line)
    if not found:
        return line
    key = b"dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fg87"
    octets = (one ^ key[(8 + rank) % len(key)] for rank, one in enumerate(found[2].encode()))
    return f"{found[1]} 7 08{''.join(f'{one:02X}' for one in octets)}"


class _Door(paramiko.ServerInterface):
    """Who may come in, and what they asked for."""

    def __init__(self, router: Router) -> None:
        self.router, self.asked, self.ready = router, "", threading.Event()

    def check_auth_password(self, username: str, password: str) -> int:
        known = (username, password) == (self.router.user, self.router.password)
        return paramiko.AUTH_SUCCESSFUL if known else paramiko.AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "password"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED if kind == "session" else paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_pty_request(self, *_: Any) -> bool:
        return True

    def check_channel_shell_request(self, channel: paramiko.Channel) -> bool:
        self.ready.set()
        return True

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        self.asked = command.decode()
        self.ready.set()
        return True


class Served:
    """A router on a port of the loopback, until it is closed."""

    def __init__(self, router: Router) -> None:
        self.router = router
        self.key = paramiko.ECDSAKey.generate()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._transports: list[paramiko.Transport] = []
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def host_key(self) -> str:
        """As in a file of known hosts."""
        return f"[127.0.0.1]:{self.port} {self.key.get_name()} {self.key.get_base64()}\n"

    def close(self) -> None:
        """End every connection."""
        self._closed = True
        self._listening.close()
        for transport in self._transports:
            transport.close()

    def _accept(self) -> None:
        while not self._closed:
            try:
                met, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(met,), daemon=True).start()

    def _serve(self, met: socket.socket) -> None:
        transport, door = paramiko.Transport(met), _Door(self.router)
        self._transports.append(transport)
        try:
            transport.add_server_key(self.key)
            transport.start_server(server=door)
            channel = transport.accept(20)
            if channel is not None and door.ready.wait(20):
                _take_file(self.router, channel, door.asked) if door.asked else _Line(self.router, channel).serve()
        except (EOFError, OSError, paramiko.SSHException):
            pass  # whoever called has gone
        finally:
            transport.close()


def _take_file(router: Router, channel: paramiko.Channel, asked: str) -> None:
    """`scp -t flash:/name`."""
    name = asked.split()[-1].partition(":")[2].strip("/'\"")
    channel.sendall(b"\0")
    head = b""
    while not head.endswith(b"\n"):
        head += channel.recv(1)
    size = int(head.split()[1])
    channel.sendall(b"\0")
    body = b""
    while len(body) < size + 1:
        body += channel.recv(size + 1 - len(body))
    with router.lock:
        router.flash[name] = body[:-1]
    channel.sendall(b"\0")
    channel.send_exit_status(0)
    channel.close()


class _Line:
    """One command line."""

    def __init__(self, router: Router, channel: paramiko.Channel) -> None:
        self.router, self.channel, self.mode = router, channel, ""

    def serve(self) -> None:
        self._say("")
        pending = b""
        while chunk := self.channel.recv(4096):
            pending += chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            while b"\n" in pending:
                row, _, pending = pending.partition(b"\n")
                line = row.decode(errors="replace").strip("\0 ")
                if line == "exit" and not self.mode:
                    return
                with self.router.lock:
                    self.router.tick()
                    said = self._answer(line)
                self.channel.sendall(f"{line}\r\n".encode())
                self._say(said)

    def _say(self, said: str) -> None:
        self.channel.sendall((f"{said}\r\n" if said else "").encode() + f"router{self.mode}#".encode())

    def _answer(self, line: str) -> str:  # noqa: C901 - a case for each command
        router = self.router
        if self.mode:
            if line in ("end", "exit"):
                self.mode = ""
                return ""
            return "\r\n".join(router.typed(line))
        match line.split():
            case [] | ["terminal", *_]:
                return ""
            case ["show", "running-config", "|", "inc", *words]:
                return "\r\n".join(row for row in router.shown().splitlines() if " ".join(words) in row)
            case ["show", "running-config"]:
                return router.shown()
            case ["show", "bgp", "all", "summary"]:
                return router.bgp()
            case ["show", "archive"]:
                return (
                    "The maximum archive configurations allowed is 10."
                    if router.archives
                    else "Archive feature not enabled"
                )
            case ["show", "archive", "config", "rollback", "timer"]:
                return self._timer()
            case ["dir", *where]:
                return self._dir(where)
            case ["verify", "/md5", path]:
                return f"verify /md5 ({path}) = {md5(router.flash[_name(path)], usedforsecurity=False).hexdigest()}"
            case ["write", "mem"]:
                router.startup = deepcopy(router.running)
                return "Building configuration...\r\n[OK]"
            case ["delete", "/force", path]:
                router.flash.pop(_name(path), None)
                return ""
            case ["copy", *paths]:
                return self._copy(*paths)
            case ["configure", *words]:
                return self._configure(words)
        return INVALID

    def _configure(self, words: list[str]) -> str:
        router = self.router
        match words:
            case ["terminal"]:
                self.mode = "(config)"
                return "Enter configuration commands, one per line.  End with CNTL/Z."
            case ["terminal", "revert", "timer", minutes]:
                saved = deepcopy(router.running)
                router.pending = (time.monotonic() + int(minutes) * router.minute, int(minutes), saved)
                self.mode = "(config)"
                return "Rollback Confirmed Change: Backing up current running config to flash:"
            case ["confirm"]:
                router.pending = None
                return ""
            case ["revert", "now"]:
                router.go_back()
                return "Total number of passes: 1\r\nRollback Done"
        return INVALID

    def _copy(self, source: str, target: str) -> str:
        router = self.router
        if source == "running-config":
            router.flash[_name(target)] = router.shown().encode()
        elif target == "running-config":
            return "\r\n".join([*router.typed(router.flash[_name(source)].decode()), "1234 bytes copied in 0.1 secs"])
        elif source == "null:":
            router.flash[_name(target)] = b""
        return "1234 bytes copied in 0.1 secs"

    def _dir(self, where: list[str]) -> str:
        path = where[0] if where else "flash:/"
        name = _name(path)
        if name and name not in self.router.flash:
            return f"%Error opening {path} (No such file or directory)"
        rows = [
            f"   33  -rw-  {len(octets)}  Dec 18 2025 10:50:22 +00:00  {one}"
            for one, octets in self.router.flash.items() if not name or one == name
        ]  # fmt: skip
        return "\r\n".join([f"Directory of {path}", "", *rows, "", "2142715904 bytes total (1989595136 bytes free)"])

    def _timer(self) -> str:
        pending = self.router.pending
        if pending is None:
            return "%No Rollback Confirmed Change pending"
        return (
            f"Time configured(UTC): 13:02:00 UTC Sun Nov 22 2026\r\nTimer type: absolute timer\r\n"
            f"Timer value: {pending[1]} min\r\nUser: {self.router.user}"
        )


def _name(path: str) -> str:
    return path.partition(":")[2].strip("/")
