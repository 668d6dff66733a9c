"""The matcher on five thousand labelled transfers that other hands drew: nothing booked wrongly, most suggested right.

Each is confirmed with what it truly was after it was suggested, as a volunteer would. docs/reference/matching.md lists
what is missed; this file, run as a program, writes that list.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":  # pytest has these in its path
    sys.path[:0] = [str(Path(__file__).parents[3]), str(Path(__file__).parents[2] / "corpus")]

import pytest
from transfers import Corpus, Transfer, corpus

from billing.matching.knowing import Arrived, Known, Owed, Person
from billing.matching.suggesting import Suggestion, suggest
from billing.matching.words import exact_references


@dataclass(frozen=True)
class Answer:
    """What the matcher said of a transfer: the member whose reference books it, else its first suggestion."""

    transfer: Transfer
    booked: int | None
    first: Suggestion | None

    @property
    def right(self) -> bool:
        """Whether it is what was truly meant."""
        if self.booked is not None:
            return self.transfer.truth == ((self.booked, self.transfer.cents),)
        return sorted(self.first.parts if self.first else ()) == sorted(self.transfer.truth)


def known_of(made: Corpus) -> Known:
    """What the association knows at first: its members, and no account but those they told."""
    return Known(
        Person(
            one.number,
            (one.name, one.uses_name) if one.uses_name else (one.name,),
            (one.email,),
            one.kind == "organisation",
            one.former_number,
            one.ibans,
        )
        for one in made.people
    )


def arrived(one: Transfer) -> Arrived:
    return Arrived(one.day, one.cents, one.label, one.payer_name, one.payer_iban or "", end_to_end=one.end_to_end or "")


def answers(made: Corpus) -> Iterator[Answer]:
    """What is said of each transfer, in order of time, each confirmed afterwards."""
    known, day = known_of(made), None
    for transfer in made.transfers:
        if transfer.day != day:
            day = transfer.day
            known.owe(Owed(due.member, due.what, due.cents) for due in made.owed_at(day))
        entry = arrived(transfer)
        named = [number for number in exact_references(entry.texts) if number in known.people]
        if len(named) == 1:
            yield Answer(transfer, named[0], None)
        else:
            yield Answer(transfer, None, next(iter(suggest(entry, known)), None))
        known.learn(entry, transfer.truth, account="" if transfer.truth else "gifts")


@pytest.fixture(scope="module")
def judged() -> list[Answer]:
    return list(answers(corpus(seed=2026, size=5000)))


def test_nothing_is_booked_wrongly(judged: list[Answer]) -> None:
    booked = [one for one in judged if one.booked is not None]
    assert [one for one in booked if not one.right] == []
    assert len(booked) > 1500


def test_nine_in_ten_of_the_rest_are_right_in_the_first_suggestion(judged: list[Answer]) -> None:
    rest = [one for one in judged if one.booked is None]
    right = sum(one.right for one in rest)
    assert right * 100 >= 90 * len(rest), f"{right} of {len(rest)}"


def test_every_suggestion_is_the_whole_of_the_transfer_and_says_why(judged: list[Answer]) -> None:
    for one in judged:
        if one.first is not None and one.first.parts:
            assert sum(cents for _, cents in one.first.parts) == one.transfer.cents
            assert all(cents > 0 for _, cents in one.first.parts)
            assert one.first.reasons


def _spelled(parts: Iterable[tuple[int, int]]) -> str:
    return ", ".join(f"M{number:04d} {cents // 100},{cents % 100:02d}" for number, cents in parts)


def _table(found: list[Answer]) -> Iterator[str]:
    rest = [one for one in found if one.booked is None]
    count, missed = Counter(one.transfer.situation for one in rest), Counter[str]()
    examples: dict[str, Answer] = {}
    for one in rest:
        if not one.right:
            missed[one.transfer.situation] += 1
            examples.setdefault(one.transfer.situation, one)
    for situation, misses in missed.most_common():
        one = examples[situation]
        said = _spelled(one.first.parts) if one.first else ""
        meant = _spelled(one.transfer.truth)
        yield (
            f"| {situation} | {misses} of {count[situation]} | {one.transfer.label or one.transfer.payer_name} "
            f"| {meant or 'no member'} | {said or 'nobody'} |"
        )


if __name__ == "__main__":
    every = list(answers(corpus(seed=int(sys.argv[1]) if len(sys.argv) > 1 else 2026)))
    waits = [one for one in every if one.booked is None]
    sys.stdout.write(f"{len(every) - len(waits)} booked, {sum(one.right for one in waits)} of {len(waits)} right\n")
    sys.stdout.write("\n".join(_table(every)) + "\n")
