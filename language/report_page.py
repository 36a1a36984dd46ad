"""A page about what a classifier said: how sure it was and how often right, and what it took for what.

One HTML file that loads nothing. Both interpreters import this module.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

REPORT_FILE = "report.html"
BINS = 10

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #1c2430 }
table { border-collapse: collapse } td, th { padding: .15rem .5rem; text-align: start } caption { text-align: start }
.number { text-align: end; font-variant-numeric: tabular-nums } .wide { overflow-x: auto }
.confusion td { text-align: center; border: 1px solid #e3e7ee; min-width: 1.6rem }
.confusion thead th { writing-mode: vertical-rl; vertical-align: bottom; font-weight: normal; max-height: 14rem }
.confusion tbody th { font-weight: normal; white-space: nowrap } svg text { font: 11px system-ui, sans-serif }
"""


class Said(NamedTuple):
    """What a text is, what it was taken for, and how sure of that the model was, from 0 to 1."""

    truth: str
    label: str
    confidence: float


class Bin(NamedTuple):
    """Texts that the model was about equally sure of."""

    texts: int
    confidence: float
    right: float


def reliability(said: Sequence[Said]) -> list[Bin]:
    """The bins of even width that hold a text, the least sure first."""
    places: dict[int, list[Said]] = {}
    for one in said:
        places.setdefault(min(int(one.confidence * BINS), BINS - 1), []).append(one)
    return [_bin(places[place]) for place in sorted(places)]


def calibration_error(said: Sequence[Said]) -> float | None:
    """Expected calibration error (Guo et al., ICML 2017); None where nothing was said."""
    if not said:
        return None
    return sum(one.texts * abs(one.right - one.confidence) for one in reliability(said)) / len(said)


def write_report(folder: Path, *, title: str, figures: Mapping[str, object], said: Sequence[Said]) -> Path:
    """Write the page into the folder, which is made, and say where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / REPORT_FILE
    path.write_text(report_page(title=title, figures=figures, said=said), encoding="utf-8", errors="replace")
    return path


def report_page(*, title: str, figures: Mapping[str, object], said: Sequence[Said]) -> str:
    """The page as HTML; whatever stands in a label or a figure is shown and never read as markup."""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style></head><body>
<h1>{escape(title)}</h1>
{_figures_table(figures)}
<h2>Reliability</h2>
<p>Of the texts that the model was so sure of, so many were right. On the line, confidence is what it says it is; the
larger the dot, the more texts.</p>
{_reliability_figure(reliability(said))}
<h2>Confusion</h2>
<p>A row for what the text is, a column for what it was taken for.</p>
{_confusion_table(said)}
</body></html>
"""


def _bin(said: Sequence[Said]) -> Bin:
    count = len(said)
    right = sum(one.truth == one.label for one in said)
    return Bin(count, sum(one.confidence for one in said) / count, right / count)


def _figures_table(figures: Mapping[str, object]) -> str:
    rows = (
        f'<tr><th>{escape(name)}</th><td class="number">{escape(_shown(value))}</td></tr>'
        for name, value in figures.items()
    )
    return f"<table>{''.join(rows)}</table>"


def _shown(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _reliability_figure(bins: Sequence[Bin]) -> str:
    most = max((one.texts for one in bins), default=1)
    dots = "".join(
        f'<circle cx="{_x(one.confidence)}" cy="{_y(one.right)}" r="{3 + 9 * (one.texts / most) ** 0.5:.1f}" '
        f'fill="#2f6f9f" fill-opacity="0.7"><title>{one.texts} texts: {one.confidence:.2f} sure, {one.right:.2f} right'
        "</title></circle>"
        for one in bins
    )
    marks = "".join(
        f'<text x="{_x(mark)}" y="318" text-anchor="middle">{mark}</text>'
        f'<text x="36" y="{_y(mark)}" text-anchor="end" dominant-baseline="middle">{mark}</text>'
        for mark in (0, 0.5, 1)
    )
    return (
        '<svg width="340" height="345" role="img" aria-label="Reliability figure">'
        '<rect x="44" y="20" width="280" height="280" fill="none" stroke="#b8c0cc"/>'
        '<line x1="44" y1="300" x2="324" y2="20" stroke="#b8c0cc" stroke-dasharray="4"/>'
        f"{dots}{marks}"
        '<text x="184" y="338" text-anchor="middle">how sure</text>'
        '<text transform="translate(12 160) rotate(-90)" text-anchor="middle">how often right</text></svg>'
    )


def _x(share: float) -> str:
    return f"{44 + 280 * share:.1f}"


def _y(share: float) -> str:
    return f"{300 - 280 * share:.1f}"


def _confusion_table(said: Sequence[Said]) -> str:
    labels = sorted({one.truth for one in said} | {one.label for one in said})
    counts = Counter((one.truth, one.label) for one in said)
    texts = Counter(one.truth for one in said)
    head = "".join(f'<th scope="col">{escape(label)}</th>' for label in labels)
    body = "".join(
        f'<tr><th scope="row">{escape(truth)}</th>'
        + "".join(_cell(counts[truth, label], texts[truth], is_right=truth == label) for label in labels)
        + "</tr>"
        for truth in labels
    )
    return (
        f'<div class="wide"><table class="confusion"><thead><tr><td></td>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _cell(count: int, texts: int, *, is_right: bool) -> str:
    if not count:
        return "<td></td>"
    colour = "47, 111, 159" if is_right else "190, 70, 60"
    return f'<td style="background: rgba({colour}, {0.1 + 0.6 * count / texts:.2f})">{count}</td>'
