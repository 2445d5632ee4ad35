"""Draws a network at the level of its paper's figure.

A box is a stage (`kerazoo.stages`): its name, the layers of one of its blocks, how
often the block is repeated, the shape that leaves it and its parameters. The solid
beside it is that shape, on logarithmic scales. A chain runs from top to bottom, in
columns where it is long; a network of matched skips bends into a U.
"""

import collections
import functools
import math
import re

from kerazoo import catalog

# Outline and fill of what a layer or a stage mainly does.
_COLORS = {
    "conv": ("#3f6ea3", "#d9e6f4"),
    "pool": ("#c9752b", "#fbe3cd"),
    "dense": ("#41853f", "#d9edd6"),
    "attention": ("#7a52a8", "#e7dcf3"),
    "recurrent": ("#23807f", "#cfeae9"),
    "embedding": ("#a5871a", "#f8eec6"),
    "other": ("#777777", "#ececec"),
}
_WORDS = {
    "attention": r"attention",
    "recurrent": r"\b(LSTM|GRU|RNN|cell)\b",
    "conv": r"conv\b",
    "pool": r"pool|subsampling|upsample|C cells",
    "embedding": r"embedding|position|token",
    "dense": r"dense|units|RBF|neurons|read out",
}
_LINE, _TEXT, _FAINT = "#666666", "#1c1c1c", "#6f6f6f"

# All lengths are points; the text sizes too.
_TITLE, _NAME, _SMALL, _PILL = 14, 9.5, 8, 8.5
_GAP = 13  # between boxes
_STEP = 13  # between pills
_MARGIN = 16
_WIDEST = 560  # line of pills
_TALLEST = 840  # column of boxes
_SOLID = 62  # width kept for the solid beside a box
_HEARD = 4  # readers of one box that are still drawn as lines


def diagram(model_or_name, path=None, **config):
    """Draws the architecture of a network, its repeated blocks folded.

    Nothing is allocated: a network given by its name is drawn from its skeleton.

    Args:
        model_or_name: a builder's name, or a built `keras.Model`.
        path: where to write the picture; its ending chooses the format. Text stays text
            in an SVG file.
        **config: keywords of the builder, `tiny=True` included, with a name only.

    Returns:
        The `matplotlib.figure.Figure`.

    Raises:
        TypeError: keywords of a builder came with a model.

    Example:
        >>> figure = kerazoo.report.diagram("resnet152", "resnet152.svg")
    """
    from kerazoo import inspection
    from kerazoo.stages import stages

    if isinstance(model_or_name, str):
        model = inspection.skeleton(model_or_name, **config)
    elif config:
        raise TypeError(
            "diagram() of a built model takes no builder keywords. "
            f"Received: {', '.join(config)}"
        )
    else:
        model = model_or_name
    title, subtitle = _heading(model, sum(inspection.parameters(model)))
    figure = draw(stages(model), title, subtitle)
    if path is not None:
        save(figure, path)
    return figure


def save(figure, path, format=None):
    """Writes a diagram to a path or an open file; in SVG text stays text."""
    import matplotlib

    format = format or str(path).rpartition(".")[2]
    metadata = {"Date": None} if format == "svg" else None
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "kerazoo"}):
        figure.savefig(path, dpi=150, format=format, metadata=metadata)


def _heading(model, params):
    card = catalog.cards().get(getattr(model, "architecture", None))
    weights = f"{params:,} weights"
    if card is None:
        return model.name, weights
    authors = re.match(r".*?\b\d{4}\b", card.paper)
    return card.title, f"{authors[0] if authors else card.year}   ·   {weights}"


# ----------------------------------------------------------------------------- the text


@functools.cache
def _width(text, size, bold=False):
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    weight = "bold" if bold else "normal"
    font = FontProperties("DejaVu Sans", size=size, weight=weight)
    return text_to_path.get_text_width_height_descent(text, font, False)[0]


def _shape(shape):
    """`(28, 28, 512)` as people write it."""
    if shape is None:
        return ""
    if isinstance(shape, list):
        return ", ".join(map(_shape, shape[:2])) + (", ..." if len(shape) > 2 else "")
    return "×".join("?" if size is None else str(size) for size in shape)


