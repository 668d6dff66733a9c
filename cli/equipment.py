"""`essaim equipment`: what the association lends to its members."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import screen
from cli.door import After, Json, Why, help_of, looking, noun, writing
from cli.joining import Since, day_of
from foundation.money import Euros
from foundation.speech import Phrase

commands = noun("Le matériel prêté aux membres", "Equipment lent to members")

Number = Annotated[str, typer.Argument(metavar="Q0007")]
Deposit = Annotated[str | None, typer.Option(metavar="EUROS", help=help_of("caution, en euros", "deposit, in euros"))]
Until = Annotated[str | None, typer.Option("--on", metavar="2026-11-22", help=help_of("quel jour", "which day"))]


@commands.command(
    help=help_of(
        "Ajouter : essaim equipment add box --model 'OpenWrt One' --serial A123",
        "Add: essaim equipment add box --model 'OpenWrt One' --serial A123",
    )
)
def add(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="box | ont | modem | antenna | pi | switch | other")],
    model: Annotated[str, typer.Option(help=help_of("modèle", "model"))] = "",
    serial: Annotated[str, typer.Option(help=help_of("numéro de série", "serial number"))] = "",
    mac: Annotated[str | None, typer.Option(help=help_of("adresse MAC", "MAC address"))] = None,
    since: Since = None,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Something that may be lent."""
    from inventory import equipment
    from inventory.views import equipment as views

    with writing(why) as (session, act):
        thing = equipment.add_equipment(session, act, kind, model, serial=serial, mac=mac, since=day_of(since))
        seen = views.view(session, thing)
    if as_json:
        return screen.give(seen)
    return screen.say(
        Phrase(
            "{number} est là. Le prêter : essaim equipment lend {number} --to M0042",
            "{number} is there. To lend it: essaim equipment lend {number} --to M0042",
        ),
        number=seen.number,
    )


@commands.command("list", help=help_of("Le matériel, par numéro", "Equipment, by number"))
def list_(
    kind: Annotated[str | None, typer.Option(help="box | ont | modem | antenna | pi | switch | other")] = None,
    member: Annotated[
        str | None, typer.Option("--with", metavar="M0042", help=help_of("chez ce membre", "with this member"))
    ] = None,
    free: Annotated[bool, typer.Option("--free", help=help_of("chez personne", "with nobody"))] = False,
    retired: Annotated[bool, typer.Option("--retired", help=help_of("le retiré aussi", "retired things too"))] = False,
    after: After = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help=help_of("au plus", "at most"))] = 200,
    as_json: Json = False,
) -> None:
    """Equipment by number."""
    from inventory import equipment, members
    from inventory.views import equipment as views

    with looking() as session:
        one = members.find_member(session, member) if member else None
        held = equipment.list_equipment(
            session, kind=kind, member=one, free=free, retired=retired, after=after, limit=limit
        )
        found = views.views_of(session, held)
    columns = {
        "number": Phrase("numéro", "number"),
        "kind": Phrase("genre", "kind"),
        "model": Phrase("modèle", "model"),
        "serial": Phrase("série", "serial"),
        "mac": Phrase("MAC", "MAC"),
        "member": Phrase("chez", "with"),
        "lent": Phrase("depuis", "since"),
        "deposit": Phrase("caution", "deposit"),
        "until": Phrase("retiré le", "retired on"),
    }
    rows = [
        {
            **{name: getattr(each, name) for name in columns if name != "deposit"},
            "deposit": Euros(each.deposit_cents) if each.deposit_cents else None,
        }
        for each in found
    ]
    screen.listing(
        found if as_json else rows,
        columns,
        as_json=as_json,
        empty=Phrase(
            "Aucun matériel ici. En ajouter : essaim equipment add box --model 'OpenWrt One'",
            "No equipment here. To add some: essaim equipment add box --model 'OpenWrt One'",
        ),
        then=Phrase(
            "Matériel : {count}. En voir un : essaim equipment show {first}",
            "Equipment: {count}. To see one: essaim equipment show {first}",
        ),
    )
    if not as_json:
        screen.more("essaim equipment list", [each.number for each in found], limit)


@commands.command(help=help_of("Un matériel et ses prêts", "One thing and its loans"))
def show(number: Number, as_json: Json = False) -> None:
    """One thing with its loans."""
    from inventory import equipment
    from inventory.views import equipment as views

    with looking() as session:
        seen = views.view(session, equipment.find_equipment(session, number))
    if as_json:
        return screen.give(seen)
    screen.say(
        Phrase("{number}, {kind} {details}, depuis le {since}.", "{number}, {kind} {details}, since {since}."),
        number=seen.number,
        kind=seen.kind,
        details=[one for one in (seen.model, seen.serial, seen.mac) if one] or "—",
        since=seen.since,
    )
    if seen.until:
        return screen.say(Phrase("Retiré le {until}.", "Retired on {until}."), until=seen.until)
    if seen.loans:
        columns = (
            Phrase("chez", "with"), Phrase("depuis", "since"), Phrase("jusqu'au", "until"),
            Phrase("caution", "deposit"), Phrase("rendue", "given back"), Phrase("le", "on"),
        )  # fmt: skip
        rows = [
            (one.member, one.since, one.until, Euros(one.deposit_cents),
             None if one.refund_cents is None else Euros(one.refund_cents), one.refunded)
            for one in seen.loans
        ]  # fmt: skip
        screen.table(columns, rows)
    return screen.say(
        Phrase("Au retour : essaim equipment return {number}", "When it is back: essaim equipment return {number}")
        if seen.member
        else Phrase(
            "Le prêter : essaim equipment lend {number} --to M0042",
            "To lend it: essaim equipment lend {number} --to M0042",
        ),
        number=seen.number,
    )


