"""Shows that every architecture learns: its `tiny` configuration on its offline data.

    python -m benchmarks.learning            # all
    python -m benchmarks.learning lenet5 vgg16

Each figure stands beside the card's bound and a baseline: for labelled images a linear
softmax on the same data, else (and for linear machines) the metric before training.
Exit status 1 when a bound is missed or a baseline not beaten. Figures go to
results/learning.csv.
"""

import argparse
import functools
import sys
import time

import keras
import numpy as np

import kerazoo
from benchmarks.records import record

# Linear machines, and what learns without labels, are not held to a linear classifier
# that is fitted by cross-entropy, only to chance.
UNTRAINED_BASELINE = {
    "adaline", "averaged_perceptron", "neocognitron", "perceptron", "pocket_perceptron",
    "single_layer_perceptron",
}  # fmt: skip


# Rows by network: sizes of a family that share one reduced network share its run.
_MEASURED = {}


def is_error(metric):
    """Whether a metric is better when it is smaller."""
    words = ("loss", "error", "elbo", "distance")
    return metric == "steps_to_goal" or any(word in metric for word in words)


@functools.cache
def linear_softmax(dataset, metric):
    """Test metric of a linear softmax classifier on a dataset of labelled images."""
    keras.utils.set_random_seed(0)
    shape = (8, 8, 1) if dataset == "digits" else (16, 16, 1)
    model = keras.Sequential(
        [
            keras.Input(shape),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ],
        name="linear_softmax",
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    kerazoo.fit(model, dataset, epochs=60, seed=0, verbose=0)
    return kerazoo.evaluate(model, dataset, verbose=0).get(metric)


def _images(card, model):
    """Training and test images as the model takes them, a row each."""
    for split in ("train", "test"):
        batches = kerazoo.datasets.load(
            card.offline, split, model=model, training=False
        )
        x = np.concatenate([x for x, _ in batches.as_numpy_iterator()])
        yield x.reshape(len(x), -1)


def principal_components(card, model):
    """Mean squared error of as many principal components as the code has numbers."""
    train, test = _images(card, model)
    mean = train.mean(axis=0)
    size = np.prod(model.get_layer("encoder").output_shape[1:])
    axes = np.linalg.svd(train - mean, full_matrices=False)[2][:size]
    return float(np.square((test - mean) @ (axes.T @ axes) - (test - mean)).mean())


def linear_denoiser(card, model):
    """Mean squared error of the linear map from spoilt images that fits best."""

    def spoilt(rows):
        images = rows.reshape(-1, *model.input_shape[1:])
        images = keras.ops.convert_to_numpy(model.corruption.corrupt(images))
        return np.insert(images.reshape(rows.shape), 0, 1.0, axis=1)

    train, test = _images(card, model)
    weights = np.linalg.lstsq(spoilt(train), train, rcond=None)[0]
    return float(np.square(spoilt(test) @ weights - test).mean())


def independent_pixels(card, model):
    """Nats an image, of pixels that are each 1 as often as in the training images."""
    train, test = _images(card, model)
    p = np.clip(train.mean(axis=0), 1e-3, 1 - 1e-3)
    return float(-(test * np.log(p) + (1 - test) * np.log(1 - p)).sum(axis=1).mean())


# For cards whose target is the image itself, by their metric.
_OF_IMAGES = {
    "loss": principal_components,
    "denoising_error": linear_denoiser,
    "negative_elbo": independent_pixels,
}


def baseline(card, model, metric, before):
    """The value to beat, and what it is."""
    if card.preprocess.get("target") == "image" and metric in _OF_IMAGES:
        function = _OF_IMAGES[metric]
        return function(card, model), function.__name__.replace("_", " ")
    is_images = kerazoo.datasets.EMBEDDED[card.offline].kind == "images"
    trains_on_labels = is_images and card.recipe["loss"] is not None
    if trains_on_labels and card.name not in UNTRAINED_BASELINE:
        linear = linear_softmax(card.offline, metric)
        if linear is not None:
            return linear, "linear softmax"
    return before[metric], "untrained"


def learn(name, seed=0):
    """Trains the tiny configuration of one architecture.

    Returns:
        A row for each metric that the card bounds.
    """
    card = kerazoo.card(name)
    # Layers are numbered afresh, so that equal networks have equal configurations.
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(seed)
    model = kerazoo.create(name, tiny=True)
    twin = repr((_anonymous(model), dict(model.recipe), card.offline, seed))
    if twin in _MEASURED:
        for row in _MEASURED[twin]:
            yield {**row, "architecture": name}
        return
    _MEASURED[twin] = []
    before = kerazoo.evaluate(model, card.offline, verbose=0)
    start, epochs = time.perf_counter(), 0
    if model.trainable_weights:
        epochs = len(kerazoo.fit(model, card.offline, seed=seed, verbose=0).epoch)
    seconds = time.perf_counter() - start
    after = kerazoo.evaluate(model, card.offline, verbose=0) if epochs else before
    for metric, bound in card.learns.items():
        to_beat, kind = baseline(card, model, metric, before)
        row = {
            "architecture": name,
            "dataset": card.offline,
            "metric": metric,
            "value": after[metric],
            "bound": bound,
            "baseline": to_beat,
            "baseline_is": kind,
            "params": model.count_params(),
            "epochs": epochs,
            "seconds": round(seconds, 1),
            "seed": seed,
        }
        _MEASURED[twin].append(row)
        yield row


def _anonymous(model):
    """The model's configuration without its name."""
    return {k: v for k, v in model.get_config().items() if k != "name"}


def reached(row):
    """Whether a row keeps its bound and beats its baseline."""
    sign = -1 if is_error(row["metric"]) else 1
    value = sign * row["value"]
    # What has nothing to learn is right from the start.
    better = value > sign * row["baseline"] or row["epochs"] == 0
    return value >= sign * row["bound"] and better


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="builders; all that learn by default")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    cards = [kerazoo.card(n) for n in arguments.names or kerazoo.list_models()]
    missed = 0
    for card in cards:
        for row in learn(card.name, arguments.seed) if card.learns else ():
            record("learning", row, key=["architecture", "metric"])
            missed += not reached(row)
            print(
                f"{row['architecture']:24} {row['dataset']:12} {row['metric']:12} "
                f"{row['value']:8.4f} (bound {row['bound']}, {row['baseline_is']} "
                f"{row['baseline']:.4f}) {row['seconds']:6.1f} s"
                f"{'' if reached(row) else '  MISSED'}",
                flush=True,
            )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
