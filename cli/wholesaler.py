"""`essaim wholesaler`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli import screen
from cli.device_secret import typed
from cli.door import Json, Why, help_of, looking, noun, writing
from foundation.speech import Phrase

if TYPE_CHECKING:
    from inventory.views.wholesale import WholesalerView

commands = noun("Les opérateurs de gros", "Wholesalers")

Name = Annotated[str, typer.Argument(metavar="NAME")]
Title = Annotated[str | None, typer.Option(help=help_of("le nom en toutes lettres", "the name in full"))]
Realm = Annotated[str | None, typer.Option(help=help_of("realm mandaté (realm-proxy)", "realm proxied to us"))]
Endpoint = Annotated[
    str | None, typer.Option(help=help_of("où finit le tunnel (tunnel-steering)", "where the tunnel ends"))
]
Enni = Annotated[str | None, typer.Option(help=help_of("porte de collecte (vlan-handoff)", "the handover port"))]
Vlans = Annotated[str | None, typer.Option(metavar="100-199", help=help_of("VLAN de la porte", "VLANs of the port"))]
Sister = Annotated[str | None, typer.Option(help=help_of("l'association sœur (white-label)", "the sister association"))]
Mapping = Annotated[
    str | None, typer.Option(help=help_of("leurs mots : manual, covage-fttx-v1, kosc-v2", "their words: manual…"))
]
Gtr = Annotated[
    str | None, typer.Option(metavar="j+1", help=help_of("rétablissement : 4h, 8ho, j+1", "repair: 4h, 8wh, j+1"))
]
Asking = Annotated[
    str | None,
    typer.Option(
        metavar="'198.51.100.10 2001:db8::10'",
        help=help_of("d'où son RADIUS interroge le nôtre", "where its RADIUS asks ours from"),
    ),
]
PppEnd = Annotated[
    str | None, typer.Option(metavar="us|wholesaler", help=help_of("qui termine PPP (realm-proxy)", "who ends PPP"))
]
PathMtu = Annotated[
    int | None,
    typer.Option(help=help_of("plus grand paquet IP de son LAC à notre LNS", "largest IP packet, its LAC to our LNS")),
]
Contact = Annotated[str | None, typer.Option(help=help_of("qui appeler", "whom to call"))]


@commands.command(
    help=help_of(
        "Ajouter : essaim wholesaler add covage --collection vlan-handoff --enni PC-BX-1 --vlans 100-199",
        "Add: essaim wholesaler add covage --collection vlan-handoff --enni PC-BX-1 --vlans 100-199",
    )
)
def add(
    name: Name,
    collection: Annotated[
        str, typer.Option(help="realm-proxy | tunnel-steering | vlan-handoff | white-label", show_default=False)
    ],
    title: Title = None,
    realm: Realm = None,
    tunnel_endpoint: Endpoint = None,
    enni: Enni = None,
    vlans: Vlans = None,
    sister: Sister = None,
    mapping: Mapping = None,
    gtr: Gtr = None,
    contact: Contact = None,
    radius_from: Asking = None,
    ppp_end: PppEnd = None,
    path_mtu: PathMtu = None,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Someone sells us lines from now on."""
    from inventory import wholesalers
    from inventory.views.wholesale import view

    terms = wholesalers.Terms(
        title, collection, realm, tunnel_endpoint, enni, vlans, sister, mapping, gtr, contact,
        radius_from, ppp_end, None if path_mtu is None else str(path_mtu),
    )  # fmt: skip
    with writing(why) as (session, act):
        added = view(wholesalers.add_wholesaler(session, act, name, terms))
    if as_json:
        return screen.give(added)
    return screen.say(
        Phrase(
            "{name} est là ({collection}). Y commander une ligne : essaim order place L0042 --wholesaler {name}",
            "{name} is there ({collection}). To order a line from it: essaim order place L0042 --wholesaler {name}",
        ),
        name=added.name,
        collection=added.collection,
    )


@commands.command(
    help=help_of(
        "Modifier : essaim wholesaler change covage --gtr 4h", "Change: essaim wholesaler change covage --gtr 4h"
    )
)
def change(
    name: Name,
    collection: Annotated[
        str | None, typer.Option(help="realm-proxy | tunnel-steering | vlan-handoff | white-label")
    ] = None,
    title: Title = None,
    realm: Realm = None,
    tunnel_endpoint: Endpoint = None,
    enni: Enni = None,
    vlans: Vlans = None,
    sister: Sister = None,
    mapping: Mapping = None,
    gtr: Gtr = None,
    contact: Contact = None,
    radius_from: Asking = None,
    ppp_end: PppEnd = None,
    path_mtu: PathMtu = None,
    why: Why = "",
) -> None:
    """What is said of a wholesaler changes; an empty text takes away."""
    from inventory import wholesalers

    terms = wholesalers.Terms(
        title, collection, realm, tunnel_endpoint, enni, vlans, sister, mapping, gtr, contact,
        radius_from, ppp_end, None if path_mtu is None else str(path_mtu),
    )  # fmt: skip
    with writing(why) as (session, act):
        wholesaler = wholesalers.find_wholesaler(session, name)
        changed = wholesalers.change_wholesaler(session, act, wholesaler, terms)
    screen.say(
        Phrase("{name} : changé ({what}).", "{name}: changed ({what}).")
        if changed
        else Phrase("{name} : rien à changer.", "{name}: nothing to change."),
        name=name,
        what=list(changed),
    )


