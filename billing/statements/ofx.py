"""OFX: version 1, whose elements need no end (SGML), and version 2 (XML), by one reader of our own.

Nothing is ever expanded, so that there is nothing to expand without end. A statement says its last balance only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from billing.statements import texts
from billing.statements.accounts import iban_of, iban_of_rib, number_of
from billing.statements.entries import Entry, Statement, own_key
from billing.statements.refusals import (
    MOST_ENTRIES,
    THE_STATEMENT,
    EmptyStatement,
    MalformedStatement,
    StatementLacks,
    StatementTooLong,
    StatementWithEntities,
    WrongCurrency,
    movement,
)
from billing.statements.texts import EUR, NAME, REFERENCE, day_of, euros_of, joined, meant, only_euros, plain
from foundation.speech import Phrase

_TAG: Final = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9._]{0,40})[ \t\n]{0,8}/?>")
_TRAP: Final = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_SAID: Final = re.compile(
    r"(ENCODING|CHARSET):[ \t]*([A-Za-z0-9-]+?)"
    r"(?=(?:ENCODING|CHARSET|COMPRESSION|OLDFILEUID|NEWFILEUID):|[^A-Za-z0-9-]|$)"
)
"""Some banks write the whole header in one line, without anything between its fields."""
_DECLARED: Final = re.compile(r"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_SIGN: Final = re.compile(r"&(?:(amp|lt|gt|quot|apos|nbsp)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));")
_SIGNS: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "nbsp": " "}
_HEAD: Final = 2000
_STATEMENTS: Final = frozenset({"STMTRS", "CCSTMTRS"})
_NESTS: Final = _STATEMENTS | {
    "OFX", "SIGNONMSGSRSV1", "SONRS", "STATUS", "FI", "BANKMSGSRSV1", "CREDITCARDMSGSRSV1", "STMTTRNRS", "CCSTMTTRNRS",
    "BANKACCTFROM", "CCACCTFROM", "BANKTRANLIST", "BANKTRANLISTP", "STMTTRN", "STMTTRNP", "PAYEE", "EXTDPAYEE",
    "BANKACCTTO", "CCACCTTO", "CURRENCY", "ORIGCURRENCY", "LEDGERBAL", "AVAILBAL", "BALLIST", "BAL", "IMAGEDATA",
}  # fmt: skip
"""The elements that hold others, of those in which something stands that is read. Any other name is a field."""
_READ: Final = frozenset(
    {"BANKACCTFROM", "CCACCTFROM", "BANKTRANLIST", "STMTTRN", "PAYEE", "BANKACCTTO", "CURRENCY", "LEDGERBAL"}
)
_FIELDS: Final = frozenset({
    "CURDEF", "BANKID", "BRANCHID", "ACCTID", "DTSTART", "DTEND", "BALAMT", "FITID", "DTPOSTED", "DTAVAIL", "TRNAMT",
    "TRNTYPE", "NAME", "MEMO", "REFNUM", "CHECKNUM", "CURSYM",
})  # fmt: skip
_MOST_NESTS: Final = 3 * MOST_ENTRIES
_MOST_TAGS: Final = 3_000_000
_DEEPEST: Final = 12
_NEEDED: Final = {
    "DTPOSTED": Phrase("la date d'une écriture", "the date of an entry"),
    "TRNAMT": Phrase("un montant", "an amount"),
}
_END: Final = Phrase("fin du fichier", "end of the file")


@dataclass(slots=True)
class _Element:
    name: str
    fields: dict[str, str] = field(default_factory=dict)
    within: list[_Element] = field(default_factory=list)

    def all(self, name: str) -> Iterator[_Element]:
        for each in self.within:
            if each.name == name:
                yield each

    def first(self, name: str) -> _Element:
        return next(self.all(name), _Element(name))


def read(data: bytes) -> Iterator[Statement]:
    """The statements of a file, their entries without keys where the bank gave none (FITID).

    Raises subclasses of UnreadableStatement.
    """
    text = texts.decoded(data, _charset(data), or_utf8=True)
    if _TRAP.search(text):
        raise StatementWithEntities
    if text.count("<") > _MOST_TAGS:
        raise StatementTooLong
    found = False
    for each in _elements(_unwrapped(text)):
        if each.name in _STATEMENTS:
            found = True
            yield _statement(each)
    if not found:
        raise EmptyStatement


def _charset(data: bytes) -> str:
    """What the header says: `CHARSET:1252` of version 1 (`ENCODING` where it says none), or what the XML declares."""
    head = data[:_HEAD].decode("latin-1").partition("<OFX")[0]
    declared = _DECLARED.search(head)
    if declared is not None:
        return declared[1]
    told = {name: value.lower() for name, value in _SAID.findall(head)}
    if told.get("ENCODING") in ("utf-8", "utf8", "unicode"):
        return "utf-8"
    charset = told.get("CHARSET", "none")
    return "windows-1252" if charset in ("none", "") else charset


def _unwrapped(text: str) -> str:
    """The text without comments, and with what CDATA holds as fields hold it."""
    if "<!" not in text:
        return text
    parts, here = [], 0
    while (start := text.find("<!", here)) >= 0:
        parts.append(text[here:start])
        comment = text.startswith("<!--", start)
        if not comment and not text.startswith("<![CDATA[", start):
            parts.append("<!")
            here = start + 2
            continue
        end = text.find("-->" if comment else "]]>", start)
        if end < 0:
            raise MalformedStatement(where=_END)
        if not comment:
            parts.append(text[start + 9 : end].replace("&", "&amp;").replace("<", "&lt;"))
        here = end + 3
    return "".join([*parts, text[here:]])


def _elements(text: str) -> Iterator[_Element]:
    """Every statement once it is whole; what is around them is left. Raises MalformedStatement, StatementTooLong.

    A field ends where the next tag begins, whether its own end is written or not.
    """
    opened, nests = list[_Element](), 0
    name, value_at = "", 0
    for tag in _TAG.finditer(text):
        if name and opened and (value := text[value_at : tag.start()].strip()):
            opened[-1].fields.setdefault(name, value)
        ends, following = bool(tag[1]), tag[2].upper()
        name, value_at = ("" if ends or following not in _FIELDS else following), tag.end()
        if following not in _NESTS:
            continue
        if not ends:
            nests += 1
            _may_open(following, opened, nests, text, tag.start())
            opened.append(_Element(following))
        elif not opened or opened[-1].name != following:
            raise MalformedStatement(where=_place(text, tag.start()))
        else:
            whole = opened.pop()
            if whole.name in _STATEMENTS:
                yield whole
            elif opened and whole.name in _READ:
                opened[-1].within.append(whole)
                if len(opened[-1].within) > MOST_ENTRIES:
                    raise StatementTooLong
    if opened or not nests:
        raise MalformedStatement(where=_END)


def _may_open(name: str, opened: list[_Element], nests: int, text: str, position: int) -> None:
    """There is one OFX around all that there is, and nothing of it is deep or without end."""
    if nests > _MOST_NESTS:
        raise StatementTooLong
    if (name == "OFX") != (nests == 1) or (nests > 1 and not opened) or len(opened) > _DEEPEST:
        raise MalformedStatement(where=_place(text, position))


def _place(text: str, position: int) -> Phrase:
    number = text.count("\n", 0, position) + 1
    return Phrase.said(f"ligne {number}", f"line {number}")


def _statement(node: _Element) -> Statement:
    only_euros(node.fields.get("CURDEF", "?"), THE_STATEMENT)
    listed = node.first("BANKTRANLIST")
    since, until = (
        day_of(text, THE_STATEMENT) if (text := listed.fields.get(name)) else None for name in ("DTSTART", "DTEND")
    )
    ledger = node.first("LEDGERBAL").fields.get("BALAMT")
    closing = euros_of(ledger, THE_STATEMENT) if ledger is not None else None
    entries = []
    for rank, each in enumerate(listed.all("STMTTRN"), start=1):
        entry = _entry(each, movement(rank))
        if entry.cents:
            entries.append(entry)
    return Statement(_account(node), EUR, since, until, None, closing, tuple(entries))


def _account(node: _Element) -> str:
    """The IBAN, put together where the parts of a RIB are told; else the bank's own number."""
    told = (node.first("BANKACCTFROM") if node.name == "STMTRS" else node.first("CCACCTFROM")).fields
    number = number_of(told.get("ACCTID", ""))
    if not number:
        raise StatementLacks(what=Phrase("le numéro de compte", "the account's number"), where=THE_STATEMENT)
    return iban_of(number) or iban_of_rib(told.get("BANKID", ""), told.get("BRANCHID", ""), number) or number


