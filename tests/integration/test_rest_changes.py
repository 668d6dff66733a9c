"""Changes of machines over HTTP: planned, read, approved, applied behind the answer, put back. Machines are folders."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from api.app import create
from api.rest import machines
from foundation import clock
from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.settings import Settings
from inventory import lines, mandates, members, offers, tokens
from inventory.lines import Ordering
from inventory.models.mandates import Task
from provisioning import targets
from provisioning.lock import locked

URL = "http://127.0.0.1:8642"
KEY = base64.b64encode(b"c" * 32).decode()
OVER = ("applied", "failed", "stale", "reverted")
TASKS = (Task.CHANGES_PROPOSE, Task.CHANGES_APPROVE, Task.CHANGES_APPLY)


@dataclass
class Door:
    """M0001 may plan, approve and apply everything; M0002 only what is on the machine `vpn`."""

    store: Store
    client: TestClient
    folder: Path
    shown: dict[str, dict[str, str]]

    def get(self, path: str, who: str = "M0001") -> httpx2.Response:
        return self.client.get(f"/api/v1{path}", headers=self.shown[who])

    def post(self, path: str, body: Any = None, who: str = "M0001", **headers: str) -> httpx2.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"json": body} if body is not None else {}
        return self.client.post(f"/api/v1{path}", headers={**self.shown[who], **named}, **sent)

    def planned(self, *of: str, who: str = "M0001") -> dict[str, Any]:
        """What a plan finds, by target."""
        said = self.post("/changes/plan", {"lines": list(of)} if of else None, who)
        assert said.status_code == 200, said.text
        return {one["target"]: one for one in said.json()["items"]}

    def bring(self, number: str) -> str:
        """Approve a change and apply it; the state that it comes to."""
        assert self.post(f"/changes/{number}/approve").status_code == 200
        said = self.post(f"/changes/{number}/apply")
        assert said.status_code == 202, said.text
        assert said.headers["Location"] == f"/api/v1/changes/{number}"
        assert said.json()["state"] in ("applying", *OVER)
        return self.ended(number)

    def ended(self, number: str) -> str:
        """How a change ended, once it has."""
        for _ in range(200):
            state: str = self.get(f"/changes/{number}").json()["state"]
            if state in OVER:
                return state
            time.sleep(0.05)
        raise AssertionError(f"{number} is {state}")

    def order(self) -> None:
        """One more tunnel."""
        with transaction(self.store) as session:
            act, who = Act("machine:test", clock.now()), members.find_member(session, "M0041")
            lines.order_line(
                session, replace(act, emergency=False, actor="M0001"), who, offers.find_offer(session, "vpn"),
                Ordering(public_key=KEY),
            )  # fmt: skip


@pytest.fixture
def door(sampled: Store, act: Act, tmp_path: Path) -> Iterator[Door]:
    """The sample association, of whose machines none was ever configured."""
    shown, store = {}, sampled
    with transaction(store) as session:
        first, second = (members.find_member(session, number) for number in ("M0001", "M0002"))
        now = replace(act, at=clock.now())
        mandates.give(session, now, first, Task.MANDATES_GIVE)
        hers = replace(now, actor="M0001")
        for task in (*TASKS, Task.LINES_WRITE):
            mandates.give(session, hers, first, task)
        for task in TASKS:
            mandates.give(session, hers, second, task, scope="device:vpn")
        for member in (first, second):
            deed = replace(now, actor=str(member))
            shown[str(member)] = {
                "Authorization": f"Bearer {tokens.create_token(session, deed, member, 'x', [*TASKS])[1]}"
            }
    url = store.engine.url.render_as_string(hide_password=False)
    with TestClient(create(Settings(var=tmp_path, driver="console", database_url=url)), base_url=URL) as client:
        yield Door(store, client, tmp_path, shown)


def test_a_change_goes_from_the_plan_to_the_machine(door: Door) -> None:
    found = door.planned()
    one = found["vpn/wireguard"]
    assert one["problem"] is None
    assert one["lines"]
    diff = door.get(f"/changes/{one['change']}/diff").json()["diff"]
    assert diff == one["diff"]
    assert "+[Peer]" in diff
    assert "PrivateKey = \N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}" in diff
    assert door.post(f"/changes/{one['change']}/apply").json()["type"].endswith(":not-approved")
    assert door.bring(one["change"]) == "applied"
    held = door.folder / "console" / "vpn" / "wireguard" / "wg0.conf"
    assert "# L0042" in held.read_text()
    row = door.get(f"/changes/{one['change']}").json()
    assert (row["proposed_by"], row["approved_by"], row["applied_by"]) == ("M0001", "M0001", "M0001")
    again = door.post(f"/changes/{one['change']}/apply")
    assert (again.status_code, again.json()["type"]) == (409, "urn:essaim:problem:not-to-apply")
    assert door.planned()["vpn/wireguard"]["change"] is None


def test_what_was_decided_upon_another_version_is_refused(door: Door) -> None:
    number = door.planned()["vpn/wireguard"]["change"]
    read = door.get(f"/changes/{number}").headers["ETag"]
    assert door.post(f"/changes/{number}/approve", If_Match='"other"').status_code == 412
    assert door.post(f"/changes/{number}/approve", If_Match=read).status_code == 200
    assert door.post(f"/changes/{number}/apply", If_Match=read).status_code == 412
    assert door.get(f"/changes/{number}").json()["state"] == "approved"


def test_a_machine_that_changed_since_is_left_alone(door: Door) -> None:
    number = door.planned()["vpn/wireguard"]["change"]
    assert door.bring(number) == "applied"
    door.order()
    number = door.planned()["vpn/wireguard"]["change"]
    held = door.folder / "console" / "vpn" / "wireguard" / "wg0.conf"
    held.write_text(held.read_text().replace("MTU = 1420", "MTU = 1399"))
    assert door.bring(number) == "stale"
    assert "MTU = 1399" in held.read_text()


def test_a_line_plans_the_machines_that_it_touches_and_no_other(door: Door) -> None:
    every = set(door.planned())
    of_line = set(door.planned("L0042"))
    assert {"vpn/wireguard", "vpn/antispoofing"} <= of_line < every
    assert not [name for name in of_line if name.startswith(("lns/", "radius/"))]
    assert of_line <= set(door.planned("M0042"))
    assert door.post("/changes/plan", {"lines": ["L9999"]}).status_code == 404


def test_whoever_may_on_one_machine_sees_that_one_alone(door: Door) -> None:
    door.planned()
    assert {name.partition("/")[0] for name in door.planned(who="M0002")} == {"vpn"}
    rows = door.get("/changes?target=radius").json()["items"]
    assert [row["target"] for row in rows] == ["radius/radius"]
    assert door.get(f"/changes/{rows[0]['number']}", "M0002").status_code == 404
    assert door.post(f"/changes/{rows[0]['number']}/apply", who="M0002").status_code == 404


def test_a_change_is_put_back_and_a_plan_rejected(door: Door) -> None:
    first = door.planned()["vpn/wireguard"]["change"]
    assert door.bring(first) == "applied"
    assert door.post(f"/changes/{first}/revert").json()["type"].endswith(":nothing-before")
    door.order()
    second = door.planned()["vpn/wireguard"]["change"]
    assert door.bring(second) == "applied"
    back = door.post(f"/changes/{second}/revert").json()
    assert back["impact"] == "cuts"
    row = door.get(f"/changes/{back['change']}").json()
    assert (row["purpose"], row["of"]) == ("revert", second)
    assert door.post(f"/changes/{back['change']}/reject", {}).status_code == 422
    assert door.post(f"/changes/{back['change']}/reject", {"why": "pas encore"}).json()["reason"] == "pas encore"
    rejected = door.get("/changes?state=rejected&fields=number").json()["items"]
    assert rejected == [{"number": back["change"]}]


def test_several_changes_are_applied_by_one_request_and_the_fate_of_each_is_read(door: Door) -> None:
    found = door.planned()
    of = ("vpn/wireguard", "vpn/antispoofing", "lns/antispoofing", "radius/radius")
    numbers = [found[target]["change"] for target in of]
    refused = door.post("/changes/apply", {"changes": numbers})
    assert refused.json()["type"].endswith(":not-approved")
    for number in numbers:
        assert door.post(f"/changes/{number}/approve").status_code == 200
    busy = next(target for _, target in every_target(door) if str(target) == "radius/radius")
    with locked(Settings(var=door.folder), busy):
        said = door.post("/changes/apply", {"changes": [*numbers, numbers[0]]})
        assert said.status_code == 202, said.text
        items = said.json()["items"]
        assert [(one["number"], one["target"]) for one in items] == list(zip(numbers, of, strict=True))
        assert [one["problem"] for one in items] == [None, None, None, "target-busy"]
        assert "radius/radius" in items[3]["sentence"]
        assert items[3]["state"] == "approved"
        for one in items[:3]:
            assert one["location"] == f"/api/v1/changes/{one['number']}"
            assert door.ended(one["number"]) == "applied"
    again = door.post("/changes/apply", {"changes": [numbers[3]]})
    assert again.json()["items"][0]["problem"] is None
    assert door.ended(numbers[3]) == "applied"
    for wrong, status in (([], 422), (["C9999"], 404), ([*numbers, "C9999"], 404), ([f"C{n}" for n in range(11)], 422)):
        assert door.post("/changes/apply", {"changes": wrong}).status_code == status, wrong


def test_a_request_for_several_changes_is_for_those_that_one_may_see(door: Door) -> None:
    found = door.planned()
    numbers = [found[target]["change"] for target in ("vpn/wireguard", "radius/radius")]
    for number in numbers:
        door.post(f"/changes/{number}/approve")
    assert door.post("/changes/apply", {"changes": numbers}, "M0002").status_code == 404
    assert door.post("/changes/apply", {"changes": numbers[:1]}, "M0002").status_code == 202
    assert door.ended(numbers[0]) == "applied"
    assert door.get(f"/changes/{numbers[1]}").json()["state"] == "approved"


def every_target(door: Door) -> list[Any]:
    with reading(door.store) as session:
        return list(targets.every_target(session))


def test_who_comes_when_all_hands_are_full_is_asked_to_come_again(door: Door) -> None:
    number = door.planned()["vpn/wireguard"]["change"]
    door.post(f"/changes/{number}/approve")
    taken = [machines.HANDS.acquire() for _ in range(machines.AT_ONCE)]
    try:
        for said in (door.post("/changes/plan"), door.post(f"/changes/{number}/apply")):
            assert (said.status_code, said.json()["type"]) == (503, "urn:essaim:problem:hands-full")
    finally:
        for _ in taken:
            machines.HANDS.release()
    assert door.get(f"/changes/{number}").json()["state"] == "approved"
    door.post(f"/changes/{number}/apply")
    assert door.ended(number) == "applied"
