"""FreeRADIUS' texts: from the inventory, and back from what a machine runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from sqlalchemy import select

from foundation.vault import vault_of
from inventory import addresses, devices, lines, offers
from inventory.models.addresses import Role
from inventory.models.lines import Credential
from provisioning.artifact import Effect, Impact
from provisioning.artifacts.radius import RADIUS, quoted
from provisioning.facts import Unwritable
from provisioning.texts import redacted


@pytest.fixture
def texts(association: Any) -> Mapping[str, str]:
    return RADIUS.desired(association.session, association.radius, association.later)


def release(texts: Mapping[str, str]) -> str:
    return texts["authorize"].split('Reply-Message = "')[1].split('"')[0]


def test_each_copper_line_is_a_login_with_its_addresses_and_its_neighbours(
    texts: Mapping[str, str], golden: Callable[..., None]
) -> None:
    golden("radius", "debian", texts)


def test_no_member_is_named_on_the_machine(texts: Mapping[str, str]) -> None:
    assert "Camille" not in "".join(texts.values())


def test_a_closed_line_may_not_log_in(association: Any) -> None:
    lines.close_line(association.session, association.act, association.line("L0004"))
    authorize = RADIUS.desired(association.session, association.radius, association.later)["authorize"]
    assert "l0004@adsl" not in authorize
    assert "l0005@adsl" in authorize


@pytest.mark.parametrize(
    ("password", "written"),
    [("plain", "'plain'"), ("a'b", r"'a\'b'"), ("a\\b", r"'a\\b'"), ('%{User-Name} "x"', "'%{User-Name} \"x\"'")],
)
def test_a_password_stands_between_quotes_where_nothing_is_expanded(password: str, written: str) -> None:
    assert quoted(password) == written


def test_a_password_of_two_lines_is_never_written(association: Any) -> None:
    credential = association.session.scalars(select(Credential).where(Credential.kind == "ppp")).first()
    credential.secret = vault_of(association.session).seal("x\n\tAuth-Type := Accept")
    with pytest.raises(Unwritable):
        RADIUS.desired(association.session, association.radius, association.later)


@pytest.mark.parametrize("login", ["DEFAULT", "$INCLUDE /etc/passwd", "l1@adsl\tAuth-Type := Accept", "essaim-release"])
def test_a_login_that_would_mean_something_else_is_never_written(association: Any, login: str) -> None:
    association.session.scalars(select(Credential).where(Credential.kind == "ppp")).first().name = login
    with pytest.raises(Unwritable):
        RADIUS.desired(association.session, association.radius, association.later)


def test_a_shared_secret_that_would_end_its_quotes_is_never_written(association: Any) -> None:
    devices.set_secret(association.session, association.act, association.lns, "radius", "a'\n}")
    with pytest.raises(Unwritable):
        RADIUS.desired(association.session, association.radius, association.later)


def test_an_eleventh_route_is_refused_rather_than_lost(association: Any) -> None:
    line, pool = association.line("L0005"), offers.find_offer(association.session, "adsl").pool_v4
    for _ in range(10):
        addresses.allocate(association.session, association.act, pool, line.shares[0], Role.ROUTED)
    with pytest.raises(Unwritable, match="L0005"):
        RADIUS.desired(association.session, association.radius, association.later)


def test_what_runs_is_read_back(texts: Mapping[str, str], answer: Callable[..., str]) -> None:
    said = answer(RADIUS, texts, {"running": f'Received Access-Accept\n\tReply-Message = "{release(texts)}"\n'})
    assert RADIUS.observed(said) == texts


def test_a_release_that_the_daemon_has_not_read_is_seen(texts: Mapping[str, str], answer: Callable[..., str]) -> None:
    said = answer(RADIUS, texts, {"running": '\tReply-Message = "another"\n'})
    assert RADIUS.observed(said)["authorize"] == texts["authorize"].replace(release(texts), "another")


def test_a_daemon_that_does_not_run_is_seen(texts: Mapping[str, str], answer: Callable[..., str]) -> None:
    assert 'Reply-Message = "none"' in RADIUS.observed(answer(RADIUS, texts, {"running": ""}))["authorize"]


def test_a_machine_never_configured_holds_nothing(answer: Callable[..., str]) -> None:
    assert RADIUS.observed(answer(RADIUS, {}, {"file:authorize": "Debian's own\n", "running": ""})) == {}


def test_nobody_is_cut_by_radius(association: Any, texts: Mapping[str, str]) -> None:
    lines.close_line(association.session, association.act, association.line("L0004"))
    after = RADIUS.desired(association.session, association.radius, association.later)
    assert RADIUS.effect(texts, after) == Effect(Impact.HITLESS, 0)
    assert RADIUS.effect(after, texts) == Effect(Impact.HITLESS, 1)
    assert RADIUS.effect(texts, texts) == Effect(Impact.NONE)
    assert RADIUS.lines(texts, after) == ("L0004",)


def test_passwords_and_shared_secrets_are_never_shown(texts: Mapping[str, str]) -> None:
    shown = redacted("".join(texts.values()), RADIUS.secrets, lambda _: "‹secret›")
    for secret in ("word-of-0", "word-of-1", "between-lns-and-radius", "radius-to-itself"):
        assert secret not in shown
