"""Shows what generative models draw: would a classifier know it for a digit?

    TFDS_DATA_DIR=... python -m benchmarks.samples dcgan_mnist --epochs 5
    python -m benchmarks.samples dcgan dcgan_mnist ddpm vae --tiny

Trains each model on the data set of its card (with `--tiny` the reduced one on embedded
data), and Fleuret's convnet on the same data as the judge. Recorded in
results/samples.csv: the share of samples that the judge gives one class with more than
0.9, the same share of real test images, and how often it names the rarest class. The
samples are drawn as a sheet beside the checkpoints, and of a diffusion how they came;
an interrupted run is continued by the same command.
"""

import argparse
import functools
import pathlib
import sys
import time

import keras
import numpy as np

import kerazoo
from benchmarks.records import RESULTS, record

CONFIDENT = 0.9


@functools.cache
def judge(dataset, epochs=5):
    """A classifier of 28x28 digits, and its accuracy on the test set."""
    keras.utils.set_random_seed(0)
    model = kerazoo.create("fleuret_mnist", tiny=dataset == "digits")
    epochs = None if dataset == "digits" else epochs
    kerazoo.fit(model, dataset, epochs=epochs, seed=0, verbose=0)
    return model, kerazoo.evaluate(model, dataset, verbose=0)["accuracy"]


def opinions(dataset, images):
    """The judge's probabilities of the classes.

    Args:
        dataset: what the judge has learnt.
        images: floats on the scale of bytes, `(n, height, width, 1)`.
    """
    model, _ = judge(dataset)
    side = model.input_shape[1:3]
    if images.shape[1:3] != side:
        images = keras.ops.image.resize(images, side, antialias=True)
    standard = kerazoo.card("fleuret_mnist").preprocess
    images = keras.ops.convert_to_numpy(images)
    images = (images - standard["mean"]) / standard["std"]
    return model.predict(images.astype("float32"), verbose=0)


def real_images(dataset, model, n):
    """Test images on the scale of bytes, as `model` takes them."""
    batches = kerazoo.datasets.load(dataset, "test", model=model, training=False)
    images = np.concatenate([x for x, _ in batches.as_numpy_iterator()])[:n]
    return as_bytes(model, images)


def as_bytes(model, images):
    """Undoes the card's standardisation."""
    scale = kerazoo.card(model.architecture).preprocess
    return np.clip(images * scale["std"] + scale["mean"], 0, 255)


def measure(name, *, runs, tiny=False, epochs=None, n=1000, seed=0, verbose="auto"):
    """Trains one model and has its samples judged.

    Args:
        name: builder of a model that has `sample`.
        runs: folder of checkpoints; the run of an earlier call is continued.
        tiny: whether to take the reduced configuration on embedded data.
        epochs: passes over the data, instead of the recipe's.
        n: samples.
        seed: fixes the result.
        verbose: as for `keras.Model.fit`.

    Returns:
        A row of results/samples.csv.
    """
    card = kerazoo.card(name)
    dataset = card.offline if tiny else card.dataset
    keras.utils.set_random_seed(seed)
    model = kerazoo.create(name, tiny=tiny)
    epochs = epochs or model.recipe["epochs"]
    folder = runs / f"{name}{'-tiny' if tiny else ''}-{seed}"
    whole = not (folder / "last.keras").is_file()
    start = time.perf_counter()
    kerazoo.fit(
        model, dataset, epochs=epochs, seed=seed, checkpoint_dir=folder, resume=True,
        verbose=verbose,
    )  # fmt: skip
    seconds = time.perf_counter() - start
    samples = model.sample(n, seed=seed)
    kerazoo.report.sample_sheet(samples[:64], folder / "samples.png")
    if hasattr(model, "trajectory"):
        kerazoo.report.denoising(model, folder / "denoising.png", seed=seed)
    drawn = opinions(dataset, as_bytes(model, samples))
    real = opinions(dataset, real_images(dataset, model, n))
    named = np.bincount(drawn.argmax(axis=1), minlength=drawn.shape[1])
    return {
        "architecture": name,
        "configuration": "tiny" if tiny else "full",
        "dataset": dataset,
        "confident": float((drawn.max(axis=1) > CONFIDENT).mean()),
        "confident_real": float((real.max(axis=1) > CONFIDENT).mean()),
        "rarest_class": float(named.min() / n),
        "judge_accuracy": judge(dataset)[1],
        "samples": n,
        "epochs": epochs,
        "seconds": round(seconds) if whole else "",  # unknown for a continued run
        "seed": seed,
    }


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="+", help="builders of models that sample")
    parser.add_argument("--tiny", action="store_true", help="reduced, embedded data")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--runs", type=pathlib.Path, default=RESULTS.parent / "runs")
    parser.add_argument("--verbose", type=int, default=2)
    arguments = parser.parse_args()
    for name in arguments.names:
        row = measure(
            name, runs=arguments.runs, tiny=arguments.tiny, epochs=arguments.epochs,
            seed=arguments.seed, verbose=arguments.verbose,
        )  # fmt: skip
        record("samples", row, key=["architecture", "configuration", "dataset", "seed"])
        print(row, flush=True)


if __name__ == "__main__":
    sys.exit(main())
