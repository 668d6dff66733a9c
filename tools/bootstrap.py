"""Make `.venv` from the committed lock, with uv: what `make` does first. Standard library only.

uv is the one on the PATH where there is one; else it is put into `var/uv` by pip. A Debian whose python3 came
without pip and venv gets `python3-venv` when we may install packages; else one line says what is missing.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
READY = ROOT / ".venv" / "ready"
OWN_UV = ROOT / "var" / "uv"
OLDEST = (3, 11)


def main() -> int:
    """Bring `.venv` to what `uv.lock` says."""
    if sys.version_info < OLDEST:
        return refuse("Il faut Python 3.11 ou plus récent.", "Python 3.11 or newer is needed.")
    uv = shutil.which("uv") or own_uv()
    if uv is None:
        return refuse(
            "Il faut uv, ou python3-venv pour l'installer : apt-get install python3-venv",
            "uv is needed, or python3-venv to install it: apt-get install python3-venv",
        )
    say("Les bibliothèques s'installent dans .venv…", "Installing libraries into .venv…")
    # Compiled once, here: where nothing may be written later, every command would compile its libraries anew.
    sync = [uv, "sync", "--locked", "--compile-bytecode", "--python", sys.executable]
    sync += [] if sys.stderr.isatty() else ["--quiet"]
    # A virtual environment that happens to be active is not ours to fill.
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    if subprocess.run(sync, cwd=ROOT, env=environment, check=False).returncode:
        return refuse("L'installation a échoué ; relancer make la reprend.", "Installing failed; run make again.")
    READY.touch()
    return 0


def own_uv() -> str | None:
    """A uv of our own in `var/uv`, made with pip."""
    program = OWN_UV / "bin" / "uv"
    if program.exists():
        return str(program)
    if not can_make_environments() and not install_venv():
        return None
    say("uv s'installe dans var/uv…", "Installing uv into var/uv…")
    shutil.rmtree(OWN_UV, ignore_errors=True)
    for step in (
        [sys.executable, "-m", "venv", str(OWN_UV)],
        [str(OWN_UV / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", "uv"],
    ):
        if subprocess.run(step, check=False).returncode:
            return None
    return str(program)


def can_make_environments() -> bool:
    """Whether this Python has venv and the pip that goes into one (Debian ships them apart)."""
    return all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))


def install_venv() -> bool:
    """Install Debian's python3-venv: it has no service, so nothing can start."""
    if os.geteuid() != 0 or os.environ.get("ESSAIM_APT") == "no" or shutil.which("apt-get") is None:
        return False
    say("python3-venv s'installe…", "Installing python3-venv…")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["apt-get", "-qq", "update"], ["apt-get", "-qq", "install", "-y", "python3-venv"]):
        if subprocess.run(step, env=quiet, stdout=subprocess.DEVNULL, check=False).returncode:
            return False
    importlib.invalidate_caches()
    return True


def say(french: str, english: str) -> None:
    """One line a step, in the reader's language."""
    print(english if os.environ.get("ESSAIM_LANG", "fr").startswith("en") else french, flush=True)


def refuse(french: str, english: str) -> int:
    """Why it cannot be done, on standard error."""
    print(english if os.environ.get("ESSAIM_LANG", "fr").startswith("en") else french, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
