"""`essaim line`: order, change, follow and close a line. Its parts and credentials are in cli/sharing.py, its
migration in cli/migrating.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli import closing, diagnosing, line_access, migrating, quality, screen, sharing
from cli.door import After, Json, Why, Yes, help_of, looking, noun, settings, store, writing
from foundation.speech import Phrase

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from inventory.models.lines import LineState
    from inventory.views.lines import LineView

commands = noun("Les lignes", "Lines")
commands.add_typer(sharing.share, name="share")
commands.add_typer(sharing.credential, name="credential")

Number = Annotated[str, typer.Argument(metavar="L0042")]
Key = Annotated[
    str | None, typer.Option(help=help_of("clé publique WireGuard du membre", "the member's WireGuard public key"))
]
Certificate = Annotated[
    str | None, typer.Option(help=help_of("nom du certificat (OpenVPN)", "the certificate's name (OpenVPN)"))
]
Login = Annotated[str | None, typer.Option(help=help_of("identifiant PPP imposé", "a PPP login that was imposed"))]
ND = Annotated[
    str | None, typer.Option("--nd", help=help_of("numéro de la ligne de cuivre", "the copper line's number"))
]
Insee = Annotated[str | None, typer.Option(help=help_of("code INSEE de la commune", "the municipality's INSEE code"))]
Pto = Annotated[str | None, typer.Option(help=help_of("prise optique : FI-1234-5678", "the optical socket"))]
Building = Annotated[str | None, typer.Option(help=help_of("immeuble : IMB/…", "the building: IMB/…"))]
Operator = Annotated[
    str | None, typer.Option(help=help_of("opérateur d'immeuble, quatre lettres", "building operator, four letters"))
]
Vlan = Annotated[str | None, typer.Option(metavar="100.2", help=help_of("VLAN ou paire de VLAN", "VLAN or pair"))]
Mtu = Annotated[int | None, typer.Option(help=help_of("s'il n'est pas celui de l'offre", "if not the offer's"))]
Place = Annotated[str | None, typer.Option(help=help_of("adresse postale de la ligne", "the line's postal address"))]

COLUMNS: Final = {
    "number": Phrase("ligne", "line"),
    "offer": Phrase("offre", "offer"),
    "state": Phrase("état", "state"),
    "members": Phrase("membres", "members"),
    "device": Phrase("machine", "machine"),
    "place": Phrase("lieu", "place"),
}
SHARES: Final = {
    "member": Phrase("membre", "member"),
    "weight": Phrase("poids", "weight"),
    "since": Phrase("depuis", "since"),
    "until": Phrase("jusqu'au", "until"),
    "prefixes": Phrase("adresses", "addresses"),
    "credentials": Phrase("s'ouvre avec", "opens with"),
}
DETAILS: Final = {
    "since": Phrase("Dans cet état depuis le {it}.", "In that state since {it}."),
    "device": Phrase("Machine : {it}", "Machine: {it}"),
    "place": Phrase("Lieu : {it}", "Place: {it}"),
    "nd": Phrase("ND : {it}", "ND: {it}"),
    "insee": Phrase("Commune (INSEE) : {it}", "Municipality (INSEE): {it}"),
    "copper_closes": Phrase(
        "Le cuivre ferme le {it}. Ce qui presse : essaim line closing",
        "Copper closes on {it}. What is pressing: essaim line closing",
    ),
    "pto": Phrase("Prise optique (PTO) : {it}", "Optical socket (PTO): {it}"),
    "building": Phrase("Immeuble : {it}", "Building: {it}"),
    "operator": Phrase("Opérateur d'immeuble : {it}", "Building operator: {it}"),
    "vlan": Phrase("VLAN : {it}", "VLAN: {it}"),
    "mtu": Phrase("MTU : {it}", "MTU: {it}"),
}


@commands.command(
    help=help_of(
        "Commander : essaim line order M0042 --offer vpn --key …", "Order: essaim line order M0042 --offer vpn --key …"
    )
)
def order(
    member: Annotated[str, typer.Argument(metavar="M0042")],
    offer: Annotated[str, typer.Option(help=help_of("essaim offer list", "essaim offer list"))],
    key: Key = None,
    certificate: Certificate = None,
    login: Login = None,
    nd: ND = None,
    insee: Insee = None,
    pto: Pto = None,
    building: Building = None,
    operator: Operator = None,
    vlan: Vlan = None,
    mtu: Mtu = None,
    place: Place = None,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Order a line for a member."""
    from cli.suggesting import else_suggested, options
    from inventory import lines, members, offers

    said = lines.Ordering(
        public_key=key, certificate=certificate, login=login, nd=nd, insee=insee, pto=pto, building=building,
        operator=operator, vlan=vlan, mtu=mtu, place=place,
    )  # fmt: skip
    more = options(member=member, key=key, place=place, nd=nd, pto=pto, building=building)
    with else_suggested("order", offer, *more), writing(why) as (session, act):
        who, what = members.find_member(session, member), offers.find_offer(session, offer)
        ordered = _view(session, str(lines.order_line(session, act, who, what, said)), act.at)
    if as_json:
        return screen.give(ordered)
    return screen.say(
        Phrase(
            "{line} : {state}, avec {prefixes}. La mettre sur les machines : essaim change plan",
            "{line}: {state}, with {prefixes}. To bring it to the machines: essaim change plan",
        )
        if ordered.state in lines.RENDERED
        else Phrase(
            "{line} : {state}, avec {prefixes}. Elle ira sur les machines une fois livrée. "
            "Quand l'opérateur l'a en commande : essaim line move {line} --to ordered",
            "{line}: {state}, with {prefixes}. It goes on the machines once it is delivered. "
            "When it is on order with the wholesaler: essaim line move {line} --to ordered",
        ),
        line=ordered.number,
        state=ordered.state,
        prefixes=ordered.prefixes or "—",
    )


