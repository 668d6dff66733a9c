"""`essaim dues`: a month's dues and what corrects them."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from cli import dues_choosing, dues_reading, dues_simulating, screen
from cli.amounts import Amount, Member, Reason, cents_of
from cli.door import Json, Why, Yes, help_of, noun, writing
from foundation.money import Euros
from foundation.speech import Phrase

commands = noun("Les dus : qui doit quoi", "Dues: who owes what")

MonthAsked = Annotated[str, typer.Argument(metavar="2026-11")]

_DIFFERENCES: Final = {
    "member": Phrase("membre", "member"),
    "due": Phrase("dû", "due"),
    "words": Phrase("de quoi", "of what"),
    "cents": Phrase("différence", "difference"),
}


@commands.command(
    help=help_of(
        "Émettre les dus d'un mois : essaim dues issue 2026-11", "Issue a month's dues: essaim dues issue 2026-11"
    )
)
def issue(month: MonthAsked, why: Why = "", as_json: Json = False) -> None:
    """Issue a month's dues; doing it twice changes nothing."""
    from billing import dues
    from foundation.clock import Month

    asked = Month.parse(month)
    with writing(why) as (session, act):
        issued = dues.issue(session, act, asked)
        other = len(dues.differences(session, act, asked)) if issued.skipped else 0
    if as_json:
        return screen.give({**screen.plain(issued), "month": str(issued.month), "differences": other})
    screen.line(issued.sentence(screen.language()))
    if other:
        screen.say(
            Phrase(
                "Depuis l'émission, {count} dus ont changé de montant (arrivées, départs, choix). Les voir et les "
                "corriger : essaim dues regularise {month}",
                "Since they were issued, {count} dues have come to another amount (arrivals, departures, choices). "
                "To see and correct them: essaim dues regularise {month}",
            ),
            count=other,
            month=str(asked),
        )
    return None


@commands.command(
    help=help_of(
        "Corriger un mois émis : essaim dues regularise 2026-10 --reason …",
        "Correct a month that was issued: essaim dues regularise 2026-10 --reason …",
    )
)
def regularise(month: MonthAsked, reason: Reason = "", yes: Yes = False, why: Why = "", as_json: Json = False) -> None:
    """Show what changed since a month was issued; with a reason, correct it by counter-entries."""
    from billing import dues
    from billing.views import difference_views
    from foundation.clock import Month
    from inventory import rights
    from inventory.models.mandates import Task

    asked = Month.parse(month)
    with writing(keep=False) as (session, act):
        rights.demand(session, act, Task.DUES_WRITE)
        found = difference_views(session, dues.differences(session, act, asked), asked)
    if not as_json or not reason:
        screen.listing(
            found,
            _DIFFERENCES,
            as_json=as_json,
            empty=Phrase(
                "Rien à régulariser pour {month} : ce qui est émis est ce que le mois demande.",
                "Nothing to regularise for {month}: what was issued is what the month asks.",
            ),
            then=Phrase(
                "{count} dus à corriger.",
                "{count} dues to correct.",
            )
            if reason
            else Phrase(
                'Rien n\'est changé. Les corriger, en disant pourquoi : essaim dues regularise {month} --reason "…"',
                'Nothing is changed. To correct them, saying why: essaim dues regularise {month} --reason "…"',
            ),
            month=str(asked),
        )
    question = Phrase("Écrire ces corrections ?", "Write these corrections?")
    if not reason or not found or not screen.confirm(question, yes=yes):
        return None
    with writing(why) as (session, act):
        found = difference_views(session, dues.regularise(session, act, asked, reason), asked)
    if as_json:
        return screen.give(found)
    return screen.say(
        Phrase(
            "{month} : {count} dus corrigés, {total} en tout. Le compte d'un membre : essaim dues show {member}",
            "{month}: {count} dues corrected, {total} in all. A member's account: essaim dues show {member}",
        ),
        month=str(asked),
        count=len(found),
        total=sum((one.cents for one in found), Euros(0)),
        member=found[0].member if found else "M0042",
    )


@commands.command(
    help=help_of(
        "Corriger un dû : essaim dues correct D0042 --by -5 --reason …",
        "Correct a due: essaim dues correct D0042 --by -5 --reason …",
    )
)
def correct(
    due: Annotated[str, typer.Argument(metavar="D0042")],
    by: Annotated[str, typer.Option("--by", metavar="-5,00", help=help_of("en plus ou en moins", "more or less"))],
    reason: Reason,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """A counter-entry: so much more, or less, of a due."""
    from billing import balance, dues
    from billing.views import due_views
    from foundation import clock
    from inventory.models.people import Member

    with writing(why) as (session, act):
        one = dues.find_due(session, due)
        cents = cents_of(by, dues.BadCorrection, due=str(one), net=dues.net(session, one))
        dues.correct(session, act, one, cents, reason)
        (view,) = due_views(session, [one])
        held = balance.balance(session, session.get_one(Member, one.member_id), clock.today(act.at))
    if as_json:
        return screen.give(view)
    screen.say(
        Phrase("{due} vaut maintenant {net} (il valait {before}).", "{due} is now {net} (it was {before})."),
        due=view.number,
        net=view.net_cents,
        before=view.net_cents - cents,
    )
    return screen.line(held.sentence_about(view.member, screen.language()))


@commands.command(
    help=help_of(
        'Compter une intervention : essaim dues charge M0042 25 --for "déplacement"',
        'Charge one-off work: essaim dues charge M0042 25 --for "a visit"',
    )
)
def charge(
    member: Member,
    amount: Amount,
    label: Annotated[str, typer.Option("--for", metavar="…", help=help_of("de quoi", "for what"))],
    line: Annotated[str, typer.Option(metavar="L0042", help=help_of("pour cette ligne", "for this line"))] = "",
    why: Why = "",
    as_json: Json = False,
) -> None:
    """What a member owes once: a visit, a box that was not given back."""
    from billing import balance, dues, payments
    from billing.tariffs import MOST
    from billing.views import due_views
    from foundation import clock
    from inventory import lines

    cents = cents_of(amount, dues.BadDueAmount, most=MOST)
    with writing(why) as (session, act):
        who = payments.payer(session, member)
        of = str(lines.find_line(session, line)) if line else ""
        made = dues.charge(session, act, who, cents, label, line=of)
        (view,) = due_views(session, [made])
        held = balance.balance(session, who, clock.today(act.at))
    if as_json:
        return screen.give(view)
    screen.say(
        Phrase(
            "{due} : {cents} pour {words}. Si c'était une erreur : "
            'essaim dues correct {due} --by -{plain} --reason "…"',
            '{due}: {cents} for {words}. If it was a mistake: essaim dues correct {due} --by -{plain} --reason "…"',
        ),
        due=view.number,
        cents=view.cents,
        words=view.words,
        plain=view.cents.decimal(),
    )
    return screen.line(held.sentence_about(view.member, screen.language()))


commands.add_typer(dues_reading.commands)
commands.add_typer(dues_choosing.commands)
commands.add_typer(dues_simulating.commands)
