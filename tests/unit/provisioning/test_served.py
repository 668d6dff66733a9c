"""The plain rows that machines' texts are made from say what the inventory's own rows say."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

from sqlalchemy import event

from inventory import lines, moving, offers
from inventory.lines import Ordering
from inventory.models.lines import LineState
from provisioning.served import Line, served


def plain(line: Any) -> tuple[object, ...]:
    """What is said of a line, by whichever rows."""
    return (
        str(line), line.id, line.device_id, line.mtu, line.offer.mtu, line.offer.delivery,
        [
            (
                share.id,
                [(one.id, one.kind, one.name, one.secret, one.since, one.until) for one in share.credentials],
                [(one.id, one.prefix, one.role, one.pool_id, one.since, one.until) for one in share.assignments],
            )
            for share in line.shares
        ],
        line.migration and (line.migration.id, line.migration.to_device_id, line.migration.to_offer.mtu),
    )  # fmt: skip


def test_rows_say_what_the_inventory_says(association: Any) -> None:
    session = association.session
    now = replace(association.act, at=association.later)
    key = base64.b64encode(b"\x63" * 32).decode()
    there = Ordering(public_key=key, place="12 rue de l'Exemple")
    moving.migrate_line(session, now, association.line("L0001"), offers.find_offer(session, "vpn"), there)
    session.expire_all()
    own = {str(one): plain(one) for one in lines.list_lines(session, limit=100)}
    found = [plain(one) for one in served(session)]
    assert found == [own[str(each[0])] for each in found]
    assert [each[0] for each in found] == sorted(
        str(one) for one in lines.list_lines(session, limit=100) if one.state in lines.RENDERED
    )


def test_what_is_suspended_or_elsewhere_is_left_out(association: Any) -> None:
    session = association.session
    here = [str(one) for one in served(session, association.vpn)]
    assert "L0001" in here
    assert "L0005" not in here
    why = replace(association.act, at=association.later, why="essai")
    lines.move(session, why, association.line("L0001"), LineState.SUSPENDED)
    assert [str(one) for one in served(session, association.vpn)] == [one for one in here if one != "L0001"]


def test_many_lines_take_no_more_questions_than_a_few(association: Any) -> None:
    session, asked = association.session, []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *said: asked.append(said[2]))
    found = served(session)
    assert len(found) > 3
    assert all(isinstance(one, Line) for one in found)
    assert len(asked) == 6
