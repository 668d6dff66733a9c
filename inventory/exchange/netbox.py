"""What NetBox 4 exports as CSV: prefixes, IP addresses, tenants, devices, circuits, each known by its header.

Headings are those of its tables, as "Export › All data" writes them (`verbose_name`s of netbox/ipam/tables/ip.py,
netbox/tenancy/tables/tenants.py, netbox/dcim/tables/devices.py, netbox/circuits/tables/circuits.py), or the field names
of its import forms (netbox/*/forms/bulk_import.py): NetBox, github.com/netbox-community/netbox.

A tenant is a member. The outermost prefixes that are no containers become pools; what lies within is held by its
tenant's one line, or put aside. A circuit with a tenant is a line, of the offer that bears the name of its type.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from foundation.speech import Phrase
from inventory.exchange.cells import Cells, Order, columns_of, rows_of, synonyms
from inventory.exchange.records import (
    AddressRecord,
    DeviceRecord,
    LineRecord,
    MemberRecord,
    Place,
    PrefixRecord,
    Reading,
    Record,
    Ref,
    ShareRecord,
    SiteRecord,
)
from inventory.exchange.tables import Table, read_csv
from inventory.models.addresses import BlockState, IPNetwork
from inventory.models.devices import DeviceRole
from inventory.models.lines import LineState
from inventory.models.people import MemberStatus

SOURCE: Final = "netbox"

_TENANTS: Final = {"name": ""}
_PREFIXES: Final = {
    "prefix": "", "status": "", "tenant": "", "vrf": "", "role": "", "site": "scope", "description": "",
}  # fmt: skip
_ADDRESSES: Final = {
    "address": "ip address", "status": "", "tenant": "", "vrf": "", "role": "", "description": "",
    "dns_name": "dns name", "device": "parent|device/vm", "interface": "",
}  # fmt: skip
_DEVICES: Final = {
    "name": "", "status": "", "tenant": "", "site": "", "role": "device role", "platform": "", "device_type": "type",
    "manufacturer": "", "serial": "serial number", "description": "", "primary_ip": "ip address|primary ip",
}  # fmt: skip
_CIRCUITS: Final = {
    "cid": "circuit id", "provider": "", "type": "circuit type", "status": "", "tenant": "",
    "install_date": "installed|install date", "termination_date": "terminates|termination date",
}  # fmt: skip
_STATES: Final = {
    "planned": LineState.REQUESTED, "provisioning": LineState.ORDERED, "active": LineState.ACTIVE,
    "offline": LineState.SUSPENDED, "deprovisioning": LineState.CLOSING, "decommissioned": LineState.CLOSED,
}  # fmt: skip
_ROLE_WORDS: Final = {
    DeviceRole.ROUTER: "router|routeur|edge|core|gateway", DeviceRole.SWITCH: "switch|commutateur",
    DeviceRole.LNS: "lns", DeviceRole.BNG: "bng|bras", DeviceRole.VPN: "vpn",
    DeviceRole.PDU: "pdu|power", DeviceRole.UPS: "ups|onduleur",
    DeviceRole.ACCESS_POINT: "access point|ap|wifi|radio|antenne", DeviceRole.RADIUS: "radius",
    DeviceRole.DNS: "dns|resolver|resolveur", DeviceRole.SERVER: "server|serveur|hypervisor|hyperviseur|vm|box",
}  # fmt: skip

_WHICH: Final = Phrase(
    "cet en-tête n'est d'aucun export connu de NetBox (prefixes, ip-addresses, tenants, devices, circuits).",
    "this header is of no known export of NetBox (prefixes, ip-addresses, tenants, devices, circuits).",
)
_VRF: Final = Phrase(
    "VRF {vrf} : laissé de côté, il n'y a pas de VRF ici.", "VRF {vrf}: left aside, there are none here."
)
_NOT_HERE: Final = Phrase("« {status} » : laissé de côté.", "“{status}”: left aside.")
_PART: Final = Phrase("{prefix} n'est qu'une part de {pool}.", "{prefix} is but a part of {pool}.")
_TRANSIT: Final = Phrase(
    "circuit {cid} sans tenant : laissé de côté, ce n'est la ligne de personne.",
    "circuit {cid} without tenant: left aside, it is nobody's line.",
)


def read(files: Mapping[str, bytes], *, offer: str | None = None, dates: Order | None = None) -> Reading:
    """What these exports say together. `offer` is that of circuits whose type names none of ours."""
    reading = Reading(SOURCE)
    prefixes: list[tuple[Cells, IPNetwork]] = []
    addresses: list[Cells] = []
    for file, data in files.items():
        for kind, cells in _rows(reading, file, data, dates):
            if kind == "prefixes":
                prefix = cells.prefix("prefix")
                if prefix is not None and _global(cells):
                    prefixes.append((cells, prefix))
            elif kind == "addresses":
                addresses.append(cells)
            else:
                reading.records += _circuit(cells, offer) if kind == "circuits" else _READERS[kind](cells)
    pools, within = _pools(prefixes)
    reading.records += pools
    given: set[IPNetwork] = set()
    for cells, prefix in within:
        reading.records += _inside(cells, prefix, pools, given)
    for cells in addresses:
        reading.records += _address(cells, given)
    _gather(reading)
    return reading


def _rows(reading: Reading, file: str, data: bytes, dates: Order | None) -> Iterator[tuple[str, Cells]]:
    """The rows of one export, each with which export it is."""
    table = read_csv(reading, file, data)
    if table is None:
        return
    kind = _kind(table)
    if kind is None:
        reading.wrong(Place(file, 1), _WHICH)
        return
    columns = columns_of(reading, table, file, synonyms(_HEADINGS[kind]))
    if columns is not None:
        for cells in rows_of(reading, table, columns, ("install_date", "termination_date"), dates):
            yield kind, cells


def _kind(table: Table) -> str | None:
    """Which table of NetBox has such a header."""
    there = set(table.headings)
    if "prefix" in there:
        return "prefixes"
    if there & {"cid", "circuitid"}:
        return "circuits"
    if "address" in there or ("ipaddress" in there and "devicetype" not in there and "name" not in there):
        return "addresses"
    if "name" in there and there & {"site", "devicerole", "manufacturer", "devicetype", "platform"}:
        return "devices"
    return "tenants" if "name" in there else None


def _tenant(cells: Cells) -> Iterator[Record]:
    name = cells.needed("name")
    yield MemberRecord(cells.place, Ref(key=name), name=name, status=str(MemberStatus.MEMBER))


def _device(cells: Cells) -> Iterator[Record]:
    if _gone(cells, "decommissioning", "planned", "inventory"):
        return
    name, role = cells.needed("name", 64), (cells.text("role", 60) or "").casefold()
    address = cells.prefix("primary_ip", host=True)
    tenant = cells.text("tenant")
    yield DeviceRecord(
        place=cells.place,
        name=_device_name(name),
        role=str(_role(role)),
        platform=re.sub(r"[^a-z0-9._-]+", "-", (cells.text("platform", 60) or "").casefold())[:32] or None,
        shape=" ".join(part for part in (cells.text("manufacturer"), cells.text("device_type")) if part)[:64] or None,
        site=cells.text("site", 64),
        owner=None if tenant is None else Ref(key=tenant),
        management=None if address is None else str(address.network_address),
        serial=cells.text("serial", 64),
        description=cells.text("description"),
    )


def _role(text: str) -> DeviceRole:
    words = set(re.split(r"[^a-zé]+", text)) | {text}
    found = (role for role, said in _ROLE_WORDS.items() if words & set(said.split("|")))
    return next(found, DeviceRole.OTHER)


def _circuit(cells: Cells, offer: str | None) -> Iterator[Record]:
    cid, tenant, status = cells.needed("cid"), cells.text("tenant"), (cells.text("status") or "active").casefold()
    since, until = cells.day("install_date"), cells.day("termination_date")
    if tenant is None:
        cells.reading.remark(cells.place, _TRANSIT, cid=cid)
        return
    if not cells.period(since, until):
        return
    state = _STATES.get(status, LineState.ACTIVE)
    ref, named = Ref(key=f"{cells.text('provider') or ''} {cid}"), (cells.text("type") or "").casefold()
    yield LineRecord(cells.place, ref, offer=offer or re.sub(r"[^a-z0-9]+", "-", named).strip("-"), state=str(state))
    over = until if state == LineState.CLOSED else None
    yield ShareRecord(cells.place, ref, Ref(key=tenant), since=since, until=over)


def _global(cells: Cells) -> bool:
    vrf = cells.text("vrf")
    if vrf is None or vrf.casefold() == "global":
        return True
    cells.reading.remark(cells.place, _VRF, vrf=vrf)
    return False


def _gone(cells: Cells, *statuses: str) -> bool:
    status = (cells.text("status") or "").casefold()
    if status not in statuses:
        return False
    cells.reading.remark(cells.place, _NOT_HERE, status=status)
    return True


def _pools(
    prefixes: list[tuple[Cells, IPNetwork]],
) -> tuple[list[PrefixRecord], list[tuple[Cells, IPNetwork]]]:
    """The outermost prefixes that are no containers, as pools; and what lies within them."""
    usable = [one for one in prefixes if (one[0].text("status") or "").casefold() != "container"]
    usable.sort(key=lambda one: (one[1].version, one[1].network_address, one[1].prefixlen))
    outer: list[tuple[Cells, IPNetwork]] = []
    within: list[tuple[Cells, IPNetwork]] = []
    for cells, prefix in usable:
        inside = outer and outer[-1][1].version == prefix.version and prefix.subnet_of(outer[-1][1])  # type: ignore[arg-type]
        (within if inside else outer).append((cells, prefix))
    found = []
    for cells, prefix in outer:
        lengths = Counter(
            one.prefixlen
            for _, one in within
            if one.version == prefix.version and one.subnet_of(prefix)  # type: ignore[arg-type]
        )
        usual = 32 if prefix.version == 4 else 56 if prefix.prefixlen <= 56 else 128
        handed = lengths.most_common(1)[0][0] if lengths and prefix.version == 6 else usual
        found.append(
            PrefixRecord(
                cells.place,
                _named(prefix),
                prefix,
                handed=handed,
                purpose=(cells.text("description") or cells.text("role") or "")[:100],
                site=cells.text("site", 64),
            )
        )
    return found, within


def _named(prefix: IPNetwork) -> str:
    """A pool's name: its prefix, written with what a name may have."""
    return re.sub(r"[^a-z0-9.]+", "-", str(prefix).casefold()).strip("-.")[:32]


