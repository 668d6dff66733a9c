"""`essaim line` and `essaim offer`, as someone types them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

KEYS = [base64.b64encode(bytes([rank]) * 32).decode() for rank in range(210, 214)]
SHARED = "L0002"
"""A copper line of the demonstration that M0002 holds and M0116 shares."""


def line(terminal: Any, number: str) -> dict[str, Any]:
    seen: dict[str, Any] = json.loads(terminal("line", "show", number, "--json").out)
    return seen


@pytest.fixture
def fibre(demo: Any) -> Any:
    demo("offer", "add", "fibre", "--title", "Fibre", "--technology", "ftth", "--delivery", "l2tp", "--device", "lns",
         "--pool-v4", "adsl-v4", "--pool-v6", "adsl-v6", "--realm", "ftth.isp.example")  # fmt: skip
    return demo


def test_an_association_without_offers_is_told_how_to_make_one(small: Any) -> None:
    small("member", "add", "Ada")
    for lang, word in (("fr", "aucune offre"), ("en", "no offer")):
        said = small("line", "order", "M0001", "--offer", "vpn", status=3, lang=lang).err
        assert word in said
        assert "essaim offer add vpn --title" in said
        assert "essaim offer add" in small("offer", "list", lang=lang).out
    assert "essaim line order M0042 --offer vpn" in small(
        "offer", "add", "vpn", "--title", "VPN WireGuard", "--technology", "wireguard"
    ).out  # fmt: skip
    assert small("line", "order", "M0001", "--offer", "vpn", "--key", KEYS[0]).out.startswith("L0001 : en service")


def test_an_offer_is_made_seen_changed_and_retired(fibre: Any) -> None:
    made = json.loads(fibre("offer", "show", "fibre", "--json").out)
    assert (made["name"], made["technology"], made["delivery"], made["mtu"]) == ("fibre", "ftth", "l2tp", 1460)
    assert made["realm"] == "ftth.isp.example"
    assert "…@ftth.isp.example" in fibre("offer", "show", "fibre").out
    assert "changé (mtu)" in fibre("offer", "change", "fibre", "--mtu", "1456").out
    assert "Lines that keep it: 75" in fibre("offer", "retire", "vpn", lang="en").out
    listed = [one["name"] for one in json.loads(fibre("offer", "list", "--json").out)]
    assert listed == ["adsl", "fibre"]
    assert "retired on" in fibre("offer", "list", "--retired", lang="en").out
    assert "retirée" in fibre("line", "order", "M0150", "--offer", "vpn", "--key", KEYS[0], status=1).err


def test_a_line_goes_from_state_to_state(demo: Any) -> None:
    ordered = json.loads(demo("line", "order", "M0150", "--offer", "adsl", "--nd", "0556000000", "--json").out)
    number = ordered["number"]
    assert (ordered["state"], ordered["nd"]) == ("requested", "0556000000")
    assert f"essaim line move {number} --to ordered" in demo(
        "line", "order", "M0150", "--offer", "adsl"
    ).out.replace("L0117", number)  # fmt: skip
    ordered_now = demo("line", "move", number, "--to", "ordered").out
    assert "commandée. Ensuite, elle peut être : annulée (cancelled), livrée (delivered)" in ordered_now
    assert ordered_now.endswith(f"Une fois livrée : essaim line move {number} --to delivered\n")
    assert "La mettre sur les machines : essaim change plan" in demo("line", "move", number, "--to", "livrée").out
    active = demo("line", "move", number, "--to", "active", lang="en").out
    assert "in service. Next, it may be: closed, closing, suspended.\n" in active
    assert active.endswith(f"Does it work: essaim line status {number}\n")
    assert "--why" in demo("line", "move", number, "--to", "suspended", status=1).err
    suspended = demo("line", "move", number, "--to", "suspended", "--why", "essai").out
    assert suspended.endswith("La retirer des machines : essaim change plan\n")
    assert line(demo, number)["prefixes"] == ordered["prefixes"]
    said = demo("line", "move", number, "--to", "ordered", status=1).err
    assert "possible : en service (active), fermée (closed), en fermeture (closing)" in said
    assert "choisir parmi" in demo("line", "move", number, "--to", "endormie", status=1).err
    assert "quarantaine" in demo("line", "move", number, "--to", "closed").out
    assert line(demo, number)["prefixes"] == []


def test_what_is_said_of_a_line_is_corrected(demo: Any) -> None:
    assert "nd, place" in demo("line", "change", SHARED, "--nd", "05 00 00 00 99", "--place", "3 rue des Lilas").out
    seen = line(demo, SHARED)
    assert (seen["nd"], seen["place"]) == ("0500000099", "3 rue des Lilas")
    shown = demo("line", "show", SHARED).out
    assert "ND : 0500000099" in shown
    assert "Lieu : 3 rue des Lilas" in shown
    assert "ne prend pas --pto" in demo("line", "change", SHARED, "--pto", "FI-1234-5678", status=1).err
    assert "--help" in demo("line", "change", SHARED, status=1).err


def test_lines_are_found_by_what_they_are(demo: Any) -> None:
    def found(*options: str) -> list[str]:
        return [one["number"] for one in json.loads(demo("line", "list", "--json", "--limit", "1000", *options).out)]

    assert len(found("--technology", "adsl")) == len(found("--offer", "adsl")) == len(found("--device", "lns")) == 40
    assert found("--member", "M0116") == [SHARED]
    assert found("--state", "suspended") == []
    demo("line", "list", "--member", "M9999", status=3)


def test_neighbours_come_weigh_and_go(demo: Any) -> None:
    assert "203.0.113." in demo("line", "share", "add", SHARED, "M0140", "--weight", "2").out
    assert "partage déjà" in demo("line", "share", "add", SHARED, "M0140", status=1).err
    assert "counts for 3" in demo("line", "share", "weight", SHARED, "M0140", "--to", "3", lang="en").out
    (part,) = [one for one in line(demo, SHARED)["shares"] if one["member"] == "M0140"]
    assert (part["weight"], part["holds"], len(part["prefixes"])) == (3, False, 1)
    assert "quarantaine" in demo("line", "share", "end", SHARED, "M0140").out
    demo("line", "share", "add", SHARED, "M0140", "--login", "Voisin d'à côté", status=1)
    demo("line", "share", "add", SHARED, "M0140", "--login", "voisin@isp.example")
    (part,) = [one for one in line(demo, SHARED)["shares"] if one["member"] == "M0140" and one["until"] is None]
    assert part["credentials"] == ["voisin@isp.example"]
    demo("line", "share", "end", SHARED, "M0140")
    assert "essaim line hand" in demo("line", "share", "end", SHARED, "M0002", status=1).err
    assert "n'a pas de part" in demo("line", "share", "end", SHARED, "M0140", status=1).err


def test_a_line_is_handed_over_and_its_password_renewed_once(demo: Any) -> None:
    before = line(demo, SHARED)
    said = demo("line", "hand", SHARED, "--to", "M0116").out
    assert "sans coupure" in said
    assert f"essaim line credential renew {SHARED} --show" in said
    now = line(demo, SHARED)
    assert sorted(now["prefixes"]) == sorted(before["prefixes"])
    assert now["members"] == ["M0116"]
    assert "essaim change plan" in demo("line", "credential", "renew", SHARED).out
    assert "montré une fois" not in demo("line", "credential", "renew", SHARED).out
    password = demo("line", "credential", "renew", SHARED, "--show").out.splitlines()[0].rpartition(": ")[2]
    assert len(password) == 16
    assert password not in demo("journal", "show", "--line", SHARED).out
    assert "déjà titulaire" in demo("line", "hand", SHARED, "--to", "M0116", status=1).err


def test_leaving_does_not_cut_the_neighbours(demo: Any) -> None:
    said = demo("member", "leave", "M0002", "--why", "déménage").out
    assert f"{SHARED} (continue avec M0116)" in said
    assert line(demo, SHARED)["state"] == "active"
    assert "L0004 (closed)" in demo("member", "leave", "M0004", "--why", "moves", lang="en").out


def test_copper_becomes_fibre_with_the_same_addresses(fibre: Any) -> None:
    before = line(fibre, SHARED)
    assert "n'est pas en migration" in fibre("line", "migrate", SHARED, status=1).err
    said = fibre("line", "migrate", SHARED, "--to-offer", "fibre", "--pto", "fi12345678").out
    assert "les deux accès en service" in said
    assert "En migration vers fibre" in fibre("line", "show", SHARED).out
    assert line(fibre, SHARED)["migration"]["pto"] == "FI-1234-5678"
    assert "not been seen" in fibre("line", "migrate", SHARED, lang="en").out
    refused = fibre("line", "migrate", SHARED, "--done", status=1).err
    assert "--done --yes" in refused
    assert "migre déjà" in fibre("line", "migrate", SHARED, "--to-offer", "vpn", status=1).err
    assert "fini" in fibre("line", "migrate", SHARED, "--done", "--yes").out
    now = line(fibre, SHARED)
    assert (now["offer"], now["nd"], now["pto"], now["prefixes"]) == ("fibre", None, "FI-1234-5678", before["prefixes"])
    assert now["shares"][0]["credentials"] == ["l0002@ftth.isp.example"]


def test_a_migration_is_given_up(fibre: Any) -> None:
    before = line(fibre, SHARED)
    fibre("line", "migrate", SHARED, "--to-offer", "fibre")
    assert "stays as it was" in fibre("line", "migrate", SHARED, "--undo", lang="en").out
    assert line(fibre, SHARED) == before
    fibre("line", "migrate", SHARED, "--done", "--undo", status=2)


def test_a_migration_whose_new_access_was_seen_is_done_without_a_word(fibre: Any) -> None:
    from datetime import timedelta

    from foundation import clock
    from foundation.database import transaction
    from foundation.settings import read_settings
    from monitoring.models import Connection, open_samples

    fibre("line", "migrate", SHARED, "--to-offer", "fibre")
    at = clock.now() + timedelta(seconds=1)
    with transaction(open_samples(read_settings(var=fibre.folder))) as samples:
        samples.add(Connection(line=2, device="radius", key="k", since=at, last_seen=at, received=0, sent=0,
                               counted_received=0, counted_sent=0))  # fmt: skip
    assert "vue connectée" in fibre("line", "migrate", SHARED).out
    assert "est en fibre" in fibre("line", "migrate", SHARED, "--done").out


def test_an_access_that_no_machine_sees_is_vouched_for(demo: Any) -> None:
    demo("offer", "add", "activee", "--title", "Fibre activée", "--technology", "ftth", "--device", "lns")
    demo("line", "migrate", SHARED, "--to-offer", "activee", "--vlan", "100.2")
    assert "voyez sur place" in demo("line", "migrate", SHARED).out
    demo("line", "migrate", SHARED, "--done", status=1)
    demo("line", "migrate", SHARED, "--done", "--yes")
    assert line(demo, SHARED)["vlan"] == "100.2"
    assert "aucune machine ne dit" in demo("line", "status", SHARED).out
    assert line(demo, SHARED)["shares"][0]["credentials"] == []


def test_a_key_serves_one_line(demo: Any) -> None:
    demo("line", "order", "M0150", "--offer", "vpn", "--key", KEYS[0])
    assert "L0116" in demo("line", "credential", "renew", "L0042", "--key", KEYS[0], status=1).err
    demo("line", "credential", "renew", "L0042", "--key", KEYS[1])
    assert line(demo, "L0042")["shares"][0]["credentials"] == [KEYS[1]]
