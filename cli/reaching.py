"""`essaim member contact` and `essaim member referent`: how members are reached, and the file that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli import screen
from cli.door import Why, help_of, noun, writing
from cli.joining import Since, day_of
from foundation.speech import Phrase

if TYPE_CHECKING:
    from inventory.views.members import MemberView

contact = noun("Les contacts d'un membre", "A member's contacts")
referent = noun("Qui parle pour une organisation", "Who speaks for an organisation")

Number = Annotated[str, typer.Argument(metavar="M0042")]
Organisation = Annotated[str, typer.Argument(metavar="M0025")]
_PURPOSES = "general | technical | billing | emergency"
_FILE = Phrase(
    "C'est noté. La fiche de {member} : essaim member show {member}",
    "Noted. The file of {member}: essaim member show {member}",
)


@contact.command(
    "add",
    help=help_of(
        "Noter un contact : essaim member contact add M0042 phone '06 12 34 56 78' --for emergency",
        "Note a contact: essaim member contact add M0042 phone '06 12 34 56 78' --for emergency",
    ),
)
def add_contact(
    number: Number,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="email | phone | postal")],
    value: Annotated[str, typer.Argument(metavar="VALUE")],
    purpose: Annotated[str, typer.Option("--for", help=_PURPOSES)] = "general",
    why: Why = "",
) -> None:
    """One more way to reach a member."""
    from inventory import contacts, members

    with writing(why) as (session, act):
        one = members.find_member(session, number)
        contacts.add_contact(session, act, one, kind, value, purpose=purpose)
        member = str(one)
    screen.say(_FILE, member=member)


@contact.command(
    "end",
    help=help_of(
        "Un contact ne sert plus : essaim member contact end M0042 0612345678",
        "A contact no longer serves: essaim member contact end M0042 0612345678",
    ),
)
def end_contact(
    number: Number,
    value: Annotated[str, typer.Argument(metavar="VALUE")],
    purpose: Annotated[str | None, typer.Option("--for", help=_PURPOSES)] = None,
    why: Why = "",
) -> None:
    """A contact no longer serves."""
    from inventory import contacts, members

    with writing(why) as (session, act):
        one = members.find_member(session, number)
        contacts.end_contact(session, act, one, value, purpose=purpose)
        member = str(one)
    screen.say(_FILE, member=member)


@referent.command(
    "add",
    help=help_of(
        "Nommer qui parle pour une organisation : essaim member referent add M0025 --person M0042",
        "Name who speaks for an organisation: essaim member referent add M0025 --person M0042",
    ),
)
def add_referent(
    organisation: Organisation,
    person: Annotated[str | None, typer.Option(metavar="M0042", help=help_of("un membre", "a member"))] = None,
    name: Annotated[str, typer.Option(help=help_of("ou un nom", "or a name"))] = "",
    reached: Annotated[
        str, typer.Option("--contact", help=help_of("son e-mail ou téléphone", "their e-mail or phone"))
    ] = "",
    role: Annotated[str, typer.Option(help="representative | technical | billing | emergency")] = "representative",
    since: Since = None,
    why: Why = "",
) -> None:
    """Someone speaks for an organisation."""
    from inventory import contacts, members

    with writing(why) as (session, act):
        one = members.find_member(session, organisation)
        who = None if person is None else members.find_member(session, person)
        contacts.add_referent(session, act, one, who, name=name, contact=reached, role=role, since=day_of(since))
        member = str(one)
    screen.say(_FILE, member=member)


@referent.command(
    "end",
    help=help_of(
        "Quelqu'un n'est plus référent·e : essaim member referent end M0025 M0042",
        "Someone is no longer a referent: essaim member referent end M0025 M0042",
    ),
)
def end_referent(
    organisation: Organisation,
    who: Annotated[str, typer.Argument(metavar="M0042", help=help_of("numéro ou nom", "number or name"))],
    why: Why = "",
) -> None:
    """Someone no longer speaks for an organisation."""
    from inventory import contacts, members

    with writing(why) as (session, act):
        one = members.find_member(session, organisation)
        contacts.end_referent(session, act, one, who)
        member = str(one)
    screen.say(_FILE, member=member)


def tell(file: MemberView, asked: str) -> None:
    """A member's file, but for their lines. `asked` is the number under which someone looked for it."""
    from inventory import numbers

    was = numbers.shown("M", numbers.parse("M", asked))
    if was != file.number:
        screen.say(
            Phrase("{was} a été réunie à {number}.", "{was} was merged into {number}."), was=was, number=file.number
        )
    screen.say(
        Phrase("{number}, {name} : {status} depuis le {since}.", "{number}, {name}: {status} since {since}."),
        number=file.number,
        name=file.name,
        status=file.status,
        since=file.status_since,
    )
    if file.left:
        phrase = (
            Phrase("Parti·e le {left} : {why}", "Left on {left}: {why}")
            if file.left_why
            else Phrase("Parti·e le {left}.", "Left on {left}.")
        )
        screen.say(phrase, left=file.left, why=file.left_why)
    if file.former_numbers and was == file.number:
        screen.say(
            Phrase("A aussi porté : {numbers}.", "Was also known as: {numbers}."), numbers=list(file.former_numbers)
        )
    if file.email:
        screen.say(Phrase("E-mail : {email}", "E-mail: {email}"), email=file.email)
    if file.postal:
        screen.say(Phrase("Adresse : {postal}", "Address: {postal}"), postal=", ".join(file.postal.splitlines()))
    for contact in file.contacts:
        screen.say(
            Phrase("Contact ({purpose}) : {kind}, {value}", "Contact ({purpose}): {kind}, {value}"),
            purpose=contact.purpose,
            kind=contact.kind,
            value=contact.value.replace("\n", ", "),
        )
    for one in file.referents:
        screen.say(
            Phrase("Référent·e ({role}) : {who}", "Referent ({role}): {who}"),
            role=one.role,
            who=", ".join(word for word in (one.name, one.member, one.contact) if word),
        )
    if len(file.memberships) > 1:
        screen.table(
            (Phrase("adhésion", "membership"), Phrase("du", "from"), Phrase("au", "to"), Phrase("fin", "ended")),
            [(one.kind, one.since, one.until, one.why) for one in file.memberships],
        )
