"""What a file says, whatever its format: neutral records, each with the line it came from.

A field that is None was not said: it changes nothing. Days are days of Paris, periods half-open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, Final, Protocol

from foundation.errors import EssaimError
from foundation.speech import Language, Phrase
from inventory.line_parts import Details
from inventory.models.addresses import IPNetwork

OURS: Final = "csv"
"""The source of our own files: what they say must be so, where foreign ones are taken as well as can be."""
MOST_OCTETS: Final = 64 * 1024 * 1024
MOST_ROWS: Final = 200_000
MOST_PROBLEMS: Final = 1_000
"""Where a file has more wrong with it than that, the rest is not looked for."""


class Noun(StrEnum):
    """What a record is of, in the order in which an import goes: what is needed first comes first."""

    KIND = "kind"
    MEMBER = "member"
    MEMBERSHIP = "membership"
    REFERENT = "referent"
    SITE = "site"
    ROOM = "room"
    RACK = "rack"
    DEVICE = "device"
    PLACEMENT = "placement"
    FEED = "feed"
    OUTLET = "outlet"
    PLUG = "plug"
    POOL = "pool"
    WHOLESALER = "wholesaler"
    OFFER = "offer"
    LINE = "line"
    SHARE = "share"
    CREDENTIAL = "credential"
    ADDRESS = "address"
    ORDER = "order"
    ORDER_EVENT = "order-event"
    EQUIPMENT = "equipment"
    LOAN = "loan"
    WORKS = "works"
    WORKS_NOTE = "works-note"
    MANDATE = "mandate"

    @property
    def phrase(self) -> Phrase:
        """The noun as people read it."""
        return _NOUNS[self]


_NOUNS: Final = {
    Noun.KIND: Phrase("type d'adhésion", "kind of membership"),
    Noun.MEMBER: Phrase("membre", "member"),
    Noun.MEMBERSHIP: Phrase("adhésion", "membership"),
    Noun.REFERENT: Phrase("référent·e", "referent"),
    Noun.SITE: Phrase("lieu", "site"),
    Noun.ROOM: Phrase("salle", "room"),
    Noun.RACK: Phrase("baie", "rack"),
    Noun.DEVICE: Phrase("machine", "machine"),
    Noun.PLACEMENT: Phrase("emplacement", "placement"),
    Noun.FEED: Phrase("arrivée électrique", "power feed"),
    Noun.OUTLET: Phrase("prise", "outlet"),
    Noun.PLUG: Phrase("branchement", "plug"),
    Noun.POOL: Phrase("pool", "pool"),
    Noun.WHOLESALER: Phrase("opérateur de gros", "wholesaler"),
    Noun.OFFER: Phrase("offre", "offer"),
    Noun.LINE: Phrase("ligne", "line"),
    Noun.SHARE: Phrase("part", "share"),
    Noun.CREDENTIAL: Phrase("identifiant", "credential"),
    Noun.ADDRESS: Phrase("adresse", "address"),
    Noun.ORDER: Phrase("commande", "order"),
    Noun.ORDER_EVENT: Phrase("suite de commande", "order event"),
    Noun.EQUIPMENT: Phrase("matériel", "equipment"),
    Noun.LOAN: Phrase("prêt", "loan"),
    Noun.WORKS: Phrase("travaux", "works"),
    Noun.WORKS_NOTE: Phrase("nouvelle des travaux", "news of works"),
    Noun.MANDATE: Phrase("mandat", "mandate"),
}


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something was said: the file, and its line (the first is 1; of a JSON list, the rank of the object)."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence about a place in a file: what is wrong with it (a problem), or what to know (a remark)."""

    place: Place
    phrase: Phrase
    facts: Mapping[str, object] = field(default_factory=dict)

    def sentence(self, language: Language) -> str:
        """The sentence, with where it applies before it."""
        text = self.phrase.say(language, **self.facts)
        if not self.place.line:
            return _WHOLE.say(language, file=self.place.file, text=text)
        return _WHERE.say(language, file=self.place.file, line=self.place.line, text=text)


_WHERE: Final = Phrase("{file}, ligne {line} : {text}", "{file}, line {line}: {text}")
_WHOLE: Final = Phrase("{file} : {text}", "{file}: {text}")


@dataclass(frozen=True, slots=True)
class Ref:
    """Whom or what a record means: a number or name of ours, or the key that another program knows it by."""

    number: int | None = None
    name: str | None = None
    key: str | None = None

    def shown(self, letter: str = "") -> str:
        """As people read it."""
        if self.number is not None:
            return f"{letter}{self.number:04d}"
        return self.name or self.key or "?"


