"""`essaim address`: who has what, and who is given what. Who had it is in cli/asking.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli import screen
from cli.door import Json, Why, help_of, looking, noun, writing
from foundation.speech import Phrase

if TYPE_CHECKING:
    from inventory.views.addresses import AddressView

commands = noun("Les adresses", "Addresses")

Prefix = Annotated[str, typer.Argument(metavar="PREFIX")]
PoolName = Annotated[str, typer.Option("--pool", metavar="POOL", help=help_of("essaim pool list", "essaim pool list"))]
Limit = Annotated[int, typer.Option(min=1, max=1000, help=help_of("au plus", "at most"))]

COLUMNS: Final = {
    "prefix": Phrase("préfixe", "prefix"),
    "role": Phrase("rôle", "role"),
    "pool": Phrase("pool", "pool"),
    "member": Phrase("membre", "member"),
    "line": Phrase("ligne", "line"),
    "interface": Phrase("interface", "interface"),
    "peer": Phrase("en face", "other end"),
    "since": Phrase("depuis", "since"),
    "until": Phrase("jusqu'au", "until"),
}


@commands.command(
    "list",
    help=help_of(
        "Ce qui est attribué : essaim address list --line L0042", "What is held: essaim address list --line L0042"
    ),
)
def list_(
    pool: Annotated[str | None, typer.Option(help=help_of("d'un pool", "of a pool"))] = None,
    line: Annotated[str | None, typer.Option(metavar="L0042", help=help_of("d'une ligne", "of a line"))] = None,
    member: Annotated[str | None, typer.Option(metavar="M0042", help=help_of("d'un membre", "of a member"))] = None,
    device: Annotated[str | None, typer.Option(help=help_of("d'une machine", "of a machine"))] = None,
    role: Annotated[str | None, typer.Option(help="wan | routed | delegated | loopback | link")] = None,
    family: Annotated[int | None, typer.Option(help="4 | 6")] = None,
    ended: Annotated[
        bool, typer.Option("--ended", help=help_of("ce qui l'a été aussi", "what was held before, too"))
    ] = False,
    after: Annotated[
        str | None, typer.Option(metavar="PREFIX", help=help_of("après ce préfixe", "after this prefix"))
    ] = None,
    limit: Limit = 200,
    as_json: Json = False,
) -> None:
    """What is held, in the order of addresses."""
    from inventory import addresses, pools

    with looking() as session:
        found = addresses.rows(
            session,
            pool=None if pool is None else pools.find_pool(session, pool),
            line=line,
            member=member,
            device=device,
            role=None if role is None else addresses.parse_role(role),
            family=family,
            ended=ended,
            after=None if after is None else (addresses.parse_prefix(after), None),
            limit=limit,
        )
    screen.listing(
        found,
        COLUMNS,
        as_json=as_json,
        empty=Phrase(
            "Rien n'est attribué ici. Donner une adresse : essaim address allocate --pool POOL --line LIGNE",
            "Nothing is held here. To give an address: essaim address allocate --pool POOL --line LINE",
        ),
        then=Phrase(
            "Préfixes : {count}. En voir un : essaim address show {first}",
            "Prefixes: {count}. To see one: essaim address show {first}",
        ),
    )
    if not as_json:
        screen.more_names("essaim address list", [row["prefix"] for row in found], limit)


@commands.command(
    help=help_of(
        "À quoi sert une adresse : essaim address show 198.51.100.7",
        "What an address is used for: essaim address show 198.51.100.7",
    )
)
def show(address: Prefix, as_json: Json = False) -> None:
    """What an address or prefix of ours is used for now."""
    from inventory import addresses
    from inventory.models.addresses import BlockState
    from inventory.views.addresses import place_view

    asked = addresses.parse_prefix(address)
    with looking() as session:
        seen = place_view(session, asked)
    if as_json:
        return screen.give(seen)
    if seen.held is not None:
        return _tell(seen.held)
    screen.say(
        Phrase("{prefix} ({pool}) : {state}.", "{prefix} ({pool}): {state}."),
        prefix=seen.prefix,
        pool=seen.pool,
        state=seen.state,
    )
    if seen.note:
        screen.line(seen.note)
    if seen.state == BlockState.QUARANTINED:
        screen.say(Phrase("Jusqu'au {until}.", "Until {until}."), until=seen.until)
    if seen.state == BlockState.FREE:
        screen.say(
            Phrase(
                "Donner {asked} : essaim address allocate --pool {pool} --line LIGNE --exactly {asked}",
                "To give {asked}: essaim address allocate --pool {pool} --line LINE --exactly {asked}",
            ),
            pool=seen.pool,
            asked=asked,
        )
    return None


@commands.command(
    help=help_of(
        "Donner une adresse : essaim address allocate --pool vpn-v4 --line L0042",
        "Give an address: essaim address allocate --pool vpn-v4 --line L0042",
    )
)
def allocate(
    pool: PoolName,
    line: Annotated[str | None, typer.Option(metavar="L0042", help=help_of("à une ligne", "to a line"))] = None,
    member: Annotated[
        str | None, typer.Option(metavar="M0042", help=help_of("à qui, si elle est partagée", "to whom, where shared"))
    ] = None,
    interface: Annotated[
        list[str] | None,
        typer.Option(
            metavar="edge/eth0",
            help=help_of("ou à une interface ; deux fois : la liaison", "or to an interface; twice: the link"),
        ),
    ] = None,
    length: Annotated[int | None, typer.Option(help=help_of("sinon celle du pool", "else the pool's"))] = None,
    exactly: Annotated[
        str | None, typer.Option(metavar="PREFIX", help=help_of("ce préfixe-là", "this very prefix"))
    ] = None,
    role: Annotated[str | None, typer.Option(help="wan | routed | delegated | loopback | link")] = None,
    count: Annotated[int, typer.Option(help=help_of("combien, jusqu'à 1000", "how many, up to 1000"))] = 1,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """A line or an interface of ours is given a prefix."""
    from inventory import addresses, holders, pools
    from inventory.views.addresses import address_view

    with writing(why) as (session, act):
        holder = holders.meant(session, line=line, member=member, interfaces=interface or ())
        given = addresses.give(
            session,
            act,
            pools.find_pool(session, pool),
            holder,
            role=None if role is None else addresses.parse_role(role),
            length=length,
            exactly=None if exactly is None else addresses.parse_prefix(exactly),
            count=count,
        )
        seen = [address_view(session, one) for one in given]
    if as_json:
        return screen.give(seen)
    for one in seen[:10]:
        _tell(one)
    if len(seen) > 10:
        screen.say(Phrase("… en tout {count}, du même pool.", "… {count} in all, of the same pool."), count=len(seen))
    return screen.say(_PLAN)


@commands.command(
    help=help_of(
        "Reprendre une adresse : essaim address release 198.51.100.7",
        "Take an address back: essaim address release 198.51.100.7",
    )
)
def release(prefix: Prefix, why: Why = "", as_json: Json = False) -> None:
    """A prefix is taken back."""
    from inventory import addresses
    from inventory.views.addresses import place_view

    wanted = addresses.parse_prefix(prefix)
    with writing(why) as (session, act):
        addresses.release(session, act, addresses.find_assignment(session, wanted))
        seen = place_view(session, wanted)
    if as_json:
        return screen.give(seen)
    screen.say(
        Phrase("{prefix} est libre.", "{prefix} is free.")
        if seen.until is None
        else Phrase(
            "{prefix} attend en quarantaine jusqu'au {until} ; seul le même membre peut l'avoir d'ici là (--exactly).",
            "{prefix} waits in quarantine until {until}; only the same member may have it until then (--exactly).",
        ),
        prefix=wanted,
        until=seen.until,
    )
    return screen.say(_PLAN)


@commands.command(
    help=help_of(
        "Mettre un préfixe de côté : essaim address reserve 198.51.100.8/29 --note 'pour la mairie'",
        "Put a prefix aside: essaim address reserve 198.51.100.8/29 --note 'for the town hall'",
    )
)
def reserve(
    prefix: Prefix,
    note: Annotated[str, typer.Option(help=help_of("pour quoi", "what for"))] = "",
    why: Why = "",
    as_json: Json = False,
) -> None:
    """A prefix is put aside."""
    from inventory import addresses, pools
    from inventory.views.addresses import place_view

    wanted = addresses.parse_prefix(prefix)
    with writing(why) as (session, act):
        pool = pools.find_pool(session, addresses.block_of(session, wanted)[1])
        addresses.reserve(session, act, pool, wanted, note=note)
        seen = place_view(session, wanted)
    if as_json:
        return screen.give(seen)
    return screen.say(
        Phrase(
            "{prefix} est de côté dans {pool}. Le rendre : essaim address unreserve {prefix}",
            "{prefix} is put aside in {pool}. To free it: essaim address unreserve {prefix}",
        ),
        prefix=wanted,
        pool=seen.pool,
    )


@commands.command(help=help_of("Rendre un préfixe mis de côté", "Free a prefix that was put aside"))
def unreserve(prefix: Prefix, why: Why = "", as_json: Json = False) -> None:
    """A prefix put aside is free again."""
    from inventory import addresses, pools
    from inventory.views.addresses import place_view

    wanted = addresses.parse_prefix(prefix)
    with writing(why) as (session, act):
        pool = pools.find_pool(session, addresses.block_of(session, wanted)[1])
        addresses.unreserve(session, act, pool, wanted)
        seen = place_view(session, wanted)
    if as_json:
        return screen.give(seen)
    return screen.say(
        Phrase(
            "{prefix} est libre de nouveau, dans {pool}. Ce qui y reste : essaim pool show {pool}",
            "{prefix} is free again, in {pool}. What is left there: essaim pool show {pool}",
        ),
        prefix=wanted,
        pool=seen.pool,
    )


_PLAN: Final = Phrase(
    "Les machines n'ont pas encore changé : essaim change plan", "The machines have not changed yet: essaim change plan"
)


def _tell(held: AddressView) -> None:
    """Who has a prefix, in one sentence."""
    screen.say(
        Phrase("{prefix} ({role}) : {holder}, depuis le {since}.", "{prefix} ({role}): {holder}, since {since}."),
        prefix=held.prefix,
        role=held.role,
        holder=f"{held.member}, {held.line}" if held.member else " - ".join(filter(None, (held.interface, held.peer))),
        since=held.since,
    )
