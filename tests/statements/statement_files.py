"""Small writers of bank statements, one a format, for tests: they know the formats and nothing of the readers."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape

IBAN = "FR7630006000011234567890189"
"""The example of the French banks' own documents."""
BANK, BRANCH, ACCOUNT = "30006", "00001", "12345678901"


@dataclass(frozen=True)
class Move:
    day: date
    cents: int
    label: str
    payer: str = ""
    iban: str = ""
    end_to_end: str = ""
    reference: str = ""
    own: str = ""


def decimal(cents: int, sign: str = ".") -> str:
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole}{sign}{rest:02d}"


def camt(
    moves: Sequence[Move], *, version: str = "02", opening: int | None = 0, currency: str = "EUR", more: str = "",
    account: str = IBAN, charset: str = "utf-8", closing: int | None = None,
) -> bytes:  # fmt: skip
    entries = "".join(camt_entry(move, version) for move in moves)
    balances = ""
    if opening is not None:
        last = opening + sum(move.cents for move in moves) if closing is None else closing
        balances = camt_balance("OPBD", opening, currency) + camt_balance("CLBD", last, currency)
    text = (
        f'<?xml version="1.0" encoding="{charset}"?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt>'
        f"<GrpHdr><MsgId>1</MsgId></GrpHdr><Stmt><Id>1</Id><Acct><Id><IBAN>{account}</IBAN></Id>"
        f"<Ccy>{currency}</Ccy></Acct>{balances}{entries}{more}</Stmt></BkToCstmrStmt></Document>"
    )
    return text.encode(charset)


def camt_balance(code: str, cents: int, currency: str = "EUR", day: str = "2026-11-01") -> str:
    side = "DBIT" if cents < 0 else "CRDT"
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="{currency}">{decimal(abs(cents))}</Amt>'
        f"<CdtDbtInd>{side}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def camt_entry(move: Move, version: str = "02", details: str | None = None, status: str = "BOOK") -> str:
    side = "DBIT" if move.cents < 0 else "CRDT"
    said = f"<Sts><Cd>{status}</Cd></Sts>" if version == "08" else f"<Sts>{status}</Sts>"
    own = f"<AcctSvcrRef>{move.own}</AcctSvcrRef>" if move.own else ""
    return (
        f'<Ntry><Amt Ccy="EUR">{decimal(abs(move.cents))}</Amt><CdtDbtInd>{side}</CdtDbtInd>{said}'
        f"<BookgDt><Dt>{move.day}</Dt></BookgDt><ValDt><Dt>{move.day}</Dt></ValDt>{own}"
        f"<NtryDtls>{camt_detail(move, version) if details is None else details}</NtryDtls></Ntry>"
    )


def camt_detail(move: Move, version: str = "02", amount: int | None = None, own: str = "") -> str:
    end = "Dbtr" if move.cents > 0 else "Cdtr"
    name = f"<Nm>{escape(move.payer)}</Nm>"
    party = f"<{end}><Pty>{name}</Pty></{end}>" if version == "08" else f"<{end}>{name}</{end}>"
    account = f"<{end}Acct><Id><IBAN>{move.iban}</IBAN></Id></{end}Acct>" if move.iban else ""
    structured = f"<Strd><CdtrRefInf><Ref>{move.reference}</Ref></CdtrRefInf></Strd>" if move.reference else ""
    told = ""
    if amount is not None:
        money = f'<Amt Ccy="EUR">{decimal(amount)}</Amt>'
        told = money if version == "08" else f"<AmtDtls><TxAmt>{money}</TxAmt></AmtDtls>"
    return (
        f"<TxDtls><Refs>{f'<AcctSvcrRef>{own}</AcctSvcrRef>' if own else ''}"
        f"<EndToEndId>{move.end_to_end or 'NOTPROVIDED'}</EndToEndId></Refs>{told}"
        f"<RltdPties>{party}{account}</RltdPties>"
        f"<RmtInf><Ustrd>{escape(move.label)}</Ustrd>{structured}</RmtInf></TxDtls>"
    )


OFX_1 = (
    "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nSECURITY:NONE\nENCODING:USASCII\nCHARSET:1252\nCOMPRESSION:NONE\n"
    "OLDFILEUID:NONE\nNEWFILEUID:NONE\n\n"
)
OFX_2 = '<?xml version="1.0" encoding="UTF-8"?>\n<?OFX OFXHEADER="200" VERSION="211" SECURITY="NONE"?>\n'


