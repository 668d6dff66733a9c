"""Who addresses are given to: a share of a line, an interface of ours, or the two ends of a link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from foundation import clock
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.speech import Phrase
from inventory import devices, numbers
from inventory.ledger import Found
from inventory.models.devices import Device, Interface
from inventory.models.lines import Line, Share
from inventory.models.people import Member

_SHARES: Final = (
    select(
        Share.id.label("share"),
        Share.until,
        Line.number.label("line"),
        Member.number.label("member"),
    )
    .join(Line, Share.line_id == Line.id)
    .join(Member, Share.member_id == Member.id)
    .order_by(Share.id)
)
_SHARE: Final = _SHARES.where(Share.id == bindparam("share"))
_OF_LINE: Final = _SHARES.where(Line.number == bindparam("line"))
_INTERFACES: Final = select(Interface.id, (Device.name + "/" + Interface.name).label("name")).join(
    Device, Interface.device_id == Device.id
)
_INTERFACE: Final = _INTERFACES.where(Interface.id == bindparam("interface"))


class NoSuchHolder(NotFound):
    """No line of that number, nobody of that name on it, or several without saying which."""

    kind = "no-such-holder"
    phrase = Phrase(
        "{line} : dites à qui de la ligne, parmi {members} (--member). Rien n'a été changé.",
        "{line}: say to whom on the line, among {members} (--member). Nothing was changed.",
    )


class HolderEnded(Refused):
    """A line, or a part of one, that is over receives nothing more."""

    kind = "holder-ended"
    phrase = Phrase(
        "{line} : cette part est terminée et ne reçoit plus d'adresse. Rien n'a été changé.",
        "{line}: this part is over and receives no address any more. Nothing was changed.",
    )


class HolderMissing(Invalid):
    """Nobody is named, or too many."""

    kind = "holder-missing"
    phrase = Phrase(
        "Dites à qui : --line L0042 (et --member M0042 si elle est partagée), ou --interface edge/eth0 "
        "(deux fois pour une liaison). Rien n'a été changé.",
        "Say to whom: --line L0042 (and --member M0042 where it is shared), or --interface edge/eth0 "
        "(twice for a link). Nothing was changed.",
    )


@dataclass(frozen=True, slots=True)
class Holder:
    """The rows of who is given something, and their public names: `member` with `line`, or `interface`, or two."""

    share_id: int | None = None
    interface_id: int | None = None
    peer_id: int | None = None
    member: str | None = None
    line: str | None = None
    interface: str | None = None
    peer: str | None = None


Receiver: TypeAlias = Share | Interface | Holder


def on_line(session: Session, line: str, member: str | None = None) -> Holder:
    """The living part of that line (`L0042`); that member's where several share it.

    Raises BadNumber, HolderEnded, and NoSuchHolder where there is no such line or no one part that is meant.
    """
    number = numbers.parse("L", line)
    wanted = None if member is None else numbers.parse("M", member)
    found = session.connection().execute(_OF_LINE, {"line": number}).all()
    living = [share for share in found if share.until is None]
    meant = [share for share in living if wanted in (None, share.member)]
    if found and not living:
        raise HolderEnded(line=numbers.shown("L", number))
    if len(meant) != 1:
        sharers = [numbers.shown("M", share.member) for share in living]
        raise NoSuchHolder(line=numbers.shown("L", number), members=sharers or "—")
    return _of_share(meant[0])


def at_interface(session: Session, text: str) -> Holder:
    """The interface of ours that is named `edge/eth0`. Raises as `devices.find_interface` does."""
    found = devices.find_interface(session, text.strip())
    return Holder(interface_id=found.id, interface=f"{found.device.name}/{found.name}")


def meant(session: Session, *, line: str | None, member: str | None, interfaces: Sequence[str]) -> Holder:
    """Whoever is named: a line, with a member where it is shared; an interface; or two, for the link between them.

    Raises HolderMissing unless it is one of these, and as `on_line` and `at_interface` do.
    """
    if (line is None) == (not interfaces) or len(interfaces) > 2 or (member is not None and line is None):
        raise HolderMissing
    if line is not None:
        return on_line(session, line, member)
    ends = [at_interface(session, text) for text in interfaces]
    return ends[0] if len(ends) == 1 else between(*ends)


def between(one: Holder, other: Holder) -> Holder:
    """The link from one interface of ours to another."""
    return Holder(
        interface_id=one.interface_id, interface=one.interface, peer_id=other.interface_id, peer=other.interface
    )


def holder_of(session: Session, act: Act, receiver: Receiver) -> Holder:
    """Whoever is meant, with their names. Raises HolderEnded for a part that is over on the day of the act."""
    if isinstance(receiver, Holder):
        return receiver
    if isinstance(receiver, Interface):
        found = session.connection().execute(_INTERFACE, {"interface": receiver.id}).one()
        return Holder(interface_id=found.id, interface=found.name)
    return share_holder(session, receiver.id, act)


def share_holder(session: Session, share: int, act: Act | None = None) -> Holder:
    """The share of this row. Raises HolderEnded where it is over on the day of the act."""
    session.flush()
    found = session.connection().execute(_SHARE, {"share": share}).one()
    if act is not None and found.until is not None and found.until <= clock.today(act.at):
        raise HolderEnded(line=numbers.shown("L", found.line))
    return _of_share(found)


def _of_share(found: Found) -> Holder:
    return Holder(share_id=found.share, member=numbers.shown("M", found.member), line=numbers.shown("L", found.line))
