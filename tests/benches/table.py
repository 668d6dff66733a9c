"""The table of benches in docs/measured.md, between its two marks; the rest of the document is left as it is."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "measured.md"
BEGINS, ENDS = "<!-- benches -->", "<!-- end of benches -->"


def write(found: Sequence[Mapping[str, Any]], rounds: int) -> None:
    """Put what was found in the place of what was there before."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGINS)
    after = rest.partition(ENDS)[2]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30
    rows = [
        f"On a machine with {os.cpu_count()} cores and {memory} GiB, Python {platform.python_version()}; "
        f"medians of {rounds} rounds.",
        "",
        "| what | ms | goal | peer | ratio |",
        "|---|---|---|---|---|",
        *(_row(one) for one in found),
    ]
    DOCUMENT.write_text("\n".join([f"{before}{BEGINS}", *rows, f"{ENDS}{after}"]), encoding="utf-8")


def _row(one: Mapping[str, Any]) -> str:
    goal = "" if one["goal"] is None else f"{'≤' if one['meets'] else 'missed:'} {_figure(one['goal'])}"
    return f"| {one['bench']} | {_figure(one['value'])} | {goal} | {_figure(one['peer'])} | {one['ratio'] or ''} |"


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:,.2f}" if value < 100 else f"{value:,.0f}"
