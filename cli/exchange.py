"""`essaim import`, `essaim export`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias

import typer

from cli import screen
from cli.door import Json, Why, Yes, help_of, looking, noun, store, writing
from foundation.speech import Phrase

if TYPE_CHECKING:
    from inventory.exchange.plans import Plan
    from inventory.exchange.records import Reading

imports = noun(
    "Importer : un aperçu d'abord, puis --apply, tout ou rien", "Import: a preview first, then --apply, all or nothing"
)
exports = noun("Exporter, dans les formes que l'import relit", "Export, in the shapes that import reads")

SHOWN: Final = 50
"""Steps that a preview shows; `--json` gives all."""
PERSONAL: Final = frozenset({"members", "lines", "addresses", "all"})
"""Exports with members' data: who takes them may read members' files, and it is noted."""

File = Annotated[Path, typer.Argument(metavar="FILE", help=help_of("fichier CSV ou JSON", "CSV or JSON file"))]
Files = Annotated[list[Path], typer.Argument(metavar="FILE…", help=help_of("exports CSV", "CSV exports"))]
Apply = Annotated[
    bool, typer.Option("--apply", help=help_of("le faire, et pas seulement le voir", "do it, not only show it"))
]
Days = Annotated[
    Literal["dmy", "mdy"] | None,
    typer.Option("--dates", metavar="dmy|mdy", help=help_of("ordre des dates 03/04/2026", "order of dates 03/04/2026")),
]
Out = Annotated[Path | None, typer.Argument(metavar="FILE", help=help_of("où l'écrire, sinon ici", "where, else here"))]
Form: TypeAlias = Literal["csv", "json"]
Format = Annotated[Form, typer.Option("--format")]
Force = Annotated[bool, typer.Option("--force", help=help_of("écraser le fichier", "overwrite the file"))]


def _import_ours(what: str, french: str, english: str) -> None:
    """One command that imports a file of ours."""

    def command(
        file: File, dates: Days = None, apply: Apply = False, yes: Yes = False, why: Why = "", as_json: Json = False
    ) -> None:
        from inventory.exchange import files, ours

        def read() -> Reading:
            ((name, data),) = files.contents([file]).items()
            return ours.read(name, data, what, dates=dates)

        _carry_out(read, apply=apply, yes=yes, why=why, as_json=as_json)

    imports.command(
        what, help=help_of(f"{french} : essaim import {what} a.csv", f"{english}: essaim import {what} a.csv")
    )(command)


for _what, _french, _english in (
    ("members", "Des membres", "Members"),
    ("lines", "Des lignes, une rangée par part", "Lines, one row a share"),
    ("addresses", "Qui a et avait quelle adresse", "Who has and had which address"),
    ("devices", "Des machines", "Machines"),
    ("offers", "Des offres", "Offers"),
):
    _import_ours(_what, _french, _english)


@imports.command(
    "all",
    help=help_of(
        "Tout un export d'Essaim, JSON ou dossier de CSV : essaim import all tout.json",
        "A whole export of Essaim, JSON or a folder of CSV: essaim import all all.json",
    ),
)
def import_all(
    file: File, dates: Days = None, apply: Apply = False, yes: Yes = False, why: Why = "", as_json: Json = False
) -> None:
    """Everything from files of ours."""
    from inventory.exchange import files, ours

    def read() -> Reading:
        return ours.read_all(files.contents([file]), dates=dates)

    _carry_out(read, apply=apply, yes=yes, why=why, as_json=as_json)


@imports.command(
    help=help_of(
        "Des exports CSV de NetBox : essaim import netbox tenants.csv prefixes.csv",
        "CSV exports of NetBox: essaim import netbox tenants.csv prefixes.csv",
    )
)
def netbox(
    chosen: Files,
    offer: Annotated[str | None, typer.Option(help=help_of("l'offre des circuits", "the circuits' offer"))] = None,
    dates: Days = None,
    apply: Apply = False,
    yes: Yes = False,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Prefixes, addresses, tenants, devices and circuits of NetBox 4, each known by its header."""
    from inventory.exchange import files
    from inventory.exchange import netbox as theirs

    def read() -> Reading:
        return theirs.read(files.contents(chosen, (".csv",)), offer=offer, dates=dates)

    _carry_out(read, apply=apply, yes=yes, why=why, as_json=as_json)


@imports.command(
    help=help_of(
        "Ce que COIN sait, JSON de dumpdata ou tables CSV : essaim import coin coin.json",
        "What COIN knows, JSON of dumpdata or CSV tables: essaim import coin coin.json",
    )
)
def coin(
    file: File, dates: Days = None, apply: Apply = False, yes: Yes = False, why: Why = "", as_json: Json = False
) -> None:
    """Members, fees, offers, subscriptions and subnets of COIN."""
    from inventory.exchange import coin as theirs
    from inventory.exchange import files

    def read() -> Reading:
        return theirs.read(files.contents([file]), dates=dates)

    _carry_out(read, apply=apply, yes=yes, why=why, as_json=as_json)


