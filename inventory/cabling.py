"""Verbs on what joins interfaces: a cable, a radio link, a provider's circuit; from a day to a day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, Refused
from foundation.speech import Phrase
from inventory import names, rights
from inventory.devices import present
from inventory.models.devices import Device, Interface, Link, LinkKind
from inventory.models.mandates import Task
from inventory.rights import asks


class AlreadyLinked(Refused):
    """One of the two has a link already."""

    kind = "already-linked"
    phrase = Phrase(
        "{interface} est déjà reliée à {other}. Rien n'a été changé. La délier : essaim device unlink {interface}",
        "{interface} is already linked to {other}. Nothing was changed. To unlink it: essaim device unlink {interface}",
    )


class NotLinked(Refused):
    """The interface has no link."""

    kind = "not-linked"
    phrase = Phrase(
        "{interface} n'est reliée à rien. Rien n'a été changé.",
        "{interface} is linked to nothing. Nothing was changed.",
    )


class SameInterface(Invalid):
    """An interface would be linked to itself."""

    kind = "same-interface"
    phrase = Phrase(
        "{interface} ne se relie pas à elle-même. Rien n'a été changé.",
        "{interface} is not linked to itself. Nothing was changed.",
    )


class BadLinkKind(Invalid):
    """A kind of link outside the list."""

    kind = "bad-link-kind"
    phrase = Phrase("« {text} » : choisir parmi {kinds}.", "“{text}”: choose among {kinds}.")


class OpenEnd(Invalid):
    """Only a provider's circuit ends where we have nothing, and it has a reference."""

    kind = "open-end"
    phrase = Phrase(
        "Il faut deux interfaces, ou un circuit d'opérateur avec sa référence. Rien n'a été changé.",
        "It takes two interfaces, or a provider's circuit with its reference. Nothing was changed.",
    )


@asks(Task.DEVICES_WRITE, "near")
def connect(
    session: Session,
    act: Act,
    near: Interface,
    far: Interface | None = None,
    *,
    kind: str = LinkKind.CABLE,
    reference: str = "",
    since: date | None = None,
) -> Link:
    """Join two interfaces, or one to a provider whose circuit has a `reference`.

    Raises BadLinkKind, BadText, OpenEnd, SameInterface, AlreadyLinked, Retired.
    """
    if kind not in set(LinkKind):
        raise BadLinkKind(text=kind, kinds=[str(one) for one in LinkKind])
    said = names.sentence(reference, 100)
    if far is None and (kind != LinkKind.CIRCUIT or not said):
        raise OpenEnd
    if far is not None:
        rights.demand(session, act, Task.DEVICES_WRITE, far)
        if far.id == near.id:
            raise SameInterface(interface=_path(session, near))
    both = [near] if far is None else [near, far]
    _lock(session, both)
    for one in both:
        present(session.get_one(Device, one.device_id))
        held = link_of(session, one)
        if held is not None:
            raise AlreadyLinked(interface=_path(session, one), other=other_end(held, one))
    link = Link(near_id=near.id, far_id=far.id if far else None, kind=str(kind), reference=said,
                since=since or clock.today(act.at))  # fmt: skip
    session.add(link)
    journal.record(session, act, "link.add", _path(session, near),
                   to=_path(session, far) if far else None, kind=str(kind), reference=said)  # fmt: skip
    session.flush()
    return link


@asks(Task.DEVICES_WRITE, "interface")
def disconnect(session: Session, act: Act, interface: Interface, *, until: date | None = None) -> Link:
    """Take a link away. Raises NotLinked, TooEarly."""
    _lock(session, [interface])
    held = link_of(session, interface)
    if held is None:
        raise NotLinked(interface=_path(session, interface))
    held.until = names.not_before(until or clock.today(act.at), held.since)
    journal.record(session, act, "link.end", _path(session, interface), to=other_end(held, interface))
    session.flush()
    return held


def link_of(session: Session, interface: Interface) -> Link | None:
    """The living link of an interface, with both its ends."""
    return session.scalar(_living().where(or_(Link.near_id == interface.id, Link.far_id == interface.id)))


def links_of(session: Session, devices: Iterable[Device]) -> Sequence[Link]:
    """The living links of machines, in order, with both their ends."""
    theirs = select(Interface.id).where(Interface.device_id.in_([one.id for one in devices]))
    return session.scalars(_living().where(or_(Link.near_id.in_(theirs), Link.far_id.in_(theirs)))).all()


def other_end(link: Link, interface: Interface) -> str:
    """What an interface is linked to: `switch1/3`, or the provider's reference."""
    end = link.far if link.near_id == interface.id else link.near
    return f"{end.device.name}/{end.name}" if end is not None else link.reference


def _living() -> Select[Link]:
    ends = (joinedload(Link.near).joinedload(Interface.device), joinedload(Link.far).joinedload(Interface.device))
    return select(Link).where(Link.until.is_(None)).order_by(Link.id).options(*ends)


def _lock(session: Session, interfaces: Iterable[Interface]) -> None:
    wanted = select(Interface.id).where(Interface.id.in_([one.id for one in interfaces])).order_by(Interface.id)
    session.scalars(wanted.with_for_update()).all()


def _path(session: Session, interface: Interface) -> str:
    return f"{session.get_one(Device, interface.device_id).name}/{interface.name}"
