# ruff: noqa: E501 - menus are read by columns
"""A router that answers as RouterOS 7 does to what napalm-ros asks: the API over TLS, files, `/import` with its dry
run, `/export verbose`, backups, a scheduler whose job loads one, and the reboot that this takes.

It is written from MikroTik's documents and from what napalm-ros expects, not from the code that it is there to try: it
reads a script by itself, and refuses a menu, a setting or a value that it does not know. It is no RouterOS.
"""

from __future__ import annotations

import re
import shlex
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_interface, ip_network
from pathlib import Path
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Row: TypeAlias = dict[str, str]
Menus: TypeAlias = dict[str, list[Row]]

BGP = "/routing bgp connection"
BOOTS = 0.3
"""Seconds that a reboot takes."""
ROWS = {
    "/ip address": "address interface comment disabled network",
    "/ipv6 address": "address interface advertise comment disabled eui-64",
    "/ip route": "dst-address gateway distance blackhole comment disabled routing-table",
    "/ipv6 route": "dst-address gateway distance blackhole comment disabled routing-table",
    "/routing rpki": "group address port preference comment disabled",
    "/routing filter num-list": "list range comment disabled",
    "/routing filter rule": "chain rule comment disabled",
    "/routing ospf instance": "name version router-id redistribute out-filter-chain originate-default comment disabled",
    "/routing ospf area": "name instance area-id comment disabled",
    "/routing ospf interface-template": "area interfaces cost hello-interval dead-interval type passive auth auth-id auth-key comment disabled",
    "/routing bgp instance": "name as router-id comment disabled",
    "/routing bgp connection": (
        "name instance address-families local.role local.address remote.address remote.as input.filter nexthop-choice "
        "input.limit-process-routes-ipv4 input.limit-process-routes-ipv6 output.filter-chain output.network hold-time "
        "keepalive-time comment disabled"
    ),
    "/ip firewall address-list": "list address comment disabled",
    "/ipv6 firewall address-list": "list address comment disabled",
    "/ipv6 firewall raw": "chain action in-interface src-address-list comment disabled",
    "/radius": "service address secret authentication-port accounting-port timeout comment disabled",
    "/ppp profile": "name local-address use-ipv6 change-tcp-mss use-encryption use-compression only-one comment",
    "/ppp l2tp-secret": "address secret comment",
    "/user": "name group comment",
}
"""Menus of rows, and what a row there may say."""
ONES: dict[str, Row] = {
    "/radius incoming": {"accept": "no", "port": "3799"},
    "/ppp aaa": {"accounting": "yes", "interim-update": "0s", "use-radius": "no"},
    "/interface l2tp-server server": {
        "authentication": "pap,chap,mschap1,mschap2", "default-profile": "default-encryption", "enabled": "no",
        "keepalive-timeout": "30", "max-mru": "1450", "max-mtu": "1450", "use-ipsec": "no",
    },
    "/ip settings": {"rp-filter": "no"},
    "/system identity": {"name": "MikroTik"},
}  # fmt: skip
"""Of what there is one of: what it says at first."""


class Trap(Exception):
    """The router says no."""


