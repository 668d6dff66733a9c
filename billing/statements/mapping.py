"""How a bank writes its CSV, said in a small TOML file: ours in `mappings/`, an association's own in its own folder.

docs/howto/bank-statements.md says how to write one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from collections.abc import Mapping as Table
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from billing.statements.accounts import number_of
from billing.statements.refusals import BadMapping, BadStatementAmount
from billing.statements.texts import CHARSETS, EUR, a_day, in_bounds, plain, signed
from foundation.money import Euros
from foundation.speech import Phrase

COLUMNS: Final = (
    "day", "value_day", "amount", "debit", "credit", "label", "payer", "iban", "reference", "end_to_end", "kind",
    "key", "balance", "currency", "account",
)  # fmt: skip
BEFORE: Final = ("account", "currency", "since", "until", "opening", "closing")
_KEYS: Final = frozenset(
    {"title", "charset", "delimiter", "quote", "decimal", "dates", "skip", "skip_end", "account", "columns", "before"}
)
_PARTS: Final = {
    "yyyy": r"(?P<y>[0-9]{4})",
    "yy": r"(?P<y>[0-9]{2})",
    "mm": r"(?P<m>[0-9]{1,2})",
    "dd": r"(?P<d>[0-9]{1,2})",
}
_CURRENCIES: Final = re.compile(r"€|eur(?:os?)?", re.IGNORECASE)
_SPACES: Final = re.compile(r"[\s'’]")
_LARGEST: Final = 64 * 1024
_MOST_FILES: Final = 200


@dataclass(frozen=True, slots=True)
class Mapping:
    """How one bank writes. `columns` are headings, or numbers from 1 where the file has no headings.

    `before` names what stands before the headings by the word in front of it; `account` is the number of the account
    where the file does not say it.
    """

    name: str
    title: str
    charset: str
    delimiter: str
    quote: str
    decimal: str
    dates: str
    skip: int
    skip_end: int
    account: str
    columns: Table[str, tuple[str | int, ...]]
    before: Table[str, str]

    @property
    def headed(self) -> bool:
        """Whether the file has headings by which its columns are known."""
        return any(isinstance(each, str) for told in self.columns.values() for each in told)

    def day(self, text: str, where: Phrase) -> date:
        """The day that a cell begins with. Raises BadStatementDay."""
        found = _pattern_of(self.dates).match(text)
        year = found["y"] if found else ""
        return a_day((year if len(year) == 4 else f"20{year}", found["m"], found["d"]) if found else None, text, where)

    def euros(self, text: str, where: Phrase) -> Euros:
        """The amount in a cell: `1 234,56`, `-1.234,56 €`, `+12`. Raises BadStatementAmount."""
        bare = _SPACES.sub("", _CURRENCIES.sub("", text)).replace("\N{MINUS SIGN}", "-")
        found = _AMOUNTS[self.decimal].fullmatch(bare)
        if found is None:
            raise BadStatementAmount(text=plain(text, 30), where=where)
        whole = found[2].replace(",", "").replace(".", "")
        return in_bounds(signed(found[1], whole, found[3] or ""), text, where)


_AMOUNTS: Final = {
    ",": re.compile(r"([+-]?)([0-9]{1,15}|[0-9]{1,3}(?:\.[0-9]{3}){1,4})(?:,([0-9]{1,2}))?"),
    ".": re.compile(r"([+-]?)([0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,4})(?:\.([0-9]{1,2}))?"),
}


@cache
def shipped() -> tuple[Mapping, ...]:
    """The mappings that come with Essaim, by name."""
    found = (each for each in files("billing.statements").joinpath("mappings").iterdir() if each.name.endswith(".toml"))
    return tuple(
        parse(each.name.removesuffix(".toml"), each.read_text(encoding="utf-8"))
        for each in sorted(found, key=lambda each: each.name)
    )


def own(folder: Path) -> tuple[Mapping, ...]:
    """The mappings of an association's own folder, by name; none where there is no such folder. Raises BadMapping."""
    return tuple(from_file(path) for path in sorted(folder.glob("*.toml"))[:_MOST_FILES]) if folder.is_dir() else ()


def from_file(path: Path) -> Mapping:
    """The mapping in a file. Raises BadMapping."""
    try:
        with path.open("rb") as opened:
            data = opened.read(_LARGEST + 1)
        text = data.decode()
    except (OSError, UnicodeError):
        what = Phrase("ce n'est pas du texte en UTF-8", "it is no text in UTF-8")
        raise BadMapping(mapping=plain(path.stem, 40), what=what) from None
    if len(data) > _LARGEST:
        raise BadMapping(mapping=plain(path.stem, 40), what=Phrase("elle est trop longue", "it is too long"))
    return parse(path.stem, text)


