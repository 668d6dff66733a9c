"""Statements read into an account: whole or not at all, each movement once; an exact reference books itself."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from billing.allocations import settle
from billing.books import years
from billing.matching.strangers import comes_back
from billing.matching.words import exact_references
from billing.models import BankAccount, BankEntry, BankFile, Holding, Means, Payment
from billing.reference import reference_of
from billing.statements import g1, helloasso, reading
from billing.statements.accounts import expect_account
from billing.statements.entries import Entry, Statement
from billing.statements.mapping import Mapping
from billing.statements.refusals import UnreadableStatement
from billing.statements.texts import EUR
from billing.tariffs import MOST
from foundation import clock, journal
from foundation.acts import Act
from foundation.money import Euros
from foundation.speech import LANGUAGES, Phrase
from inventory import numbers
from inventory.models.mandates import Task
from inventory.models.people import Member
from inventory.rights import asks

MEANS: Final = {Holding.BANK: Means.TRANSFER, Holding.HELLOASSO: Means.HELLOASSO, Holding.G1: Means.G1}
"""How someone paid whose money came on an account of that kind."""
SOURCE: Final = "bank"
_PAGE: Final = 500


class OpeningDiffers(UnreadableStatement):
    """A statement that does not begin where what we hold ends, though no day is between them."""

    kind = "statement-opening"
    phrase = Phrase(
        "Ce relevé de {account} commence le {day} avec {opening}, et nous tenons {held} ce jour-là. Prendre à la "
        "banque un relevé qui commence plus tôt. Rien n'a été enregistré.",
        "This statement of {account} begins on {day} with {opening}, and we hold {held} on that day. Get a statement "
        "that begins earlier from the bank. Nothing was recorded.",
    )


class ReadOtherwise(UnreadableStatement):
    """The same days were read from another sort of file: their movements would be there twice."""

    kind = "statement-read-otherwise"
    phrase = Phrase(
        "Le mouvement du {day} de {cents} est déjà là ({entry}), lu d'un fichier d'un autre format : celui-ci le "
        "compterait deux fois. Continuer avec le format d'avant, ou prendre un relevé qui commence après le {last}. "
        "Rien n'a été enregistré.",
        "The movement of {day} of {cents} is there already ({entry}), read from a file of another format: this one "
        "would count it twice. Go on with the format of before, or get a statement that begins after {last}. "
        "Nothing was recorded.",
    )


@dataclass(frozen=True, slots=True)
class Booked:
    """A movement whose reference says whose it is: it is that member's payment."""

    entry: str
    member: str
    cents: Euros
    payment: str


@dataclass(frozen=True, slots=True)
class Read:
    """What reading a file did: movements that are new, those known before, days covered, balances, what books itself.

    `notes` are sentences about what to look at: days that are missing, rows left out.
    """

    account: str
    new: int
    known: int
    waiting: int
    since: date | None
    until: date | None
    opening: Euros | None
    closing: Euros | None
    booked: tuple[Booked, ...]
    notes: tuple[Phrase, ...]


_GAP: Final = Phrase(
    "Il manque les mouvements du {first} au {last} : demander ce relevé à la banque.",
    "The movements of {first} to {last} are missing: get that statement from the bank.",
)
_LEFT_OUT: Final = Phrase("Ligne {line} laissée de côté : {why}.", "Row {line} left out: {why}.")


@asks(Task.PAYMENTS_MATCH)
def read_file(
    session: Session,
    act: Act,
    account: BankAccount,
    data: bytes,
    name: str = "",
    *,
    mapping: Mapping | None = None,
    mappings: Sequence[Mapping] = (),
) -> Read:
    """Keep the movements of a file that are not known yet; those with one exact reference book themselves.

    The same file again, or one that overlaps, changes nothing of what is there. Raises subclasses of
    UnreadableStatement (among them WrongAccount, OpeningDiffers, ReadOtherwise), ClosedDay; then nothing is kept.
    """
    session.execute(select(BankAccount.id).where(BankAccount.id == account.id).with_for_update()).all()
    statements, notes = _statements(account, data, name, mapping, mappings)
    digest, files, fresh, known, booked = hashlib.sha256(data).digest(), 0, 0, 0, list[Booked]()
    for statement in sorted(statements, key=lambda one: _days(one)[0] or date.min):
        held = _held(session, account, [entry.key for entry in statement.entries])
        known += len(held)
        new = [entry for entry in statement.entries if entry.key not in held]
        _not_twice(session, account, statement, new)
        notes += _follows(session, account, statement)
        if new or not _covered(session, account, statement):
            file = _keep(session, act, account, statement, new, name, digest)
            booked += _book(session, act, account, _referred(session, file, new))
            files, fresh = files + 1, fresh + len(new)
    since, until = _extent(statements)
    if files:
        journal.record(
            session, act, "bank.read", account.name, file=name[:200], new=fresh, known=known, booked=len(booked)
        )
    ends = sorted(statements, key=lambda one: _days(one)[0] or date.min)
    return Read(
        account.name,
        fresh,
        known,
        fresh - len(booked),
        since,
        until,
        ends[0].opening if ends else None,
        ends[-1].closing if ends else None,
        tuple(booked),
        tuple(notes),
    )


