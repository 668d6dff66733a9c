"""How one wholesaler writes its invoices: a small TOML file of the association's own. Pure: text in, a mapping out.

Without one, the headings that are usual in French and English are known, and items say nothing but their price.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast

from billing.invoices.amounts import cents_of
from foundation.errors import Invalid
from foundation.money import Euros
from foundation.speech import Phrase
from inventory.deadlines import BadGuarantee, Guarantee
from inventory.exchange.cells import synonyms
from inventory.exchange.tables import harmless, plain
from inventory.models.lines import Technology

MOST_OCTETS: Final = 256 * 1024
FIELDS: Final = frozenset(
    {
        "invoice", "day", "reference", "item", "label", "since", "until", "month", "amount", "vat",
        "offer", "technology", "guarantee", "rate", "total", "total_vat", "total_with_tax",
    }
)  # fmt: skip
_USUAL: Final = synonyms(
    {
        "invoice": "facture|numéro de facture|n° facture|n° de facture|invoice number|invoice no",
        "day": "date|date de facture|date facture|date de la facture|invoice date",
        "reference": "référence|référence service|réf. service|référence ligne|ref|service reference",
        "reference.01": "nd",
        "reference.02": "pto",
        "item": "produit|code produit|code article|article|product|product code",
        "label": "libellé|désignation|description",
        "since": "du|début|date de début|début de période|from|period start",
        "until": "au|fin|date de fin|fin de période|to|period end",
        "month": "mois|période|period",
        "amount": "montant|montant ht|montant hors taxes|total ligne ht|ht|net amount",
        "vat": "tva|montant tva|montant de tva|tax",
        "technology": "technologie",
        "guarantee": "gtr|sla|repair time",
        "rate": "débit|speed",
        "total": "total facture ht|total ht de la facture|invoice total",
        "total_vat": "total tva|total tva de la facture|invoice vat",
        "total_with_tax": "total ttc|total facture ttc|invoice total with tax",
    }
)
_KEYS: Final = {"title": str, "dates": str, "until": str, "skip": int, "total_row": str,
                "columns": dict, "words": dict, "items": dict}  # fmt: skip
_OF_AN_ITEM: Final = {"offer": str, "technology": str, "guarantee": str, "rate": str, "price": str,
                      "once": bool, "line": bool}  # fmt: skip

_NO_TOML: Final = Phrase("ce n'est pas du TOML ({reason}).", "this is no TOML ({reason}).")
_STRANGE: Final = Phrase("« {key} » n'y veut rien dire.", "“{key}” means nothing there.")
_ILL: Final = Phrase("« {key} » n'y a pas une valeur qui convient.", "the value of “{key}” will not do.")
_TWO: Final = Phrase("« {key} » est la colonne de deux choses.", "“{key}” is the column of two things.")


class BadInvoiceMapping(Invalid):
    """A mapping file that cannot be used."""

    kind = "bad-invoice-mapping"
    phrase = Phrase(
        "Le fichier de correspondance {file} ne convient pas : {why} Rien n'a été gardé. Comment l'écrire : "
        "docs/howto/wholesaler-invoices.md",
        "The mapping file {file} will not do: {why} Nothing was kept. How to write it: "
        "docs/howto/wholesaler-invoices.md",
    )


@dataclass(frozen=True, slots=True)
class Item:
    """What an item of the wholesaler's is, in our words: empty where nothing is known. `agreed` is a month's price.

    `once` for what is no subscription, and `common` for what is of no line.
    """

    offer: str = ""
    technology: str = ""
    guarantee: str = ""
    rate: str = ""
    agreed: Euros | None = None
    once: bool = False
    common: bool = False


@dataclass(frozen=True, slots=True)
class Mapping:
    """`known` is the field of each normalised heading, `demanded` the headings that a file must have, as written.

    `skip` rows stand before the header. A row that bears the word `total_row` states the total. `until_after`: the end
    that is written is the first day that is no longer billed.
    """

    known: Table[str, str] = field(default_factory=lambda: _USUAL)
    demanded: tuple[str, ...] = ()
    words: Table[str, str] = field(default_factory=dict)
    items: Table[str, Item] = field(default_factory=dict)
    dates: Literal["dmy", "mdy"] | None = None
    until_after: bool = False
    skip: int = 0
    total_row: str = "total"

    def item(self, code: str, label: str) -> Item:
        """What is known of an item, by its code, or by its label where it has none of its own."""
        return self.items.get(plain(code)) or self.items.get(plain(label)) or Item()

    def ours(self, word: str) -> str:
        """A word of theirs in ours, where the file translates it."""
        return self.words.get(plain(word), word)

    @property
    def references(self) -> tuple[str, ...]:
        """The fields that name a line, in the order in which they are told."""
        return tuple(sorted({each for each in self.known.values() if each.partition(".")[0] == "reference"}))


def parse(file: str, data: bytes) -> Mapping:
    """Read a mapping file. Raises BadInvoiceMapping."""
    told = _toml(file, data)
    _demand(file, told, _KEYS)
    dates, until, skip = told.get("dates"), told.get("until", "included"), told.get("skip", 0)
    for key, fine in (
        ("dates", dates in (None, "dmy", "mdy")),
        ("until", until in ("included", "excluded")),
        ("skip", 0 <= skip <= 100),
        ("words", all(isinstance(each, str) for each in told.get("words", {}).values())),
    ):
        if not fine:
            raise _bad(file, _ILL, key=key)
    known, demanded = _columns(file, told["columns"]) if "columns" in told else (_USUAL, ())
    return Mapping(
        known=known,
        demanded=demanded,
        words={plain(word): ours.strip() for word, ours in told.get("words", {}).items()},
        items={plain(code): _item(file, code, said) for code, said in told.get("items", {}).items()},
        dates=cast('Literal["dmy", "mdy"] | None', dates),
        until_after=until == "excluded",
        skip=skip,
        total_row=plain(told.get("total_row", "total")),
    )


def _toml(file: str, data: bytes) -> dict[str, Any]:
    if len(data) > MOST_OCTETS:
        raise _bad(file, _NO_TOML, reason=f"> {MOST_OCTETS >> 10} Kio")
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as wrong:
        raise _bad(file, _NO_TOML, reason=harmless(str(wrong))) from wrong


def _demand(file: str, told: Table[str, Any], keys: Table[str, type]) -> None:
    for key, value in told.items():
        if key not in keys:
            raise _bad(file, _STRANGE, key=harmless(key))
        if not isinstance(value, keys[key]) or (isinstance(value, bool) and keys[key] is not bool):
            raise _bad(file, _ILL, key=key)


def _columns(file: str, told: Table[str, Any]) -> tuple[dict[str, str], tuple[str, ...]]:
    known: dict[str, str] = {}
    headings: list[str] = []
    for name, said in told.items():
        if name not in FIELDS:
            raise _bad(file, _STRANGE, key=harmless(name))
        several = said if isinstance(said, list) and name == "reference" else [said]
        for rank, heading in enumerate(several):
            if not isinstance(heading, str) or not plain(heading):
                raise _bad(file, _ILL, key=name)
            if plain(heading) in known:
                raise _bad(file, _TWO, key=harmless(heading))
            known[plain(heading)] = f"{name}.{rank:02}" if rank else name
            headings.append(heading)
    return known, tuple(headings)


def _item(file: str, code: str, said: object) -> Item:
    if not isinstance(said, dict):
        raise _bad(file, _ILL, key=harmless(code))
    _demand(file, said, _OF_AN_ITEM)
    try:
        technology = str(Technology(said["technology"])) if "technology" in said else ""
        guarantee = str(Guarantee.parse(said["guarantee"])) if "guarantee" in said else ""
        agreed = cents_of(said["price"]) if "price" in said else None
    except (ValueError, BadGuarantee) as wrong:
        raise _bad(file, _ILL, key=harmless(code)) from wrong
    offer, rate = said.get("offer", "").strip(), said.get("rate", "").strip()
    if len(offer) > 32 or len(rate) > 40:
        raise _bad(file, _ILL, key=harmless(code))
    return Item(offer, technology, guarantee, rate, agreed, said.get("once", False), not said.get("line", True))


def _bad(file: str, why: Phrase, **facts: object) -> BadInvoiceMapping:
    said = Phrase.said(why.say("fr", **facts), why.say("en", **facts))
    return BadInvoiceMapping(file=file, why=said)
