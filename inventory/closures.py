"""Where and when copper closes, by municipality; which lines that reaches, and what to do next for each."""

from __future__ import annotations

import calendar
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.orm import Session

from foundation import journal
from foundation.acts import Act
from foundation.errors import EssaimError, Invalid
from foundation.speech import Phrase
from inventory import lines
from inventory.line_parts import checked_insee
from inventory.models.access import Copper, LineMigration
from inventory.models.lines import Line, Offer, Technology
from inventory.models.mandates import Task
from inventory.models.wholesale import CopperClosure, Order, OrderKind
from inventory.numbers import shown
from inventory.ordering import ENDED
from inventory.rights import asks

_SPAN: Final = re.compile(r"([0-9]{1,4})([dmyja])", re.IGNORECASE)
_HEADINGS: Final = {
    "insee": "insee", "code_insee": "insee", "insee_code": "insee",
    "commercial": "commercial", "fermeture_commerciale": "commercial",
    "technical": "technical", "fermeture_technique": "technical",
}  # fmt: skip
_NAMES: Final = ("insee", "commercial", "technical")
_AHEAD: Final = Phrase(
    "Le cuivre ferme dans votre commune le {technical} : d'ici là, votre ligne doit passer sur la fibre, et "
    "l'association s'en occupe avec vous.",
    "Copper closes in your municipality on {technical}: by then your line must go over to fibre, and the association "
    "sees to it with you.",
)
_CLOSED: Final = Phrase(
    "Le cuivre est fermé dans votre commune depuis le {technical} : écrivez à l'association pour passer sur la fibre.",
    "Copper has been closed in your municipality since {technical}: write to the association to go over to fibre.",
)


class BadSpan(Invalid):
    """A text that is no length of time."""

    kind = "bad-span"
    phrase = Phrase(
        "« {text} » n'est pas une durée : par exemple 90d (jours), 6m (mois) ou 1y (an).",
        "“{text}” is not a length of time: for example 90d (days), 6m (months) or 1y (year).",
    )


class BadClosures(Invalid):
    """A file of closures that cannot be read."""

    kind = "bad-closures"
    phrase = Phrase(
        "Ligne {row} du fichier : {what}. Rien n'a été changé. Il faut un CSV avec les colonnes insee, commercial et "
        "technical (ou code_insee, fermeture_commerciale, fermeture_technique), aux dates AAAA-MM-JJ ou JJ/MM/AAAA.",
        "Row {row} of the file: {what}. Nothing was changed. It takes a CSV with the columns insee, commercial and "
        "technical (or code_insee, fermeture_commerciale, fermeture_technique), dated YYYY-MM-DD or DD/MM/YYYY.",
    )


_NO_COLUMN = Phrase("pas de colonne insee, ou aucune date", "no insee column, or no date")
_NOT_TEXT = Phrase("ce n'est pas du texte", "this is not text")
_NO_DATE = Phrase("aucune date", "no date")
_BAD_DATE = Phrase("une date illisible", "a date that cannot be read")
_BACKWARDS = Phrase(
    "la fermeture technique est avant la fermeture commerciale", "the technical closure is before the commercial one"
)
_TWICE = Phrase("cette commune y est deux fois", "this municipality is there twice")


@dataclass(frozen=True, slots=True)
class Closing:
    """A line that copper's closure reaches: `order` is the living one that follows it, `migrating` to which offer."""

    line: str
    offer: str
    insee: str
    commercial: date | None
    technical: date
    migrating: bool
    order: str | None
    fibre: str

    @property
    def then(self) -> str:
        """The command that comes next."""
        if self.order is not None:
            return f"essaim order show {self.order}"
        if self.migrating:
            return f"essaim line show {self.line}"
        return f"essaim line migrate {self.line} --to-offer {self.fibre}"


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import of closures did, in municipalities."""

    new: int
    changed: int
    same: int


def within(day: date, span: str) -> date:
    """The last day of a span that begins on `day`: `90d`, `6m`, `1y`; a month's end stays one. Raises BadSpan."""
    read = _SPAN.fullmatch(span.strip())
    if read is None:
        raise BadSpan(text=span[:20])
    count, unit = int(read[1]), read[2].lower()
    try:
        if unit in "dj":
            return day + timedelta(days=count)
        months = day.year * 12 + day.month - 1 + count * (1 if unit == "m" else 12)
        year, month = divmod(months, 12)
        return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
    except (ValueError, OverflowError) as beyond:
        raise BadSpan(text=span[:20]) from beyond


def warning(technical: date | None, day: date) -> tuple[Phrase, date] | None:
    """What a line's page says of copper's closure, from a year ahead, with its day; None before that."""
    if technical is None or technical > within(day, "1y"):
        return None
    return (_AHEAD if day < technical else _CLOSED), technical


