"""Mandates, rules, emergencies and the vault's key at the terminal."""

from __future__ import annotations

import io
import json
import sys
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

ADA, BEA = "quatre mots sans rapport", "une phrase, bien plus longue"


@pytest.fixture
def founded(stand_in: Any, built: Any) -> Any:
    """Four members; M0001 and M0002 give mandates."""
    return stand_in(
        built(
            *(f"member add {name} --email {name[0].lower()}@membres.example" for name in ("Ada", "Béa", "Cléo")),
            "member add Dan --email d@membres.example --language en",
            "mandate give M0001 mandates.give",
            "--as M0001 mandate give M0002 mandates.give",
        )
    )


def letters(folder: Path) -> dict[str, Any]:
    """Mails in the outbox, by whom they are for."""
    found = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in (folder / "outbox").glob("*.eml")]
    return {one["To"]: one for one in found}


# Mandates


def test_a_founding_says_each_next_step(small: Any) -> None:
    assert "mandate give MEMBRE mandates.give" in small("mandate", "list").out
    small("member", "add", "Ada")
    assert "mandates.give" in small("mandate", "give", "M0001", "lines.write", status=1).err
    said = small("mandate", "give", "M0001", "mandates.give", "--minutes", "ag-2026").out
    assert "essaim --as M0001" in said
    assert "acting_as" in said
    assert "ag-2026" in small("mandate", "show", "T0001").out
    refused = small("mandate", "give", "M0001", "lines.write", status=5).err
    assert "--as" in refused
    assert "--emergency" in refused
    small("--as", "M0001", "mandate", "give", "M0001", "lines.write")
    assert "nobody holds it" in small("mandate", "risks", lang="en").out


def test_one_person_alone_does_not_lower_the_quorum(founded: Any) -> None:
    for number in ("M0001", "M0002"):
        founded("--as", "M0001", "mandate", "give", number, "rules.set")
    founded("--as", "M0001", "rule", "set", "mandates.quorum", "2")
    said = founded("--as", "M0001", "rule", "set", "mandates.quorum", "1").out
    assert "vaut encore 2" in said
    assert "il faut que quelqu'un d'autre le dise aussi" in said
    assert (
        "someone else says the same"
        in founded("--as", "M0001", "rule", "set", "mandates.quorum", "1", status=5, lang="en").err
    )
    waits = {one["name"]: one for one in json.loads(founded("rule", "list", "--json").out)}["mandates.quorum"]
    assert (waits["value"], waits["proposed"], waits["proposed_by"]) == ("2", "1", "M0001")
    assert "is now 1" in founded("--as", "M0002", "rule", "set", "mandates.quorum", "1", lang="en").out


def test_a_second_is_asked_where_the_rule_says_so(founded: Any) -> None:
    founded("--as", "M0001", "mandate", "give", "M0001", "rules.set")
    founded("--as", "M0001", "rule", "set", "mandates.quorum", "2", "--why", "AG")
    rules = {one["name"]: one["value"] for one in json.loads(founded("rule", "list", "--json").out)}
    assert rules["mandates.quorum"] == "2"
    said = founded("--as", "M0001", "mandate", "give", "M0003", "dues.write").out
    assert "essaim --as M0002 mandate second T0004" in said
    assert "personne d'autre" in founded("--as", "M0001", "mandate", "give", "M0002", "dues.write").out
    founded("--as", "M0001", "mandate", "second", "T0004", status=5)
    founded("--as", "M0002", "mandate", "second", "T0004")
    founded("--as", "M0002", "mandate", "second", "T0004", status=1)
    states = {one["number"]: one["state"] for one in json.loads(founded("mandate", "list", "--json").out)}
    assert (states["T0004"], states["T0005"]) == ("held", "waiting")
    kinds = {one["subject"]: one["kind"] for one in json.loads(founded("mandate", "risks", "--json").out)}
    assert (kinds["T0005"], kinds["keys.keep"]) == ("waits", "unheld")
    handed = founded("mandate", "leave", "M0002").out
    assert "T0005 dues.write (*) — pas encore : il attend l'appui d'une autre personne" in handed
    assert "T0005 dues.write (*) — not yet" in founded("mandate", "leave", "M0002", lang="en").out
    assert "pas encore" not in founded("mandate", "leave", "M0003").out


