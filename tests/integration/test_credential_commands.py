"""`essaim credential`, `essaim line handout`, `essaim line disconnect`: as people type them."""

from __future__ import annotations

import json
import stat
from typing import Any

from provisioning.handouts import YOUR_KEY


def handed(terminal: Any, line: str, *options: str) -> str:
    return str(terminal("line", "handout", line, "--as", *options).out)


def test_a_password_is_renewed_ahead_its_member_told_and_handed_the_new_one(homes: Any) -> None:
    before = handed(homes, "L0002", "sheet")
    said = homes("credential", "renew", "L0002", "--days", "60").out
    assert "l'ancien vaut aussi jusqu'au" in said
    assert "essaim line handout L0002 --as sheet --member M0002" in said
    after = handed(homes, "L0002", "sheet")
    assert next(row for row in before.splitlines() if row not in after.splitlines()).startswith("Mot de passe")
    row = json.loads(homes("credential", "list", "--expiring", "61d", "--json").out)[0]
    assert (row["name"].partition(":")[0], row["line"], row["until"]) == ("ppp", "L0002", None)
    assert row["former_until"] is not None
    assert "a déjà un nouveau mot de passe" in homes("credential", "renew", "L0002", status=1).err
    assert "has a new password already" in homes("credential", "renew", "L0002", status=1, lang="en").err


def test_nothing_written_down_tells_the_password_that_was_handed_out(homes: Any) -> None:
    sheet = handed(homes, "L0002", "sheet")
    password = next(row.split()[-1] for row in sheet.splitlines() if row.startswith("Mot de passe"))
    told = homes("journal", "show", "--json").out + homes("credential", "list", "--json").out
    assert password not in told
    assert "line.handout" in told


def test_what_is_handed_out_in_a_file_is_for_its_owner_alone(homes: Any) -> None:
    file = homes.folder / "l0002.txt"
    said = handed(homes, "L0002", "openwrt", "--file", str(file))
    assert "option password" in file.read_text()
    assert "option password" not in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_tunnel_is_handed_out_without_the_key_that_its_member_has(demo: Any) -> None:
    for form in ("sheet", "routeros", "openwrt", "wireguard"):
        assert "192.0.2.4" in handed(demo, "L0042", form)
    assert f"PrivateKey = {YOUR_KEY['fr']}" in handed(demo, "L0042", "wireguard")


def test_a_tunnel_whose_server_is_nowhere_is_not_handed_out(homes: Any) -> None:
    assert "Il manque une adresse de service" in homes("line", "handout", "L0001", "--as", "sheet", status=1).err


def test_a_form_that_says_nothing_of_a_line_is_refused_with_those_that_do(homes: Any) -> None:
    for form in ("cube", "wireguard"):
        said = homes("line", "handout", "L0002", "--as", form, status=1).err
        assert "openwrt, routeros" in said
        assert "sheet" in said


def test_a_tunnel_has_no_session_to_end_and_no_password_to_renew(homes: Any) -> None:
    assert "ne s'ouvre ni par PPP ni par OpenVPN" in homes("line", "disconnect", "L0001", status=1).err
    assert "ne s'ouvre pas avec un mot de passe" in homes("credential", "renew", "L0001", status=1).err


def test_a_member_without_an_address_is_named_to_be_told_otherwise(homes: Any) -> None:
    assert "Membres prévenus : 0" in homes("credential", "remind").out
    assert "Members told: 0" in homes("credential", "remind", lang="en").out
    homes("credential", "renew", "L0002", "--days", "20")
    said = json.loads(homes("credential", "remind", "--json").out)
    (name,) = said["told"] + said["unreached"]
    assert name.startswith("ppp:l0002@")
    again = json.loads(homes("credential", "remind", "--json").out)
    assert again["told"] == []
