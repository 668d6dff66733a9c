"""`essaim offer`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cli import screen
from cli.door import Json, Why, help_of, looking, noun, writing
from foundation.speech import Phrase

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

commands = noun("Les offres : ce qui se commande", "Offers: what can be ordered")

Name = Annotated[str, typer.Argument(metavar="vpn")]
Mtu = Annotated[int | None, typer.Option(help=help_of("le plus grand paquet, en octets", "largest packet, in octets"))]
Device = Annotated[str | None, typer.Option(help=help_of("la machine qui sert", "the machine that serves it"))]
PoolV4 = Annotated[str | None, typer.Option("--pool-v4", help=help_of("pool IPv4 : essaim address", "IPv4 pool"))]
PoolV6 = Annotated[str | None, typer.Option("--pool-v6", help=help_of("pool IPv6", "IPv6 pool"))]
Realm = Annotated[
    str | None, typer.Option(help=help_of("ce qui suit le @ des identifiants PPP", "what follows the @ of PPP logins"))
]
Wholesaler = Annotated[str | None, typer.Option(help=help_of("qui nous la vend", "who sells it to us"))]

COLUMNS: Final = {
    "name": Phrase("offre", "offer"),
    "title": Phrase("titre", "title"),
    "technology": Phrase("technologie", "technology"),
    "delivery": Phrase("livraison", "delivery"),
    "wholesaler": Phrase("chez", "from"),
    "device": Phrase("machine", "machine"),
    "lines": Phrase("lignes", "lines"),
    "retired": Phrase("retirée le", "retired on"),
}
DETAILS: Final = {
    "mtu": Phrase("MTU : {it}", "MTU: {it}"),
    "realm": Phrase("Identifiants PPP : …@{it}", "PPP logins: …@{it}"),
    "wholesaler": Phrase("Chez : {it}", "From: {it}"),
    "device": Phrase("Machine : {it}", "Machine: {it}"),
    "pool_v4": Phrase("Adresses IPv4 : {it}", "IPv4 addresses: {it}"),
    "pool_v6": Phrase("Adresses IPv6 : {it}", "IPv6 addresses: {it}"),
    "retired": Phrase("Retirée le {it}.", "Retired on {it}."),
}


@commands.command(
    help=help_of(
        "Créer : essaim offer add fibre --title 'Fibre' --technology ftth --delivery l2tp --device lns",
        "Make one: essaim offer add fibre --title Fibre --technology ftth --delivery l2tp --device lns",
    )
)
def add(
    name: Name,
    title: Annotated[str, typer.Option(help=help_of("comme les gens la lisent", "as people read it"))],
    technology: Annotated[str, typer.Option(help="adsl | vdsl | ftth | openvpn | wireguard | radio | colocation | vm")],
    delivery: Annotated[str | None, typer.Option(help="l2tp | pppoe | ipoe-vlan | tunnel | switch-port | none")] = None,
    mtu: Mtu = None,
    device: Device = None,
    pool_v4: PoolV4 = None,
    pool_v6: PoolV6 = None,
    realm: Realm = None,
    wholesaler: Wholesaler = None,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Something can be ordered from now on."""
    from inventory import offers
    from inventory.views.offers import view

    with writing(why) as (session, act):
        served = _served(session, device, pool_v4, pool_v6, wholesaler)
        made = offers.add_offer(session, act, name, title, technology, delivery, mtu=mtu, realm=realm, **served)
        offer = view(session, offers.find_offer(session, made.name))
    if as_json:
        return screen.give(offer)
    return screen.say(
        Phrase(
            "L'offre {name} est là ({technology}, {delivery}). La commander : essaim line order M0042 --offer {name}",
            "Offer {name} is there ({technology}, {delivery}). To order it: essaim line order M0042 --offer {name}",
        ),
        name=offer.name,
        technology=offer.technology,
        delivery=offer.delivery,
    )


