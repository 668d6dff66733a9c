"""`essaim ospf`: the key by which our routers know each other inside."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from cli import screen
from cli.door import Json, Why, Yes, help_of, looking, noun, store, writing
from foundation.speech import Phrase

commands = noun("La clé entre nos routeurs (OSPF)", "The key between our routers (OSPF)")

_WIRED: Final = {
    "frr": Phrase(
        "IPv4 en MD5 (FRR 8.4 n'a pas mieux, RFC 2328) ; IPv6 en HMAC-SHA-256 (RFC 7166), avec d'autres FRR seulement",
        "IPv4 by MD5 (FRR 8.4 has no better, RFC 2328); IPv6 by HMAC-SHA-256 (RFC 7166), with other FRR alone",
    ),
    "debian-bird": Phrase(
        "HMAC-SHA-256 (RFC 5709 et 7166) ; là où il y a un FRR, MD5 en IPv4 et pas de clé en IPv6",
        "HMAC-SHA-256 (RFC 5709 and 7166); where there is an FRR, MD5 over IPv4 and no key over IPv6",
    ),
    "ios": Phrase("d'après sa documentation, jamais essayé", "by its documents, never tried"),
    "routeros": Phrase(
        "d'après sa documentation, jamais essayé ; une seule clé à la fois : en changer le coupe des autres un moment",
        "by its documents, never tried; one key at a time: another parts it from the others for a moment",
    ),
}
_UNSIGNED: Final = Phrase(
    "IPv6 va sans clé : FRR ne croit que FRR, et il y a ici des routeurs d'une autre marque. Qui peut émettre sur un "
    "réseau où deux des nôtres se rencontrent peut leur parler.",
    "IPv6 goes without a key: FRR believes FRR alone, and there are routers of another make here. Whoever can send on "
    "a network where two of ours meet can speak to them.",
)
_STEPS: Final = {
    "first": Phrase(
        "Une clé est tirée. L'apporter à tous les routeurs d'un coup, les voisinages tombent le temps que chacun "
        "l'ait : essaim change plan",
        "A key is drawn. Bring it to all routers at once, adjacencies fall until each has it: essaim change plan",
    ),
    "waiting": Phrase(
        "Une seconde clé est tirée ; chaque routeur va la croire, aucun ne l'emploie encore. L'apporter à tous "
        "(essaim change plan), puis : essaim ospf rotate",
        "A second key is drawn; each router will believe it, none uses it yet. Bring it to all (essaim change plan), "
        "then: essaim ospf rotate",
    ),
    "sent": Phrase(
        "La nouvelle clé sera employée, l'ancienne crue encore. L'apporter à tous (essaim change plan), puis : "
        "essaim ospf rotate",
        "The new key will be used, the former one believed still. Bring it to all (essaim change plan), then: "
        "essaim ospf rotate",
    ),
    "gone": Phrase(
        "L'ancienne clé s'en va. Les routeurs l'oublieront : essaim change plan",
        "The former key goes. Routers will forget it: essaim change plan",
    ),
}


@commands.command(help=help_of("Où elle en est, et qui sait s'en servir", "Where it stands, and who can use it"))
def show(as_json: Json = False) -> None:
    """The keys in force, never their text, and how each router signs."""
    from inventory import ospf_keys
    from inventory.models.routing import KeyState
    from provisioning.artifacts import inside

    with looking() as session:
        keys = [
            {"number": one.number, "state": one.state, "means": KeyState(one.state).phrase, "since": one.since}
            for one in ospf_keys.list_keys(session)
        ]
        routers = [
            {"router": one.name, "platform": one.platform, "signs": _WIRED.get(one.platform, Phrase("", ""))}
            for one in inside.speakers(session)
        ]
        signed = inside.signed(session)
    if as_json:
        return screen.give({"keys": keys, "routers": routers, "families": list(signed)})
    screen.listing(
        keys,
        {
            "number": Phrase("clé", "key"),
            "means": Phrase("état", "state"),
            "since": Phrase("depuis", "since"),
        },
        as_json=False,
        empty=Phrase(
            "Pas de clé : nos routeurs croient qui leur parle. En tirer une : essaim ospf rotate",
            "No key: our routers believe whoever speaks to them. To draw one: essaim ospf rotate",
        ),
        then=Phrase("L'étape suivante : essaim ospf rotate", "The next step: essaim ospf rotate"),
    )
    for one in routers:
        screen.say(Phrase("{router} : {signs}.", "{router}: {signs}."), router=one["router"], signs=one["signs"])
    if keys and signed == (4,):
        screen.say(_UNSIGNED)
    return None


@commands.command(help=help_of("Avancer d'une étape : essaim ospf rotate", "Go one step further: essaim ospf rotate"))
def rotate(
    anyway: Annotated[
        bool,
        typer.Option("--anyway", help=help_of("sans attendre les routeurs en retard", "without waiting for routers")),
    ] = False,
    why: Why = "",
) -> None:
    """Draw a key, have it used, let the former one go: each step is brought to all routers before the next."""
    from desk import ospf
    from inventory import ospf_keys

    with looking() as session:
        first = not ospf_keys.list_keys(session)
    if not first and not anyway:
        ospf.check_ready(store())
    with writing(why) as (session, act):
        came = ospf_keys.rotate(session, act)
    screen.say(_STEPS["first" if first else "gone" if came is None else str(came)])


@commands.command(help=help_of("Ne plus avoir de clé : essaim ospf stop", "Have no key any more: essaim ospf stop"))
def stop(yes: Yes = False, why: Why = "") -> None:
    """Routers believe whoever speaks to them, as before there was a key."""
    from inventory import ospf_keys

    asked = Phrase(
        "Les routeurs croiront qui leur parle, et les voisinages tombent le temps que chacun le sache. L'oublier ?",
        "Routers will believe whoever speaks to them, and adjacencies fall until each knows. Forget the key?",
    )
    if not screen.confirm(asked, yes=yes):
        return
    with writing(why) as (session, act):
        ospf_keys.stop(session, act)
    screen.say(
        Phrase(
            "La clé est oubliée. L'ôter des routeurs : essaim change plan",
            "The key is forgotten. To take it from the routers: essaim change plan",
        )
    )