def _short(number):
    for scale, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= scale:
            value = number / scale
            return f"{value:.{max(0, 2 - int(math.log10(value)))}f} {unit}"
    return str(number) if number else ""


def _family(text):
    for family, words in _WORDS.items():
        if re.search(words, text):
            return family
    return "other"


def _layers(flow):
    for element in flow:
        if hasattr(element, "branches"):
            for branch in element.branches:
                yield from _layers(branch)
        else:
            yield element


# ----------------------------------------------------------- the layers inside of a box


class _Pen:
    """Draws on axes that are measured in points, downwards."""

    def __init__(self, axes):
        self.axes = axes

    def text(self, x, y, text, size=_PILL, color=_TEXT, align="left", **style):
        self.axes.text(
            x, y, text, fontsize=size, color=color, ha=align, va="center_baseline",
            family="DejaVu Sans", **style,
        )  # fmt: skip

    def box(self, x, y, width, height, edge, face, radius=4, order=2, **style):
        from matplotlib.patches import FancyBboxPatch

        self.axes.add_patch(
            FancyBboxPatch(
                (x, y), width, height, edgecolor=edge, facecolor=face, zorder=order,
                boxstyle=f"round,pad=0,rounding_size={radius}",
                **{"linewidth": 0.9, **style},
            )
        )  # fmt: skip

    def path(self, points, arrow=False, order=2.5, **style):
        """A line through points, its corners rounded."""
        from matplotlib.patches import FancyArrowPatch, PathPatch
        from matplotlib.path import Path

        curve, codes = [points[0]], [Path.MOVETO]
        for before, corner, after in zip(points, points[1:], points[2:], strict=False):
            curve += [_towards(corner, before), corner, _towards(corner, after)]
            codes += [Path.LINETO, Path.CURVE3, Path.CURVE3]
        path = Path([*curve, points[-1]], [*codes, Path.LINETO])
        style = {"edgecolor": _LINE, "linewidth": 1.0, **style}
        if arrow:
            head = FancyArrowPatch(
                path=path, arrowstyle="-|>,head_length=3.2,head_width=1.7",
                facecolor=style["edgecolor"], mutation_scale=1, shrinkA=0, shrinkB=0,
                zorder=order, joinstyle="miter", **style,
            )  # fmt: skip
            self.axes.add_patch(head)
        else:
            self.axes.add_patch(PathPatch(path, fill=False, zorder=order, **style))

    def polygon(self, corners, edge, face):
        from matplotlib.patches import Polygon

        self.axes.add_patch(
            Polygon(
                corners, closed=True, edgecolor=edge, facecolor=face, zorder=2,
                linewidth=0.7, joinstyle="round",
            )
        )  # fmt: skip


def _towards(corner, other, radius=5):
    distance = math.dist(corner, other)
    share = min(radius, distance / 2) / distance if distance else 0
    return tuple(c + share * (o - c) for c, o in zip(corner, other, strict=True))


class _Pill:
    """One layer."""

    def __init__(self, layer):
        self.layer = layer
        self.merges = len(layer.text) == 1
        self.width = 15 if self.merges else _width(layer.text, _PILL) + 13
        self.above = self.below = 7.5 if self.merges else 9

    def draw(self, pen, x, y):
        edge, face = _COLORS[_family(self.layer.text)]
        if self.merges or self.layer.text in ("concat", "mean", "max"):
            edge, face = _LINE, "white"
        pen.box(x, y - self.above, self.width, 2 * self.above, edge, face,
                radius=7.4 if self.merges else 5, order=3)  # fmt: skip
        middle = x + self.width / 2
        pen.text(middle, y + 0.3, self.layer.text, align="center", zorder=4)


class _Row:
    """Layers and forks one after the other."""

    def __init__(self, flow):
        self.parts = [_part(element) for element in flow]
        self.width = sum(part.width for part in self.parts)
        self.width += _STEP * (len(self.parts) - 1)
        self.above = max((part.above for part in self.parts), default=4)
        self.below = max((part.below for part in self.parts), default=4)

    def draw(self, pen, x, y):
        for index, part in enumerate(self.parts):
            if index:
                near = (self.parts[index - 1], part)
                plain = any(isinstance(each, _Branches) for each in near)
                pen.path([(x - _STEP, y), (x, y)], arrow=not plain)
            part.draw(pen, x, y)
            x += part.width + _STEP


