"""Training on two devices equals training on one.

The devices are virtual CPUs, which a backend makes before it starts: this file is run
as a script, once for each backend, and every test reads the outcome of its check.
"""

import contextlib
import json
import tempfile
import traceback

import keras
import numpy as np
import pytest
from keras import layers

import kerazoo
from kerazoo import distribution, optimizers

CHECKS = {"tensorflow": [], "jax": []}


def on(*backends):
    """Marks a check for the processes of these backends."""

    def mark(check):
        for backend in backends:
            CHECKS[backend].append(check)
        return check

    return mark


def data(examples=48):
    random = np.random.default_rng(0)
    x = random.normal(size=(examples, 6, 6, 1)).astype("float32")
    x *= 1 + np.arange(examples)[:, None, None, None] / examples  # shares differ
    return x, np.arange(examples) % 3


# BatchNormalization over the whole batch: always on JAX, on request on TensorFlow.
WHOLE = "synchronized" if keras.backend.backend() == "tensorflow" else "batch"


def network(norm=WHOLE):
    keras.utils.set_random_seed(0)
    stack = [keras.Input((6, 6, 1)), layers.Conv2D(4, 3)]
    if norm is not None:
        synchronized = norm == "synchronized"
        stack.append(layers.BatchNormalization(momentum=0.9, synchronized=synchronized))
    stack += [layers.ReLU(), layers.GlobalAveragePooling2D()]
    model = keras.Sequential([*stack, layers.Dense(3, activation="softmax")])
    optimizer = optimizers.SGD(0.1, momentum=0.9, l2=1e-3)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def train(model, x, y, epochs=2):
    history = model.fit(x, y, 16, epochs, verbose=0, shuffle=False)
    return history.history


def state(model):
    variables = [*model.weights, *model.optimizer.variables]
    return [keras.ops.convert_to_numpy(v) for v in variables]


def updates(model):
    return int(keras.ops.convert_to_numpy(model.optimizer.iterations))


def assert_equal(one, other, tolerance=2e-5):
    np.testing.assert_equal(len(one), len(other))
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def equals_single_device(norm):
    x, y = data()
    single, several = network(norm), network(norm)
    expected = train(single, x, y)
    with distribution.placed(several, "data_parallel") as placed:
        assert placed is not several
        history = train(placed, x, y)
        measured = placed.evaluate(x, y, verbose=0)
    assert_equal(measured, single.evaluate(x, y, verbose=0))
    assert set(history) == set(expected) == {"loss", "accuracy"}
    for name, values in expected.items():
        assert_equal(history[name], values)
    assert_equal(state(several), state(single))


@on("tensorflow", "jax")
def without_batch_normalization():
    equals_single_device(None)


@on("tensorflow", "jax")
def with_batch_normalization_over_the_whole_batch():
    equals_single_device(WHOLE)


@on("tensorflow")
def batch_normalization_sees_its_replicas_share():
    """A step is the mean of the steps that each half of the batch makes alone.

    The moving statistics are those of the first replica.
    """
    x, y = data(16)
    model, first, second = (network("batch") for _ in range(3))
    with distribution.placed(model, "data_parallel") as placed:
        train(placed, x, y, epochs=1)
    train(first, x[:8], y[:8], epochs=1)
    train(second, x[8:], y[8:], epochs=1)
    halves = zip(first.get_weights(), second.get_weights(), strict=True)
    for weight, value, (a, b) in zip(
        model.weights, model.get_weights(), halves, strict=True
    ):
        assert_equal([value], [(a + b) / 2 if weight.trainable else a])


@on("tensorflow", "jax")
def a_copy_continues_where_the_model_is():
    """Weights, momentum, step count and compile state go there and come back."""
    x, y = data()
    single, several = network(), network()
    for model in (single, several):
        train(model, x, y)
    train(single, x, y)
    before = several.optimizer
    with distribution.placed(several, "data_parallel") as placed:
        assert placed.name == several.name
        assert isinstance(placed.optimizer, optimizers.SGD)
        assert placed.optimizer.l2 == before.l2
        assert updates(placed) == 6
        train(placed, x, y)
    assert several.optimizer is before and updates(several) == 12
    assert_equal(state(several), state(single))
    train(single, x, y)
    train(several, x, y)  # on one device again
    assert_equal(state(several), state(single))


class Stop(keras.callbacks.Callback):
    """Breaks a run off after its second update."""

    def on_train_batch_end(self, batch, logs=None):
        if batch == 1:
            raise InterruptedError


@on("tensorflow", "jax")
def what_was_learned_survives_an_exception():
    x, y = data()
    single, several = network(), network()
    train(single, x[:32], y[:32], epochs=1)
    with contextlib.suppress(InterruptedError):
        with distribution.placed(several, "data_parallel") as placed:
            placed.fit(x, y, 16, verbose=0, shuffle=False, callbacks=[Stop()])
        raise AssertionError("the exception did not reach the caller")
    assert_equal(state(several), state(single))


