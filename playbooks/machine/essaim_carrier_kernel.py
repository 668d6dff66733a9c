"""The kernel of this machine, for the carrier (`essaim_carrier.py`): netlink by pyroute2, and nft for marks.

What is asked and said is the same with pyroute2 0.7.2, which Debian 12 has, and with 0.9.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_interface, ip_network
from pathlib import Path
from typing import Any

from essaim_carrier_document import KINDS, WAYS, Address, Class, Mark, Queue, Route, Rule, State
from essaim_carrier_plan import Absent, Held, Refused, Step

PROTOCOL = 229
"""Of routes and rules that are ours; no daemon of Debian's has it (/etc/iproute2/rt_protos)."""
QUEUE = 0xE50000
TABLE = "essaim_carrier"
SECONDS = 60
LEAST_PACKETS = 10
STRAY = Mark("", "source", "::/0", "L0000")
"""A packet of nobody's: our table is not as we write it, and has to be written again."""

_ROOT = 0xFFFFFFFF
_UP = 1
_LOCAL_SCOPE = 253
_NO_SUPPRESSION = 0xFFFFFFFF
_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
_GONE = frozenset({errno.ENOENT, errno.ESRCH, errno.ENODEV, errno.EADDRNOTAVAIL, errno.EINVAL})
"""What the kernel says of something that is no longer there."""
_ANY = {4: "0.0.0.0", 6: "::"}  # noqa: S104 - where a prefix begins


