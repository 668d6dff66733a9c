"""What other programs export comes in: NetBox, COIN, Galette, Paheko; twice is once."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from foundation.acts import Act
from foundation.database import EssaimSession
from inventory import lines, members, memberships, pools
from inventory.exchange import clubs, coin, netbox
from inventory.exchange.applying import apply
from inventory.exchange.planning import plan
from inventory.exchange.plans import Plan
from inventory.exchange.records import Noun, Reading
from inventory.models.addresses import BlockState

TENANTS = b"Name,Group,Description,Tags\nCamille Faure,members,,\nBois Libre,,une association,\n"
PREFIXES = (
    b"Prefix,Status,VRF,Tenant,Site,Role,Description\n"
    b"198.51.100.0/22,Container,,,,,\n"
    b"198.51.100.0/24,Active,,,cave,customers,VPN\n"
    b"198.51.100.8/29,Active,,Camille Faure,,,\n"
    b"198.51.100.16/29,Reserved,,,,,later\n"
    b"198.51.100.32/27,Active,,,,,a slice\n"
    b"192.0.2.0/24,Active,mgmt,,,,\n"
    b"2001:db8:100::/40,Active,Global,,,,\n"
    b"2001:db8:101::/48,Active,,Bois Libre,,,\n"
)
ADDRESSES = (
    b"IP Address,VRF,Status,Role,Tenant,Parent,Interface,DNS Name,Description\n"
    b"198.51.100.1/24,,Active,,,edge 1,eth0,,\n"
    b"198.51.100.2/24,,Active,,Camille Faure,,,camille.example,\n"
    b"198.51.100.9/29,,Active,,Camille Faure,,,,\n"
    b"198.51.100.3/24,,DHCP,,,,,,\n"
    b"198.51.100.4/24,,Reserved,,,,,,printer\n"
    b"198.51.100.5/24,,Active,,,elsewhere,eth9,,\n"
)
DEVICES = (
    b"Name,Status,Tenant,Site,Role,Manufacturer,Type,Platform,Serial number,IP Address\n"
    b"edge 1,Active,,cave,Edge Router,Acme,R1,Debian Linux,S1,198.51.100.1/24\n"
    b"pi,Active,Camille Faure,cave,Box,Raspberry,Pi 4,,,\n"
    b"old,Decommissioning,,cave,Switch,,,,,\n"
)
CIRCUITS = (
    b"Circuit ID,Provider,Type,Status,Tenant,Side A,Installed,Commit Rate\n"
    b"C-1,Collecte,ADSL,Active,Camille Faure,cave,2023-05-01,\n"
    b"C-2,Collecte,ADSL,Active,Bois Libre,cave,2024-05-01,\n"
    b"T-1,Transit,Transit,Active,,cave,,\n"
)
EVERY = {
    "tenants.csv": TENANTS,
    "prefixes.csv": PREFIXES,
    "ips.csv": ADDRESSES,
    "devices.csv": DEVICES,
    "circuits.csv": CIRCUITS,
}


@pytest.fixture
def bring(session: EssaimSession, act: Act) -> Callable[[Reading], Plan]:
    """Import what was read; a second time it changes nothing."""

    def brought(reading: Reading) -> Plan:
        done = plan(session, reading, act.at)
        assert [one.sentence("en") for one in done.problems] == []
        apply(session, act, done)
        again = plan(session, reading, act.at)
        assert [one.sentence("en") for one in again.problems] == []
        assert again.doing == ()
        return done

    return brought


def remarks(reading: Reading | Plan) -> str:
    return "\n".join(one.sentence("en") for one in reading.remarks)


# NetBox


def test_netbox_comes_in_whole(session: EssaimSession, small: Any, bring: Any) -> None:
    elsewhere = {file: data.replace(b"198.51.100", b"100.64.100") for file, data in EVERY.items()}
    done = bring(netbox.read(elsewhere, offer="vpn"))
    assert {noun: sum(counts.values()) for noun, counts in done.summary.items()} == {
        Noun.MEMBER: 2,
        Noun.MEMBERSHIP: 2,
        Noun.SITE: 1,
        Noun.DEVICE: 2,
        Noun.POOL: 2,
        Noun.LINE: 2,
        Noun.SHARE: 2,
        Noun.ADDRESS: 7,
    }
    pool = pools.find_pool(session, "100.64.100.0-24")
    assert (pool.purpose, pool.handed) == ("VPN", 32)
    census = pools.census(session, pool)
    assert (census[BlockState.ASSIGNED], census[BlockState.RESERVED]) == (1 + 1 + 8, 8 + 1 + 1)
    (line,) = lines.lines_of(session, members.find_member(session, "M3"))
    assert sorted(lines.prefixes(session, line)) == ["100.64.100.2/32", "100.64.100.8/29"]
    assert line.shares[0].since == date(2023, 5, 1)


def test_netbox_says_what_it_leaves_aside(small: Any) -> None:
    reading = netbox.read(EVERY, offer="vpn")
    said = remarks(reading)
    for part in (
        "columns left aside: Group, Description, Tags",
        "VRF mgmt: left aside",
        "198.51.100.32/27 is but a part of 198.51.100.0/24",
        "198.51.100.9/32 is but a part of 198.51.100.8/29",
        "“dhcp”: left aside",
        "“decommissioning”: left aside",
        "circuit T-1 without tenant",
    ):
        assert part in said, said


def test_a_tenant_without_a_line_has_its_addresses_put_aside(session: EssaimSession, bring: Any) -> None:
    done = bring(netbox.read({"t.csv": TENANTS, "p.csv": PREFIXES}))
    assert "Camille Faure has no line, or several: put aside" in remarks(done)
    assert pools.census(session, pools.find_pool(session, "198.51.100.0-24"))[BlockState.RESERVED] == 16


def test_addresses_of_a_machine_that_nobody_knows_are_put_aside(session: EssaimSession, bring: Any) -> None:
    done = bring(netbox.read({"p.csv": PREFIXES, "i.csv": ADDRESSES, "t.csv": TENANTS}))
    assert "machine “elsewhere” is not known" in remarks(done)


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"x.csv": b"a,b\n1,2\n"}, "this header is of no known export of NetBox"),
        ({"i.csv": ADDRESSES, "t.csv": TENANTS}, "is in no pool"),
        ({"c.csv": CIRCUITS, "t.csv": TENANTS}, "there is no offer “adsl”"),
        ({"c.csv": CIRCUITS}, "there is no member “Camille Faure”"),
        ({"i.csv": b"IP Address,Status\nx,Active\n"}, "neither an address nor a prefix"),
    ],
)
def test_netbox_without_what_it_needs_is_refused(
    session: EssaimSession, act: Act, files: dict[str, bytes], sentence: str
) -> None:
    done = plan(session, netbox.read(files), act.at)
    assert any(sentence in one.sentence("en") for one in done.problems), done.problems


def test_a_pool_that_is_here_under_another_name_is_that_pool(session: EssaimSession, small: Any, act: Act) -> None:
    done = plan(session, netbox.read({"p.csv": b"Prefix,Status\n198.51.100.0/29,Active\n"}), act.at)
    assert [str(step.action) for step in done.steps] == ["nothing"]


# COIN


def model(table: str, key: int, /, **fields: Any) -> dict[str, Any]:
    return {"model": table, "pk": key, "fields": fields}


COIN: list[dict[str, Any]] = [
    model("members.member", 1, type="natural_person", status="member", first_name="Camille", last_name="Faure",
          email="camille@membres.example", date_joined="2014-03-01T10:00:00Z", mobile_phone_number="06 00 00 00 00",
          address="1 rue X", postal_code="33000", city="Ville", password="pbkdf2$x"),
    model("members.member", 2, type="legal_entity", status="member", organization_name="Bois Libre", username="bois"),
    model("members.member", 3, type="natural_person", status="not_member", first_name="Zoé", last_name="P",
          date_joined="2013-01-01", resign_date="2015-06-30"),
    model("members.membershipfee", 1, member=1, amount="16.00", start_date="2014-03-01", end_date="2015-02-28"),
    model("members.membershipfee", 2, member=1, amount="16.00", start_date="2015-02-15", end_date="2016-02-28"),
    model("members.membershipfee", 3, member=1, amount="16.00", start_date="2018-01-01", end_date="2018-12-31"),
    model("offers.offer", 1, name="VPN à prix libre", reference="vpn", configuration_type="VPNConfiguration"),
    model("offers.offer", 2, name="ADSL marque blanche", reference="", configuration_type="SimpleDSL"),
    model("offers.offersubscription", 1, member=1, offer=1, subscription_date="2014-03-01", resign_date=None),
    model("offers.offersubscription", 2, member=2, offer=2, subscription_date="2016-01-01", resign_date=None),
    model("offers.offersubscription", 3, member=3, offer=1, subscription_date="2013-01-01", resign_date="2015-06-30"),
    model("configuration.configuration", 11, offersubscription=1, comment=""),
    model("vpn.vpnconfiguration", 11, activated=True, login="camille-vpn1", password="{SSHA}x", ipv4_endpoint=None),
    model("configuration.configuration", 12, offersubscription=2),
    model("simple_dsl.simpledsl", 12, phone_number="05 00 00 00 12"),
    model("resources.ippool", 1, name="IPv4 VPN", default_subnetsize=32, inet="203.0.113.0/24"),
    model("resources.ipsubnet", 1, ip_pool=1, inet="203.0.113.5/32", configuration=11),
    model("resources.ipsubnet", 2, ip_pool=1, inet="203.0.113.9/32", configuration=None),
    model("sessions.session", 1, data="x"),
]  # fmt: skip


def test_coin_comes_in_with_its_history(session: EssaimSession, bring: Any) -> None:
    reading = coin.read({"coin.json": json.dumps(COIN).encode()})
    bring(reading)
    camille, bois, zoe = members.list_members(session, left=True)
    assert (camille.name, camille.postal, bois.name, bois.organisation) == (
        "Camille Faure", "1 rue X\n33000 Ville", "Bois Libre", True,
    )  # fmt: skip
    assert [(one.since, one.until) for one in memberships.periods_of(session, camille)] == [
        (date(2014, 3, 1), date(2016, 2, 29)),
        (date(2018, 1, 1), date(2019, 1, 1)),
    ]
    assert (zoe.status, zoe.left) == ("left", date(2015, 6, 30))
    vpn, dsl, over = lines.list_lines(session, ended=True)
    assert [(str(one.shares[0].member), one.offer.name, one.state) for one in (vpn, dsl, over)] == [
        ("M0001", "vpn", "active"),
        ("M0002", "adsl-marque-blanche", "active"),
        ("M0003", "vpn", "closed"),
    ]
    assert [one.name for one in vpn.shares[0].credentials] == ["camille-vpn1"]
    assert [one.nd for one in dsl.coppers] == ["0500000012"]
    assert lines.prefixes(session, vpn) == ["203.0.113.5/32"]
    assert pools.census(session, pools.find_pool(session, "ipv4-vpn"))[BlockState.RESERVED] == 1
    said = remarks(reading)
    assert "tables left aside: sessions.session" in said
    assert "coin.json (members.member): columns left aside: password" in said
    assert "coin.json (members.membershipfee): columns left aside: amount" in said


def test_coin_as_csv_tables_says_the_same(session: EssaimSession, act: Act) -> None:
    files = {
        "members_member.csv": b"id,first_name,last_name,email,date_joined,status,type\n"
        b"1,Ada,L,,2014-03-01,member,natural_person\n",
        "members_membershipfee.csv": b"id,member_id,start_date,end_date\n1,1,2014-03-01,2015-02-28\n",
        "offers_offer.csv": b"id,name,reference,configuration_type\n1,VPN,vpn,VPNConfiguration\n",
        "offers_offersubscription.csv": b"id,member_id,offer_id,subscription_date,resign_date\n1,1,1,2014-03-01,\n",
        "configuration_configuration.csv": b"id,offersubscription_id\n11,1\n",
        "vpn_vpnconfiguration.csv": b"configuration_ptr_id,login\n11,ada-vpn1\n",
        "resources_ippool.csv": b"id,name,inet,default_subnetsize\n1,v4,203.0.113.0/24,32\n",
        "resources_ipsubnet.csv": b"id,inet,ip_pool_id,configuration_id\n1,203.0.113.5/32,1,11\n",
    }
    done = plan(session, coin.read(files), act.at)
    assert [one.sentence("en") for one in done.problems] == []
    apply(session, act, done)
    (line,) = lines.list_lines(session)
    assert lines.prefixes(session, line) == ["203.0.113.5/32"]
    assert [one.name for one in line.shares[0].credentials] == ["ada-vpn1"]


@pytest.mark.parametrize(
    "missing", ["members.membershipfee", "resources.ippool", "configuration.configuration", "offers.offer"]
)
def test_coin_does_without_a_table_or_says_what_is_missing(session: EssaimSession, act: Act, missing: str) -> None:
    kept = [one for one in COIN if one["model"] != missing]
    done = plan(session, coin.read({"coin.json": json.dumps(kept).encode()}), act.at)
    needed = {"resources.ippool": "is in no pool", "offers.offer": "a new line has an offer"}.get(missing)
    if needed is None:
        assert [one.sentence("en") for one in done.problems] == []
    else:
        assert all(needed in one.sentence("en") for one in done.problems)
        assert done.problems


def test_what_is_not_coin_is_refused() -> None:
    assert "no table of COIN here" in coin.read({"x.json": b"[]"}).problems[0].sentence("en")


# Galette and Paheko


def test_galette_comes_in_by_its_columns_or_their_labels(session: EssaimSession, act: Act, bring: Any) -> None:
    by_column = (
        '"id_adh";"nom_adh";"prenom_adh";"societe_adh";"email_adh";"cp_adh";"ville_adh";"adresse_adh";"tel_adh";'
        '"date_crea_adh";"date_echeance";"activite_adh";"pref_lang"\n'
        '"7";"FAURE";"Camille";"";"camille@membres.example";"33000";"Ville";"1 rue X";"0556000000";'
        '"2020-05-01";"2021-04-30";"1";"fr_FR.utf8"\n'
        '"8";"";"";"Bois Libre";"";"";"";"";"";"2019-01-01";"2019-12-31";"0";"en_US"\n'
    )
    bring(clubs.galette("g.csv", by_column.encode()))
    camille, bois = members.list_members(session, left=True)
    assert (camille.name, camille.postal, camille.status) == ("Camille FAURE", "1 rue X\n33000 Ville", "member")
    assert [(one.since, one.until) for one in memberships.periods_of(session, camille)] == [
        (date(2020, 5, 1), date(2021, 5, 1))
    ]
    assert (bois.organisation, bois.language, bois.status, bois.left) == (True, "en", "left", date(2020, 1, 1))
    labels = clubs.galette("g.csv", "Identifiant;Nom;Prénom\n7;FAURE;Camille\n".encode("cp1252"))
    assert plan(session, labels, act.at).doing == ()


def test_paheko_comes_in_and_its_former_members_have_left(session: EssaimSession, bring: Any) -> None:
    text = (
        "Numéro de membre;Nom & prénom;Adresse E-Mail;Adresse postale;Code postal;Ville;Numéro de téléphone;"
        "Date d'inscription;Catégorie\n"
        "12;Camille Faure;camille@membres.example;1 rue X;33000;Ville;05 56 00 00 00;25/05/2020;Membres actifs\n"
        "13;Zoé P;;;;;;01/02/2018;Anciens membres\n"
    )
    bring(clubs.paheko("p.csv", text.encode()))
    camille, zoe = members.list_members(session, left=True)
    assert (camille.joined, camille.status) == (date(2020, 5, 25), "member")
    assert (zoe.status, zoe.left) == ("left", date(2018, 2, 1))


@pytest.mark.parametrize("reader", [clubs.galette, clubs.paheko])
def test_a_club_without_numbers_is_refused(reader: Any) -> None:
    assert "the number that tells people apart is missing" in reader("x.csv", b"nom\nAda\n").problems[0].sentence("en")
