"""FreeRADIUS on Debian: who may log in by PPP, with which addresses, and the sessions that are counted.

Logins are a `users` file, which the daemon reads again on SIGHUP without losing a request. Its first entry
answers, to the machine itself alone, with the digest of the release that the daemon has loaded: a file
that was switched but never read shows as a difference.

A session stands whatever becomes of the server that let it in: those of a login that goes, or whose password is in
force no more, are ended apart (`ended_logins`, provisioning/ending.py), once the new logins are those in force.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.speech import Phrase
from foundation.text import render
from foundation.vault import vault_of
from inventory import collecting
from inventory.models.addresses import IPNetwork, Role
from inventory.models.devices import RADIUS_ACCOUNTING, Device
from inventory.models.lines import CredentialKind
from provisioning import facts, releases
from provisioning.adopting import freeradius
from provisioning.adopting.found import Unreadable, Way
from provisioning.artifact import Effect, Impact, Observation
from provisioning.artifacts import collection
from provisioning.artifacts.collection import Bought, Client
from provisioning.served import Assignment, Credential, Line
from provisioning.texts import Texts, digest

PATHS: Final = {
    "authorize": "/etc/freeradius/3.0/mods-config/files/authorize",
    "clients.conf": "/etc/freeradius/3.0/clients.conf",
    "site": "/etc/freeradius/3.0/sites-enabled/default",
    "sql": "/etc/freeradius/3.0/mods-enabled/sql",
}
INTERIM_SECONDS: Final = 60
ROUTES: Final = 10
"""l2tpns keeps ten Framed-Routes of a session and drops the rest."""

_LOGIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*@[A-Za-z0-9._-]+")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_QUOTED: Final = r"'(?:[^'\\\n]|\\.)*'"
_GIVES: Final = re.compile(r"^(\S+)\tCleartext-Password := .*\n\tFramed-IP-Address = '?([0-9.]+)'?,?$", re.MULTILINE)
_OPENS: Final = re.compile(
    rf"^(\S+)\tCleartext-Password := ({_QUOTED})(?:, Tmp-String-0 := ({_QUOTED}))?(?:, Tmp-String-[12] := {_QUOTED})*$",
    re.MULTILINE,
)
_RELEASE: Final = re.compile(r'^\tReply-Message = "([^"]*)"$', re.MULTILINE)
_NOT_RUNNING: Final = "none"
# radclient takes the secret from a descriptor: an argument would show in the list of processes.
_LOOK: Final = f"""\
ask() {{ sed -n "s/^\\tsecret = '\\(.*\\)'/\\1/p" {PATHS["clients.conf"]} | head -n 1 |
  radclient -f /dev/fd/3 -S /dev/stdin -x -t 1 -r 2 127.0.0.1 auth 3<<'END' 2>/dev/null || true
User-Name = "essaim-release"
END
}}
section running ask
"""


@dataclass(frozen=True, slots=True)
class Login:
    """One PPP login of a line: `password` as FreeRADIUS quotes it, `reply` its attributes.

    `former` is the password before, where it is in force beside the new one; else nothing. `sellers` are the
    wholesalers that may ask about it, with blanks between; `lns` where those that we tell a tunnel are led.
    """

    label: str
    name: str
    password: str
    reply: tuple[str, ...]
    former: str = ""
    sellers: str = ""
    lns: str = ""


class Radius:
    """The artifact."""

    name = "radius"
    role = "radius"
    platform = "debian"
    secrets = re.compile(
        r"(?:(?:Cleartext-Password|Tmp-String-0) := |Tunnel-Password:\d+ \+= |secret = )'(?P<secret>(?:[^'\\\n]|\\.)*)'"
    )
    observation = Observation(releases.looking("radius", PATHS, _LOOK))

    def desired(self, session: Session, device: Device, at: datetime) -> Texts:
        """All logins of all lines, every LNS, and the wholesalers that ask.

        Raises MachineIncomplete, NoSuchSecret, Unwritable.
        """
        bought = collection.bought(session)
        logins = tuple(every_login(session, at, bought))
        return _rendered(logins, tuple(_clients(session, device, bought, at)), bought)

    def observed(self, output: str) -> Texts:
        """The files of the release, where the running daemon's own digest stands for the file's."""
        found = releases.sections(output)
        if releases.by_hand(found):
            return _made_by_hand(releases.files(found))
        texts = releases.files(found)
        answered = re.search(r'Reply-Message = "([^"]*)"', found.get("running", ""))
        running = answered.group(1) if answered else _NOT_RUNNING
        texts["authorize"] = _RELEASE.sub(f'\tReply-Message = "{running}"', texts.get("authorize", ""), count=1)
        return texts

    def recognised(self, running: Texts, desired: Texts) -> Texts:
        """What was made by hand: as desired, where the same logins open the same lines to the same clients."""
        if "site" in running or not running:
            return running
        same = _means(running) == _means(desired)
        return dict(desired) if same else running

    def strangers(self, running: Texts, desired: Texts) -> tuple[str, ...]:
        """Logins and clients that would be refused, or given less."""
        if "site" in running:
            return ()
        old, new = _means(running), _means(desired)
        return tuple(sorted(name for name, said in old.items() if not _kept(said, new.get(name))))

    def effect(self, before: Texts, after: Texts) -> Effect:
        """Whose login goes, or has another password, is cut; nobody else is.

        Other clients or another site need a restart, during which an LNS asks a second time.
        """
        if dict(before) == dict(after):
            return Effect(Impact.NONE)
        ended = ended_logins(before, after)
        if ended:
            return Effect(Impact.CUTS, len(ended))
        return Effect(Impact.HITLESS, len(_entries(after).keys() - _entries(before).keys()))

    def lines(self, before: Texts, after: Texts) -> tuple[str, ...]:
        """Lines whose login comes, goes or changes."""
        old, new = _entries(before), _entries(after)
        changed = {label for label in old.keys() | new.keys() if old.get(label) != new.get(label)}
        return tuple(sorted(changed, key=lambda label: (len(label), label)))


def ended_logins(before: Texts, after: Texts) -> tuple[str, ...]:
    """Logins whose sessions end when one text takes the place of the other, in order.

    A login that goes, or whose password opens nothing any more. A former password that was in force beside another for
    a while ends nobody when its time is over: sessions that it opened stand until they end by themselves.
    """
    old, new = _passwords(before), _passwords(after)
    return tuple(name for name, held in old.items() if name not in new or held[0] not in new[name])


def given_addresses(texts: Texts) -> dict[str, str]:
    """The IPv4 address that the session of each login gets, where it gets one."""
    return dict(_GIVES.findall(texts.get("authorize", "")))


def quoted(text: str) -> str:
    """A string as FreeRADIUS reads it between single quotes, where nothing is expanded. Raises ValueError."""
    if _CONTROL.search(text):
        raise ValueError("control characters")
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _rendered(logins: tuple[Login, ...], clients: tuple[Client, ...], bought: Bought) -> Texts:
    texts = {
        "authorize": _authorize("", logins),
        "clients.conf": render("provisioning", "radius/debian.clients.j2", {"clients": clients}),
        "site": render(
            "provisioning",
            "radius/debian.site.j2",
            {"accounting": RADIUS_ACCOUNTING, "collectors": bought.collectors},
        ),
        "sql": render("provisioning", "radius/debian.sql.j2", {"accounting": RADIUS_ACCOUNTING}),
    }
    return texts | {"authorize": _authorize(digest(texts), logins)}


def _authorize(release: str, logins: tuple[Login, ...]) -> str:
    return render("provisioning", "radius/debian.authorize.j2", {"release": release, "logins": logins})


def _clients(session: Session, device: Device, bought: Bought, at: datetime) -> Iterator[Client]:
    yield Client("localhost", "127.0.0.1", facts.service_secret(session, device, "radius"))
    living = select(Device).where(Device.role == "lns", Device.until.is_(None))
    for lns in session.scalars(living.order_by(Device.name)):
        secret = facts.service_secret(session, lns, "radius")
        yield Client(lns.name, str(facts.core_address(session, lns, 4, at)), secret)
    for collector in bought.collectors:
        yield from collector.clients


def every_login(session: Session, at: datetime, bought: Bought = collection.NOTHING) -> Iterator[Login]:
    """The logins of all lines, by line; with `bought`, who may ask about each. Raises Unwritable."""
    carried = collecting.carried(session)
    for line in facts.rendered_lines(session):
        opening = {
            share.id: _by_name(facts.opening(line, share, CredentialKind.PPP, at, None)) for share in line.shares
        }
        # Whoever has no login of their own goes by the first that there is: its router hands their prefixes on.
        others = [one for each in line.shares if not opening[each.id] for one in each.assignments]
        for share in line.shares:
            for held in opening[share.id]:
                login = _login(session, line, held, (share.assignments, others), carried, at)
                sellers, lns = bought.asked_by(line, held[0])
                yield replace(login, sellers=sellers, lns=lns) if sellers else login
            if opening[share.id]:
                others = []


def _by_name(held: list[Credential]) -> list[list[Credential]]:
    """Credentials of one login together: the one without an end first, then the one that it takes the place of."""
    logins: dict[str, list[Credential]] = {}
    for one in sorted(held, key=lambda each: each.until is not None):
        logins.setdefault(one.name, []).append(one)
    return sorted(logins.values(), key=lambda each: each[0].id)


def _login(
    session: Session,
    line: Line,
    held: list[Credential],
    assigned: tuple[list[Assignment], list[Assignment]],
    carried: Mapping[int, int],
    at: datetime,
) -> Login:
    credential, (own, others) = held[0], assigned
    if not _LOGIN.fullmatch(credential.name):
        raise facts.Unwritable(what=Phrase("L'identifiant PPP", "The PPP login"), owner=str(line))
    password, *former = (_password(session, line, one) for one in held[:2])
    main, renumbered = _main_address(own, at)
    reply = (
        *_addresses(main, own, at),
        *_routes(line, own, others, renumbered, at),
        *_limits(line, credential, carried),
    )
    return Login(str(line), credential.name, password, reply, former[0] if former else "")


def _password(session: Session, line: Line, credential: Credential) -> str:
    try:
        if credential.secret is None:
            raise ValueError("no password")
        return quoted(vault_of(session).open(credential.secret))
    except ValueError as unquotable:
        what = Phrase("Le mot de passe PPP", "The PPP password")
        raise facts.Unwritable(what=what, owner=str(line)) from unquotable


def _main_address(own: list[Assignment], at: datetime) -> tuple[list[Assignment], list[Assignment]]:
    """The address that the session is given, and those that a renumbering leaves in force beside it: routed over it."""
    held = sorted((one for one in own if one.role == Role.WAN and facts.living(one, at)), key=lambda one: one.since)
    return held[-1:], held[:-1]


def _addresses(main: list[Assignment], own: list[Assignment], at: datetime) -> Iterator[str]:
    for prefix in _of_role(main, Role.WAN, at):
        yield f"Framed-IP-Address = {prefix.network_address}"
        yield "Framed-IP-Netmask = 255.255.255.255"
    for prefix in _of_role(own, Role.DELEGATED, at):
        yield f"Delegated-IPv6-Prefix += {prefix}"


def _routes(
    line: Line, own: list[Assignment], others: list[Assignment], former: list[Assignment], at: datetime
) -> Iterator[str]:
    routed = _of_role([*own, *others], Role.ROUTED, at) + facts.prefixes(former, at)
    # A neighbour's IPv6 prefix comes by the line's router, whose own one alone is delegated (RFC 8415).
    routed += _of_role(others, Role.DELEGATED, at)
    for version in (4, 6):
        if sum(1 for prefix in routed if prefix.version == version) > ROUTES:
            what = Phrase("Le onzième préfixe routé", "The eleventh routed prefix")
            raise facts.Unwritable(what=what, owner=str(line))
    for prefix in routed:
        if prefix.version == 4:
            yield f'Framed-Route += "{prefix} 0.0.0.0 1"'
        else:
            yield f'Framed-IPv6-Route += "{prefix} :: 1"'


def _limits(line: Line, credential: Credential, carried: Mapping[int, int]) -> Iterator[str]:
    yield f"Framed-MTU = {facts.mtu(line, credential, carried)}"
    yield f"Acct-Interim-Interval = {INTERIM_SECONDS}"


def _of_role(held: list[Assignment], role: Role, at: datetime) -> tuple[IPNetwork, ...]:
    return facts.prefixes([one for one in held if one.role == role], at)


def _entries(texts: Texts) -> Mapping[str, tuple[str, ...]]:
    """By line number, what is said of it."""
    entries: dict[str, list[str]] = {}
    label = ""
    for row in texts.get("authorize", "").splitlines():
        if re.fullmatch(r"# L\d+", row):
            label = row[2:]
        elif label and row:
            entries.setdefault(label, []).append(row)
    return {label: tuple(rows) for label, rows in entries.items()}


def _passwords(texts: Texts) -> Mapping[str, tuple[str, ...]]:
    """By login, the passwords that open it, the present one first."""
    found = _OPENS.finditer(texts.get("authorize", ""))
    return {each[1]: tuple(one for one in each.group(2, 3) if one) for each in found}


def _made_by_hand(files: Texts) -> Texts:
    """Logins and clients that somebody else wrote, in our words; nothing where nobody logs in here yet.

    Of a file of theirs nothing else is shown: it may hold secrets in places that we do not know. The site and the
    place where sessions are counted are not compared; they become ours with the first change.
    """
    try:
        found = freeradius.read_users("authorize", files.get("authorize", ""))
        clients = freeradius.read_clients("clients.conf", files.get("clients.conf", ""))
        logins = [Login("?", one.name, quoted(one.secret or ""), _given(one)) for one in found.ways]
        asking = tuple(Client(one.name, one.address, quoted(one.secret)[1:-1]) for one in clients.clients)
    except (Unreadable, ValueError) as wrong:
        raise releases.Illegible(what="authorize") from wrong
    if not logins:
        return {}
    return {
        "authorize": _authorize(_NOT_RUNNING, tuple(logins)) + f"# {releases.FOREIGN}\n",
        "clients.conf": render("provisioning", "radius/debian.clients.j2", {"clients": asking}),
    }


def _given(way: Way) -> tuple[str, ...]:
    """The addresses that a login of theirs is given, as we write them."""
    rows = []
    for prefix, role in way.prefixes:
        if role == Role.WAN:
            rows.append(f"Framed-IP-Address = {prefix.network_address}")
        elif role == Role.DELEGATED:
            rows.append(f"Delegated-IPv6-Prefix += {prefix}")
        elif prefix.version == 4:
            rows.append(f'Framed-Route += "{prefix} 0.0.0.0 1"')
        else:
            rows.append(f'Framed-IPv6-Route += "{prefix} :: 1"')
    return tuple(rows)


def _means(texts: Texts) -> Mapping[str, frozenset[str]]:
    """What a text is for, whoever wrote it: by login, its password and addresses; by a client's address, its secret."""
    users = freeradius.read_users("authorize", texts.get("authorize", ""))
    clients = freeradius.read_clients("clients.conf", texts.get("clients.conf", ""))
    means = {one.name: frozenset({f"password {one.secret}", *_given(one)}) for one in users.ways}
    return means | {f"client {_place(one.address)}": frozenset({one.secret}) for one in clients.clients}


def _place(address: str) -> str:
    """Where a client asks from: the machine itself has two addresses, and is one."""
    return "localhost" if address in ("127.0.0.1", "::1") else address


def _kept(said: frozenset[str], now: frozenset[str] | None) -> bool:
    return now is not None and said <= now


RADIUS: Final = Radius()
