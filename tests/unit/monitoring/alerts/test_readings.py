"""What the default rules make of a cycle: what is wrong, in words, and what explains it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from foundation.speech import Phrase
from monitoring.alerts.evaluation import Standing, evaluate
from monitoring.alerts.reading import Key, Reading, Verdict
from monitoring.alerts.readings import looked_at, read
from monitoring.alerts.rules import default_rules
from monitoring.alerts.seen import Answer, Cycle, Draw, End, Lapse, LetIn, Seen, Session, Supply, Works
from monitoring.bgp import parse_bird
from monitoring.series import Measure, Point

AT = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HERE = Answer(heard=True)
GONE = Answer(heard=False)
SAT = (("core", "eth1"), ("switch", "1"))
SERVERS = [f"server{rank}" for rank in range(20)]
CABLES: list[tuple[End, End]] = [SAT, *((("switch", f"p{name}"), (name, "eth0")) for name in SERVERS)]

# What BIRD 2.0 says: of one neighbour that it heard from and two that it did not.
BIRD = """\
BIRD 2.0.12 ready.
Name       Proto      Table      State  Since         Info
device1    Device     ---        up     12:34:41.131

transit4   BGP        ---        start  12:34:41.131  Active        Socket: Connection closed
  Description:    transit
  BGP state:          Active
    Neighbor address: 192.0.2.128
    Neighbor AS:      64500
    Last error:       Socket: Connection closed
  Channel ipv4
    State:          DOWN

transit6   BGP        ---        start  12:34:41.131  Idle
  BGP state:          Idle
    Neighbor address: 3fff:0:0:ffff::%transit0
    Neighbor AS:      64500

core4      BGP        ---        up     12:35:05.635  Established
  BGP state:          Established
    Neighbor address: 192.0.2.16
    Neighbor port:    179
    Source address:   192.0.2.17
  Channel ipv4
    State:          UP
