"""The terminal: every command does what it says, and says no in one sentence."""

from __future__ import annotations

import base64
import json
import os
import random
import resource
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from sqlalchemy import text

from foundation.database import open_store, reading, transaction
from foundation.settings import read_settings

HEAVY = ("sqlalchemy", "alembic", "napalm", "netmiko", "fastapi", "pysnmp", "pyroute2", "pydantic")
COMMAND = Path(sys.executable).with_name("essaim")
KEY = base64.b64encode(b"k" * 32).decode()


def environment(**more: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("ESSAIM_") or name == "ESSAIM_DATABASE_URL"
    }
    return {**kept, **{f"ESSAIM_{name}": value for name, value in more.items()}}


def everything(folder: Path) -> dict[str, bytes]:
    """All files of a folder but what SQLite keeps beside its database."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


# What a newcomer does


def test_an_association_is_born_and_lives(small: Any) -> None:
    assert "M0001" in small("member", "add", "Camille Faure", "--email", "camille@membres.example").out
    assert json.loads(small("member", "add", "Ada", "--json").out) == {"member": "M0002"}
    assert "Camille Faure" in small("member", "list").out
    assert "Membres : 2." in small("member", "list").out
    assert "camille@membres.example" in small("member", "show", "M0001").out
    assert "n'est plus membre" in small("member", "leave", "M0001", "--why", "déménagement").out
    assert "Camille Faure" not in small("member", "list").out
    assert "Camille Faure" in small("member", "list", "--left").out
    assert "déménagement" in small("journal", "show").out
    assert "Journal intact : 3 entrées" in small("journal", "verify").out


def test_a_line_is_ordered_seen_and_closed(demo: Any) -> None:
    ordered = json.loads(demo("line", "order", "M0150", "--offer", "vpn", "--key", KEY, "--json").out)
    assert ordered["number"] == "L0116"
    assert ordered["prefixes"][0].startswith("198.51.100.")
    assert "L0116" in demo("line", "list", "--after", "115").out
    assert KEY in demo("line", "show", "L0116").out
    assert demo("line", "status", "L0116").out.startswith("◌ Prête")
    address = ordered["prefixes"][0].split("/")[0]
    assert "M0150, ligne L0116" in demo("address", "who-had", address).out
    assert "fermée" in demo("line", "close", "l116", "--why", "déménage").out
    assert "Personne n'avait" in demo("address", "who-had", address, status=3).err
    assert "L0116" not in demo("line", "list", "--after", "115").out
    assert "L0116" in demo("line", "list", "--after", "115", "--ended").out


def test_a_month_is_paid(demo: Any) -> None:
    assert "Dus pour novembre 2026" in demo("dues", "issue", "2026-11").out
    assert "Rien à émettre" in demo("dues", "issue", "2026-11").out
    owed = json.loads(demo("dues", "balance", "M0042", "--json").out)[0]["owed"]
    assert owed > 0
    paid = demo("payment", "record", "M0042", str(owed // 100), "--on", "2026-11-20", "--json")
    assert json.loads(paid.out) == {"payment": "P0001", "member": "M0042", "cents": owed, "balance": 0}
    assert "M0042" in demo("dues", "balance").out
    assert "à jour" in demo("dues", "balance", "M0042").out


@pytest.mark.sqlite
def test_an_association_is_saved_and_comes_back(demo: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "gardez" in demo("backup", str(tmp_path / "b.tar")).out
    shutil.copy(demo.folder / "vault.key", tmp_path / "vault.key")
    demo("restore", str(tmp_path / "b.tar"), "--key", str(tmp_path / "vault.key"), status=1)
    head = json.loads(demo("journal", "verify", "--json").out)
    shutil.rmtree(demo.folder)
    demo("restore", str(tmp_path / "b.tar"), status=1)
    assert "est revenue" in demo("restore", str(tmp_path / "b.tar"), "--key", str(tmp_path / "vault.key")).out
    assert json.loads(demo("journal", "verify", "--json").out) == head


def test_a_link_signs_in_once(demo: Any) -> None:
    said = demo("member", "link", "M0042").out
    assert "http://127.0.0.1:8642/s/" in said
    token = said.split("/s/", 1)[1].split()[0]
    with reading(open_store(read_settings())) as session:
        assert session.scalar(text("SELECT count(*) FROM sign_in_link")) == 1
    assert all(token.encode() not in path.read_bytes() for path in demo.folder.rglob("*") if path.is_file())


def test_the_portal_opens_and_closes(demo: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    where = environment(VAR=str(demo.folder), LISTEN=f"127.0.0.1:{port}")
    argv = [COMMAND, "serve"]
    with subprocess.Popen(argv, env=where, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as portal:
        try:
            until = time.monotonic() + 30
            while time.monotonic() < until:
                with socket.socket() as tried:
                    if tried.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            with urlopen(f"http://127.0.0.1:{port}/", timeout=20) as answer:
                assert answer.status == 200
        finally:
            portal.send_signal(2)
            out, err = portal.communicate(timeout=20)
    assert f"127.0.0.1:{port}" in out
    assert "Traceback" not in err
    assert portal.returncode in (0, 130)


# What is read by programs, and by people of two languages


LISTS = (
    ("member", "list"),
    ("member", "show", "M0001"),
    ("line", "list"),
    ("line", "show", "L0042"),
    ("line", "status", "L0042"),
    ("address", "who-had", "198.51.100.7"),
    ("change", "list"),
    ("dues", "balance"),
    ("dues", "balance", "M0001"),
    ("journal", "show"),
    ("journal", "show", "--member", "M0001"),
    ("journal", "show", "--line", "L0042"),
    ("journal", "verify"),
)


@pytest.fixture(scope="module")
def seen(demonstration: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demonstration association that is only looked at."""
    folder = tmp_path_factory.mktemp("seen") / "var"
    shutil.copytree(demonstration.folder, folder)
    return folder


