"""What the REST door needs to know of a noun. Its routes are made from this description alone (`routes.py`).

A file a noun: the bodies that may be sent, small functions that call the room's verbs with them, and a `Noun` that
names them all. `members.py` is the one to copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, model_validator
from sqlalchemy.orm import Session

from foundation.acts import Act
from foundation.database import Store
from foundation.errors import NotFound
from foundation.settings import Settings
from foundation.speech import Phrase
from inventory.models.mandates import Task

R = TypeVar("R")
V = TypeVar("V")

MOST_AT_ONCE: Final = 1000
"""The most that one request may ask for: rows of a page, addresses of an allocation."""


class Absent(NotFound):
    """Nothing of that name, or nothing that this person may know of: the two are said alike."""

    kind = "absent"
    phrase = Phrase("Rien ici ne s'appelle {name}.", "Nothing here is called {name}.")


def paged(rows: Iterable[R], name: Callable[[R], str], after: str, limit: int) -> list[R]:
    """A page of a list that is always short, in the order of its names."""
    return sorted((row for row in rows if name(row) > after), key=name)[:limit]


class Body(BaseModel):
    """What is sent. Unknown fields are refused: a misspelled one would be lost without a word."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_max_length=2000)

    @model_validator(mode="before")
    @classmethod
    def _writable(cls, sent: object) -> object:
        """Refuse what no database can hold: characters that move a cursor, numbers beyond 64 bits."""
        values = sent.values() if isinstance(sent, dict) else ()
        for value in (one for each in values for one in (each if isinstance(each, list) else [each])):
            if isinstance(value, str) and any(ord(sign) < 32 and sign not in "\n\t" for sign in value):
                raise ValueError("control characters")
            if isinstance(value, int) and not -(2**63) <= value < 2**63:
                raise ValueError("too large a number")
        return sent

    def given(self) -> dict[str, Any]:
        """The fields that were sent, and no other: what a change changes."""
        return {name: getattr(self, name) for name in self.model_fields_set}


@dataclass(frozen=True, kw_only=True)
class Noun(Generic[R, V]):
    """One noun of the association, at the REST door.

    The keyword parameters of `listed` are the filters of the list, those of them named `at`, `after` and `limit`
    excepted; the annotation of a verb's `body` is what may be sent to it. A verb without a result answers with the
    noun as it then is. Nothing is deleted: what ends has a verb that ends it.
    """

    path: str
    """In the plural, as in the address: `members`."""
    about: str
    """One line for whoever reads the OpenAPI document."""
    view: type[V]
    """The shape of the noun, the same at every door; its first field is its public name."""
    views: Callable[[Session, Act, Sequence[R]], Sequence[V]]
    """Rows as they are seen at the instant of the act."""
    find: Callable[[Session, str], R]
    """The row of a public name. Raises NotFound."""
    listed: Callable[..., Sequence[R]]
    """Rows in the order of their names, from the one after `after`, at most `limit`."""
    readers: frozenset[Task] | None
    """Tasks of which any lets one read all of them; None: every member may. What is one's own one may always read."""
    example: Mapping[str, object]
    """A row, for the document."""
    named: Callable[[R], str] = str
    """The public name of a row."""
    place: Callable[[V], str] | None = None
    """What `after` names a row by, where its public name does not suffice."""
    own_views: Callable[[Session, Act, Sequence[R]], Sequence[V]] | None = None
    """Rows as someone sees them who may see only their own part of them; None: as everybody else."""
    create: Callable[..., R] | None = None
    """`(session, act, body)`: POST to the list."""
    change: Callable[..., object] | None = None
    """`(session, act, row, body)`: PATCH, with If-Match."""
    verbs: Mapping[str, Callable[..., object]] = field(default_factory=dict)
    """`(session, act, row)` or `(session, act, row, body)`: POST below the row."""
    acts: Mapping[str, Callable[..., object]] = field(default_factory=dict)
    """`(session, act, body)`: POST below the list."""
    looked: Callable[[Session, Act, str], None] | None = None
    """Journals that someone read a file, of that name, that is not theirs."""
    told: Callable[[Store, Settings, Act, str], object] | None = None
    """Called behind the answer once a verb was done, with the public name: tells whoever is to know of it."""
    slashed: bool = False
    """Whether public names hold a slash: `/addresses/2001:db8::/56`."""
