"""Addresses of a file, of today and of long ago, weighed against the ledger: nobody holds what another holds.

What is over is written as it was (`since`, `until` in the past), once it is seen to overlap nothing. A holding
without a `since` begins at the import: that someone has an address now does not prove that they had it before.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import clock
from foundation.speech import LANGUAGES, Phrase
from inventory import numbers
from inventory.blocks import Prefix
from inventory.exchange.access import Access
from inventory.exchange.network import Network
from inventory.exchange.people import People
from inventory.exchange.periods import Held, conflicts
from inventory.exchange.plans import Action, Draft, Step
from inventory.exchange.records import OURS, AddressRecord, Noun
from inventory.models.addresses import Assignment, Block, BlockState, IPNetwork, Role
from inventory.pools import whole

_NO_POOL: Final = Phrase(
    "{prefix} n'est dans aucun pool, ni d'ici ni de ce fichier.", "{prefix} is in no pool, here or in this file."
)
_NO_ROLE: Final = Phrase("« {role} » : choisir parmi {choices}.", "“{role}”: choose among {choices}.")
_NO_INTERFACE: Final = Phrase("pas d'interface {interface}.", "there is no interface {interface}.")
_UNKNOWN: Final = Phrase(
    "pas de {noun} « {name} », ni ici ni dans ce fichier.", "there is no {noun} “{name}”, here or in this file."
)
_NO_PART: Final = Phrase(
    "{who} n'a pas de part de cette ligne à cette date.", "{who} has no part of this line at that time."
)
_ENDED: Final = Phrase("la part de {who} est finie.", "the part of {who} is over.")
_FUTURE: Final = Phrase("ceci est dans l'avenir.", "this lies in the future.")
_HELD: Final = Phrase("{prefix} est à {holder} en ce temps-là.", "{prefix} is held by {holder} at that time.")
_NOT_FREE: Final = Phrase("{prefix} n'est pas libre ({state}).", "{prefix} is not free ({state}).")
_SAME_FILE: Final = Phrase("la ligne {line} de ce fichier", "line {line} of this file")
_OTHER_FILE: Final = Phrase("la ligne {line} de {file}", "line {line} of {file}")
_WHICH_LINE: Final = Phrase(
    "{who} n'a pas de ligne, ou en a plusieurs : laquelle ?", "{who} has no line, or several: which one?"
)
_NOBODYS: Final = Phrase(
    "personne n'a tenu ce préfixe : il n'y a rien à en retenir.", "nobody held this prefix: there is nothing to note."
)
_NO_LINE: Final = Phrase(
    "{who} n'a pas de ligne, ou en a plusieurs : mise de côté", "{who} has no line, or several: put aside"
)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds: a part of a line (its member's, that began on `of`), or an interface. Neither: it is put aside."""

    line: int | None = None
    member: int | None = None
    of: object = None
    interface: tuple[str, str] | None = None
    peer: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class NewHolding:
    """What is to be written in the ledger of a pool."""

    pool: str
    prefix: Prefix
    role: str
    holder: Holder
    since: datetime
    until: datetime | None
    note: str


@dataclass(frozen=True, slots=True)
class Row:
    """An assignment that is here."""

    share: int | None
    interface: int | None


class _No(Exception):
    """Why a holding cannot be."""

    def __init__(self, phrase: Phrase, **facts: object) -> None:
        super().__init__(phrase.en)
        self.phrase, self.facts = phrase, facts


def weigh_addresses(
    session: Session,
    draft: Draft,
    network: Network,
    access: Access,
    people: People,
    records: Sequence[AddressRecord],
) -> None:
    """Say of each address what would become of it."""
    pools = _Pools(network)
    wanted: list[tuple[AddressRecord, NewHolding]] = []
    for record in records:
        if record.line in access.refused:
            continue  # said of the line
        try:
            wanted.append((record, _holding(draft, network, access, people, record, pools.around(record.prefix))))
        except _No as no:
            draft.wrong(record.place, no.phrase, **no.facts)
    here = _ledger(session, network, {work.pool for _, work in wanted})
    _sweep(draft, network, access, wanted, here)


