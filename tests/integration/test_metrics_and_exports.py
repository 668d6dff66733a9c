"""What other programs read of us: `/metrics` behind a token, Prometheus' targets, an inventory that Ansible reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create
from desk import alerting
from desk.metrics import measured
from desk.rounds import keep_polling
from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.settings import Settings
from inventory import mandates, members, tokens
from inventory.models.mandates import Task
from monitoring.embedded import open_series
from monitoring.models import open_samples
from monitoring.openmetrics import text
from monitoring.poll import Report

URL = "http://127.0.0.1:8642"


def test_metrics_take_a_token_that_may_read_how_machines_are(store: Store, act: Act, tmp_path: Path) -> None:
    shown = {}
    with transaction(store) as session:
        ada = members.add_member(session, act, "Ada Exemple")
        mandates.give(session, act, ada, Task.MANDATES_GIVE)
        theirs = replace(act, actor="M0001")
        mandates.give(session, theirs, ada, Task.MONITORING_READ)
        for tasks in (["monitoring.read"], ["own"]):
            _, shown[tasks[0]] = tokens.create_token(session, theirs, ada, tasks[0], tasks=tasks)
    settings = Settings(var=tmp_path, database_url=store.engine.url.render_as_string(hide_password=False))
    app = create(settings)
    app.state.now = lambda: act.at
    with TestClient(app, base_url=URL, follow_redirects=False) as client:

        def ask(token: str) -> Any:
            return client.get("/metrics", headers={"Authorization": f"Bearer {token}"} if token else {})

        assert ask("").status_code == 401
        assert ask("x" * 40).status_code == 401
        assert ask(shown["own"]).status_code == 403
        answer = ask(shown["monitoring.read"])
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
        assert answer.text.endswith("# EOF\n")
        assert "essaim_connections 0\n" in answer.text
        assert "Ada" not in answer.text


def test_a_round_that_begins_late_shows_in_the_metrics_with_when_it_ended_and_how_long_it_took(
    store: Store, tmp_path: Path
) -> None:
    settings = Settings(var=tmp_path, database_url=store.engine.url.render_as_string(hide_password=False))
    shown: list[dict[str, float]] = []

    def told(_: Report, late: float) -> bool:
        if not shown:
            time.sleep(0.3)  # longer than the time between two: the next misses its turn
        shown.append({**_rounds(store, settings), "told": late})
        return len(shown) < 2

    keep_polling(store, settings, 0.1, told)
    first, second = shown
    assert first["late_seconds"] < 0.1, "the first is never late"
    assert second["late_seconds"] >= 0.15
    assert second["late_seconds"] == pytest.approx(second["told"], abs=0.002)
    assert second["timestamp_seconds"] > first["timestamp_seconds"]
    for one in shown:
        ended = one["timestamp_seconds"] + one["duration_seconds"]
        assert one["ended_timestamp_seconds"] == pytest.approx(ended, abs=0.02), (
            "hundredths are what is told of an instant"
        )


def test_a_round_that_was_made_by_hand_has_no_turn_and_is_not_late(store: Store, act: Act, tmp_path: Path) -> None:
    settings = Settings(var=tmp_path, database_url=store.engine.url.render_as_string(hide_password=False))
    alerting.watch(
        store, settings, act.at, Report((), ()), ended=act.at + timedelta(seconds=3), late=timedelta(seconds=9)
    )
    assert _rounds(store, settings)["late_seconds"] == 9
    alerting.watch(store, settings, act.at + timedelta(minutes=1), Report((), ()), ended=act.at + timedelta(minutes=2))
    assert _rounds(store, settings).keys() == {"timestamp_seconds", "ended_timestamp_seconds", "duration_seconds"}


def _rounds(store: Store, settings: Settings) -> dict[str, float]:
    """What the exposition says of the latest round."""
    samples = open_samples(settings)
    with reading(store) as session, closing(open_series(settings)) as series:
        said = text(measured(session, samples, series))
    samples.engine.dispose()
    assert "# UNIT essaim_round_duration_seconds seconds\n" in said
    rows = [row.split(" ") for row in said.splitlines() if row.startswith("essaim_round_")]
    return {name.removeprefix("essaim_round_"): float(value) for name, value in rows}


def test_prometheus_and_ansible_read_their_files(demo: Any, tmp_path: Path) -> None:
    targets = json.loads(demo("export", "prometheus").out)
    assert {one["labels"]["device"] for one in targets} == {"hosted1"}
    assert all(set(one) == {"targets", "labels"} and len(one["targets"]) == 1 for one in targets)
    file = tmp_path / "machines.json"
    demo("export", "ansible", str(file))
    assert "existe déjà" in demo("export", "ansible", str(file), status=1).err
    ansible = Path(sys.executable).with_name("ansible-inventory")
    if not ansible.exists():
        pytest.skip("needs ansible-inventory (ansible-core)")
    where = {**os.environ, "ANSIBLE_LOCAL_TEMP": str(tmp_path / "a"), "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    read = subprocess.run(
        [ansible, "-i", file, "--list"], capture_output=True, text=True, check=True, env=where, cwd=tmp_path
    )
    assert "WARNING" not in read.stderr
    found = json.loads(read.stdout)
    assert found["_meta"]["hostvars"]["vpn"]["ansible_host"] == "100.64.0.4"
    assert found["role_vpn"]["hosts"] == ["vpn"]
    assert set(found["site_colo"]["hosts"]) >= {"edge", "vpn", "lns", "radius"}