def _around(prefix: IPNetwork, given: set[IPNetwork]) -> IPNetwork | None:
    """What was given already and holds this prefix."""
    return next(
        (one for length in range(prefix.prefixlen + 1) if (one := prefix.supernet(new_prefix=length)) in given), None
    )


def _inside(cells: Cells, prefix: IPNetwork, pools: list[PrefixRecord], given: set[IPNetwork]) -> Iterator[Record]:
    tenant, status = cells.text("tenant"), (cells.text("status") or "").casefold()
    around = _around(prefix, given)
    if around is not None:
        cells.reading.remark(cells.place, _PART, prefix=prefix, pool=around)
    elif tenant is not None:
        given.add(prefix)
        yield AddressRecord(cells.place, prefix, member=Ref(key=tenant), note=tenant)
    elif status in ("reserved", "deprecated"):
        given.add(prefix)
        note = cells.text("description") or status
        yield AddressRecord(cells.place, prefix, role=str(BlockState.RESERVED), note=note)
    else:
        pool = _around(prefix, {one.prefix for one in pools})
        cells.reading.remark(cells.place, _PART, prefix=prefix, pool=pool)


def _address(cells: Cells, given: set[IPNetwork]) -> Iterator[Record]:
    address = cells.prefix("address", host=True)
    if address is None or not _global(cells) or _gone(cells, "dhcp", "slaac", "deprecated"):
        return
    around = _around(address, given)
    if around is not None:
        cells.reading.remark(cells.place, _PART, prefix=address, pool=around)
        return
    tenant, device, interface = cells.text("tenant"), cells.text("device", 64), cells.text("interface", 48)
    note = " ".join(part for part in (tenant, device, cells.text("dns_name"), cells.text("description")) if part)[:200]
    if device is not None and interface is not None:
        name, interface = _device_name(device), interface.replace(" ", "")
        yield DeviceRecord(cells.place, name, interfaces=(interface,))
        role = "loopback" if (cells.text("role") or "").casefold() == "loopback" else None
        yield AddressRecord(cells.place, address, role=role, device=name, interface=interface, note=note)
    elif tenant is not None and (cells.text("status") or "active").casefold() == "active":
        yield AddressRecord(cells.place, address, member=Ref(key=tenant), note=note)
    else:
        yield AddressRecord(cells.place, address, role=str(BlockState.RESERVED), note=note or cells.text("status"))


