"""Changes at the terminal, with texts in a folder for machines: from the plan to what undoes it."""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from desk import sample
from foundation.database import open_store, transaction
from foundation.settings import Settings, read_settings
from provisioning.models import Change

COMMAND = Path(sys.executable).with_name("essaim")
KEY = base64.b64encode(b"c" * 32).decode()
NEW_LINE = ("line", "order", "M0041", "--offer", "vpn", "--key", KEY)


def peopled(settings: Settings) -> None:
    """The sample's members, lines and machines; each machine is a folder of texts."""
    (settings.var / "essaim.toml").write_text('driver = "console"\n')
    store = open_store(settings)
    with transaction(store) as session:
        sample.populate(session)
    store.engine.dispose()


@pytest.fixture
def asso(built: Any, stand_in: Callable[[Any], Any]) -> Any:
    """A terminal where everything is applied already."""
    terminal = stand_in(
        built("change plan", "change approve --all --why 'the first day'", "change apply --yes", first=peopled)
    )
    for held in (terminal.folder / "console").glob("*/[!.]*"):
        held.rename(held.with_name(f".{held.name}-copied"))  # a copy of an association has folders for links
        held.symlink_to(f".{held.name}-copied")
    return terminal


def config(asso: Any) -> Path:
    """What the VPN server holds."""
    path: Path = asso.folder / "console" / "vpn" / "wireguard" / "wg0.conf"
    return path


def by_hand(asso: Any) -> None:
    """Somebody changes the VPN server."""
    config(asso).write_text(config(asso).read_text().replace("MTU = 1420", "MTU = 1399"))


def planned(asso: Any, *who: str) -> str:
    """The change of the VPN server that a plan finds."""
    found = json.loads(asso(*who, "change", "plan", "--json").out)
    (number,) = [one["change"] for one in found if one["target"] == "vpn/wireguard"]
    return str(number)


def bring(asso: Any, number: str) -> None:
    """Approve a change and apply it."""
    asso("change", "approve", number)
    asso("change", "apply", number, "--yes")


def test_what_an_offer_promises_and_the_path_does_not_carry_is_said_beside_the_plan(asso: Any) -> None:
    assert "promet" not in asso("change", "plan").out
    asso("offer", "change", "adsl", "--mtu", "1492")
    told = asso("change", "plan").out
    assert "▲ lns/l2tp : l'offre adsl promet des paquets de 1492 octets, une session n'en porte ici que 1460." in told
    found = json.loads(asso("change", "plan", "--json").out)
    assert [one["target"] for one in found if one["remarks"]] == ["lns/l2tp"]
    asso("wholesaler", "add", "gros", "--collection", "white-label", "--sister", "sœur", "--path-mtu", "1532")
    asso("offer", "change", "adsl", "--wholesaler", "gros")
    told = asso("change", "plan").out
    assert "promet" not in told
    assert "l2tp_mtu 1530" in told


def test_what_is_left_out_where_logins_are_rows_is_said_before_anyone_relies_on_it(asso: Any) -> None:
    def said(lang: str) -> list[str]:
        told = asso("change", "plan", status=1, lang=lang).out  # nobody has given it the database's password yet
        return [row for row in told.splitlines() if row.startswith("▲ radius/radius-sql")]

    assert "radacct" not in asso("change", "plan").out
    asso("device", "change", "radius", "--platform", "freeradius-sql")
    (french,), (english,) = said("fr"), said("en")
    assert "(radacct) ne sont pas lues : essaim line status ne saura pas si une ligne PPP est connectée." in french
    assert "(radacct) are not read: essaim line status will not know whether a PPP line is connected." in english
    address = json.loads(asso("device", "show", "radius", "--json").out)["management"]
    added = "device add radius-detail --role radius --platform freeradius --site colo --management"
    asso(*added.split(), address)
    assert said("fr") == []
    asso("device", "retire", "radius-detail", "--yes")
    assert said("fr") == [french]


def applied(asso: Any) -> str:
    """One more line on the VPN server, brought there."""
    asso(*NEW_LINE)
    number = planned(asso)
    bring(asso, number)
    return number


def state(asso: Any, number: str) -> str:
    return str(json.loads(asso("change", "show", number, "--json").out)["state"])


def drifted(asso: Any) -> dict[str, Any]:
    """How each target stands, by its name."""
    return {one["target"]: one for one in json.loads(asso("drift", "--json").out)}


# What is refused


def test_a_machine_that_changed_since_the_plan_is_left_alone(asso: Any) -> None:
    asso(*NEW_LINE)
    number = planned(asso)
    asso("change", "approve", number)
    by_hand(asso)
    held = config(asso).read_text()
    said = asso("change", "apply", number, "--yes", status=1)
    assert "a changé depuis le plan" in said.out
    assert (config(asso).read_text(), state(asso, number)) == (held, "stale")
    assert "ne peut plus être appliqué" in asso("change", "apply", number, "--yes", status=1).err


