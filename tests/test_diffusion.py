"""Diffusion: the schedules, the averaged weights, and samplers against an oracle."""

import keras
import numpy as np
import pytest

import kerazoo
from kerazoo.layers.average import Averaged
from kerazoo.layers.diffusion import Diffusion, signal_shares
from kerazoo.weights import translation


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def small(**config):
    """A U-Net of few layers."""
    keras.utils.set_random_seed(0)
    sizes = {
        "input_shape": (8, 8, 1), "filters": 4, "multipliers": (1, 2), "blocks": 1,
        "attention_levels": (2,), "groups": 2, "timesteps": 100, "schedule": "cosine",
    }  # fmt: skip
    model = kerazoo.ddpm(**sizes | config)
    model.run_eagerly = True  # compiling costs more than running once
    return model


def experienced(**config):
    """One whose averages are no longer its weights, nor zero."""
    model, random = small(**config), np.random.default_rng(0)
    for mean in model.averaged.averages:
        mean.assign(array(mean) + 0.2 * random.standard_normal(mean.shape))
    return model


def images(model, count=8):
    shape = (count, *model.input_shape[1:])
    return np.random.default_rng(0).uniform(-1, 1, shape).astype("float32")


# --- averages of weights


def average(momentum=0.5):
    keras.utils.set_random_seed(0)
    network = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(2, name="dense"),
            keras.layers.BatchNormalization(name="bn"),
        ]
    )
    return Averaged(network, momentum)


def test_the_average_moves_in_training_and_serves_at_inference():
    layer = average()
    kernel, mean = layer.network.weights[0], layer.averages[0]
    x = np.ones((4, 3), "float32")
    expected = array(mean)
    np.testing.assert_array_equal(expected, array(kernel))
    for step, momentum in enumerate((0.1, 2 / 11, 3 / 12)):
        kernel.assign(array(kernel) + 1)
        layer(x, training=True)
        expected = momentum * expected + (1 - momentum) * array(kernel)
        np.testing.assert_allclose(array(mean), expected, rtol=1e-5)
        assert float(layer.updates.value) == step + 1
    before = array(kernel)
    outputs = array(layer(x))
    np.testing.assert_array_equal(array(kernel), before)
    for weight, mean in zip(layer.network.weights, layer.averages, strict=True):
        weight.assign(array(mean))
    np.testing.assert_allclose(
        outputs, array(layer.network(x, training=False)), rtol=1e-5
    )


def test_momentum_rises_to_its_bound():
    layer = average(momentum=0.5)
    layer.updates.assign(1000.0)
    kernel, mean = layer.network.weights[0], layer.averages[0]
    kernel.assign(np.zeros(kernel.shape))
    mean.assign(np.ones(mean.shape))
    layer(np.ones((4, 3), "float32"), training=True)
    np.testing.assert_allclose(array(mean), 0.5)


def test_a_frozen_network_keeps_its_averages():
    layer = average()
    assert len(layer.averages) == 6  # moving statistics included
    x = np.ones((4, 3), "float32")
    layer(x, training=True)
    outputs = array(layer(x))
    layer.network.trainable = False
    np.testing.assert_array_equal(array(layer(x)), outputs)
    again = Averaged.from_config(layer.get_config())
    assert (again.momentum, len(again.averages)) == (0.5, 6)


def test_restart_takes_the_weights_as_they_are():
    layer = average()
    layer(np.ones((4, 3), "float32"), training=True)
    kernel = layer.network.weights[0]
    kernel.assign(np.full(kernel.shape, 7.0))
    layer.restart()
    assert float(layer.updates.value) == 0
    np.testing.assert_array_equal(array(layer.averages[0]), array(kernel))


def test_averages_survive_saving_and_training_goes_on(tmp_path):
    model = experienced()
    x = images(model)
    model.train_on_batch(x)
    weights = [array(v) for v in model.network.trainable_weights]
    averages = [array(v) for v in model.averaged.averages]
    assert any(not np.allclose(*pair) for pair in zip(weights, averages, strict=True))
    path = tmp_path / "model.keras"
    model.save(path)
    loaded = kerazoo.load(path)
    loaded.run_eagerly = True
    for kept, expected in (
        (loaded.network.trainable_weights, weights),
        (loaded.averaged.averages, averages),
    ):
        for a, b in zip(kept, expected, strict=True):
            np.testing.assert_array_equal(array(a), b)
    sampling = {"seed": 1, "steps": 3, "sampler": "ddim"}
    np.testing.assert_allclose(
        loaded.sample(2, **sampling), model.sample(2, **sampling), rtol=1e-5, atol=1e-5
    )
    loaded.train_on_batch(x)
    assert float(loaded.averaged.updates.value) == 2


