"""BIRD's text: the same facts as FRR's, and what a change of it does to people."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from foundation.speech import Phrase
from inventory import routing, rules
from provisioning import probes
from provisioning.artifact import Effect, Impact, Target
from provisioning.artifacts.bird import BIRD, EDITED
from provisioning.facts import MachineIncomplete
from provisioning.releases import NOT_RUNNING, NOT_TOLD

FILE = "essaim.conf"
DEBIANS = """\
protocol device { }
protocol kernel { ipv4 { export all; }; }
protocol kernel { ipv6 { export all; }; }
"""


def rendered(association: Any) -> str:
    return BIRD.desired(association.session, association.edge, association.later)[FILE]


@pytest.fixture
def text(association: Any) -> str:
    return rendered(association)


@pytest.fixture
def whole(association: Any) -> str:
    """With all that an edge may have: RPKI, an address to drop, a peer whose name has quotes."""
    session, act = association.session, association.act
    rules.set_rule(session, act, "routing.rpki", "192.0.2.10:3323 [2001:db8::10]:323")
    for prefix in ("203.0.113.7/32", "2001:db8:200:100::7/128"):
        routing.add_aggregate(session, act, ip_network(prefix))
    routing.add_peer(
        session, act, association.edge, ip_address("192.0.2.130"), 65550, 'the "other" one', max_prefix=50
    )  # fmt: skip
    return rendered(association)


def parsed(text: str, folder: Path) -> None:
    """BIRD reads it."""
    if shutil.which("bird") is None:
        pytest.skip("needs bird (bird2)")
    (folder / "bird.conf").write_text(DEBIANS + text)
    done = subprocess.run(["bird", "-p", "-c", folder / "bird.conf"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_bird_is_told_of_the_roads_and_the_peers(text: str, golden: Callable[..., None], tmp_path: Path) -> None:
    golden("bird", "debian-bird", {FILE: text})
    parsed(text, tmp_path)


def test_rpki_and_addresses_to_drop_come_in_where_there_are_any(
    text: str, whole: str, golden: Callable[..., None], tmp_path: Path
) -> None:
    golden("bird", "with-all", {FILE: whole})
    assert "rpki" not in text
    assert "65535, 666));" not in text
    assert "  remote 2001:db8::10 port 323;\n" in whole
    assert "if roa_check(essaim_roa6, net, bgp_path.last) = ROA_INVALID then reject;" in whole
    assert "  if net = 203.0.113.7/32 then {\n    bgp_community.add((65535, 666));" in whole
    assert "  route 203.0.113.7/32 blackhole;\n" in whole
    assert "  description \"the 'other' one\";\n" in whole
    parsed(whole, tmp_path)


def test_nobodys_prefixes_go_neither_way(text: str) -> None:
    for part in ("define essaim_refused4 = [", "define essaim_never4 = ["):
        assert "  10.0.0.0/8+" in text.split(part)[1].split("];")[0]


def test_a_router_with_peers_needs_its_number(association: Any) -> None:
    association.edge.asn = None
    with pytest.raises(MachineIncomplete, match="AS number"):
        rendered(association)


@pytest.mark.parametrize(
    ("old", "new", "impact"),
    [
        ("  route 203.0.113.0/24 via 192.0.2.2;\n", "", Impact.CUTS),
        ("  neighbor 192.0.2.128 as 64500;", "  neighbor 192.0.2.127 as 64500;", Impact.CUTS),
        ("  if net = 203.0.113.0/24 then accept;\n", "", Impact.CUTS),
        ('  description "transit";', '  description "the transit";', Impact.HITLESS),
        ("  route 192.0.2.0/25 blackhole;\n", "", Impact.HITLESS),
        ("nothing", "nothing", Impact.NONE),
    ],
)
def test_a_road_that_goes_cuts_and_a_word_that_changes_does_not(text: str, old: str, new: str, impact: Impact) -> None:
    before, after = {FILE: text}, {FILE: text.replace(old, new)}
    assert (old == new) or before != after
    assert BIRD.effect(before, after).impact is impact
    assert BIRD.effect({}, after).impact is Impact.HITLESS
    assert BIRD.lines(before, after) == ()


def test_what_the_machine_answers_is_read_with_what_is_amiss(text: str, answer: Callable[..., str]) -> None:
    held = {FILE: text}

    def seen(said: Mapping[str, str], **more: str) -> str:
        return BIRD.observed(answer(BIRD, held, {**said, **more})).get(FILE, "")

    release = answer(BIRD, held, {}).split("release ")[1].strip()
    import base64

    name = base64.b64decode(release).decode().strip().rpartition("/")[2]
    assert seen({"running": "yes", "told": name}) == text
    assert seen({"told": name}) == f"{text}# {NOT_RUNNING}\n"
    assert seen({"running": "yes"}) == f"{text}# {NOT_TOLD}\n"
    assert seen({"running": "yes", "told": name}, **{f"file:{FILE}": "x\n"}) == f"x\n# {EDITED}\n"
    assert BIRD.observed("") == {}


def test_a_peer_of_birds_that_was_up_is_up_afterwards(text: str) -> None:
    from foundation.reach import Machine

    target = Target(Machine("edge", "100.64.0.1"), BIRD)
    (probe,) = probes.bird(target, {FILE: text}, Effect(Impact.HITLESS), 120)
    assert isinstance(probe.wrong, Phrase)
    said = (
        "Name       Proto      Table      State  Since         Info\n"
        "essaim_192_0_2_128 BGP        ---        up     02:00:00.000  Established   \n"
        "essaim_3fff_0_0_ffff__ BGP     ---        start  02:00:00.000  Active\n"
        "theirs     BGP        ---        up     02:00:00.000  Established   \n"
    )
    assert probe.read(said) == {"essaim_192_0_2_128"}
