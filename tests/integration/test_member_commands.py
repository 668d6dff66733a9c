"""People at the terminal: files, contacts, kinds, comings and goings, votes, and two files of one person."""

from __future__ import annotations

import csv
import io
import json
import sys
from datetime import timedelta
from typing import Any

import pytest

from foundation import clock

MEETING = (clock.today(clock.now()) + timedelta(days=20)).isoformat()


@pytest.fixture
def house(stand_in: Any, built: Any) -> Any:
    """An association of Zoé and Béa, and of a club."""
    return stand_in(
        built(
            "member add 'Zoé Œuvre' --email Zoe@membres.example",
            "member add Béa --status affiliate --since 2020-02-01",
            "member add 'Le Club' --organisation --postal \"1 rue d'Essai / 33000 Essai\"",
        )
    )


def shown(terminal: Any, number: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(terminal("member", "show", number, "--json").out)
    return found


def test_a_file_is_corrected_and_shown(house: Any) -> None:
    said = house("member", "change", "m1", "--name", "Zoé Œuvre-Essai", "--postal", "2 rue d'Essai / 33000 Essai")
    assert "La fiche de M0001 est à jour" in said.out
    assert (
        "Nothing to change in the file of M0001"
        in house("member", "change", "M0001", "--language", "fr", lang="en").out
    )
    file = shown(house, "M0001")
    assert (file["name"], file["email"], file["postal"], file["status"]) == (
        "Zoé Œuvre-Essai", "Zoe@membres.example", "2 rue d'Essai\n33000 Essai", "adherent",
    )  # fmt: skip
    assert "Adresse : 2 rue d'Essai, 33000 Essai" in house("member", "show", "M0001").out
    house("member", "change", "M0001", "--email", "")
    assert shown(house, "M0001")["email"] is None
    assert "n'est pas une adresse e-mail" in house("member", "change", "M0001", "--email", "x", status=1).err
    assert "no member M0042" in house("member", "change", "M0042", "--name", "x", status=3, lang="en").err


def test_contacts_come_and_go(house: Any) -> None:
    house("member", "contact", "add", "M0001", "phone", "06 12 34 56 78", "--for", "emergency")
    assert "Contact (urgences) : téléphone, 06 12 34 56 78" in house("member", "show", "M0001").out
    assert "Contact (emergencies): phone" in house("member", "show", "M0001", lang="en").out
    assert "Membres : 1." in house("member", "list", "--word", "0612345678").out
    house("member", "contact", "add", "M0001", "phone", "06 12 34 56 78", "--for", "emergency", status=1)
    house("member", "contact", "add", "M0001", "phone", "12", status=1)
    house("member", "contact", "end", "M0001", "0612345678")
    assert "n'a pas de contact" in house("member", "contact", "end", "M0001", "0612345678", status=3).err


def test_the_list_is_narrowed_by_word_and_kind(house: Any) -> None:
    listed = json.loads(house("member", "list", "--word", "OEUVRE zoe", "--json").out)
    assert [one["number"] for one in listed] == ["M0001"]
    assert "Béa" in house("member", "list", "--kind", "affiliate").out
    assert "Zoé" not in house("member", "list", "--kind", "affiliate").out
    assert "choisir parmi adherent, affiliate, benefactor" in house("member", "list", "--kind", "king", status=1).err
    assert "Aucun membre ici" in house("member", "list", "--word", "personne").out


def test_a_kind_of_the_associations_own(house: Any) -> None:
    assert "bienfaiteur·rice" in house("kind", "list").out
    said = house("kind", "add", "student", "--fr", "étudiant·e", "--en", "student", "--votes")
    assert "essaim member add 'Camille Faure' --status student" in said.out
    house("member", "add", "Ada", "--status", "student")
    assert "étudiant·e" in house("member", "show", "M0004").out
    assert "student since" in house("member", "show", "M0004", lang="en").out
    house("kind", "change", "student", "--retire", "--no-votes")
    assert "student" not in house("kind", "list").out
    assert json.loads(house("kind", "list", "--retired", "--json").out)[3]["votes"] is False
    assert "choose among" in house("member", "add", "Eve", "--status", "student", status=1, lang="en").err
    assert "existe déjà" in house("kind", "add", "student", "--fr", "a", "--en", "a", status=1).err
    house("kind", "change", "king", "--votes", status=1)


def test_people_come_go_and_come_back(house: Any) -> None:
    assert "demande à adhérer" in house("member", "add", "Ada", "--status", "applicant").out
    assert "candidat·e" in house("member", "list").out
    assert "M0004 est adhérent·e depuis le 1er juin 2026" in house("member", "admit", "M4", "--since", "2026-06-01").out
    house("member", "admit", "M4", status=1)
    assert "M0004 : affilié·e à partir du" in house("member", "become", "M4", "affiliate").out
    assert "affiliate already" in house("member", "become", "M4", "affiliate", status=1, lang="en").err
    house("member", "leave", "M4", "--why", "déménage")
    said = house("member", "show", "M4").out
    assert "Parti·e le" in said
    assert "déménage" in said
    assert "Revient : essaim member rejoin M0004" in said
    assert "de nouveau adhérent·e" in house("member", "rejoin", "M4").out
    house("member", "rejoin", "M4", status=1)
    assert "n'est pas un moment" in house("member", "become", "M4", "benefactor", "--since", "demain", status=1).err


def test_the_past_is_noted_and_taken_back(house: Any) -> None:
    past = ("member", "period", "add", "M0002", "adherent", "--since", "2012-01-01", "--until")
    assert "a été adhérent·e du 1er janv. 2012" in house(*past, "2015-01-01", "--why", "année sabbatique").out
    assert "année sabbatique" in house("member", "show", "M0002").out
    assert "était déjà membre" in house(*past, "2013-01-01", status=1).err
    house("member", "period", "strike", "M0002", "2012-01-01")
    assert len(shown(house, "M0002")["memberships"]) == 1
    assert "est en cours" in house("member", "period", "strike", "M0002", "2020-02-01", status=1).err
    house("member", "period", "strike", "M0002", "2012-01-01", status=3)


def test_the_list_for_the_general_meeting(house: Any) -> None:
    house("member", "add", "=Ada")
    said = house("member", "voters", "--on", MEETING)
    assert ": 3 (base du quorum)" in said.out
    assert "Sans personne pour voter : M0003" in said.out
    house("member", "referent", "add", "M0003", "--person", "M0001")
    house("member", "proxy", "M0004", "--to", "M0001", "--on", MEETING)
    rows = list(csv.reader(house("member", "voters", "--on", MEETING, "--csv").out.splitlines()))
    assert [row[0] for row in rows] == ["numéro", "M0001", "M0003", "M0004"]
    assert rows[1][-1] == "2"
    assert rows[2][3] == "Zoé Œuvre"
    assert rows[3] == ["M0004", "'=Ada", "adhérent·e", "", "M0001", "Zoé Œuvre", "0"]
    roll = json.loads(house("member", "voters", "--on", MEETING, "--json").out)
    assert (roll["base"], roll["proxies"], roll["unnamed"]) == (3, 1, [])
    assert (
        "has given M0001 their proxy"
        in house("member", "proxy", "M0004", "--to", "M0003", "--on", MEETING, status=1, lang="en").err
    )
    assert "votera soi-même" in house("member", "proxy", "M0004", "--on", MEETING, "--cancel").out
    house("member", "proxy", "M0004", "--on", MEETING, "--cancel", status=3)
    assert "ne peut pas voter" in house("member", "proxy", "M0002", "--to", "M0001", "--on", MEETING, status=1).err
    house("member", "proxy", "M0004", "--on", MEETING, status=2)
    house("member", "proxy", "M0004", "--to", "M0001", "--on", MEETING, "--cancel", status=2)
    assert "Nobody may vote" in house("member", "voters", "--on", "1999-01-01", lang="en").out


def test_a_referent_comes_and_goes(house: Any) -> None:
    house("member", "referent", "add", "M0003", "--name", "Max", "--contact", "0612345678", "--role", "technical")
    assert "Référent·e (technique) : Max, 0612345678" in house("member", "show", "M0003").out
    house("member", "referent", "end", "M0003", "max")
    assert shown(house, "M0003")["referents"] == []
    house("member", "referent", "end", "M0003", "max", status=3)
    assert "est une personne" in house("member", "referent", "add", "M0001", "--name", "Max", status=1).err


def test_two_files_of_one_person_are_shown_then_merged(demo: Any) -> None:
    before = demo("member", "show", "M0149").out
    said = demo("member", "merge", "M0149", "--into", "M0148").out
    assert "serait réunie à M0148" in said
    assert "--yes" in said
    assert demo("member", "show", "M0149").out == before
    demo("dues", "issue", "2026-11")
    owed = sum(json.loads(demo("dues", "balance", who, "--json").out)[0]["due"] for who in ("M0148", "M0149"))
    done = json.loads(demo("member", "merge", "M0149", "--into", "M0148", "--yes", "--why", "en double", "--json").out)
    assert done["done"] is True
    balance = json.loads(demo("dues", "balance", "M0149", "--json").out)[0]
    assert balance["member"] == "M0148"
    assert balance["due"] + done["money"]["struck"] == owed
    assert demo("member", "show", "M0149").out.startswith("M0149 a été réunie à M0148.\nM0148, ")
    assert demo("member", "show", "M0149", lang="en").out.startswith("M0149 was merged into M0148.")
    assert shown(demo, "M0148")["former_numbers"] == ["M0149"]
    assert "M0149" not in demo("member", "list", "--left", "--after", "147").out
    assert "déjà une seule fiche" in demo("member", "merge", "M0149", "--into", "M0148", status=1).err
    demo("member", "merge", "M9999", "--into", "M0148", status=3)


def test_a_payment_is_recorded_by_its_reference(house: Any) -> None:
    from billing.reference import reference_of

    house("member", "merge", "M0002", "--into", "M0001", "--yes")
    assert "Reçu 15,00\xa0€ de M0001" in house("payment", "record", reference_of(2), "15").out
    assert "référence de paiement" in house("payment", "record", "RF00M0002", "15", status=1).err


def test_who_leaves_is_told_what_is_still_with_them(demo: Any) -> None:
    assert "essaim equipment return Q0002" in demo("member", "leave", "M0010", "--why", "déménagement").out
    assert "Still with them: Q0001." in demo("member", "leave", "M0042", lang="en").out


class Keyboard(io.StringIO):
    """Someone at a terminal, who answers."""

    def isatty(self) -> bool:
        return True


def test_who_leaves_sees_before_what_that_ends_and_may_say_no(demo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ordered = json.loads(demo("line", "order", "M0010", "--offer", "adsl", "--json").out)["number"]
    demo("order", "place", ordered, "--wholesaler", "collecte")
    monkeypatch.setattr(sys, "stdin", Keyboard("n\n"))
    said = demo("member", "leave", "M0010").out
    assert f"Lignes : L0010 (fermée), {ordered} (annulée).\n" in said
    assert "Matériel encore chez cette personne : Q0002.\n" in said
    assert "Commandes qui restent ouvertes : O0002.\n" in said
    assert "essaim dues show M0010" in said
    assert said.endswith("Rien n'a été changé.\n")
    assert shown(demo, "M0010")["left"] is None
    after = demo("member", "leave", "M0010", "--yes").out
    assert f"La commande O0002 (commandée) de {ordered} reste ouverte" in after
    assert "Y mettre fin : essaim order move O0002 --to cancelled\n" in after
    assert "Lignes : " not in after
    demo("order", "move", "O0002", "--to", "cancelled")


def test_mandates_that_end_are_named_before(demo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Keyboard("y\n"))
    said = demo("member", "leave", "M0003", lang="en").out
    assert "Mandates that end: T0022, T0026.\n" in said
    assert "M0003 is no longer a member." in said


def test_an_applicant_is_shown_with_how_to_admit_them(small: Any) -> None:
    small("member", "add", "Ada", "--status", "applicant")
    assert small("member", "show", "M0001").out.endswith("L'admettre : essaim member admit M0001\n")
    assert "To admit them: essaim member admit M0001" in small("member", "show", "M0001", lang="en").out
