"""Wholesalers, orders, tickets and closing copper at the terminal, as a volunteer follows a line from there."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

ENNI = ("--collection", "vlan-handoff", "--enni", "PC-1", "--vlans", "100-199", "--mapping", "covage-fttx-v1")


@pytest.fixture
def buying(homes: Any) -> Any:
    """An association that buys from one wholesaler; L0002 and L0003 are copper lines just requested."""
    homes("wholesaler", "add", "covage", *ENNI, "--title", "Covage", "--gtr", "j+1")
    return homes


def test_who_sells_us_lines_is_added_changed_and_shown(small: Any) -> None:
    assert "essaim wholesaler add" in small("wholesaler", "list").out
    assert json.loads(small("wholesaler", "list", "--json").out) == []
    needs = small("wholesaler", "add", "covage", "--collection", "vlan-handoff", status=1)
    assert "--enni, --vlans" in needs.err
    assert "covage est là" in small("wholesaler", "add", "covage", *ENNI).out
    assert "existe déjà" in small("wholesaler", "add", "covage", *ENNI, status=1).err
    assert "guarantee" in small("wholesaler", "change", "covage", "--gtr", "4h").out
    assert "nothing to change" in small("wholesaler", "change", "covage", "--gtr", "4h", lang="en").out
    shown = json.loads(small("wholesaler", "show", "covage", "--json").out)
    assert (shown["collection"], shown["vlan_first"], shown["guarantee"]) == ("vlan-handoff", 100, "4h")
    assert "in_progress.price" in small("wholesaler", "show", "covage").out
    assert "VLANs on a handover port" in small("wholesaler", "list", lang="en").out
    small("wholesaler", "show", "kosc", status=3)


def test_what_a_collection_lacks_is_said_until_its_radius_may_ask_ours(
    demo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = demo("wholesaler", "show", "collecte").out
    assert "▲ Il manque les adresses d'où son RADIUS interroge le nôtre" in shown
    assert "essaim wholesaler secret collecte" in shown
    asking = ("--radius-from", "198.51.100.250 2001:db8:ffff::10", "--ppp-end", "wholesaler", "--path-mtu", "1532")
    assert "radius_from, ppp_end, path_mtu" in demo("wholesaler", "change", "collecte", *asking).out
    ours = demo("wholesaler", "change", "collecte", "--radius-from", "192.0.2.2", status=1).err
    assert "192.0.2.2 est déjà à lns" in ours
    assert "1320" in demo("wholesaler", "change", "collecte", "--path-mtu", "20", status=1).err
    monkeypatch.setattr(sys, "stdin", io.StringIO("agreed-with-them\n"))
    given = demo("wholesaler", "secret", "collecte").out
    assert "est au coffre" in given
    assert "agreed" not in given
    told = demo("wholesaler", "show", "collecte", lang="en").out
    assert "Missing" not in told
    assert "its RADIUS asks ours from: 198.51.100.250, 2001:db8:ffff::10" in told
    assert "PPP ends at: the wholesaler" in told
    assert "largest packet to our LNS: 1532" in told
    seen = json.loads(demo("wholesaler", "show", "collecte", "--json").out)
    assert (seen["radius_secret"], seen["ppp_end"], seen["path_mtu"]) == (True, "wholesaler", 1532)


def test_states_are_said_in_words_with_what_is_typed_for_them(demo: Any) -> None:
    shown = demo("order", "show", "O0001").out
    assert "rendez-vous fixé (appointment_planned), annulée (cancelled)" in shown
    refused = demo("order", "move", "O0001", "--to", "delivered", status=1, lang="en").err
    assert "Possible: active, appointment planned (appointment_planned)" in refused
    assert "devis reçu (quoted)" in demo("order", "move", "O0001", "--to", "bla", status=1).err
    opened = demo("ticket", "open", "L0002", "--words", "plus de synchro").out
    assert ": dit à collecte" in opened  # where its change is under way: nothing more is asked
    number = opened.split()[0]
    assert "(diagnosing)" in demo("ticket", "show", number).out


def test_an_order_is_followed_in_their_words_to_the_line_in_service(buying: Any) -> None:
    line = "L0002"
    assert "Rien ne dit chez qui" in buying("order", "place", line, status=1).err
    placed = buying("order", "place", line, "--wholesaler", "covage", "--draft")
    assert "essaim order move O0001 --to ordered" in placed.out
    assert "éligibilité demandée" in buying("order", "note", "O0001", "--their", "in_progress.price").out
    buying("order", "note", "O0001", "--their", "done.ready")
    unknown = buying("order", "note", "O0001", "--their", "bla", status=1, lang="en")
    assert "Known words that fit here:\n" in unknown.err
    assert "\n  done.unable_to_provide: not eligible\n" in unknown.err
    assert "technical_visit_planned" not in unknown.err  # another day
    near = buying("order", "note", "O0001", "--their", "technical_visit_planed", status=1).err
    assert near.endswith("Le plus proche : technical_visit_planned (rendez-vous fixé).\n")
    ordered = buying("order", "move", "O0001", "--to", "ordered", "--reference", "S26_1")
    assert f"La ligne {line} était demandée, elle est commandée" in ordered.out
    assert "order/in_progress" in buying("order", "note", "O0001", "--their", "in_progress", status=1).err
    planned = ("--their", "technical_visit_planned", "--appointment", "2030-12-03", "--words", "entre 8 h et 12 h")
    assert "rendez-vous fixé" in buying("order", "note", "O0001", *planned).out
    assert "3 Dec 2030" in buying("order", "list", lang="en").out
    assert (
        f"Line {line} was ordered, it is delivered"
        in buying("order", "note", "O0001", "--their", "active", lang="en").out
    )
    assert "Aucune commande à suivre" in buying("order", "list").out
    one = json.loads(buying("order", "show", "O0001", "--json").out)
    assert (one["state"], one["reference"], one["appointment"]) == ("active", "S26_1", "2030-12-03")
    assert [each["word"] for each in one["events"]][1] == "in_progress.price"
    assert "entre 8 h et 12 h" in buying("order", "show", "O0001").out
    assert json.loads(buying("line", "show", line, "--json").out)["state"] == "delivered"


def test_the_end_of_an_order_closes_its_line_and_says_so(buying: Any) -> None:
    line = "L0002"
    buying("order", "place", line, "--wholesaler", "covage")
    buying("order", "move", "O0001", "--to", "active")
    ending = json.loads(buying("order", "place", line, "--kind", "terminate", "--json").out)
    assert (ending["state"], ending["about"]) == ("termination_requested", "O0001")
    ended = buying("order", "move", "O0002", "--to", "terminated")
    assert "O0001 est résiliée avec elle" in ended.out
    assert f"La ligne {line} était livrée, elle est fermée" in ended.out
    assert [one["state"] for one in json.loads(buying("order", "list", "--all", "--json").out)] == ["terminated"] * 2


REFUSED: list[tuple[tuple[str, ...], int]] = [
    (("order", "show", "O0099"), 3),
    (("order", "show", "L0001"), 1),
    (("order", "place", "L0001", "--wholesaler", "covage"), 1),
    (("order", "place", "L0002", "--wholesaler", "nope"), 3),
    (("order", "place", "L9999", "--wholesaler", "covage"), 3),
    (("order", "place", "L0002", "--wholesaler", "covage", "--kind", "gift"), 1),
    (("order", "place"), 2),
    (("order", "move", "O0001"), 2),
    (("ticket", "show", "K0099"), 3),
    (("ticket", "open", "L0002"), 1),
    (("ticket", "open", "L0002", "--wholesaler", "covage", "--gtr", "soon"), 1),
    (("ticket", "open", "L0002", "--wholesaler", "covage", "--at", "2999-01-01"), 1),
    (("wholesaler", "add", "Covage", *ENNI), 1),
    (("line", "closing", "--within", "soon"), 1),
    (("line", "closing", "--after", "L9999"), 3),
]


def test_what_cannot_be_is_refused_in_both_languages(buying: Any) -> None:
    for argv, status in REFUSED:
        for lang in ("fr", "en"):
            said = buying(*argv, status=status, lang=lang)
            assert said.out == "", argv
            assert len(said.err) > 10, argv


def test_a_fault_is_followed_to_its_repair_and_is_late_when_it_is(buying: Any) -> None:
    assert "Aucun ticket" in buying("ticket", "list").out
    told = buying("ticket", "open", "L0002", "--wholesaler", "covage", "--at", "2025-01-03T14:00", "--gtr", "4h")
    assert "avant le 3 janv. 2025 à 18:00 (4h)" in told.out
    unpromised = buying("ticket", "open", "L0003", "--wholesaler", "covage", "--gtr", "", lang="en")
    assert "no repair time promised" in unpromised.out
    late = json.loads(buying("ticket", "list", "--late", "--json").out)
    assert [(one["number"], one["late"]) for one in late] == [("K0001", True)]
    assert "▲ dépassé" in buying("ticket", "list").out
    buying("ticket", "note", "K0001", "--their", "Prise en charge", "--reference", "INC1")
    assert "Rien à noter" in buying("ticket", "note", "K0001", status=1).err
    assert "past the deadline" in buying("ticket", "move", "K0001", "--to", "resolved", lang="en").out
    assert (
        "clos (closed), en diagnostic (diagnosing)" in buying("ticket", "move", "K0001", "--to", "open", status=1).err
    )
    buying("ticket", "move", "K0001", "--to", "closed")
    assert [one["number"] for one in json.loads(buying("ticket", "list", "--json").out)] == ["K0002"]
    shown = buying("ticket", "show", "K0001", lang="en").out
    assert "Prise en charge" in shown
    assert "INC1" in shown


def test_lines_on_closing_copper_are_found_and_told_what_comes_next(buying: Any, tmp_path: Path) -> None:
    file = tmp_path / "closures.csv"
    file.write_text("Code INSEE;Fermeture commerciale;Fermeture technique\n33063;31/01/2026;27/01/2027\n")
    assert "essaim line closing --import" in buying("line", "closing").out
    assert "1 nouvelles" in buying("line", "closing", "--import", str(file)).out
    assert json.loads(buying("line", "closing", "--import", str(file), "--json").out)["same"] == 1
    line = "L0002"
    buying("line", "change", line, "--insee", "33063")
    found = json.loads(buying("line", "closing", "--within", "99y", "--json").out)
    assert [(one["line"], one["technical"], one["order"]) for one in found] == [(line, "2027-01-27", None)]
    buying("order", "place", line, "--wholesaler", "covage")
    assert "essaim order show O0001" in buying("line", "closing", "--within", "99y", lang="en").out
    file.write_text("insee,technical\n33063,31/02/2027\n")
    assert "Ligne 2 du fichier" in buying("line", "closing", "--import", str(file), status=1).err
    buying("line", "closing", "--import", str(tmp_path / "nowhere.csv"), status=4)
