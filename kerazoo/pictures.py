"""Pictures of what networks give: sheets of images, boxes, masks, texts, episodes.

They are drawn from arrays, or from a model that is asked for them here; which of them
suits a model `kerazoo.report.show` decides. Imports no framework at its head;
matplotlib is imported where it draws. Every figure is a `Figure` of its own, which
needs no display and leaves the figures and the style of a notebook alone.
"""

import functools
import io
import math
import pathlib
import textwrap

_MOST_NUMBERS = 20  # classes up to which a confusion matrix writes its counts


def canvas(width, height):
    """An empty figure of so many inches, which notebooks show."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    # Notebooks ask for this; on their own they know the figures of pyplot only.
    figure._repr_png_ = functools.partial(_png, figure)
    return figure


def _png(figure):
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=100)
    return content.getvalue()


def written(figure, path):
    """The figure, which is also in the file `path` where that is not None."""
    if path is not None:
        figure.savefig(path, dpi=150)
    return figure


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
    from kerazoo.layers.speech import padded

    spectrogram = model.hear(audio)
    batch = padded([spectrogram])
    logits = model.predict_on_batch(batch)[0]
    figure = canvas(8, 3.2)
    axis = figure.subplots()
    heard(axis, model, spectrogram, logits, batch["spectrogram"].shape[1])
    return written(figure, path)


def heard(axis, model, spectrogram, logits, frames):
    """Draws a spectrogram, and above it each letter where the model writes it.

    Args:
        axis: where to draw.
        model: the recognizer.
        spectrogram: `(frames of the recording, features)`.
        logits: what the model gave for it, `(steps, 1 + letters)`.
        frames: how many the recording was filled up to.
    """
    from kerazoo.spectrogram import STEP, WINDOW

    # The centre of the frame that a step looks at.
    seconds = STEP * frames / len(logits)
    bank = model.filter_bank
    end = STEP * len(spectrogram) + WINDOW - STEP
    axis.imshow(
        spectrogram[:, : bank.bands].T, origin="lower", aspect="auto", cmap="magma",
        extent=(0, end, 0, bank.sample_rate / 2e3),
    )  # fmt: skip
    before = 0
    for step, letter in enumerate(logits.argmax(axis=-1)):
        place = step * seconds + WINDOW / 2
        if letter not in (0, before) and place < end:
            axis.annotate(
                model.decode([letter]).replace(" ", "\u2423"),
                (place, 1.02),
                xycoords=("data", "axes fraction"),
                ha="center",
            )
        before = letter
    axis.set_xlabel("seconds")
    axis.set_ylabel("kHz")


# ------------------------------------------------------------------ masks and captions


def regions(images, masks, path=None, *, strength=0.6):
    """Draws images, and beside each the classes of its pixels laid over it in grey.

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

    columns = painted(images, masks, strength)
    rows = np.stack(columns, axis=1).reshape(-1, *columns[0].shape[1:])
    return sample_sheet(rows, path, columns=len(columns))


def painted(images, masks, strength=0.6):
    """The images, then for each mask the images in grey with its classes over them.

    A list of arrays `(n, height, width, 3)` in 0..1, of the masks' extent; arguments as
    of `regions`.
    """
    import numpy as np

    images = np.broadcast_to(stretched(images), (*np.shape(images)[:3], 3))
    height, width = np.shape(masks[0])[1:]
    top, left = (images.shape[1] - height) // 2, (images.shape[2] - width) // 2
    images = images[:, top : top + height, left : left + width]
    colors, grey = region_colors(), images.mean(axis=-1, keepdims=True)
    return [images] + [
        strength * colors[np.asarray(mask) % len(colors)] + (1 - strength) * grey
        for mask in masks
    ]


def region_colors():
    """The colours of the classes of pixels, `(20, 3)` in 0..1; more classes repeat."""
    import numpy as np
    from matplotlib import colormaps

    return np.concatenate([colormaps["tab20"].colors[start::2] for start in (0, 1)])


