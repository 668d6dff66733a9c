"""Places and machines at the terminal: a new association enters its own, down to the plan of changes."""

from __future__ import annotations

import io
import json
import sys
from shlex import split
from typing import Any

import pytest

from foundation import clock
from foundation.database import open_store, reading
from foundation.settings import read_settings
from inventory import devices
from provisioning.artifacts.router import ROUTER
from provisioning.facts import MachineIncomplete

FOUND = (
    "site add colo --description 'une demi-baie'",
    "rack add colo/A --units 12",
    "rack add colo/étagère --shelf",
    "feed add colo/A --amps 16 --supplier Coopérative --renewable",
    "device add pdu1 --role pdu --site colo",
    "device outlets pdu1 --count 4",
    "device plug pdu1 --feed colo/A",
    "device place pdu1 colo/A",
    "device add switch1 --role switch --platform openwrt --site colo",
    "device interface add switch1 1 2 Gi1/0/3",
    "device place switch1 colo/A --unit 12",
    "member add 'Camille Faure'",
)


@pytest.fixture
def colo(stand_in: Any, built: Any) -> Any:
    """A terminal in an association with a site, a PDU and a switch."""
    return stand_in(built(*FOUND))


def test_a_member_hosts_a_tower_and_what_it_lacks_is_said_until_nothing_is(colo: Any) -> None:
    said = colo(*split("device host tour --owner M1 --rack colo/A --unit 3 --height 4 --shape 'tour 4U' --watts 120"))
    assert "essaim device plug tour --outlet pdu1/1" in said.out
    for command in (
        "device plug tour --outlet pdu1/3",
        "device link tour/eth0 switch1/Gi1/0/3",
        "device change tour --contact '06 00 00 00 00'",
        "pool create heberges 192.0.2.32/27 --handed 32",
        "address allocate --pool heberges --interface tour/eth0",
    ):
        colo(*split(command))
    assert "Rien ne lui manque" in colo("device", "show", "tour").out
    assert "It lacks nothing" in colo("device", "show", "tour", lang="en").out
    seen = json.loads(colo("device", "show", "tour", "--json").out)
    assert (seen["owner"], seen["rack"], seen["unit"], seen["plugs"]) == ("M0001", "colo/A", 3, ["pdu1/3"])
    assert seen["interfaces"][0]["link"] == "switch1/Gi1/0/3"
    assert seen["missing"] == []


def test_a_rack_is_drawn_with_its_machines(colo: Any) -> None:
    colo(*split("device host tour --owner M1 --rack colo/A --unit 3 --height 4 --watts 120"))
    colo(*split("device host derriere --owner M1 --rack colo/A --unit 3 --height 2 --face rear"))
    drawn = colo("rack", "show", "colo/A").out
    rows = {row[:3].strip(): row for row in drawn.splitlines() if "│" in row}
    assert "┌─ tour · M0001 · 120 W ─" in rows["6"]
    assert "[ switch1 · à nous" in rows["12"]
    assert "└──" in rows["3"]
    assert set(rows["1"]) <= set(" 1│")
    assert "U3-U4  derriere · M0001" in drawn
    assert "pdu1 · à nous" in drawn
    assert max(map(len, drawn.splitlines()[1:15])) <= 80
    assert "12 U dont 7 libres" in drawn
    assert "ours" in colo("rack", "show", "colo/A", lang="en").out
    seen = json.loads(colo("rack", "show", "colo/A", "--json").out)
    assert [one["device"] for one in seen["machines"] if one["unit"] == 3] == ["derriere", "tour"]
    assert json.loads(colo("rack", "show", "colo/A", "--on", "2020-01-01", "--json").out)["machines"] == []


def test_a_shelf_is_a_list(colo: Any) -> None:
    colo(*split("device host pi --owner M1 --rack colo/étagère --position 'à gauche' --watts 5 --mac 02005E100001"))
    assert "pi · M0001 · 5 W  à gauche" in colo("rack", "show", "colo/étagère").out
    assert json.loads(colo("device", "show", "pi", "--json").out)["interfaces"][0]["mac"] == "02:00:5e:10:00:01"


