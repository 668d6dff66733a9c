"""A running network read back: what each file says, whose it is, and that adopting it leaves nothing to change."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.acts import Act
from foundation.errors import EssaimError
from inventory import addresses, devices, lines, members, offers, places
from inventory.exchange import ours, planning
from inventory.exchange.plans import Action, Plan
from inventory.lines import Ordering
from inventory.models.addresses import Role
from inventory.models.devices import Device
from inventory.models.lines import Credential, Line, LineState, Technology
from inventory.models.names import ReverseName
from provisioning import handouts, ownership, texts
from provisioning.adopting import gathering, taking, weighing
from provisioning.adopting.found import Unreadable, called
from provisioning.adopting.proposing import Proposal
from provisioning.artifact import Artifact, Effect, Impact, Target, recognised
from provisioning.artifacts.radius import RADIUS
from provisioning.artifacts.router import ROUTER
from provisioning.artifacts.wireguard import WIREGUARD
from provisioning.changes import Wanted
from provisioning.drivers.protocol import Seen

COUNT = 30


def key(number: int) -> str:
    return base64.b64encode(bytes([number]) * 32).decode()


SERVER = base64.b64encode(bytes([8, *[7] * 30, 71])).decode()  # as the kernel gives it back


def called_by(rank: int) -> str:
    """How a volunteer noted whose a peer is."""
    ways = (f"# Camille Escande {rank}", f"# vpn de camille <m{rank}@membres.example>", f"# M{rank:04d}",
            f"# CAMILLE   escande {rank} (portable)")  # fmt: skip
    return ways[rank % len(ways)]


def peers(count: int = COUNT) -> str:
    return "".join(
        f"\n{called_by(rank)}\n[Peer]\nPublicKey={key(rank)}\n"
        f"AllowedIPs = 2001:db8:100:{rank:x}00::/56,198.51.100.{rank + 1}\n"
        for rank in range(1, count + 1)
    )


WG = f"[Interface]\nAddress = 198.51.100.1/24, 2001:db8:100::1/40\nListenPort = 51820\nPrivateKey = {SERVER}\n"


def dump(count: int, *more: str) -> str:
    """What `wg show wg0 dump` says of it, in an order of its own."""
    rows = [
        f"{key(rank)}\t(none)\t(none)\t198.51.100.{rank + 1}/32,2001:db8:100:{rank:x}00::/56\t0\t0\t0\toff"
        for rank in range(count, 0, -1)
    ]
    return "\n".join((f"{SERVER}\tpublic\t51820\toff", *rows, *more)) + "\n"


def observed(count: int, *more: str, port: int = 51820) -> Mapping[str, str]:
    """What our look at such a machine gives: no release, a file by hand, a route for each peer's prefix."""
    link = [{"mtu": 1420, "addr_info": [
        {"family": "inet", "local": "198.51.100.1", "prefixlen": 24, "scope": "global"},
        {"family": "inet6", "local": "2001:db8:100::1", "prefixlen": 40, "scope": "global"},
    ]}]  # fmt: skip
    routes = [{"dst": f"2001:db8:100:{rank:x}00::/56"} for rank in range(1, count + 1)]
    said = {
        "file:wg0.conf": WG + peers(count),
        "dump": dump(count, *more).replace("51820", str(port)),
        "link": json.dumps(link),
        "routes": json.dumps([{"dst": "198.51.100.0/24", "protocol": "kernel"}]),
        "routes6": json.dumps(routes),
    }
    rows = (f"{name} {base64.b64encode(text.encode()).decode()}\n" for name, text in said.items())
    return WIREGUARD.observed("".join(rows))


@dataclass
class Young:
    """An association whose members are known, and whose machines were never in an inventory."""

    session: Session
    act: Act
    vpn: Device
    radius: Device

    def weigh(self, files: Mapping[str, str], host: str = "vpn", *offer: str) -> tuple[Proposal, Plan]:
        return weighing.weigh(self.session, self.act, host, files, offer)

    def adopt(self, files: Mapping[str, str], host: str = "vpn") -> tuple[Proposal, Plan]:
        proposal, plan = self.weigh(files, host)
        assert [one.sentence("en") for one in plan.problems] == []
        taking.take(self.session, self.act, proposal, plan)
        self.session.expire_all()
        return proposal, plan

    def desired(self, artifact: Artifact, device: Device) -> Mapping[str, str]:
        return artifact.desired(self.session, device, self.act.at + timedelta(minutes=1))


