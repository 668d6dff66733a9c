"""Verbs on pools: opened, changed, found and counted (how they change shape: `reshaping.py`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from sqlalchemy import bindparam, func, select, text, update
from sqlalchemy.orm import Session, joinedload

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.speech import Phrase
from inventory.blocks import Prefix
from inventory.ledger import open_ledger
from inventory.mandates import not_ended
from inventory.models.addresses import WIDTH, Assignment, Block, BlockState, IPNetwork, Pool
from inventory.models.devices import Device
from inventory.models.mandates import Mandate, Task
from inventory.models.places import Site
from inventory.rights import asks

LONGEST_QUARANTINE: Final = 3650
"""Ten years of days."""
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,31}")
_NAMED: Final = select(Pool).where(Pool.name == bindparam("name"), Pool.closed_at.is_(None))


class NoSuchPool(NotFound):
    """No pool of that name."""

    kind = "no-such-pool"
    phrase = Phrase(
        "Pas de pool nommé {pool}. Ceux qui servent : essaim pool list",
        "There is no pool named {pool}. Those in use: essaim pool list",
    )


class BadPool(Invalid):
    """A name, a length or a number of days that a pool cannot have."""

    kind = "bad-pool"
    phrase = Phrase(
        "Ce pool ne va pas : {what}. Rien n'a été changé.", "This pool will not do: {what}. Nothing was changed."
    )


class PoolNamed(Refused):
    """Another living pool has that name."""

    kind = "pool-named"
    phrase = Phrase(
        "Il y a déjà un pool {pool}. Rien n'a été changé.", "There is a pool {pool} already. Nothing was changed."
    )


class NamedByMandate(Refused):
    """A mandate was given for a pool that once had that name: whoever holds it would hold this one."""

    kind = "named-by-mandate"
    phrase = Phrase(
        "{member} a un mandat pour un pool {pool} d'avant ({mandate}), qui vaudrait pour celui-ci. "
        "Rien n'a été changé. Y mettre fin d'abord : essaim mandate end {mandate}",
        "{member} has a mandate for a former pool {pool} ({mandate}), which would count for this one. "
        "Nothing was changed. End it first: essaim mandate end {mandate}",
    )


class PoolOverlaps(Refused):
    """A pool would share addresses with another."""

    kind = "pool-overlaps"
    phrase = Phrase(
        "{prefix} empiète sur le pool {pool}. Rien n'a été changé.",
        "{prefix} overlaps pool {pool}. Nothing was changed.",
    )


_BAD_NAME: Final = Phrase(
    "son nom est fait de 1 à 32 minuscules, chiffres, points et tirets",
    "its name is made of 1 to 32 lower-case letters, digits, dots and hyphens",
)
_BAD_HANDED: Final = Phrase(
    "la longueur distribuée est celle du pool ou plus longue", "the length handed out is the pool's or longer"
)
_BAD_QUARANTINE: Final = Phrase("la quarantaine va de 0 à 3650 jours", "the quarantine is 0 to 3650 days")
_BAD_TEXT: Final = Phrase(
    "son usage ou sa note est trop long, ou contient des caractères invisibles",
    "its purpose or its note is too long, or holds invisible characters",
)


@asks(Task.ADDRESSES_WRITE)
def create_pool(
    session: Session,
    act: Act,
    name: str,
    prefix: IPNetwork,
    *,
    handed: int,
    purpose: str = "",
    quarantine_days: int = 180,
    automatic: bool = True,
    note: str = "",
    device: Device | None = None,
    site: Site | None = None,
) -> Pool:
    """Open a pool: all of it free. `handed` is the prefix length it hands out.

    Raises BadPool, PoolNamed, NamedByMandate, PoolOverlaps.
    """
    alone(session)
    place = whole(prefix)
    refuse_name(session, name, clock.today(act.at))
    _refuse_facts(place, handed=handed, quarantine_days=quarantine_days, purpose=purpose, note=note)
    refuse_overlap(session, prefix)
    pool = Pool(
        name=name,
        purpose=purpose,
        note=note,
        family=prefix.version,
        first=place.first,
        length=place.length,
        handed=handed,
        automatic=automatic,
        quarantine_days=quarantine_days,
        device_id=device.id if device else None,
        site_id=site.id if site else None,
        last_event=max(act.at, last_held(session, prefix) or act.at),
    )
    session.add(pool)
    session.flush()
    open_ledger(session, pool, act.at).add([place], BlockState.FREE)
    journal.record(session, act, "pool.create", name, prefix=str(prefix), handed=handed)
    return pool


@asks(Task.ADDRESSES_WRITE, "pool")
def change_pool(
    session: Session,
    act: Act,
    pool: Pool,
    *,
    name: str | None = None,
    purpose: str | None = None,
    note: str | None = None,
    handed: int | None = None,
    quarantine_days: int | None = None,
    automatic: bool | None = None,
    site: Site | None = None,
) -> None:
    """Change what is given of a pool, and leave the rest. A quarantine that runs keeps its end.

    Raises BadPool, PoolNamed, NamedByMandate, PoolClosed.
    """
    alone(session, pool)
    open_ledger(session, pool, act.at)
    if name is not None and name != pool.name:
        refuse_name(session, name, clock.today(act.at))
    wanted = {
        "name": name,
        "purpose": purpose,
        "note": note,
        "handed": handed,
        "quarantine_days": quarantine_days,
        "automatic": automatic,
        "site_id": site.id if site else None,
    }
    changed = {field: value for field, value in wanted.items() if value not in (None, getattr(pool, field))}
    before, subject = {field: getattr(pool, field) for field in changed}, pool.name
    for field, value in changed.items():
        setattr(pool, field, value)
    _refuse_facts(
        whole(pool.prefix),
        handed=pool.handed,
        quarantine_days=pool.quarantine_days,
        purpose=pool.purpose,
        note=pool.note,
    )
    if "name" in changed:  # whoever holds a mandate for this pool alone keeps it
        there, now = (f"pool:{one}" for one in (subject, pool.name))
        session.execute(update(Mandate).where(Mandate.scope == there).values(scope=now))
    session.flush()
    journal.record(session, act, "pool.change", subject, before=before, after=changed)


def find_pool(session: Session, name: str) -> Pool:
    """The living pool of that name. Raises NoSuchPool."""
    pool = session.scalar(_NAMED, {"name": name})
    if pool is None:
        raise NoSuchPool(pool=name[:32])
    return pool


def list_pools(
    session: Session,
    *,
    site: Site | None = None,
    family: int | None = None,
    closed: bool = False,
    after: str = "",
    limit: int = 100,
) -> Sequence[Pool]:
    """Pools by name, a page at a time; those that are closed only where asked."""
    query = select(Pool).where(Pool.name > after).order_by(Pool.name, Pool.id).limit(limit)
    if not closed:
        query = query.where(Pool.closed_at.is_(None))
    if site is not None:
        query = query.where(Pool.site_id == site.id)
    if family is not None:
        query = query.where(Pool.family == family)
    return session.scalars(query).all()


def census(session: Session, pool: Pool) -> dict[BlockState, int]:
    """How many addresses of the pool are in each state. They add up to the pool."""
    return censuses(session, [pool])[pool.id]


def censuses(session: Session, pools: Sequence[Pool]) -> dict[int, dict[BlockState, int]]:
    """The census of several pools, by their rows, with one question."""
    width = {pool.id: WIDTH[pool.family] for pool in pools}
    counted = {pool.id: dict.fromkeys(BlockState, 0) for pool in pools}
    query = (
        select(Block.pool_id, Block.state, Block.length, func.count())
        .where(Block.pool_id.in_(width))
        .group_by(Block.pool_id, Block.state, Block.length)
    )
    for pool, state, length, blocks in session.execute(query):
        counted[pool][BlockState(state)] += blocks << (width[pool] - length)
    return counted


def whole(prefix: IPNetwork) -> Prefix:
    """A prefix as the ledger counts."""
    return Prefix(int(prefix.network_address), prefix.prefixlen, prefix.max_prefixlen)


def alone(session: Session, pool: Pool | None = None) -> None:
    """Let nobody else write any pool until the transaction ends, and see this one as it now is."""
    if session.connection().dialect.name == "postgresql":  # SQLite has one writer
        session.execute(text("LOCK TABLE pool IN SHARE ROW EXCLUSIVE MODE"))
    if pool is not None:
        session.refresh(pool)


def last_held(session: Session, prefix: IPNetwork) -> datetime | None:
    """When the last who held some of this prefix gave it back: nobody may begin before, or history would overlap."""
    place = whole(prefix)
    return session.scalar(
        select(func.max(Assignment.until)).where(
            Assignment.family == prefix.version, Assignment.first <= place.last, Assignment.last >= place.first
        )
    )


def refuse_name(session: Session, name: str, day: date) -> None:
    """Refuse a name that a pool has that day, or that a mandate then names. Raises BadPool, PoolNamed, NamedByMandate.

    Names of machines, sites and offers serve once and never change: no mandate for one of them can become another's.
    """
    if not _NAME.fullmatch(name):
        raise BadPool(what=_BAD_NAME)
    if session.scalar(select(Pool.id).where(Pool.name == name, Pool.closed_at.is_(None))) is not None:
        raise PoolNamed(pool=name)
    named = select(Mandate).where(Mandate.scope == f"pool:{name}", not_ended(day))
    mandate = session.scalar(named.options(joinedload(Mandate.member)).order_by(Mandate.number).limit(1))
    if mandate is not None:
        raise NamedByMandate(pool=name, mandate=str(mandate), member=str(mandate.member))


def refuse_overlap(session: Session, prefix: IPNetwork, *, but: Pool | None = None) -> None:
    """Raises PoolOverlaps where another pool has part of this prefix."""
    place = whole(prefix)
    query = (
        select(Pool.name)
        .join(Block, Block.pool_id == Pool.id)
        .where(Block.family == prefix.version, Block.first <= place.last, Block.last >= place.first)
    )
    other = session.scalar((query if but is None else query.where(Pool.id != but.id)).limit(1))
    if other is not None:
        raise PoolOverlaps(prefix=prefix, pool=other)


def _refuse_facts(of: Prefix, *, handed: int, quarantine_days: int, purpose: str, note: str) -> None:
    if not of.length <= handed <= of.width:
        raise BadPool(what=_BAD_HANDED)
    if not 0 <= quarantine_days <= LONGEST_QUARANTINE:
        raise BadPool(what=_BAD_QUARANTINE)
    if len(purpose) > 100 or len(note) > 300 or not (purpose + note).isprintable():
        raise BadPool(what=_BAD_TEXT)
