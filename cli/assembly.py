"""`essaim member voters | proxy`: who votes at the general meeting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli import screen, spreadsheet
from cli.door import Json, Why, help_of, looking, writing
from cli.joining import day
from cli.spreadsheet import AsCsv
from foundation.speech import Phrase

if TYPE_CHECKING:
    from inventory.voting import Roll

Number = Annotated[str, typer.Argument(metavar="M0042")]
On = Annotated[str, typer.Option(metavar="2026-12-05", help=help_of("le jour de l'assemblée", "the meeting's day"))]

_COLUMNS = {
    "number": Phrase("numéro", "number"),
    "name": Phrase("nom", "name"),
    "kind": Phrase("adhésion", "membership"),
    "represented_by": Phrase("vote par", "votes through"),
    "proxy_to": Phrase("procuration à", "proxy to"),
    "proxy_name": Phrase("nom", "name"),
    "votes": Phrase("voix", "votes"),
}


def register(commands: typer.Typer) -> None:
    """Put these verbs among those on members."""
    commands.command(
        help=help_of(
            "Qui peut voter : essaim member voters --on 2026-12-05",
            "Who may vote: essaim member voters --on 2026-12-05",
        )
    )(voters)
    commands.command(
        help=help_of(
            "Une procuration : essaim member proxy M0042 --to M0007 --on 2026-12-05",
            "A proxy: essaim member proxy M0042 --to M0007 --on 2026-12-05",
        )
    )(proxy)


def voters(
    on: On,
    as_csv: AsCsv = False,
    as_json: Json = False,
) -> None:
    """The list for the general meeting."""
    from inventory import voting

    with looking() as session:
        roll = voting.roll(session, day(on))
    if as_json:
        return screen.give(roll)
    if as_csv:
        return _sheet(roll)
    screen.listing(
        roll.voters,
        _COLUMNS,
        as_json=False,
        empty=Phrase(
            "Personne ne peut voter le {day}. Les adhésions qui votent : essaim kind list",
            "Nobody may vote on {day}. Memberships that vote: essaim kind list",
        ),
        then=Phrase(
            "Peuvent voter le {day} : {count} (base du quorum). Procurations : {proxies} ; "
            "{most} au plus par personne. En noter une : essaim member proxy {first} --to MEMBRE --on {iso}",
            "May vote on {day}: {count} (the base of a quorum). Proxies: {proxies}; {most} at most a person. "
            "To note one: essaim member proxy {first} --to MEMBER --on {iso}",
        ),
        day=roll.day,
        iso=roll.day.isoformat(),
        proxies=roll.proxies,
        most=roll.most_proxies,
    )
    if roll.unnamed:
        screen.say(
            Phrase(
                "Sans personne pour voter : {numbers}. En nommer une : "
                "essaim member referent add {first} --person M0042",
                "With nobody to vote: {numbers}. To name someone: essaim member referent add {first} --person M0042",
            ),
            numbers=list(roll.unnamed),
            first=roll.unnamed[0],
        )
    return None


def proxy(
    number: Number,
    on: On,
    to: Annotated[str | None, typer.Option(metavar="M0007", help=help_of("qui votera", "who will vote"))] = None,
    cancel: Annotated[bool, typer.Option("--cancel", help=help_of("l'annuler", "cancel it"))] = False,
    why: Why = "",
) -> None:
    """Give or cancel a proxy."""
    from inventory import members, voting

    if cancel == (to is not None):
        raise typer.BadParameter("--to", param_hint="--to")
    with writing(why) as (session, act):
        giver = members.find_member(session, number)
        holder = None if to is None else members.find_member(session, to)
        if holder is None:
            voting.cancel_proxy(session, act, giver, day(on))
        else:
            voting.give_proxy(session, act, giver, holder, day(on))
        said = {"giver": str(giver), "holder": str(holder), "day": day(on), "iso": day(on).isoformat()}
    screen.say(
        Phrase(
            "{giver} votera soi-même le {day}. La liste : essaim member voters --on {iso}",
            "{giver} will vote themselves on {day}. The list: essaim member voters --on {iso}",
        )
        if cancel
        else Phrase(
            "{holder} votera pour {giver} le {day}. La liste : essaim member voters --on {iso}",
            "{holder} will vote for {giver} on {day}. The list: essaim member voters --on {iso}",
        ),
        **said,
    )


def _sheet(roll: Roll) -> None:
    rows = ([getattr(voter, field) for field in _COLUMNS] for voter in roll.voters)
    spreadsheet.give(_COLUMNS.values(), rows)
