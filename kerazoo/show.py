"""What a model does, in one picture that suits its task."""

import functools
import itertools
import math

from kerazoo import datasets, pictures

_MOST = 10_000  # examples that a classifier is shown, to the end of a batch
_STEPS = 50  # of a diffusion, by DDIM
_SURE = 0.5  # score from which a detection is drawn
_TOKENS = 64  # of a text that is given, and of its continuation
_FRAMES = 10  # of an episode


def show(model, data=None, path=None, *, split=None, n=8, seed=0):
    """Draws how a model does its task on data that measure it, in one picture.

    Classifiers: the confusion matrix, and the images that were most confidently given
    a wrong class, of 10,000 examples at most. Detectors and segmenters: boxes and
    regions, beside the true ones. Captioners, translators, speech recognizers and
    language models: what they write, and what was there. Auto-encoders: images and
    what comes back; generators: samples.
    Agents: the returns of greedy episodes, and frames of one. Graphs: the confusion
    matrix, and the nodes in the plane of their two main components. Regression with
    uncertainty: the curve in its bands, or draws from the mixture.

    Args:
        model: a trained model.
        data: as for `kerazoo.evaluate`: None for the dataset of the card, a name, or
            the data themselves, `(x, y)` or batches of them.
        path: where to write the picture; its ending chooses the format.
        split: split of a named dataset; its labelled test set by default, else its
            validation set.
        n: how many examples to draw; of samples `n * n`.
        seed: fixes samples and games.

    Returns:
        The `matplotlib.figure.Figure`, which notebooks show.

    Raises:
        ValueError: what the model gives has no picture, or as `kerazoo.evaluate`.
        FileNotFoundError: the dataset is not on disk and cannot be downloaded.

    Example:
        >>> kerazoo.fit(model, "digits")
        >>> kerazoo.report.show(model, "digits")
    """
    examples = _Examples(model, data, split)
    figure = _drawing(model, examples)(model, examples, n, seed)
    return pictures.written(figure, path)


def answers(model, data, path=None, *, n=8):
    """As `show`, of what a model says of images: captions, boxes, classes of pixels.

    Args:
        model: a model that has `caption`, `detect` or `segment`.
        data: name of a dataset.
        path: where to write the picture; its ending chooses the format.
        n: images.

    Raises:
        ValueError: the model has none of them.
    """
    if not any(hasattr(model, method) for method in ("caption", "detect", "segment")):
        raise ValueError(
            f"{model.name!r} gives neither captions nor boxes nor classes of pixels."
        )
    return show(model, data, path, n=n)


class _Examples:
    """Batches `(x, y, sample_weight)` of NumPy arrays; what is not needed is not read.

    Args:
        model: the model that will take them.
        data: as of `show`.
        split: as of `show`.
    """

    def __init__(self, model, data, split):
        self.model, self.data, self.split = model, data, split

    @functools.cached_property
    def source(self):
        """The `datasets.Source`, or None where data were handed over."""
        name = datasets.name_for(self.model, self.data)
        if name is not None:
            source = datasets.find(name, self.model)
            self.split = self.split or datasets.evaluation_split(source)
            return source
        if self.split is not None:
            raise ValueError(
                "`split` goes with the name of a dataset. Received: "
                f"split={self.split!r} and data of {type(self.data).__name__}"
            )
        return None

    @property
    def title(self):
        """What the data are called."""
        return f"{self.source.name}, {self.split}" if self.source else "the data"

    @property
    def labels(self):
        """Names of the classes, or None."""
        return self.source and self.source.labels

    def __iter__(self):
        import keras

        for batch in self._batches():
            yield keras.utils.unpack_x_y_sample_weight(
                keras.tree.map_structure(keras.ops.convert_to_numpy, batch)
            )

    def _batches(self):
        import keras

        if self.source is not None:
            return datasets.batches(self.source, self.split, self.model, training=False)
        if isinstance(self.data, keras.utils.PyDataset):
            return map(self.data.__getitem__, range(self.data.num_batches))
        if not isinstance(self.data, tuple | dict) and not hasattr(self.data, "shape"):
            return self.data
        count, size = len(keras.tree.flatten(self.data)[0]), 32
        data = self.data if isinstance(self.data, tuple) else (self.data,)
        return (
            keras.tree.map_structure(lambda array, i=i: array[i : i + size], data)
            for i in range(0, count, size)
        )

    def first(self, n):
        """The first `n` examples, as one batch."""
        import keras
        import numpy as np

        batches, count = [], 0
        for batch in self:
            batches.append(batch)
            count += len(keras.tree.flatten(batch)[0])
            if count >= n:
                break
        return keras.tree.map_structure(
            lambda *parts: None if parts[0] is None else np.concatenate(parts)[:n],
            *batches,
        )


