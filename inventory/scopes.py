"""What a subject falls under, and whose own it is: the two questions that rights ask of whatever is acted upon.

Rows are asked for by id: what is acted upon may have been loaded without what belongs to it. Each noun that comes
later registers its own beside its verbs. A subject that is a text, before it is found, has neither.
"""

from __future__ import annotations

from functools import singledispatch

from sqlalchemy import select
from sqlalchemy.orm import Session

from inventory.models.addresses import Assignment, Pool
from inventory.models.devices import Device, Interface
from inventory.models.lines import Line, Offer, Share
from inventory.models.mandates import Mandate
from inventory.models.people import Member
from inventory.models.places import Site


@singledispatch
def scopes_of(subject: object, session: Session) -> frozenset[str]:
    """The scopes that cover a subject, besides the whole association: `site:mezzanine`, `device:vpn`…"""
    del subject, session
    return frozenset()


@singledispatch
def owners_of(subject: object, session: Session) -> frozenset[int]:
    """The rows of the members whose own a subject is."""
    del subject, session
    return frozenset()


def scopes_of_device(device_id: int | None, session: Session) -> frozenset[str]:
    """The scopes of the machine of that row, and of where it stands; none where there is no machine."""
    if device_id is None:
        return frozenset()
    found = session.execute(
        select(Device.name, Site.name).outerjoin(Site, Site.id == Device.site_id).where(Device.id == device_id)
    ).one_or_none()
    if found is None:
        return frozenset()
    machine, site = found
    return frozenset({f"device:{machine}"} | ({f"site:{site}"} if site is not None else set()))


@scopes_of.register
def _(subject: Site, session: Session) -> frozenset[str]:
    del session
    return frozenset({f"site:{subject.name}"})


@scopes_of.register
def _(subject: Device, session: Session) -> frozenset[str]:
    return scopes_of_device(subject.id, session)


@scopes_of.register
def _(subject: Interface, session: Session) -> frozenset[str]:
    return scopes_of_device(subject.device_id, session)


@scopes_of.register
def _(subject: Offer, session: Session) -> frozenset[str]:
    return scopes_of_device(subject.device_id, session) | {f"offer:{subject.name}"}


@scopes_of.register
def _(subject: Line, session: Session) -> frozenset[str]:
    offer = session.scalar(select(Offer.name).where(Offer.id == subject.offer_id))
    return scopes_of_device(subject.device_id, session) | {f"offer:{offer}"}


@scopes_of.register
def _(subject: Share, session: Session) -> frozenset[str]:
    return scopes_of(session.get_one(Line, subject.line_id), session)


@scopes_of.register
def _(subject: Pool, session: Session) -> frozenset[str]:
    return scopes_of_device(subject.device_id, session) | {f"pool:{subject.name}"}


@scopes_of.register
def _(subject: Assignment, session: Session) -> frozenset[str]:
    return scopes_of(session.get_one(Pool, subject.pool_id), session)


@owners_of.register
def _(subject: Member, session: Session) -> frozenset[int]:
    del session
    return frozenset({subject.id})


@owners_of.register
def _(subject: Line, session: Session) -> frozenset[int]:
    return frozenset(session.scalars(select(Share.member_id).where(Share.line_id == subject.id, Share.until.is_(None))))


@owners_of.register
def _(subject: Share, session: Session) -> frozenset[int]:
    del session
    return frozenset({subject.member_id}) if subject.until is None else frozenset()


@owners_of.register
def _(subject: Assignment, session: Session) -> frozenset[int]:
    if subject.share_id is None or subject.until is not None:
        return frozenset()
    return owners_of(session.get_one(Share, subject.share_id), session)


@owners_of.register
def _(subject: Device, session: Session) -> frozenset[int]:
    del session
    return frozenset() if subject.owner_id is None else frozenset({subject.owner_id})


@owners_of.register
def _(subject: Mandate, session: Session) -> frozenset[int]:
    del session
    return frozenset({subject.member_id})
