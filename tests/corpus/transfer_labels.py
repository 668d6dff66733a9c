"""What payers write, and what their bank and ours make of it: upper case, no accents, cut, wrapped, or left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import transfer_words as words
from transfer_facts import Draw, bare, reference
from transfer_people import Account, Purse


@dataclass(frozen=True, slots=True)
class Bank:
    """How transfers reach us. `name` is the length of the payer's name where the file has such a field."""

    ordinary: str
    instant: str
    limit: int
    name: int
    iban: bool
    end_to_end: bool


_FAVEUR = "VIREMENT EN VOTRE FAVEUR"
BANKS = {
    "barre": Bank(
        "VIR SEPA RECU /DE {holder} /MOTIF {motif} /REF {ours}",
        "VIR INST RECU /DE {holder} /MOTIF {motif} /REF {ours}", 140, 70, True, True),
    "faveur": Bank(_FAVEUR + " {holder} {motif}", _FAVEUR + " VIR INST DE {holder} {motif}", 140, 0, False, False),
    "numero": Bank(
        "VIR RECU {digits}S DE: {holder} MOTIF: {motif} REF: {ours}",
        "VIR INST RE {digits} DE: {holder} DATE: {day} MOTIF: {motif}", 140, 0, True, False),
    "mutuel": Bank("VIR {holder} {motif}", "VIR INST {holder} {motif}", 70, 32, False, False),
    "poste": Bank("VIREMENT DE {holder} {motif}", "VIREMENT INSTANTANE DE {holder} {motif}", 70, 0, False, False),
    "court": Bank("VIR {holder} {motif}", "VIR INST {holder} {motif}", 35, 32, False, True),
    "bref": Bank("VIR SEPA {holder} {motif}", "VIR INST {holder} {motif}", 31, 70, True, True),
    "instantane": Bank("VIR DE {holder} {motif}", "VIR INST DE {holder} {motif}", 70, 27, True, False),
    "neo": Bank("{motif}", "{motif}", 140, 70, True, True),
    "lignes": Bank("VIR SEPA {holder}", "VIR INST {holder}", 140, 35, False, False),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meant:
    """What a payer has in mind: dues as (what, period), whom they name when it is not they themselves."""

    day: date
    cents: int
    dues: tuple[tuple[str, str], ...]
    named: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Printed:
    """What our bank's file says of a transfer."""

    label: str
    name: str
    iban: str | None
    end_to_end: str | None


def motif(draw: Draw, purse: Purse, account: Account, meant: Meant) -> str:
    """What is typed, without any reference."""
    said = {
        "precise": _precise, "short": _short, "vague": _vague, "chatty": _chatty, "default": _default, "named": _named,
    }[purse.manner](draw, meant, account)  # fmt: skip
    if meant.named and draw.chance(78 if purse.manner != "default" else 35):
        names = " et ".join(one if draw.chance(25) else one.split()[0] for one in meant.named)
        said = draw.one((f"{said} {names}", f"{said} pour {names}", f"{names} {said}", f"{said} {names.upper()}"))
    return said.strip()


def _word(draw: Draw, what: str) -> str:
    return draw.one(words.WORDS_FOR[what])


def _precise(draw: Draw, meant: Meant, account: Account) -> str:
    parts = []
    for what, period in meant.dues[:3]:
        if what == "membership":
            parts.append(f"{_word(draw, what)} {period}")
        else:
            month = words.MONTHS[int(period[5:]) - 1]
            parts.append(
                f"{_word(draw, what)} {month} {period[:4]}" if draw.chance(60) else f"{words.BRIEF[what]} {month}"
            )
    return draw.one((" + ", " et ", ", ", " ")).join(parts) or "avance"


def _short(draw: Draw, meant: Meant, account: Account) -> str:
    parts = []
    for what, period in meant.dues[:3]:
        if what == "membership":
            parts.append(
                draw.one((f"cotis {period}", f"cotisation {period[2:]}", "cotis", "adhesion", f"adh {period}"))
            )
        else:
            parts.append(
                draw.one((_word(draw, what), _word(draw, what), f"{words.BRIEF[what]} {period[5:]}/{period[2:4]}"))
            )
    return draw.one((" et ", " + ", " ")).join(dict.fromkeys(parts)) or "provision"


def _vague(draw: Draw, meant: Meant, account: Account) -> str:
    said = draw.one(words.VAGUE)
    if draw.chance(15):
        said = f"{said} {words.MONTHS[meant.day.month - 1]}"
    return said


def _chatty(draw: Draw, meant: Meant, account: Account) -> str:
    said = _short(draw, meant, account)
    euros, cents = divmod(meant.cents, 100)
    if draw.chance(40):
        amount = f"{euros},{cents:02d} €" if cents else draw.one((f"{euros}€", f"{euros} euros", f"{euros} EUR"))
        return draw.one((f"{amount} {said}", f"{said} {amount}"))
    return draw.one(words.THANKS).format(words=said)


def _default(draw: Draw, meant: Meant, account: Account) -> str:
    return draw.one(words.DEFAULTS).format(holder=account.holder)


def _named(draw: Draw, meant: Meant, account: Account) -> str:
    said = _short(draw, meant, account)
    name = " ".join(part for part in account.holder.split() if part not in ("M", "M.", "MR", "MME", "MLLE", "OU"))
    return draw.one((f"{name} {said}", f"{said} {name}", f"{said} de {name.title()}"))


def written(draw: Draw, number: int) -> str:
    """A member's reference as somebody copies it, whole."""
    text = reference(number)
    blocks = " ".join(text[at : at + 4] for at in range(0, len(text), 4))
    return draw.weighted(
        (text, 52), (blocks, 18), (text.lower(), 8), (blocks.lower(), 3), (f"{text[:4]} {text[4:]}", 6),
        (f"{text[:4]}-{text[4:]}", 3), (f"ref {text}", 5), (f"Réf. : {text}", 5),
    )  # fmt: skip


def spoilt(draw: Draw, number: int, former: int | None, others: Sequence[int]) -> str:
    """A member's reference as somebody gets it wrong."""
    text = reference(number)
    at = draw.between(5, len(text) - 1)
    swaps = [place for place in range(2, len(text) - 1) if text[place] != text[place + 1]]
    place = draw.one(swaps)
    digits = [other for other in others if other != number and _near(other, number)]
    return draw.weighted(
        (f"{text[:at]}{draw.one([one for one in '0123456789' if one != text[at]])}{text[at + 1 :]}", 20),
        (f"{text[:place]}{text[place + 1]}{text[place]}{text[place + 2 :]}", 15),
        (text[:at] + text[at + 1 :], 8),
        (text.replace("0", "O"), 6),
        (f"{text[:5]}{draw.one(digits or list(others)):04d}", 10),
        (text[4:], 13),
        (f"{draw.one(('adherent', 'adh n°', 'adhérent n°', 'membre', 'n° adh'))} {number}", 14),
        (f"{text[4:]} {text[:4]}", 2),
        (f"adherent {former or number}", 4),
        (f"m{number}", 4),
        (f"M{draw.one(digits or list(others)):04d}", 2),
    )


def _near(one: int, other: int) -> bool:
    return sum(a != b for a, b in zip(f"{one:04d}", f"{other:04d}", strict=False)) == 1


def with_reference(draw: Draw, said: str, text: str) -> str:
    """What is typed and the reference, in one line."""
    if draw.chance(42):
        return text
    return draw.weighted(
        (f"{said} {text}", 45), (f"{text} {said}", 40), (f"{said} - {text}", 10), (f"{said}/{text}", 5)
    )


def printed(draw: Draw, account: Account, typed: str, day: date, instant: bool, end_to_end: str) -> Printed:
    """What our bank tells of a transfer from that account."""
    bank = BANKS[account.bank]
    typed = typed[: account.motif_limit]
    if account.bank != "neo":
        typed = _as_banks_print(account, typed)
    ours = end_to_end or draw.weighted(("NOTPROVIDED", 70), (f"{day:%Y%m%d}{draw.below(10**6):06d}", 30))
    fields = {
        "holder": account.holder, "motif": typed, "ours": ours,
        "digits": f"{draw.below(10**10):010d}", "day": f"{day:%d/%m/%Y} {draw.between(7, 22):02d}:{draw.below(60):02d}",
    }  # fmt: skip
    label = (bank.instant if instant else bank.ordinary).format(**fields)
    if account.bank == "lignes":  # a first line of 31 signs, then lines of 35: words are cut where lines end
        label = " ".join([label[:31].strip(), *(typed[at : at + 35].strip() for at in range(0, len(typed), 35))])
    if account.bank == "mutuel":  # lines of 32 signs are put together, and the blank between two words is lost
        label = "".join(label[at : at + 32].strip() for at in range(0, len(label), 32))
    label = " ".join(label[: bank.limit].split())
    return Printed(
        label,
        account.holder[: bank.name].strip(),
        account.iban if bank.iban else None,
        (ours if bank.end_to_end else None),
    )


def _as_banks_print(account: Account, typed: str) -> str:
    """The signs that banks know, in capitals; the others as question marks. One bank does it one way."""
    draw = Draw(account.iban)
    plain = bare(typed.replace("€", draw.one(("EUR", "?", "E", "")))).upper()
    if draw.chance(6):  # accents too are lost
        plain = "".join(sign if ord(sign) < 128 else "?" for sign in typed.replace("’", "'")).upper()
    return "".join(sign if sign.isascii() and sign not in '&#"_' else "?" for sign in plain)
