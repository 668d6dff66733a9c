"""`essaim tariff`."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from cli import screen, spreadsheet
from cli.amounts import cents_of, day_of
from cli.door import Json, Why, help_of, looking, noun, writing
from foundation.speech import Phrase

commands = noun("Les tarifs : ce que coûtent les offres et les adhésions", "Tariffs: what offers and memberships cost")

_COLUMNS: Final = {
    "of": Phrase("de quoi", "of what"),
    "label": Phrase("nom", "name"),
    "asked": Phrase("demande", "asks for"),
    "per": Phrase("par", "per"),
    "cents": Phrase("montant", "amount"),
    "floor_cents": Phrase("plancher", "floor"),
    "solidarity_cents": Phrase("solidaire", "solidarity"),
    "since": Phrase("depuis", "since"),
    "until": Phrase("jusqu'au", "until"),
}


@commands.command(
    "set",
    help=help_of(
        "Fixer un tarif : essaim tariff set vpn 6 --per month --floor 4 --since 2026-12-01",
        "Set a tariff: essaim tariff set vpn 6 --per month --floor 4 --since 2026-12-01",
    ),
)
def set_tariff(
    of: Annotated[str, typer.Argument(metavar="OFFER|KIND", help=help_of("offre ou adhésion", "offer or membership"))],
    amount: Annotated[str, typer.Argument(metavar="6,00")],
    per: Annotated[str, typer.Option(help="month | year")] = "month",
    floor: Annotated[
        str | None,
        typer.Option(metavar="4,00", help=help_of("prix libre à partir de", "free price, from this on")),
    ] = None,
    solidarity: Annotated[
        str | None,
        typer.Option(metavar="2,00", help=help_of("choisi sans dire pourquoi", "chosen without saying why")),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="2026-12-01", help=help_of("sinon aujourd'hui", "else today"))
    ] = None,
    label: Annotated[str, typer.Option(help=help_of("le nom sur les dus", "the name on dues"))] = "",
    entry: Annotated[
        bool, typer.Option("--entry", help=help_of("le droit d'entrée de l'adhésion", "the membership's entry"))
    ] = False,
    deposit: Annotated[
        bool, typer.Option("--deposit", help=help_of("le dépôt de garantie de l'offre", "the offer's deposit"))
    ] = False,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """From a day on something costs so much."""
    from billing import tariffs
    from billing.models import Asked, Per
    from billing.tariffs import MOST, BadTariff
    from billing.views import tariff_views
    from inventory.members import BadChoice

    if entry and deposit:
        raise typer.BadParameter("--entry --deposit", param_hint="--deposit")
    if per not in (Per.MONTH, Per.YEAR):
        raise BadChoice(value=per, choices=[str(Per.MONTH), str(Per.YEAR)])
    asked = Asked.ENTRY if entry else Asked.DEPOSIT if deposit else Asked.REGULAR
    cents = cents_of(amount, BadTariff, most=MOST)
    least, helped = (None if text is None else cents_of(text, BadTariff, most=MOST) for text in (floor, solidarity))
    with writing(why) as (session, act):
        subject = tariffs.priced(session, of)
        day = day_of(since, act)
        before = tariffs.tariff_on(session, subject, day, asked)
        words = label or (before.label if before is not None else tariffs.usual_label(subject, asked))
        made = tariffs.set_tariff(
            session,
            act,
            subject,
            cents,
            per=Per(per) if asked == Asked.REGULAR else Per.ONCE,
            label=words,
            since=day,
            asked=asked,
            floor=least,
            solidarity=helped,
        )
        (shown,) = tariff_views(session, [made])
    if as_json:
        return screen.give(shown)
    screen.say(
        Phrase(
            "{label} : {cents} {per} à partir du {since}. Tous les tarifs : essaim tariff list",
            "{label}: {cents} {per} from {since} on. All tariffs: essaim tariff list",
        ),
        label=shown.label,
        cents=shown.cents,
        per=shown.per,
        since=shown.since,
    )
    if shown.floor_cents is not None:
        screen.say(
            Phrase(
                "Prix libre : on choisit à partir de {floor} (essaim dues choose).",
                "A free price: one chooses from {floor} on (essaim dues choose).",
            ),
            floor=shown.floor_cents,
        )
    return None


@commands.command("list", help=help_of("Les tarifs : essaim tariff list", "The tariffs: essaim tariff list"))
def list_tariffs(
    of: Annotated[
        str | None, typer.Option(metavar="OFFER|KIND", help=help_of("de celle-ci seule", "of this one alone"))
    ] = None,
    ended: Annotated[
        bool, typer.Option("--ended", help=help_of("aussi ceux qui ne valent plus", "those that are over too"))
    ] = False,
    as_csv: spreadsheet.AsCsv = False,
    as_json: Json = False,
) -> None:
    """Every tariff in force or to come."""
    from billing import tariffs
    from billing.views import tariff_views
    from foundation import clock

    today = clock.today(clock.now())
    with looking() as session:
        views = tariff_views(session, tariffs.list_tariffs(session))
        if of is not None:
            subject = tariffs.priced(session, of)
            name = f"kind:{subject}" if isinstance(subject, str) else f"offer:{subject.name}"
            views = [one for one in views if one.of == name]
    found = sorted(
        (one for one in views if ended or one.until is None or one.until > today),
        key=lambda one: (one.of, one.asked, one.since),
    )
    if as_csv:
        return spreadsheet.give(_COLUMNS.values(), ([getattr(one, name) for name in _COLUMNS] for one in found))
    return screen.listing(
        found,
        _COLUMNS,
        as_json=as_json,
        empty=Phrase(
            "Aucun tarif. En fixer un : essaim tariff set vpn 6 --per month",
            "No tariff. To set one: essaim tariff set vpn 6 --per month",
        ),
        then=Phrase(
            "Un tarif change à partir d'un jour, jamais avant : essaim tariff set vpn 7 --since {next}",
            "A tariff changes from a day on, never before: essaim tariff set vpn 7 --since {next}",
        ),
        next=clock.Month(today.year, today.month).after.isoformat(),
    )