def _entry(node: _Element, where: Phrase) -> Entry:
    told = {name: _unescaped(value) for name, value in node.fields.items()}
    for name, what in _NEEDED.items():
        if name not in told:
            raise StatementLacks(what=what, where=where)
    symbol = node.first("CURRENCY").fields.get("CURSYM", EUR)
    if symbol.strip().upper() != EUR:
        raise WrongCurrency(currency=plain(symbol, 10), where=where)
    cents = euros_of(told["TRNAMT"], where)
    day = day_of(told["DTPOSTED"], where)
    payer = plain(_unescaped(node.first("PAYEE").fields.get("NAME", "")) or told.get("NAME", ""), NAME)
    return Entry(
        own_key(meant(told.get("FITID", ""), 255), day, cents),
        day,
        day_of(told["DTAVAIL"], where) if told.get("DTAVAIL") else day,
        cents,
        joined(told.get("NAME", ""), told.get("MEMO", "")) or plain(told.get("TRNTYPE")),
        payer=payer,
        payer_account=iban_of(node.first("BANKACCTTO").fields.get("ACCTID", "")),
        end_to_end=meant(told.get("REFNUM", "") or told.get("CHECKNUM", ""), REFERENCE),
        kind=plain(told.get("TRNTYPE", ""), 40),
    )


def _unescaped(text: str) -> str:
    return _SIGN.sub(_sign, text) if "&" in text else text


def _sign(found: re.Match[str]) -> str:
    if found[1]:
        return _SIGNS[found[1]]
    number = int(found[2]) if found[2] else int(found[3], 16)
    return chr(number) if number <= 0x10FFFF else "?"
