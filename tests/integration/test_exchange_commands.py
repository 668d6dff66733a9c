"""`essaim import` and `essaim export`, as people type them: previewed, applied, applied again."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest


def people(path: Path, count: int = 3, day: str = "25/12/2020") -> str:
    rows = [f"Prénom{rank};Nom{rank};membre{rank}@membres.example;{day}" for rank in range(1, count + 1)]
    path.write_text("\n".join(["Prénom;Nom;Courriel;Adhésion", *rows]) + "\n", encoding="cp1252")
    return str(path)


def netbox_files(folder: Path, count: int) -> list[str]:
    """Exports of an association of `count` tenants, each with a circuit and an address."""
    tenants = [f"Tenant {rank}" for rank in range(count)]
    texts = {
        "tenants.csv": ["Name,Description", *(f"{one},x" for one in tenants)],
        "prefixes.csv": ["Prefix,Status,Tenant,VRF,Role", "100.64.0.0/16,Active,,,", "198.51.100.0/24,Container,,,"],
        "circuits.csv": [
            "Circuit ID,Provider,Type,Status,Tenant,Installed",
            *(f"C-{rank},Collecte,adsl,Active,{one},2024-05-01" for rank, one in enumerate(tenants)),
        ],
        "ip-addresses.csv": [
            "IP Address,Status,Tenant,DNS Name",
            *(f"100.64.{rank // 256}.{rank % 256}/16,Active,{one}," for rank, one in enumerate(tenants)),
        ],
    }
    for name, rows in texts.items():
        (folder / name).write_text("\n".join(rows) + "\n", encoding="utf-8")
    return [str(folder / name) for name in texts]


def coin_file(path: Path, count: int) -> str:
    """What `dumpdata` gives of a COIN with `count` members, each with fees, a VPN and an address."""
    found: list[dict[str, Any]] = [
        {"model": "offers.offer", "pk": 1, "fields": {"name": "VPN", "reference": "vpn2", "configuration_type": "VPN"}},
        {"model": "resources.ippool", "pk": 1, "fields": {"name": "v4", "inet": "100.64.0.0/16"}},
    ]
    for rank in range(1, count + 1):
        member = {"first_name": f"P{rank}", "last_name": "N", "date_joined": "2015-01-01", "status": "member"}
        fees = [
            {"member": rank, "start_date": f"{year}-01-01", "end_date": f"{year}-12-31"} for year in range(2015, 2019)
        ]
        subscription = {"member": rank, "offer": 1, "subscription_date": "2016-05-01", "resign_date": None}
        subnet = {"inet": f"100.64.{rank // 256}.{rank % 256}/32", "configuration": rank}
        found += [
            {"model": "members.member", "pk": rank, "fields": member},
            *({"model": "members.membershipfee", "pk": rank * 10 + at, "fields": fee} for at, fee in enumerate(fees)),
            {"model": "offers.offersubscription", "pk": rank, "fields": subscription},
            {"model": "configuration.configuration", "pk": rank, "fields": {"offersubscription": rank}},
            {"model": "vpn.vpnconfiguration", "pk": rank, "fields": {"login": f"p{rank}-vpn1"}},
            {"model": "resources.ipsubnet", "pk": rank, "fields": subnet},
        ]
    path.write_text(json.dumps(found), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_file_is_previewed_applied_and_applied_again(small: Any, tmp_path: Path, lang: str) -> None:
    file = people(tmp_path / "m.csv")
    seen = small("import", "members", file, lang=lang).out
    assert ("créer membre Prénom1 Nom1" if lang == "fr" else "create member Prénom1 Nom1") in seen
    assert "--apply" in seen
    assert json.loads(small("member", "list", "--json").out) == []
    small("import", "members", file, "--apply", "--why", "reprise", lang=lang)
    assert len(json.loads(small("member", "list", "--json").out)) == 3
    again = small("import", "members", file, "--apply", lang=lang).out
    assert ("Rien à faire" if lang == "fr" else "Nothing to do") in again
    assert "reprise" in small("journal", "show").out
    assert "Journal intact" in small("journal", "verify").out


def test_a_preview_shows_fifty_lines_and_json_all(small: Any, tmp_path: Path) -> None:
    file = people(tmp_path / "m.csv", 200)
    seen = small("import", "members", file).out
    assert len([row for row in seen.splitlines() if "ligne" in row]) == 50
    assert "… et 350 de plus" in seen
    document = json.loads(small("import", "members", file, "--json").out)
    assert document["applied"] is False
    assert document["summary"]["member"]["create"] == 200
    assert len(document["steps"]) == 400
    assert json.loads(small("import", "members", file, "--json", "--apply").out)["applied"] is True


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_whatever_is_wrong_is_said_and_nothing_is_done(small: Any, tmp_path: Path, lang: str) -> None:
    file = tmp_path / "m.csv"
    file.write_text("nom;email;adhésion\nAda;x;\nBob;;03/04/2026\n", encoding="utf-8")
    said = small("import", "members", str(file), "--apply", status=1, lang=lang)
    assert "--dates" in said.out
    assert (
        "Rien n'a été importé : 2 problème(s)" if lang == "fr" else "Nothing was imported: 2 problem(s)"
    ) in said.err
    assert "m.csv" not in said.err  # each is said once, above
    document = json.loads(small("import", "members", str(file), "--apply", "--json", status=1).out)
    assert [one["line"] for one in document["problems"]] == [3, 2]
    assert json.loads(small("member", "list", "--json").out) == []


def test_what_alone_is_wrong_is_said_once(small: Any, tmp_path: Path) -> None:
    file = tmp_path / "m.csv"
    file.write_text("nom;email\nAda;x\n", encoding="utf-8")
    said = small("import", "members", str(file), status=1)
    assert (said.out + said.err).count("« x » n'est pas une adresse e-mail") == 1


def test_days_may_be_said_to_come_first(small: Any, tmp_path: Path) -> None:
    file = people(tmp_path / "m.csv", 1, "03/04/2021")
    small("import", "members", file, status=1)
    small("import", "members", file, "--dates", "dmy", "--apply")
    assert json.loads(small("member", "list", "--json").out)[0]["joined"] == "2021-04-03"
    small("import", "members", file, "--dates", "ymd", status=2)


@pytest.mark.parametrize("what", [("members",), ("coin",), ("netbox",), ("galette",), ("all",)])
def test_a_file_that_is_not_there_is_not_found(small: Any, tmp_path: Path, what: tuple[str, ...]) -> None:
    assert "ne se lit pas" in small("import", *what, str(tmp_path / "nowhere.csv"), status=3).err


@pytest.mark.parametrize(("lang", "words"), [("fr", "n'est pas un fichier ordinaire"), ("en", "is no ordinary file")])
def test_what_may_never_end_is_not_read(small: Any, tmp_path: Path, lang: str, words: str) -> None:
    os.mkfifo(tmp_path / "a.csv")
    pipe, into = os.pipe()
    for file in (str(tmp_path / "a.csv"), str(tmp_path), "/dev/zero", f"/dev/fd/{pipe}"):
        assert words in small("import", "all", file, lang=lang, status=1).err
    os.close(pipe)
    os.close(into)


def test_an_empty_folder_is_not_found(small: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    small("import", "coin", str(tmp_path / "empty"), status=3)


def test_a_netbox_of_a_thousand_tenants_comes_in_once(demo: Any, tmp_path: Path) -> None:
    files = netbox_files(tmp_path, 1000)
    seen = json.loads(demo("import", "netbox", *files, "--json").out)
    assert (seen["summary"]["member"]["create"], seen["summary"]["address"]["create"]) == (1000, 1000)
    done = json.loads(demo("import", "netbox", *files, "--apply", "--json").out)
    assert done["applied"] is True
    again = json.loads(demo("import", "netbox", *files, "--apply", "--json").out)
    assert again["applied"] is False
    assert {action for row in again["summary"].values() for action, count in row.items() if count} == {"nothing"}


def test_a_coin_of_a_thousand_members_comes_in_once(small: Any, tmp_path: Path) -> None:
    file = coin_file(tmp_path / "coin.json", 1000)
    seen = json.loads(small("import", "coin", file, "--json").out)
    assert seen["problems"] == []
    assert {noun: row["create"] for noun, row in seen["summary"].items()} == {
        "member": 1000,
        "membership": 1000,
        "pool": 1,
        "offer": 1,
        "line": 1000,
        "share": 1000,
        "credential": 1000,
        "address": 1000,
    }
    small("import", "coin", file, "--apply")
    assert "Rien à faire" in small("import", "coin", file, "--apply").out
    held = json.loads(small("address", "who-had", "100.64.0.7", "--json").out)
    assert "M0007" in str(held)


# Export


@pytest.mark.parametrize("form", ["csv", "json"])
@pytest.mark.parametrize("noun", ["members", "lines", "addresses", "devices", "offers"])
def test_a_noun_is_written_for_its_owner_alone_and_over_nothing(
    demo: Any, tmp_path: Path, noun: str, form: str
) -> None:
    file = tmp_path / f"a.{form}"
    demo("export", noun, str(file), "--format", form)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert demo("export", noun, "--format", form).out == file.read_text(encoding="utf-8")
    before = file.read_bytes()
    assert "--force" in demo("export", noun, str(file), "--format", form, status=1).err
    assert file.read_bytes() == before
    demo("export", noun, str(file), "--format", form, "--force")
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == [file.name]
    assert "Rien à faire" in demo("import", noun, str(file)).out


@pytest.mark.parametrize("form", ["csv", "json"])
def test_the_whole_demonstration_goes_out_comes_in_and_goes_out_the_same_but_mandates(
    demo: Any, newborn: Any, stand_in: Any, tmp_path: Path, form: str
) -> None:
    demo("kind", "add", "friend", "--fr", "ami·e", "--en", "friend")
    friend = json.loads(demo("member", "add", "Zoé Ami", "--status", "friend", "--json").out)["member"]
    demo("member", "referent", "add", "M0025", "--person", friend, "--role", "technical")
    box = json.loads(demo("equipment", "add", "box", "--model", "Brique", "--json").out)["number"]
    demo("equipment", "lend", box, "--to", friend, "--deposit", "50")
    demo("incident", "open", "Panne", "--on", "site:colo")
    there, back = (tmp_path / name for name in ("there.json", "back.json"))
    demo("export", "all", str(there), "--format", form)
    demo.folder.rename(tmp_path / "elsewhere")
    stand_in(newborn)
    said = demo("import", "all", str(there), "--apply").out
    assert "les mandats sont laissés de côté (29) : un mandat est donné par des personnes, pas par un fichier" in said
    assert "Rien à faire" in demo("import", "all", str(there), "--apply").out
    demo("export", "all", str(back), "--format", form)
    if form == "json":
        every = [json.loads(file.read_text(encoding="utf-8")) for file in (there, back)]
        assert all(len(every[0][noun]) >= 1 for noun in ("kinds", "referents", "plugs", "loans", "orders", "works"))
        assert (len(every[0].pop("mandates")), every[1].pop("mandates")) == (29, [])
    else:
        every = [{one.name: one.read_text(encoding="utf-8") for one in folder.iterdir()} for folder in (there, back)]
        assert [every[0].pop("mandates.csv").count("\n"), every[1].pop("mandates.csv").count("\n")] == [30, 1]
    assert every[0] == every[1]


def test_no_password_is_ever_exported(small: Any, tmp_path: Path) -> None:
    (tmp_path / "o.csv").write_text("name;technology\nadsl;adsl\n", encoding="utf-8")
    (tmp_path / "l.csv").write_text("membre;offre;login;mot de passe\nM1;adsl;a@adsl;tres-secret\n", encoding="utf-8")
    small("import", "members", people(tmp_path / "m.csv", 1), "--apply")
    small("import", "offers", str(tmp_path / "o.csv"), "--apply")
    said = small("import", "lines", str(tmp_path / "l.csv"), "--apply", "--json")
    assert "tres-secret" not in said.out
    assert "tres-secret" not in small("export", "all").out
    assert "tres-secret" not in small("journal", "show", "--json").out


def test_what_a_killed_export_left_is_taken_away_by_the_next(demo: Any, tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    dead, living = (tmp_path / f".a.csv.essaim-{writer}" for writer in (gone.pid, os.getppid()))
    for file in (dead, living):
        file.write_text("name\nCamille")
    demo("export", "members", str(tmp_path / "a.csv"))
    assert (dead.exists(), living.exists()) == (False, True)


def test_who_takes_members_data_out_is_noted(demo: Any, tmp_path: Path) -> None:
    demo("export", "members", str(tmp_path / "m.csv"), "--why", "assemblée générale")
    demo("export", "offers", str(tmp_path / "o.csv"))
    deeds = [one for one in json.loads(demo("journal", "show", "--json").out) if one["verb"] == "export"]
    assert [(one["subject"], one["why"]) for one in deeds] == [("members", "assemblée générale")]


def test_a_whole_export_as_csv_needs_a_folder(demo: Any) -> None:
    assert "dossier" in demo("export", "all", "--format", "csv", status=1).err


def test_a_folder_that_cannot_be_written_is_said(demo: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert "Impossible d'écrire" in demo("export", "offers", str(tmp_path / "file" / "o.csv"), status=1).err


@pytest.mark.sqlite
def test_a_copy_of_the_database_is_consistent_sealed_and_its_owners(demo: Any, tmp_path: Path) -> None:
    file = tmp_path / "copy.sqlite"
    said = demo("export", "sqlite", str(file)).out
    assert "restent scellés" in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with closing(sqlite3.connect(file)) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert copy.execute("SELECT count(*) FROM member").fetchone() == (150,)
    assert b"l0002@adsl" in file.read_bytes()
    key = (demo.folder / "vault.key").read_bytes().strip()
    assert key not in file.read_bytes()
    demo("export", "sqlite", str(file), status=1)
    demo("export", "sqlite", str(file), "--force")
    assert list(tmp_path.glob(".copy*")) == []
