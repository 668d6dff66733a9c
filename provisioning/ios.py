"""Cisco IOS as its people read it: what of a running configuration is ours, and what would be typed to mend it.

hier-config 3 reads configurations as trees and works out the commands; which lines are ours, and which settings take
the place of one another, is said here. Ours are names that begin with `ESSAIM`, things numbered 442, routes of that
tag; of an interface that the inventory knows its addresses and its description; of BGP what we announce and the
neighbours to which our route-maps were given. Users, lines, management and everybody's own routes are never touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv6Interface, IPv6Network, ip_address
from typing import Final, TypeAlias

from hier_config import HConfig, HConfigChild, MatchRule, get_hconfig
from hier_config.models import IdempotentCommandsRule, OrderingRule
from hier_config.platforms.cisco_ios.driver import HConfigDriverCiscoIOS
from hier_config.platforms.driver_base import HConfigDriverRules

NUMBER: Final = 442
"""Our own as-path list, route tag, loopback and virtual template."""

Tree: TypeAlias = HConfig
Branch: TypeAlias = HConfig | HConfigChild

_OURS: Final = re.compile(
    rf"(?:ip|ipv6) prefix-list ESSAIM-|route-map ESSAIM-|ip community-list standard ESSAIM-|"
    rf"ip as-path access-list {NUMBER} |(?:ip|ipv6) route .* tag {NUMBER}$|radius server ESSAIM$|"
    rf"aaa group server radius ESSAIM$|aaa (?:authentication|authorization|accounting) \S+ ESSAIM |vpdn-group ESSAIM$|"
    rf"interface (?:Loopback|Virtual-Template){NUMBER}$|ipv6 dhcp pool ESSAIM$|(?:ipv6 )?router ospf {NUMBER}$|"
    rf"key chain ESSAIM-"
)
_OF_INTERFACE: Final = re.compile(r"ip address \d|ipv6 address [0-9a-f:]+/")
_SPEAKS: Final = re.compile(rf"(?:ip|ipv6) ospf {NUMBER} area ")
_OF_OSPF: Final = re.compile(
    rf"(?:ip|ipv6) ospf (?:{NUMBER} area|cost|network|\w+-interval|authentication) |ospfv3 {NUMBER} authentication "
)
_OF_BGP: Final = re.compile(r"bgp router-id |no bgp default ipv4-unicast$|bgp rpki server tcp |network ")
_NEIGHBOUR: Final = re.compile(r"neighbor (\S+) (?!password )")
_GIVEN: Final = re.compile(r"neighbor (\S+) (?:route-map|prefix-list) ESSAIM-")
_ONE_OF: Final = re.compile(r"aaa accounting update |port \d|client (\S+) ")
"""Settings of what others may have a part in: ours where we state one of the kind."""
_AN_IPV6: Final = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:])(?:/\d+)?")
_HIDDEN: Final = re.compile(r"\b(key|key-string|server-key|password) (?:0 (\S+)|7 (\d\d[0-9A-Fa-f]{2,}))$")
_KEY: Final = b"dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fg87"
"""What IOS hides passwords with, as everybody knows since 1995: it keeps eyes off, and nobody out."""
_COLUMNS: Final = 10
"""Of `show bgp all summary`: neighbour, version, AS, messages in and out, table, queues in and out, since, prefixes."""
_BANNER: Final = re.compile(r"banner \S+ (\^C|\S)")
_BORING: Final = re.compile(r"(?:Building|Current) configuration\b.*|exit-address-family|exit|end|version .*")

_OF_KEY: Final = ("key-string", "cryptographic-algorithm", "send-lifetime")
_OF_NEIGHBOUR: Final = ("remote-as", "description", "timers", "advertisement-interval", "update-source")
_OF_PORT: Final = (
    "mtu", "ip unnumbered", "ipv6 unnumbered", "ip tcp adjust-mss", "ipv6 tcp adjust-mss", "ppp authentication",
    "ppp authorization", "ppp accounting",
)  # fmt: skip


class _Platform(HConfigDriverCiscoIOS):
    """IOS with the settings of ours of which there is one."""

    @staticmethod
    def _instantiate_rules() -> HConfigDriverRules:
        rules = HConfigDriverCiscoIOS._instantiate_rules()
        one_of = [
            (r"^aaa accounting update ",),
            (r"^router bgp ", r"^bgp router-id "),
            *((r"^router bgp ", rf"^neighbor (\S+) {word} ") for word in _OF_NEIGHBOUR),
            (r"^router bgp ", r"^address-family ", r"^neighbor (\S+) maximum-prefix "),
            (r"^router bgp ", r"^address-family ", r"^neighbor (\S+) (route-map|prefix-list) \S+ (in|out)$"),
            (r"^interface ", r"^ip address \S+ \S+$"),
            (r"^route-map ", r"^set (local-preference|community) "),
            (r"^route-map ", r"^match (ip address|ipv6 address) "),
            *((r"^interface ", rf"^{word} ") for word in _OF_PORT),
            (r"^interface ", r"^(ip|ipv6) ospf (cost|network|\S+-interval) "),
            (r"^interface ", r"^(ip ospf|ospfv3 \d+) authentication "),
            *((r"^key chain ", r"^key ", f"^{word} ") for word in _OF_KEY),
            (r"^(?:ipv6 )?router ospf ", r"^router-id "),
            (r"^(?:ipv6 )?router ospf ", r"^redistribute static "),
            (r"^radius server ", r"^address ipv4 "),
            (r"^radius server ", r"^key "),
            (r"^vpdn-group ", r"^local name "),
            (r"^vpdn-group ", r"^source-ip "),
            (r"^vpdn-group ", r"^l2tp tunnel password "),
            (r"^aaa server radius dynamic-author", r"^client (\S+) "),
            (r"^aaa server radius dynamic-author", r"^port "),
        ]  # fmt: skip
        # An interface has one address that no `secondary` follows; the others come and go each by itself.
        rules.idempotent_commands[:] = [
            rule for rule in rules.idempotent_commands if rule.match_rules[-1].startswith != "ip address "
        ]
        rules.idempotent_commands.extend(
            IdempotentCommandsRule(match_rules=tuple(MatchRule(re_search=one) for one in path)) for path in one_of
        )
        # A neighbour goes last: its other lines could not be taken away from one that is gone.
        rules.ordering.extend(
            OrderingRule(match_rules=tuple(MatchRule(re_search=one) for one in path), weight=100)
            for path in (
                (r"^router bgp ", r"^no neighbor \S+ remote-as "),
                (r"^router bgp ", r"^address-family ", r"^no neighbor \S+ activate"),
            )
        )
        return rules.model_copy(update={"indentation": 1})


@dataclass(frozen=True, slots=True)
class _Known:
    """What of a configuration is ours beyond its names: sections, lines and neighbours."""

    sections: frozenset[str]
    lines: frozenset[tuple[str, ...]]
    kinds: frozenset[tuple[str, ...]]
    neighbours: frozenset[str]
    speaks: bool
    inside: frozenset[str]
    """The interfaces that speak our OSPF: on others, it is somebody else's."""