def test_who_holds_what_is_read_by_anyone(founded: Any) -> None:
    founded("--as", "M0001", "mandate", "give", "M0003", "lines.write", "--until", "2199-01-01")
    assert "Cléo" in founded("mandate", "list", "--task", "lines.write").out
    assert "T0003" in founded("--as", "M0004", "mandate", "list", "--member", "M0003").out
    assert founded("mandate", "list", "--on", "2199-01-01", "--task", "lines.write").out.startswith("Aucun mandat")
    assert "T0003" in founded("mandate", "list", "--on", "2199-01-01", "--ended").out
    assert "Until 1 Jan 2199" in founded("mandate", "show", "T0003", lang="en").out
    assert "--after 1" in founded("mandate", "list", "--limit", "1").out
    founded("--as", "M0003", "mandate", "end", "T0003", "--why", "fatigue")
    assert founded("--as", "M0001", "mandate", "end", "T0001").out.startswith("T0001 est terminé")
    assert "le dernier mandat" in founded("--as", "M0002", "mandate", "end", "T0002", status=1).err


@pytest.mark.parametrize(
    ("status", "argv", "says"),
    [
        (3, ("mandate", "show", "T9999"), "Aucun mandat T9999"),
        (3, ("mandate", "end", "T9999"), "Aucun mandat T9999"),
        (3, ("mandate", "review", "E9999", "--why", "x"), "Aucune urgence E9999"),
        (3, ("mandate", "leave", "M9999"), "Aucun membre M9999"),
        (1, ("mandate", "give", "M0003", "roi"), "choisir parmi members.read"),
        (1, ("mandate", "give", "M0003", "lines.write", "--scope", "device:absent"), "n'est pas une portée"),
        (1, ("mandate", "give", "M0003", "lines.write", "--until", "hier"), "n'est pas un moment"),
        (1, ("mandate", "give", "M0003", "lines.write", "--until", "2020-01-01"), "Il doit finir après"),
        (1, ("mandate", "list", "--task", "roi"), "choisir parmi"),
        (5, ("rule", "set", "mandates.quorum", "2"), "rules.set"),
        (1, ("key", "recover"), "déjà une clé"),
        (3, ("key", "check"), "Pas d'enveloppe"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    founded: Any, status: int, argv: tuple[str, ...], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for lang in ("fr", "en"):
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{ADA}\n"))
        said = founded("--as", "M0001", *argv, status=status, lang=lang).err
        assert lang == "en" or says in said


# Who acts


def test_the_settings_say_who_acts_and_as_goes_before(founded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (founded.folder / "essaim.toml").write_text('acting_as = "M0001"\n')
    founded("mandate", "give", "M0003", "lines.write")
    founded("--as", "M0004", "mandate", "give", "M0003", "dues.write", status=5)
    monkeypatch.setenv("ESSAIM_ACTING_AS", "M0004")
    founded("mandate", "give", "M0003", "dues.write", status=5)
    assert json.loads(founded("journal", "show", "--json").out)[0]["actor"] == "M0001"


def test_whoever_left_acts_no_more(founded: Any) -> None:
    founded("--as", "M0001", "mandate", "give", "M0001", "members.write")
    founded("--as", "M0001", "member", "leave", "M0003")
    said = founded("--as", "M0003", "member", "add", "Eve", status=5).err
    assert "ne peut plus agir" in said
    founded("--as", "M0003", "--emergency", "panne", "member", "add", "Eve", status=5)
    founded("--as", "M0001", "mandate", "give", "M0003", "lines.write", status=1)


# Break-glass


def test_an_emergency_lets_act_and_is_told_to_all_who_hold_a_mandate(founded: Any) -> None:
    founded("--as", "M0004", "member", "add", "Eve", status=5)
    said = founded("--as", "M0004", "--emergency", "panne de nuit", "member", "add", "Eve")
    assert "E0001" in said.err
    assert "M0005" in said.out
    told = letters(founded.folder)
    assert set(told) == {"a@membres.example", "b@membres.example"}
    text = told["a@membres.example"].get_content()
    assert "M0004" in text
    assert "panne de nuit" in text
    assert "essaim mandate review E0001" in text
    assert "Dan" not in text
    deeds = json.loads(founded("journal", "show", "--json").out)
    assert [(one["actor"], one["verb"], one["why"]) for one in deeds[:2]] == [
        ("M0004", "member.add", "panne de nuit"),
        ("M0004", "emergency.open", "panne de nuit"),
    ]


def test_an_emergency_goes_on_without_another_word(founded: Any) -> None:
    founded("--emergency", "panne", "member", "add", "Eve")
    assert founded("--emergency", "la même panne", "member", "add", "Fay").err == ""
    assert len(letters(founded.folder)) == 2
    assert len(json.loads(founded("mandate", "emergencies", "--json").out)) == 1
    founded("--as", "M0004", "--emergency", "autre", "member", "add", "Gil")
    assert len(json.loads(founded("mandate", "emergencies", "--json").out)) == 2
    founded("member", "add", "Hal", status=5)


def test_each_is_told_in_their_language(founded: Any) -> None:
    founded("--as", "M0001", "mandate", "give", "M0004", "dues.read")
    founded("--emergency", "panne", "member", "add", "Eve")
    assert "acts without a mandate" in letters(founded.folder)["d@membres.example"]["Subject"]
    assert "agit sans mandat" in letters(founded.folder)["a@membres.example"]["Subject"]


def test_whoever_only_reads_opens_no_emergency(founded: Any) -> None:
    founded("--emergency", "curieux", "member", "list")
    assert founded("mandate", "emergencies").out.startswith("Aucune urgence")


@pytest.mark.parametrize("why", ["", "  "])
def test_an_emergency_without_a_word_is_refused(founded: Any, why: str) -> None:
    assert "pourquoi" in founded("--emergency", why, "member", "add", "Eve", status=1).err
    assert founded("mandate", "emergencies").out.startswith("Aucune urgence")


def test_a_mail_server_that_is_down_stops_no_emergency(founded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESSAIM_SMTP", "smtp://127.0.0.1:1")
    said = founded("--emergency", "panne", "member", "add", "Eve")
    assert "M0005" in said.out
    assert "ils attendent dans" in said.err
    assert len(letters(founded.folder)) == 2


def test_an_emergency_is_reviewed_by_another(founded: Any) -> None:
    founded("--as", "M0001", "--emergency", "panne", "member", "add", "Eve")
    founded("--as", "M0001", "mandate", "review", "E0001", "--why", "rien", status=5)
    founded("--as", "M0003", "mandate", "review", "E0001", "--why", "rien", status=5)
    founded("--as", "M0002", "mandate", "review", "E0001", status=1)
    assert "E0001" in founded("mandate", "emergencies", "--waiting").out
    founded("--as", "M0002", "mandate", "review", "E0001", "--why", "câble changé")
    assert "câble changé" in founded("mandate", "emergencies").out
    assert founded("mandate", "emergencies", "--waiting").out.startswith("Aucune urgence")
    founded("--as", "M0002", "mandate", "review", "E0001", "--why", "encore", status=1)


# The vault's key


def typed(monkeypatch: pytest.MonkeyPatch, *rows: str) -> None:
    """What comes on standard input, which is no terminal."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{row}\n" for row in rows)))


@pytest.fixture
def kept(founded: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The vault's key in escrow with M0002 and M0003, by M0001."""
    founded("--as", "M0001", "mandate", "give", "M0001", "keys.keep")
    typed(monkeypatch, ADA, "M0003", BEA)
    said = founded("--as", "M0001", "key", "escrow", "--to", "2", "--holder", "M0002", "--why", "AG")
    assert "essaim key check" in said.out
    return founded


def test_the_key_comes_back_from_one_passphrase(kept: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    key = (kept.folder / "vault.key").read_bytes()
    typed(monkeypatch, BEA)
    assert "M0003" in kept("--as", "M0003", "key", "check").out
    (kept.folder / "vault.key").unlink()
    kept("member", "list", status=4)
    typed(monkeypatch, "quatre mots sans aucun rapport")
    kept("key", "recover", status=1)
    assert not (kept.folder / "vault.key").exists()
    typed(monkeypatch, ADA)
    assert "M0002" in kept("--as", "M0004", "key", "recover").out
    assert (kept.folder / "vault.key").read_bytes() == key
    assert (kept.folder / "vault.key").stat().st_mode & 0o777 == 0o600
    verbs = [one["verb"] for one in json.loads(kept("journal", "show", "--json").out)[:3]]
    assert verbs == ["key.recover", "key.check", "key.escrow"]


def test_a_key_that_was_changed_since_is_said_to_be(kept: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = kept.folder / "vault.key"
    path.write_bytes(b"A" * 43 + b"=\n" + path.read_bytes())
    typed(monkeypatch, ADA)
    assert "a changé depuis" in kept("--as", "M0002", "key", "check", status=1).err


def test_only_who_keeps_the_keys_seals_them_and_each_may_check_their_own(
    kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, "M0002", ADA, "M0003", BEA)
    kept("--as", "M0002", "key", "escrow", status=5)
    typed(monkeypatch, ADA)
    kept("--as", "M0004", "key", "check", status=5)
    typed(monkeypatch, ADA)
    kept("--as", "M0001", "key", "check")


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ((), "Il manque une réponse"),
        (("M0002",), "Il manque une réponse"),
        (("M0002", "court"), "trop courte"),
        (("M0002", ADA, "M0003", ADA), "chacune la sienne"),
        (("M9999",), "Aucun membre"),
        (("M0002", ADA), "Il manque une réponse"),
    ],
)
def test_an_escrow_that_is_not_whole_leaves_the_former_one(
    kept: Any, monkeypatch: pytest.MonkeyPatch, rows: tuple[str, ...], says: str
) -> None:
    before = (kept.folder / "vault.escrow").read_bytes()
    typed(monkeypatch, *rows)
    assert says in kept("--as", "M0001", "key", "escrow", status=3 if "M9999" in rows else 1).err
    assert (kept.folder / "vault.escrow").read_bytes() == before


# What is handed over


def test_what_someone_hands_over_is_printed(kept: Any) -> None:
    said = kept("mandate", "leave", "M0002").out
    assert "mandates.give (*) — la tiennent aussi : M0001" in said
    assert "la clé du coffre" in said
    assert kept("mandate", "leave", "M0004").out == "M0004, Dan : rien à transmettre.\n"
    left = json.loads(kept("mandate", "leave", "M0001", "--json").out)
    assert (left["escrow"], left["ssh"]) == (False, True)
    assert [one["others"] for one in left["tasks"]] == [["M0002"], []]


def test_machines_lines_and_secrets_are_among_it(demo: Any) -> None:
    demo("mandate", "give", "M0042", "mandates.give")
    left = json.loads(demo("mandate", "leave", "M0042", "--json").out)
    assert "L0042" in left["lines"]
    owners = [json.loads(demo("mandate", "leave", f"M{number:04d}", "--json").out)["machines"] for number in (1, 2)]
    assert all(isinstance(one, list) for one in owners)