@dataclass(frozen=True, slots=True)
class MemberRecord:
    """A person or an organisation. `kind` is what kind of member they are, where no membership of theirs says it."""

    noun: ClassVar[Noun] = Noun.MEMBER
    place: Place
    ref: Ref
    name: str | None = None
    email: str | None = None
    organisation: bool | None = None
    language: str | None = None
    status: str | None = None
    joined: date | None = None
    left: date | None = None
    left_why: str | None = None
    postal: str | None = None
    phones: tuple[str, ...] = ()
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class MembershipRecord:
    """A period of someone's membership."""

    noun: ClassVar[Noun] = Noun.MEMBERSHIP
    place: Place
    member: Ref
    kind: str
    since: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class SiteRecord:
    """A place where machines stand."""

    noun: ClassVar[Noun] = Noun.SITE
    place: Place
    name: str
    description: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """A machine, and the names of its interfaces."""

    noun: ClassVar[Noun] = Noun.DEVICE
    place: Place
    name: str
    role: str | None = None
    platform: str | None = None
    site: str | None = None
    shape: str | None = None
    owner: Ref | None = None
    management: str | None = None
    endpoint: str | None = None
    public_key: str | None = None
    asn: int | None = None
    contact: str | None = None
    watts: int | None = None
    snmp_agreed: bool | None = None
    serial: str | None = None
    description: str | None = None
    since: date | None = None
    until: date | None = None
    interfaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PrefixRecord:
    """A pool: a prefix with one purpose."""

    noun: ClassVar[Noun] = Noun.POOL
    place: Place
    name: str
    prefix: IPNetwork
    handed: int | None = None
    purpose: str | None = None
    note: str | None = None
    automatic: bool | None = None
    quarantine_days: int | None = None
    device: str | None = None
    site: str | None = None


@dataclass(frozen=True, slots=True)
class OfferRecord:
    """What can be ordered."""

    noun: ClassVar[Noun] = Noun.OFFER
    place: Place
    name: str
    title: str | None = None
    technology: str | None = None
    delivery: str | None = None
    mtu: int | None = None
    realm: str | None = None
    retired: date | None = None
    device: str | None = None
    pool_v4: str | None = None
    pool_v6: str | None = None
    wholesaler: str | None = None


@dataclass(frozen=True, slots=True)
class LineRecord:
    """A line and how it came to its state: (state, instant), the oldest first."""

    noun: ClassVar[Noun] = Noun.LINE
    place: Place
    ref: Ref
    offer: str | None = None
    state: str | None = None
    device: str | None = None
    details: Details = Details()  # noqa: RUF009 - frozen
    events: tuple[tuple[str, datetime], ...] = ()


@dataclass(frozen=True, slots=True)
class ShareRecord:
    """One member's part of a line."""

    noun: ClassVar[Noun] = Noun.SHARE
    place: Place
    line: Ref
    member: Ref
    weight: int | None = None
    weights: tuple[tuple[int, date], ...] = ()
    since: date | None = None
    until: date | None = None
    holds_since: date | None = None


@dataclass(frozen=True, slots=True)
class CredentialRecord:
    """What opens a line for one member. The secret is never shown nor written out."""

    noun: ClassVar[Noun] = Noun.CREDENTIAL
    place: Place
    line: Ref
    member: Ref
    kind: str
    name: str
    secret: str | None = field(default=None, repr=False)
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AddressRecord:
    """Who holds or held a prefix: a member's part of a line, an interface of ours, or nobody known (reserved).

    With a member and no line, it is the one line that they have.
    """

    noun: ClassVar[Noun] = Noun.ADDRESS
    place: Place
    prefix: IPNetwork
    role: str | None = None
    line: Ref | None = None
    member: Ref | None = None
    device: str | None = None
    interface: str | None = None
    peer: str | None = None
    note: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Record(Protocol):
    """One thing that a file says: of what, and where."""

    noun: ClassVar[Noun]

    @property
    def place(self) -> Place:
        """Where it was said."""


@dataclass(slots=True)
class Reading:
    """What was read of one or several files of one program (`source`): records, what is wrong, what to know."""

    source: str
    records: list[Record] = field(default_factory=list)
    problems: list[Said] = field(default_factory=list)
    remarks: list[Said] = field(default_factory=list)

    def wrong(self, place: Place, phrase: Phrase, **facts: object) -> None:
        """Note what is wrong with a place."""
        self.problems.append(Said(place, phrase, facts))

    def remark(self, place: Place, phrase: Phrase, **facts: object) -> None:
        """Note what to know about a place."""
        self.remarks.append(Said(place, phrase, facts))


def refusal(place: Place, refused: EssaimError) -> Said:
    """What a verb or a check says of what stands there."""
    return Said(place, refused.phrase, refused.facts)
