"""`essaim pool`: the prefixes that addresses are handed out of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli import screen
from cli.door import Json, Why, Yes, help_of, looking, noun, writing
from foundation.speech import Phrase

if TYPE_CHECKING:
    from inventory.views.addresses import PoolView

commands = noun("Les pools d'adresses", "Pools of addresses")

Name = Annotated[str, typer.Argument(metavar="POOL")]
Prefix = Annotated[str, typer.Argument(metavar="PREFIX")]
AfterName = Annotated[str, typer.Option("--after", help=help_of("après ce nom", "after this name"))]
Limit = Annotated[int, typer.Option(min=1, max=1000, help=help_of("au plus", "at most"))]
Purpose = Annotated[str | None, typer.Option(help=help_of("à quoi il sert", "what it is for"))]
Note = Annotated[str | None, typer.Option(help=help_of("une note", "a note"))]
Handed = Annotated[int | None, typer.Option(help=help_of("longueur des préfixes donnés", "prefix length handed out"))]
Quarantine = Annotated[
    int | None,
    typer.Option(
        "--quarantine", help=help_of("jours avant qu'une adresse resserve", "days before an address is reused")
    ),
]
SiteName = Annotated[str | None, typer.Option("--site", help=help_of("le lieu où il sert", "the site it serves"))]
DeviceName = Annotated[
    str | None, typer.Option("--device", help=help_of("la machine qui le dessert", "the machine that serves it"))
]
ByHand = Annotated[
    bool | None,
    typer.Option(
        "--by-hand/--automatic",
        help=help_of("ne donner que des préfixes choisis un à un", "give only prefixes chosen one by one"),
        show_default=False,
    ),
]
Kept = Annotated[str, typer.Option("--to", metavar="PREFIX", help=help_of("le préfixe qu'il sera", "what it will be"))]

COLUMNS: Final = {
    "name": Phrase("pool", "pool"),
    "prefix": Phrase("préfixe", "prefix"),
    "purpose": Phrase("usage", "purpose"),
    "site": Phrase("lieu", "site"),
    "handed": Phrase("donne des /", "gives /"),
    "free_prefixes": Phrase("libres", "free"),
    "closed_at": Phrase("fermé", "closed"),
}


@commands.command("list", help=help_of("Les pools, par nom", "Pools, by name"))
def list_(
    site: SiteName = None,
    closed: Annotated[bool, typer.Option("--closed", help=help_of("les fermés aussi", "closed ones too"))] = False,
    after: AfterName = "",
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """Pools by name."""
    from inventory import places, pools
    from inventory.views.addresses import pool_views

    with looking() as session:
        where = None if site is None else places.find_site(session, site)
        found = pool_views(session, pools.list_pools(session, site=where, closed=closed, after=after, limit=limit))
    rows = [
        {**{name: getattr(one, name) for name in COLUMNS}, "free_prefixes": _figure(one.free_prefixes)} for one in found
    ]
    screen.listing(
        found if as_json else rows,
        COLUMNS,
        as_json=as_json,
        empty=Phrase(
            "Aucun pool ici. En créer un : essaim pool create vpn-v4 198.51.100.0/24 --handed 32",
            "No pool here. To create one: essaim pool create vpn-v4 198.51.100.0/24 --handed 32",
        ),
        then=Phrase(
            "Pools : {count}. En voir un : essaim pool show {first}",
            "Pools: {count}. To see one: essaim pool show {first}",
        ),
    )
    if not as_json:
        screen.more_names("essaim pool list", [one.name for one in found], limit)


@commands.command(
    help=help_of(
        "Un pool et ce qu'il en reste : essaim pool show vpn-v4",
        "A pool and what is left of it: essaim pool show vpn-v4",
    )
)
def show(name: Name, as_json: Json = False) -> None:
    """One pool."""
    from inventory import pools
    from inventory.views.addresses import pool_view

    with looking() as session:
        seen = pool_view(session, pools.find_pool(session, name))
    if as_json:
        return screen.give(seen)
    return _told(seen)


@commands.command(
    help=help_of(
        "Créer un pool : essaim pool create vpn-v4 198.51.100.0/24 --handed 32",
        "Create a pool: essaim pool create vpn-v4 198.51.100.0/24 --handed 32",
    )
)
def create(
    name: Name,
    prefix: Prefix,
    handed: Handed = None,
    purpose: Purpose = "",
    site: SiteName = None,
    device: DeviceName = None,
    quarantine: Quarantine = 180,
    by_hand: ByHand = False,
    note: Note = "",
    why: Why = "",
    as_json: Json = False,
) -> None:
    """A pool is opened."""
    from inventory import addresses, devices, places, pools
    from inventory.views.addresses import pool_view

    wanted = addresses.parse_prefix(prefix)
    with writing(why) as (session, act):
        made = pools.create_pool(
            session,
            act,
            name,
            wanted,
            handed=(32 if wanted.version == 4 else 56) if handed is None else handed,
            purpose=purpose or "",
            quarantine_days=180 if quarantine is None else quarantine,
            automatic=not by_hand,
            note=note or "",
            device=None if device is None else devices.find_device(session, device),
            site=None if site is None else places.find_site(session, site),
        )
        seen = pool_view(session, made)
    if as_json:
        return screen.give(seen)
    _tell(seen)
    return screen.say(
        Phrase(
            "En donner un préfixe : essaim address allocate --pool {name} --line LIGNE",
            "To give a prefix of it: essaim address allocate --pool {name} --line LINE",
        )
        if seen.automatic
        else Phrase(
            "En donner un préfixe, choisi : essaim address allocate --pool {name} --line LIGNE --exactly {exactly}",
            "To give a prefix of it, chosen: essaim address allocate --pool {name} --line LINE --exactly {exactly}",
        ),
        name=name,
        exactly=f"{wanted.network_address}/{seen.handed}",
    )


@commands.command(
    help=help_of(
        "Changer un pool : essaim pool change vpn-v4 --quarantine 90",
        "Change a pool: essaim pool change vpn-v4 --quarantine 90",
    )
)
def change(
    name: Name,
    rename: Annotated[str | None, typer.Option("--name", help=help_of("un autre nom", "another name"))] = None,
    handed: Handed = None,
    purpose: Purpose = None,
    site: SiteName = None,
    quarantine: Quarantine = None,
    by_hand: ByHand = None,
    note: Note = None,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """A pool's rules change."""
    from inventory import places, pools
    from inventory.views.addresses import pool_view

    with writing(why) as (session, act):
        pool = pools.find_pool(session, name)
        pools.change_pool(
            session,
            act,
            pool,
            name=rename,
            handed=handed,
            purpose=purpose,
            note=note,
            quarantine_days=quarantine,
            automatic=None if by_hand is None else not by_hand,
            site=None if site is None else places.find_site(session, site),
        )
        seen = pool_view(session, pool)
    return screen.give(seen) if as_json else _told(seen)


