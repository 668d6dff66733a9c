"""What identifies a line's access where it was bought: read, checked, written in one spelling, and dated."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import clock
from foundation.errors import Invalid, Refused
from foundation.speech import Phrase
from inventory.models.access import Copper, Fibre, LineMigration, VlanPair
from inventory.models.devices import Device
from inventory.models.lines import Delivery, Line, Offer, Technology

T = TypeVar("T", Copper, Fibre, VlanPair)

MTUS: Final = range(1280, 9217)
"""What a link may carry: the least of IPv6 (RFC 8200, 5) to jumbo frames."""

_COPPER: Final = frozenset({Technology.ADSL, Technology.VDSL})
_TAGGED: Final = frozenset({Delivery.IPOE_VLAN, Delivery.PPPOE})
_LARGEST_TAG: Final = 4094


class BadND(Invalid):
    """A French copper line's number is ten digits."""

    kind = "bad-nd"
    phrase = Phrase(
        "« {nd} » n'est pas un numéro de désignation (dix chiffres).",
        "“{nd}” is not a line designation number (ten digits).",
    )


class BadINSEE(Invalid):
    """A text that is no municipality's code."""

    kind = "bad-insee"
    phrase = Phrase(
        "« {insee} » n'est pas un code INSEE de commune (cinq caractères, comme 33063 ou 2A004).",
        "“{insee}” is not a municipality's INSEE code (five characters, such as 33063 or 2A004).",
    )


class BadPTO(Invalid):
    """A text that names no optical socket."""

    kind = "bad-pto"
    phrase = Phrase(
        "« {pto} » n'est pas une référence de prise optique (FI-1234-5678, ou une forme plus ancienne).",
        "“{pto}” is not an optical socket's reference (FI-1234-5678, or an older form).",
    )


class BadBuilding(Invalid):
    """A text that names no building."""

    kind = "bad-building"
    phrase = Phrase(
        "« {building} » n'est pas une référence d'immeuble (IMB/33063/X/00AB).",
        "“{building}” is not a building's reference (IMB/33063/X/00AB).",
    )


class BadOperator(Invalid):
    """A text that is no operator's code."""

    kind = "bad-operator"
    phrase = Phrase(
        "« {operator} » n'est pas un code d'opérateur d'immeuble (quatre lettres).",
        "“{operator}” is not a building operator's code (four letters).",
    )


class BadVLAN(Invalid):
    """A text that is no VLAN tag or pair of them."""

    kind = "bad-vlan"
    phrase = Phrase(
        "« {vlan} » n'est ni un VLAN (100) ni une paire (100.2) de 1 à 4094.",
        "“{vlan}” is neither a VLAN (100) nor a pair (100.2) from 1 to 4094.",
    )


class BadMTU(Invalid):
    """A size that no link has."""

    kind = "bad-mtu"
    phrase = Phrase("Un MTU va de {least} à {most} : pas {mtu}.", "An MTU is between {least} and {most}: not {mtu}.")


class BadPlace(Invalid):
    """A postal address that cannot be written."""

    kind = "bad-place"
    phrase = Phrase(
        "Le lieu fait au plus 300 caractères, sur une ligne.", "The place has at most 300 characters, on one line."
    )


class NotOfThis(Refused):
    """A part that this kind of access does not have."""

    kind = "not-of-this"
    phrase = Phrase(
        "L'offre {offer} ({technology}, {delivery}) ne prend pas {options}. Rien n'a été changé.",
        "Offer {offer} ({technology}, {delivery}) takes no {options}. Nothing was changed.",
    )


class VLANTaken(Refused):
    """Another line arrives in the same VLAN of the machine."""

    kind = "vlan-taken"
    phrase = Phrase(
        "Le VLAN {vlan} de {device} est celui de {line}. Rien n'a été changé.",
        "VLAN {vlan} of {device} is that of {line}. Nothing was changed.",
    )


@dataclass(frozen=True, slots=True)
class Details:
    """What is said of a line's access, as people write it. None leaves as it is, an empty text takes away.

    `vlan` is `100` or `100.2` (outer, inner); `operator` the building operator's four letters.
    """

    nd: str | None = None
    insee: str | None = None
    pto: str | None = None
    building: str | None = None
    operator: str | None = None
    vlan: str | None = None
    mtu: int | None = None
    place: str | None = None

    @property
    def said(self) -> dict[str, object]:
        """What is said at all, by its name."""
        every = {name: getattr(self, name) for name in Details.__dataclass_fields__}
        return {name: value for name, value in every.items() if value is not None}


