"""The agents that SNMP benches ask: `agents/agent.c`, built where a compiler is, and served on the loopback."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from inventory.snmp_users import snmp_user
from monitoring.snmp.agents import Agent, Community, Credential

SOURCE = Path(__file__).resolve().parent / "agents" / "agent.c"
INTERFACES, PORT = 48, 26161
SECRET = "secret-of-the-bench"
V2C = Community("public")
V3 = snmp_user(f"bench:sha256-aes128:{SECRET}")
_LONGEST = 900
"""Seconds after which agents end by themselves, whatever became of who started them."""


def built(folder: Path) -> Path | str:
    """The program; or why there is none."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return "no C compiler"
    program = folder / "agent"
    done = subprocess.run(
        [compiler, "-O2", "-o", str(program), str(SOURCE), "-lcrypto"], capture_output=True, text=True, check=False
    )
    return program if done.returncode == 0 else "the agents do not build (is libssl-dev there?)"


class NotServed(Exception):
    """The agents cannot listen on that port."""


@contextmanager
def serving(program: Path, port: int = PORT) -> Iterator[None]:
    """Agents that answer at every address of 127.0.0.0/8 but those that keep silent. Raises NotServed."""
    told = [str(program), str(port), str(INTERFACES), str(_LONGEST), SECRET]
    with subprocess.Popen(told, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as agents:
        try:
            assert agents.stdout is not None
            if agents.stdout.readline() != b"ready\n":
                raise NotServed(port)
            yield
        finally:
            agents.terminate()


def named(rank: int) -> str:
    """What a machine goes by."""
    return f"switch{rank:04d}"


def address(rank: int, *, silent: bool = False) -> str:
    """Where it is: each at an address of its own."""
    return f"127.{66 if silent else 1}.{rank >> 8}.{rank & 255}"


def agents(count: int, credential: Credential = V2C, silent: Sequence[int] = ()) -> list[Agent]:
    """So many machines; those of these ranks keep silent."""
    return [Agent(named(rank), address(rank, silent=rank in silent), credential, PORT) for rank in range(1, count + 1)]