@commands.command("list", help=help_of("Les lignes, par numéro", "Lines, by number"))
def list_(
    ended: Annotated[
        bool, typer.Option("--ended", help=help_of("les lignes fermées aussi", "closed ones too"))
    ] = False,
    state: Annotated[str | None, typer.Option(help=help_of("dans cet état", "in that state"))] = None,
    offer: Annotated[str | None, typer.Option(help=help_of("de cette offre", "of that offer"))] = None,
    technology: Annotated[str | None, typer.Option(help="adsl | vdsl | ftth | openvpn | wireguard | radio…")] = None,
    device: Annotated[str | None, typer.Option(help=help_of("servies par cette machine", "on that machine"))] = None,
    member: Annotated[
        str | None, typer.Option(metavar="M0042", help=help_of("qu'il ou elle partage", "that they share"))
    ] = None,
    after: After = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help=help_of("au plus", "at most"))] = 200,
    as_json: Json = False,
) -> None:
    """Lines by number."""
    from foundation import clock
    from inventory import lines, members
    from inventory.views.lines import views_of

    with looking() as session:
        whose = members.find_member(session, member) if member is not None else None
        page = lines.list_lines(
            session, ended=ended, state=state, offer=offer, technology=technology, device=device, member=whose,
            after=after, limit=limit,
        )  # fmt: skip
        found = views_of(session, page, clock.today(clock.now()))
    screen.listing(
        found,
        COLUMNS,
        as_json=as_json,
        empty=Phrase(
            "Aucune ligne ici. En commander une : essaim line order MEMBRE --offer OFFRE",
            "No line here. To order one: essaim line order MEMBER --offer OFFER",
        ),
        then=Phrase(
            "Lignes : {count}. En voir une : essaim line show {first}",
            "Lines: {count}. To see one: essaim line show {first}",
        ),
    )
    if not as_json:
        screen.more("essaim line list", [one.number for one in found], limit)


