"""A line goes over to another access: copper to fibre, another house, another concentrator.

Old and new are both in force until someone says that it is done, or gives it up. Addresses, their names and the
parts of those who share the line stay as they are.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Refused
from foundation.speech import Phrase
from inventory import certificates, credentials, line_parts, lines, offers, rights, shares
from inventory.lines import Ordering
from inventory.models.access import LineMigration, Outcome
from inventory.models.authority import Revoked
from inventory.models.devices import Device
from inventory.models.lines import CredentialKind, Line, LineState, Offer, Share
from inventory.models.mandates import Task
from inventory.rights import asks

_MOVABLE = lines.RENDERED | {LineState.SUSPENDED}


class NotYetThere(Refused):
    """A line that was never delivered has nothing to keep."""

    kind = "not-yet-there"
    phrase = Phrase(
        "{line} est {state} : rien à migrer. Rien n'a été changé. L'annuler : essaim line close {line}",
        "{line} is {state}: there is nothing to migrate. Nothing was changed. To cancel it: essaim line close {line}",
    )


class AlreadyMigrating(Refused):
    """A line goes one way at a time."""

    kind = "already-migrating"
    phrase = Phrase(
        "{line} migre déjà, vers {offer}. Rien n'a été changé. La finir : essaim line migrate {line} --done ; "
        "l'abandonner : essaim line migrate {line} --undo",
        "{line} is migrating already, to {offer}. Nothing was changed. To finish: essaim line migrate {line} --done; "
        "to give it up: essaim line migrate {line} --undo",
    )


class NotMigrating(Refused):
    """Nothing is under way."""

    kind = "not-migrating"
    phrase = Phrase(
        "{line} n'est pas en migration. Rien n'a été changé. En commencer une : "
        "essaim line migrate {line} --to-offer fibre",
        "{line} is not migrating. Nothing was changed. To begin: essaim line migrate {line} --to-offer fibre",
    )


class NothingMoves(Refused):
    """The new access would be the old one."""

    kind = "nothing-moves"
    phrase = Phrase(
        "{line} a déjà l'offre {offer} sur cette machine. Rien n'a été changé. "
        "Dites ce qui change : --device, --nd, --pto, --vlan ou --place",
        "{line} has offer {offer} on that machine already. Nothing was changed. "
        "Say what changes: --device, --nd, --pto, --vlan or --place",
    )


@asks(Task.LINES_WRITE, "line")
def migrate_line(
    session: Session, act: Act, line: Line, offer: Offer, ordering: Ordering, *, device: Device | None = None
) -> LineMigration:
    """Begin a line's migration to an offer, which may be its own, on its machine or on `device`.

    The holder gets what opens the new access where what they have does not.
    Raises NotYetThere, AlreadyMigrating, NothingMoves, OfferRetired, NotMandated where the line would go out of one's
    reach, and what `line_parts.checked`, `line_parts.write` and `credentials.give` raise.
    """
    lines.alone(session, line)
    lines.demand_living(line)
    if line.state not in _MOVABLE:
        raise NotYetThere(line=str(line), state=LineState(line.state))
    under_way = _under_way(session, line)
    if under_way is not None:
        raise AlreadyMigrating(line=str(line), offer=session.get_one(Offer, under_way.to_offer_id).name)
    same = offer.id == line.offer_id
    if not same:
        offers.demand_offered(offer)
    details = line_parts.checked(ordering, offer)
    to_device = device.id if device is not None else line.device_id if same else offer.device_id
    if same and to_device == line.device_id and not details.said:
        raise NothingMoves(line=str(line), offer=offer.name)
    if not same:
        rights.demand(session, act, Task.LINES_WRITE, offer)
    if to_device != line.device_id:
        rights.demand(session, act, Task.LINES_WRITE, offer if to_device == offer.device_id else device)
    migration = LineMigration(
        line_id=line.id,
        from_offer_id=line.offer_id,
        to_offer_id=offer.id,
        from_device_id=line.device_id,
        to_device_id=to_device,
        to_mtu=details.mtu or (line.mtu if same else None),
        to_place=details.place,
        since=act.at,
    )
    session.add(migration)
    session.flush()
    line_parts.write(session, line, details, offer, act.at, migration=migration)
    before = session.get_one(Offer, line.offer_id)
    if _opening(offer) != _opening(before) or ordering.public_key or ordering.login or ordering.certificate:
        share = shares.holder(shares.of_line(session, line), clock.today(act.at))
        credentials.give(session, line, share, offer, ordering, act.at, migration=migration)
    journal.record(
        session, act, "line.migrate", str(line), member=shares.whose(session, line), before=before.name,
        after=offer.name, device=None if to_device is None else session.get_one(Device, to_device).name,
        details=details.said,
    )  # fmt: skip
    session.flush()
    return migration


@asks(Task.LINES_WRITE, "line")
def complete_migration(session: Session, act: Act, line: Line) -> LineMigration:
    """The new access is the line's own, the old one ends. Raises NotMigrating, VLANTaken."""
    migration = _demand(session, line)
    offer, before = (session.get_one(Offer, row) for row in (migration.to_offer_id, migration.from_offer_id))
    line_parts.adopt(session, line, migration, offer, act.at)
    parts = _parts(session, line)
    held = credentials.living(session, parts) + credentials.former(session, parts, act.at)
    brought = {one.share_id for one in held if one.migration_id == migration.id}
    if brought or _opening(offer) != _opening(before):
        gone = _opening(offer) != _opening(before)
        over = [one for one in held if one.migration_id is None and (gone or one.share_id in brought)]
        credentials.end(over, act.at)
        certificates.revoke_of(session, act, over, Revoked.REPLACED)
    for one in held:
        one.migration_id = None
    line.offer, line.offer_id = offer, offer.id
    line.device_id, line.mtu = migration.to_device_id, migration.to_mtu
    if migration.to_place is not None:
        line.place = migration.to_place
    _end(session, act, line, migration, Outcome.DONE)
    return migration


