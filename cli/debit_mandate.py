"""`essaim debit mandate`: what members signed so that their dues may be debited."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from cli import screen
from cli.amounts import Member, day_of
from cli.door import Json, Why, help_of, looking, noun, writing
from foundation.speech import Phrase

commands = noun("Les mandats de prélèvement", "Mandates of direct debit")

_COLUMNS: Final = {
    "rum": Phrase("référence (RUM)", "reference (RUM)"),
    "member": Phrase("membre", "member"),
    "holder": Phrase("titulaire", "holder"),
    "account": Phrase("compte …", "account …"),
    "signed": Phrase("signé le", "signed on"),
    "last_collected": Phrase("dernier prélèvement", "last debit"),
    "lapses": Phrase("caduc le", "lapses on"),
    "ended": Phrase("fini le", "ended on"),
}


@commands.command(
    help=help_of(
        "Garder un mandat signé, son IBAN lu sans écho : essaim debit mandate sign M0042 --signed 2026-11-20",
        "Keep a signed mandate, its IBAN typed unseen: essaim debit mandate sign M0042 --signed 2026-11-20",
    )
)
def sign(
    member: Member,
    signed: Annotated[
        str | None,
        typer.Option("--signed", metavar="2026-11-20", help=help_of("le jour ; sinon aujourd'hui", "else today")),
    ] = None,
    holder: Annotated[
        str, typer.Option(help=help_of("titulaire du compte, si ce n'est pas le membre", "holder, if not the member"))
    ] = "",
    bic: Annotated[str, typer.Option(help=help_of("facultatif", "may be left out"))] = "",
    rum: Annotated[str, typer.Option(help=help_of("la référence, si elle est imprimée", "if it is printed"))] = "",
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Seal an IBAN, typed without echo or read from standard input, with the day it was signed for."""
    from billing import payments
    from billing.debit import mandates as debit_mandates
    from billing.debit.views import mandate_view
    from cli.device_secret import typed

    iban = typed().strip()
    with writing(why) as (session, act):
        who = payments.payer(session, member)
        made = debit_mandates.sign(session, act, who, iban, signed=day_of(signed, act), holder=holder, bic=bic, rum=rum)
        view, others = mandate_view(made), [one.rum for one in debit_mandates.on_account(session, iban)]
    if as_json:
        return screen.give(view)
    if len(others) > 1:
        screen.say(
            Phrase("Ce compte a aussi : {rums}.", "This account has as well: {rums}."),
            rums=[one for one in others if one != view.rum],
        )
    return screen.say(
        Phrase(
            "Mandat {rum} de {member}, compte …{account} : l'IBAN est au coffre. Prélever : essaim debit collect",
            "Mandate {rum} of {member}, account …{account}: the IBAN is in the vault. To debit: essaim debit collect",
        ),
        rum=view.rum,
        member=view.member,
        account=view.account,
    )


@commands.command(
    "list",
    help=help_of("Les mandats : essaim debit mandate list --lapsing", "Mandates: essaim debit mandate list --lapsing"),
)
def list_mandates(
    member: Annotated[str | None, typer.Option(metavar="M0042", help=help_of("de ce membre", "of this member"))] = None,
    living: Annotated[bool, typer.Option("--living", help=help_of("sans les finis", "not those ended"))] = False,
    lapsing: Annotated[
        bool, typer.Option("--lapsing", help=help_of("caducs d'ici 60 jours", "that lapse within 60 days"))
    ] = False,
    as_json: Json = False,
) -> None:
    """Mandates by reference, without their IBANs."""
    from billing import payments
    from billing.debit import mandates as debit_mandates
    from billing.debit.views import mandate_view
    from foundation import clock

    today = clock.today(clock.now())
    with looking() as session:
        who = None if member is None else payments.payer(session, member)
        until = today + debit_mandates.AHEAD if lapsing else None
        found = debit_mandates.list_mandates(session, member=who, living=living, lapsing=until, limit=10_000)
        views = [mandate_view(one) for one in found]
    screen.listing(
        views,
        _COLUMNS,
        as_json=as_json,
        empty=Phrase(
            "Aucun mandat ici. En garder un : essaim debit mandate sign M0042 --signed {today}",
            "No mandate here. To keep one: essaim debit mandate sign M0042 --signed {today}",
        ),
        then=Phrase(
            "Quelqu'un ne veut plus : essaim debit mandate end {first}",
            "Someone does not want it any more: essaim debit mandate end {first}",
        ),
        today=today.isoformat(),
    )


@commands.command(
    help=help_of(
        "Finir un mandat : essaim debit mandate end M0042-1", "End a mandate: essaim debit mandate end M0042-1"
    )
)
def end(rum: Annotated[str, typer.Argument(metavar="M0042-1")], why: Why = "", as_json: Json = False) -> None:
    """Nothing more is debited with it; what is planned is withdrawn."""
    from billing.debit import mandates as debit_mandates
    from billing.debit.views import mandate_view

    with writing(why) as (session, act):
        view = mandate_view(debit_mandates.end(session, act, debit_mandates.find_mandate(session, rum)))
    if as_json:
        return screen.give(view)
    return screen.say(
        Phrase(
            "Le mandat {rum} est fini : plus rien ne sera prélevé. Son compte : essaim dues show {member}",
            "The mandate {rum} has ended: nothing more is debited. Their account: essaim dues show {member}",
        ),
        rum=view.rum,
        member=view.member,
    )
