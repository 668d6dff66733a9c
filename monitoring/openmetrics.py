"""What was measured, in OpenMetrics 1.0 (the text form that Prometheus reads): names, units and escapes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from monitoring.rates import COUNTERS
from monitoring.series import Measure

MEDIA_TYPE: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"
Kind: TypeAlias = Literal["gauge", "counter"]
Labels: TypeAlias = tuple[tuple[str, str], ...]

_PARTS: Final = {"micro": 1e-6, "milli": 1e-3, "centi": 1e-2, "deci": 1e-1}
_CASES: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NO_NAME: Final = re.compile(r"[^a-zA-Z0-9_]")
_HUNDREDTHS: Final = 0.01


@dataclass
class Family:
    """One metric of many machines: its kind, what it counts in, and a value for each set of labels.

    `unit` is said where the name ends with it, as the standard wants it.
    """

    name: str
    kind: Kind
    words: str
    values: dict[Labels, float] = field(default_factory=dict)
    unit: str = ""

    def put(self, value: float, **labels: str) -> None:
        """One value; of two with the same labels the first stays."""
        self.values.setdefault(tuple(sorted(labels.items())), value)


def name_of(metric: str) -> str:
    """What a series is called there: `ifHCInOctets` is `essaim_if_hc_in_octets`."""
    return "essaim_" + _NO_NAME.sub("_", _CASES.sub("_", metric)).lower()


def families(told: Mapping[str, Iterable[Measure]]) -> list[Family]:
    """What machines told last, by metric; figures are in their base units (watts, not milliwatts)."""
    found: dict[str, Family] = {}
    for device, measures in sorted(told.items()):
        for one in measures:
            kind: Kind = "counter" if one.metric in COUNTERS else "gauge"
            base, times = _base(one.unit)
            family = found.setdefault(name_of(one.metric), Family(name_of(one.metric), kind, f"{one.metric}, {base}"))
            if family.kind == kind and (kind == "gauge" or one.value >= 0):
                value = one.value * times if times != 1 else one.value
                family.put(value, device=device, **({"instance": one.instance} if one.instance else {}))
    return sorted(found.values(), key=lambda family: family.name)


def text(found: Iterable[Family]) -> str:
    """The exposition, which ends with `# EOF`."""
    rows = []
    for family in found:
        rows.append(f"# TYPE {family.name} {family.kind}")
        if family.unit:
            rows.append(f"# UNIT {family.name} {family.unit}")
        rows.append(f"# HELP {family.name} {_escaped(family.words)}")
        suffix = "_total" if family.kind == "counter" else ""
        for labels, value in sorted(family.values.items()):
            said = ",".join(f'{name}="{_escaped(word)}"' for name, word in labels)
            rows.append(f"{family.name}{suffix}{{{said}}} {_number(value)}" if said else
                        f"{family.name}{suffix} {_number(value)}")  # fmt: skip
    return "\n".join([*rows, "# EOF"]) + "\n"


def _base(unit: str) -> tuple[str, float]:
    if unit == "hundredths":
        return "number", _HUNDREDTHS
    for part, times in _PARTS.items():
        if unit.startswith(part):
            return unit.removeprefix(part), times
    return unit, 1


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else format(value, ".12g")


def _escaped(word: str) -> str:
    plain = word.encode("utf-8", "replace").decode()
    return plain.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
