"""What was applied on machines, as a git repository for eyes and for keeping: a copy, written from the changes.

<folder>/<machine>/<artifact>/<text>    the text as it was applied last, secrets as fingerprints

One commit a change, in the order in which they were applied, which bears its number: the next export writes what is
missing and nothing twice, also after one that was killed.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import journal
from foundation.database import Store, reading
from foundation.errors import Refused
from foundation.settings import Settings
from foundation.speech import Language, Phrase
from foundation.vault import vault_of
from inventory import numbers
from inventory.models.devices import Device
from provisioning import changes, effects, targets, texts
from provisioning.models import Change, ChangeState, Purpose
from provisioning.repository import Commit, Repository

AT_A_TIME: Final = 100
"""Changes whose texts are in memory together."""
_NUMBER: Final = "Essaim-Change"
_OWNER: Final = "Essaim-Association"

_PEOPLE: Final = Phrase(
    "Lignes : {lines}\nProposé par {proposed}, approuvé par {approved}.",
    "Lines: {lines}\nProposed by {proposed}, approved by {approved}.",
)
_PUTS_BACK: Final = Phrase("Remet {purpose} : {of}.", "Puts back {purpose}: {of}.")


class NotOurHistory(Refused):
    """A folder that holds something else."""

    kind = "not-our-history"
    phrase = Phrase(
        "{folder} n'est ni vide, ni l'historique de cette association. Rien n'a été écrit ; "
        "choisissez un autre dossier.",
        "{folder} is neither empty nor this association's history. Nothing was written; choose another folder.",
    )


@dataclass(frozen=True, slots=True)
class Exported:
    """How many changes the history holds, and how many of them are new."""

    changes: int
    new: int


def export(store: Store, settings: Settings, folder: Path, language: Language) -> Exported:
    """Write every applied change that the history in `folder` lacks, in the reader's words.

    An export under way is waited for. Raises NotOurHistory, GitMissing, GitFailed, and WrongKey where a text does not
    open.
    """
    with _alone(settings) as held:
        repository = Repository(folder, held)
        with reading(store) as session:
            owner, applied = _association(session), _applied(session)
        _begin(repository, owner)
        known = repository.trailers(_NUMBER)
        missing = [number for number in applied if number not in known]
        for rank in range(0, len(missing), AT_A_TIME):
            with reading(store) as session:
                some = [_commit(session, each, owner, language) for each in missing[rank : rank + AT_A_TIME]]
            repository.append(some)
        if known or missing:
            repository.check_out()
    return Exported(len(known) + len(missing), len(missing))


def _begin(repository: Repository, owner: str) -> None:
    there = repository.is_there()
    ours = repository.trailers(_OWNER) == {owner} if there else repository.is_empty()
    if not ours:
        raise NotOurHistory(folder=repository.folder)
    repository.unlock()
    if not there:
        repository.make()


def _association(session: Session) -> str:
    """What no other association's history bears: the first link of its journal."""
    first = session.scalar(select(journal.Entry.chain).order_by(journal.Entry.id).limit(1))
    return (first or journal.START).hex()[:32]


def _applied(session: Session) -> list[str]:
    """Numbers of the applied changes whose secrets we know to hide, in the order in which they were applied."""
    known = {artifact.name for artifact in targets.artifacts()}
    query = (
        select(Change.number)
        .where(Change.state == ChangeState.APPLIED, Change.artifact.in_(known))
        .order_by(Change.ended_at, Change.number)
    )
    return [numbers.shown("C", number) for number in session.scalars(query)]


def _commit(session: Session, number: str, owner: str, language: Language) -> Commit:
    change = changes.find_change(session, number)
    folder = f"{session.get_one(Device, change.device_id).name}/{change.artifact}"
    return Commit(
        author=change.applied_by or "",
        at=change.ended_at or change.proposed_at,
        message=_message(session, change, folder, owner, language),
        folder=folder,
        files=_shown(session, change),
    )


def _message(session: Session, change: Change, target: str, owner: str, language: Language) -> str:
    """Number, target and effect; what it puts back; why, in everyone's words; who; then what the next export reads."""
    subject = f"{change} {target}: {effects.words(changes.effect_of(change)).say(language)}"
    former = changes.subject_of(session, change)
    purpose = Purpose(change.purpose)
    back = [] if former is None else [_PUTS_BACK.say(language, purpose=purpose, of=str(former))]
    whys = dict.fromkeys(deed.why for deed in reversed(journal.show(session, subject=str(change))) if deed.why)
    people = _PEOPLE.say(
        language,
        lines=effects.some(change.lines.split()),
        proposed=change.proposed_by,
        approved=change.approved_by,
    )
    return "\n\n".join((subject, *back, *whys, people, f"{_NUMBER}: {change}\n{_OWNER}: {owner}\n"))


def _shown(session: Session, change: Change) -> dict[str, str]:
    """The texts that a change brought, fit to be read by anyone."""
    held = dict(changes.desired_of(session, change))
    fingerprint = vault_of(session).fingerprint
    for artifact in targets.artifacts():
        if artifact.name == change.artifact:
            held = {name: texts.redacted(text, artifact.secrets, fingerprint) for name, text in held.items()}
    return held


@contextmanager
def _alone(settings: Settings) -> Iterator[int]:
    """One export at a time. Git holds the lock too: it is free when the last of us has gone, however we go."""
    folder = settings.var / "locks"
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / "history").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()