@pytest.fixture
def young(session: Any, act: Act) -> Young:
    site = places.add_site(session, act, "colo")
    made = [
        devices.add_device(session, act, name, role=name, platform="debian", site=site, endpoint=endpoint)
        for name, endpoint in (("vpn", "192.0.2.4:51820"), ("lns", "100.64.2.1:1701"), ("radius", None))
    ]
    offers.add_offer(session, act, "vpn", "VPN", Technology.WIREGUARD, "tunnel", mtu=1420, device=made[0])
    offers.add_offer(session, act, "adsl", "ADSL", Technology.ADSL, "l2tp", mtu=1460, device=made[1])
    for rank in range(1, COUNT + 1):
        members.add_member(session, act, f"Camille Escande {rank}", email=f"m{rank}@membres.example")
    return Young(session, act, made[0], made[2])


def done(plan: Plan) -> set[Action]:
    return {step.action for step in plan.steps}


def test_thirty_peers_made_by_hand_are_adopted_and_the_plan_is_empty(young: Young) -> None:
    proposal, plan = young.adopt({"wireguard/wg0.conf": WG + peers()})
    assert proposal.strangers == ()
    assert plan.remarks == ()
    held = young.session.scalars(select(Line)).all()
    assert (len(held), {one.state for one in held}) == (COUNT, {LineState.ACTIVE})
    for rank in (1, 2, 3, COUNT):
        opened = select(Credential).where(Credential.name == key(rank))
        line = lines.find_line(young.session, f"L{rank:04d}")
        assert line.shares[0].member.number == rank
        assert young.session.scalars(opened).one().share_id == line.shares[0].id
    desired = young.desired(WIREGUARD, young.vpn)
    seen = recognised(WIREGUARD, observed(COUNT), desired)
    assert texts.unified(seen, desired) == ""


def test_adopting_twice_changes_nothing(young: Young) -> None:
    files = {"wireguard/wg0.conf": WG + peers()}
    young.adopt(files)
    proposal, plan = young.weigh(files)
    assert done(plan) == {Action.NOTHING}
    assert (proposal.secrets, proposal.names, proposal.strangers) == ((), (), ())


def test_what_nobody_is_sure_of_is_said_and_not_guessed(young: Young) -> None:
    members.add_member(young.session, young.act, "camille escande 4", email="autre@membres.example")
    gone = members.find_member(young.session, "M0009")
    members.leave(young.session, young.act, gone)
    file = WG + "".join(
        f"\n{comment}\n[Peer]\nPublicKey = {key(100 + rank)}\nAllowedIPs = 198.51.100.{rank + 10}/32\n"
        for rank, comment in enumerate(
            ("# Camille", "# Camille Escande 4", "#", "# Camille Escande 9", "# M0005, Camille Escande 6", "# M0007")
        )
    )
    proposal, plan = young.weigh({"wireguard/wg0.conf": file})
    assert [(one.way.name == key(100 + rank), one.why.en) for rank, one in enumerate(proposal.strangers)] == [
        (True, "nothing beside it says whose it is (“Camille”)"),
        (True, "it may be M0004, M0031"),
        (True, "no comment says whose it is"),
        (True, "M0009 is a member no more"),
        (True, "it may be M0005, M0006"),
    ]
    assert [step.name for step in plan.steps if step.noun == "credential"] == [f"L… {key(105)}"]


