"""Reproduces published results that two CPU cores can afford, on the real data.

    TFDS_DATA_DIR=... python -m benchmarks.published fleuret_mnist lenet5

Trains the default configuration by its recipe, or by the shortened recipe below where
the paper's would take days, evaluates on the test set, saves the model, evaluates the
saved file again, and records the figure beside the paper's in results/published.csv.
An interrupted run is continued by the same command.
"""

import argparse
import collections
import itertools
import math
import pathlib
import sys
import time

import keras
import numpy as np

import kerazoo
from benchmarks.records import RESULTS, record
from kerazoo.layers.error_rate import count, edit_distance, words

# Shortened recipes: what differs from the card's, the epochs, and for a figure that is
# not the test accuracy, the metric and the split; `data` where it is not the card's.
RECIPES = {
    "resnet20": {
        "recipe": {
            "optimizer": {
                "class_name": "SGD",
                "config": {"learning_rate": 0.2, "momentum": 0.9, "l2": 1e-4},
            },
            "schedule": {"kind": "one_cycle"},
        },
        "epochs": 24,
    },
    # A small network on the recordings of four speakers; the test is the other two.
    "deep_speech": {
        "data": "spoken_digit",
        "config": {"features": 41, "context": 5, "units": 128},
        "recipe": {
            "optimizer": {
                "class_name": "Adam",
                "config": {"learning_rate": 3e-3, "clipnorm": 5.0},
            },
            "schedule": {"kind": "one_cycle"},
            "batch_size": 32,
            "augment": {
                "speed": [0.85, 1.2],
                "tempo": [0.85, 1.2],
                "gain": [-25, 5],
                "noise": [10, 40],
                "colour": [0, 4],
                "shift": [0, 0.05],
                "mask": 6,
            },
        },
        "epochs": 150,
        "metric": "word_error",
    },
    "louppe_vae": {"metric": "negative_elbo"},
    # nanoGPT's own configuration for CPUs, with larger batches.
    "gpt2_nano": {
        "config": {
            "sequence_length": 64,
            "num_layers": 4,
            "num_heads": 4,
            "hidden_dim": 128,
            "dropout": 0.0,
        },
        "recipe": {
            "optimizer": {
                "class_name": "AdamW",
                "config": {
                    "learning_rate": 2e-3,
                    "beta_2": 0.99,
                    "weight_decay": 0.1,
                    "global_clipnorm": 1.0,
                },
            },
            "schedule": {"kind": "cosine", "warmup_epochs": 0.2},
            "batch_size": 32,
        },
        "epochs": 4,
        "metric": "loss",
        "split": "validation",
    },
}


def reproduce(name, *, runs, epochs=None, seed=0, verbose="auto"):
    """Trains one architecture on the dataset of its card and measures it.

    Args:
        name: builder's name.
        runs: folder of checkpoints; the run of an earlier call is continued.
        epochs: passes over the data, instead of the recipe's.
        seed: fixes the result.
        verbose: as for `keras.Model.fit`.

    Returns:
        Rows of results/published.csv.
    """
    card = kerazoo.card(name)
    settings = RECIPES.get(name, {})
    keras.utils.set_random_seed(seed)
    metric, split = settings.get("metric", "accuracy"), settings.get("split")
    config, data = settings.get("config", {}), settings.get("data", card.dataset)
    model = kerazoo.create(name, recipe=settings.get("recipe"), **config)
    epochs = epochs or settings.get("epochs") or model.recipe["epochs"]
    folder = runs / f"{name}-{seed}"
    whole = not (folder / "last.keras").is_file()
    start = time.perf_counter()
    kerazoo.fit(
        model, data, epochs=epochs, seed=seed, checkpoint_dir=folder, resume=True,
        verbose=verbose,
    )  # fmt: skip
    seconds = time.perf_counter() - start
    result = kerazoo.evaluate(model, data, split=split, verbose=0)
    model.save(folder / "model.keras")
    again = kerazoo.evaluate(folder / "model.keras", data, split=split, verbose=0)
    # A bound of 118 nats is estimated by one draw for each image.
    if not math.isclose(result[metric], again[metric], rel_tol=1e-3):
        raise AssertionError(f"The saved file of {name} gives {again}, not {result}.")
    row = {
        "architecture": name,
        "dataset": data,
        "metric": metric if split is None else f"{split} {metric}",
        "value": result[metric],
        "published": "; ".join(card.published),
        "recipe": "shortened" if settings.keys() - {"metric"} else "the card's",
        "epochs": epochs,
        "seconds": round(seconds) if whole else "",  # unknown for a continued run
        "seed": seed,
    }
    rows = [row]
    if hasattr(model, "transcribe"):
        metric = f"{row['metric']}, with a language model"
        value = error_with_language_model(model, data, split or "test")
        rows.append({**row, "metric": metric, "value": value})
    return rows


def error_with_language_model(model, data, split, beam_width=8):
    """Word error where the decoder knows how frequent words are in the training texts.

    The paper's figures are of such a search, with a larger model of the language.
    """
    source = kerazoo.datasets.find(data, model)
    texts = [text.decode() for _, text in source.read("train").as_numpy_iterator()]
    counts = collections.Counter(word for text in texts for word in text.split())

    def language_model(words):
        # What was never heard counts as a hundredth of one occurrence.
        return math.log((counts[words[-1]] or 0.01) / counts.total())

    examples = [*source.read(split).as_numpy_iterator()]
    said = model.transcribe(
        [recording["audio"] for recording, _ in examples], beam_width=beam_width,
        language_model=language_model,
    )  # fmt: skip
    meant = [text.decode() for _, text in examples]
    said, meant = (words(_letters(model, texts)) for texts in (said, meant))
    edits = keras.ops.sum(edit_distance(said, meant))
    return float(edits) / int(keras.ops.sum(count(meant)))


def _letters(model, texts):
    """Texts as rows of letters' numbers, filled up with 0."""
    rows = [model.encode(text) for text in texts]
    return np.array([*itertools.zip_longest(*rows, fillvalue=0)], "int32").T


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="+", help="builders")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--runs", type=pathlib.Path, default=RESULTS.parent / "runs")
    parser.add_argument("--verbose", type=int, default=2)
    arguments = parser.parse_args()
    for name in arguments.names:
        rows = reproduce(
            name, runs=arguments.runs, epochs=arguments.epochs, seed=arguments.seed,
            verbose=arguments.verbose,
        )  # fmt: skip
        for row in rows:
            record("published", row, key=["architecture", "dataset", "metric", "seed"])
            print(row, flush=True)


if __name__ == "__main__":
    sys.exit(main())
