"""Where copper closes: the file that says so, the lines that it reaches, and how long before they are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from foundation.acts import Act
from foundation.database import EssaimSession
from inventory import closures, lines, orders, wholesalers
from inventory.closures import BadClosures, BadSpan
from inventory.line_parts import Details
from inventory.models.lines import Line
from inventory.wholesalers import Terms

DAY = date(2026, 11, 22)
HEAD = "insee,commercial,technical\n"


@pytest.mark.parametrize(
    ("day", "span", "last"),
    [
        ("2026-11-22", "90d", "2027-02-20"),
        ("2026-11-22", "90j", "2027-02-20"),
        ("2026-11-22", "0d", "2026-11-22"),
        ("2026-11-22", "1m", "2026-12-22"),
        ("2026-11-22", "2M", "2027-01-22"),
        ("2026-01-31", "1m", "2026-02-28"),
        ("2028-01-31", "1m", "2028-02-29"),
        ("2026-10-31", "1m", "2026-11-30"),
        ("2026-12-31", "6m", "2027-06-30"),
        ("2028-02-29", "1y", "2029-02-28"),
        ("2028-02-29", "4a", "2032-02-29"),
        ("2026-11-22", "24m", "2028-11-22"),
    ],
)
def test_a_span_ends_on_the_same_day_or_at_the_months_end(day: str, span: str, last: str) -> None:
    assert closures.within(date.fromisoformat(day), span) == date.fromisoformat(last)


@pytest.mark.parametrize("span", ["", "1", "y", "-1y", "1 y", "1w", "1.5y", "9999y", "٣m", "12345d", "1y6m"])
def test_what_is_no_span_is_refused(span: str) -> None:
    with pytest.raises(BadSpan):
        closures.within(DAY, span)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (HEAD + "33063,2026-01-31,2027-01-27\n", [("33063", date(2026, 1, 31), date(2027, 1, 27))]),
        ("technical,insee\n2027-01-27,2a004\n", [("2A004", None, date(2027, 1, 27))]),
        ("Code INSEE;Fermeture commerciale;Fermeture technique;Commune\n"
         "33063;31/01/2026;;Bègles\n\n;;\n01001;;01/02/2027;L'Abergement",
         [("33063", date(2026, 1, 31), None), ("01001", None, date(2027, 2, 1))]),
        ("\ufeffinsee,technical\n33063,2027-01-27\n", [("33063", None, date(2027, 1, 27))]),
        (HEAD, []),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_file_of_closures_is_read(
    content: str, expected: list[tuple[str, date | None, date | None]], encoding: str
) -> None:
    if content.startswith("\ufeff") and encoding == "latin-1":
        encoding = "utf-8"
    read = closures.read_closures(content.encode(encoding))
    assert [(one.insee, one.commercial, one.technical) for one in read] == expected


@pytest.mark.parametrize(
    ("content", "row"),
    [
        ("", 1),
        ("commune,date\n33063,2027-01-27\n", 1),
        ("insee\n33063\n", 1),
        (HEAD + "33063,,\n", 2),
        (HEAD + "3306,,2027-01-27\n", 2),
        (HEAD + ",,2027-01-27\n", 2),
        (HEAD + "33063,,2027-02-30\n", 2),
        (HEAD + "33063,,27/13/2027\n", 2),
        (HEAD + "33063,2027-01-27,2026-01-31\n", 2),
        (HEAD + "33063,,2027-01-27\n33281,,2027-01-27\n33063,,2028-01-27\n", 4),
    ],
)
def test_a_file_that_will_not_do_is_refused_with_its_row(content: str, row: int) -> None:
    with pytest.raises(BadClosures) as refused:
        closures.read_closures(content.encode())
    assert refused.value.facts["row"] == row
    assert "Rien n'a été changé" in refused.value.sentence("fr")


def take(session: EssaimSession, act: Act, rows: str) -> closures.Imported:
    return closures.import_closures(session, act, closures.read_closures((HEAD + rows).encode()))


def test_a_file_taken_over_twice_changes_nothing(session: EssaimSession, act: Act) -> None:
    rows = "33063,,2027-01-27\n33281,2026-01-31,\n"
    assert take(session, act, rows) == closures.Imported(2, 0, 0)
    assert take(session, act, rows) == closures.Imported(0, 0, 2)
    assert take(session, act, "33063,2026-01-31,2027-01-28\n01001,,2030-12-31\n") == closures.Imported(1, 1, 0)


@pytest.fixture
def copper(session: EssaimSession, act: Act, small: object, order: Callable[..., Line]) -> Callable[[str], Line]:
    def ordered(insee: str) -> Line:
        made = order(small.ada, small.adsl)  # type: ignore[attr-defined]
        lines.change_line(session, act, made, Details(nd=f"05560000{made.number:02d}", insee=insee))
        return lines.find_line(session, str(made))

    return ordered


def test_lines_are_listed_the_soonest_first_by_their_municipality(
    session: EssaimSession, act: Act, copper: Callable[[str], Line]
) -> None:
    for insee in ("33281", "33063", "01001", "33063"):
        copper(insee)
    take(session, act, "33281,,2027-06-30\n33063,2026-01-31,2027-01-27\n01001,,2030-12-31\n")
    found = closures.closing(session, closures.within(DAY, "1y"))
    assert [(one.line, one.technical) for one in found] == [
        ("L0002", date(2027, 1, 27)),
        ("L0004", date(2027, 1, 27)),
        ("L0001", date(2027, 6, 30)),
    ]
    assert [one.line for one in closures.closing(session, date(2027, 1, 26))] == []
    assert [one.line for one in closures.closing(session, date(2027, 1, 27), limit=1)] == ["L0002"]
    assert [one.line for one in closures.closing(session, date(2031, 1, 1), after="L0002", limit=2)] == [
        "L0004",
        "L0001",
    ]
    assert [one.line for one in closures.closing(session, date(2031, 1, 1), after="L0001")] == ["L0003"]


def test_what_has_closed_is_listed_first(session: EssaimSession, act: Act, copper: Callable[[str], Line]) -> None:
    copper("33063")
    take(session, act, "33063,,2026-01-27\n")
    assert [one.line for one in closures.closing(session, DAY)] == ["L0001"]


def test_what_comes_next_is_a_migration_or_the_order_that_follows_it(
    session: EssaimSession, act: Act, copper: Callable[[str], Line]
) -> None:
    line = copper("33063")
    take(session, act, "33063,,2027-01-27\n")
    assert closures.closing(session, date(2027, 2, 1))[0].then == "essaim line migrate L0001 --to-offer fibre"
    at = wholesalers.add_wholesaler(session, act, "covage", Terms(collection="white-label", sister="a"))
    orders.place_order(session, act, line, at, draft=True)
    assert closures.closing(session, date(2027, 2, 1))[0].then == "essaim order show O0001"


def test_a_closed_line_is_nobodys_worry(session: EssaimSession, act: Act, copper: Callable[[str], Line]) -> None:
    lines.close_line(session, act, copper("33063"))
    take(session, act, "33063,,2027-01-27\n")
    assert closures.closing(session, date(2030, 1, 1)) == []


@pytest.mark.parametrize(
    ("technical", "said"),
    [
        (None, None),
        ("2027-11-23", None),
        ("2027-11-22", "ferme"),
        ("2026-11-23", "ferme"),
        ("2026-11-22", "est fermé"),
        ("2020-01-01", "est fermé"),
    ],
)
def test_a_member_is_told_a_year_ahead(technical: str | None, said: str | None) -> None:
    told = closures.warning(date.fromisoformat(technical) if technical else None, DAY)
    assert (told is None) == (said is None)
    if told is not None and said is not None:
        assert f"cuivre {said} dans votre commune" in told[0].say("fr", technical=told[1])


def test_the_day_of_each_line_is_known(session: EssaimSession, act: Act, copper: Callable[[str], Line]) -> None:
    one, other = copper("33063"), copper("33281")
    take(session, act, "33063,,2027-01-27\n33281,2026-01-31,\n")
    assert closures.technical_of(session, [one, other]) == {1: date(2027, 1, 27)}
