#!/usr/bin/python3
"""Put a release in force on this machine under a switch that undoes it, or leave the machine as it was.

1. Write the texts to a folder of their own beside the releases, and try them with the daemon's own check. Those that
   are as in the release in force did not travel: they are taken from there, if it holds them still.
2. Write down how to undo what follows, and arm the dead man's switch (`essaim_undo.py`) with it.
3. Move the folder to `releases/<digest>` and switch the symbolic link `current` to it, in one step.
4. Make the daemon's own paths symbolic links into `current` (what stood there is put aside, once).
5. Tell the daemon. If it will not have it, or does not run afterwards, undo; else the time to confirm begins.

It runs on Debian's Python with nothing but its standard library and Ansible's `basic`.
"""

from __future__ import annotations

import base64
import contextlib
import grp
import hashlib
import inspect
import json
import os
import pwd
import re
import shlex
import shutil
import subprocess
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible.module_utils import essaim_undo
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.essaim_undo import FOLDER, Switch

KEPT = 5
SECONDS = 60

UNDO = """\
#!/bin/bash
# Puts back what this artifact was before the change beside this file. May be run again if it was cut short.
set -u
link() {{ rm -f "$2.undo" && ln -s "$1" "$2.undo" && mv -fT "$2.undo" "$2"; }}
back() {{
  beside=$(dirname "$2")/.essaim-undo
  if [ -L "was/$1" ] || [ -e "was/$1" ]; then cp -a "was/$1" "$beside" && mv -fT "$beside" "$2"
  elif [ "$(readlink "$2")" = {home}/current/"$1" ]; then rm -f "$2"; fi
}}
whole=0
# A daemon that did not run stops while its files are still those that started it.
if [ {ran} = no ] && [ "$1" != boot ]; then systemctl stop {unit} || whole=1; fi
# What did not start at boot does not begin to, and is not to be started by the boot that asks.
if [ {enabled} = no ]; then
  systemctl disable --quiet {unit} || whole=1
  if [ "$1" = boot ]; then systemctl stop --no-block {unit} || whole=1; fi
fi
{paths}
(cd {home} && {{ {release}; }}) || whole=1
if [ "$1" = boot ] && ! systemctl is-active --quiet {unit}; then exit $whole; fi
if [ {ran} = no ]; then exit $whole; fi
tell() {{ timeout {seconds} /bin/bash --norc -euo pipefail -c {tell} release {former} {refused} "$1"; }}
tell {effect} || tell cuts || whole=1
exit $whole
"""


class Refused(Exception):
    """The daemon will not have the release; the former one is in force."""


class Stale(Exception):
    """The release in force does not hold the texts that were to be kept."""