def test_a_line_that_waits_for_its_key_gets_it(young: Young) -> None:
    for number, prefix, handed in (("v4", "198.51.100.0/24", 32), ("v6", "2001:db8:100::/40", 56)):
        pool = ip_network(prefix)
        addresses.create_pool(young.session, young.act, number, pool, handed=handed, device=young.vpn)
    person = members.find_member(young.session, "M0003")
    line = lines.order_line(
        young.session, young.act, person, offers.find_offer(young.session, "vpn"), Ordering(public_key=key(200))
    )
    credential = young.session.scalars(select(Credential)).one()
    young.session.delete(credential)
    young.session.flush()
    _, plan = young.weigh({"wireguard/wg0.conf": WG + peers(3)})
    assert [step.name for step in plan.steps if step.noun == "credential"][-1] == f"{line} {key(3)}"
    assert sum(step.noun == "line" for step in plan.steps) == 2


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("[Interface]\nPrivateKey = secret\n", 2),
        ("[Interface]\n\n[Peer]\nAllowedIPs = 198.51.100.2/32\n", 3),
        (f"[Peer]\nPublicKey = {key(1)}\nAllowedIPs = 198.51.100.x\n", 3),
        ("PublicKey\n", 1),
        (f"[Peer]\nPublicKey = {key(1)}\n[Peer]\nPublicKey = {key(1)}\n", 3),
    ],
)
def test_a_file_that_is_half_understood_is_refused_by_its_line_without_repeating_a_key(file: str, line: int) -> None:
    with pytest.raises(Unreadable) as refusal:
        gathering.read({"wireguard/wg0.conf": file})
    assert refusal.value.facts["line"] == line
    assert "secret" not in refusal.value.sentence("fr")


def test_a_link_to_a_router_is_told_and_not_proposed() -> None:
    file = f"[Peer]\nPublicKey = {key(2)}\nAllowedIPs = 0.0.0.0/0, ::/0\n"
    found = gathering.read({"wireguard/wg0.conf": file})
    assert (found.ways, len(found.told)) == ([], 1)


def test_a_preshared_key_is_kept_sealed_and_handed_out(young: Young) -> None:
    file = WG + peers(1).replace("\nAllowedIPs", f"\nPresharedKey = {key(9)}\nAllowedIPs")
    young.adopt({"wireguard/wg0.conf": file})
    desired = young.desired(WIREGUARD, young.vpn)
    assert f"PresharedKey = {key(9)}\n" in desired["wg0.conf"]
    held = observed(1)["wg0.conf"].replace("\nAllowedIPs", f"\nPresharedKey = {key(9)}\nAllowedIPs")
    assert recognised(WIREGUARD, {"wg0.conf": held}, desired) == desired
    assert WIREGUARD.strangers(observed(1), desired) == (key(1),)
    line = lines.find_line(young.session, "L0001")
    for form in ("wireguard", "sheet", "openwrt", "routeros"):
        made, wanted = handouts.hand_out(young.session, young.act, line, line.shares[0], form)
        shown = handouts.written(made, wanted, "en")
        assert key(9).replace("=", "\\3D") in shown or key(9) in shown
    made, _ = handouts.hand_out(young.session, young.act, line, line.shares[0], "sheet")
    assert key(9) not in repr(made)


def test_peers_of_an_interface_that_essaim_does_not_keep_stay_out() -> None:
    found = gathering.read({"wireguard/wg1.conf": WG + peers(3)})
    assert (found.ways, found.own, [one.facts["count"] for one in found.told]) == ([], [], [3])


def test_a_router_that_speaks_with_others_than_the_inventory_says_is_not_silenced_unasked(young: Young) -> None:
    target = Target(devices.machine(young.vpn), ROUTER)
    wanted = Wanted(young.vpn.id, target, {"frr.conf": "!\n"})
    harmless = "- log file x\n+ip route 192.0.2.0/24 blackhole 254\n"
    ownership.check(young.session, wanted, Seen({"frr.conf": "x"}, harmless))
    with pytest.raises(ownership.FoundBeside, match=r"neighbor 192\.0\.2\.9 remote-as 64500"):
        ownership.check(young.session, wanted, Seen({}, harmless + "- neighbor 192.0.2.9 remote-as 64500\n"))


def test_comments_name_people_and_settings_do_not() -> None:
    assert called("# Ada Martin <ada@membres.example>") == ("ada@membres.example", "Ada Martin")
    assert called("### Name = Ada Martin", "# AllowedIPs = 0.0.0.0/0", "#[Peer]", "#") == ("Ada Martin",)
    assert called("# M0042 - Ada, portable") == ("M0042", "Ada", "portable")


