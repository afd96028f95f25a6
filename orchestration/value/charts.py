"""Charts as SVG, for the report's page and for Dagster: text, no library, light and dark."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, floor, log10
from typing import Any

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 76, 24, 34, 40
LEGEND = 150
COLOURS = "abdefghic"
STYLE = """
svg.clv { font: 12px system-ui, sans-serif; fill: #22303c; background: #fff;
  --a: #3b6fb6; --b: #e08a2e; --c: #7a8794; --d: #2e8b6f;
  --e: #b0413e; --f: #8a5fb0; --g: #8c6d2f; --h: #2b93a8; --i: #c2578f }
@media (prefers-color-scheme: dark) {
svg.clv { fill: #dbe3ea; background: #121212;
  --a: #7fb0f0; --b: #f0ad5e; --c: #93a1ae; --d: #62c3a5;
  --e: #f08a86; --f: #bf9be6; --g: #d1b26f; --h: #6fcbdd; --i: #f29ac3 } }
.clv .grid { stroke: #8884 }
.clv path { fill: none; stroke-width: 1.5 } .clv path.used { stroke-width: 3 }
.clv rect.a { fill: var(--a) } .clv path.a { stroke: var(--a) }
.clv rect.b { fill: var(--b) } .clv path.b { stroke: var(--b) }
.clv rect.c { fill: var(--c) } .clv path.c { stroke: var(--c) }
.clv rect.d { fill: var(--d) } .clv path.d { stroke: var(--d) }
.clv rect.e { fill: var(--e) } .clv path.e { stroke: var(--e) }
.clv rect.f { fill: var(--f) } .clv path.f { stroke: var(--f) }
.clv rect.g { fill: var(--g) } .clv path.g { stroke: var(--g) }
.clv rect.h { fill: var(--h) } .clv path.h { stroke: var(--h) }
.clv rect.i { fill: var(--i) } .clv path.i { stroke: var(--i) }
.clv text.end { text-anchor: end } .clv text.mid { text-anchor: middle }
"""


def actual_and_predicted(deciles: Sequence[Mapping[str, Any]]) -> str:
    """Bars per decile: what was expected and what came in the held-out months.

    Where the largest is more than a hundred times the smallest, the scale is logarithmic.

    Parameters:
        deciles: rows with decile, predicted_amount and actual_amount, best first.
    """
    pairs = [(float(d["predicted_amount"]), float(d["actual_amount"])) for d in deciles]
    positive = [v for pair in pairs for v in pair if v > 0]
    top = max(positive, default=1.0)
    if positive and top > 100 * min(positive):
        # The scale begins below the smallest, so that it does not look like nothing.
        least, most = ceil(log10(min(positive))) - 1, ceil(log10(top))
        step = ceil((most - least) / 6)
        marks = [10.0**power for power in range(least, most + step, step)]
        places = {mark: n / (len(marks) - 1) for n, mark in enumerate(marks)}

        def height(value: float) -> float:
            span = log10(marks[-1]) - least
            return max(log10(value) - least, 0.0) / span if value > 0 else 0.0
    else:
        ceiling = _ceiling(top)
        places = {ceiling * n / 4: n / 4 for n in range(5)}

        def height(value: float) -> float:
            return max(value, 0.0) / ceiling

    parts = [
        _grid(places, lambda v: f"{v:,.0f}" if v >= 4 or not v else f"{v:,.2f}"),
        _legend([("a", "expected"), ("b", "came")]),
    ]
    slot = (WIDTH - LEFT - RIGHT) / max(len(pairs), 1)
    for place, (row, pair) in enumerate(zip(deciles, pairs, strict=True)):
        x = LEFT + place * slot
        for side, (value, name) in enumerate(zip(pair, "ab", strict=True)):
            tall = height(value) * (HEIGHT - TOP - BOTTOM)
            parts.append(
                f'<rect class="{name}" x="{x + slot * (0.12 + 0.38 * side):.1f}" '
                f'y="{HEIGHT - BOTTOM - tall:.1f}" width="{slot * 0.36:.1f}" '
                f'height="{tall:.1f}"/>'
            )
        parts.append(_text(x + slot / 2, HEIGHT - BOTTOM + 16, str(row["decile"]), "mid"))
    scale = ", logarithmic" if len(places) and 0.0 not in places else ""
    parts.append(
        _text((LEFT + WIDTH) / 2, HEIGHT - 6, f"tenth of customers, best first{scale}", "mid")
    )
    return _svg(parts, "Expected and actual spending of each tenth of the customers")


def lift_curves(curves: Mapping[str, Sequence[float]], names: Mapping[str, str]) -> str:
    """Lines: which share of the spending the best tenths brought, per candidate.

    Parameters:
        curves: shares at 0, 1, … 10 tenths, by candidate; the first one is drawn thick, and those
            beyond the colours are grey.
        names: what the legend calls them.
    """
    classes = {model: COLOURS[min(n, len(COLOURS) - 1)] for n, model in enumerate(curves)}
    right = WIDTH - LEGEND
    parts = [
        _grid({n / 4: n / 4 for n in range(5)}, lambda v: f"{100 * v:.0f} %", right),
        *(
            f'<rect class="{name}" x="{right + 14}" y="{TOP + 18 * n}" width="10" height="10"/>'
            + _text(right + 30, TOP + 18 * n + 9, label, "")
            for n, (name, label) in enumerate(
                [(classes[m], names.get(m, m)) for m in curves] + [("c", "chance")]
            )
        ),
        _path([n / 10 for n in range(11)], "c", right),
    ]
    parts += [
        _path(curves[model], classes[model] + (" used" if n == 0 else ""), right)
        for n, model in reversed(list(enumerate(curves)))
    ]
    for tenth in range(0, 11, 2):
        x = LEFT + tenth / 10 * (right - LEFT)
        parts.append(_text(x, HEIGHT - BOTTOM + 16, f"{10 * tenth} %", "mid"))
    parts.append(_text((LEFT + right) / 2, HEIGHT - 6, "best customers, as ranked", "mid"))
    return _svg(parts, "Share of the spending by share of the customers, best first")


def as_markdown(svg: str, title: str) -> str:
    """A chart as a picture in Markdown, for Dagster's pages."""
    data = base64.b64encode(svg.encode()).decode()
    return f"![{title}](data:image/svg+xml;base64,{data})"


def _svg(parts: Sequence[str], title: str) -> str:
    return (
        f'<svg class="clv" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{escape(title)}">'
        f"<style>{STYLE}</style>{''.join(parts)}</svg>"
    )


def _grid(places: Mapping[float, float], write: Any, right: float = WIDTH - RIGHT) -> str:
    lines = []
    for value, place in places.items():
        y = HEIGHT - BOTTOM - place * (HEIGHT - TOP - BOTTOM)
        lines.append(
            f'<line class="grid" x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
            + _text(LEFT - 6, y + 4, write(value), "end")
        )
    return "".join(lines)


def _legend(entries: Sequence[tuple[str, str]]) -> str:
    x, written = float(LEFT), []
    for name, label in entries:
        written.append(f'<rect class="{name}" x="{x:.0f}" y="9" width="10" height="10"/>')
        written.append(_text(x + 16, 18, label, ""))
        x += 40 + 6.6 * len(label)
    return "".join(written)


def _text(x: float, y: float, text: str, name: str) -> str:
    return f'<text class="{name}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def _path(shares: Sequence[float], name: str, right: float) -> str:
    steps = max(len(shares) - 1, 1)
    points = [
        f"{LEFT + n / steps * (right - LEFT):.1f},"
        f"{HEIGHT - BOTTOM - min(max(v, 0.0), 1.0) * (HEIGHT - TOP - BOTTOM):.1f}"
        for n, v in enumerate(shares)
    ]
    return f'<path class="{name}" d="M{" L".join(points)}"/>'


def _ceiling(value: float) -> float:
    """The next round number that four steps divide evenly."""
    if value <= 0:
        return 1.0
    unit = 10 ** floor(log10(value))
    return float(next(unit * m for m in (1, 2, 4, 6, 8, 10) if value <= unit * m))
