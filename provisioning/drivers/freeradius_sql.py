"""FreeRADIUS' logins in PostgreSQL: read as rows, brought in one transaction, undone in the database (`sql_switch`).

We are `essaim` there, by a password, over TLS that is bound to it (SCRAM-SHA-256-PLUS, RFC 5929): nobody between us
reads or answers. FreeRADIUS reads rows at each login: it sees those before or those after, and never waits for us.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

import psycopg
from psycopg import Connection

from foundation import reach
from foundation.errors import Unavailable
from foundation.reach import CommandFailed, MachineUnreachable
from foundation.settings import Settings
from foundation.speech import Phrase
from provisioning import login_rows, texts
from provisioning.artifact import Target
from provisioning.artifacts.radius_sql import FILE
from provisioning.drivers import sql_switch
from provisioning.drivers.kept_switch import ASKED
from provisioning.drivers.protocol import (
    ConfigurationRefused,
    ConnectionLost,
    ConnectionLostUnwatched,
    NotWhole,
    Seen,
    Stale,
    Stand,
    Standing,
    Undone,
    Unsettled,
)
from provisioning.drivers.sql_switch import TABLES
from provisioning.login_rows import Entry, Item
from provisioning.texts import Texts

DATABASE: Final = "radius"
_LIMITS: Final = "-c lock_timeout=5s -c statement_timeout=60s -c idle_in_transaction_session_timeout=60s"
_UNREADABLE: Final = Phrase("la rangée {row} ne se lit pas", "row {row} cannot be read")

Held = dict[str, list[tuple[int, str, Item]]]
"""By table: the number of each row, its login, and the row as we would write it."""


class DatabaseNotPrepared(Unavailable):
    """A database where nobody has made us our place."""

    kind = "database-not-prepared"
    permanent = True
    phrase = Phrase(
        "La base RADIUS de {machine} n'est pas prête : il y manque {what}. Rien n'y a été changé. "
        "Ce qu'il y a à faire, une fois : docs/howto/radius-in-sql.md",
        "The RADIUS database of {machine} is not ready: {what} is missing there. Nothing was changed in it. "
        "What there is to do, once: docs/howto/radius-in-sql.md",
    )


class FreeradiusSqlDriver:
    """Speaks to one database a machine."""

    def __init__(self, settings: Settings) -> None:
        self._means = settings.means()
        self._seconds = settings.confirm_seconds
        self._watched: dict[str, bool] = {}

    def look(self, target: Target, desired: Texts) -> Seen:
        """The rows of our logins and of those that are desired, whoever wrote them.

        Raises MachineUnreachable, CommandFailed, DatabaseNotPrepared.
        """
        with self._opened(target) as database:
            sql_switch.undo_late(database)
            with database.transaction():
                database.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                running = _written(*_held(target, database, _wanted(target, desired, refused=False)))
        return Seen(running, texts.unified(running, desired))

    def apply(self, target: Target, desired: Texts, expected: str) -> None:
        """Bring the rows that differ, all in one transaction, until it is confirmed or its time is over.

        Raises Stale, Unsettled, ConfigurationRefused, ConnectionLost, MachineUnreachable, CommandFailed,
        DatabaseNotPrepared.
        """
        wanted, whole = _wanted(target, desired), False
        with self._opened(target) as database:
            sql_switch.undo_late(database)
            try:
                with database.transaction():
                    _alone(target, database)
                    self._watched[str(target)] = sql_switch.watched(database)
                    self._bring(target, database, wanted, texts.digest(desired), expected)
                    whole = True
            except (psycopg.DataError, psycopg.IntegrityError) as refused:
                raise ConfigurationRefused(target=str(target), reason=_words(refused)) from refused
            except psycopg.OperationalError as lost:
                if whole:  # it was being committed: it was, or it was not
                    raise self._lost(target, _words(lost)) from lost
                raise

    def confirm(self, target: Target, wanted: str) -> None:
        """Keep the rows for good. Raises Undone, ConnectionLost."""
        with self._losing(target), self._opened(target) as database:
            sql_switch.undo_late(database)
            with database.transaction():
                sql_switch.keep(database, wanted)
            stands = sql_switch.standing(database)
        if stands.stand is Stand.UNDONE and stands.wanted == wanted:
            raise Undone(target=str(target), reason=stands.reason)

    def revert(self, target: Target, wanted: str) -> None:
        """The rows of before come back, if that change waits still. Raises NotWhole, ConnectionLost."""
        with self._losing(target), self._opened(target) as database:
            stands = sql_switch.standing(database)
            if stands.stand is not Stand.WAITING or stands.wanted != wanted:
                return
            try:
                sql_switch.undo(database, ASKED)
            except (psycopg.DataError, psycopg.IntegrityError) as wrong:
                raise NotWhole(target=str(target), reason=_words(wrong)) from wrong

    def standing(self, target: Target) -> Standing:
        """Where the last change stands. Raises MachineUnreachable, CommandFailed."""
        with self._opened(target) as database:
            sql_switch.undo_late(database)
            return sql_switch.standing(database)

    def _bring(
        self, target: Target, database: Connection, wanted: tuple[Entry, ...], digest: str, expected: str
    ) -> None:
        lines, held = _held(target, database, wanted)
        if texts.digest(_written(lines, held)) != expected:
            raise Stale(target=str(target))
        waiting = sql_switch.standing(database)
        if waiting.stand is Stand.WAITING:
            raise Unsettled(target=str(target), seconds=round(waiting.seconds))
        sql_switch.begin(database, digest, self._seconds)
        for table in TABLES:
            _differing(database, table, held[table], wanted)
        now = {one.login: one.line for one in wanted if one.line}
        sql_switch.disown(database, [login for login, line in lines.items() if now.get(login) != line])
        sql_switch.own(database, [(login, line) for login, line in now.items() if lines.get(login) != line])

    @contextmanager
    def _opened(self, target: Target) -> Iterator[Connection]:
        """The database, each statement a transaction of its own. What psycopg raises is ours when it leaves."""
        machine = target.machine
        with reach.network(self._means):
            try:
                database = psycopg.connect(
                    host=machine.host, port=machine.port, user=machine.user, password=machine.password,
                    dbname=DATABASE, sslmode="require", channel_binding="require", gssencmode="disable",
                    connect_timeout=reach.CONNECT_SECONDS, tcp_user_timeout=15000, options=_LIMITS,
                    application_name="essaim", autocommit=True,
                )  # fmt: skip
            except psycopg.OperationalError as silent:
                raise MachineUnreachable(machine=machine.name, reason=_words(silent)) from silent
            with closing(database):
                try:
                    yield database
                except psycopg.Error as failed:
                    if database.closed:
                        raise MachineUnreachable(machine=machine.name, reason=_words(failed)) from failed
                    raise CommandFailed(machine=machine.name, command="SQL", reason=_words(failed)) from failed

    @contextmanager
    def _losing(self, target: Target) -> Iterator[None]:
        """A database that falls silent now holds a change that waits."""
        try:
            yield
        except MachineUnreachable as lost:
            raise self._lost(target, lost.facts["reason"]) from lost

    def _lost(self, target: Target, reason: object) -> ConnectionLost:
        kind = ConnectionLost if self._watched.get(str(target)) else ConnectionLostUnwatched
        return kind(target=str(target), reason=reason, seconds=self._seconds)


def _wanted(target: Target, desired: Texts, *, refused: bool = True) -> tuple[Entry, ...]:
    try:
        return login_rows.read(desired.get(FILE, ""))
    except ValueError as wrong:
        if not refused:  # it is refused when it is applied
            return ()
        reason = Phrase.said(_UNREADABLE.say("fr", row=str(wrong)), _UNREADABLE.say("en", row=str(wrong)))
        raise ConfigurationRefused(target=str(target), reason=reason) from wrong


def _alone(target: Target, database: Connection) -> None:
    """Until the transaction ends nobody else writes rows; FreeRADIUS reads on."""
    _check_ready(target, database)
    database.execute("LOCK TABLE radcheck, radreply IN SHARE ROW EXCLUSIVE MODE")
    sql_switch.prepare(database)


def _check_ready(target: Target, database: Connection) -> None:
    for what, there in (("radcheck", "to_regclass"), ("radreply", "to_regclass"), ("essaim", "to_regnamespace")):
        row = database.execute(f"SELECT {there}(%s) IS NOT NULL", (what,)).fetchone()
        if row is None or not row[0]:
            raise DatabaseNotPrepared(machine=target.machine.name, what=what)


def _held(target: Target, database: Connection, wanted: tuple[Entry, ...]) -> tuple[dict[str, str], Held]:
    """The logins that are ours with their lines, and of them and of those wanted the rows that we may write."""
    _check_ready(target, database)
    lines = sql_switch.ours(database)
    names = [*dict.fromkeys((*lines, *(one.login for one in wanted)))]
    held: Held = {}
    for table in TABLES:
        rows = database.execute(
            f"SELECT id, username, attribute, op, value FROM {table} WHERE username = ANY(%s) ORDER BY id",  # noqa: S608
            (names,),
        )
        held[table] = [
            (number, login, login_rows.spelled(Item(attribute, operator, value)))
            for number, login, attribute, operator, value in rows
            if login_rows.owned(table, attribute)
        ]
    return lines, held


def _written(lines: dict[str, str], held: Held) -> Texts:
    """What is held, as a text; nothing where nobody of ours logs in here yet."""
    checked, given = (_by_login(held[table]) for table in TABLES)
    text = login_rows.written(
        Entry(one, lines.get(one, ""), tuple(checked.get(one, ())), tuple(given.get(one, ())))
        for one in checked.keys() | given.keys() | lines.keys()
    )
    return {FILE: text} if text else {}


def _by_login(rows: list[tuple[int, str, Item]]) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for _, login, item in rows:
        found.setdefault(login, []).append(item)
    return found


def _differing(database: Connection, table: str, held: list[tuple[int, str, Item]], wanted: tuple[Entry, ...]) -> None:
    """Take away the rows that are not wanted, add those that are not there; the others are not touched."""
    left = Counter((one.login, item) for one in wanted for item in (one.check if table == "radcheck" else one.reply))
    gone = []
    for number, login, item in held:
        if left[login, item] > 0:
            left[login, item] -= 1
        else:
            gone.append(number)
    sql_switch.take(database, table, gone)
    came = left.elements()
    sql_switch.bring(database, table, [(login, one.attribute, one.operator, one.value) for login, one in came])


def _words(failed: psycopg.Error) -> str:
    """Why, in one row and without what was written."""
    said = failed.diag.message_primary or str(failed)
    rows = said.strip().splitlines()
    return rows[-1][:200] if rows else type(failed).__name__
