"""Renumbering: everyone in one pool moves to another, a wave at a time, with old and new in force side by side.

    begin        each assignment of the old pool gets its place in the new one, put aside; nobody notices anything
    next_wave    the next holders are given their new prefix as well; both work; each gets their letter
    finish       where both have been in force long enough, the old prefixes are taken back

What is proposed stays true: the new prefixes are reserved from the beginning.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from foundation import journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.speech import Language, Phrase
from inventory import addresses, numbers, reverse, rights
from inventory.ledger import open_ledger
from inventory.models.addresses import Assignment, BlockState, IPNetwork, Pool, Role
from inventory.models.devices import Interface
from inventory.models.lines import Line, Share
from inventory.models.mandates import Task
from inventory.models.people import Member
from inventory.models.renumbering import Renumbering, RenumberingStep, StepState
from inventory.rights import asks

MOST_IN_A_WAVE: Final = 500


class SamePool(Invalid):
    """A pool cannot be renumbered into itself, nor into another family."""

    kind = "same-pool"
    phrase = Phrase(
        "{old} et {new} doivent être deux pools de la même famille d'adresses. Rien n'a été changé.",
        "{old} and {new} must be two pools of the same address family. Nothing was changed.",
    )


class BadWave(Invalid):
    """A wave of nobody, or of too many at once."""

    kind = "bad-wave"
    phrase = Phrase("Une vague compte de 1 à {most} préfixes.", "A wave is of 1 to {most} prefixes.")


class NothingToRenumber(Refused):
    """The old pool holds nobody."""

    kind = "nothing-to-renumber"
    phrase = Phrase("Personne n'a d'adresse dans {pool}.", "Nobody has an address in {pool}.")


class BeingRenumbered(Refused):
    """The pool is being left already."""

    kind = "being-renumbered"
    phrase = Phrase(
        "{pool} est déjà en cours de renumérotation ({renumbering}). Rien n'a été changé. "
        "La suite : essaim renumbering show {renumbering}",
        "{pool} is being renumbered already ({renumbering}). Nothing was changed. "
        "To go on: essaim renumbering show {renumbering}",
    )


class NoSuchRenumbering(NotFound):
    """No renumbering of that number."""

    kind = "no-such-renumbering"
    phrase = Phrase(
        "Aucune renumérotation {renumbering}. Les trouver : essaim renumbering list",
        "There is no renumbering {renumbering}. To find them: essaim renumbering list",
    )


class NoWave(Refused):
    """There is no wave to begin, or none to finish."""

    kind = "no-wave"
    phrase = Phrase(
        "{renumbering} n'a plus de vague à {what}. Rien n'a été changé.",
        "{renumbering} has no wave left to {what}. Nothing was changed.",
    )


BEGIN: Final = Phrase("commencer", "begin")
FINISH: Final = Phrase("finir", "finish")


@dataclass(frozen=True, slots=True)
class Move:
    """One holder's move: which wave, whose, what they have and what they will have; how it stands."""

    wave: int
    old: str
    new: str
    role: Role
    line: str | None
    member: str | None
    interface: str | None
    state: StepState


