"""`essaim books`: the journal of a year, its accounts, closing it, VAT, and what goes to another program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias

import typer

from cli import books_year, screen
from cli.books_year import chart_here, seen
from cli.door import Json, Why, help_of, noun, settings, writing
from foundation.speech import Phrase

if TYPE_CHECKING:
    from billing.books.ledger import Ledger

commands = noun("Les comptes : journal, balance, exercices", "The books: journal, balance, fiscal years")
commands.add_typer(books_year.years, name="year")
commands.add_typer(books_year.vat, name="vat")

Form: TypeAlias = Literal["fec", "paheko", "beancount"]
Year = Annotated[
    str,
    typer.Option("--year", metavar="2026", help=help_of("l'exercice ; sinon celui en cours", "the year; else today's")),
]

_COLUMNS: Final = {
    "rank": Phrase("rang", "rank"),
    "entry": Phrase("écriture", "entry"),
    "day": Phrase("date", "day"),
    "piece": Phrase("pièce", "piece"),
    "label": Phrase("libellé", "label"),
    "account": Phrase("compte", "account"),
    "debit": Phrase("débit", "debit"),
    "credit": Phrase("crédit", "credit"),
}


def _ledger(year: str) -> Ledger:
    from billing.books import keeping as books

    with seen() as (session, deed):
        return books.journal_of(session, deed, chart_here(), year)


@commands.command(
    help=help_of("Le journal d'un exercice : essaim books journal", "A year's journal: essaim books journal")
)
def journal(
    year: Year = "",
    account: Annotated[
        str, typer.Option(metavar="411M0042", help=help_of("un compte, ou ceux qui commencent ainsi", "one account"))
    ] = "",
    after: Annotated[int, typer.Option(min=0, help=help_of("après ce rang", "after this rank"))] = 0,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help=help_of("écritures au plus", "entries at most"))] = 100,
    as_json: Json = False,
) -> None:
    """The entries of a year, a row a line, in the order in which they were recorded."""
    ledger = _ledger(year)
    found = [row for row in _rows(ledger) if row["rank"] > after and str(row["account"]).startswith(account)]
    ranks = sorted({int(row["rank"]) for row in found})  # an entry is shown whole
    shown_ranks = set(ranks[:limit])
    rows = [row for row in found if row["rank"] in shown_ranks]
    shown = rows if as_json else [{**row, "label": row["label"].say(screen.language())} for row in rows]
    screen.listing(
        shown,
        _COLUMNS,
        as_json=as_json,
        empty=Phrase(
            "Aucune écriture ici dans l'exercice {year}. Elles naissent des dus et des paiements : essaim dues issue "
            "{month}",
            "No entry here in fiscal year {year}. They come of dues and payments: essaim dues issue {month}",
        ),
        then=Phrase(
            "Lignes : {count}{more}. Ce que les comptes ont : essaim books balance",
            "Lines: {count}{more}. What the accounts have: essaim books balance",
        ),
        year=str(ledger.year),
        month=f"{ledger.year.since:%Y-%m}",
        more=_MORE.say(screen.language(), left=len(ranks) - limit, last=ranks[limit - 1]) if len(ranks) > limit else "",
    )


_MORE: Final = Phrase(
    " ; écritures de plus : {left}, par --after {last}", "; entries more: {left}, with --after {last}"
)


def _rows(ledger: Ledger) -> list[dict[str, Any]]:
    from foundation.money import Euros
    from inventory.numbers import shown

    rows: list[dict[str, Any]] = []
    for rank, entry in enumerate(ledger.entries, start=1):
        for posting in entry.draft.postings:
            member = shown("M", posting.member) if posting.member else ""
            rows.append(
                {
                    "rank": rank,
                    "entry": entry.name,
                    "day": entry.draft.day,
                    "piece": entry.draft.piece,
                    "label": entry.draft.label,
                    "account": ledger.plan.account(posting.account).code + member,
                    "debit": posting.cents if posting.cents > 0 else None,
                    "credit": Euros(-posting.cents) if posting.cents < 0 else None,
                }
            )
    return rows


@commands.command(
    help=help_of("Ce que chaque compte a : essaim books balance", "What each account has: essaim books balance")
)
def balance(year: Year = "", as_json: Json = False) -> None:
    """What every account had, what came and went, what it has [balance générale]."""
    ledger = _ledger(year)
    rows = [
        {
            "account": line.account.code,
            "name": line.account.name,
            "opening": line.opening,
            "debit": line.debit,
            "credit": line.credit,
            "closing": line.closing,
        }
        for line in ledger.balance()
    ]
    screen.listing(
        rows,
        {
            "account": Phrase("compte", "account"),
            "name": Phrase("nom", "name"),
            "opening": Phrase("au début", "at first"),
            "debit": Phrase("débit", "debit"),
            "credit": Phrase("crédit", "credit"),
            "closing": Phrase("à la fin", "at the end"),
        },
        as_json=as_json,
        empty=Phrase(
            "Rien dans les comptes de l'exercice {year}. Voir le plan : essaim books accounts",
            "Nothing in the books of fiscal year {year}. To see the plan: essaim books accounts",
        ),
        then=Phrase(
            "Un solde négatif est créditeur. D'où vient celui d'un compte : essaim books journal --account {first}",
            "A negative balance is a credit. Where an account's comes from: essaim books journal --account {first}",
        ),
        year=str(ledger.year),
        first=next((row["account"] for row in rows if row["debit"] or row["credit"]), ""),
    )


@commands.command(help=help_of("Le plan de comptes : essaim books accounts", "The accounts: essaim books accounts"))
def accounts(as_json: Json = False) -> None:
    """The plan of accounts, as the association numbers it."""
    from billing.books.chart import FILE

    screen.listing(
        [{"account": one.code, "word": one.word, "name": one.name} for one in chart_here().accounts()],
        {
            "account": Phrase("compte", "account"),
            "name": Phrase("nom", "name"),
            "word": Phrase("mot", "word"),
        },
        as_json=as_json,
        empty=Phrase("Aucun compte.", "No account."),
        then=Phrase(
            "Changer un numéro ou un nom : {file} dans le dossier de l'association (docs/howto/books.md). "
            "Ce que chaque compte a : essaim books balance",
            "To change a number or a name: {file} in the association's folder (docs/howto/books.md). "
            "What each account has: essaim books balance",
        ),
        file=FILE,
    )


@commands.command(
    help=help_of("Où en sont les comptes : essaim books show", "Where the books stand: essaim books show")
)
def show(as_json: Json = False) -> None:
    """Years closed, the one of today, the regime of VAT."""
    from billing.books import keeping as books

    with seen() as (session, deed):
        found = books.standing(session, deed, chart_here())
    if as_json:
        return screen.give(found)
    if found.closed:
        screen.say(
            Phrase(
                "Exercices clos : {closed}. Rien ne peut plus être daté d'avant le {since}.",
                "Fiscal years closed: {closed}. Nothing can be dated before {since} any more.",
            ),
            closed=list(found.closed),
            since=found.open_since,
        )
    screen.say(
        Phrase(
            "En cours : l'exercice {year}, du {since} au {last}. TVA : {regime}{rate}.",
            "Now: fiscal year {year}, from {since} to {last}. VAT: {regime}{rate}.",
        ),
        year=found.year,
        since=found.since,
        last=found.last,
        regime=found.regime,
        rate=f" ({_percent(found.rate)} %)" if found.rate else "",
    )
    return screen.say(
        Phrase("Ce que chaque compte a : essaim books balance", "What each account has: essaim books balance")
    )


def _percent(points: int) -> str:
    from billing.books.fec import amount

    return amount(points).removesuffix("00").removesuffix(",")


@commands.command(
    help=help_of(
        "Donner un exercice à un autre logiciel : essaim books export --year 2026 --format fec --to .",
        "Hand a year to another program: essaim books export --year 2026 --format fec --to .",
    )
)
def export(
    year: Year = "",
    form: Annotated[Form, typer.Option("--format", metavar="fec|paheko|beancount")] = "fec",
    to: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help=help_of("fichier ou dossier ; sinon compter", "file or folder; else count")),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help=help_of("écraser le fichier", "overwrite the file"))] = False,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Write a year's books as a FEC, for Paheko, or for beancount; without --to, only say what is in them."""
    from billing.books import keeping as books
    from foundation.money import Euros
    from inventory.exchange import files

    ledger = _ledger(year)
    target = None if to is None else to / _name(ledger, form) if to.is_dir() else to
    if target is not None:
        files.refuse_taken([target], force=force)
        with writing(why) as (session, deed):
            books.note_export(session, deed, ledger, form)
        files.write(target, _text(ledger, form), force=force)
    total = sum((line.debit for line in ledger.balance()), Euros(0))
    facts: dict[str, object] = {"year": str(ledger.year), "entries": len(ledger.entries), "total": total}
    if as_json:
        return screen.give({**facts, "closed": ledger.year.closed, "file": target and str(target)})
    screen.say(
        Phrase(
            "Exercice {year} : écritures : {entries}, équilibrées, total {total}.",
            "Fiscal year {year}: entries: {entries}, balanced, total {total}.",
        ),
        **facts,
    )
    if ledger.year.closed is None:
        screen.say(
            Phrase(
                "Il n'est pas clos : d'autres écritures peuvent s'y ajouter. Le clore : essaim books year close {year}",
                "It is not closed: more entries may come. To close it: essaim books year close {year}",
            ),
            **facts,
        )
    if target is None:
        return screen.say(
            Phrase(
                "Rien n'est écrit encore. L'écrire : essaim books export --year {year} --format {form} --to .",
                "Nothing is written yet. To write it: essaim books export --year {year} --format {form} --to .",
            ),
            form=form,
            **facts,
        )
    return screen.say(
        Phrase(
            "Écrit dans {file}, lisible par vous seul·e : les noms de membres peuvent y être.",
            "Written to {file}, readable by you alone: members' names may be in it.",
        ),
        file=target,
    )


def _name(ledger: Ledger, form: Form) -> str:
    from billing.books import fec

    names = {"paheko": f"paheko-{ledger.year}.csv", "beancount": f"{ledger.year}.beancount"}
    return fec.name(ledger) if form == "fec" else names[form]


def _text(ledger: Ledger, form: Form) -> str:
    from billing.books import beancount, fec, paheko

    match form:
        case "fec":
            return fec.text(ledger)
        case "paheko":
            return paheko.text(ledger)
        case "beancount":
            return beancount.text(ledger, settings().name)