def test_a_site_is_summed_up(colo: Any) -> None:
    colo(*split("device host pi --owner M1 --site colo --watts 5"))
    said = colo("site", "show", "colo").out
    assert "machines 3, 5 W déclarés, 11 U libres" in said
    assert "Sans place connue : pi." in said
    assert [one["name"] for one in json.loads(colo("site", "list", "--json").out)] == ["colo"]
    assert [one["name"] for one in json.loads(colo("rack", "list", "--json").out)] == ["colo/A", "colo/étagère"]
    assert [one["name"] for one in json.loads(colo("feed", "list", "--json").out)] == ["colo/A"]


@pytest.mark.parametrize(
    ("command", "status", "said"),
    [
        ("site add colo", 1, "existe déjà"),
        ("site add a/b", 1, "nom"),
        ("site show toit", 3, "essaim site list"),
        ("rack add toit/A", 3, "essaim site list"),
        ("rack add colo/B --shelf --units 3", 1, "pas une baie"),
        ("rack show A", 1, "mezzanine/A"),
        ("rack show colo/Z", 3, "essaim rack list"),
        ("device add x --role president --site colo", 1, "rôle"),
        ("device add 'un deux' --role vpn --site colo", 1, "nommer une machine"),
        ("device add pdu1 --role vpn --site colo", 1, "déjà"),
        ("device show x", 3, "essaim device list"),
        ("device place switch1 colo/A --unit 1", 1, "essaim device move switch1"),
        ("device move switch1 colo/A --unit 13", 1, "12 U"),
        ("device move switch1 colo/A --unit 1 --face gauche", 1, "front, rear, both"),
        ("device place x colo/A", 3, "essaim device list"),
        ("device link switch1/1", 1, "deux interfaces"),
        ("device link switch1/1 switch1/1", 1, "elle-même"),
        ("device link switch1/9 switch1/1", 3, "essaim device interface add switch1 9"),
        ("device unlink switch1/1", 1, "reliée à rien"),
        ("device interface add switch1 1", 1, "déjà"),
        ("device interface add switch1 8 9 --mac 02005E100001", 1, "une par une"),
        ("device plug switch1", 1, "--outlet"),
        ("device plug switch1 --outlet pdu1/1 --feed colo/A", 1, "--outlet"),
        ("device plug switch1 --outlet pdu1/9", 3, "essaim device outlets"),
        ("device plug switch1 --feed colo/Z", 3, "essaim feed list"),
        ("device unplug switch1", 1, "pas branchée"),
        ("device outlets pdu1", 1, "--count"),
        ("device outlets switch1 --count 2", 1, "multiprise"),
        ("device secret switch1 tea --generate", 1, "wireguard, openvpn, openvpn-static, radius, l2tp, snmp, tsig"),
        ("device peer remove switch1 192.0.2.1", 3, "essaim device peer list switch1"),
        ("device change switch1 --watts -3", 1, "watts"),
        ("feed end colo/A", 1, "pdu1"),
        ("aggregate remove 192.0.2.0/24", 3, "essaim aggregate list"),
        ("equipment show Q7", 3, "essaim equipment list"),
        ("equipment lend Q7 --to M1", 3, "essaim equipment list"),
        ("equipment add toaster", 1, "box, ont"),
    ],
)
def test_what_cannot_be_done_is_said_plainly(colo: Any, command: str, status: int, said: str) -> None:
    refused = colo(*split(command), status=status)
    assert said in refused.err
    assert colo(*split(command), status=status, lang="en").err != refused.err