class _Branches:
    """Rows between a fork and the layer that joins them."""

    BEND = 13
    ARC = 9

    def __init__(self, fork):
        self.rows = [_Row(branch) for branch in fork.branches]
        self.direct = fork.direct
        self.width = max(row.width for row in self.rows) + 2 * self.BEND
        heights = [row.above + row.below for row in self.rows]
        if len(self.rows) == 1:
            self.above = self.rows[0].above + self.ARC * self.direct
            self.below = self.rows[0].below
        else:
            height = sum(heights) + 5 * (len(heights) - 1)
            self.above = self.below = height / 2
            self.above += self.ARC * self.direct

    def draw(self, pen, x, y):
        end = x + self.width
        if self.direct:  # the identity, over everything
            top = y - self.above + 2
            pen.path([(x, y), (x + 4, top), (end - 4, top), (end, y)])
        if len(self.rows) == 1:
            centres = [y]
        else:
            centres, top = [], y - self.above + self.ARC * self.direct
            for row in self.rows:
                centres.append(top + row.above)
                top += row.above + row.below + 5
        for row, centre in zip(self.rows, centres, strict=True):
            left = x + self.BEND
            pen.path([(x, y), (x + 4, centre), (left, centre)], arrow=True)
            row.draw(pen, left, centre)
            right = left + row.width
            pen.path([(right, centre), (end - 4, centre), (end, y)])


def _part(element):
    return _Branches(element) if hasattr(element, "branches") else _Pill(element)


def _wrapped(flow):
    """A flow as rows that are not too wide."""
    rows, line = [], []
    for element in flow:
        if line and _Row([*line, element]).width > _WIDEST:
            rows.append(line)
            line = []
        line.append(element)
    return [_Row(line) for line in [*rows, line]]


# ---------------------------------------------------------------------------- the boxes


