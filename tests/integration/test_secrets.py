"""Canaries in every secret field: none is ever found in the clear, whatever is done and shown."""

from __future__ import annotations

import base64
import json
import os
import secrets
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, select
from starlette.testclient import TestClient

from api.app import create
from foundation.acts import Act
from foundation.clock import now
from foundation.database import open_store, transaction
from foundation.settings import read_settings
from inventory import accounts, devices, members
from inventory.models.devices import DeviceSecret
from inventory.models.lines import Credential


@dataclass(frozen=True)
class Planted:
    """The canaries, and since when they are in the cage."""

    canaries: dict[str, str]
    since: float


def spellings(canary: str) -> Iterator[bytes]:
    """The canary as it is, in hexadecimal, and in base64 wherever it may stand in a longer text."""
    raw = canary.encode()
    yield raw
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    for before in range(3):
        inner = base64.b64encode(b"\0" * before + raw)
        yield inner[4 if before else 0 : len(inner) - 4]
        yield base64.urlsafe_b64encode(b"\0" * before + raw)[4 if before else 0 : len(inner) - 4]


def found_in(content: bytes, planted: Planted) -> list[str]:
    return [name for name, canary in planted.canaries.items() if any(one in content for one in spellings(canary))]


@pytest.fixture
def planted(demo: Any) -> Planted:
    """A canary for every secret that the inventory keeps; those who made them are gone, only the database is left."""
    since = time.time()
    settings = read_settings(var=demo.folder)
    store, canaries = open_store(settings), {}
    with transaction(store) as session:
        act = Act("M0001", now(), "des canaris")
        for held in session.scalars(select(DeviceSecret)).all():
            name = f"device {held.device_id} {held.name}"
            canaries[name] = secrets.token_urlsafe(24)
            device = session.get_one(devices.Device, held.device_id)
            devices.set_secret(session, act, device, held.name, canaries[name])
        for credential in session.scalars(select(Credential).where(Credential.secret.is_not(None))).all()[:5]:
            name = f"credential {credential.name}"
            canaries[name] = secrets.token_urlsafe(24)
            credential.secret = store.vault.seal(canaries[name])
        member = members.find_member(session, "M0042")
        canaries["link"] = accounts.sign_in_link(session, act, member)
        used = accounts.sign_in_link(session, act, member)
        canaries["used link"] = used
        canaries["cookie"] = accounts.sign_in(session, used, now())
    canaries["vault key"] = (demo.folder / "vault.key").read_text().strip()
    canaries["ssh key"] = (demo.folder / "ssh" / "id_ed25519").read_text().splitlines()[3]
    store.engine.dispose()
    return Planted(canaries, since)


COMMANDS = (
    ("member", "list"), ("member", "show", "M0042"), ("member", "add", "Ada"),
    ("line", "list"), ("line", "show", "L0042"), ("line", "status", "L0042"),
    ("address", "who-had", "198.51.100.7"), ("dues", "issue", "2026-11"), ("dues", "balance"),
    ("payment", "record", "M0042", "5"), ("change", "list"), ("journal", "show", "--limit", "2000"),
    ("journal", "verify"), ("member", "leave", "M0002"),
)  # fmt: skip


def test_a_canary_would_be_found_in_any_spelling(planted: Planted) -> None:
    canary = planted.canaries["link"]
    for hidden in (
        canary.encode(),
        b"x" + canary.encode().hex().encode(),
        *(base64.b64encode(b"a" * before + canary.encode() + b"suite") for before in range(6)),
    ):
        assert found_in(b"---" + hidden + b"---", planted) == ["link"]


def test_no_secret_is_shown_or_left_anywhere(demo: Any, planted: Planted, tmp_path: Path) -> None:
    assert len(planted.canaries) >= 13
    for argv in COMMANDS:
        for said in (demo(*argv), demo(*argv, "--json")) if argv[1] not in ("add", "leave") else (demo(*argv),):
            assert found_in((said.out + said.err).encode(), planted) == [], argv
    assert found_in(backed_up(demo, tmp_path / "backup"), planted) == []
    own = {"vault.key": ["vault key"], "id_ed25519": ["ssh key"]}
    for path in demo.folder.rglob("*"):
        if path.is_file():
            assert found_in(path.read_bytes(), planted) == own.get(path.name, []), path


