"""How soon does the lecture's network reach 1 % test error on MNIST?

    TFDS_DATA_DIR=... python -m benchmarks.time_to_accuracy

Trains Fleuret's convnet by quick recipes from several seeds. Seconds are those of
building the model and of `kerazoo.fit` on the dataset's name, in a fresh process:
reading the data from disk and tracing included, importing excluded. Goes to
results/time_to_accuracy.csv; what was tried and did not pay is in NOTES.md.
"""

import argparse
import os
import statistics
import sys

from benchmarks.records import record
from benchmarks.side_by_side import Rival, compare, table


def _one_cycle(optimizer, learning_rate, *, batch_size, epochs, warmup=0.3, **settings):
    config = {"learning_rate": learning_rate, **settings}
    return {
        "optimizer": {"class_name": optimizer, "config": config},
        "schedule": {"kind": "one_cycle", "warmup": warmup},
        "batch_size": batch_size,
        "epochs": epochs,
        "shuffle": epochs > 1,
    }


# TFDS stores the images in random order: without shuffling them anew the first updates
# need not wait until all are read.
_ONE_EPOCH = _one_cycle(
    "AdamW", 8e-3, batch_size=100, epochs=1, warmup=0.4, beta_2=0.99, weight_decay=0.01
)
_TWO_EPOCHS = _one_cycle("Adam", 4e-3, batch_size=128, epochs=2)

# What differs from the card's recipe, and the policy of the layers' computations.
RECIPES = {
    "one epoch, bfloat16": (_ONE_EPOCH, "mixed_bfloat16"),
    "one epoch": (_ONE_EPOCH, "float32"),
    "two epochs, bfloat16": (_TWO_EPOCHS, "mixed_bfloat16"),
    "two epochs": (_TWO_EPOCHS, "float32"),
}


def training(name, seed):
    """Work that trains the network from a seed."""
    import keras

    import kerazoo

    recipe, policy = RECIPES[name]
    keras.config.set_dtype_policy(policy)

    def run():
        keras.utils.set_random_seed(seed)
        model = kerazoo.fleuret_mnist(recipe=recipe)
        kerazoo.fit(model, "mnist", seed=seed, verbose=0)
        return lambda: kerazoo.evaluate(model, "mnist", verbose=0)["accuracy"]

    return run


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("recipes", nargs="*", default=list(RECIPES), metavar="RECIPE")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    rows = []
    for name in arguments.recipes:
        if name not in RECIPES:
            parser.error(f"no recipe {name!r}; there are: {', '.join(RECIPES)}")
        rows.append(_measure(name, arguments.seeds, arguments.threads))
        record("time_to_accuracy", rows[-1], key=["recipe", "threads"])
    table(rows)


def _measure(name, seeds, threads):
    runs = []
    for seed in range(seeds):
        factory = "benchmarks.time_to_accuracy:training"
        rival = Rival(factory, (name, seed), threads=threads)
        runs.append(compare({seed: rival}, repeats=1, warm_ups=0)[seed])
    errors = [100 * (1 - run["results"][0]) for run in runs]
    seconds = [run["seconds"] for run in runs]
    return {
        "recipe": name,
        "epochs": RECIPES[name][0]["epochs"],
        "seconds": statistics.median(seconds),
        "fastest": min(seconds),
        "slowest": max(seconds),
        "test_error_percent": statistics.median(errors),
        "best": min(errors),
        "worst": max(errors),
        "seeds": seeds,
        "threads": threads,
    }


if __name__ == "__main__":
    sys.exit(main())