class _Box:
    """A stage, measured and later drawn."""

    def __init__(self, stage):
        self.stage = stage
        shown = list(_layers(stage.flow))
        self.single = len(shown) == 1
        heaviest = max(shown, key=lambda layer: layer.params)
        self.family = _family(heaviest.text)
        self.input = all(layer.kind == "InputLayer" for layer in shown)
        self.rows = [] if self.single else _wrapped(stage.flow)
        text = "" if self.input or not self.single else shown[0].text
        if text.replace(" ", "_") == stage.name:
            text = ""
        self.left = [
            (stage.name, _NAME, _TEXT, True),
            (text, _PILL, _TEXT, False),
            (" · ".join(stage.notes), _SMALL, _FAINT, False),
        ]
        self.left = [entry for entry in self.left if entry[0]]
        side = "side by side" if stage.parallel else ""
        self.times = f"×{stage.times} {side}".strip() if stage.times > 1 else ""
        self.times_size = _PILL if side else 11
        self.head = sum(_width(t, s, b) + 9 for t, s, _, b in self.left)
        self.body = max((row.width for row in self.rows), default=0)
        self.height = 20 + sum(row.above + row.below + 7 for row in self.rows)
        self.height += 3 * bool(self.rows)
        self.over = max(0, (_extents(stage.shape)[1] - self.height) / 2)
        self.x = self.y = self.width = self.wanted = self.lane = 0
        self.mirrored = False

    def say(self, text):
        """Adds a remark behind the name."""
        self.left.append((text, _SMALL, _FAINT, False))
        self.head += _width(text, _SMALL) + 9

    @property
    def middle(self):
        return self.x + self.width / 2

    @property
    def top(self):
        return self.y - 5 * (self.stage.times > 1)

    @property
    def centre(self):
        return self.y + self.height / 2

    @property
    def bottom(self):
        return self.y + self.height

    def draw(self, pen, columns):
        edge, face = _COLORS[self.family]
        if self.rows:
            face = "#fafafa"
        if self.input:
            edge, face = _LINE, "white"
        if self.stage.times > 1:  # a pile
            for offset in (5, 2.5):
                pen.box(self.x + offset, self.y - offset, self.width, self.height,
                        edge, face, order=1.7)  # fmt: skip
        pen.box(self.x, self.y, self.width, self.height, edge, face)
        y = self.y + 10.5
        x = self.x + 8
        for text, size, color, bold in self.left:
            weight = "bold" if bold else "normal"
            pen.text(x, y, text, size, color, weight=weight, zorder=4)
            x += _width(text, size, bold) + 9
        right = self.x + self.width - 8
        cells = (
            (_short(self.stage.params), _SMALL, _FAINT, "normal"),
            (_shape(self.stage.shape), _PILL, _TEXT, "normal"),
            (self.times, self.times_size, edge, "bold"),
        )
        for (text, size, color, weight), column in zip(cells, columns, strict=True):
            pen.text(right, y, text, size, color, "right", weight=weight, zorder=4)
            right -= column
        y += 13
        for index, row in enumerate(self.rows):
            y += row.above
            row.draw(pen, self.x + 14, y)
            if index:
                pen.path([(self.x + 5, y), (self.x + 14, y)], arrow=True)
            if index + 1 < len(self.rows):
                end = self.x + 14 + row.width
                pen.path([(end, y), (end + 7, y)])
            y += row.below + 7
        self._draw_solid(pen, edge, _COLORS[self.family][1])

    def _draw_solid(self, pen, edge, face):
        """The output's shape: rows up, channels to the right, columns to the back."""
        if self.input:
            edge, face = _LINE, "#f4f4f4"
        width, height, back = _extents(self.stage.shape)
        if not height:
            return
        near = self.x + self.width + 12 if self.mirrored else self.x - 12 - width - back
        x, y = near, self.centre + height / 2
        front = height - back
        pen.polygon(
            [(x, y), (x + width, y), (x + width, y - front), (x, y - front)], edge, face
        )
        if back:
            corner = (x + width + back, y - front - back)
            pen.polygon(
                [(x, y - front), (x + back, corner[1]), corner, (x + width, y - front)],
                edge, "white",
            )  # fmt: skip
            pen.polygon(
                [(x + width, y - front), corner, (corner[0], y - back), (x + width, y)],
                edge, face,
            )  # fmt: skip


def _extents(shape):
    """`(width, height, back)` of a solid: channels, rows and columns on log scales."""
    if not isinstance(shape, tuple) or not shape or None in shape:
        return 0, 0, 0

    def log(size, low, scale):
        return low + scale * math.log2(max(size, 1))

    if len(shape) == 1:  # a vector stands upright
        return 4, min(log(shape[0], 4, 2.4), 36), 0
    channels = min(log(shape[-1], 2, 2.3), 30)
    rows = min(log(shape[0], 4, 3.6), 40)
    if len(shape) == 2:
        return channels, rows, 0
    back = min(0.3 * log(shape[1], 3, 3.6), 12)
    return channels, rows + back, back


def draw(stages, title, subtitle=""):
    """A figure of stages, as `kerazoo.stages.stages` gives them."""
    from matplotlib.figure import Figure

    boxes = [_Box(stage) for stage in stages]
    home = {id(box.stage): box for box in boxes}
    edges = [(home[id(s)], box) for box in boxes for s in box.stage.sources]
    edges = _told(boxes, edges)
    columns = (
        max(_width(_short(b.stage.params), _SMALL) for b in boxes) + 10,
        max(_width(_shape(b.stage.shape), _PILL) for b in boxes) + 12,
        max(_width(b.times, b.times_size, True) for b in boxes),
    )
    for box in boxes:
        box.wanted = max(box.head + sum(columns) + 20, box.body + 30)
    for box in boxes:
        box.width = max(box.wanted for box in boxes)
    lines = _placed(boxes, edges)
    xs = [x for line, _ in lines for x, _ in line]
    xs += [box.x + box.width + _SOLID * box.mirrored for box in boxes]
    width = max(max(xs) + _MARGIN,
                _MARGIN * 2 + _width(title, _TITLE, True),
                _MARGIN * 2 + _width(subtitle, _SMALL + 1))  # fmt: skip
    height = max(b.bottom for b in boxes) + _MARGIN
    figure = Figure(figsize=(width / 72, height / 72))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    pen = _Pen(axes)
    pen.text(_MARGIN, _MARGIN + 4, title, _TITLE, weight="bold")
    pen.text(_MARGIN, _MARGIN + 22, subtitle, _SMALL + 1, _FAINT)
    _draw_frames(pen, boxes)
    for box in boxes:
        box.draw(pen, columns)
    for line, style in lines:
        pen.path(line, arrow=True, **style)
    return figure


