"""Reverse names: what an address is called, and whose servers say so. Set by members for what is theirs.

A name belongs to an assignment: when the address goes to someone else, its name has gone before.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.speech import Phrase
from inventory import blocks
from inventory.models.addresses import WIDTH, Assignment, IPAddress, IPNetwork
from inventory.models.lines import Share
from inventory.models.mandates import Task
from inventory.models.names import ReverseDelegation, ReverseName
from inventory.rights import asks

LONGEST: Final = 253
MOST_SERVERS: Final = 4
_LABEL: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")


class BadName(Invalid):
    """A text that is no full host name."""

    kind = "bad-domain-name"
    phrase = Phrase(
        "« {name} » n'est pas un nom complet de machine, comme serveur.association.example. Rien n'a été changé.",
        "“{name}” is not a full host name, such as server.association.example. Nothing was changed.",
    )


class NobodyHolds(NotFound):
    """No living assignment holds that address."""

    kind = "nobody-holds"
    phrase = Phrase(
        "{prefix} n'est attribuée à personne : rien à nommer. Qui a quoi : essaim address list",
        "{prefix} is assigned to nobody: nothing to name. Who has what: essaim address list",
    )


class OutsidePrefix(Invalid):
    """The address is not one of the holder's."""

    kind = "outside-prefix"
    phrase = Phrase(
        "{address} n'est pas dans {prefix}. Rien n'a été changé.",
        "{address} is not in {prefix}. Nothing was changed.",
    )


class Delegated(Refused):
    """The prefix's names are served elsewhere: a name set here would never be seen."""

    kind = "delegated"
    phrase = Phrase(
        "Les noms de {prefix} sont servis par {servers} : celui-ci ne se verrait pas. Rien n'a été changé. "
        "Reprendre les noms ici : essaim address undelegate {prefix}",
        "The names of {prefix} are served by {servers}: this one would not be seen. Nothing was changed. "
        "To have the names here again: essaim address undelegate {prefix}",
    )


class NotWhole(Refused):
    """Only a whole assigned prefix can be delegated."""

    kind = "not-whole"
    phrase = Phrase(
        "Seul un préfixe attribué en entier se délègue, et {prefix} fait partie de {held}. Rien n'a été changé.",
        "Only a wholly assigned prefix can be delegated, and {prefix} is part of {held}. Nothing was changed.",
    )


class BadServers(Invalid):
    """Not the right number of name servers."""

    kind = "bad-servers"
    phrase = Phrase(
        "Il faut de deux à {most} serveurs de noms différents : {given} donnés. Rien n'a été changé.",
        "Between two and {most} different name servers are needed: {given} given. Nothing was changed.",
    )


class ServerInReverseTree(Invalid):
    """A name server whose own name is in the reverse tree: nobody would find its address."""

    kind = "server-in-reverse-tree"
    phrase = Phrase(
        "« {server} » ne peut pas servir de noms : il faut celui d'une machine, comme ns1.association.example. "
        "Rien n'a été changé.",
        "“{server}” cannot serve names: it takes a machine's, such as ns1.association.example. Nothing was changed.",
    )


class NoName(NotFound):
    """There is nothing to take away."""

    kind = "no-reverse-name"
    phrase = Phrase("{prefix} n'a pas de nom ici.", "{prefix} has no name here.")


def holding(session: Session, prefix: IPNetwork) -> Assignment:
    """The living assignment that holds a whole prefix. Raises NobodyHolds."""
    first, family = int(prefix.network_address), prefix.version
    found = session.scalar(
        select(Assignment)
        .where(
            Assignment.family == family,
            Assignment.first.in_(blocks.ancestors(first, WIDTH[family])),
            Assignment.last >= int(prefix.broadcast_address),
            Assignment.until.is_(None),
        )
        .limit(1)
    )
    if found is None:
        raise NobodyHolds(prefix=_shown(prefix))
    return found


@asks(Task.ADDRESSES_WRITE, "held", own=True)
def set_name(session: Session, act: Act, held: Assignment, address: IPAddress, name: str) -> ReverseName:
    """Call an address of `held` by a name from now on; what it was called before stays known.

    Raises BadName, OutsidePrefix, Delegated.
    """
    checked = host_name(name)
    if address not in held.prefix:
        raise OutsidePrefix(address=address, prefix=held.prefix)
    elsewhere = delegation_of(session, held)
    if elsewhere is not None:
        raise Delegated(prefix=held.prefix, servers=elsewhere.servers.split())
    before = _living(session, held, address)
    if before is not None:
        if before.name == checked:
            return before
        before.until = clock.ends_after(before.since, act.at)
        session.flush()
    named = ReverseName(
        assignment_id=held.id, family=held.family, first=int(address), name=checked, since=_after(before, act)
    )
    session.add(named)
    _note(session, act, "name.set", held, address=str(address), name=checked)
    return named


@asks(Task.ADDRESSES_WRITE, "held", own=True)
def clear_name(session: Session, act: Act, held: Assignment, address: IPAddress) -> None:
    """Take an address's name away. Raises NoName."""
    before = _living(session, held, address)
    if before is None:
        raise NoName(prefix=address)
    before.until = clock.ends_after(before.since, act.at)
    _note(session, act, "name.clear", held, address=str(address), name=before.name)


