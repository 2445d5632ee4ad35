import keras
import numpy as np
import pytest

from kerazoo import optimizers
from kerazoo.optimizers import Schedule


def variables():
    kernel = keras.Variable(np.array([[1.0, -2.0], [3.0, 0.5]], "float32"))
    bias = keras.Variable(np.array([1.0, -1.0], "float32"))
    return kernel, bias


def array(variable):
    return keras.ops.convert_to_numpy(variable)


@pytest.mark.parametrize("nesterov", [False, True])
def test_sgd_decays_as_torch_does(nesterov):
    """torch.optim.SGD: g += wd w; v = mu v + g; w -= lr (g + mu v if nesterov else v).

    Keras writes -lr into the velocity, which is the same at a constant rate.
    """
    rate, momentum, decay = 0.1, 0.9, 0.01
    kernel, bias = variables()
    w, b = array(kernel), array(bias)
    gradients = [np.array([[0.3, 0.1], [-0.2, 0.4]], "float32"), np.ones(2, "float32")]
    optimizer = optimizers.SGD(rate, momentum, nesterov, l2=decay)
    velocity, bias_velocity = np.zeros_like(w), np.zeros_like(b)
    for _ in range(3):
        optimizer.apply(
            [keras.ops.convert_to_tensor(g) for g in gradients], [kernel, bias]
        )
        g = gradients[0] + decay * w
        velocity = momentum * velocity + g
        w = w - rate * (g + momentum * velocity if nesterov else velocity)
        g = gradients[1]
        bias_velocity = momentum * bias_velocity + g
        b = b - rate * (g + momentum * bias_velocity if nesterov else bias_velocity)
    np.testing.assert_allclose(array(kernel), w, rtol=1e-5)
    np.testing.assert_allclose(array(bias), b, rtol=1e-5)


def test_sgd_is_serialisable():
    optimizer = optimizers.SGD(0.1, momentum=0.9, l2=5e-4)
    config = keras.saving.serialize_keras_object(optimizer)
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is optimizers.SGD
    assert again.get_config() == optimizer.get_config()


def model(optimizer):
    dense, norm = keras.layers.Dense(2), keras.layers.LayerNormalization()
    network = keras.Sequential([keras.Input((2,)), dense, norm])
    network.compile(optimizer, "mse")
    return network


def decayed(network):
    """Names of the weights that a step without gradients moves."""
    optimizer, weights = network.optimizer, network.trainable_variables
    before = [np.ones(w.shape) for w in weights]
    network.set_weights(before)
    zeros = [keras.ops.zeros(w.shape) for w in weights]
    optimizer.apply(zeros, weights)
    return {
        weight.name
        for weight, old in zip(weights, before, strict=True)
        if not np.array_equal(array(weight), old)
    }


def test_sgd_does_not_decay_slopes_and_biases_of_several_axes():
    inputs = x = keras.Input((4, 4, 3))
    x = keras.layers.PReLU(shared_axes=[1, 2])(x)
    x = keras.layers.Reshape((16, 3))(x)
    x = keras.layers.MultiHeadAttention(2, 2)(x, x)
    network = keras.Model(inputs, x)
    network.compile(optimizers.SGD(0.1, l2=0.5), "mse")
    assert decayed(network) == {"kernel"}


def test_adamw_leaves_biases_and_normalisation_out(tmp_path):
    network = model(optimizers.AdamW(learning_rate=0.1, weight_decay=0.1))
    assert decayed(network) == {"kernel"}
    network.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert type(again.optimizer) is optimizers.AdamW
    assert decayed(again) == {"kernel"}


def test_get_prefers_the_optimizers_of_the_papers():
    sgd = optimizers.get({"class_name": "SGD", "config": {"learning_rate": 0.5}})
    adamw = optimizers.get({"class_name": "AdamW", "config": {}})
    adam = optimizers.get({"class_name": "Adam", "config": {"learning_rate": 0.5}})
    assert type(sgd) is optimizers.SGD
    assert type(adamw) is optimizers.AdamW
    assert isinstance(adam, keras.optimizers.Adam)  # on torch, a subclass
    with pytest.raises(ValueError):
        optimizers.get({"class_name": "NoSuchOptimizer", "config": {}})