def test_machines_of_ours_are_entered_down_to_the_plan(colo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESSAIM_DRIVER", "console")
    for command in (
        "device add edge --role router --platform frr --site colo --management 100.64.0.1 --as-number 64496",
        "device add vpn --role vpn --platform debian --site colo --management 100.64.0.4 --endpoint 192.0.2.4:51820",
        "device secret vpn wireguard --generate",
        "device interface add edge core0",
        "device interface add vpn core0 wg0",
        "pool create coeur 192.0.2.0/28 --handed 32",
        "pool create vpn-v4 198.51.100.0/24 --handed 32 --device vpn",
        "address allocate --pool coeur --interface edge/core0 --role link",
        "address allocate --pool coeur --interface vpn/core0 --role link",
        "address allocate --pool vpn-v4 --interface vpn/wg0 --role loopback",
        "aggregate add 198.51.100.0/24 192.0.2.0/25",
        "device peer add edge --address 192.0.2.128 --as 64500 --description transit --max-prefix 1000",
    ):
        colo(*split(command))
    for machine in ("edge", "vpn"):
        assert "Rien ne lui manque" in colo("device", "show", machine).out
    planned = json.loads(colo("change", "plan", "--json").out)
    wanted = ("edge/router", "vpn/antispoofing", "vpn/wireguard")
    assert {one["target"]: one["problem"] for one in planned} == dict.fromkeys(wanted)
    assert json.loads(colo("device", "peer", "list", "edge", "--json").out)[0]["as"] == 64500
    assert "198.51.100.0/24" in colo("aggregate", "list").out


def test_a_platform_that_no_driver_knows_is_said_so(colo: Any) -> None:
    said = colo(*split("device add lns --role lns --platform openbsd --site colo")).out
    assert "que sous debian" in said
    assert "on debian only" in colo(*split("device add lns2 --role lns --platform openbsd --site colo"), lang="en").out


def test_a_secret_is_read_from_standard_input(colo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("abeille-noire\n"))
    said = colo("device", "secret", "switch1", "snmp")
    assert "abeille" not in said.out + said.err
    assert json.loads(colo("device", "show", "switch1", "--json").out)["secrets"] == ["snmp"]
    monkeypatch.setattr(sys, "stdin", io.StringIO("deux mots\n"))
    assert "deux mots" not in colo("device", "secret", "switch1", "snmp", status=1).err


def test_a_machine_leaves_and_says_what_it_gave_back(colo: Any) -> None:
    colo(*split("device host pi --owner M1 --rack colo/étagère"))
    colo(*split("device plug pi --outlet pdu1/1"))
    assert "colo/étagère, pdu1/1" in colo("device", "retire", "pi").out
    assert "pi" not in colo("device", "list").out
    assert "pi" in colo("device", "list", "--retired").out


def test_an_owner_says_whom_to_call_themselves(colo: Any) -> None:
    colo(*split("device host pi --owner M1 --rack colo/étagère"))
    colo("member", "add", "Alix Moreau")
    colo("mandate", "give", "M2", "mandates.give")
    colo(*split("--as M1 device change pi --contact '06 00 00 00 00'"))
    assert "devices.write" in colo(*split("--as M1 device change pi --watts 3"), status=5).err


def test_equipment_goes_and_comes_back_with_its_deposit(colo: Any) -> None:
    for command in (
        "equipment add box --model 'OpenWrt One' --serial A1 --mac 02005E100001",
        "equipment lend Q1 --to M1 --deposit 50",
    ):
        colo(*split(command))
    assert "50,00" in colo("equipment", "list", "--with", "M1").out
    assert "equipment return Q0001" in colo("equipment", "show", "Q1").out
    assert "equipment refund Q0001" in colo("equipment", "return", "Q1").out
    assert "€30.00" in colo("equipment", "refund", "Q1", "30", lang="en").out
    (loan,) = json.loads(colo("equipment", "show", "Q1", "--json").out)["loans"]
    assert (loan["member"], loan["deposit_cents"], loan["refund_cents"]) == ("M0001", 5000, 3000)
    colo("equipment", "retire", "Q1")
    assert "Aucun matériel" in colo("equipment", "list").out
    assert "12,50" in colo("equipment", "refund", "Q1", "abc", status=1).err


def test_lists_go_on_where_they_stopped(colo: Any) -> None:
    said = colo("device", "list", "--limit", "1").out
    assert "essaim device list --after 'pdu1'" in said
    assert "switch1" in colo("device", "list", "--after", "pdu1").out
    assert "essaim rack list --after 'colo/A'" in colo("rack", "list", "--limit", "1").out


def test_a_machine_lacks_what_its_plan_would_lack(demo: Any) -> None:
    assert "Rien ne lui manque" in demo("device", "show", "vpn").out
    demo("address", "release", "2001:db8::4")
    shown = demo("device", "show", "vpn").out
    assert "une adresse IPv6 sur core0 : essaim address allocate --pool coeur-v6 --interface vpn/core0" in shown
    asked = "essaim address allocate --pool coeur-v6 --interface vpn/core0 --role link"
    assert json.loads(demo("device", "show", "vpn", "--json").out)["missing"] == [asked]
    with reading(open_store(read_settings(var=demo.folder))) as session:
        edge = devices.find_device(session, "edge")
        with pytest.raises(MachineIncomplete) as refused:
            ROUTER.desired(session, edge, clock.now())
    assert "une adresse IPv6 sur core0" in refused.value.sentence("fr")
    demo(*split(asked.removeprefix("essaim ")))
    assert "It lacks nothing" in demo("device", "show", "vpn", lang="en").out
