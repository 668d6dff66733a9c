"""The kill harness on a database of rows, which FreeRADIUS reads meanwhile and in which somebody else has rows too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import clock
from foundation.acts import Act
from foundation.database import Store, open_store, reading, transaction
from foundation.settings import Settings, read_settings
from foundation.vault import vault_of
from inventory import lines
from inventory.models.lines import Credential, Line, LineState, Share
from provisioning import apply as applying
from provisioning import changes, plan
from tests.contract.freeradius import Database, Radius, freeradius, served_by_rows

KILLING = Path(__file__).with_name("killing.py")
THEIRS = [("someone@else", "Cleartext-Password", ":=", "theirs"), ("someone@else", "Simultaneous-Use", ":=", "1")]
SOME = 3
"""Closed lines of which FreeRADIUS is asked: it takes a second to refuse."""
KEPT = {"name", "acting_as"}
"""What stays of the demonstration's settings: it has neither a lab nor a console."""


def killed_on_rows(var: Path, held: Database, rounds: int) -> str:
    """Kill so many applies on the demonstration in `var`, then look at the database ourselves: the histogram."""
    (var / "essaim.toml").write_text(
        "".join(f"{row}\n" for row in (var / "essaim.toml").read_text().splitlines() if row.split(" ")[0] in KEPT)
    )
    settings = read_settings(var=var)
    store = open_store(settings)
    with transaction(store) as session:
        served_by_rows(session, Act("M0001", clock.now(), "rows"), held)
    store.engine.dispose()
    held.fresh()
    for row in THEIRS:
        held.rows("INSERT INTO radcheck (username, attribute, op, value) VALUES (%s, %s, %s, %s)", *row)
    with freeradius(held) as radius:
        argv = [sys.executable, str(KILLING), str(var), str(rounds), "radius/radius-sql"]
        told = {**os.environ, "ESSAIM_CONFIRM_SECONDS": "15"}
        done = subprocess.run(argv, env=told, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        _nothing_stays(held)
        store = open_store(settings)
        try:
            _brought(store, settings)
            _lets_in(store, radius)
        finally:
            store.engine.dispose()
    _nothing_stays(held)
    return done.stdout


def _nothing_stays(held: Database) -> None:
    """Theirs is untouched; no former password is kept, no change waits, nobody holds a lock or a transaction."""
    theirs = "SELECT username, attribute, op, value FROM radcheck WHERE username = 'someone@else' ORDER BY id"
    assert held.rows(theirs) == THEIRS
    assert held.rows("SELECT count(*) FROM essaim.former") == [(0,)]
    assert held.rows("SELECT count(*) FROM essaim.change WHERE stand = 'waiting'") == [(0,)]
    ours = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'essaim' AND xact_start IS NOT NULL"
    assert held.rows(ours) == [(0,)]
    assert held.rows("SELECT count(*) FROM pg_locks WHERE mode = 'ShareRowExclusiveLock'") == [(0,)]


def _brought(store: Store, settings: Settings) -> None:
    """What is left to bring is brought, and nobody is killed."""
    act = Act("M0001", clock.now(), "rows")
    (found,) = plan.plan(store, settings, act, lambda _: None)
    assert found.problem is None
    if found.change is not None:
        with transaction(store) as session:
            changes.approve(session, act, changes.find_change(session, found.change))
        (done,) = applying.apply(store, settings, act, [found.change], lambda _: None)
        assert done.problem is None


def _lets_in(store: Store, radius: Radius) -> None:
    """FreeRADIUS lets in each line that is in service, by its present password, and none that was closed."""
    with reading(store) as session:
        opened, shut = (
            [_opening(session, line) for line in lines.list_lines(session, offer="adsl", state=state, limit=1000)]
            for state in (LineState.ACTIVE, LineState.CLOSED)
        )
    assert opened
    assert [login for each in opened for login, said in each if radius.given(login, said) is None] == []
    assert [login for each in shut[-SOME:] for login, said in each if radius.given(login, said) is not None] == []


def _opening(session: Session, line: Line) -> list[tuple[str, str]]:
    """The logins of a line with their latest passwords."""
    found = select(Credential).join(Share, Share.id == Credential.share_id).where(Share.line_id == line.id)
    of_ppp = session.scalars(found.where(Credential.kind == "ppp").order_by(Credential.id))
    return [*{one.name: vault_of(session).open(one.secret) for one in of_ppp if one.secret is not None}.items()]