class Router:
    """What the router holds; `speakers` would speak BGP with it, by address, each with their own AS number."""

    def __init__(self, user: str, password: str, script: str) -> None:
        self.user, self.password = user, password
        self.menus: Menus = {menu: [] for menu in ROWS} | {menu: [dict(one)] for menu, one in ONES.items()}
        self.files: dict[str, str] = {}
        self.backups: dict[str, Menus] = {}
        self.jobs: list[tuple[Row, float]] = []
        self.down_until, self.boots = 0.0, 0
        self.asked: list[str] = []
        self.speakers: dict[str, int] = {}
        self.breaks_at = ""
        self.lock = threading.RLock()
        self.run(script)

    def tick(self) -> None:
        """Run the job whose time has come."""
        for job, due in self.jobs:
            if time.monotonic() >= due:
                name = re.search(r'name="?([\w./-]+)', job["on-event"])
                assert name is not None
                self.load(name[1])
                return

    def load(self, name: str) -> None:
        """Load a backup, and boot: jobs are in it as they were when it was saved."""
        self.menus, self.jobs = deepcopy(self.backups[name]), []
        self.down_until, self.boots = time.monotonic() + BOOTS, self.boots + 1

    def run(self, script: str, *, dry: bool = False) -> None:
        """Run a script, row by row: what stood before a row that fails stays done. A dry run reads it alone."""
        for number, line in enumerate(script.splitlines(), start=1):
            if not line.strip() or line.startswith("#"):
                continue
            try:
                menu, verb, where, settings = _read(line)
                if menu not in self.menus or verb not in ("add", "set", "remove"):
                    raise Trap("bad command name")
                if not dry:
                    self._do(menu, verb, where, settings)
            except (Trap, ValueError) as wrong:
                raise Trap(f"{wrong} (line {number} column 1)") from wrong

    def export(self) -> str:
        """Everything, as `/export verbose terse show-sensitive` writes it."""
        rows = ["# 2026-11-22 14:02:00 by RouterOS 7.20.2", "# software id = AAAA-AAAA"]
        for menu, held in self.menus.items():
            for row in held:
                verb = "set" if menu in ONES else "add"
                rows.append(f"{menu} {verb} {' '.join(_written(menu, row))}")
        return "\r\n".join([*rows, ""])

    def _do(self, menu: str, verb: str, where: Row | None, settings: Row) -> None:
        held = self.menus[menu]
        place = settings.pop("place-before", "")
        allowed = ROWS[menu].split() if menu in ROWS else list(ONES[menu])
        for name, value in settings.items():
            if name not in allowed:
                raise Trap(f"unknown parameter {name}")
            _check(menu, name, value)
        found = [row for row in held if where is None or all(row.get(name, "") == said for name, said in where.items())]
        if verb == "remove":
            self.menus[menu] = [row for row in held if row not in found]
        elif verb == "set":
            for row in found:
                row.update(settings)
        else:
            self._add(menu, settings, place)

    def _add(self, menu: str, settings: Row, place: str) -> None:
        held = self.menus[menu]
        if menu in ("/ip address", "/ipv6 address") and any(row["address"] == settings["address"] for row in held):
            raise Trap("failure: already have such address")
        if "name" in settings and any(row["name"] == settings["name"] for row in held):
            raise Trap("failure: name already used")
        row = {"disabled": "no", **settings} if "disabled" in ROWS[menu].split() else dict(settings)
        rank = len(held)
        if place:
            before = _asked(place)
            ranks = [rank for rank, one in enumerate(held) if before.items() <= one.items()]
            if not ranks:
                raise Trap("no such item")
            rank = ranks[0]
        held.insert(rank, row)


def _check(menu: str, name: str, value: str) -> None:
    """Raises ValueError, Trap."""
    if name in ("address", "remote.address") and menu.endswith(" address"):
        ip_interface(value)
    elif name in ("dst-address", "remote.address") or (name == "address" and menu.endswith("address-list")):
        ip_network(value)
    elif name == "rule" and not re.fullmatch(
        r"(?:if \(.+\) \{ (?:[^;{}]+; )+\}|rpki-verify \w+|accept;|reject;)", value
    ):
        raise Trap("wrong rule")
    elif name in ("distance", "cost", "port") and not value.isdecimal():
        raise Trap(f"invalid value for argument {name}")


def _read(line: str) -> tuple[str, str, Row | None, Row]:
    """A row of a script. Raises ValueError."""
    where: Row | None = None
    place = ""
    found = re.search(r" place-before=(\[.*?\])$", line)
    if found:
        place, line = found[1], line[: found.start()]
    found = re.match(r"(/[a-z0-9 -]+? (?:set|remove)) (\[find where .*?\](?= |$))", line)
    if found:
        where, line = _asked(found[2]), f"{found[1]}{line[found.end() :]}"
    head = re.match(r"(/[a-z0-9 -]+?) (add|set|remove)(?= |$)(.*)", line)
    if not head:
        raise Trap("syntax error")
    settings = dict(_settings(head[3]))
    return head[1], head[2], where, settings | ({"place-before": place} if place else {})


def _asked(text: str) -> Row:
    return dict(_settings(text[len("[find where ") : -1].replace(" and ", " ")))


def _settings(text: str) -> Iterator[tuple[str, str]]:
    """`name=value` and `name="value"`, with RouterOS' escapes; a word alone is a flag, `!word` unsets it."""
    place = 0
    form = re.compile(
        r'\s*([a-z0-9.-]+)=(?:"((?:[^"\\$]|\\.)*)"|([^\s"$;{}\\]*))(?=\s|$)|\s*(!?)([a-z0-9-]+)(?=\s|$)|\s*$'
    )
    while place < len(text):
        found = form.match(text, place)
        if not found or found.end() == place:
            raise Trap(f"syntax error near {text[place : place + 20]!r}")
        name, quoted, plain, unset, flag = found.groups()
        if name is not None:
            yield name, plain if quoted is None else _unescaped(quoted)
        elif flag is not None:
            yield flag, "" if unset else "yes"
        place = found.end()


