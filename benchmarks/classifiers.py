"""Training and inference of large classifiers beside those of other zoos.

    python -m benchmarks.classifiers
    python -m benchmarks.classifiers resnet50 --batch-size 8 --repeats 5

Images of 224x224 (random numbers; speed does not depend on them), float32. A training
step is SGD with momentum on the same loss for everybody; Keras models by
`train_on_batch` on the backend of KERAS_BACKEND, torchvision's by the usual loop. Goes
to results/classifiers.csv. Peers that are not installed are left out.
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
from tests.golden.peers import declare_torchvision_operators

# Names of the same network at the peers; keras.applications has no ViT.
NETWORKS = {
    "resnet50": {"keras.applications": "ResNet50", "torchvision": "resnet50"},
    "vgg16": {"keras.applications": "VGG16", "torchvision": "vgg16"},
    "inception_v3": {
        "keras.applications": "InceptionV3",
        "torchvision": "inception_v3",
    },
    "vit_base_16": {"torchvision": "vit_b_16"},
}
SIDE = 224


def _batch(batch_size):
    rng = np.random.default_rng(0)
    images = rng.normal(size=(batch_size, SIDE, SIDE, 3)).astype("float32")
    return images, rng.integers(0, 1000, batch_size)


def _keras_work(model, batch_size, train):
    import keras

    model.compile(
        keras.optimizers.SGD(1e-4, momentum=0.9), "sparse_categorical_crossentropy"
    )
    x, y = _batch(batch_size)

    def work():
        if train:
            model.train_on_batch(x, y)
        else:
            model.predict_on_batch(x)

    return work


def by_kerazoo(network, batch_size, train):
    """A step of our model."""
    import kerazoo

    model = kerazoo.create(network, input_shape=(SIDE, SIDE, 3), compile=False)
    return _keras_work(model, batch_size, train)


def by_keras_applications(network, batch_size, train):
    """A step of the model of keras.applications."""
    import keras

    builder = getattr(keras.applications, NETWORKS[network]["keras.applications"])
    model = builder(weights=None, input_shape=(SIDE, SIDE, 3))
    return _keras_work(model, batch_size, train)


def by_torchvision(network, batch_size, train):
    """A step of the model of torchvision."""
    import torch

    declare_torchvision_operators()
    import torchvision

    same = {"inception_v3": {"aux_logits": False, "init_weights": False}}
    builder = getattr(torchvision.models, NETWORKS[network]["torchvision"])
    device = torch_device()
    model = builder(weights=None, **same.get(network, {})).to(device)
    optimizer = torch.optim.SGD(model.parameters(), 1e-4, momentum=0.9)
    criterion = torch.nn.CrossEntropyLoss()
    x, y = _batch(batch_size)
    x = torch.from_numpy(x).permute(0, 3, 1, 2).contiguous().to(device)
    y = torch.from_numpy(y).to(device)
    model.train(train)

    def work():
        if train:
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()
        else:
            with torch.inference_mode():
                model(x)
        wait_for_torch()

    return work


RIVALS = {
    "keras.applications": by_keras_applications,
    "torchvision": by_torchvision,
}


def main(arguments=None):
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", default=list(NETWORKS), help="networks")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args(arguments)
    rows = []
    for network in arguments.names:
        for train in (True, False):
            rows += _measure(network, train, arguments)
    table(rows, columns=8)


def _measure(network, train, arguments):
    there = [p for p in NETWORKS[network] if importlib.util.find_spec(p.split(".")[0])]
    functions = {"kerazoo": by_kerazoo, **{p: RIVALS[p] for p in there}}
    rivals = {
        name: Rival(
            f"benchmarks.classifiers:{function.__name__}",
            (network, arguments.batch_size, train),
            threads=arguments.threads,
        )
        for name, function in functions.items()
    }
    timings = compare(rivals, repeats=arguments.repeats, warm_ups=2)
    for name, timing in timings.items():
        row = {
            "network": network,
            "mode": "training" if train else "inference",
            "by": name,
            "images_per_second": arguments.batch_size / timing["seconds"],
            "slowest": arguments.batch_size / timing["slowest"],
            "fastest": arguments.batch_size / timing["fastest"],
            "memory_gib": timing["memory"] / 2**30,
            "kerazoo_over_this": timing["seconds"] / timings["kerazoo"]["seconds"],
            "batch_size": arguments.batch_size,
            "threads": arguments.threads,
            "repeats": arguments.repeats,
            "device": accelerator(),
            "backend": backend(),
        }
        key = ["network", "mode", "by", "batch_size", "device", "backend"]
        record("classifiers", row, key=key)
        yield row


if __name__ == "__main__":
    sys.exit(main())
