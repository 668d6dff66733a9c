"""`essaim key`."""

from __future__ import annotations

import sys
from getpass import getpass
from pathlib import Path
from typing import Annotated

import typer

from cli import screen
from cli.door import Json, Why, act, help_of, looking, noun, settings, store
from foundation.errors import Invalid
from foundation.speech import Phrase

commands = noun("La clé du coffre, en dépôt chez plusieurs personnes", "The vault's key, in several people's keeping")


class NothingTyped(Invalid):
    """What was asked was not answered."""

    kind = "nothing-typed"
    phrase = Phrase(
        "Il manque une réponse : {question}. Rien n'a été changé.",
        "An answer is missing: {question}. Nothing was changed.",
    )


class TypedTwice(Invalid):
    """The second time was not the first."""

    kind = "typed-twice"
    phrase = Phrase(
        "Les deux phrases diffèrent. Rien n'a été changé.", "The two passphrases differ. Nothing was changed."
    )


_WHO = Phrase("Numéro de la personne (M0042)", "The person's number (M0042)")
_WORDS = Phrase("Phrase de {holder}", "Passphrase of {holder}")
_ANY = Phrase("Votre phrase", "Your passphrase")
_AGAIN = Phrase("La même encore", "The same again")


@commands.command(
    help=help_of(
        "Sceller la clé pour deux personnes : essaim key escrow --to 2",
        "Seal the key for two people: essaim key escrow --to 2",
    )
)
def escrow(
    to: Annotated[int, typer.Option(min=2, max=9, help=help_of("combien de personnes", "how many people"))] = 2,
    holder: Annotated[
        list[str] | None,
        typer.Option(metavar="M0042", help=help_of("l'une d'elles ; sinon demandé", "one; else asked")),
    ] = None,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Seal the vault's key under each person's own passphrase; any one of them opens it."""
    from desk import keys
    from foundation import escrow as envelopes
    from inventory import members, rights
    from inventory.models.mandates import Task

    opened, here = store(), settings()
    deed = act(opened, why)
    with looking() as session:
        rights.demand(session, deed, Task.KEYS_KEEP)
    passphrases: dict[str, str] = {}
    waiting = list(holder or ())
    while len(passphrases) < max(to, len(holder or ())):
        named = waiting.pop(0) if waiting else _asked(_WHO, hidden=False)
        with looking() as session:
            number = str(members.find_member(session, named))
        passphrases[number] = _asked(_WORDS, twice=True, holder=number)
        envelopes.check(list(passphrases.values()))
    file = keys.seal(opened, here, act(opened, why), passphrases)
    if as_json:
        return screen.give({"file": str(file), "holders": list(passphrases)})
    return screen.say(
        Phrase(
            "La clé est scellée dans {file} pour {holders} ; chacune de ces personnes l'ouvre seule. "
            "Imprimez ce fichier et gardez-le ailleurs. Le vérifier avec chaque phrase : essaim key check",
            "The key is sealed in {file} for {holders}; each of them opens it alone. "
            "Print this file and keep it elsewhere. To check it with each passphrase: essaim key check",
        ),
        file=file,
        holders=list(passphrases),
    )


@commands.command(
    help=help_of("Prouver qu'une phrase ouvre le coffre", "Prove that a passphrase opens the vault"),
)
def check(why: Why = "", as_json: Json = False) -> None:
    """Open an envelope, compare its key with the one in use, and open every secret with it."""
    from desk import keys

    opened, here = store(), settings()
    checked = keys.check(opened, here, act(opened, why), _asked(_ANY))
    if as_json:
        return screen.give(checked)
    return screen.say(
        Phrase(
            "L'enveloppe de {holder} s'ouvre, avec la clé en service ; elle ouvre tout ce que la base garde secret "
            "(secrets : {count}).",
            "The envelope of {holder} opens, with the key in use; it opens all that the database keeps secret "
            "(secrets: {count}).",
        ),
        holder=checked.holder,
        count=checked.secrets,
    )


@commands.command(
    help=help_of(
        "Rapporter la clé perdue : essaim key recover vault.escrow",
        "Bring the lost key back: essaim key recover vault.escrow",
    )
)
def recover(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help=help_of("sinon celui du dossier", "else the folder's"))
    ] = None,
    why: Why = "",
) -> None:
    """Write the vault's key again, where it is missing."""
    from desk import keys
    from foundation.database import NotInitialised, transaction
    from inventory.keys import note_recovery

    here = settings()
    if here.vault_key.exists():
        raise keys.KeyThere(path=here.vault_key)
    holder = keys.recover(here, file or here.escrow, _asked(_ANY))
    screen.say(
        Phrase(
            "La clé est revenue dans {path}, de l'enveloppe de {holder}. La vérifier : essaim key check",
            "The key is back in {path}, from the envelope of {holder}. To check it: essaim key check",
        ),
        path=here.vault_key,
        holder=holder,
    )
    try:
        opened = store()
    except NotInitialised:
        opened = None
    if opened is not None:
        deed = act(opened, why)
        with transaction(opened) as session:
            note_recovery(session, deed, holder)


def _asked(question: Phrase, *, hidden: bool = True, twice: bool = False, **values: object) -> str:
    """What the person types, unseen; without a terminal, the next line of standard input, once."""
    words = question.say(screen.language(), **values)
    if not sys.stdin.isatty():
        answer = sys.stdin.readline().rstrip("\n")
    elif hidden:
        answer = getpass(f"{words} : ")
        if twice and getpass(f"{_AGAIN.say(screen.language())} : ") != answer:
            raise TypedTwice
    else:
        answer = input(f"{words} : ")
    if not answer.strip():
        raise NothingTyped(question=words)
    return answer
