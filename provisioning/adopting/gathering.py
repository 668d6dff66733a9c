"""The files of a machine that say something of its members: fetched over SSH, or from a copy of its /etc.

Nothing else is looked at, and nothing on the machine is changed.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from foundation import reach
from foundation.errors import Invalid, NotFound
from foundation.reach import Machine, Means
from foundation.speech import Phrase
from provisioning.adopting import (
    easyrsa,
    freeradius,
    openvpn,
    radius_rows,
    routing,
    vendor_routers,
    wireguard,
    zonefiles,
)
from provisioning.adopting.found import Found
from provisioning.releases import Illegible

MOST_OCTETS: Final = 4 << 20
"""Octets of the longest file that is read."""
MOST_FILES: Final = 20_000

_CHECK: Final = re.compile(r"(?:^|/)radcheck\.csv$")
_REPLY: Final = re.compile(r"(?:^|/)radreply\.csv$")
_READERS: Final[tuple[tuple[re.Pattern[str], Callable[[str, str], Found]], ...]] = (
    (re.compile(r"(?:^|/)wireguard/[^/]+\.conf$"), wireguard.read),
    (
        re.compile(r"(?:^|/)(?:mods-config/files/authorize|(?:freeradius|raddb)/(?:[^/]+/)*users)$"),
        freeradius.read_users,
    ),
    (re.compile(r"(?:^|/)(?:freeradius|raddb)/(?:[^/]+/)*clients\.conf$"), freeradius.read_clients),
    (re.compile(r"(?:^|/)ccd/[^/.][^/]*$"), openvpn.read),
    (re.compile(r"(?:^|/)openvpn/(?:server/)?[^/]+\.conf$"), openvpn.read_server),
    (re.compile(r"(?:^|/)(?:pki|keys|easy-rsa)/index\.txt$"), easyrsa.read_index),
    (re.compile(r"(?:^|/)(?:pki|keys|easy-rsa)/ca\.crt$"), easyrsa.read_authority),
    (re.compile(r"(?:^|/)(?:bind|knot|nsd|zones)/(?:[^/]+/)*(?:[^/]+\.zone|db\.[^/]+\.[^/]+)$"), zonefiles.read),
    (re.compile(r"(?:^|/)frr/frr\.conf$"), routing.read_frr),
    (re.compile(r"(?:^|/)bird/[^/]*\.conf$"), routing.read_bird),
    (re.compile(r"(?:^|/)(?:running-config|ios\.cfg)$"), vendor_routers.read_ios),
    (re.compile(r"(?:^|/)[^/]+\.rsc$"), vendor_routers.read_routeros),
)
_FOLDERS: Final = (
    "/etc/wireguard /etc/freeradius /etc/raddb /etc/openvpn /etc/bind /etc/knot /etc/nsd /etc/frr /etc/bird "
    "/var/lib/knot/zones /var/lib/bind"
)
# What Essaim wrote itself is no news. Whatever a path or a file holds, a row is two words.
_SCRIPT: Final = f"""\
set -eu
for folder in {_FOLDERS}; do
  if [ -d "$folder" ]; then find -L "$folder" -xdev -type f -size -{MOST_OCTETS >> 9} 2>/dev/null; fi
done |
grep -E '\\.conf$|/authorize$|/users$|/ccd/[^/]+$|/index\\.txt$|/ca\\.crt$|\\.zone$|/db\\.' |
while IFS= read -r path; do
  case "$(readlink -f "$path")" in /var/lib/essaim/*) continue;; esac
  printf '%s ' "$(printf %s "$path" | base64 -w0)"; base64 -w0 <"$path"; echo
done || true
"""


class NoSuchCopy(NotFound):
    """There is no such folder to read."""

    kind = "no-such-copy"
    phrase = Phrase(
        "{folder} n'est pas un dossier qui se lit. Il faut une copie du /etc de la machine ; rien n'a été repris.",
        "{folder} is no folder that can be read. A copy of the machine's /etc is needed; nothing was adopted.",
    )


class TooMuch(Invalid):
    """More files than a machine's /etc holds."""

    kind = "adopt-too-much"
    phrase = Phrase(
        "{folder} tient plus de {most} fichiers : est-ce bien une copie du /etc d'une machine ? Rien n'a été repris.",
        "{folder} holds more than {most} files: is it a copy of a machine's /etc? Nothing was adopted.",
    )


def of_machine(means: Means, machine: Machine) -> dict[str, str]:
    """The files of a machine, by path. Raises MachineUnreachable, CommandFailed, Illegible."""
    found = {}
    for row in reach.run(means, machine, _SCRIPT, timeout=120).splitlines():
        path, _, encoded = row.partition(" ")
        try:
            name = base64.b64decode(path, validate=True).decode("utf-8", errors="replace")
            found[name] = base64.b64decode(encoded, validate=True).decode("utf-8", errors="replace")
        except binascii.Error as wrong:
            raise Illegible(what="/etc") from wrong
    return found


def of_folder(folder: Path) -> dict[str, str]:
    """The files of a copy of /etc, by their path in it. Raises NoSuchCopy, TooMuch.

    Symbolic links are not followed: those of a copy lead to this machine's own files.
    """
    if not folder.is_dir():
        raise NoSuchCopy(folder=folder)
    return dict(_inside(folder))


def read(files: Mapping[str, str]) -> Found:
    """Everything that these files say. Raises Unreadable."""
    found = Found()
    for path, text in sorted(files.items()):
        for pattern, reader in _READERS:
            if pattern.search(path):
                found.add(reader(path, text))
                break
    checked = next(((path, text) for path, text in sorted(files.items()) if _CHECK.search(path)), None)
    if checked is not None:
        reply = next(
            ((path, text) for path, text in sorted(files.items()) if _REPLY.search(path)), ("radreply.csv", "")
        )
        found.add(radius_rows.read(checked, reply))
    return found


def _inside(folder: Path) -> Iterator[tuple[str, str]]:
    count = 0
    for place, _, names in os.walk(folder):
        for name in names:
            count += 1
            if count > MOST_FILES:
                raise TooMuch(folder=folder, most=MOST_FILES)
            path = Path(place, name)
            inner = path.relative_to(folder).as_posix()
            if not any(pattern.search(inner) for pattern, _ in (*_READERS, (_CHECK, None), (_REPLY, None))):
                continue
            found = path.lstat()
            if stat.S_ISREG(found.st_mode) and found.st_size <= MOST_OCTETS:
                yield inner, path.read_text(encoding="utf-8", errors="replace")