def _statements(
    account: BankAccount, data: bytes, name: str, mapping: Mapping | None, mappings: Sequence[Mapping]
) -> tuple[tuple[Statement, ...], list[Phrase]]:
    if account.kind == Holding.HELLOASSO:
        collected = helloasso.read(data, name=name)
        notes = [_said(_LEFT_OUT, line=row.line, why=row.phrase) for row in collected.left_out]
        return (_of_entries(collected.entries),), notes
    if account.kind == Holding.G1:
        return (_of_entries(g1.read(data, name=name)),), []
    statements = reading.read(data, mapping=mapping, mappings=mappings, name=name)
    for statement in statements:
        expect_account(statement, account.iban)
    return statements, []


def _of_entries(entries: tuple[Entry, ...]) -> Statement:
    return Statement("", EUR, None, None, None, None, entries)


def _days(statement: Statement) -> tuple[date | None, date | None]:
    """The first and the last day of a statement, by what it says or by its movements."""
    days = [entry.day for entry in statement.entries]
    return statement.since or min(days, default=None), statement.until or max(days, default=None)


def _extent(statements: Iterable[Statement]) -> tuple[date | None, date | None]:
    days = [day for statement in statements for day in _days(statement) if day is not None]
    return min(days, default=None), max(days, default=None)


def _held(session: Session, account: BankAccount, keys: Sequence[str]) -> set[str]:
    """Those of these keys that the account's movements have already."""
    found: set[str] = set()
    for start in range(0, len(keys), _PAGE):
        page = keys[start : start + _PAGE]
        found.update(
            session.scalars(select(BankEntry.key).where(BankEntry.account_id == account.id, BankEntry.key.in_(page)))
        )
    return found


def _not_twice(session: Session, account: BankAccount, statement: Statement, new: Sequence[Entry]) -> None:
    """Raises ReadOtherwise where a movement of this file is there under another key, from another sort of file."""
    since, until = _days(statement)
    if not new or since is None or until is None:
        return
    keys = {entry.key for entry in statement.entries}
    query = select(BankEntry.number, BankEntry.key, BankEntry.day, BankEntry.cents, BankEntry.file_id)
    query = query.where(BankEntry.account_id == account.id, BankEntry.day >= since, BankEntry.day <= until)
    others = {(day, int(cents)): number for number, key, day, cents, _ in session.execute(query) if key not in keys}
    wanted = Counter((entry.day, int(entry.cents)) for entry in new)
    same = [one for one in wanted if one in others]
    if same:
        day, cents = min(same)
        last = session.scalar(select(func.max(BankEntry.day)).where(BankEntry.account_id == account.id))
        raise ReadOtherwise(day=day, cents=Euros(cents), entry=numbers.shown("B", others[day, cents]), last=last)


def _follows(session: Session, account: BankAccount, statement: Statement) -> list[Phrase]:
    """What is missing before this statement. Raises OpeningDiffers where nothing is, and it begins with other money."""
    since, _ = _days(statement)
    files = session.scalars(select(BankFile).where(BankFile.account_id == account.id).order_by(BankFile.id)).all()
    before = [file for file in files if file.since and file.until and since and file.since <= since]
    if since is None or not before:
        return []
    last = max(file.until for file in before if file.until)
    between = last < since - timedelta(days=1)
    held = _balance_at(session, account, before, since)
    if statement.opening is None or held is None:
        return [_missing(last, since)] if between and statement.since is not None else []
    if statement.opening == held or any(file.closing == statement.opening and file.until == last for file in before):
        return []
    if between:
        return [_missing(last, since)]
    raise OpeningDiffers(account=account.name, day=since, opening=statement.opening, held=held)


def _missing(last: date, since: date) -> Phrase:
    one = timedelta(days=1)
    return _said(_GAP, first=last + one, last=since - one)


def _balance_at(session: Session, account: BankAccount, before: Sequence[BankFile], day: date) -> Euros | None:
    """What we hold on the morning of that day: the last opening balance that a file states, and what moved since."""
    stated = [file for file in before if file.opening is not None]
    if not stated:
        return None
    anchor = max(stated, key=lambda file: (file.since or date.min, file.id))
    moved = select(func.coalesce(func.sum(BankEntry.cents), 0)).where(
        BankEntry.account_id == account.id, BankEntry.day >= anchor.since, BankEntry.day < day
    )
    return Euros(int(anchor.opening or 0) + int(session.scalar(moved) or 0))