def checked(details: Details, offer: Offer) -> Details:
    """The same in one spelling.

    Raises BadND, BadINSEE, BadPTO, BadBuilding, BadOperator, BadVLAN, BadMTU, BadPlace; NotOfThis for what an access
    of that offer does not have.
    """
    plain = Details(
        nd=_read(details.nd, checked_nd),
        insee=_read(details.insee, checked_insee),
        pto=_read(details.pto, checked_pto),
        building=_read(details.building, _checked_building),
        operator=_read(details.operator, _checked_operator),
        vlan=_read(details.vlan, _checked_vlan),
        mtu=None if details.mtu is None else checked_mtu(details.mtu),
        place=_read(details.place, _checked_place),
    )
    allowed = {"mtu", "place"}
    if offer.technology in _COPPER:
        allowed |= {"nd", "insee"}
    if offer.technology == Technology.FTTH:
        allowed |= {"pto", "building", "operator"}
    if offer.delivery in _TAGGED:
        allowed |= {"vlan"}
    foreign = [f"--{name}" for name, value in plain.said.items() if value and name not in allowed]
    if foreign:
        raise NotOfThis(
            offer=offer.name,
            technology=Technology(offer.technology),
            delivery=Delivery(offer.delivery),
            options=foreign,
        )
    return plain


def write(
    session: Session,
    line: Line,
    details: Details,
    offer: Offer,
    at: datetime,
    *,
    migration: LineMigration | None = None,
) -> None:
    """Write checked details as the line's parts, or as those that a migration brings. Raises VLANTaken."""
    copper = {name: value for name, value in details.said.items() if name in ("nd", "insee")}
    fibre = {name: value for name, value in details.said.items() if name in ("pto", "building", "operator")}
    for kind, values in ((Copper, copper), (Fibre, fibre)):
        if values:
            part: Any = _own(session, kind, line, migration)
            if part is None:
                part = kind(line_id=line.id, migration_id=migration.id if migration else None, since=at)
                session.add(part)
            for name, value in values.items():
                setattr(part, name, value or None)
    session.flush()
    if details.vlan is not None:
        device_id = line.device_id if migration is None else migration.to_device_id
        _write_vlan(session, line, details.vlan, offer, at, device_id, migration)


def end_all(session: Session, line: Line, at: datetime) -> None:
    """Every living part of a line ends: its VLAN may be another's, its ND is history."""
    for part in living(session, line):
        part.until = clock.ends_after(part.since, at)
    session.flush()


def adopt(session: Session, line: Line, migration: LineMigration, offer: Offer, at: datetime) -> None:
    """A migration is done: what it brought is the line's own, what that replaces or the offer does not have ends."""
    parts = living(session, line)
    brought = {type(part) for part in parts if part.migration_id == migration.id}
    kinds = {Copper} if offer.technology in _COPPER else {Fibre} if offer.technology == Technology.FTTH else set()
    kept: set[type] = kinds | ({VlanPair} if offer.delivery in _TAGGED else set())
    for part in parts:
        if part.migration_id is None and (type(part) in brought or type(part) not in kept):
            part.until = clock.ends_after(part.since, at)
    session.flush()  # what is replaced goes before what replaces it may be the line's own
    for part in parts:
        if part.migration_id == migration.id:
            part.migration_id = None
        if isinstance(part, VlanPair) and part.until is None:
            _bring(session, part, part.outer_tag, part.inner_tag, migration.to_device_id, offer)
    session.flush()


def give_up(session: Session, line: Line, migration: LineMigration, at: datetime) -> None:
    """A migration is undone: what it brought ends."""
    for part in living(session, line):
        if part.migration_id == migration.id:
            part.until = clock.ends_after(part.since, at)
    session.flush()


def living(session: Session, line: Line) -> Sequence[Copper | Fibre | VlanPair]:
    """The parts that a line has now, those that a migration brings too."""
    found: list[Copper | Fibre | VlanPair] = []
    found += session.scalars(select(Copper).where(Copper.line_id == line.id, Copper.until.is_(None)))
    found += session.scalars(select(Fibre).where(Fibre.line_id == line.id, Fibre.until.is_(None)))
    found += session.scalars(select(VlanPair).where(VlanPair.line_id == line.id, VlanPair.until.is_(None)))
    return found


def checked_nd(nd: str) -> str:
    """Ten digits, however they are spaced. Raises BadND."""
    digits = re.sub(r"[ .]", "", nd)
    if not re.fullmatch(r"0[1-9][0-9]{8}", digits):
        raise BadND(nd=nd[:40])
    return digits