def _holding(
    draft: Draft, network: Network, access: Access, people: People, record: AddressRecord, pool: str | None
) -> NewHolding:
    """What a record wants of the ledger. Raises _No."""
    since, until = record.since or draft.at, record.until
    if pool is None:
        raise _No(_NO_POOL, prefix=record.prefix)
    if since > draft.at or (until is not None and until > draft.at):
        raise _No(_FUTURE)
    holder = Holder()
    if record.device is not None:
        peer = None if record.peer is None else _ends(record.peer)
        holder = Holder(interface=(record.device, record.interface or ""), peer=peer)
        unknown = [end for end in (holder.interface, holder.peer) if end is not None and end not in network.interfaces]
        if unknown and draft.reading.source == OURS:
            raise _No(_NO_INTERFACE, interface="/".join(unknown[0]))
        if unknown:
            holder = Holder()
    elif record.member is not None or record.line is not None:
        holder = _part(draft, access, people, record, since)
    aside = holder == Holder()
    if aside and until is not None:
        raise _No(_NOBODYS)
    foreign = draft.reading.source != OURS
    role = str(BlockState.RESERVED) if aside and foreign else record.role or _usual(record.prefix, holder)
    choices = [str(BlockState.RESERVED)] if aside else [str(one) for one in Role]
    if role not in choices:
        raise _No(_NO_ROLE, role=role, choices=choices)
    return NewHolding(pool, whole(record.prefix), role, holder, draft.at if aside else since, until, record.note or "")


def _part(draft: Draft, access: Access, people: People, record: AddressRecord, since: datetime) -> Holder:
    """The part of a line that a record means; nobody's where a member has no line, or several. Raises _No."""
    line = None if record.line is None else access.which(record.line)
    if record.line is not None and line is None:
        raise _No(_UNKNOWN, noun=Noun.LINE, name=record.line.shown("L"))
    member = None if record.member is None else people.who(record.member)
    if record.member is not None and member is None:
        raise _No(_UNKNOWN, noun=Noun.MEMBER, name=record.member.shown("M"))
    day = clock.today(since)
    if line is None and member is not None:
        line = access.only_line(member)
        if line is None and draft.reading.source == OURS:
            raise _No(_WHICH_LINE, who=people.called(member))
        if line is None:
            draft.reading.remark(record.place, _NO_LINE, who=people.called(member))
            return Holder()
    line = line or 0
    if member is None:
        present = {one.member for one in access.parts[line] if one.since <= day and (not one.until or day < one.until)}
        member = present.pop() if len(present) == 1 else None
    part = None if member is None else access.part(line, member, day)
    if part is None or member is None:
        raise _No(_NO_PART, who=people.called(member) if member else "?")
    if record.until is None and part.until is not None:
        raise _No(_ENDED, who=people.called(member))
    return Holder(line, member, part.since)


def _ends(path: str) -> tuple[str, str]:
    device, _, interface = path.partition("/")
    return device, interface


def _usual(prefix: IPNetwork, holder: Holder) -> str:
    alone = prefix.prefixlen == prefix.max_prefixlen
    if holder == Holder():
        return str(BlockState.RESERVED)
    if holder.interface is not None:
        return str(Role.LOOPBACK if alone else Role.LINK)
    if alone:
        return str(Role.WAN)
    return str(Role.ROUTED if prefix.version == 4 else Role.DELEGATED)


@dataclass(frozen=True, slots=True)
class _Here:
    """What the ledger has of the pools that a file touches."""

    rows: list[Held[Row, datetime]]
    blocks: list[tuple[int, int, int, str]]


def _ledger(session: Session, network: Network, pools: Iterable[str]) -> _Here:
    """Every holding of those pools, with who has it as people read it, and what is neither free nor held."""
    ids = [network.pools[name].id for name in pools if name in network.pools]
    fields = (
        Assignment.family, Assignment.first, Assignment.last, Assignment.since, Assignment.until, Assignment.share_id,
        Assignment.interface_id,
    )  # fmt: skip
    held = []
    for family, first, last, since, until, share, interface in session.execute(
        select(*fields).where(Assignment.pool_id.in_(ids))
    ):
        held.append(Held(family, first, last, since, until, Row(share, interface)))
    aside = select(Block.family, Block.first, Block.last, Block.state).where(
        Block.pool_id.in_(ids), Block.state.in_([BlockState.RESERVED, BlockState.QUARANTINED])
    )
    return _Here(held, [tuple(row) for row in session.execute(aside)])  # type: ignore[misc]