class Release:
    """The releases of one artifact on this machine."""

    def __init__(self, artifact: str, paths: dict[str, str], owner: str, group: str) -> None:
        self.switch = Switch(artifact)
        self.home = self.switch.home
        self.releases = self.home / "releases"
        self.current = self.home / "current"
        # Not beside the daemon's own path: FreeRADIUS would load it, whatever its name.
        self.before = self.home / "before"
        self.paths = {name: Path(path) for name, path in paths.items()}
        self.uid, self.gid = pwd.getpwnam(owner).pw_uid, grp.getgrnam(group).gr_gid

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """While inside, no other release of this artifact is put in force, confirmed or undone."""
        with self.switch.alone():
            FOLDER.chmod(0o711)  # daemons that are not root pass through it
            for folder in (self.home, self.releases, self.before):
                folder.mkdir(exist_ok=True)
                os.chown(folder, self.uid, self.gid)
                folder.chmod(0o750)
            yield

    def whole(self, content: dict[str, Any]) -> dict[str, str]:
        """All texts of the new release: those that came, and those that the one in force holds. Raises Stale."""
        texts, held = dict(content["texts"]), self.in_force()
        for name in content["kept"]:
            if held is None:
                raise Stale(name)
            try:
                texts[name] = (held / name).read_bytes().decode()
            except (OSError, UnicodeDecodeError) as gone:
                raise Stale(name) from gone
        if digest_of(texts) != content["digest"]:
            raise Stale("edited by hand")
        return texts

    def write(self, texts: dict[str, str]) -> Path:
        """A folder that holds the texts and that nothing refers to yet."""
        fresh = Path(tempfile.mkdtemp(prefix="new-", dir=self.releases))
        for name, text in texts.items():
            if (folder := (fresh / name).parent) != fresh and not folder.exists():
                folder.mkdir(mode=0o750)
                os.chown(folder, self.uid, self.gid)
            descriptor = os.open(fresh / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
                file.write(text)
                os.fchown(descriptor, self.uid, self.gid)
                os.fsync(descriptor)
        os.chown(fresh, self.uid, self.gid)
        fresh.chmod(0o750)
        return fresh

    def name(self, fresh: Path, digest: str) -> Path:
        """Give the folder its name, which nothing bears."""
        named = self.releases / digest
        fresh.rename(named)
        return named

    def step_aside(self, digest: str) -> Path | None:
        """A release of that name that stands already takes another one: it may be in force, and have to come back.

        Gives that other name.
        """
        named = self.releases / digest
        if not named.is_dir():
            return None
        was_in_force = self.in_force() == named
        aside = Path(tempfile.mkdtemp(prefix="former-", dir=self.releases))
        named.rename(aside)
        if was_in_force:
            replace_link(self.current, Path("releases") / aside.name)
        return aside

    def in_force(self) -> Path | None:
        """The release that `current` names, if it still stands."""
        if not self.current.is_symlink():
            return None
        named = self.releases / self.current.readlink().name
        return named if named.is_dir() else None

    def led_elsewhere(self) -> dict[str, Path]:
        """The daemon's own paths that do not lead into `current` yet, by name."""
        return {
            name: path
            for name, path in self.paths.items()
            if not (path.is_symlink() and path.readlink() == self.current / name)
        }

    def switch_to(self, release: Path) -> None:
        """Make `current` name that release, in one step, and the daemon's own paths lead into it."""
        replace_link(self.current, Path("releases") / release.name)
        for name, path in self.led_elsewhere().items():
            path.parent.mkdir(parents=True, exist_ok=True)
            if os.path.lexists(path) and not os.path.lexists(self.before / name):
                copy(path, self.before / name)
            replace_link(path, self.current / name)

    def prepare_undo(self, wanted: Path, aside: Path | None, unit: str, tell: str, effect: str) -> Path:
        """A folder with the program that puts all back, and with what stands at the paths that are to become links.

        `aside` is the release that bore the wanted one's name; if it is in force, it gets its name back. The daemon
        will run, and start at boot, as it does when this is called.
        """
        prepared = Path(tempfile.mkdtemp(prefix="undo-", dir=self.home))
        (prepared / "was").mkdir(mode=0o700)
        former = self.in_force()
        paths = []
        for name, path in self.led_elsewhere().items():
            if os.path.lexists(path):
                copy(path, prepared / "was" / name)
            paths.append(shlex.join(["back", name, str(path)]) + " || whole=1")
            if not os.path.lexists(self.before / name):
                paths.append(shlex.join(["rm", "-f", str(self.before / name)]))
        away = f"rm -rf releases/{wanted.name}"
        if former is None:
            release = f"rm -f current && {away}"
        elif former == aside:
            switched = (
                f"link releases/{aside.name} current && {away} && mv -T releases/{aside.name} releases/{wanted.name}"
            )
            release = f"if [ -d releases/{aside.name} ]; then {switched}; fi && link releases/{wanted.name} current"
            former = wanted
        else:
            release = f"link releases/{former.name} current && {away}"
        (prepared / "undo").write_text(
            UNDO.format(
                home=shlex.quote(str(self.home)),
                paths="\n".join(paths),
                release=release,
                unit=shlex.quote(unit),
                ran="yes" if asked("is-active", unit) else "no",
                enabled="yes" if asked("is-enabled", unit) else "no",
                seconds=SECONDS,
                tell=shlex.quote(tell),
                former=shlex.quote(str(former or "")),
                refused=shlex.quote(str(wanted)),
                effect=shlex.quote(effect),
            )
        )
        return prepared

    def prune(self, *needed: Path | None) -> None:
        """Keep the newest releases, and those that are needed whatever their age."""
        inside = sorted(self.releases.iterdir(), key=lambda one: one.stat().st_mtime, reverse=True)
        for old in inside[KEPT:]:
            if old not in needed:
                shutil.rmtree(old)


def unpacked(content: str) -> dict[str, Any]:
    """What `provisioning/releases.py` packed."""
    found: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(content)))
    return found


