"""What RADIUS servers and access servers write down, in any order, twice, cut anywhere, or by somebody hostile."""

from __future__ import annotations

import io
import json
import os
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitoring import accounting
from monitoring.accounting import UnreadableAccounting
from monitoring.there import detail, dumps

NOW = 1_795_352_520
HOUR = 3600
STATUSES = st.sampled_from(["Start", "Interim-Update", "Stop"])
HOSTILE = st.text(max_size=30) | st.sampled_from(['"', "\\", "\n\n", "\tUser-Name = x", "\\012", "\0", "é" * 20])


def quoted(value: str) -> bytes:
    """A text as FreeRADIUS prints one."""
    escaped = b"".join(
        bytes((each,)) if 32 <= each < 127 and each not in b'"\\' else b"\\%03o" % each if each > 127 or each < 32
        else b"\\" + bytes((each,))
        for each in value.encode("utf-8", "replace")
    )  # fmt: skip
    return b'"' + escaped + b'"'


def record(status: str, at: int, **said: object) -> bytes:
    lines = [b"Sun Nov 22 14:02:00 2026"]
    named = {name.replace("_", "-"): value for name, value in said.items()}
    values = {"Acct-Session-Id": "7", "User-Name": "l0042@adsl", "NAS-IP-Address": "192.0.2.2", **named}
    lines.append(b"\tAcct-Status-Type = " + status.encode())
    for name, value in values.items():
        told = quoted(value) if isinstance(value, str) and name != "NAS-IP-Address" else str(value).encode()
        lines.append(b"\t" + name.encode() + b" = " + told)
    lines.append(b"\tTimestamp = %d" % at)
    return b"\n".join(lines) + b"\n\n"


def read(octets: bytes, since: int = 0, *, whole: bool = True) -> list[list[object]]:
    lines = detail.lines_of(io.BytesIO(octets))
    return [each.row() for each in detail.sessions(detail.records(lines, whole), since)]


CALL = [
    record("Start", NOW, Calling_Station_Id="0199001234"),
    record("Interim-Update", NOW + 600, Acct_Session_Time=600, Acct_Input_Octets=7, Acct_Output_Octets=5,
           Acct_Output_Gigawords=1),
    record("Interim-Update", NOW + 1200, Acct_Session_Time=1200, Acct_Input_Octets=9, Acct_Output_Octets=5,
           Acct_Output_Gigawords=3),
    record("Stop", NOW + 1500, Acct_Session_Time=1500, Acct_Input_Octets=11, Acct_Output_Octets=6,
           Acct_Output_Gigawords=3, Acct_Terminate_Cause="Lost-Carrier"),
]  # fmt: skip


@given(st.permutations([*CALL, *CALL, CALL[1]]))
def test_order_and_repetition_change_nothing(told: list[bytes]) -> None:
    [row] = read(b"".join(told))
    assert row[1:] == [
        "l0042@adsl",
        "0199001234",
        NOW,
        NOW + 1500,
        NOW + 1500,
        0,
        11,
        3 * 2**32 + 6,
        "Lost-Carrier",
        {},
    ]


@given(st.integers(0, len(b"".join(CALL))))
def test_what_is_cut_says_what_was_whole_before_it(end: int) -> None:
    rows = read(b"".join(CALL)[:end])
    if end < len(CALL[0]):
        assert rows == []
        return
    [row] = rows
    whole = sum(len(b"".join(CALL[: rank + 1])) <= end for rank in range(4))
    assert row[5] == (NOW + 1500 if whole == 4 else None)
    assert row[7:9] == [[0, 0], [7, 2**32 + 5], [9, 3 * 2**32 + 5], [11, 3 * 2**32 + 6]][whole - 1]


