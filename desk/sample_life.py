"""What goes on in the demonstration's association: a rack, things lent, works, orders; and at last, who does what.

The mandates come last: from then on it is people who act, and no longer the machine that made all this.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from ipaddress import ip_network
from itertools import pairwise
from typing import Final

from sqlalchemy.orm import Session

from foundation.acts import Act
from foundation.money import Euros
from inventory import (
    addresses,
    closures,
    contacts,
    devices,
    equipment,
    lines,
    mandates,
    members,
    orders,
    placements,
    places,
    power,
    reverse,
    tickets,
    wholesalers,
    works,
)
from inventory.device_facts import Facts
from inventory.models.equipment import EquipmentKind
from inventory.models.mandates import Task
from inventory.models.places import RackKind
from inventory.models.wholesale import Collection, OrderKind
from inventory.placements import Spot
from inventory.wholesalers import Terms
from inventory.works import Wording

FIRST: Final = "M0001"
"""Who acts in the demonstration where nobody says who they are."""

_AGO: Final = timedelta(days=6)
_MEETING: Final = (3, 14)
"""Month and day of the general meeting."""
_TERM: Final = timedelta(days=60)
"""A mandate of the demonstration has longer than this to go."""
_SHELF: Final = ("hosted1", "hosted5", "hosted6")
_RACKED: Final = {"hosted3": (20, 1), "hosted4": (17, 2), "hosted9": (14, 1)}
_SHARED: Final = {
    Task.MEMBERS_WRITE: ("M0002", "M0007"),
    Task.LINES_WRITE: ("M0003", "M0011"),
    Task.PAYMENTS_MATCH: ("M0007",),
    Task.DUES_WRITE: ("M0007",),
    Task.CHANGES_APPROVE: ("M0003", "M0011"),
    Task.CHANGES_APPLY: ("M0011",),
    Task.MANDATES_GIVE: ("M0002",),
}


def live(session: Session, at: datetime) -> None:
    """Give the association its places, its dealings and its people's tasks, as of the week before `at`.

    Mandates last until the next general meeting: a demonstration of any year has some in force.
    """
    evening = (at - _AGO).replace(hour=18, minute=0, second=0, microsecond=0)
    act = Act("machine:demo", evening, "association de démonstration")
    _represent(session, act)
    _mezzanine(session, act)
    _lend(session, act)
    _deal(session, act)
    _announce(session, act)
    _mandate(session, act)


def _represent(session: Session, act: Act) -> None:
    """An organisation votes through somebody: here the member who joined before it."""
    people = members.list_members(session, limit=1000)
    for before, one in pairwise(people):
        if one.organisation:
            contacts.add_referent(session, act, one, before)


def _mezzanine(session: Session, act: Act) -> None:
    site = places.find_site(session, "mezzanine")
    room = places.add_room(session, act, site, "salle", "au fond, derrière le rideau")
    rack = places.add_rack(session, act, site, "A", room=room, units=24)
    shelf = places.add_rack(session, act, site, "étagère", kind=RackKind.SHELF, room=room)
    feed = power.add_feed(
        session, act, site, "tableau", amps=16, supplier="coopérative d'électricité", renewable=True, room=room
    )
    pdu = devices.add_device(session, act, "pdu1", role="pdu", platform="apc", site=site, shape="bandeau de 8 prises")
    power.add_outlets(session, act, pdu, [str(rank) for rank in range(1, 9)])
    power.plug_in(session, act, pdu, feed)
    placements.place(session, act, pdu, rack, Spot(unit=24))
    for name, (unit, height) in _RACKED.items():
        machine = devices.find_device(session, name)
        devices.change_device(session, act, machine, Facts(watts=45 * height))
        placements.place(session, act, machine, rack, Spot(unit=unit, height=height))
    for rank, name in enumerate(_SHELF, start=1):
        machine = devices.find_device(session, name)
        placements.place(session, act, machine, shelf, Spot(position=f"place {rank}"))
        power.plug_in(session, act, machine, power.find_outlet(session, f"pdu1/{rank}"))


def _lend(session: Session, act: Act) -> None:
    for rank, (model, member) in enumerate((("Brique Olimex A20", "M0042"), ("Brique Olimex A20", "M0010"))):
        thing = equipment.add_equipment(session, act, EquipmentKind.BOX, model, serial=f"OLX-{rank + 1:04d}")
        equipment.lend(session, act, thing, members.find_member(session, member), deposit=Euros(5000))


def _deal(session: Session, act: Act) -> None:
    collector = wholesalers.add_wholesaler(
        session,
        act,
        "collecte",
        Terms(
            title="Opérateur de collecte",
            collection=Collection.REALM_PROXY,
            realm="abeilles.example",
            mapping="manual",
            guarantee="4h",
            contact="support@collecte.example",
        ),
    )
    copper = [line for line in lines.list_lines(session, limit=1000) if line.offer.name == "adsl"]
    held = copper[0]
    orders.place_order(session, act, held, collector, kind=OrderKind.CHANGE)
    tickets.open_ticket(session, act, copper[1], collector, opened=act.at - timedelta(hours=2))
    day = act.at.date()
    dates = f"33063;{day - timedelta(days=290)};{day + timedelta(days=226)}"
    closures.import_closures(session, act, closures.read_closures(f"insee;commercial;technical\n{dates}\n".encode()))
    named = ip_network(lines.prefixes(session, copper[0])[0])
    reverse.set_name(
        session, act, addresses.find_assignment(session, named), named.network_address, "maison.membres.example"
    )


def _announce(session: Session, act: Act) -> None:
    works.announce_works(
        session,
        act,
        works.find_subjects(session, ["device:vpn"]),
        Wording(
            title_fr="Redémarrage du serveur VPN",
            title_en="The VPN server restarts",
            words_fr="Les tunnels se couperont deux minutes, puis reviendront seuls.",
            words_en="Tunnels will stop for two minutes, then come back by themselves.",
        ),
        act.at + timedelta(days=10, hours=2),
        act.at + timedelta(days=10, hours=3),
    )


def _mandate(session: Session, act: Act) -> None:
    """One person may do nearly all here, as in many an association that begins; `essaim mandate risks` says so."""
    first, day = members.find_member(session, FIRST), act.at.date()
    meeting = date(day.year, *_MEETING)
    # Not one so near that there are no mandates left to look at.
    until = next(one for one in (meeting.replace(year=day.year + ahead) for ahead in range(3)) if one - day > _TERM)
    minutes = f"AG du 14 mars {until.year - 1}, point 5"
    mandates.give(session, act, first, Task.MANDATES_GIVE, until=until, minutes=minutes)
    chair = Act(FIRST, act.at, act.why)
    for task in Task:
        if task not in (Task.MANDATES_GIVE, Task.FEDERATION_PUBLISH):
            mandates.give(session, chair, first, task, until=until, minutes=minutes)
    for task, holders in _SHARED.items():
        for holder in holders:
            mandates.give(session, chair, members.find_member(session, holder), task, until=until, minutes=minutes)
