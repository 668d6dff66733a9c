"""A zone on a name server that takes updates: seen by transfer (AXFR, RFC 5936), changed by update (RFC 2136).

Everything that is said is signed (TSIG, RFC 8945). The one place that knows dnspython.

A zone is a set of records, each under the row that our texts have for it (`provisioning/templates/dns/zone.j2`). Only
records of the kinds that we write are ours to see and to change: signatures, keys and whatever else a server or its
people put into a zone stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.SOA
import dns.tsig
import dns.update
import dns.xfr
import dns.zone

TTL: Final = 3600
SECONDS: Final = 20.0
LARGEST: Final = 60_000
"""Octets of a message of ours: TCP carries 65,535, with the signature."""
OURS: Final = frozenset(dns.rdatatype.from_text(kind) for kind in ("SOA", "NS", "PTR", "CNAME", "A", "AAAA"))
"""The kinds of record that our texts hold."""


class Refused(Exception):
    """The server will not do what was asked; says why."""


class NotAnswered(Exception):
    """No answer came: nothing is known of what was asked."""


class Changed(Exception):
    """The zone is no longer the one that was seen."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where the server answers, and the key that both have."""

    host: str
    port: int
    key: dns.tsig.Key


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a zone. Of the SOA the serial is left out: it is the server's own."""

    owner: dns.name.Name
    rdata: dns.rdata.Rdata


@dataclass(frozen=True, slots=True)
class Zone:
    """Records of ours with their time to live in seconds, and the serial of the whole."""

    origin: dns.name.Name
    records: Mapping[Record, int]
    serial: int


def server(host: str, port: int, key: str) -> Server:
    """From `hmac-sha256:name:base64`. Raises ValueError."""
    algorithm, name, secret = key.split(":")
    try:
        return Server(host, port, dns.tsig.Key(name, secret, algorithm))
    except dns.exception.DNSException as wrong:
        raise ValueError("the key cannot be read") from wrong


def read(name: str, text: str) -> tuple[Zone, dict[Record, str]]:
    """A zone of our texts, and the row of each of its records. Raises ValueError with the row that cannot be read."""
    origin = dns.name.from_text(f"{name}.")
    rows: dict[Record, str] = {}
    for row in text.splitlines():
        if not row or row.startswith(("$", "#")):
            continue
        try:
            owner, kind, value = row.partition(" ; ")[0].split(" ", 2)
            record = _record(dns.name.from_text(owner, origin), _rdata(kind, value, origin))
        except (ValueError, dns.exception.DNSException) as wrong:
            raise ValueError(f"{name}: {row}") from wrong
        if not record.owner.is_subdomain(origin) or record.rdata.rdtype not in OURS:
            raise ValueError(f"{name}: {row}")
        rows[record] = row
    return Zone(origin, dict.fromkeys(rows, TTL), 0), rows


def transfer(at: Server, origin: dns.name.Name) -> Zone:
    """The zone as it is served. Raises Refused, NotAnswered."""
    served = dns.zone.Zone(origin, relativize=False)
    asked, _ = dns.xfr.make_query(served, keyring=at.key)
    try:
        dns.query.inbound_xfr(at.host, served, asked, port=at.port, timeout=SECONDS, lifetime=SECONDS * 3)
    except (dns.exception.Timeout, OSError, EOFError) as silent:
        raise NotAnswered(_reason(silent)) from silent
    except dns.exception.DNSException as refused:
        raise Refused(f"{origin}: {_reason(refused)}") from refused
    records, serial = {}, 0
    for owner, ttl, rdata in served.iterate_rdatas():
        if isinstance(rdata, dns.rdtypes.ANY.SOA.SOA):
            serial = rdata.serial
        if rdata.rdtype in OURS:
            records[_record(owner, rdata)] = TTL if rdata.rdtype == dns.rdatatype.SOA else ttl
    return Zone(origin, records, serial)


def bring(at: Server, seen: Zone, wanted: Zone) -> None:
    """One update from what was seen to what is wanted, or several where one message cannot hold it.

    Each is done whole or not at all, and only if the zone is still the one that was seen. Raises Changed, Refused,
    NotAnswered; then what is in force is to be looked at.
    """
    for message in _messages(at, seen, wanted):
        answer = _asked(at, message)
        if answer.rcode() == dns.rcode.NXRRSET:
            raise Changed(str(seen.origin))
        if answer.rcode() != dns.rcode.NOERROR:
            raise Refused(f"{seen.origin}: {dns.rcode.to_text(answer.rcode())}")


