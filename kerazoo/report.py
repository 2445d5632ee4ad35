"""What people look at: tables, diagrams, learning curves, the Canziani chart.

Imports no framework at its head; matplotlib and rich are imported where they draw.
Charts are drawn on a `Figure` of their own, so they need no display and leave the
figures and the style of a notebook alone.
"""

import csv
import dataclasses
import math
import pathlib
import re
import shlex

from kerazoo import catalog, tables
from kerazoo.diagram import diagram as diagram

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
        cells = [column.header, *(str(row[key]) for row in rows)]
        if max(map(len, cells)) <= 20:
            column.no_wrap = True
            if any(re.match(r"~?\d", cell) for cell in cells):
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
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    epochs, metrics = read_history(history)
    names = dict.fromkeys(key.removeprefix("val_") for key in metrics)
    names.pop("learning_rate", None)
    names = sorted(names, key=lambda name: name != "loss")
    columns = min(len(names), 3)
    rows = math.ceil(len(names) / columns)
    figure = Figure(figsize=(4.4 * columns, 3.3 * rows), layout="constrained")
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
    if path is not None:
        figure.savefig(path, dpi=150)
    return figure


def _clean(axis):
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(color="#e6e6e6", linewidth=0.8)
    axis.set_axisbelow(True)


# ---------------------------------------------------------------------------- episodes


def episode(model, environment, path, *, seed=0, milliseconds=50):
    """Draws one greedy episode of an agent as a moving picture, a GIF.

    Where an environment shows pixels they are drawn, else what Gymnasium renders.

    Args:
        model: the agent.
        environment: name of the environment, e.g. `"catch"` or `"CartPole-v1"`.
        path: where to write the GIF.
        seed: fixes the game.
        milliseconds: time that a step is shown.

    Returns:
        The episode's return, a number.

    Example:
        >>> kerazoo.report.episode(model, "catch", "catch.gif")
    """
    import numpy as np
    from PIL import Image

    from kerazoo import datasets
    from kerazoo.datasets import experience

    source = datasets.find(environment, model)
    if source.kind != "environments":
        raise ValueError(f"{environment!r} is no environment, but of {source.kind}.")
    pictures, gained = experience.watch(model, source, seed=seed)
    height, width, channels = pictures[0].shape
    scale = max(1, 200 // max(height, width))
    frames = [
        Image.fromarray(
            np.kron(p[..., 0], np.ones((scale, scale), "u1"))
            if channels == 1
            else p.repeat(scale, 0).repeat(scale, 1)
        )
        for p in pictures
    ]
    frames[0].save(
        path, format="GIF", save_all=True, append_images=frames[1:], loop=0,
        duration=milliseconds,
    )  # fmt: skip
    return gained


# ----------------------------------------------------------------------- sample sheets


def sample_sheet(images, path=None, *, columns=None):
    """Draws images side by side, pixel for pixel, as one picture.

    Args:
        images: array `(n, height, width, channels)` of one or three channels: bytes,
            or floats in 0..1 or, where one is negative, in -1..1.
        path: where to write the picture; its ending chooses the format.
        columns: images in a row; about as many as rows by default.

    Returns:
        The picture, a uint8 array `(height, width, 3)`.

    Raises:
        ValueError: `images` are not such an array.

    Example:
        >>> kerazoo.report.sample_sheet(model.sample(64, seed=0), "samples.png")
    """
    import numpy as np

    images = np.asarray(images)
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or not len(images):
        raise ValueError(
            "`images` must have the shape (n, height, width, 1 or 3). Received: "
            f"{images.shape}"
        )
    if images.dtype != np.uint8:
        low = -1.0 if images.min() < 0 else 0.0
        shares = (images.astype("float32") - low) / (1 - low)
        images = (255 * np.clip(shares, 0, 1)).round().astype("uint8")
    count, height, width, _ = images.shape
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    # A white line between images; what is missing in the last row is white too.
    sheet = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1, 3), 255, "u1")
    for index, image in enumerate(images):
        top, left = index // columns * (height + 1), index % columns * (width + 1)
        sheet[top : top + height, left : left + width] = image
    if path is not None:
        from matplotlib.image import imsave

        imsave(path, sheet)
    return sheet


