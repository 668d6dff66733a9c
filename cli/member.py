"""`essaim member`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import screen
from cli.door import After, Json, Why, help_of, looking, noun, settings, writing
from foundation.speech import Phrase

commands = noun("Les membres", "Members")

Number = Annotated[str, typer.Argument(metavar="M0042")]


@commands.command(
    help=help_of(
        "Ajouter un membre : essaim member add 'Camille Faure'", "Add a member: essaim member add 'Camille Faure'"
    )
)
def add(
    name: Annotated[str, typer.Argument(help=help_of("le nom d'usage", "the name one uses"))],
    email: Annotated[str | None, typer.Option(help=help_of("adresse e-mail", "e-mail address"))] = None,
    status: Annotated[str, typer.Option(help="adherent | affiliate | applicant")] = "adherent",
    language: Annotated[str, typer.Option(help="fr | en")] = "fr",
    organisation: Annotated[
        bool, typer.Option("--organisation", help=help_of("une personne morale", "an organisation"))
    ] = False,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Someone joins."""
    from inventory import members

    with writing(why) as (session, act):
        joined = members.add_member(
            session, act, name, email=email, status=status, language=language, organisation=organisation
        )
        number = str(joined)
    if as_json:
        return screen.give({"member": number})
    screen.say(
        Phrase(
            "{name} est membre, numéro {number}. Lui commander une ligne : essaim line order {number} --offer vpn",
            "{name} is a member, number {number}. To order them a line: essaim line order {number} --offer vpn",
        ),
        name=name.strip(),
        number=number,
    )
    return None


@commands.command("list", help=help_of("Les membres, par numéro", "Members, by number"))
def list_(
    left: Annotated[
        bool, typer.Option("--left", help=help_of("ceux qui sont partis aussi", "also those who left"))
    ] = False,
    after: After = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help=help_of("au plus", "at most"))] = 200,
    as_json: Json = False,
) -> None:
    """Members by number."""
    from inventory import members
    from inventory.models.people import MemberStatus

    with looking() as session:
        found = [
            {
                "member": str(one),
                "name": one.name,
                "status": MemberStatus(one.status),
                "joined": one.joined,
                "left": one.left,
            }
            for one in members.list_members(session, left=left, after=after, limit=limit)
        ]
    if as_json:
        return screen.give(found)
    if not found:
        return screen.say(
            Phrase(
                "Aucun membre ici. En ajouter : essaim member add 'Camille Faure'",
                "No member here. To add one: essaim member add 'Camille Faure'",
            )
        )
    columns = (Phrase("numéro", "number"), Phrase("nom", "name"), Phrase("statut", "status"), Phrase("depuis", "since"))
    screen.table(columns, [(one["member"], one["name"], one["status"], one["joined"]) for one in found])
    screen.more("essaim member list", [str(one["member"]) for one in found], limit)
    screen.say(
        Phrase(
            "Membres : {count}. En voir un : essaim member show M0042",
            "Members: {count}. To see one: essaim member show M0042",
        ),
        count=len(found),
    )
    return None


@commands.command(help=help_of("La fiche d'un membre", "A member's file"))
def show(number: Number, as_json: Json = False) -> None:
    """One member with their lines."""
    from inventory import lines, members
    from inventory.models.lines import LineState
    from inventory.models.people import MemberStatus

    with looking() as session:
        one = members.find_member(session, number)
        theirs = [
            {"line": str(line), "offer": line.offer.title, "state": LineState(line.state)}
            for line in lines.lines_of(session, one)
        ]
        file = {
            "member": str(one),
            "name": one.name,
            "email": one.email,
            "language": one.language,
            "status": MemberStatus(one.status),
            "joined": one.joined,
            "left": one.left,
            "lines": theirs,
        }
    if as_json:
        return screen.give(file)
    screen.say(
        Phrase("{member}, {name} : {status} depuis le {joined}.", "{member}, {name}: {status} since {joined}."),
        **file,
    )
    if file["left"]:
        screen.say(Phrase("Parti·e le {left}.", "Left on {left}."), left=file["left"])
    if file["email"]:
        screen.say(Phrase("E-mail : {email}", "E-mail: {email}"), email=file["email"])
    if theirs:
        columns = (Phrase("ligne", "line"), Phrase("offre", "offer"), Phrase("état", "state"))
        return screen.table(columns, [tuple(each.values()) for each in theirs])
    screen.say(
        Phrase(
            "Aucune ligne. En commander une : essaim line order {member} --offer vpn",
            "No line. To order one: essaim line order {member} --offer vpn",
        ),
        member=file["member"],
    )
    return None


@commands.command(help=help_of("Un membre s'en va : ses lignes se ferment", "A member leaves: their lines close"))
def leave(number: Number, why: Why = "", as_json: Json = False) -> None:
    """Someone leaves."""
    from inventory import members

    with writing(why) as (session, act):
        one = members.find_member(session, number)
        touched = members.leave(session, act, one)
        name = str(one)
    if as_json:
        return screen.give({"member": name, "lines": touched})
    screen.say(
        Phrase(
            "{member} n'est plus membre. Lignes fermées ou quittées : {lines}. "
            "Les machines n'ont pas encore changé : essaim change plan",
            "{member} is no longer a member. Lines closed or left: {lines}. "
            "The machines have not changed yet: essaim change plan",
        ),
        member=name,
        lines=touched or "—",
    )
    return None


@commands.command(
    help=help_of("Un lien pour se connecter au portail, une fois", "A link to sign in to the portal, once")
)
def link(number: Number) -> None:
    """A one-time link, printed for whoever will hand it over."""
    from inventory import accounts, members

    with writing() as (session, act):
        token = accounts.sign_in_link(session, act, members.find_member(session, number))
    url = accounts.link_address(settings().url, token)
    screen.say(
        Phrase("Valable 15 minutes, une fois : {url}", "Good for 15 minutes, once: {url}"),
        url=url,
    )