def task_of(model):
    """What a model does, as far as its kind says.

    Returns:
        "bands", "caption", "detect", "draws", "generate", "play", "reconstruct",
        "sample", "segment", "transcribe" or "translate"; None where outputs and data
        must say it, as of classifiers.
    """
    from kerazoo.layers.captioner import Captioner
    from kerazoo.layers.composite import Composite
    from kerazoo.layers.detector import Detector
    from kerazoo.layers.gaussian import GaussianNLL
    from kerazoo.layers.language_model import LanguageModel
    from kerazoo.layers.segmentation import SegmentationModel
    from kerazoo.layers.speech import SpeechRecognizer
    from kerazoo.layers.translator import Translator

    for kind, task in (
        (Captioner, "caption"),
        (Detector, "detect"),
        (LanguageModel, "generate"),
        (SegmentationModel, "segment"),
        (SpeechRecognizer, "transcribe"),
        (Translator, "translate"),
    ):
        if isinstance(model, kind):
            return task
    card = datasets.card_of(model)
    if hasattr(model, "reconstruct") or (
        card is not None and card.preprocess.get("target") == "image"
    ):
        return "reconstruct"
    if isinstance(model, Composite) and hasattr(model, "sample"):
        return "sample"
    if "experience" in (getattr(model, "recipe", None) or {}):
        return "play"
    if isinstance(getattr(model, "loss", None), GaussianNLL):
        return "bands"
    return "draws" if hasattr(model, "mode") else None


def _drawing(model, examples):
    """The function that draws what suits a model."""
    task = task_of(model)
    if task is not None:
        return _DRAWINGS[task]
    source = examples.source
    if source is not None and source.kind == "graphs":
        return _nodes
    _check_classifier(model, examples)
    return _classes


# -------------------------------------------------------------------------- classifiers


def _check_classifier(model, examples):
    """Raises ValueError where outputs and targets are not those of a classifier."""
    _, y, _ = examples.first(1)
    outputs = model.output_shape
    shape = None if y is None else y.shape[1:]
    if not isinstance(outputs, tuple):  # several outputs
        shape = None
    is_binary = shape in ((), (1,)) and outputs[1:] == (1,) and y.item() in (0, 1)
    is_one_of_many = (
        shape == ()
        and y.dtype.kind in "iu"
        and len(outputs) == 2
        and (examples.source is None or examples.source.classes is not None)
        # What is learned without targets does not number its outputs by them.
        and (not model.compiled or model.loss is not None)
    )
    if not (is_binary or is_one_of_many):
        raise ValueError(
            f"There is no picture of what {model.name!r} gives for {examples.title}: "
            f"outputs of shape {outputs}, targets of shape {shape}. Of its training, "
            "kerazoo.report.learning_curves(history) is one."
        )


def _scores(predictions):
    """Scores of the classes `(n, classes)`; one number is the second's probability."""
    import numpy as np

    if predictions.shape[-1] > 1:
        return predictions
    return np.concatenate([1 - predictions, predictions], axis=-1)


def _classes(model, examples, n, seed):
    truth, given, worst = _classified(model, examples, n)
    images = worst and _as_images(worst["image"])
    left = figure = pictures.canvas(5.2 if images is None else 12.5, 5)
    if images is not None:
        left, right = figure.subfigures(1, 2, width_ratios=(2, 3))
    left.suptitle(_tally(examples, truth == given), fontsize=11)
    pictures.confusion(left.subplots(), truth, given, examples.labels)
    if images is not None:
        right.suptitle("most confidently wrong", fontsize=11)
        names = pictures.class_names(examples.labels, max(truth.max(), given.max()) + 1)
        titles = [
            f"{names[true]}, given {names[wrong]}" + (f" ({p:.0%})" if p <= 1 else "")
            for true, wrong, p in zip(
                worst["true"], worst["given"], worst["share"], strict=True
            )
        ]
        images = pictures.stretched(images)
        pictures.tiles(right, images, titles, columns=min(n, 4))
    return figure


