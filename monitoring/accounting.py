"""PPP sessions as the RADIUS server was told of them (RFC 2866), from FreeRADIUS' own table `radacct` or its detail
files; and what an l2tpns without RADIUS writes down of traffic.

Table and files belong to those daemons and stay on their machines; they are read there, never copied or written.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from foundation import reach
from foundation.errors import Unavailable
from foundation.speech import Phrase
from inventory.models.devices import RADIUS_ACCOUNTING
from monitoring.models import LARGEST
from monitoring.there import detail, dumps

MOST_ROWS: Final = 20_000
MOST_OCTETS: Final = 64 << 20
"""Of detail files, the newest first: some two seconds' work for the machine that has them."""
MOST_DUMPED: Final = 200_000
DETAIL_FOLDER: Final = "/var/log/freeradius/radacct"
"""Where Debian's FreeRADIUS keeps its detail files."""
L2TPNS_CONFIGURATION: Final = "/etc/l2tpns/startup-config"

# Runs on the RADIUS machine with Debian's python3. The newest come first: what is beyond the limit is old.
# The 64-bit totals are FreeRADIUS' own sum of Acct-*-Octets and Acct-*-Gigawords (RFC 2869, 5.1).
SCRIPT: Final = """\
import json, pathlib, sqlite3, sys
path, since, most = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
table = sqlite3.connect(pathlib.Path(path).as_uri() + "?mode=ro", uri=True, timeout=5)
rows = table.execute(
    "SELECT acctuniqueid, username, callingstationid, acctstarttime, acctupdatetime, acctstoptime, acctinterval,"
    " acctinputoctets, acctoutputoctets, acctterminatecause FROM radacct"
    " WHERE acctstoptime IS NULL OR acctstoptime >= ? ORDER BY radacctid DESC LIMIT ?",
    (since, most),
)
json.dump(rows.fetchall(), sys.stdout)
"""


class UnreadableAccounting(Unavailable):
    """What the RADIUS machine gives is not its accounting."""

    kind = "unreadable-accounting"
    phrase = Phrase(
        "La comptabilité RADIUS de {machine} est illisible. Rien n'a été enregistré pour elle.",
        "The RADIUS accounting of {machine} cannot be read. Nothing was recorded for it.",
    )


@dataclass(frozen=True, slots=True)
class Session:
    """One PPP session. `received` and `sent` are octets as the member counts them; `until` is none while it lasts.

    `reports` where the access server brings news while it lasts (interim updates), the latest at `updated`. `rates` is
    what it told last of the copper, in bit/s, by the metrics of `monitoring.there.detail.RATES`.
    """

    key: str
    login: str
    caller: str | None = field(repr=False)
    since: datetime
    updated: datetime
    until: datetime | None
    reports: bool
    received: int
    sent: int
    cause: str
    rates: tuple[tuple[str, int], ...] = ()


def read_sessions(means: reach.Means, machine: reach.Machine, since: datetime) -> list[Session]:
    """The sessions that last, and those that ended at or after `since`.

    Raises MachineUnreachable, CommandFailed, UnreadableAccounting.
    """
    command = f"python3 - {shlex.quote(RADIUS_ACCOUNTING)} {int(since.timestamp())} {MOST_ROWS}"
    return parse(machine.name, reach.run(means, machine, command, stdin=SCRIPT, timeout=30))


@dataclass(frozen=True, slots=True)
class Dump:
    """What a login carried in the five minutes until an instant, in octets as the member counts them."""

    at: datetime
    login: str
    received: int
    sent: int


def read_details(means: reach.Means, machine: reach.Machine, since: datetime) -> list[Session]:
    """The sessions that last, and those that ended at or after `since`, from the detail files of a RADIUS server.

    Raises MachineUnreachable, CommandFailed, UnreadableAccounting.
    """
    asked = f"{shlex.quote(DETAIL_FOLDER)} {int(since.timestamp())} {MOST_OCTETS} {MOST_ROWS}"
    return parse_details(
        machine.name, reach.run(means, machine, f"python3 - {asked}", stdin=_program(detail), timeout=60)
    )


def parse_details(machine: str, text: str) -> list[Session]:
    """Read rows as `parse` does, each with what was told of the copper behind it. Raises UnreadableAccounting."""
    told = ((_session(row), rates) for *row, rates in _rows(machine, text, 11))
    return [replace(session, rates=_rates(rates)) for session, rates in told if session is not None]


def read_dumps(means: reach.Means, machine: reach.Machine, since: datetime) -> list[Dump]:
    """What l2tpns wrote into its `accounting_dir` since then, the newest where that is too much.

    Raises MachineUnreachable, CommandFailed, UnreadableAccounting.
    """
    asked = f"{shlex.quote(L2TPNS_CONFIGURATION)} {int(since.timestamp())} {MOST_DUMPED}"
    said = reach.run(means, machine, f"python3 - {asked}", stdin=_program(dumps), timeout=30)
    return parse_dumps(machine.name, said)


def parse_dumps(machine: str, text: str) -> list[Dump]:
    """Read rows of: when (Unix time), login, octets from the member, octets to them. A senseless one is left out.

    Raises UnreadableAccounting when the whole is not a list of rows.
    """
    rows = _rows(machine, text, 4)
    return [
        Dump(at, login, octets_out, octets_in)
        for when, login, octets_in, octets_out in rows
        if isinstance(login, str) and _whole(octets_in) and _whole(octets_out)
        for at in (_instant(when),)
        if at is not None
    ]


def _program(module: ModuleType) -> str:
    return Path(str(module.__file__)).read_text(encoding="utf-8")


def _rows(machine: str, text: str, width: int) -> list[list[Any]]:
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise UnreadableAccounting(machine=machine) from wrong
    if not isinstance(rows, list) or not all(isinstance(row, list) and len(row) == width for row in rows):
        raise UnreadableAccounting(machine=machine)
    return rows


def parse(machine: str, text: str) -> list[Session]:
    """Read the rows. One that makes no sense is left out: it must not hide everybody else's.

    Raises UnreadableAccounting when the whole is not a list of rows.
    """
    return [session for session in map(_session, _rows(machine, text, 10)) if session is not None]


def _session(row: list[Any]) -> Session | None:
    key, login, caller, start, update, stop, interval, octets_in, octets_out, cause = row
    name, since = _line(key), _instant(start)
    if not name or since is None or not isinstance(login, str):
        return None
    until = _instant(stop)
    return Session(
        key=name,
        login=login,
        caller=_line(caller) or None,
        since=since,
        updated=max(since, _instant(update) or since),
        until=None if until is None else max(since, until),
        reports=interval is not None,  # null until the first interim update; on SQLite then always 0
        received=octets_out if _whole(octets_out) else 0,
        sent=octets_in if _whole(octets_in) else 0,
        cause=_line(cause),
    )


def _rates(said: object) -> tuple[tuple[str, int], ...]:
    if not isinstance(said, dict):
        return ()
    return tuple((name, said[name]) for name in detail.RATES.values() if _whole(said.get(name)))


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST


def _instant(value: object) -> datetime | None:
    """Unix time, as FreeRADIUS writes it in SQLite."""
    if not isinstance(value, int) or not 0 < value < 2**35:
        return None
    return datetime.fromtimestamp(value, UTC)


def _line(value: object) -> str:
    """Text of the access server's, as one printable line."""
    return "".join(char for char in value if char.isprintable())[:32] if isinstance(value, str) else ""
