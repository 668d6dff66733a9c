"""The journal: append-only, chained by hash, verified by a command.

Each entry says who did what to which row, when and why. The chain runs over *salted digests* of the
payloads: erasing a payload (and its salt) for good leaves the chain whole, and what was erased cannot be
guessed from its digest. Entries of a transaction are written at its very end, in order, so that on
PostgreSQL the chain's head is the last thing locked.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy import ForeignKey, LargeBinary, String, bindparam, event, insert, select, text
from sqlalchemy.orm import Mapped, Session, SessionTransaction, mapped_column

from foundation.acts import Act
from foundation.database import GUARDS, Base, DatabaseUnreadable, EssaimSession, Guard, RowId, kept
from foundation.errors import Refused
from foundation.speech import Phrase
from foundation.vault import Sealed, vault_of

START: Final = b"\0" * 32
_WAITING: Final = "journal"


class JournalBroken(Refused):
    """An entry is not what was written, or is missing."""

    kind = "journal-broken"
    phrase = Phrase(
        "Le journal a été modifié à l'entrée {entry} : {what}. Les {good} entrées d'avant sont intactes.",
        "The journal was altered at entry {entry}: {what}. The {good} entries before it are intact.",
    )


_ALTERED = Phrase("son contenu ne correspond plus à son empreinte", "its content no longer matches its digest")
_REMOVED = Phrase("une entrée manque juste avant", "an entry is missing just before it")


class Entry(Base):
    """One deed. `subject` is the row's public number; `member` whose file it belongs to, where it is someone's."""

    __tablename__ = "journal"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False, info=kept("journal"))
    at: Mapped[datetime] = mapped_column(info=kept("journal"))
    actor: Mapped[str] = mapped_column(String(64), info=kept("journal"))
    verb: Mapped[str] = mapped_column(String(64), info=kept("journal"))
    subject: Mapped[str] = mapped_column(String(64), index=True, info=kept("journal"))
    member: Mapped[str | None] = mapped_column(String(16), index=True, info=kept("journal"))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), info=kept("journal"))
    previous: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True, info=kept("journal"))
    chain: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True, info=kept("journal"))


class Payload(Base):
    """What an entry says: canonical JSON and its salt. The one part that may be erased."""

    __tablename__ = "journal_payload"

    entry_id: Mapped[int] = mapped_column(ForeignKey("journal.id"), primary_key=True, info=kept("journal"))
    salt: Mapped[bytes] = mapped_column(LargeBinary(16), info=kept("identity"))
    body: Mapped[str] = mapped_column(info=kept("identity"))


GUARDS.append(
    Guard(
        "the journal is append-only",
        sqlite=tuple(
            f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb} BEFORE {verb} ON {table} "
            f"BEGIN SELECT raise(ABORT, 'the journal is append-only'); END"
            for table, verb in (("journal", "update"), ("journal", "delete"), ("journal_payload", "update"))
        ),
        postgresql=(
            "CREATE OR REPLACE FUNCTION essaim_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE check_violation USING MESSAGE = 'the journal is append-only'; END $$",
            "CREATE OR REPLACE TRIGGER journal_no_change BEFORE UPDATE OR DELETE ON journal "
            "FOR EACH STATEMENT EXECUTE FUNCTION essaim_append_only()",
            "CREATE OR REPLACE TRIGGER journal_payload_no_update BEFORE UPDATE ON journal_payload "
            "FOR EACH STATEMENT EXECUTE FUNCTION essaim_append_only()",
            # One way there and back, however far the server: the lock is held from here to the commit alone.
            "CREATE OR REPLACE FUNCTION essaim_journal_add(at timestamptz, actor text, verb text, subject text, "
            "member text, digest bytea, salt bytea, body text, told text) RETURNS void LANGUAGE plpgsql AS "
            "$$ DECLARE number bigint; before bytea; BEGIN LOCK TABLE journal IN EXCLUSIVE MODE; "
            "SELECT id, chain INTO number, before FROM journal ORDER BY id DESC LIMIT 1; "
            "number := coalesce(number, 0) + 1; "
            "before := coalesce(before, decode(repeat('00', 32), 'hex')); "
            "INSERT INTO journal (id, at, actor, verb, subject, member, digest, previous, chain) VALUES (number, $1, "
            "$2, $3, $4, $5, $6, before, sha256(before || convert_to('[' || number || ',' || told, 'UTF8'))); "
            "INSERT INTO journal_payload (entry_id, salt, body) VALUES (number, $7, $8); END $$",
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Deed:
    """An entry as people read it; `facts` is None once erased."""

    number: int
    at: datetime
    actor: str
    verb: str
    subject: str
    why: str
    facts: dict[str, Any] | None


def record(session: Session, act: Act, verb: str, subject: str, *, member: str | None = None, **facts: object) -> None:
    """Note a deed; it is written with the transaction that it belongs to.

    `facts` are plain values; a `Sealed` one is kept as the secret's fingerprint. `member` is the public
    number of whoever may read the entry as part of their own file.
    """
    vault = vault_of(session)
    plain = {
        name: vault.fingerprint(vault.open(value)) if isinstance(value, Sealed) else value
        for name, value in facts.items()
    }
    if act.emergency:
        plain["emergency"] = True
    session.info.setdefault(_WAITING, []).append((act, verb, subject, member, {"why": act.why, **plain}))


def show(
    session: Session,
    *,
    subject: str | None = None,
    member: str | None = None,
    actor: str | None = None,
    since: datetime | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Deed]:
    """The latest deeds, the newest first: of one row, of one member's file, by one actor, dated since an instant.

    `before` is an entry's number: the page that comes after it.
    """
    query = (
        select(Entry, Payload).outerjoin(Payload, Payload.entry_id == Entry.id).order_by(Entry.id.desc()).limit(limit)
    )
    if subject is not None:
        query = query.where(Entry.subject == subject)
    if member is not None:
        query = query.where((Entry.member == member) | (Entry.subject == member))
    if actor is not None:
        query = query.where(Entry.actor == actor)
    if since is not None:
        query = query.where(Entry.at >= since)
    if before is not None:
        query = query.where(Entry.id < before)
    return [_deed(entry, payload) for entry, payload in session.execute(query)]


def verify(session: Session) -> tuple[int, str]:
    """Read the whole chain: the number of entries, and the head that a backup may note down.

    Raises JournalBroken at the first entry that is not what was written.
    """
    good, previous = 0, START
    query = (
        select(*Entry.__table__.columns, Payload.salt, Payload.body)
        .outerjoin(Payload, Payload.entry_id == Entry.id)
        .order_by(Entry.id)
    )
    session.flush()
    # Past the ORM: these rows are no objects, and there are many.
    with session.connection().execute(query, execution_options={"yield_per": 1000}) as entries:
        for entry in entries:
            if entry.id != good + 1 or entry.previous != previous:
                raise JournalBroken(entry=entry.id, what=_REMOVED, good=good)
            if entry.salt is not None and _digest(entry.salt, entry.body) != entry.digest:
                raise JournalBroken(entry=entry.id, what=_ALTERED, good=good)
            if _link(entry) != entry.chain:
                raise JournalBroken(entry=entry.id, what=_ALTERED, good=good)
            good, previous = entry.id, entry.chain
    return good, previous.hex()


def canonical(value: object) -> str:
    """JSON with one spelling only: keys sorted, no spaces, instants in UTC."""
    return _CANONICAL.encode(value)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


_CANONICAL: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)


_HEAD: Final = select(Entry.id, Entry.chain).order_by(Entry.id.desc()).limit(1)
"""SQLite has one writer by nature: nothing to lock."""
_ENTRIES: Final = Entry.metadata.tables["journal"]
_PAYLOADS: Final = Entry.metadata.tables["journal_payload"]
_ADD_ENTRIES: Final = insert(_ENTRIES)
_ADD_PAYLOADS: Final = insert(_PAYLOADS)
_CHAINED: Final = text(
    "SELECT essaim_journal_add(:at, :actor, :verb, :subject, :member, :digest, :salt, :body, :told)"
).bindparams(bindparam("at", type_=_ENTRIES.c.at.type))


def _deed(entry: Entry, payload: Payload | None) -> Deed:
    try:
        facts = json.loads(payload.body) if payload is not None else None
    except ValueError as garbled:
        raise DatabaseUnreadable(reason=garbled) from garbled
    why = facts.pop("why", "") if facts is not None else ""
    return Deed(entry.id, entry.at, entry.actor, entry.verb, entry.subject, why, facts)


def _digest(salt: bytes, body: str) -> bytes:
    return sha256(salt + body.encode()).digest()


def _link(entry: Any) -> bytes:
    return sha256(entry.previous + f"[{entry.id},{_told(entry)}".encode()).digest()


def _told(entry: Any) -> str:
    """What the chain runs over besides the entry's number: the rest of a canonical list."""
    return canonical([entry.at, entry.actor, entry.verb, entry.subject, entry.member, entry.digest.hex()])[1:]


