"""What people look at: tables, learning curves, the Canziani chart.

What people want of `kerazoo.diagram`, `kerazoo.pictures` and `kerazoo.show` is here by
name.

Imports no framework at its head; matplotlib and rich are imported where they draw.
"""

import csv
import dataclasses
import math
import pathlib
import re
import shlex

from kerazoo import catalog, tables
from kerazoo.diagram import diagram as diagram
from kerazoo.pictures import canvas, written
from kerazoo.pictures import captioned as captioned
from kerazoo.pictures import confusion_matrix as confusion_matrix
from kerazoo.pictures import denoising as denoising
from kerazoo.pictures import detections as detections
from kerazoo.pictures import episode as episode
from kerazoo.pictures import regions as regions
from kerazoo.pictures import sample_sheet as sample_sheet
from kerazoo.pictures import sample_sheets as sample_sheets
from kerazoo.pictures import transcript as transcript
from kerazoo.show import answers as answers
from kerazoo.show import show as show

_TRAIN, _VALIDATION, _FAINT = "#1f77b4", "#d95f02", "#b0b0b0"
_SCALES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def short(number):
    """A count in four significant digits: 25,557,032 is `"25.56 M"`."""
    if number is None:
        return "-"
    for scale, unit in _SCALES:
        if number >= scale:
            value = number / scale
            digits = max(0, 3 - int(math.log10(value)))
            return f"{value:.{min(digits, 2)}f} {unit}"
    return str(number)


# ------------------------------------------------------------------------------ tables


def model_table(names, *, by_domain=True):
    """A rich table of architectures: name, title, year, parameters, MACs.

    Args:
        names: names of architectures, in the order wanted.
        by_domain: whether to gather them under the name of their domain, oldest
            domain first.
    """
    from rich.text import Text

    found = [catalog.card(name) for name in names]
    table = _table("name", "title", "year", "params", "MACs")
    rows = [
        (c.name, c.title, str(c.year), short(c.params), short(c.macs)) for c in found
    ]
    for index, column in enumerate(table.columns):
        column.no_wrap = True
        column.justify = "right" if index >= 2 else "left"
        if column.header != "title":  # which gives way where the terminal is narrow
            column.min_width = max((len(row[index]) for row in rows), default=0)
    oldest = {}
    for c in found:
        oldest[c.domain] = min(c.year, oldest.get(c.domain, c.year))
    by_domain = by_domain and len(oldest) > 1
    for domain in sorted(oldest, key=oldest.get) if by_domain else [None]:
        if by_domain:
            table.add_section()
            table.add_row(Text(domain, "bold"))
        for c, row in zip(found, rows, strict=True):
            if domain in (None, c.domain):
                table.add_row(Text(row[0], "cyan"), *map(Text, row[1:]))
    return table


