"""What COIN knows, as `manage.py dumpdata` gives it (JSON) or table by table as CSV.

COIN is the information system of Illyse and several providers of the FFDN (code.ffdn.org/FFDN/coin, master): its
README and EXTENDING.md were read for this, its models.py were not at hand. The tables and columns below are therefore
those by which COIN is known, not confirmed against its source: applications `members` (member, membershipfee), `offers`
(offer, offersubscription), `configuration` with `vpn` and `simple_dsl`, `resources` (ippool, ipsubnet). A table or a
column that is missing says nothing; one that is not known is named and left aside, so that a COIN that calls them
otherwise is seen in the preview. Passwords are not read: COIN keeps them hashed, or in LDAP.
A CSV file is named after its table (`members_member.csv`); the columns of foreign keys may end in `_id`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import PurePath
from typing import Any, Final

from foundation import clock
from foundation.speech import Phrase
from inventory.exchange.cells import Cells, Dates, Order
from inventory.exchange.periods import day_after, union
from inventory.exchange.records import (
    AddressRecord,
    CredentialRecord,
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
)
from inventory.exchange.tables import Row, Table, harmless, plain, read_csv, read_json, read_objects
from inventory.line_parts import Details
from inventory.models.lines import LineState, Technology
from inventory.models.people import MemberStatus

SOURCE: Final = "coin"
_USED: Final[dict[str, frozenset[str]]] = {
    "members.member": frozenset(
        {
            "type", "status", "nickname", "organizationname", "firstname", "lastname", "username", "email",
            "datejoined", "resigndate", "address", "postalcode", "city", "country", "homephonenumber",
            "mobilephonenumber",
        }
    ),
    "members.membershipfee": frozenset({"member", "startdate", "enddate"}),
    "offers.offer": frozenset({"name", "reference", "configurationtype"}),
    "offers.offersubscription": frozenset({"subscriptiondate", "resigndate", "member", "offer"}),
    "resources.ippool": frozenset({"name", "inet", "defaultsubnetsize"}),
    "resources.ipsubnet": frozenset({"inet", "ippool", "configuration"}),
}  # fmt: skip
_CONFIGURATION: Final = frozenset({"offersubscription", "login", "phonenumber"})
_DAYS: Final = frozenset({"datejoined", "resigndate", "startdate", "enddate", "subscriptiondate"})
_KINDS: Final = (("vpn", Technology.OPENVPN), ("dsl", Technology.ADSL), ("housing", Technology.COLOCATION))

_NOT_COIN: Final = Phrase(
    "aucune table de COIN ici (members.member, offers.offersubscription…).",
    "no table of COIN here (members.member, offers.offersubscription…).",
)
_LEFT_OUT: Final = Phrase("tables laissées de côté : {tables}.", "tables left aside: {tables}.")
_COLUMNS: Final = Phrase("colonnes laissées de côté : {columns}.", "columns left aside: {columns}.")
_NOBODY: Final = Phrase("souscription sans membre : laissée de côté.", "a subscription without a member: left aside.")
_NO_CONFIGURATION: Final = Phrase(
    "sous-réseau {prefix} sans souscription : mis de côté.", "subnet {prefix} without subscription: put aside."
)


def read(files: Mapping[str, bytes], *, dates: Order | None = None) -> Reading:
    """What these files of COIN say together."""
    reading = Reading(SOURCE)
    tables: dict[str, list[Row]] = defaultdict(list)
    for file, data in files.items():
        for model, table in _tables(reading, file, data):
            tables[model] += table.rows
            _name_unused(reading, file, model, table)
    ours = {model for model in tables if model in _USED or _configures(model)}
    if not ours and not reading.problems:
        reading.wrong(Place(next(iter(files), "?"), 0), _NOT_COIN)
    others = sorted(harmless(model) for model in tables.keys() - ours)
    if others:
        reading.remark(Place(next(iter(files)), 0), _LEFT_OUT, tables=others)
    every = [row.cells[name] for model in ours for row in tables[model] for name in _DAYS & row.cells.keys()]
    order = Dates.of(every, dates)
    cells = {model: [_cells(reading, row, order) for row in tables[model]] for model in ours}
    reading.records += _members(cells.get("members.member", []), cells.get("members.membershipfee", []))
    named = _named(cells.get("offers.offer", []))
    reading.records += _offers(cells.get("offers.offer", []), named)
    reading.records += _lines(reading, cells, named)
    return reading


def _tables(reading: Reading, file: str, data: bytes) -> Iterator[tuple[str, Table]]:
    """The tables of a file by Django's name of their model, `members.member`; `pk` is the key of every row."""
    if not file.endswith(".json"):
        table = read_csv(reading, file, data)
        app, _, name = re.split(r"[^a-z_]", PurePath(file).stem.casefold())[-1].rpartition("_")
        if table is not None:
            yield f"{app}.{name}", _keyed(table)
        return
    found = read_json(reading, file, data)
    objects: dict[str, list[Any]] = defaultdict(list)
    for rank, one in enumerate(found if isinstance(found, list) else [], start=1):
        if isinstance(one, dict) and isinstance(one.get("fields"), dict) and isinstance(one.get("model"), str):
            objects[one["model"].casefold()].append((rank, {"pk": one.get("pk"), **one["fields"]}))
    for model, ranked in objects.items():
        table = read_objects(reading, file, [fields for _, fields in ranked])
        if table is not None:
            ranks = [rank for rank, _ in ranked]
            rows = (Row(Place(file, ranks[row.place.line - 1]), row.cells) for row in table.rows)
            yield model, _keyed(Table(table.headings, tuple(rows)))


