"""`essaim device`: machines, ours and those that we host.

What joins them is in device_ports.py, where they stand and what feeds them in device_place.py, whom they speak BGP
with in device_peers.py, what they keep to themselves in device_secret.py,
how they leave in device_retire.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from cli import device_handout, device_peers, device_place, device_ports, device_retire, device_secret, screen
from cli.door import Json, Why, help_of, looking, noun, writing
from cli.joining import Since, day_of
from cli.site import AfterName, Limit
from foundation.speech import Phrase

if TYPE_CHECKING:
    from inventory.hosting import Missing
    from inventory.views.devices import DeviceView

commands = noun("Les machines, les nôtres et celles qu'on héberge", "Machines, ours and those that we host")

Name = Annotated[str, typer.Argument(metavar="NAME")]
Role = Annotated[
    str | None,
    typer.Option(help="router | lns | bng | vpn | radius | dns | server | switch | access-point | pdu | ups | other"),
]
Platform = Annotated[str | None, typer.Option(help=help_of("système : debian, frr…", "platform: debian, frr…"))]
Shape = Annotated[str | None, typer.Option(help=help_of("à quoi elle ressemble", "what it looks like"))]
Description = Annotated[str | None, typer.Option(help=help_of("à quoi elle sert", "what it is for"))]
Serial = Annotated[str | None, typer.Option(help=help_of("numéro de série", "serial number"))]
Management = Annotated[str | None, typer.Option(help=help_of("adresse d'administration", "management address"))]
Endpoint = Annotated[
    str | None, typer.Option(metavar="HOST:PORT", help=help_of("adresse de service", "service address"))
]
PublicKey = Annotated[str | None, typer.Option(help=help_of("clé publique WireGuard", "WireGuard public key"))]
Asn = Annotated[int | None, typer.Option("--as-number", help=help_of("numéro d'AS", "AS number"))]
Contact = Annotated[str | None, typer.Option(help=help_of("qui appeler si elle brûle", "whom to call if it burns"))]
Watts = Annotated[int | None, typer.Option(help=help_of("puissance déclarée", "declared power"))]
Snmp = Annotated[
    bool | None,
    typer.Option(
        "--snmp/--no-snmp", help=help_of("la personne accepte qu'on la relève", "its owner agrees to polling")
    ),
]
Owner = Annotated[str | None, typer.Option(metavar="M0042", help=help_of("à qui elle est", "whose it is"))]


@commands.command(
    help=help_of(
        "Ajouter une machine à nous : essaim device add vpn2 --role vpn --platform debian --site colo",
        "Add a machine of ours: essaim device add vpn2 --role vpn --platform debian --site colo",
    )
)
def add(
    name: Name,
    role: Annotated[str, typer.Option(help="router | lns | bng | vpn | radius | dns | server | switch | pdu…")],
    site: Annotated[str, typer.Option(help=help_of("où", "where"))],
    platform: Platform = None,
    shape: Shape = None,
    description: Description = None,
    serial: Serial = None,
    owner: Owner = None,
    management: Management = None,
    endpoint: Endpoint = None,
    public_key: PublicKey = None,
    as_number: Asn = None,
    contact: Contact = None,
    watts: Watts = None,
    snmp: Snmp = None,
    since: Since = None,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """A machine comes in."""
    from inventory import devices, members, places
    from inventory.device_facts import Facts, driver_wanted

    facts = Facts(description=description, serial=serial, contact=contact, watts=watts, snmp_agreed=snmp)
    with writing(why) as (session, act):
        made = devices.add_device(
            session,
            act,
            name,
            role=role,
            platform=platform or "",
            site=places.find_site(session, site),
            shape=shape or "",
            owner=members.find_member(session, owner) if owner else None,
            management=management,
            endpoint=endpoint,
            public_key=public_key,
            asn=as_number,
            facts=facts,
            since=day_of(since),
        )
        known = made.name
    seen, lacks = _seen(known)
    if as_json:
        return screen.give(seen)
    wanted = driver_wanted(seen.role, seen.platform)
    if wanted is not None:
        screen.say(
            Phrase(
                "Essaim ne configure un « {role} » que sous {wanted} : cette machine est inventoriée, rien de plus.",
                "Essaim configures a “{role}” on {wanted} only: this machine is in the inventory, no more.",
            ),
            role=str(seen.role),
            wanted=wanted,
        )
    screen.say(Phrase("{name} est à l'inventaire.", "{name} is in the inventory."), name=known)
    return _say_lacks(lacks)


@commands.command(
    help=help_of(
        "Héberger une machine : essaim device host boite --owner M0042 --site cave --shape 'Raspberry Pi'",
        "Host a machine: essaim device host boxy --owner M0042 --site cellar --shape 'Raspberry Pi'",
    )
)
def host(
    name: Name,
    owner: Annotated[str, typer.Option(metavar="M0042", help=help_of("à qui elle est", "whose it is"))],
    site: Annotated[
        str | None, typer.Option(help=help_of("où ; sinon celui de la baie", "where; else the rack's"))
    ] = None,
    rack: Annotated[
        str | None,
        typer.Option(
            metavar="SITE/RACK",
            help=help_of("dans quelle baie ou sur quelle étagère", "in which rack or on which shelf"),
        ),
    ] = None,
    unit: device_place.Unit = None,
    height: device_place.Height = 1,
    face: device_place.Side = "front",
    position: device_place.Position = "",
    shape: Shape = None,
    platform: Platform = None,
    description: Description = None,
    serial: Serial = None,
    mac: Annotated[
        str | None, typer.Option(help=help_of("adresse MAC de son interface", "its interface's MAC address"))
    ] = None,
    interface: Annotated[str, typer.Option(help=help_of("sa première interface", "its first interface"))] = "eth0",
    contact: Contact = None,
    watts: Watts = None,
    snmp: Snmp = None,
    since: Since = None,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """A member's machine comes in, of any shape."""
    from inventory import hosting, members, places
    from inventory.device_facts import Facts
    from inventory.placements import Spot

    facts = Facts(
        platform=platform, shape=shape, description=description, serial=serial, contact=contact, watts=watts,
        snmp_agreed=snmp,
    )  # fmt: skip
    with writing(why) as (session, act):
        stand = places.find_rack(session, rack) if rack else None
        made = hosting.host(
            session,
            act,
            stand.site if stand and not site else places.find_site(session, site or ""),
            name,
            members.find_member(session, owner),
            facts,
            rack=stand,
            spot=Spot(unit, height, face, position),
            interface=interface,
            mac=mac,
            since=day_of(since),
        )
        known = made.name
    seen, lacks = _seen(known)
    if as_json:
        return screen.give({**screen.plain(seen), "missing": [lack.command for lack in lacks]})
    screen.say(
        Phrase("{name}, à {owner}, est hébergée à {site}.", "{name}, of {owner}, is hosted at {site}."),
        name=known,
        owner=seen.owner,
        site=seen.site,
    )
    return _say_lacks(lacks)


