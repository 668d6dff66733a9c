"""`essaim bank account` and `essaim bank read`: the association's accounts, and their statements."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import screen
from cli.door import Json, Why, Yes, help_of, looking, noun, settings, writing
from foundation.speech import Phrase

if TYPE_CHECKING:
    from billing.bank.files import Read
    from billing.statements.mapping import Mapping

commands = noun("La banque : comptes, relevés, mouvements à rapprocher", "The bank: accounts, statements, movements")
account_commands = noun("Les comptes de l'association", "The association's accounts")
commands.add_typer(account_commands, name="account")


@account_commands.command(
    help=help_of(
        "Ajouter un compte : essaim bank account add courant FR76…",
        "Add an account: essaim bank account add current FR76…",
    )
)
def add(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    iban: Annotated[str, typer.Argument(metavar="FR76…", help=help_of("la clé, pour la Ğ1", "the key, for Ğ1"))] = "",
    kind: Annotated[str, typer.Option(metavar="bank", help="bank | helloasso | g1")] = "bank",
    bic: Annotated[str, typer.Option(metavar="ABCDFRPP")] = "",
    holder: Annotated[str, typer.Option(metavar="…", help=help_of("à quel nom", "in whose name"))] = "",
    why: Why = "",
    as_json: Json = False,
) -> None:
    """The association has this account; its IBAN is checked."""
    from billing.bank import accounts as bank
    from billing.bank.views import account_views
    from billing.models import Holding
    from inventory.members import BadChoice

    if kind not in list(Holding):
        raise BadChoice(value=kind[:40], choices=[str(one) for one in Holding])
    with writing(why) as (session, act):
        made = bank.add_account(session, act, name, iban, kind=Holding(kind), bic=bic, holder=holder)
        (view,) = account_views(session, [made])
    if as_json:
        return screen.give(view)
    return screen.say(
        Phrase(
            "Le compte « {name} » est là. Lire un relevé : essaim bank read releve.xml --account {typed}",
            "The account “{name}” is there. To read a statement: essaim bank read statement.xml --account {typed}",
        ),
        name=view.name,
        typed=screen.typed(view.name),
    )


@account_commands.command("list", help=help_of("Les comptes : essaim bank account list", "The accounts"))
def list_(as_json: Json = False) -> None:
    """The accounts, and up to which day their statements were read."""
    from billing.bank import accounts as bank
    from billing.bank.views import account_views

    with looking() as session:
        views = account_views(session, bank.list_accounts(session))
    screen.listing(
        views,
        {
            "name": Phrase("compte", "account"),
            "kind": Phrase("sorte", "kind"),
            "iban": Phrase("numéro", "number"),
            "until": Phrase("lu jusqu'au", "read until"),
            "movements": Phrase("mouvements", "movements"),
        },
        as_json=as_json,
        empty=Phrase(
            "Aucun compte. En ajouter un : essaim bank account add courant FR76…",
            "No account. To add one: essaim bank account add current FR76…",
        ),
        then=Phrase(
            "Comptes : {count}. Lire un relevé : essaim bank read releve.xml --account {first}",
            "Accounts: {count}. To read a statement: essaim bank read statement.xml --account {first}",
        ),
    )


@commands.command(
    help=help_of("Lire un relevé : essaim bank read novembre.xml", "Read a statement: essaim bank read november.xml")
)
def read(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=help_of("camt.053, OFX, CFONB, CSV", "camt.053…"))],
    account: Annotated[
        str, typer.Option(metavar="NAME", help=help_of("s'il y en a plusieurs", "where there are several"))
    ] = "",
    mapping: Annotated[
        Path | None,
        typer.Option(metavar="FILE.toml", help=help_of("comment ce CSV est écrit", "how this CSV is written")),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=help_of("voir sans rien garder", "see it, keep nothing"))
    ] = False,
    yes: Yes = False,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Keep the movements that are new; those with an exact reference book themselves, the others wait."""
    from billing.statements import reading

    with file.open("rb") as opened:
        data = reading.take(opened)
    how = _mappings(mapping)
    asked = not dry_run and screen.asks(yes=yes)
    if dry_run or asked:
        found = _read(account, data, file.name, how, why, keep=False)
        if not as_json:
            _tell(found)
    if dry_run:
        if as_json:
            return screen.give(found)
        return screen.say(Phrase("Rien n'a été gardé (--dry-run).", "Nothing was kept (--dry-run)."))
    if asked and not screen.confirm(Phrase("Garder ceci ?", "Keep this?"), yes=yes):
        return screen.say(Phrase("Rien n'a été gardé.", "Nothing was kept."))
    found = _read(account, data, file.name, how, why, keep=True)
    if as_json:
        return screen.give(found)
    if not asked:
        _tell(found)
    return screen.say(
        Phrase("Dire ce que sont les autres : essaim bank inbox", "To say what the others are: essaim bank inbox")
        if found.waiting
        else Phrase("Rien n'attend de ce relevé.", "Nothing of this statement waits.")
    )


def _mappings(named: Path | None) -> tuple[Mapping | None, tuple[Mapping, ...]]:
    from billing.statements import mapping

    own = settings().var / mapping.OWN_FOLDER
    return (None if named is None else mapping.from_file(named)), mapping.own(own)


def _read(
    account: str, data: bytes, name: str, how: tuple[Mapping | None, tuple[Mapping, ...]], why: str, *, keep: bool
) -> Read:
    from billing.bank import accounts as bank
    from billing.bank import files as bank_files

    with writing(why, keep=keep) as (session, act):
        whose = bank.find_account(session, account)
        return bank_files.read_file(session, act, whose, data, name, mapping=how[0], mappings=how[1])


def _tell(found: Read) -> None:
    screen.say(
        Phrase(
            "{account}. Mouvements nouveaux : {new}, déjà connus : {known}. Avec une référence exacte : {booked}, à "
            "rapprocher : {waiting}.",
            "{account}. New movements: {new}, known already: {known}. With an exact reference: {booked}, to match: "
            "{waiting}.",
        ),
        account=found.account,
        new=found.new,
        known=found.known,
        booked=len(found.booked),
        waiting=found.waiting,
    )
    if found.closing is not None:
        screen.say(
            Phrase("Solde à la fin ({until}) : {closing}.", "Balance at the end ({until}): {closing}."),
            until=found.until,
            closing=found.closing,
        )
    for note in found.notes:
        screen.say(note)
    if found.booked:
        screen.table(
            [
                Phrase("mouvement", "movement"),
                Phrase("membre", "member"),
                Phrase("montant", "amount"),
                Phrase("paiement", "payment"),
            ],
            [(one.entry, one.member, one.cents, one.payment) for one in found.booked],
        )
