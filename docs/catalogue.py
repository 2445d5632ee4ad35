"""Writes the pages of the catalogue: one for each card, index, timeline and chart.

What has to be computed (diagram and layer table, from a skeleton) is kept in a cache
under a hash of the sources it depends on, so that a second build takes seconds.
"""

import ast
import hashlib
import html
import io
import json
import math
import pathlib
import re
import shutil

import kerazoo
from benchmarks import records, tables
from kerazoo import catalog, diagram, report

PACKAGE = pathlib.Path(kerazoo.__file__).parent
ROOT = PACKAGE.parent


def write(names, folder, cache=None):
    """Writes all generated pages into `folder`.

    Args:
        names: architectures that get a page.
        folder: where to; what it held before is removed.
        cache: folder for what is slow to compute, or None.
    """
    cards = [catalog.card(name) for name in names]
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("models", "source", "pictures"):
        (folder / part).mkdir(parents=True)
    modules = sorted({card.module for card in cards})
    for module in modules:
        _put(folder / "source" / f"{_file_of(module)}.md", source_page(module))
    results = measured()
    for card in cards:
        picture, table = looked_at(card, cache)
        _put(folder / "pictures" / f"{card.name}.svg", picture)
        page = card_page(card, table, results.get(card.name, {}))
        _put(folder / "models" / f"{card.name}.md", page)
    _put(folder / "catalogue.md", index_page(cards))
    _put(folder / "measured.md", measured_page(names))
    _put(folder / "timeline.md", timeline_page(cards))
    _put(folder / "chart.md", chart_page({card.name for card in cards}, cache))


def _put(path, text):
    path.write_text(text, encoding="utf-8")


def _file_of(module):
    return module.removeprefix("kerazoo.zoo.").replace(".", "_")


# --------------------------------------------------------------------------- one card


def looked_at(card, cache=None):
    """`(diagram as SVG, layer table as Markdown)` of a card's default network."""
    key = None
    if cache is not None:
        cache.mkdir(exist_ok=True)
        sources = [
            PACKAGE / f"{name}.py" for name in ("diagram", "inspection", "stages")
        ]
        sources += [PACKAGE.joinpath(*card.module.split(".")[1:]).with_suffix(".py")]
        sources += [*sorted((PACKAGE / "layers").glob("*.py")), pathlib.Path(__file__)]
        text = card.name + "".join(path.read_text("utf-8") for path in sources)
        key = hashlib.sha256(text.encode()).hexdigest()[:16]
        kept = cache / f"{card.name}-{key}.json"
        if kept.is_file():
            return json.loads(kept.read_text("utf-8"))
        for old in cache.glob(f"{card.name}-{'?' * 16}.json"):
            old.unlink()
    from kerazoo import inspection

    model = inspection.skeleton(card.name)
    found = _picture(model), _layer_table(model)
    if key is not None:
        _put(kept, json.dumps(found))
    return found


def _picture(model):
    written = io.StringIO()
    diagram.save(report.diagram(model), written, format="svg")
    return written.getvalue()


def _layer_table(model):
    from kerazoo import inspection

    rows = inspection._grouped(inspection.layer_table(model))
    cells = [
        [f"`{r.name}`", r.kind, inspection._format_shape(r.shape),
         f"{r.params:,}" if r.params else "", f"{r.macs:,}" if r.macs else ""]
        for r in rows
    ]  # fmt: skip
    return _table(["layer", "type", "output", "weights", "MACs"], cells, right=2)


def _table(header, rows, right=99):
    """A Markdown table; columns from `right` on are numbers."""
    rules = ["---:" if index >= right else "---" for index in range(len(header))]
    lines = [header, rules, *rows]
    escape = [[str(cell).replace("|", "\\|") for cell in line] for line in lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in escape) + "\n"