def _keyed(table: Table) -> Table:
    """The same with `pk` for every key, and foreign keys without their `_id`."""

    def key(name: str) -> str:
        if name in ("id", "pk", "configurationptrid"):
            return "pk"
        return name.removesuffix("id") if name != "id" and name.endswith("id") else name

    rows = (Row(row.place, {key(name): text for name, text in row.cells.items()}) for row in table.rows)
    return Table({key(name): heading for name, heading in table.headings.items()}, tuple(rows))


def _name_unused(reading: Reading, file: str, model: str, table: Table) -> None:
    used = _USED.get(model, _CONFIGURATION if _configures(model) else None)
    if used is not None:
        strange = [harmless(heading) for name, heading in table.headings.items() if name not in used and name != "pk"]
        if strange:
            reading.remark(Place(f"{file} ({model})", 0), _COLUMNS, columns=strange)


def _configures(model: str) -> bool:
    app, _, name = model.partition(".")
    return name.endswith("configuration") or app in ("simple_dsl", "vpn")


def _cells(reading: Reading, row: Row, order: Dates) -> Cells:
    columns = {name: name for name in row.cells}
    return Cells(reading, row, columns, columns, order)


def _ref(cells: Cells, field: str) -> Ref:
    return Ref(key=cells.text(field, 60))


def _members(every: list[Cells], fees: list[Cells]) -> Iterator[Record]:
    spells: dict[str, list[tuple[date, date | None]]] = defaultdict(list)
    where: dict[str, Place] = {}
    for fee in fees:
        member, since = fee.text("member", 60), fee.day("startdate")
        until = day_after(fee.day("enddate"))
        if member is not None and since is not None and fee.period(since, until):
            spells[member].append((since, until))
            where.setdefault(member, fee.place)
    for cells in every:
        ref = _ref(cells, "pk")
        yield _member(cells, ref, bool(spells.get(ref.key or "")))
    for key, periods in spells.items():
        for since, until in union(periods):
            yield MembershipRecord(where[key], Ref(key=key), "", since, until)


def _member(cells: Cells, ref: Ref, paid: bool) -> MemberRecord:
    organisation = cells.text("type") == "legal_entity"
    names = [cells.text("firstname"), cells.text("lastname")]
    person = " ".join(part for part in names if part)
    name = cells.text("organizationname") if organisation else person
    resigned, status = cells.day("resigndate"), cells.text("status")
    joined = cells.day("datejoined")
    standing = MemberStatus.MEMBER
    if resigned is not None:
        standing = MemberStatus.LEFT
    elif status == "pending" or (status == "not_member" and not paid):
        standing = MemberStatus.APPLICANT
    place = "\n".join(
        part
        for part in (
            cells.text("address", 400),
            " ".join(part for part in (cells.text("postalcode"), cells.text("city")) if part),
            cells.text("country"),
        )
        if part
    )
    phones = (cells.text("homephonenumber", 40), cells.text("mobilephonenumber", 40))
    return MemberRecord(
        place=cells.place,
        ref=ref,
        name=name or person or cells.text("nickname") or cells.text("username"),
        email=cells.text("email", 254),
        organisation=organisation,
        status=str(standing),
        joined=min(joined, resigned) if joined and resigned else joined,
        left=resigned,
        postal=place or None,
        phones=tuple(phone for phone in phones if phone),
    )


