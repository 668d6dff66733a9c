"""`essaim address renumber` and `essaim renumbering`: everyone moves to another pool, a wave at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from cli import screen
from cli.door import Json, Why, Yes, help_of, looking, noun, writing
from foundation.speech import Language, Phrase

if TYPE_CHECKING:
    from inventory.renumbering import Move

commands = noun("Les renumérotations en cours et passées", "Renumberings under way and past")
proposing = noun("Les adresses", "Addresses")

Number = Annotated[str, typer.Argument(metavar="R0001")]
_COLUMNS = {
    "wave": Phrase("vague", "wave"),
    "old": Phrase("aujourd'hui", "today"),
    "new": Phrase("ensuite", "then"),
    "role": Phrase("rôle", "role"),
    "line": Phrase("ligne", "line"),
    "member": Phrase("membre", "member"),
    "interface": Phrase("interface", "interface"),
    "state": Phrase("état", "state"),
}


@proposing.command(
    help=help_of(
        "Renuméroter, par vagues : essaim address renumber --from vpn-v4 --to vpn-neuf --wave 20",
        "Renumber, in waves: essaim address renumber --from vpn-v4 --to vpn-new --wave 20",
    )
)
def renumber(
    old: Annotated[
        str, typer.Option("--from", metavar="POOL", help=help_of("le pool que l'on quitte", "the pool left"))
    ],
    new: Annotated[str, typer.Option("--to", metavar="POOL", help=help_of("le nouveau", "the new one"))],
    wave: Annotated[int, typer.Option(min=1, max=500, help=help_of("préfixes par vague", "prefixes a wave"))] = 20,
    apply: Annotated[
        bool, typer.Option("--apply", help=help_of("réserver les nouveaux", "put the new ones aside"))
    ] = False,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Propose old and new in waves; with --apply, put the new ones aside."""
    from inventory import addresses, renumbering

    with writing(why, keep=apply) as (session, act):
        leaving, coming = addresses.find_pool(session, old), addresses.find_pool(session, new)
        made = renumbering.begin(session, act, leaving, coming, wave)
        number, moves = str(made), renumbering.moves(session, made)
    _show(moves, as_json=as_json, then=_BEGUN if apply else _PREVIEW, number=number, old=old, new=new, wave=wave)


_PREVIEW = Phrase(
    "Préfixes : {count}. Rien n'a été changé. Réserver les nouveaux : "
    "essaim address renumber --from {old} --to {new} --wave {wave} --apply",
    "Prefixes: {count}. Nothing was changed. To put the new ones aside: "
    "essaim address renumber --from {old} --to {new} --wave {wave} --apply",
)
_BEGUN = Phrase(
    "{number} : {count} préfixes, les nouveaux sont réservés. Commencer la première vague : "
    "essaim renumbering next {number}",
    "{number}: {count} prefixes, the new ones are put aside. To begin the first wave: essaim renumbering next {number}",
)
_NONE = Phrase(
    "Aucune renumérotation. En proposer une : essaim address renumber --from POOL --to POOL",
    "No renumbering. To propose one: essaim address renumber --from POOL --to POOL",
)


@commands.command("list", help=help_of("Les renumérotations", "Renumberings"))
def list_(as_json: Json = False) -> None:
    """All renumberings, the latest first."""
    from inventory import renumbering
    from inventory.views.renumbering import view

    with looking() as session:
        found = [view(one) for one in renumbering.list_renumberings(session)]
    screen.listing(
        found,
        {
            "number": Phrase("numéro", "number"),
            "old": Phrase("de", "from"),
            "new": Phrase("vers", "to"),
            "since": Phrase("depuis", "since"),
            "ended": Phrase("finie", "ended"),
            "proposed": Phrase("prévus", "proposed"),
            "both": Phrase("en double", "both in force"),
            "done": Phrase("faits", "done"),
        },
        as_json=as_json,
        empty=_NONE,
        then=Phrase(
            "Renumérotations : {count}. En voir une : essaim renumbering show {first}",
            "Renumberings: {count}. To see one: essaim renumbering show {first}",
        ),
    )


