"""The situations in which a line may be, each with the first sentence that it gets in both languages."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.speech import LANGUAGES, Phrase
from inventory.models.authority import Revoked
from inventory.models.lines import Delivery, LineState, Technology
from monitoring.connections import GONE, SILENT, LastConnection
from monitoring.diagnosis import finding
from monitoring.diagnosis.finding import Told
from monitoring.diagnosis.questions import QUESTIONS, diagnose
from monitoring.diagnosis.seen import (
    CRUSHED_AFTER,
    Announcement,
    Certificate,
    Complaint,
    Health,
    Knocks,
    Notice,
    Others,
    Part,
    Peer,
    Reach,
    Refusal,
    Running,
    Seen,
    Touched,
    Transit,
)

S = finding.Situation
NOW = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
AGO = timedelta(hours=2)
UP = LastConnection(NOW - timedelta(days=5), NOW, None, "192.0.2.234", 10, 20, "")
DOWN = LastConnection(NOW - timedelta(days=5), NOW - AGO, NOW - AGO, "192.0.2.234", 10, 20, GONE)
HUNG_UP = replace(DOWN, cause="User-Request")
QUIET = replace(DOWN, cause=SILENT)
NEIGHBOURS = Others(up=12)
LOST = Others(up=0, lost=7, lost_since=NOW - AGO)
THERE = Peer(there=True, handshake=None)
PPP_UP = (Running("lns", Part.LNS, Health.UP), Running("radius", Part.RADIUS, Health.UP))

COPPER = Seen(
    NOW, "L0101", Technology.ADSL, Delivery.L2TP, LineState.ACTIVE, NOW - timedelta(days=90), mtu=1460, machine="lns",
    wholesaler="covage", running=PPP_UP, bought=NEIGHBOURS, beside=NEIGHBOURS, logins=("l0101@adsl",), last=UP,
    reach=Reach(ipv4=True, ipv6=True, full=True, route6=True),
    transits=(Transit("edge", "transit", 4, up=True), Transit("edge", "transit", 6, up=True)),
    announced=(Announcement("203.0.113.0/24", told=True),),
)  # fmt: skip
WIREGUARD = replace(
    COPPER, line="L0042", technology=Technology.WIREGUARD, delivery=Delivery.TUNNEL, machine="vpn", wholesaler=None,
    bought=Others(), running=(Running("vpn", Part.WIREGUARD, Health.UP),), logins=(), peer=THERE,
)  # fmt: skip
OPENVPN = replace(
    WIREGUARD, line="L0043", technology=Technology.OPENVPN, running=(Running("vpn", Part.OPENVPN, Health.UP),),
    certificate=Certificate("5f3a", NOW + timedelta(days=100)), list_ends=NOW + timedelta(days=90), peer=None,
)  # fmt: skip
RUNS = "La panne est chez nous : le serveur"
OURS = "The fault is ours: the server"

TABLE: dict[str, tuple[Seen, S, str, str]] = {
    "all well": (
        COPPER,
        S.WELL,
        "Tout va bien jusqu'à la box : elle est connectée et elle répond.",
        "All is well up to the box: it is connected and it answers.",
    ),
    "box unplugged": (
        replace(COPPER, last=HUNG_UP),
        S.UNPLUGGED,
        "La box ne répond plus depuis 2 heures. Les autres lignes vont bien : elle est sans doute débranchée.",
        "The box has not answered for 2 hours. The other lines are well: it is most likely unplugged.",
    ),
    "wrong password": (
        replace(COPPER, last=HUNG_UP, refusals=(Refusal(NOW - timedelta(minutes=1), "l0101@adsl"),)),
        S.WRONG_PASSWORD,
        "La box envoie un mauvais mot de passe : nous l'avons refusée.",
        "The box sends a wrong password: we refused it.",
    ),
    "unknown login": (
        replace(COPPER, last=None, refusals=(Refusal(NOW - timedelta(minutes=1), "camille@adsl"),)),
        S.UNKNOWN_LOGIN,
        "La box envoie un identifiant que nous ne connaissons pas : nous l'avons refusée.",
        "The box sends a login that we do not know: we refused it.",
    ),
    "wrong realm": (
        replace(COPPER, last=None, refusals=(Refusal(NOW - timedelta(minutes=1), "l0101@fibre"),)),
        S.WRONG_REALM,
        "La box envoie le bon identifiant avec un mauvais domaine : « @fibre » au lieu de « @adsl ».",
        "The box sends the right login with a wrong realm: “@fibre” in the place of “@adsl”.",
    ),
    "certificate expired": (
        replace(OPENVPN, last=DOWN, certificate=Certificate("5f3a", NOW - timedelta(days=3))),
        S.CERTIFICATE_EXPIRED,
        "Le certificat de la ligne a expiré il y a 3 jours : le serveur VPN n'en veut plus.",
        "The line's certificate expired 3 days ago: the VPN server takes it no more.",
    ),
    "certificate revoked": (
        replace(
            OPENVPN,
            last=DOWN,
            certificate=Certificate("5f3a", NOW + timedelta(days=3), NOW - AGO, Revoked.STOLEN),
        ),
        S.CERTIFICATE_REVOKED,
        "Le certificat de la ligne a été révoqué : le serveur VPN n'en veut plus.",
        "The line's certificate was revoked: the VPN server takes it no more.",
    ),
    "revocation list expired": (
        replace(OPENVPN, last=DOWN, list_ends=NOW - AGO),
        S.LIST_EXPIRED,
        "La panne est chez nous : la liste des certificats révoqués a expiré, le serveur VPN refuse tout le monde.",
        "The fault is ours: the list of revoked certificates has expired, the VPN server refuses everybody.",
    ),
    "key not ours": (
        replace(WIREGUARD, last=DOWN, knocks=Knocks(6, unanswered=2, near=2, answered=0)),
        S.KEY_NOT_OURS,
        "Votre box frappe à la porte avec une clé que le serveur VPN ne connaît pas.",
        "Your box knocks at the door with a key that the VPN server does not know.",
    ),
    "endpoint blocked": (
        replace(WIREGUARD, last=None, knocks=Knocks(6, unanswered=0, near=0, answered=0)),
        S.ENDPOINT_BLOCKED,
        "Rien n'arrive de chez vous jusqu'au serveur VPN : le chemin est peut-être bloqué (UDP), l'adresse du serveur "
        "fausse, ou la box éteinte. D'ici, les trois se ressemblent.",
        "Nothing comes from you to the VPN server: the way may be blocked (UDP), the server's address wrong, or the "
        "box "
        "off. From here the three look alike.",
    ),
    "no IPv6 route": (
        replace(COPPER, reach=Reach(ipv4=True, ipv6=False, full=True, route6=False)),
        S.NO_IPV6_ROUTE,
        "IPv4 passe, mais aucune route IPv6 ne mène à la ligne : la box n'a pas demandé son préfixe, ou il s'est "
        "perdu.",
        "IPv4 passes, but no IPv6 route leads to the line: the box did not ask for its prefix, or it was lost.",
    ),
    "MTU too large": (
        replace(COPPER, reach=Reach(ipv4=True, ipv6=True, full=False, route6=True)),
        S.MTU_TOO_LARGE,
        "Les petits paquets passent, les grands se perdent : la taille réglée (MTU 1460) est trop grande pour le "
        "chemin.",
        "Small packets pass, large ones are lost: the size that is set (MTU 1460) is too large for the way.",
    ),
    "member's own DNS": (
        replace(COPPER, complaint=Complaint.NAMES),
        S.OWN_DNS,
        "La ligne va bien, ce sont les noms qui ne répondent pas : le résolveur (DNS) réglé chez vous ne marche pas.",
        "The line is well, it is names that do not answer: the resolver (DNS) that is set at your end does not work.",
    ),
    "suspended": (
        replace(COPPER, state=LineState.SUSPENDED, last=HUNG_UP),
        S.SUSPENDED,
        "La ligne est suspendue : ses adresses sont gardées, les connexions sont refusées.",
        "The line is suspended: its addresses are kept, connections are refused.",
    ),
    "not yet delivered": (
        replace(COPPER, state=LineState.ORDERED, last=None),
        S.NOT_DELIVERED,
        "La ligne n'est pas encore livrée : elle est en commande.",
        "The line is not delivered yet: it is on order.",
    ),
    "closing": (
        replace(COPPER, state=LineState.CLOSING),
        S.CLOSING,
        "La ligne est en cours de fermeture : elle peut s'arrêter à tout moment.",
        "The line is being closed: it may stop at any moment.",
    ),
    "LNS down": (
        replace(COPPER, last=DOWN, running=(Running("lns", Part.LNS, Health.DOWN), PPP_UP[1]), bought=LOST),
        S.LNS_DOWN,
        f"{RUNS} qui termine les lignes (LNS) ne tourne plus.",
        f"{OURS} that ends the lines (LNS) does not run any more.",
    ),
    "RADIUS down": (
        replace(COPPER, last=DOWN, running=(PPP_UP[0], Running("radius", Part.RADIUS, Health.DOWN))),
        S.RADIUS_DOWN,
        f"{RUNS} qui vérifie les identifiants (RADIUS) ne tourne plus.",
        f"{OURS} that checks logins (RADIUS) does not run any more.",
    ),
    "VPN daemon down": (
        replace(WIREGUARD, last=QUIET, running=(Running("vpn", Part.WIREGUARD, Health.DOWN),)),
        S.VPN_DOWN,
        "La panne est chez nous : le serveur VPN ne tourne plus.",
        "The fault is ours: the VPN server does not run any more.",
    ),
    "one transit down": (
        replace(
            COPPER, transits=(Transit("edge", "transit", 4, up=False), Transit("edge2", "autre transit", 4, up=True))
        ),
        S.TRANSIT_DOWN,
        "Un de nos transits, transit, est coupé : tout passe par un autre chemin, peut-être plus lentement.",
        "One of our transits, transit, is down: all goes by another road, perhaps more slowly.",
    ),
    "prefix not announced": (
        replace(COPPER, announced=(Announcement("203.0.113.0/24", told=False),)),
        S.NOT_ANNOUNCED,
        "La panne est chez nous : Internet ne sait pas que vos adresses (203.0.113.0/24) sont ici.",
        "The fault is ours: the Internet does not know that your addresses (203.0.113.0/24) are here.",
    ),
    "wholesaler down": (
        replace(COPPER, last=DOWN, bought=LOST),
        S.WHOLESALER_DOWN,
        "La panne est chez l'opérateur qui nous vend la ligne (covage) : ses autres lignes sont coupées aussi.",
        "The fault is with the operator that sells us the line (covage): its other lines are down too.",
    ),
    "the neighbours are well": (
        replace(COPPER, last=DOWN),
        S.ALONE_DOWN,
        "Les autres lignes vont bien, celle-ci n'arrive pas jusqu'à nous : cherchons entre la box et nous.",
        "The other lines are well, this one does not reach us: let us look between the box and us.",
    ),
    "a change in the last hour": (
        replace(
            COPPER,
            last=replace(DOWN, until=NOW - timedelta(minutes=20)),
            changes=(Touched("C0012", "lns", NOW - timedelta(minutes=21), named=False),),
        ),
        S.CHANGED,
        "Nous avons changé quelque chose sur la machine de la ligne il y a 21 minutes, et elle n'est plus connectée "
        "depuis.",
        "We changed something on the line's machine 21 minutes ago, and it has not been connected since.",
    ),
    "works": (
        replace(
            COPPER,
            last=DOWN,
            works=(Notice("W0001", Phrase("Travaux en cours.", "Works under way."), NOW - AGO, under_way=True),),
        ),
        S.WORKS,
        "Travaux en cours.",
        "Works under way.",
    ),
    "given to somebody else": (
        replace(COPPER, last=replace(DOWN, until=NOW - timedelta(days=2))),
        S.CRUSHED,
        "La ligne de cuivre a disparu depuis 2 jours, sans qu'aucune résiliation ait été demandée : elle a peut-être "
        "été "
        "attribuée à quelqu'un d'autre par erreur (écrasement à tort).",
        "The copper line vanished 2 days ago though nobody asked to end it: it may have been given to somebody else by "
        "mistake.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("seen", "situation", "french", "english"), TABLE.values(), ids=TABLE)
def test_each_situation_gets_its_first_sentence(seen: Seen, situation: S, french: str, english: str) -> None:
    found = diagnose(seen)
    assert found.situation is situation
    said = (found.findings[0].said.say(language).replace("\N{NO-BREAK SPACE}", " ") for language in LANGUAGES)
    assert tuple(said) == (french, english)


@pytest.mark.parametrize("seen", [row[0] for row in TABLE.values()], ids=TABLE)
def test_each_rests_on_a_dated_fact_and_ends_with_what_to_try(seen: Seen) -> None:
    first = diagnose(seen).findings[0]
    assert any(fact.at is not None and fact.at <= NOW + AGO for fact in first.facts)
    assert first.tries
    assert diagnose(seen).for_member().findings[0].tries or first.situation is S.KEY_NOT_OURS


def every_word(seen: Seen) -> list[str]:
    found = diagnose(seen)
    told = [each for one in found.findings for each in (one.said, *one.facts, *one.tries)]
    return [each.say(language) for each in told for language in ("fr", "en")]


@pytest.mark.parametrize("seen", [row[0] for row in TABLE.values()], ids=TABLE)
def test_there_is_never_a_word_on_money(seen: Seen) -> None:
    paid = re.compile(r"€|\b(?:pay|pai[de]|cotis|impay|owe|money|dues?\b|dûs?\b|balance|solde)", re.IGNORECASE)
    assert [said for said in every_word(seen) if paid.search(said)] == []


def of(values: Any) -> Any:
    return st.sampled_from(values)


@st.composite
def sights(draw: Any) -> Seen:
    """Any mixture of what the rows of the table hold."""
    rows = [row[0] for row in TABLE.values()]
    names = [each.name for each in fields(Seen) if each.name not in ("at", "line")]
    return Seen(NOW, "L0001", **{name: getattr(draw(of(rows)), name) for name in names})


@given(sights())
def test_whatever_was_seen_there_is_an_answer_in_both_languages(seen: Seen) -> None:
    found = diagnose(seen)
    assert found.findings
    assert all(every_word(seen))
    assert len({one.situation for one in found.findings}) == len(found.findings)


@given(sights())
def test_a_line_that_is_down_is_never_said_to_be_well_nor_one_that_is_up_to_be_unplugged(seen: Seen) -> None:
    situations = {one.situation for one in diagnose(seen).findings}
    if seen.up:
        assert not situations & {S.UNPLUGGED, S.ALONE_DOWN, S.CRUSHED, S.WHOLESALER_DOWN, S.CHANGED}
        assert S.WRONG_PASSWORD not in situations or seen.quiet
    else:
        assert S.WELL not in situations
    if S.WELL in situations:
        assert situations <= {S.WELL, S.WORKS}


@given(sights())
def test_a_member_is_told_nothing_of_other_lines_nor_the_logins_that_were_tried(seen: Seen) -> None:
    found = diagnose(replace(seen, bought=replace(seen.bought, up=771, lost=772), beside=Others(up=773))).for_member()
    told = [each for one in found.findings for each in (one.said, *one.facts, *one.tries)]
    said = " ".join(each.say("fr") + each.say("en") for each in told)
    assert not [word for word in ("771", "772", "773", "camille", "essaim ") if word in said]


def test_what_could_not_be_looked_at_is_said_with_it() -> None:
    blind = Told(Phrase("edge n'a pas répondu", "edge did not answer"), inside=True)
    found = diagnose(replace(COPPER, unseen=(blind,)))
    assert found.unseen == (blind,)
    assert found.for_member().unseen == ()


def test_works_to_come_are_told_beside_the_answer() -> None:
    ahead = Notice("W0002", Phrase("Travaux annoncés.", "Works announced."), NOW + AGO, under_way=False)
    assert [one.situation for one in diagnose(replace(COPPER, works=(ahead,))).findings] == [S.WELL, S.WORKS]


@pytest.mark.parametrize(
    "otherwise",
    [
        {"leaving": True},
        {"technology": Technology.FTTH},
        {"bought": Others()},
        {"last": None},
        {"last": UP},
        {"last": replace(DOWN, until=NOW - CRUSHED_AFTER + timedelta(minutes=1))},
        {"refusals": (Refusal(NOW - AGO, "l0101@adsl"),)},
    ],
    ids=["it is being ended", "no copper", "nobody beside", "never seen", "up", "gone a while", "it logs in"],
)
def test_a_line_is_not_given_to_somebody_else_where(otherwise: dict[str, Any]) -> None:
    gone = replace(COPPER, last=replace(DOWN, until=NOW - timedelta(days=2)))
    assert S.CRUSHED in {one.situation for one in diagnose(gone).findings}
    assert S.CRUSHED not in {one.situation for one in diagnose(replace(gone, **otherwise)).findings}


def test_an_old_refusal_is_not_why_a_line_that_worked_since_is_down() -> None:
    old = replace(COPPER, last=HUNG_UP, refusals=(Refusal(NOW - timedelta(hours=5), "l0101@adsl"),))
    assert diagnose(old).situation is S.UNPLUGGED


def test_a_refusal_counts_though_an_lns_that_died_left_the_session_of_before_open() -> None:
    tried = Refusal(NOW - timedelta(minutes=1), "l0101@adsl")
    left_open = replace(COPPER, refusals=(tried,), reach=Reach(ipv4=False))
    assert diagnose(left_open).situation is S.WRONG_PASSWORD
    assert diagnose(replace(left_open, reach=COPPER.reach)).situation is S.WELL
    before = replace(tried, at=UP.since - timedelta(seconds=1))
    assert diagnose(replace(left_open, refusals=(before,))).situation is S.WELL


def test_a_box_that_comes_and_is_refused_is_not_cut_off_by_its_wholesaler() -> None:
    fallen = replace(COPPER, last=HUNG_UP, bought=LOST)
    tried = [Refusal(NOW - AGO + timedelta(minutes=minutes), "l0101@adsl") for minutes in (-30, 90)]
    assert diagnose(replace(fallen, refusals=tuple(tried[:1]))).situation is S.WHOLESALER_DOWN
    assert diagnose(replace(fallen, refusals=tuple(tried))).situation is S.WRONG_PASSWORD


def test_a_machine_that_cannot_be_asked_is_no_fault_while_its_line_is_up() -> None:
    silent = (Running("lns", Part.LNS, Health.SILENT),)
    assert diagnose(replace(COPPER, running=silent)).situation is S.WELL
    assert diagnose(replace(COPPER, running=silent, last=DOWN)).situation is S.LNS_DOWN


def test_a_road_to_the_internet_is_told_beside_why_a_copper_line_is_down() -> None:
    closed = replace(COPPER, last=HUNG_UP, transits=(Transit("edge", "transit", 4, up=False),))
    assert [one.situation for one in diagnose(closed).findings] == [S.UNPLUGGED, S.TRANSIT_DOWN]
    tunnel = replace(WIREGUARD, last=QUIET, transits=closed.transits)
    assert diagnose(tunnel).situation is S.TRANSIT_DOWN


def test_a_box_that_keeps_silent_is_not_said_to_be_off() -> None:
    found = diagnose(replace(COPPER, reach=Reach(ipv4=False, ipv6=False, full=False)))
    assert found.situation is S.WELL
    assert "certaines se taisent" in found.findings[0].said.say("fr")


def test_the_questions_are_asked_once_each() -> None:
    assert len(set(QUESTIONS)) == len(QUESTIONS)