@commands.command("list", help=help_of("Ce qui se commande, par nom", "What can be ordered, by name"))
def list_(
    retired: Annotated[bool, typer.Option("--retired", help=help_of("les retirées aussi", "retired ones too"))] = False,
    technology: Annotated[str | None, typer.Option(help="adsl | ftth | wireguard…")] = None,
    after: Annotated[str, typer.Option(help=help_of("après ce nom", "after this name"))] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help=help_of("au plus", "at most"))] = 200,
    as_json: Json = False,
) -> None:
    """Offers by name."""
    from inventory import offers
    from inventory.views.offers import views_of

    with looking() as session:
        page = offers.list_offers(session, retired=retired, technology=technology, after=after, limit=limit)
        found = views_of(session, page)
    screen.listing(
        found,
        COLUMNS,
        as_json=as_json,
        empty=Phrase(
            "Aucune offre. En créer une : essaim offer add vpn --title 'VPN WireGuard' --technology wireguard",
            "No offer. To make one: essaim offer add vpn --title 'WireGuard VPN' --technology wireguard",
        ),
        then=Phrase(
            "Offres : {count}. En voir une : essaim offer show {first}",
            "Offers: {count}. To see one: essaim offer show {first}",
        ),
    )
    if not as_json:
        screen.more_names("essaim offer list", [one.name for one in found], limit)


@commands.command(help=help_of("Une offre : essaim offer show vpn", "An offer: essaim offer show vpn"))
def show(name: Name, as_json: Json = False) -> None:
    """One offer."""
    from inventory import offers
    from inventory.views.offers import view

    with looking() as session:
        offer = view(session, offers.find_offer(session, name))
    if as_json:
        return screen.give(offer)
    screen.say(
        Phrase(
            "{name}, {title} : {technology}, {delivery}. Lignes : {lines}.",
            "{name}, {title}: {technology}, {delivery}. Lines: {lines}.",
        ),
        name=offer.name,
        title=offer.title,
        technology=offer.technology,
        delivery=offer.delivery,
        lines=offer.lines,
    )
    for field, phrase in DETAILS.items():
        if getattr(offer, field) is not None:
            screen.say(phrase, it=getattr(offer, field))
    return None


@commands.command(
    help=help_of("Modifier : essaim offer change vpn --mtu 1380", "Change: essaim offer change vpn --mtu 1380")
)
def change(
    name: Name,
    title: Annotated[str | None, typer.Option(help=help_of("comme les gens la lisent", "as people read it"))] = None,
    mtu: Mtu = None,
    device: Device = None,
    pool_v4: PoolV4 = None,
    pool_v6: PoolV6 = None,
    realm: Realm = None,
    wholesaler: Wholesaler = None,
    why: Why = "",
) -> None:
    """What an offer says changes, for lines ordered from now on."""
    from inventory import offers

    with writing(why) as (session, act):
        offer = offers.find_offer(session, name)
        served = _served(session, device, pool_v4, pool_v6, wholesaler)
        said = offers.Offering(title=title, mtu=mtu, realm=realm, **served)
        changed = offers.change_offer(session, act, offer, said)
    screen.say(
        Phrase(
            "{name} : changé ({what}). Les lignes déjà commandées gardent leur machine et leurs adresses. "
            "La voir : essaim offer show {name}",
            "{name}: changed ({what}). Lines ordered before keep their machine and addresses. "
            "To see it: essaim offer show {name}",
        ),
        name=name,
        what=list(changed),
    )


@commands.command(
    help=help_of("Ne plus la proposer : essaim offer retire adsl", "Offer it no more: essaim offer retire adsl")
)
def retire(name: Name, why: Why = "") -> None:
    """Nobody orders it any more; lines that have it keep it."""
    from inventory import offers

    with writing(why) as (session, act):
        kept = offers.retire_offer(session, act, offers.find_offer(session, name))
    screen.say(
        Phrase(
            "L'offre {name} ne se commande plus. Lignes qui la gardent : {kept} (essaim line list --offer {name})",
            "Offer {name} is no longer ordered. Lines that keep it: {kept} (essaim line list --offer {name})",
        ),
        name=name,
        kept=kept,
    )


def _served(
    session: Session, device: str | None, pool_v4: str | None, pool_v6: str | None, wholesaler: str | None
) -> dict[str, Any]:
    from inventory import devices, pools, wholesalers

    return {
        "device": devices.find_device(session, device) if device is not None else None,
        "pool_v4": pools.find_pool(session, pool_v4) if pool_v4 is not None else None,
        "pool_v6": pools.find_pool(session, pool_v6) if pool_v6 is not None else None,
        "wholesaler": wholesalers.find_wholesaler(session, wholesaler) if wholesaler is not None else None,
    }