def card_page(card, table, results):
    """The page of one architecture, in Markdown.

    Args:
        card: a `kerazoo.Card`.
        table: its layer table, in Markdown.
        results: what `measured()` knows of it.
    """
    weights = f"{card.params:,} trainable"
    if card.non_trainable:
        weights += f" + {card.non_trainable:,} not trainable"
    macs = "not defined for its input"
    if card.macs is not None:
        macs = f"{card.macs:,} multiply-accumulates for one input"
    data = [card.dataset and f"`{card.dataset}`"]
    data += [card.offline and f"`{card.offline}` (embedded, no network needed)"]
    facts = {
        "Paper": f"{_plain(card.paper)}. {_link(card.url)}",
        "Task": f"{card.task} ({card.domain})",
        "Data": ", ".join(filter(None, data)),
        "Lectures": "; ".join(map(_plain, card.lectures)),
        "Weights": weights,
        "Operations": macs,
        "Checkpoints": ", ".join(card.weights),
        "Code": f"[`{card.module}`](../source/{_file_of(card.module)}.md)",
    }
    fit = f"kerazoo fit {card.name}"
    lines = [
        f"# {card.title}",
        _plain(_first(card.summary)),
        *(f"{key}\n: {value}\n" for key, value in facts.items() if value),
        f"```{{image}} ../pictures/{card.name}.svg\n:alt: diagram of {card.title}\n"
        ":class: diagram\n```",
        "## Run it",
        f"```python\nimport kerazoo\n\nmodel = kerazoo.{card.name}()\n"
        "kerazoo.fit(model)\nkerazoo.evaluate(model)\n```",
        f"```console\n$ {fit} --tiny{'' if card.offline else ' --data DATASET'}\n"
        f"$ {fit}{'' if card.dataset else ' --data DATASET'}\n"
        f"$ kerazoo summary {card.name}\n$ kerazoo diagram {card.name}\n```",
        "The first command trains the reduced configuration, the second the paper's.",
        "## Layers",
        table,
        "## Recipe",
        _table(["", ""], [[k, f"`{v}`"] for k, v in _recipe(card.recipe)]),
    ]
    if card.preprocess:
        lines.append(f"Preprocessing: `{report._phrase(card.preprocess)}`.")
    if card.variants:
        rows = [
            [label, f"`{_call(variant['config'])}`", f"{variant['params']:,}"]
            for label, variant in card.variants.items()
        ]
        lines += ["## Variants", _table(["", "keywords", "parameters"], rows, right=2)]
    if card.published:
        lines += ["## Published", _bullets(card.published)]
    lines += ["## Measured", _results(card, results)]
    lines += [
        "## Deviations from the paper",
        _bullets(card.deviations) if card.deviations else "None.",
        "## Keywords",
        _table(
            ["keyword", "default"],
            [[f"`{k}`", f"`{v}`"] for k, v in catalog.builders()[card.name][0].items()],
        ),
        "`weights`, `compile`, `recipe` and `name` go with every builder: see "
        "{func}`kerazoo.architecture.architecture`.",
        "## Reduced configuration",
        f'`kerazoo.create("{card.name}", tiny=True)`: `{_call(card.tiny)}`',
        _table(["", ""], [[k, f"`{v}`"] for k, v in _recipe(card.tiny_recipe)])
        if card.tiny_recipe
        else "It trains by the recipe above.",
    ]
    return "\n\n".join(lines) + "\n"


def _recipe(recipe):
    return report._recipe(recipe).items()


def _call(config):
    return ", ".join(f"{key}={value!r}" for key, value in config.items()) or "defaults"


def _first(text):
    """The first sentence; variants of a family go on about their keywords."""
    return re.split(r"(?<=\.)\s+(?=[A-Z])", text)[0]


def _plain(text):
    """Text in which Markdown sees no markup."""
    for mark in "\\*_`[]<>$":
        text = text.replace(mark, f"\\{mark}")
    return text


def _bullets(lines):
    return "\n".join(f"- {_plain(line)}" for line in lines)


def _link(url):
    if url.startswith("arXiv:"):
        return f"[{url}](https://arxiv.org/abs/{url.removeprefix('arXiv:')})"
    if url.startswith(("http://", "https://")):
        return f"<{url}>"
    if url.startswith("10."):
        return f"[doi:{url}](https://doi.org/{url})"
    if url.lower().startswith("doi:"):
        return f"[{url}](https://doi.org/{url[4:].strip()})"
    return _plain(url)


# ------------------------------------------------------------------------ measurements

