"""l2tpns' text: from the inventory, and back from what a machine runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from provisioning.artifact import Effect, Impact, recognised
from provisioning.artifacts.l2tp import L2TP
from provisioning.facts import MachineIncomplete
from provisioning.texts import redacted


@pytest.fixture
def texts(association: Any) -> Mapping[str, str]:
    return L2TP.desired(association.session, association.lns, association.later)


def said(texts: Mapping[str, str], *more: str) -> dict[str, str]:
    """What `write terminal` answers, defaults and telnet's own signs included."""
    rows = ["\xff\xfb\x03lns> enable", "lns# write terminal", "# Current configuration:", 'set pid_file ""']
    rows += [*texts["startup-config"].splitlines(), *more, "# Plugins", "# Filters", "# end", "lns# "]
    return {"running": "\r\n".join(rows)}


def changed(texts: Mapping[str, str], old: str, new: str) -> dict[str, str]:
    return {**texts, "startup-config": texts["startup-config"].replace(old, new)}


def test_an_lns_is_written_with_its_secrets_and_addresses(
    texts: Mapping[str, str], golden: Callable[..., None]
) -> None:
    golden("l2tp", "debian", texts)


def test_an_lns_without_an_endpoint_listens_everywhere(association: Any) -> None:
    association.lns.endpoint = None
    text = L2TP.desired(association.session, association.lns, association.later)["startup-config"]
    assert "set bind_address 0.0.0.0\n" in text


def test_an_lns_without_a_gateway_for_its_members_says_so(association: Any) -> None:
    with pytest.raises(MachineIncomplete, match="tun0"):
        L2TP.desired(association.session, association.vpn, association.later)


def test_what_runs_is_read_back_in_the_same_words(texts: Mapping[str, str], answer: Callable[..., str]) -> None:
    assert L2TP.observed(answer(L2TP, texts, said(texts))) == texts


def test_a_setting_typed_by_hand_is_seen(texts: Mapping[str, str], answer: Callable[..., str]) -> None:
    seen = L2TP.observed(answer(L2TP, texts, said(texts, "set icmp_rate 12")))
    assert seen["startup-config"] == texts["startup-config"] + "set icmp_rate 12\n"


def test_a_file_edited_by_hand_is_seen(texts: Mapping[str, str], answer: Callable[..., str]) -> None:
    edited = said(texts) | {"file:startup-config": "set debug 5\n"}
    seen = L2TP.observed(answer(L2TP, texts, edited))
    assert seen["startup-config"] == texts["startup-config"] + "# startup-config was edited by hand\n"


def test_an_lns_set_up_by_hand_alike_is_no_difference_and_otherwise_is_not_restarted_unasked(
    texts: Mapping[str, str], answer: Callable[..., str]
) -> None:
    alike = L2TP.observed(answer(L2TP, {}, said(texts) | {"file:ip_pool": "# none\n"}))
    assert recognised(L2TP, alike, texts) == texts
    other = changed(texts, "between-lac-and-lns", "sesame")
    seen = L2TP.observed(answer(L2TP, {}, said(other, "set icmp_rate 12") | {"file:ip_pool": "203.0.113.0/24\n"}))
    assert recognised(L2TP, seen, texts) == seen
    assert L2TP.strangers(seen, texts) == ("icmp_rate", "l2tp_secret", "ip_pool")
    assert L2TP.strangers(texts, other) == ()


def test_a_daemon_that_does_not_run_holds_nothing(texts: Mapping[str, str], answer: Callable[..., str]) -> None:
    assert L2TP.observed(answer(L2TP, texts, {"running": "\n"})) == {}


@pytest.mark.parametrize(
    ("old", "new", "effect"),
    [
        ("between-lac-and-lns", "another", Impact.HITLESS),
        ("set radius_interim 60", "set radius_interim 300", Impact.HITLESS),
        ("set bind_address 100.64.2.1", "set bind_address 100.64.2.9", Impact.CUTS),
        ("set l2tp_mtu 1498", "set l2tp_mtu 1400", Impact.CUTS),
        ("set allow_duplicate_users no\n", "", Impact.CUTS),  # SIGHUP never forgets a setting
        ("nothing", "nothing", Impact.NONE),
    ],
)
def test_what_sighup_reads_again_cuts_nobody_and_the_rest_cuts(
    texts: Mapping[str, str], old: str, new: str, effect: Impact
) -> None:
    assert L2TP.effect(texts, changed(texts, old, new)).impact is effect


def test_the_first_configuration_cuts_nobody(texts: Mapping[str, str]) -> None:
    assert L2TP.effect({}, texts) == Effect(Impact.HITLESS)
    assert L2TP.lines({}, texts) == ()


def test_secrets_are_never_shown(texts: Mapping[str, str]) -> None:
    shown = redacted(texts["startup-config"], L2TP.secrets, lambda _: "‹secret›")
    assert 'set l2tp_secret "‹secret›"' in shown
    assert "between" not in shown
