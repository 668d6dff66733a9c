"""Pools of addresses: opened, changed, grown, split, shrunk, closed; prefixes put aside by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field
from sqlalchemy.orm import Session

from api.rest.noun import Body, Noun
from foundation.acts import Act
from inventory import addresses, devices, places, pools, reshaping
from inventory.models.addresses import Pool
from inventory.models.mandates import Task
from inventory.views.addresses import PoolView, pool_view, pool_views

READERS = frozenset({Task.ADDRESSES_WRITE, Task.LINES_WRITE, Task.DEVICES_WRITE})


class NewPool(Body):
    """A prefix of ours with one purpose, handed out in parts of one length."""

    name: str = Field(max_length=32, examples=["vpn-v4"])
    prefix: str = Field(max_length=43, examples=["198.51.100.0/24"])
    handed: int = Field(ge=0, le=128, examples=[32])
    purpose: str = Field("", max_length=100)
    quarantine_days: int = Field(180, ge=0, le=3650)
    automatic: bool = True
    note: str = Field("", max_length=300)
    device: str | None = Field(None, max_length=64)
    site: str | None = Field(None, max_length=64)


class PoolChange(Body):
    """What changes of a pool."""

    name: str = Field("", max_length=32)
    purpose: str = Field("", max_length=100, examples=["VPN"])
    note: str = Field("", max_length=300)
    handed: int = Field(0, ge=0, le=128)
    quarantine_days: int = Field(0, ge=0, le=3650)
    automatic: bool = True
    site: str = Field("", max_length=64)


class Prefix(Body):
    """A prefix: the pool's new whole, or a part of it."""

    prefix: str = Field(max_length=43, examples=["198.51.100.0/23"])


class Reserved(Prefix):
    """A free prefix to put aside, and for what."""

    note: str = Field("", max_length=200)


class Split(Body):
    """The name of the second half."""

    name: str = Field(max_length=32, examples=["vpn-v4-b"])


def listed(
    session: Session,
    *,
    site: str | None = None,
    family: Literal["4", "6"] | None = None,
    after: str = "",
    limit: int = 100,
) -> Sequence[Pool]:
    """Pools by name."""
    where = places.find_site(session, site) if site is not None else None
    wanted = int(family) if family is not None else None
    return pools.list_pools(session, site=where, family=wanted, after=after, limit=limit)


def create(session: Session, act: Act, body: NewPool) -> Pool:
    """Open a pool: all of it free."""
    said = body.given() | {
        "device": devices.find_device(session, body.device) if body.device is not None else None,
        "site": places.find_site(session, body.site) if body.site is not None else None,
    }
    return pools.create_pool(session, act, said.pop("name"), addresses.parse_prefix(said.pop("prefix")), **said)


def change(session: Session, act: Act, pool: Pool, body: PoolChange) -> None:
    """What is given of a pool changes; a quarantine that runs keeps its end."""
    said = body.given()
    if "site" in said:
        said["site"] = places.find_site(session, body.site)
    pools.change_pool(session, act, pool, **said)


def grow(session: Session, act: Act, pool: Pool, body: Prefix) -> None:
    """Let the pool be all of a larger prefix around it."""
    reshaping.grow_pool(session, act, pool, addresses.parse_prefix(body.prefix))


def shrink(session: Session, act: Act, pool: Pool, body: Prefix) -> None:
    """Give back what is around a smaller prefix in it."""
    reshaping.shrink_pool(session, act, pool, addresses.parse_prefix(body.prefix))


def split(session: Session, act: Act, pool: Pool, body: Split) -> None:
    """Cut the pool in halves: the second becomes another pool."""
    reshaping.split_pool(session, act, pool, body.name)


def close(session: Session, act: Act, pool: Pool) -> PoolView:
    """The pool is over: nothing of it may be held."""
    reshaping.close_pool(session, act, pool)
    return pool_view(session, pool)


def reserve(session: Session, act: Act, pool: Pool, body: Reserved) -> None:
    """Put a free prefix aside."""
    addresses.reserve(session, act, pool, addresses.parse_prefix(body.prefix), note=body.note)


def unreserve(session: Session, act: Act, pool: Pool, body: Prefix) -> None:
    """What was put aside is free again."""
    addresses.unreserve(session, act, pool, addresses.parse_prefix(body.prefix))


POOLS = Noun(
    path="pools",
    about="Pools of addresses, by name",
    view=PoolView,
    views=lambda session, _act, rows: pool_views(session, rows),
    find=pools.find_pool,
    named=lambda pool: pool.name,
    listed=listed,
    readers=READERS,
    create=create,
    change=change,
    verbs={
        "grow": grow,
        "shrink": shrink,
        "split": split,
        "close": close,
        "reserve": reserve,
        "unreserve": unreserve,
    },
    example={
        "name": "vpn-v4",
        "prefix": "198.51.100.0/24",
        "purpose": "VPN",
        "note": "",
        "site": None,
        "device": None,
        "handed": 32,
        "automatic": True,
        "quarantine_days": 180,
        "size": 256,
        "free": 200,
        "assigned": 50,
        "quarantined": 4,
        "reserved": 2,
        "closed_at": None,
    },
)