# --- schedules


def test_linear_schedule():
    shares = signal_shares("linear", 1000)
    assert shares == pytest.approx(np.cumprod(1 - np.linspace(1e-4, 0.02, 1000)))
    assert shares[499] == pytest.approx(0.0786, abs=1e-4)
    assert shares[999] == pytest.approx(4.04e-5, rel=1e-2)
    assert signal_shares("linear", 200)[-1] == pytest.approx(shares[-1], rel=0.3)


def test_cosine_schedule():
    shares = signal_shares("cosine", 1000)
    assert shares[499] == pytest.approx(0.4938, abs=1e-4)
    betas = 1 - np.divide(shares[1:], shares[:-1])
    assert (betas > 0).all() and betas.max() == pytest.approx(0.999)


# --- the model


def test_training_and_evaluation_measure_the_noise():
    """At first the network's last layer is zero: all of the noise is its error."""
    model = small()
    x = images(model, 64)
    assert model.evaluate(x, batch_size=64, verbose=0) == pytest.approx(1, abs=0.06)
    assert not model.predict(x[:2], verbose=0).any()
    assert model.train_on_batch(x) == pytest.approx(1, abs=0.06)


def test_noise_at_any_step():
    model = experienced()
    x = images(model, 3)
    np.testing.assert_allclose(
        model.noise(x, 0), model.predict(x, verbose=0), rtol=1e-4, atol=1e-6
    )
    several = model.noise(x, [0, 50, 99])
    for index, step in enumerate((0, 50, 99)):
        np.testing.assert_allclose(
            several[index], model.noise(x, step)[index], rtol=1e-4, atol=1e-6
        )
    assert not np.allclose(several[1], model.noise(x, 0)[1])
    with pytest.raises(ValueError, match=r"0\.\.99"):
        model.noise(x, 100)


MEAN, DEVIATION = 0.3, 0.1


@keras.saving.register_keras_serializable(package="kerazoo-tests")
class Oracle(keras.layers.Layer):
    """The noise to expect in an image whose pixels are normal and independent."""

    def call(self, images, steps):
        shares = keras.ops.convert_to_tensor(signal_shares("cosine", 100), "float32")
        share = keras.ops.reshape(keras.ops.take(shares, steps), (-1, 1, 1, 1))
        signal, noise = keras.ops.sqrt(share), keras.ops.sqrt(1 - share)
        return noise * (images - signal * MEAN) / (share * DEVIATION**2 + 1 - share)


def oracle():
    x, t = keras.Input((8, 8, 1)), keras.Input((), dtype="int32")
    model = Diffusion(keras.Model([x, t], Oracle()(x, t)), 100, "cosine")
    model.run_eagerly = True
    return model


@pytest.mark.parametrize(
    ("sampler", "steps", "tolerance"),
    # Large steps of the flow narrow the distribution.
    [("ancestral", None, 0.1), ("ancestral", 50, 0.15), ("ddim", None, 0.1),
     ("ddim", 20, 0.35)],
)  # fmt: skip
def test_samples_have_the_distribution_that_the_network_knows(
    sampler, steps, tolerance
):
    samples = oracle().sample(100, seed=0, sampler=sampler, steps=steps)
    assert samples.mean() == pytest.approx(MEAN, abs=0.01)
    assert samples.std() == pytest.approx(DEVIATION, rel=tolerance)


def test_ancestral_plan_is_algorithm_2():
    model = small(timesteps=1000, schedule="linear")
    beta = np.linspace(1e-4, 0.02, 1000)
    share = np.cumprod(1 - beta)
    time, signal, noise, a, b, c = np.transpose(model.plan()[:-1])
    assert time.tolist() == list(range(999, 0, -1))
    x, estimate = 0.37, -0.21
    clean = (x - noise * estimate) / signal
    beta, share = beta[:0:-1], share[:0:-1]
    mean = (x - beta / np.sqrt(1 - share) * estimate) / np.sqrt(1 - beta)
    np.testing.assert_allclose(a * clean + b * x, mean, rtol=1e-6)
    np.testing.assert_allclose(c**2, beta, rtol=1e-9)
    assert model.plan()[-1][3:] == pytest.approx((1, 0, 0))  # ends in the clean image


