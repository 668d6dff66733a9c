"""`essaim cost`: what the association pays, what a line truly costs, and the page that says so."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Annotated

import typer

from cli import screen
from cli.door import Json, Why, help_of, looking, noun, settings, writing
from cli.joining import Since, day_of
from foundation.errors import Invalid
from foundation.speech import Phrase

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from billing.cost.coverage import Cell
    from billing.cost.expenses import CostView, Price
    from billing.cost.sheet import CostReport, OfferCost
    from foundation.money import Euros
    from monitoring.series import SeriesStore

commands = noun("Les coûts, et ce que coûte vraiment une ligne", "Costs, and what a line truly costs")

Name = Annotated[str, typer.Argument(metavar="transit")]
OfMonth = Annotated[str, typer.Option("--month", metavar="2026-10", help=help_of("le mois", "the month"))]
OfYear = Annotated[str, typer.Option("--year", metavar="2026", help=help_of("l'année", "the year"))]


class BadCostWord(Invalid):
    """A word that is none of those to choose among."""

    kind = "bad-cost-word"
    phrase = Phrase(
        "« {text} » ne convient pas : choisir parmi {choices}. Rien n'a été changé.",
        "“{text}” will not do: choose among {choices}. Nothing was changed.",
    )


class BadCostAmount(Invalid):
    """A text that is no amount."""

    kind = "bad-cost-amount"
    phrase = Phrase(
        "« {text} » n'est pas un montant comme 350 ou 12,50. Rien n'a été changé.",
        "“{text}” is not an amount such as 350 or 12.50. Nothing was changed.",
    )


@commands.command(
    help=help_of(
        "Noter un coût : essaim cost add transit 350 --kind transit --key rate",
        "Note a cost: essaim cost add transit 350 --kind transit --key rate",
    )
)
def add(
    name: Name,
    amount: Annotated[str, typer.Argument(metavar="350", help=help_of("en euros", "in euros"))] = "",
    kind: Annotated[
        str,
        typer.Option(
            metavar="KIND",
            help="recurring, transit, wholesale, electricity, machine, once",
        ),
    ] = "recurring",
    per: Annotated[
        str, typer.Option(metavar="month|year", help=help_of("par mois ou par an", "a month or a year"))
    ] = "month",
    months: Annotated[
        int | None,
        typer.Option(help=help_of("mois d'amortissement d'une machine", "months a machine is amortised over")),
    ] = None,
    kwh_price: Annotated[
        str, typer.Option("--kwh-price", metavar="0.2276", help=help_of("prix du kWh, en euros", "euros per kWh"))
    ] = "",
    kwh: Annotated[
        int | None, typer.Option(help=help_of("kWh par mois, si rien ne mesure", "kWh a month, if nothing measures"))
    ] = None,
    feed: Annotated[
        str, typer.Option(metavar="SITE/FEED", help=help_of("l'arrivée mesurée ; sinon toutes", "feed; else all"))
    ] = "",
    key: Annotated[str, typer.Option(metavar="KEY", help="lines, members, membership, rate, watts, parts")] = "lines",
    to: Annotated[
        list[str] | None, typer.Option("--to", metavar="adsl=2", help=help_of("à quelle offre, quelle part", "to whom"))
    ] = None,
    label: Annotated[str, typer.Option(help=help_of("ce que lira tout le monde", "what everyone will read"))] = "",
    since: Since = None,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """A cost, from a day on."""
    from billing.cost import expenses as costs
    from billing.models import CostKind, Per, SharingKey

    chosen, by = _one_of(kind, [*CostKind]), _one_of(key, [*SharingKey])
    price = costs.Price(
        cents=_euros(amount) if amount else None,
        per=Per(_one_of(per, [Per.MONTH, Per.YEAR])),
        months=months,
        micros=costs.micros(kwh_price) if kwh_price else None,
        feed=feed,
        watthours=None if kwh is None else kwh * 1000,
    )
    with writing(why) as (session, act):
        _demand_feed(session, price)
        made = costs.add_cost(
            session, act, name, CostKind(chosen), price,
            key=SharingKey(by), to=to or (), label=label, since=day_of(since),
        )  # fmt: skip
        seen = costs.view(made)
    if as_json:
        return screen.give(seen)
    return screen.say(
        Phrase(
            "{name} compte à partir du {since}. Ce que coûte une ligne : essaim cost report",
            "{name} counts from {since} on. What a line costs: essaim cost report",
        ),
        name=seen.name,
        since=seen.since,
    )


@commands.command(help=help_of("Ne compte plus : essaim cost end transit", "Counts no more: essaim cost end transit"))
def end(
    name: Name,
    on: Annotated[
        str | None,
        typer.Option("--on", metavar="2026-11-22", help=help_of("à partir de ce jour", "from this day on")),
    ] = None,
    why: Why = "",
) -> None:
    """A cost that is no more."""
    from billing.cost import expenses as costs

    with writing(why) as (session, act):
        ended = costs.view(costs.end_cost(session, act, name, on=day_of(on)))
    screen.say(
        Phrase(
            "{name} ne compte plus à partir du {until}. Les autres : essaim cost list",
            "{name} counts no more from {until} on. The others: essaim cost list",
        ),
        name=ended.name,
        until=ended.until,
    )


@commands.command("list", help=help_of("Les coûts, ou ceux d'un jour", "Costs, or those of a day"))
def list_(
    on: Annotated[
        str | None, typer.Option("--on", metavar="2026-11-22", help=help_of("en vigueur ce jour", "in force that day"))
    ] = None,
    as_json: Json = False,
) -> None:
    """Costs by name, from day to day."""
    from billing.cost import expenses as costs

    with looking() as session:
        found = costs.list_costs(session, on=day_of(on))
    rows = [{**screen.plain(one), "price": _price(one), "key": _key(one), "kind": one.kind.phrase,
             "since": one.since, "until": one.until} for one in found]  # fmt: skip
    screen.listing(
        found if as_json else rows,
        {
            "name": Phrase("coût", "cost"),
            "label": Phrase("libellé", "label"),
            "kind": Phrase("type", "kind"),
            "price": Phrase("prix", "price"),
            "key": Phrase("réparti", "shared"),
            "since": Phrase("depuis", "since"),
            "until": Phrase("jusqu'au", "until"),
        },
        as_json=as_json,
        empty=Phrase(
            "Aucun coût. En noter un : essaim cost add transit 350 --kind transit --key rate",
            "No cost. To note one: essaim cost add transit 350 --kind transit --key rate",
        ),
        then=Phrase("Ce que coûte une ligne : essaim cost report", "What a line costs: essaim cost report"),
    )


@commands.command(
    help=help_of(
        "Ce que coûte vraiment une ligne : essaim cost report --year 2026",
        "What a line truly costs: essaim cost report --year 2026",
    )
)
def report(month: OfMonth = "", year: OfYear = "", as_json: Json = False) -> None:
    """What one line of each offer costs, of what that is made, how far it is covered; without a name."""
    found = _found(month, year)
    if as_json:
        return screen.give(found)
    if not found.costs:
        return screen.say(
            Phrase(
                "Aucun coût en {period}. En noter un : essaim cost add transit 350 --kind transit --key rate",
                "No cost in {period}. To note one: essaim cost add transit 350 --kind transit --key rate",
            ),
            period=found.period,
        )
    screen.say(
        Phrase("{period} : {spent} dépensés ; {given}.", "{period}: {spent} spent; {given}."),
        period=found.period,
        spent=_cents(found.spent),
        given=_covered(found.given, found.covered).say(screen.language()),
    )
    for one in found.offers:
        _tell(one)
    columns = (Phrase("coût", "cost"), Phrase("en tout", "in all"), Phrase("réparti", "shared"))
    screen.line("")
    screen.table(columns, [(one.label, _cents(one.cents), _shares(one.shares, one.left)) for one in found.costs])
    for note in found.notes:
        screen.line(f"▲ {note.say(screen.language())}")
    return screen.say(
        Phrase(
            "Rendre une période terminée publique : essaim cost publish --year 2025",
            "To make a time that is over public: essaim cost publish --year 2025",
        )
    )


@commands.command(
    help=help_of(
        "Publier sur la page /combien : essaim cost publish --year 2025",
        "Publish on the page /combien: essaim cost publish --year 2025",
    )
)
def publish(month: OfMonth = "", year: OfYear = "", why: Why = "") -> None:
    """Put the report of a time that is over on the public page."""
    from billing.cost import pages as cost_pages
    from inventory import rules

    found = _found(month, year)
    with writing(why) as (session, act):
        cost_pages.publish_costs(session, act, found)
        opened = rules.number(session, cost_pages.RULE)
    screen.say(
        Phrase("{period} est publié : {url}", "{period} is published: {url}")
        if opened
        else Phrase(
            "{period} est prêt, mais la page {url} n'est pas ouverte. L'ouvrir : essaim rule set costs.public 1",
            "{period} is ready, but the page {url} is not open. To open it: essaim rule set costs.public 1",
        ),
        period=found.period,
        url=f"{settings().url}/combien",
    )


def _found(month: str, year: str) -> CostReport:
    from desk import cost_report
    from foundation import clock
    from monitoring.embedded import open_series

    at, here = clock.now(), settings()
    wanted = cost_report.asked(month, year, at)
    with ExitStack() as stack, looking() as session:

        def series() -> SeriesStore:
            return stack.enter_context(closing(open_series(here)))

        return cost_report.report(session, series, here, wanted, at)


def _tell(one: OfferCost) -> None:
    screen.line("")
    screen.line(one.answer.say(screen.language()))
    if one.made_of:
        made = [f"{part.label} {_written(part.cents)}" for part in one.made_of]
        screen.say(Phrase("  Fait de : {parts}", "  Made of: {parts}"), parts=", ".join(made))
    screen.line(f"  {_covered(one.given, one.covered).say(screen.language())}")
    if one.cells:
        screen.line(f"  {'; '.join(_cell(each) for each in one.cells)}")


def _cell(one: Cell) -> str:
    if one.high == 1:
        band = _written(0)
    elif one.high is None:
        band = Phrase("{low} et plus", "{low} and more").say(screen.language(), low=_cents(one.low))
    else:
        low = 0 if one.low == 1 else one.low
        band = Phrase("de {low} à {high}", "from {low} to {high}").say(
            screen.language(), low=_cents(low), high=_cents(one.high)
        )
    people = Phrase("non dit", "not told").say(screen.language()) if one.people is None else str(one.people)
    return Phrase("{band} : {people}", "{band}: {people}").say(screen.language(), band=band, people=people)


def _covered(given: int | None, covered: int | None) -> Phrase:
    """How far what is given covers a cost, in words."""
    if given is None:
        return Phrase("ce que donnent les membres n'est pas dit : trop peu de personnes",
                      "what members give is not told: too few people")  # fmt: skip
    said = {"given": _cents(given), "percent": covered}
    told = Phrase("les membres ont donné {given}", "members gave {given}")
    whole = Phrase("les membres ont donné {given}, {percent} % du coût",
                   "members gave {given}, {percent}% of the cost")  # fmt: skip
    phrase = told if covered is None else whole
    return Phrase.said(phrase.say("fr", **said), phrase.say("en", **said))


def _shares(shares: tuple[tuple[str | None, int], ...], left: int) -> str:
    membership = Phrase("adhésion", "membership").say(screen.language())
    nobody = Phrase("personne", "nobody").say(screen.language())
    told = [f"{offer or membership} {_written(cents)}" for offer, cents in shares]
    return ", ".join([*told, f"{nobody} {_written(left)}"] if left else told)


def _price(one: CostView) -> str:
    if one.micros is not None:
        whole, rest = divmod(one.micros, 1_000_000)
        point = "," if screen.language() == "fr" else "."
        return f"{whole}{point}{rest:06d}".rstrip("0").rstrip(point) + " €/kWh"
    per = {
        "month": Phrase("par mois", "a month"),
        "year": Phrase("par an", "a year"),
        "": Phrase("par ligne et par mois", "a line and month"),
    }
    if one.months is not None:
        return Phrase("{cents} sur {months} mois", "{cents} over {months} months").say(
            screen.language(), cents=_cents(one.cents or 0), months=one.months
        )
    return f"{_written(one.cents or 0)} {per[one.per or ''].say(screen.language())}"


def _key(one: CostView) -> str:
    said = one.key.phrase.say(screen.language())
    parts = ", ".join(name if part == "1" else f"{name}={part}" for name, part in one.parts.items())
    return f"{said} ({parts})" if parts else said


def _demand_feed(session: Session, price: Price) -> None:
    """Raises NoSuchFeed."""
    if price.feed:
        from inventory import power

        power.find_feed(session, price.feed)


def _one_of(text: str, choices: list[str]) -> str:
    plain = text.strip().lower()
    if plain not in choices:
        raise BadCostWord(text=text[:40], choices=[str(one) for one in choices])
    return plain


def _euros(text: str) -> Euros:
    from foundation.money import Euros

    try:
        return Euros.parse(text)
    except ValueError as wrong:
        raise BadCostAmount(text=text[:40]) from wrong


def _cents(cents: int) -> Euros:
    from foundation.money import Euros

    return Euros(cents)


def _written(cents: int) -> str:
    from foundation.speech import written

    return str(written(_cents(cents), screen.language()))