def _sweep(
    draft: Draft,
    network: Network,
    access: Access,
    wanted: list[tuple[AddressRecord, NewHolding]],
    here: _Here,
) -> None:
    """What is there already, what meets another, and what is to be written."""
    owners = _Owners(network, access)
    known = {(one.family, one.first, one.last, one.since): one for one in here.rows}
    living = {(one.family, one.first, one.last): one for one in here.rows if one.until is None}
    reserved = {block[:3] for block in here.blocks if block[3] == BlockState.RESERVED}
    held: list[Held[Any, datetime]] = [*here.rows]
    steps: dict[int, Step] = {}
    taken = set()
    for rank, (record, work) in enumerate(wanted):
        place = (record.prefix.version, work.prefix.first, work.prefix.last)
        same = known.get((*place, work.since)) if record.until is not None else living.get(place)
        mine = same is not None and owners.same(work.holder, same.what) and same.until == work.until
        aside = work.holder == Holder() and place in reserved
        action = Action.NOTHING if mine or aside else Action.CREATE
        shown = f"{record.prefix} {owners.shown(work.holder)}".rstrip()
        steps[rank] = Step(record.place, action, Noun.ADDRESS, shown, work=work if action == Action.CREATE else None)
        if action == Action.CREATE:
            held.append(Held(*place, work.since, work.until, rank))
            taken |= {place} & reserved
    for family, first, last, state in here.blocks:
        if (family, first, last) not in taken:
            held.append(Held(family, first, last, draft.at, None, BlockState(state)))
    for one, other in conflicts(held):
        ranks = sorted((each for each in (one, other) if isinstance(each, int)), key=lambda rank: wanted[rank][0].place)
        if not ranks:
            continue
        met = ranks[0] if len(ranks) == 2 else other if isinstance(one, int) else one
        record = wanted[ranks[-1]][0]
        if isinstance(met, BlockState):
            draft.wrong(record.place, _NOT_FREE, prefix=record.prefix, state=met)
        elif isinstance(met, int):
            there = wanted[met][0].place
            phrase = _SAME_FILE if there.file == record.place.file else _OTHER_FILE
            said = (phrase.say(language, line=there.line, file=there.file) for language in LANGUAGES)
            draft.wrong(record.place, _HELD, prefix=record.prefix, holder=Phrase.said(*said))
        else:
            draft.wrong(record.place, _HELD, prefix=record.prefix, holder=owners.named(met))
    draft.steps += steps.values()


class _Pools:
    """Pools by the addresses they hold."""

    def __init__(self, network: Network) -> None:
        every = [(name, one.prefix) for name, one in network.pools.items()] + network.brought
        self._pools = sorted(
            (one.version, int(one.network_address), int(one.broadcast_address), name) for name, one in every
        )

    def around(self, prefix: IPNetwork) -> str | None:
        """The pool that holds all of a prefix."""
        first, last = int(prefix.network_address), int(prefix.broadcast_address)
        rank = bisect_right(self._pools, (prefix.version, first, 1 << 128, ""))
        if not rank:
            return None
        family, _, end, name = self._pools[rank - 1]
        return name if family == prefix.version and last <= end else None


class _Owners:
    """Who holds, as people read it, and whether two ways of saying it mean the same."""

    def __init__(self, network: Network, access: Access) -> None:
        self._interfaces = {row: path for path, row in network.interfaces.items() if row}
        self._shares = {
            one.row: (line, one.member, one.since)
            for line, parts in access.parts.items()
            for one in parts
            if one.row is not None
        }

    def same(self, holder: Holder, row: object) -> bool:
        """Whether a holder of the file is who holds a row of the ledger."""
        if not isinstance(row, Row):
            return False
        if holder.interface is not None:
            return self._interfaces.get(row.interface or 0) == holder.interface
        return row.share is not None and self._shares.get(row.share) == (holder.line, holder.member, holder.of)

    def named(self, row: object) -> str:
        """Who holds a row of the ledger."""
        if isinstance(row, Row) and row.share in self._shares:
            line, member, _ = self._shares[row.share]
            return f"{numbers.shown('L', line)} {numbers.shown('M', member)}"
        return "/".join(self._interfaces.get(row.interface or 0, ("?",))) if isinstance(row, Row) else "?"

    def shown(self, holder: Holder) -> str:
        """A holder of the file."""
        if holder.interface is not None:
            return "/".join(holder.interface)
        if holder.line is None:
            return ""
        return numbers.shown("L", holder.line) if holder.line > 0 else "L…"
