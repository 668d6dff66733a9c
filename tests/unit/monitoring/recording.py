"""A recorded device (.snmprec: name|tag|value, types by their BER tags, RFC 3416) that answers, without a socket."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime
from pathlib import Path

from monitoring.snmp.answers import Value, arcs, below
from monitoring.snmp.conversation import Bulk, Conversation, Get, Greet, Known, Question, Reply
from monitoring.snmp.modules import MODULES

AT = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
NUMBERS = {"2", "65", "66", "67", "70"}


def read(path: Path) -> list[tuple[tuple[int, ...], str, Value]]:
    """The objects of a recording, in the order of a MIB. What has no value of SNMP is left out."""
    found: dict[tuple[int, ...], tuple[str, Value]] = {}
    for row in path.read_bytes().splitlines():
        name, _, rest = row.decode("latin-1").partition("|")
        tag, _, text = rest.partition("|")
        value = plain(tag, text)
        if value is not None:
            found[arcs(name)] = (name, value)
    return [(key, *found[key]) for key in sorted(found)]


def plain(tag: str, text: str) -> Value | None:
    """A value as the fast path has it."""
    if tag.endswith(":numeric"):  # what the simulator varies: where it begins
        told = dict(part.split("=") for part in text.split(","))
        return int(told.get("initial") or told.get("min") or 0)
    if tag in NUMBERS:
        return int(text)
    if tag in ("4", "4x"):
        return bytes.fromhex(text) if tag == "4x" else text.encode("latin-1")
    if tag == "6":
        return text
    if tag in ("64", "64x"):
        return ".".join(map(str, bytes.fromhex(text))) if tag == "64x" else text
    return None


class Recorded:
    """A device that says what it said once. `asked` are the questions so far."""

    def __init__(self, path: Path) -> None:
        objects = read(path)
        self.keys = [key for key, _, _ in objects]
        self.objects = [(name, value) for _, name, value in objects]
        self.values = dict(self.objects)
        self.asked: list[Question] = []
        self._where: dict[Bulk, int] = {}

    def reply(self, question: Question) -> Reply:
        """What the device says to a question."""
        self.asked.append(question)
        if isinstance(question, Greet):
            return Reply()
        if isinstance(question, Get):
            return Reply(tuple((name, self.values[name]) for name in question.names if name in self.values))
        bulk = question if isinstance(question, Bulk) else question.walk
        first = self._where.get(bulk, bisect_right(self.keys, arcs(bulk.root)))
        some = self.objects[first : first + (bulk.repetitions if question is bulk else 1)]
        inside = [one for one in some if below(one[0], bulk.root)]
        self._where[bulk] = first + len(inside)
        return Reply(tuple(inside), ended=len(inside) < len(some), octets=80 + 30 * len(some))

    def round(self, known: Known | None = None, at: datetime = AT) -> Conversation:
        """A whole round with it. Raises what the conversation raises."""
        conversation = Conversation("web1", "192.0.2.1", known or Known(), MODULES, at)
        talk = conversation.talk(greet=False)
        question = next(talk)
        try:
            while True:
                question = talk.send(self.reply(question))
        except StopIteration:
            return conversation
