"""`essaim device interface add | change`, `essaim device link | unlink`: interfaces, and what joins them."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import screen
from cli.door import Json, Why, help_of, noun, writing
from cli.joining import Since, day_of
from foundation.errors import Invalid
from foundation.speech import Phrase


class OneMac(Invalid):
    """Several interfaces were to have one MAC address."""

    kind = "one-mac"
    phrase = Phrase(
        "Une adresse MAC va à une seule interface : ajoutez-les une par une. Rien n'a été changé.",
        "A MAC address belongs to one interface: add them one by one. Nothing was changed.",
    )


ports = noun("Les interfaces d'une machine", "A machine's interfaces")

Path = Annotated[str, typer.Argument(metavar="NAME/INTERFACE")]
Description = Annotated[str | None, typer.Option(help=help_of("à quoi elle sert", "what it is for"))]
Mac = Annotated[str | None, typer.Option(help=help_of("adresse MAC", "MAC address"))]


def register(commands: typer.Typer) -> None:
    """Put these verbs among those on machines."""
    commands.add_typer(ports, name="interface")
    commands.command(
        help=help_of(
            "Relier : essaim device link hosted1/eth0 switch1/3",
            "Link: essaim device link hosted1/eth0 switch1/3",
        )
    )(link)
    commands.command(
        help=help_of("Délier : essaim device unlink hosted1/eth0", "Unlink: essaim device unlink hosted1/eth0")
    )(unlink)


@ports.command(
    help=help_of("Ajouter : essaim device interface add vpn wg0", "Add: essaim device interface add vpn wg0")
)
def add(
    device: Annotated[str, typer.Argument(metavar="NAME")],
    names: Annotated[list[str], typer.Argument(metavar="INTERFACE...")],
    description: Description = None,
    mac: Mac = None,
    disabled: Annotated[bool, typer.Option("--disabled", help=help_of("coupée pour l'instant", "off for now"))] = False,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """One interface, or several at once."""
    from inventory import devices

    if mac and len(names) > 1:
        raise OneMac
    with writing(why) as (session, act):
        owner = devices.find_device(session, device)
        made = [
            devices.add_interface(session, act, owner, name, description or "", mac=mac, enabled=not disabled).name
            for name in names
        ]
    paths = [f"{device}/{name}" for name in made]
    if as_json:
        return screen.give({"interfaces": paths})
    return screen.say(
        Phrase(
            "{paths} : ajouté. Relier : essaim device link {first} MACHINE/INTERFACE",
            "{paths}: added. To link: essaim device link {first} MACHINE/INTERFACE",
        ),
        paths=paths,
        first=paths[0],
    )


@ports.command(
    help=help_of(
        "Changer : essaim device interface change vpn/wg0 --description membres",
        "Change: essaim device interface change vpn/wg0 --description members",
    )
)
def change(
    path: Path,
    description: Description = None,
    mac: Mac = None,
    enabled: Annotated[
        bool | None, typer.Option("--enabled/--disabled", help=help_of("en service ou coupée", "on or off"))
    ] = None,
    why: Why = "",
) -> None:
    """Another description, MAC address or state."""
    from inventory import devices

    with writing(why) as (session, act):
        interface = devices.find_interface(session, path)
        devices.change_interface(session, act, interface, description=description, mac=mac, enabled=enabled)
        device = interface.device.name
    screen.say(
        Phrase("C'est noté. La voir : essaim device show {device}", "Noted. To see it: essaim device show {device}"),
        device=device,
    )


def link(
    near: Path,
    far: Annotated[str | None, typer.Argument(metavar="NAME/INTERFACE")] = None,
    radio: Annotated[bool, typer.Option("--radio", help=help_of("par radio", "by radio"))] = False,
    circuit: Annotated[
        str | None, typer.Option(metavar="REFERENCE", help=help_of("circuit d'un opérateur", "a provider's circuit"))
    ] = None,
    reference: Annotated[str, typer.Option(help=help_of("étiquette du câble", "label of the cable"))] = "",
    since: Since = None,
    why: Why = "",
) -> None:
    """Join two interfaces, or one to a provider."""
    from inventory import cabling, devices
    from inventory.models.devices import LinkKind

    kind = LinkKind.CIRCUIT if circuit else LinkKind.RADIO if radio else LinkKind.CABLE
    with writing(why) as (session, act):
        made = cabling.connect(
            session,
            act,
            devices.find_interface(session, near),
            devices.find_interface(session, far) if far else None,
            kind=kind,
            reference=circuit or reference,
            since=day_of(since),
        )
        said = made.reference
    screen.say(
        Phrase(
            "{near} est reliée à {far} ({kind}). La voir : essaim device show {device}",
            "{near} is linked to {far} ({kind}). To see it: essaim device show {device}",
        ),
        near=near,
        far=far or said,
        kind=kind,
        device=near.partition("/")[0],
    )


def unlink(path: Path, why: Why = "") -> None:
    """Take a link away."""
    from inventory import cabling, devices

    with writing(why) as (session, act):
        interface = devices.find_interface(session, path)
        other = cabling.other_end(cabling.disconnect(session, act, interface), interface)
    screen.say(
        Phrase(
            "{path} n'est plus reliée à {other}. La relier ailleurs : essaim device link {path} switch1/1",
            "{path} is no longer linked to {other}. To link it elsewhere: essaim device link {path} switch1/1",
        ),
        path=path,
        other=other,
    )
