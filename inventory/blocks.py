"""How a free block is chosen, split and merged: pure, on integers.

Blocks are CIDR prefixes. A prefix is cut in halves until one has the length wanted; what is left over stays
free, one block of each length in between (a buddy allocator, Knowlton 1965). Freed blocks join their buddy.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Prefix(NamedTuple):
    """`first` is an address as an integer, `length` its prefix length, `width` 32 or 128."""

    first: int
    length: int
    width: int

    @property
    def size(self) -> int:
        """How many addresses it holds."""
        return 1 << (self.width - self.length)

    @property
    def last(self) -> int:
        """Its last address."""
        return self.first + self.size - 1


def take(free: Prefix, length: int) -> tuple[Prefix, list[Prefix]]:
    """Cut the first prefix of `length` out of `free`: the prefix taken, and what stays free.

    Raises ValueError when `free` is too small.
    """
    return carve(free, Prefix(free.first, length, free.width))


def carve(free: Prefix, wanted: Prefix) -> tuple[Prefix, list[Prefix]]:
    """Cut exactly `wanted` out of `free`: the prefix taken, and what stays free, smallest last.

    Raises ValueError when `wanted` is not inside `free`.
    """
    if wanted.length < free.length or not free.first <= wanted.first <= wanted.last <= free.last:
        raise ValueError(f"{wanted} is not inside {free}")
    left, rest = free, []
    while left.length < wanted.length:
        low = Prefix(left.first, left.length + 1, left.width)
        high = Prefix(low.last + 1, left.length + 1, left.width)
        left, other = (low, high) if wanted.first <= low.last else (high, low)
        rest.append(other)
    return left, rest


def buddy(block: Prefix) -> Prefix:
    """The other half of the prefix one bit shorter."""
    return Prefix(block.first ^ block.size, block.length, block.width)


def merged(block: Prefix) -> Prefix:
    """The prefix made of a block and its buddy."""
    return Prefix(block.first & ~block.size, block.length - 1, block.width)


def ancestors(address: int, width: int) -> list[int]:
    """The first address of every prefix that can hold `address`: one a length, the longest first."""
    return [address >> bits << bits for bits in range(width + 1)]


def inside(part: Prefix, whole: Prefix) -> bool:
    """Whether a prefix lies within another, or is the same."""
    return part.width == whole.width and whole.first <= part.first and part.last <= whole.last


def parts(whole: Prefix, length: int, most: int) -> Iterator[Prefix]:
    """The prefixes of one length that begin a prefix: all of them, or the first `most`."""
    size = 1 << (whole.width - length)
    for first in range(whole.first, whole.last + 1, size)[:most]:
        yield Prefix(first, length, whole.width)


def rest(whole: Prefix, taken: Prefix) -> list[Prefix]:
    """What stays of a prefix after `taken`, once that and all before it is gone: as few prefixes as can be.

    Raises ValueError when `taken` is not inside `whole`.
    """
    return [left for left in carve(whole, taken)[1] if left.first > taken.last]


def halves(whole: Prefix) -> tuple[Prefix, Prefix]:
    """The two prefixes one bit longer that a prefix is made of."""
    low = Prefix(whole.first, whole.length + 1, whole.width)
    return low, buddy(low)
