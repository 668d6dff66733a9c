"""Run the tests stage by stage, each within its budget of seconds on two cores: what `make test` does.

`stages.py` runs them all; `stages.py lab browser` those named; `stages.py soak` what is longer, for
SECONDS seconds, with ROUNDS killed applies; `stages.py all-postgresql` every test that meets a database, on
PostgreSQL. A stage that goes over its budget fails, however green its tests are.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"


@dataclass(frozen=True)
class Stage:
    """Commands that run one after another, and the seconds they may take together."""

    name: str
    seconds: int
    commands: tuple[tuple[str, ...], ...]


def pytest(*arguments: str) -> tuple[str, ...]:
    """A pytest command line; every stage prints its own summary."""
    return ("python", "-m", "pytest", "-q", *arguments)


STAGES = (
    Stage(
        "static",
        60,
        (("ruff", "check"), ("ruff", "format", "--check"), ("mypy",), ("lint-imports",)),
    ),
    Stage("unit and property", 400, (pytest("-n", "2", "tests/unit", "tests/property"),)),
    # The ledger and what locks rows; `make test-postgresql` runs everything there.
    Stage(
        "postgresql",
        110,
        (
            pytest(
                *("-n", "2", "--engine", "postgresql"),
                *(f"tests/unit/inventory/test_{noun}.py" for noun in ("addresses", "pools", "lines", "mandates")),
            ),
        ),
    ),
    # Three workers on two cores: they wait for daemons, time limits and other programs. Each file's tests are in one of
    # them, which makes once what its tests copy.
    Stage(
        "integration",
        720,
        (
            pytest(
                *("-n", "3", "--dist", "loadfile", "-m", "not lab and not soak"),
                *("tests/integration", "tests/contract"),
            ),
        ),
    ),
    # A lab for each of four workers, as they wait more than they work; each file's tests in one of them, the longest
    # files first, not those of the most tests.
    Stage(
        "lab",
        560,
        (
            pytest(
                *("-n", "4", "--dist", "loadfile", "--no-loadscope-reorder", "-p", "no:randomly"),
                *("-m", "lab and not soak", "--timeout", "150"),
                "tests/contract",
                *(f"tests/lab/test_{file}.py" for file in ("association", "frr_driver", "diagnosis", "releases")),
                *(f"tests/lab/test_{file}.py" for file in ("carrier", "openvpn", "dead_mans_switch")),
                "tests/lab",
            ),
        ),
    ),
    Stage("browser", 240, (pytest("-n", "2", "tests/browser"),)),
)
# Every test that meets a database, on PostgreSQL: longer than `make test` may be.
POSTGRESQL = Stage(
    "all on postgresql",
    1500,
    (
        pytest("-n", "2", "--engine", "postgresql", "tests/unit", "tests/property"),
        pytest(
            "-n", "2", "--engine", "postgresql", "tests/integration", "tests/contract", "-m", "not lab and not soak"
        ),
    ),
)
SOAK = Stage(
    "soak",
    int(os.environ.get("SECONDS", "300")) * 4 + 300 + int(os.environ.get("ROUNDS", "200")) * 12,
    (
        pytest("tests/soak", "--timeout", "0"),
        pytest("tests/lab", "tests/contract", "tests/integration", "-m", "soak", "--timeout", "150"),
    ),
)


def main() -> int:
    """Run the stages; a table of what each took. 0 when all passed within their budgets."""
    wanted = sys.argv[1:]
    apart = {"soak": SOAK, "all-postgresql": POSTGRESQL}
    stages = tuple(apart[one] for one in wanted if one in apart) or tuple(
        one for one in STAGES if not wanted or one.name.split()[0] in wanted
    )
    rows = [run(stage) for stage in stages]
    print()
    for stage, (seconds, failed) in zip(stages, rows, strict=True):
        over = seconds > stage.seconds
        word = "FAILED" if failed else "OVER BUDGET" if over else "ok"
        print(f"{stage.name:<20} {seconds:6.1f} s of {stage.seconds:4d} s   {word}")
    return int(any(failed or seconds > stage.seconds for stage, (seconds, failed) in zip(stages, rows, strict=True)))


def run(stage: Stage) -> tuple[float, bool]:
    """Run one stage: how long it took, and whether a command failed."""
    print(f"\n== {stage.name}", flush=True)
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    for name in [name for name in environment if name.startswith("ESSAIM_") and name != "ESSAIM_APT"]:
        del environment[name]  # tests have associations of their own
    # Tests start hundreds of programs of ours: none of them compiles the rooms anew.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    began = time.monotonic()
    failed = False
    for program, *arguments in stage.commands:
        argv = [str(BIN / program), *arguments]
        failed |= bool(subprocess.run(argv, cwd=ROOT, env=environment, check=False).returncode)
    return time.monotonic() - began, failed


if __name__ == "__main__":
    sys.exit(main())