def card_page(card):
    """The whole card of an architecture, as rich renderables for one page.

    Args:
        card: a `kerazoo.Card`.
    """
    from rich.padding import Padding
    from rich.rule import Rule
    from rich.text import Text

    def section(title, body):
        return [Text(f"\n{title}", "bold"), Padding(body, (0, 0, 0, 2))]

    params = f"{card.params:,} trainable"
    if card.non_trainable:
        params += f" + {card.non_trainable:,} not trainable"
    macs = "not defined"
    if card.macs is not None:
        macs = f"{card.macs:,} for one sample (FLOPs = 2 x MACs)"
    data = card.dataset or "none"
    if card.offline:
        data += f"; embedded: {card.offline}"
    page = [
        Rule(Text.assemble((card.title, "bold"), f"  {card.name}"), align="left"),
        Text(f"{card.summary}\n"),
        _facts(
            {
                "paper": card.paper,
                "where": card.url,
                "task": f"{card.task} ({card.domain})",
                "data": data,
                "lectures": "; ".join(card.lectures),
                "parameters": params,
                "MACs": macs,
                "preprocessing": _phrase(card.preprocess),
                "weights from": ", ".join(card.weights),
            }
        ),
        *section("Recipe", _facts(_recipe(card.recipe))),
    ]
    if card.variants:
        variants = {
            f"{label}: {variant['params']:,} parameters": " ".join(
                "--set " + shlex.quote(f"{key}={value}")
                for key, value in variant["config"].items()
            )
            for label, variant in card.variants.items()
        }
        page += section("Variants", _facts(variants))
    if card.published:
        page += section("Published", _bullets(card.published))
    page += section("Deviations from the paper", _bullets(card.deviations or ["none"]))
    tiny = {"keywords": _phrase(card.tiny), **_recipe(card.tiny_recipe)}
    if card.learns:
        bounds = ", ".join(f"{key} {bound}" for key, bound in card.learns.items())
        tiny["reaches"] = f"{bounds} on {card.offline or card.dataset}"
    page += section("Reduced configuration (--tiny)", _facts(tiny))
    page += section(
        "Keywords (--set KEY=VALUE) and defaults",
        _facts(catalog.builders()[card.name][0]),
    )
    fit = f"kerazoo fit {card.name}"
    ways = {
        f"{fit} --tiny": "reduced, embedded data, no network",
        fit if card.dataset else f"{fit} --data DATASET": "by the recipe",
        f"kerazoo summary {card.name}": "its layers",
        f"model = kerazoo.{card.name}()": "in Python, a compiled keras.Model",
    }
    page += section("Run it", _facts(ways, style="cyan"))
    return page