def ofx(moves: Sequence[Move], *, version: int = 1, closing: int = 0, currency: str = "EUR", header: str = "") -> bytes:
    def leaf(name: str, value: str) -> str:
        value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return f"<{name}>{value}\n" if version == 1 else f"<{name}>{value}</{name}>"

    listed = "".join(
        "<STMTTRN>"
        + leaf("TRNTYPE", "DEBIT" if move.cents < 0 else "CREDIT")
        + leaf("DTPOSTED", f"{move.day:%Y%m%d}")
        + leaf("TRNAMT", decimal(move.cents, "," if version == 1 else "."))
        + (leaf("FITID", move.own) if move.own else "")
        + (leaf("NAME", move.payer) if move.payer else "")
        + leaf("MEMO", move.label)
        + "</STMTTRN>"
        for move in moves
    )
    text = (
        (header or (OFX_1 if version == 1 else OFX_2))
        + "<OFX><SIGNONMSGSRSV1><SONRS><STATUS>" + leaf("CODE", "0") + "</STATUS>" + leaf("LANGUAGE", "FRA")
        + "</SONRS></SIGNONMSGSRSV1><BANKMSGSRSV1><STMTTRNRS><STMTRS>" + leaf("CURDEF", currency)
        + "<BANKACCTFROM>" + leaf("BANKID", BANK) + leaf("BRANCHID", BRANCH) + leaf("ACCTID", ACCOUNT)
        + "</BANKACCTFROM><BANKTRANLIST>" + leaf("DTSTART", "20261101") + leaf("DTEND", "20261130") + listed
        + "</BANKTRANLIST><LEDGERBAL>" + leaf("BALAMT", decimal(closing)) + leaf("DTASOF", "20261130")
        + "</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    )  # fmt: skip
    return text.encode("cp1252" if version == 1 else "utf-8")


def cfonb(
    moves: Sequence[Move], *, opening: int = 0, ends: str = "\r\n", currency: str = "EUR", until: date | None = None
) -> bytes:
    since = moves[0].day if moves else date(2026, 11, 1)
    lines = [cfonb_balance("01", since - timedelta(days=1), opening, currency)]
    for move in moves:
        lines.append(cfonb_record("04", move.day, move.label[:31], move.cents, currency))
        written = {
            "NPY" if move.cents > 0 else "NBE": move.payer,
            "LCC": move.label[:70],
            "LC2": move.label[70:140],
            "RCN": move.end_to_end,
            "LCS": move.reference,
        }
        common = lines[-1]
        lines += [
            f"05{common[2:41]}{'':4}{qualifier}{text:70.70}  " for qualifier, text in written.items() if text.strip()
        ]
    last = until or (moves[-1].day if moves else since)
    lines.append(cfonb_balance("07", last, opening + sum(move.cents for move in moves), currency))
    return "".join(line + ends for line in lines).encode("ascii")


def cfonb_balance(code: str, day: date, cents: int, currency: str = "EUR") -> str:
    return f"{code}{BANK}    {BRANCH}{currency}2 {ACCOUNT}  {day:%d%m%y}{'':50}{cfonb_amount(cents)}{'':16}"


def cfonb_record(code: str, day: date, label: str, cents: int, currency: str = "EUR") -> str:
    return (
        f"{code}{BANK}B1  {BRANCH}{currency}2 {ACCOUNT}18{day:%d%m%y}  {day:%d%m%y}{label:31.31}  0000000  "
        f"{cfonb_amount(cents)}{'':16}"
    )


def cfonb_amount(cents: int) -> str:
    digits = f"{abs(cents):014d}"
    return digits[:-1] + ("{ABCDEFGHI" if cents >= 0 else "}JKLMNOPQR")[int(digits[-1])]


def common_csv(moves: Sequence[Move], *, opening: int = 0, charset: str = "cp1252", newest_first: bool = True) -> bytes:
    """In the manner of the mapping `courante`."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(["Compte", IBAN])
    writer.writerow([])
    writer.writerow(["Date de comptabilisation", "Date de valeur", "Libellé", "Informations complémentaires", "Montant",
                     "Solde", "Devise"])  # fmt: skip
    written, balance = [], opening
    for move in moves:
        balance += move.cents
        day = f"{move.day:%d/%m/%Y}"
        written.append([day, day, move.label, "", decimal(move.cents, ","), decimal(balance, ","), "EUR"])
    writer.writerows(written[::-1] if newest_first else written)
    return out.getvalue().encode(charset)


def online_csv(moves: Sequence[Move]) -> bytes:
    """In the manner of the mapping `en-ligne`."""
    out = io.StringIO()
    writer = csv.writer(out)
    headings = "Transaction ID,Settlement date,Operation date,Reference,Note,Total amount,Counterparty name,"
    writer.writerow((headings + "Counterparty IBAN,Payment method,Account IBAN,Currency").split(","))
    for move in moves:
        writer.writerow([move.own, move.day, f"{move.day} 10:00:00", move.label, "", decimal(move.cents), move.payer,
                         move.iban, "transfer", IBAN, "EUR"])  # fmt: skip
    return out.getvalue().encode()