@asks(Task.LINES_WRITE, "line")
def undo_migration(session: Session, act: Act, line: Line) -> LineMigration:
    """The line stays as it was; what the migration brought ends. Raises NotMigrating."""
    migration = _demand(session, line)
    line_parts.give_up(session, line, migration, act.at)
    held = credentials.living(session, _parts(session, line))
    brought = [one for one in held if one.migration_id == migration.id]
    credentials.end(brought, act.at)
    certificates.revoke_of(session, act, brought)
    _end(session, act, line, migration, Outcome.UNDONE)
    return migration


def _opening(offer: Offer) -> tuple[str | None, str | None]:
    """What a credential must be like to open lines of that offer."""
    kind = credentials.kind_of(offer)
    return kind, (offer.realm or offer.name) if kind == CredentialKind.PPP else None


def _parts(session: Session, line: Line) -> list[int]:
    return list(session.scalars(select(Share.id).where(Share.line_id == line.id)))


def _under_way(session: Session, line: Line) -> LineMigration | None:
    return session.scalar(select(LineMigration).where(LineMigration.line_id == line.id, LineMigration.ended.is_(None)))


def _demand(session: Session, line: Line) -> LineMigration:
    lines.alone(session, line)
    migration = _under_way(session, line)
    if migration is None:
        raise NotMigrating(line=str(line))
    return migration


def _end(session: Session, act: Act, line: Line, migration: LineMigration, outcome: Outcome) -> None:
    migration.ended, migration.outcome = clock.ends_after(migration.since, act.at), outcome
    session.flush()
    # What was loaded before says how it was.
    for name in ("device", "coppers", "fibres", "vlans", "migrations", "shares"):
        session.expire(line, [name])
    journal.record(session, act, f"line.migration-{outcome}", str(line), member=shares.whose(session, line))
