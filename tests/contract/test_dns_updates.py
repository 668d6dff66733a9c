"""Zones brought to real servers by signed updates (RFC 2136): knot and bind alike."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dns.message
import dns.name
import dns.query
import dns.rdatatype
import dns.update
import pytest

from foundation.reach import CommandFailed, Machine, MachineUnreachable
from foundation.settings import Settings
from foundation.vault import Vault
from provisioning.artifact import Target
from provisioning.artifacts.dns import ACCESS, UPDATE
from provisioning.drivers import dns_wire
from provisioning.drivers.dns_update import DnsUpdateDriver
from provisioning.drivers.protocol import ConfigurationRefused, Stale, Stand, Unsettled
from provisioning.texts import digest

GOLDEN = Path(__file__).parents[1] / "golden" / "zones" / "rfc2136"
V4, FORWARD = "100.51.198.in-addr.arpa", "reseau.asso.example"
TARGET = Target(Machine("ns9", "127.0.0.1"), UPDATE)


@dataclass(frozen=True)
class Served:
    """A server, and the texts that open it."""

    server: Any
    driver: DnsUpdateDriver
    texts: Mapping[str, str]
    settings: Settings

    def put(self, texts: Mapping[str, str]) -> None:
        self.driver.apply(TARGET, texts, digest(self.driver.look(TARGET, texts).texts))
        self.driver.confirm(TARGET, digest(texts))

    def ask(self, name: str, kind: str) -> list[str]:
        asked = dns.message.make_query(name, kind)
        answer = dns.query.tcp(asked, "127.0.0.1", port=self.server.port, timeout=5)
        return sorted(rdata.to_text() for rrset in answer.answer for rdata in rrset)

    def serial(self, zone: str) -> int:
        return int(self.ask(zone, "SOA")[0].split()[2])

    def by_hand(self, zone: str, owner: str, ttl: int, kind: str, value: str) -> None:
        """Somebody else adds a record."""
        at = dns_wire.server("127.0.0.1", self.server.port, self.server.keys[1])
        message = dns.update.UpdateMessage(zone, keyring=at.key)
        message.add(owner, ttl, kind, value)
        assert dns.query.tcp(message, "127.0.0.1", port=self.server.port, timeout=5).rcode() == 0

    def with_rows(self, zone: str, *rows: str, without: str = "\n\n") -> dict[str, str]:
        name = f"{zone}.zone"
        text = "".join(row for row in self.texts[name].splitlines(keepends=True) if without not in row)
        return {**self.texts, name: text + "".join(f"{row}\n" for row in rows)}


def texts_of(server: Any) -> dict[str, str]:
    texts = {path.name: path.read_text() for path in GOLDEN.iterdir()}
    return {**texts, ACCESS: f"port {server.port}\nkey {server.keys[0]}\n"}


@pytest.fixture(params=["knot", "bind"])
def served(request: pytest.FixtureRequest, name_server: Callable[..., Any], tmp_path: Path) -> Iterator[Served]:
    zones = [path.stem for path in GOLDEN.glob("*.zone")]
    with name_server(request.param, zones) as server:
        settings = Settings(var=tmp_path)
        Vault.create(settings.vault_key)
        yield Served(server, DnsUpdateDriver(settings), texts_of(server), settings)


def test_a_server_comes_to_say_what_we_say_and_nothing_is_left_to_do(served: Served) -> None:
    served.put(served.texts)
    assert served.driver.look(TARGET, served.texts).diff == ""
    assert served.ask("2.100.51.198.in-addr.arpa", "PTR") == ["serveur.membre.example."]
    assert served.ask("17.113.0.203.in-addr.arpa", "CNAME") == ["17.16-23.113.0.203.in-addr.arpa."]
    assert served.ask(FORWARD, "NS") == ["ns.ailleurs.example.", "ns1.reseau.asso.example."]
    soa = served.ask(FORWARD, "SOA")[0]
    assert soa.startswith("ns1.reseau.asso.example. veille\\.dns.asso.example. ")
    before = served.serial(V4)
    more = served.with_rows(V4, "3 PTR autre.membre.example. ; L0003", without="serveur.membre")
    rows = changed_rows(served.driver.look(TARGET, more).diff)
    assert rows == ["-2 PTR serveur.membre.example. ; L0002", "+3 PTR autre.membre.example. ; L0003"]
    still = served.serial(FORWARD)
    served.put(more)
    assert served.ask("3.100.51.198.in-addr.arpa", "PTR") == ["autre.membre.example."]
    assert served.ask("2.100.51.198.in-addr.arpa", "PTR") == []
    assert served.serial(V4) > before
    assert served.serial(FORWARD) == still


def changed_rows(diff: str) -> list[str]:
    return [row for row in diff.splitlines() if row[0] in "+-" and row[:3] not in ("+++", "---")]


def test_what_others_put_into_a_zone_is_seen_where_we_write_it_too_and_left_where_we_do_not(served: Served) -> None:
    served.put(served.texts)
    served.by_hand(V4, "9", 3600, "PTR", "by.hand.example.")
    served.by_hand(V4, "8", 60, "TXT", '"a note"')
    seen = served.driver.look(TARGET, served.texts)
    assert changed_rows(seen.diff) == ["-9 PTR by.hand.example."]
    assert UPDATE.strangers(seen.texts, served.texts) == (f"9 PTR by.hand.example. ({V4}.zone)",)
    served.put(served.texts)
    assert served.ask("9.100.51.198.in-addr.arpa", "PTR") == []
    assert served.ask("8.100.51.198.in-addr.arpa", "TXT") == ['"a note"']


def test_a_record_for_another_time_is_another_record(served: Served) -> None:
    served.by_hand(V4, "2", 60, "PTR", "serveur.membre.example.")
    assert "-2 60 PTR serveur.membre.example." in served.driver.look(TARGET, served.texts).diff
    served.put(served.texts)
    assert served.driver.look(TARGET, served.texts).diff == ""


def test_a_zone_that_changes_under_us_is_left_as_it_is(served: Served) -> None:
    served.put(served.texts)
    at = dns_wire.server("127.0.0.1", served.server.port, served.server.keys[0])
    wanted, _ = dns_wire.read(V4, served.with_rows(V4, "3 PTR autre.membre.example.")[f"{V4}.zone"])
    seen = dns_wire.transfer(at, dns.name.from_text(f"{V4}."))
    served.by_hand(V4, "9", 3600, "PTR", "by.hand.example.")
    with pytest.raises(dns_wire.Changed):
        dns_wire.bring(at, seen, wanted)
    assert served.ask("3.100.51.198.in-addr.arpa", "PTR") == []


def test_a_large_difference_goes_in_several_messages(served: Served) -> None:
    long = f"{'x' * 60}.{'y' * 60}.{'z' * 60}"
    rows = [f"{host} PTR {long}.h{host}-{part}.example." for part in range(3) for host in range(10, 250)]
    large = served.with_rows(V4, *rows)
    served.put(large)
    assert served.driver.look(TARGET, large).diff == ""
    served.put(served.texts)
    assert served.driver.look(TARGET, served.texts).diff == ""


def test_what_the_server_leaves_out_is_refused_and_what_was_there_comes_back(served: Served) -> None:
    served.put(served.texts)
    # No name has an alias and another record (RFC 1034, 3.6.2): servers pass over one of them in silence.
    wrong = served.with_rows(V4, "2 CNAME elsewhere.example.", "3 PTR autre.membre.example.")
    with pytest.raises(ConfigurationRefused):
        served.put(wrong)
    assert served.driver.look(TARGET, served.texts).diff == ""
    assert served.driver.standing(TARGET).stand is Stand.UNDONE


def test_a_row_that_is_no_record_never_leaves(served: Served) -> None:
    with pytest.raises(ConfigurationRefused, match="4 PTR"):
        served.put(served.with_rows(V4, "4 PTR"))
    assert served.driver.standing(TARGET).stand is Stand.NONE


def test_while_one_waits_no_other_begins_and_a_plan_of_another_moment_is_stale(served: Served) -> None:
    with pytest.raises(Stale):
        served.driver.apply(TARGET, served.texts, digest({"of": "another moment"}))
    served.driver.apply(TARGET, served.texts, digest(served.driver.look(TARGET, served.texts).texts))
    with pytest.raises(Unsettled):
        served.driver.apply(TARGET, served.texts, digest(served.driver.look(TARGET, served.texts).texts))


def test_who_has_not_the_key_is_told_nothing(served: Served) -> None:
    kind, name, secret = served.server.keys[0].split(":")
    for key in (f"{kind}:{name}:{secret[::-1].lstrip('=')}=", f"{kind}:nobody:{secret}"):
        with pytest.raises(CommandFailed, match="AXFR"):
            served.driver.look(TARGET, {**served.texts, ACCESS: f"port {served.server.port}\nkey {key}\n"})


def test_a_server_that_is_not_there_is_named(served: Served) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        with pytest.raises(MachineUnreachable, match="ns9"):
            served.driver.look(TARGET, {**served.texts, ACCESS: f"port {port}\nkey {served.server.keys[0]}\n"})


def test_what_waits_is_sealed(served: Served) -> None:
    served.driver.apply(TARGET, served.texts, digest(served.driver.look(TARGET, served.texts).texts))
    kept = served.settings.var / "dns-update" / "ns9" / "zones"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert served.server.keys[0].rpartition(":")[2].encode() not in kept.read_bytes()