def test_ddim_plan_is_equation_12():
    model = small()
    plan = model.plan(7, "ddim")
    times = [row[0] for row in plan]
    assert times[0] == 99 and times == sorted(set(times), reverse=True)
    shares = [model.shares[time] for time in times]
    x, estimate = 0.37, -0.21
    for share, left, row in zip(shares, [*shares[1:], 1.0], plan, strict=True):
        _, _, _, a, b, c = row
        clean = (x - np.sqrt(1 - share) * estimate) / np.sqrt(share)
        expected = np.sqrt(left) * clean + np.sqrt(1 - left) * estimate
        assert a * clean + b * x == pytest.approx(expected, rel=1e-6)
        assert c == 0


def test_samples_and_how_they_came(tmp_path):
    model = experienced()
    few = {"seed": 1, "steps": 4}
    samples = model.sample(3, **few)
    assert samples.shape == (3, *model.input_shape[1:])
    assert -1 <= samples.min() < 0 < samples.max() <= 1
    assert np.array_equal(samples, model.sample(3, **few))
    assert not np.array_equal(samples, model.sample(3, seed=2, steps=4))
    assert len(model.sample(5, **few, batch_size=2)) == 5
    views = model.trajectory(3, frames=3, **few)
    assert views.shape == (3, 3, *model.input_shape[1:])
    np.testing.assert_array_equal(views[:, -1], samples)
    assert views[:, 0].std() == pytest.approx(1, abs=0.15)
    path = tmp_path / "denoising.png"
    sheet = kerazoo.report.denoising(model, path, n=2, frames=3, steps=4, seed=1)
    assert path.is_file() and sheet.shape == (17, 26, 3)


def test_compiled_sampling_equals_eager_sampling():
    model = experienced(multipliers=(1,), attention_levels=())
    model.run_eagerly = True
    expected = model.sample(2, seed=1, steps=3)
    model.run_eagerly = False
    for _ in range(2):
        samples = model.sample(2, seed=1, steps=3)
        np.testing.assert_allclose(samples, expected, rtol=1e-3, atol=1e-4)
    # The program sees the weights of today.
    for mean in model.averaged.averages:
        mean.assign(2 * array(mean))
    assert not np.allclose(model.sample(2, seed=1, steps=3), samples, atol=1e-4)


def test_refusals():
    model = small()
    with pytest.raises(ValueError, match="'ancestral', 'ddim'.*'euler'"):
        model.sample(1, sampler="euler")
    with pytest.raises(ValueError, match=r"1\.\.100.*101"):
        model.sample(1, steps=101)
    with pytest.raises(ValueError, match="'linear', 'cosine'.*'sigmoid'"):
        small(schedule="sigmoid")
    with pytest.raises(ValueError, match="`timesteps`.*1"):
        small(timesteps=1)
    with pytest.raises(ValueError, match=r"multiples of 8.*28"):
        kerazoo.ddpm(input_shape=(28, 28, 1))
    with pytest.raises(ValueError, match=r"1\.\.4.*16"):
        kerazoo.ddpm(attention_levels=(16,))


def test_weights_of_diffusers(tmp_path):
    """A checkpoint of 2022, with the names of then."""
    files = pytest.importorskip("safetensors.numpy")
    model = small()
    layout = translation.get_layout(model, "diffusers")
    random = np.random.default_rng(0)
    state = {}
    shapes = translation.foreign_shapes(translation.sources(model, layout))
    for name, shape in shapes.items():
        for new, old in (("to_q", "query"), ("to_out.0", "proj_attn")):
            name = name.replace(new, old)
        state[name] = random.standard_normal(shape).astype("float32")
    files.save_file(state, tmp_path / "ddpm.safetensors")
    loaded = small(weights=tmp_path / "ddpm.safetensors")
    query = state["mid_block.attentions.0.query.weight"]
    layer = loaded.network.get_layer("middle_1_attention_query")
    np.testing.assert_array_equal(array(layer.kernel), query.T)
    for weight, mean in zip(
        loaded.network.trainable_weights, loaded.averaged.averages, strict=True
    ):
        np.testing.assert_array_equal(array(weight), array(mean))
    del state["conv_out.bias"]
    files.save_file(state, tmp_path / "ddpm.safetensors")
    with pytest.raises(ValueError, match=r"1 missing \(conv_out.bias\)"):
        small(weights=tmp_path / "ddpm.safetensors")
