"""`essaim debit`: members whose dues are debited: mandates, collections, the bank's file, what the bank says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli import debit_mandate, screen
from cli.door import After, Json, Why, act, help_of, looking, noun, settings, store, writing
from cli.dues_reading import Limit
from foundation.speech import Phrase

if TYPE_CHECKING:
    from billing.debit.collections import Foreseen

commands = noun("Les prélèvements SEPA", "SEPA direct debits")
commands.add_typer(debit_mandate.commands, name="mandate")

Number = Annotated[str, typer.Argument(metavar="V0001")]

_ASKED: Final = (
    Phrase("membre", "member"),
    Phrase("nom", "name"),
    Phrase("mandat", "mandate"),
    Phrase("montant", "amount"),
    Phrase("pourquoi pas", "why not"),
)
_COLUMNS: Final = {
    "number": Phrase("remise", "collection"),
    "day": Phrase("débite le", "debits on"),
    "written": Phrase("fichier écrit", "file written"),
    "count": Phrase("prélèvements", "debits"),
    "cents": Phrase("en tout", "in all"),
}
_DEBITS: Final = {
    "number": Phrase("prélèvement", "direct debit"),
    "member": Phrase("membre", "member"),
    "rum": Phrase("mandat", "mandate"),
    "cents": Phrase("montant", "amount"),
    "state": Phrase("état", "state"),
    "announced": Phrase("prévenu le", "told on"),
    "code": Phrase("rejet", "return"),
    "payment": Phrase("paiement", "payment"),
}


@commands.command(
    help=help_of(
        "Voir qui serait prélevé, puis --apply : essaim debit collect --on 2026-12-15",
        "See who would be debited, then --apply: essaim debit collect --on 2026-12-15",
    )
)
def collect(
    on: Annotated[
        str | None,
        typer.Option(
            "--on", metavar="2026-12-15", help=help_of("le jour ; sinon le premier possible", "else the first")
        ),
    ] = None,
    again: Annotated[
        list[str] | None,
        typer.Option("--again", metavar="M0042", help=help_of("malgré un rejet", "though returned before")),
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help=help_of("la prévoir, et pas seulement la voir", "plan it, not only see it"))
    ] = False,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Who is asked for how much, who is not and why; planned only with `--apply`."""
    from billing.debit.views import collection_view
    from desk import debiting

    numbers = [one.strip().upper() for one in again or ()]
    with writing(why, keep=apply) as (session, deed):
        found = debiting.foresee(session, deed, on, numbers)
        document, rows = _document(found), _rows(found)
        view = collection_view(debiting.collect(session, deed, found, numbers)) if apply else None
    if as_json:
        return screen.give(document if view is None else view)
    if rows:
        screen.table(_ASKED, rows)
    if view is not None:
        return screen.say(
            Phrase(
                "{number} est prévue. Prévenir ces personnes : essaim debit announce {number}",
                "{number} is planned. To tell these people: essaim debit announce {number}",
            ),
            number=view.number,
        )
    if not found.asked:
        return screen.say(Phrase("Rien à prélever le {day}.", "Nothing to debit on {day}."), day=found.day)
    return screen.say(
        Phrase(
            "Le {day} : {count} prélèvement(s), {cents} en tout. Rien n'est prévu encore : essaim debit collect --on "
            "{plain} --apply",
            "On {day}: {count} direct debit(s), {cents} in all. Nothing is planned yet: essaim debit collect --on "
            "{plain} --apply",
        ),
        day=found.day,
        count=len(found.asked),
        cents=found.cents,
        plain=found.day.isoformat(),
    )


def _rows(found: Foreseen) -> list[tuple[object, ...]]:
    asked = [(str(one.member), one.member.name, one.mandate.rum, one.cents, None) for one in found.asked]
    left = [(str(one.member), one.member.name, one.mandate.rum, one.cents, one.why.phrase) for one in found.left]
    return [*asked, *left]


def _document(found: Foreseen) -> dict[str, object]:
    return {
        "day": found.day,
        "cents": found.cents,
        "asked": [
            {"member": str(one.member), "rum": one.mandate.rum, "cents": one.cents, "sequence": one.sequence}
            for one in found.asked
        ],
        "left": [
            {"member": str(one.member), "rum": one.mandate.rum, "cents": one.cents, "why": one.why}
            for one in found.left
        ],
    }


