"""Lines that arrive by VLAN: what Kea, radvd and the kernel are told of them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from inventory import addresses, devices, hosting, lines, offers, places, pools, rules
from inventory.lines import Ordering
from inventory.models.addresses import Role
from inventory.models.devices import Device
from inventory.models.lines import LineState
from provisioning import targets
from provisioning.artifact import Effect, Impact
from provisioning.artifacts.ipoe import EDITED, IPOE, LINES
from provisioning.facts import MachineIncomplete
from provisioning.releases import FOREIGN, NOT_RUNNING, NOT_TOLD
from provisioning.texts import digest

KEA4, KEA6, RADVD = "kea-dhcp4.conf", "kea-dhcp6.conf", "radvd.conf"
# Debian's Kea looks into its own folders alone.
TRY = """\
set -eu
for folder in /run /var/lib/kea /var/log/kea; do mkdir -p $folder 2>/dev/null || true; done
mount -t tmpfs none /run
mkdir -p /run/lock/kea /run/kea
grep -v '^#' "$1/lines" | while read -r name _ _ _ _ _ own _; do
  ip link add "$name" type veth peer name "p${name#coll0}"
  ip addr add "$own/32" dev "$name"
done
for family in 4 6; do
  sed 's#/var/lib/kea/#/run/kea/#' "$1/kea-dhcp$family.conf" >/run/tried
  "kea-dhcp$family" -t /run/tried
done
radvd --configtest --config "$1/radvd.conf" --logmethod stderr_clean
"""


@pytest.fixture
def bng(association: Any) -> Device:
    """A gateway with two lines: L0006 in two tags, shared and with a routed network; L0007 in one."""
    session, act = association.session, association.act
    made = devices.add_device(
        session, act, "bng", role="bng", platform="debian", site=places.find_site(session, "colo")
    )  # fmt: skip
    core = devices.add_interface(session, act, made, "core0", "core")
    coll = devices.add_interface(session, act, made, "coll0", "collection")
    for pool, own in (("coeur-v4", "192.0.2.6"), ("coeur-v6", "2001:db8::6")):
        addresses.allocate(session, act, pools.find_pool(session, pool), core, Role.LINK, exactly=ip_network(own))
    v4 = addresses.create_pool(session, act, "fibre-v4", ip_network("100.64.16.0/22"), handed=32, device=made)
    v6 = addresses.create_pool(session, act, "fibre-v6", ip_network("2001:db8:300::/40"), handed=56, device=made)
    addresses.allocate(session, act, v4, coll, Role.LOOPBACK, exactly=ip_network("100.64.16.1"))
    fibre = offers.add_offer(
        session, act, "fibre", "Fibre", "ftth", "ipoe-vlan", mtu=1500, device=made, pool_v4=v4, pool_v6=v6
    )
    rules.set_rule(session, act, "dns.resolvers", "192.0.2.5 2001:db8::5")
    for rank, vlan in enumerate(("100.2", "4094")):
        line = lines.order_line(session, act, association.people[rank], fibre, Ordering(vlan=vlan))
        for state in (LineState.ORDERED, LineState.DELIVERED, LineState.ACTIVE):
            lines.move(session, act, line, state)
    line = association.line("L0006")
    lines.add_share(session, act, line, association.people[5], fibre)
    addresses.allocate(session, act, v4, line.shares[0], Role.ROUTED, exactly=ip_network("100.64.17.0/29"))
    line.mtu = 1492
    session.flush()
    return made


@pytest.fixture
def texts(association: Any, bng: Device) -> Mapping[str, str]:
    return IPOE.desired(association.session, bng, association.later)


def plain(text: str) -> Any:
    """Kea's file as JSON."""
    return json.loads(re.sub(r"^#.*$", "", text, flags=re.MULTILINE))