@commands.command("list", help=help_of("Les machines, par nom", "Machines, by name"))
def list_(
    role: Role = None,
    site: Annotated[str | None, typer.Option(help=help_of("d'un lieu", "of one site"))] = None,
    owner: Owner = None,
    retired: Annotated[
        bool, typer.Option("--retired", help=help_of("les parties aussi", "also those that left"))
    ] = False,
    after: AfterName = "",
    limit: Limit = 200,
    as_json: Json = False,
) -> None:
    """Machines by name."""
    from foundation import clock
    from inventory import devices, members, places
    from inventory.views import devices as views

    with looking() as session:
        held = devices.list_devices(
            session,
            role=role,
            site=places.find_site(session, site) if site else None,
            owner=members.find_member(session, owner) if owner else None,
            retired=retired,
            after=after,
            limit=limit,
        )
        found = views.views_of(session, held, clock.today(clock.now()))
    screen.listing(
        found,
        {
            "name": Phrase("machine", "machine"),
            "role": Phrase("rôle", "role"),
            "platform": Phrase("système", "platform"),
            "owner": Phrase("à", "owner"),
            "site": Phrase("lieu", "site"),
            "rack": Phrase("baie", "rack"),
            "unit": Phrase("U", "U"),
            "shape": Phrase("forme", "shape"),
            "watts": Phrase("W", "W"),
            "until": Phrase("jusqu'au", "until"),
        },
        as_json=as_json,
        empty=Phrase(
            "Aucune machine ici. En ajouter une : essaim device add vpn --role vpn --platform debian --site LIEU",
            "No machine here. To add one: essaim device add vpn --role vpn --platform debian --site SITE",
        ),
        then=Phrase(
            "Machines : {count}. En voir une : essaim device show {first}",
            "Machines: {count}. To see one: essaim device show {first}",
        ),
    )
    if not as_json:
        screen.more_names("essaim device list", [one.name for one in found], limit)