@asks(Task.ADDRESSES_WRITE, "old")
def begin(session: Session, act: Act, old: Pool, new: Pool, wave: int) -> Renumbering:
    """Give everyone in `old` their place in `new`, put aside, in waves of `wave` prefixes by order of address.

    Raises SamePool, BadWave, NothingToRenumber, BeingRenumbered, PoolExhausted; NotMandated where `new` is out of
    reach.
    """
    rights.demand(session, act, Task.ADDRESSES_WRITE, new)
    if old.id == new.id or old.family != new.family:
        raise SamePool(old=old.name, new=new.name)
    if not 1 <= wave <= MOST_IN_A_WAVE:
        raise BadWave(most=MOST_IN_A_WAVE)
    # On PostgreSQL two may come at once; SQLite has one writer.
    session.execute(select(Pool.id).where(Pool.id == old.id).with_for_update(key_share=True))
    under_way = session.scalar(
        select(Renumbering).where(Renumbering.from_pool_id == old.id, Renumbering.ended.is_(None))
    )
    if under_way is not None:
        raise BeingRenumbered(pool=old.name, renumbering=str(under_way))
    leaving = _living_in(session, old)
    if not leaving:
        raise NothingToRenumber(pool=old.name)
    made = Renumbering(
        number=numbers.following(session, Renumbering.number),
        from_pool_id=old.id,
        to_pool_id=new.id,
        since=act.at,
    )
    session.add(made)
    session.flush()
    ledger = open_ledger(session, new, act.at)
    for rank, held in enumerate(leaving):
        ((block, place),) = ledger.take(held.length)
        ledger.become(block, place, BlockState.RESERVED, note=f"{made} {held.prefix}")
        session.add(_step(made, rank // wave + 1, held, ledger.named(place)))
    journal.record(session, act, "renumbering.begin", str(made), old=old.name, new=new.name, prefixes=len(leaving))
    session.flush()
    return made


@asks(Task.ADDRESSES_WRITE, "new")
def next_wave(session: Session, act: Act, renumbering: Renumbering, new: Pool) -> list[RenumberingStep]:
    """Begin the next wave: its holders have both prefixes from now on, and the names of the old on the new.

    Who has given theirs back meanwhile is passed over. Raises NoWave.
    """
    _alone(session, renumbering)
    wave = session.scalar(
        select(func.min(RenumberingStep.wave)).where(
            RenumberingStep.renumbering_id == renumbering.id, RenumberingStep.state == StepState.PROPOSED
        )
    )
    if wave is None:
        raise NoWave(renumbering=str(renumbering), what=BEGIN)
    steps = [step for step in _steps(session, renumbering) if step.wave == wave]
    for step in steps:
        addresses.unreserve(session, act, new, step.becomes)
        if step.old.until is not None:
            step.state = StepState.DONE
            continue
        given = addresses.allocate(
            session, act, new, _holder(session, step.old), Role(step.old.role), exactly=step.becomes
        )
        _carry_names(session, act, step.old, given)
        step.new_id, step.state = given.id, StepState.BOTH
    journal.record(session, act, "renumbering.wave", str(renumbering), wave=wave, prefixes=len(steps))
    session.flush()
    return steps


@asks(Task.ADDRESSES_WRITE, "old")
def finish_wave(session: Session, act: Act, renumbering: Renumbering, old: Pool) -> list[RenumberingStep]:
    """Take back the old prefixes of the earliest wave where both are in force; the last wave ends the renumbering.

    Raises NoWave.
    """
    _alone(session, renumbering)
    steps = _steps(session, renumbering)
    wave = min((step.wave for step in steps if step.state == StepState.BOTH), default=None)
    if wave is None:
        raise NoWave(renumbering=str(renumbering), what=FINISH)
    over = [step for step in steps if step.wave == wave and step.state == StepState.BOTH]
    for step in over:
        if step.old.until is None:
            addresses.release(session, act, step.old)
        step.state = StepState.DONE
    if all(step.state == StepState.DONE for step in steps):
        renumbering.ended = act.at
    journal.record(session, act, "renumbering.finish", str(renumbering), wave=wave, pool=old.name)
    session.flush()
    return over


def find_renumbering(session: Session, text: str) -> Renumbering:
    """The renumbering of that number (`R0001`), with its pools. Raises BadNumber, NoSuchRenumbering."""
    number = numbers.parse("R", text)
    found = session.scalar(_with_pools().where(Renumbering.number == number))
    if found is None:
        raise NoSuchRenumbering(renumbering=numbers.shown("R", number))
    return found


def list_renumberings(session: Session) -> Sequence[Renumbering]:
    """All of them with their pools and steps, the latest first."""
    query = _with_pools().options(selectinload(Renumbering.steps)).order_by(Renumbering.number.desc())
    return session.scalars(query).all()


def moves(session: Session, renumbering: Renumbering, only: Container[int] | None = None) -> list[Move]:
    """Every move of a renumbering, by wave and address; those of some steps where given."""
    return [_move(session, step) for step in _steps(session, renumbering) if only is None or step.id in only]


def letter(move: Move, until: date, language: Language) -> str:
    """What a member is told of their move: what changes, what they have to do, and by when."""
    return _LETTER.say(language, old=move.old, new=move.new, line=move.line, until=until)


_LETTER: Final = Phrase(
    "Bonjour,\n\nL'adresse de votre ligne {line} change : {old} devient {new}. "
    "Jusqu'au {until}, les deux fonctionnent.\n\n"
    "Si votre box ou votre routeur prend son adresse tout seul, vous n'avez rien à faire. Si vous avez écrit {old} "
    "quelque part (configuration, nom de domaine, pare-feu), remplacez-la par {new} d'ici là. Les noms inverses "
    "que vous aviez choisis sont déjà repris.\n\nUne question, une difficulté : répondez à ce courrier.\n",
    "Hello,\n\nThe address of your line {line} changes: {old} becomes {new}. Until {until}, both work.\n\n"
    "If your router gets its address by itself there is nothing to do. If you wrote {old} somewhere "
    "(configuration, domain name, firewall), put {new} in its place by then. The reverse names that you had chosen "
    "are carried over already.\n\nA question, a difficulty: answer this letter.\n",
)


def _alone(session: Session, renumbering: Renumbering) -> None:
    """Let nobody else begin or finish a wave until the transaction ends."""
    session.execute(select(Renumbering.id).where(Renumbering.id == renumbering.id).with_for_update(key_share=True))


def _with_pools() -> Select[Renumbering]:
    return select(Renumbering).options(joinedload(Renumbering.from_pool), joinedload(Renumbering.to_pool))


def _living_in(session: Session, pool: Pool) -> Sequence[Assignment]:
    query = select(Assignment).where(Assignment.pool_id == pool.id, Assignment.until.is_(None))
    return session.scalars(query.order_by(Assignment.first)).all()


def _steps(session: Session, renumbering: Renumbering) -> Sequence[RenumberingStep]:
    query = select(RenumberingStep).where(RenumberingStep.renumbering_id == renumbering.id)
    return session.scalars(query.options(joinedload(RenumberingStep.old)).order_by(RenumberingStep.id)).all()


def _step(made: Renumbering, wave: int, held: Assignment, place: IPNetwork) -> RenumberingStep:
    return RenumberingStep(
        renumbering_id=made.id,
        wave=wave,
        state=StepState.PROPOSED,
        old_id=held.id,
        family=held.family,
        first=int(place.network_address),
        length=place.prefixlen,
    )


def _holder(session: Session, old: Assignment) -> Share | Interface:
    if old.share_id is not None:
        return session.get_one(Share, old.share_id)
    return session.get_one(Interface, old.interface_id)


def _carry_names(session: Session, act: Act, old: Assignment, new: Assignment) -> None:
    """Call the new addresses as the old ones in the same place were called."""
    shift = new.first - old.first
    for named in reverse.names_of(session, old):
        reverse.set_name(session, act, new, type(named.address)(named.first + shift), named.name)
    servers = reverse.delegation_of(session, old)
    if servers is not None:
        reverse.delegate(session, act, new, new.prefix, servers.servers.split())


def _move(session: Session, step: RenumberingStep) -> Move:
    line = member = interface = None
    if step.old.share_id is not None:
        share = session.execute(
            select(Line.number, Member.number)
            .join(Share, Share.line_id == Line.id)
            .join(Member, Member.id == Share.member_id)
            .where(Share.id == step.old.share_id)
        ).one()
        line, member = numbers.shown("L", share[0]), numbers.shown("M", share[1])
    else:
        held = session.get_one(Interface, step.old.interface_id, options=[joinedload(Interface.device)])
        interface = f"{held.device.name}/{held.name}"
    return Move(
        wave=step.wave,
        old=str(step.old.prefix),
        new=str(step.becomes),
        role=Role(step.old.role),
        line=line,
        member=member,
        interface=interface,
        state=StepState(step.state),
    )
