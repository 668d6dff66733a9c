"""The association's accounts, and the movements on them: matched, filed, refunded, undone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import Field
from sqlalchemy.orm import Session

from api.rest.dues import READERS
from api.rest.noun import Body, Noun, paged
from billing import payments
from billing.bank import accounts as bank
from billing.bank import inbox
from billing.bank import lists as bank_lists
from billing.bank.inbox import Part
from billing.bank.lists import EntryView, entry_views
from billing.bank.views import BankAccountView, account_views
from billing.models import BankAccount, BankEntry
from foundation import clock
from foundation.acts import Act
from foundation.money import Euros


class PartOf(Body):
    """What of a movement is a member's: all that the others leave where `cents` is null."""

    member: str = Field(max_length=40, examples=["M0042"])
    cents: int | None = Field(None, examples=[1250])
    gift: bool = Field(False, description="a gift, which settles nothing that they owe")


class Whose(Body):
    """Whose a movement is. The parts add up to it, or `rest` is the account of the books for what is left."""

    parts: list[PartOf] = Field(min_length=1, max_length=50)
    rest: str = Field("", max_length=16, description="the word of an account: `gifts`")
    words: str = Field("", max_length=140)


class Filed(Body):
    """The account of the books, by its word, under which a movement that is no member's goes."""

    account: str = Field(max_length=16, examples=["interest"])
    words: str = Field("", max_length=140, examples=["intérêts du livret"])


class GivenBack(Body):
    """Whose credit it was that went out."""

    member: str = Field(max_length=40, examples=["M0042"])


class Wrong(Body):
    """Why what was said of a movement was wrong; it stays in the books."""

    reason: str = Field(max_length=200, examples=["it was M0043"])


def every_account(session: Session, *, after: str = "", limit: int = 100) -> Sequence[BankAccount]:
    """Accounts by name."""
    return paged(bank.list_accounts(session), lambda one: one.name, after, limit)


def listed(
    session: Session,
    *,
    waiting: bool | None = None,
    account: str | None = None,
    since: date | None = None,
    until: date | None = None,
    after: int = 0,
    limit: int = 100,
) -> Sequence[BankEntry]:
    """Movements by number; those that wait, or do not; of one account; from `since`, before `until`."""
    whose = bank.find_account(session, account) if account else None
    return bank_lists.list_entries(
        session, waiting=waiting, account=whose, since=since, until=until, after=after, limit=limit
    )


def match(session: Session, act: Act, entry: BankEntry, body: Whose) -> None:
    """It is these members': it settles their oldest dues, and what is too much is their credit."""
    parts = [
        Part(payments.payer(session, one.member), None if one.cents is None else Euros(one.cents), one.gift)
        for one in body.parts
    ]
    inbox.match(session, act, entry, parts, rest=body.rest, words=body.words)


def unmatch(session: Session, act: Act, entry: BankEntry, body: Wrong) -> None:
    """Undo all that was said of it: payments are reversed, and it waits again."""
    inbox.unmatch(session, act, entry, body.reason)


def file(session: Session, act: Act, entry: BankEntry, body: Filed) -> None:
    """It is no member's: it goes under an account of the books."""
    inbox.file_entry(session, act, entry, body.account, body.words)


def unfile(session: Session, act: Act, entry: BankEntry, body: Wrong) -> None:
    """Take it out of the account it was filed under: it waits again."""
    inbox.unfile(session, act, entry, body.reason)


def refund(session: Session, act: Act, entry: BankEntry, body: GivenBack) -> None:
    """Money that went out was a member's credit, given back."""
    inbox.refund(session, act, entry, payments.payer(session, body.member))


BANK_ACCOUNTS = Noun(
    path="bank/accounts",
    about="The association's accounts, at a bank or elsewhere, by name",
    view=BankAccountView,
    views=lambda session, _act, rows: account_views(session, rows),
    find=bank.find_account,
    listed=every_account,
    readers=READERS,
    example={
        "name": "courant",
        "kind": "bank",
        "iban": "FR7630006000011234567890189",
        "bic": "",
        "holder": "Exemple Net",
        "since": "2026-01-01",
        "until": "2026-11-30",
        "movements": 412,
    },
)

_SAID = {"sort": "payment", "name": "P0042", "member": "M0042", "member_name": "Camille Exemple", "cents": 3500}

BANK_ENTRIES = Noun(
    path="bank/entries",
    about="Movements of these accounts, by number, and what was said of them",
    view=EntryView,
    views=lambda session, act, rows: entry_views(session, rows, clock.today(act.at)),
    find=inbox.find_entry,
    listed=listed,
    readers=READERS,
    verbs={"match": match, "unmatch": unmatch, "file": file, "unfile": unfile, "refund": refund},
    example={
        "number": "B0012",
        "account": "courant",
        "day": "2026-11-05",
        "cents": 3500,
        "left_cents": 0,
        "label": "VIR INST COTISATION 2026",
        "payer": "MME EXEMPLE C",
        "payer_account": "FR7630004000031234567890143",
        "said": [
            {"sort": "payment", "name": "P0042", "member": "M0042", "member_name": "Camille Exemple", "cents": 3500}
        ],
        "suggestions": [],
    },
)