@commands.command(help=help_of("Une machine, et ce qui lui manque", "A machine, and what it lacks"))
def show(name: Name, as_json: Json = False) -> None:
    """One machine with its interfaces."""
    seen, lacks = _seen(name)
    if as_json:
        return screen.give({**screen.plain(seen), "missing": [lack.command for lack in lacks]})
    screen.say(
        Phrase("{name}, {role}, à {site}.", "{name}, {role}, at {site}."),
        name=seen.name,
        role=seen.role,
        site=seen.site,
    )
    for phrase, value in _rows(seen):
        if value not in (None, "", ()):
            screen.say(phrase, it=value)
    if seen.interfaces:
        columns = (
            Phrase("interface", "interface"), Phrase("MAC", "MAC"), Phrase("reliée à", "linked to"),
            Phrase("adresses", "addresses"), Phrase("description", "description"),
        )  # fmt: skip
        screen.table(columns, [(one.name, one.mac, one.link, one.prefixes, one.description) for one in seen.interfaces])
    return _say_lacks(lacks)


@commands.command(
    help=help_of(
        "Dire autrement une machine : essaim device change hosted1 --watts 12",
        "Say otherwise of a machine: essaim device change hosted1 --watts 12",
    )
)
def change(
    name: Name,
    role: Role = None,
    platform: Platform = None,
    shape: Shape = None,
    description: Description = None,
    serial: Serial = None,
    owner: Owner = None,
    ours: Annotated[
        bool, typer.Option("--ours", help=help_of("à l'association désormais", "the association's now"))
    ] = False,
    management: Management = None,
    endpoint: Endpoint = None,
    public_key: PublicKey = None,
    as_number: Asn = None,
    contact: Contact = None,
    watts: Watts = None,
    snmp: Snmp = None,
    why: Why = "",
) -> None:
    """Say something else of a machine; its owner may change its contact and description."""
    from inventory import devices, members
    from inventory.device_facts import Facts

    facts = Facts(
        role, platform, shape, description, serial, management, endpoint, public_key, as_number, contact, watts, snmp
    )
    with writing(why) as (session, act):
        device = devices.find_device(session, name)
        if owner is None and not ours and facts == Facts(contact=contact, description=description):
            devices.describe(session, act, device, contact=contact, description=description)
        else:
            new = members.find_member(session, owner) if owner else None
            devices.change_device(session, act, device, facts, owner=new, ours=ours)
    screen.say(
        Phrase(
            "C'est noté. La voir : essaim device show {name} ; ce qui change sur les machines : essaim change plan",
            "Noted. To see it: essaim device show {name}; what changes on the machines: essaim change plan",
        ),
        name=name,
    )


def _seen(name: str) -> tuple[DeviceView, Sequence[Missing]]:
    from foundation import clock
    from inventory import devices, hosting
    from inventory.views import devices as views

    day = clock.today(clock.now())
    with looking() as session:
        device = devices.find_device(session, name)
        return views.view(session, device, day), hosting.missing(session, device, day)


def _rows(seen: DeviceView) -> list[tuple[Phrase, object]]:
    place = seen.rack and " ".join(
        [seen.rack, *([f"U{seen.unit}"] if seen.unit else []), *([seen.position] if seen.position else [])]
    )
    return [
        (Phrase("Partie le {it}.", "Left on {it}."), seen.until),
        (Phrase("À {it}.", "Belongs to {it}."), seen.owner),
        (Phrase("Description : {it}", "Description: {it}"), seen.description),
        (Phrase("Forme : {it}", "Shape: {it}"), seen.shape),
        (Phrase("Système : {it}", "Platform: {it}"), seen.platform),
        (Phrase("Numéro de série : {it}", "Serial number: {it}"), seen.serial),
        (Phrase("Place : {it}", "Place: {it}"), place),
        (Phrase("Branchée sur : {it}", "Plugged into: {it}"), seen.plugs),
        (Phrase("Prises : {it}", "Outlets: {it}"), seen.outlets),
        (Phrase("Puissance déclarée : {it} W", "Declared power: {it} W"), seen.watts),
        (Phrase("Contact d'urgence : {it}", "Emergency contact: {it}"), seen.contact),
        (Phrase("Administration : {it}", "Management: {it}"), seen.management),
        (Phrase("Service : {it}", "Service: {it}"), seen.endpoint),
        (Phrase("Clé publique : {it}", "Public key: {it}"), seen.public_key),
        (Phrase("AS : {it}", "AS: {it}"), seen.asn),
        (Phrase("Secrets au coffre : {it}", "Secrets in the vault: {it}"), seen.secrets),
    ]


def _say_lacks(lacks: Sequence[Missing]) -> None:
    if not lacks:
        return screen.say(
            Phrase(
                "Rien ne lui manque. Les autres : essaim device list",
                "It lacks nothing. The others: essaim device list",
            )
        )
    screen.say(Phrase("Il lui manque :", "It lacks:"))
    for lack in lacks:
        screen.say(Phrase("  {what} : {command}", "  {what}: {command}"), what=lack.what, command=lack.command)
    return None


for verbs in (device_retire, device_place, device_ports, device_peers, device_secret, device_handout):
    verbs.register(commands)
