"""An import done: what its plan says, in one transaction, one deed in the journal for each thing and one for all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeAlias, TypeVar

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from foundation import journal
from foundation.acts import Act
from foundation.errors import Invalid, Refused
from foundation.speech import Phrase
from inventory import devices, members, numbers, offers, places, pools, rights, wholesalers
from inventory.device_facts import Facts
from inventory.exchange import announcing, belonging, buying, electricity, joining, lending, standing, wiring
from inventory.exchange.access import ChangedLine, NewCredential, NewLine, NewShare
from inventory.exchange.doing import Doing, refusing
from inventory.exchange.history import NewHolding
from inventory.exchange.network import FACTS, ChangedThing, NewDevice, NewInterfaces
from inventory.exchange.people import ChangedMember, Known, NewMember, NewSpell
from inventory.exchange.plans import Plan, Step
from inventory.exchange.records import Noun, OfferRecord, PrefixRecord, SiteRecord
from inventory.models.exchange import ForeignId
from inventory.offers import Offering

T = TypeVar("T")
Verbs: TypeAlias = tuple[tuple[type, Callable[[Doing, Any], None]], ...]
_USUAL: Final = {4: 32, 6: 56}
"""The prefix lengths that a pool hands out where nothing says so."""


class NothingImported(Invalid):
    """Something stands in the way of an import."""

    kind = "nothing-imported"
    phrase = Phrase(
        "Rien n'a été importé : {count} problème(s). {first}", "Nothing was imported: {count} problem(s). {first}"
    )


class PlanChanged(Refused):
    """The inventory is no longer what the plan that was shown was made against."""

    kind = "import-plan-changed"
    phrase = Phrase(
        "L'inventaire a changé depuis l'aperçu. Rien n'a été importé ; recommencez pour voir ce qui est nouveau.",
        "The inventory changed since the preview. Nothing was imported; begin again to see what is new.",
    )


def apply(session: Session, act: Act, plan: Plan) -> None:
    """Do all of a plan, which must be of this transaction. Who does needs every task that it takes.

    Raises NothingImported where it has problems, RowRefused where a verb refuses a line, NotMandated, WhoAreYou.
    """
    if plan.problems:
        first = plan.problems[0]
        said = Phrase.said(first.sentence("fr"), first.sentence("en"))
        raise NothingImported(count=len(plan.problems), first=said)
    for task in plan.tasks:
        rights.demand(session, act, task)
    work = defaultdict(list)
    for step in plan.steps:
        if step.work is not None:
            work[type(step.work)].append(step)
    doing = Doing(session, act)
    _people(doing, work)
    _network(doing, work)
    _lines(doing, work)
    _in_turn(doing, work, _AFTERWARDS)
    _keys(doing, plan.source, work)
    if plan.doing:
        counted = {
            str(noun): {str(action): count for action, count in actions.items() if count}
            for noun, actions in plan.summary.items()
        }
        files = sorted({step.place.file for step in plan.steps})
        journal.record(session, act, "import", plan.source, files=files, did=counted)
    session.flush()


def _people(doing: Doing, work: dict[type, list[Step]]) -> None:
    _in_turn(doing, work, _FIRST)
    joining.add_members(doing, _of(work, NewMember))
    joining.change_members(doing, _of(work, ChangedMember))
    joining.add_spells(doing, _of(work, NewSpell))


def _network(doing: Doing, work: dict[type, list[Step]]) -> None:
    session, act = doing.session, doing.act
    _in_turn(doing, work, _NETWORK)
    for step in work[ChangedThing]:
        refusing(step, partial(_change, session, act, step.noun))


def _in_turn(doing: Doing, work: dict[type, list[Step]], verbs: Verbs) -> None:
    for kind, verb in verbs:
        for step in work[kind]:
            refusing(step, partial(verb, doing))


def _lines(doing: Doing, work: dict[type, list[Step]]) -> None:
    wiring.add_lines(doing, _of(work, NewLine))
    for step in work[ChangedLine]:
        refusing(step, partial(wiring.change_line, doing))
    wiring.write_details(doing, work[NewLine])
    wiring.add_shares(doing, _of(work, NewShare))
    wiring.add_credentials(doing, _of(work, NewCredential))
    wiring.hold(doing, work[NewHolding])


def _add_site(doing: Doing, record: SiteRecord) -> None:
    places.add_site(doing.session, doing.act, record.name, record.description or "", address=record.address or "")


def _add_device(doing: Doing, new: NewDevice) -> None:
    session, act, record = doing.session, doing.act, new.record
    number = None if new.owner is None else doing.members[new.owner][1]
    device = devices.add_device(
        session,
        act,
        record.name,
        role=record.role or "other",
        platform=record.platform or "",
        site=places.find_site(session, record.site or ""),
        owner=None if number is None else members.find_member(session, numbers.shown("M", number)),
        facts=Facts(**{name: value for name in FACTS[2:] if (value := getattr(record, name)) is not None}),
        since=record.since,
    )
    _add_interfaces(doing, NewInterfaces(record.name, record.interfaces))
    device.until = record.until


def _add_interfaces(doing: Doing, new: NewInterfaces) -> None:
    found = devices.find_device(doing.session, new.device)
    for name in new.names:
        devices.add_interface(doing.session, doing.act, found, name)


def _add_pool(doing: Doing, record: PrefixRecord) -> None:
    session, act = doing.session, doing.act
    pools.create_pool(
        session,
        act,
        record.name,
        record.prefix,
        handed=record.handed or max(_USUAL[record.prefix.version], record.prefix.prefixlen),
        purpose=record.purpose or "",
        quarantine_days=180 if record.quarantine_days is None else record.quarantine_days,
        automatic=record.automatic is not False,
        note=record.note or "",
        device=None if record.device is None else devices.find_device(session, record.device),
        site=None if record.site is None else places.find_site(session, record.site),
    )


def _add_offer(doing: Doing, record: OfferRecord) -> None:
    session, act = doing.session, doing.act
    offer = offers.add_offer(
        session,
        act,
        record.name,
        record.title or record.name,
        record.technology or "",
        record.delivery,
        mtu=record.mtu,
        device=None if record.device is None else devices.find_device(session, record.device),
        pool_v4=None if record.pool_v4 is None else pools.find_pool(session, record.pool_v4),
        pool_v6=None if record.pool_v6 is None else pools.find_pool(session, record.pool_v6),
        realm=record.realm,
        wholesaler=None if record.wholesaler is None else wholesalers.find_wholesaler(session, record.wholesaler),
    )
    offer.retired = record.retired


def _change(session: Session, act: Act, noun: Noun, one: ChangedThing) -> None:
    values = dict(one.values)
    match noun:
        case Noun.SITE:
            places.change_site(session, act, places.find_site(session, one.name), **values)
        case Noun.DEVICE:
            devices.change_device(session, act, devices.find_device(session, one.name), Facts(**values))
        case Noun.POOL:
            pools.change_pool(session, act, pools.find_pool(session, one.name), **values)
        case _:
            offers.change_offer(session, act, offers.find_offer(session, one.name), Offering(**values))


def _keys(doing: Doing, source: str, work: dict[type, list[Step]]) -> None:
    """Remember by which key the file knows what is here now."""
    rows = [(Noun.MEMBER, one.key, "M", doing.members[one.handle][1]) for one in _of(work, NewMember)]
    rows += [(Noun.MEMBER, one.key, "M", one.number) for one in _of(work, Known)]
    rows += [(Noun.LINE, one.key, "L", doing.lines[one.handle][1]) for one in _of(work, NewLine)]
    there = set(doing.session.execute(select(ForeignId.kind, ForeignId.key).where(ForeignId.source == source)))
    new = [
        {"source": source, "kind": str(kind), "key": key, "subject": numbers.shown(letter, number)}
        for kind, key, letter, number in rows
        if key is not None and (str(kind), key) not in there
    ]
    if new:
        doing.session.execute(insert(ForeignId), new)


_FIRST: Final[Verbs] = ((belonging.KindRecord, belonging.add_kind), (belonging.ChangedKind, belonging.change_kind))
_NETWORK: Final[Verbs] = (
    (belonging.NewReferent, belonging.add_referent),
    (SiteRecord, _add_site),
    (standing.RoomRecord, standing.add_room),
    (standing.RackRecord, standing.add_rack),
    (standing.ChangedRack, standing.change_rack),
    (NewDevice, _add_device),
    (NewInterfaces, _add_interfaces),
    (standing.NewPlacement, standing.add_placement),
    (electricity.FeedRecord, electricity.add_feed),
    (electricity.ChangedFeed, electricity.change_feed),
    (electricity.OutletRecord, electricity.add_outlet),
    (electricity.NewPlug, electricity.add_plug),
    (PrefixRecord, _add_pool),
    (buying.WholesalerRecord, buying.add_wholesaler),
    (buying.ChangedWholesaler, buying.change_wholesaler),
    (OfferRecord, _add_offer),
)
_AFTERWARDS: Final[Verbs] = (
    (buying.OrderRecord, buying.add_order),
    (buying.NewChange, buying.add_change),
    (buying.OrderEventRecord, buying.add_event),
    (lending.EquipmentRecord, lending.add_equipment),
    (lending.NewLoan, lending.add_loan),
    (announcing.WorksRecord, announcing.add_works),
    (announcing.WorksNoteRecord, announcing.add_note),
)
"""What an import does to one thing after another, each kind once all that it needs is there."""


def _of(work: dict[type, list[Step]], kind: type[T]) -> list[T]:
    return [step.work for step in work[kind]]  # type: ignore[misc]
