"""What others take to read the same columns: Debian's prometheus-snmp-exporter, and pysnmp."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

from pysnmp.hlapi.v3arch import asyncio as pysnmp

from monitoring.snmp.agents import Agent
from monitoring.snmp.modules.interfaces import IF_NAME

KEPT = Path(__file__).resolve().parents[2] / "var" / "bench"
"""Where the exporter's package is unpacked, once; it is installed nowhere."""

_PACKAGE = "prometheus-snmp-exporter"
_SCRAPES_AT_ONCE = 16
_MODULE = """{name}:
  walk: [{walk}]
  version: 2
  max_repetitions: {rows}
  auth: {{community: public}}
  metrics:
"""
_METRIC = """  - name: column{rank}
    oid: {column}
    type: gauge
    help: as it is
    indexes: [{{labelname: ifIndex, type: gauge}}]
    lookups: [{{labels: [ifIndex], labelname: ifName, oid: {name}, type: DisplayString}}]
"""


def exporter() -> Path | None:
    """The exporter's program, from where it is installed or from its package; none where it cannot be had."""
    there = shutil.which(_PACKAGE)
    if there is not None:
        return Path(there)
    program = KEPT / "usr" / "bin" / _PACKAGE
    if not program.exists() and shutil.which("apt-get") and shutil.which("dpkg-deb"):
        KEPT.mkdir(parents=True, exist_ok=True)
        _try_to("apt-get", "-qq", "download", _PACKAGE)
        for package in KEPT.glob(f"{_PACKAGE}_*.deb"):
            _try_to("dpkg-deb", "-x", str(package), str(KEPT))
    return program if program.exists() else None


def _try_to(*command: str) -> None:
    with suppress(subprocess.TimeoutExpired):
        subprocess.run(command, cwd=KEPT, capture_output=True, check=False, timeout=120)


class Exporter:
    """The exporter while it runs, on a port of the loopback."""

    def __init__(self, pid: int, port: int) -> None:
        self._pid, self._port = pid, port

    def scrape(self, agents: Sequence[Agent]) -> tuple[int, float]:
        """Have it read each of these once: how many values it read, and the seconds of processor it took."""
        before = self._seconds()
        with ThreadPoolExecutor(_SCRAPES_AT_ONCE) as lanes:
            found = sum(lanes.map(self._page, agents))
        return found, self._seconds() - before

    def _page(self, agent: Agent) -> int:
        where = f"http://127.0.0.1:{self._port}/snmp?module=ports&target={agent.address}:{agent.port}"
        with urlopen(where, timeout=30) as page:
            told = re.search(rb"^snmp_scrape_pdus_returned (\S+)", page.read(), re.MULTILINE)
        assert told is not None
        return int(float(told[1]))

    def _seconds(self) -> float:
        fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def exporting(program: Path, folder: Path, columns: Sequence[str], rows: int) -> Iterator[Exporter]:
    """The exporter, told to read these columns and the interfaces' names, so many rows at a time."""
    written = folder / "snmp.yml"
    written.write_text(
        _MODULE.format(name="ports", walk=", ".join([*columns, IF_NAME]), rows=rows)
        + "".join(_METRIC.format(rank=rank, column=column, name=IF_NAME) for rank, column in enumerate(columns))
    )
    port = _free_port()
    told = [str(program), f"--config.file={written}", f"--web.listen-address=127.0.0.1:{port}"]
    with subprocess.Popen(told, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        try:
            _wait_for(port)
            yield Exporter(running.pid, port)
        finally:
            running.terminate()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait_for(port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(port)


def read_with_pysnmp(agents: Sequence[Agent], columns: Sequence[str], rows: int) -> tuple[int, float]:
    """The same columns by pysnmp, in this process: how many values, and the seconds of processor it took."""
    return asyncio.run(_read(agents, columns, rows))


async def _read(agents: Sequence[Agent], columns: Sequence[str], rows: int) -> tuple[int, float]:
    engine, who, found = pysnmp.SnmpEngine(), pysnmp.CommunityData("public", mpModel=1), 0
    began = time.process_time()
    for agent in agents:
        where = await pysnmp.UdpTransportTarget.create((agent.address, agent.port), timeout=5, retries=1)
        for column in columns:
            start = pysnmp.ObjectType(pysnmp.ObjectIdentity(column))
            walk = pysnmp.bulk_walk_cmd(
                engine, who, where, pysnmp.ContextData(), 0, rows, start, lexicographicMode=False, lookupMib=False
            )
            async for error, status, _, binds in walk:
                assert not error, error
                assert not status, status
                found += len(binds)
    taken = time.process_time() - began
    engine.close_dispatcher()
    await asyncio.sleep(0)
    return found, taken