def tried(texts: Mapping[str, str], folder: Path) -> None:
    """Kea and radvd read them, on a machine that has the interfaces."""
    if os.getuid() != 0 or any(shutil.which(one) is None for one in ("kea-dhcp4", "kea-dhcp6", "radvd", "unshare")):
        pytest.skip("needs root, kea-dhcp4-server, kea-dhcp6-server and radvd")
    for name, text in texts.items():
        (folder / name).write_text(text)
    argv = ["unshare", "-mn", "bash", "-c", TRY, "try", str(folder)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_line_is_served_in_its_own_vlan(
    texts: Mapping[str, str], golden: Callable[..., None], tmp_path: Path
) -> None:
    golden("ipoe", "debian", texts)
    tried(texts, tmp_path)


def test_a_box_is_given_the_lines_one_address_its_prefix_and_its_packet_size(texts: Mapping[str, str]) -> None:
    four = {one["name"]: one for one in plain(texts[KEA4])["Dhcp4"]["shared-networks"]}
    assert set(four) == {"L0006", "L0007"}
    assert four["L0006"]["interface"] == "coll0.100.2"
    assert four["L0007"]["interface"] == "coll0.4094"
    (subnet,) = four["L0006"]["subnet4"]
    (pool,) = subnet["pools"]
    assert pool["pool"] == subnet["subnet"]
    assert {one["name"]: one["data"] for one in subnet["option-data"]} == {
        "routers": "100.64.16.1", "ways": "20644010010000000000" + "64401001", "interface-mtu": "1492",
    }  # fmt: skip
    six = {one["name"]: one for one in plain(texts[KEA6])["Dhcp6"]["shared-networks"]}
    (delegated,) = six["L0006"]["subnet6"][0]["pd-pools"]
    assert delegated["prefix-len"] == delegated["delegated-len"] == 56
    assert "  AdvLinkMTU 1492;\n" in texts[RADVD]
    assert "  RDNSS 2001:db8::5 { };\n" in texts[RADVD]


def test_what_lies_behind_the_box_is_routed_by_it(texts: Mapping[str, str]) -> None:
    (row,) = [row.split() for row in texts[LINES].splitlines() if row.startswith("coll0.100.2 ")]
    assert row[1:7] == ["L0006", "100", "2", "1492", "100.64.16.1", "169.254.1.7"]
    assert "by:100.64.17.0/29" in row
    assert sum(1 for each in row if each.startswith("by:") and each.endswith("/32")) == 1  # the neighbour's own
    assert sum(1 for each in row if each.startswith("by:2001:db8:3")) == 1


def test_a_line_whose_vlan_is_not_said_is_left_out(association: Any, bng: Device, texts: Mapping[str, str]) -> None:
    session, act = association.session, association.act
    line = lines.order_line(session, act, association.people[3], offers.find_offer(session, "fibre"), Ordering())
    for state in (LineState.ORDERED, LineState.DELIVERED):
        lines.move(session, act, line, state)
    assert IPOE.desired(session, bng, association.later) == texts


def test_a_gateway_without_an_address_towards_its_members_is_incomplete(association: Any, bng: Device) -> None:
    other = devices.add_device(
        association.session, association.act, "bng2", role="bng", platform="debian",
        site=places.find_site(association.session, "colo"),
    )  # fmt: skip
    for name in ("L0006", "L0007"):
        line = association.line(name)
        line.device_id = other.id
        line.vlans[0].device_id = other.id
    association.session.flush()
    with pytest.raises(MachineIncomplete, match="coll0"):
        IPOE.desired(association.session, other, association.later)


def test_who_loses_an_address_is_cut_and_who_comes_cuts_nobody(texts: Mapping[str, str]) -> None:
    fewer = {**texts, LINES: "".join(row for row in texts[LINES].splitlines(keepends=True) if "L0007" not in row)}
    assert IPOE.effect(texts, fewer) == Effect(Impact.CUTS, 1)
    assert IPOE.effect(fewer, texts) == Effect(Impact.HITLESS, 1)
    assert IPOE.effect(texts, texts) == Effect(Impact.NONE)
    assert IPOE.effect({}, texts) == Effect(Impact.HITLESS, 2)
    assert IPOE.lines(texts, fewer) == ("L0007",)
    other = {**texts, LINES: texts[LINES].replace("L0007 4094 0 1500", "L0007 4094 0 1400")}
    assert IPOE.effect(texts, other) == Effect(Impact.HITLESS, 0)
    assert IPOE.lines(texts, other) == ("L0007",)


def test_a_line_is_on_its_gateway_and_the_gateway_says_what_it_lacks(association: Any, bng: Device) -> None:
    session = association.session
    assert targets.targets_of_line(session, association.line("L0006")) == ["bng/ipoe"]
    assert hosting.missing(session, bng, association.act.at.date())[0].command == (
        "essaim device change bng --management 100.64.0.4"
    )
    bare = devices.add_device(
        session, association.act, "bng3", role="bng", platform="debian", site=places.find_site(session, "colo")
    )
    lacks = [one.command for one in hosting.missing(session, bare, association.act.at.date())]
    assert "essaim device interface add bng3 coll0" in lacks
    assert not [one for one in lacks if "endpoint" in one]


def test_what_the_machine_holds_is_read_with_what_is_amiss(
    texts: Mapping[str, str], answer: Callable[..., str]
) -> None:
    well = {"running": "yes", "told": digest(texts)}
    assert IPOE.observed(answer(IPOE, texts, well)) == texts
    said = IPOE.observed(answer(IPOE, texts, {"told": digest(texts)}))[LINES]
    assert said == f"{texts[LINES]}# {NOT_RUNNING}\n"
    assert IPOE.observed(answer(IPOE, texts, {"running": "yes"}))[LINES].endswith(f"# {NOT_TOLD}\n")
    by_hand = answer(IPOE, texts, {**well, f"file:{RADVD}": "interface eth0 { };\n"})
    assert IPOE.observed(by_hand)[LINES].endswith(f"# {EDITED}\n")


def test_a_gateway_that_somebody_set_up_by_hand_is_not_taken_from_them(
    texts: Mapping[str, str], answer: Callable[..., str]
) -> None:
    sample = {"file:kea-dhcp4.conf": '{ "Dhcp4": { "interfaces-config": { "interfaces": [ ] } } }\n'}
    assert IPOE.observed(answer(IPOE, {}, sample)) == {}
    theirs = {"file:kea-dhcp4.conf": '{ "Dhcp4": { "interfaces-config": { "interfaces": [ "eth7" ] } } }\n'}
    running = IPOE.observed(answer(IPOE, {}, theirs))
    assert running[LINES] == f"# {FOREIGN}\n"
    assert IPOE.strangers(running, texts) == ("eth7",)
    assert IPOE.strangers(texts, texts) == ()
