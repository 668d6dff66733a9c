"""Works and incidents at the terminal, and wherever those whom they concern look."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from desk import home
from foundation import clock
from foundation.database import open_store, reading
from foundation.settings import read_settings
from inventory import members
from monitoring.models import open_samples

SOON = (clock.now() + timedelta(days=1)).isoformat(timespec="minutes")
END = (clock.now() + timedelta(days=1, hours=2)).isoformat(timespec="minutes")
FAR = ("--since", "2030-12-03T22:00", "--until", "2030-12-03T23:30")


def announce(terminal: Any, *on: str, title: str = "Mise à jour", lang: str = "fr") -> Any:
    where = [each for one in on for each in ("--on", one)]
    return terminal("works", "announce", title, *where, "--since", SOON, "--until", END, lang=lang)


def test_works_are_announced_changed_and_cancelled(homes: Any) -> None:
    assert "essaim works announce" in homes("works", "list").out
    assert "W0001" in announce(homes, "device:vpn").out
    assert "W0002 : annoncés" in homes("works", "announce", "Loin", "--on", "site:cave", *FAR).out
    assert "Works: 2." in homes("works", "list", lang="en").out
    changed = homes(
        "works", "change", "W0002", "--until", "2030-12-04T00:30", "--title-en", "Far", "--on", "offer:adsl"
    )
    assert "4 déc. 2030 à 00:30, sur offer:adsl" in changed.out
    assert "W0002, Far: planned" in homes("works", "show", "W0002", lang="en").out
    assert "annulés" in homes("works", "cancel", "W0002", "--yes", "--why", "plus tard").out
    assert "annulés" in homes("works", "cancel", "W0002", "--yes", status=1).err
    assert [one["number"] for one in json.loads(homes("works", "list", "--json").out)] == ["W0001"]
    shown = json.loads(homes("works", "show", "W0002", "--json").out)
    assert (shown["state"], shown["subjects"], shown["title_en"]) == ("cancelled", ["offer:adsl"], "Far")
    assert len(json.loads(homes("works", "list", "--all", "--json").out)) == 2


def test_an_incident_is_opened_told_of_and_closed(homes: Any) -> None:
    assert "essaim incident open" in homes("incident", "list").out
    opened = homes("incident", "open", "Collecte coupée", "--on", "offer:adsl", "--title-en", "ADSL down")
    assert "essaim incident close I0001" in opened.out
    assert "I0001: told" in homes("incident", "note", "I0001", "On cherche.", "--words-en", "Looking.", lang="en").out
    shown = homes("incident", "show", "I0001", lang="en").out
    assert "ADSL down: under way" in shown
    assert "Looking." in shown
    assert "en cours" in homes("incident", "list").out
    assert "I0001 : clos ; il a duré du" in homes("incident", "close", "I0001", "Un câble.").out
    assert homes("incident", "note", "I0001", "Encore", status=1).err.startswith("I0001 : clos.")
    assert "clos " in homes("incident", "list", "--all").out
    assert "coupée : clos, du " in homes("incident", "show", "I0001").out
    assert "ADSL down: closed, from " in homes("incident", "show", "I0001", lang="en").out
    assert json.loads(homes("incident", "list", "--json").out) == []
    assert [note["words_fr"] for note in json.loads(homes("incident", "show", "I0001", "--json").out)["notes"]] == [
        "On cherche.",
        "Un câble.",
    ]


REFUSED: list[tuple[tuple[str, ...], int]] = [
    (("works", "announce", "X", "--on", "bla", *FAR), 1),
    (("works", "announce", "X", "--on", "device:nope", *FAR), 3),
    (("works", "announce", " ", "--on", "device:vpn", *FAR), 1),
    (("works", "announce", "X", *FAR), 2),
    (("works", "announce", "X", "--on", "device:vpn", "--since", "2030-12-03", "--until", "2030-12-02"), 1),
    (("works", "announce", "X", "--on", "device:vpn", "--since", "2001-12-03", "--until", "2001-12-04"), 1),
    (("works", "announce", "X", "--on", "device:vpn", "--since", "2030-10-27T02:30", "--until", "2030-12-02"), 1),
    (("works", "show", "W0099"), 3),
    (("works", "change", "W0099", "--title", "X"), 3),
    (("works", "cancel", "W0099", "--yes"), 3),
    (("incident", "open", "X", "--on", "line:L9999"), 3),
    (("incident", "open", "X", "--on", "device:vpn", "--since", "2999-01-01"), 1),
    (("incident", "close", "I0099", "Fini."), 3),
    (("incident", "show", "W0001"), 1),
]


def test_what_cannot_be_is_refused_in_both_languages(homes: Any) -> None:
    for argv, status in REFUSED:
        for lang in ("fr", "en"):
            said = homes(*argv, status=status, lang=lang)
            assert said.out == "", argv
            assert len(said.err) > 10, argv


def test_the_status_of_a_line_has_a_second_sentence(homes: Any) -> None:
    before = homes("line", "status", "L0002").out
    announce(homes, "device:lns")
    announce(homes, "device:vpn")
    after = homes("line", "status", "L0002").out
    assert after.startswith(before)
    assert after.count("Travaux annoncés") == 1
    homes("incident", "open", "Panne", "--on", "line:L0002")
    assert "▲ Incident since" in homes("line", "status", "L0002", lang="en").out
    told = json.loads(homes("line", "status", "L0002", "--json").out)["works"]
    assert [one["number"] for one in told] == ["I0001", "W0001"]
    assert "subjects" not in told[0]


def test_a_plan_says_what_is_announced_on_a_machine(demo: Any) -> None:
    number = json.loads(
        demo("works", "announce", "Mise à jour", "--on", "device:lns", "--since", SOON, "--until", END, "--json").out
    )["number"]
    said = demo.run("change", "plan", lang="fr").out
    assert "▲ lns/l2tp : Travaux annoncés, " in said
    told = json.loads(demo.run("change", "plan", "--json", lang="fr").out)
    found = {one["target"]: [each["number"] for each in one["works"]] for one in told}
    assert number in found["lns/l2tp"]
    assert number not in found["vpn/wireguard"]


def test_a_member_at_home_sees_what_concerns_them_and_nothing_else(homes: Any) -> None:
    announce(homes, "line:L0002", title="Chez vous")
    announce(homes, "line:L0001", title="Chez d'autres")
    settings = read_settings(var=homes.folder)
    with reading(open_store(settings)) as session:
        seen = {
            number: [one.title.fr for one in home.home_of(
                session, open_samples(settings), members.find_member(session, number), clock.now()
            ).works]
            for number in ("M0001", "M0002", "M0003")
        }  # fmt: skip
    assert seen == {"M0001": ["Chez d'autres"], "M0002": ["Chez vous"], "M0003": []}


def test_a_line_on_closing_copper_says_so_at_home_a_year_ahead(homes: Any, tmp_path: Any) -> None:
    file, day = tmp_path / "closures.csv", clock.today(clock.now())
    file.write_text(f"insee,technical\n33063,{day + timedelta(days=100)}\n33281,{day + timedelta(days=800)}\n")
    homes("line", "closing", "--import", str(file))
    homes("line", "change", "L0002", "--insee", "33063")
    homes("line", "change", "L0003", "--insee", "33281")
    settings = read_settings(var=homes.folder)
    with reading(open_store(settings)) as session:
        samples = open_samples(settings)
        for number, said in (("M0002", True), ("M0003", False)):
            member = members.find_member(session, number)
            (card,) = home.home_of(session, samples, member, clock.now()).lines
            assert (card.closing is not None) == said
            assert home.line_of(session, samples, member, card.number, clock.now()).closing == card.closing
