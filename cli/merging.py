"""`essaim member merge`: two files of one person become one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli import screen
from cli.door import Json, Why, Yes, help_of, looking, writing
from foundation.speech import Phrase

if TYPE_CHECKING:
    from desk.merging import Merging

Number = Annotated[str, typer.Argument(metavar="M0150")]


def register(commands: typer.Typer) -> None:
    """Put this verb among those on members."""
    commands.command(
        help=help_of(
            "Réunir deux fiches d'une personne : essaim member merge M0150 --into M0042",
            "Merge two files of one person: essaim member merge M0150 --into M0042",
        )
    )(merge)


def merge(
    number: Number,
    into: Annotated[str, typer.Option(metavar="M0042", help=help_of("la fiche qui reste", "the file that stays"))],
    why: Why = "",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Show what would move; with --yes, move it."""
    from desk import merging
    from inventory import members

    if yes:
        with writing(why) as (session, act):
            done = merging.merge(session, act, members.find_member(session, number), members.find_member(session, into))
    else:
        from foundation import clock

        with looking() as session:
            day = clock.today(clock.now())
            done = merging.foresee(
                session, members.find_member(session, number), members.find_member(session, into), day
            )
    if as_json:
        return screen.give({"done": yes, **screen.plain(done)})
    if not yes:
        _preview(done)
    return screen.say(
        Phrase(
            "{number} et {into} ne font plus qu'une fiche, {into} ; les deux numéros la trouvent. "
            "La voir : essaim member show {into}",
            "{number} and {into} are one file now, {into}; both numbers find it. To see it: essaim member show {into}",
        )
        if yes
        else Phrase(
            "Rien n'a encore été changé, et cela ne se défait pas. Si c'est bien la même personne : "
            "essaim member merge {number} --into {into} --yes",
            "Nothing was changed yet, and it cannot be undone. If they are one person indeed: "
            "essaim member merge {number} --into {into} --yes",
        ),
        number=done.moves.number,
        into=done.moves.into,
    )


def _preview(done: Merging) -> None:
    moves, money = done.moves, done.money
    screen.say(
        Phrase(
            "{number}, {name}, serait réunie à {into}, {into_name}.",
            "{number}, {name}, would be merged into {into}, {into_name}.",
        ),
        number=moves.number,
        name=moves.name,
        into=moves.into,
        into_name=moves.into_name,
    )
    rows = (
        (Phrase("lignes", "lines"), list(moves.lines)),
        (Phrase("contacts", "contacts"), [one.replace("\n", ", ") for one in moves.contacts]),
        (Phrase("mandats", "mandates"), list(moves.mandates)),
        (Phrase("machines", "machines"), list(moves.machines)),
        (Phrase("matériel prêté", "equipment lent"), moves.loans or None),
        (Phrase("procurations annulées", "proxies cancelled"), moves.proxies_cancelled or None),
        (Phrase("dus", "dues"), [money.dues, money.owed] if money.dues else None),
        (Phrase("paiements", "payments"), [money.payments, money.paid] if money.payments else None),
        (Phrase("dû en double, retiré", "due twice, struck"), money.struck or None),
    )
    there = [(name, what) for name, what in rows if what]
    if there:
        screen.table((Phrase("passe", "moves"), Phrase("quoi", "what")), there)
    if moves.memberships:
        screen.table(
            (Phrase("adhésions ensuite", "memberships then"), Phrase("du", "from"), Phrase("au", "to")),
            [(one.kind, one.since, one.until) for one in moves.memberships],
        )