def sample_sheets(directory, *, n=64, seed=0):
    """A Keras callback that draws samples of a generative model after every epoch.

    Args:
        directory: folder for `epoch-0001.png` and so on; it is made where missing.
        n: samples on a sheet.
        seed: fixes the draw, so that sheets show the same codes.

    Example:
        >>> kerazoo.fit(model, callbacks=[kerazoo.report.sample_sheets("samples")])
    """
    import keras

    directory = pathlib.Path(directory)

    def draw(epoch, logs=None):
        directory.mkdir(parents=True, exist_ok=True)
        images = callback.model.sample(n, seed=seed)
        sample_sheet(images, directory / f"epoch-{epoch + 1:04}.png")

    callback = keras.callbacks.LambdaCallback(on_epoch_end=draw)
    return callback


def denoising(model, path=None, *, n=8, frames=10, seed=0, **sampling):
    """Draws how samples of a diffusion model come out of noise, a row each.

    Args:
        model: a model that has `trajectory`, e.g. `kerazoo.ddpm()`.
        path: where to write the picture; its ending chooses the format.
        n: samples.
        frames: views of each.
        seed: fixes the draw.
        **sampling: further keywords of `model.trajectory`.

    Returns:
        The picture, a uint8 array `(height, width, 3)`.

    Example:
        >>> kerazoo.report.denoising(model, "denoising.png", sampler="ddim", steps=50)
    """
    import numpy as np

    views = model.trajectory(n, frames=frames, seed=seed, **sampling)
    return sample_sheet(np.concatenate(views), path, columns=frames)


# -------------------------------------------------------------------------- transcripts


def transcript(model, audio, path=None):
    """Draws what a speech recognizer hears and, above it, when it writes which letter.

    Args:
        model: a model with a method `transcribe`, and a filter bank.
        audio: samples of one recording.
        path: where to write the picture; its ending chooses the format.

    Returns:
        The `matplotlib.figure.Figure`.

    Example:
        >>> figure = kerazoo.report.transcript(model, recording, "seven.png")
    """
    from matplotlib.figure import Figure

    from kerazoo.layers.speech import padded
    from kerazoo.spectrogram import STEP, WINDOW

    spectrogram = model.hear(audio)
    batch = padded([spectrogram])
    logits = model.predict_on_batch(batch)[0]
    # The centre of the frame that a step looks at.
    seconds = STEP * batch["spectrogram"].shape[1] / len(logits)
    bank = model.filter_bank
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    axis = figure.subplots()
    axis.imshow(
        spectrogram[:, : bank.bands].T, origin="lower", aspect="auto", cmap="magma",
        extent=(0, STEP * len(spectrogram) + WINDOW - STEP, 0, bank.sample_rate / 2e3),
    )  # fmt: skip
    before = 0
    for step, letter in enumerate(logits.argmax(axis=-1)):
        if letter not in (0, before):
            axis.annotate(
                model.decode([letter]).replace(" ", "\u2423"),
                (step * seconds + WINDOW / 2, 1.02),
                xycoords=("data", "axes fraction"),
                ha="center",
            )
        before = letter
    axis.set_xlabel("seconds")
    axis.set_ylabel("kHz")
    if path is not None:
        figure.savefig(path, dpi=150)
    return figure


# ------------------------------------------------------------------ masks and captions


def regions(images, masks, path=None, *, strength=0.6):
    """Draws images, and beside each the classes of its pixels laid over it.

    Args:
        images: array `(n, height, width, 1 or 3)` of any range; each image is stretched
            to its own.
        masks: list of arrays `(n, height, width)` of classes, e.g. the truth and an
            answer. Where they are smaller they lie on the middle of the image.
        path: where to write the picture; its ending chooses the format.
        strength: weight of the colours, between 0 and 1.

    Returns:
        The picture, a uint8 array `(height, width, 3)`.

    Example:
        >>> answer = model.predict(images).argmax(axis=-1)
        >>> kerazoo.report.regions(images, [truth, answer], "regions.png")
    """
    import numpy as np
    from matplotlib import colormaps

    masks = [np.asarray(mask) for mask in masks]
    images = np.broadcast_to(_stretched(images), (*np.shape(images)[:3], 3))
    height, width = masks[0].shape[1:]
    top, left = (images.shape[1] - height) // 2, (images.shape[2] - width) // 2
    images = images[:, top : top + height, left : left + width]
    colors = np.array(colormaps["tab20"].colors)
    painted = [
        strength * colors[mask % len(colors)] + (1 - strength) * images
        for mask in masks
    ]
    rows = np.stack([images, *painted], axis=1).reshape(-1, height, width, 3)
    return sample_sheet(rows, path, columns=1 + len(masks))


