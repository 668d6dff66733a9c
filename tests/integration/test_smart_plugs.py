"""Smart plugs over HTTP: what three makes say, a reboot that each does by itself, and answers that are hostile."""

from __future__ import annotations

import base64
import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from desk import outlets as desk
from desk import polling
from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.errors import EssaimError
from foundation.reach import Means
from foundation.settings import read_settings
from inventory import device_secrets, devices, hosting, members, places, power
from inventory.device_facts import Facts
from monitoring import small_http, smart_plugs
from monitoring.embedded import open_series
from monitoring.small_http import PlugDenied, PlugGarbled, PlugSilent
from monitoring.smart_plugs import SmartPlug

pytestmark = pytest.mark.timeout(60)

AT = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
NOWHERE = Means(key_file=Path("/nonexistent"), known_hosts=Path("/nonexistent"))
ANSWERS: dict[str, dict[str, Any]] = {
    "shelly-gen1": {
        "relays": [{"ison": True, "has_timer": False}],
        "meters": [{"power": 61.24, "overpower": 0.0, "is_valid": True, "timestamp": 1, "total": 90_000}],
        "temperature": 31.2,
    },
    "shelly": {
        "sys": {"uptime": 12},
        "switch:0": {"id": 0, "output": True, "apower": 61.2, "voltage": 231.4, "current": 0.3,
                     "aenergy": {"total": 1500.4, "by_minute": [1, 2, 3]}},
        "switch:1": {"id": 1, "output": False, "apower": 0.0, "voltage": 231.4, "aenergy": {"total": 0.0}},
    },
    "tasmota": {
        "Status": {"Module": 0},
        "StatusSNS": {"ENERGY": {"Total": 1.5, "Today": 0.2, "Power": 61, "Voltage": 231, "Current": 0.3}},
        "StatusSTS": {"POWER": "ON"},
    },
}  # fmt: skip
"""In the shape that each make documents; the figures are ours."""


@dataclass
class Thing:
    """A small thing on loopback that answers what it is told to, and writes down what it is asked."""

    port: int = 0
    answer: Callable[[BaseHTTPRequestHandler], None] = lambda _: None
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def says(self, body: object, status: int = 200, **headers: str) -> None:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, value in {"Content-Length": str(len(sent)), **headers}.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.end_headers()
            handler.wfile.write(sent)

        self.answer = answer

    def plug(self, make: str, password: str | None = None) -> SmartPlug:
        return SmartPlug("prise1", "127.0.0.1", make, password, self.port)


@pytest.fixture
def thing(request: pytest.FixtureRequest) -> Iterator[Thing]:
    yield from serve(getattr(request, "param", ("127.0.0.1", 0)))