# -------------------------------------------------------------------- where boxes stand


def _placed(boxes, edges):
    """Places the boxes; the points and the style of the line of each edge."""
    paths = _paths(boxes, edges)
    skips = _u_shaped(paths, edges)
    if skips:
        _place_u(paths, skips)
    elif len(paths) == 1 and _height(paths[0]) > _TALLEST and _is_chain(edges, boxes):
        _place_columns(paths[0])
    else:
        _place_lanes(paths, edges)
    for box in boxes:
        box.y += _MARGIN + 40
    lines, tracks = _lines(boxes, paths, edges, around=bool(skips))
    # Room between the lanes for the lines that run there.
    for x, count in sorted(tracks.items(), reverse=True):
        for box in boxes:
            if box.x > x:
                box.x += max(0, 8 * count - 32)
    return _lines(boxes, paths, edges, around=bool(skips))[0]


def _lead(before, box):
    """Room above a box, for the name of the nested model that begins with it."""
    if before is None:
        return box.over + (16 if box.stage.model else 0)
    gap = max(_GAP, before.over + box.over + 4) + 5 * (box.stage.times > 1)
    if before.stage.model != box.stage.model:
        return gap + (18 if box.stage.model else 6)
    return gap


def _height(path):
    pairs = zip([None, *path], path, strict=False)
    return sum(_lead(before, box) + box.height for before, box in pairs)


def _is_chain(edges, boxes):
    return len(edges) == len(boxes) - 1


def _paths(boxes, edges):
    """The network taken apart into paths, the longest first."""
    sources, left = {}, list(boxes)
    for source, box in edges:
        sources.setdefault(id(box), []).append(source)
    paths = []
    while left:
        among, best = {id(box) for box in left}, {}
        for box in left:  # in order of computation
            before = [best[id(s)] for s in sources.get(id(box), []) if id(s) in best]
            best[id(box)] = max(before, key=len, default=[]) + [box]
        path = max(best.values(), key=len)
        paths.append(path)
        taken = {id(box) for box in path}
        left = [box for box in left if id(box) in among - taken]
    return paths


def _place_columns(path):
    count = math.ceil(_height(path) / _TALLEST)
    goal, column, y, before = _height(path) / count, 0, 0, None
    for box in path:
        if before is not None and column + 1 < count and y + box.height / 2 > goal:
            column, y, before = column + 1, 0, None
        y += _lead(before, box)
        box.x = _MARGIN + _SOLID + column * (box.width + _SOLID + 34)
        box.y = y
        y += box.height
        before = box


def _place_lanes(paths, edges):
    _stack(paths[0], 0)
    placed, spans, shift = {id(box) for box in paths[0]}, [[], []], 0
    for path in paths[1:]:
        before = [s for s, b in edges if b is path[0] and id(s) in placed]
        after = [b.y for s, b in edges if s is path[-1] and id(b) in placed]
        if before:
            last = max(before, key=lambda box: box.bottom)
            _stack(path, last.bottom, last)
        else:
            _stack(path, min(after) - 2 * _GAP - _height(path) if after else 0)
        start, end = path[0].y - 10, path[-1].bottom + 10
        lane = 1
        while any(a < end and start < b for a, b in spans[lane]):
            lane += 1
            spans.append([])
        spans[lane].append((start, end))
        for box in path:
            box.lane = lane
        placed.update(map(id, path))
        shift = max(shift, -path[0].y + _lead(None, path[0]))
    x = _MARGIN + _SOLID
    for lane in range(len(spans)):
        members = [box for path in paths for box in path if box.lane == lane]
        width = max((box.wanted for box in members), default=0)
        for box in members:
            box.x, box.width = x, width
            box.y += shift
        x += width + _SOLID + 44


