"""The closed list of what may be suggested: each deed with its arguments, what it would change, and the verb it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from datetime import date
from typing import ClassVar, Final, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.acts import Act
from foundation.errors import Invalid
from foundation.speech import Phrase
from inventory import addresses, credentials, line_parts, lines, members, offers, reverse, shares
from inventory.line_parts import Details
from inventory.lines import Ordering
from inventory.models.addresses import Assignment
from inventory.models.lines import CredentialKind, Line, Share
from inventory.models.mandates import Task
from inventory.models.people import Member
from inventory.models.suggestions import Deed
from inventory.rights import MACHINE
from inventory.views.lines import view


class ForWhom(Invalid):
    """A line that is for nobody in particular."""

    kind = "for-whom"
    phrase = Phrase(
        "Dites pour qui : --member M0042, ou essaim --as M0042 … Rien n'a été noté.",
        "Say for whom: --member M0042, or essaim --as M0042 … Nothing was noted.",
    )


class BadArguments(Invalid):
    """A deed that was told too little, or what it does not take."""

    kind = "suggested-otherwise"
    phrase = Phrase(
        "« {deed} » demande {needed} et prend {taken}. Rien n'a été noté.",
        "“{deed}” needs {needed} and takes {taken}. Nothing was noted.",
    )


class Suggested(Protocol):
    """A deed and its arguments; equal ones are the same suggestion."""

    @property
    def deed(self) -> Deed:
        """Which deed."""
        ...

    @property
    def task(self) -> Task:
        """The task that its verb asks."""
        ...

    @property
    def subject(self) -> str:
        """What it is done to, as one types it."""
        ...

    def arguments(self) -> dict[str, object]:
        """What it takes besides, and what it is done to: plain values."""
        ...

    def checked(self, session: Session) -> Suggested:
        """The same in one spelling. Raises what its verb raises of values that cannot be."""
        ...

    def rows(self, session: Session, day: date) -> tuple[list[str], list[str]]:
        """What there is on that day and what there would be, a row a fact."""
        ...

    def upon(self, session: Session) -> object:
        """The row whose scopes and owners rights look at."""
        ...

    def whose(self, session: Session) -> str | None:
        """The member in whose file it is noted."""
        ...

    def do(self, session: Session, act: Act) -> str:
        """Do it, by its own verb; gives the name of what it was done to."""
        ...


@dataclass(frozen=True, slots=True)
class NameAddress:
    """An address that someone holds gets a reverse name."""

    address: str
    name: str

    deed: ClassVar[Deed] = Deed.ADDRESS_NAME
    task: ClassVar[Task] = Task.ADDRESSES_WRITE

    @property
    def subject(self) -> str:
        """The address."""
        return self.address

    def arguments(self) -> dict[str, object]:
        """The address and its name."""
        return asdict(self)

    def checked(self, session: Session) -> NameAddress:
        """In one spelling. Raises BadAddress, BadName, NobodyHolds, Delegated."""
        plain = NameAddress(str(addresses.parse_address(self.address)), reverse.host_name(self.name))
        held = plain.upon(session)
        elsewhere = reverse.delegation_of(session, held)
        if elsewhere is not None:
            raise reverse.Delegated(prefix=held.prefix, servers=elsewhere.servers.split())
        return plain

    def rows(self, session: Session, day: date) -> tuple[list[str], list[str]]:
        """The name that it has, and the one that it would have."""
        del day
        named = reverse.names_of(session, self.upon(session))
        before = [f"{one.address} PTR {one.name}" for one in named if str(one.address) == self.address]
        return before, [f"{self.address} PTR {self.name}"]

    def upon(self, session: Session) -> Assignment:
        """Who holds it."""
        return reverse.holding(session, addresses.parse_prefix(self.address))

    def whose(self, session: Session) -> str | None:
        """Whoever the address is for."""
        share = select(Share.member_id).where(Share.id == self.upon(session).share_id).scalar_subquery()
        member = session.scalar(select(Member).where(Member.id == share))
        return str(member) if member is not None else None

    def do(self, session: Session, act: Act) -> str:
        """Name it."""
        reverse.set_name(session, act, self.upon(session), addresses.parse_address(self.address), self.name)
        return self.address


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """What is said of a line's access is corrected; an empty text takes away."""

    line: str
    place: str | None = None
    nd: str | None = None
    pto: str | None = None
    building: str | None = None

    deed: ClassVar[Deed] = Deed.LINE_CHANGE
    task: ClassVar[Task] = Task.LINES_WRITE

    @property
    def subject(self) -> str:
        """The line."""
        return self.line

    def arguments(self) -> dict[str, object]:
        """The line and what is said of it."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def checked(self, session: Session) -> ChangeLine:
        """In one spelling. Raises NoSuchLine, NothingSaid, LineEnded, and what `line_parts.checked` raises."""
        line = self.upon(session)
        said = self._details().said
        if not said:
            raise offers.NothingSaid
        lines.demand_living(line)
        plain = line_parts.checked(self._details(), line.offer)
        return ChangeLine(str(line), **{name: str(getattr(plain, name)) for name in said})

    def rows(self, session: Session, day: date) -> tuple[list[str], list[str]]:
        """What is said now, and what would be."""
        now = view(session, self.upon(session), day)
        said = self._details().said
        before = [f"{name}: {getattr(now, name)}" for name in said if getattr(now, name)]
        return before, [f"{name}: {value}" for name, value in said.items() if value]

    def upon(self, session: Session) -> Line:
        """The line, as it is found."""
        return lines.find_line(session, self.line)

    def whose(self, session: Session) -> str | None:
        """Whoever answers for the line."""
        return shares.whose(session, self.upon(session))

    def do(self, session: Session, act: Act) -> str:
        """Correct it."""
        lines.change_line(session, act, self.upon(session), self._details())
        return self.line

    def _details(self) -> Details:
        return Details(place=self.place, nd=self.nd, pto=self.pto, building=self.building)


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A member orders a line of an offer."""

    member: str
    offer: str
    public_key: str | None = None
    place: str | None = None
    nd: str | None = None
    pto: str | None = None
    building: str | None = None

    deed: ClassVar[Deed] = Deed.LINE_ORDER
    task: ClassVar[Task] = Task.LINES_WRITE

    @property
    def subject(self) -> str:
        """The offer."""
        return self.offer

    def arguments(self) -> dict[str, object]:
        """Who, what, and what is said of the access."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def checked(self, session: Session) -> OrderLine:
        """In one spelling.

        Raises ForWhom, NotAMember, OfferRetired, KeyMissing, BadKey, and what `line_parts.checked` raises.
        """
        if self.member.startswith(MACHINE):
            raise ForWhom
        member, offer = members.find_member(session, self.member), offers.find_offer(session, self.offer)
        shares.demand_member(member)
        offers.demand_offered(offer)
        plain = line_parts.checked(self._ordering(), offer)
        key = self.public_key
        if credentials.kind_of(offer) == CredentialKind.WIREGUARD:
            if key is None:
                raise credentials.KeyMissing
            key = credentials.checked_name(CredentialKind.WIREGUARD, key)
        return OrderLine(str(member), offer.name, key, plain.place, plain.nd, plain.pto, plain.building)

    def rows(self, session: Session, day: date) -> tuple[list[str], list[str]]:
        """Nothing, and a line."""
        del session, day
        return [], [f"{name}: {value}" for name, value in self.arguments().items()]

    def upon(self, session: Session) -> object:
        """The offer, as its verb asks."""
        return offers.find_offer(session, self.offer)

    def whose(self, session: Session) -> str | None:
        """Whoever the line is for."""
        return str(members.find_member(session, self.member))

    def do(self, session: Session, act: Act) -> str:
        """Order it; gives the line's number."""
        member, offer = members.find_member(session, self.member), offers.find_offer(session, self.offer)
        return str(lines.order_line(session, act, member, offer, self._ordering()))

    def _ordering(self) -> Ordering:
        return Ordering(public_key=self.public_key, place=self.place, nd=self.nd, pto=self.pto, building=self.building)


_KINDS: Final[Mapping[Deed, type[NameAddress | ChangeLine | OrderLine]]] = {
    one.deed: one for one in (NameAddress, ChangeLine, OrderLine)
}


def said(deed: Deed, arguments: Mapping[str, str]) -> Suggested:
    """A deed with what a program says of it. Raises BadArguments."""
    kind = _KINDS[deed]
    taken = {field.name: field.default is MISSING for field in fields(kind)}
    needed = [name for name, must in taken.items() if must]
    if not set(needed) <= arguments.keys() <= taken.keys():
        raise BadArguments(deed=deed, needed=needed, taken=list(taken))
    return kind(**arguments)


def read(deed: Deed, arguments: Mapping[str, str]) -> Suggested:
    """A suggestion that was kept."""
    kind = _KINDS[deed]
    known = {field.name for field in fields(kind)}
    return kind(**{name: value for name, value in arguments.items() if name in known})
