"""`essaim tariff`, `essaim dues` and `essaim payment`, as someone types them."""

from __future__ import annotations

import base64
import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest

from foundation import clock
from foundation.clock import Month

KEY = base64.b64encode(bytes([201]) * 32).decode()
TODAY = clock.today(clock.now())
MONTH = Month(TODAY.year, TODAY.month)
LAST = Month((before := MONTH.first - timedelta(1)).year, before.month)
NEXT = MONTH.after.isoformat()


def told(said: Any) -> Any:
    return json.loads(said.out)


def sheet(said: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(said.out)))


@pytest.fixture
def essaim(small: Any) -> Any:
    """Ada has a VPN at a free price, 31 € suggested from 10 € on; nothing is issued."""
    small("member", "add", "Ada")
    small("offer", "add", "vpn", "--title", "VPN", "--technology", "wireguard")
    small("line", "order", "M0001", "--offer", "vpn", "--key", KEY)
    small("tariff", "set", "vpn", "31", "--floor", "10", "--solidarity", "5", "--since", "2020-01-01")
    return small


def test_a_tariff_is_set_for_an_offer_or_a_membership_and_listed(small: Any) -> None:
    assert "essaim tariff set vpn 6" in small("tariff", "list").out
    assert "ni une offre" in small("tariff", "set", "vpn", "6", status=3).err
    small("offer", "add", "vpn", "--title", "VPN", "--technology", "wireguard")
    said = small("tariff", "set", "vpn", "6", "--floor", "4", "--since", "2026-01-01").out
    assert "VPN : 6,00\u00a0€ par mois à partir du 1er janv. 2026." in said
    assert "à partir de 4,00\u00a0€" in said
    small("tariff", "set", "adherent", "15", "--per", "year", "--since", "2026-01-01")
    small("tariff", "set", "adherent", "10", "--entry", "--floor", "0", "--since", "2026-01-01")
    small("tariff", "set", "vpn", "20", "--deposit", "--since", "2026-01-01")
    found = {(one["of"], one["asked"]): one for one in told(small("tariff", "list", "--json"))}
    assert {name: (one["per"], one["cents"]) for name, one in found.items()} == {
        ("kind:adherent", "entry"): ("once", 1000),
        ("kind:adherent", "regular"): ("year", 1500),
        ("offer:vpn", "deposit"): ("once", 2000),
        ("offer:vpn", "regular"): ("month", 600),
    }
    assert found["kind:adherent", "entry"]["label"] == "Droit d'entrée"
    (row,) = (
        one for one in sheet(small("tariff", "list", "--of", "vpn", "--csv")) if one["demande"] == "la chose même"
    )
    assert (row["montant"], row["plancher"], row["depuis"]) == ("6,00", "4,00", "2026-01-01")


def test_a_tariff_that_ends_is_shown_only_where_asked(small: Any) -> None:
    small("offer", "add", "vpn", "--title", "VPN", "--technology", "wireguard")
    small("tariff", "set", "vpn", "6", "--since", "2026-01-01", "--label", "VPN d'avant")
    small("tariff", "set", "vpn", "7", "--since", "2026-02-01", "--label", "VPN")
    assert "VPN d'avant" not in small("tariff", "list").out
    assert "VPN d'avant" in small("tariff", "list", "--ended").out


@pytest.mark.parametrize(
    ("words", "status", "french", "english"),
    [
        (("vpn", "6", "--floor", "7"), 1, "Le plancher", "The floor"),
        (("vpn", "beaucoup"), 1, "pas beaucoup", "not beaucoup"),
        (("vpn", "6", "--per", "semaine"), 1, "choisir parmi", "choose among"),
        (("vpn", "6", "--entry"), 1, "Un droit d'entrée", "A right of entry"),
        (("vpn", "6", "--entry", "--deposit"), 2, "--deposit", "--deposit"),
    ],
)
def test_a_tariff_that_makes_no_sense_is_refused(
    essaim: Any, words: tuple[str, ...], status: int, french: str, english: str
) -> None:
    for lang, part in (("fr", french), ("en", english)):
        assert part in essaim("tariff", "set", *words, status=status, lang=lang).err
    assert len(told(essaim("tariff", "list", "--json"))) == 1