# Columns that name an architecture, and measurements that do not name theirs so.
_NAMING = ("architecture", "network", "what", "task")
_ABOUT = {
    "mnist": "fleuret_mnist", "time_to_accuracy": "fleuret_mnist",
    "generation": "gpt2", "dqn_catch": "dqn", "dqn_cartpole": "dqn_mlp",
}  # fmt: skip
_PROVENANCE = ("machine", "versions", "date", "commit")


def measured():
    """Rows of all csv files of the benchmarks, `{architecture: {command: [row]}}`."""
    found = {}
    files = records.RESULTS.glob("*.csv")  # the reduced configurations last
    for path in sorted(files, key=lambda path: (path.stem == "learning", path.stem)):
        for row in records.read(path.stem):
            named = [path.stem, *(row.get(column) for column in _NAMING)]
            for name in {_ABOUT.get(value, value) for value in named}:
                commands = found.setdefault(name, {})
                commands.setdefault(path.stem, []).append(row)
    return found


def _results(card, results):
    parts = []
    for command, rows in results.items():
        columns = [
            key
            for key in rows[0]
            if key not in ("architecture", *_PROVENANCE)
            and any(row[key] not in ("", card.name) for row in rows)
        ]
        cells = [
            [
                *(_plain(_figure(row[key])) for key in columns),
                f"{row['machine']}, {row['versions']}, {row['date']}",
            ]
            for row in rows
        ]
        header = [*(key.replace("_", " ") for key in columns), "where and when"]
        question = ast.get_docstring(
            ast.parse((ROOT / "benchmarks" / f"{command}.py").read_text("utf-8"))
        )
        question = question.splitlines()[0]
        parts.append(f"{question} `python -m benchmarks.{command}`:")
        parts.append(_table(header, cells))
    if not parts:
        parts.append("No figure is recorded yet.")
    if card.learns:
        bounds = ", ".join(f"{key} {bound}" for key, bound in card.learns.items())
        parts.append(
            f"The reduced configuration is required to reach {bounds} on "
            f"`{card.offline or card.dataset}`."
        )
    return "\n\n".join(parts)


def _figure(text):
    try:
        return tables.number(text, 4)
    except ValueError:
        return text


def measured_page(names):
    """The tables of the README's results, each under what it shows.

    Args:
        names: architectures that have a page to link to.
    """

    def linked(match):
        name = match[1]
        return f"[{match[0]}](models/{name}.md)" if name in names else match[0]

    parts = [
        "# Measured",
        "All figures come from commands, `python -m benchmarks.NAME`. The csv files in "
        "`benchmarks/results/` name the machine, the versions, the date and the commit "
        "of each; the pages of the [catalogue](catalogue.md) show what was measured of "
        "their network. The processor's two cores were shared with other work, so that "
        "seconds on it are upper bounds.",
    ]
    for section in tables.RESULTS:
        body = section()
        if body:
            parts += [f"## {section.__doc__.removesuffix('.')}", body]
    return re.sub(r"`(\w+)`", linked, "\n\n".join(parts)) + "\n"


# ------------------------------------------------------------------------ all of them


def source_page(module):
    """A page that shows a zoo file."""
    path = "/".join(module.split(".")) + ".py"
    return (
        f"---\norphan: true\n---\n\n# {path}\n\n"
        f"```{{literalinclude}} ../../../{path}\n:language: python\n```\n"
    )