def captioned(images, captions, path=None, *, columns=4):
    """Draws images with a line of text above each.

    Args:
        images: array `(n, height, width, 1 or 3)` of any range; each image is stretched
            to its own.
        captions: strings, one for each.
        path: where to write the picture; its ending chooses the format.
        columns: images in a row.

    Returns:
        The `matplotlib.figure.Figure`.

    Example:
        >>> kerazoo.report.captioned(images, model.caption(images), "captions.png")
    """
    import textwrap

    from matplotlib.figure import Figure

    rows = math.ceil(len(images) / columns)
    figure = Figure(figsize=(2.4 * columns, 2.7 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes:
        axis.set_axis_off()
    for axis, image, text in zip(axes, _stretched(images), captions, strict=False):
        axis.imshow(image, cmap="gray")
        axis.set_title("\n".join(textwrap.wrap(text, 24)), fontsize=9)
    if path is not None:
        figure.savefig(path, dpi=150)
    return figure


def answers(model, data, path=None, *, n=8):
    """Draws what a model says of test images: captions, boxes, or classes of pixels.

    Beside each mask of a model stands the true one, to its left.

    Args:
        model: a model that has `caption`, e.g. `kerazoo.show_and_tell()`, `detect`,
            e.g. `kerazoo.faster_rcnn_resnet50_fpn()`, or `segment`, e.g.
            `kerazoo.unet()`.
        data: name of a dataset.
        path: where to write the picture; its ending chooses the format.
        n: images.

    Raises:
        ValueError: the model has none of them.

    Example:
        >>> kerazoo.report.answers(model, "shapes/masks", "answers.png")
    """
    from kerazoo import datasets

    if not any(hasattr(model, method) for method in ("caption", "detect", "segment")):
        raise ValueError(
            f"{model.name!r} gives neither captions nor boxes nor classes of pixels."
        )
    source = datasets.find(data, model)
    split = datasets.evaluation_split(source)
    batches = datasets.batches(source, split, model, batch_size=n, training=False)
    x, y, *_ = next(iter(batches.as_numpy_iterator()))
    if hasattr(model, "caption"):
        found = model.caption(x["images"], beam_width=3)
        return captioned(x["images"], found, path)
    if hasattr(model, "detect"):
        return detections(x, model.detect(x), path)
    found = model.predict_on_batch(x)
    found = found[..., 0] > 0.5 if found.shape[-1] == 1 else found.argmax(axis=-1)
    return regions(x, [y.reshape(found.shape), found.astype(int)], path)


def _stretched(images):
    """Images in 0..1, each of its own range."""
    import numpy as np

    images = np.asarray(images, "float32")
    low = images.min(axis=(1, 2, 3), keepdims=True)
    high = images.max(axis=(1, 2, 3), keepdims=True)
    return (images - low) / np.maximum(high - low, 1e-6)


# -------------------------------------------------------------------------- detections


def detections(images, found, path=None, *, names=None, columns=None):
    """Draws images with boxes around what was found in them.

    Args:
        images: array `(n, height, width, 1 or 3)`, as large as the detector's input.
        found: for every image a mapping of `boxes` (left, top, right, bottom),
            `labels` and, for detections, `scores`, as `model.detect` gives them.
            Labels of -1 are left out.
        path: where to write the picture; its ending chooses the format.
        names: names of the classes; numbers by default.
        columns: images in a row; about as many as rows by default.

    Returns:
        The `matplotlib.figure.Figure`.

    Example:
        >>> kerazoo.report.detections(images, model.detect(inputs), "found.png")
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    columns = columns or math.ceil(math.sqrt(len(images)))
    rows = math.ceil(len(images) / columns)
    figure = Figure(figsize=(2.4 * columns, 2.4 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes:
        axis.set_axis_off()
    for axis, image, things in zip(axes, _stretched(images), found, strict=False):
        axis.imshow(image, cmap="gray")
        scores = things.get("scores", [None] * len(things["labels"]))
        every = zip(things["boxes"], things["labels"], scores, strict=True)
        for (left, top, right, bottom), label, score in every:
            if label < 0:
                continue
            color = f"C{label % 10}"
            axis.add_patch(
                Rectangle(
                    (left, top), right - left, bottom - top, fill=False, color=color
                )
            )
            text = str(label) if names is None else names[label]
            text += "" if score is None else f" {score:.2f}"
            axis.annotate(text, (left, top), color="white", fontsize=7,
                          backgroundcolor=color, va="bottom")  # fmt: skip
    if path is not None:
        figure.savefig(path, dpi=150)
    return figure


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
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6.2), layout="constrained")
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
