"""How soon does the lecture's network reach 1 % test error on MNIST?

    TFDS_DATA_DIR=... python -m benchmarks.time_to_accuracy

Trains Fleuret's convnet by a quick recipe (`--recipe` chooses another that was tried)
from several seeds. Seconds are those of building the model and of `kerazoo.fit` on the
dataset's name, in a fresh process: reading the data from disk and tracing included,
importing excluded. Goes to results/time_to_accuracy.csv; what was tried and did not pay
is in NOTES.md.
"""

import argparse
import os
import statistics
import sys

from benchmarks.records import record
from benchmarks.side_by_side import Rival, compare, table


def _one_cycle(optimizer, learning_rate, *, batch_size, epochs, **settings):
    config = {"learning_rate": learning_rate, **settings}
    return {
        "optimizer": {"class_name": optimizer, "config": config},
        "schedule": {"kind": "one_cycle"},
        "batch_size": batch_size,
        "epochs": epochs,
        "shuffle": True,
    }


RECIPES = {
    "quick": _one_cycle("Adam", 4e-3, batch_size=128, epochs=2),
    "adam 2e-3, batch 100": _one_cycle("Adam", 2e-3, batch_size=100, epochs=2),
    "adam 8e-3, batch 256": _one_cycle("Adam", 8e-3, batch_size=256, epochs=2),
    "sgd 0.1 momentum 0.9": _one_cycle(
        "SGD", 0.1, batch_size=128, epochs=2, momentum=0.9
    ),
}


def training(recipe, seeds, fit_keywords):
    """Work that trains one more seed each time."""
    import keras

    import kerazoo

    seeds = iter(seeds)

    def run():
        seed = next(seeds)
        keras.utils.set_random_seed(seed)
        model = kerazoo.fleuret_mnist(recipe=RECIPES[recipe])
        kerazoo.fit(model, "mnist", seed=seed, verbose=0, **fit_keywords)
        return lambda: kerazoo.evaluate(model, "mnist", verbose=0)["accuracy"]

    return run


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--recipe", default="quick", choices=RECIPES, metavar="NAME")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    epochs = arguments.epochs or RECIPES[arguments.recipe]["epochs"]
    runs = []
    for seed in range(arguments.seeds):
        rival = Rival(
            "benchmarks.time_to_accuracy:training",
            (arguments.recipe, [seed], {"epochs": epochs}),
            threads=arguments.threads,
        )
        runs.append(compare({seed: rival}, repeats=1, warm_ups=0)[seed])
    errors = [100 * (1 - run["results"][0]) for run in runs]
    seconds = [run["seconds"] for run in runs]
    row = {
        "recipe": arguments.recipe,
        "epochs": epochs,
        "seconds": statistics.median(seconds),
        "fastest": min(seconds),
        "slowest": max(seconds),
        "test_error_percent": statistics.median(errors),
        "best": min(errors),
        "worst": max(errors),
        "seeds": arguments.seeds,
        "threads": arguments.threads,
    }
    record("time_to_accuracy", row, key=["recipe", "epochs", "threads"])
    table([row])


if __name__ == "__main__":
    sys.exit(main())