def test_no_answer_of_the_portal_tells_a_secret(demo: Any, planted: Planted) -> None:
    """Whoever is signed in, every page and header they get is searched; their own cookie is theirs."""
    url = read_settings(var=demo.folder).url
    with TestClient(create(read_settings(var=demo.folder)), base_url=url, follow_redirects=True) as browser:
        pages = [browser.get(path) for path in ("/", "/sign-in", "/healthz", "/api/v1/me", f"/s/{'x' * 43}")]
        landing = browser.get(f"/s/{planted.canaries['link']}")
        pages.append(browser.post("/s", data={"token": planted.canaries["link"]}, headers={"Origin": url}))
        assert "L0042" in pages[-1].text
        pages += [browser.get(path) for path in ("/", "/?lang=en", "/api/v1/me", "/api/v1/lines/L0042")]
    for page in pages:
        assert found_in(page.content + repr(page.headers).encode(), planted) == [], page.url
    assert found_in(landing.content, planted) == ["link"]  # the form that hands it back, and nothing else


def test_no_secret_is_left_in_a_temporary_folder(demo: Any, planted: Planted, tmp_path: Path) -> None:
    for argv in COMMANDS:
        demo(*argv)
    backed_up(demo, tmp_path / "backup")
    for path in recent(planted.since, but=demo.folder):
        assert found_in(path.read_bytes(), planted) == [], path


def backed_up(demo: Any, to: Path) -> bytes:
    """What a backup holds, and what is said while it is made: ours on SQLite, pg_dump's on PostgreSQL."""
    url = make_url(read_settings(var=demo.folder).database)
    if url.get_backend_name() == "sqlite":
        said = demo("backup", str(to))
    else:
        said = demo("backup", str(to), status=1)
        (program,) = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_dump"))[-1:]
        subprocess.run(
            [program, "--file", to, url.set(drivername="postgresql").render_as_string(hide_password=False)], check=True
        )
    return (said.out + said.err).encode() + to.read_bytes()


def recent(since: float, *, but: Path) -> Iterator[Path]:
    """Files of the machine's temporary folders that were written since."""
    for top in ("/tmp", "/var/tmp", "/dev/shm"):
        for folder, _, names in os.walk(top):
            if Path(folder).is_relative_to(but):
                continue
            for name in names:
                path = Path(folder, name)
                try:
                    known = path.lstat()
                    if path.is_file() and not path.is_symlink() and known.st_mtime >= since and known.st_size < 10**7:
                        path.read_bytes()
                    else:
                        continue
                except OSError:
                    continue  # another program's, gone meanwhile
                yield path


def test_what_was_sealed_anew_is_gone_from_the_file(demo: Any, planted: Planted) -> None:
    store = open_store(read_settings(var=demo.folder))
    with transaction(store) as session:
        before = session.scalars(select(DeviceSecret.secret).order_by(DeviceSecret.id)).all()[0].token
        device = session.scalars(select(devices.Device).join(DeviceSecret).order_by(DeviceSecret.id)).first()
        assert device is not None
        held = session.scalars(select(DeviceSecret).order_by(DeviceSecret.id)).first()
        assert held is not None
        devices.set_secret(session, Act("M0001", now()), device, held.name, "nouveau")
    store.engine.dispose()
    with closing(sqlite3.connect(demo.folder / "essaim.sqlite")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for path in demo.folder.glob("essaim.sqlite*"):
        assert before not in path.read_bytes()


def test_the_journal_knows_a_secret_by_its_fingerprint_alone(demo: Any, planted: Planted) -> None:
    deeds = json.loads(demo("journal", "show", "--limit", "2000", "--json").out)
    secret = [one["facts"]["secret"] for one in deeds if one["verb"] == "device.secret"]
    assert len(secret) >= 8
    assert all(one.startswith("‹secret·") and one.endswith("›") for one in secret)
    assert all(set(one["facts"]) <= {"member", "expires"} for one in deeds if one["verb"].startswith("sign-in"))