def checked_insee(insee: str) -> str:
    """A municipality's code (INSEE, code officiel géographique). Raises BadINSEE."""
    plain = insee.strip().upper()
    if not re.fullmatch(r"(?:[0-9]{2}|2[AB])[0-9]{3}", plain):
        raise BadINSEE(insee=insee[:40])
    return plain


def checked_pto(pto: str) -> str:
    """`fi12345678` is `FI-1234-5678` (ARCEP, décision 2015-0776); older forms are kept, in capitals. Raises BadPTO."""
    plain = re.sub(r"\s", "", pto).upper()
    target = re.fullmatch(r"([A-Z0-9]{2})-?([A-Z0-9]{4})-?([A-Z0-9]{4})", plain)
    if target:
        return "-".join(target.groups())
    if not re.fullmatch(r"(?=.*[0-9])[A-Z0-9][A-Z0-9/_.-]{4,29}", plain):
        raise BadPTO(pto=pto[:40])
    return plain


def checked_mtu(mtu: int) -> int:
    """Octets of the largest packet. Raises BadMTU."""
    if mtu not in MTUS:
        raise BadMTU(mtu=mtu, least=MTUS[0], most=MTUS[-1])
    return mtu


def tags(vlan: str) -> tuple[int, int]:
    """The outer and the inner tag of `100.2`; the inner one is 0 where there is none. Raises BadVLAN."""
    read = re.fullmatch(r"([1-9][0-9]{0,3})(?:\.([1-9][0-9]{0,3}))?", vlan.strip())
    outer, inner = (int(read[1]), int(read[2] or 0)) if read else (0, 0)
    if not 1 <= outer <= _LARGEST_TAG or inner > _LARGEST_TAG:
        raise BadVLAN(vlan=vlan[:20])
    return outer, inner


def _read(text: str | None, check: Any) -> str | None:
    if text is None or not text.strip():
        return None if text is None else ""
    plain: str = check(text)
    return plain


def _checked_vlan(vlan: str) -> str:
    outer, inner = tags(vlan)
    return f"{outer}.{inner}" if inner else str(outer)


def _checked_building(building: str) -> str:
    plain = re.sub(r"\s", "", building).upper()
    if not re.fullmatch(r"IMB/[A-Z0-9]{5}/[A-Z0-9]{1,4}/[A-Z0-9]{2,10}", plain):
        raise BadBuilding(building=building[:40])
    return plain


def _checked_operator(operator: str) -> str:
    plain = operator.strip().upper()
    if not re.fullmatch(r"[A-Z]{4}", plain):
        raise BadOperator(operator=operator[:40])
    return plain


def _checked_place(place: str) -> str:
    plain = place.strip()
    if len(plain) > 300 or not plain.replace("\N{NO-BREAK SPACE}", " ").isprintable():
        raise BadPlace
    return plain


def _own(session: Session, kind: type[T], line: Line, migration: LineMigration | None) -> T | None:
    of = kind.migration_id.is_(None) if migration is None else kind.migration_id == migration.id
    return session.scalar(select(kind).where(kind.line_id == line.id, kind.until.is_(None), of))


def _write_vlan(
    session: Session,
    line: Line,
    vlan: str,
    offer: Offer,
    at: datetime,
    device_id: int | None,
    migration: LineMigration | None,
) -> None:
    part = _own(session, VlanPair, line, migration)
    if not vlan:
        if part is not None:
            part.until = clock.ends_after(part.since, at)
        return
    outer, inner = tags(vlan)
    if part is None:
        part = VlanPair(line_id=line.id, migration_id=migration.id if migration else None, since=at)
    _bring(session, part, outer, inner, device_id, offer)
    session.add(part)
    session.flush()


def _bring(session: Session, part: VlanPair, outer: int, inner: int, device_id: int | None, offer: Offer) -> None:
    """Put a pair on a machine. Raises VLANTaken where another arrives there in the same one."""
    if device_id is not None:
        same = select(Line, Device.name).join(VlanPair, VlanPair.line_id == Line.id)
        other = session.execute(
            same.join(Device, Device.id == VlanPair.device_id).where(
                VlanPair.device_id == device_id,
                VlanPair.delivery == offer.delivery,
                VlanPair.outer_tag == outer,
                VlanPair.inner_tag == inner,
                VlanPair.until.is_(None),
                VlanPair.id.is_distinct_from(part.id),
            )
        ).first()
        if other is not None:
            raise VLANTaken(vlan=f"{outer}.{inner}" if inner else outer, device=other[1], line=str(other[0]))
    part.device_id, part.delivery, part.outer_tag, part.inner_tag = device_id, offer.delivery, outer, inner
