"""Cut an article into passages along its structure.

A passage never crosses a heading; lists and tables stay whole while they fit; what is too long is cut between rows,
items or sentences. Text comes out readable without Markdown, since a passage is also what a chat shows as an answer.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it.tree import SyntaxTreeNode

from knowledge_base.markdown import parser

# About 230 tokens of the 512 that E5 reads, and as much as a chat can show; shorter ones are found a little better.
MAX_CHARACTERS = 700
# A sentence ends at its mark followed by space; the marks of both scripts.
SENTENCE_END = re.compile(r"(?<=[.!?؟…])\s+")
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
            passages += (PassageText(block.headings, text) for text in _bounded(block.lines))
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
            yield _Block(tuple(text for _, text in path if text), lines)


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
        mark = f"{number}. " if node.type == "ordered_list" else BULLET
        lines = [line for child in item.children for line in _lines(child, "  ")]
        if lines:
            yield f"{indent}{mark}{lines[0].lstrip()}"
            yield from (f"{indent}{line}" for line in lines[1:])


def _table_lines(table: SyntaxTreeNode) -> Iterator[str]:
    """A row reads "name: value"; with more columns each value carries its column's name."""
    rows = [[_inline(cell) for cell in row.children] for part in table.children for row in part.children]
    header, *body = rows
    for name, *values in body:
        named = (
            values if len(values) < 2 else [f"{label} {value}" for label, value in zip(header[1:], values, strict=True)]
        )
        yield f"{name}: {' · '.join(named)}" if named else name


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


def _bounded(lines: tuple[str, ...]) -> list[str]:
    """The lines packed into texts of at most MAX_CHARACTERS, cut between lines, else sentences, else words."""
    texts: list[str] = []
    for line in lines:
        separator = "\n"
        for piece in _pieces(line):
            if texts and len(texts[-1]) + len(piece) < MAX_CHARACTERS:
                texts[-1] += separator + piece
            else:
                texts.append(piece)
            separator = " "
    return texts


def _pieces(line: str) -> Iterator[str]:
    if len(line) <= MAX_CHARACTERS:
        yield line
        return
    for sentence in SENTENCE_END.split(line):
        while len(sentence) > MAX_CHARACTERS:
            cut = sentence.rfind(" ", MAX_CHARACTERS // 2, MAX_CHARACTERS)
            cut = cut if cut > 0 else MAX_CHARACTERS
            yield sentence[:cut]
            sentence = sentence[cut:].lstrip()
        yield sentence
