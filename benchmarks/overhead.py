"""Time of `kerazoo.fit` over `keras.Model.fit` by hand on the same pipeline.

    python -m benchmarks.overhead

Both train the same network on the same batches of random MNIST-like images; epochs of
the two alternate, and the ratio is taken pair by pair. Goes to results/overhead.csv.
"""

import argparse
import statistics
import sys
import time

import numpy as np
import tensorflow as tf

import kerazoo
from benchmarks.records import record


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--examples", type=int, default=30_000)
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    x = rng.normal(size=(arguments.examples, 28, 28, 1)).astype("float32")
    y = rng.integers(0, 10, arguments.examples)
    batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(100).prefetch(2)
    model = kerazoo.fleuret_mnist()

    def seconds(fit):
        start = time.perf_counter()
        fit()
        return time.perf_counter() - start

    def by_hand():
        model.fit(batches, epochs=1, shuffle=False, verbose=0)

    def by_wrapper():
        kerazoo.fit(model, batches, epochs=1, verbose=0)

    by_hand(), by_wrapper()
    pairs = [(seconds(by_wrapper), seconds(by_hand)) for _ in range(arguments.pairs)]
    ratios = sorted(wrapper / hand for wrapper, hand in pairs)
    row = {
        "what": "kerazoo.fit / keras.Model.fit, seconds an epoch",
        "wrapper": statistics.median(w for w, _ in pairs),
        "by_hand": statistics.median(h for _, h in pairs),
        "ratio": statistics.median(ratios),
        "ratio_min": ratios[0],
        "ratio_max": ratios[-1],
        "pairs": arguments.pairs,
    }
    record("overhead", row, key=["what"])
    print(
        f"kerazoo.fit {row['wrapper']:.3f} s, keras.Model.fit {row['by_hand']:.3f} s "
        f"an epoch; ratio {row['ratio']:.3f} ({ratios[0]:.3f} .. {ratios[-1]:.3f}, "
        f"{arguments.pairs} pairs)"
    )


if __name__ == "__main__":
    sys.exit(main())