def named_regions(images, masks, titles, names):
    """As `regions`, with titles and a legend.

    Args:
        images: as of `regions`.
        masks: as of `regions`.
        titles: what the image and each mask is called.
        names: those of the classes.

    Returns:
        The `matplotlib.figure.Figure`.
    """
    from matplotlib.patches import Patch

    parts = painted(images, masks)
    mosaic = [image for row in zip(*parts, strict=True) for image in row]
    columns = len(parts) * min(2, len(images))
    rows = math.ceil(len(mosaic) / columns)
    figure = canvas(1.9 * columns, 2 * rows + 0.5)
    tiles(figure, mosaic, titles * len(images), columns)
    colors = region_colors()
    patches = [
        Patch(color=colors[k % len(colors)], label=name) for k, name in enumerate(names)
    ]
    figure.legend(
        handles=patches, loc="outside lower center", frameon=False, fontsize=9,
        ncols=min(len(names), 3 * columns // 2),
    )  # fmt: skip
    return figure


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
    rows = math.ceil(len(images) / columns)
    figure = canvas(2.4 * columns, 2.7 * rows)
    tiles(figure, stretched(images), captions, columns)
    return written(figure, path)


def tiles(figure, images, titles, columns):
    """Draws images in rows with a title above each.

    Args:
        figure: a figure, or a part of one.
        images: array `(n, height, width, 1 or 3)` in 0..1, or a list of such.
        titles: strings.
        columns: images in a row.

    Returns:
        The axes, one for each place.
    """
    rows = math.ceil(len(images) / columns)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes:
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_color("#b0b0b0")
    for axis in axes[len(images) :]:
        axis.set_axis_off()
    for axis, image, text in zip(axes, images, titles, strict=False):
        axis.imshow(image, cmap="gray", vmin=0, vmax=1)
        lines = [textwrap.fill(line, 24) for line in text.split("\n")]
        axis.set_title("\n".join(lines), fontsize=9, parse_math=False)
    return axes


def stretched(images):
    """Images in 0..1, each of its own range."""
    import numpy as np

    images = np.asarray(images, "float32")
    low = images.min(axis=(1, 2, 3), keepdims=True)
    high = images.max(axis=(1, 2, 3), keepdims=True)
    return (images - low) / np.maximum(high - low, 1e-6)


# -------------------------------------------------------------------------- detections


def detections(images, found, path=None, *, names=None, columns=None, titles=None):
    """Draws images with boxes around what was found in them.

    Args:
        images: array `(n, height, width, 1 or 3)`, as large as the detector's input.
        found: for every image a mapping of `boxes` (left, top, right, bottom),
            `labels` and, for detections, `scores`, as `model.detect` gives them.
            Labels of -1 are left out.
        path: where to write the picture; its ending chooses the format.
        names: names of the classes; numbers by default.
        columns: images in a row; about as many as rows by default.
        titles: a string above each image; none by default.

    Returns:
        The `matplotlib.figure.Figure`.

    Example:
        >>> kerazoo.report.detections(images, model.detect(inputs), "found.png")
    """
    from matplotlib.patches import Rectangle

    columns = columns or math.ceil(math.sqrt(len(images)))
    rows = math.ceil(len(images) / columns)
    figure = canvas(2.4 * columns, 2.5 * rows)
    axes = tiles(figure, stretched(images), titles or [""] * len(images), columns)
    for axis, things in zip(axes, found, strict=False):
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
            axis.annotate(
                text, (left, top), color="white", fontsize=6, va="bottom",
                bbox={"color": color, "pad": 0.8}, annotation_clip=False,
            )  # fmt: skip
    return written(figure, path)


# ----------------------------------------------------------------- classes and texts


def confusion_matrix(truth, given, path=None, *, names=None):
    """Draws which classes are taken for which.

    Args:
        truth: integers `(n,)`, the true classes.
        given: integers `(n,)`, those that a model gave.
        path: where to write the picture; its ending chooses the format.
        names: names of the classes; numbers by default.

    Returns:
        The `matplotlib.figure.Figure`.

    Example:
        >>> given = model.predict(x).argmax(axis=-1)
        >>> kerazoo.report.confusion_matrix(y, given, "confusion.png")
    """
    figure = canvas(5.2, 5.2)
    confusion(figure.subplots(), truth, given, names)
    return written(figure, path)


def confusion(axis, truth, given, names=None):
    """Draws the confusion matrix on an axis; arguments as of `confusion_matrix`.

    A row is a true class; its colours are shares of it, its numbers counts.
    """
    import numpy as np

    labels = class_names(names, max(np.max(truth), np.max(given)) + 1)
    classes = len(labels)
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (truth, given), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axis.set_xlabel("given")
    axis.set_ylabel("true")
    if classes > _MOST_NUMBERS:
        return
    places = range(classes)
    axis.set_xticks(places, labels)
    if max(map(len, labels)) > 2:
        axis.tick_params("x", rotation=45)
    axis.set_yticks(places, labels)
    axis.tick_params(length=0)
    for row, column in zip(*counts.nonzero(), strict=True):
        axis.text(
            column, row, str(counts[row, column]), ha="center", va="center", fontsize=8,
            color="white" if shares[row, column] > 0.5 else "black",
        )  # fmt: skip


def class_names(names, count):
    """Names of so many classes at least: numbers where there are no others."""
    names = list(names or ())
    return names + [str(k) for k in range(len(names), count)]


def written_texts(texts, path=None, *, columns=88):
    """Draws texts one below the other, each a block of lines with names.

    Args:
        texts: mappings from what a line is to the line, e.g. `{"given": "to be",
            "written": " or not to be"}`.
        path: where to write the picture; its ending chooses the format.
        columns: characters in a line; longer texts are wrapped.

    Returns:
        The `matplotlib.figure.Figure`.
    """
    rows = []  # the name where a text begins, and a line; None parts the blocks
    for block in texts:
        for number, (name, text) in enumerate(block.items()):
            text = text.replace("\n", "\u21b5")  # seen, and no line of its own
            lines = textwrap.wrap(text, columns, drop_whitespace=False) or [""]
            color = f"C{number}" if number else "black"
            rows += [(name if line is lines[0] else "", line, color) for line in lines]
        rows.append(None)
    rows = rows[:-1]
    figure = canvas(0.078 * (columns + 12) + 0.3, 0.2 * len(rows) + 0.2)
    axis = figure.subplots()
    axis.set_axis_off()
    axis.set(xlim=(-12, columns), ylim=(len(rows) - 0.5, -0.5))
    for place, row in enumerate(rows):
        if row is None:
            continue
        name, line, color = row
        style = {"fontsize": 9, "va": "center", "parse_math": False}
        axis.text(-1.5, place, name, ha="right", color="gray", **style)
        axis.text(0, place, line, family="monospace", color=color, **style)
    return written(figure, path)
