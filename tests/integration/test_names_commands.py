"""Names of addresses, what the world is told, and renumbering, from the terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

RULES = {"ripe.maintainer": "ASSO-MNT", "ripe.contact": "ASSO1-RIPE", "ripe.country": "FR", "place.country": "FR"}


def test_an_address_is_named_renamed_and_left_without_a_name(demo: Any) -> None:
    assert "s'appelle un.example" in demo("address", "name", "198.51.100.7", "UN.example.").out
    assert "is called deux.example" in demo("address", "name", "198.51.100.7", "deux.example", lang="en").out
    names = {one["address"]: one["name"] for one in json.loads(demo("address", "names", "--json").out)["names"]}
    assert names["198.51.100.7"] == "deux.example"
    assert "n'a plus de nom" in demo("address", "unname", "198.51.100.7").out
    assert "n'a pas de nom" in demo("address", "unname", "198.51.100.7", status=3).err
    assert "198.51.100.7" not in demo("address", "names").out


@pytest.mark.parametrize(
    ("status", "argv", "words"),
    [
        (3, ("address", "name", "198.51.100.250", "a.example"), "n'est attribuée à personne"),
        (1, ("address", "name", "198.51.100.7", "seul"), "n'est pas un nom complet"),
        (1, ("address", "name", "fe80::1%eth0", "a.example"), "fe80::1%eth0"),
        (1, ("address", "delegate", "2001:db8:100:700::/56", "ns1.example"), "deux"),
        (1, ("address", "delegate", "2001:db8:100:700::/60", "ns1.a.example", "ns2.a.example"), "fait partie de"),
        (3, ("address", "undelegate", "2001:db8:100:700::/56"), "n'a pas de nom"),
        (1, ("address", "ripe"), "ripe.maintainer"),
        (1, ("address", "geofeed"), "place.country"),
        (1, ("rule", "set", "ripe.country", "France"), "quelque chose comme FR"),
        (1, ("address", "renumber", "--from", "vpn-v4", "--to", "vpn-v4"), "deux pools"),
        (3, ("renumbering", "show", "R0042"), "Aucune renumérotation R0042"),
        (1, ("search", "x"), "de 2 à 200"),
    ],
    ids=lambda value: " ".join(value[:3]) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_is_one_sentence_in_both_languages(
    demo: Any, status: int, argv: tuple[str, ...], words: str
) -> None:
    french, english = demo(*argv, status=status), demo(*argv, status=status, lang="en")
    assert words in french.err
    assert french.err != english.err
    assert french.err.count("\n") == english.err.count("\n") == 1


def test_a_prefix_is_delegated_zone_by_zone(demo: Any) -> None:
    argv = ("address", "delegate", "2001:db8:100:700::/56", "ns1.ada.example", "ns2.ada.example")
    assert "7.0.0.0.1.0.8.b.d.0.1.0.0.2.ip6.arpa" in demo(*argv).out
    assert "ns1.ada.example" in demo("address", "names").out
    assert "sont servis par" in demo("address", "name", "2001:db8:100:700::1", "a.example", status=1).err
    assert "de nouveau ici" in demo("address", "undelegate", "2001:db8:100:700::/56").out


def test_what_the_world_is_told_is_printed_and_compared(demo: Any, tmp_path: Path) -> None:
    for name, value in RULES.items():
        demo("rule", "set", name, value)
    for command in ("ripe", "geofeed", "roa"):
        published = tmp_path / f"{command}.txt"
        published.write_text(demo("address", command).out)
        assert "la même chose" in demo("address", command, "--diff", str(published)).out
    (tmp_path / "ripe.txt").write_text((tmp_path / "ripe.txt").read_text().replace("AS64496", "AS64511"))
    assert "+origin: AS64496" in demo("address", "ripe", "--diff", str(tmp_path / "ripe.txt"), status=1).out
    assert "ne peut être lu" in demo("address", "roa", "--diff", str(tmp_path / "none"), status=4).err


def test_the_fullest_pool_is_reported_first(demo: Any) -> None:
    fills = json.loads(demo("address", "report", "--json").out)
    assert fills[0]["name"] == "heberges-v4"
    states = ("free", "assigned", "quarantined", "reserved")
    assert all(0 <= one["places"] - sum(one[state] for state in states) < len(states) for one in fills)
    assert "plus d'un milliard" in demo("address", "report").out


def test_a_renumbering_is_previewed_then_goes_in_waves(demo: Any) -> None:
    demo("pool", "create", "neuf", "100.64.200.0/24", "--handed", "32")
    proposing = ("address", "renumber", "--from", "vpn-v4", "--to", "neuf", "--wave", "40")
    assert "Rien n'a été changé" in demo(*proposing).out
    assert "Aucune renumérotation" in demo("renumbering", "list").out
    assert "essaim renumbering next R0001" in demo(*proposing, "--apply", "--why", "le bloc part").out
    assert "essaim change plan" in demo("renumbering", "next", "R0001").out
    letters = json.loads(demo("renumbering", "letters", "R0001", "--until", "2026-12-22", "--json").out)
    assert len(letters) == 39  # the server's own address moves in the first wave too
    assert "198.51.100.2/32 devient 100.64.200." in letters[0]["text"]
    assert "quarantaine" in demo("renumbering", "finish", "R0001", "--yes").out
    states = {one["state"] for one in json.loads(demo("renumbering", "show", "R0001", "--json").out)}
    assert states == {"done", "proposed"}
    assert "pas de vague" in demo("renumbering", "finish", "R0001", "--yes", status=1).err.replace("plus de", "pas de")


def test_a_word_leads_to_its_line(demo: Any) -> None:
    found = json.loads(demo("search", "198.51.100.7", "--json").out)
    assert [(one["kind"], one["matched"][:1]) for one in found] == [("address", "L")]
    assert "nulle part" in demo("search", "xyzzy").out