def _unescaped(text: str) -> str:
    octets = re.sub(
        rb'\\([0-9A-F]{2}|["\\$?nrt_])',
        lambda one: bytes([int(one[1], 16)]) if len(one[1]) == 2 else
        {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"_": b" "}.get(one[1], one[1]),
        text.encode(),
    )  # fmt: skip
    return octets.decode()


def _written(menu: str, row: Row) -> Iterator[str]:
    """As an export writes a row: by the alphabet, groups shortened, flags alone, what is not plain in quotes."""
    group = ""
    for name, value in sorted(row.items()):
        said, dot, last = name.partition(".")
        shown = f".{last}" if dot and said == group else name
        group = said if dot else group
        if name in ("blackhole", "passive"):
            yield name if value else f"!{name}"
        elif re.fullmatch(r"[A-Za-z0-9_.:/,*!-]+", value):
            yield f"{shown}={value}"
        else:
            plain = "".join(f"\\{one}" if one in '"\\$' else one for one in value)
            yield f'{shown}="{plain if plain.isascii() else _octets(plain)}"'
    if menu == "/ip address":
        yield f"network={ip_interface(row['address']).network.network_address}"


def _octets(text: str) -> str:
    return "".join(one if one.isascii() else "".join(f"\\{octet:02X}" for octet in one.encode()) for one in text)