@given(st.integers(0, len(b"".join(CALL)) - 1))
def test_what_is_read_from_the_middle_begins_with_the_next_whole_record(begin: int) -> None:
    rows = read(b"".join(CALL)[begin:], whole=False)
    left = sum(len(b"".join(CALL[:rank])) > begin for rank in range(5)) - 1 if begin else 3
    assert bool(rows) == (left > 0)
    for row in rows:
        assert (row[3], row[5]) == (NOW, NOW + 1500), "an update says when its session began"


@given(st.lists(st.tuples(STATUSES, st.integers(-5, 2**36), st.dictionaries(
    st.sampled_from(["User_Name", "Acct_Session_Id", "Calling_Station_Id", "Acct_Delay_Time", "Acct_Input_Octets",
                     "Acct_Unique_Session_Id", "Acct_Terminate_Cause", "Acct_Session_Time"]),
    HOSTILE | st.integers(-1, 2**70), max_size=6)), max_size=6), st.binary(max_size=80))  # fmt: skip
def test_hostile_values_stay_within_their_record(told: list[tuple[str, int, dict[str, object]]], beside: bytes) -> None:
    octets = b"".join(record(status, at, **said) for status, at, said in told)
    ours = record("Start", NOW, Acct_Session_Id="ours", User_Name="l0001@adsl", Acct_Unique_Session_Id="ours")
    rows = read(beside.replace(b"\t", b" ") + b"\n\n" + octets + ours)
    assert ["ours", "l0001@adsl"] in [row[:2] for row in rows] or any(
        said.get("Acct_Unique_Session_Id") == "ours" for _, _, said in told
    )

    for session in accounting.parse_details("radius", json.dumps(rows)):
        assert session.until is None or session.until >= session.since


@given(st.permutations([
    record("Start", NOW, Actual_Data_Rate_Upstream=1000), record("Stop", NOW + 9),
    record("Interim-Update", NOW + 5, Actual_Data_Rate_Downstream=7000, Attainable_Data_Rate_Downstream=0),
]))  # fmt: skip
def test_the_rates_told_last_are_those_of_the_copper(told: list[bytes]) -> None:
    [row] = read(b"".join(told))
    assert row[10] == {"syncDown": 7000}


@given(st.lists(st.lists(st.none() | st.integers() | st.text(max_size=5) | st.dictionaries(
    st.sampled_from(["syncDown", "syncUp", "x"]), st.none() | st.integers() | st.text(max_size=3)),
    min_size=11, max_size=11), max_size=3).map(json.dumps) | st.text(max_size=40))  # fmt: skip
def test_no_answer_of_a_radius_server_raises_anything_but_the_named_error(text: str) -> None:
    try:
        found = accounting.parse_details("radius", text)
    except UnreadableAccounting:
        return
    assert all(isinstance(value, int) and value >= 0 for one in found for _, value in one.rates)


@given(st.binary(max_size=400))
def test_no_octets_are_too_odd(octets: bytes) -> None:
    read(octets)
    list(dumps.rows(octets.decode("utf-8", "replace")))
    dumps.directory(octets.decode("utf-8", "replace").split("\n"))
    detail.text(octets)


@given(st.text(max_size=30))
def test_a_text_comes_back_as_the_access_server_sent_it(value: str) -> None:
    assert detail.text(quoted(value)) == value.encode("utf-8", "replace").decode()


def test_an_access_server_that_began_again_ended_all_its_sessions() -> None:
    other = record("Start", NOW, Acct_Session_Id="8", **{"NAS-IP-Address": "192.0.2.9"})
    again = record("Accounting-On", NOW + HOUR)
    rows = {str(row[3:6]) + str(row[9]) for row in read(CALL[0] + CALL[1] + other + again)}
    assert rows == {f"[{NOW}, {NOW + 600}, {NOW + 600}]NAS-Reboot", f"[{NOW}, {NOW}, None]"}


def test_what_ended_before_is_left_out_and_what_is_delayed_is_put_back() -> None:
    assert read(b"".join(CALL), NOW + 1501) == []
    [row] = read(record("Start", NOW, Acct_Delay_Time=30))
    assert row[3] == NOW - 30


