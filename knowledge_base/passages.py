"""Cut an article into passages along its structure.

A passage never crosses a heading; lists and tables stay whole while they fit; what is too long is cut between rows,
items or sentences, and each part of a table says again what its columns are. Text comes out readable without Markdown,
since a passage is also what a chat shows as an answer.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it.tree import SyntaxTreeNode

from core.digits import digits
from knowledge_base.markdown import parser

# About 230 tokens of the 512 that E5 reads, and as much as a chat can show; shorter ones are found a little better.
MAX_CHARACTERS = 700
# Of a table, whose rows say little without the others: some sixty short ones. Full of numbers it has up to 450 tokens,
# and headings come on top.
MAX_TABLE_CHARACTERS = 1_500
# A longer header is no name of columns that would be worth its room in every part.
MAX_HEADER_CHARACTERS = 150
# A sentence ends at its mark followed by space; the marks of both scripts.
SENTENCE_END = re.compile(r"(?<=[.!?؟…])\s+")
_LETTER = re.compile(r"[^\W\d_]")
LINKABLE = ("http://", "https://", "mailto:", "tel:")
BULLET = "• "


@dataclass(frozen=True)
class PassageText:
    """A slice of an article: the headings above it, outermost first, and its readable text."""

    headings: tuple[str, ...]
    text: str

    def embedded(self, title: str) -> str:
        """What the encoder and the lexical index read: the title path, then the text."""
        return f"{' › '.join((title, *self.headings)).strip(' ›')}\n{self.text}".strip()


@dataclass(frozen=True)
class _Block:
    """A part that should stay whole, and the lines between which it may be cut if it must."""

    headings: tuple[str, ...]
    lines: tuple[str, ...]
    # How long it may be in one piece.
    limit: int = MAX_CHARACTERS
    # What each part begins with, where it is cut; the first line, or nothing.
    header: str = ""

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def split(body: str) -> list[PassageText]:
    """The passages of a Markdown text in order; a body without words gives none."""
    passages: list[PassageText] = []
    for block in _blocks(body):
        last = passages[-1] if passages else None
        if last and last.headings == block.headings and len(last.text) + len(block.text) < MAX_CHARACTERS:
            passages[-1] = PassageText(last.headings, f"{last.text}\n{block.text}")
        else:
            passages += (PassageText(block.headings, text) for text in _parts(block))
    return passages


def sentences(text: str) -> list[str]:
    """The sentences and lines of a readable text, in order."""
    return [part.strip() for line in text.splitlines() for part in SENTENCE_END.split(line) if part.strip()]


def _blocks(body: str) -> Iterator[_Block]:
    root = SyntaxTreeNode(parser().parse(body.replace("\x00", "")))
    path: list[tuple[int, str]] = []
    for node in root.children:
        if node.type == "heading":
            level = int(node.tag[1:])
            path = [(above, text) for above, text in path if above < level] + [(level, _inline(node))]
            continue
        lines = tuple(line for line in _lines(node) if line.strip())
        if lines:
            yield _block(tuple(text for _, text in path if text), lines, node)


def _block(headings: tuple[str, ...], lines: tuple[str, ...], node: SyntaxTreeNode) -> _Block:
    if node.type != "table":
        return _Block(headings, lines)
    header = _header(_cells(node)[0])
    return _Block(headings, lines, MAX_TABLE_CHARACTERS, header if len(header) <= MAX_HEADER_CHARACTERS else "")


def _parts(block: _Block) -> list[str]:
    if len(block.text) <= block.limit:
        return [block.text]
    if not block.header:
        return _bounded(block.lines)
    room = MAX_CHARACTERS - len(block.header) - 1
    return [f"{block.header}\n{part}" for part in _bounded(block.lines[1:], room)]


def _lines(node: SyntaxTreeNode, indent: str = "") -> Iterator[str]:
    if node.type in ("bullet_list", "ordered_list"):
        yield from _list_lines(node, indent)
    elif node.type == "table":
        yield from _table_lines(node)
    elif node.type in ("fence", "code_block"):
        yield from node.content.splitlines()
    elif node.type in ("paragraph", "heading"):
        yield from (indent + line for line in _inline(node).splitlines())
    else:
        for child in node.children:
            yield from _lines(child, indent)


def _list_lines(node: SyntaxTreeNode, indent: str) -> Iterator[str]:
    start = int(node.attrs.get("start", 1))
    for number, item in enumerate(node.children, start):
        lines = [line for child in item.children for line in _lines(child, "  ")]
        if lines:
            mark = f"{_in_digits_of(lines[0], number)}. " if node.type == "ordered_list" else BULLET
            yield f"{indent}{mark}{lines[0].lstrip()}"
            yield from (f"{indent}{line}" for line in lines[1:])


def _in_digits_of(text: str, number: int) -> str:
    first = _LETTER.search(text)
    return digits(number, "fa" if first and first[0] > "\u0600" else "en")


def _table_lines(table: SyntaxTreeNode) -> Iterator[str]:
    """A row reads "name: value", below the names of both columns; of more columns, each value carries its own's."""
    header, *body = _cells(table)
    yield _header(header)
    for name, *values in body:
        named = (
            values if len(values) < 2 else [f"{label} {value}" for label, value in zip(header[1:], values, strict=True)]
        )
        yield f"{name}: {' · '.join(named)}" if named else name


def _cells(table: SyntaxTreeNode) -> list[list[str]]:
    return [[_inline(cell) for cell in row.children] for part in table.children for row in part.children]


def _header(names: list[str]) -> str:
    """The names of one or two columns as a row of their own; nothing where rows name them."""
    return ": ".join(name for name in names if name.strip()) if len(names) <= 2 else ""


def _inline(node: SyntaxTreeNode) -> str:
    return "".join(_readable(child) for child in node.children)


def _readable(node: SyntaxTreeNode) -> str:
    if node.type in ("text", "code_inline"):
        return node.content
    if node.type in ("softbreak", "hardbreak"):
        return " " if node.type == "softbreak" else "\n"
    if node.type == "image":
        return node.content
    inside = "".join(_readable(child) for child in node.children)
    target = str(node.attrs.get("href", "")) if node.type == "link" else ""
    return f"{inside} ({target})" if target.startswith(LINKABLE) and target not in inside else inside


def _bounded(lines: tuple[str, ...], limit: int = MAX_CHARACTERS) -> list[str]:
    """The lines packed into texts of at most so many characters, cut between lines, else sentences, else words."""
    texts: list[str] = []
    for line in lines:
        separator = "\n"
        for piece in _pieces(line, limit):
            if texts and len(texts[-1]) + len(piece) < limit:
                texts[-1] += separator + piece
            else:
                texts.append(piece)
            separator = " "
    return texts


def _pieces(line: str, limit: int) -> Iterator[str]:
    if len(line) <= limit:
        yield line
        return
    for sentence in SENTENCE_END.split(line):
        while len(sentence) > limit:
            cut = sentence.rfind(" ", limit // 2, limit)
            cut = cut if cut > 0 else limit
            yield sentence[:cut]
            sentence = sentence[cut:].lstrip()
        yield sentence
