"""The rules: a small file that people read and write. What the association's own says comes over the defaults."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from foundation.errors import Invalid
from foundation.speech import Phrase

FILE: Final = "alerts.toml"
"""The association's own rules, in its folder; it need not exist."""
_DIGEST: Final = "digest"
_MOST: Final = 100_000
_LONGEST: Final = 1 << 20


class BadRules(Invalid):
    """A rules file that does not say what it should."""

    kind = "bad-alert-rules"
    phrase = Phrase(
        "{file} : {where} : {what}. Tant que ce n'est pas corrigé, les règles par défaut sont en vigueur.",
        "{file}: {where}: {what}. Until this is corrected the default rules are in force.",
    )


class Watch(StrEnum):
    """What a rule looks at."""

    SILENCE = "silence"
    DAEMON = "daemon"
    LINK = "link"
    BGP = "bgp"
    DISK = "disk"
    VALUE = "value"
    FEED = "feed"
    DRAW = "draw"
    CREDENTIAL = "credential"
    POLLER = "poller"
    COPPER = "copper"
    REVOKED = "revoked"


class Severity(StrEnum):
    """How much it matters."""

    URGENT = "urgent"
    WARNING = "warning"

    @property
    def phrase(self) -> Phrase:
        """As people read it."""
        return _SEVERITIES[self]