@on("tensorflow", "jax")
def built_in_scope_is_not_rebuilt():
    x, y = data()
    single = network()
    with distribution.scope("data_parallel"):
        several = network()
        zoo = kerazoo.create("fleuret_mnist", tiny=True)
    strategy = distribution.resolve("data_parallel")
    for model in (several, zoo):
        for choice in ("data_parallel", "auto", strategy):
            with distribution.placed(model, choice) as placed:
                assert placed is model
                assert distribution.shards() == (
                    2 if keras.backend.backend() == "jax" else 1
                )
    train(single, x, y)
    train(several, x, y)
    assert_equal(state(several), state(single))


@on("tensorflow", "jax")
def single_takes_a_distributed_model_to_one_device():
    x, y = data()
    single = network()
    with distribution.scope("data_parallel"):
        several = network()
    with distribution.placed(several, "single") as placed:
        assert placed is not several
        train(placed, x, y)
    train(single, x, y)
    assert_equal(state(several), state(single), tolerance=1e-6)


@on("tensorflow", "jax")
def virtual_devices_are_used_on_request_only():
    assert distribution.resolve("auto") is None
    assert distribution.resolve("single") is distribution.resolve(None) is None
    strategy = distribution.resolve("data_parallel")
    assert strategy is distribution.resolve("data_parallel")
    model = network()
    for choice in ("auto", "single", None):
        with distribution.placed(model, choice) as placed:
            assert placed is model


@on("tensorflow", "jax")
def fit_of_kerazoo_saving_and_loading():
    x, y = data()
    models = [network(), network()]
    histories = [
        kerazoo.fit(model, (x, y), batch_size=16, epochs=2, strategy=strategy,
                    shuffle=False, verbose=0).history
        for model, strategy in zip(models, ("single", "data_parallel"), strict=True)
    ]  # fmt: skip
    assert_equal(histories[1]["loss"], histories[0]["loss"])
    assert_equal(state(models[1]), state(models[0]))
    with distribution.scope("data_parallel"):
        several = network()
    train(several, x, y)
    with tempfile.TemporaryDirectory() as folder:
        several.save(f"{folder}/model.keras")
        loaded = kerazoo.load(f"{folder}/model.keras")
    assert_equal(state(loaded), state(several), tolerance=0)
    assert_equal([loaded.predict(x, verbose=0)], [several.predict(x, verbose=0)])


@on("tensorflow", "jax")
def a_recipes_schedule_goes_where_the_model_goes():
    sgd = {"class_name": "SGD", "config": {"learning_rate": 0.1}}
    recipe = {"optimizer": sgd, "schedule": {"kind": "one_cycle"}}
    models = [kerazoo.simple_mlp(units=16, recipe=recipe) for _ in range(2)]
    models[1].set_weights(models[0].get_weights())
    random = np.random.default_rng(0)
    x, y = random.normal(size=(64, *models[0].input_shape[1:])), np.arange(64) % 10
    for _ in range(2):  # the second finds the schedule of the first
        for model, strategy in zip(models, ("single", "data_parallel"), strict=True):
            kerazoo.fit(model, (x, y), epochs=2, strategy=strategy, shuffle=False,
                        verbose=0)  # fmt: skip
        assert_equal(state(models[1]), state(models[0]))


def run_checks():
    """Prints `{check: None or what went wrong}` of this process' backend."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        [cpu] = tf.config.list_physical_devices("CPU")
        devices = [tf.config.LogicalDeviceConfiguration()] * 2
        tf.config.set_logical_device_configuration(cpu, devices)
    outcome = {}
    for check in CHECKS[backend]:
        try:
            check()
            outcome[check.__name__] = None
        except Exception:
            outcome[check.__name__] = traceback.format_exc()
    print(json.dumps(outcome))


_outcomes = {}


@pytest.mark.parametrize(
    "backend, check",
    [(backend, check.__name__) for backend in CHECKS for check in CHECKS[backend]],
)
def test_two_devices(python, backend, check):
    if backend == "jax":
        pytest.importorskip("jax")
    if backend not in _outcomes:
        printed = python(
            __file__,
            KERAS_BACKEND=backend,
            XLA_FLAGS="--xla_force_host_platform_device_count=2",
            JAX_PLATFORMS="cpu",
            CUDA_VISIBLE_DEVICES="-1",
        )
        _outcomes[backend] = json.loads(printed.splitlines()[-1])
    problem = _outcomes[backend][check]
    assert problem is None, problem


@pytest.mark.parametrize("strategy", ["sideways", "", 42, keras.Model, ["single"]])
def test_what_is_no_strategy_is_refused(strategy):
    with pytest.raises(ValueError, match="strategy=") as refusal:
        distribution.resolve(strategy)
    assert repr(strategy) in str(refusal.value)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="about TensorFlow")
def test_several_hosts_on_tensorflow_are_refused_with_a_pointer():
    import tensorflow as tf

    kind = tf.distribute.MultiWorkerMirroredStrategy
    with pytest.raises(ValueError, match="keras#20585.*jax"):
        distribution.resolve(kind.__new__(kind))  # starting one needs a cluster


def test_torch_trains_on_one_device(python):
    pytest.importorskip("torch")
    printed = python(
        "-c",
        "from kerazoo import distribution\n"
        "assert distribution.resolve('auto') is None\n"
        "try: distribution.resolve('data_parallel')\n"
        "except ValueError as error: print(error)\n",
        KERAS_BACKEND="torch",
    )
    assert "keras#23418" in printed and "'data_parallel'" in printed


if __name__ == "__main__":
    run_checks()
