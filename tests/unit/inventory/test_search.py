"""One word leads wherever it is written."""

from __future__ import annotations

import pytest

from foundation.acts import Act
from foundation.database import EssaimSession
from inventory import lines, members
from inventory.lines import Ordering
from inventory.search import Found, Kind, TooShort, search


def names(found: list[Found]) -> set[tuple[str, str]]:
    return {(one.kind.value, one.name) for one in found}


@pytest.mark.parametrize("word", ["bea", "BÉA", "béa exe", "M0002", "m2"])
def test_a_member_is_found_by_name_or_number(session: EssaimSession, small, word: str) -> None:
    assert ("member", "M0002") in names(search(session, word))


def test_an_email_is_found_whole_or_in_part(session: EssaimSession, act: Act) -> None:
    members.add_member(session, act, "Zoé", email="Zoe.Durand@membres.example")
    for word in ("zoe.durand@membres.example", "durand", "ZOE.D"):
        assert names(search(session, word)) == {("member", "M0001")}


def test_a_line_is_found_by_number_key_address_or_copper_number(session: EssaimSession, act: Act, small, order) -> None:
    tunnel = order(small.ada)
    copper = lines.order_line(session, act, small.bea, small.adsl, Ordering(nd="05 56 00 00 42"))
    session.flush()
    assert ("line", str(tunnel)) in names(search(session, str(tunnel)))
    for word in ("0556000042", "05 56 00 00 42", "05.56.00", str(copper).lower()):
        assert ("line", str(copper)) in names(search(session, word)), word
    found = search(session, "198.51.100.1")
    assert [(one.name, one.matched) for one in found] == [("198.51.100.1/32", f"{copper} M0002")]
    assert len(search(session, "198.51.100.0/29")) == 2
    assert ("address", "2001:db8::/56") in names(search(session, "2001:db8::7"))


def test_a_machine_and_a_pool_are_found_by_name(session: EssaimSession, small) -> None:
    assert ("device", "vpn") in names(search(session, "VP"))
    assert ("pool", "v4") in names(search(session, "v4"))


def test_signs_of_the_database_are_only_signs(session: EssaimSession, small) -> None:
    assert search(session, "%%") == []
    assert search(session, "__") == []
    assert search(session, "' OR 1=1 --") == []


@pytest.mark.parametrize("word", ["", " ", "a", "a" * 201])
def test_a_word_that_says_nothing_is_refused(session: EssaimSession, word: str) -> None:
    with pytest.raises(TooShort):
        search(session, word)


def test_each_thing_is_found_once(session: EssaimSession, small, order) -> None:
    order(small.ada)
    found = search(session, "exemple")
    assert len(found) == len(names(found)) == 2
    assert {one.kind for one in found} == {Kind.MEMBER}