def test_files_are_read_the_newest_first_and_no_more_than_so_much(tmp_path: Path) -> None:
    for rank, name in enumerate(["192.0.2.2/detail-20261121", "192.0.2.2/detail-20261122", "192.0.2.9/detail"]):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(record("Start", NOW + rank, Acct_Session_Id=f"s{rank}") * 3)
        os.utime(path, (NOW + rank, NOW + rank))
    (tmp_path / "detail-old.gz").write_bytes(b"\x1f\x8b")
    (tmp_path / "radius.log").write_bytes(record("Start", NOW))
    (tmp_path / "detail-link").symlink_to(tmp_path / "radius.log")
    size = (tmp_path / "192.0.2.9/detail").stat().st_size
    assert [one.since - NOW for one in detail.read(str(tmp_path), NOW, 10**6)] == [2, 1, 0]
    assert [one.since - NOW for one in detail.read(str(tmp_path), NOW, size + size // 2)] == [2, 1]
    assert [one.since - NOW for one in detail.read(str(tmp_path), NOW, size // 2)] == [2]
    assert detail.read(str(tmp_path), NOW + detail.DEEPEST + HOUR, 10**6) == []


HEAD = "# dslwatch.pl dump file V1.01\n# host: lns\n# endpoint: 0.0.0.0\n# time: {}\n# uptime: 9\n# format: x\n"
ROWS = "l0042@adsl 198.51.100.7 1 {} {}\n"


def test_a_dump_is_read_to_its_last_whole_line() -> None:
    text = HEAD.format(NOW) + ROWS.format(2**40, 7) + "l0002@adsl 198.51.100.9 2 5 6 L\n" + "not a row\n" + "cut@a 1"
    assert list(dumps.rows(text)) == [(NOW, "l0042@adsl", 2**40, 7), (NOW, "l0002@adsl", 5, 6)]
    assert list(dumps.rows(text.partition("\n")[2])) == []
    assert list(dumps.rows("")) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.integers(0, 2**32))
def test_dumps_are_read_in_order_finished_ones_alone(tmp_path: Path, seed: int) -> None:
    folder = tmp_path / str(seed)
    folder.mkdir(exist_ok=True)
    order = list(range(6))
    random.Random(seed).shuffle(order)
    for rank in order:
        path = folder / f"2026112214{rank:02d}00"
        path.write_text(HEAD.format(NOW + 60 * rank) + ROWS.format(rank, rank))
        os.utime(path, (NOW + 60 * rank, NOW + 60 * rank))
    (folder / "notes").write_text("x")
    found = dumps.read(str(folder), NOW + 60, NOW + 300 + 1, 100)
    assert [row[0] - NOW for row in found] == [60, 120, 180, 240]
    assert [row[0] - NOW for row in dumps.read(str(folder), NOW, NOW + HOUR, 2)] == [240, 300]


@pytest.mark.parametrize(("said", "folder"), [
    (['set accounting_dir "/var/acct"', "set debug 3"], "/var/acct"),
    (["set accounting_dir /a", ' set accounting_dir "/b" '], "/b"),
    (["# set accounting_dir /a", "set accounting_dir_x /a"], None),
    (['set accounting_dir ""'], None), (["set accounting_dir relative"], None), ([], None),
])  # fmt: skip
def test_where_dumps_are_written_is_what_the_configuration_says_last(said: list[str], folder: str | None) -> None:
    assert dumps.directory(said) == folder


@given(st.text(max_size=60) | st.lists(st.lists(st.none() | st.integers() | st.text(max_size=5), max_size=5)).map(repr))
def test_no_answer_of_an_lns_raises_anything_but_the_named_error(text: str) -> None:
    try:
        accounting.parse_dumps("lns", text)
    except UnreadableAccounting:
        return
