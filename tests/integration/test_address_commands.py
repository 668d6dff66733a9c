"""Pools and addresses from the terminal, in both languages."""

from __future__ import annotations

import json
from typing import Any

import pytest


def test_a_pool_from_its_creation_to_its_end(demo: Any) -> None:
    assert "27 jours" not in demo("pool", "list").out
    made = demo(
        "pool", "create", "essai", "192.0.2.64/27", "--quarantine", "0", "--note", "pour voir", "--site", "colo"
    )
    assert made.out.startswith("essai : 192.0.2.64/27, distribue des /32, quarantaine de 0 jours.")
    assert "En /32 : 32 libres, 0 attribués" in made.out
    assert "essaim address allocate --pool essai" in made.out
    seen = json.loads(demo("pool", "show", "essai", "--json").out)
    assert (seen["name"], seen["free"], seen["size"], seen["site"]) == ("essai", 32, 32, "colo")
    assert "192.0.2.64/26" in demo("pool", "grow", "essai", "--to", "192.0.2.64/26", "--yes").out
    both = json.loads(demo("pool", "split", "essai", "--into", "autre", "--json").out)
    assert [one["prefix"] for one in both] == ["192.0.2.64/27", "192.0.2.96/27"]
    assert "192.0.2.80/28" in demo("pool", "shrink", "essai", "--to", "192.0.2.80/28", lang="en").out
    changed = json.loads(demo("pool", "change", "essai", "--by-hand", "--purpose", "essais", "--json").out)
    assert (changed["automatic"], changed["purpose"], changed["note"]) == (False, "essais", "pour voir")
    assert "--exactly" in demo("address", "allocate", "--pool", "essai", "--line", "L0042", status=1).err
    assert "fermé" in demo("pool", "close", "autre").out
    assert json.loads(demo("pool", "close", "essai", "--json").out)["closed_at"] is not None
    assert "essai" in demo("pool", "list", "--closed").out
    assert "Pas de pool nommé essai" in demo("pool", "show", "essai", status=3).err


def test_an_address_is_given_seen_taken_back_and_had_again(demo: Any) -> None:
    given = json.loads(
        demo("address", "allocate", "--pool", "vpn-v4", "--line", "L0042", "--role", "routed", "--json").out
    )
    prefix = given[0]["prefix"]
    assert (given[0]["line"], given[0]["role"]) == ("L0042", "routed")
    assert prefix in demo("address", "list", "--line", "L0042", lang="en").out
    assert "L0042" in demo("address", "show", prefix).out
    assert "quarantaine" in demo("address", "release", prefix, "--why", "plus besoin").out
    assert "en quarantaine" in demo("address", "show", prefix).out
    other = demo("address", "allocate", "--pool", "vpn-v4", "--line", "L0041", "--exactly", prefix, status=1)
    assert "n'est pas libre dans vpn-v4 (en quarantaine)" in other.err
    assert prefix in demo("address", "allocate", "--pool", "vpn-v4", "--line", "L0042", "--exactly", prefix).out
    assert (
        "essaim change plan" in demo("address", "allocate", "--pool", "vpn-v6", "--line", "L0042", "--count", "3").out
    )


def test_a_prefix_is_put_aside_and_freed(demo: Any) -> None:
    assert "unreserve" in demo("address", "reserve", "198.51.100.240/29", "--note", "pour la mairie").out
    assert "pour la mairie" in demo("address", "show", "198.51.100.241").out
    assert "réservée" in demo("address", "reserve", "198.51.100.240/32", status=1).err
    assert "libre" in demo("address", "unreserve", "198.51.100.240/29").out
    assert "n'est pas réservé" in demo("address", "unreserve", "198.51.100.240/29", status=1).err
    assert "aucun pool" in demo("address", "reserve", "192.0.2.248/29", status=3).err


def test_a_link_of_ours_has_two_ends(demo: Any) -> None:
    demo("pool", "create", "liens", "192.0.2.192/28", "--handed", "31")
    ends = ("--interface", "edge/core0", "--interface", "lns/core0")
    given = json.loads(demo("address", "allocate", "--pool", "liens", *ends, "--json").out)[0]
    assert (given["prefix"], given["role"], given["peer"]) == ("192.0.2.192/31", "link", "lns/core0")
    assert "edge/core0 - lns/core0" in demo("address", "show", "192.0.2.192").out
    assert "lns, une machine à nous" in demo("address", "who-had", "192.0.2.193").out


