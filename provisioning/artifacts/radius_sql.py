"""FreeRADIUS whose logins stand in a database: `radcheck` and `radreply` of FreeRADIUS' own schema, in PostgreSQL.

What is ours there is the logins of our lines, and of those the attributes that we write (`provisioning/login_rows.py`).
Other logins, groups, other attributes of ours, the daemon's own files and its clients are the association's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from foundation.speech import Phrase
from inventory import devices
from inventory.device_secrets import Purpose
from inventory.models.devices import Device
from provisioning import facts, login_rows
from provisioning.adopting import freeradius
from provisioning.adopting.found import Found, Unreadable
from provisioning.artifact import Effect, Impact
from provisioning.artifacts.radius import Login, ended_logins, every_login
from provisioning.login_rows import Entry, Item
from provisioning.texts import Texts

FILE: Final = "authorize"
PORT: Final = 5432

_QUOTED: Final = r"'(?P<secret>(?:[^'\\\n]|\\.)*)'"
_DOUBLE: Final = re.compile(r'"([^"\\]*)"')


class RadiusSql:
    """The artifact."""

    name = "radius-sql"
    role = "radius"
    platform = "freeradius-sql"
    secrets = re.compile(rf"(?i:[\w-]+-password|tmp-string-0) \S+ {_QUOTED}")

    def desired(self, session: Session, device: Device, at: datetime) -> Texts:
        """All logins of all lines. Raises NoSuchSecret where we cannot sign in to the database, Unwritable."""
        devices.secret_of(session, device, Purpose.LOGIN)
        return {FILE: login_rows.written(_entry(one) for one in every_login(session, at))}

    def recognised(self, running: Texts, desired: Texts) -> Texts:  # noqa: ARG002 - the protocol's signature
        """Rows are compared one by one, whoever wrote them."""
        return running

    def strangers(self, running: Texts, desired: Texts) -> tuple[str, ...]:
        """Logins made by hand that would open with another password, or be given less."""
        wanted = {one.login: _means(one) for one in _entries(desired)}
        return tuple(
            sorted(
                one.login
                for one in _entries(running)
                if not one.line and not _means(one) <= wanted.get(one.login, frozenset())
            )
        )

    def effect(self, before: Texts, after: Texts) -> Effect:
        """Whose login goes, or has another password, is cut. FreeRADIUS reads rows as one logs in, and never stops."""
        if dict(before) == dict(after):
            return Effect(Impact.NONE)
        ended = ended_logins(before, after)
        if ended:
            return Effect(Impact.CUTS, len(ended))
        known = {one.login for one in _entries(before)}
        return Effect(Impact.HITLESS, len({one.line for one in _entries(after) if one.login not in known}))

    def lines(self, before: Texts, after: Texts) -> tuple[str, ...]:
        """Lines whose login comes, goes or changes."""
        old, new = ({one.login: one for one in _entries(texts)} for texts in (before, after))
        changed = {_label(old, new, login) for login in old.keys() | new.keys() if old.get(login) != new.get(login)}
        return tuple(sorted(changed - {""}, key=lambda label: (len(label), label)))


def _entry(login: Login) -> Entry:
    if "+" in login.name:  # FreeRADIUS looks for `=2B` in its place, unless it was told otherwise (safe_characters)
        raise facts.Unwritable(
            what=Phrase("Le « + » de l'identifiant PPP", "The “+” in the PPP login"), owner=login.label
        )
    check = [Item("Cleartext-Password", ":=", _stored(login.password))]
    if login.former:
        check.append(Item("Tmp-String-0", ":=", _stored(login.former)))
    return Entry(login.name, login.label, tuple(check), tuple(_given(login)))


def _given(login: Login) -> Iterator[Item]:
    for row in login.reply:
        attribute, operator, value = row.split(" ", 2)
        yield Item(attribute, operator, _stored(value))


def _stored(written: str) -> str:
    """What a `users` file has, as it stands in a row."""
    double = _DOUBLE.fullmatch(written)
    return login_rows.stored(double[1] if double else login_rows.meant(written))


def _entries(texts: Texts) -> tuple[Entry, ...]:
    return login_rows.read(texts.get(FILE, ""))


def _label(old: Mapping[str, Entry], new: Mapping[str, Entry], login: str) -> str:
    return next((held[login].line for held in (new, old) if login in held and held[login].line), "")


def _means(entry: Entry) -> frozenset[str]:
    """What a login is for, whoever wrote it: its password and its addresses."""
    check, reply = (
        tuple(freeradius.Item(one.attribute, one.operator, login_rows.meant(one.value)) for one in items)
        for items in (entry.check, entry.reply)
    )
    try:
        way = freeradius.way_of(FILE, freeradius.Entry(0, entry.login, check, reply, ()), Found())
    except Unreadable as wrong:  # what it is given is no address of ours, whatever it is
        return frozenset({str(wrong)})
    if way is None:
        return frozenset()
    return frozenset({f"password {way.secret}", *(f"{role} {prefix}" for prefix, role in way.prefixes)})


RADIUS_SQL: Final = RadiusSql()
