"""FreeRADIUS' texts: from the inventory, and back from what a machine runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from foundation.acts import Act
from foundation.vault import vault_of
from inventory import addresses, credentials, devices, lapsing, lines, offers
from inventory.models.addresses import Role
from inventory.models.lines import Credential
from provisioning.artifact import Effect, Impact
from provisioning.artifacts.radius import RADIUS, ended_logins, given_addresses, quoted
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
    assert RADIUS.observed(answer(RADIUS, {}, {"file:authorize": "# Debian's own\n", "running": ""})) == {}


def after(association: Any, days: int = 0) -> Mapping[str, str]:
    at = association.later + timedelta(days=days)
    return RADIUS.desired(association.session, association.radius, at)


def test_a_login_that_goes_is_cut_and_one_that_comes_cuts_nobody(association: Any, texts: Mapping[str, str]) -> None:
    lines.close_line(association.session, association.act, association.line("L0004"))
    without = after(association)
    assert ended_logins(texts, without) == ("l0004@adsl",)
    assert given_addresses(texts)["l0004@adsl"] == "203.0.113.0"
    assert RADIUS.effect(texts, without) == Effect(Impact.CUTS, 1)
    assert RADIUS.effect(without, texts) == Effect(Impact.HITLESS, 1)
    assert RADIUS.lines(texts, without) == ("L0004",)


def test_other_addresses_of_a_login_cut_nobody(association: Any, texts: Mapping[str, str]) -> None:
    line, pool = association.line("L0004"), offers.find_offer(association.session, "adsl").pool_v4
    addresses.allocate(association.session, association.act, pool, line.shares[0], Role.ROUTED)
    assert ended_logins(texts, after(association)) == ()


def test_a_password_that_changes_at_once_ends_the_session_that_the_old_one_opened(
    association: Any, texts: Mapping[str, str]
) -> None:
    share = association.line("L0004").shares[0]
    credentials.renew_credential(association.session, association.act, share, credentials.Opening())
    assert RADIUS.effect(texts, after(association)) == Effect(Impact.CUTS, 1)


def test_a_password_renewed_ahead_cuts_nobody_neither_when_it_comes_nor_when_the_former_ends(
    association: Any, texts: Mapping[str, str]
) -> None:
    share = association.line("L0004").shares[0]
    lapsing.renew_ahead(association.session, association.act, share, days=60)
    both, then = after(association), after(association, 61)
    assert "Tmp-String-0 := 'word-of-0'" in both["authorize"]
    assert both["authorize"].count("l0004@adsl") == 1
    assert "word-of-0" not in then["authorize"]
    assert ended_logins(texts, both) == ended_logins(both, then) == ()
    assert "word-of-0" not in redacted(both["authorize"], RADIUS.secrets, lambda _: "‹secret›")


def test_a_password_found_out_while_it_is_being_renewed_is_put_out_of_force_and_cut(association: Any) -> None:
    share = association.line("L0004").shares[0]
    lapsing.renew_ahead(association.session, association.act, share, days=60)
    both = after(association)
    later = Act("machine:test", association.act.at + timedelta(minutes=1))
    credentials.renew_credential(association.session, later, share, credentials.Opening())
    assert ended_logins(both, after(association)) == ("l0004@adsl",)
    assert "Tmp-String-0" not in after(association)["authorize"]


def test_whoever_leaves_while_a_password_is_being_renewed_logs_in_with_neither(association: Any) -> None:
    line = association.line("L0005")
    lapsing.renew_ahead(association.session, association.act, line.shares[0], days=60)
    later = Act("machine:test", association.act.at + timedelta(minutes=1))
    lines.close_line(association.session, later, line)
    assert "l0005@adsl" not in after(association)["authorize"]
    held = association.session.scalars(select(Credential).where(Credential.share_id == line.shares[0].id))
    assert all(one.until is not None and one.until <= association.later for one in held)


def entry(texts: Mapping[str, str], login: str) -> str:
    return texts["authorize"].split(f"\n{login}\t")[1].split("\n\n")[0]


def test_one_login_of_a_shared_line_has_every_neighbours_prefixes(association: Any) -> None:
    line, offer = association.line("L0005"), offers.find_offer(association.session, "adsl")
    prefix = addresses.allocate(
        association.session, association.act, offer.pool_v6, line.shares[1], Role.DELEGATED
    ).prefix
    said = entry(after(association), "l0005@adsl")
    assert f'Framed-IPv6-Route += "{prefix} :: 1"' in said
    assert f"Delegated-IPv6-Prefix += {prefix}" not in said
    assert 'Framed-Route += "203.0.113.3/32 0.0.0.0 1"' in said


def test_where_the_wholesaler_gives_several_logins_each_has_its_own_prefixes_and_no_other(association: Any) -> None:
    line = association.line("L0005")
    credentials.give(
        association.session,
        line,
        line.shares[1],
        line.offer,
        credentials.Opening(login="voisin@adsl"),
        association.act.at,
    )
    association.session.flush()
    held = after(association)
    assert "203.0.113.3/32" not in entry(held, "l0005@adsl")
    assert "203.0.113.3/32" in entry(held, "voisin@adsl")


def test_the_same_texts_have_no_effect(texts: Mapping[str, str]) -> None:
    assert RADIUS.effect(texts, texts) == Effect(Impact.NONE)


def test_passwords_and_shared_secrets_are_never_shown(texts: Mapping[str, str]) -> None:
    shown = redacted("".join(texts.values()), RADIUS.secrets, lambda _: "‹secret›")
    for secret in ("word-of-0", "word-of-1", "between-lns-and-radius", "radius-to-itself"):
        assert secret not in shown
