"""The volunteer who looks after money in a year that is made up: each month's file, and a click for each that waits.

They know what each movement truly is, as a volunteer does who asks; what nobody finds out stays in the inbox.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from billing.bank import accounts as bank
from billing.bank import files as bank_files
from billing.bank import inbox
from billing.bank.inbox import Part, Waiting
from desk.simulation_bank import OURS, Bank, GivenBack, Movement, Other, Received
from desk.simulation_facts import Facts
from foundation import clock
from foundation.acts import Act
from foundation.clock import Month
from foundation.money import Euros
from inventory import members
from inventory.models.people import Member

ACCOUNT: Final = "courant"
_PAGE: Final = 200
_MISTAKEN: Final = "la référence d'une autre personne, par erreur"


@dataclass
class Treasurer:
    """Reads statements and says what waits; counts what it took."""

    bank: Bank
    facts: Facts
    folder: Path
    files: int = 0
    closing: dict[Month, Euros] = field(default_factory=dict)
    by_reference: int = 0
    by_click: int = 0
    suggested: int = 0
    to_mend: list[tuple[str, Movement]] = field(default_factory=list)

    def open_account(self, session: Session, act: Act, holder: str) -> None:
        """Say which account the association has."""
        self.folder.mkdir()
        bank.add_account(session, act, ACCOUNT, OURS, holder=holder)

    def read(self, session: Session, act: Act, month: Month) -> None:
        """Fetch a month's statement from the bank, read it, and say of each movement that waits what it is."""
        name, data = self.bank.statement(month)
        (self.folder / name).write_bytes(data)
        account = bank.find_account(session, ACCOUNT)
        found = bank_files.read_file(session, act, account, data, name)
        self.files += 1
        if found.closing is not None:
            self.closing[month] = found.closing
        self.by_reference += len(found.booked)
        truths = self.bank.truths
        self._note(act, [move for move in truths.values() if month.first <= move.day < month.after])
        self._look_for_wrong(session, found.booked, truths)
        self._click(session, act, truths)

    def read_again(self, session: Session, act: Act, month: Month) -> None:
        """The same file once more: nothing comes of it, and nothing is counted."""
        name, data = self.bank.statement(month)
        bank_files.read_file(session, act, bank.find_account(session, ACCOUNT), data, name)

    def stated(self, month: Month) -> Euros | None:
        """What that month's statement says is on the account at its end; None where it says nothing of it."""
        return self.closing.get(month)

    def mend(self, session: Session, act: Act) -> None:
        """Book anew what bore another's reference: they have called."""
        while self.to_mend:
            number, move = self.to_mend.pop()
            entry = inbox.find_entry(session, number)
            inbox.unmatch(session, act, entry, _MISTAKEN)
            self._match(session, act, number, move.truth)

    def _note(self, act: Act, moves: Sequence[Movement]) -> None:
        today = clock.today(act.at)
        for move in sorted(moves, key=lambda one: (one.day, one.own)):
            match move.truth:
                case Received(parts=parts, marked=marked):
                    self.facts.payment(today, move.day, move.cents, "transfer", parts, marked)
                case GivenBack(member=member):
                    self.facts.note("refund", today, member=member, cents=-move.cents, day=move.day)
                case Other(account=account):
                    self.facts.note("move", today, cents=move.cents, day=move.day, account=account, label=move.label)

    def _look_for_wrong(
        self, session: Session, booked: Sequence[bank_files.Booked], truths: dict[str, Movement]
    ) -> None:
        for one in booked:
            move = truths[inbox.find_entry(session, one.entry).key]
            if isinstance(move.truth, Received) and move.truth.wrongly:
                self.to_mend.append((one.entry, move))

    def _click(self, session: Session, act: Act, truths: dict[str, Movement]) -> None:
        after = ""
        while True:
            page = inbox.waiting(session, act, after=after, limit=_PAGE)
            for one in page:
                self._say(session, act, one, truths[one.entry.key])
            if len(page) < _PAGE:
                return
            after = str(page[-1].entry)

    def _say(self, session: Session, act: Act, one: Waiting, move: Movement) -> None:
        match move.truth:
            case Received(parts=()):
                return
            case Received() as truth:
                expected = sorted((int(part.member[1:]), part.cents) for part in truth.parts)
                first = one.suggestions[0] if one.suggestions else None
                self.suggested += first is not None and sorted(first.parts) == expected
                self._match(session, act, str(one.entry), truth)
            case GivenBack(member=number):
                inbox.refund(session, act, one.entry, self._member(session, number))
            case Other(account=account):
                inbox.file_entry(session, act, one.entry, account, move.label)

    def _match(self, session: Session, act: Act, number: str, truth: object) -> None:
        if not isinstance(truth, Received):
            return
        entry = inbox.find_entry(session, number)
        parts = [Part(self._member(session, one.member), one.cents, one.gift) for one in truth.parts]
        inbox.match(session, act, entry, parts)
        self.by_click += 1

    @staticmethod
    def _member(session: Session, number: str) -> Member:
        return members.find_member(session, number)