def test_an_issued_month_says_what_differs_and_is_regularised_with_a_reason(essaim: Any) -> None:
    assert "1 émis" in essaim("dues", "issue", str(MONTH)).out
    (due,) = told(essaim("dues", "show", "M0001", "--json"))["open"]
    essaim("dues", "choose", "M0001", "L0001", "--suggested")
    assert "Rien à régulariser" in essaim("dues", "regularise", str(MONTH)).out
    assert essaim("dues", "issue", str(MONTH)).out.count("\n") == 1
    essaim("dues", "choose", "M0001", "L0001", "10", "--since", TODAY.isoformat())
    said = essaim("dues", "issue", str(MONTH)).out
    assert f"essaim dues regularise {MONTH}" in said
    assert told(essaim("dues", "issue", str(MONTH), "--json"))["differences"] == 1
    seen = essaim("dues", "regularise", str(MONTH)).out
    assert "D0001" in seen
    assert "Rien n'est changé" in seen
    assert told(essaim("dues", "show", "M0001", "--json"))["open"] == [due]
    (corrected,) = told(essaim("dues", "regularise", str(MONTH), "--reason", "son choix", "--yes", "--json"))
    assert (corrected["due"], corrected["member"]) == ("D0001", "M0001")
    assert corrected["cents"] < 0
    assert "Rien à régulariser" in essaim("dues", "regularise", str(MONTH), "--reason", "encore").out
    assert "Nothing to regularise" in essaim("dues", "regularise", str(MONTH), lang="en").out
    assert told(essaim("dues", "show", "M0001", "--json"))["open"][0]["cents"] == due["cents"] + corrected["cents"]


def test_every_row_of_an_account_is_shown_with_its_number_and_what_is_open(essaim: Any) -> None:
    essaim("dues", "charge", "M0001", "25", "--for", "déplacement", "--line", "L0001")
    essaim("payment", "record", "M0001", "20", "--means", "offset", "--reference", "un câble")
    said = essaim("dues", "correct", "D0001", "--by", "-10", "--reason", "geste").out
    assert "D0001 vaut maintenant 15,00\u00a0€ (il valait 25,00\u00a0€)." in said
    assert "avec 5,00\u00a0€ d'avance" in said
    account = told(essaim("dues", "show", "M0001", "--json"))
    assert (account["owed_cents"], account["credit_cents"], account["balance"]) == (0, 500, 500)
    assert [(one["number"], one["step"], one["cents"], one["after"]) for one in account["entries"]] == [
        ("D0001", "due", -2500, -2500),
        ("P0001", "payment", 2000, -500),
        ("D0001", "correction", 1000, 500),
    ]
    assert [one["settled"] for one in account["entries"]][:2] == [
        [{"number": "P0001", "cents": 1500}],
        [{"number": "D0001", "cents": 1500}],
    ]
    for lang, words in (("fr", "compensation"), ("en", "offset")):
        assert words in essaim("dues", "show", "M0001", lang=lang).out
    assert [one["numéro"] for one in sheet(essaim("dues", "show", "M0001", "--csv"))] == ["D0001", "P0001", "D0001"]


def test_a_correction_needs_a_reason_and_stays_above_nothing(essaim: Any) -> None:
    essaim("dues", "charge", "M0001", "25", "--for", "déplacement")
    for words in (("--by", "-26", "--reason", "x"), ("--by", "0", "--reason", "x"), ("--by", "-5", "--reason", " ")):
        said = essaim("dues", "correct", "D0001", *words, status=1)
        assert "Rien n'a été changé" in said.err
    assert "essaim dues show" in essaim("dues", "correct", "D0009", "--by", "1", "--reason", "x", status=3).err
    assert "entre" not in essaim("dues", "charge", "M0001", "0", "--for", "rien", status=1).out


def test_what_a_correction_frees_settles_more_of_a_due_that_the_payment_settles_in_part(essaim: Any) -> None:
    essaim("dues", "charge", "M0001", "5", "--for", "câble")
    essaim("dues", "charge", "M0001", "60", "--for", "déplacement")
    essaim("payment", "record", "M0001", "30")
    essaim("dues", "correct", "D0001", "--by", "-1", "--reason", "geste")
    (opened,) = told(essaim("dues", "show", "M0001", "--json"))["open"]
    assert (opened["number"], opened["open_cents"]) == ("D0002", 3400)


def test_one_chooses_for_the_future_and_nobody_asks_why(essaim: Any) -> None:
    chosen = told(essaim("dues", "choose", "M0001", "L0001", "12", "--json"))
    assert chosen == {"member": "M0001", "what": "L0001", "cents": 1200, "since": NEXT}
    essaim("dues", "choose", "M0001", "L0001", "5")
    assert "On choisit pour la suite" in essaim(
        "dues", "choose", "M0001", "L0001", "12", "--since", "2020-01-01", status=1
    ).err  # fmt: skip
    assert "à partir de 10,00\u00a0€ ; ou le montant solidaire, 5,00\u00a0€" in essaim(
        "dues", "choose", "M0001", "L0001", "7", status=1
    ).err  # fmt: skip
    essaim("dues", "choose", "M0001", "entry", "7", status=3)
    essaim("dues", "choose", "M0001", "L0001", status=2)
    (choice,) = told(essaim("dues", "show", "M0001", "--json"))["choices"]
    assert (choice["given_cents"], choice["next_cents"], choice["next_since"]) == (3100, 500, NEXT)


