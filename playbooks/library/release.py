#!/usr/bin/python3
"""Put a release in force on this machine, or leave it as it was.

1. Write the texts to a folder of their own beside the releases, and try them with the daemon's own check.
2. Move the folder to `releases/<digest>` and switch the symbolic link `current` to it, in one step.
3. Make the daemon's own paths symbolic links into `current` (what stood there is put aside, once).
4. Tell the daemon. If it will not have it, or does not run afterwards, switch back and tell it again.

It runs on Debian's Python with nothing but its standard library and Ansible's `basic`.
"""

from __future__ import annotations

import contextlib
import fcntl
import grp
import json
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

FOLDER = Path("/var/lib/essaim")
KEPT = 5
SECONDS = 60


class Refused(Exception):
    """The daemon will not have the release; the former one is in force."""


class Release:
    """The releases of one artifact on this machine."""

    def __init__(self, artifact: str, paths: dict[str, str], owner: str, group: str) -> None:
        self.home = FOLDER / artifact
        self.releases = self.home / "releases"
        self.current = self.home / "current"
        # Not beside the daemon's own path: FreeRADIUS would load it, whatever its name.
        self.before = self.home / "before"
        self.paths = {name: Path(path) for name, path in paths.items()}
        self.uid, self.gid = pwd.getpwnam(owner).pw_uid, grp.getgrnam(group).gr_gid

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """While inside, no other release of this artifact is put in force."""
        FOLDER.mkdir(exist_ok=True)
        FOLDER.chmod(0o711)  # daemons that are not root pass through it
        for folder in (self.home, self.releases, self.before):
            folder.mkdir(exist_ok=True)
            os.chown(folder, self.uid, self.gid)
            folder.chmod(0o750)
        lock = os.open(self.home, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def write(self, texts: dict[str, str]) -> Path:
        """A folder that holds the texts and that nothing refers to yet."""
        fresh = Path(tempfile.mkdtemp(prefix="new-", dir=self.releases))
        for name, text in texts.items():
            descriptor = os.open(fresh / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
                file.write(text)
                os.fchown(descriptor, self.uid, self.gid)
                os.fsync(descriptor)
        os.chown(fresh, self.uid, self.gid)
        fresh.chmod(0o750)
        return fresh

    def name(self, fresh: Path, digest: str) -> Path:
        """Give the folder its name. One of that name that was edited by hand gives way."""
        named = self.releases / digest
        if named.exists():
            edited = Path(tempfile.mkdtemp(prefix="old-", dir=self.releases))
            named.rename(edited / "release")
            fresh.rename(named)
            shutil.rmtree(edited)
        else:
            fresh.rename(named)
        return named

    def in_force(self) -> Path | None:
        """The release that `current` names, if it still stands."""
        if not self.current.is_symlink():
            return None
        named = self.releases / self.current.readlink().name
        return named if named.is_dir() else None

    def switch(self, release: Path) -> None:
        """Make `current` name that release, in one step, and the daemon's own paths lead into it."""
        replace_link(self.current, Path("releases") / release.name)
        for name, path in self.paths.items():
            inside = self.current / name
            if path.is_symlink() and path.readlink() == inside:
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            if os.path.lexists(path) and not os.path.lexists(self.before / name):
                move(path, self.before / name)
            replace_link(path, inside)

    def undo(self) -> None:
        """There was no release before: what stood at the daemon's own paths comes back."""
        for name, path in self.paths.items():
            path.unlink(missing_ok=True)
            if os.path.lexists(self.before / name):
                move(self.before / name, path)
        self.current.unlink(missing_ok=True)

    def prune(self) -> None:
        """Keep the newest releases, and the one in force whatever its age."""
        inside = sorted(self.releases.iterdir(), key=lambda one: one.stat().st_mtime, reverse=True)
        for old in inside[KEPT:]:
            if old != self.in_force():
                shutil.rmtree(old)


def replace_link(link: Path, target: Path) -> None:
    """A symbolic link in one step: a reader sees the old one or the new."""
    beside = link.with_name(f".{link.name}.essaim-{os.getpid()}")
    beside.unlink(missing_ok=True)
    beside.symlink_to(target)
    beside.rename(link)


def move(path: Path, target: Path) -> None:
    """Move a file or a symbolic link, to another file system too, with its owner and mode."""
    if path.is_symlink():
        target.symlink_to(path.readlink())
    else:
        shutil.copy2(path, target)
        os.chown(target, path.stat().st_uid, path.stat().st_gid)
    path.unlink()


def shell(script: str, *arguments: str) -> None:
    """Run a script of the role. Raises Refused with the last that it said.

    The check is given the new folder; telling the daemon, the release in force, the other one, and the
    announced effect (`none`, `hitless`, `cuts`).
    """
    argv = ["/bin/bash", "--norc", "-euo", "pipefail", "-c", script, "release", *arguments]
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise Refused(f"{SECONDS} s") from late
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise Refused(" / ".join(row.strip(" .") for row in said[-3:]) or str(done.returncode))


def active(unit: str) -> bool:
    """Whether the daemon runs."""
    return subprocess.run(["systemctl", "is-active", "--quiet", unit], check=False).returncode == 0


def put_in_force(release: Release, content: dict[str, Any], unit: str, check: str, tell: str) -> None:
    """The whole act. Raises Refused when the daemon refuses, with the former release in force again."""
    fresh, effect = release.write(content["texts"]), content["effect"]
    former, ran = release.in_force(), active(unit)
    try:
        shell(check, str(fresh))
    except Refused:
        shutil.rmtree(fresh)
        raise
    named = release.name(fresh, content["digest"])
    release.switch(named)
    try:
        shell(tell, str(named), str(former or ""), effect)
        if not active(unit):
            raise Refused(f"{unit} does not run with it")
    except Refused:
        if former != named:
            go_back(release, former, named, tell if ran else f"systemctl stop {unit}", effect)
        raise
    release.prune()


def go_back(release: Release, former: Path | None, refused: Path, tell: str, effect: str) -> None:
    """The former release in force again, the refused one gone, the daemon told."""
    if former is None:
        release.undo()
    else:
        release.switch(former)
    with contextlib.suppress(Refused):  # the first refusal is the one to report
        shell(tell, str(former or ""), str(refused), effect)
    shutil.rmtree(refused)


def main() -> None:
    """Read what Ansible was given, do it, say what came of it."""
    module = AnsibleModule(
        argument_spec={
            "artifact": {"type": "str", "required": True},
            "content": {"type": "str", "required": True, "no_log": True},
            "paths": {"type": "dict", "required": True},
            "owner": {"type": "str", "default": "root"},
            "group": {"type": "str", "default": "root"},
            "unit": {"type": "str", "required": True},
            "check": {"type": "str", "required": True},
            "tell": {"type": "str", "required": True},
        }
    )
    given = module.params
    content = json.loads(given["content"])
    try:
        release = Release(given["artifact"], given["paths"], given["owner"], given["group"])
        with release.alone():
            put_in_force(release, content, given["unit"], given["check"], given["tell"])
    except (Refused, OSError, KeyError) as refused:
        reason = str(refused)
        for secret in content["secrets"]:
            reason = reason.replace(secret, "…")
        module.exit_json(changed=False, outcome="refused", reason=reason)
    module.exit_json(changed=True, outcome="in force")


if __name__ == "__main__":
    main()