@commands.command(
    help=help_of("Une ligne : qui la partage, avec quelles adresses", "A line: who shares it, with which addresses")
)
def show(number: Number, as_json: Json = False) -> None:
    """One line with its access, its shares and their addresses."""
    from foundation import clock

    with looking() as session:
        one = _view(session, number, clock.now())
    if as_json:
        return screen.give(one)
    screen.say(
        Phrase("{line}, {title} : {state}.", "{line}, {title}: {state}."),
        line=one.number,
        title=one.title,
        state=one.state,
    )
    for name, phrase in DETAILS.items():
        if getattr(one, name) not in (None, ""):
            screen.say(phrase, it=getattr(one, name))
    if one.migration is not None:
        screen.say(
            Phrase(
                "En migration vers {offer} depuis le {since}. Où elle en est : essaim line migrate {line}",
                "Migrating to {offer} since {since}. How it stands: essaim line migrate {line}",
            ),
            offer=one.migration.offer,
            since=one.migration.since,
            line=one.number,
        )
    shown = [name for name in SHARES if any(getattr(share, name) not in (None, ()) for share in one.shares)]
    rows = [tuple(getattr(share, name) for name in shown) for share in one.shares]
    return screen.table([SHARES[name] for name in shown], rows)


@commands.command(
    help=help_of(
        "Corriger : essaim line change L0100 --nd 0556000000", "Correct: essaim line change L0100 --nd 0556000000"
    )
)
def change(
    number: Number,
    nd: ND = None,
    insee: Insee = None,
    pto: Pto = None,
    building: Building = None,
    operator: Operator = None,
    vlan: Vlan = None,
    mtu: Mtu = None,
    place: Place = None,
    why: Why = "",
) -> None:
    """What is said of a line's access changes; an empty text takes away."""
    from cli.suggesting import else_suggested, options
    from inventory import line_parts, lines, offers

    said = line_parts.Details(
        nd=nd, insee=insee, pto=pto, building=building, operator=operator, vlan=vlan, mtu=mtu, place=place
    )
    if not said.said:
        raise offers.NothingSaid
    more = options(place=place, nd=nd, pto=pto, building=building)
    with else_suggested(*(["change", number, *more] if more else ())), writing(why) as (session, act):
        one = lines.find_line(session, number)
        changed, name = lines.change_line(session, act, one, said), str(one)
    screen.say(
        Phrase(
            "{line} : changé ({what}). La voir : essaim line show {line}",
            "{line}: changed ({what}). To see it: essaim line show {line}",
        ),
        line=name,
        what=list(changed),
    )


@commands.command(
    help=help_of(
        'Faire avancer : essaim line move L0100 --to suspended --why "…"',
        'Bring further: essaim line move L0100 --to suspended --why "…"',
    )
)
def move(
    number: Number,
    to: Annotated[
        str,
        typer.Option(help="ordered | delivered | active | suspended | closing | closed | cancelled | requested"),
    ],
    at: Annotated[
        str | None, typer.Option(metavar="2026-11-22", help=help_of("depuis ce moment", "as of that moment"))
    ] = None,
    why: Why = "",
) -> None:
    """Bring a line into another state."""
    from foundation import clock
    from inventory import lines
    from inventory.models.lines import LineState
    from inventory.words import with_code

    state, moment = lines.parse_state(to), None if at is None else clock.parse(at)
    with writing(why) as (session, act):
        one = lines.find_line(session, number)
        before = LineState(one.state)
        lines.move(session, act, one, state, at=moment)
        name, legal = str(one), sorted(lines.NEXT[state])
    screen.say(
        Phrase(
            "{line} : {state}. Ensuite, elle peut être : {legal}.",
            "{line}: {state}. Next, it may be: {legal}.",
        )
        if legal
        else _OVER,
        line=name,
        state=state,
        legal=[with_code(one) for one in legal],
    )
    screen.say(_then(before, state), line=name)


