"""camt.053, the statement of ISO 20022, as French banks send it: versions .02 and .08, and what lies between.

Only booked entries are read; an entry that stands for several transfers becomes one for each where their amounts are
told and make the whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from billing.statements.accounts import iban_of, number_of
from billing.statements.entries import Entry, Statement, own_key
from billing.statements.refusals import (
    MOST_ENTRIES,
    THE_STATEMENT,
    BadStatementAmount,
    EmptyStatement,
    MalformedStatement,
    StatementLacks,
    StatementTooLong,
    UnknownStatementFormat,
    movement,
)
from billing.statements.texts import EUR, NAME, REFERENCE, day_of, euros_of, joined, meant, only_euros, plain
from billing.statements.xml_tree import Node, tree
from foundation.money import Euros
from foundation.speech import Phrase

_NAMESPACE: Final = re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.(0[2-9]|1[0-9])")
_OPENING, _CLOSING, _INTERIM = ("OPBD", "PRCD"), ("CLBD",), "ITBD"
_SIGNS: Final = {"CRDT": 1, "DBIT": -1}
_MOST_PARTS: Final = 10_000


@dataclass(frozen=True, slots=True)
class _Balance:
    code: str
    day: str
    node: Node


def read(data: bytes, file: object) -> Iterator[Statement]:
    """The statements of a file, their entries without keys where the bank gave none.

    Raises subclasses of UnreadableStatement.
    """
    document = tree(data)
    if not _NAMESPACE.fullmatch(document.namespace) or document.name != "Document":
        raise UnknownStatementFormat(file=file, what=_what_else(document.namespace))
    found = False
    for statement in document.children("BkToCstmrStmt", "Stmt"):
        found = True
        yield _statement(statement)
    if not found:
        raise EmptyStatement


def _what_else(namespace: str) -> Phrase:
    kind = re.search(r"(camt|pain|pacs)\.[0-9]{3}", namespace)
    if kind is None:
        return Phrase("du XML, mais pas un relevé camt.053", "XML, but no camt.053 statement")
    return Phrase.said(f"c'est un {kind[0]}, pas un relevé camt.053", f"it is a {kind[0]}, no camt.053 statement")


def _statement(node: Node) -> Statement:
    account = number_of(node.text("Acct", "Id", "IBAN") or node.text("Acct", "Id", "Othr", "Id"))
    if not account:
        raise StatementLacks(what=Phrase("le numéro de compte", "the account's number"), where=THE_STATEMENT)
    only_euros(node.text("Acct", "Ccy") or EUR, THE_STATEMENT)
    entries: list[Entry] = []
    for rank, each in enumerate(node.children("Ntry"), start=1):
        entries += _entries(each, movement(rank))
        if max(rank, len(entries)) > MOST_ENTRIES:
            raise StatementTooLong
    opening, closing = _balances(node)
    since, until = (
        day_of(text, THE_STATEMENT) if (text := node.text("FrToDt", name)) else None for name in ("FrDtTm", "ToDtTm")
    )
    return Statement(account, EUR, since, until, opening, closing, tuple(entries))


def _balances(node: Node) -> tuple[Euros | None, Euros | None]:
    """The first balance and the last; on the pages of a long statement, interim ones stand where others are missing."""
    told = [
        _Balance(each.text("Tp", "CdOrPrtry", "Cd"), each.text("Dt", "Dt") or each.text("Dt", "DtTm"), each)
        for each in node.children("Bal")
    ]
    first = next((min(found, key=_day) for code in _OPENING if (found := [b for b in told if b.code == code])), None)
    last = next((max(found, key=_day) for code in _CLOSING if (found := [b for b in told if b.code == code])), None)
    interim = [b for b in told if b.code == _INTERIM]
    if first is None and interim and (last is not None or len(interim) > 1):
        first = interim[0]
    if last is None and interim and interim[-1] is not first:
        last = interim[-1]
    opening, closing = (_amount(one.node, THE_STATEMENT) if one is not None else None for one in (first, last))
    return opening, closing


def _day(balance: _Balance) -> str:
    return balance.day


def _amount(node: Node, where: Phrase) -> Euros:
    """The signed amount of an entry or a balance."""
    amount = node.child("Amt")
    if amount is None:
        raise StatementLacks(what=Phrase("un montant", "an amount"), where=where)
    only_euros(amount.attribute("Ccy"), where)
    sign = _SIGNS.get(node.text("CdtDbtInd"))
    if sign is None:
        raise MalformedStatement(where=where)
    cents = euros_of(amount.text(), where)
    if cents < 0:
        raise BadStatementAmount(text=plain(amount.text(), 30), where=where)
    return cents if sign > 0 else -cents


def _entries(node: Node, where: Phrase) -> list[Entry]:
    """What one `Ntry` stands for: nothing while it is pending or of nothing, one entry, or one for each transfer."""
    if (node.text("Sts", "Cd") or node.text("Sts") or "BOOK") != "BOOK":
        return []
    cents = _amount(node, where)
    if cents == 0:
        return []
    details = list(node.children("NtryDtls", "TxDtls"))
    if len(details) > _MOST_PARTS:
        raise StatementTooLong
    parts = [_part(each, cents, where) for each in details] if len(details) > 1 else []
    told = [part for part in parts if part]
    own = meant(node.text("AcctSvcrRef"), 255)
    if not told or len(told) < len(parts) or sum(told) != cents:
        return [_entry(node, details, cents, own, where)]
    refs = [meant(each.text("Refs", "AcctSvcrRef"), 255) for each in details]
    if not all(refs) or len(set(refs)) < len(refs):
        refs = [f"{own}/{rank}" if own else "" for rank in range(1, len(details) + 1)]
    return [_entry(node, [one], part, ref, where) for one, part, ref in zip(details, told, refs, strict=True)]


def _part(detail: Node, whole: Euros, where: Phrase) -> Euros | None:
    """What one transfer of several adds to the whole; None where that is not told in euros."""
    amount = detail.child("Amt") or detail.child("AmtDtls", "TxAmt", "Amt")
    if amount is None or amount.attribute("Ccy") != EUR:
        return None
    cents = abs(euros_of(amount.text(), where))
    sign = _SIGNS.get(detail.text("CdtDbtInd"), 1 if whole > 0 else -1)
    return Euros(sign * cents)


def _entry(node: Node, details: list[Node], cents: Euros, own: str, where: Phrase) -> Entry:
    """One entry of these transfers; who paid is told where it is one transfer."""
    day = _booked(node, where)
    detail = details[0] if len(details) == 1 else None
    own = own or (meant(detail.text("Refs", "AcctSvcrRef"), 255) if detail else "")
    written = joined(*(word for each in details for word in _words(each)))
    label = written or plain(node.text("AddtlNtryInf")) or _kind(node)
    value = node.text("ValDt", "Dt") or node.text("ValDt", "DtTm")
    key = own_key(own, day, cents)
    value_day = day_of(value, where) if value else day
    if detail is None:
        return Entry(key, day, value_day, cents, label, kind=_kind(node))
    payer, account = _other_end(detail, cents)
    return Entry(
        key,
        day,
        value_day,
        cents,
        label,
        payer=payer,
        payer_account=account,
        end_to_end=meant(detail.text("Refs", "EndToEndId")),
        reference=_reference(detail),
        kind=_kind(detail) or _kind(node),
    )


def _booked(node: Node, where: Phrase) -> date:
    for name in ("BookgDt", "ValDt"):
        text = node.text(name, "Dt") or node.text(name, "DtTm")
        if text:
            return day_of(text, where)
    raise StatementLacks(what=Phrase("la date d'une écriture", "the date of an entry"), where=where)


def _words(detail: Node) -> Iterator[str]:
    """What the payer wrote; else what the bank says of the transfer."""
    written = [each.text() for each in detail.children("RmtInf", "Ustrd")]
    written += [each.text() for each in detail.children("RmtInf", "Strd", "AddtlRmtInf")]
    yield from written or [detail.text("AddtlTxInf")]


def _reference(detail: Node) -> str:
    for each in detail.children("RmtInf", "Strd"):
        reference = meant("".join(each.text("CdtrRefInf", "Ref").split()), REFERENCE)
        if reference:
            return reference
    return ""


def _other_end(detail: Node, cents: Euros) -> tuple[str, str]:
    """The name and the IBAN of who paid us, or whom we paid."""
    ends = ("Dbtr", "UltmtDbtr") if cents > 0 else ("Cdtr", "UltmtCdtr")
    names = (detail.text("RltdPties", end, "Nm") or detail.text("RltdPties", end, "Pty", "Nm") for end in ends)
    name = next((name for name in names if name), "")
    return plain(name, NAME), iban_of(detail.text("RltdPties", f"{ends[0]}Acct", "Id", "IBAN"))


def _kind(node: Node) -> str:
    """The bank's code of a transaction: `PMNT-RCDT-ESCT`, or one of its own."""
    code = node.child("BkTxCd")
    if code is None:
        return ""
    family = (code.text("Domn", "Cd"), code.text("Domn", "Fmly", "Cd"), code.text("Domn", "Fmly", "SubFmlyCd"))
    return plain("-".join(filter(None, family)) or code.text("Prtry", "Cd"), 40)
