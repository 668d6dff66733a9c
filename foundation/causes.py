"""What the system says when it refuses (`errno`, POSIX; OpenSSH): its words are English, and stand here in French.

`EssaimError.sentence` passes the fact `reason` through here, wherever it comes from: a disk of ours, or a machine's.
"""

from __future__ import annotations

import errno
import os
import re
from typing import Final

from foundation.speech import Phrase

_FRENCH: Final[dict[int, str]] = {
    errno.EACCES: "accès refusé",
    errno.EADDRINUSE: "cette adresse est déjà prise",
    errno.EADDRNOTAVAIL: "cette adresse n'est pas de cette machine",
    errno.EBUSY: "un autre programme s'en sert",
    errno.ECONNREFUSED: "connexion refusée",
    errno.ECONNRESET: "connexion coupée de l'autre côté",
    errno.EDQUOT: "le quota du disque est atteint",
    errno.EEXIST: "il existe déjà",
    errno.EFBIG: "fichier trop grand",
    errno.EHOSTUNREACH: "aucune route jusqu'à la machine",
    errno.EIO: "le disque répond par une erreur",
    errno.EISDIR: "c'est un dossier",
    errno.ELOOP: "trop de liens symboliques à la suite",
    errno.EMFILE: "trop de fichiers ouverts à la fois",
    errno.ENAMETOOLONG: "nom de fichier trop long",
    errno.ENETUNREACH: "réseau injoignable",
    errno.ENFILE: "trop de fichiers ouverts à la fois sur la machine",
    errno.ENOENT: "aucun fichier ni dossier de ce nom",
    errno.ENOMEM: "plus de mémoire libre",
    errno.ENOSPC: "plus de place sur le disque",
    errno.ENOTDIR: "ce n'est pas un dossier",
    errno.EPERM: "opération interdite",
    errno.EPIPE: "connexion rompue",
    errno.EROFS: "le disque est en lecture seule",
    errno.ETIMEDOUT: "aucune réponse dans le délai",
}
_EXHAUSTED: Final = frozenset(
    {errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EROFS}
)
_SAID: Final[dict[str, str]] = {
    **{os.strerror(number): french for number, french in _FRENCH.items()},
    "Host key verification failed": "la clé de la machine n'est pas celle que l'on connaît",
}
# Some begin as others do: the longest is looked for first.
_WORDS: Final = re.compile("|".join(map(re.escape, sorted(_SAID, key=len, reverse=True))))
_NUMBER: Final = re.compile(r"\[Errno \d+\] ")


def exhausted(failed: OSError) -> bool:
    """Whether it is this machine that cannot go on: its disk, its memory, its open files."""
    return failed.errno in _EXHAUSTED


def in_words(text: str) -> Phrase:
    """A text in which the system may have said why it refuses, for people of both languages."""
    plain = _NUMBER.sub("", text)
    return Phrase.said(_WORDS.sub(lambda found: _SAID[found[0]], plain), plain)