@commands.command(help=help_of("Qui devient quoi, vague par vague", "Who becomes what, wave by wave"))
def show(number: Number, as_json: Json = False) -> None:
    """Every move of a renumbering."""
    from inventory import renumbering

    with looking() as session:
        found = renumbering.find_renumbering(session, number)
        name, moves = str(found), renumbering.moves(session, found)
    then = Phrase(
        "Préfixes : {count}. La suite : essaim renumbering next {number} ; puis, plus tard : "
        "essaim renumbering finish {number}",
        "Prefixes: {count}. Next: essaim renumbering next {number}; then, later: essaim renumbering finish {number}",
    )
    _show(moves, as_json=as_json, then=then, number=name)


@commands.command(
    "next", help=help_of("Commencer la vague suivante : les deux en service", "Begin the next wave: both in force")
)
def next_(number: Number, why: Why = "", as_json: Json = False) -> None:
    """Give the next holders their new prefix as well."""
    from inventory import renumbering

    with writing(why) as (session, act):
        found = renumbering.find_renumbering(session, number)
        steps = {step.id for step in renumbering.next_wave(session, act, found, found.to_pool)}
        name, moves = str(found), renumbering.moves(session, found, steps)
    then = Phrase(
        "{count} préfixes : l'ancien et le nouveau sont en service. Les mettre sur les machines : essaim change plan. "
        "Les lettres : essaim renumbering letters {number} --until 2026-12-22",
        "{count} prefixes: old and new are in force. To bring them to the machines: essaim change plan. "
        "The letters: essaim renumbering letters {number} --until 2026-12-22",
    )
    _show(moves, as_json=as_json, then=then, number=name)


@commands.command(help=help_of("Reprendre les anciens préfixes d'une vague", "Take back the old prefixes of a wave"))
def finish(number: Number, yes: Yes = False, why: Why = "", as_json: Json = False) -> None:
    """Take back what the earliest wave leaves."""
    from inventory import renumbering

    question = Phrase(
        "Les anciens préfixes de la vague la plus ancienne ne répondront plus. Continuer ?",
        "The old prefixes of the earliest wave will answer no more. Go on?",
    )
    if not screen.confirm(question, yes=yes):
        return screen.say(Phrase("Rien n'a été changé.", "Nothing was changed."))
    with writing(why) as (session, act):
        found = renumbering.find_renumbering(session, number)
        steps = {step.id for step in renumbering.finish_wave(session, act, found, found.from_pool)}
        name, moves = str(found), renumbering.moves(session, found, steps)
    then = Phrase(
        "{count} anciens préfixes sont en quarantaine. Les retirer des machines : essaim change plan",
        "{count} old prefixes are in quarantine. To take them off the machines: essaim change plan",
    )
    return _show(moves, as_json=as_json, then=then, number=name)


@commands.command(
    help=help_of("La lettre de chaque membre d'une vague en cours", "The letter to each member of a wave under way")
)
def letters(
    number: Number,
    until: Annotated[
        str, typer.Option(metavar="DAY", help=help_of("jusqu'à quand les deux marchent", "until when both work"))
    ],
    as_json: Json = False,
) -> None:
    """What each member whose wave is under way is told."""
    from foundation import clock
    from inventory import members, renumbering
    from inventory.models.renumbering import StepState

    day = clock.today(clock.parse(until))
    with looking() as session:
        found = renumbering.find_renumbering(session, number)
        told = []
        for move in renumbering.moves(session, found):
            if move.member is None or move.state != StepState.BOTH:
                continue
            member = members.find_member(session, move.member)
            language: Language = "en" if member.language == "en" else "fr"
            told.append({"member": move.member, "email": member.email, "text": renumbering.letter(move, day, language)})
    if as_json:
        return screen.give(told)
    if not told:
        return screen.say(
            Phrase(
                "Aucune vague en cours pour {number}. En commencer une : essaim renumbering next {number}",
                "No wave is under way for {number}. To begin one: essaim renumbering next {number}",
            ),
            number=number,
        )
    for one in told:
        screen.line(f"── {one['member']} {one['email'] or ''}\n\n{one['text']}")
    return None


def _show(moves: Sequence[Move], *, as_json: bool, then: Phrase, **values: object) -> None:
    screen.listing(moves, _COLUMNS, as_json=as_json, empty=_NONE, then=then, **values)