@pytest.fixture
def looking(terminal: Any, seen: Path, demonstration: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A terminal in the association that is only looked at."""
    if demonstration.url:
        monkeypatch.setenv("ESSAIM_DATABASE_URL", demonstration.url)
    return type(terminal)(seen, lambda *argv, lang: _at(terminal, seen, argv, lang))


def _at(terminal: Any, folder: Path, argv: tuple[str, ...], lang: str) -> Any:
    terminal.folder.symlink_to(folder) if not terminal.folder.exists() else None
    return terminal.run(*argv, lang=lang)


@pytest.mark.parametrize("argv", LISTS, ids=" ".join)
def test_what_is_listed_is_told_to_people_and_to_programs(looking: Any, argv: tuple[str, ...]) -> None:
    french, english = looking(*argv), looking(*argv, lang="en")
    assert french.out
    assert french.err == english.err == ""
    assert french.out != english.out
    assert "\x1b" not in french.out
    json.loads(looking(*argv, "--json").out)


def test_programs_are_told_states_that_no_language_changes(looking: Any) -> None:
    for argv in (("line", "list"), ("line", "show", "L0042"), ("member", "show", "M0042")):
        french, english = (looking(*argv, "--json", lang=lang).out for lang in ("fr", "en"))
        assert french == english
        assert '"state": "active"' in french


def test_nothing_is_cut_or_folded_for_a_file(small: Any) -> None:
    name = "Nom " + "très " * 35 + "long"
    small("member", "add", name)
    assert name in small("member", "list").out


def test_a_name_is_shown_as_it_is_whatever_it_holds(small: Any) -> None:
    for name in ("[red]Rouge[/red]", "{name} {0}", "<script>alert(1)</script>", "%s %d", "'; DROP TABLE member; --"):
        small("member", "add", name)
        assert name in small("member", "list").out
        assert name in small("member", "list", "--json").out


def test_acting_as_a_member_is_journaled_as_such(small: Any) -> None:
    small("member", "add", "Ada")
    small("mandate", "give", "M0001", "mandates.give")
    small("--as", "m1", "mandate", "give", "M0001", "members.write")
    small("--as", "m1", "member", "add", "Béa")
    actors = [one["actor"] for one in json.loads(small("journal", "show", "--json").out)]
    assert actors[:2] == ["M0001", "M0001"]
    assert actors[2] == actors[3]
    assert actors[2].startswith("machine:")


# How it says no


REFUSED: tuple[Any, ...] = (
    (1, ("member", "add", ""), "Ce nom est vide"),
    (1, ("member", "add", "a\x1b[2Jb"), "caractères invisibles"),
    (1, ("member", "add", "Ada", "--email", "ada"), "n'est pas une adresse e-mail"),
    (1, ("member", "add", "Ada", "--status", "roi"), "choisir parmi"),
    (1, ("member", "add", "Ada", "--language", "de"), "choisir parmi"),
    (1, ("member", "add", "Ada", "--why", "\udcff"), "invisibles"),
    (1, ("member", "show", "xx"), "n'est pas un numéro comme M0042"),
    (3, ("member", "show", "M9999"), "Aucun membre M9999"),
    (3, ("member", "leave", "9999"), "Aucun membre M9999"),
    (3, ("member", "link", "M9999"), "Aucun membre M9999"),
    (3, ("--as", "M9999", "member", "add", "Ada"), "Aucun membre M9999"),
    (1, ("--as", "moi", "member", "add", "Ada"), "n'est pas un numéro"),
    (2, ("member", "list", "--limit", "0"), "--limit"),
    (2, ("member", "list", "--after", "9" * 30), "--after"),
    (2, ("member", "list", "--after", "-1"), "--after"),
    (3, ("line", "show", "L9999"), "Aucune ligne L9999"),
    (3, ("line", "status", "L9999"), "Aucune ligne L9999"),
    (3, ("line", "close", "L9999"), "Aucune ligne L9999"),
    (3, ("line", "order", "M9999", "--offer", "vpn"), "Aucun membre M9999"),
    (3, ("line", "order", "M0001", "--offer", "fibre"), "Il y a : adsl, vpn"),
    (1, ("line", "order", "M0001", "--offer", "vpn"), "--key"),
    (1, ("line", "order", "M0001", "--offer", "vpn", "--key", "x"), "clé publique WireGuard"),
    (1, ("line", "order", "M0001", "--offer", "vpn", "--key", "é" * 44), "clé publique WireGuard"),
    (1, ("line", "order", "M0001", "--offer", "adsl", "--nd", "1"), "dix chiffres"),
    (2, ("line", "order", "M0001"), "--offer"),
    (1, ("address", "who-had", "198.51.100"), "n'est pas une adresse IP"),
    (1, ("address", "who-had", "198.51.100.7", "--at", "hier"), "n'est pas un moment"),
    (1, ("address", "who-had", "198.51.100.7", "--at", ""), "n'est pas un moment"),
    (1, ("address", "who-had", "1" * 5000), "n'est pas une adresse IP"),
    (1, ("address", "who-had", "198.51.100.7", "--at", "2026-10-25T02:30"), "changement d'heure"),
    (1, ("address", "who-had", "198.51.100.7", "--at", "9999-12-31T23:30Z"), "n'est pas un moment"),
    (3, ("address", "who-had", "198.51.100.7", "--at", "0042-01-01"), "Personne n'avait"),
    (3, ("address", "who-had", "192.0.2.200"), "Personne n'avait"),
    (1, ("dues", "issue", "novembre"), "n'est pas un mois"),
    (1, ("dues", "issue", "2026-" + "1" * 5000), "n'est pas un mois"),
    (1, ("dues", "issue", "2199-11"), ""),
    (3, ("dues", "balance", "M9999"), "Aucun membre M9999"),
    (1, ("payment", "record", "M0001", "dix"), "pas dix"),
    (1, ("payment", "record", "M0001", "0"), ""),
    (1, ("payment", "record", "M0001", "9" * 5000), ""),
    (1, ("payment", "record", "M0001", "10", "--on", "2199-01-01"), ""),
    (1, ("payment", "record", "M0001", "10", "--on", ""), "n'est pas un moment"),
    (1, ("payment", "record", "M0001", "10", "--means", "or"), "choisir parmi"),
    (3, ("payment", "record", "M9999", "10"), "Aucun membre M9999"),
    (3, ("change", "show", "C9999"), "C9999"),
    (1, ("change", "show", "x"), "n'est pas un numéro"),
    (1, ("journal", "show", "--line", "x"), "n'est pas un numéro"),
    (1, ("journal", "show", "--member", ""), "n'est pas un numéro"),
    (2, ("journal", "show", "--limit", "dix"), "--limit"),
    pytest.param(1, ("backup", "/proc/absent/b.tar"), "Aucune sauvegarde", marks=pytest.mark.sqlite),
    (1, ("restore", "/absent.tar", "--key", "/absent.key"), "contient déjà"),
    (1, ("init",), "contient déjà"),
    (2, (), "Usage"),
    (2, ("member",), "Usage"),
    (2, ("abeille",), "il n'y a pas de commande « abeille »"),
    (2, ("member", "lst"), "il n'y a pas de commande « lst »"),
    (2, ("member", "list", "--miel"), "il n'y a pas d'option --miel"),
    (2, ("member", "show"), "il manque M0042"),
    (4, ("poll",), ""),
)


@pytest.mark.parametrize(("status", "argv", "says"), REFUSED, ids=lambda value: str(value)[:50])
def test_what_cannot_be_is_refused_in_a_sentence_and_changes_nothing(
    looking: Any, status: int, argv: tuple[str, ...], says: str
) -> None:
    before = json.loads(looking("journal", "verify", "--json").out)
    french = looking(*argv, status=status)
    assert says in french.err
    assert len(french.err) < 700 or "Usage" in french.err
    assert looking(*argv, status=status, lang="en").err
    assert json.loads(looking("journal", "verify", "--json").out) == before


def test_an_exhausted_pool_leaves_nothing_half_written(demo: Any) -> None:
    before = json.loads(demo("journal", "verify", "--json").out)["entries"]
    with transaction(open_store(read_settings())) as session:
        session.execute(text("UPDATE block SET state = 'reserved' WHERE state = 'free' AND family = 6"))
    said = demo("line", "order", "M0150", "--offer", "vpn", "--key", KEY, status=1)
    assert "Plus d'adresse libre dans vpn-v6" in said.err
    assert "Rien n'a été changé" in said.err
    assert json.loads(demo("journal", "verify", "--json").out)["entries"] == before
    demo("line", "show", "L0116", status=3)


def test_an_empty_folder_says_how_to_begin(terminal: Any) -> None:
    said = terminal("member", "list", status=1)
    assert "essaim init" in said.err
    assert not terminal.folder.exists()


def test_init_never_goes_over_anything(small: Any) -> None:
    small("member", "add", "Ada")
    before = everything(small.folder)
    for argv in (("init",), ("init", "--demo"), ("init", "--demo", "--whole")):
        assert "Rien n'a été changé" in small(*argv, status=1).err
    assert everything(small.folder) == before


def test_init_never_goes_over_someone_elses_folder(terminal: Any) -> None:
    terminal.folder.mkdir()
    (terminal.folder / "thèse.odt").write_text("trois ans")
    for argv in (("init",), ("init", "--demo"), ("init", "--demo", "--whole")):
        terminal(*argv, status=1)
    assert everything(terminal.folder) == {"thèse.odt": b"trois ans"}


@pytest.mark.sqlite
def test_init_never_goes_over_a_database_that_settings_name(
    small: Any, terminal: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(small.folder / "essaim.sqlite")) as former:
        former.execute("VACUUM INTO ?", (str(tmp_path / "named.sqlite"),))
    shutil.rmtree(small.folder)
    monkeypatch.setenv("ESSAIM_DATABASE_URL", f"sqlite:///{tmp_path}/named.sqlite")
    assert "n'est pas vide" in terminal("init", status=1).err
    assert not list(terminal.folder.glob("*"))


def test_init_takes_a_key_that_is_there_already(terminal: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = tmp_path / "credential"
    key.write_text("A" * 43 + "=\n")
    monkeypatch.setenv("ESSAIM_KEY_FILE", str(key))
    terminal("init")
    assert key.read_text() == "A" * 43 + "=\n"
    assert not (terminal.folder / "vault.key").exists()


def test_a_folder_that_is_a_file_is_refused(terminal: Any) -> None:
    terminal.folder.write_text("un fichier")
    assert "contient déjà" in terminal("init", status=1).err
    assert terminal.folder.read_text() == "un fichier"
    terminal("member", "list", status=1)


def test_a_missing_vault_key_is_named(demo: Any) -> None:
    (demo.folder / "vault.key").unlink()
    said = demo("member", "list", status=4)
    assert str(demo.folder / "vault.key") in said.err


def test_a_wrong_setting_is_one_sentence(demo: Any) -> None:
    (demo.folder / "essaim.toml").write_text("name = [")
    said = demo("member", "list", status=1)
    assert "Réglage illisible" in said.err


@pytest.fixture
def elsewhere() -> Iterator[Callable[[Path], None]]:
    """Another program that begins to write, and does not finish."""
    started: list[subprocess.Popen[str]] = []

    def hold(database: Path) -> None:
        program = (
            "import sqlite3, sys\n"
            "held = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
            "held.execute('BEGIN IMMEDIATE')\n"
            "print('held', flush=True)\n"
            "sys.stdin.read()\n"
        )
        other = subprocess.Popen(
            [sys.executable, "-c", program, database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(other)
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"

    yield hold
    for other in started:
        other.communicate()


@pytest.mark.sqlite
def test_a_database_that_another_program_holds_is_waited_for_and_then_given_up(
    demo: Any, elsewhere: Callable[[Path], None]
) -> None:
    elsewhere(demo.folder / "essaim.sqlite")
    assert "Membres : 150." in demo("member", "list").out  # readers need not wait
    began = time.monotonic()
    said = demo("member", "add", "Ada", status=4)
    assert 4 < time.monotonic() - began < 15
    assert said.err.startswith("La base est occupée par un autre programme.")


@pytest.mark.parametrize("how", ["noise", "middle", "names", "empty", "folder"])
@pytest.mark.sqlite
def test_a_database_that_cannot_be_read_is_said_to_be(demo: Any, how: str) -> None:
    path = demo.folder / "essaim.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode=DELETE")  # all of it in one file
    content, noise = path.read_bytes(), random.Random(2026)
    match how:
        case "noise":
            path.write_bytes(noise.randbytes(100_000))
        case "middle":
            path.write_bytes(content[:4096] + noise.randbytes(len(content) - 8192) + content[-4096:])
        case "names":
            path.write_bytes(content.replace(b"CREATE TABLE", b"CREATE \xff\xfeBLE"))
        case "empty":
            path.write_bytes(b"")
        case "folder":
            path.unlink()
            path.mkdir()
    for argv in (("member", "list"), ("member", "add", "Ada"), ("journal", "verify")):
        said = demo(*argv, status=4)
        assert "La base ne s'ouvre pas" in said.err
        assert said.err.count("\n") == 1


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own, in memory."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "essaim-test", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a tmpfs")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(disk: Path) -> None:
    with (disk / "filler").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0" * 4096)


@pytest.mark.sqlite
def test_a_full_disk_loses_nothing(
    tiny: Path, demonstration: Any, terminal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(demonstration.folder, tiny / "var")
    terminal.folder.symlink_to(tiny / "var")
    terminal("journal", "verify")
    before = json.loads(terminal("journal", "verify", "--json").out)
    fill(tiny)
    said = terminal("dues", "issue", "2026-11", status=4)
    assert "La base ne s'ouvre pas" in said.err
    assert "Aucune sauvegarde" in terminal("backup", str(tiny / "b.tar"), status=1).err
    assert sorted(one.name for one in tiny.iterdir()) == ["filler", "var"]
    (tiny / "filler").unlink()
    assert json.loads(terminal("journal", "verify", "--json").out) == before
    assert json.loads(terminal("dues", "balance", "M0001", "--json").out)[0]["due"] == 0
    terminal("dues", "issue", "2026-11")


def test_an_association_that_does_not_fit_is_not_half_created(tiny: Path, terminal: Any) -> None:
    terminal.folder.symlink_to(tiny / "var")
    (tiny / "var").mkdir()
    fill(tiny)
    assert "Rien n'est resté" in terminal("init", status=1).err
    (tiny / "filler").unlink()
    assert list((tiny / "var").iterdir()) == []
    terminal("init")


# The command itself


def test_help_is_light() -> None:
    program = (
        "import sys\n"
        "sys.argv = ['essaim', '--help']\n"
        "from cli.main import essaim\n"
        "from cli.door import enter\n"
        "status = enter(essaim)\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
        "sys.exit(status)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, env=environment()
    )
    assert done.returncode == 0
    assert "essaim member list" in done.stdout
    assert done.stderr == "[]\n"


def test_help_costs_less_than_loading_the_database_library() -> None:
    """The bound follows the machine's speed; the time itself is held by the bench."""

    def seconds(*command: str | Path) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment())
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    asked, loaded = zip(
        *((seconds(COMMAND, "--help"), seconds(sys.executable, "-c", "import sqlalchemy.orm")) for _ in range(5)),
        strict=True,
    )
    assert statistics.median(asked) < statistics.median(loaded)