class Served:
    """A router's API on a port of the loopback, over TLS, until it is closed."""

    def __init__(self, router: Router, folder: Path) -> None:
        self.router = router
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.fingerprint = _certified(self._context, folder)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._met: list[socket.socket] = []
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """End every connection."""
        self._closed = True
        self._listening.close()
        for met in self._met:
            met.close()

    def _accept(self) -> None:
        while not self._closed:
            try:
                met, _ = self._listening.accept()
            except OSError:
                return
            with self.router.lock:
                self.router.tick()
            time.sleep(max(0.0, self.router.down_until - time.monotonic()))  # who calls while it boots waits
            threading.Thread(target=self._serve, args=(met,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        try:
            with self._context.wrap_socket(plain, server_side=True) as met:
                self._met.append(met)
                _Talk(self.router, met).serve()
        except OSError:
            pass  # whoever called has gone


class _Talk:
    """One connection of the API: sentences of words, each with its length before it."""

    def __init__(self, router: Router, met: socket.socket) -> None:
        self.router, self.met, self.known = router, met, False
        self.answers: dict[str, Callable[[Row, list[str]], list[Row]]] = {
            "/system/package/update/print": lambda said, asked: [{"installed-version": "7.20.2"}],
            "/system/resource/print": lambda said, asked: [{"version": "7.20.2 (stable)"}],
            "/routing/bgp/session/print": self._sessions,
            "/export": self._export,
            "/import": self._import,
            "/file/print": self._files,
            "/file/read": self._contents,
            "/file/add": self._new_file,
            "/file/remove": self._no_file,
            "/system/backup/save": self._save,
            "/system/backup/load": self._load,
            "/system/scheduler/print": self._jobs,
            "/system/scheduler/add": self._job,
            "/system/scheduler/remove": self._no_job,
        }

    def serve(self) -> None:
        while words := list(self._words()):
            command, said = words[0], dict(one[1:].split("=", 1) for one in words[1:] if one.startswith("="))
            asked = [one[1:] for one in words[1:] if one.startswith("?")]
            boots = self.router.boots
            with self.router.lock:
                self.router.tick()
                if self.router.boots != boots:
                    return
                self.router.asked.append(command)
                try:
                    rows = self._answer(command, said, asked)
                except Trap as no:
                    self._say("!trap", f"=message={no}")
                    self._say("!done")
                    continue
            if self.router.boots != boots or (command == self.router.breaks_at and "dry-run" not in said):
                return
            for row in rows:
                self._say("!re", *(f"={name}={value}" for name, value in row.items()))
            self._say("!done")

    def _answer(self, command: str, said: Row, asked: list[str]) -> list[Row]:
        if command == "/login":
            self.known = (said.get("name"), said.get("password")) == (self.router.user, self.router.password)
            if not self.known:
                raise Trap("invalid user name or password (6)")
            return []
        if not self.known:
            raise Trap("not logged in")
        if command not in self.answers:
            raise Trap("no such command")
        return self.answers[command](said, asked)

    def _sessions(self, said: Row, asked: list[str]) -> list[Row]:
        """A row for each connection that was answered; those whose AS number is not the neighbour's do not stand."""
        rows = []
        for one in self.router.menus[BGP]:
            there = one["remote.address"].partition("/")[0]
            number = self.router.speakers.get(there)
            if number is not None and one.get("disabled") != "yes":
                up = {"established": "true", "prefix-count": "3"} if str(number) == one["remote.as"] else {}
                rows.append({"name": f"{one['name']}-1", "remote.address": there, "remote.as": str(number), **up})
        return rows

    def _export(self, said: Row, asked: list[str]) -> list[Row]:
        assert {"verbose", "terse", "show-sensitive"} <= said.keys()
        self.router.files[f"{said['file']}.rsc"] = self.router.export()
        return []

    def _import(self, said: Row, asked: list[str]) -> list[Row]:
        self.router.run(self.router.files[said["file-name"]], dry="dry-run" in said)
        return []

    def _files(self, said: Row, asked: list[str]) -> list[Row]:
        held = {**self.router.files, **{f"{name}.backup": "…" for name in self.router.backups}}
        rows = [{".id": f"*{rank}", "name": name, "size": str(len(text.encode()))} for rank, (name, text) in
                enumerate(held.items())]  # fmt: skip
        return [row for row in rows if f"=name={row['name']}" in asked]

    def _contents(self, said: Row, asked: list[str]) -> list[Row]:
        octets = self.router.files[said["file"]].encode()
        start = int(said["offset"])
        return [{"data": octets[start : start + int(said["chunk-size"])].decode()}]

    def _new_file(self, said: Row, asked: list[str]) -> list[Row]:
        self.router.files[said["name"]] = said["contents"]
        return []

    def _no_file(self, said: Row, asked: list[str]) -> list[Row]:
        names = [*self.router.files, *(f"{name}.backup" for name in self.router.backups)]
        for each in said[".id"].split(","):
            name = names[int(each[1:])]
            self.router.files.pop(name, None)
            self.router.backups.pop(name.removesuffix(".backup"), None)
        return []

    def _save(self, said: Row, asked: list[str]) -> list[Row]:
        self.router.backups[said["name"]] = deepcopy(self.router.menus)
        return []

    def _load(self, said: Row, asked: list[str]) -> list[Row]:
        self.router.load(said["name"])
        return []

    def _jobs(self, said: Row, asked: list[str]) -> list[Row]:
        return [{".id": f"*{rank}", "name": job["name"]} for rank, (job, _) in enumerate(self.router.jobs)
                if f"=name={job['name']}" in asked]  # fmt: skip

    def _job(self, said: Row, asked: list[str]) -> list[Row]:
        assert shlex.split(said["on-event"])[:3] == ["/system", "backup", "load"]
        self.router.jobs.append((said, time.monotonic() + int(said["interval"].removesuffix("s"))))
        return []

    def _no_job(self, said: Row, asked: list[str]) -> list[Row]:
        self.router.jobs = []
        return []

    def _words(self) -> Iterator[str]:
        while length := self._length():
            yield self._take(length).decode(errors="replace")

    def _length(self) -> int:
        first = self._take(1)
        if not first:
            return 0
        size = next(rank for rank, limit in enumerate((0x80, 0xC0, 0xE0, 0xF0)) if first[0] < limit)
        marks = (0, 0x80, 0xC0, 0xE0)
        return int.from_bytes(bytes([first[0] & ~marks[size] & 0xFF]) + self._take(size), "big")

    def _take(self, count: int) -> bytes:
        octets = b""
        while len(octets) < count:
            more = self.met.recv(count - len(octets))
            if not more:
                return b""
            octets += more
        return octets

    def _say(self, *words: str) -> None:
        sentence = b""
        for word in words:
            octets = word.encode()
            length = len(octets)
            size = next(rank for rank, limit in enumerate((0x80, 0x4000, 0x200000, 0x10000000)) if length < limit)
            sentence += (length | (0, 0x8000, 0xC00000, 0xE0000000)[size]).to_bytes(size + 1, "big") + octets
        self.met.sendall(sentence + b"\0")


def _certified(context: ssl.SSLContext, folder: Path) -> str:
    """A certificate that nobody signed; its SHA-256 in hexadecimal."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "router")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(7).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "certificate").write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context.load_cert_chain(folder / "certificate")
    return sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()
