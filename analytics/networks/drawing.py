"""A layout as SVG: one file that needs nothing else, readable by eye, in the dark, and by screen readers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import Final

from analytics.networks import palette
from analytics.networks.layout import NAMED, Layout, PlacedEdge, PlacedNode
from analytics.results import amount

_MARGIN: Final = 28.0
_HEAD: Final = 84.0
_FOOT: Final = 64.0
_LEAST: Final = 760.0
"""Width that the legend needs."""
_LETTERS: Final = 24
"""Letters of a title that fit on one line of a box."""

_ICONS: Final = {
    "READY": '<path d="M3 2v10l9-5z"/>',
    "STARTED": '<path d="M7 1a6 6 0 1 0 0 12z"/><circle cx="7" cy="7" r="5.2" class="hollow"/>',
    "STALLED": '<path d="M7 1 14 13H0z"/><path d="M7 5v4M7 10.6v1" class="cut"/>',
    "WAITING": '<path d="M3 2h3v10H3zM8 2h3v10H8z"/>',
    "LATER": '<circle cx="7" cy="7" r="5.2" class="hollow"/><path d="M7 3.6V7l2.4 1.8" class="hollow"/>',
    "GOAL": '<path d="M3 13V1h9L9.6 4.4 12 8H4.6v5z"/>',
    "CYCLE": '<path d="M12.4 7a5.4 5.4 0 1 1-1.8-4" class="hollow"/><path d="M12.6.6v4.2H8.4z"/>',
    "WHOLE": '<path d="M1 1h5v5H1zM8 1h5v5H8zM1 8h5v5H1zM8 8h5v5H8z"/>',
    "HIDDEN": '<path d="M3 6h8v7H3z"/><path d="M4.6 6V4a2.4 2.4 0 0 1 4.8 0v2" class="hollow"/>',
}
_STATES: Final = {
    "READY": "can start now",
    "STARTED": "started",
    "STALLED": "stalled",
    "WAITING": "waits for something open",
    "LATER": "waits for a day",
    "GOAL": "goal",
    "CYCLE": "cycle",
    "WHOLE": "finished when its parts are",
    "HIDDEN": "not shown to you",
}
_LINES: Final = {
    "BLOCKS": ("", "blocks"),
    "PART_OF": ("2 4", "part of"),
    "CONTRIBUTES_TO": ("9 4", "contributes to"),
    "AFFECTS": ("1 5", "affects"),
}


def svg(layout: Layout) -> str:
    """Return a layout as the text of an SVG file.

    Colours follow the viewer's light or dark scheme; state, kind and the worst chain are told by icons, shapes and line
    widths too. Every box is labelled with all that it shows and where it leads. O(nodes + edges).
    """
    width = max(layout.width, _LEAST) + 2 * _MARGIN
    height = layout.height + _HEAD + _FOOT + 2 * _MARGIN
    left = _MARGIN + max(0.0, (_LEAST - layout.width) / 2)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="group" aria-labelledby="title description">',
        f'<title id="title">What stands before {escape(layout.goal_title or layout.goal)}</title>',
        f'<desc id="description">{escape(layout.explain().sentence)} Boxes further left come first.</desc>',
        f"<style>{_style()}</style>",
        _MARKERS,
        f'<rect class="paper" width="{width:g}" height="{height:g}"/>',
        f'<text class="heading" x="{_MARGIN:g}" y="{_MARGIN + 22:g}">'
        f"{escape(_cut(layout.goal_title or layout.goal, 80))}</text>",
        f'<text class="note" x="{_MARGIN:g}" y="{_MARGIN + 46:g}">{escape(layout.explain().sentence)}</text>',
        f'<g transform="translate({left:g} {_MARGIN + _HEAD:g})">',
        *_edges(layout.edges),
        *_nodes(layout),
        "</g>",
        *_legend(layout, height - _MARGIN - 22),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _style() -> str:
    rules: dict[str, dict[str, palette.Colours]] = {
        ".paper": {"fill": palette.PAPER},
        ".heading,.name": {"fill": palette.INK},
        ".note,.about": {"fill": palette.MUTED},
        ".box": {"fill": palette.BOX, "stroke": palette.BORDER},
        ".worst .box": {"stroke": palette.WORST},
        ".goal .box": {"fill": palette.GOAL, "stroke": palette.GOAL},
        ".goal text,.goal .icon": {"fill": palette.ON_GOAL},
        ".line": {"stroke": palette.LINE},
        ".line.worst": {"stroke": palette.WORST},
        ".tip": {"fill": palette.LINE},
        ".tip.worst": {"fill": palette.WORST},
        ".icon": {"fill": palette.MUTED},
        ".icon .hollow": {"stroke": palette.MUTED},
        ".icon .cut": {"stroke": palette.BOX},
    }
    for name, colours in (("READY", palette.READY), ("STARTED", palette.STARTED), ("STALLED", palette.STALLED)):
        rules[f".{name}"] = {"fill": colours}
        rules[f".{name} .hollow"] = {"stroke": colours}

    def written(scheme: int) -> str:
        return "".join(
            f"{selector}{{{';'.join(f'{name}:{colours[scheme]}' for name, colours in values.items())}}}"
            for selector, values in rules.items()
        )

    return (
        "text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}"
        ".heading{font-size:20px;font-weight:650}.note{font-size:13px}.name{font-size:12px;font-weight:600}"
        ".about{font-size:11px}.box{stroke-width:1.2}.worst .box{stroke-width:2.6}.line{fill:none;stroke-width:1.3}"
        ".line.worst{stroke-width:2.8}.icon .hollow{fill:none;stroke-width:1.6}.icon .cut{fill:none;stroke-width:1.6}"
        f"{written(0)}@media(prefers-color-scheme:dark){{{written(1)}}}"
    )


_MARKERS: Final = "<defs>{}</defs>".format(
    "".join(
        f'<marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="{size}" markerHeight="{size}" '
        f'markerUnits="userSpaceOnUse" orient="auto"><path class="tip {style}" d="M0 0 10 5 0 10z"/></marker>'
        for name, style, size in (("tip", "", 9), ("worst-tip", "worst", 12))
    )
)


def _edges(edges: Iterable[PlacedEdge]) -> Iterator[str]:
    """Draw lines, those of the worst chain last and so on top."""
    for edge in sorted(edges, key=lambda one: one.worst):
        style, tip = ("line worst", "worst-tip") if edge.worst else ("line", "tip")
        dash = _LINES.get(edge.kind, ("", ""))[0]
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        yield f'<path class="{style}" d="{_curve(edge)}" marker-end="url(#{tip})"{dashed} aria-hidden="true"/>'


def _curve(edge: PlacedEdge) -> str:
    """Return a path that bends in the gaps between columns and goes straight across them."""
    (x, y), *others = edge.points
    text = [f"M{x:g} {y:g}"]
    for place, (to_x, to_y) in enumerate(others):
        if place % 2:
            text.append(f"H{to_x:g}")
        else:
            middle = (x + to_x) / 2
            text.append(f"C{middle:g} {y:g} {middle:g} {to_y:g} {to_x:g} {to_y:g}")
        x, y = to_x, to_y
    return "".join(text)


def _nodes(layout: Layout) -> Iterator[str]:
    leads: dict[str, list[str]] = {}
    for edge in layout.edges:
        leads.setdefault(edge.start, []).append(edge.end)
    for node in layout.nodes:
        label = escape(_label(node, leads.get(node.id, [])), quote=True)
        style = " ".join(["node", node.role, *(["worst"] if node.worst else [])])
        yield f'<g class="{style}" role="img" aria-label="{label}"><title>{label}</title>'
        yield from _gate(node) if node.role == "gate" or node.id.endswith(":gate") else _box(node)
        yield "</g>"


def _label(node: PlacedNode, leads: list[str]) -> str:
    """Return everything that a box says, as a sentence for those who cannot see it."""
    step = node.step
    if step.hidden:
        return f"A {step.kind} that you may not see"
    name = step.key if step.title in ("", step.key, None) else f"{step.key} {step.title}"
    if node.id.endswith(":gate"):
        parts = [f"What holds back the parts of {name}"]
    else:
        parts = [f"{step.kind} {name}", _STATES[_icon(node)]]
    if node.worst:
        parts.append("on the worst chain")
    if step.owner and not node.id.endswith(":gate"):
        parts.append(f"owned by {step.owner}")
    if step.members:
        parts.append(f"members {', '.join(step.members)}")
    if leads:
        parts.append(f"leads to {', '.join(leads)}")
    return "; ".join(parts)


def _icon(node: PlacedNode) -> str:
    if node.step.hidden:
        return "HIDDEN"
    if node.role in ("goal", "cycle"):
        return node.role.upper()
    if node.step.kind in ("Objective", "KeyResult"):
        return "GOAL"
    return node.step.state or "WHOLE"


def _gate(node: PlacedNode) -> Iterator[str]:
    x, y, half = node.x, node.y, node.width / 2
    yield f'<path class="box" d="M{x + half:g} {y:g}l{half:g} {half:g}-{half:g} {half:g}-{half:g}-{half:g}z"/>'


def _box(node: PlacedNode) -> Iterator[str]:
    step, x, y = node.step, node.x, node.y
    yield _outline(node)
    icon = _icon(node)
    yield f'<g class="icon {icon}" transform="translate({x + 14:g} {y + 12:g})">{_ICONS[icon]}</g>'
    title = "hidden" if step.hidden else step.title or step.key or ""
    lines = _wrapped(title)
    for place, line in enumerate(lines):
        yield f'<text class="name" x="{x + 36:g}" y="{y + 23 + 15 * place:g}">{escape(line)}</text>'
    below = y + 23 + 15 * len(lines)
    if node.role == "cycle":
        for place, member in enumerate(step.members[:NAMED]):
            yield f'<text class="about" x="{x + 36:g}" y="{below + 16 * place:g}">{escape(_cut(member, 28))}</text>'
        return
    about = _about(node, _LETTERS + 4)
    if about:
        yield f'<text class="about" x="{x + 36:g}" y="{below:g}">{escape(about)}</text>'


def _about(node: PlacedNode, most: int) -> str:
    """Return the line under a title: who, and how long."""
    step = node.step
    if step.hidden:
        return step.kind
    hours = f"{amount(step.remaining_hours)} h" if step.remaining_hours else ""
    room = most - len(hours) - (3 if hours else 0)
    who = step.owner or ("" if node.role == "goal" or not step.state else "nobody")
    return " · ".join(part for part in (_cut(who, room), hours) if part)


def _outline(node: PlacedNode) -> str:
    """Return the shape of a box: by kind, so that colour is never all."""
    x, y, w, h = node.x, node.y, node.width, node.height
    kind = node.step.kind
    if kind in ("Objective", "KeyResult"):
        return f'<rect class="box" x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="{min(h / 2, 26):g}"/>'
    if kind == "Issue":
        c = 10
        return (
            f'<path class="box" d="M{x + c:g} {y:g}h{w - 2 * c:g}l{c} {c}v{h - 2 * c:g}l-{c} {c}h-{w - 2 * c:g}'
            f'l-{c}-{c}v-{h - 2 * c:g}z"/>'
        )
    if kind == "Milestone":
        c = 12
        return (
            f'<path class="box" d="M{x + c:g} {y:g}h{w - 2 * c:g}l{c} {h / 2:g}-{c} {h / 2:g}h-{w - 2 * c:g}'
            f'l-{c}-{h / 2:g}z"/>'
        )
    rect = f'<rect class="box" x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="{2 if kind == "Project" else 7}"/>'
    if kind == "Project":
        rect += f'<path class="box" d="M{x:g} {y + 4:g}h{w:g}"/>'
    return rect


def _wrapped(text: str) -> list[str]:
    """Return a title on at most two lines."""
    words, lines = text.split(), [""]
    for word in words:
        longer = f"{lines[-1]} {word}".strip()
        if len(longer) <= _LETTERS or not lines[-1]:
            lines[-1] = longer
        elif len(lines) == 2:
            lines[-1] = _cut(f"{lines[-1]} {word} …", _LETTERS)
            break
        else:
            lines.append(word)
    return [_cut(line, _LETTERS) for line in lines]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: max(most - 1, 0)].rstrip()}…"


def _legend(layout: Layout, y: float) -> Iterator[str]:
    """Explain the icons and lines that the drawing uses."""
    x = _MARGIN
    yield '<g aria-hidden="true">'
    used = {_icon(node) for node in layout.nodes if not node.id.endswith(":gate")}
    for icon in (name for name in _ICONS if name in used):
        yield f'<g class="icon {icon}" transform="translate({x:g} {y:g})">{_ICONS[icon]}</g>'
        yield f'<text class="about" x="{x + 20:g}" y="{y + 11:g}">{_STATES[icon]}</text>'
        x += 36 + 6.3 * len(_STATES[icon])
    x, y = _MARGIN, y + 24
    kinds = {edge.kind for edge in layout.edges}
    entries = [("line worst", "", "worst chain")] if any(edge.worst for edge in layout.edges) else []
    entries += [("line", dash, text) for kind, (dash, text) in _LINES.items() if kind in kinds]
    for style, dash, text in entries:
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        yield f'<path class="{style}" d="M{x:g} {y + 7:g}h34"{dashed}/>'
        yield f'<text class="about" x="{x + 42:g}" y="{y + 11:g}">{text}</text>'
        x += 60 + 6.3 * len(text)
    yield "</g>"