def _device_name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-._")


def _gather(reading: Reading) -> None:
    """Each machine once, with all its interfaces; and the places that machines and prefixes name."""
    machines: dict[str, DeviceRecord] = {}
    named: dict[str, Place] = {}
    others: list[Record] = []
    for one in reading.records:
        if isinstance(one, DeviceRecord):
            before = machines.get(one.name)
            if before is None or not one.interfaces:
                twice = before is not None and before.site is not None
                machines[one.name] = one
                others += [before] if twice and before is not None else []
            else:
                both = tuple(dict.fromkeys(before.interfaces + one.interfaces))
                machines[one.name] = replace(before, interfaces=both)
        else:
            others.append(one)
        if isinstance(one, DeviceRecord | PrefixRecord) and one.site is not None:
            named.setdefault(one.site, one.place)
    reading.records = [*(SiteRecord(place, name) for name, place in named.items()), *others, *machines.values()]


_HEADINGS: Final[dict[str, dict[str, str]]] = {
    "tenants": _TENANTS,
    "prefixes": _PREFIXES,
    "addresses": _ADDRESSES,
    "devices": _DEVICES,
    "circuits": _CIRCUITS,
}
_READERS: Final[dict[str, Callable[[Cells], Iterator[Record]]]] = {"tenants": _tenant, "devices": _device}