USERS = """\
DEFAULT Framed-Protocol == PPP
\tFramed-Protocol = PPP

# Camille Escande 1
camille.un@adsl\tCleartext-Password := "un 'mot' \\"à\\" elle" # ici
\tService-Type = Framed-User,
\tFramed-IP-Address = 203.0.113.2, Framed-IP-Netmask = 255.255.255.255,
\tFramed-Route = "203.0.113.64/29 0.0.0.0 1",
\tDelegated-IPv6-Prefix += 2001:db8:200:100::/56
# m2@membres.example
deux@adsl Cleartext-Password := 'l\\'autre'
\tFramed-IP-Address := 203.0.113.3
sans@adsl Auth-Type := Accept
trois@adsl Cleartext-Password := "%{sql:x}"
"""
CLIENTS = """\
client localhost {
\tipaddr = 127.0.0.1
\tsecret = testing123 # the package's own
\tlimit {
\t\tmax_connections = 16
\t}
}
client lns { # the LNS
\tipaddr = 192.0.2.2/32
\tsecret = "entre deux"
}
client ailleurs {
\tipaddr = 192.0.2.99
\tsecret = x
}
"""


@pytest.fixture
def copper(young: Young) -> Young:
    """The pools and places of copper lines, with nobody on them yet."""
    session, act = young.session, young.act
    lns = devices.find_device(session, "lns")
    for name, prefix, handed in (("a4", "203.0.113.0/24", 32), ("a6", "2001:db8:200::/40", 56)):
        addresses.create_pool(session, act, name, ip_network(prefix), handed=handed, device=lns)
    core = addresses.create_pool(session, act, "core", ip_network("192.0.2.0/28"), handed=32)
    for device, own in ((lns, "192.0.2.2"), (young.radius, "192.0.2.3")):
        port = devices.add_interface(session, act, device, "core0")
        addresses.allocate(session, act, core, port, Role.LINK, exactly=ip_network(own))
    return young


FILES = {"freeradius/3.0/mods-config/files/authorize": USERS, "freeradius/3.0/clients.conf": CLIENTS}


def test_a_users_file_is_adopted_with_its_passwords_and_the_plan_is_empty(copper: Young) -> None:
    users = "".join(USERS.partition("sans@")[0])
    clients = CLIENTS.partition("client ailleurs")[0]
    files = dict(zip(FILES, (users, clients), strict=True))
    proposal, _ = copper.adopt(files, "radius")
    assert {(one.device, one.name, one.secret) for one in proposal.secrets} == {
        ("radius", "radius", "testing123"), ("lns", "radius", "entre deux")}  # fmt: skip
    with pytest.raises(EssaimError, match="secret"):
        copper.desired(RADIUS, copper.radius)  # a blank in it: no configuration takes it for one word
    devices.set_secret(copper.session, copper.act, devices.find_device(copper.session, "lns"), "radius", "entre-deux")
    desired = copper.desired(RADIUS, copper.radius)
    assert "'un \\'mot\\' \"à\" elle'" in desired["authorize"]
    held = {"file:authorize": users, "file:clients.conf": clients.replace("entre deux", "entre-deux"), "file:site": "x"}
    rows = (f"{name} {base64.b64encode(text.encode()).decode()}\n" for name, text in held.items())
    seen = RADIUS.observed("".join(rows))
    assert recognised(RADIUS, seen, desired) == desired
    assert "site" not in seen
    assert texts.redacted(seen["authorize"], RADIUS.secrets, lambda _: "‹›").count("‹›") == 2


def test_another_password_than_the_inventory_keeps_is_told_and_not_taken(copper: Young) -> None:
    users = "".join(USERS.partition("sans@")[0])
    files = dict(zip(FILES, (users, CLIENTS.partition("client ailleurs")[0]), strict=True))
    copper.adopt(files, "radius")
    files[next(iter(FILES))] = users.replace("autre", "un-autre")
    _, plan = copper.weigh(files, "radius")
    told = [one.sentence("en") for one in plan.remarks if "deux@adsl" in one.sentence("en")]
    assert ["another password" in one and "un-autre" not in one for one in told] == [True]
    assert done(plan) == {Action.NOTHING}