def test_an_entry_is_chosen_until_it_is_issued(essaim: Any) -> None:
    essaim("tariff", "set", "adherent", "20", "--entry", "--floor", "1", "--since", "2020-01-01")
    assert told(essaim("dues", "choose", "M0001", "entry", "3", "--json"))["since"] == TODAY.isoformat()
    essaim("dues", "issue", str(MONTH))
    dues = {one["words"]["fr"] if isinstance(one["words"], dict) else one["words"]: one["cents"]
            for one in told(essaim("dues", "show", "M0001", "--json"))["open"]}  # fmt: skip
    assert dues["Droit d'entrée"] == 300
    essaim("dues", "choose", "M0001", "entry", "5", status=3)


def test_nothing_is_asked_for_a_paused_line(essaim: Any) -> None:
    said = essaim("dues", "pause", "M0001", "L0001", "--since", "2026-01-01", "--until", "2027-12-31").out
    assert "M0001 ne doit rien pour L0001" in said
    assert "Rien à émettre" in essaim("dues", "issue", str(MONTH)).out
    assert "paused from" in essaim("dues", "show", "M0001", lang="en").out
    essaim("dues", "pause", "M0001", "L0001", "--since", "2026-01-01", "--until", "2026-01-01", status=1)


def test_a_gift_settles_nothing_and_a_reversed_payment_is_owed_again(essaim: Any) -> None:
    essaim("dues", "charge", "M0001", "25", "--for", "déplacement")
    assert "M0001 doit 25,00\u00a0€" in essaim("payment", "gift", "M0001", "40").out
    essaim("payment", "record", "M0001", "25", "--means", "cash")
    said = essaim("payment", "reverse", "P0002", "--reason", "de quelqu'un d'autre").out
    assert "M0001 doit 25,00\u00a0€" in said
    assert "déjà annulé" in essaim("payment", "reverse", "P0002", "--reason", "encore", status=1).err
    essaim("payment", "reverse", "P0001", "--reason", "pas un don")
    assert told(essaim("dues", "balance", "M0001", "--json"))[0]["balance"] == -2500
    rows = sheet(essaim("payment", "list", "--csv"))
    assert [(row["paiement"], row["montant"], row["pourquoi"]) for row in rows] == [
        ("P0001", "40,00", "pas un don"),
        ("P0002", "25,00", "de quelqu'un d'autre"),
    ]
    assert told(essaim("payment", "list", "--standing", "--json")) == []
    assert [one["number"] for one in told(essaim("payment", "list", "--means", "cash", "--json"))] == ["P0002"]


def test_only_what_someone_is_ahead_is_given_back(essaim: Any) -> None:
    essaim("payment", "record", "M0001", "20")
    assert "avec 8,00\u00a0€ d'avance" in essaim("payment", "refund", "M0001", "12").out
    assert "n'a que 8,00\u00a0€ d'avance" in essaim("payment", "refund", "M0001", "12", status=1).err


def test_who_is_late_is_listed_with_since_when_and_how_much(essaim: Any) -> None:
    assert "Personne" in essaim("dues", "late").out
    essaim("member", "period", "add", "M0001", "adherent", "--since", "2025-01-01", "--until", TODAY.isoformat())
    essaim("tariff", "set", "adherent", "2", "--per", "month", "--since", "2020-01-01")
    essaim("dues", "issue", str(LAST))
    assert "Nobody" in essaim("dues", "late", "--days", "3000", lang="en").out
    (row,) = told(essaim("dues", "late", "--days", "0", "--json"))
    assert (row["member"], row["since"], row["cents"], row["dues"]) == ("M0001", LAST.first.isoformat(), 200, 1)
    assert "essaim dues show M0001" in essaim("dues", "late", "--days", "0").out
    assert sheet(essaim("dues", "late", "--days", "0", "--csv"))[0]["doit"] == "2,00"
    assert sheet(essaim("dues", "balance", "--csv"))[0]["doit"] == "2,00"


def test_what_was_owed_on_another_day_is_told(essaim: Any) -> None:
    essaim("dues", "issue", str(MONTH))
    eve = (MONTH.first - timedelta(1)).isoformat()
    assert told(essaim("dues", "balance", "M0001", "--json"))[0]["owed"] > 0
    assert told(essaim("dues", "balance", "M0001", "--on", eve, "--json"))[0]["owed"] == 0
    assert "hier" in essaim("dues", "balance", "--on", "hier", status=1).err