# Ten updates an epoch, ten epochs, base rate 0.8: {update: rate}.
BY_HAND = {
    "constant": ({}, {0: 0.8, 99: 0.8}),
    "step": (
        {"epochs": [3, 6], "factor": 0.1},
        {0: 0.8, 29: 0.8, 30: 0.08, 59: 0.08, 60: 0.008, 99: 0.008},
    ),
    "exponential": (
        {"factor": 0.5, "every": 2},
        {0: 0.8, 19: 0.8, 20: 0.4, 40: 0.2, 99: 0.05},
    ),
    "cosine": ({}, {0: 0.8, 50: 0.4, 100: 0.0, 120: 0.0}),
    "linear": ({}, {0: 0.8, 25: 0.6, 50: 0.4, 100: 0.0, 120: 0.0}),
    "one_cycle": (
        {"warmup": 0.4},
        {0: 0.08, 20: 0.44, 40: 0.8, 70: 0.4, 100: 0.0, 120: 0.0},
    ),
    "inverse_sqrt": ({"warmup_steps": 16}, {0: 0.05, 7: 0.4, 15: 0.8, 63: 0.4}),
}


@pytest.mark.parametrize("kind", optimizers.KINDS)
def test_schedule_by_hand(kind):
    keywords, expected = BY_HAND[kind]
    schedule = Schedule(0.8, steps_per_epoch=10, total_epochs=10, kind=kind, **keywords)
    for step, rate in expected.items():
        assert float(schedule(step)) == pytest.approx(rate, rel=1e-5, abs=1e-7), step


def test_schedule_warms_up():
    schedule = Schedule(
        0.8, steps_per_epoch=10, total_epochs=12, kind="linear", warmup_epochs=2
    )
    rates = {0: 0.04, 9: 0.4, 19: 0.8, 20: 0.8, 70: 0.4, 120: 0.0}
    for step, rate in rates.items():
        assert float(schedule(step)) == pytest.approx(rate, rel=1e-5, abs=1e-7), step


def test_schedule_of_the_transformer():
    """Vaswani et al., 2017, equation 3, for a width of 512."""
    schedule = Schedule(
        512**-0.5 * 4000**-0.5, steps_per_epoch=5000, total_epochs=20,
        kind="inverse_sqrt", warmup_steps=4000,
    )  # fmt: skip
    for step in (1, 100, 4000, 4001, 30_000, 100_000):
        rate = 512**-0.5 * min(step**-0.5, step * 4000**-1.5)
        assert float(schedule(step - 1)) == pytest.approx(rate, rel=1e-5)


def test_schedule_starts_afresh():
    schedule = Schedule(
        0.8, steps_per_epoch=10, total_epochs=10, kind="linear", start_step=500
    )
    assert float(schedule(500)) == pytest.approx(0.8)
    assert float(schedule(550)) == pytest.approx(0.4)


def test_schedule_is_serialisable():
    schedule = Schedule(
        0.8, steps_per_epoch=10, total_epochs=10, kind="step", epochs=(3, 6)
    )
    config = keras.saving.serialize_keras_object(schedule)
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is Schedule
    assert again.get_config() == schedule.get_config()


def test_schedule_names_its_kinds():
    with pytest.raises(ValueError, match="one_cycle.*Received: kind='cyclic'"):
        Schedule(0.1, steps_per_epoch=1, total_epochs=1, kind="cyclic")


def test_multi_optimizer_by_paths():
    sgd = {"class_name": "SGD", "config": {"learning_rate": 0.5, "l2": 0.1}}
    adam = {"class_name": "Adam", "config": {"learning_rate": 0.1}}
    optimizer = optimizers.get(
        {"class_name": "MultiOptimizer", "config": {"(.*/)?a_.*": sgd, "b": adam}}
    )
    named = [keras.Variable(np.ones(2), name=name) for name in ("a_1", "b", "c")]
    optimizer.build(named)
    own, keras_adam = optimizer.optimizers
    assert type(own) is optimizers.SGD and own.l2 == 0.1
    assert [v.path for v in own._trainable_variables] == ["a_1"]
    assert [v.path for v in keras_adam._trainable_variables] == ["b", "c"]