def test_a_login_that_the_inventory_lacks_is_a_stranger_and_its_password_is_hidden(copper: Young) -> None:
    held = {"file:authorize": USERS, "file:clients.conf": CLIENTS}
    rows = "".join(f"{name} {base64.b64encode(text.encode()).decode()}\n" for name, text in held.items())
    seen = RADIUS.observed(rows)
    for device in (copper.radius, devices.find_device(copper.session, "lns")):
        devices.set_secret(copper.session, copper.act, device, "radius", "x")
    desired = copper.desired(RADIUS, copper.radius)
    assert recognised(RADIUS, seen, desired) == seen
    assert RADIUS.strangers(seen, desired) == (
        "camille.un@adsl", "client 192.0.2.2", "client 192.0.2.99", "client localhost", "deux@adsl")  # fmt: skip
    shown = texts.redacted("".join(seen.values()), RADIUS.secrets, lambda _: "‹›")
    assert not any(word in shown for word in ("testing123", "entre deux", "mot", "autre"))


def test_a_radius_server_just_installed_holds_nothing(copper: Young) -> None:
    stock = "DEFAULT\tFramed-Protocol == PPP\n\tFramed-Protocol = PPP,\n\tFramed-Compression = Van-Jacobson-TCP-IP\n"
    held = {"file:authorize": stock, "file:clients.conf": CLIENTS}
    rows = "".join(f"{name} {base64.b64encode(text.encode()).decode()}\n" for name, text in held.items())
    assert RADIUS.observed(rows) == {}
    assert copper.radius.name == "radius"


def test_rows_of_a_database_say_the_same_as_the_file() -> None:
    check = "id,username,attribute,op,value\n1,un@adsl,Cleartext-Password,:=,mot\n2,seul@adsl,MD5-Password,:=,x\n"
    reply = "username;attribute;op;value\nun@adsl;Framed-IP-Address;=;203.0.113.2\nun@adsl;Framed-MTU;=;1460\n"
    found = gathering.read({"radius/radcheck.csv": check, "radius/radreply.csv": reply})
    (way,) = found.ways
    assert (way.name, way.secret, way.prefixes) == ("un@adsl", "mot", ((ip_network("203.0.113.2/32"), Role.WAN),))
    assert len(found.told) == 1
    with pytest.raises(Unreadable):
        gathering.read({"radcheck.csv": "a,b\n1,2\n"})


def test_client_files_of_openvpn_and_who_was_revoked(young: Young) -> None:
    offers.add_offer(young.session, young.act, "tunnel", "T", Technology.OPENVPN, "tunnel", mtu=1400)
    addresses.create_pool(young.session, young.act, "o4", ip_network("198.51.100.0/24"), handed=32)
    addresses.create_pool(young.session, young.act, "o6", ip_network("2001:db8:100::/40"), handed=56)
    index = (
        "V\t301122130200Z\t\t01\tunknown\t/CN=ada-1\n"
        "R\t301122130200Z\t261101000000Z,keyCompromise\t02\tunknown\t/CN=bob\n"
    )
    files = {
        "openvpn/ccd/ada-1": (
            "# M0001\nifconfig-push 198.51.100.9 255.255.255.0\nifconfig-ipv6-push 2001:db8:100::9/64\n"
            'iroute 198.51.100.64 255.255.255.248\niroute-ipv6 2001:db8:100:900::/56\npush "route 192.0.2.0"\n'
        ),
        "openvpn/ccd/bob": "# M0002\nifconfig-push 198.51.100.10 255.255.255.0\n",
        "openvpn/ccd/DEFAULT": "ifconfig-push 198.51.100.11 255.255.255.0\n",
        "openvpn/easy-rsa/pki/index.txt": index,
    }
    proposal, plan = young.weigh(files)
    assert [one.way.name for one in proposal.strangers] == []
    assert [step.name for step in plan.steps if step.noun == "credential"] == ["L… ada-1"]
    assert list(proposal.owned[0][0].prefixes) == [
        (ip_network("198.51.100.9/32"), Role.WAN),
        (ip_network("2001:db8:100::9/128"), Role.WAN),
        (ip_network("198.51.100.64/29"), Role.ROUTED),
        (ip_network("2001:db8:100:900::/56"), Role.DELEGATED),
    ]
    assert any("bob" in one.sentence("en") for one in plan.remarks)
    with pytest.raises(Unreadable, match="iroute"):
        gathering.read({"ccd/ada-1": "iroute 198.51.100.65 255.255.255.248\n"})


