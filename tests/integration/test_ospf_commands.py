"""`essaim ospf`: a key between routers, drawn and replaced step by step."""

from __future__ import annotations

import json
from typing import Any

import pytest


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_key_is_drawn_shown_without_its_text_and_forgotten(small: Any, lang: str) -> None:
    small("site", "add", "colo")
    for name, platform in (("edge", "frr"), ("far", "debian-bird")):
        small("device", "add", name, "--role", "router", "--platform", platform, "--site", "colo")
    assert "essaim ospf rotate" in small("ospf", "show", lang=lang).out
    assert "essaim change plan" in small("ospf", "rotate", lang=lang).out
    assert "RFC 7166" in small("ospf", "show", lang=lang).out
    held = json.loads(small("ospf", "show", "--json").out)
    assert [(one["number"], one["state"]) for one in held["keys"]] == [(1, "sent")]
    assert held["families"] == [4]  # FRR and BIRD do not know each other by a key over IPv6
    assert "secret" not in str(held)
    small("ospf", "rotate", "--anyway", lang=lang)
    small("ospf", "rotate", "--anyway", lang=lang)
    held = json.loads(small("ospf", "show", "--json").out)
    assert [(one["number"], one["state"]) for one in held["keys"]] == [(1, "former"), (2, "sent")]
    small("ospf", "stop", "--yes", lang=lang)
    small("ospf", "stop", "--yes", lang=lang, status=1)


def test_the_next_step_waits_for_routers_that_lack_the_former(demo: Any) -> None:
    demo("ospf", "rotate")
    said = demo("ospf", "rotate", lang="en", status=1).err
    assert "edge/router" in said
    assert "--anyway" in said
    held = json.loads(demo("ospf", "show", "--json").out)
    assert [one["state"] for one in held["keys"]] == ["sent"]
