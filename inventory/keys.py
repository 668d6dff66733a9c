"""Who can open what: the vault's key in escrow, and the secrets of machines that someone knows since they set them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import journal
from foundation.acts import Act
from foundation.database import Base
from foundation.journal import Entry, Payload
from foundation.vault import SealedColumn, Vault
from inventory.models.mandates import Task
from inventory.models.people import Member
from inventory.rights import asks


@asks(Task.KEYS_KEEP)
def note_escrow(session: Session, act: Act, holders: Sequence[Member]) -> None:
    """Note that the vault's key is sealed for these people from now on, and for nobody else."""
    journal.record(session, act, "key.escrow", "vault", holders=[str(one) for one in holders])


@asks(Task.KEYS_KEEP, "holder", own=True)
def note_check(session: Session, act: Act, holder: Member) -> None:
    """Note that someone's envelope was opened and holds the key in use. Each may check their own."""
    journal.record(session, act, "key.check", "vault", member=str(holder), holder=str(holder))


def note_recovery(session: Session, act: Act, holder: str) -> None:
    """Note that the key came back out of an envelope.

    No right is asked: whoever could open it has the key already.
    """
    journal.record(session, act, "key.recover", "vault", holder=holder)


def opens_all(session: Session, vault: Vault) -> int:
    """Open every secret of the database: how many there are. Raises WrongKey at the first that does not open."""
    count = 0
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, SealedColumn):
                for sealed in session.scalars(select(column).where(column.is_not(None))):
                    vault.open(sealed)
                    count += 1
    return count


def secrets_set_by(session: Session, member: Member) -> list[str]:
    """The secrets of machines, as `vpn/wireguard`, that this person was the last to set."""
    last: dict[str, str] = {}
    query = select(Entry.actor, Entry.subject, Payload.body).join(Payload, Payload.entry_id == Entry.id)
    for actor, machine, body in session.execute(query.where(Entry.verb == "device.secret").order_by(Entry.id)):
        last[f"{machine}/{json.loads(body).get('name', '')}"] = actor
    return sorted(secret for secret, actor in last.items() if actor == str(member))