ZONE = """\
$TTL 1h
@   IN SOA ns1.abeilles.example. noc.abeilles.example. (
        2026112201 ; serial
        2h 30m 2w 10m )
    NS  ns1.abeilles.example.
2   PTR nid.abeilles.example.
    TXT "a ; b"
$ORIGIN 0-63.100.51.198.in-addr.arpa.
3 3600 IN PTR trois.abeilles.example.
77.100.51.198.in-addr.arpa. PTR personne.abeilles.example.
"""


def test_reverse_names_of_addresses_that_somebody_holds_are_adopted_too(young: Young) -> None:
    files = {"wireguard/wg0.conf": WG + peers(3), "bind/db.100.51.198.in-addr.arpa": ZONE}
    proposal, plan = young.adopt(files)
    assert [(str(one.address), one.name) for one in proposal.names] == [
        ("198.51.100.2", "nid.abeilles.example"), ("198.51.100.3", "trois.abeilles.example")]  # fmt: skip
    assert sorted(young.session.scalars(select(ReverseName.name))) == ["nid.abeilles.example", "trois.abeilles.example"]
    assert ["personne" in one.sentence("fr") for one in plan.remarks] == [True]
    assert young.weigh(files)[0].names == ()


def test_routers_are_told_and_never_taken() -> None:
    frr = "ip route 192.0.2.0/24 192.0.2.1\nrouter bgp 64496\n neighbor 192.0.2.9 remote-as 64500\n" \
          "  network 198.51.100.0/24\n"  # fmt: skip
    bird = "protocol bgp a { neighbor 2001:db8::9 port 179 as 64501; }\n route 198.51.100.0/24 blackhole;\n"
    bird = bird.replace("protocol bgp a { ", "protocol bgp a {\n ")
    found = gathering.read({"frr/frr.conf": frr, "bird/bird.conf": bird})
    assert len(found.told) == 5
    assert found.ways == []


def test_the_files_to_correct_come_back_by_the_import_and_stop_where_nobody_was_named(young: Young) -> None:
    file = WG + peers(3) + f"\n# =Inconnu\n[Peer]\nPublicKey = {key(99)}\nAllowedIPs = 198.51.100.99/32\n"
    proposal, _ = young.weigh({"wireguard/wg0.conf": file})
    written = taking.files(proposal, young.act.at.date())
    again = ours.read_all({name: text.encode() for name, text in written.items()})
    assert [one.sentence("en") for one in again.problems] == ["lines.csv, line 5: column member is missing."]
    written["lines.csv"] = "".join(written["lines.csv"].splitlines(keepends=True)[:4])
    again = ours.read_all({name: text.encode() for name, text in written.items()})
    plan = planning.plan(young.session, again, young.act.at)
    assert [one.sentence("en") for one in plan.problems] == []
    assert {step.noun: step.action for step in plan.steps if step.noun == "credential"} == {"credential": Action.CREATE}
    assert sum(step.noun == "address" for step in plan.steps) == 8


def test_a_preshared_key_that_is_none_is_refused_by_its_line_and_not_repeated(young: Young) -> None:
    csv = f"member,offer,key,preshared\nM0001,vpn,{key(1)},sesame\n"
    plan = planning.plan(young.session, ours.read("lines.csv", csv.encode(), "lines"), young.act.at)
    assert [one.sentence("en") for one in plan.problems] == [
        "lines.csv, line 2: the preshared key is no WireGuard key."
    ]