@commands.command(
    help=help_of(
        "Agrandir un pool : essaim pool grow vpn-v4 --to 198.51.100.0/23",
        "Grow a pool: essaim pool grow vpn-v4 --to 198.51.100.0/23",
    )
)
def grow(name: Name, to: Kept, why: Why = "", yes: Yes = False, as_json: Json = False) -> None:
    """A pool takes in more."""
    from inventory import addresses, pools, reshaping
    from inventory.views.addresses import pool_view

    wanted = addresses.parse_prefix(to)
    with looking() as session:
        before = pools.find_pool(session, name).prefix
    if not screen.confirm(
        Phrase("{name} passe de {before} à {after} ?", "{name} goes from {before} to {after}?"),
        yes=yes,
        name=name,
        before=before,
        after=wanted,
    ):
        raise typer.Abort
    with writing(why) as (session, act):
        pool = pools.find_pool(session, name)
        reshaping.grow_pool(session, act, pool, wanted)
        seen = pool_view(session, pool)
    return screen.give(seen) if as_json else _told(seen)


@commands.command(
    help=help_of(
        "Couper un pool en deux moitiés : essaim pool split vpn-v4 --into vpn-v4-bis",
        "Cut a pool in two halves: essaim pool split vpn-v4 --into vpn-v4-bis",
    )
)
def split(
    name: Name,
    into: Annotated[
        str, typer.Option(metavar="POOL", help=help_of("le nom de la seconde moitié", "the second half's name"))
    ],
    why: Why = "",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """A pool becomes two."""
    from inventory import pools, reshaping
    from inventory.views.addresses import pool_view

    with looking() as session:
        before = pools.find_pool(session, name).prefix
    halves = list(before.subnets()) if before.prefixlen < before.max_prefixlen else [before, before]
    if not screen.confirm(
        Phrase(
            "{name} garde {kept}, {into} prend {other} et ce qui y est attribué ?",
            "{name} keeps {kept}, {into} takes {other} and what is held there?",
        ),
        yes=yes,
        name=name,
        into=into,
        kept=halves[0],
        other=halves[1],
    ):
        raise typer.Abort
    with writing(why) as (session, act):
        pool = pools.find_pool(session, name)
        new = reshaping.split_pool(session, act, pool, into)
        both = [pool_view(session, one) for one in (pool, new)]
    if as_json:
        return screen.give(both)
    for one in both:
        _tell(one)
    return None


@commands.command(
    help=help_of(
        "Rendre tout un pool sauf une partie : essaim pool shrink vpn-v4 --to 198.51.100.0/25",
        "Give back all of a pool but a part: essaim pool shrink vpn-v4 --to 198.51.100.0/25",
    )
)
def shrink(name: Name, to: Kept, why: Why = "", yes: Yes = False, as_json: Json = False) -> None:
    """A pool gives a part of itself back."""
    from inventory import addresses, pools, reshaping
    from inventory.views.addresses import pool_view

    wanted = addresses.parse_prefix(to)
    with looking() as session:
        pool = pools.find_pool(session, name)
        before, seen = pool.prefix, pool_view(session, pool)
        used = seen.taken(reshaping.used_outside(session, pool, wanted))
    if not screen.confirm(
        Phrase(
            "{name} passe de {before} à {after} (/{handed} occupés dans ce qui serait rendu : {used}) ?",
            "{name} goes from {before} to {after} (/{handed} in use in what would be given back: {used})?",
        ),
        yes=yes,
        name=name,
        before=before,
        after=wanted,
        handed=seen.handed,
        used=_figure(used),
    ):
        raise typer.Abort
    with writing(why) as (session, act):
        pool = pools.find_pool(session, name)
        reshaping.shrink_pool(session, act, pool, wanted)
        seen = pool_view(session, pool)
    return screen.give(seen) if as_json else _told(seen)


@commands.command(
    help=help_of(
        "Rendre tout un pool : essaim pool close vpn-vieux", "Give a whole pool back: essaim pool close vpn-old"
    )
)
def close(name: Name, why: Why = "", yes: Yes = False, as_json: Json = False) -> None:
    """A pool ceases."""
    from inventory import pools, reshaping
    from inventory.views.addresses import pool_view

    with looking() as session:
        pool = pools.find_pool(session, name)
        prefix, seen = pool.prefix, pool_view(session, pool)
        used = seen.taken(reshaping.used_outside(session, pool))
    if not screen.confirm(
        Phrase(
            "Fermer {name} et rendre {prefix} (/{handed} occupés : {used}) ?",
            "Close {name} and give {prefix} back (/{handed} in use: {used})?",
        ),
        yes=yes,
        name=name,
        prefix=prefix,
        handed=seen.handed,
        used=_figure(used),
    ):
        raise typer.Abort
    with writing(why) as (session, act):
        pool = pools.find_pool(session, name)
        reshaping.close_pool(session, act, pool)
        seen = pool_view(session, pool)
    if as_json:
        return screen.give(seen)
    return screen.say(
        Phrase(
            "{name} est fermé : {prefix} n'est plus à personne ici. Ce qui y a été attribué reste connu : "
            "essaim address list --ended",
            "{name} is closed: {prefix} is nobody's here now. What was held of it stays known: "
            "essaim address list --ended",
        ),
        name=name,
        prefix=prefix,
    )


def _told(pool: PoolView) -> None:
    """A pool, and who has what of it."""
    _tell(pool)
    screen.say(
        Phrase("Qui y a quoi : essaim address list --pool {name}", "Who has what: essaim address list --pool {name}"),
        name=pool.name,
    )


def _tell(pool: PoolView) -> None:
    """A pool in one sentence, or two."""
    screen.say(
        Phrase(
            "{name} : {prefix}, {how} des /{handed}, quarantaine de {days} jours. "
            "En /{handed} : {free} libres, {assigned} attribués, {quarantined} en quarantaine, {reserved} réservés.",
            "{name}: {prefix}, {how} /{handed}, {days} days of quarantine. "
            "In /{handed}: {free} free, {assigned} assigned, {quarantined} in quarantine, {reserved} reserved.",
        ),
        name=pool.name,
        prefix=pool.prefix,
        how=_AUTOMATIC if pool.automatic else _BY_HAND,
        handed=pool.handed,
        days=pool.quarantine_days,
        free=_figure(pool.free_prefixes),
        assigned=_figure(pool.taken(pool.assigned)),
        quarantined=_figure(pool.taken(pool.quarantined)),
        reserved=_figure(pool.taken(pool.reserved)),
    )
    for fact in (pool.purpose, pool.note):
        if fact:
            screen.line(fact)


def _figure(count: int) -> int | Phrase:
    """A number that a person can read; beyond that it is only very large."""
    return count if count < 2**32 else Phrase("d'innombrables", "countless")


_AUTOMATIC: Final = Phrase("distribue", "hands out")
_BY_HAND: Final = Phrase("à la main, donne", "by hand, gives")
