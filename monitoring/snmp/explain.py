"""What an unknown machine offers over SNMP: who it says it is, what we read of it, and what else it has."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from foundation import reach
from foundation.speech import Phrase
from monitoring.series import Measure
from monitoring.snmp import mibs
from monitoring.snmp.agents import Agent
from monitoring.snmp.answers import Module, Oid, below
from monitoring.snmp.engine import Poller, Said
from monitoring.snmp.modules import MODULES, system
from monitoring.snmp.refusals import BadAnswer, NoAnswer, Refusal

_ENTERPRISES: Final = "1.3.6.1.4.1"
MAKERS: Final[dict[int, str]] = {
    9: "Cisco", 11: "HP", 171: "D-Link", 318: "APC", 476: "Vertiv", 534: "Eaton", 674: "Dell", 705: "Eaton (MGE)",
    890: "Zyxel", 1916: "Extreme", 2011: "Huawei", 2021: "UCD-SNMP", 2636: "Juniper", 3808: "CyberPower",
    4413: "Broadcom", 4526: "Netgear", 6527: "Nokia", 6574: "Synology", 6876: "VMware", 8072: "Net-SNMP",
    12356: "Fortinet", 13742: "Raritan", 14988: "MikroTik", 24681: "QNAP", 25461: "Palo Alto", 25506: "H3C",
    30065: "Arista", 41112: "Ubiquiti",
}  # fmt: skip
"""Private enterprise numbers that an association meets (IANA's registry)."""


def _subtree(name: str, root: Oid, french: str, english: str) -> Module:
    return Module(name, Phrase(french, english), root, lambda _: [])


SUBTREES: Final = (
    _subtree("IF-MIB", "1.3.6.1.2.1.2.2.1", "interfaces", "interfaces"),
    _subtree("IP-MIB", "1.3.6.1.2.1.4", "adresses et routes", "addresses and routes"),
    _subtree("ADSL-LINE-MIB", "1.3.6.1.2.1.10.94", "lignes ADSL", "ADSL lines"),
    _subtree("VDSL2-LINE-MIB", "1.3.6.1.2.1.10.251", "lignes VDSL2", "VDSL2 lines"),
    _subtree("OSPF-MIB", "1.3.6.1.2.1.14", "voisins OSPF", "OSPF neighbours"),
    _subtree("BGP4-MIB", "1.3.6.1.2.1.15", "sessions BGP", "BGP sessions"),
    _subtree("BRIDGE-MIB", "1.3.6.1.2.1.17", "commutation, VLAN", "switching, VLANs"),
    _subtree("HOST-RESOURCES-MIB", "1.3.6.1.2.1.25", "processeurs, disques, programmes", "processors, disks, programs"),
    _subtree("UPS-MIB", "1.3.6.1.2.1.33", "onduleur", "UPS"),
    _subtree("ENTITY-MIB", "1.3.6.1.2.1.47", "parties du matériel", "parts of the hardware"),
    _subtree("ENTITY-SENSOR-MIB", "1.3.6.1.2.1.99", "capteurs", "sensors"),
    _subtree("POWER-ETHERNET-MIB", "1.3.6.1.2.1.105", "alimentation par Ethernet", "power over Ethernet"),
    _subtree("LLDP-MIB", "1.0.8802.1.1.2", "voisins directs", "direct neighbours"),
)
"""Parts of the tree that say something to an association."""


@dataclass(frozen=True, slots=True)
class Read:
    """What one module reads of a machine."""

    module: str
    phrase: Phrase
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class Offered:
    """A part of the tree in which a machine has something, and whether any module reads there."""

    name: str
    phrase: Phrase
    root: Oid
    read: bool


@dataclass(frozen=True, slots=True)
class Named:
    """A standard object that a machine has: its value where there is only one, and whether any module reads it."""

    name: str
    oid: Oid
    value: str
    read: bool


@dataclass(frozen=True, slots=True)
class Group:
    """The objects that it has of a table, or of those that stand single below a node, and the MIB that names them."""

    name: str
    mib: str
    root: Oid
    objects: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """A machine as it presents itself over SNMP. `named` are the objects of standard MIBs that the library knows.

    `offered` are the parts of the tree in which there is something, whoever names what.
    """

    name: str
    description: str
    object_id: str
    maker: str
    read: tuple[Read, ...]
    offered: tuple[Offered, ...]
    named: tuple[Group, ...]

    @property
    def unnamed(self) -> list[Offered]:
        """The parts that nothing reads, and of which no object is named."""
        return [part for part in self.offered
                if not part.read and not any(below(one.root, part.root) for one in self.named)]  # fmt: skip


def explain(means: reach.Means, agent: Agent, at: datetime) -> Explained:
    """Ask one machine for all it has. Raises NoAnswer, Denied, BadAnswer, LabDown."""
    with reach.network(means):
        said = _ask(agent, MODULES, at)
        object_id = str(said.answers.value(system.SYS_OBJECT_ID) or "")
        own = _makers_own(object_id)
        parts = _ask(agent, (_DESCRIBED, *SUBTREES, *own, *_beside(own)), at)
        has = _standard(agent, at)
    read = [Read(one.name, one.phrase, tuple(one.read(said.answers))) for one in said.fitting]
    names = [name for one in said.fitting for name in (one.probe, *one.gets, *one.columns)]
    asked = {*system.GETS, *(name for one in said.fitting for name in (*one.gets, *one.columns, *one.still))}
    return Explained(
        name=system.name(said.answers),
        description=parts.answers.words(system.SYS_DESCR, most=200),
        object_id=object_id,
        maker=MAKERS.get(_enterprise(object_id), ""),
        read=tuple(one for one in read if one.measures),
        offered=tuple(
            Offered(one.name, one.phrase, one.probe, any(f"{name}.".startswith(f"{one.probe}.") for name in names))
            for one in parts.fitting
            if one is not _DESCRIBED
        ),
        named=_grouped(has, asked),
    )


_DESCRIBED: Final = Module(
    "description", Phrase("ce qu'elle dit d'elle-même", "what it says of itself"), system.SYSTEM_GROUP, lambda _: [],
    gets=(system.SYS_DESCR,),
)  # fmt: skip


def _standard(agent: Agent, at: datetime) -> list[tuple[mibs.Standard, str]]:
    """The standard objects that it has, with their values where there is one. None of a machine that cannot tell.

    Single objects are got by twenties; a column is asked after where its table has anything. No table is read.
    """
    known = mibs.carried()
    tables = {one.root: _subtree(one.group, one.root, "", "") for one in known if one.column}
    gets = tuple(f"{one.oid}.0" for one in known if not one.column)
    single = Module("standard", Phrase("", ""), system.SYSTEM_GROUP, lambda _: [], gets=gets)
    try:
        said = _ask(agent, (single, *tables.values()), at)
        there = {one.probe for one in said.fitting if one is not single}
        columns = _ask(agent, [_subtree(one.name, one.oid, "", "") for one in known if one.root in there], at)
    except (BadAnswer, NoAnswer):
        return []
    having = {one.probe for one in columns.fitting}
    found = []
    for one in known:
        value = None if one.column else said.answers.value(f"{one.oid}.0")
        if value is not None or one.oid in having:
            found.append((one, one.written(value)))
    return found


def _grouped(has: Sequence[tuple[mibs.Standard, str]], asked: Collection[Oid]) -> tuple[Group, ...]:
    groups: dict[tuple[str, str, Oid], list[Named]] = {}
    for one, value in has:
        read = one.oid in asked or f"{one.oid}.0" in asked
        groups.setdefault((one.group, one.mib, one.root), []).append(Named(one.name, one.oid, value, read))
    return tuple(Group(*key, tuple(objects)) for key, objects in groups.items())


def _enterprise(object_id: Oid) -> int:
    rest = object_id.removeprefix(f"{_ENTERPRISES}.")
    return int(rest.partition(".")[0]) if rest != object_id else 0


def _makers_own(object_id: Oid) -> Sequence[Module]:
    number = _enterprise(object_id)
    return [_of_maker(number)] if number else []


def _beside(own: Sequence[Module]) -> Sequence[Module]:
    """What other makes' machines often have too: a Linux inside, a card of another make."""
    return [one for one in map(_of_maker, MAKERS) if one.probe not in {mine.probe for mine in own}]


def _of_maker(number: int) -> Module:
    name = MAKERS.get(number, str(number))
    return _subtree(name, f"{_ENTERPRISES}.{number}", f"ce que {name} y a mis", f"what {name} has put there")


def _ask(agent: Agent, modules: Sequence[Module], at: datetime) -> Said:
    heard: list[Said | Refusal] = []
    Poller(modules).ask([agent], at, lambda _, said: heard.append(said))
    if isinstance(heard[0], Said):
        return heard[0]
    raise heard[0]
