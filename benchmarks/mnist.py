"""The lecture's MNIST network and recipe, beside the lecture's way to train it.

    TFDS_DATA_DIR=... python -m benchmarks.mnist

Trains Fleuret's convnet (SGD 0.1, batches of 100 in file order) by `kerazoo.fit` and by
a training loop in PyTorch as the lectures write it, on the same images with the same
number of threads, epochs in turn. The test set is classified after every epoch,
untimed. Goes to results/mnist.csv. Needs torch.
"""

import argparse
import importlib.util
import os
import sys

import numpy as np

from benchmarks.records import accelerator, backend, record
from benchmarks.side_by_side import (
    Rival,
    compare,
    table,
    torch_device,
    wait_for_torch,
)

TARGET = 0.99
BATCH = 100


def by_kerazoo():
    """An epoch of `kerazoo.fit` on the dataset's name."""
    import keras

    import kerazoo

    keras.utils.set_random_seed(0)
    model = kerazoo.fleuret_mnist()
    batches = kerazoo.datasets.load("mnist", "train", model=model, shuffle=False)

    def epoch():
        kerazoo.fit(model, batches, epochs=1, verbose=0)
        return lambda: kerazoo.evaluate(model, verbose=0)["accuracy"]

    return epoch


def by_keras(train, test):
    """An epoch of our network over arrays; TensorFlow need not be there."""
    import keras

    import kerazoo

    keras.utils.set_random_seed(0)
    model = kerazoo.fleuret_mnist()

    def epoch():
        model.fit(*train, batch_size=BATCH, shuffle=False, verbose=0)
        return lambda: model.evaluate(*test, verbose=0, return_dict=True)["accuracy"]

    return epoch


def by_torch(train, test):
    """An epoch of a loop over tensors that lie in memory, as in the lectures."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    device = torch_device()
    network = nn.Sequential(
        nn.Conv2d(1, 32, 5), nn.MaxPool2d(3), nn.ReLU(),
        nn.Conv2d(32, 64, 5), nn.MaxPool2d(2), nn.ReLU(),
        nn.Flatten(), nn.Linear(256, 200), nn.ReLU(), nn.Linear(200, 10),
    ).to(device)  # fmt: skip
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    (x, y), (x_test, y_test) = (
        (
            torch.from_numpy(x).permute(0, 3, 1, 2).contiguous().to(device),
            torch.from_numpy(y).to(device),
        )
        for x, y in (train, test)
    )

    def epoch():
        for images, labels in zip(x.split(BATCH), y.split(BATCH), strict=True):
            loss = criterion(network(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        wait_for_torch()
        return accuracy

    def accuracy():
        with torch.no_grad():
            return (network(x_test).argmax(1) == y_test).float().mean().item()

    return epoch


def arrays(split):
    """MNIST as standardised images and labels."""
    import kerazoo

    model = kerazoo.fleuret_mnist()
    batches = kerazoo.datasets.load("mnist", split, model=model, training=False)
    x, y = zip(*batches.as_numpy_iterator(), strict=True)
    return np.concatenate(x), np.concatenate(y).astype("int64")


def random_arrays(count):
    """Noise in the shape of MNIST."""
    rng = np.random.default_rng(0)
    images = rng.normal(size=(count, 28, 28, 1)).astype("float32")
    return images, rng.integers(0, 10, count)


def main(arguments=None):
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--random", action="store_true", help="noise for MNIST")
    arguments = parser.parse_args(arguments)
    threads = arguments.threads
    if arguments.random:
        data = random_arrays(60_000), random_arrays(10_000)
        ours = Rival("benchmarks.mnist:by_keras", data, threads=threads)
    else:
        data = arrays("train"), arrays("test")
        ours = Rival("benchmarks.mnist:by_kerazoo", threads=threads)
    rivals = {"kerazoo": ours}
    if importlib.util.find_spec("torch"):
        peer = Rival("benchmarks.mnist:by_torch", data, threads=threads)
        rivals["torch loop"] = peer
    # The first epoch, with tracing, counts: who trains pays it.
    timings = compare(rivals, repeats=arguments.epochs, warm_ups=0)
    rows = []
    for name, timing in timings.items():
        reached = [i for i, a in enumerate(timing["results"]) if a >= TARGET]
        row = {
            "what": name,
            "seconds_an_epoch": timing["seconds"],
            "fastest": timing["fastest"],
            "slowest": timing["slowest"],
            "kerazoo_over_this": timing["seconds"] / timings["kerazoo"]["seconds"],
            "seconds_in_all": sum(timing["all"]),
            "test_accuracy": timing["results"][-1],
            "seconds_to_99": sum(timing["all"][: reached[0] + 1]) if reached else "",
            "epochs": arguments.epochs,
            "threads": threads,
            "images": "random" if arguments.random else "mnist",
            "device": accelerator(),
            "backend": backend(),
        }
        record("mnist", row, key=["what", "threads", "images", "device", "backend"])
        rows.append(row)
    table(rows)


if __name__ == "__main__":
    sys.exit(main())