def read(text: str) -> Tree:
    """A configuration as a tree, in one spelling: addresses short and small, passwords as they are."""
    rows, above = [], [(-1, set[str]())]
    for row in _said(text):
        plain = _spelled(row.strip())
        depth = len(row) - len(row.lstrip())
        while depth < above[-1][0]:
            above.pop()
        if depth > above[-1][0]:
            above.append((depth, set()))
        if plain not in above[-1][1]:  # what is said twice in one place is said once
            above[-1][1].add(plain)
            rows.append(" " * depth + plain)
    return get_hconfig(_Platform(), "\n".join(rows))


def written(tree: Tree) -> str:
    """A tree as IOS would show it, and take it."""
    return "".join(f"{row}\n" for row in tree.lines(sectional_exiting=True))


def ours(running: Tree, desired: Tree) -> Tree:
    """Of what runs, what is ours."""
    kept = HConfig(running.driver)
    _keep(running, kept, _known(running, desired))
    return kept


def remediation(running: Tree, desired: Tree) -> Tree:
    """What would be typed to bring what runs to what is desired. Others' lines are left alone."""
    return ours(running, desired).config_to_get_to(desired).set_order_weight()


def applied(running: Tree, typed: Tree) -> Tree:
    """What would run once that was typed."""
    return running.future(typed, prune_empty_branches=True)