def row(record: Record, ttl: int, origin: dns.name.Name) -> str:
    """How our texts would write a record that they do not have."""
    kind = dns.rdatatype.to_text(record.rdata.rdtype)
    said = f"{ttl} {kind}" if ttl != TTL else kind
    value = record.rdata.to_text()
    if isinstance(record.rdata, dns.rdtypes.ANY.SOA.SOA):
        fields = value.split()
        value = " ".join((*fields[:2], "1", *fields[3:]))
    return f"{record.owner.relativize(origin).to_text()} {said} {value}"


def _messages(at: Server, seen: Zone, wanted: Zone) -> Iterator[dns.update.UpdateMessage]:
    """Messages in order; the serial that each demands is the one that the last one left."""
    steps = list(_steps(seen, wanted))
    while steps:
        message = dns.update.UpdateMessage(seen.origin, keyring=at.key)
        # The server counts up by one, or to the second: what follows the first message asks for the serial again.
        message.present(seen.origin, _soa_of(seen))
        size = 0
        while steps and size < LARGEST:
            adds, record, ttl = steps.pop(0)
            size += len(record.owner.to_wire() or b"") + len(record.rdata.to_wire() or b"") + 10
            if adds:
                message.add(record.owner, ttl, record.rdata)
            else:
                message.delete(record.owner, record.rdata)
        yield message
        if steps:
            seen = transfer(at, seen.origin)


def _steps(seen: Zone, wanted: Zone) -> Iterator[tuple[bool, Record, int]]:
    """What to add (True) and what to take away. The zone's own servers come before others go: it is never without."""
    gone = [record for record, ttl in seen.records.items() if wanted.records.get(record) != ttl]
    come = [record for record, ttl in wanted.records.items() if seen.records.get(record) != ttl]
    own = [one for one in come if one.owner == seen.origin]
    for record in own:
        if isinstance(record.rdata, dns.rdtypes.ANY.SOA.SOA):
            yield True, Record(record.owner, record.rdata.replace(serial=(seen.serial + 1) % 2**32)), TTL
        else:
            yield True, record, TTL
    for record in gone:
        if not isinstance(record.rdata, dns.rdtypes.ANY.SOA.SOA) and not (
            record in wanted.records and record.owner == seen.origin
        ):
            yield False, record, 0
    yield from ((True, record, wanted.records[record]) for record in come if record.owner != seen.origin)


def _asked(at: Server, message: dns.update.UpdateMessage) -> dns.message.Message:
    try:
        return dns.query.tcp(message, at.host, timeout=SECONDS, port=at.port)
    except (dns.exception.Timeout, OSError, EOFError) as silent:
        raise NotAnswered(_reason(silent)) from silent
    except dns.exception.DNSException as refused:
        raise Refused(_reason(refused)) from refused


def _soa_of(zone: Zone) -> dns.rdata.Rdata:
    (soa,) = (one.rdata for one in zone.records if isinstance(one.rdata, dns.rdtypes.ANY.SOA.SOA))
    return soa.replace(serial=zone.serial)


def _record(owner: dns.name.Name, rdata: dns.rdata.Rdata) -> Record:
    if isinstance(rdata, dns.rdtypes.ANY.SOA.SOA):
        rdata = rdata.replace(serial=1)
    return Record(owner, rdata)


def _rdata(kind: str, value: str, origin: dns.name.Name) -> dns.rdata.Rdata:
    return dns.rdata.from_text(dns.rdataclass.IN, kind, value, origin=origin, relativize=False)


def _reason(error: BaseException) -> str:
    rows = str(error).strip().splitlines()
    return rows[0] if rows else type(error).__name__


def difference(seen: Zone, wanted: Zone) -> Sequence[Record]:
    """Records that one has and the other has not, or for another time."""
    either: Iterable[Record] = {**seen.records, **wanted.records}
    return [record for record in either if seen.records.get(record) != wanted.records.get(record)]
