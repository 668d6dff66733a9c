"""`essaim credential`: what opens lines and doors, when it ends, and who is told of it."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import screen
from cli.door import Json, Why, act, help_of, looking, noun, settings, store
from foundation.speech import Phrase

commands = noun("Ce qui ouvre, et jusqu'à quand", "What opens, and until when")


@commands.command(
    "list",
    help=help_of(
        "Mots de passe, clés et jetons : essaim credential list --expiring 60d",
        "Passwords, keys and tokens: essaim credential list --expiring 60d",
    ),
)
def list_(
    expiring: Annotated[
        str | None, typer.Option(metavar="60d", help=help_of("ce qui prend fin d'ici là", "what ends by then"))
    ] = None,
    kind: Annotated[str | None, typer.Option(help="ppp | wireguard | openvpn | token | ca | crl | server")] = None,
    member: Annotated[str | None, typer.Option(metavar="M0042", help=help_of("de ce membre", "of that member"))] = None,
    after: Annotated[
        str | None, typer.Option(metavar="ppp:l0042@adsl", help=help_of("après ce nom", "after that name"))
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help=help_of("au plus", "at most"))] = 200,
    as_json: Json = False,
) -> None:
    """What opens something, what ends first in front."""
    from foundation import clock
    from inventory import closures, lapsing, members
    from inventory.views.credentials import view

    at = clock.now()
    within = None if expiring is None else closures.within(clock.today(at), expiring) - clock.today(at)
    with looking() as session:
        whose = members.find_member(session, member) if member is not None else None
        every = lapsing.list_credentials(session, at, kind=kind, member=whose, within=within)
        begin = next((rank + 1 for rank, one in enumerate(every) if str(one) == after), 0)
        found = [view(one, at) for one in every[begin : begin + limit]]
    screen.listing(
        found,
        {
            "name": Phrase("accès", "credential"),
            "line": Phrase("ligne", "line"),
            "member": Phrase("membre", "member"),
            "since": Phrase("depuis", "since"),
            "age_days": Phrase("jours", "days"),
            "until": Phrase("jusqu'au", "until"),
            "former_until": Phrase("l'ancien jusqu'au", "the former until"),
            "told_at": Phrase("prévenu·e le", "told on"),
        },
        as_json=as_json,
        empty=Phrase(
            "Rien ne prend fin d'ici là. Tout voir : essaim credential list",
            "Nothing ends by then. To see all: essaim credential list",
        ),
        then=Phrase(
            "Accès : {count}. Renouveler un mot de passe sans couper : essaim credential renew L0101",
            "Credentials: {count}. To renew a password without a cut: essaim credential renew L0101",
        ),
    )
    if not as_json:
        screen.more("essaim credential list", [one.name for one in found], limit)


@commands.command(
    help=help_of(
        "Renouveler sans couper : essaim credential renew L0101 --days 60",
        "Renew without a cut: essaim credential renew L0101 --days 60",
    )
)
def renew(
    number: Annotated[str, typer.Argument(metavar="L0042")],
    member: Annotated[
        str | None, typer.Option(metavar="M0116", help=help_of("sinon le ou la titulaire", "else the holder"))
    ] = None,
    days: Annotated[int, typer.Option(help=help_of("jours où l'ancien vaut aussi", "days the former counts too"))] = 60,
    why: Why = "",
) -> None:
    """A new PPP password; the former one is in force beside it until a day, and its member is told."""
    from datetime import date

    from desk import telling

    opened = store()
    done = telling.renew(opened, settings(), act(opened, why), number, member, days)
    screen.say(
        Phrase(
            "{name} a un nouveau mot de passe ; l'ancien vaut aussi jusqu'au {until}. Le mettre sur les machines : "
            "essaim change plan ; le remettre : essaim line handout {line} --as sheet --member {member}",
            "{name} has a new password; the former one counts too until {until}. To bring it to the machines: "
            "essaim change plan; to hand it over: essaim line handout {line} --as sheet --member {member}",
        ),
        name=done.name,
        until=date.fromisoformat(done.until) if done.until else "",
        line=done.line,
        member=done.member,
    )
    if not done.told:
        screen.say(
            Phrase(
                "{member} n'a pas d'adresse e-mail : c'est à vous de prévenir.",
                "{member} has no e-mail address: it is for you to tell them.",
            ),
            member=done.member,
        )
    if done.untold is not None:
        screen.line(done.untold.sentence(screen.language()))


@commands.command(
    help=help_of("Prévenir, une fois par jour : essaim credential remind", "Tell, once a day: essaim credential remind")
)
def remind(as_json: Json = False) -> None:
    """Tell members of whom something ends soon, thirty days before and seven days before."""
    from desk import telling

    opened = store()
    done = telling.remind(opened, settings(), act(opened))
    if as_json:
        return screen.give({"told": list(done.told), "unreached": list(done.unreached)})
    screen.say(
        Phrase(
            "Membres prévenus : {count}. Ce qui prend fin : essaim credential list --expiring 60d",
            "Members told: {count}. What ends: essaim credential list --expiring 60d",
        ),
        count=len(done.told),
    )
    if done.unreached:
        screen.say(
            Phrase(
                "Sans adresse e-mail, à prévenir autrement : {names}.",
                "Without an e-mail address, to be told otherwise: {names}.",
            ),
            names=list(done.unreached),
        )
    if done.untold is not None:
        screen.line(done.untold.sentence(screen.language()))
    return None
