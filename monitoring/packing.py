"""How an hour of a machine's samples becomes few octets, and back. Pure.

A series is held as its first value and the steps from one to the next; steps of thirty-two series stand together,
the first octet of all of them, then the second, and so on, so that what is alike stands side by side; what is zero
throughout is left out, and the rest compressed. Thirty-two, so that one series is read without the others.

Values are what an unsigned 64-bit word holds; whether one below zero is meant is for whoever asks to know.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, groupby, pairwise
from operator import sub
from struct import Struct
from typing import Final, TypeAlias

Column: TypeAlias = Sequence[int | None]
"""One series, sample by sample; none where the machine did not say it."""

TOGETHER: Final = 32
WORD: Final = 2**64
_VERSION: Final = 1
_LEVEL: Final = 1
"""Of zlib: what is left after the steps are shuffled is noise, which no level shortens."""
_HEAD: Final = Struct("<BIH")
_TURNS, _HOLES = 1, 2
"""What is to be known of a series: its steps go down as well as up; some samples lack it."""


class Garbled(ValueError):
    """What was read is nothing that was packed here."""


def pack(instants: Sequence[int], columns: Sequence[Column]) -> bytes:
    """Samples at `instants`, ascending, one column a series."""
    groups = [_pack_group([instants])]
    groups += [_pack_group(columns[rank : rank + TOGETHER]) for rank in range(0, len(columns), TOGETHER)]
    sizes = array("I", map(len, groups))
    return b"".join((_HEAD.pack(_VERSION, len(instants), len(columns)), _little(sizes).tobytes(), *groups))


def unpack(body: bytes, wanted: Iterable[int] | None = None) -> tuple[list[int], dict[int, list[int | None]]]:
    """The instants, and the columns that are wanted (all of them, unless told), by rank. Raises Garbled."""
    try:
        version, samples, series = _HEAD.unpack_from(body)
        if version != _VERSION:
            raise Garbled(version)
        groups = _groups(body, _HEAD.size, 1 + -(-series // TOGETHER))
        instants = [each or 0 for each in _unpack_group(groups[0], samples, 1, [0])[0]]
        columns: dict[int, list[int | None]] = {}
        ranks = range(series) if wanted is None else wanted
        for group, here in groupby(ranks, key=lambda rank: rank // TOGETHER):
            held = min(series - group * TOGETHER, TOGETHER)
            places = [rank % TOGETHER for rank in here]
            opened = _unpack_group(groups[1 + group], samples, held, places)
            columns |= {group * TOGETHER + place: column for place, column in zip(places, opened, strict=True)}
    except (IndexError, OverflowError, ValueError, zlib.error) as failed:
        raise Garbled from failed
    except Exception as failed:  # struct.error is no ValueError
        raise Garbled from failed
    return instants, columns


def pack_row(values: array[int]) -> bytes:
    """One value of each series: what one machine said at one instant."""
    return zlib.compress(_shuffled(values), _LEVEL)


def unpack_row(body: bytes, series: int) -> list[int]:
    """All of it again. Raises Garbled."""
    try:
        return _unshuffled(zlib.decompress(body), 0, series)[0].tolist()
    except (IndexError, ValueError, zlib.error) as failed:
        raise Garbled from failed


def pack_floats(tables: Sequence[Sequence[Sequence[float]]], width: int) -> bytes:
    """Tables of numbers, each a row of `width` of them a series, to sixteen significant bits; NaN where there is none.

    Cut off, not rounded: what was larger stays larger or becomes as large.
    """
    series = len(tables[0])
    groups = []
    for rank in range(0, series, TOGETHER):
        numbers = array("f")
        for table in tables:
            for row in table[rank : rank + TOGETHER]:
                numbers.extend(row)
        octets = _little(numbers).tobytes()
        groups.append(zlib.compress(octets[1::4] + octets[2::4] + octets[3::4], _LEVEL))
    sizes = array("I", map(len, groups))
    return b"".join((_HEAD.pack(_VERSION, width, series), _little(sizes).tobytes(), *groups))


def unpack_floats(body: bytes, rank: int, tables: int) -> list[list[float]]:
    """The rows of one series, one for each table. Raises Garbled."""
    try:
        version, width, series = _HEAD.unpack_from(body)
        if version != _VERSION or not 0 <= rank < series:
            raise Garbled(version)
        group = rank // TOGETHER
        held = min(series - group * TOGETHER, TOGETHER)
        octets = zlib.decompress(_groups(body, _HEAD.size, -(-series // TOGETHER))[group])
        count = len(octets) // 3
        whole = bytearray(count * 4)
        for plane in range(3):
            whole[plane + 1 :: 4] = octets[plane * count : (plane + 1) * count]
        numbers = array("f")
        numbers.frombytes(whole)
        _little(numbers)
        first = rank % TOGETHER * width
        return [
            numbers[first + table * held * width : first + table * held * width + width].tolist()
            for table in range(tables)
        ]
    except Garbled:
        raise
    except Exception as failed:
        raise Garbled from failed


def _groups(body: bytes, at: int, count: int) -> list[bytes]:
    sizes = array("I")
    sizes.frombytes(body[at : at + count * 4])
    _little(sizes)
    ends = list(accumulate(sizes, initial=at + count * 4))
    if ends[-1] != len(body):
        raise Garbled(len(body))
    return [body[begin:end] for begin, end in pairwise(ends)]


def _pack_group(columns: Sequence[Column]) -> bytes:
    flags, holes = bytearray(), bytearray()
    firsts, steps = array("Q"), array("Q")
    for column in columns:
        flag = 0
        if None in column:
            flag = _HOLES
            column, missing = _filled(column)
            holes += missing
        between = list(map(sub, column[1:], column))
        if between and min(between) < 0:
            flag |= _TURNS
            between = [_folded(step) for step in between]
        flags.append(flag)
        firsts.append(column[0] or 0)
        steps.extend(between)
    return zlib.compress(bytes(flags + holes) + _shuffled(firsts) + _shuffled(steps), _LEVEL)


def _unpack_group(body: bytes, samples: int, series: int, places: Iterable[int]) -> list[list[int | None]]:
    octets = zlib.decompress(body)
    flags, at = octets[:series], series
    wide = -(-samples // 8)
    holes: Mapping[int, bytes] = {}
    if any(flag & _HOLES for flag in flags):
        holes = {}
        for rank, flag in enumerate(flags):
            if flag & _HOLES:
                holes[rank] = octets[at : at + wide]
                at += wide
    firsts, at = _unshuffled(octets, at, series)
    steps, at = _unshuffled(octets, at, series * (samples - 1))
    columns: list[list[int | None]] = []
    for rank in places:
        flag = flags[rank]
        between = steps[rank * (samples - 1) : (rank + 1) * (samples - 1)]
        values: list[int | None]
        if flag & _TURNS:
            values = [each % WORD for each in accumulate(map(_unfolded, between), initial=firsts[rank])]
        else:
            values = list(accumulate(between, initial=firsts[rank]))
        if flag & _HOLES:
            missing = int.from_bytes(holes[rank], "little")
            values = [None if missing >> place & 1 else value for place, value in enumerate(values)]
        columns.append(values)
    return columns


def _filled(column: Column) -> tuple[list[int], bytes]:
    """The column with the value before in place of what is missing, and a bit for each that was."""
    missing, filled = 0, []
    value = next((each for each in column if each is not None), 0)
    for place, each in enumerate(column):
        if each is None:
            missing |= 1 << place
        else:
            value = each
        filled.append(value)
    return filled, missing.to_bytes(-(-len(column) // 8), "little")


def _folded(step: int) -> int:
    """A step up or down as a small number: 0, -1, 1, -2 are 0, 1, 2, 3. Steps are those of a word that goes round."""
    signed = (step + WORD // 2) % WORD - WORD // 2
    return signed << 1 if signed >= 0 else (-signed << 1) - 1


def _unfolded(folded: int) -> int:
    return -((folded + 1) >> 1) if folded & 1 else folded >> 1


def _shuffled(words: array[int]) -> bytes:
    """The lowest octet of every word, then the next, and so on; which are there, first."""
    octets = _little(words).tobytes()
    planes = [octets[place::8] for place in range(8)]
    there = [bool(plane.strip(b"\0")) for plane in planes]
    head = sum(1 << place for place, each in enumerate(there) if each)
    return bytes((head,)) + b"".join(plane for plane, each in zip(planes, there, strict=True) if each)


def _unshuffled(octets: bytes, at: int, count: int) -> tuple[array[int], int]:
    """So many words, and where what follows them begins."""
    head, at = octets[at], at + 1
    whole = bytearray(count * 8)
    for place in range(8):
        if head >> place & 1:
            whole[place::8] = octets[at : at + count]
            at += count
    words = array("Q")
    words.frombytes(whole)
    return _little(words), at


def _little(numbers: array) -> array:  # type: ignore[type-arg]  # of whatever they are
    """The array, in place, as a machine of little ends writes it."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