@pytest.mark.parametrize(("lang", "says"), [("fr", "fournisseur d'accès associatif"), ("en", "associative Internet")])
def test_help_speaks_the_readers_language(lang: str, says: str) -> None:
    done = subprocess.run([COMMAND, "--help"], capture_output=True, text=True, check=True, env=environment(LANG=lang))
    assert says in done.stdout
    assert len(done.stdout.splitlines()) <= 72


def test_a_list_of_commands_gives_an_example_whole_or_not_at_all(small: Any) -> None:
    listed = small("address", "--help").out
    assert "..." not in listed
    assert "Donner une adresse\n" in listed
    assert "Ce qui est attribué : essaim address list --line L0042\n" in listed
    assert all(len(row) <= 80 for row in listed.splitlines())


@pytest.mark.parametrize(("lang", "usage"), [("fr", "NOM USAGE"), ("en", "NAME PURPOSE")])
def test_what_is_to_be_typed_is_named_in_the_readers_language(small: Any, lang: str, usage: str) -> None:
    assert f"essaim device secret [OPTIONS] {usage}\n" in small("device", "secret", "--help", lang=lang).out
    missing = small("device", "show", status=2, lang=lang).err
    assert usage.split()[0] in missing


def test_the_version_is_that_of_the_package(small: Any) -> None:
    assert small("--version").out == f"Essaim {version('essaim')}\n"


