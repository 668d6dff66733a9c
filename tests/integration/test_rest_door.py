"""The REST door as a program meets it: pages, versions, keys, bodies, who looked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select, text
from starlette.testclient import TestClient

from api.app import create
from foundation import journal
from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.settings import Settings
from inventory import addresses, devices, lines, mandates, members, offers, places, tokens
from inventory.lines import Ordering
from inventory.models.addresses import Assignment
from inventory.models.mandates import Task

URL = "http://127.0.0.1:8642"
KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@dataclass
class Hour:
    """The instant that requests see."""

    at: datetime


@dataclass
class Door:
    """Ada, who holds every mandate, before the door, with a token of all of them; Béa has a line."""

    store: Store
    client: TestClient
    hour: Hour
    act: Act
    ada: dict[str, str]
    bea: dict[str, str]

    def get(self, path: str, who: dict[str, str] | None = None, **headers: str) -> httpx2.Response:
        return self.client.get(f"/api/v1{path}", headers={**(who or self.ada), **_named(headers)})

    def post(self, path: str, body: Any = None, who: dict[str, str] | None = None, **headers: str) -> httpx2.Response:
        sent = {"json": body} if body is not None else {}
        return self.client.post(f"/api/v1{path}", headers={**(who or self.ada), **_named(headers)}, **sent)

    def patch(self, path: str, body: Any, **headers: str) -> httpx2.Response:
        return self.client.patch(f"/api/v1{path}", headers={**self.ada, **_named(headers)}, json=body)

    def count(self) -> int:
        with reading(self.store) as session:
            return session.scalar(select(func.count()).select_from(Assignment)) or 0


@pytest.fixture
def door(store: Store, act: Act, tmp_path: Path) -> Iterator[Door]:
    shown = {}
    with transaction(store) as session:
        ada, bea = (members.add_member(session, act, f"{name} Exemple") for name in ("Ada", "Béa"))
        site = places.add_site(session, act, "cave")
        vpn = devices.add_device(session, act, "vpn", role="vpn", platform="debian", site=site)
        v4 = addresses.create_pool(session, act, "v4", ip_network("198.51.100.0/24"), handed=32, device=vpn)
        offer = offers.add_offer(session, act, "vpn", "VPN", "wireguard", device=vpn, pool_v4=v4)
        lines.order_line(session, act, bea, offer, Ordering(public_key=KEY))
        mandates.give(session, act, ada, Task.MANDATES_GIVE)
        for task in Task:
            if task != Task.MANDATES_GIVE:
                mandates.give(session, replace(act, actor="M0001"), ada, task)
        for member, tasks in ((ada, list(Task)), (bea, ["own"])):
            theirs = replace(act, actor=str(member))
            shown[str(member)] = tokens.create_token(session, theirs, member, "laptop", tasks)[1]
    app = create(Settings(var=tmp_path, database_url=store.engine.url.render_as_string(hide_password=False)))
    hour = Hour(act.at)
    app.state.now = lambda: hour.at
    with TestClient(app, base_url=URL) as client:
        yield Door(store, client, hour, act, *({"Authorization": f"Bearer {one}"} for one in shown.values()))


def test_pages_follow_one_another_until_the_end(door: Door) -> None:
    for rank in range(5):
        door.post("/members", {"name": f"Personne {rank}"})
    seen, path = [], "/members?limit=3&fields=number"
    while path:
        page = door.get(path).json()
        seen.append([row["number"] for row in page["items"]])
        path = f"/members?limit=3&fields=number&after={page['next']}" if page["next"] else ""
    assert seen == [["M0001", "M0002", "M0003"], ["M0004", "M0005", "M0006"], ["M0007"]]


def test_addresses_are_paged_by_their_prefix(door: Door) -> None:
    door.post("/addresses/allocate", {"pool": "v4", "line": "L0001", "role": "routed", "count": 5})
    first = door.get("/addresses?limit=4").json()
    rest = door.get(f"/addresses?limit=4&after={first['next']}").json()
    assert [row["prefix"] for row in first["items"] + rest["items"]] == [f"198.51.100.{last}/32" for last in range(6)]
    assert rest["next"] is None


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/members?after=%E2%82%AC", "bad-cursor"),
        ("/addresses?after=bm9uc2Vuc2U", "bad-cursor"),
        ("/members?after=XTAwMDE", "bad-cursor"),
        ("/devices?after=AAAA", "bad-cursor"),
        ("/devices/%00", "bad-request"),
        ("/members?fields=number,secret", "no-such-field"),
        ("/members?nmae=x", "no-such-filter"),
        ("/members?limit=1001", "bad-request"),
        ("/members?limit=0", "bad-request"),
        ("/members?kind=%00", "bad-request"),
        ("/members/XYZ", "bad-number"),
    ],
)
def test_what_is_asked_wrongly_is_refused_by_name(door: Door, path: str, kind: str) -> None:
    answer = door.get(path)
    assert answer.status_code == 422
    assert answer.json()["type"] == f"urn:essaim:problem:{kind}"


def test_whoever_has_the_answer_already_is_not_sent_it_again(door: Door) -> None:
    for path in ("/members", "/members/M0002", "/lines/L0001", "/me", "/pools/v4"):
        first = door.get(path)
        again = door.get(path, if_none_match=f'W/{first.headers["etag"]}, "other"')
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert again.headers["cache-control"] == "private, no-cache"


def test_an_etag_changes_when_the_row_does_and_only_then(door: Door) -> None:
    before = door.get("/members/M0002").headers["etag"]
    door.post("/members", {"name": "Zoé Exemple"})
    assert door.get("/members/M0002").headers["etag"] == before
    door.post("/members/M0002/contacts", {"kind": "phone", "value": "+33 1 99 00 12 34"})
    assert door.get("/members/M0002").headers["etag"] != before


def test_a_change_says_what_it_was_decided_upon(door: Door) -> None:
    change = {"name": "Béatrice Exemple"}
    assert door.patch("/members/M0002", change).status_code == 428
    read = door.get("/members/M0002")
    assert door.patch("/members/M0002", change, if_match='"other"').status_code == 412
    changed = door.patch("/members/M0002", change, if_match=read.headers["etag"])
    assert (changed.status_code, changed.json()["name"]) == (200, "Béatrice Exemple")
    assert changed.headers["etag"] == door.get("/members/M0002").headers["etag"]
    assert door.patch("/members/M0002", change, if_match=read.headers["etag"]).json()["type"].endswith(":stale")


def test_of_two_who_change_one_row_at_once_one_alone_does(door: Door) -> None:
    etag = door.get("/members/M0002").headers["etag"]
    statuses: list[int] = []
    together = threading.Barrier(2)

    def change(name: str) -> None:
        together.wait()
        statuses.append(door.patch("/members/M0002", {"name": name}, if_match=etag).status_code)

    threads = [threading.Thread(target=change, args=(name,)) for name in ("Béa Une", "Béa Deux")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(statuses) == [200, 412]


def test_a_verb_may_say_what_it_was_decided_upon_too(door: Door) -> None:
    etag = door.get("/lines/L0001").headers["etag"]
    suspended = door.post("/lines/L0001/transitions", {"to": "suspended"}, if_match=etag, essaim_why="essai")
    assert (suspended.status_code, suspended.json()["state"]) == (200, "suspended")
    assert door.post("/lines/L0001/transitions", {"to": "active"}, if_match=etag).status_code == 412


@pytest.mark.parametrize(
    ("why", "kind"),
    [
        ("\u202eécrit à l'envers", "bad-words"),
        ("a\u2066b", "bad-words"),
        ("\x85", "bad-words"),
        ("a\tb", "bad-words"),
        ("é" * 501, "too-many-words"),
    ],
)
def test_a_why_that_cannot_be_kept_is_refused_before_anything_is_done(door: Door, why: str, kind: str) -> None:
    headers = {**door.ada, "Essaim-Why": why.encode()}
    refused = door.client.post("/api/v1/lines/L0001/transitions", json={"to": "suspended"}, headers=headers)
    assert (refused.status_code, refused.json()["type"]) == (400, f"urn:essaim:problem:{kind}")
    assert door.get("/lines/L0001").json()["state"] == "active"


def test_a_lower_quorum_waits_for_someone_else(door: Door) -> None:
    def say(value: str) -> httpx2.Response:
        etag = door.get("/rules/mandates.quorum").headers["ETag"]
        return door.patch("/rules/mandates.quorum", {"value": value}, if_match=etag)

    assert say("2").json()["proposed"] is None
    waits = say("1").json()
    assert (waits["value"], waits["proposed"], waits["proposed_by"]) == ("2", "1", "M0001")
    again = say("1")
    assert (again.status_code, again.json()["type"]) == (403, "urn:essaim:problem:lower-by-another")


def test_why_is_kept_as_it_was_written(door: Door) -> None:
    headers = {**door.ada, "Essaim-Why": "dégât des eaux".encode()}
    door.client.post("/api/v1/lines/L0001/transitions", json={"to": "suspended"}, headers=headers)
    with reading(door.store) as session:
        deed = journal.show(session, subject="L0001", limit=1)[0]
    assert (deed.actor, deed.verb, deed.why) == ("M0001", "line.state", "dégât des eaux")


def test_a_row_that_is_created_is_where_its_answer_says(door: Door) -> None:
    made = door.post("/members", {"name": "Zoé Exemple"})
    assert made.status_code == 201
    assert made.headers["location"] == "/api/v1/members/M0003"
    assert door.client.get(made.headers["location"], headers=door.ada).json() == made.json()


def test_what_nobody_knows_is_refused_and_not_repeated(door: Door) -> None:
    answer = door.post("/members", {"name": "Zoé", "passwrod": "s3cret"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == "body.passwrod"
    assert "s3cret" not in answer.text
    assert door.post("/members", {"name": "a\u0000b"}).status_code == 422
    assert door.post("/devices/vpn/outlets", {"labels": ["a\u0000b"]}).status_code == 422
    assert door.post("/members/M0002/become", {"kind": "x" * 33}).status_code == 422


def test_bodies_are_larger_for_whoever_shows_a_token(door: Door) -> None:
    large = {"labels": ["x" * 40] * 1000}
    assert door.post("/devices/vpn/outlets", large).status_code == 422
    assert door.client.post("/api/v1/devices/vpn/outlets", json=large).status_code == 413
    assert door.post("/devices/vpn/outlets", {"labels": ["x" * 2_000_000]}).status_code == 413


def test_the_same_request_under_the_same_key_does_nothing_twice(door: Door) -> None:
    asked = {"pool": "v4", "line": "L0001", "role": "routed"}
    before = door.count()
    first = door.post("/addresses/allocate", asked, idempotency_key="one")
    again = door.post("/addresses/allocate", asked, idempotency_key="one")
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert door.count() == before + 1
    other = door.post("/addresses/allocate", {**asked, "count": 2}, idempotency_key="one")
    assert other.json()["type"] == "urn:essaim:problem:key-used-otherwise"
    door.post("/addresses/allocate", asked, idempotency_key="two")
    assert door.count() == before + 2
    door.hour.at += timedelta(days=1)
    door.post("/addresses/allocate", asked, idempotency_key="one")
    assert door.count() == before + 3


def test_a_key_is_its_owners_alone(door: Door) -> None:
    contact = {"kind": "phone", "value": "+33 1 99 00 12 34"}
    door.post("/members", {"name": "Zoé"}, idempotency_key="one")
    theirs = door.post("/members/M0002/contacts", contact, who=door.bea, idempotency_key="one")
    assert theirs.json()["number"] == "M0002"


@pytest.mark.parametrize("key", ["", "x" * 256, "clé", "a\tb", "\x7f"])
def test_a_key_that_would_not_arrive_as_it_was_sent_is_refused(door: Door, key: str) -> None:
    headers = {**door.ada, "Idempotency-Key": key.encode()}
    refused = door.client.post("/api/v1/members", json={"name": "Zoé"}, headers=headers)
    assert (refused.status_code, refused.json()["type"]) == (400, "urn:essaim:problem:bad-idempotency-key")
    assert door.post("/members", {"name": "Zoé"}, idempotency_key="~" * 255).status_code == 201
    assert door.post("/members", {"name": "Zoé"}, idempotency_key="~" * 255).json()["number"] == "M0003"


def test_of_the_same_request_many_times_at_once_one_alone_gives(door: Door) -> None:
    asked = {"pool": "v4", "line": "L0001", "role": "routed"}
    before, answers, together = door.count(), [], threading.Barrier(4)

    def retry() -> None:
        together.wait()
        answers.append(door.post("/addresses/allocate", asked, idempotency_key="retry").json()["items"][0]["prefix"])

    threads = [threading.Thread(target=retry) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(set(answers)) == 1
    assert door.count() == before + 1


def test_a_request_that_was_refused_may_be_sent_again_under_its_key(door: Door) -> None:
    asked = {"pool": "v4", "line": "L0001", "role": "routed", "exactly": "198.51.100.200/32"}
    door.post("/pools/v4/reserve", {"prefix": "198.51.100.200/32"})
    assert door.post("/addresses/allocate", asked, idempotency_key="one").status_code == 409
    door.post("/pools/v4/unreserve", {"prefix": "198.51.100.200/32"})
    assert door.post("/addresses/allocate", asked, idempotency_key="one").status_code == 200


def test_what_was_answered_is_sealed(door: Door) -> None:
    door.post("/addresses/allocate", {"pool": "v4", "line": "L0001", "role": "routed"}, idempotency_key="one")
    with reading(door.store) as session:
        kept = session.execute(text("SELECT * FROM answered")).one()
    assert not any("198.51.100" in str(value) for value in kept)


def test_a_thousand_addresses_in_one_request(door: Door) -> None:
    made = door.post("/pools", {"name": "big", "prefix": "3fff::/40", "handed": 56})
    assert made.status_code == 201
    asked = {"pool": "big", "line": "L0001", "role": "routed", "count": 1000}
    given = door.post("/addresses/allocate", asked)
    assert len({row["prefix"] for row in given.json()["items"]}) == 1000
    assert door.post("/addresses/allocate", {**asked, "count": 1001}).status_code == 422


def test_who_looked_at_a_file_is_told_to_whose_it_is(door: Door) -> None:
    door.get("/members/M0002", who=door.bea)
    door.get("/members")
    assert "member.look" not in {deed["verb"] for deed in door.get("/me/deeds", who=door.bea).json()}
    door.get("/members/M0002", essaim_why="elle appelle")
    looks = [deed for deed in door.get("/me/deeds", who=door.bea).json() if deed["verb"] == "member.look"]
    assert [(deed["actor"], deed["why"]) for deed in looks] == [("M0001", "elle appelle")]


def test_works_are_told_to_whom_they_concern(door: Door) -> None:
    begin = door.hour.at + timedelta(days=1)
    works = {"subjects": ["device:vpn"], "title_fr": "Remplacement", "since": begin.isoformat()}
    made = door.post("/works", {**works, "until": (begin + timedelta(hours=1)).isoformat()})
    assert made.status_code == 201
    assert [one["number"] for one in door.get("/me/works", who=door.bea).json()] == ["W0001"]
    assert door.get("/me/works").json() == []


def test_one_who_shares_a_line_sees_nothing_of_their_neighbours(door: Door) -> None:
    key = KEY.replace("AAEC", "BBEC")
    shared = door.post("/lines/L0001/shares", {"member": "M0001", "public_key": key}).json()
    assert shared["members"] == ["M0002", "M0001"]
    seen = door.get("/lines/L0001", who=door.bea).json()
    assert seen["members"] == ["M0002"]
    assert [share["member"] for share in seen["shares"]] == ["M0002"]
    assert key not in str(seen)


def test_a_token_that_ended_is_known_no_more_and_guessing_is_slowed_down(door: Door) -> None:
    assert door.post("/tokens/J0002/end", who=door.bea).json()["ended_at"] is not None
    refused = door.get("/me", who=door.bea)
    assert refused.json()["type"] == "urn:essaim:problem:token-dead"
    assert refused.headers["www-authenticate"] == "Bearer, Cookie"
    assert [door.get("/me", who=door.bea).status_code for _ in range(20)] == [401] * 19 + [429]
    assert door.get("/me").status_code == 200


def test_what_someone_seeks_is_found_among_what_they_may_read(door: Door) -> None:
    assert {"kind": "member", "name": "M0002", "matched": "Béa Exemple"} in door.get("/search?word=bea").json()["items"]
    assert door.get("/search?word=bea", who=door.bea).status_code == 403


def test_the_whole_journal_is_paged_backwards(door: Door) -> None:
    first = door.get("/journal?limit=2").json()
    rest = door.get(f"/journal?limit=2&before={first['next']}").json()
    numbers = [deed["number"] for deed in first["items"] + rest["items"]]
    assert numbers == list(range(numbers[0], numbers[0] - 4, -1))


def test_the_document_names_every_route_and_nobody_elses_host(door: Door) -> None:
    document = door.client.get("/api/v1/openapi.json")
    assert document.status_code == 200
    assert "/api/v1/addresses/allocate" in document.json()["paths"]
    assert "/sign-in" not in document.json()["paths"]


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
