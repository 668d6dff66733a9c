"""Nothing that a member controls breaks out of what they are handed: each text is read back by its reader's rules."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.facts import Unwritable
from provisioning.handouts import WRITTEN, Form, Handout, PppHandout, WireGuardHandout, routeros, uci, written

KEY = "aEVuUmVn4xMkUP6IcQ1AhjA7Ix3FXyDQ+Vt7OCgK2iA="
NASTY = st.one_of(st.text(max_size=40), st.text(alphabet="'\"\\$`\n\r\t;[]{}#% a\u202e\u2028é", max_size=20))


def ppp(login: str, password: str) -> PppHandout:
    return PppHandout("L0100", login, password, 1460, "203.0.113.7", ("203.0.113.9/32",), ("2001:db8:200:100::/56",))


def words_of(row: str) -> list[str]:
    """A row as UCI reads it: blanks part words, single quotes hold anything, a backslash outside them escapes."""
    words, word, at, inside, begun = list[str](), "", 0, False, False
    while at < len(row):
        sign = row[at]
        if inside:
            inside, word = sign != "'", word + ("" if sign == "'" else sign)
        elif sign == "'":
            inside = begun = True
        elif sign == "\\":
            at, begun = at + 1, True
            word += row[at]
        elif sign in " \t":
            words, word, begun = [*words, *([word] if begun else [])], "", False
        elif sign == "#" and not begun:
            break
        else:
            word, begun = word + sign, True
        at += 1
    assert not inside
    return [*words, *([word] if begun else [])]


def sections(text: str) -> dict[str, dict[str, list[str]]]:
    """A file of OpenWrt's: by section, its options and lists."""
    found: dict[str, dict[str, list[str]]] = {}
    section: dict[str, list[str]] = {}
    for row in text.split("\n"):
        match words_of(row):
            case []:
                continue
            case ["config", *names]:
                section = found.setdefault(names[-1], {})
            case ["option" | "list", name, value]:
                section.setdefault(name, []).append(value)
            case other:
                raise AssertionError(other)
    return found


def values_of(row: str) -> dict[str, str]:
    """A RouterOS command's values: `name="…"`, where a backslash and two digits are an octet, and `$` means nothing."""
    found = {}
    for name, quoted, plain in re.findall(r'(?<= )([a-z-]+)=(?:"((?:[^"\\$]|\\[0-9A-F]{2})*)"|([^" ]+))(?= |$)', row):
        octets = re.sub(rb"\\([0-9A-F]{2})", lambda one: bytes([int(one[1], 16)]), quoted.encode())
        found[name] = octets.decode() if quoted or not plain else plain
    return found


@given(NASTY, NASTY)
def test_openwrt_reads_the_very_login_and_password_or_there_is_no_text(login: str, password: str) -> None:
    try:
        text = written(ppp(login, password), Form.OPENWRT, "fr")
    except Unwritable:
        assert not (login + password).isprintable()
        return
    found = sections(text)
    assert set(found) == {"wan", "essaim"}
    assert (found["wan"]["username"], found["wan"]["password"]) == ([login], [password])
    assert found["wan"]["proto"] == ["pppoe"]


@given(NASTY, NASTY)
def test_routeros_reads_the_very_login_and_password_or_there_is_no_text(login: str, password: str) -> None:
    plain = written(ppp("l0100@adsl", "secret"), Form.ROUTEROS, "en").count("\n")
    try:
        text = written(ppp(login, password), Form.ROUTEROS, "en")
    except Unwritable:
        assert not (login + password).isprintable()
        return
    assert text.count("\n") == plain
    row = next(one for one in text.split("\n") if one.startswith("/interface pppoe-client add "))
    found = values_of(row)
    assert (found["user"], found["password"], found["disabled"]) == (login, password, "no")


@given(st.text(max_size=60))
def test_quoted_texts_are_one_word_each(text: str) -> None:
    assert re.fullmatch(r'"(?:[A-Za-z0-9 ._\-+@:/=,]|\\[0-9A-F]{2})*"', routeros(text))
    if "\n" not in text:
        assert words_of(f"option x {uci(text)}") == ["option", "x", text]


@given(NASTY, NASTY)
def test_a_sheet_has_as_many_rows_whatever_is_in_it(login: str, password: str) -> None:
    rows = written(ppp("l0100@adsl", "secret"), Form.SHEET, "fr").count("\n")
    try:
        text = written(ppp(login, password), Form.SHEET, "fr")
    except Unwritable:
        return
    assert len(text.splitlines()) == rows
    assert login in text
    assert password in text


@pytest.mark.parametrize("form", sorted(WRITTEN[WireGuardHandout]))
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_tunnel_is_written_with_a_place_for_the_key_that_only_its_member_has(form: Form, language: str) -> None:
    handout: Handout = WireGuardHandout(
        "VOTRE_CLE_PRIVEE", ("198.51.100.3/32", "2001:db8:100:100::1/128"), 1420, KEY, "192.0.2.4:51820", "L0042"
    )
    text = written(handout, form, "en" if language == "en" else "fr")
    assert text.endswith("\n")
    assert "192.0.2.4" in text
    assert KEY in text or routeros(KEY) in text
    if form is not Form.SHEET:
        assert "VOTRE_CLE_PRIVEE" in text or routeros("VOTRE_CLE_PRIVEE") in text
    if form is Form.OPENWRT:
        found = sections(text)
        assert found["essaim"]["addresses"] == ["198.51.100.3/32", "2001:db8:100:100::1/128"]
        assert found["wireguard_essaim"]["public_key"] == [KEY]


def test_a_password_is_in_no_text_that_a_program_writes_about_it() -> None:
    assert "secret" not in repr(ppp("l0100@adsl", "secret"))