@asks(Task.ADDRESSES_WRITE, "held", own=True)
def delegate(
    session: Session, act: Act, held: Assignment, prefix: IPNetwork, servers: Sequence[str]
) -> ReverseDelegation:
    """Have the names of a whole assigned prefix served by its holder's own servers.

    Raises NotWhole, BadServers, BadName, ServerInReverseTree.
    """
    if prefix != held.prefix:
        raise NotWhole(prefix=prefix, held=held.prefix)
    checked = [host_name(one) for one in servers]
    if not 2 <= len(set(checked)) <= MOST_SERVERS or len(set(checked)) != len(checked):
        raise BadServers(most=MOST_SERVERS, given=len(checked))
    if lost := next((one for one in checked if one.endswith(".arpa")), None):
        raise ServerInReverseTree(server=lost)
    before = delegation_of(session, held)
    if before is not None:
        before.until = clock.ends_after(before.since, act.at)
        session.flush()
    made = ReverseDelegation(assignment_id=held.id, servers=" ".join(checked), since=_after(before, act))
    session.add(made)
    _note(session, act, "name.delegate", held, servers=checked)
    return made


@asks(Task.ADDRESSES_WRITE, "held", own=True)
def undelegate(session: Session, act: Act, held: Assignment) -> None:
    """Serve the prefix's names ourselves again. Raises NoName."""
    before = delegation_of(session, held)
    if before is None:
        raise NoName(prefix=held.prefix)
    before.until = clock.ends_after(before.since, act.at)
    _note(session, act, "name.undelegate", held)


def names_of(session: Session, held: Assignment) -> Sequence[ReverseName]:
    """The names that addresses of a prefix have now, by address."""
    query = select(ReverseName).where(ReverseName.assignment_id == held.id, ReverseName.until.is_(None))
    return session.scalars(query.order_by(ReverseName.first)).all()


def list_names(session: Session, *, family: int = 4, after: int = -1, limit: int = 100) -> Sequence[ReverseName]:
    """Living names of one family by address, a page at a time: those after the address that is the integer `after`."""
    query = (
        select(ReverseName)
        .join(Assignment, Assignment.id == ReverseName.assignment_id)
        .where(ReverseName.until.is_(None), Assignment.until.is_(None), ReverseName.family == family)
        .order_by(ReverseName.first)
        .limit(limit)
    )
    return session.scalars(query.where(ReverseName.first > after) if after >= 0 else query).all()


def list_delegations(session: Session) -> Sequence[ReverseDelegation]:
    """Living delegations, by prefix."""
    query = (
        select(ReverseDelegation)
        .join(Assignment, Assignment.id == ReverseDelegation.assignment_id)
        .where(ReverseDelegation.until.is_(None), Assignment.until.is_(None))
        .order_by(Assignment.family, Assignment.first)
        .options(joinedload(ReverseDelegation.assignment))
    )
    return session.scalars(query).all()


def delegation_of(session: Session, held: Assignment) -> ReverseDelegation | None:
    """The living delegation of an assigned prefix."""
    query = select(ReverseDelegation).where(
        ReverseDelegation.assignment_id == held.id, ReverseDelegation.until.is_(None)
    )
    return session.scalar(query)


def zones_of(prefix: IPNetwork) -> tuple[str, ...]:
    """The zones that delegating a prefix hands over, without their final dot.

    IPv4 on octets, one zone for each /24 or /16 within; below /24 as in RFC 2317, with `-` where it has `/`, which
    some servers refuse: `8-15.2.0` and so on. IPv6 on nibbles (RFC 3596): one zone for each within.
    """
    if isinstance(prefix, IPv6Network):
        nibbles = -(-prefix.prefixlen // 4)
        return tuple(_nibbled(each, nibbles) for each in prefix.subnets(new_prefix=nibbles * 4))
    return _octet_zones(prefix)


def host_name(text: str) -> str:
    """A full host name in one spelling: lower case, no final dot (RFC 1123, 3696). Raises BadName."""
    try:
        plain = text.strip().rstrip(".").encode("idna").decode().lower()
    except UnicodeError as wrong:
        raise BadName(name=text[:LONGEST]) from wrong
    labels = plain.split(".")
    if len(labels) < 2 or len(plain) > LONGEST or labels[-1].isdecimal():
        raise BadName(name=text[:LONGEST])
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise BadName(name=text[:LONGEST])
    return plain


def _octet_zones(prefix: IPv4Network) -> tuple[str, ...]:
    octets = [str(octet) for octet in prefix.network_address.packed]
    if prefix.prefixlen > 24:
        first, last = octets[3], prefix.broadcast_address.packed[3]
        return (
            f"{first if prefix.prefixlen == 32 else f'{first}-{last}'}.{'.'.join(reversed(octets[:3]))}.in-addr.arpa",
        )
    whole = -(-prefix.prefixlen // 8)
    return tuple(
        ".".join(reversed([str(octet) for octet in each.network_address.packed[:whole]])) + ".in-addr.arpa"
        for each in prefix.subnets(new_prefix=whole * 8)
    )


def _nibbled(prefix: IPv6Network, count: int) -> str:
    digits = prefix.network_address.exploded.replace(":", "")[:count]
    return ".".join(reversed(digits)) + ".ip6.arpa"


def _living(session: Session, held: Assignment, address: IPAddress) -> ReverseName | None:
    query = select(ReverseName).where(
        ReverseName.assignment_id == held.id, ReverseName.first == int(address), ReverseName.until.is_(None)
    )
    return session.scalar(query)


def _after(before: ReverseName | ReverseDelegation | None, act: Act) -> datetime:
    return act.at if before is None or before.until is None else max(act.at, before.until)


def _shown(prefix: IPNetwork) -> str:
    return str(prefix.network_address if prefix.prefixlen == prefix.max_prefixlen else prefix)


def _note(session: Session, act: Act, verb: str, held: Assignment, **facts: object) -> None:
    share = session.get(Share, held.share_id, options=[joinedload(Share.member)]) if held.share_id else None
    session.flush()
    journal.record(
        session, act, verb, str(held.prefix), member=str(share.member) if share is not None else None, **facts
    )