@commands.command(
    help=help_of(
        "Prévenir avant de prélever : essaim debit announce V0001", "Tell members ahead: essaim debit announce V0001"
    )
)
def announce(
    number: Number,
    by_hand: Annotated[
        list[str] | None,
        typer.Option("--by-hand", metavar="M0042", help=help_of("déjà prévenu autrement", "told otherwise")),
    ] = None,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """A mail to everyone of a collection who was not told yet."""
    from desk import debiting

    if by_hand:
        return _by_hand(number, by_hand, why, as_json=as_json)
    opened = store()
    done = debiting.announce(opened, settings(), act(opened, why), number)
    if as_json:
        return screen.give({"collection": done.collection, "told": done.told, "unreached": done.unreached})
    screen.say(Phrase("Prévenus par courriel : {count}.", "Told by mail: {count}."), count=len(done.told))
    if done.unreached:
        return screen.say(
            Phrase(
                "Sans adresse, à prévenir autrement : {names}. Puis : essaim debit announce {number} --by-hand {first}",
                "No mailbox, to be told otherwise: {names}. Then: essaim debit announce {number} --by-hand {first}",
            ),
            names=list(done.unreached),
            number=done.collection,
            first=done.unreached[0],
        )
    if done.untold is not None:
        screen.complain(done.untold.sentence(screen.language()))
    return _then_the_file(done.collection)


def _by_hand(number: str, told: list[str], why: str, *, as_json: bool) -> None:
    from billing.debit import collections as debit_collections
    from inventory import members

    with writing(why) as (session, deed):
        found = debit_collections.find_collection(session, number)
        names = [str(members.find_member(session, one)) for one in told]
        noted = debit_collections.note_announced(session, deed, found, names)
        name = str(found)
    if as_json:
        return screen.give({"collection": name, "told": noted})
    screen.say(Phrase("Noté : prévenu(s) autrement : {names}.", "Noted: told otherwise: {names}."), names=noted or "0")
    return _then_the_file(name)


def _then_the_file(number: str) -> None:
    screen.say(
        Phrase(
            "Quelques jours avant, le fichier pour la banque : essaim debit file {number}",
            "A few days before, the file for the bank: essaim debit file {number}",
        ),
        number=number,
    )


@commands.command(
    help=help_of("Le fichier pour la banque : essaim debit file V0001", "The bank's file: essaim debit file V0001")
)
def file(
    number: Number,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help=help_of("où l'écrire", "where to write it"))
    ] = None,
    version: Annotated[
        str, typer.Option("--version", metavar="08|02", help=help_of("de pain.008", "of pain.008"))
    ] = "08",
    force: Annotated[bool, typer.Option("--force", help=help_of("remplacer le fichier", "replace the file"))] = False,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """A file pain.008, checked; it holds whole IBANs: whoever reads it reads them."""
    from billing.debit import collections as debit_collections
    from billing.debit import files as debit_files
    from inventory.exchange import files

    read = debit_files.version_of(version)
    with writing(why) as (session, deed):
        found = debit_collections.find_collection(session, number)
        path = to or Path(f"{found.message_id}.xml")
        files.refuse_taken([path], force=force)
        made = debit_files.write(session, deed, found, settings().name, read)
    # Once it is kept: cut short here, the same command gives the same file.
    files.write(path, made.data.decode(), force=force)
    if as_json:
        return screen.give(
            {"file": str(path), "version": read, "count": made.count, "cents": made.cents, "left": made.left}
        )
    if made.left:
        screen.say(
            Phrase(
                "Laissés de côté, à jour ou sans mandat : {names}.", "Left out, even or without a mandate: {names}."
            ),
            names=list(made.left),
        )
    return screen.say(
        Phrase(
            "{count} prélèvement(s), {cents} en tout, dans {file}. Le remettre à la banque, puis l'effacer : il "
            "contient des IBAN entiers. Quand le relevé arrive : essaim debit paid B0001",
            "{count} direct debit(s), {cents} in all, in {file}. Hand it to the bank, then delete it: it holds whole "
            "IBANs. When the statement comes: essaim debit paid B0001",
        ),
        count=made.count,
        cents=made.cents,
        file=path,
    )


@commands.command(
    help=help_of(
        "Noter ce que dit le relevé : essaim debit paid B0042", "Note what the statement says: essaim debit paid B0042"
    )
)
def paid(entry: Annotated[str, typer.Argument(metavar="B0042")], why: Why = "", as_json: Json = False) -> None:
    """A movement of the bank that is exactly a direct debit of ours, a whole collection, or one that comes back."""
    from billing.bank import inbox
    from billing.debit import items as debits
    from billing.views import payment_views

    with writing(why) as (session, deed):
        noted = debits.book(session, deed, inbox.find_entry(session, entry))
        views = payment_views(session, noted)
    if as_json:
        return screen.give(views)
    return screen.say(
        Phrase(
            "Noté : {count} paiement(s). Les voir : essaim payment list --means direct-debit",
            "Noted: {count} payment(s). To see them: essaim payment list --means direct-debit",
        ),
        count=len(views),
    )