def test_a_listing_goes_on_with_what_is_in_it_and_an_empty_one_with_how_to_begin(small: Any) -> None:
    assert "essaim line order MEMBRE --offer OFFRE" in small("line", "list").out
    small("site", "add", "cave")
    assert "essaim site show cave\n" in small("site", "list").out
    small("member", "add", "Ada")
    small("member", "leave", "M0001")
    small("member", "add", "Béa")
    assert "To see one: essaim member show M0002\n" in small("member", "list", lang="en").out


def test_the_command_gives_its_exit_status(looking: Any) -> None:
    for argv, status in ((["miel"], 2), (["member", "show", "M9999"], 3)):
        done = subprocess.run(
            [COMMAND, *argv], capture_output=True, text=True, check=False, env=environment(VAR=str(looking.folder))
        )
        assert (done.returncode, bool(done.stderr)) == (status, True)


def test_whoever_stops_reading_hears_no_complaint(looking: Any) -> None:
    with subprocess.Popen(
        [COMMAND, "journal", "show", "--limit", "900"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(VAR=str(looking.folder)),
    ) as reader:  # fmt: skip
        assert reader.stdout is not None
        assert reader.stderr is not None
        reader.stdout.readline()
        reader.stdout.close()
        assert reader.stderr.read() == ""


def test_a_debugger_may_ask_for_the_traceback(looking: Any) -> None:
    done = subprocess.run(
        [COMMAND, "member", "show", "M9999"],
        capture_output=True, text=True, check=False, env=environment(VAR=str(looking.folder), DEBUG="1"),
    )  # fmt: skip
    assert "Traceback" in done.stderr
    assert done.returncode == 3


def test_a_shell_can_finish_our_words(demo: Any) -> None:
    script = demo("completion", "bash").out
    asked = f'{script}\nCOMP_WORDS=(essaim line st); COMP_CWORD=2; _essaim_completion essaim; echo "${{COMPREPLY[@]}}"'
    path = f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}"
    said = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, env={"PATH": path}, check=True)
    assert said.stdout.split() == ["status"]