@commands.command(
    help=help_of(
        "Le secret convenu avec lui, lu au clavier : essaim wholesaler secret collecte",
        "The secret agreed with it, typed in: essaim wholesaler secret collecte",
    )
)
def secret(name: Name, why: Why = "") -> None:
    """What its RADIUS proves itself to ours with: typed without echo, or from standard input; never shown."""
    from inventory import collecting, wholesalers

    given = typed()
    with writing(why) as (session, act):
        wholesaler = wholesalers.find_wholesaler(session, name)
        collecting.share_secret(session, act, wholesaler, given)
    screen.say(
        Phrase(
            "Le secret convenu avec {name} est au coffre. Ce qui manque encore : essaim wholesaler show {name} ; "
            "ensuite : essaim change plan",
            "The secret agreed with {name} is in the vault. What is still missing: essaim wholesaler show {name}; "
            "next: essaim change plan",
        ),
        name=name,
    )


@commands.command("list", help=help_of("Qui nous vend des lignes", "Who sells us lines"))
def list_(
    after: Annotated[str, typer.Option(help=help_of("après ce nom", "after this name"))] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help=help_of("au plus", "at most"))] = 200,
    as_json: Json = False,
) -> None:
    """Wholesalers by name."""
    from inventory import wholesalers
    from inventory.views.wholesale import view

    with looking() as session:
        found = [view(one) for one in wholesalers.list_wholesalers(session, after=after, limit=limit)]
    screen.listing(
        found,
        {
            "name": Phrase("nom", "name"),
            "title": Phrase("opérateur", "wholesaler"),
            "collection": Phrase("collecte", "collection"),
            "guarantee": Phrase("GTR", "repair time"),
            "mapping": Phrase("mots", "words"),
        },
        as_json=as_json,
        empty=Phrase(
            "Aucun opérateur de gros. En ajouter un : essaim wholesaler add covage --collection vlan-handoff "
            "--enni PC-BX-1 --vlans 100-199",
            "No wholesaler. To add one: essaim wholesaler add covage --collection vlan-handoff --enni PC-BX-1 "
            "--vlans 100-199",
        ),
        then=Phrase(
            "Opérateurs : {count}. En voir un : essaim wholesaler show {first}",
            "Wholesalers: {count}. To see one: essaim wholesaler show {first}",
        ),
    )


@commands.command(help=help_of("Un opérateur : essaim wholesaler show covage", "One: essaim wholesaler show covage"))
def show(name: Name, as_json: Json = False) -> None:
    """One wholesaler, with the words of theirs that we know, and what its collection lacks to work."""
    from inventory import collecting, dialect, wholesalers
    from inventory.models.wholesale import PppEnd
    from inventory.path_mtu import USUAL_PATH
    from inventory.views.wholesale import view

    with looking() as session:
        found = wholesalers.find_wholesaler(session, name)
        one, missing = view(found), collecting.missing(session, found)
    if as_json:
        return screen.give(one)
    screen.say(Phrase("{title} ({name}) : {collection}.", "{title} ({name}): {collection}."), **_facts(one))
    for label, value in (
        (Phrase("realm", "realm"), one.realm),
        (Phrase("fin du tunnel", "tunnel's end"), one.tunnel_endpoint),
        (Phrase("porte de collecte", "handover port"), one.enni),
        (Phrase("VLAN", "VLANs"), f"{one.vlan_first}-{one.vlan_last}" if one.vlan_first else None),
        (Phrase("association sœur", "sister association"), one.sister),
        (Phrase("son RADIUS interroge le nôtre depuis", "its RADIUS asks ours from"), one.radius_from),
        (Phrase("PPP se termine chez", "PPP ends at"), one.ppp_end if one.ppp_end == PppEnd.WHOLESALER else None),
        (
            Phrase("plus grand paquet jusqu'à notre LNS", "largest packet to our LNS"),
            one.path_mtu if one.path_mtu != USUAL_PATH else None,
        ),
        (Phrase("GTR", "repair time"), one.guarantee),
        (Phrase("contact", "contact"), one.contact),
    ):
        if value:
            screen.say(Phrase("{label} : {value}", "{label}: {value}"), label=label, value=value)
    for each in missing:
        screen.say(Phrase("▲ Il manque {what}", "▲ Missing: {what}"), what=each)
    spoken = dialect.dialect(one.mapping)
    return screen.say(
        Phrase("Leurs mots ({title}) : {words}", "Their words ({title}): {words}"),
        title=spoken.title,
        words=spoken.known(),
    )


def _facts(one: WholesalerView) -> dict[str, object]:
    return {"title": one.title, "name": one.name, "collection": one.collection}
