"""`essaim member admit | rejoin | become | leave`, and `essaim member period`: how members come and go."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from cli import leaving, screen
from cli.door import Why, help_of, noun, writing
from foundation.speech import Phrase

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from inventory.models.people import Member, Membership

period = noun("Les adhésions d'autrefois", "Memberships of the past")

Number = Annotated[str, typer.Argument(metavar="M0042")]
Since = Annotated[
    str | None,
    typer.Option(metavar="2026-11-22", help=help_of("depuis ce jour ; sinon aujourd'hui", "from this day; else today")),
]
Kind = Annotated[
    str | None, typer.Option("--kind", help=help_of("type d'adhésion : essaim kind list", "kind: essaim kind list"))
]


def register(commands: typer.Typer) -> None:
    """Put these verbs among those on members."""
    for verb, said in (
        (admit, help_of("Admettre : essaim member admit M0042", "Admit someone: essaim member admit M0042")),
        (rejoin, help_of("Revenir après un départ : essaim member rejoin M0042", "Back: essaim member rejoin M0042")),
        (
            become,
            help_of(
                "Changer de type d'adhésion : essaim member become M0042 affiliate --since 2027-01-01",
                "Change the kind of membership: essaim member become M0042 affiliate --since 2027-01-01",
            ),
        ),
        (
            leaving.leave,
            help_of(
                "S'en aller, un aperçu d'abord : essaim member leave M0042",
                "A member leaves, a preview first: essaim member leave M0042",
            ),
        ),
    ):
        commands.command(help=said)(verb)


def day(text: str) -> date:
    """A day as typed. Raises BadMoment."""
    from foundation import clock

    return clock.today(clock.parse(text))


def day_of(text: str | None) -> date | None:
    """A day as typed; none where none is. Raises BadMoment."""
    return None if text is None else day(text)


def admit(number: Number, kind: Kind = None, since: Since = None, why: Why = "") -> None:
    """An applicant becomes a member."""
    from inventory import members, memberships

    with writing(why) as (session, act):
        one = members.find_member(session, number)
        said = _said(session, one, memberships.admit(session, act, one, kind, since=day_of(since)))
    screen.say(
        Phrase(
            "{member} est {kind} depuis le {since}. Lui commander une ligne : essaim line order {member} --offer vpn",
            "{member} is {kind} since {since}. To order them a line: essaim line order {member} --offer vpn",
        ),
        **said,
    )


def rejoin(number: Number, kind: Kind = None, since: Since = None, why: Why = "") -> None:
    """Someone who left comes back."""
    from inventory import members, memberships

    with writing(why) as (session, act):
        one = members.find_member(session, number)
        said = _said(session, one, memberships.rejoin(session, act, one, kind, since=day_of(since)))
    screen.say(
        Phrase(
            "{member} est de nouveau {kind}, depuis le {since}. Sa fiche : essaim member show {member}",
            "{member} is {kind} again, since {since}. Their file: essaim member show {member}",
        ),
        **said,
    )


def become(
    number: Number,
    kind: Annotated[str, typer.Argument(metavar="KIND")],
    since: Since = None,
    why: Why = "",
) -> None:
    """A member is of another kind from a day on."""
    from inventory import members, memberships

    with writing(why) as (session, act):
        one = members.find_member(session, number)
        said = _said(session, one, memberships.become(session, act, one, kind, since=day_of(since)))
    screen.say(
        Phrase(
            "{member} : {kind} à partir du {since}. Sa fiche : essaim member show {member}",
            "{member}: {kind} from {since} on. Their file: essaim member show {member}",
        ),
        **said,
    )


@period.command(
    "add",
    help=help_of(
        "Noter une adhésion passée : essaim member period add M0042 adherent --since 2015-03-01 --until 2018-06-30",
        "Note a past one: essaim member period add M0042 adherent --since 2015-03-01 --until 2018-06-30",
    ),
)
def add_period(
    number: Number,
    kind: Annotated[str, typer.Argument(metavar="KIND")],
    since: Annotated[str, typer.Option(metavar="2015-03-01", help=help_of("premier jour", "first day"))],
    until: Annotated[
        str,
        typer.Option(metavar="2018-06-30", help=help_of("premier jour où elle ne vaut plus", "first day without it")),
    ],
    why: Why = "",
) -> None:
    """Note a membership of the past."""
    from inventory import members, memberships

    with writing(why) as (session, act):
        one = members.find_member(session, number)
        noted = memberships.add_period(session, act, one, kind, since=day(since), until=day(until), why=why)
        said = _said(session, one, noted)
    screen.say(
        Phrase(
            "Noté : {member} a été {kind} du {since} au {until}. Sa fiche : essaim member show {member}",
            "Noted: {member} was {kind} from {since} to {until}. Their file: essaim member show {member}",
        ),
        **said,
    )


@period.command(
    "strike",
    help=help_of(
        "Retirer une adhésion passée notée par erreur, par son premier jour",
        "Take back a past membership noted by mistake, by its first day",
    ),
)
def strike_period(number: Number, since: Annotated[str, typer.Argument(metavar="2015-03-01")], why: Why = "") -> None:
    """Take back a membership of the past."""
    from inventory import members, memberships

    with writing(why) as (session, act):
        one = members.find_member(session, number)
        memberships.strike_period(session, act, one, day(since))
        member = str(one)
    screen.say(
        Phrase(
            "Retiré. La fiche de {member} : essaim member show {member}",
            "Taken back. The file of {member}: essaim member show {member}",
        ),
        member=member,
    )


def _said(session: Session, member: Member, one: Membership) -> dict[str, object]:
    from inventory import kinds

    word = kinds.words(session)[one.kind]
    return {"member": str(member), "kind": word, "since": one.since, "until": one.until}
