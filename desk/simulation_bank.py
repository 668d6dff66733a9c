"""The bank of a year that is made up: it moves money, and hands out a statement a month as banks write them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from html import escape
from typing import Final

from billing.statements.accounts import iban_of_rib
from billing.statements.entries import own_key
from desk.simulation_facts import Truth
from foundation.clock import Month
from foundation.money import Euros

BANK: Final = "99999"
"""A code that no French bank has."""
OURS: Final = iban_of_rib(BANK, "00001", "00000000001")
_CSV_MONTHS: Final = (3, 9)
_AGAIN: Final = 6
"""In this month's statement the second half of the month before stands once more."""


@dataclass(frozen=True, slots=True)
class Received:
    """Money of members: whose it truly is, how it was marked, and whose the reference is where it is wrong."""

    parts: tuple[Truth, ...]
    marked: str
    wrongly: str = ""


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A refund."""

    member: str


@dataclass(frozen=True, slots=True)
class Other:
    """No member's: under which account of the books it goes."""

    account: str


@dataclass(frozen=True, slots=True)
class Movement:
    """A movement of the account: what the bank says of it, and what it truly is, which the bank does not know."""

    own: str
    day: date
    cents: Euros
    label: str
    truth: Received | GivenBack | Other
    payer: str = ""
    iban: str = ""
    reference: str = ""

    @property
    def key(self) -> str:
        """The key under which the movement is known once its statement was read."""
        return own_key(self.own, self.day, self.cents)


@dataclass
class Bank:
    """An account, opened with nothing on it, and all its movements so far."""

    moves: list[Movement] = field(default_factory=list)

    def move(
        self,
        day: date,
        cents: Euros,
        label: str,
        truth: Received | GivenBack | Other,
        *,
        payer: str = "",
        iban: str = "",
        reference: str = "",
    ) -> None:
        """Money comes in, or goes out where negative."""
        own = f"BQ{len(self.moves) + 1:06d}"
        self.moves.append(Movement(own, day, cents, label, truth, payer, iban, reference))

    @property
    def truths(self) -> dict[str, Movement]:
        """Every movement by its key."""
        return {move.key: move for move in self.moves}

    def balance(self, day: date) -> Euros:
        """What was on the account in the morning of that day."""
        return sum((move.cents for move in self.moves if move.day < day), Euros(0))

    def statement(self, month: Month) -> tuple[str, bytes]:
        """A month's file: its name and its octets, camt.053 or now and then CSV."""
        since = month.first - timedelta(days=14) if month.number == _AGAIN else month.first
        moves = sorted((one for one in self.moves if since <= one.day < month.after), key=lambda one: one.day)
        if month.number in _CSV_MONTHS:
            return f"{month}.csv", _csv(moves)
        opening = self.balance(since)
        return f"{month}.xml", _camt(moves, since, month.after - timedelta(days=1), opening)


def iban(rank: int) -> str:
    """A made up account, valid but at no bank (ISO 13616)."""
    return iban_of_rib(BANK, "00002", f"{rank:011d}")


def _amount(cents: int) -> str:
    whole, rest = divmod(abs(cents), 100)
    return f"{whole}.{rest:02d}"


def _camt(moves: Sequence[Movement], since: date, last: date, opening: Euros) -> bytes:
    closing = opening + sum(move.cents for move in moves)
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>\n'
        f"<GrpHdr><MsgId>{last}</MsgId><CreDtTm>{last}T23:00:00</CreDtTm></GrpHdr><Stmt><Id>{last}</Id>"
        f"<FrToDt><FrDtTm>{since}T00:00:00</FrDtTm><ToDtTm>{last}T23:59:59</ToDtTm></FrToDt>"
        f"<Acct><Id><IBAN>{OURS}</IBAN></Id><Ccy>EUR</Ccy></Acct>\n"
        + _balance("OPBD", opening, since)
        + _balance("CLBD", closing, last)
        + "".join(map(_entry, moves))
        + "</Stmt></BkToCstmrStmt></Document>\n"
    )
    return text.encode()


def _side(cents: int) -> str:
    return "DBIT" if cents < 0 else "CRDT"


def _balance(code: str, cents: Euros, day: date) -> str:
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{_amount(cents)}</Amt>'
        f"<CdtDbtInd>{_side(cents)}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>\n"
    )


def _entry(move: Movement) -> str:
    end = "Cdtr" if move.cents < 0 else "Dbtr"
    party = f"<{end}><Pty><Nm>{escape(move.payer)}</Nm></Pty></{end}>" if move.payer else ""
    account = f"<{end}Acct><Id><IBAN>{move.iban}</IBAN></Id></{end}Acct>" if move.iban else ""
    parties = f"<RltdPties>{party}{account}</RltdPties>" if party or account else ""
    told = f"<Strd><CdtrRefInf><Ref>{move.reference}</Ref></CdtrRefInf></Strd>" if move.reference else ""
    return (
        f'<Ntry><Amt Ccy="EUR">{_amount(move.cents)}</Amt><CdtDbtInd>{_side(move.cents)}</CdtDbtInd>'
        f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{move.day}</Dt></BookgDt><ValDt><Dt>{move.day}</Dt></ValDt>"
        f"<AcctSvcrRef>{move.own}</AcctSvcrRef><NtryDtls><TxDtls>"
        f"<Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>{parties}"
        f"<RmtInf><Ustrd>{escape(move.label)}</Ustrd>{told}</RmtInf></TxDtls></NtryDtls></Ntry>\n"
    )


_HEADINGS: Final = (
    "Transaction ID", "Settlement date", "Operation date", "Reference", "Note", "Total amount", "Counterparty name",
    "Counterparty IBAN", "Payment method", "Account IBAN", "Currency",
)  # fmt: skip


def _csv(moves: Sequence[Movement]) -> bytes:
    """As `billing/statements/mappings/en-ligne.toml` says that an online bank writes."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\r\n")
    rows.writerow(_HEADINGS)
    for move in moves:
        signed = f"{'-' if move.cents < 0 else ''}{_amount(move.cents)}"
        rows.writerow(
            (move.own, move.day, move.day, move.label, move.reference, signed, move.payer, move.iban, "transfer", OURS,
             "EUR")
        )  # fmt: skip
    return written.getvalue().encode()
