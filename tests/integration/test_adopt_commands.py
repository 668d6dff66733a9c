"""`essaim adopt` and `essaim template`, as people type them."""

from __future__ import annotations

import base64
import json
import stat
from pathlib import Path
from typing import Any

import pytest

WORDS = (
    "site add colo",
    "device add vpn --role vpn --platform debian --site colo --endpoint 192.0.2.4:51820",
    "offer add vpn --title VPN --technology wireguard --device vpn",
)


def key(number: int) -> str:
    return base64.b64encode(bytes([number]) * 32).decode()


def copy_of_etc(folder: Path, *more: str) -> str:
    """A VPN server's /etc: three peers, two of whom are known by what stands above them."""
    (folder / "wireguard").mkdir(parents=True)
    rows = [f"[Interface]\nAddress = 198.51.100.1/24\nListenPort = 51820\nPrivateKey = {key(90)}\n"]
    for rank, comment in enumerate(("Camille Escande", "M0002", "voisine", *more), start=1):
        rows.append(f"# {comment}\n[Peer]\nPublicKey = {key(rank)}\nAllowedIPs = 198.51.100.{rank + 1}/32\n")
    (folder / "wireguard" / "wg0.conf").write_text("\n".join(rows))
    return str(folder)


@pytest.fixture
def young(small: Any) -> Any:
    for words in WORDS:
        small(*words.split())
    small("member", "add", "Camille Escande")
    small("member", "add", "Sacha Vidal")
    return small


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_machine_is_shown_adopted_and_adopted_again(young: Any, tmp_path: Path, lang: str) -> None:
    etc = copy_of_etc(tmp_path / "etc")
    shown = young("adopt", "vpn", "--from", etc, lang=lang).out
    assert "--apply" in shown
    assert key(3) in shown
    assert key(90) not in shown
    assert ("n'est proposé à personne" if lang == "fr" else "is proposed to nobody") in shown
    assert young("line", "list", "--json").out.strip() == "[]"
    done = young("adopt", "vpn", "--from", etc, "--apply", "--yes", lang=lang).out
    assert "essaim change plan" in done
    held = json.loads(young("line", "list", "--json").out)
    assert [one["number"] for one in held] == ["L0001", "L0002"]
    again = json.loads(young("adopt", "vpn", "--from", etc, "--apply", "--json").out)
    assert again["applied"] is False
    assert {step["action"] for step in again["steps"]} == {"nothing"}
    assert [one["called"] for one in again["strangers"]] == [["voisine"]]
    assert (again["secrets"], again["names"]) == ([], [])


def test_files_to_correct_are_for_their_owner_alone_and_the_import_takes_them(young: Any, tmp_path: Path) -> None:
    etc, folder = copy_of_etc(tmp_path / "etc"), tmp_path / "reprise"
    said = young("adopt", "vpn", "--from", etc, "--to", str(folder)).out
    assert f"essaim import all {folder}" in said
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert not any(key(90) in path.read_text() for path in folder.iterdir())
    young("import", "all", str(folder), status=1)
    rows = (folder / "lines.csv").read_text()
    (folder / "lines.csv").write_text(rows.replace(f"wireguard {key(3)},,", f"wireguard {key(3)},M0001,"))
    young("import", "all", str(folder), "--apply", "--yes")
    shown = json.loads(young("adopt", "vpn", "--from", etc, "--json").out)
    assert {step["action"] for step in shown["steps"]} == {"nothing"}
    assert shown["strangers"] == []
    assert [one["name"] for one in shown["secrets"]] == ["wireguard"]
    young("adopt", "vpn", "--from", etc, "--to", str(folder), status=1)


def test_all_of_a_machine_is_adopted_or_nothing(young: Any, tmp_path: Path) -> None:
    etc = copy_of_etc(tmp_path / "etc")
    conf = tmp_path / "etc" / "wireguard" / "wg0.conf"
    conf.write_text(conf.read_text().replace("198.51.100.3/32", "203.0.113.3/32"))
    said = young("adopt", "vpn", "--from", etc, "--apply", "--yes", status=1, lang="en")
    assert "203.0.113.3/32 is in no pool" in said.err
    assert young("line", "list", "--json").out.strip() == "[]"
    conf.write_text("[Interface\n")
    assert "wg0.conf" in young("adopt", "vpn", "--from", etc, status=1).err
    young("adopt", "vpn", "--from", str(tmp_path / "nowhere"), status=3)
    young("adopt", "nobody", "--from", etc, status=3)


def test_links_of_a_copy_are_not_followed(young: Any, tmp_path: Path) -> None:
    etc = copy_of_etc(tmp_path / "etc")
    secret = tmp_path / "elsewhere.conf"
    secret.write_text("[Interface\n")
    (tmp_path / "etc" / "wireguard" / "wg1.conf").symlink_to(secret)
    said = young("adopt", "vpn", "--from", etc)
    assert "wg1" not in said.out + said.err


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_templates_are_listed_shown_and_checked(small: Any, lang: str) -> None:
    name = "wireguard/debian.j2"
    assert name in small("template", "list", lang=lang).out
    text = small("template", "show", name, lang=lang).out
    own = small.folder / "templates" / name
    own.parent.mkdir(parents=True)
    own.write_text(text)
    assert str(own) in small("template", "list", lang=lang).out
    assert small("template", "check", lang=lang).err == ""
    own.write_text(text.replace("server.mtu", "server.mtus"))
    line = text.partition("server.mtu")[0].count("\n") + 1
    said = small("template", "check", lang=lang, status=1)
    assert f"{own}:{line}:" in said.out
    assert "server.mtus" in said.out
    assert small("template", "show", name, "--ours", lang=lang).out == text
    small("template", "show", "nothing", lang=lang, status=3)
    assert json.loads(small("template", "check", "--json", status=1).out)[0]["line"] == line