def _stack(path, y, before=None):
    for box in path:
        y += _lead(before, box)
        box.y = y
        y += box.height
        before = box


def _skips(edges, paths):
    """Edges of the longest path that pass over other boxes of it."""
    places = {id(box): place for place, box in enumerate(paths[0])}
    found = []
    for source, box in edges:
        if id(source) in places and id(box) in places:
            first, last = places[id(source)], places[id(box)]
            if last - first > 1:
                found.append((first, last))
    return sorted(found)


def _told(boxes, edges):
    """Edges without those of boxes that hear many or that many hear: these say so."""
    places = {id(box): place for place, box in enumerate(boxes)}
    left = []
    for box in boxes:
        mine = sorted(
            (edge for edge in edges if edge[1] is box), key=lambda e: places[id(e[0])]
        )
        if len(mine) > _HEARD:
            names = sorted(source.stage.name for source, _ in mine[:-1])
            box.say(f"with {', '.join(filter(None, names))}")
            mine = mine[-1:]
        left += mine
    for source in boxes:
        mine = [edge for edge in left if edge[0] is source]
        if len(mine) > _HEARD:
            source.say(f"to {len(mine)} stages")
            left = [edge for edge in left if edge[0] is not source]
    return left


def _u_shaped(paths, edges):
    """Skips of a network whose second half mirrors the first, else None."""
    skips = _skips(edges, paths)
    main = {id(box) for box in paths[0]}
    if any(id(a) not in main and id(b) in main for a, b in edges):
        return None
    nested = all(
        a < c and d <= b for (a, b), (c, d) in zip(skips, skips[1:], strict=False)
    )
    last = {b: (a, b) for a, b in skips}
    return list(last.values()) if nested and len(last) > 1 else None


def _place_u(paths, skips):
    path = paths[0]
    first, last = skips[-1]  # the innermost
    sizes = [_extents(box.stage.shape)[1] for box in path[first:last]]
    bottom = first + len(sizes) - 1 - sizes[::-1].index(min(sizes))
    left, right = path[: bottom + 1], path[bottom + 1 :][::-1]
    y, i, j = max(_lead(None, path[0]), _lead(None, path[-1])), 0, 0
    for a, b in [*skips, (len(left), bottom)]:
        down = left[i:a]
        up = right[j : len(path) - 1 - b]
        top = y
        for column in (down, up):
            at = top
            for box in column:
                box.y = at
                at += box.height + _GAP
            y = max(y, at)
        if a < len(left):
            pair = (path[a], path[b])
            tall = max(box.height for box in pair)
            for box in pair:
                box.y = y + (tall - box.height) / 2
            y += tall + _GAP
        i, j = a + 1, len(path) - b
    for box in left:
        box.x = _MARGIN + _SOLID
    for box in right:
        box.x = _MARGIN + _SOLID + box.width + 70
        box.mirrored = True
    y = 0
    for other in paths[1:]:  # what all stages hear
        _stack(other, y)
        y = other[-1].bottom + 3 * _GAP
        for box in other:
            box.x = right[0].x + right[0].width + 2 * _SOLID + 20
            box.width = box.wanted


# ------------------------------------------------------------------ lines between boxes


def _lines(boxes, paths, edges, around):
    """`([(points, style), ...], lines in the gutter right of each lane)`."""
    follows = {
        (id(a), id(b)) for path in paths for a, b in zip(path, path[1:], strict=False)
    }
    main = {id(box) for box in paths[0]}
    tracks, heights, found = collections.Counter(), [], []
    for source, box in edges:
        style = {}
        if (id(source), id(box)) in follows:
            line = _step(source, box)
        elif around and id(box) in main:
            line = [(source.x + source.width, source.centre), (box.x, box.centre)]
            style = {"linestyle": (0, (4, 2))}
        else:
            line = _bend(source, box)
            others = [each for each in boxes if each not in (source, box)]
            if not line or any(_crosses(line, each) for each in others):
                line = _detour(source, box, boxes, tracks, heights)
        found.append((line, style))
    return found, tracks