@commands.command(help=help_of("Fermer une ligne", "Close a line"))
def close(number: Number, yes: Yes = False, why: Why = "") -> None:
    """Close a line and put its addresses in quarantine."""
    from foundation import clock
    from inventory import lines
    from inventory.models.lines import LineState

    with looking() as session:
        before = _view(session, number, clock.now())
    question = Phrase(
        "Fermer {line} coupe {members} et rend {prefixes}. Fermer ?",
        "To close {line} cuts {members} off and gives {prefixes} back. Close it?",
    )
    if not screen.confirm(
        question, yes=yes, line=before.number, members=before.members or "—", prefixes=before.prefixes or "—"
    ):
        return
    with writing(why) as (session, act):
        one = lines.find_line(session, number)
        was = LineState(one.state)
        lines.close_line(session, act, one)
        name, state = str(one), LineState(one.state)
    screen.say(_OVER, line=name, state=state)
    screen.say(_then(was, state), line=name)


@commands.command(help=help_of("En une phrase : marche-t-elle ?", "In one sentence: does it work?"))
def status(number: Number, as_json: Json = False) -> None:
    """How a line is, for its member."""
    from desk.polling import line_status
    from foundation import clock
    from inventory import announced, lines
    from inventory.views.works import view_announced

    at = clock.now()
    now = line_status(store(), settings(), number, at)
    with looking() as session:
        one = lines.find_line(session, number)
        works = announced.of_lines(session, [one], at)[one.number]
    if as_json:
        told = [view_announced(each) for each in works]
        return screen.give({"state": now.state, "sentence": now.say(screen.language()), **now.values, "works": told})
    screen.line(f"{now.shape} {now.say(screen.language())}")
    for each in works:
        screen.line(f"▲ {each.say(screen.language())}")
    return None


_OVER: Final = Phrase(
    "{line} : {state}. Ses adresses sont en quarantaine.", "{line}: {state}. Its addresses are in quarantine."
)
_STEPS: Final = {
    "requested": Phrase(
        "Quand l'opérateur l'a en commande : essaim line move {line} --to ordered",
        "When it is on order with the wholesaler: essaim line move {line} --to ordered",
    ),
    "ordered": Phrase(
        "Une fois livrée : essaim line move {line} --to delivered",
        "Once it is delivered: essaim line move {line} --to delivered",
    ),
    "closing": Phrase("Le moment venu : essaim line close {line}", "When the time comes: essaim line close {line}"),
    "closed": Phrase("Les autres : essaim line list", "The others: essaim line list"),
    "cancelled": Phrase("Les autres : essaim line list", "The others: essaim line list"),
}


def _then(before: LineState, state: LineState) -> Phrase:
    """What comes next once a line is in a state: for the machines, where it comes to them or goes."""
    from inventory.lines import RENDERED

    if state in RENDERED and before not in RENDERED:
        return Phrase(
            "La mettre sur les machines : essaim change plan", "To bring it to the machines: essaim change plan"
        )
    if before in RENDERED and state not in RENDERED:
        return Phrase("La retirer des machines : essaim change plan", "To take it off the machines: essaim change plan")
    works = Phrase("Marche-t-elle : essaim line status {line}", "Does it work: essaim line status {line}")
    return _STEPS.get(state.value, works)


def _view(session: Session, number: str, at: datetime) -> LineView:
    from foundation import clock
    from inventory import lines
    from inventory.views.lines import view

    return view(session, lines.find_line(session, number), clock.today(at))


sharing.register(commands)
migrating.register(commands)
line_access.register(commands)
diagnosing.register(commands)
quality.register_line(commands)
commands.command(help=help_of("Là où le cuivre ferme : essaim line closing --within 1y", "Copper that closes soon"))(
    closing.closing
)
