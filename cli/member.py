"""`essaim member`: who is in the files. (They come and go in joining.py, and are reached in reaching.py.)"""

from __future__ import annotations

from typing import Annotated

import typer

from cli import assembly, joining, merging, reaching, screen
from cli.door import After, Json, Why, help_of, looking, noun, settings, writing
from foundation.speech import Phrase

commands = noun("Les membres", "Members")

Number = Annotated[str, typer.Argument(metavar="M0042")]
Postal = Annotated[
    str | None,
    typer.Option(help=help_of("adresse postale, lignes séparées par « / »", "postal address, lines parted by “/”")),
]


@commands.command(
    help=help_of(
        "Ajouter un membre : essaim member add 'Camille Faure'", "Add a member: essaim member add 'Camille Faure'"
    )
)
def add(
    name: Annotated[str, typer.Argument(help=help_of("le nom d'usage", "the name one uses"))],
    email: Annotated[str | None, typer.Option(help=help_of("adresse e-mail", "e-mail address"))] = None,
    status: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            help=help_of("applicant, ou un type d'adhésion (essaim kind list)", "applicant, or a kind of membership"),
        ),
    ] = None,
    language: Annotated[str, typer.Option(help="fr | en")] = "fr",
    organisation: Annotated[
        bool, typer.Option("--organisation", help=help_of("une personne morale", "an organisation"))
    ] = False,
    postal: Postal = None,
    since: joining.Since = None,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Someone joins."""
    from inventory import members

    with writing(why) as (session, act):
        joined = members.add_member(
            session,
            act,
            name,
            email=email,
            status=status,
            language=language,
            organisation=organisation,
            postal=_rows(postal) or "",
            since=joining.day_of(since),
        )
        number = str(joined)
    if as_json:
        return screen.give({"member": number})
    if status == "applicant":
        return screen.say(
            Phrase(
                "{name} demande à adhérer, numéro {number}. L'admettre : essaim member admit {number}",
                "{name} asks to join, number {number}. To admit them: essaim member admit {number}",
            ),
            name=name.strip(),
            number=number,
        )
    return screen.say(
        Phrase(
            "{name} est membre, numéro {number}. Lui commander une ligne : essaim line order {number} --offer vpn",
            "{name} is a member, number {number}. To order them a line: essaim line order {number} --offer vpn",
        ),
        name=name.strip(),
        number=number,
    )


@commands.command(
    "list",
    help=help_of("Les membres : essaim member list --word faure", "Members: essaim member list --word faure"),
)
def list_(
    left: Annotated[
        bool, typer.Option("--left", help=help_of("ceux qui sont partis aussi", "also those who left"))
    ] = False,
    kind: Annotated[
        str | None,
        typer.Option(help=help_of("d'un type d'adhésion, aujourd'hui", "of one kind of membership, today")),
    ] = None,
    word: Annotated[
        str, typer.Option(help=help_of("dans le nom, l'e-mail, un contact", "in the name, e-mail, a contact"))
    ] = "",
    after: After = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help=help_of("au plus", "at most"))] = 200,
    as_json: Json = False,
) -> None:
    """Members by number."""
    from foundation import clock
    from inventory import kinds, members
    from inventory.views.members import views_of

    day = clock.today(clock.now())
    with looking() as session:
        of_kind = None if kind is None else kinds.find_kind(session, kind).name
        found = members.list_members(session, left=left, kind=of_kind, day=day, word=word, after=after, limit=limit)
        files = views_of(session, found, day)
    columns = {
        "number": Phrase("numéro", "number"),
        "name": Phrase("nom", "name"),
        "status": Phrase("statut", "status"),
        "joined": Phrase("depuis", "since"),
        "left": Phrase("parti·e", "left"),
    }
    screen.listing(
        files,
        columns,
        as_json=as_json,
        empty=Phrase(
            "Aucun membre ici. En ajouter : essaim member add 'Camille Faure'",
            "No member here. To add one: essaim member add 'Camille Faure'",
        ),
        then=Phrase(
            "Membres : {count}. En voir un : essaim member show {first}",
            "Members: {count}. To see one: essaim member show {first}",
        ),
    )
    if not as_json:
        screen.more("essaim member list", [one.number for one in files], limit)


@commands.command(help=help_of("La fiche d'un membre : essaim member show M0042", "A member: essaim member show M0042"))
def show(number: Number, as_json: Json = False) -> None:
    """One member with their lines."""
    from foundation import clock
    from inventory import lines, members
    from inventory.models.lines import LineState
    from inventory.models.people import MemberStatus
    from inventory.views.members import view

    with looking() as session:
        one = members.find_member(session, number)
        file = view(session, one, clock.today(clock.now()))
        theirs = [
            {"line": str(line), "offer": line.offer.title, "state": LineState(line.state)}
            for line in lines.lines_of(session, one)
        ]
    if as_json:
        return screen.give({**screen.plain(file), "lines": theirs})
    reaching.tell(file, number)
    if theirs:
        columns = (Phrase("ligne", "line"), Phrase("offre", "offer"), Phrase("état", "state"))
        return screen.table(columns, [tuple(each.values()) for each in theirs])
    if file.left:
        return screen.say(
            Phrase("Revient : essaim member rejoin {member}", "Comes back: essaim member rejoin {member}"),
            member=file.number,
        )
    if file.status == MemberStatus.APPLICANT:
        return screen.say(
            Phrase("L'admettre : essaim member admit {member}", "To admit them: essaim member admit {member}"),
            member=file.number,
        )
    return screen.say(
        Phrase(
            "Aucune ligne. En commander une : essaim line order {member} --offer vpn",
            "No line. To order one: essaim line order {member} --offer vpn",
        ),
        member=file.number,
    )


@commands.command(
    help=help_of(
        "Corriger une fiche : essaim member change M0042 --email ada@membres.example",
        "Correct a file: essaim member change M0042 --email ada@membres.example",
    )
)
def change(
    number: Number,
    name: Annotated[str | None, typer.Option(help=help_of("le nom d'usage", "the name one uses"))] = None,
    email: Annotated[
        str | None, typer.Option(help=help_of("adresse e-mail ; '' l'enlève", "e-mail address; '' takes it away"))
    ] = None,
    language: Annotated[str | None, typer.Option(help="fr | en")] = None,
    postal: Postal = None,
    why: Why = "",
) -> None:
    """Change what a file says."""
    from inventory import members

    with writing(why) as (session, act):
        one = members.find_member(session, number)
        changed = members.change_member(
            session, act, one, name=name, email=email, language=language, postal=_rows(postal)
        )
        member = str(one)
    if not changed:
        return screen.say(
            Phrase(
                "Rien à changer dans la fiche de {member}. Ce qui se change : essaim member change --help",
                "Nothing to change in the file of {member}. What may be: essaim member change --help",
            ),
            member=member,
        )
    return screen.say(
        Phrase(
            "La fiche de {member} est à jour. La voir : essaim member show {member}",
            "The file of {member} is up to date. To see it: essaim member show {member}",
        ),
        member=member,
    )


@commands.command(
    help=help_of("Un lien pour se connecter au portail, une fois", "A link to sign in to the portal, once")
)
def link(number: Number) -> None:
    """A one-time link, printed for whoever will hand it over."""
    from inventory import accounts, members

    with writing() as (session, act):
        member = members.find_member(session, number)
        token, known = accounts.sign_in_link(session, act, member), str(member)
    screen.say(
        Phrase(
            "Valable 15 minutes, une fois : {url}\nPassé ce temps, un autre : essaim member link {member}",
            "Good for 15 minutes, once: {url}\nAfter that, another: essaim member link {member}",
        ),
        url=accounts.link_address(settings().url, token),
        member=known,
    )


def _rows(postal: str | None) -> str | None:
    """A postal address as typed on one line."""
    return None if postal is None else postal.replace(" / ", "\n")


joining.register(commands)
merging.register(commands)
assembly.register(commands)
commands.add_typer(reaching.contact, name="contact")
commands.add_typer(reaching.referent, name="referent")
commands.add_typer(joining.period, name="period")