def _facts(facts, style="dim"):
    """A grid of names and values, without those that are empty."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    for key, value in facts.items():
        if value:
            grid.add_row(Text(key, style, no_wrap=True), Text(value))
    return grid


def _bullets(lines):
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 1))
    for line in lines:
        grid.add_row("-", Text(line))
    return grid


def _recipe(recipe):
    return {key.replace("_", " "): _phrase(value) for key, value in recipe.items()}


def _phrase(value):
    """Literal data of a card as a person would write it."""
    if isinstance(value, dict) and "class_name" in value:
        return f"{value['class_name']}({_phrase(value.get('config', {}))})"
    if isinstance(value, dict) and "kind" in value:
        rest = {key: entry for key, entry in value.items() if key != "kind"}
        return f"{value['kind']} {_phrase(rest)}".strip()
    if isinstance(value, dict):
        return ", ".join(
            f"{key}={_phrase(entry) if isinstance(entry, dict) else entry}"
            for key, entry in value.items()
        )
    if isinstance(value, list) and all(
        isinstance(entry, str | dict) for entry in value
    ):
        return ", ".join(map(_phrase, value))
    return "none" if value is None else str(value)


def dataset_rows():
    """The data sets of the lectures, their relatives and the embedded ones, as data.

    The last imports NumPy and `kerazoo.datasets`, but no framework.

    Returns:
        `{"lectures": [...], "relatives": [...], "embedded": [...]}`, lists of
        dictionaries.
    """
    from kerazoo.datasets import EMBEDDED

    known = [dataclasses.asdict(row) for row in tables.DATASETS]
    embedded = [
        {"name": d.name, "kind": d.kind, "classes": d.classes, "about": d.about}
        for d in EMBEDDED.values()
    ]
    return {
        "lectures": [row for row in known if row["lectures"]],
        "relatives": [row for row in known if not row["lectures"]],
        "embedded": embedded,
    }


def dataset_tables():
    """`dataset_rows` as three rich tables."""
    rows = dataset_rows()
    for row in rows["lectures"] + rows["relatives"]:
        row["tfds"] = row["tfds"] or "-"
        if row["manual"]:
            row["tfds"] += " *"
    columns = {
        "name": "data set", "year": "year", "images": "samples", "resolution": "pixels",
        "classes": "classes", "size": "size", "tfds": "TFDS name",
    }  # fmt: skip
    lectures = result_table(rows["lectures"], columns, "Data sets of the lectures")
    lectures.caption = "* needs files fetched by hand   - not in TensorFlow Datasets"
    relatives = result_table(
        rows["relatives"], columns, "Relatives in TensorFlow Datasets"
    )
    embedded = result_table(
        rows["embedded"],
        {"name": "data set", "kind": "kind", "about": "what it is"},
        "Embedded, no network needed: kerazoo fit NAME --data DATASET",
    )
    return [lectures, relatives, embedded]


def result_rows():
    """The errors that the lectures' tables compare, in per cent, as data.

    Returns:
        `{"ilsvrc_single_model": [...], "ilsvrc_ensembles": [...], "cifar10": [...]}`,
        lists of dictionaries.
    """
    found = {
        "ilsvrc_single_model": tables.ILSVRC_SINGLE_MODEL,
        "ilsvrc_ensembles": tables.ILSVRC_ENSEMBLES,
        "cifar10": tables.CIFAR10,
    }
    return {
        key: [dataclasses.asdict(row) for row in rows] for key, rows in found.items()
    }


def result_tables():
    """`result_rows` as three rich tables."""
    rows = result_rows()
    names = {"method": "method", "builder": "builder"}
    top1, top5, note = {"top1": "top-1 %"}, {"top5": "top-5 %"}, {"note": "note"}
    return [
        result_table(
            rows["ilsvrc_single_model"], names | top1 | top5 | note,
            "Errors on ImageNet, single models, validation set (He et al., 2016)",
        ),
        result_table(
            rows["ilsvrc_ensembles"], names | top5 | note,
            "Errors on ImageNet, ensembles, test set (He et al., 2016)",
        ),
        result_table(
            rows["cifar10"], names | {"top1": "error %"} | note, "Errors on CIFAR-10"
        ),
    ]  # fmt: skip


def result_table(rows, columns, title=None):
    """A rich table of dictionaries, numbers to the right.

    Args:
        rows: dictionaries with the same keys.
        columns: `{key: heading}` of the columns to show, in order.
        title: heading of the table.
    """
    from rich.text import Text

    table = _table(*columns.values(), title=title)
    for key, column in zip(columns, table.columns, strict=True):
        cells = [str(row[key]) for row in rows if row[key] not in (None, "")]
        if max(map(len, [column.header, *cells])) <= 20:
            column.no_wrap = True
            if all(re.match(r"~?[\d-]", cell) for cell in cells):
                column.justify = "right"
    for row in rows:
        cells = ("" if row[key] is None else str(row[key]) for key in columns)
        table.add_row(*map(Text, cells))
    return table


def _table(*columns, title=None):
    from rich import box
    from rich.table import Table

    table = Table(
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        title=title and f"\n{title}",
        title_justify="left",
        title_style="bold",
        caption_justify="left",
        header_style="dim",
    )
    for column in columns:
        table.add_column(column)
    return table


# --------------------------------------------------------------------- learning curves


def read_history(history):
    """Epoch numbers and metrics of a run.

    Args:
        history: what `kerazoo.fit` returns, its `history` dictionary, or the path of a
            csv file as `write_history` or `keras.callbacks.CSVLogger` writes it.

    Returns:
        `(epochs, metrics)`: a list of epochs counted from 1, and `{metric: [value,
        ...]}` with a value per epoch, NaN where it was not measured.

    Raises:
        ValueError: there is no finished epoch in it.
        TypeError: `history` is nothing of the above.
    """
    if isinstance(history, str | pathlib.Path):
        with open(history, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        metrics = {key: [_number(row[key]) for row in rows] for key in rows and rows[0]}
        metrics.pop("epoch", None)
    elif hasattr(history, "history"):
        metrics = history.history
    elif isinstance(history, dict):
        metrics = history
    else:
        raise TypeError(
            "`history` must be what kerazoo.fit returns, a dictionary of metrics, or "
            f"the path of a csv file. Received: {type(history).__name__}"
        )
    count = max(map(len, metrics.values()), default=0)
    if not count:
        raise ValueError("The history has no finished epoch: nothing to show.")
    # A metric that was added on resume, e.g. validation, is known for the end only.
    metrics = {
        key: [math.nan] * (count - len(values)) + [*map(float, values)]
        for key, values in metrics.items()
    }
    measured = {k: v for k, v in metrics.items() if not all(map(math.isnan, v))}
    return list(range(1, count + 1)), measured


def _number(text):
    try:
        return float(text)
    except ValueError:  # "NA" of keras.callbacks.CSVLogger
        return math.nan


def write_history(history, path):
    """Writes a run as csv, a row per epoch, which `read_history` reads again.

    Args:
        history: what `read_history` takes.
        path: the csv file.
    """
    epochs, metrics = read_history(history)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["epoch", *metrics])
        writer.writerows(zip(epochs, *metrics.values(), strict=True))


def learning_curves(history, path=None):
    """Draws one panel per metric, training against validation.

    Args:
        history: what `read_history` takes.
        path: where to write the picture; its ending chooses the format.

    Returns:
        The `matplotlib.figure.Figure`.

    Example:
        >>> history = kerazoo.fit("fleuret_mnist", "digits", epochs=2)
        >>> figure = kerazoo.report.learning_curves(history)
    """
    from matplotlib.ticker import MaxNLocator

    epochs, metrics = read_history(history)
    names = dict.fromkeys(key.removeprefix("val_") for key in metrics)
    names.pop("learning_rate", None)
    names = sorted(names, key=lambda name: name != "loss")
    columns = min(len(names), 3)
    rows = math.ceil(len(names) / columns)
    figure = canvas(4.4 * columns, 3.3 * rows)
    axes = figure.subplots(rows, columns, squeeze=False).flat
    marker = "o" if len(epochs) <= 30 else None
    for name, axis in zip(names, axes, strict=False):
        for key, label, color in (
            (name, "training", _TRAIN),
            (f"val_{name}", "validation", _VALIDATION),
        ):
            if key in metrics:
                axis.plot(
                    epochs, metrics[key], color=color, label=label, marker=marker,
                    markersize=3.5, linewidth=1.6,
                )  # fmt: skip
        axis.set_title(name.replace("_", " "), fontsize=11, loc="left")
        axis.set_xlabel("epoch")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axis.set_xlim(epochs[0] - 0.5, epochs[-1] + 0.5)
        _clean(axis)
        if any(key.startswith("val_") for key in metrics):
            axis.legend(frameon=False, fontsize=9)
    for axis in axes:  # those left over in the last row
        axis.set_axis_off()
    return written(figure, path)


def _clean(axis):
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(color="#e6e6e6", linewidth=0.8)
    axis.set_axisbelow(True)


# ------------------------------------------------------------------- the Canziani chart

_FAMILIES = {
    "AlexNet": "#4c78a8",
    "NIN": "#72b7b2",
    "ENet": "#b279a2",
    "GoogLeNet": "#f58518",
    "Inception": "#f58518",
    "ResNet": "#54a24b",
    "VGG": "#e45756",
}
# On which side of its disc a name stands, where not to the right.
_SIDES = {
    "ENet": "left",
    "BN-NIN": "below",
    "GoogLeNet": "below",
    "ResNet-50": "left",
    "ResNet-101": "below",
    "ResNet-152": "below",
    "VGG-16": "below",
    "VGG-19": "below",
    "Inception-v3": "above",
    "Inception-v4": "above",
}
_AREA = 13.0  # square points per million parameters
_SIZES = (5, 35, 65, 95, 125, 155)  # millions, as in the figure's own legend


def operations_versus_accuracy(path=None):
    """The chart of Canziani et al. (2016): what accuracy costs.

    Operations (2 x multiply-accumulates of one image) and parameters are those of our
    own cards, exact; the accuracies are the published ones, one centre crop of the
    ImageNet validation set. A network whose builder the catalogue does not have is left
    out. ENet's classifier was never published: its disc is drawn hollow, where the
    figure has it.

    Args:
        path: where to write the picture. The rows go to a csv file beside it.

    Returns:
        A list of dictionaries, by accuracy: network, builder, gops, gops_figure, top1,
        params, source (`"card"` or `"figure"`) and note.

    Example:
        >>> rows = kerazoo.report.operations_versus_accuracy("chart.png")
    """
    rows = [row for point in tables.CANZIANI_2016 if (row := _point(point))]
    rows.sort(key=lambda row: row["top1"])
    if path is not None:
        path = pathlib.Path(path)
        _chart(rows).savefig(path, dpi=150)
        with open(path.with_suffix(".csv"), "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=rows[0])
            writer.writeheader()
            writer.writerows(rows)
    return rows


def _point(point):
    """A row of the chart, or None where the builder is not in the catalogue."""
    if point.builder is None:
        params, gops, source = (
            5_000_000,
            point.gops,
            "figure",
        )  # params: the disc's area
    elif point.builder not in catalog.cards():
        return None
    else:
        params, macs = _counts(catalog.card(point.builder), point.config)
        gops, source = round(2 * macs / 1e9, 3), "card"
    return {
        "network": point.network,
        "builder": point.builder,
        "gops": gops,
        "gops_figure": point.gops,
        "top1": point.top1,
        "params": params,
        "source": source,
        "note": point.note,
    }


def _counts(card, config):
    """Trainable parameters and multiply-accumulates of a configuration."""
    if not config:
        return card.params, card.macs
    from kerazoo import inspection

    model = inspection.skeleton(card.name, **config)
    return inspection.parameters(model)[0], inspection.macs(model)


def _chart(rows):
    figure = canvas(9, 6.2)
    axis = figure.subplots()
    for row in rows:
        color = next(c for key, c in _FAMILIES.items() if key in row["network"])
        counted = row["source"] == "card"
        place, millions = (row["gops"], row["top1"]), row["params"] / 1e6
        axis.scatter(
            *place,
            s=millions * _AREA,
            facecolor=color if counted else "none",
            edgecolor="white" if counted else color,
            alpha=0.75,
        )
        if counted:
            axis.plot(*place, ".", color="black", markersize=2.5)
        side = _SIDES.get(row["network"], "right")
        _beside(axis, row["network"], place, millions, side)
    for index, millions in enumerate(_SIZES):
        place = (17 + 4.7 * index, 54)
        axis.scatter(*place, s=millions * _AREA, color=_FAINT, alpha=0.6, linewidth=0)
        axis.annotate(f"{millions} M", (place[0], 51.4), ha="center", fontsize=9)
    axis.annotate("area of a disc = parameters", (17, 56.3), ha="left", fontsize=9)
    _clean(axis)
    axis.set(xlim=(-3.5, 45), ylim=(50, 83))
    axis.set_xlabel("operations of one forward pass [G-ops = 2 x GMACs]")
    axis.set_ylabel("ImageNet top-1 accuracy, one centre crop [%]")
    axis.set_title("What accuracy costs (after Canziani et al., 2016)", loc="left")
    return figure


def _beside(axis, text, place, millions, side):
    """Writes a name just outside of a disc."""
    radius = math.sqrt(millions * _AREA) / 2
    offset, horizontal, vertical = {
        "right": ((radius + 3, 0), "left", "center"),
        "left": ((-radius - 3, 0), "right", "center"),
        "above": ((0, radius + 3), "center", "bottom"),
        "below": ((0, -radius - 3), "center", "top"),
    }[side]
    axis.annotate(
        text,
        place,
        offset,
        textcoords="offset points",
        ha=horizontal,
        va=vertical,
        fontsize=9,
    )