@imports.command(
    help=help_of(
        "Les membres de Galette : essaim import galette export.csv",
        "Galette's members: essaim import galette export.csv",
    )
)
def galette(
    file: File, dates: Days = None, apply: Apply = False, yes: Yes = False, why: Why = "", as_json: Json = False
) -> None:
    """Members of Galette."""
    _club("galette", file, dates, apply=apply, yes=yes, why=why, as_json=as_json)


@imports.command(
    help=help_of(
        "Les membres de Paheko : essaim import paheko export.csv", "Paheko's members: essaim import paheko export.csv"
    )
)
def paheko(
    file: File, dates: Days = None, apply: Apply = False, yes: Yes = False, why: Why = "", as_json: Json = False
) -> None:
    """Members of Paheko."""
    _club("paheko", file, dates, apply=apply, yes=yes, why=why, as_json=as_json)


def _export_ours(what: str, french: str, english: str, usual: Form) -> None:
    """One command that exports a noun, or all of them."""

    def command(file: Out = None, form: Format = usual, force: Force = False, why: Why = "") -> None:
        _export(what, file, form, force=force, why=why)

    exports.command(
        what, help=help_of(f"{french} : essaim export {what} a.{usual}", f"{english}: essaim export {what} a.{usual}")
    )(command)


for _what, _french, _english in (
    ("members", "Les membres, partis aussi", "Members, also those who left"),
    ("lines", "Les lignes, une rangée par part", "Lines, one row a share"),
    ("addresses", "Qui a et avait quelle adresse", "Who has and had which address"),
    ("devices", "Les machines", "Machines"),
    ("offers", "Les offres", "Offers"),
):
    _export_ours(_what, _french, _english, "csv")
_export_ours("all", "Tout, en un JSON ou un dossier de CSV", "Everything, as one JSON or a folder of CSV", "json")


@exports.command(
    help=help_of(
        "Une copie cohérente de la base : essaim export sqlite copie.sqlite",
        "A consistent copy of the database: essaim export sqlite copy.sqlite",
    )
)
def sqlite(file: Annotated[Path, typer.Argument(metavar="FILE")], force: Force = False, why: Why = "") -> None:
    """The database at one instant, what is sealed in it still sealed."""
    from inventory.exchange import exporting, files

    files.refuse_taken([file], force=force)
    with writing(why) as (session, act):
        exporting.note_export(session, act, "sqlite")
    size = files.copy_database(store(), file, force=force)
    screen.say(
        Phrase(
            "{file} ({size}) est la base entière ; ses secrets restent scellés, la clé du coffre n'y est pas. "
            "Pour une sauvegarde qui se reprend : essaim backup essaim.tar",
            "{file} ({size}) is the whole database; its secrets stay sealed, the vault's key is not in it. "
            "For a backup that can be brought back: essaim backup essaim.tar",
        ),
        file=file,
        size=screen.volume(size),
    )


def _club(program: str, file: Path, dates: Any, **how: Any) -> None:
    from inventory.exchange import clubs, files

    def read() -> Reading:
        ((name, data),) = files.contents([file]).items()
        return (clubs.galette if program == "galette" else clubs.paheko)(name, data, dates=dates)

    _carry_out(read, **how)


def _carry_out(read: Callable[[], Reading], *, apply: bool, yes: bool, why: str, as_json: bool) -> None:
    """Read, weigh and show; with `apply`, ask and do."""
    from foundation import clock
    from inventory.exchange.applying import NothingImported, PlanChanged
    from inventory.exchange.applying import apply as carry_out
    from inventory.exchange.planning import plan as weigh

    at = clock.now()
    with screen.progress(Phrase("Le fichier est lu et comparé", "Reading and comparing the file")):
        reading = read()
        with looking() as session:
            plan = weigh(session, reading, at)
    if not as_json:
        show_plan(plan)
    if plan.problems:
        if as_json:
            screen.give(document(plan, applied=False))
        first = plan.problems[0]
        said = Phrase.said(first.sentence("fr"), first.sentence("en"))
        several = not as_json and len(plan.problems) > 1
        raise NothingImported(count=len(plan.problems), first=ABOVE if several else said)
    doing = apply and bool(plan.doing or any(step.work is not None for step in plan.steps))
    if doing and plan.doing and not screen.confirm(Phrase("Importer ?", "Import?"), yes=yes or as_json):
        doing = False
    if doing:
        with screen.progress(Phrase("L'import se fait", "Importing")), writing(why) as (session, act):
            again = weigh(session, reading, at)
            if again.steps != plan.steps:
                raise PlanChanged
            carry_out(session, act, again)
    if as_json:
        return screen.give(document(plan, applied=doing))
    return _say_done(plan, doing=doing, asked=apply)


