"""How does output fit where it goes: a terminal of any width, a file, a stream without UTF-8?"""

from __future__ import annotations

import codecs
import os
import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from rich.cells import cell_len
from rich.console import Console, ConsoleDimensions, ConsoleOptions, RenderResult
from rich.text import Text

from adapter.text.plain import plain

# Wider than any line of ours. A file or a pipe has no width, so lines are not folded for it.
WHOLE_LINES = 1_000_000
GAP = 2
INDENT = 4
# A column of sentences is not made narrower than this.
READABLE = 24

# Each is replaced by one character, so that columns stay straight. Others lose their accent, or become "?".
_ASCII = str.maketrans(
    {
        **dict.fromkeys("←‹«", "<"),
        **dict.fromkeys("→›»", ">"),
        **dict.fromkeys("“”„", '"'),
        **dict.fromkeys("‘’‚", "'"),
        **dict.fromkeys("–—─━╸╺╴╶", "-"),
        **dict.fromkeys("·•", "*"),
        **{chr(code): "*" for code in range(0x2800, 0x2900)},  # what a spinner is drawn with
        "✓": "+",
        "✗": "x",
        "…": "~",
        "\N{NO-BREAK SPACE}": " ",
    }
)
_ERRORS = "adapter.ascii"
_WORD = re.compile(r"\s*\S+\s*")


class Screen(Console):
    """A console as wide as its terminal, or as COLUMNS says. Into a pipe it writes whole lines.

    It does not cut a line that is too long; the terminal breaks it.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._has_width = "width" in options or os.environ.get("COLUMNS", "").isdigit()

    @property
    def size(self) -> ConsoleDimensions:
        if self._has_width or self.is_terminal:
            return super().size
        return ConsoleDimensions(WHOLE_LINES, 25)

    @size.setter
    def size(self, new_size: tuple[int, int]) -> None:
        Console.size.fset(self, new_size)  # type: ignore[attr-defined]  # the property above hides its setter

    def print(self, *objects: Any, **options: Any) -> None:
        super().print(*objects, **{"crop": False, **options})


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a listing. The last column may hold sentences.

    is_first: if a row takes several lines, this cell stands in the first one.
    is_named: if a row takes several lines, the column's name stands before the cell.
    """

    name: str
    is_first: bool = False
    is_named: bool = False
    is_right: bool = False

    def named(self, cell: Text) -> Text:
        """Return the cell as it stands in a row of several lines."""
        return Text(f"{self.name} ", style="dim").append_text(cell) if self.is_named else cell


class Listing:
    """Rows under headings, for any width.

    If each row fits into a line, it is a table. If not, a long row takes several lines: the first has the cells
    that matter most, and the others are indented. Nothing is left out, and no word is broken.
    """

    def __init__(self, *columns: Column, title: str = "") -> None:
        self._title = title
        self._columns = columns
        self._rows: list[Sequence[Text]] = []

    def add(self, *cells: str | Text) -> None:
        """Add a row, a cell for each column. A str is made plain first, so it may come from outside."""
        self._rows.append([Text(plain(c)) if isinstance(c, str) else c for c in cells])

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self._title:
            yield Text(self._title, style="bold")
        for line in self._all_lines(options.max_width):
            line.no_wrap, line.overflow = True, "ignore"
            yield line

    def _all_lines(self, width: int) -> Iterator[Text]:
        headings = [Text(column.name, style="bold") for column in self._columns]
        widths = self._widths([headings, *self._rows], width)
        if widths is None:
            for row in self._rows:
                yield from self._folded(row, width)
            return
        yield from self._lines(headings, widths)
        yield Text("─" * (sum(widths) + GAP * (len(widths) - 1)), style="dim")
        for row in self._rows:
            yield from self._lines(row, widths)

    def _widths(self, rows: Sequence[Sequence[Text]], width: int) -> list[int] | None:
        """Return the widths of the columns of a table; None if no table fits."""
        widths = [max(cell.cell_len for cell in column) for column in zip(*rows, strict=True)]
        excess = sum(widths) + GAP * (len(widths) - 1) - width
        if excess <= 0:
            return widths
        longest_word = max(cell_len(word) for row in rows for word in row[-1].plain.split() or [""])
        if widths[-1] - excess < max(longest_word, READABLE):
            return None
        return [*widths[:-1], widths[-1] - excess]

    def _lines(self, row: Sequence[Text], widths: Sequence[int]) -> Iterator[Text]:
        """Yield the lines of one row of a table. Only its last cell may take several."""
        wrapped = [*([cell] for cell in row[:-1]), _wrapped(row[-1], widths[-1])]
        for cells in zip_longest(*wrapped, fillvalue=Text()):
            line = Text()
            for column, cell, width in zip(self._columns, cells, widths, strict=True):
                space = " " * (width - cell.cell_len)
                line.append(space if column.is_right else "").append_text(cell)
                line.append("" if column.is_right else space).append(" " * GAP)
            line.rstrip()
            yield line

    def _folded(self, row: Sequence[Text], width: int) -> Iterator[Text]:
        first, others = (
            [
                column.named(cell)
                for column, cell in zip(self._columns, row, strict=True)
                if cell and column.is_first is is_first
            ]
            for is_first in (True, False)
        )
        if _length([*first, *others]) <= width:
            first, others = [*first, *others], []
        is_short = _length(first) <= width
        lines = _packed(first, width if is_short else width - INDENT)
        yield next(lines, Text())
        for line in (*lines, *_packed(others, width - INDENT)):
            yield Text(" " * INDENT).append_text(line)