class Kernel:
    """The kernel whose network namespace we are in. Raises ImportError where pyroute2 is missing."""

    def __init__(self, memory: Path) -> None:
        from pyroute2 import IPRoute

        self._memory = memory / "addresses"
        # So that the kernel itself leaves out a full table's routes, which are not ours.
        self._link = IPRoute(strict_check=True)
        getattr(self._link, "status", {}).setdefault("nlm_generator", False)  # 0.9 asks itself for it
        self._names: dict[int, str] = {}
        self._indices: dict[str, int] = {}
        self._in_turn = True

    def __enter__(self) -> Kernel:
        return self

    def __exit__(self, *_: object) -> None:
        self._link.close()

    def held(self) -> Held:
        """What there is."""
        links = list(self._link.get_links())
        self._names = {one["index"]: one.get_attr("IFLA_IFNAME") for one in links}
        self._indices = {name: index for index, name in self._names.items()}
        every, mine = frozenset(self._addresses()), self.remembered()
        every_queue = list(self._link.get_qdiscs())
        roots = [one for one in every_queue if one["parent"] == _ROOT and one["handle"]]
        waiting = {(one["index"], one["parent"]) for one in every_queue}
        queues = frozenset(Queue(self._names[one["index"]]) for one in roots if _is_ours(one))
        lacks = frozenset() if shutil.which("nft") else frozenset({"nft"})
        busy = frozenset(self._names[one["index"]] for one in roots if not _is_ours(one))
        ours = State(
            every & mine,
            frozenset(self._routes()),
            frozenset(self._rules()),
            queues,
            frozenset(one for queue in queues for one in self._classes(queue.interface, waiting)),
            frozenset(marks()),
        )
        down = frozenset(self._names[one["index"]] for one in links if not one["flags"] & _UP)
        return Held(ours, every - mine, frozenset(self._indices), down, busy, lacks)

    def remember(self, addresses: Iterable[Address]) -> None:
        """Those that are ours, from now until the machine stops."""
        self._memory.parent.mkdir(mode=0o700, exist_ok=True)
        beside = self._memory.with_name(f".addresses-{os.getpid()}")
        beside.write_text(json.dumps([[one.interface, one.address] for one in sorted(addresses)]))
        beside.rename(self._memory)

    def remembered(self) -> frozenset[Address]:
        """Those that are."""
        if not self._memory.exists():
            return frozenset()
        return frozenset(Address(*each) for each in json.loads(self._memory.read_text()))

    def do(self, step: Step) -> None:
        """One thing. Raises Absent, Refused."""
        from pyroute2.netlink.exceptions import NetlinkError

        try:
            self._do(step)
        except NetlinkError as failed:
            if step.verb == "remove" and failed.code in _GONE:
                return
            if isinstance(step.item, Queue) and failed.code in (errno.ENOENT, errno.EOPNOTSUPP):
                raise Absent("htb") from failed
            raise Refused(_why(failed.code)) from failed

    def _do(self, step: Step) -> None:
        match step.item:
            case str(name):
                self._link.link("set", index=self._indices[name], state="up")
            case Address() as one:
                if step.verb == "remove":
                    _keep_neighbours(one)
                self._link.addr(_verb(step), **self._placed(one))
            case Route() as one:
                self._link.route(_verb(step), **self._routed(one))
            case Rule() as one:
                self._link.rule(_verb(step), **_ruled(one))
            case Queue() as one:
                self._queue(step.verb, self._indices[one.interface])
            case Class() as one:
                self._class(step.verb, self._indices[one.interface], one)
            case frozenset() as each:
                mark(each)

    # ------------------------------------------------------------------------------------ addresses, routes, rules

    def _addresses(self) -> Iterator[Address]:
        for one in self._link.get_addr():
            if one["scope"] < _LOCAL_SCOPE:
                # Of a tunnel's ends IFA_ADDRESS is the far one.
                own = one.get_attr("IFA_LOCAL") or one.get_attr("IFA_ADDRESS")
                yield Address(self._names[one["index"]], str(ip_interface(f"{own}/{one['prefixlen']}")))

    def _placed(self, one: Address) -> Mapping[str, Any]:
        here = ip_interface(one.address)
        return {
            "index": self._indices[one.interface],
            "family": _FAMILIES[here.version],
            "address": str(here.ip),
            "prefixlen": here.network.prefixlen,
        }

    def _routes(self) -> Iterator[Route]:
        kinds = {number: name for name, number in KINDS.items()}
        for version, family in _FAMILIES.items():
            for one in self._dumped(family):
                if one["proto"] == PROTOCOL and one["type"] in kinds:
                    kind, via = kinds[one["type"]], one.get_attr("RTA_GATEWAY")
                    to = one.get_attr("RTA_DST") or _ANY[version]
                    leads = (via or "", self._names.get(one.get_attr("RTA_OIF"), "")) if kind == "unicast" else ()
                    table, metric = one.get_attr("RTA_TABLE"), one.get_attr("RTA_PRIORITY") or 0
                    yield Route(str(ip_network(f"{to}/{one['dst_len']}")), kind, table, metric, *leads)

    def _dumped(self, family: int) -> Iterable[Any]:
        from pyroute2.netlink import NLM_F_DUMP, NLM_F_REQUEST
        from pyroute2.netlink.rtnl import RTM_GETROUTE
        from pyroute2.netlink.rtnl.rtmsg import rtmsg

        asked = rtmsg()
        asked["family"], asked["proto"] = family, PROTOCOL
        found: Iterable[Any] = self._link.nlm_request(
            asked, msg_type=RTM_GETROUTE, msg_flags=NLM_F_REQUEST | NLM_F_DUMP
        )
        return found

    def _routed(self, one: Route) -> Mapping[str, Any]:
        leads = {"gateway": one.via, "oif": self._indices[one.interface]} if one.kind == "unicast" else {}
        return {
            "dst": one.to,
            "family": _FAMILIES[ip_network(one.to).version],
            "type": one.kind,
            "table": one.table,
            "priority": one.metric,
            "proto": PROTOCOL,
            **leads,
        }

    def _rules(self) -> Iterator[Rule]:
        for version, family in _FAMILIES.items():
            for one in self._link.get_rules(family=family):
                if one.get_attr("FRA_PROTOCOL") == PROTOCOL:
                    start = one.get_attr("FRA_SRC") or _ANY[version]
                    suppressed = one.get_attr("FRA_SUPPRESS_PREFIXLEN")
                    source, table = str(ip_network(f"{start}/{one['src_len']}")), one.get_attr("FRA_TABLE")
                    yield Rule(one.get_attr("FRA_PRIORITY") or 0, source, table, suppressed == 0)

    # --------------------------------------------------------------------------------------------------- rates

    def _classes(self, interface: str, waiting: set[tuple[int, int]]) -> Iterator[Class]:
        index = self._indices[interface]
        for one in self._link.get_classes(index=index):
            said = one.get_attr("TCA_OPTIONS")
            if one["handle"] & 0xFFFF0000 == QUEUE and said is not None:
                rate = said.get_attr("TCA_HTB_PARMS")["rate"]
                # One that was cut short before it was told how packets wait has no rate yet.
                kbit = rate * 8 // 1000 if (index, one["handle"]) in waiting else 0
                yield Class(interface, _line(one["handle"]), kbit)

    def _queue(self, verb: str, index: int) -> None:
        if verb == "remove":
            self._link.tc("del", index=index, handle=QUEUE, parent=_ROOT)
        else:
            self._link.tc("add", "htb", index, QUEUE, default=0)

    def _class(self, verb: str, index: int, one: Class) -> None:
        handle = QUEUE | int(one.line[1:])
        if verb == "remove":
            self._link.tc("del-class", index=index, handle=handle)
            return
        octets = one.kbit * 125
        shape = {
            "rate": f"{one.kbit}kbit",
            "burst": max(octets // 100, 3200),
            "quantum": min(max(octets // 10, 1600), 60000),
        }
        self._link.tc(f"{verb}-class", "htb", index, handle, parent=QUEUE, **shape)
        self._wait(index, handle, one.kbit)

    def _wait(self, index: int, handle: int, kbit: int) -> None:
        """How packets of a line wait: its flows in turn (fq_codel, RFC 8290) where the kernel has that.

        Else first come, first served, and for a tenth of a second at most: with the kernel's own thousand packets,
        nothing else of a slow line would get through for many seconds.
        """
        from pyroute2.netlink.exceptions import NetlinkError

        try:
            if self._in_turn:
                self._link.tc("replace", "fq_codel", index, 0, parent=handle)
        except NetlinkError as failed:
            if failed.code not in (errno.ENOENT, errno.EOPNOTSUPP):
                raise
            self._in_turn = False
        if not self._in_turn:
            self._link.tc("replace", "pfifo", index, 0, parent=handle, limit=max(kbit // 10 // 12, LEAST_PACKETS))


def _keep_neighbours(one: Address) -> None:
    """Let an IPv4 address not take along those of its network that came after it: systemd's own default."""
    if ip_interface(one.address).version == 4:
        Path("/proc/sys/net/ipv4/conf", one.interface, "promote_secondaries").write_text("1")


def marks() -> Iterator[Mark]:
    """Which packets go to which line, by our table; `STRAY` where somebody put other rules into it."""
    if shutil.which("nft") is None:
        return
    done = subprocess.run(
        ["nft", "-j", "list", "table", "inet", TABLE],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    if done.returncode:
        return
    listed = json.loads(done.stdout)["nftables"]
    maps, rules = ([one[kind] for one in listed if kind in one] for kind in ("map", "rule"))
    if len(maps) != len(rules):
        yield STRAY
    for each in maps:
        match, _, rest = each["name"].partition("_")
        interface = rest.rpartition("_")[0]
        for prefix, number in each.get("elem", []):
            yield Mark(interface, match, _prefix(prefix), _line(int(number.partition(":")[2], 16)))


def mark(wanted: Iterable[Mark]) -> None:
    """Have our table say this and nothing else, in one transaction. Raises Refused."""
    held: dict[tuple[str, str, int], list[Mark]] = defaultdict(list)
    for one in wanted:
        held[one.match, one.interface, ip_network(one.prefix).version].append(one)
    done = subprocess.run(
        ["nft", "-f", "-"],
        input=f"table inet {TABLE}\ndelete table inet {TABLE}\n" + (_table(held) if held else ""),
        capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    if done.returncode:
        raise Refused(" / ".join(done.stderr.strip().splitlines()[:1]))


def _table(held: Mapping[tuple[str, str, int], list[Mark]]) -> str:
    maps, rules = [], []
    for (match, interface, version), each in sorted(held.items()):
        name, family = f"{match}_{interface}_v{version}", "ip" if version == 4 else "ip6"
        rows = ", ".join(f"{one.prefix} : {QUEUE >> 16:x}:{int(one.line[1:]):x}" for one in sorted(each))
        maps.append(f"map {name} {{ type ipv{version}_addr : classid; flags interval; elements = {{ {rows} }}; }}")
        rules.append(f'oifname "{interface}" meta priority set {family} {WAYS[match]} map @{name}')
    chain = "\n".join(("type filter hook postrouting priority mangle;", *rules))
    return f"table inet {TABLE} {{\n" + "\n".join(maps) + f"\nchain lines {{\n{chain}\n}}\n}}\n"


def _is_ours(queue: Any) -> bool:
    return bool(queue["handle"] == QUEUE and queue.get_attr("TCA_KIND") == "htb")


def _prefix(said: Any) -> str:
    """As nft says it: an address alone has no length."""
    if isinstance(said, dict):
        return f"{said['prefix']['addr']}/{said['prefix']['len']}"
    return str(ip_network(said))


def _line(handle: int) -> str:
    return f"L{handle & 0xFFFF:04d}"


def _verb(step: Step) -> str:
    return {"remove": "del"}.get(step.verb, step.verb)


def _ruled(one: Rule) -> Mapping[str, Any]:
    source = ip_network(one.source)
    return {
        "family": _FAMILIES[source.version],
        "src": str(source.network_address),
        "src_len": source.prefixlen,
        "table": one.table,
        "priority": one.priority,
        "protocol": PROTOCOL,
        **({"FRA_SUPPRESS_PREFIXLEN": 0} if one.but_default else {}),
    }


def _why(code: int) -> str:
    return "somebody else holds it" if code == errno.EEXIST else os.strerror(code)
