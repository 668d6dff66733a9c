from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitoring.models import LARGEST
from monitoring.rates import COUNTERS
from monitoring.series import Measure
from monitoring.snmp.answers import LEAST, Answers, Value, increasing
from monitoring.snmp.modules import MODULES, host, interfaces, system
from monitoring.snmp.modules.host import HOST
from monitoring.snmp.modules.interfaces import INTERFACES
from monitoring.snmp.modules.system import SYSTEM

COUNTED_IN = interfaces.IF_HC_IN_OCTETS


def test_the_uptime_is_counted_in_seconds() -> None:
    assert SYSTEM.read(Answers({system.SYS_UPTIME: 12_345})) == [Measure("sysUpTime", "", "seconds", 123)]


def test_a_name_is_one_line_whatever_the_machine_says() -> None:
    assert system.name(Answers({system.SYS_NAME: b"web1\x1b[31m\n\xff"})) == "web1 [31m \ufffd"
    assert system.name(Answers({system.SYS_NAME: 5})) == ""


def test_an_interface_goes_by_its_name_and_counts_in_64_bits() -> None:
    answers = Answers(columns={interfaces.IF_NAME: {"2": b"eth0"}, COUNTED_IN: {"2": LARGEST}})
    assert INTERFACES.read(answers) == [Measure("ifHCInOctets", "eth0", "octets", LARGEST)]


def test_two_interfaces_of_one_name_are_told_apart() -> None:
    answers = Answers(columns={interfaces.IF_NAME: {"2": b"eth0", "10": b"eth0"}, COUNTED_IN: {"2": 2, "10": 3}})
    assert [each.instance for each in INTERFACES.read(answers)] == ["eth0", "eth0 (10)"]


def test_an_interface_without_a_name_goes_by_its_description_and_then_its_number() -> None:
    columns: dict[str, dict[str, Value]] = {interfaces.IF_DESCR: {"2": b"wlan0"}, COUNTED_IN: {"2": 2, "3": 3}}
    assert [each.instance for each in INTERFACES.read(Answers(columns=columns))] == ["wlan0", "3"]


def test_a_disk_beyond_what_the_mib_can_count_is_not_negative() -> None:
    columns: dict[str, dict[str, Value]] = {
        host.HR_STORAGE_DESCR: {"1": b"/"},
        host.HR_STORAGE_UNITS: {"1": 4096},
        host.HR_STORAGE_SIZE: {"1": 3 * 2**30 - 2**32},
    }
    assert HOST.read(Answers(columns=columns)) == [Measure("hrStorageSize", "/", "octets", 3 * 2**30 * 4096)]


def test_rows_follow_one_another_as_numbers_not_as_texts() -> None:
    assert increasing(["2", "10", "10.1"], None)
    assert increasing(["4.192.0.2.9", "4.192.0.2.10"], "4.10.0.0.0")
    assert not increasing(["2", "2"], None)
    assert not increasing(["3"], "10")


def test_a_module_says_all_that_it_asks_for() -> None:
    assert len({module.name for module in MODULES}) == len(MODULES)
    assert len({module.phrase.en for module in MODULES}) == len(MODULES)
    for module in MODULES:
        asked = [*module.gets, *module.columns, *module.still]
        assert len(set(asked)) == len(asked)
        assert not [name for name in asked if name.startswith(".")]
        assert all(name.endswith(".0") or name.count(".") > 8 for name in module.gets)


COLUMNS = [name for module in MODULES for name in (*module.columns, *module.still)]
OBJECTS = [name for module in MODULES for name in module.gets]
VALUES = st.integers(-(2**70), 2**70) | st.binary(max_size=200) | st.sampled_from(["1.3.6.1.4.1.9.1", "192.0.2.1"])
ROWS = st.lists(st.integers(0, 12), min_size=1, max_size=4).map(lambda arcs: ".".join(map(str, arcs)))
ANSWERS = st.builds(
    Answers,
    st.dictionaries(st.sampled_from(OBJECTS), VALUES),
    st.dictionaries(st.sampled_from(COLUMNS), st.dictionaries(ROWS, VALUES, max_size=4), max_size=20),
)


@given(ANSWERS)
def test_whatever_an_agent_says_what_is_kept_can_be_named_and_drawn(answers: Answers) -> None:
    for module in MODULES:
        for measure in module.read(answers):
            assert isinstance(measure.value, int)
            assert 0 < len(measure.metric) <= 32
            assert 0 < len(measure.unit) <= 16
            assert len(measure.instance) <= 128
            assert measure.instance.isprintable()
            if measure.metric in COUNTERS:
                assert measure.value >= 0
            assert LEAST * 10**5 <= measure.value <= LARGEST * 10**5
