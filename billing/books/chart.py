"""The plan of accounts: what each part of the money is booked under, as French associations number it.

Numbers and names are those of règlement ANC 2018-06; an association changes them in `books.toml` of its folder.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from billing.models import Holding
from foundation.errors import Invalid, NotFound
from foundation.speech import Phrase

FILE: Final = "books.toml"
"""Where an association says what differs in its books, in its own folder."""

_CODE: Final = re.compile(r"[1-7][0-9]{1,7}[A-Z0-9]{0,8}")
_LONGEST_NAME: Final = 60


class BadChart(Invalid):
    """A file that does not say how the books are kept."""

    kind = "bad-chart"
    phrase = Phrase(
        "{file} ne convient pas : {what}. Rien n'a été fait. Ce qui peut y être : docs/howto/books.md",
        "{file} will not do: {what}. Nothing was done. What may be in it: docs/howto/books.md",
    )


class NoSuchAccount(NotFound):
    """No account of that number or name in the plan."""

    kind = "no-such-account"
    phrase = Phrase(
        "Pas de compte « {account} » dans le plan. Ceux qu'il a : essaim books accounts",
        "There is no account “{account}” in the plan. Those it has: essaim books accounts",
    )


@dataclass(frozen=True, slots=True)
class Account:
    """An account: the word that the program knows it by (empty where it has none), its number and its name."""

    word: str
    code: str
    name: Phrase


_NOT_TOML: Final = Phrase("ce n'est pas du TOML", "it is not TOML")
_UNKNOWN: Final = Phrase("« {it} » n'y a pas de sens", "“{it}” means nothing in it")
_BAD_NUMBER: Final = Phrase("« {it} » n'est pas un numéro de la classe {digit}", "“{it}” is no number of class {digit}")
_BAD_NAME: Final = Phrase(
    "le nom de {it} a de 1 à 60 caractères visibles", "the name of {it} has 1 to 60 visible characters"
)
_BAD_SIREN: Final = Phrase("« {it} » n'est pas un SIREN", "“{it}” is no SIREN")
_BAD_MONTH: Final = Phrase(
    "« begins » est le numéro d'un mois, de 1 à 12", "“begins” is the number of a month, from 1 to 12"
)

_PLAN: Final[Mapping[str, tuple[str, str, str]]] = {
    "members": ("411", "Membres", "Members"),
    "membership": ("756", "Cotisations", "Membership dues"),
    "entry": ("756", "Cotisations", "Membership dues"),
    "lines": ("706", "Prestations de services", "Services"),
    "work": ("708", "Activités annexes", "Side activities"),
    "gifts": ("7541", "Dons manuels", "Gifts"),
    "deposits": ("165", "Dépôts de garantie reçus", "Deposits received"),
    "bank": ("512", "Banque, noté à la main", "Bank, noted by hand"),
    "cash": ("530", "Caisse", "Cash"),
    "cheques": ("5112", "Chèques à encaisser", "Cheques to cash"),
    "helloasso": ("4671", "HelloAsso", "HelloAsso"),
    "offsets": ("4672", "Compensations", "Offsets"),
    "g1": ("5188", "Ğ1", "Ğ1"),
    "waiting": ("471", "Mouvements à identifier", "Movements to identify"),
    "vat": ("44571", "TVA collectée", "VAT collected"),
    "surplus": ("120", "Excédent de l'exercice", "Surplus of the year"),
    "deficit": ("129", "Déficit de l'exercice", "Deficit of the year"),
    "carried-surplus": ("110", "Report à nouveau créditeur", "Surplus carried forward"),
    "carried-deficit": ("119", "Report à nouveau débiteur", "Deficit carried forward"),
    "suppliers": ("401", "Fournisseurs", "Suppliers"),
    "transfers": ("580", "Virements internes", "Transfers between our accounts"),
    "wholesale": ("604", "Accès de gros et transit", "Wholesale access and transit"),
    "energy": ("6061", "Électricité", "Electricity"),
    "supplies": ("6063", "Petit matériel", "Small equipment"),
    "rent": ("613", "Loyers et hébergement", "Rent and hosting"),
    "insurance": ("616", "Assurances", "Insurance"),
    "fees": ("627", "Frais bancaires", "Bank fees"),
    "grants": ("740", "Subventions", "Grants"),
    "interest": ("768", "Intérêts", "Interest"),
}
WORDS: Final = frozenset(_PLAN)
"""The words by which the program knows accounts, whatever their numbers."""


@dataclass(frozen=True, slots=True)
class Chart:
    """The plan of one association: what differs from ours, its SIREN, and the month in which its year begins."""

    codes: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    siren: str = ""
    begins: int = 1

    def account(self, word: str) -> Account:
        """The account that the program knows by this word."""
        code, fr, en = _PLAN[word]
        own = self.codes.get(word, code)
        named = self.names.get(own)
        return Account(word, own, Phrase(fr, en) if named is None else Phrase.said(named, named))

    def accounts(self) -> list[Account]:
        """All of them, by number; one that has several uses once."""
        every = {one.code: one for one in map(self.account, reversed(list(_PLAN)))}
        more = {code: Account("", code, Phrase.said(name, name)) for code, name in self.names.items()}
        return [one for _, one in sorted({**more, **every}.items())]

    def find(self, text: str) -> Account:
        """The account of that word or number. Raises NoSuchAccount."""
        wanted = text.strip()
        if wanted in _PLAN:
            return self.account(wanted)
        for one in self.accounts():
            if one.code == wanted.upper():
                return one
        raise NoSuchAccount(account=wanted[:40])

    def text(self) -> str:
        """What differs, as a file says it; read again it is the same plan."""
        rows = [f'siren = "{self.siren}"', f"begins = {self.begins}"]
        for table, said in (("accounts", self.codes), ("names", self.names)):
            rows += ["", f"[{table}]", *(f"{_quoted(key)} = {_quoted(said[key])}" for key in sorted(said))]
        return "\n".join(rows) + "\n"


def read(path: Path) -> Chart:
    """The plan that a file says, ours where there is none. Raises BadChart."""
    try:
        return from_text(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        return Chart()
    except UnicodeDecodeError:
        raise BadChart(file=path, what=_NOT_TOML) from None


def from_text(text: str, file: str = FILE) -> Chart:
    """The plan that a text says. Raises BadChart."""
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise BadChart(file=file, what=_NOT_TOML) from None
    for key in told:
        if key not in ("siren", "begins", "accounts", "names"):
            raise _bad(file, _UNKNOWN, key)
    siren, begins = str(told.get("siren", "")).replace(" ", ""), told.get("begins", 1)
    if siren and not _is_siren(siren):
        raise _bad(file, _BAD_SIREN, siren)
    if type(begins) is not int or not 1 <= begins <= 12:
        raise BadChart(file=file, what=_BAD_MONTH)
    return Chart(_codes(file, told.get("accounts", {})), _names(file, told.get("names", {})), siren, begins)


def _codes(file: str, told: object) -> dict[str, str]:
    if not isinstance(told, dict):
        raise _bad(file, _UNKNOWN, "accounts")
    for word, code in told.items():
        if word not in _PLAN:
            raise _bad(file, _UNKNOWN, word)
        digit = _PLAN[word][0][0]
        if not isinstance(code, str) or not _CODE.fullmatch(code) or code[0] != digit:
            raise _bad(file, _BAD_NUMBER, code, digit=digit)
    return dict(told)


def _names(file: str, told: object) -> dict[str, str]:
    if not isinstance(told, dict):
        raise _bad(file, _UNKNOWN, "names")
    for code, name in told.items():
        if not _CODE.fullmatch(code):
            raise _bad(file, _BAD_NUMBER, code, digit="1-7")
        if not isinstance(name, str) or not 1 <= len(name.strip()) <= _LONGEST_NAME or not name.isprintable():
            raise _bad(file, _BAD_NAME, code)
    return dict(told)


def _bad(file: str, what: Phrase, it: object, **facts: str) -> BadChart:
    fr, en = (what.say(language, it=str(it)[:40], **facts) for language in ("fr", "en"))
    return BadChart(file=file, what=Phrase.said(fr, en))


def _is_siren(text: str) -> bool:
    """Nine digits whose check (ISO/IEC 7812-1, Luhn) holds."""
    if len(text) != 9 or not (text.isascii() and text.isdigit()):
        return False
    doubled = "".join(str(int(sign) * (1 + rank % 2)) for rank, sign in enumerate(text))
    return sum(map(int, doubled)) % 10 == 0


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@dataclass(frozen=True, slots=True)
class Held:
    """An account of the association at a bank or elsewhere: what kind, the how manieth of it, and its name."""

    kind: str
    rank: int
    name: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A chart, and where the association's money lies: what the keys of postings mean.

    A key is a word of the chart, `@` and an account's row (`@3`), or `=` and a number as somebody typed it (`=6061`).
    """

    chart: Chart
    held: Mapping[int, Held]

    def account(self, key: str) -> Account:
        """The account that a posting's key means."""
        if key.startswith("@"):
            return self._of_bank(self.held[int(key[1:])])
        if not key.startswith("="):
            return self.chart.account(key)
        code = key[1:]
        try:
            return self.chart.find(code)
        except NoSuchAccount:
            return Account("", code, Phrase.said(f"Compte {code}", f"Account {code}"))

    def _of_bank(self, held: Held) -> Account:
        base = self.chart.account(str(held.kind))
        if held.kind != Holding.BANK and held.rank == 1:
            return base
        code = f"{base.code}{held.rank:02d}"
        name = self.chart.names.get(code, held.name)
        return Account("", code, Phrase.said(name, name))
