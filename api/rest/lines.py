"""Lines: ordered, moved from state to state, shared, migrated; and what opens them, without secrets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date

from pydantic import AwareDatetime, Field
from sqlalchemy.orm import Session

from api.rest.noun import Body, Noun
from foundation import clock
from foundation.acts import Act
from inventory import credentials, devices, handing, lines, members, moving, offers, shares
from inventory.credentials import Opening
from inventory.line_parts import Details
from inventory.lines import Ordering
from inventory.models.lines import Line, LineState, Technology
from inventory.models.mandates import Task
from inventory.views.lines import LineView, views_of

READERS = frozenset({Task.LINES_WRITE, Task.MEMBERS_READ, Task.MONITORING_READ})


class Opened(Body):
    """What a member opens a line with: a WireGuard public key, a certificate's name, a login given to us."""

    public_key: str | None = Field(None, max_length=60, examples=["AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="])
    certificate: str | None = Field(None, max_length=100)
    login: str | None = Field(None, max_length=100)

    def opening(self) -> Opening:
        """What was said of it."""
        return Opening(self.public_key, self.certificate, self.login)


class Access(Opened):
    """What identifies an access where it was bought; an empty text takes away."""

    nd: str | None = Field(None, max_length=20, examples=["0199001234"])
    insee: str | None = Field(None, max_length=5, examples=["33063"])
    pto: str | None = Field(None, max_length=40)
    building: str | None = Field(None, max_length=40)
    operator: str | None = Field(None, max_length=4)
    vlan: str | None = Field(None, max_length=12, examples=["100.2"])
    mtu: int | None = Field(None, ge=1, le=65535)
    place: str | None = Field(None, max_length=200)

    def ordering(self) -> Ordering:
        """All that was said of it."""
        return Ordering(**{field.name: getattr(self, field.name) for field in fields(Ordering)})


class NewLine(Access):
    """For whom, and which offer."""

    member: str = Field(max_length=16, examples=["M0042"])
    offer: str = Field(max_length=32, examples=["vpn"])


class LineChange(Body):
    """What is corrected of an access; an empty text takes away."""

    nd: str = Field("", max_length=20)
    insee: str = Field("", max_length=5)
    pto: str = Field("", max_length=40)
    building: str = Field("", max_length=40)
    operator: str = Field("", max_length=4)
    vlan: str = Field("", max_length=12)
    mtu: int = Field(0, ge=1, le=65535, examples=[1420])
    place: str = Field("", max_length=200, examples=["12 rue de l'Exemple"])


class Transition(Body):
    """The state that the line comes into, now or as of an earlier instant."""

    to: LineState
    at: AwareDatetime | None = None


class NewShare(Opened):
    """A neighbour shares the line."""

    member: str = Field(max_length=16, examples=["M0043"])
    weight: int = Field(1, ge=1, le=1000)
    since: date | None = None


class ShareEnd(Body):
    """A neighbour's part ends on a day, or today."""

    member: str = Field(max_length=16, examples=["M0043"])
    until: date | None = None


class ShareWeight(Body):
    """What a part counts for, from a day on."""

    member: str = Field(max_length=16, examples=["M0043"])
    weight: int = Field(ge=1, le=1000, examples=[2])
    since: date | None = None


class Handing(Opened):
    """The member who answers for the line from now on."""

    member: str = Field(max_length=16, examples=["M0043"])


class Migration(Access):
    """To which offer, and on which machine if not the offer's own."""

    offer: str = Field(max_length=32, examples=["fibre"])
    device: str | None = Field(None, max_length=64)


class Renewal(Opened):
    """Whose part gets a new password, key or certificate."""

    member: str = Field(max_length=16, examples=["M0042"])


@dataclass(frozen=True, slots=True)
class Renewed:
    """The new PPP password, given this once; null where the member brought what is new."""

    password: str | None


def listed(
    session: Session,
    *,
    ended: bool = False,
    state: LineState | None = None,
    offer: str | None = None,
    device: str | None = None,
    technology: Technology | None = None,
    member: str | None = None,
    after: int = 0,
    limit: int = 100,
) -> Sequence[Line]:
    """Lines by number; those that ended only with `ended`, or by their `state`."""
    sharer = members.find_member(session, member) if member is not None else None
    return lines.list_lines(
        session,
        ended=ended,
        state=state,
        offer=offer,
        device=device,
        technology=technology,
        member=sharer,
        after=after,
        limit=limit,
    )


def own_views(session: Session, act: Act, rows: Sequence[Line]) -> list[LineView]:
    """Lines as one who shares them sees them: nothing of what is their neighbours'."""
    return [_own(one, act.actor) for one in views_of(session, rows, clock.today(act.at))]


