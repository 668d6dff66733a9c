"""How the house is kept: small rooms, honest names, and nobody's real addresses."""

from __future__ import annotations

import ast
import re
import string
import subprocess
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("foundation", "inventory", "billing", "monitoring", "provisioning", "lab", "desk", "api", "cli")
LONGEST = 400
FORBIDDEN = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "service", "services", "misc"}

# What others wrote, and what is no prose or code of ours.
OTHERS = re.compile(r"uv\.lock|LICENSE|.*\.LICENSE\.md|.*\.min\.(css|js)|.*\.(png|woff2|ico)")

ADDRESSES = [
    ip_network(one)
    for one in (
        # For documentation: RFC 5737, 3849, 9637.
        "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20",
        # Nobody's: this machine, any, link-local, shared (RFC 6598), unique local, multicast, all of it.
        "127.0.0.0/8", "0.0.0.0/32", "169.254.0.0/16", "100.64.0.0/10", "255.0.0.0/8", "224.0.0.0/4",
        "::/127", "fe80::/10", "fc00::/7", "ff00::/8",
        # The names of networks that nobody may announce (RFC 6890), and of halves of everything.
        "10.0.0.0/32", "172.16.0.0/32", "192.168.0.0/32", "198.18.0.0/32", "240.0.0.0/32", "128.0.0.0/32",
        "100::/128", "2000::/128", "2001:2::/128", "2001:10::/128", "2002::/128", "8000::/128", "fec0::/128",
    )
]  # fmt: skip
IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d|\.in-addr)")
IPV6 = re.compile(r"(?<![\w:.])[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?![\w:])")

HOSTS = re.compile(r"https?://(?:[^\s/@]+@)?([A-Za-z0-9.-]+)")
MAILBOXES = re.compile(r"[\w.+-]+@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")
NAMES = re.compile(r"(?:^|\.)(?:example|invalid|test|localhost|arpa)$")
REFERENCES = {
    "www.gnu.org", "www.w3.org", "www.rfc-editor.org", "datatracker.ietf.org", "github.com", "docs.python.org",
    "keepachangelog.com", "semver.org", "picocss.com", "www.ffdn.org", "www.sqlite.org", "sqlalche.me", "pypi.org",
    "files.pythonhosted.org", "astral.sh", "docs.astral.sh", "libretime.org", "json-schema.org",
}  # fmt: skip


def tracked() -> list[Path]:
    """The files that git knows, and those it would."""
    argv = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return sorted(path for name in names if not OTHERS.fullmatch(name) and (path := ROOT / name).is_file())


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """Every text of the project, by its path."""
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in tracked()}


def rows(texts: dict[str, str], but: str = __file__) -> Iterator[tuple[str, str]]:
    for name, text in texts.items():
        if ROOT / name != Path(but):
            for number, row in enumerate(text.splitlines(), start=1):
                yield f"{name}:{number}", row


def known(text: str) -> bool:
    """Whether this address may be written down by us; what is no address may."""
    try:
        address = ip_address(text if len(text) > 4 else "")  # `1::2` is a slice
    except ValueError:
        return True
    return any(address.version == one.version and address in one for one in ADDRESSES)


def test_no_module_is_longer_than_its_subject(texts: dict[str, str]) -> None:
    rooms = {
        name: text.count("\n") for name, text in texts.items() if name.endswith(".py") and name.split("/")[0] in ROOMS
    }
    assert len(rooms) > 80
    assert {name: length for name, length in rooms.items() if length > LONGEST} == {}


def test_a_module_is_named_for_what_it_is_about(texts: dict[str, str]) -> None:
    parts = {part for name in texts for part in re.split(r"[/._-]", name.lower())}
    assert parts & FORBIDDEN == set()


def test_every_module_says_what_it_is_for(texts: dict[str, str]) -> None:
    silent = [
        name
        for name, text in texts.items()
        if name.endswith(".py") and name.split("/")[0] in (*ROOMS, "tools") and not ast.get_docstring(ast.parse(text))
    ]
    assert silent == []


def test_tests_are_no_packages(texts: dict[str, str]) -> None:
    assert [name for name in texts if name.startswith("tests/") and name.endswith("__init__.py")] == []


def test_every_phrase_says_the_same_in_both_languages(texts: dict[str, str]) -> None:
    uneven, seen = [], 0
    for name, text in texts.items():
        if not name.endswith(".py") or name.split("/")[0] not in ROOMS:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Phrase", "help_of"):
                said = [one.value for one in (*node.args, *(keyword.value for keyword in node.keywords))
                        if isinstance(one, ast.Constant) and isinstance(one.value, str)]  # fmt: skip
                if len(said) == 2:
                    seen += 1
                    french, english = ({part[1] for part in string.Formatter().parse(one)} - {None} for one in said)
                    if french != english or bool(said[0]) != bool(said[1]):
                        uneven.append(f"{name}:{node.lineno}")
    assert uneven == []
    assert seen > 150


def test_every_address_is_nobodys(texts: dict[str, str]) -> None:
    found = [
        (where, address)
        for where, row in rows(texts)
        for address in (*IPV4.findall(row), *IPV6.findall(row))
        if not address.startswith("1.3.6.1") and not known(address)  # 1.3.6.1 begins object identifiers
    ]
    assert found == []


def test_every_name_on_the_network_is_nobodys(texts: dict[str, str]) -> None:
    found = []
    for where, row in rows(texts):
        for host in (*HOSTS.findall(row), *MAILBOXES.findall(row)):
            numeric = re.fullmatch(r"[\d.]+", host)
            if not (NAMES.search(host.rstrip(".")) or numeric or host in REFERENCES):
                found.append((where, host))
    assert found == []


def test_no_file_knows_the_machine_it_was_written_on(texts: dict[str, str]) -> None:
    paths = re.compile(r"(?<![\w.<])/(?:work|home|Users|mnt|media)/[\w.]")
    assert [(where, row.strip()) for where, row in rows(texts) if paths.search(row)] == []


def test_an_address_of_someone_would_be_seen() -> None:
    assert not known(".".join("8888"))
    assert not known(":".join(["2001", "4860", "", "8888"]))
    assert known("198.51.100.7")
    assert all(isinstance(one, IPv4Network | IPv6Network) for one in ADDRESSES)