def read_closures(content: bytes) -> list[CopperClosure]:
    """Read a CSV file, `,` or `;`, UTF-8 or Latin-1. Raises BadClosures at the first row that will not do."""
    rows = csv.reader(io.StringIO(_text(content)), delimiter=";" if b";" in content.partition(b"\n")[0] else ",")
    try:
        heading = [_HEADINGS.get(one.strip().lower().replace(" ", "_"), "") for one in next(rows, [])]
        if "insee" not in heading or not {"commercial", "technical"} & set(heading):
            raise BadClosures(row=1, what=_NO_COLUMN)
        found: dict[str, CopperClosure] = {}
        for row in rows:
            if any(cell.strip() for cell in row):
                one = _closure(rows.line_num, dict(zip(heading, row, strict=False)))
                if one.insee in found:
                    raise BadClosures(row=rows.line_num, what=_TWICE)
                found[one.insee] = one
    except csv.Error as broken:
        raise BadClosures(row=rows.line_num, what=_NOT_TEXT) from broken
    return list(found.values())


@asks(Task.LINES_WRITE)
def import_closures(session: Session, act: Act, closures: Sequence[CopperClosure]) -> Imported:
    """Take over what a file says; municipalities that it does not name stay as they are."""
    held = {one.insee: one for one in session.scalars(select(CopperClosure))}
    new = changed = 0
    for one in closures:
        there = held.get(one.insee)
        if there is None:
            session.add(one)
            new += 1
        elif (there.commercial, there.technical) != (one.commercial, one.technical):
            there.commercial, there.technical = one.commercial, one.technical
            changed += 1
    done = Imported(new, changed, len(closures) - new - changed)
    journal.record(session, act, "closures.import", "copper", new=done.new, changed=done.changed, same=done.same)
    session.flush()
    return done


def closing(session: Session, until: date, *, after: str | None = None, limit: int = 100) -> list[Closing]:
    """Living copper lines whose copper closes by `until`, or has closed, the soonest first, a page at a time.

    `after` is the last line of the page before. Raises BadNumber, NoSuchLine.
    """
    query = _reached().where(CopperClosure.technical <= until)
    if after is not None:
        last = lines.find_line(session, after)
        day = _technical_of(session, [last.id]).get(last.id)
        if day is not None:
            later = and_(CopperClosure.technical == day, Line.number > last.number)
            query = query.where(or_(CopperClosure.technical > day, later))
    fibre = session.scalar(
        select(Offer.name).where(Offer.technology == Technology.FTTH, Offer.retired.is_(None)).order_by(Offer.name)
    )
    found = session.execute(query.order_by(CopperClosure.technical, Line.number).limit(limit)).all()
    following = _orders_of(session, [row.id for row in found])
    return [
        Closing(
            line=shown("L", row.number),
            offer=row.offer,
            insee=row.insee,
            commercial=row.commercial,
            technical=row.technical,
            migrating=row.migrating,
            order=following.get(row.id),
            fibre=fibre or "fibre",
        )
        for row in found
    ]


def technical_of(session: Session, wanted: Sequence[Line]) -> dict[int, date]:
    """The day on which copper closes for each of these lines that is on copper, by line number."""
    numbers = {line.id: line.number for line in wanted}
    return {numbers[row]: day for row, day in _technical_of(session, list(numbers)).items()}


def _technical_of(session: Session, rows: Sequence[int]) -> dict[int, date]:
    query = select(Copper.line_id, CopperClosure.technical).join(CopperClosure, CopperClosure.insee == Copper.insee)
    own = query.where(Copper.line_id.in_(rows), Copper.until.is_(None), Copper.migration_id.is_(None))
    return {row: day for row, day in session.execute(own) if day is not None}


def _reached() -> Select[*tuple[Any, ...]]:
    migrating = exists().where(LineMigration.line_id == Line.id, LineMigration.ended.is_(None)).label("migrating")
    return (
        select(
            Line.id,
            Line.number,
            Offer.name.label("offer"),
            Copper.insee,
            CopperClosure.commercial,
            CopperClosure.technical,
            migrating,
        )
        .join(Offer, Offer.id == Line.offer_id)
        .join(Copper, and_(Copper.line_id == Line.id, Copper.until.is_(None), Copper.migration_id.is_(None)))
        .join(CopperClosure, CopperClosure.insee == Copper.insee)
        .where(Line.state.not_in(lines.ENDED))
    )


def _orders_of(session: Session, rows: Sequence[int]) -> dict[int, str]:
    """The latest order of a new access that is neither in service nor over, by the line's row."""
    query = select(Order.line_id, Order.number).where(
        Order.line_id.in_(rows), Order.kind == OrderKind.NEW, Order.state.not_in(ENDED | {"active"})
    )
    return {row: shown("O", number) for row, number in session.execute(query.order_by(Order.number))}


def _closure(row: int, cells: dict[str, str]) -> CopperClosure:
    insee, *dates = (cells.get(name, "").strip() for name in _NAMES)
    try:
        plain = checked_insee(insee)
    except EssaimError as bad:
        raise BadClosures(
            row=row, what=Phrase.said(bad.sentence("fr").rstrip("."), bad.sentence("en").rstrip("."))
        ) from bad
    commercial, technical = (_day(row, each) for each in dates)
    if commercial is None and technical is None:
        raise BadClosures(row=row, what=_NO_DATE)
    if commercial is not None and technical is not None and technical < commercial:
        raise BadClosures(row=row, what=_BACKWARDS)
    return CopperClosure(insee=plain, commercial=commercial, technical=technical)


def _day(row: int, text: str) -> date | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, "%d/%m/%Y").date() if "/" in text else date.fromisoformat(text)
    except ValueError as unreadable:
        raise BadClosures(row=row, what=_BAD_DATE) from unreadable


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")
