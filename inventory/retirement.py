"""A machine leaves: refused while something needs it, and nothing of it is left behind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Refused
from foundation.speech import Phrase
from inventory import addresses, cabling, lines, names, placements, power
from inventory.devices import present
from inventory.models.addresses import Assignment, Pool
from inventory.models.devices import Device, Interface
from inventory.models.lines import Line, LineState, Offer
from inventory.models.mandates import Task
from inventory.models.power import Outlet, Plug
from inventory.models.routing import BgpPeer
from inventory.rights import asks


class LinesNeedIt(Refused):
    """Lines that are not closed are served by the machine."""

    kind = "lines-need-device"
    phrase = Phrase(
        "{device} sert encore {count} ligne(s), dont {line}. Rien n'a été changé. "
        "Les fermer ou les déplacer d'abord : essaim line show {line}",
        "{device} still serves {count} line(s), {line} among them. Nothing was changed. "
        "Close or move them first: essaim line show {line}",
    )


class PoolsNeedIt(Refused):
    """Pools or offers are served by the machine."""

    kind = "pools-need-device"
    phrase = Phrase(
        "{device} sert encore {things}. Rien n'a été changé. Les confier d'abord à une autre machine.",
        "{device} still serves {things}. Nothing was changed. Hand them to another machine first.",
    )


class LinksNeedIt(Refused):
    """Interfaces of the machine are linked."""

    kind = "links-need-device"
    phrase = Phrase(
        "{device} est encore reliée à {others}. Rien n'a été changé. La délier : essaim device unlink {interface}",
        "{device} is still linked to {others}. Nothing was changed. To unlink it: essaim device unlink {interface}",
    )


class OutletsNeedIt(Refused):
    """Machines are plugged into the machine."""

    kind = "outlets-need-device"
    phrase = Phrase(
        "{device} alimente encore {others}. Rien n'a été changé. Débrancher : essaim device unplug {other}",
        "{device} still feeds {others}. Nothing was changed. To unplug: essaim device unplug {other}",
    )


@dataclass(frozen=True, slots=True)
class Left:
    """What a machine gave back when it left."""

    rack: str | None
    outlets: tuple[str, ...]
    prefixes: tuple[str, ...]


@asks(Task.DEVICES_WRITE, "device")
def retire(session: Session, act: Act, device: Device, *, until: date | None = None) -> Left:
    """A machine leaves for good: its place and outlets are free, its addresses go into quarantine.

    Raises Retired, TooEarly, LinesNeedIt, PoolsNeedIt, LinksNeedIt, OutletsNeedIt.
    """
    session.scalars(select(Device.id).where(Device.id == device.id).with_for_update()).one()
    present(device)
    day = names.not_before(until or clock.today(act.at), device.since)
    _needed(session, device)
    rack, outlets = None, []
    if placements.placement_of(session, device, day) is not None:
        rack = placements.path(placements.take_out(session, act, device, until=day).rack)
    if power.plugs_of(session, [device]):
        outlets = power.unplug(session, act, device, until=day)
    held = session.scalars(
        select(Assignment)
        .join(Interface, Assignment.interface_id == Interface.id)
        .where(Interface.device_id == device.id, Assignment.until.is_(None))
        .order_by(Assignment.family, Assignment.first)
    ).all()
    prefixes = tuple(str(one.prefix) for one in held)
    for one in held:
        addresses.release(session, act, one)
    for peer in session.scalars(select(BgpPeer).where(BgpPeer.device_id == device.id)):
        session.delete(peer)
    device.until = day
    journal.record(session, act, "device.retire", device.name, rack=rack, outlets=outlets, prefixes=list(prefixes))
    session.flush()
    return Left(rack, tuple(outlets), prefixes)


def _needed(session: Session, device: Device) -> None:
    ended = (LineState.CLOSED, LineState.CANCELLED)
    here = or_(Line.device_id == device.id, Line.id.in_(lines.going_to(device.id)))
    served = select(Line).where(here, Line.state.not_in(ended)).order_by(Line.number)
    first = session.scalar(served.limit(1))
    if first is not None:
        count = session.scalar(select(func.count()).select_from(served.order_by(None).subquery()))
        raise LinesNeedIt(device=device.name, count=count, line=str(first))
    pools = select(Pool.name).where(Pool.device_id == device.id, Pool.closed_at.is_(None)).order_by(Pool.name)
    offers = select(Offer.name).where(Offer.device_id == device.id, Offer.retired.is_(None)).order_by(Offer.name)
    things = [*session.scalars(pools), *session.scalars(offers)]
    if things:
        raise PoolsNeedIt(device=device.name, things=things)
    own = {device.id}
    for link in cabling.links_of(session, [device]):
        mine = link.near if link.near.device_id in own else link.far
        if mine is not None:
            interface = f"{device.name}/{mine.name}"
            raise LinksNeedIt(device=device.name, others=[cabling.other_end(link, mine)], interface=interface)
    fed = session.scalars(
        select(Device.name)
        .join(Plug, Plug.device_id == Device.id)
        .join(Outlet, Plug.outlet_id == Outlet.id)
        .where(Outlet.device_id == device.id, Plug.until.is_(None))
        .order_by(Device.name)
    ).all()
    if fed:
        raise OutletsNeedIt(device=device.name, others=list(fed), other=fed[0])
