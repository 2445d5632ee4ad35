"""Reproduces GCN on the citation graphs: the mean accuracy over ten seeds.

    python -m benchmarks.citations              # Cora
    python -m benchmarks.citations citeseer --seeds 100

Trains by the recipe of the card from one seed after another, on the planetoid split,
and records the mean beside the paper's figure in results/citations.csv.
"""

import argparse
import sys
import time

import keras
import numpy as np

import kerazoo
from benchmarks.records import record

# Kipf & Welling, 2017, Table 2: mean of 100 runs.
PUBLISHED = {"cora": 0.815, "citeseer": 0.703}
CONFIGS = {"cora": {}, "citeseer": {"features": 3703, "classes": 6}}


def accuracy(dataset, seed, patience=None):
    """Test accuracy of one run.

    Args:
        dataset: `"cora"` or `"citeseer"`.
        seed: fixes the run.
        patience: epochs without a lower validation loss after which it ends; None for
            all epochs of the recipe.
    """
    keras.utils.set_random_seed(seed)
    model = kerazoo.gcn(**CONFIGS[dataset])
    stop = [keras.callbacks.EarlyStopping(patience=patience)] if patience else []
    kerazoo.fit(model, dataset, seed=seed, callbacks=stop, verbose=0)
    return kerazoo.evaluate(model, dataset, verbose=0)["accuracy"]


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("dataset", nargs="?", default="cora", choices=PUBLISHED)
    parser.add_argument("--seeds", type=int, default=10, help="number of runs")
    parser.add_argument("--patience", type=int, help="10 in the paper")
    arguments = parser.parse_args()
    start = time.perf_counter()
    reached = []
    for seed in range(arguments.seeds):
        reached.append(accuracy(arguments.dataset, seed, arguments.patience))
        print(f"seed {seed}: {reached[-1]:.4f}", flush=True)
    row = {
        "architecture": "gcn",
        "dataset": arguments.dataset,
        "metric": "accuracy",
        "mean": float(np.mean(reached)),
        "std": float(np.std(reached)),
        "seeds": arguments.seeds,
        "patience": arguments.patience,
        "published": PUBLISHED[arguments.dataset],
        "seconds": round(time.perf_counter() - start),
    }
    record("citations", row, key=["architecture", "dataset", "patience"])
    print(row)


if __name__ == "__main__":
    sys.exit(main())
