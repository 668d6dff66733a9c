"""What `frr-reload.py --test` prints, read back into the difference a person can follow.

FRR's own tool repeats every block for each of its lines, lists what it will do rather than what will
change, and gives some removals among its additions. Here its words become lines added or removed,
each under the block it stands in, and are shown as a diff that keeps those blocks in sight.
Pure text; nothing here speaks to a machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

Sign: TypeAlias = Literal["+", "-"]

# frr-reload removes these in bulk, so it lists them with what it adds.
_REMOVED_IN_BULK: Final = re.compile(
    r"no (?:(?:ip |ipv6 )?(?:route|router-id|prefix-list|access-list)"
    r"|bgp (?:community|large-community|extcommunity)-list) "
)
# The version is the software's; the other is vtysh's own setting. Neither can be configured by a reload.
_NOT_CONFIGURED: Final = re.compile(r"^(?:frr version|service integrated-vtysh-config)\b.*\n?", re.MULTILINE)
# FRR forgets an interface or an address family that says nothing.
_EMPTY_BLOCK: Final = re.compile(
    r"^[ \t]*(?:interface|address-family) .*\n(?:[ \t]*(?:!.*)?\n)*[ \t]*exit(?:-address-family)?[ \t]*(?:\n|\Z)",
    re.MULTILINE,
)
_SECRET: Final = re.compile(r"\b(password|secret|key-string|md5|authentication string) .+")


@dataclass(frozen=True, slots=True)
class Difference:
    """One line that appears or goes, and the blocks it stands in, outermost first."""

    sign: Sign
    line: str
    within: tuple[str, ...] = ()


@dataclass(slots=True)
class _Block:
    """A node of the diff: the sign of its own line, and what stands under it."""

    sign: str = " "
    under: dict[str, _Block] = field(default_factory=dict)


def tidied(config: str) -> str:
    """A candidate without what FRR never gives back, which would differ from the running state for ever."""
    text = _NOT_CONFIGURED.sub("", config)
    while (shorter := _EMPTY_BLOCK.sub("", text)) != text:
        text = shorter
    return text if text.endswith("\n") else f"{text}\n"


def says_nothing(config: str) -> bool:
    """Whether a text holds no line of configuration: loaded as a replacement it would empty the router."""
    return not any(
        line.strip() not in ("", "end") and not line.lstrip().startswith(("!", "#")) for line in config.splitlines()
    )


def parse(output: str) -> tuple[Difference, ...]:
    """Read what `frr-reload.py --test` printed (FRR 8.4), removals first, in its order."""
    removed: list[Difference] = []
    added: list[Difference] = []
    section: Sign | None = None
    for command in _commands(output):
        match command[0]:
            case "Lines To Delete":
                section = "-"
            case "Lines To Add":
                section = "+"
            case _ if section == "-":
                removed.append(Difference("-", _contrary(command[-1]), command[:-1]))
            case _ if _REMOVED_IN_BULK.match(command[-1]):
                removed.append(Difference("-", _contrary(command[-1]), command[:-1]))
            case _ if section == "+":
                added.append(Difference("+", command[-1], command[:-1]))
    return (*removed, *added)


def expanded(differences: Iterable[Difference], running: str) -> tuple[Difference, ...]:
    """Where a whole block goes, name also the lines that go with it, from the running configuration."""
    lines = tuple(_lines(running))
    full: list[Difference] = []
    for one in differences:
        full.append(one)
        if one.sign == "-":
            block = (*one.within, one.line)
            full.extend(Difference("-", line, within) for within, line in lines if within[: len(block)] == block)
    return tuple(full)


def merged(differences: Iterable[Difference], candidate: str, running: str) -> tuple[Difference, ...]:
    """What adding `candidate` to the running state changes, from the difference of replacing it.

    Its lines are added; a `no …` of its own takes a line away where there is one; nothing else goes.
    """
    asked = {" ".join(line.split()) for line in candidate.splitlines()}
    held = {(within, line) for within, line in _lines(running)}
    kept = []
    for one in differences:
        if one.sign == "-":
            if f"no {one.line}" in asked and (one.within, one.line) in held:
                kept.append(one)
        elif one.line.startswith("no ") and (one.within, _contrary(one.line)) in held:
            kept.append(Difference("-", _contrary(one.line), one.within))
        else:
            kept.append(one)
    return tuple(dict.fromkeys(kept))


def render(differences: Iterable[Difference]) -> str:
    """The diff for people: a sign in the first column, then the line, indented under its blocks.

    Empty when nothing differs. A block that stays is shown without a sign, once.
    """
    root = _Block()
    for one in differences:
        node = root
        for name in (*one.within, one.line):
            node = node.under.setdefault(name, _Block())
        node.sign = one.sign
    return "\n".join(_drawn(root, depth=0))


def without_secrets(text: str) -> str:
    """The text with every password and key in it hidden, for messages."""
    return _SECRET.sub(r"\1 <removed>", text)


def _commands(output: str) -> Iterator[tuple[str, ...]]:
    """Each command with its blocks: one starts at every line without indentation."""
    command: tuple[str, ...] = ()
    for line in output.splitlines():
        if not line.strip() or line.startswith("==="):
            continue
        if command and not line.startswith(" "):
            yield command
            command = ()
        command = (*command, line.strip())
    if command:
        yield command


def _lines(config: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each line of a running configuration with the blocks it stands in, told by its indentation."""
    blocks: list[str] = []
    for line in config.splitlines():
        text = line.strip()
        if not text or text == "end" or text.startswith(("!", "exit")):
            continue
        del blocks[len(line) - len(line.lstrip()) :]
        yield tuple(blocks), text
        blocks.append(text)


def _contrary(line: str) -> str:
    return line.removeprefix("no ") if line.startswith("no ") else f"no {line}"


def _drawn(block: _Block, depth: int) -> Iterator[str]:
    # Lines of a block come before its inner blocks, else they would seem to belong to these.
    for name, node in sorted(block.under.items(), key=lambda item: bool(item[1].under)):
        yield f"{node.sign}{' ' * depth}{name}"
        yield from _drawn(node, depth + 1)