def _length(cells: Sequence[Text]) -> int:
    """Return how long a line of these cells is."""
    return sum(cell.cell_len + GAP for cell in cells) - GAP


def say(console: Console, words: Text | str, *, head: str = "") -> None:
    """Print the words in as many lines as they need. All lines but the first are indented by the head's width.

    words: a str is made plain first, so it may come from outside; it may begin with empty lines.
    """
    if isinstance(words, str):
        begins = words[: len(words) - len(words.lstrip("\n"))]
        words = Text(begins + plain(words))
    indent = cell_len(head)
    longest_word = max((cell_len(word) for word in words.plain.split()), default=0)
    if indent and indent + longest_word > console.width:
        console.print(Text(head.rstrip()), soft_wrap=True)
        head, indent = " " * INDENT, INDENT
    for line in _wrapped(words, console.width - indent):
        console.print(Text(head).append_text(line), soft_wrap=True)
        head = " " * indent


def _packed(cells: Sequence[Text], width: int) -> Iterator[Text]:
    """Yield lines with as many cells as fit. A cell that is longer than a line is broken between its words."""
    line = Text()
    for cell in cells:
        if line and line.cell_len + GAP + cell.cell_len > width:
            yield line
            line = Text()
        line.append(" " * GAP if line else "")
        *whole, rest = _wrapped(cell, width)
        yield from whole
        line.append_text(rest)
    if line:
        yield line


def _wrapped(text: Text, width: int) -> list[Text]:
    """Return the text in lines of this width. A longer word has a line of its own, and is not broken."""
    lines: list[Text] = []
    for line in text.split(allow_blank=True):
        offsets, used = [], 0
        for word in _WORD.finditer(line.plain):
            if used and used + cell_len(word[0].rstrip()) > width:
                offsets.append(word.start())
                used = 0
            used += cell_len(word[0])
        lines += line.divide(offsets)
    for line in lines:
        line.rstrip()
    return lines or [Text()]


def fit_streams() -> None:
    """Let standard output and error take every text. A character that the encoding lacks is written in ASCII.

    With LC_ALL=C everything is ASCII, although Python would write UTF-8 (https://peps.python.org/pep-0540/).
    """
    wants_ascii = os.environ.get("LC_ALL") in ("C", "POSIX") and not (
        os.environ.get("PYTHONIOENCODING") or os.environ.get("PYTHONUTF8")
    )
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="ascii" if wants_ascii else None, errors=_ERRORS)


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(_ASCII)
    return "".join(_plain(each) for each in text), error.end


def _plain(character: str) -> str:
    bare = unicodedata.normalize("NFKD", character)[0]
    return bare if bare.isascii() else "?"


codecs.register_error(_ERRORS, _in_ascii)