def paths(tree: Branch, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every line that has none below it, with those that it stands under."""
    for child in tree.children:
        path = (*above, child.text)
        if child.children:
            yield from paths(child, path)
        else:
            yield path


def established(summary: str) -> frozenset[str]:
    """Of what `show bgp all summary` says, the neighbours whose session is up: it says how many prefixes they told of.

    A long address has a row of its own, and what is said of it the next.
    """
    found = set()
    for row in re.sub(r"^(\*?[0-9A-Fa-f:]+)\r?\n +", r"\1 ", summary, flags=re.MULTILINE).splitlines():
        words = row.removeprefix("*").split()
        if len(words) == _COLUMNS and words[1] == "4" and words[-1].isdecimal():
            found.add(_short(words[0]))
    return frozenset(found)


def shown(text: str) -> str:
    """A text as IOS keeps one: of one line, each character an octet of ASCII, none that asks for help."""
    import unicodedata

    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join(plain.replace("?", "").split())


def hidden(secret: str, salt: int = 4) -> str:
    """A password as `service password-encryption` shows it."""
    octets = (one ^ _KEY[(salt + rank) % len(_KEY)] for rank, one in enumerate(secret.encode()))
    return f"{salt:02d}" + "".join(f"{one:02X}" for one in octets)


def _said(text: str) -> Iterator[str]:
    """The rows of a configuration that say something, banners left out."""
    mark = ""
    for row in text.splitlines():
        plain = row.strip()
        if mark:
            mark = "" if mark in row else mark
        elif found := _BANNER.match(plain):
            mark = "" if plain.count(found[1]) > 1 else found[1]
        elif plain and not plain.startswith("!") and not _BORING.fullmatch(plain):
            yield row


def _bared(text: str) -> str:
    salt, octets = int(text[:2]), bytes.fromhex(text[2:])
    return bytes(one ^ _KEY[(salt + rank) % len(_KEY)] for rank, one in enumerate(octets)).decode(errors="replace")


def _spelled(row: str) -> str:
    if row.startswith("description "):
        return row
    row = _AN_IPV6.sub(lambda found: _short(found.group()), row)
    row = _HIDDEN.sub(lambda found: f"{found[1]} {found[2] or _bared(found[3])}", row)
    row = re.sub(r"^(ip community-list .*|set community .*)$", _numbered, row)
    return row.removesuffix(" both") if row.endswith(" send-community both") else row


def _numbered(found: re.Match[str]) -> str:
    return re.sub(r"\bgshut\b", "65535:0", found.group())


def _short(text: str) -> str:
    try:
        if "/" in text:
            return str(IPv6Interface(text))
        return str(ip_address(text))
    except ValueError:
        return text


def _known(running: Tree, desired: Tree) -> _Known:
    lines = frozenset(paths(desired))
    neighbours = {found[1] for path in lines if (found := _NEIGHBOUR.match(path[-1]))}
    neighbours |= {found[1] for path in paths(running) if (found := _GIVEN.match(path[-1]))}
    return _Known(
        sections=frozenset(child.text for child in desired.children if child.children),
        lines=lines,
        kinds=frozenset(kind for path in lines if (kind := _kind(path)) is not None),
        neighbours=frozenset(neighbours),
        inside=frozenset(path[0] for tree in (running, desired) for path in paths(tree) if _SPEAKS.match(path[-1])),
        speaks=any(child.text.startswith("router bgp ") for child in desired.children),
    )


def _kind(path: tuple[str, ...]) -> tuple[str, ...] | None:
    found = _ONE_OF.match(path[-1])
    return None if found is None else (*path[:-1], found.group(1) or found.group())


def _keep(branch: Branch, kept: Branch, known: _Known, above: tuple[str, ...] = ()) -> None:
    """Copy what is ours of `branch`."""
    for child in branch.children:
        path = (*above, child.text)
        if not above and _OURS.match(child.text):
            kept.add_deep_copy_of(child)
        elif child.children:
            section = HConfigChild(kept, child.text)
            _keep(child, section, known, path)
            if section.children:
                kept.children.append(section)
        elif _mine(path, known):
            kept.add_shallow_copy_of(child)


def _mine(path: tuple[str, ...], known: _Known) -> bool:
    line, top = path[-1], path[0]
    if path in known.lines or _kind(path) in known.kinds:
        return True
    if len(path) == 1 or (top.startswith("router bgp ") and not known.speaks):
        return False
    if top.startswith("interface "):
        if line.startswith("description "):  # one that we do not state is somebody's own
            return any(path[0] == top and path[-1].startswith("description ") for path in known.lines)
        if _OF_OSPF.match(line) and top not in known.inside:
            return False
        return top in known.sections and (_OF_INTERFACE.match(line) or _OF_OSPF.match(line)) is not None
    if top.startswith("router bgp "):
        found = _NEIGHBOUR.match(line)
        return found[1] in known.neighbours if found else _OF_BGP.match(line) is not None
    return False


def masked(prefix: object) -> str:
    """An IPv4 prefix or an interface's address as IOS writes it: the address, then the mask."""
    text = str(getattr(prefix, "with_netmask", prefix))
    return text.replace("/", " ")


def announced(prefix: object) -> str:
    """A prefix as IOS shows what is announced: no mask where it is that of the address's class."""
    if isinstance(prefix, IPv6Network):
        return str(prefix)
    address, _, mask = masked(prefix).partition(" ")
    first = int(address.partition(".")[0])
    usual = "255.0.0.0" if first < 128 else "255.255.0.0" if first < 192 else "255.255.255.0"
    return address if mask == usual else f"{address} mask {mask}"


FORMS: Final[dict[str, Callable[..., str]]] = {"masked": masked, "announced": announced, "shown": shown}
"""How templates write what IOS writes in its own way."""