def parse(name: str, text: str) -> Mapping:
    """The mapping that a TOML text writes. Raises BadMapping with what is wrong in it."""
    shown = plain(name, 40)
    try:
        told = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as wrong:
        raise BadMapping(mapping=shown, what=Phrase.said(*(plain(str(wrong), 100),) * 2)) from None
    wrong_word = _wrong_in(told)
    if wrong_word is not None:
        raise BadMapping(mapping=shown, what=wrong_word)
    return Mapping(
        name=shown,
        title=plain(told.get("title", shown), 200),
        charset=told.get("charset", "utf-8"),
        delimiter=told.get("delimiter", ";"),
        quote=told.get("quote", '"'),
        decimal=told.get("decimal", ","),
        dates=told.get("dates", "dd/mm/yyyy"),
        skip=told.get("skip", 0),
        skip_end=told.get("skip_end", 0),
        account=number_of(told.get("account", "")),
        columns={role: tuple(each) if isinstance(each, list) else (each,) for role, each in told["columns"].items()},
        before=dict(told.get("before", {})),
    )


def _wrong_in(told: dict[str, Any]) -> Phrase | None:
    """What is wrong in a mapping, in words."""
    unknown = sorted(set(told) - _KEYS)
    if unknown:
        return _word("mot inconnu", "unknown word", unknown[0])
    checks: dict[str, Callable[[Any], bool]] = {
        "title": lambda value: isinstance(value, str),
        "charset": lambda value: isinstance(value, str) and value.lower() in CHARSETS,
        "delimiter": lambda value: value in (";", ",", "\t", "|", ":"),
        "quote": lambda value: value in ('"', "'", ""),
        "decimal": lambda value: value in (",", "."),
        "dates": lambda value: isinstance(value, str) and _is_pattern(value),
        "skip": _is_count,
        "skip_end": _is_count,
        "account": lambda value: isinstance(value, str),
        "before": lambda value: isinstance(value, dict) and all(isinstance(each, str) for each in value.values()),
        "columns": lambda value: isinstance(value, dict) and all(map(_is_column, value.values())),
    }
    bad = next((key for key, good in checks.items() if key in told and not good(told[key])), None)
    if bad is not None:
        return _word("valeur qui ne convient pas pour", "a value that will not do for", bad)
    return _wrong_columns(told.get("columns", {}), told.get("before", {}))


def _wrong_columns(columns: dict[str, Any], before: dict[str, str]) -> Phrase | None:
    unknown = sorted(set(columns) - set(COLUMNS)) + sorted(set(before) - set(BEFORE))
    if unknown:
        return _word("colonne inconnue", "unknown column", unknown[0])
    missing = [role for role in ("day", "label") if role not in columns]
    if missing:
        return _word("colonne absente", "missing column", missing[0])
    if ("amount" in columns) == ("debit" in columns and "credit" in columns):
        return Phrase("il faut soit amount, soit debit et credit", "either amount, or debit and credit, is needed")
    kinds = {type(one) for each in columns.values() for one in (each if isinstance(each, list) else [each])}
    if len(kinds) > 1:
        return Phrase("les colonnes se nomment toutes, ou se comptent toutes", "name all columns, or count them all")
    doubled = [role for role, each in columns.items() if role != "label" and isinstance(each, list) and len(each) > 1]
    return _word("une seule colonne pour", "one column only for", doubled[0]) if doubled else None


def _word(fr: str, en: str, word: str) -> Phrase:
    return Phrase.said(f"{fr} {plain(word, 40)}", f"{en} {plain(word, 40)}")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 50


def _is_column(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and all(not isinstance(each, list) and _is_column(each) for each in value)
    if isinstance(value, str):
        return bool(value.strip())
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 300


def _is_pattern(value: str) -> bool:
    parts = re.findall(r"yyyy|yy|mm|dd", value)
    return sorted(part[0] for part in parts) == ["d", "m", "y"] and not re.sub(r"yyyy|yy|mm|dd|[/. -]", "", value)


@cache
def _pattern_of(dates: str) -> re.Pattern[str]:
    parts = re.split(r"(yyyy|yy|mm|dd)", dates)
    glued = not any(parts[2:-1:2])
    text = "".join(_PARTS.get(part, re.escape(part)) for part in parts)
    return re.compile((text.replace("{1,2}", "{2}") if glued else text) + "(?![0-9])")


EUROS: Final = frozenset({EUR, "€", "EUROS", "EURO"})
"""How a CSV writes its currency when it is ours."""
OWN_FOLDER: Final = "bank-mappings"
"""Where an association's own mappings stand, within its folder."""
