from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitoring.models import LARGEST
from monitoring.series import Measure
from monitoring.snmp.answers import Value
from monitoring.snmp.modules import HOST, INTERFACES, MODULES, SYSTEM, host, interfaces, system

COUNTED_IN = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 6)


def test_the_uptime_is_counted_in_seconds() -> None:
    assert SYSTEM.read({system.SYS_UPTIME: 12_345}) == [Measure("sysUpTime", "", "seconds", 123)]


def test_a_name_is_one_line_whatever_the_machine_says() -> None:
    assert system.name({system.SYS_NAME: b"web1\x1b[31m\n\xff"}) == "web1 [31m \ufffd"
    assert system.name({system.SYS_NAME: 5}) == ""


def test_an_interface_goes_by_its_name_and_counts_in_64_bits() -> None:
    answers: dict[tuple[int, ...], Value] = {(*interfaces.IF_NAME, 2): b"eth0", (*COUNTED_IN, 2): LARGEST}
    assert INTERFACES.read(answers) == [Measure("ifHCInOctets", "eth0", "octets", LARGEST)]


def test_two_interfaces_of_one_name_are_told_apart() -> None:
    answers: dict[tuple[int, ...], Value] = {}
    for index in (2, 3):
        answers |= {(*interfaces.IF_NAME, index): b"eth0", (*COUNTED_IN, index): index}
    assert [each.instance for each in INTERFACES.read(answers)] == ["eth0", "eth0 (3)"]


def test_a_disk_beyond_what_the_mib_can_count_is_not_negative() -> None:
    answers: dict[tuple[int, ...], Value] = {
        (*host.HR_STORAGE_DESCR, 1): b"/",
        (*host.HR_STORAGE_UNITS, 1): 4096,
        (*host.HR_STORAGE_SIZE, 1): 3 * 2**30 - 2**32,
    }
    assert HOST.read(answers) == [Measure("hrStorageSize", "/", "octets", 3 * 2**30 * 4096)]


NAMES = [name for module in MODULES for name in (*module.gets, *module.walks)]
ANSWERS = st.dictionaries(
    st.tuples(st.sampled_from(NAMES), st.lists(st.integers(0, 3), max_size=2).map(tuple)).map(
        lambda pair: pair[0] + pair[1]
    ),
    st.integers() | st.binary(max_size=200) | st.just((1, 3)),
)


@given(ANSWERS)
def test_whatever_an_agent_says_what_is_kept_can_be_stored(answers: dict[tuple[int, ...], Value]) -> None:
    for module in MODULES:
        for measure in module.read(answers):
            assert 0 <= measure.value <= LARGEST
            assert len(measure.instance) <= 128
            assert measure.instance.isprintable()
