"""Shows that every architecture learns: its `tiny` configuration on its offline data.

    python -m benchmarks.learning            # all
    python -m benchmarks.learning lenet5 vgg16

Each figure stands beside the card's bound and a baseline: for labelled images a linear
softmax on the same data, else (and for linear machines) the metric before training. Exit status 1 when a bound
is missed or a baseline not beaten. Figures go to results/learning.csv.
"""

import argparse
import functools
import sys
import time

import keras

import kerazoo
from benchmarks.records import record

# Linear machines, and what learns without labels, are not held to a linear classifier
# that is fitted by cross-entropy, only to chance.
UNTRAINED_BASELINE = {
    "adaline", "averaged_perceptron", "neocognitron", "perceptron", "pocket_perceptron",
    "single_layer_perceptron",
}  # fmt: skip


def is_error(metric):
    """Whether a metric is better when it is smaller."""
    return "loss" in metric or "error" in metric


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


def learn(name, seed=0):
    """Trains the tiny configuration of one architecture.

    Returns:
        A row for each metric that the card bounds.
    """
    card = kerazoo.card(name)
    keras.utils.set_random_seed(seed)
    model = kerazoo.create(name, tiny=True)
    before = kerazoo.evaluate(model, card.offline, verbose=0)
    start, epochs = time.perf_counter(), 0
    if model.trainable_weights:
        epochs = len(kerazoo.fit(model, card.offline, seed=seed, verbose=0).epoch)
    seconds = time.perf_counter() - start
    after = kerazoo.evaluate(model, card.offline, verbose=0) if epochs else before
    for metric, bound in card.learns.items():
        baseline, kind = before[metric], "untrained"
        images = kerazoo.datasets.EMBEDDED[card.offline].kind == "images"
        if images and name not in UNTRAINED_BASELINE:
            linear = linear_softmax(card.offline, metric)
            if linear is not None:
                baseline, kind = linear, "linear softmax"
        yield {
            "architecture": name,
            "dataset": card.offline,
            "metric": metric,
            "value": after[metric],
            "bound": bound,
            "baseline": baseline,
            "baseline_is": kind,
            "params": model.count_params(),
            "epochs": epochs,
            "seconds": round(seconds, 1),
            "seed": seed,
        }


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