def _covered(session: Session, account: BankAccount, statement: Statement) -> bool:
    """Whether one file that was read covers all days of this one."""
    since, until = _days(statement)
    if since is None or until is None:
        return True
    query = select(BankFile.id).where(
        BankFile.account_id == account.id, BankFile.since <= since, BankFile.until >= until
    )
    return session.scalars(query).first() is not None


def _keep(
    session: Session,
    act: Act,
    account: BankAccount,
    statement: Statement,
    new: Sequence[Entry],
    name: str,
    digest: bytes,
) -> BankFile:
    """The rows of a statement's file and of its new movements. Raises ClosedDay."""
    for day in {entry.day for entry in new}:
        years.open_day(session, day)
    since, until = _days(statement)
    file = BankFile(
        account_id=account.id, name=name[:200], digest=digest, since=since, until=until,
        opening=statement.opening, closing=statement.closing, read_at=act.at,
    )  # fmt: skip
    session.add(file)
    session.flush()
    first = numbers.following(session, BankEntry.number)
    rows = [
        {
            "number": first + rank,
            "account_id": account.id,
            "file_id": file.id,
            "key": entry.key,
            "day": entry.day,
            "cents": entry.cents,
            "label": _label(entry),
            "payer": entry.payer,
            "payer_account": entry.payer_account,
            "payer_email": entry.payer_email,
            "end_to_end": entry.end_to_end,
            "reference": entry.reference,
        }
        for rank, entry in enumerate(sorted(new, key=lambda one: one.day))
    ]
    if rows:
        session.execute(insert(BankEntry), rows)
    return file


def _label(entry: Entry) -> str:
    """The words of a movement; what it was before it became euros stays with them."""
    return f"{entry.label} ({entry.origin})"[:500] if entry.origin else entry.label


def exact_member(texts: Iterable[str], known: dict[int, Member]) -> Member | None:
    """Whose the one valid reference in these texts is; None where there is none, or where there are two."""
    named = [known[number] for number in exact_references(texts) if number in known]
    return named[0] if len({member.id for member in named}) == 1 else None


def _referred(session: Session, file: BankFile, new: Sequence[Entry]) -> list[BankEntry]:
    """The movements of a file that came in with a reference that checks, in the order of their numbers.

    What was ours and comes back may bear the reference of whom it was sent to: it is no payment of theirs.
    """
    keys = [
        one.key
        for one in new
        if one.cents > 0 and exact_references((one.label, one.reference, one.end_to_end)) and not comes_back(one.label)
    ]
    found: list[BankEntry] = []
    for start in range(0, len(keys), _PAGE):
        query = select(BankEntry).where(BankEntry.file_id == file.id, BankEntry.key.in_(keys[start : start + _PAGE]))
        found += session.scalars(query)
    return sorted(found, key=lambda row: row.number)


def _book(session: Session, act: Act, account: BankAccount, fresh: Sequence[BankEntry]) -> list[Booked]:
    """Book the new movements whose reference says whose they are; their members' oldest dues are settled at once."""
    today = clock.today(act.at)
    coming = [row for row in fresh if row.cents <= MOST and row.day <= today]
    known = _members_by_number(session) if coming else {}
    rows, booked = list[dict[str, object]](), list[Booked]()
    number = numbers.following(session, Payment.number)
    for row in coming:
        member = exact_member((row.label, row.reference, row.end_to_end), known)
        if member is None:
            continue
        reference = reference_of(member.number)
        rows.append(
            {
                "number": number,
                "member_id": member.id,
                "day": row.day,
                "cents": row.cents,
                "means": MEANS[Holding(account.kind)],
                "reference": reference,
                "source": SOURCE,
                "entry_id": row.id,
                "at": act.at,
            }
        )
        booked.append(Booked(str(row), str(member), row.cents, numbers.shown("P", number)))
        number += 1
    if not rows:
        return []
    session.execute(insert(Payment), rows)
    settle(session)
    for one, values in zip(booked, rows, strict=True):
        journal.record(
            session, act, "payment.record", one.payment, member=one.member, cents=int(one.cents), day=values["day"],
            means=values["means"], reference=values["reference"], entry=one.entry,
        )  # fmt: skip
    return booked


def _members_by_number(session: Session) -> dict[int, Member]:
    """Members by every number that is theirs: a file that was merged into another is the other's."""
    members = {member.id: member for member in session.scalars(select(Member))}
    found = {}
    for member in members.values():
        whole = member
        while whole.merged_into_id is not None:
            whole = members[whole.merged_into_id]
        found[member.number] = whole
    return found


def _said(phrase: Phrase, /, **values: object) -> Phrase:
    return Phrase.said(*(phrase.say(language, **values) for language in LANGUAGES))