def _tally(examples, is_right):
    return (
        f"{examples.title}: {is_right.sum()} of {len(is_right)} right "
        f"({is_right.mean():.2%})"
    )


def _classified(model, examples, n):
    """True and given classes, and the `n` worst errors, of which the first is worst.

    How bad an error is: how much higher its score is than that of the true class.
    """
    import numpy as np

    truth, given, worst = [], [], {}
    for x, y, _ in examples:
        scores = _scores(model.predict_on_batch(x))
        true, best = y.reshape(len(y)).astype(int), scores.argmax(axis=-1)
        truth.append(true)
        given.append(best)
        rows = np.arange(len(true))
        found = {
            "image": x,
            "true": true,
            "given": best,
            "excess": scores[rows, best] - scores[rows, true],
            # Where scores are no probabilities they are not written.
            "share": scores[rows, best]
            if np.allclose(scores.sum(axis=-1), 1, atol=1e-3)
            else np.full(len(true), np.inf),
        }
        wrong = true != best
        for key, values in found.items():
            before = [worst[key]] if worst else []
            found[key] = np.concatenate([*before, values[wrong]])
        order = np.argsort(-found["excess"], kind="stable")[:n]
        worst = {key: values[order] for key, values in found.items()}
        if sum(map(len, truth)) >= _MOST:
            break
    if not len(worst["true"]):
        worst = None
    return np.concatenate(truth), np.concatenate(given), worst