ABOVE: Final = Phrase("Ils sont dits ci-dessus.", "They are said above.")


def document(plan: Plan, *, applied: bool) -> dict[str, Any]:
    """A plan as programs read it."""
    language = screen.language()
    return {
        "source": plan.source,
        "applied": applied,
        "summary": {str(noun): {str(action): n for action, n in row.items()} for noun, row in plan.summary.items()},
        "steps": [
            {
                "file": step.place.file,
                "line": step.place.line,
                "action": str(step.action),
                "noun": str(step.noun),
                "name": step.name,
                "changes": [{"field": one.field, "before": one.before, "after": one.after} for one in step.changes],
                "why": step.why,
            }
            for step in plan.steps
        ],
        "problems": [_said(one, language) for one in plan.problems],
        "remarks": [_said(one, language) for one in plan.remarks],
    }


def _said(one: Any, language: Any) -> dict[str, Any]:
    text = one.phrase.say(language, **one.facts)
    return {"file": one.place.file, "line": one.place.line, "sentence": text}


def show_plan(plan: Plan) -> None:
    """What an import would do, for people: what to know, step by step, then in numbers."""
    from inventory.exchange.plans import Action

    language = screen.language()
    for remark in plan.remarks[:SHOWN]:
        screen.line(remark.sentence(language))
    _more(len(plan.remarks))
    told = [step for step in plan.steps if step.action != Action.NOTHING]
    for step in told[:SHOWN]:
        screen.line(step.sentence(language))
    _more(len(told))
    if plan.summary:
        actions = [action for action in Action if any(row[action] for row in plan.summary.values())]
        columns = [Phrase("quoi", "what"), *(action.phrase for action in actions)]
        screen.table(
            columns, [(noun, *(row[action] or None for action in actions)) for noun, row in plan.summary.items()]
        )
    if len(plan.problems) > 1:  # one alone is said by the refusal
        for problem in plan.problems:
            screen.line(problem.sentence(language))


def _more(count: int) -> None:
    if count > SHOWN:
        screen.say(
            Phrase("… et {count} de plus (tout voir : --json).", "… and {count} more (to see all: --json)."),
            count=count - SHOWN,
        )


def _say_done(plan: Plan, *, doing: bool, asked: bool) -> None:
    if not plan.doing:
        screen.say(Phrase("Rien à faire : tout est déjà ainsi.", "Nothing to do: everything is so already."))
    elif doing:
        screen.say(
            Phrase("Importé. Ce qui a été fait : essaim journal show", "Imported. What was done: essaim journal show")
        )
    elif asked:
        screen.say(Phrase("Rien n'a été importé.", "Nothing was imported."))
    else:
        screen.say(
            Phrase(
                "Rien n'est encore fait. Si c'est bien cela : la même commande avec --apply",
                "Nothing is done yet. If this is right: the same command with --apply",
            )
        )


def _export(what: str, file: Path | None, form: str, *, force: bool, why: str) -> None:
    from inventory.exchange import exporting, files
    from inventory.exchange.forms import FORMS

    if what == "all" and form == "csv" and file is None:
        raise files.FolderNeeded
    folder = what == "all" and form == "csv"
    targets = [file / f"{noun}.csv" for noun in FORMS] if folder and file else [file] if file else []
    files.refuse_taken(targets, force=force)
    if what in PERSONAL:
        with writing(why) as (session, act):
            exporting.note_export(session, act, what)
    with looking() as session:
        found = {noun: exporting.things(session, noun) for noun in (FORMS if what == "all" else (what,))}
    if folder and file:
        file.mkdir(mode=0o700, parents=True, exist_ok=True)
        texts = [exporting.as_csv(noun, rows) for noun, rows in found.items()]
    elif form == "json":
        texts = [exporting.as_json(found if what == "all" else found[what])]
    else:
        texts = [exporting.as_csv(what, found[what])]
    for target, text in zip(targets, texts, strict=False):
        files.write(target, text, force=force)
    if file is None:
        typer.echo(texts[0], nl=False)
        return None
    return screen.say(
        Phrase(
            "Exporté dans {file}, lisible par vous seul·e (entrées : {count}). "
            "Le relire ailleurs, un aperçu d'abord : essaim import {what} {file}",
            "Exported to {file}, readable by you alone (entries: {count}). "
            "To read it elsewhere, a preview first: essaim import {what} {file}",
        ),
        what=what,
        count=sum(len(rows) for rows in found.values()),
        file=file,
    )