_SEVERITIES: Final = {
    Severity.URGENT: Phrase("urgente", "urgent"),
    Severity.WARNING: Phrase("à voir", "to look at"),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what is wrong, for how many cycles before anyone is told, and how many good ones mend it.

    Of figures: wrong `above` or `below` so much, or at what it `equals`; mended on the other side of `clear`. A figure
    of the series is multiplied by `times`, and written with `shown` behind it. `metric`, `unit`, `instance` and
    `devices` choose the series (`*` stands for anything); an empty one chooses all. `days` and `kinds` are of
    credentials.
    """

    name: str
    watch: Watch
    severity: Severity = Severity.WARNING
    cycles: int = 2
    mended: int = 2
    above: float | None = None
    below: float | None = None
    equals: float | None = None
    clear: float | None = None
    metric: str = ""
    unit: str = ""
    instance: str = ""
    devices: str = ""
    times: float = 1.0
    shown: str = ""
    days: int = 14
    kinds: tuple[str, ...] = ()
    enabled: bool = True

    def looks_at(self, device: str) -> bool:
        """Whether the rule is for this machine."""
        return fits(self.devices, device)

    def beyond(self, value: float) -> bool:
        """Whether a figure is wrong."""
        return (
            (self.above is not None and value > self.above)
            or (self.below is not None and value < self.below)
            or (self.equals is not None and value == self.equals)
        )

    def well(self, value: float) -> bool:
        """Whether a figure is good again: on the far side of `clear`, where there is one."""
        if self.beyond(value):
            return False
        if self.clear is None:
            return True
        return value <= self.clear if self.above is not None else value >= self.clear


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules in force, and how often a message may go."""

    every: timedelta
    rules: tuple[Rule, ...]

    def of(self, *watches: Watch) -> tuple[Rule, ...]:
        """Those that look at this."""
        return tuple(one for one in self.rules if one.watch in watches)

    def named(self) -> Mapping[str, Rule]:
        """By their names."""
        return {one.name: one for one in self.rules}


def fits(pattern: str, text: str) -> bool:
    """Whether a text is as the pattern says; an empty one fits everything."""
    return not pattern or fnmatchcase(text, pattern)


def default_rules() -> Rules:
    """The rules that come with Essaim."""
    return _made("defaults.toml", _defaults())


def read_rules(folder: Path) -> Rules:
    """The rules in force for an association: the defaults, and over them `alerts.toml` of its folder.

    Raises BadRules.
    """
    path = folder / FILE
    return check_rules(path) if path.exists() else default_rules()


def check_rules(path: Path) -> Rules:
    """What the rules would be with that file. Raises BadRules."""
    try:
        if path.stat().st_size > _LONGEST:
            raise BadRules(file=path.name, where="-", what=_TOO_LONG)
        own = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as wrong:
        raise BadRules(file=path.name, where="TOML", what=str(wrong)) from wrong
    except UnicodeDecodeError as wrong:
        raise BadRules(file=path.name, where="-", what=_NOT_TEXT) from wrong
    merged = _defaults()
    for name, said in own.items():
        if not isinstance(said, dict):
            raise BadRules(file=path.name, where=name[:40], what=_NO_TABLE)
        merged[name] = {**merged.get(name, {}), **said}
    return _made(path.name, merged)


def written(rules: Rules) -> str:
    """The rules as a file: what `essaim alert rules` prints, and what may be put in `alerts.toml`."""
    rows = [f"[{_DIGEST}]", f"every_minutes = {rules.every // timedelta(minutes=1)}"]
    plain = Rule("", Watch.VALUE)
    for rule in rules.rules:
        rows += ["", f"[{rule.name}]", f'watch = "{rule.watch}"']
        for field in fields(Rule):
            value = getattr(rule, field.name)
            always = field.name in ("severity", "cycles", "mended")
            if field.name not in ("name", "watch") and (always or value != getattr(plain, field.name)):
                rows.append(f"{field.name} = {_toml(value)}")
    return "\n".join(rows) + "\n"


_NO_TABLE: Final = Phrase("il faut une règle, entre crochets : [nom]", "a rule is wanted, in brackets: [name]")
_NOT_TEXT: Final = Phrase("ce n'est pas du texte UTF-8", "it is no UTF-8 text")
_TOO_LONG: Final = Phrase("le fichier est trop long", "the file is too long")
_UNKNOWN: Final = Phrase("« {key} » n'existe pas ; il y a {known}", "“{key}” does not exist; there are {known}")
_WRONG: Final = Phrase("« {key} » : il faut {wanted}", "“{key}”: it takes {wanted}")
_NO_WATCH: Final = Phrase("il faut watch, parmi {known}", "it takes watch, among {known}")
_NO_BOUND: Final = Phrase("il faut above, below ou equals", "it takes above, below or equals")
_NO_SERIES: Final = Phrase("il faut metric ou unit", "it takes metric or unit")
_BAD_CLEAR: Final = Phrase(
    "clear est du mauvais côté du seuil : l'alerte ne finirait jamais",
    "clear is on the wrong side of the bound: the alert would never end",
)
_WANTED: Final[dict[type, Phrase]] = {
    int: Phrase("un nombre entier d'au moins 1", "a whole number of at least 1"),
    float: Phrase("un nombre", "a number"),
    str: Phrase("un texte d'au plus 200 signes, sur une ligne", "a text of at most 200 signs, on one row"),
    bool: Phrase("true ou false", "true or false"),
    tuple: Phrase("une liste de textes", "a list of texts"),
}
_KINDS: Final[dict[str, type]] = {
    **dict.fromkeys(("cycles", "mended", "days"), int),
    **dict.fromkeys(("above", "below", "equals", "clear", "times"), float),
    **dict.fromkeys(("metric", "unit", "instance", "devices", "shown"), str),
    "kinds": tuple,
    "enabled": bool,
}
_MEASURED: Final = frozenset({Watch.DISK, Watch.VALUE, Watch.FEED, Watch.DRAW})


def _defaults() -> dict[str, dict[str, Any]]:
    return tomllib.loads((files("monitoring.alerts") / "defaults.toml").read_text(encoding="utf-8"))


def _made(file: str, tables: Mapping[str, dict[str, Any]]) -> Rules:
    digest = dict(tables.get(_DIGEST, {}))
    minutes = digest.pop("every_minutes", 15)
    if digest:
        raise BadRules(file=file, where=_DIGEST, what=Phrase.said(*_unknown(next(iter(digest)), ["every_minutes"])))
    if not _is(minutes, int):
        raise _bad(file, _DIGEST, "every_minutes", int)
    rules = [_rule(file, name, said) for name, said in tables.items() if name != _DIGEST]
    return Rules(timedelta(minutes=minutes), tuple(one for one in rules if one.enabled))


def _rule(file: str, name: str, said: Mapping[str, Any]) -> Rule:
    if not name or len(name) > 48 or not all(sign.isalnum() or sign in "-_" for sign in name):
        raise BadRules(file=file, where=name[:40] or "-", what=_WRONG_NAME)
    given = dict(said)
    watch, severity = given.pop("watch", None), given.pop("severity", str(Severity.WARNING))
    if watch not in set(Watch):
        known = [str(one) for one in Watch]
        raise BadRules(file=file, where=name, what=Phrase.said(*(_NO_WATCH.say(one, known=known) for one in _BOTH)))
    if severity not in set(Severity):
        raise BadRules(file=file, where=name, what=Phrase.said(*_unknown(str(severity)[:40], list(Severity))))
    for key, value in given.items():
        if key not in _KINDS:
            raise BadRules(file=file, where=name, what=Phrase.said(*_unknown(key, ["watch", "severity", *_KINDS])))
        if not _is(value, _KINDS[key]):
            raise _bad(file, name, key, _KINDS[key])
    rule = Rule(name, Watch(watch), Severity(severity))
    values: dict[str, Any] = {key: tuple(one) if isinstance(one, list) else one for key, one in given.items()}
    rule = replace(rule, **values)
    _measured(file, rule)
    return rule


def _measured(file: str, rule: Rule) -> None:
    if rule.watch not in _MEASURED:
        return
    bounds = [one for one in (rule.above, rule.below, rule.equals) if one is not None]
    if not bounds:
        raise BadRules(file=file, where=rule.name, what=_NO_BOUND)
    if rule.watch is Watch.VALUE and not (rule.metric or rule.unit):
        raise BadRules(file=file, where=rule.name, what=_NO_SERIES)
    wrong = rule.clear is not None and (
        rule.equals is not None
        or (rule.above is not None and rule.clear > rule.above)
        or (rule.below is not None and rule.clear < rule.below)
        or len(bounds) > 1
    )
    if wrong:
        raise BadRules(file=file, where=rule.name, what=_BAD_CLEAR)


_BOTH: Final = ("fr", "en")
_WRONG_NAME: Final = Phrase(
    "un nom de règle est fait de lettres, chiffres et tirets", "a rule's name is of letters, digits and hyphens"
)


def _unknown(key: str, known: Sequence[object]) -> tuple[str, str]:
    there = [str(one) for one in known]
    return _UNKNOWN.say("fr", key=key[:40], known=there), _UNKNOWN.say("en", key=key[:40], known=there)


def _bad(file: str, where: str, key: str, wanted: type) -> BadRules:
    said = [_WRONG.say(one, key=key, wanted=_WANTED[wanted]) for one in ("fr", "en")]
    return BadRules(file=file, where=where, what=Phrase.said(*said))


def _is(value: object, kind: type) -> bool:
    if kind is bool:
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if kind is int:
        return isinstance(value, int) and 1 <= value <= _MOST
    if kind is float:
        return isinstance(value, int | float) and value == value and abs(value) < 10**15
    if kind is tuple:
        return isinstance(value, list) and all(_is(one, str) for one in value)
    return isinstance(value, str) and len(value) <= 200 and value.isprintable()


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    if isinstance(value, str):
        escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return repr(value)
