"""The side-by-side measurements on whatever accelerator the backend sees.

    KERAS_BACKEND=jax python -m benchmarks.gpu
    KERAS_BACKEND=torch python -m benchmarks.gpu --only classifiers

The lecture's network on random images, the large classifiers with batches of 64, and
text generation. Nothing here imports TensorFlow, so JAX or torch suffice; peers that
are not installed are left out. Rows go where those of the single commands go, with the
name of the GPU in the column `device`.
"""

import argparse
import sys

from benchmarks import classifiers, generation, mnist

TASKS = {
    "mnist": (mnist.main, ["--random"]),
    "classifiers": (classifiers.main, ["--batch-size", "64"]),
    "generation": (generation.main, []),
}


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", default=list(TASKS), choices=TASKS)
    for task in parser.parse_args().only:
        command, arguments = TASKS[task]
        print(f"\n{task}", flush=True)
        command(arguments)


if __name__ == "__main__":
    sys.exit(main())
