"""Our own files read: members, lines, addresses… as CSV or JSON, written by people or by `essaim export`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from pathlib import PurePath
from typing import Final, TypeVar

from foundation.speech import Phrase
from inventory import words
from inventory.exchange import announcing, belonging, buying, electricity, forms, lending, standing
from inventory.exchange.cells import BadCell, Cells, Order, columns_of, prefix_of, rows_of, wordings
from inventory.exchange.forms import FORMS, Form
from inventory.exchange.records import (
    OURS,
    AddressRecord,
    CredentialRecord,
    DeviceRecord,
    LineRecord,
    MemberRecord,
    MembershipRecord,
    OfferRecord,
    Place,
    PrefixRecord,
    Reading,
    Record,
    Ref,
    ShareRecord,
    SiteRecord,
)
from inventory.exchange.tables import Row, Table, harmless, read_csv, read_json, read_objects
from inventory.line_parts import Details
from inventory.models.addresses import BlockState
from inventory.models.people import MemberStatus

T = TypeVar("T")
_GUARDED: Final = re.compile(r"'+[=+\-@\t\r]")
_PERIOD: Final = re.compile(r"(\S+) (\S+?)/(\S*)")
_CREDENTIAL: Final = re.compile(r"(ppp|wireguard|openvpn) (\S+) (\S+?)/(\S*)")
_STATUSES: Final = {
    "parti": MemberStatus.LEFT,
    "partie": MemberStatus.LEFT,
    "ancien": MemberStatus.LEFT,
    "ancienne": MemberStatus.LEFT,
    "demissionnaire": MemberStatus.LEFT,
    "candidat": MemberStatus.APPLICANT,
    "candidate": MemberStatus.APPLICANT,
    "membre": MemberStatus.MEMBER,
    **{str(one): one for one in MemberStatus},
}
_NOT_A_PERIOD: Final = Phrase(
    "une période s'écrit comme « adherent 2020-01-01/2021-01-01 ».",
    "a period is written as “adherent 2020-01-01/2021-01-01”.",
)
_NOT_A_STATE: Final = Phrase(
    "un état s'écrit comme « active 2020-01-01T12:00:00Z ».", "a state is written as “active 2020-01-01T12:00:00Z”."
)
_NOT_A_WEIGHT: Final = Phrase("un poids s'écrit comme « 2 2020-01-01 ».", "a weight is written as “2 2020-01-01”.")
_NOT_A_CREDENTIAL: Final = Phrase(
    "un identifiant s'écrit comme « ppp l0042@adsl 2020-01-01/ ».",
    "a credential is written as “ppp l0042@adsl 2020-01-01/”.",
)
_NEITHER: Final = Phrase(
    "ni ligne, ni machine, ni membre : à qui est cette adresse ? (rôle « reserved » si elle est à personne)",
    "no line, machine or member: whose is this address? (role “reserved” if it is nobody's)",
)
_NO_NOUN: Final = Phrase(
    "il faut un objet JSON avec une ou plusieurs listes : {nouns}.",
    "a JSON object with one or several lists is needed: {nouns}.",
)


def unguarded(text: str) -> str:
    """A cell without the apostrophe that `exporting` put before what a spreadsheet would take for a formula."""
    return text[1:] if _GUARDED.match(text) else text


def read(file: str, data: bytes, noun: str, *, dates: Order | None = None) -> Reading:
    """What a file of ours says of one noun (`members`, `lines`…), CSV or a JSON list. `dates`: which comes first."""
    reading = Reading(OURS)
    if file.endswith(".json"):
        found = read_json(reading, file, data)
        if not reading.problems:
            _read_objects(reading, file, found[noun] if isinstance(found, dict) and noun in found else found, noun)
    else:
        table = read_csv(reading, file, data)
        if table is not None:
            rows = (Row(row.place, {name: unguarded(text) for name, text in row.cells.items()}) for row in table.rows)
            _read_table(reading, file, Table(table.headings, tuple(rows)), FORMS[noun], dates)
    return reading


def read_all(files: Mapping[str, bytes], *, dates: Order | None = None) -> Reading:
    """What `essaim export all` wrote: one JSON file with every noun, or CSV files named after their nouns."""
    whole = Reading(OURS)
    for file, data in files.items():
        noun = PurePath(file).stem
        if noun in FORMS and not file.endswith(".json"):
            one = read(file, data, noun, dates=dates)
        else:
            one = _read_whole(file, data)
        whole.records += one.records
        whole.problems += one.problems
        whole.remarks += one.remarks
    return whole


def _read_whole(file: str, data: bytes) -> Reading:
    reading = Reading(OURS)
    found = read_json(reading, file, data)
    if reading.problems:
        return reading
    if not isinstance(found, dict) or not found.keys() & FORMS.keys():
        reading.wrong(Place(file, 0), _NO_NOUN, nouns=list(FORMS))
        return reading
    for noun in FORMS:
        if noun in found:
            _read_objects(reading, f"{file} ({noun})", found[noun], noun)
    return reading


def _read_objects(reading: Reading, file: str, found: object, noun: str) -> None:
    table = read_objects(reading, file, found)
    if table is not None:
        _read_table(reading, file, table, FORMS[noun], None)


def _read_table(reading: Reading, file: str, table: Table, form: Form, dates: Order | None) -> None:
    columns = columns_of(reading, table, file, form.known)
    if columns is None:
        return
    for cells in rows_of(reading, table, columns, form.days, dates):
        reading.records += _READERS[form.noun](cells)


def _member(cells: Cells) -> Iterator[Record]:
    name = " ".join(part for part in (cells.text("first"), cells.text("name")) if part)
    email, reference = cells.text("email", 254), cells.text("reference")
    number = cells.ours("number", "M")
    key = reference or (f"{words.fold(name)} <{(email or '').casefold()}>" if name and number is None else None)
    ref = Ref(number=number, key=key)
    status, kind = _status(cells.text("status", 60))
    yield MemberRecord(
        place=cells.place,
        ref=ref,
        name=name or None,
        email=email,
        organisation=cells.truth("organisation"),
        language=(cells.text("language") or "").casefold()[:2] or None,
        status=status,
        joined=cells.day("joined"),
        left=cells.day("left"),
        left_why=cells.text("left_why", 500),
        postal=cells.text("postal", 500),
        phones=tuple(cells.several("phones", str.strip)),
        kind=cells.text("kind", 60) or kind,
    )
    since, until = cells.day("since"), cells.day("until")
    if since is not None and cells.period(since, until):
        yield MembershipRecord(cells.place, ref, cells.text("kind", 60) or kind or "", since, until)
    for kind, first, last in cells.several("memberships", _period(cells)):
        if cells.period(first, last):
            yield MembershipRecord(cells.place, ref, kind, first, last)


def _status(text: str | None) -> tuple[str | None, str | None]:
    """A status, or the kind of member that stands in its place in many a file."""
    if text is None:
        return None, None
    found = next((_STATUSES[word] for word in wordings(text) if word in _STATUSES), None)
    return (found, None) if found is not None else (MemberStatus.MEMBER, text)


def _period(cells: Cells) -> Callable[[str], tuple[str, date, date | None]]:
    def reads(text: str) -> tuple[str, date, date | None]:
        found = _PERIOD.fullmatch(text)
        if found is None:
            raise BadCell(why=_NOT_A_PERIOD)
        return found[1], cells.dates.day(found[2]), cells.dates.day(found[3]) if found[3] else None

    return reads


def _line(cells: Cells) -> Iterator[Record]:
    number, reference = cells.ours("number", "L"), cells.text("reference")
    ref = Ref(number=number, key=reference)
    if number is None and reference is None:
        ref = Ref(key=f"{cells.raw('member')} {cells.raw('offer')} {cells.raw('since')}")
    yield LineRecord(
        place=cells.place,
        ref=ref,
        offer=cells.text("offer", 100),
        state=cells.text("state", 60),
        device=cells.text("device", 64),
        details=Details(
            **{name: cells.text(name, 300) for name in ("nd", "insee", "pto", "building", "operator", "vlan", "place")},
            mtu=cells.number("mtu"),
        ),
        events=tuple(cells.several("states", _state(cells))),
    )
    cells.needed("member")
    member = cells.ref("member", "M")
    since, until = cells.day("since"), cells.day("until")
    if member is None or not cells.period(since, until, empty=True):
        return
    yield ShareRecord(
        place=cells.place,
        line=ref,
        member=member,
        weight=cells.number("weight"),
        weights=tuple(cells.several("weights", _weight(cells))),
        since=since,
        until=until,
        holds_since=cells.day("holds_since"),
    )
    yield from _credentials(cells, ref, member)
    for field in ("addresses", "ipv4", "ipv6"):
        for prefix in cells.several(field, prefix_of):
            yield AddressRecord(cells.place, prefix, line=ref, member=member)


def _state(cells: Cells) -> Callable[[str], tuple[str, datetime]]:
    def reads(text: str) -> tuple[str, datetime]:
        state, _, at = text.partition(" ")
        if not at:
            raise BadCell(why=_NOT_A_STATE)
        return state, cells.moment(at)

    return reads


def _weight(cells: Cells) -> Callable[[str], tuple[int, date]]:
    def reads(text: str) -> tuple[int, date]:
        weight, _, day = text.partition(" ")
        if not re.fullmatch("[0-9]{1,6}", weight) or not day:
            raise BadCell(why=_NOT_A_WEIGHT)
        return int(weight), cells.dates.day(day)

    return reads


def _credentials(cells: Cells, line: Ref, member: Ref) -> Iterator[CredentialRecord]:
    def reads(text: str) -> tuple[str, str, datetime, datetime | None]:
        found = _CREDENTIAL.fullmatch(text)
        if found is None:
            raise BadCell(why=_NOT_A_CREDENTIAL)
        return found[1], found[2], cells.moment(found[3]), cells.moment(found[4]) if found[4] else None

    for kind, name, since, until in cells.several("credentials", reads):
        if cells.period(since, until):
            yield CredentialRecord(cells.place, line, member, kind, name, None, since, until)
    login, key = cells.text("login", 100), cells.text("key", 100)
    if login is not None:
        yield CredentialRecord(cells.place, line, member, "login", login, cells.text("password", 128))
    if key is not None:
        yield CredentialRecord(cells.place, line, member, "wireguard", key, cells.text("preshared", 100))


def _address(cells: Cells) -> Iterator[Record]:
    cells.needed("prefix")
    prefix, role = cells.prefix("prefix"), cells.text("role", 16)
    line, member, device = cells.ref("line", "L"), cells.ref("member", "M"), cells.text("device", 64)
    since, until = cells.instant("since"), cells.instant("until")
    if prefix is None or not cells.period(since, until):
        return
    if not (line or member or device) and role != BlockState.RESERVED:
        cells.wrong(_NEITHER)
        return
    yield AddressRecord(
        place=cells.place,
        prefix=prefix,
        role=role,
        line=line,
        member=member,
        device=device,
        interface=cells.text("interface", 48),
        peer=cells.text("peer", 113),
        note=cells.text("note"),
        since=since,
        until=until,
    )


def _device(cells: Cells) -> Iterator[Record]:
    since, until = cells.day("since"), cells.day("until")
    cells.period(since, until)
    yield DeviceRecord(
        place=cells.place,
        name=cells.needed("name", 64),
        role=cells.text("role", 32),
        platform=cells.text("platform", 32),
        shape=cells.text("shape", 64),
        site=cells.text("site", 64),
        owner=cells.ref("owner", "M"),
        management=cells.text("management", 45),
        endpoint=cells.text("endpoint", 64),
        public_key=cells.text("public_key", 44),
        asn=cells.number("asn", 10),
        contact=cells.text("contact"),
        watts=cells.number("watts"),
        snmp_agreed=cells.truth("snmp_agreed"),
        serial=cells.text("serial", 64),
        description=cells.text("description"),
        since=since,
        until=until,
        interfaces=tuple(cells.several("interfaces", harmless)),
    )


def _site(cells: Cells) -> Iterator[Record]:
    yield SiteRecord(cells.place, cells.needed("name", 64), cells.text("description"), cells.text("address"))


def _pool(cells: Cells) -> Iterator[Record]:
    name, prefix = cells.needed("name", 32), cells.prefix("prefix")
    if prefix is None:
        cells.needed("prefix")
        return
    yield PrefixRecord(
        place=cells.place,
        name=name,
        prefix=prefix,
        handed=cells.number("handed"),
        purpose=cells.text("purpose", 100),
        note=cells.text("note", 300),
        automatic=cells.truth("automatic"),
        quarantine_days=cells.number("quarantine_days"),
        device=cells.text("device", 64),
        site=cells.text("site", 64),
    )


def _offer(cells: Cells) -> Iterator[Record]:
    yield OfferRecord(
        place=cells.place,
        name=cells.needed("name", 32),
        title=cells.text("title", 100),
        technology=cells.text("technology", 16),
        delivery=cells.text("delivery", 16),
        mtu=cells.number("mtu"),
        realm=cells.text("realm", 64),
        retired=cells.day("retired"),
        device=cells.text("device", 64),
        pool_v4=cells.text("pool_v4", 32),
        pool_v6=cells.text("pool_v6", 32),
        wholesaler=cells.text("wholesaler", 32),
    )


_READERS: Final[dict[str, Callable[[Cells], Iterator[Record]]]] = {
    forms.MEMBERS.noun: _member,
    forms.LINES.noun: _line,
    forms.ADDRESSES.noun: _address,
    forms.DEVICES.noun: _device,
    forms.SITES.noun: _site,
    forms.POOLS.noun: _pool,
    forms.OFFERS.noun: _offer,
    forms.KINDS.noun: belonging.read_kind,
    forms.REFERENTS.noun: belonging.read_referent,
    forms.ROOMS.noun: standing.read_room,
    forms.RACKS.noun: standing.read_rack,
    forms.PLACEMENTS.noun: standing.read_placement,
    forms.FEEDS.noun: electricity.read_feed,
    forms.OUTLETS.noun: electricity.read_outlet,
    forms.PLUGS.noun: electricity.read_plug,
    forms.WHOLESALERS.noun: buying.read_wholesaler,
    forms.ORDERS.noun: buying.read_order,
    forms.ORDER_EVENTS.noun: buying.read_order_event,
    forms.EQUIPMENT.noun: lending.read_equipment,
    forms.LOANS.noun: lending.read_loan,
    forms.WORKS.noun: announcing.read_works,
    forms.WORKS_NOTES.noun: announcing.read_works_note,
    forms.MANDATES.noun: announcing.read_mandate,
}
