"""An association of an earlier version keeps all that it has."""

from __future__ import annotations

from typing import Any

import pytest
from alembic import command
from sqlalchemy import text

from foundation import journal
from foundation.database import engine_of
from migrations import configuration

FIRST = """
INSERT INTO member VALUES (1, 7, 'Ada Exemple', false, 'ada@membres.example', 'fr', 'affiliate', '2024-03-05', NULL, '')
INSERT INTO member VALUES (2, 8, 'Béa Exemple', false, NULL, 'fr', 'left', '2024-03-05', '2025-01-01', 'parti')
INSERT INTO membership VALUES (1, 1, 'affiliate', '2024-03-05', NULL)
INSERT INTO membership VALUES (2, 2, 'adherent', '2024-03-05', '2025-01-01')
INSERT INTO offer (id, name, title, technology, delivery, mtu) VALUES (1, 'adsl', 'ADSL', 'adsl', 'l2tp', 1460)
INSERT INTO line (id, number, offer_id, state, nd) VALUES (1, 3, 1, 'active', '0556000042')
INSERT INTO line_event VALUES (1, 1, 'active', '2024-03-06T10:00:00.000000Z')
INSERT INTO share VALUES (1, 1, 1, 3, '2024-03-05', NULL)
"""


@pytest.fixture
def old(terminal: Any) -> Any:
    """A terminal in an association as the first version left it."""
    terminal("init")
    database = terminal.folder / "essaim.sqlite"
    for file in terminal.folder.glob("essaim.sqlite*"):
        file.unlink()
    engine = engine_of(f"sqlite:///{database}")
    with engine.connect().execution_options(essaim_writes=True) as connection, connection.begin():
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in FIRST.strip().splitlines():
            connection.execute(text(statement.replace(":00:00.", "\\:00\\:00.")))
    engine.dispose()
    return terminal


@pytest.mark.sqlite
def test_an_old_association_says_what_to_do_then_has_all_it_had(old: Any) -> None:
    assert "essaim upgrade" in old("member", "list", status=4).err
    assert "de 0001 à" in old("upgrade").out
    assert "déjà à jour" in old("upgrade").out
    member = old("member", "show", "M0007").out
    assert "Ada Exemple" in member
    assert "affilié" in member
    assert "Béa Exemple" in old("member", "list", "--left").out
    line = old("line", "show", "L0003", "--json").out
    assert "0556000042" in line
    assert "M0007" in line
    assert "3" in line
    assert "L0003" in old("search", "05 56 00 00 42").out
    assert "M0007" in old("search", "ada@").out
    assert "association : mise à jour" in old("journal", "show").out


@pytest.mark.sqlite
def test_an_upgrade_whose_journal_entry_cannot_be_written_changes_nothing(
    old: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as cut:
        cut.setattr(journal, "record", full)
        assert old("upgrade", status=4).err
    assert "de 0001 à" in old("upgrade").out


@pytest.mark.sqlite
def test_a_database_of_something_else_is_left_alone(terminal: Any) -> None:
    terminal("init")
    for file in terminal.folder.glob("essaim.sqlite*"):
        file.unlink()
    engine = engine_of(f"sqlite:///{terminal.folder / 'essaim.sqlite'}")
    with engine.connect().execution_options(essaim_writes=True) as connection, connection.begin():
        connection.execute(text("CREATE TABLE recipe (name TEXT)"))
    engine.dispose()
    assert "n'est pas celle d'une association" in terminal("upgrade", status=4).err