def index_page(cards):
    """The catalogue: a table that a few controls filter."""
    cards = sorted(cards, key=lambda c: (c.year, c.domain, c.module, c.params))

    def choice(name, values):
        options = "".join(f"<option>{html.escape(v)}</option>" for v in values)
        return (
            f'<label>{name} <select data-filter="{name}"><option value="">all'
            f"</option>{options}</select></label>"
        )

    first, last = cards[0].year, cards[-1].year
    lectures = sorted({part for c in cards for part in _decks(c)})
    data = sorted({d for c in cards for d in (c.dataset, c.offline) if d})
    controls = (
        '<label>words <input type="search" data-filter="words" '
        'placeholder="resnet, 2016, gan ..."></label>'
        + choice("domain", sorted({c.domain for c in cards}))
        + choice("lecture", lectures)
        + choice("dataset", data)
        + f'<label>years <input type="number" data-filter="first" value="{first}">'
        f'</label><label>to <input type="number" data-filter="last" value="{last}">'
        "</label>"
    )
    rows = "\n".join(_index_row(card) for card in cards)
    pages = "\n".join(f"models/{card.name}" for card in cards)
    return f"""---
hide-toc: true
---

# Catalogue

{len(cards)} architectures, each with its card. Click a heading to sort.

<div class="catalogue">
<form class="filters">{controls}</form>
<p class="found" aria-live="polite">{len(cards)} architectures</p>
<table>
<thead><tr><th>builder</th><th>architecture</th><th data-number>year</th><th>task</th>
<th>data</th><th data-number>weights</th><th data-number>MACs</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</div>

```{{toctree}}
:hidden:

{pages}
```
"""


def _decks(card):
    """Numbers of the lectures that name it: `"000, 001: LeNet"` has two."""
    heads = (text.split(":")[0] for text in card.lectures)
    return [part.strip() for head in heads for part in head.split(",")]


def _index_row(card):
    data = [d for d in (card.dataset, card.offline) if d]
    words = (
        f"{card.name} {card.title} {card.paper} {card.task} {' '.join(card.lectures)}"
    )
    attributes = {
        "domain": card.domain,
        "lecture": "|".join(_decks(card)),
        "dataset": "|".join(data),
        "year": card.year,
        "words": f"{words} {' '.join(data)} {card.year}".lower(),
    }
    marks = " ".join(f'data-{k}="{html.escape(str(v))}"' for k, v in attributes.items())
    weights = card.params + card.non_trainable
    link = f'<a href="models/{card.name}.html"><code>{card.name}</code></a>'
    cells = [
        (link, None), (html.escape(card.title), None), (card.year, card.year),
        (html.escape(card.task), None), (html.escape(card.dataset or ""), None),
        (report.short(weights), weights),
        ("" if card.macs is None else report.short(card.macs), card.macs or 0),
    ]  # fmt: skip
    text = "".join(
        f"<td>{cell}</td>" if order is None else f'<td data-order="{order}">{cell}</td>'
        for cell, order in cells
    )
    return f"<tr {marks}>{text}</tr>"


def timeline_page(cards):
    """One entry for each paper, by year."""
    papers = {}
    for card in sorted(cards, key=lambda c: (c.year, c.paper, c.params)):
        papers.setdefault((card.year, card.paper), []).append(card)
    items, decade = [], None
    for (year, paper), members in papers.items():
        if year // 10 != decade:
            decade = year // 10
            items.append(f'<li class="decade" id="y{decade}0">{decade}0s</li>')
        first = next((c for c in members if c.published), members[0])
        links = ", ".join(
            f'<a href="models/{c.name}.html">{html.escape(c.title)}</a>'
            for c in members[:6]
        )
        more = f" and {len(members) - 6} more" if len(members) > 6 else ""
        items.append(
            f'<li class="{html.escape(first.domain)}"><time>{year}</time>'
            f"<div>{links}{more}<p>{html.escape(_first(first.summary))}</p>"
            f"<cite>{html.escape(paper)}</cite></div></li>"
        )
    entries = "\n".join(items)
    return (
        "---\nhide-toc: true\n---\n\n# Timeline\n\n"
        "From the logical neuron of 1943 on: every paper of the "
        f'catalogue.\n\n<ol class="timeline">\n{entries}\n</ol>\n'
    )