def serve(place: tuple[str, int]) -> Iterator[Thing]:
    found = Thing()

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append((self.path, dict(self.headers)))
            found.answer(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # who asked has hung up, as it should

    server = Server(place, Answering)
    found.port = server.server_address[1]
    serving = threading.Thread(target=server.serve_forever, args=(0.05,))
    serving.start()
    yield found
    server.shutdown()
    server.server_close()
    serving.join()


@pytest.mark.parametrize("make", ANSWERS)
def test_each_make_says_the_same_in_our_units(thing: Thing, make: str) -> None:
    thing.says(ANSWERS[make])
    told = {(one.metric, one.instance): (one.unit, one.value) for one in smart_plugs.ask(NOWHERE, thing.plug(make))}
    assert told["outletOn", "1"] == ("state", 1)
    assert told["outletEnergy", "1"] == ("watthours", 1500)
    watts = {"shelly-gen1": 61_240, "shelly": 61_200, "tasmota": 61_000}
    assert told["outletPower", "1"] == ("milliwatts", watts[make])
    assert (("outletOn", "2") in told) == (make == "shelly")


@pytest.mark.parametrize(
    ("make", "path"),
    [
        ("shelly-gen1", "/relay/1?turn=off&timer=5"),
        ("shelly", "/rpc/Switch.Set?id=1&on=false&toggle_after=5"),
        ("tasmota", "/cm?cmnd=Backlog%20Power2%200%3BDelay%2050%3BPower2%201"),
    ],
)
def test_a_plug_is_told_once_to_go_off_and_come_back(thing: Thing, make: str, path: str) -> None:
    thing.says({})
    smart_plugs.reboot(NOWHERE, thing.plug(make), 2)
    assert [asked for asked, _ in thing.asked] == [path]


def test_a_password_is_given_as_each_make_wants_it(thing: Thing) -> None:
    thing.says(ANSWERS["shelly-gen1"])
    smart_plugs.ask(NOWHERE, thing.plug("shelly-gen1", "mot de passe"))
    assert thing.asked[-1][1]["Authorization"] == "Basic " + base64.b64encode(b"admin:mot de passe").decode()
    thing.says(ANSWERS["tasmota"])
    smart_plugs.ask(NOWHERE, thing.plug("tasmota", "a&b"))
    path, headers = thing.asked[-1]
    assert path.endswith("&user=admin&password=a%26b")
    assert "Authorization" not in headers


def test_a_later_shelly_challenges(thing: Thing) -> None:
    def hashed(text: str) -> str:
        return sha256(text.encode()).hexdigest()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        sent = dict(re.findall(r'(\w+)="?([^",]+)"?', handler.headers.get("Authorization", "")))
        proof = hashed(
            f"{hashed('admin:shelly1:secret')}:n1:00000001:{sent.get('cnonce')}:auth:{hashed('GET:' + handler.path)}"
        )
        good = sent.get("response") == proof
        body = json.dumps(ANSWERS["shelly"] if good else {}).encode()
        handler.send_response(200 if good else 401)
        if not good:
            handler.send_header("WWW-Authenticate", 'Digest qop="auth", realm="shelly1", nonce="n1", algorithm=SHA-256')
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    thing.answer = answer
    assert len(smart_plugs.ask(NOWHERE, thing.plug("shelly", "secret"))) == 8
    for wrong in ("autre", None):
        with pytest.raises(PlugDenied, match="login"):
            smart_plugs.ask(NOWHERE, thing.plug("shelly", wrong))


@pytest.mark.parametrize("make", ANSWERS)
@pytest.mark.parametrize(
    "said",
    [
        b"", b"<html>", b"[" * 50_000, b"null", b"[]", b'"x"', b"{}", b'{"relays": 5}',
        b'{"StatusSTS": [], "StatusSNS": 1}',
        b'{"switch:0": null}', b'{"relays": [{}]}', b" " * 70_000 + b"{}",
    ],
)  # fmt: skip
def test_what_is_no_answer_of_its_make_is_said(thing: Thing, make: str, said: bytes) -> None:
    thing.says(said)
    with pytest.raises(PlugGarbled):
        smart_plugs.ask(NOWHERE, thing.plug(make))


def test_figures_that_are_none_are_left_out(thing: Thing) -> None:
    said = b'{"relays": [{"ison": true}], "meters": [{"power": NaN, "total": -1}, {"power": "12"}, {"power": 1e300}]}'
    thing.says(said)
    [only] = smart_plugs.ask(NOWHERE, thing.plug("shelly-gen1"))
    assert (only.metric, only.value) == ("outletOn", 1)


def test_a_redirection_is_not_followed(thing: Thing) -> None:
    thing.says(b"", 302, Location="/ailleurs")
    with pytest.raises(PlugGarbled):
        smart_plugs.ask(NOWHERE, thing.plug("shelly", "secret"))
    assert len(thing.asked) == 1


def test_an_answer_that_trickles_in_for_ever_is_ended(thing: Thing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small_http, "PATIENCE", 0.4)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.05)

    thing.answer = answer
    began = time.monotonic()
    with pytest.raises(EssaimError):
        smart_plugs.ask(NOWHERE, thing.plug("shelly"))
    assert time.monotonic() - began < 3


def test_a_round_keeps_what_plugs_say_beside_those_that_are_silent(tmp_path: Path, store: Store, thing: Thing) -> None:
    thing.says(ANSWERS["tasmota"])
    nobody = SmartPlug("prise2", "127.0.0.1", "shelly", None, 1)
    with closing(open_series(read_settings(var=tmp_path))) as series:
        report = smart_plugs.poll_plugs(NOWHERE, series, [thing.plug("tasmota"), nobody], AT)
        kept = {one.metric: one.value for _, one in series.last("prise1")}
    assert [one.machine for one in report.answered] == ["prise1"]
    [silent] = report.unanswered
    assert isinstance(silent.error, PlugSilent)
    assert kept["outletPower"] == 61_000


PLACE = f"127.84.{os.getpid() // 250 % 250}.{os.getpid() % 250 + 1}"
"""This process' own, on loopback."""


@pytest.fixture
def at_home() -> Iterator[Thing]:
    """A plug on HTTP's own port, as it is in the inventory."""
    try:
        yield from serve((PLACE, 80))
    except OSError as taken:
        pytest.skip(f"needs to listen on HTTP's own port ({taken.strerror})")


def test_a_plug_of_the_inventory_is_polled_and_rebooted_by_its_machines_owner(
    store: Store, tmp_path: Path, at_home: Thing
) -> None:
    act = Act("machine:test", AT, "test")
    with transaction(store) as session:
        site = places.add_site(session, act, "mezzanine")
        plug = devices.add_device(session, act, "prise1", role="pdu", platform="shelly", site=site, management=PLACE)
        device_secrets.entrust(session, act, plug, "login", "secret")
        power.add_outlets(session, act, plug, ["1"])
        tower = hosting.host(session, act, site, "tour", members.add_member(session, act, "Ada"), Facts(watts=60))
        power.plug_in(session, act, tower, power.find_outlet(session, "prise1/1"))
    with reading(store) as session:
        [known] = polling.http_plugs(session)
    assert (known.make, known.address, known.password) == ("shelly", PLACE, "secret")
    assert "secret" not in repr(known)
    settings = read_settings(var=tmp_path, database_url=store.engine.url.render_as_string(hide_password=False))
    at_home.says(ANSWERS["shelly"])
    report = polling.poll(store, settings, AT)
    assert [one.machine for one in report.answered] == ["prise1"]
    desk.reboot(store, settings, Act("M0001", AT), "prise1/1", "tour")
    assert at_home.asked[-1][0] == "/rpc/Switch.Set?id=0&on=false&toggle_after=5"
