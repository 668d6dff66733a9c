"""The switch of a change of rows: kept in the database beside the rows, with what they were, and undone there.

All of it stands in a schema of ours. `essaim.undo_late()` is for a timer on the database's own machine: whoever calls
it, what nobody confirmed in time is undone in one transaction, and that somebody watches is noted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from psycopg import Connection

from foundation.speech import Phrase
from provisioning.drivers.kept_switch import LATE
from provisioning.drivers.protocol import Stand, Standing

TABLES: Final = ("radcheck", "radreply")
WATCHED_SECONDS: Final = 180
"""For how long whoever called `essaim.undo_late()` last is taken to be there still."""

_BACK: Final = "".join(
    f"""
  DELETE FROM {table} WHERE id IN (SELECT f.id FROM essaim.former f WHERE f.kind = '{table}' AND f.came);
  INSERT INTO {table} (id, username, attribute, op, value)
    SELECT f.id, f.name, f.attribute, f.op, f.value FROM essaim.former f WHERE f.kind = '{table}' AND NOT f.came;"""  # noqa: S608 - its tables are those above
    for table in TABLES
)
SCHEMA: Final = f"""
CREATE TABLE IF NOT EXISTS essaim.login (name text PRIMARY KEY, line text NOT NULL);
CREATE TABLE IF NOT EXISTS essaim.change (
  alone boolean PRIMARY KEY DEFAULT true CHECK (alone), stand text NOT NULL, wanted text NOT NULL,
  until timestamptz NOT NULL, reason_fr text NOT NULL DEFAULT '', reason_en text NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS essaim.watch (
  alone boolean PRIMARY KEY DEFAULT true CHECK (alone), at timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS essaim.former (
  kind text NOT NULL, came boolean NOT NULL, id bigint, name text, attribute text, op text, value text);
CREATE OR REPLACE FUNCTION essaim.undo(late boolean, fr text, en text) RETURNS boolean
LANGUAGE plpgsql SET search_path FROM CURRENT AS $undo$
BEGIN
  PERFORM 1 FROM essaim.change c
    WHERE c.stand = 'waiting' AND (NOT late OR c.until < clock_timestamp()) FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;{_BACK}
  DELETE FROM essaim.login WHERE name IN (SELECT f.name FROM essaim.former f WHERE f.kind = 'login' AND f.came);
  INSERT INTO essaim.login (name, line)
    SELECT f.name, f.value FROM essaim.former f WHERE f.kind = 'login' AND NOT f.came;
  DELETE FROM essaim.former;
  UPDATE essaim.change SET stand = 'undone', reason_fr = fr, reason_en = en;
  RETURN true;
END $undo$;
CREATE OR REPLACE FUNCTION essaim.undo_late() RETURNS boolean
LANGUAGE plpgsql SET search_path FROM CURRENT AS $late$
BEGIN
  INSERT INTO essaim.watch (at) VALUES (clock_timestamp()) ON CONFLICT (alone) DO UPDATE SET at = excluded.at;
  RETURN essaim.undo(true, '{LATE.fr.replace("'", "''")}', '{LATE.en}');
END $late$;
"""  # noqa: S608

_FRESH: Final = """
INSERT INTO essaim.change (stand, wanted, until) VALUES ('waiting', %s, clock_timestamp() + %s * interval '1 second')
ON CONFLICT (alone) DO UPDATE SET stand = 'waiting', wanted = excluded.wanted, until = excluded.until,
  reason_fr = '', reason_en = ''
"""
_STANDS: Final = """
SELECT stand, wanted, greatest(0, extract(epoch FROM until - clock_timestamp()))::float8, reason_fr, reason_en
FROM essaim.change
"""


def prepare(database: Connection) -> None:
    """Have our tables and functions stand in our schema, inside the transaction that is open."""
    database.execute(SCHEMA)


def standing(database: Connection) -> Standing:
    """Where the last change stands."""
    row = database.execute(_STANDS).fetchone() if _there(database) else None
    if row is None:
        return Standing(Stand.NONE)
    stand, wanted, left, french, english = row
    return Standing(Stand(stand), wanted, left if stand == Stand.WAITING else 0.0, Phrase.said(french, english))


def begin(database: Connection, wanted: str, seconds: int) -> None:
    """A change waits from now on, for so long; what it takes and brings is noted beside (`essaim.former`)."""
    database.execute(_FRESH, (wanted, seconds))


def keep(database: Connection, wanted: str) -> None:
    """Confirm it, if it waits still: what was before is forgotten."""
    if not _there(database):
        return
    kept = "UPDATE essaim.change SET stand = 'confirmed' WHERE stand = 'waiting' AND wanted = %s"
    if database.execute(kept, (wanted,)).rowcount:
        database.execute("DELETE FROM essaim.former")


def undo(database: Connection, why: Phrase, *, late: bool = False) -> None:
    """Put back what was before, if a change waits; with `late`, if its time is over too."""
    if _there(database):
        database.execute("SELECT essaim.undo(%s, %s, %s)", (late, why.fr, why.en))


def undo_late(database: Connection) -> None:
    """What nobody confirmed in time is undone."""
    undo(database, LATE, late=True)


def watched(database: Connection) -> bool:
    """Whether something on the database's own side undoes what is late, whoever has died here."""
    lately = "SELECT at > clock_timestamp() - %s * interval '1 second' FROM essaim.watch"
    row = database.execute(lately, (WATCHED_SECONDS,)).fetchone()
    return row is not None and bool(row[0])


def ours(database: Connection) -> dict[str, str]:
    """The logins that are ours, with the line of each."""
    if not _there(database):
        return {}
    return dict(database.execute("SELECT name, line FROM essaim.login").fetchall())


def take(database: Connection, table: str, numbers: Sequence[int]) -> None:
    """Take rows away, and note them."""
    database.execute(
        f"WITH gone AS (DELETE FROM {table} WHERE id = ANY(%s) RETURNING id, username, attribute, op, value) "  # noqa: S608
        "INSERT INTO essaim.former (kind, came, id, name, attribute, op, value) "
        f"SELECT '{table}', false, id, username, attribute, op, value FROM gone",
        ([*numbers],),
    )


def bring(database: Connection, table: str, rows: Sequence[tuple[str, str, str, str]]) -> None:
    """Add rows (login, attribute, operator, value), and note which they are."""
    database.execute(
        f"WITH came AS (INSERT INTO {table} (username, attribute, op, value) "  # noqa: S608
        "SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) RETURNING id) "
        f"INSERT INTO essaim.former (kind, came, id) SELECT '{table}', true, id FROM came",
        tuple([row[column] for row in rows] for column in range(4)),
    )


def disown(database: Connection, logins: Sequence[str]) -> None:
    """These logins are ours no more."""
    database.execute(
        "WITH gone AS (DELETE FROM essaim.login WHERE name = ANY(%s) RETURNING name, line) "
        "INSERT INTO essaim.former (kind, came, name, value) SELECT 'login', false, name, line FROM gone",
        ([*logins],),
    )


def own(database: Connection, lines: Sequence[tuple[str, str]]) -> None:
    """These logins are ours, each of that line."""
    database.execute(
        "WITH came AS (INSERT INTO essaim.login (name, line) SELECT * FROM unnest(%s::text[], %s::text[]) "
        "RETURNING name) INSERT INTO essaim.former (kind, came, name) SELECT 'login', true, name FROM came",
        ([login for login, _ in lines], [line for _, line in lines]),
    )


def _there(database: Connection) -> bool:
    row = database.execute("SELECT to_regclass('essaim.change') IS NOT NULL").fetchone()
    return row is not None and bool(row[0])
