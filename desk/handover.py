"""What someone hands over when they leave: their tasks, machines, tokens and lines, and the keys that they know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy.orm import Session

from foundation import clock, escrow
from foundation.settings import Settings
from foundation.speech import Language, Phrase
from inventory import devices, keys, lines, mandates, members, tokens
from inventory.models.mandates import Mandate, MandateState, Task
from inventory.models.people import Member

_ON_MACHINES: Final = frozenset({Task.KEYS_KEEP, Task.CHANGES_APPLY, Task.DEVICES_WRITE})
"""Tasks whose holders come near the machines' own keys."""

_TITLE: Final = Phrase("{member}, {name} : voici ce qui est à transmettre.", "{member}, {name}: to be handed over.")
_NOTHING: Final = Phrase("{member}, {name} : rien à transmettre.", "{member}, {name}: nothing to hand over.")
_TASKS: Final = Phrase("Tâches :", "Tasks:")
_TASK: Final = Phrase(
    "  {mandate} {task} ({scope}) — la tiennent aussi : {others}",
    "  {mandate} {task} ({scope}) — also held by: {others}",
)
_ALONE: Final = Phrase(
    "  {mandate} {task} ({scope}) — personne d'autre : essaim mandate give MEMBRE {task}",
    "  {mandate} {task} ({scope}) — nobody else: essaim mandate give MEMBER {task}",
)
_WAITING: Final = Phrase(
    "  {mandate} {task} ({scope}) — pas encore : il attend l'appui d'une autre personne",
    "  {mandate} {task} ({scope}) — not yet: it waits for another person to second it",
)
_MACHINES: Final = Phrase("Machines à leur nom : {machines}", "Machines in their name: {machines}")
_LINES: Final = Phrase("Lignes dont la personne a une part : {lines}", "Lines they have a part of: {lines}")
_TOKENS: Final = Phrase("Jetons qui servent encore : {tokens}", "Tokens that still serve: {tokens}")
_KEYS: Final = Phrase("Clés à changer :", "Keys to change:")
_VAULT: Final = Phrase(
    "  la clé du coffre, sous une de leurs phrases : la refaire pour d'autres, essaim key escrow --to 2",
    "  the vault's key, under a passphrase of theirs: seal it for others, essaim key escrow --to 2",
)
_SSH: Final = Phrase(
    "  l'accès SSH aux machines (dossier ssh/) : la personne a pu s'en servir",
    "  SSH access to the machines (folder ssh/): they were able to use it",
)
_SECRET: Final = Phrase("  {secret} : la personne l'a choisi", "  {secret}: they chose it")


@dataclass(frozen=True, slots=True)
class HeldTask:
    """A task to hand over: its mandate, code and scope, who else holds it now; or one that `waits` for a second."""

    mandate: str
    task: str
    scope: str
    others: tuple[str, ...]
    waits: bool

    def sentence(self, language: Language) -> str:
        """One line of the list."""
        phrase = _WAITING if self.waits else _TASK if self.others else _ALONE
        return phrase.say(language, mandate=self.mandate, task=self.task, scope=self.scope, others=self.others)


@dataclass(frozen=True, slots=True)
class Handover:
    """All that someone leaves behind; `escrow` and `ssh` are keys of the association that they know or may know."""

    member: str
    name: str
    tasks: tuple[HeldTask, ...]
    machines: tuple[str, ...]
    lines: tuple[str, ...]
    tokens: tuple[str, ...]
    escrow: bool
    ssh: bool
    secrets: tuple[str, ...]

    def sentences(self, language: Language) -> Iterator[str]:
        """The whole of it, line by line, for a person."""
        facts = (self.tasks, self.machines, self.lines, self.tokens, self.escrow, self.ssh, self.secrets)
        yield (_TITLE if any(facts) else _NOTHING).say(language, member=self.member, name=self.name)
        if self.tasks:
            yield _TASKS.say(language)
        yield from (one.sentence(language) for one in self.tasks)
        for phrase, held in ((_MACHINES, self.machines), (_LINES, self.lines), (_TOKENS, self.tokens)):
            if held:
                yield phrase.say(language, machines=held, lines=held, tokens=held)
        if self.escrow or self.ssh or self.secrets:
            yield _KEYS.say(language)
        yield from (phrase.say(language) for phrase, is_so in ((_VAULT, self.escrow), (_SSH, self.ssh)) if is_so)
        yield from (_SECRET.say(language, secret=secret) for secret in self.secrets)


def handover(session: Session, settings: Settings, number: str, day: date) -> Handover:
    """What this member hands over as of that day. Nothing is changed. Raises BadNumber, NoSuchMember, BadEscrow."""
    member = members.find_member(session, number)
    ever = mandates.list_mandates(session, on=day, member=member, ended=True, limit=1000)
    held = [one for one in ever if one.state_on(day) != MandateState.ENDED]
    return Handover(
        member=str(member),
        name=member.name,
        tasks=tuple(_held(session, member, one, day) for one in held),
        machines=tuple(_machines(session, member, day)),
        lines=tuple(str(line) for line in lines.lines_of(session, member)),
        tokens=tuple(
            f"{one} {one.name}" for one in tokens.list_tokens(session, clock.midnight(day), member=member, limit=1000)
        ),
        escrow=str(member) in escrow.holders(settings.escrow),
        ssh=any(one.task in _ON_MACHINES for one in ever),
        secrets=tuple(keys.secrets_set_by(session, member)),
    )


def _held(session: Session, member: Member, one: Mandate, day: date) -> HeldTask:
    others, waits = _others(session, member, one.task, day), one.state_on(day) == MandateState.WAITING
    return HeldTask(str(one), one.task, one.scope, others, waits)


def _others(session: Session, member: Member, task: str, day: date) -> tuple[str, ...]:
    living = mandates.list_mandates(session, on=day, task=task, limit=1000)
    held = (one.member for one in living if one.state_on(day) == MandateState.HELD)
    return tuple(sorted({str(one) for one in held if one.id != member.id and one.left is None}))


def _machines(session: Session, member: Member, day: date) -> Iterator[str]:
    """Machines that they own, or that name them as whom to call, and that are still here."""
    names = [name for name in (str(member), member.email, member.name) if name]
    for one in devices.list_devices(session):
        if (one.until is None or one.until > day) and (
            one.owner_id == member.id or any(name in one.contact for name in names)
        ):
            yield one.name