def test_what_nobody_approved_is_not_applied(asso: Any) -> None:
    asso(*NEW_LINE)
    number, held = planned(asso), config(asso).read_text()
    assert "il faut d'abord l'approuver" in asso("change", "apply", number, "--yes", status=1).err
    assert "approved first" in asso("change", "apply", number, "--yes", status=1, lang="en").err
    assert config(asso).read_text() == held


def test_an_approval_that_has_expired_is_not_applied_and_may_be_given_again(asso: Any) -> None:
    asso(*NEW_LINE)
    number, held = planned(asso), config(asso).read_text()
    asso("change", "approve", number)
    store = open_store(read_settings(var=asso.folder))
    with transaction(store) as session:
        change = session.scalars(select(Change).order_by(Change.number.desc())).first()
        assert change is not None
        assert change.approved_at is not None
        change.approved_at -= timedelta(hours=73)
    store.engine.dispose()
    said = asso("change", "apply", "--yes", status=1)
    assert f"essaim change approve {number}" in said.out
    assert (config(asso).read_text(), state(asso, number)) == (held, "expired")
    bring(asso, number)
    assert state(asso, number) == "applied"


def test_a_rejected_change_and_a_replaced_one_are_not_applied(asso: Any) -> None:
    asso(*NEW_LINE)
    first = planned(asso)
    second = planned(asso)
    assert "Dites pourquoi" in asso("change", "reject", second, status=1).err
    assert "le plan le proposera de nouveau" in asso("change", "reject", second, "--why", "pas cette semaine").out
    shown = asso("change", "show", second).out
    assert "rejeté" in shown
    assert "pas cette semaine" in shown
    for number in (first, second):
        for verb in ("approve", "apply"):
            asso("change", verb, number, status=1)
    assert [state(asso, number) for number in (first, second)] == ["superseded", "rejected"]


def test_with_two_the_proposer_is_told_who_can_approve(asso: Any) -> None:
    asso("mandate", "give", "M0041", "mandates.give")
    for task in ("changes.propose", "changes.approve", "changes.apply", "rules.set", "lines.write"):
        asso("--as", "M0041", "mandate", "give", "M0041", task)
    asso("--as", "M0041", "mandate", "give", "M0042", "changes.approve")
    asso("--as", "M0041", "rule", "set", "changes.second", "1")
    asso("--as", "M0041", *NEW_LINE)
    number = planned(asso, "--as", "M0041")
    assert "changes.second" in asso("--as", "M0041", "change", "approve", number, status=5).err
    asso("--as", "M0042", "change", "approve", number)
    asso("--as", "M0042", "change", "apply", number, "--yes", status=5)
    asso("--as", "M0041", "change", "apply", number, "--yes")
    assert state(asso, number) == "applied"


def test_what_passes_alone_needs_only_to_be_applied(asso: Any) -> None:
    asso("rule", "set", "changes.alone", "1")
    asso(*NEW_LINE)
    said = asso("change", "plan").out
    assert "La règle changes.alone l'approuve." in said
    assert "Appliquer : essaim change apply" in said
    approvals = [one for one in json.loads(asso("journal", "show", "--json").out) if one["verb"] == "change.approve"]
    assert approvals[0]["facts"] == {"by": "changes.alone"}
    asso("change", "apply", "--yes")
    assert KEY in config(asso).read_text()


# Going back


def test_a_change_is_taken_back_by_another_that_is_approved_as_any(asso: Any) -> None:
    before = config(asso).read_text()
    number = applied(asso)
    after = config(asso).read_text()
    said = asso("change", "revert", number)
    assert "L'inventaire, lui, n'a pas changé" in said.out
    assert f"-PublicKey = {KEY}" in said.out
    (back,) = {word.strip("():.") for word in said.out.split() if word.startswith("(C")}
    assert config(asso).read_text() == after
    asso("change", "apply", back, "--yes", status=1)
    bring(asso, back)
    assert config(asso).read_text() == before
    assert number in asso("change", "show", back, lang="en").out
    assert drifted(asso)["vpn/wireguard"]["standing"] == "as-left"
    assert "tient déjà" in asso("change", "revert", number).out
    assert f"+PublicKey = {KEY}" in asso("change", "show", planned(asso)).out


def test_only_what_was_applied_is_taken_back_and_only_where_something_was(asso: Any) -> None:
    asso(*NEW_LINE)
    assert "n'a rien changé" in asso("change", "revert", planned(asso), status=1).err
    listed = json.loads(asso("change", "list", "--target", "vpn/wireguard", "--json").out)
    assert "aucune configuration" in asso("change", "revert", listed[-1]["change"], status=1).err
    asso("change", "revert", "C9999", status=3)


