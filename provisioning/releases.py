"""Releases on a Debian machine: where they stand, and how what a machine holds comes back to us.

    /var/lib/essaim/<artifact>/releases/<digest>/    the texts of one release, named by their digest
    /var/lib/essaim/<artifact>/current               the one in force (a symbolic link)

The daemons' own paths are symbolic links into `current`. The other side is `playbooks/library/release.py`.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import shlex
import zlib
from collections.abc import Mapping
from typing import Final

from foundation.errors import Unavailable
from foundation.speech import Phrase
from provisioning.texts import Texts, digest

FOLDER: Final = "/var/lib/essaim"
NOT_RUNNING: Final = "the server does not run"
NOT_TOLD: Final = "the server was not told of this release"
_REMARK: Final = re.compile(
    r"(?:^\n)?^# (?:\S+ was edited by hand|not written by Essaim|FwMark = .*|"
    r"the server (?:does not run|was not told of .*))\n",
    re.MULTILINE,
)

FOREIGN: Final = "not written by Essaim"
"""The note on what a machine runs that no release of ours brought there."""

# Each section is one line, `name base64`: whatever a file holds, it cannot be taken for another section.
# The assignment keeps a command's failure, which a pipeline would lose.
_PREAMBLE: Final = """\
set -eu
section() { name=$1; shift; text=$("$@" && echo .); printf '%s ' "$name"; printf '%s' "${text%.}" | base64 -w0; echo; }
"""

_FORWARDING: Final = """\
section forwarding sh -c 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding 2>/dev/null || true'
"""


class Illegible(Unavailable):
    """A machine answered something that is not what was asked."""

    kind = "illegible"
    phrase = Phrase(
        "La réponse de la machine est illisible ({what}). Rien n'a été changé.",
        "The machine's answer cannot be read ({what}). Nothing was changed.",
    )


def looking(artifact: str, files: Mapping[str, str], commands: str) -> str:
    """A script that reads the release in force, the daemon's own `files` (name -> path), and what `commands` say.

    `commands` are lines of `section NAME COMMAND…`, which `sections` gives back by name.
    """
    own = "".join(
        f"if [ -e {shlex.quote(path)} ]; then section file:{name} cat {shlex.quote(path)}; fi\n"
        for name, path in sorted(files.items())
    )
    current = f"{FOLDER}/{artifact}/current"
    release = f"if [ -L {current} ]; then section release readlink {current}; fi\n"
    return f"{_PREAMBLE}{_FORWARDING}{release}{own}{commands}"


def sections(output: str) -> dict[str, str]:
    """What a script of `looking` wrote, by section. Raises Illegible."""
    found: dict[str, str] = {}
    for row in output.splitlines():
        name, _, encoded = row.partition(" ")
        try:
            found[name] = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as wrong:
            raise Illegible(what=name[:40]) from wrong
    return found


def files(found: Mapping[str, str]) -> dict[str, str]:
    """The daemon's own files among the sections."""
    return {name.removeprefix("file:"): text for name, text in found.items() if name.startswith("file:")}


def by_hand(found: Mapping[str, str]) -> bool:
    """Whether no release of ours is in force: what runs was made by somebody else."""
    return "release" not in found


def unnoted(texts: Texts) -> Texts:
    """What was observed on a machine, without our remarks on it: as it may be put there again."""
    return {name: _REMARK.sub("", text) for name, text in texts.items()}


def edited(found: Mapping[str, str]) -> bool:
    """Whether somebody changed the files of the release in force by hand, or took them away."""
    return in_force(found) != digest(files(found))


def in_force(found: Mapping[str, str]) -> str:
    """The digest that names the release in force; empty where there is none."""
    return found.get("release", "").strip().rpartition("/")[2]


def still(found: Mapping[str, str]) -> frozenset[int]:
    """The versions of IP that the machine does not hand on; none where it did not say."""
    said = found.get("forwarding", "").split()
    if len(said) == 1:  # a kernel without IPv6
        said.append("0")
    return frozenset(one for one, flag in zip((4, 6), said, strict=False) if flag == "0")


def amiss(found: Mapping[str, str], edited_remark: str) -> str:
    """Remarks on a release in force, a line each: its files were changed, its daemon does not run or has another."""
    remarks = [edited_remark] if edited(found) else []
    if "running" not in found:
        remarks.append(NOT_RUNNING)
    elif found.get("told", "").strip() != in_force(found):
        remarks.append(NOT_TOLD)
    return "".join(f"# {remark}\n" for remark in remarks)


def packed(desired: Texts, running: Texts, held: str, about: Mapping[str, object]) -> str:
    """A release as it travels: the texts that differ, compressed, and the names of those that the machine has already.

    `held` names the release in force. Only where that is exactly what runs, to the last text, are any left out: what a
    volunteer made, or edited, and means the same (`recognised`) is not there for the new release to be made of. The
    machine makes it whole, and finds it stale where its digest is another then. `about` goes with it.
    """
    kept = [name for name, text in desired.items() if running.get(name) == text] if digest(running) == held else []
    differing = {name: text for name, text in desired.items() if name not in kept}
    content = {"digest": digest(desired), "texts": differing, "kept": kept, **about}
    return base64.b64encode(zlib.compress(json.dumps(content).encode())).decode()
