"""How the embedded store numbers machines, and the lists of series that each of them tells of."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from sys import intern
from typing import TypeAlias

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from monitoring.series_tables import Layout, Machine

Known: TypeAlias = tuple[str, str, str]
"""A series of a machine: metric, instance, unit."""


@dataclass(frozen=True)
class Listed:
    """The series that a machine tells of at once, in its order."""

    id: int
    names: list[Known]

    @cached_property
    def ranks(self) -> dict[tuple[str, str], int]:
        """Where each series stands."""
        return {(metric, instance): rank for rank, (metric, instance, _) in enumerate(self.names)}


class Names:
    """Numbers of machines and of their lists, read once. They never change, but the transaction that gave one may be
    undone: `forget` then.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Read everything again."""
        self._machines: dict[str, int] = {}
        self._lists: dict[int, Listed] = {}
        self._of: dict[int, list[Listed]] = {}

    def machine(self, session: Session, name: str) -> int:
        """The number of a machine; 0, which is nobody's, where it never said anything."""
        if name not in self._machines:
            number = session.scalar(select(Machine.id).where(Machine.name == name))
            if number is None:
                return 0
            self._machines[name] = number
        return self._machines[name]

    def machines(self, session: Session, names: set[str]) -> dict[str, int]:
        """The numbers of these machines, new ones among them; their lists are read."""
        if not names <= self._machines.keys():
            self._machines = _numbered(session)
            new = sorted(names - self._machines.keys())
            if new:
                session.execute(insert(Machine), [{"name": name} for name in new])
                self._machines = _numbered(session)
        self._read_lists(session, [self._machines[name] for name in names])
        return self._machines

    def listed(self, session: Session, number: int) -> Listed:
        """A list by its number."""
        if number not in self._lists:
            text = session.scalars(select(Layout.names).where(Layout.id == number)).one()
            self._lists[number] = Listed(number, _opened(text))
        return self._lists[number]

    def latest(self, machine: int) -> Listed | None:
        """The list that the machine used last."""
        known = self._of.get(machine)
        return known[-1] if known else None

    def list_of(self, session: Session, machine: int, names: Sequence[Known]) -> Listed:
        """The list of these names, which the machine may have used before; it is the latest from now on."""
        self._read_lists(session, [machine])
        known, wanted = self._of[machine], list(names)
        found = next((each for each in reversed(known) if each.names == wanted), None)
        if found is None:
            text = zlib.compress(json.dumps(wanted, ensure_ascii=False).encode())
            number = session.scalars(
                insert(Layout).returning(Layout.id), [{"machine_id": machine, "names": text}]
            ).one()
            found = self._lists[number] = Listed(number, wanted)
        else:
            known.remove(found)
        known.append(found)
        return found

    def _read_lists(self, session: Session, machines: Iterable[int]) -> None:
        unread = [machine for machine in machines if machine not in self._of]
        if not unread:
            return
        self._of |= {machine: [] for machine in unread}
        rows = session.execute(
            select(Layout.machine_id, Layout.id, Layout.names).where(Layout.machine_id.in_(unread)).order_by(Layout.id)
        )
        for machine, number, text in rows:
            self._lists[number] = Listed(number, _opened(text))
            self._of[machine].append(self._lists[number])


def _numbered(session: Session) -> dict[str, int]:
    return {row.name: row.id for row in session.execute(select(Machine.name, Machine.id))}


@lru_cache(maxsize=4096)
def _opened(text: bytes) -> list[Known]:
    """The names of a list: machines of a kind have the same, and each round asks for all of them again."""
    return [
        (intern(metric), intern(instance), intern(unit)) for metric, instance, unit in json.loads(zlib.decompress(text))
    ]
