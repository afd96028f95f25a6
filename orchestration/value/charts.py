"""Charts as SVG, for the report's page and for Dagster: text, no library, light and dark."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from math import floor, log10
from typing import Any

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 34, 40
STYLE = """
svg.clv { font: 12px system-ui, sans-serif; fill: #22303c; background: #fff;
  --a: #3b6fb6; --b: #e08a2e; --c: #7a8794; --d: #2e8b6f }
@media (prefers-color-scheme: dark) {
svg.clv { fill: #dbe3ea; background: #121212;
  --a: #7fb0f0; --b: #f0ad5e; --c: #93a1ae; --d: #62c3a5 } }
.clv .grid { stroke: #8884 }
.clv path { fill: none; stroke-width: 2.5 } .clv path.c { stroke-width: 1.5 }
.clv rect.a { fill: var(--a) } .clv rect.b { fill: var(--b) }
.clv rect.c { fill: var(--c) } .clv rect.d { fill: var(--d) }
.clv path.a { stroke: var(--a) } .clv path.b { stroke: var(--b) }
.clv path.c { stroke: var(--c) } .clv path.d { stroke: var(--d) }
.clv text.end { text-anchor: end } .clv text.mid { text-anchor: middle }
"""


def actual_and_predicted(deciles: Sequence[Mapping[str, Any]]) -> str:
    """Bars per decile: what was expected and what came in the held-out months.

    Parameters:
        deciles: rows with decile, predicted_amount and actual_amount, best first.
    """
    pairs = [(float(d["predicted_amount"]), float(d["actual_amount"])) for d in deciles]
    top = _ceiling(max((v for pair in pairs for v in pair), default=1.0))
    parts = [_grid(top, lambda v: f"{v:,.0f}"), _legend([("a", "expected"), ("b", "came")])]
    slot = (WIDTH - LEFT - RIGHT) / max(len(pairs), 1)
    for place, (row, pair) in enumerate(zip(deciles, pairs, strict=True)):
        x = LEFT + place * slot
        for side, (value, name) in enumerate(zip(pair, "ab", strict=True)):
            height = max(value, 0) / top * (HEIGHT - TOP - BOTTOM)
            parts.append(
                f'<rect class="{name}" x="{x + slot * (0.12 + 0.38 * side):.1f}" '
                f'y="{HEIGHT - BOTTOM - height:.1f}" width="{slot * 0.36:.1f}" '
                f'height="{height:.1f}"/>'
            )
        parts.append(_text(x + slot / 2, HEIGHT - BOTTOM + 16, str(row["decile"]), "mid"))
    parts.append(_text((LEFT + WIDTH) / 2, HEIGHT - 6, "tenth of customers, best first", "mid"))
    return _svg(parts, "Expected and actual spending of each tenth of the customers")


def lift_curves(curves: Mapping[str, Sequence[float]], names: Mapping[str, str]) -> str:
    """Lines: which share of the spending the best tenths brought, per candidate.

    Parameters:
        curves: shares at 0, 1, … 10 tenths, by candidate; at most three are drawn.
        names: what the legend calls them.
    """
    chosen = list(curves)[:3]
    classes = dict(zip(chosen, "abd", strict=False))
    parts = [
        _grid(1.0, lambda v: f"{100 * v:.0f} %"),
        _legend([(classes[m], names.get(m, m)) for m in chosen] + [("c", "chance")]),
        _path([n / 10 for n in range(11)], "c"),
    ]
    parts += [_path(curves[model], classes[model]) for model in reversed(chosen)]
    for tenth in range(0, 11, 2):
        x = LEFT + tenth / 10 * (WIDTH - LEFT - RIGHT)
        parts.append(_text(x, HEIGHT - BOTTOM + 16, f"{10 * tenth} %", "mid"))
    parts.append(_text((LEFT + WIDTH) / 2, HEIGHT - 6, "best customers, as ranked", "mid"))
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


def _grid(top: float, write: Any) -> str:
    lines = []
    for step in range(5):
        y = HEIGHT - BOTTOM - step / 4 * (HEIGHT - TOP - BOTTOM)
        lines.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            + _text(LEFT - 6, y + 4, write(top * step / 4), "end")
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


def _path(shares: Sequence[float], name: str) -> str:
    steps = max(len(shares) - 1, 1)
    points = [
        f"{LEFT + n / steps * (WIDTH - LEFT - RIGHT):.1f},"
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