def digest_of(texts: dict[str, str]) -> str:
    """As `provisioning/texts.py` has it: of JSON with one spelling only."""
    spelled = json.dumps(texts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(spelled.encode()).hexdigest()


def without_secrets(said: str, texts: dict[str, str], pattern: str, flags: int) -> str:
    """A daemon that complains may quote the line it stumbled on, secret and all."""
    found = {each.group("secret") for text in texts.values() for each in re.finditer(pattern, text, flags)}
    for secret in sorted(found - {""}, key=len, reverse=True):
        said = said.replace(secret, "…")
    return said


def replace_link(link: Path, target: Path) -> None:
    """A symbolic link in one step: a reader sees the old one or the new."""
    beside = link.with_name(f".{link.name}.essaim-{os.getpid()}")
    beside.unlink(missing_ok=True)
    beside.symlink_to(target)
    beside.rename(link)


def copy(path: Path, target: Path) -> None:
    """Copy a file or a symbolic link, to another file system too, with its owner and mode."""
    if path.is_symlink():
        target.symlink_to(path.readlink())
    else:
        shutil.copy2(path, target)
        os.chown(target, path.stat().st_uid, path.stat().st_gid)


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


def asked(question: str, unit: str) -> bool:
    """What systemctl says of a daemon: whether it runs (`is-active`), or starts at boot (`is-enabled`)."""
    argv = ["systemctl", question, "--quiet", unit]
    return subprocess.run(argv, stderr=subprocess.DEVNULL, check=False).returncode == 0


def put_in_force(release: Release, content: dict[str, Any], unit: str, check: str, tell: str) -> None:
    """The whole act; of `content` the texts are made whole.

    Raises Refused when the daemon refuses, with what was there in force again; Stale, and Waiting with the seconds
    that are left to another change, before anything was done.
    """
    if waits := release.switch.state()["pending"]:
        raise essaim_undo.Waiting(str(round(waits["left"])))
    content["texts"] = release.whole(content)
    fresh, effect = release.write(content["texts"]), content["effect"]
    try:
        shell(check, str(fresh))
    except Refused:
        shutil.rmtree(fresh)
        raise
    digest = content["digest"]
    aside, wanted = release.step_aside(digest), release.releases / digest
    former = release.in_force()
    prepared = release.prepare_undo(wanted, aside, unit, tell, effect)
    release.switch.arm(digest, content["seconds"], prepared)
    release.name(fresh, digest)
    release.switch_to(wanted)
    try:
        shell(tell, str(wanted), str(former or ""), effect)
        if not asked("is-active", unit):
            raise Refused(f"{unit} does not run with it")
    except Refused:
        release.switch.undo("the daemon refused it")
        raise
    release.switch.begun(content["seconds"])
    release.prune(wanted, former)


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
    content = unpacked(given["content"])
    try:
        release = Release(given["artifact"], given["paths"], given["owner"], given["group"])
        essaim_undo.ship(inspect.getsource(essaim_undo))
        with release.alone():
            put_in_force(release, content, given["unit"], given["check"], given["tell"])
    except essaim_undo.Waiting as waiting:
        module.exit_json(changed=False, outcome="waiting", reason=str(waiting))
    except Stale as stale:
        module.exit_json(changed=False, outcome="stale", reason=str(stale))
    except (Refused, OSError, KeyError) as refused:
        reason = without_secrets(str(refused), content["texts"], *content["secrets"])
        module.exit_json(changed=False, outcome="refused", reason=reason)
    module.exit_json(changed=True, outcome="in force")


if __name__ == "__main__":
    main()