def _named(every: list[Cells]) -> dict[str | None, str]:
    """What an offer of theirs is called here, by its key: no two alike."""
    named: dict[str | None, str] = {}
    for cells in every:
        said = cells.text("reference") or cells.text("name") or "offre"
        name = re.sub(r"[^a-z0-9]+", "-", plain_dashed(said)).strip("-")[:24] or "offre"
        named[cells.text("pk")] = f"{name}-{cells.text('pk')}"[:32] if name in named.values() else name
    return named


def _offers(every: list[Cells], named: Mapping[str | None, str]) -> Iterator[Record]:
    for cells in every:
        title = cells.text("name", 100) or "?"
        said = f"{cells.text('configurationtype') or ''} {title}".casefold()
        technology = next((kind for word, kind in _KINDS if word in said), Technology.COLOCATION)
        yield OfferRecord(cells.place, named[cells.text("pk")], title=title, technology=str(technology))


def plain_dashed(text: str) -> str:
    """A text in small letters without accents, a dash between words: `VPN à 5 €` is `vpn-a-5`."""
    return "-".join(filter(None, (plain(word) for word in text.split())))


def _lines(reading: Reading, cells: Mapping[str, list[Cells]], named: Mapping[str | None, str]) -> Iterator[Record]:
    configured = [one for model, rows in cells.items() if _configures(model) for one in rows]
    subscription_of = {one.text("pk"): key for one in configured if (key := one.text("offersubscription"))}
    said: dict[str, dict[str, str]] = defaultdict(dict)
    for one in configured:
        key = one.text("offersubscription") or subscription_of.get(one.text("pk"))
        if key is not None:
            said[key].update({name: text for name in ("login", "phonenumber") if (text := one.raw(name))})
    members = {}
    for one in cells.get("offers.offersubscription", []):
        member = one.text("member", 60)
        if member is None:
            reading.remark(one.place, _NOBODY)
            continue
        key = one.text("pk") or "?"
        members[key] = (Ref(key=key), Ref(key=member))
        yield from _subscription(one, members[key], named.get(one.text("offer")), said[key])
    yield from _pools(cells.get("resources.ippool", []))
    yield from _subnets(reading, cells.get("resources.ipsubnet", []), subscription_of, members)


def _subscription(cells: Cells, refs: tuple[Ref, Ref], offer: str | None, said: Mapping[str, str]) -> Iterator[Record]:
    line, member = refs
    since, until = cells.day("subscriptiondate"), cells.day("resigndate")
    if not cells.period(since, until):
        return
    nd = re.sub(r"[ .]", "", said.get("phonenumber", ""))
    yield LineRecord(
        place=cells.place,
        ref=line,
        offer=offer,
        state=str(LineState.ACTIVE if until is None else LineState.CLOSED),
        details=Details(nd=nd if re.fullmatch(r"0[1-9][0-9]{8}", nd) else None),
    )
    yield ShareRecord(cells.place, line, member, since=since, until=until)
    if "login" in said:
        begins = None if since is None else clock.midnight(since)
        yield CredentialRecord(cells.place, line, member, "login", said["login"], since=begins)


def _pools(every: list[Cells]) -> Iterator[Record]:
    for cells in every:
        prefix = cells.prefix("inet")
        if prefix is not None:
            name = plain_dashed(cells.text("name", 60) or str(prefix))[:32]
            yield PrefixRecord(cells.place, name, prefix, handed=cells.number("defaultsubnetsize"))


def _subnets(
    reading: Reading,
    every: list[Cells],
    subscription_of: Mapping[str | None, str],
    members: Mapping[str, tuple[Ref, Ref]],
) -> Iterator[Record]:
    for cells in every:
        prefix = cells.prefix("inet")
        if prefix is None:
            continue
        held = members.get(subscription_of.get(cells.text("configuration"), ""))
        if held is None:
            reading.remark(cells.place, _NO_CONFIGURATION, prefix=prefix)
            yield AddressRecord(cells.place, prefix, note="COIN")
        else:
            yield AddressRecord(cells.place, prefix, line=held[0], member=held[1])
