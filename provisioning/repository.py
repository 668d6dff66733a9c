"""A git repository that we write and nobody else: the one place that runs git.

Commits go in by git-fast-import(1), which moves the branch at the end and at once: whoever is killed leaves the former
history whole. Nothing of the person's own git (configuration, hooks, environment) has a say.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from foundation.errors import Unavailable
from foundation.speech import Phrase

BRANCH: Final = "refs/heads/main"
NOBODY: Final = "essaim.invalid"
"""The domain of authors' addresses: no mail ever goes there (RFC 2606), and a member's own is in no history."""
SECONDS: Final = 300


class GitMissing(Unavailable):
    """The program that writes histories is not on this machine."""

    kind = "git-missing"
    permanent = True
    phrase = Phrase(
        "Il faut le programme git pour écrire l'historique : apt install git. Rien n'a été écrit.",
        "The program git is needed to write the history: apt install git. Nothing was written.",
    )


class GitFailed(Unavailable):
    """Git would not read or write."""

    kind = "git-failed"
    phrase = Phrase(
        "git n'a pas fini dans {folder} ({reason}). Ce qui y était y est encore ; la cause levée, recommencez.",
        "git did not finish in {folder} ({reason}). What was there still is; once the cause is gone, begin again.",
    )


@dataclass(frozen=True, slots=True)
class Commit:
    """One state of one folder of the repository, which holds these files and no other."""

    author: str
    at: datetime
    message: str
    folder: str
    files: Mapping[str, str]


class Repository:
    """A working copy in `folder`. `held` is a file descriptor that git's processes keep open as long as they live."""

    def __init__(self, folder: Path, held: int) -> None:
        self.folder = folder.absolute()
        self._held = held
        program = shutil.which("git")
        if program is None:
            raise GitMissing
        self._program = program

    def is_there(self) -> bool:
        """Whether the branch has a commit."""
        return self._run("rev-parse", "--verify", "--quiet", BRANCH).returncode == 0

    def is_empty(self) -> bool:
        """Whether the folder holds nothing of anyone's: it is not there, or holds a repository without a commit."""
        if not self.folder.exists():
            return True
        return {path.name for path in self.folder.iterdir()} <= {".git"} and not self._run("for-each-ref").stdout

    def make(self) -> None:
        """Begin the repository; one that was begun already is left as it is."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._done("init", "--quiet", "--template=", f"--initial-branch={BRANCH.rpartition('/')[2]}")

    def unlock(self) -> None:
        """Take away the locks of git processes that were killed: none of ours is alive."""
        inside = self.folder / ".git"
        for path in (*inside.glob("*.lock"), *(inside / "refs" / "heads").glob("*.lock")):
            path.unlink(missing_ok=True)

    def trailers(self, key: str) -> set[str]:
        """Every value of a trailer (git-interpret-trailers(1)) of the branch's commits; none where it has no commit."""
        if not self.is_there():
            return set()
        said = self._done("log", f"--format=%(trailers:key={key},valueonly)", BRANCH)
        return {row for row in said.splitlines() if row}

    def append(self, commits: Sequence[Commit]) -> None:
        """Add commits to the branch: all of them, or none."""
        parents = [f"from {BRANCH}^0\n" if self.is_there() else "", *("" for _ in commits)]
        stream = "".join(_written(commit, parent) for commit, parent in zip(commits, parents, strict=False))
        self._done("fast-import", "--quiet", "--done", given=f"{stream}done\n")

    def check_out(self) -> None:
        """Show the branch in the folder, whatever was changed there."""
        self._done("symbolic-ref", "HEAD", BRANCH)
        self._done("reset", "--hard", "--quiet", BRANCH)

    def _done(self, *arguments: str, given: str = "") -> str:
        ended = self._run(*arguments, given=given)
        if ended.returncode:
            said = ended.stderr.decode(errors="replace").strip().splitlines()
            raise GitFailed(folder=self.folder, reason=said[-1] if said else arguments[0])
        return ended.stdout.decode(errors="replace")

    def _run(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[bytes]:
        # Where the repository is, is said: git would go looking for one in the folders above.
        where = {} if arguments[0] == "init" else {"GIT_DIR": f"{self.folder}/.git", "GIT_WORK_TREE": f"{self.folder}"}
        try:
            return subprocess.run(
                [self._program, "-c", "core.hooksPath=/dev/null", *arguments],
                input=given.encode(),
                capture_output=True,
                cwd=self.folder if self.folder.is_dir() else None,
                env=_ENVIRONMENT | where,
                pass_fds=(self._held,),
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            raise GitFailed(folder=self.folder, reason=f"{SECONDS} s") from late


_ENVIRONMENT: Final = {
    "PATH": os.defpath,
    "LC_ALL": "C.UTF-8",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
}


def _written(commit: Commit, parent: str) -> str:
    when = f"{int(commit.at.timestamp())} +0000"
    author = re.sub(r"[^A-Za-z0-9.:_-]", "-", commit.author)
    parts = [
        f"commit {BRANCH}\n",
        f"author {author} <{author.replace(':', '.')}@{NOBODY}> {when}\n",
        f"committer Essaim <essaim@{NOBODY}> {when}\n",
        _data(commit.message),
        parent,
        f"D {_quoted(commit.folder)}\n",
    ]
    for name, text in sorted(commit.files.items()):
        parts += [f"M 100644 inline {_quoted(f'{commit.folder}/{name}')}\n", _data(text)]
    return "".join(parts)


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def _quoted(path: str) -> str:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