def test_a_question_is_answered_and_kept(demo: Any) -> None:
    asked = ("address", "who-had", "198.51.100.7", "--port", "443", "--why", "réquisition 2026-77", "--json")
    answer = json.loads(demo(*asked).out)
    assert (answer["number"], answer["members"], answer["port"]) == ("X0001", ["M0010"], 443)
    assert answer["candidates"][0]["member"] == "M0010"
    nobody = demo("address", "who-had", "192.0.2.200", status=3, lang="en").err
    assert "Question X0002 in the register" in nobody
    assert "Nobody had" in nobody
    kept = json.loads(demo("address", "questions", "--json").out)
    assert [(one["number"], one["why"], one["port"]) for one in kept] == [
        ("X0001", "réquisition 2026-77", 443),
        ("X0002", "", None),
    ]
    assert "réquisition 2026-77" in demo("address", "questions").out
    assert "réquisition" not in demo("journal", "show").out


@pytest.mark.parametrize(
    ("status", "argv", "said"),
    [
        (1, ("address", "who-had", "fe80::1%eth0"), "n'a de sens que sur une machine"),
        (1, ("address", "who-had", "198.51.100.7", "--port", "0"), "n'est pas un port"),
        (3, ("address", "allocate", "--pool", "rien", "--line", "L0042"), "Pas de pool nommé rien"),
        (1, ("address", "allocate", "--pool", "vpn-v4"), "Dites à qui"),
        (3, ("address", "allocate", "--pool", "vpn-v4", "--line", "L0999"), "dites à qui de la ligne"),
        (1, ("address", "allocate", "--pool", "vpn-v4", "--interface", "edge"), "comme vpn/eth0"),
        (1, ("address", "allocate", "--pool", "vpn-v4", "--line", "L0042", "--role", "x"), "wan, routed"),
        (1, ("address", "allocate", "--pool", "vpn-v4", "--line", "L0042", "--length", "16"), "de /24 à /32"),
        (1, ("address", "allocate", "--pool", "vpn-v4", "--line", "L0042", "--count", "0"), "de 1 à 1000"),
        (1, ("address", "allocate", "--pool", "vpn-v4", "--line", "L0042", "--count", "999"), "Plus d'adresse libre"),
        (3, ("address", "release", "198.51.100.250"), "Personne n'a 198.51.100.250/32"),
        (3, ("address", "show", "192.0.2.250"), "aucun pool"),
        (1, ("pool", "create", "x", "198.51.100.0/25"), "empiète sur le pool vpn-v4"),
        (1, ("pool", "create", "vpn-v4", "192.0.2.192/28"), "déjà un pool vpn-v4"),
        (1, ("pool", "create", "X", "192.0.2.192/28"), "minuscules"),
        (1, ("pool", "grow", "vpn-v4", "--to", "198.51.100.0/25"), "ne contient pas"),
        (1, ("pool", "shrink", "vpn-v4", "--to", "198.51.100.128/25"), "tout n'est pas libre"),
        (1, ("pool", "split", "vpn-v4", "--into", "adsl-v4"), "déjà un pool adsl-v4"),
        (1, ("pool", "close", "vpn-v4"), "Des offres"),
        (3, ("pool", "list", "--site", "nulle-part"), "nulle-part"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(demo: Any, status: int, argv: tuple[str, ...], said: str) -> None:
    answer = demo(*argv, status=status)
    assert said in answer.err
    assert answer.out == ""


def test_an_empty_association_says_how_to_begin(small: Any) -> None:
    assert "essaim pool create" in small("pool", "list").out
    assert "essaim address allocate" in small("address", "list", lang="en").out
    assert "essaim address who-had" in small("address", "questions").out
    assert json.loads(small("address", "list", "--json").out) == []


def test_who_had_says_in_words_what_proves_it(demo: Any) -> None:
    seen = json.loads(demo("line", "show", "L0042", "--json").out)
    address = next(one for share in seen["shares"] for one in share["prefixes"] if "/32" in one)
    said = demo("address", "who-had", address.removesuffix("/32")).out
    assert f"Preuve : l'attribution de {address} (pool vpn-v4) à L0042, inscrite depuis le" in said
    assert "assignment" not in said
    answer = json.loads(demo("address", "who-had", address.removesuffix("/32"), "--json").out)
    assert answer["proof"] == f"assignment {address} {answer['since']}/.."
    demo("address", "release", address)
    after = demo("address", "who-had", address.removesuffix("/32"), "--at", answer["since"], lang="en").out
    assert f"Proof: the assignment of {address} (pool vpn-v4) to L0042, on record from " in after


def test_a_pool_is_counted_in_what_it_hands_out(demo: Any) -> None:
    assert "En /56 : 65460 libres, 76 attribués" in demo("pool", "show", "vpn-v6").out
    assert "In /56: 65536 free, 0 assigned" in demo("pool", "create", "v6", "2001:db8:9000::/40", lang="en").out
    assert "d'innombrables" in demo("pool", "list").out
    by_hand = demo("pool", "create", "choisi", "192.0.2.80/28", "--by-hand").out
    assert "essaim address allocate --pool choisi --line LIGNE --exactly 192.0.2.80/32" in by_hand
    free = demo("address", "show", "192.0.2.83").out
    assert "essaim address allocate --pool choisi --line LIGNE --exactly 192.0.2.83/32" in free