def test_the_history_of_a_target_is_its_own(asso: Any) -> None:
    number = applied(asso)
    found = json.loads(asso("change", "list", "--target", "vpn/wireguard", "--json").out)
    assert [one["target"] for one in found] == ["vpn/wireguard"] * 2
    assert found[0]["change"] == number
    of_machine = json.loads(asso("change", "list", "--target", "vpn", "--json").out)
    assert {one["target"].partition("/")[0] for one in of_machine} == {"vpn"}
    asso("change", "list", "--target", "nowhere", status=3)


# Drift


def test_a_machine_is_as_we_left_it_though_the_inventory_has_moved_on(asso: Any) -> None:
    asso(*NEW_LINE)
    assert {one["standing"] for one in drifted(asso).values()} == {"as-left"}
    assert "comme nous l'avons laissé" in asso("drift").out


def test_what_was_done_by_hand_is_told_and_may_be_undone(asso: Any) -> None:
    secret = config(asso).read_text().split("PrivateKey = ")[1].split("\n")[0]
    config(asso).write_text(config(asso).read_text().replace(secret, base64.b64encode(b"h" * 32).decode()))
    asso(*NEW_LINE)
    said = asso("drift")
    assert "± vpn/wireguard : modifié à la main" in said.out
    assert "essaim line order" in said.out
    assert "+PrivateKey = ‹secret" in said.out
    assert secret not in said.out
    assert "± vpn/wireguard: changed by hand" in asso("drift", lang="en").out
    undo = json.loads(asso("drift", "--undo", "--json").out)
    (number,) = [one["undo"] for one in undo if one["undo"]]
    assert state(asso, number) == "planned"
    bring(asso, number)
    assert KEY not in config(asso).read_text()
    assert secret in config(asso).read_text()
    assert {one["standing"] for one in drifted(asso).values()} == {"as-left"}


def test_what_was_done_by_hand_and_is_wanted_is_not_undone(asso: Any) -> None:
    before = config(asso).read_text()
    applied(asso)
    wanted = config(asso).read_text()
    bring(asso, json.loads(asso("change", "revert", planned_applied(asso), "--json").out)["change"])
    assert config(asso).read_text() == before
    config(asso).write_text(wanted)
    one = json.loads(asso("drift", "--undo", "--json").out)
    assert [(each["standing"], each["undo"]) for each in one if each["target"] == "vpn/wireguard"] == [
        ("as-wanted", None)
    ]


def planned_applied(asso: Any) -> str:
    """The last change of the VPN server."""
    return str(json.loads(asso("change", "list", "--target", "vpn/wireguard", "--json").out)[0]["change"])


def test_where_nothing_was_ever_applied_drift_says_so(built: Any, stand_in: Callable[[Any], Any]) -> None:
    bare = stand_in(built(first=peopled))
    assert "rien n'y a jamais été appliqué" in bare("drift").out
    assert {one["standing"] for one in drifted(bare).values()} == {"never-applied"}


# The history in git

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True, text=True).stdout


@needs_git
def test_each_applied_change_is_a_commit_and_a_second_export_adds_only_what_is_new(asso: Any, tmp_path: Path) -> None:
    folder = tmp_path / "history"
    secret = config(asso).read_text().split("PrivateKey = ")[1].split("\n")[0]
    first = json.loads(asso("change", "export-git", str(folder), "--json").out)
    assert first == {"changes": len(drifted(asso)), "new": len(drifted(asso))}
    assert (folder / "vpn" / "wireguard" / "wg0.conf").read_text().count("[Peer]") > 5
    assert secret not in git(folder, "log", "-p")
    assert "the first day" in git(folder, "log", "-1", "--format=%B")
    head = git(folder, "rev-parse", "HEAD")
    assert json.loads(asso("change", "export-git", str(folder), "--json").out)["new"] == 0
    assert git(folder, "rev-parse", "HEAD") == head
    asso("mandate", "give", "M0041", "mandates.give")
    for task in ("changes.propose", "changes.approve", "changes.apply", "lines.write"):
        asso("--as", "M0041", "mandate", "give", "M0041", task)
    asso("--as", "M0041", *NEW_LINE)
    number = planned(asso, "--as", "M0041")
    asso("--as", "M0041", "change", "approve", number, "--why", "Essaim-Change: C9999")
    asso("--as", "M0041", "change", "apply", "--yes", number)
    assert ": 1. Il en tient" in asso("change", "export-git", str(folder)).out
    assert git(folder, "log", "-1", "--format=%an <%ae>").strip() == "M0041 <M0041@essaim.invalid>"
    assert git(folder, "log", "-1", "--format=%P") == head
    assert git(folder, "status", "--porcelain") == ""
    assert f"+PublicKey = {KEY}" in git(folder, "log", "-1", "-p")
    assert "Ne coupe personne" in git(folder, "log", "-1", "--format=%s")