def chart_page(names, cache=None):
    """The chart of Canziani et al. (2016), with tooltips."""
    kept = cache and cache / "chart.json"
    cards = [catalog.card(name) for name in sorted(names)]
    figure = kerazoo.tables.CANZIANI_2016
    key = hashlib.sha256(repr((cards, figure)).encode()).hexdigest()
    if kept and kept.is_file() and json.loads(kept.read_text("utf-8"))[0] == key:
        rows = json.loads(kept.read_text("utf-8"))[1]
    else:
        points = [p for p in figure if p.builder is None or p.builder in names]
        rows = sorted(filter(None, map(report._point, points)), key=lambda r: r["top1"])
        if kept:
            _put(kept, json.dumps([key, rows]))
    table = [
        [_named(r), r["top1"], f"{r['gops']:.2f}", r["gops_figure"],
         report.short(r["params"]), _plain(r["note"])]
        for r in rows
    ]  # fmt: skip
    header = ["network", "top-1 %", "G-ops", "in the figure", "parameters", "note"]
    return (
        "---\nhide-toc: true\n---\n\n# Operations and accuracy\n\n"
        "What accuracy costs, after Canziani, Culurciello and Paszke (2016). "
        "Operations (2 × multiply-accumulates of one image) and parameters are "
        "counted on our own networks; accuracies are the published ones, one centre "
        "crop of the ImageNet validation set. The area of a disc is the number of "
        "parameters. Point at a disc for its figures, click it for its page.\n\n"
        f"{chart(rows)}\n\n{_table(header, table)}"
    )


def _named(row):
    name, builder = row["network"], row["builder"]
    return f"[{name}](models/{builder}.md)" if builder else name


def chart(rows):
    """The chart as SVG: discs with links and texts for tooltips."""
    width, height, left, bottom = 760, 470, 60, 46

    def x(gops):
        return left + gops / 44 * (width - left - 20)

    def y(top1):
        return height - bottom - (top1 - 50) / 34 * (height - bottom - 20)

    parts = []
    for gops in range(0, 45, 10):
        parts.append(f'<line class="grid" x1="{x(gops):.1f}" x2="{x(gops):.1f}" '
                     f'y1="20" y2="{height - bottom}"/>')  # fmt: skip
        parts.append(f'<text x="{x(gops):.1f}" y="{height - bottom + 18}" '
                     f'text-anchor="middle">{gops}</text>')  # fmt: skip
    for top1 in range(50, 85, 5):
        parts.append(f'<line class="grid" x1="{left}" x2="{width - 20}" '
                     f'y1="{y(top1):.1f}" y2="{y(top1):.1f}"/>')  # fmt: skip
        parts.append(f'<text x="{left - 8}" y="{y(top1) + 4:.1f}" '
                     f'text-anchor="end">{top1}</text>')  # fmt: skip
    parts.append(
        f'<text x="{(left + width) / 2}" y="{height - 8}" '
        'text-anchor="middle">operations of one forward pass [G-ops]</text>'
    )
    parts.append(f'<text transform="translate(16 {height / 2}) rotate(-90)" '
                 'text-anchor="middle">top-1 accuracy [%]</text>')  # fmt: skip
    for row in sorted(rows, key=lambda r: -r["params"]):
        radius = math.sqrt(row["params"] / 1e6) * 2.1
        color = next(c for k, c in report._FAMILIES.items() if k in row["network"])
        counted = row["source"] == "card"
        text = (f"{row['network']}: {row['top1']} % top-1, {row['gops']:.2f} G-ops, "
                f"{report.short(row['params'])} parameters")  # fmt: skip
        disc = (
            f'<circle cx="{x(row["gops"]):.1f}" cy="{y(row["top1"]):.1f}" '
            f'r="{radius:.1f}" fill="{color if counted else "none"}" '
            f'stroke="{color}" data-tip="{html.escape(text)}" '
            f'aria-label="{html.escape(text)}" role="img" tabindex="0"/>'
        )
        side = report._SIDES.get(row["network"], "right")
        dx, dy, anchor = {
            "right": (radius + 4, 4, "start"), "left": (-radius - 4, 4, "end"),
            "above": (0, -radius - 5, "middle"), "below": (0, radius + 13, "middle"),
        }[side]  # fmt: skip
        name = (
            f'<text x="{x(row["gops"]) + dx:.1f}" y="{y(row["top1"]) + dy:.1f}" '
            f'text-anchor="{anchor}">{row["network"]}</text>'
        )
        if row["builder"]:
            disc = f'<a href="models/{row["builder"]}.html">{disc}</a>'
        parts.append(disc + name)
    body = "\n".join(parts)
    return (
        '<div class="chart"><svg viewBox="0 0 760 470" role="img" '
        'aria-label="operations against accuracy">\n'
        f'{body}\n</svg><output class="tip" hidden></output></div>'
    )
