"""Alerts from a round to the people: what is written down, who is told by mail and over HTTP, and who takes charge."""

from __future__ import annotations

import io
import json
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from desk import alerting
from desk.alerting import Watched
from foundation import journal
from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.errors import EssaimError
from foundation.reach import MachineUnreachable
from foundation.settings import Settings, read_settings
from inventory import cabling, devices, mandates, members, places, webhooks, works
from inventory.models.mandates import Task
from inventory.models.webhooks import Shape
from inventory.rights import NotMandated
from monitoring.alerts.state import AlertOver, NoSuchAlert
from monitoring.alerts.taking import WordsWanted
from monitoring.alerts.webhooks import BadWebhook, WebhookFailed, checked, send, told
from monitoring.embedded import open_series
from monitoring.poll import Answered, Report, Unanswered
from monitoring.series import Heard, Measure

AT = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
ROUND = timedelta(minutes=5)
SECRET = "jeton-que-personne-ne-lit"
MACHINES = ("core", "switch", "server1", "server2")


@dataclass
class Room:
    """A web server that notes down what it is told, and answers as asked."""

    url: str = ""
    status: int = 200
    heard: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)


@pytest.fixture
def room() -> Iterator[Room]:
    found = Room()

    class Answering(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            found.heard.append((self.command, self.path, dict(self.headers), json.loads(body) if body else None))
            self.send_response(found.status)
            self.send_header("Location", f"{found.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = do_PUT = answer  # noqa: N815 - as the library calls them

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    serving = threading.Thread(target=server.serve_forever, args=(0.05,))
    serving.start()
    yield found
    server.shutdown()
    server.server_close()
    serving.join()


@dataclass
class Net:
    """Four machines on one cable after another, a person on call, and rounds that are made up."""

    store: Store
    settings: Settings
    at: datetime = AT

    def round(self, *silent: str) -> Watched:
        self.at += ROUND
        return alerting.watch(self.store, self.settings, self.at, report(*silent), ended=self.at + timedelta(seconds=3))

    def mails(self) -> list[str]:
        found = []
        for path in sorted(self.settings.outbox.glob("*.eml"), key=lambda one: one.stat().st_mtime_ns):
            said = message_from_bytes(path.read_bytes(), policy=policy.default)
            found.append(f"{said['To']} {said['Subject']}\n{said.get_content()}")
        return found

    def hook(self, name: str, shape: Shape, address: str) -> None:
        with transaction(self.store) as session:
            webhooks.add_webhook(session, Act("M0001", AT, "test"), name, shape, checked(shape, address))


def report(*silent: str) -> Report:
    unanswered = tuple(Unanswered(one, MachineUnreachable(machine=one, reason="timed out")) for one in silent)
    return Report(tuple(Answered(one, one, 12) for one in MACHINES if one not in silent), unanswered)


@pytest.fixture
def net(store: Store, tmp_path: Path) -> Net:
    settings = read_settings(var=tmp_path, driver="console", name="Exemple", poll_seconds=300)
    act = Act("machine:test", AT - timedelta(days=3), "test")
    with transaction(store) as session:
        site = places.add_site(session, act, "Salle d'exemple")
        made = {name: devices.add_device(session, act, name, role="server", platform="debian", site=site)
                for name in MACHINES}  # fmt: skip
        ports = {}
        for path in ("core/eth1", "switch/1", "switch/2", "switch/3", "server1/eth0", "server2/eth0"):
            name, _, port = path.partition("/")
            ports[path] = devices.add_interface(session, act, made[name], port)
        for near, far in (("core/eth1", "switch/1"), ("switch/2", "server1/eth0"), ("switch/3", "server2/eth0")):
            cabling.connect(session, act, ports[near], ports[far])
        for name, language in (("Camille", "fr"), ("Dominique", "en"), ("Sacha", "fr")):
            email = f"{name.lower()}@abeilles.example"
            members.add_member(session, act, f"{name} Exemple", email=email, language=language)
        mandates.give(session, act, members.find_member(session, "M0001"), Task.MANDATES_GIVE)
        session.flush()
        for who, task, scope in (
            ("M0001", Task.ALERTS_ACKNOWLEDGE, "*"),
            ("M0001", Task.RULES_SET, "*"),
            ("M0001", Task.WORKS_ANNOUNCE, "*"),
            ("M0002", Task.ALERTS_ACKNOWLEDGE, "device:server2"),
        ):
            mandates.give(session, Act("M0001", act.at, "test"), members.find_member(session, who), task, scope=scope)
    return Net(store, settings)


def test_behind_a_dead_switch_one_mail_goes_and_it_says_when_it_is_over(net: Net) -> None:
    assert net.round().open == ()
    dead = MACHINES[1:]
    net.round(*dead)
    assert net.mails() == []
    found = net.round(*dead)
    assert (found.told, len(found.open)) == (1, 3)
    by_subject = {one.subject: one for one in found.open}
    assert by_subject["server1"].behind == by_subject["server2"].behind == by_subject["switch"].number
    [mail] = net.mails()
    assert mail.startswith("camille@abeilles.example [Exemple] switch ne répond plus")
    assert by_subject["switch"].number in mail
    assert "server1" not in mail
    net.round(*dead)
    assert len(net.mails()) == 1
    for _ in range(4):
        found = net.round()
    assert found.open == ()
    assert net.mails()[1].startswith("camille@abeilles.example [Exemple] Fini : switch ne répond plus")
    assert len(net.mails()) == 2


def test_who_is_on_call_for_one_machine_is_told_of_it_in_their_language(net: Net) -> None:
    net.round()
    for _ in range(2):
        net.round("server2")
    told = sorted(mail.splitlines()[0] for mail in net.mails())
    assert told == [
        "camille@abeilles.example [Exemple] server2 ne répond plus",
        "dominique@abeilles.example [Exemple] server2 no longer answers",
    ]


def test_the_first_message_goes_at_once_and_the_rest_together(net: Net) -> None:
    net.round()
    net.round("server1")
    net.round("server1")
    net.round("server1", "server2")
    net.round("server1", "server2")
    assert [mail.splitlines()[0].split("] ")[1] for mail in net.mails() if "camille" in mail] == [
        "server1 ne répond plus"
    ]
    net.round("server1", "server2")
    net.round("server1", "server2")
    camilles = [mail for mail in net.mails() if "camille" in mail]
    assert len(camilles) == 2
    assert camilles[1].splitlines()[0].endswith("server2 ne répond plus")


def test_works_under_way_are_no_alert_until_they_are_over(net: Net) -> None:
    net.round()
    with transaction(net.store) as session:
        act = Act("M0001", net.at, "test")
        subjects = works.find_subjects(session, ["device:switch"])
        until = net.at + 4 * ROUND + timedelta(seconds=1)
        works.announce_works(session, act, subjects, works.Wording("Autre commutateur"), net.at, until)
    for _ in range(4):
        found = net.round(*MACHINES[1:])
        assert found.told == 0
    assert {one.works for one in found.open if one.subject == "switch"} == {"W0001"}
    assert [net.round(*MACHINES[1:]).told for _ in range(2)] == [0, 1]


@pytest.mark.parametrize("shape", [Shape.MATRIX, Shape.MATTERMOST, Shape.SLACK])
def test_a_room_is_told_in_its_shape_and_again_when_it_did_not_listen(net: Net, room: Room, shape: Shape) -> None:
    address = f"{room.url}/!salon:abeilles.example {SECRET}" if shape is Shape.MATRIX else f"{room.url}/hooks/{SECRET}"
    net.round()
    net.hook("salon", shape, address)
    room.status = 500
    for _ in range(3):
        net.round("switch", "server1", "server2")
    assert len(room.heard) == 2
    assert [(one.way, one.reason) for one in alerting.failing(net.settings)] == [("webhook salon", "HTTP 500")]
    room.status = 200
    net.round("switch", "server1", "server2")
    net.round("switch", "server1", "server2")
    assert alerting.failing(net.settings) == []
    assert len(room.heard) == 3
    before, last = room.heard[1], room.heard[2]
    method, path, headers, body = last
    if shape is Shape.MATRIX:
        there = "/_matrix/client/v3/rooms/%21salon%3Aabeilles.example/send/m.room.message/essaim-"
        assert (method, path[: len(there)]) == ("PUT", there)
        assert path == before[1], "the same message has the same number"
        assert headers["Authorization"] == f"Bearer {SECRET}"
        assert body["msgtype"] == "m.text"
        assert "switch ne répond plus" in body["body"]
    else:
        assert (method, path) == ("POST", f"/hooks/{SECRET}")
        assert list(body) == ["text"]
        assert "switch ne répond plus" in body["text"]


def test_a_watchman_is_called_each_round_and_not_by_an_evaluation(net: Net, room: Room) -> None:
    net.hook("veilleur", Shape.HEARTBEAT, f"{room.url}/ping/{SECRET}")
    net.round()
    net.round()
    alerting.watch(net.store, net.settings, net.at + timedelta(seconds=10))
    assert [one[:2] for one in room.heard] == [("GET", f"/ping/{SECRET}")] * 2


def test_a_watchman_is_not_called_by_a_poller_that_sees_nothing_at_all(net: Net, room: Room) -> None:
    net.hook("veilleur", Shape.HEARTBEAT, f"{room.url}/ping/{SECRET}")
    net.round(*MACHINES[1:])
    assert len(room.heard) == 1
    for _ in range(2):
        net.round(*MACHINES)
    assert len(room.heard) == 1
    net.at += ROUND
    alerting.watch(net.store, net.settings, net.at, Report((), ()), ended=net.at)
    assert len(room.heard) == 2, "whom nobody is to ask is not blind"
    net.round()
    assert len(room.heard) == 3


def test_a_poller_that_stopped_is_noticed_by_an_evaluation(net: Net) -> None:
    net.round()
    late = alerting.watch(net.store, net.settings, net.at + 3 * ROUND)
    assert [one.rule for one in late.open] == ["poller-late"]
    net.at += 3 * ROUND
    assert net.round().open == ()


def test_taking_charge_takes_a_mandate_and_a_word_and_is_in_the_journal(net: Net) -> None:
    net.round()
    for _ in range(2):
        found = net.round("server2")
    [one] = found.open
    with pytest.raises(NotMandated):
        alerting.take(net.store, net.settings, Act("M0003", net.at, "moi"), one.number)
    with pytest.raises(WordsWanted):
        alerting.take(net.store, net.settings, Act("M0002", net.at), one.number)
    with pytest.raises(NoSuchAlert):
        alerting.take(net.store, net.settings, Act("M0002", net.at, "moi"), "A0009")
    taken = alerting.take(net.store, net.settings, Act("M0002", net.at, "j'y vais"), one.number)
    assert (taken.taken_by, taken.taken_why) == ("M0002", "j'y vais")
    with reading(net.store) as session:
        [deed] = journal.show(session, subject=one.number)
        assert (deed.actor, deed.verb, deed.why) == ("M0002", "alert.take", "j'y vais")
    for _ in range(2):
        net.round()
    with pytest.raises(AlertOver):
        alerting.take(net.store, net.settings, Act("M0002", net.at, "moi"), one.number)


def test_rules_that_cannot_be_read_are_said_and_the_defaults_count(net: Net) -> None:
    (net.settings.var / "alerts.toml").write_text("[machine-silent]\ncycle = 1\n")
    net.round()
    found = [net.round("server2") for _ in range(2)][-1]
    assert found.bad_rules is not None
    assert "cycle" in found.bad_rules.sentence("fr")
    assert len(found.open) == 1


def test_the_association_starts_anew_with_a_new_samples_file(net: Net) -> None:
    net.round()
    for _ in range(2):
        net.round("server2")
    for path in net.settings.var.glob("samples.sqlite*"):
        path.unlink()
    assert [net.round("server2").told for _ in range(2)] == [0, 1]


def test_an_address_is_a_secret_in_every_word_that_is_said_of_it(net: Net, room: Room) -> None:
    for shape, text in (
        (Shape.SLACK, f"ftp://chat.abeilles.example/{SECRET}"),
        (Shape.SLACK, f"http://chat.abeilles.example/{SECRET}"),
        (Shape.MATRIX, f"https://matrix.abeilles.example/{SECRET}"),
        (Shape.SLACK, f"https://chat.abeilles.example/ {SECRET}"),
        (Shape.SLACK, f"https://chat.abeilles.example:x/{SECRET}"),
    ):
        with pytest.raises(BadWebhook) as wrong:
            checked(shape, text)
        assert SECRET not in str(wrong.value) + wrong.value.sentence("fr")
    request = told(Shape.SLACK, f"{room.url}/{SECRET}", "a", "b", 1)
    assert SECRET not in repr(request)
    room.status = 302
    with pytest.raises(WebhookFailed) as failed:
        send(request)
    assert len(room.heard) == 1, "a redirection is not followed"
    nobody = told(Shape.SLACK, f"http://127.0.0.1:1/{SECRET}", "a", "b", 1)
    with pytest.raises(WebhookFailed) as refused:
        send(nobody)
    assert all(SECRET not in str(one.value) + one.value.sentence("fr") for one in (failed, refused))
    net.hook("salon", Shape.SLACK, f"{room.url}/hooks/{SECRET}")
    with reading(net.store) as session:
        [deed] = journal.show(session, subject="salon")
        assert SECRET not in json.dumps(deed.facts)
        assert SECRET not in repr(webhooks.find_webhook(session, "salon").address)


def test_what_a_machine_says_of_itself_calls_nobody_in_a_room() -> None:
    text = "@channel [ici](https://ailleurs.example) *gras* <!everyone>"
    mattermost = json.loads(told(Shape.MATTERMOST, "https://chat.abeilles.example/h", text, text, 1).body)["text"]
    assert "@channel" not in mattermost
    assert "](" not in mattermost
    slack = json.loads(told(Shape.SLACK, "https://chat.abeilles.example/h", text, text, 1).body)["text"]
    assert "<!everyone>" not in slack
    matrix = json.loads(told(Shape.MATRIX, "https://m.example/!a:m.example t", text, text, 1).body)
    assert "<!everyone>" not in matrix["formatted_body"]
    assert matrix["m.mentions"] == {}


def test_commands_list_take_charge_and_keep_addresses_off_the_screen(
    small: Any, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Aucune alerte" in small("alert", "list").out
    assert "No alert" in small("alert", "evaluate", lang="en").out
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{room.url}/{SECRET}\n"))
    assert SECRET not in small("alert", "webhook", "add", "salon", "--shape", "mattermost").out
    shown = small("alert", "webhook", "list")
    assert "salon" in shown.out
    assert SECRET not in shown.out + small("alert", "webhook", "list", "--json").out
    monkeypatch.setattr(sys, "stdin", io.StringIO(SECRET))
    refused = small("alert", "webhook", "add", "autre", "--shape", "slack", status=1)
    assert SECRET not in refused.err
    assert "n'est plus prévenu" in small("alert", "webhook", "remove", "salon").out
    small("alert", "webhook", "remove", "salon", status=3)
    small("alert", "ack", "A0001", "--why", "moi", status=3)
    rules = small.folder / "alerts.toml"
    rules.write_text(small("alert", "rules").out)
    assert "arrêtées : -" in small("alert", "check-rules", str(rules)).out
    rules.write_text("[x]\n")
    assert "watch" in small("alert", "check-rules", str(rules), status=1, lang="en").err
    assert "watch" in small("alert", "evaluate").err


def test_two_who_judge_at_once_tell_once(net: Net) -> None:
    net.round()
    net.round("server2")
    failed: list[EssaimError] = []

    def judge() -> None:
        try:
            alerting.watch(net.store, net.settings, net.at + ROUND, report("server2"), ended=net.at + ROUND)
        except EssaimError as wrong:
            failed.append(wrong)

    both = [threading.Thread(target=judge) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert failed == []
    assert len([mail for mail in net.mails() if "camille" in mail]) == 1


def test_a_mail_carries_the_last_hour_of_its_figure_drawn_and_in_words(net: Net) -> None:
    net.round()
    since = net.at
    with closing(open_series(net.settings)) as series:
        for minutes in range(60, -1, -5):
            hot = Measure("temperature", "inlet", "millidegrees", 90_000 - 300 * minutes)
            series.append([Heard("core", since + timedelta(minutes=15 - minutes), [hot])])
    for _ in range(3):
        net.round()
    said = [message_from_bytes(one.read_bytes(), policy=policy.default) for one in net.settings.outbox.glob("*.eml")]
    [mail] = [one for one in said if "core/inlet" in str(one["Subject"])]
    plain, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert page is not None
    assert "Température inlet, du 22 nov. 2026 à" in plain.get_content()
    assert re.search("Valeur\u00a0: de 7[0-9](,[0-9])?\u00a0°C à 90\u00a0°C", plain.get_content())
    assert f"{net.settings.url}/alerts" in plain.get_content()
    [drawn] = [one for one in mail.walk() if one.get_content_type() == "image/svg+xml"]
    assert f'src="cid:{str(drawn["Content-ID"]).strip("<>")}"' in page.get_content()
    assert 'alt="Température inlet' in page.get_content()
    assert "http" not in page.get_content().replace(f"{net.settings.url}/alerts", ""), "nothing is fetched"
    svg = drawn.get_content().decode()
    assert svg.startswith("<svg")
    assert len(bytes(mail)) < 40_000


def test_a_mail_of_what_has_no_figure_is_plain_text(net: Net) -> None:
    net.round()
    for _ in range(2):
        net.round("server2")
    for path in net.settings.outbox.glob("*.eml"):
        assert message_from_bytes(path.read_bytes(), policy=policy.default).get_content_type() == "text/plain"
