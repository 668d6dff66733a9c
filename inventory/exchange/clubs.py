"""Members as Galette and Paheko export them.

Galette: columns of `galette_adherents` (galette/install/scripts/mysql.sql) or the labels that stand for them in its
export. Its due date (`date_echeance`) is the last day of a membership. Paheko: fields of its members' sheet
(src/include/data/users_fields_presets.ini) or their labels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Final

from foundation.speech import Phrase
from inventory import words
from inventory.exchange.cells import Cells, Order, columns_of, rows_of, synonyms
from inventory.exchange.records import MemberRecord, MembershipRecord, Place, Reading, Record, Ref
from inventory.exchange.tables import read_csv
from inventory.models.people import MemberStatus

_GALETTE: Final = {
    "id": "id_adh|identifiant|id adhérent|member id|identifier|id",
    "name": "nom_adh|nom|name|last name",
    "first": "prenom_adh|prénom|first name",
    "nickname": "pseudo_adh|pseudo|nickname",
    "company": "societe_adh|société|company",
    "email": "email_adh|e-mail|courriel|email",
    "postal": "adresse_adh|adresse|address",
    "code": "cp_adh|code postal|zip code|zip - town",
    "town": "ville_adh|ville|city",
    "country": "pays_adh|pays|country",
    "phone": "tel_adh|téléphone|phone",
    "mobile": "gsm_adh|téléphone mobile|gsm|mobile phone",
    "joined": "date_crea_adh|date de création|creation date",
    "until": "date_echeance|date d'échéance|échéance|due date|state of dues",
    "active": "activite_adh|compte|compte actif|actif|account|active",
    "language": "pref_lang|langue|language",
}
_PAHEKO: Final = {
    "id": "numero|numéro de membre|numéro|n°",
    "name": "nom|nom & prénom|nom et prénom|identité",
    "email": "adresse e-mail|email|e-mail|adresse email",
    "postal": "adresse|adresse postale",
    "code": "code_postal|code postal",
    "town": "ville",
    "country": "pays",
    "phone": "telephone|numéro de téléphone|téléphone",
    "joined": "date_inscription|date d'inscription",
    "category": "catégorie|category|category_name|id_category|nom de la catégorie",
}
_ANCIENT: Final = ("ancien", "parti", "demission", "radie", "exclu", "inactif")
_NO_KEY: Final = Phrase(
    "il manque le numéro qui distingue les personnes (colonne {column}).",
    "the number that tells people apart is missing (column {column}).",
)


def galette(file: str, data: bytes, *, dates: Order | None = None) -> Reading:
    """What an export of Galette's members says."""
    return _read("galette", file, data, _GALETTE, _of_galette, dates)


def paheko(file: str, data: bytes, *, dates: Order | None = None) -> Reading:
    """What an export of Paheko's members says."""
    return _read("paheko", file, data, _PAHEKO, _of_paheko, dates)


def _read(
    source: str,
    file: str,
    data: bytes,
    headings: dict[str, str],
    reader: Callable[[Cells], Iterator[Record]],
    dates: Order | None,
) -> Reading:
    reading = Reading(source)
    table = read_csv(reading, file, data)
    columns = None if table is None else columns_of(reading, table, file, synonyms(headings))
    if table is None or columns is None:
        return reading
    if "id" not in columns:
        reading.wrong(Place(file, 1), _NO_KEY, column=headings["id"].partition("|")[0])
        return reading
    for cells in rows_of(reading, table, columns, ("joined", "until"), dates):
        reading.records += reader(cells)
    return reading


def _of_galette(cells: Cells) -> Iterator[Record]:
    ref = Ref(key=cells.needed("id", 60))
    person = " ".join(part for part in (cells.text("first"), cells.text("name")) if part)
    company, joined = cells.text("company"), cells.day("joined")
    until = _next(cells.day("until"))
    active = cells.truth("active") is not False
    yield MemberRecord(
        place=cells.place,
        ref=ref,
        name=company or person or cells.text("nickname"),
        email=cells.text("email", 254),
        organisation=company is not None,
        language="en" if (cells.text("language") or "").startswith("en") else None,
        status=str(MemberStatus.MEMBER if active else MemberStatus.LEFT),
        joined=joined,
        left=None if active else until or joined,
        postal=_postal(cells),
        phones=tuple(phone for field in ("phone", "mobile") if (phone := cells.text(field, 40))),
    )
    if joined is not None and until is not None and joined < until:
        yield MembershipRecord(cells.place, ref, "", joined, until)


def _of_paheko(cells: Cells) -> Iterator[Record]:
    joined, category = cells.day("joined"), words.fold(cells.text("category") or "")
    gone = any(word in category for word in _ANCIENT)
    yield MemberRecord(
        place=cells.place,
        ref=Ref(key=cells.needed("id", 60)),
        name=cells.text("name"),
        email=cells.text("email", 254),
        status=str(MemberStatus.LEFT if gone else MemberStatus.MEMBER),
        joined=joined,
        left=joined if gone else None,
        postal=_postal(cells),
        phones=tuple(phone for phone in (cells.text("phone", 40),) if phone),
    )


def _postal(cells: Cells) -> str | None:
    town = " ".join(part for part in (cells.text("code"), cells.text("town")) if part)
    return "\n".join(part for part in (cells.text("postal", 400), town, cells.text("country")) if part) or None


def _next(day: date | None) -> date | None:
    return None if day is None else day + timedelta(days=1)