@event.listens_for(EssaimSession, "before_commit")
def _write_what_waits(session: EssaimSession) -> None:
    waiting: list[Any] = session.info.pop(_WAITING, [])
    if not waiting:
        return
    session.flush()
    connection = session.connection()
    told = [_entry(*each) for each in waiting]
    if connection.dialect.name == "postgresql":
        rows = [vars(entry) | {"told": _told(entry)} for entry in told]
        connection.execute(_CHAINED, rows if len(rows) > 1 else rows[0])  # a batch of one goes there and back twice
        return
    last = connection.execute(_HEAD).one_or_none()
    before, previous = (last.id, last.chain) if last else (0, START)
    for number, entry in enumerate(told, start=before + 1):
        entry.id = entry.entry_id = number
        entry.previous = previous
        entry.chain = previous = _link(entry)
    rows = [vars(entry) for entry in told]
    connection.execute(_ADD_ENTRIES, rows)
    connection.execute(_ADD_PAYLOADS, rows)


def _entry(act: Act, verb: str, subject: str, member: str | None, facts: dict[str, Any]) -> SimpleNamespace:
    salt, body = secrets.token_bytes(16), canonical(facts)
    digest = _digest(salt, body)
    return SimpleNamespace(
        at=act.at, actor=act.actor, verb=verb, subject=subject, member=member, digest=digest, salt=salt, body=body
    )


@event.listens_for(EssaimSession, "after_transaction_end")
def _forget_what_waits(session: EssaimSession, ended: SessionTransaction) -> None:
    if ended.parent is None:
        session.info.pop(_WAITING, None)