def _bend(source, box):
    """The line between two lanes with the fewest corners; none within one."""
    if source.x < box.x and box.y > source.bottom:
        start = source.x + source.width, source.centre
        return [start, (box.middle, source.centre), (box.middle, box.top)]
    if source.x < box.x:
        gap = box.x - _SOLID - 12
        start = source.x + source.width, source.centre
        return [start, (gap, source.centre), (gap, box.centre), (box.x, box.centre)]
    if source.x > box.x and box.centre > source.bottom:
        end = box.x + box.width, box.centre
        return [(source.middle, source.bottom), (source.middle, box.centre), end]
    return []


def _crosses(line, box):
    """Whether a line of vertical and horizontal parts runs into a box."""
    return any(
        min(x1, x2) < box.x + box.width
        and max(x1, x2) > box.x
        and min(y1, y2) < box.bottom
        and max(y1, y2) > box.top
        for (x1, y1), (x2, y2) in zip(line, line[1:], strict=False)
    )


def _detour(source, box, boxes, tracks, heights):
    """A line through the gutters right of the lanes and between boxes."""

    def gutter(lane):
        tracks[lane.x] += 1
        return max(b.x + b.width for b in boxes if b.x == lane.x) + 8 * tracks[lane.x]

    start = source.x + source.width, source.centre - 3
    end = box.x + box.width, box.centre + 3
    if source.x == box.x:
        out = gutter(source)
        return [start, (out, start[1]), (out, end[1]), end]
    low, high = sorted((source.x, box.x))
    between = [each for each in boxes if low < each.x <= high]
    free = [
        y
        for each in between
        for y in (each.top - 5, each.bottom + 5)
        if not any(b.top - 3 < y < b.bottom + 3 for b in between)
        and not any(abs(y - other) < 4 for other in heights)
    ]
    if source.x > box.x and source.bottom + 5 in free:
        y = source.bottom + 5
        first = [(source.middle, source.bottom), (source.middle, y)]
    else:
        y = min(free, key=lambda y: abs(y - start[1]) + abs(y - end[1]), default=end[1])
        out = gutter(source)
        first = [start, (out, start[1]), (out, y)]
    heights.append(y)
    into = gutter(box)
    return [*first, (into, y), (into, end[1]), end]


def _step(source, box):
    """The line between neighbours of a path."""
    if source.x == box.x and source.y < box.y:
        return [(source.middle, source.bottom), (box.middle, box.top)]
    if source.x == box.x:  # upwards, on the right of a U
        return [(source.middle, source.top), (box.middle, box.bottom)]
    if box.mirrored:  # through the bottom of a U
        start = source.x + source.width, source.centre
        return [start, (box.middle, source.centre), (box.middle, box.bottom)]
    gap = source.x + source.width + 14  # on to the next column
    low, high = source.bottom + 8, box.y - 9
    return [
        (source.middle, source.bottom), (source.middle, low), (gap, low), (gap, high),
        (box.middle, high), (box.middle, box.top),
    ]  # fmt: skip


def _draw_frames(pen, boxes):
    """A tinted ground under the boxes of each nested model."""
    for name in dict.fromkeys(box.stage.model for box in boxes):
        if not name:
            continue
        members = [box for box in boxes if box.stage.model == name]
        if any(_within(box, members) for box in boxes if box not in members):
            for x in {box.x for box in members}:
                _draw_frame(pen, name, [box for box in members if box.x == x])
        else:
            _draw_frame(pen, name, members)


def _within(box, members):
    left, right = min(m.x for m in members), max(m.x for m in members)
    top, bottom = min(m.y for m in members), max(m.bottom for m in members)
    return left <= box.x <= right and top < box.bottom and box.y < bottom


def _draw_frame(pen, name, members):
    x = min(box.x for box in members) - _SOLID
    y = min(box.top - box.over for box in members) - 17
    right = max(box.x + box.width + _SOLID * box.mirrored for box in members) + 9
    bottom = max(box.bottom + box.over for box in members) + 5
    pen.box(x, y, right - x, bottom - y, "#c9c9c9", "#f3f3f6", order=0, radius=6,
            linewidth=0.7)  # fmt: skip
    pen.text(x + 7, y + 9, name, _NAME, _FAINT, weight="bold")