def _as_images(x):
    """Inputs as images `(n, height, width, 1 or 3)`, or None where they are none."""
    if x.ndim == 4:
        return x if x.shape[-1] in (1, 3) else None
    for channels in (1, 3):
        side = math.isqrt(x.shape[-1] // channels)
        if x.ndim == 2 and side > 3 and side * side * channels == x.shape[-1]:
            return x.reshape(-1, side, side, channels)
    return None


def _nodes(model, examples, n, seed):
    import numpy as np

    x, y, weights = next(iter(examples))
    scores = model.predict_on_batch(x)
    counted = weights > 0
    truth, scores = y[counted], scores[counted]
    given = scores.argmax(axis=-1)
    figure = pictures.canvas(10.5, 5)
    left, right = figure.subplots(1, 2)
    pictures.confusion(left, truth, given, examples.labels)
    left.set_title(_tally(examples, truth == given), fontsize=11)
    if np.allclose(scores.sum(axis=-1), 1, atol=1e-3):
        scores = np.log(np.maximum(scores, 1e-7))
    centred = scores - scores.mean(axis=0)
    places = centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T
    for is_right, marker in ((True, "o"), (False, "x")):
        chosen = (truth == given) == is_right
        right.scatter(
            *places[chosen].T, c=truth[chosen], marker=marker, s=22, cmap="tab10",
            vmin=0, vmax=9, alpha=0.8,
        )  # fmt: skip
    right.set_title("scores of the nodes; colour: true class, x: wrong", fontsize=11)
    right.set_xlabel("first principal component")
    right.set_ylabel("second")
    return figure


# ------------------------------------------------------------------- images and answers


def _boxes(model, examples, n, seed):
    images, true, _ = examples.first(n)
    found = [
        {key: values[one["scores"] >= _SURE] for key, values in one.items()}
        for one in model.detect(images)
    ]
    true = [{key: values[i] for key, values in true.items()} for i in range(len(found))]
    both = itertools.chain.from_iterable(zip(true, found, strict=True))
    return pictures.detections(
        images.repeat(2, axis=0), list(both), names=examples.labels, columns=4,
        titles=["true", f"found, score {_SURE} or more"] * len(found),
    )  # fmt: skip


def _regions(model, examples, n, seed):
    x, y, _ = examples.first(n)
    scores = model.predict_on_batch(x)
    is_binary = scores.shape[-1] == 1
    found = scores[..., 0] > 0.5 if is_binary else scores.argmax(axis=-1)
    masks = [y.reshape(found.shape).astype(int), found.astype(int)]
    names = pictures.class_names(examples.labels, 2 if is_binary else scores.shape[-1])
    return pictures.named_regions(x, masks, ["", "true", "given"], names)


def _captions(model, examples, n, seed):
    images, references = model.references(itertools.islice(examples, 2))
    images = images[:n]
    found = model.caption(images, beam_width=3)
    texts = [f"{t}\n(true: {r[0]})" for t, r in zip(found, references, strict=False)]
    return pictures.captioned(images, texts)


# ------------------------------------------------------------------------------- texts


def _continuations(model, examples, n, seed):
    tokens, *_ = examples.first(max(1, n // 2))
    length = min(_TOKENS, tokens.shape[1] // 2)
    given, true = tokens[:, :length], tokens[:, length : 2 * length]
    written = model.generate(given, length)[:, length:]

    def text(row):
        if model.tokenizer is None:
            return " ".join(map(str, row))
        return model.tokenizer.decode(row.tolist())

    return pictures.written_texts(
        {"given": text(a), "written": text(b), "true": text(c)}
        for a, b, c in zip(given, written, true, strict=True)
    )


def _translations(model, examples, n, seed):
    (source, _), target, _ = next(iter(examples))
    decode = model.tokenizer.decode
    source, target = (
        [decode(row.tolist()) for row in rows[:n]] for rows in (source, target)
    )
    return pictures.written_texts(
        {"source": a, "written": b, "true": c}
        for a, b, c in zip(source, model.translate(source), target, strict=True)
    )


def _transcripts(model, examples, n, seed):
    batch, letters, _ = next(iter(examples))
    count = min(max(1, n // 2), len(letters))
    logits = model.predict_on_batch(batch)
    heard = model.transcribe(batch)
    figure = pictures.canvas(9, 2.6 * count)
    axes = figure.subplots(count, 1, squeeze=False).ravel()
    for i, axis in enumerate(axes):
        spectrogram = batch["spectrogram"][i, : batch["length"][i]]
        frames = batch["spectrogram"].shape[1]
        pictures.heard(axis, model, spectrogram, logits[i], frames)
        axis.set_title(
            f"heard: {heard[i]}\ntrue: {model.decode(letters[i])}", loc="left",
            fontsize=10, pad=20, parse_math=False,
        )  # fmt: skip
    return figure


# --------------------------------------------------------------------------- new images


def _samples(model, examples, n, seed):
    title, options = "samples", {}
    if hasattr(model, "trajectory"):
        options = {"sampler": "ddim", "steps": min(_STEPS, model.timesteps)}
        title += f" (DDIM, {options['steps']} steps)"
    sheet = pictures.sample_sheet(model.sample(n * n, seed=seed, **options))
    return _strips({title: sheet})


def _reconstructions(model, examples, n, seed):
    import keras

    images, *_ = examples.first(n)
    rows, seen = {"images": images}, images
    if hasattr(model, "corruption"):
        seen = keras.ops.convert_to_numpy(model.corruption.corrupt(images))
        rows["spoilt"] = seen
    rows["given back"] = model.predict_on_batch(seen)
    if hasattr(model, "sample"):
        rows["samples"] = model.sample(2 * n, seed=seed)
    # What is beyond black and white is no more than that.
    low, high = images.min(), images.max()
    return _strips(
        {
            title: pictures.sample_sheet(row.clip(low, high), columns=n)
            for title, row in rows.items()
        }
    )


def _strips(sheets):
    """Pictures `{title: (height, width, 3)}` one below the other."""
    heights = [sheet.shape[0] / sheet.shape[1] for sheet in sheets.values()]
    figure = pictures.canvas(7, 7 * sum(heights) + 0.4 * len(sheets))
    axes = figure.subplots(len(sheets), 1, squeeze=False, height_ratios=heights)
    for axis, (title, sheet) in zip(axes.ravel(), sheets.items(), strict=True):
        axis.imshow(sheet, interpolation="nearest")
        axis.set_title(title, loc="left", fontsize=11)
        axis.set_axis_off()
    return figure


# ---------------------------------------------------------- agents, curves with bands


def _games(model, examples, n, seed):
    import numpy as np

    from kerazoo.datasets import experience

    source = examples.source
    gained = experience.returns(model, source, seed=seed)
    frames, total = experience.watch(model, source, seed=seed)
    chosen = np.linspace(0, len(frames) - 1, min(_FRAMES, len(frames)))
    chosen = chosen.round().astype(int)
    figure = pictures.canvas(11, 4.2)
    left, right = figure.subfigures(1, 2, width_ratios=(2, 3))
    axis = left.subplots()
    axis.hist(gained, bins=20 if np.ptp(gained) else 3)
    axis.set_xlabel("return")
    axis.set_ylabel("episodes")
    axis.set_title(
        f"{source.name}: mean return {gained.mean():.2f} of {len(gained)} games",
        fontsize=11,
    )
    right.suptitle(f"one of them: return {total:g}", fontsize=11)
    images = np.stack([frames[k] for k in chosen]) / 255
    pictures.tiles(right, images, [f"step {k}" for k in chosen], columns=5)
    return figure


def _bands(model, examples, n, seed):
    import keras
    import numpy as np

    from kerazoo.layers.gaussian import moments

    x, y = _points(model, examples)

    def predicted(places):
        pair = moments(model.predict_on_batch(places[:, None].astype("float32")))
        mean, log_std = (keras.ops.convert_to_numpy(part)[:, 0] for part in pair)
        return mean, np.exp(log_std)

    grid = np.linspace(x.min(), x.max(), 400)
    mean, deviation = predicted(grid)
    at, around = predicted(x)
    figure = pictures.canvas(8, 4.5)
    axis = figure.subplots()
    axis.plot(x, y, ".", color="gray", markersize=3, label=examples.title)
    axis.plot(grid, mean, color="C0", label="mean")
    for width, normal, color in ((2, 0.954, "#d6e6f2"), (1, 0.683, "#a9cbe3")):
        share = np.mean(np.abs(y - at) <= width * around)
        axis.fill_between(
            grid, mean - width * deviation, mean + width * deviation, color=color,
            linewidth=0, zorder=1,
            label=f"within {width} standard deviation{'s'[: width - 1]}: {share:.1%} "
            f"of the points (normal: {normal:.1%})",
        )  # fmt: skip
    axis.legend(frameon=False, fontsize=9)
    axis.set(xlabel="input", ylabel="target")
    return figure


def _mixture(model, examples, n, seed):
    import keras

    x, y = _points(model, examples)
    inputs = x[:, None].astype("float32")
    drawn, likeliest = (
        keras.ops.convert_to_numpy(values)[:, 0]
        for values in (model.sample(inputs, seed=seed), model.mode(inputs))
    )
    figure = pictures.canvas(10, 4.5)
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    left.plot(x, y, ".", color="gray", markersize=3)
    left.set_title(examples.title, fontsize=11)
    right.plot(x, drawn, ".", color="C0", markersize=3, label="drawn from the mixture")
    right.plot(
        x, likeliest, ".", color="C1", markersize=3, label="mean of its likeliest part"
    )
    right.legend(frameon=False, fontsize=9)
    for axis in (left, right):
        axis.set(xlabel="input", ylabel="target")
    return figure


def _points(model, examples):
    """Inputs and targets, `(n,)` each, of a function of one number."""
    import numpy as np

    if model.input_shape[1:] != (1,):
        raise ValueError(
            f"A curve is drawn over one number, but {model.name!r} takes "
            f"{model.input_shape[1:]}."
        )
    xs, ys, _ = zip(*examples, strict=True)
    return np.concatenate(xs)[:, 0], np.concatenate(ys)[:, 0]


_DRAWINGS = {
    "bands": _bands,
    "caption": _captions,
    "detect": _boxes,
    "draws": _mixture,
    "generate": _continuations,
    "play": _games,
    "reconstruct": _reconstructions,
    "sample": _samples,
    "segment": _regions,
    "transcribe": _transcripts,
    "translate": _translations,
}