@commands.command(
    help=help_of(
        "Noter un rejet : essaim debit returned V0001-M0042 --code AM04",
        "Note a return: essaim debit returned V0001-M0042 --code AM04",
    )
)
def returned(
    debit: Annotated[str, typer.Argument(metavar="V0001-M0042")],
    code: Annotated[
        str, typer.Option(metavar="AM04", help=help_of("la raison de la banque", "the bank's reason"))
    ] = "MS03",
    why: Why = "",
    as_json: Json = False,
) -> None:
    """The bank gave it back: it is owed again, and nobody is asked again by itself."""
    from billing.debit import items as debits
    from billing.debit.words import REASONS

    with writing(why) as (session, deed):
        item = debits.returned(session, deed, debits.find_item(session, debit), code.strip().upper())
        member, cents, number, said = str(item.mandate.member), item.cents, str(item), item.code
    if as_json:
        return screen.give({"debit": number, "member": member, "cents": cents, "code": said})
    return screen.say(
        Phrase(
            "{number} ({cents}) est rejeté : {reason}. {member} le doit de nouveau, et ne sera plus prélevé sans "
            "--again. En parler ensemble, puis : essaim debit collect --again {member}",
            "{number} ({cents}) came back: {reason}. {member} owes it again, and is not debited any more without "
            "--again. Talk it over, then: essaim debit collect --again {member}",
        ),
        number=number,
        cents=cents,
        reason=REASONS[said],
        member=member,
    )


@commands.command(
    help=help_of(
        "Retirer une remise, ou quelqu'un : essaim debit withdraw V0001 --member M0042",
        "Withdraw a collection, or someone: essaim debit withdraw V0001 --member M0042",
    )
)
def withdraw(
    number: Number,
    member: Annotated[str | None, typer.Option(metavar="M0042", help=help_of("cette personne", "this person"))] = None,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Nobody is debited after all, as long as the file is not written."""
    from billing import payments
    from billing.debit import collections as debit_collections

    with writing(why) as (session, deed):
        found = debit_collections.find_collection(session, number)
        who = None if member is None else payments.payer(session, member)
        names = debit_collections.withdraw(session, deed, found, member=who)
        name = str(found)
    if as_json:
        return screen.give({"collection": name, "withdrawn": names})
    return screen.say(
        Phrase(
            "{number} : {count} prélèvement(s) retiré(s). Pour un autre jour : essaim debit collect",
            "{number}: {count} direct debit(s) withdrawn. For another day: essaim debit collect",
        ),
        number=name,
        count=len(names),
    )


@commands.command("list", help=help_of("Les remises de prélèvements", "Collections of direct debits"))
def list_collections(after: After = 0, limit: Limit = 200, as_json: Json = False) -> None:
    """Collections by number."""
    from billing.debit import collections as debit_collections
    from billing.debit.views import collection_view

    with looking() as session:
        found = debit_collections.list_collections(session, after=after, limit=limit)
        views = [collection_view(one) for one in found]
    screen.listing(
        views,
        _COLUMNS,
        as_json=as_json,
        empty=Phrase(
            "Aucune remise. Voir qui serait prélevé : essaim debit collect",
            "No collection. To see who would be debited: essaim debit collect",
        ),
        then=Phrase("Qui est prélevé : essaim debit show {first}", "Who is debited: essaim debit show {first}"),
    )
    return None if as_json else screen.more("essaim debit list", [one.number for one in views], limit)


@commands.command(help=help_of("Une remise : essaim debit show V0001", "A collection: essaim debit show V0001"))
def show(number: Number, as_json: Json = False) -> None:
    """Each direct debit of a collection, and what became of it."""
    from billing.debit import collections as debit_collections
    from billing.debit.views import collection_view

    with looking() as session:
        view = collection_view(debit_collections.find_collection(session, number))
    if as_json:
        return screen.give(view)
    screen.say(
        Phrase("{number} débite le {day} : {cents} en tout.", "{number} debits on {day}: {cents} in all."),
        number=view.number,
        day=view.day,
        cents=view.cents,
    )
    return screen.listing(
        view.debits,
        _DEBITS,
        as_json=False,
        empty=Phrase("Personne.", "Nobody."),
        then=Phrase(
            "La banque en a rejeté un : essaim debit returned {first} --code AM04",
            "The bank gave one back: essaim debit returned {first} --code AM04",
        ),
    )
