"""How time and memory grow with the batch, the image, the text, the depth, the devices.

    python -m benchmarks.scale
    KERAS_BACKEND=jax python -m benchmarks.scale batch length devices

One training step on random data for each size, every size in a fresh process so that
its largest resident memory is its own. `devices` divides one global batch between
virtual CPU devices, which share the cores: what is measured is the overhead, and that
the loss after the steps is the same. Goes to results/scale.csv.
"""

import argparse
import os
import sys

import numpy as np

from benchmarks.records import backend, record
from benchmarks.side_by_side import Rival, compare, table

# What grows: architecture, batch size, and the values of one keyword.
SWEEPS = {
    "batch": ("resnet18", "batch_size", (1, 2, 4, 8, 16)),
    "image": ("resnet18", "side", (64, 96, 128, 192, 256)),
    "depth": ("resnet20", "n", (1, 3, 9, 18)),
    "length": ("gpt2_nano", "sequence_length", (64, 128, 256, 512)),
    "devices": ("resnet20", "devices", (1, 2, 4)),
}
_DEFAULTS = {"resnet18": {"batch_size": 4, "side": 128}, "gpt2_nano": {"batch_size": 4}}


def training_steps(name, settings, steps=4):
    """Some training steps of `kerazoo.fit` on one batch, and the loss they end with."""
    devices = settings.pop("devices", 1)
    if devices > 1:
        _make_devices(devices)
    import keras

    import kerazoo

    keras.utils.set_random_seed(0)
    batch_size, side = settings.pop("batch_size", 32), settings.pop("side", None)
    if side:
        settings["input_shape"] = (side, side, 3)
    strategy = "data_parallel" if devices > 1 else "single"
    with kerazoo.distribution.scope(strategy):
        model = kerazoo.create(name, recipe={"schedule": None}, **settings)
    rng = np.random.default_rng(0)
    shape = steps * batch_size, *model.input_shape[1:]
    if len(shape) == 2:  # tokens
        x = rng.integers(
            0, model.output_shape[-1], (shape[0], settings["sequence_length"])
        )
        y = np.roll(x, -1, axis=1)
    else:
        x = rng.normal(size=shape).astype("float32")
        y = rng.integers(0, model.output_shape[-1], len(x))

    def work():
        history = kerazoo.fit(
            model, (x, y), epochs=1, batch_size=batch_size, shuffle=False, verbose=0,
            strategy=strategy,
        )  # fmt: skip
        return history.history["loss"][-1]

    return work


def _make_devices(count):
    if os.environ.get("KERAS_BACKEND") == "jax":
        os.environ["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={count}"
        return
    import tensorflow as tf

    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration()] * count
    )


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sweeps", nargs="*", default=list(SWEEPS), metavar="SWEEP")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    if unknown := set(arguments.sweeps) - SWEEPS.keys():
        parser.error(f"no sweep {sorted(unknown)}; there are: {', '.join(SWEEPS)}")
    rows = []
    for sweep in arguments.sweeps:
        name, keyword, values = SWEEPS[sweep]
        first = None
        for value in values:
            settings = _DEFAULTS.get(name, {}) | {keyword: value}
            rival = Rival(
                "benchmarks.scale:training_steps",
                (name, settings, arguments.steps),
                environment={"KERAS_BACKEND": backend()},
                threads=arguments.threads,
            )
            timing = compare({"": rival}, repeats=arguments.repeats)[""]
            seconds = timing["seconds"] / arguments.steps
            first = first or seconds
            row = {
                "what": name,
                "grows": keyword,
                "value": value,
                "seconds_a_step": seconds,
                "times_the_first": seconds / first,
                "memory_gib": timing["memory"] / 2**30,
                "loss": timing["results"][-1],
                "backend": backend(),
                "threads": arguments.threads,
                "repeats": arguments.repeats,
            }
            record("scale", row, key=["what", "grows", "value", "backend", "threads"])
            rows.append(row)
    table(rows)


if __name__ == "__main__":
    sys.exit(main())