@needs_git
def test_a_folder_that_holds_something_else_is_left_as_it_is(asso: Any, tmp_path: Path) -> None:
    theirs, mine = tmp_path / "theirs", tmp_path / "mine"
    theirs.mkdir()
    git(theirs, "init", "--quiet")
    for folder in (theirs, mine):
        folder.mkdir(exist_ok=True)
        (folder / "thesis.txt").write_text("two years of work\n")
        assert "Rien n'a été écrit" in asso("change", "export-git", str(folder), status=1).err
        assert (folder / "thesis.txt").read_text() == "two years of work\n"
    git(theirs, "add", ".")
    git(theirs, "-c", "user.name=A", "-c", "user.email=a@b.example", "commit", "--quiet", "-m", "mine")
    git(theirs, "branch", "--move", "main")
    asso("change", "export-git", str(theirs), status=1)
    assert git(theirs, "log", "--format=%s") == "mine\n"


@needs_git
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_export_whose_git_is_killed_at_any_step_is_completed_by_the_next(
    asso: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    whole, real, path = tmp_path / "whole", shutil.which("git"), os.environ["PATH"]
    asso("change", "export-git", str(whole))
    killed = tmp_path / "bin" / "git"
    killed.parent.mkdir()
    work = f'"{real}" "$@"; status=$?'
    for step in range(1, 20):
        count, folder = tmp_path / f"count{step}", tmp_path / f"killed{step}"
        killed.write_text(
            f"""#!/bin/sh
            echo >> {count}
            {work if when == "after" else ""}
            [ "$(wc -l < {count})" -eq {step} ] && {{ touch {folder}/.git/index.lock; kill -9 $$; }}
            {work if when == "before" else ""}
            exit $status
            """
        )
        killed.chmod(0o755)
        monkeypatch.setenv("PATH", f"{killed.parent}:{path}")
        said = asso.run("change", "export-git", str(folder), lang="fr")
        monkeypatch.setenv("PATH", path)
        if len(count.read_text()) < step:
            break
        assert "Traceback" not in said.err
        asso("change", "export-git", str(folder))
        assert git(folder, "rev-parse", "HEAD") == git(whole, "rev-parse", "HEAD")
        assert git(folder, "status", "--porcelain") == ""
    assert step > 6


@needs_git
def test_an_export_killed_with_its_git_is_completed_by_the_next(asso: Any, tmp_path: Path) -> None:
    whole, folder = tmp_path / "whole", tmp_path / "killed"
    asso("change", "export-git", str(whole))
    environment = {**os.environ, "ESSAIM_VAR": str(asso.folder)}
    running = subprocess.Popen([COMMAND, "change", "export-git", folder], env=environment, start_new_session=True,
                               stdout=subprocess.DEVNULL)  # fmt: skip
    while running.poll() is None and not folder.exists():
        time.sleep(0.001)
    time.sleep(random.uniform(0, 0.05))
    with suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    asso("change", "export-git", str(folder))
    assert git(folder, "rev-parse", "HEAD") == git(whole, "rev-parse", "HEAD")


def test_without_git_the_export_says_what_to_install(
    asso: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "apt install git" in asso("change", "export-git", str(tmp_path / "history"), status=4).err
    assert not (tmp_path / "history").exists()


def test_a_plan_of_one_line_looks_at_its_machines_alone(asso: Any) -> None:
    asso(*NEW_LINE)
    by_hand(asso)
    of_copper = json.loads(asso("change", "plan", "--line", "L0002", "--json").out)
    assert {one["target"] for one in of_copper} == {"lns/antispoofing", "lns/l2tp", "radius/radius"}
    assert not [one for one in of_copper if one["change"]]
    of_member = json.loads(asso("change", "plan", "--line", "M0041", "--json").out)
    assert "vpn/wireguard" in {one["target"] for one in of_member if one["change"]}
    assert "± vpn/wireguard" in asso("change", "plan", "--line", "L0042").out
    assert "Aucune ligne L0999" in asso("change", "plan", "--line", "L0999", status=3).err


def test_a_line_that_no_machine_knows_has_no_plan(asso: Any) -> None:
    asso("offer", "add", "baie", "--title", "Baie", "--technology", "colocation")
    line = json.loads(asso("line", "order", "M0041", "--offer", "baie", "--json").out)["number"]
    assert "Aucune machine n'en porte la marque" in asso("change", "plan", "--line", line).out
    assert "No machine bears its mark" in asso("change", "plan", "--line", line, lang="en").out