@commands.command(
    help=help_of(
        "Prêter : essaim equipment lend Q0007 --to M0042 --deposit 50",
        "Lend: essaim equipment lend Q0007 --to M0042 --deposit 50",
    )
)
def lend(
    number: Number,
    to: Annotated[str, typer.Option(metavar="M0042", help=help_of("à qui", "to whom"))],
    deposit: Deposit = None,
    since: Since = None,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Lend something to a member."""
    from inventory import equipment, members
    from inventory.views import equipment as views

    with writing(why) as (session, act):
        thing, member = equipment.find_equipment(session, number), members.find_member(session, to)
        loan = equipment.lend(session, act, thing, member, deposit=_euros(deposit), since=day_of(since))
        seen = views.loan_view(loan)
    if as_json:
        return screen.give(seen)
    return screen.say(
        Phrase(
            "{number} est chez {member}, caution {deposit}. Au retour : essaim equipment return {number} --deposit …",
            "{number} is with {member}, deposit {deposit}. Once back: essaim equipment return {number} --deposit …",
        ),
        number=seen.equipment,
        member=seen.member,
        deposit=Euros(seen.deposit_cents),
    )


@commands.command(
    "return",
    help=help_of(
        "Revenu : essaim equipment return Q0007 --deposit 50", "Back: essaim equipment return Q0007 --deposit 50"
    ),
)
def return_(number: Number, deposit: Deposit = None, on: Until = None, why: Why = "", as_json: Json = False) -> None:
    """Something comes back, and its deposit may go out."""
    from inventory import equipment
    from inventory.views import equipment as views

    with writing(why) as (session, act):
        thing = equipment.find_equipment(session, number)
        seen = views.loan_view(equipment.take_back(session, act, thing, refund=_euros(deposit), until=day_of(on)))
    if as_json:
        return screen.give(seen)
    if seen.deposit_cents and seen.refund_cents is None:
        return screen.say(
            Phrase(
                "{number} est revenu. {member} attend sa caution de {deposit} : essaim equipment refund {number} …",
                "{number} is back. {member} awaits the deposit of {deposit}: essaim equipment refund {number} …",
            ),
            number=seen.equipment,
            member=seen.member,
            deposit=Euros(seen.deposit_cents),
        )
    return screen.say(
        Phrase(
            "{number} est revenu. Le prêter : essaim equipment lend {number} --to M0042",
            "{number} is back. To lend it: essaim equipment lend {number} --to M0042",
        ),
        number=seen.equipment,
    )


@commands.command(
    help=help_of(
        "Rendre la caution : essaim equipment refund Q0007 50",
        "Give the deposit back: essaim equipment refund Q0007 50",
    )
)
def refund(
    number: Number, amount: Annotated[str, typer.Argument(metavar="EUROS")], on: Until = None, why: Why = ""
) -> None:
    """A deposit goes out after the thing came back."""
    from inventory import equipment

    with writing(why) as (session, act):
        thing = equipment.find_equipment(session, number)
        loan = equipment.refund_deposit(session, act, thing, equipment.parse_deposit(amount), on=day_of(on))
        member, back = str(loan.member), Euros(loan.refund or 0)
    screen.say(
        Phrase(
            "{back} rendus à {member}. L'histoire : essaim equipment show {number}",
            "{back} given back to {member}. The history: essaim equipment show {number}",
        ),
        back=back,
        member=member,
        number=number,
    )


@commands.command(
    help=help_of("Ne se prête plus : essaim equipment retire Q0007", "Lent no more: essaim equipment retire Q0007")
)
def retire(number: Number, on: Until = None, why: Why = "") -> None:
    """Broken, lost or given away."""
    from inventory import equipment

    with writing(why) as (session, act):
        thing = equipment.find_equipment(session, number)
        equipment.retire_equipment(session, act, thing, until=day_of(on))
        known = str(thing)
    screen.say(
        Phrase(
            "{number} ne se prête plus. Le reste : essaim equipment list",
            "{number} is lent no more. The rest: essaim equipment list",
        ),
        number=known,
    )


def _euros(text: str | None) -> Euros | None:
    from inventory import equipment

    return None if text is None else equipment.parse_deposit(text)