"""


def seen(**facts: object) -> Seen:
    base = Seen(AT, MINUTE, Cycle(AT, timedelta(seconds=3)), sites={"core": "colo", "switch": "mezzanine"})
    return replace(base, **facts)  # type: ignore[arg-type]


def ports(**states: int) -> dict[str, list[tuple[Point, Measure]]]:
    found: dict[str, list[tuple[Point, Measure]]] = {}
    for name, state in states.items():
        device, _, port = name.partition("_")
        found.setdefault(device, []).append((Point(AT, state), Measure("ifOperStatus", port, "state", state)))
    return found


def wrong(of: Seen) -> dict[str, Reading]:
    return {f"{one.rule} {one.subject}": one for one in read(default_rules(), of) if one.verdict is Verdict.BAD}


def told(*cycles: Seen) -> list[str]:
    """What people are told when the last of these cycles lasts."""
    rules = default_rules()
    stood: dict[Key, Standing] = {}
    said = []
    for rank, one in enumerate([*cycles, *[cycles[-1]] * 4]):
        now = AT + rank * MINUTE
        judged = evaluate(rules.named(), read(rules, one), stood, one.works, now)
        stood = dict(judged.standings)
        said += [f"{event.what} {event.key[0]} {event.key[1]}" for event in judged.events]
    return said


def test_behind_a_dead_switch_there_is_one_alert_and_not_twenty() -> None:
    silent = dict.fromkeys(["switch", *SERVERS], GONE)
    assert told(seen(cables=CABLES, answers={"core": HERE, **silent})) == ["told machine-silent switch"]


def test_a_switch_that_nobody_asks_is_named_when_all_behind_it_are_silent() -> None:
    one = seen(cables=CABLES, answers={"core": HERE} | dict.fromkeys(SERVERS, GONE))
    assert told(one) == ["told machine-silent switch"]
    assert "que l'on n'interroge pas" in wrong(one)["machine-silent switch"].words.say("fr")


def test_a_server_that_is_still_silent_after_its_switch_is_back_is_told_then() -> None:
    down = seen(cables=CABLES, answers={"core": HERE} | dict.fromkeys(["switch", *SERVERS], GONE))
    back = seen(cables=CABLES, answers={"core": HERE} | dict.fromkeys(["switch", *SERVERS], HERE) | {"server3": GONE})
    assert told(down, down, back) == [
        "told machine-silent switch",
        "told machine-silent server3",
        "mended machine-silent switch",
    ]


def test_a_pulled_cable_explains_the_machine_behind_it() -> None:
    one = seen(cables=[SAT], answers={"core": HERE, "switch": GONE}, samples=ports(core_eth1=2), ports=frozenset(SAT))
    assert told(one) == ["told link-down core/eth1"]
    assert wrong(one)["link-down core/eth1"].words.say("en") == "core/eth1 (towards switch) is down"


def test_a_machine_that_is_down_explains_one_of_its_two_cables() -> None:
    both = [SAT, (("edge", "eth9"), ("switch", "2"))]
    ends = frozenset(end for pair in both for end in pair)
    answers = {"core": HERE, "edge": HERE, "switch": GONE}
    one = seen(cables=both, answers=answers, samples=ports(core_eth1=2, edge_eth9=1), ports=ends)
    assert told(one) == ["told machine-silent switch"]


def test_both_ends_of_a_cable_are_one_alert() -> None:
    one = seen(
        cables=[SAT],
        answers={"core": HERE, "switch": HERE},
        samples=ports(core_eth1=2, switch_1=2),
        ports=frozenset(SAT),
    )
    assert told(one) == ["told link-down core/eth1"]


def test_a_port_that_the_inventory_does_not_use_may_be_down() -> None:
    assert told(seen(answers={"core": HERE}, samples=ports(core_eth7=2))) == []


def test_when_nobody_answers_it_is_the_poller() -> None:
    assert told(seen(answers={"core": GONE, "edge": GONE, "vpn": GONE})) == ["told machine-silent *"]


def test_a_session_over_a_cut_cable_or_with_a_dead_router_is_not_told_beside() -> None:
    sessions = [
        Session("core", "192.0.2.17", "edge", False, "eth1", "edge"),
        Session("edge", "192.0.2.16", "core", False, "eth0", "core"),
        Session("core", "2001:db8::1", "edge", False, "eth1", "edge"),
    ]
    both = {"core": HERE, "edge": HERE}
    alone = seen(answers=both, sessions=sessions)
    assert told(alone) == ["told bgp-down core/192.0.2.17"]
    cut = (("core", "eth1"), ("edge", "eth0"))
    assert told(seen(
        answers=both, sessions=sessions, cables=[cut], ports=frozenset(cut), samples=ports(core_eth1=2)
    )) == ["told link-down core/eth1"]  # fmt: skip
    dead = [replace(one, up=None) if one.device == "edge" else one for one in sessions]
    assert told(seen(answers={"core": HERE, "edge": GONE}, sessions=dead)) == ["told machine-silent edge"]


def test_a_daemon_that_died_explains_its_sessions() -> None:
    sessions = [
        Session("core", "192.0.2.17", "edge", False, None, "edge"),
        Session("edge", "192.0.2.16", "core", None, None, "core"),
    ]
    amiss = Answer(heard=True, amiss=Phrase("bgpd ne répond pas", "bgpd does not answer"))
    one = seen(answers={"core": HERE, "edge": amiss}, sessions=sessions)
    assert told(one) == ["told daemon-silent edge"]
    assert "bgpd ne répond pas" in wrong(one)["daemon-silent edge"].words.say("fr")


def test_works_silence_what_they_are_about_and_the_cables_towards_it() -> None:
    works = [Works("W0001", frozenset({"site:mezzanine"}))]
    one = seen(cables=[SAT], answers={"core": HERE, "switch": GONE}, samples=ports(core_eth1=2), ports=frozenset(SAT))
    assert told(replace(one, works=works)) == []


@pytest.mark.parametrize(("used", "name", "bad"), [(91, "/", True), (89, "/", False), (99, "Physical memory", False),
                                                  (99, "/run", False), (99, "C:\\ System", True)])  # fmt: skip
def test_a_disk_is_full_and_memory_is_no_disk(used: int, name: str, bad: bool) -> None:
    said = [
        (Point(AT, 100), Measure("hrStorageSize", name, "octets", 100)),
        (Point(AT, used), Measure("hrStorageUsed", name, "octets", used)),
    ]
    assert bool(wrong(seen(answers={"vpn": HERE}, samples={"vpn": said}))) is bad


def test_figures_have_their_units_and_an_ups_its_own_words() -> None:
    said = [
        (Point(AT, 71_500), Measure("temperature", "CPU", "millidegrees", 71_500)),
        (Point(AT, 5), Measure("upsOutputSource", "", "state", 5)),
    ]
    found = wrong(seen(answers={"ups": HERE}, samples={"ups": said}))
    assert (
        found["temperature ups/CPU:temperature"].words.say("en")
        == "ups/CPU: temperature is at 71.5\N{NO-BREAK SPACE}°C"
    )
    assert found["ups-on-battery ups:upsOutputSource"].words.say("fr") == "ups est sur batterie"


def test_what_is_old_says_nothing() -> None:
    old = [(Point(AT - timedelta(hours=1), 5), Measure("upsOutputSource", "", "state", 5))]
    assert wrong(seen(answers={"ups": HERE}, samples={"ups": old})) == {}


def test_a_feed_over_four_fifths_is_an_alert() -> None:
    feeds = [
        Supply("colo/A", "colo", 3680, 2990),
        Supply("colo/B", "colo", 3680, 2900),
        Supply("colo/C", "colo", 1, None),
    ]
    found = wrong(seen(supplies=feeds))
    assert list(found) == ["feed-overloaded colo/A"]
    assert found["feed-overloaded colo/A"].words.say("fr") == "colo/A donne 2990 W, soit 81 % de ce qu'elle peut"


def test_a_machine_over_its_declared_watts_is_an_alert_and_one_that_is_not_known_is_none() -> None:
    draws = [Draw("tour", 60, 80.4), Draw("brique", 60, 60), Draw("muette", 60, None)]
    found = wrong(seen(draws=draws, sites={"tour": "mezzanine"}))
    assert list(found) == ["over-declared-watts tour"]
    said = found["over-declared-watts tour"]
    assert said.words.say("fr") == "tour tire 80 W : plus que les 60 W déclarés"
    assert said.words.say("en") == "tour draws 80 W: more than the 60 W that were declared"
    assert said.scopes == {"device:tour", "site:mezzanine"}


def test_a_machine_is_told_after_three_cycles_over_its_watts_and_mended_well_below() -> None:
    over, about, below = (seen(draws=[Draw("tour", 60, watts)]) for watts in (80, 58, 50))
    assert told(over) == ["told over-declared-watts tour"]
    assert told(over, over, about) == []
    assert told(over, over, over, about) == ["told over-declared-watts tour"]
    assert told(over, over, over, below) == ["told over-declared-watts tour", "mended over-declared-watts tour"]


def test_what_is_the_associations_own_is_told_before_it_ends_and_a_members_password_is_theirs() -> None:
    lapses = [
        Lapse("ca", "abeilles", AT + timedelta(days=13)),
        Lapse("server", "openvpn", AT + timedelta(days=15)),
        Lapse("ppp", "l0042@adsl", AT + timedelta(days=1)),
    ]
    assert list(wrong(seen(lapses=lapses))) == ["credential-expiring ca:abeilles"]


def test_a_session_that_bird_says_is_not_established_is_down() -> None:
    sessions = {address: Session("edge", address, "transit", parse_bird(BIRD)[address]) for address in parse_bird(BIRD)}
    one = seen(answers={"edge": HERE}, sessions=list(sessions.values()))
    assert told(one) == ["told bgp-down edge/192.0.2.128", "told bgp-down edge/3fff:0:0:ffff::"]
    assert wrong(one)["bgp-down edge/192.0.2.128"].words.say("fr") == (
        "edge : la session BGP avec 192.0.2.128 (transit) est coupée"
    )


def test_a_copper_line_that_vanished_is_told_at_once_and_is_over_when_it_is_explained() -> None:
    gone = seen(vanished=["L0021"])
    assert told(gone) == ["told copper-vanished L0021"]
    assert told(gone, gone, seen()) == ["told copper-vanished L0021", "mended copper-vanished L0021"]
    assert wrong(gone)["copper-vanished L0021"].words.say("en") == (
        "L0021, on copper, has vanished and no order explains it: its pair may have been given to someone else"
    )


def test_a_certificate_that_was_revoked_and_still_opens_is_told_until_its_server_knows() -> None:
    still = seen(answers={"vpn": HERE}, let_in=[LetIn("L0043", "vpn")])
    assert told(still) == ["told revoked-connected L0043"]
    assert told(still, still, still, seen()) == ["told revoked-connected L0043", "mended revoked-connected L0043"]
    assert told(seen(answers={"vpn": GONE, "core": HERE}, let_in=still.let_in)) == ["told machine-silent vpn"]


def test_a_poller_that_stopped_says_so_and_nothing_else() -> None:
    dead = seen(answers={"core": GONE, "edge": HERE}, cycle=Cycle(AT - timedelta(minutes=5), MINUTE / 2))
    assert list(wrong(dead)) == ["poller-late poller"]
    assert list(wrong(seen(cycle=Cycle(AT, MINUTE * 2)))) == ["poller-late poller"]


def test_a_round_that_begins_long_after_its_turn_is_told_and_by_how_much() -> None:
    tardy = wrong(seen(cycle=Cycle(AT, MINUTE / 2, late=timedelta(seconds=45))))
    assert list(tardy) == ["poller-late poller"]
    assert "45" in tardy["poller-late poller"].words.say("en")
    assert not wrong(seen(cycle=Cycle(AT, MINUTE / 2, late=timedelta(seconds=20)))), "a little is nothing"


def test_of_what_machines_say_the_series_that_a_rule_looks_at_are_wanted_and_no_other() -> None:
    wanted = looked_at(default_rules())
    named = ("ifOperStatus", "state"), ("hrStorageUsed", "octets"), ("hrStorageSize", "octets")
    chosen = ("upsOutputSource", "state"), ("lmTempSensorsValue", "millidegrees")
    assert all(wanted(*series) for series in (*named, *chosen))
    assert not any(wanted(metric, "octets") for metric in ("ifHCInOctets", "ifInErrors", "sysUpTime"))
    none = replace(default_rules(), rules=())
    assert not any(looked_at(none)(*series) for series in (*named, *chosen))
