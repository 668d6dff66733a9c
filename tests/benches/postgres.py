"""A private PostgreSQL that keeps what it is told (fsync on), for as long as the benches need it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from sqlalchemy import URL


@contextmanager
def server() -> Iterator[Callable[[], str] | None]:
    """Each call gives the URL of a new database; None where PostgreSQL's programs are not there."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    known = {one.pw_name for one in pwd.getpwall()}
    if not programs or (os.getuid() == 0 and "postgres" not in known):
        yield None
        return
    owner = pwd.getpwnam("postgres") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    folder, tools = Path(tempfile.mkdtemp(prefix="essaim-bench-pg-")), programs[-1].parent
    os.chown(folder, owner.pw_uid, owner.pw_gid)

    def ours(*argv: str) -> None:
        subprocess.run(argv, check=True, cwd=folder, user=owner.pw_uid, group=owner.pw_gid, extra_groups=[],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip

    ours(f"{tools}/initdb", "-D", f"{folder}/data", "-A", "trust", "-E", "UTF8", "--locale=C")
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=on"
    try:
        ours(f"{tools}/pg_ctl", "-D", f"{folder}/data", "-w", "-l", f"{folder}/log", "-o", options, "start")
        numbers = count(1)

        def fresh() -> str:
            name = f"bench{next(numbers)}"
            ours(f"{tools}/createdb", "-h", str(folder), name)
            url = URL.create("postgresql+psycopg", owner.pw_name, query={"host": str(folder)}, database=name)
            return url.render_as_string(hide_password=False)

        yield fresh
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            ours(f"{tools}/pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)
