"""accel-ppp's text: from the facts of an LNS, and back by a reader of its form. No daemon of that name was run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory import devices
from provisioning import accel_conf, targets
from provisioning.accel_conf import NotPlain
from provisioning.artifact import Effect, Impact
from provisioning.artifacts.accel import ACCEL, FILE, Told, written
from provisioning.facts import Unwritable
from provisioning.texts import redacted

TOLD = Told(
    hostname="lns", bind="100.64.2.1", core="192.0.2.2", gateway="203.0.113.1", ipv6=True, mtu=1460,
    l2tp_secret="between-lac-and-lns", radius="192.0.2.3", radius_port=1812, radius_secret="between", interim=60,
)  # fmt: skip


@pytest.fixture
def texts(association: Any) -> Mapping[str, str]:
    association.lns.platform = "debian-accel"
    association.session.flush()
    return ACCEL.desired(association.session, association.lns, association.later)


def test_an_lns_is_written_with_its_secrets_and_addresses(
    texts: Mapping[str, str], golden: Callable[..., None]
) -> None:
    golden("l2tp", "debian-accel", texts)


def test_the_platform_chooses_the_daemon(association: Any, texts: Mapping[str, str]) -> None:
    assert texts
    carried = [str(target) for _, target in targets.every_target(association.session) if target.machine.name == "lns"]
    assert carried == ["lns/accel"]


def test_what_it_reads_is_read_back_and_what_is_amiss_is_seen(
    texts: Mapping[str, str], answer: Callable[..., str]
) -> None:
    from provisioning.texts import digest

    good = {"running": "yes\n", "told": f"{digest(texts)}\n"}
    assert ACCEL.observed(answer(ACCEL, texts, good)) == texts
    assert "does not run" in ACCEL.observed(answer(ACCEL, texts, {"told": good["told"]}))[FILE]
    assert "not told" in ACCEL.observed(answer(ACCEL, texts, {"running": "yes\n"}))[FILE]
    edited = good | {f"file:{FILE}": texts[FILE] + "#\n"}
    assert "edited by hand" in ACCEL.observed(answer(ACCEL, texts, edited))[FILE]
    assert ACCEL.observed(answer(ACCEL, {}, {"running": "yes\n"})) == {}


def test_any_other_text_is_announced_as_cutting_everybody(texts: Mapping[str, str]) -> None:
    other = {FILE: texts[FILE].replace("acct-interim-interval=60", "acct-interim-interval=300")}
    assert ACCEL.effect(texts, other) == Effect(Impact.CUTS)
    assert ACCEL.effect({}, texts) == Effect(Impact.HITLESS)
    assert ACCEL.effect(texts, dict(texts)) == Effect(Impact.NONE)


def test_secrets_are_never_shown(texts: Mapping[str, str]) -> None:
    shown = redacted(texts[FILE], ACCEL.secrets, lambda _: "‹secret›")
    assert "between" not in shown
    assert shown.count("‹secret›") == 3
    assert "192.0.2.3,‹secret›,auth-port=1812" in shown


@pytest.mark.parametrize("secret", ["a,auth-port=9", "a=b", "a{", "${server}", "a\n[cli]", "#a", ""])
def test_a_secret_that_would_mean_more_is_never_written(association: Any, secret: str) -> None:
    if secret:
        devices.set_secret(association.session, association.act, association.lns, "radius", secret)
        with pytest.raises(Unwritable):
            ACCEL.desired(association.session, association.lns, association.later)
    with pytest.raises(Unwritable):
        written(replace(TOLD, radius_secret=secret), "lns")


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_whatever_names_and_secrets_are_the_text_says_them_or_is_not_written(
    hostname: str, l2tp: str, radius: str
) -> None:
    told = replace(TOLD, hostname=hostname, l2tp_secret=l2tp, radius_secret=radius)
    try:
        text = written(told, "lns")
    except Unwritable:
        return
    plain = accel_conf.read(written(TOLD, "lns"))
    found = accel_conf.read(text)
    assert {section: list(options) for section, options in found.items()} == {
        section: list(options) for section, options in plain.items()
    }
    assert (found["l2tp"]["host-name"], found["l2tp"]["secret"]) == (hostname, l2tp)
    assert found["radius"]["server"] == f"192.0.2.3,{radius},auth-port=1812,acct-port=1813"


@pytest.mark.parametrize(
    "text",
    ["name=1", "[a]\n[a]", "[a]\nx=1\nx=2", "[a]\n$include /etc/passwd", "[a]\nx=${y}", "[a]\nx=1{", "[a]\n}",
     "[a]\nx =1", "[a]\nx=1 2", "[a]\nx=1\r", "[a\nx=1", "[a]\nx=" + "1" * 1030, "[a]\nx=é", "[a]\n x=1"],
)  # fmt: skip
def test_what_the_daemon_would_refuse_or_take_for_something_else_is_not_plain(text: str) -> None:
    with pytest.raises(NotPlain):
        accel_conf.read(text)


@given(st.text())
def test_reading_any_text_gives_options_or_says_that_it_is_not_plain(text: str) -> None:
    with suppress(NotPlain):
        accel_conf.read(text)