def order(session: Session, act: Act, body: NewLine) -> Line:
    """Order a line for a member."""
    member, offer = members.find_member(session, body.member), offers.find_offer(session, body.offer)
    return lines.order_line(session, act, member, offer, body.ordering())


def change(session: Session, act: Act, line: Line, body: LineChange) -> None:
    """Correct what is said of a line's access."""
    lines.change_line(session, act, line, Details(**body.given()))


def transition(session: Session, act: Act, line: Line, body: Transition) -> None:
    """Bring a line into another state. To suspend one takes an `Essaim-Why`."""
    lines.move(session, act, line, body.to, at=body.at)


def close(session: Session, act: Act, line: Line) -> None:
    """Close a line: every part of it ends, its addresses go to quarantine."""
    lines.close_line(session, act, line)


def add_share(session: Session, act: Act, line: Line, body: NewShare) -> None:
    """A neighbour shares the line, with an address of their own."""
    member, offer = members.find_member(session, body.member), offers.find_offer(session, line.offer.name)
    opening = body.opening()
    lines.add_share(session, act, line, member, offer, weight=body.weight, day=body.since, opening=opening)


def end_share(session: Session, act: Act, line: Line, body: ShareEnd) -> None:
    """A neighbour's part ends."""
    lines.end_share(session, act, line, members.find_member(session, body.member), day=body.until)


def weigh_share(session: Session, act: Act, line: Line, body: ShareWeight) -> None:
    """A part weighs otherwise from a day on."""
    handing.weigh_share(session, act, line, members.find_member(session, body.member), body.weight, day=body.since)


def hand(session: Session, act: Act, line: Line, body: Handing) -> None:
    """The line goes on with another."""
    handing.hand_line(session, act, line, members.find_member(session, body.member), opening=body.opening())


def migrate(session: Session, act: Act, line: Line, body: Migration) -> None:
    """Begin a migration: both accesses are in force until the new one is seen up."""
    offer = offers.find_offer(session, body.offer)
    device = devices.find_device(session, body.device) if body.device is not None else None
    moving.migrate_line(session, act, line, offer, body.ordering(), device=device)


def complete_migration(session: Session, act: Act, line: Line) -> None:
    """The new access is the line's own."""
    moving.complete_migration(session, act, line)


def undo_migration(session: Session, act: Act, line: Line) -> None:
    """The line stays as it was."""
    moving.undo_migration(session, act, line)


def renew_credential(session: Session, act: Act, line: Line, body: Renewal) -> Renewed:
    """A part gets a new password, key or certificate. One's own one may renew."""
    share = shares.of_member(session, line, members.find_member(session, body.member))
    return Renewed(credentials.renew_credential(session, act, share, body.opening()))


def _own(view: LineView, member: str) -> LineView:
    mine = tuple(share for share in view.shares if share.member == member)
    prefixes = tuple(prefix for share in mine for prefix in share.prefixes)
    return replace(view, members=(member,), prefixes=prefixes, shares=mine)


_EXAMPLE_SHARE = {
    "member": "M0042",
    "weight": 1,
    "since": "2026-01-15",
    "until": None,
    "holds": True,
    "prefixes": ["198.51.100.7/32", "2001:db8:42::/56"],
    "credentials": ["AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="],
}

LINES = Noun(
    path="lines",
    about="Lines, by number",
    view=LineView,
    views=lambda session, act, rows: views_of(session, rows, clock.today(act.at)),
    own_views=own_views,
    find=lines.find_line,
    listed=listed,
    readers=READERS,
    create=order,
    change=change,
    verbs={
        "transitions": transition,
        "close": close,
        "shares": add_share,
        "shares/end": end_share,
        "shares/weigh": weigh_share,
        "hand": hand,
        "migration": migrate,
        "migration/complete": complete_migration,
        "migration/undo": undo_migration,
        "credentials/renew": renew_credential,
    },
    example={
        "number": "L0042",
        "offer": "vpn",
        "title": "VPN",
        "technology": "wireguard",
        "delivery": "tunnel",
        "state": "active",
        "since": "2026-01-15T13:02:00+00:00",
        "device": "vpn",
        "mtu": 1420,
        "place": "",
        "nd": None,
        "insee": None,
        "copper_closes": None,
        "pto": None,
        "building": None,
        "operator": None,
        "vlan": None,
        "members": ["M0042"],
        "prefixes": ["198.51.100.7/32", "2001:db8:42::/56"],
        "shares": [_EXAMPLE_SHARE],
        "migration": None,
    },
)