def test_new_lines_need_an_offer_that_is_opened_so(young: Young) -> None:
    offers.add_offer(young.session, young.act, "vpn2", "V", Technology.WIREGUARD, "tunnel", device=young.vpn)
    files = {"wireguard/wg0.conf": WG + peers(2)}
    _, plan = young.weigh(files)
    assert ["--offer" in one.sentence("fr") for one in plan.problems] == [True]
    _, plan = young.weigh(files, "vpn", "vpn2")
    assert [step.name for step in plan.steps if step.noun == "line"] == ["vpn2", "vpn2"]


def test_a_new_member_on_an_adopted_machine_cuts_nobody_and_the_diff_says_only_that(young: Young) -> None:
    young.adopt({"wireguard/wg0.conf": WG + peers(3)})
    offer = offers.find_offer(young.session, "vpn")
    for family in (4, 6):
        pool = addresses.find_pool(young.session, f"vpn-v{family}")
        setattr(offer, f"pool_v{family}_id", pool.id)
    young.session.flush()
    young.session.expire_all()
    person = members.find_member(young.session, "M0020")
    lines.order_line(young.session, young.act, person, offers.find_offer(young.session, "vpn"),
                     Ordering(public_key=key(20)))  # fmt: skip
    desired = young.desired(WIREGUARD, young.vpn)
    seen = recognised(WIREGUARD, observed(3), desired)
    assert WIREGUARD.effect(seen, desired) == Effect(Impact.HITLESS, 1)
    assert WIREGUARD.strangers(seen, desired) == ()
    rows = [
        row for row in texts.unified(seen, desired).splitlines() if row[0] in "+-" and row[:3] not in ("+++", "---")
    ]
    assert [row for row in rows if row[0] == "-"] == ["-# not written by Essaim"]
    assert [row for row in rows if key(20) in row]


def test_the_first_plan_takes_nothing_away_unasked(young: Young) -> None:
    young.adopt({"wireguard/wg0.conf": WG + peers(3)})
    desired = young.desired(WIREGUARD, young.vpn)
    other = f"{key(99)}\t(none)\t(none)\t198.51.100.99/32\t0\t0\t0\toff"
    seen = recognised(WIREGUARD, observed(3, other), desired)
    wanted = Wanted(young.vpn.id, Target(devices.machine(young.vpn), WIREGUARD), desired)
    with pytest.raises(ownership.FoundBeside, match=key(99).replace("+", r"\+")):
        ownership.check(young.session, wanted, Seen(seen, texts.unified(seen, desired)))
    agreed = recognised(WIREGUARD, observed(3), desired)
    ownership.check(young.session, wanted, Seen(agreed, texts.unified(agreed, desired)))


def test_another_port_or_key_of_the_server_is_a_real_difference(young: Young) -> None:
    young.adopt({"wireguard/wg0.conf": WG + peers(2)})
    desired = young.desired(WIREGUARD, young.vpn)
    seen = recognised(WIREGUARD, observed(2, port=1194), desired)
    assert "-ListenPort = 1194" in texts.unified(seen, desired)
    assert WIREGUARD.effect(seen, desired) == Effect(Impact.CUTS, 2)


def test_a_server_s_key_that_the_inventory_has_otherwise_is_told_and_not_taken(young: Young) -> None:
    devices.set_secret(young.session, young.act, young.vpn, "wireguard", key(200))
    taken = ip_network("203.0.113.0/24")
    addresses.create_pool(young.session, young.act, "vpn-v4", taken, handed=32)
    proposal, plan = young.weigh({"wireguard/wg0.conf": WG + peers(1)})
    assert proposal.secrets == ()
    assert ["private key" in one.sentence("en") for one in plan.remarks] == [True]
    assert not any(step.noun == "device" and step.action is Action.CHANGE for step in plan.steps)
    assert next(step.name for step in plan.steps if step.noun == "pool") == "vpn-v4-2 198.51.100.0/24"


def test_no_name_of_a_hand_made_file_comes_into_a_diff() -> None:
    text = observed(3)["wg0.conf"]
    assert "Camille" not in text
    assert "membres" not in text
