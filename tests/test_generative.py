"""Auto-encoders, variational ones and adversarial networks: their rules, as facts."""

import keras
import numpy as np
import pytest

import kerazoo
from kerazoo.zoo.generative.autoencoder import Corruption
from kerazoo.zoo.generative.dcgan import FrechetDistance

VARIATIONAL = ["vae", "louppe_vae", "conv_vae"]
ADVERSARIAL = ["dcgan", "dcgan_mnist"]


def tiny(name, **config):
    keras.utils.set_random_seed(0)
    model = kerazoo.create(name, tiny=True, **config)
    model.run_eagerly = keras.backend.backend() == "tensorflow"
    return model


def images(model, count=8, low=0.0):
    shape = (count, *model.input_shape[1:])
    return np.random.default_rng(0).uniform(low, 1, shape).astype("float32")


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


# --- auto-encoders


def test_the_code_is_one_position():
    model = kerazoo.inspection.skeleton("autoencoder", code=3)
    assert model.get_layer("encoder").output_shape == (None, 1, 1, 3)
    assert model.get_layer("decoder").output_shape == (None, 28, 28, 1)


@pytest.mark.parametrize("side", [12, 18])
def test_autoencoder_refuses_sizes_it_cannot_mirror(side):
    with pytest.raises(ValueError, match="multiples of 4 from 16"):
        kerazoo.autoencoder(input_shape=(side, 16, 1))


def test_corruption_spoils_in_training_only():
    x = np.ones((64, 16, 16, 3), "float32")
    for kind in Corruption.KINDS:
        layer = Corruption(kind, 0.5)
        assert np.array_equal(array(layer(x)), x)
        assert not np.array_equal(array(layer(x, training=True)), x)
    with pytest.raises(ValueError, match="corruption"):
        Corruption("salt", 0.5)


def test_erasure_takes_whole_pixels():
    x = np.ones((64, 16, 16, 3), "float32")
    kept = array(Corruption("erasure", 0.25).corrupt(x))
    assert set(np.unique(kept)) == {0.0, 1.0}
    assert (kept == kept[..., :1]).all()
    assert kept.mean() == pytest.approx(0.75, abs=0.02)


def test_block_takes_a_square_of_each_image():
    x = np.ones((64, 16, 16, 1), "float32")
    erased = 1 - array(Corruption("block", 0.5).corrupt(x))[..., 0]
    assert (erased.sum(axis=(1, 2)) == 64).all()
    rows, columns = erased.max(axis=2), erased.max(axis=1)
    assert (rows.sum(axis=1) == 8).all() and (columns.sum(axis=1) == 8).all()
    starts = rows.argmax(axis=1)
    assert starts.min() == 0 and starts.max() == 8


def test_evaluation_measures_denoising_beside_reconstruction(monkeypatch):
    model = tiny("denoising_autoencoder")
    x = images(model)
    black = np.zeros_like(x)
    monkeypatch.setattr(model.corruption, "corrupt", lambda x: black)
    result = model.evaluate(x, x, verbose=0, return_dict=True)
    for key, seen in (("loss", x), ("denoising_error", black)):
        error = np.square(model.predict(seen, verbose=0) - x).mean()
        assert result[key] == pytest.approx(error, rel=1e-4)


def test_three_channels_are_not_three_classes():
    model = tiny("autoencoder", input_shape=(16, 16, 3))
    x, y = next(iter(kerazoo.datasets.load("digits", model=model, batch_size=4)))
    assert x.shape == (4, 16, 16, 3)
    assert np.array_equal(x, y)


# --- variational auto-encoders


def bound(model, x, noise):
    """Negative evidence lower bound in nats, written out in NumPy."""
    mean, log_variance = map(array, model.encoder(x))
    p = array(model.decoder(mean + np.exp(log_variance / 2) * noise))
    p = np.clip(p, 1e-7, 1 - 1e-7)
    surprise = -(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=(1, 2, 3))
    variance = np.exp(log_variance)
    divergence = 0.5 * (mean**2 + variance - log_variance - 1).sum(axis=1)
    return surprise.mean(), divergence.mean()


@pytest.mark.parametrize("name", VARIATIONAL)
def test_the_loss_is_the_bound(name):
    model = tiny(name)
    x = images(model)
    weights = model.encoder.get_layer("log_variance").weights
    for weight, value in zip(weights, (0.0, -40.0), strict=True):
        weight.assign(np.full(weight.shape, value, "float32"))  # no noise to speak of
    surprise, divergence = bound(model, x, noise=0.0)
    result = model.evaluate(x, verbose=0, return_dict=True)
    assert result["kl_divergence"] == pytest.approx(divergence, rel=1e-4)
    assert result["negative_elbo"] == pytest.approx(surprise + divergence, rel=1e-4)
    assert result["loss"] == pytest.approx(result["negative_elbo"], rel=1e-5)


def test_beta_weighs_the_divergence_in_the_loss_only(tmp_path):
    model = tiny("vae", beta=4.0)
    result = model.evaluate(images(model), verbose=0, return_dict=True)
    expected = result["negative_elbo"] + 3 * result["kl_divergence"]
    assert result["loss"] == pytest.approx(expected, rel=1e-4)
    model.save(tmp_path / "model.keras")
    assert kerazoo.load(tmp_path / "model.keras").beta == 4.0


@pytest.mark.parametrize("name", VARIATIONAL)
def test_variational_samples_and_reconstructions(name, tmp_path):
    model = tiny(name)
    shape = model.input_shape[1:]
    samples = model.sample(5, seed=1)
    assert samples.shape == (5, *shape) and 0 <= samples.min() <= samples.max() <= 1
    assert np.array_equal(samples, model.sample(5, seed=1))
    assert not np.array_equal(samples, model.sample(5, seed=2))
    x = images(model)
    mean, _ = model.encoder(x)
    np.testing.assert_allclose(
        model.reconstruct(x), array(model.decoder(mean)), rtol=1e-4, atol=1e-5
    )
    model.save(tmp_path / "model.keras")
    again = kerazoo.load(tmp_path / "model.keras")
    np.testing.assert_allclose(again.sample(5, seed=1), samples, rtol=1e-5)


# --- adversarial networks


def test_frechet_distance_is_that_of_two_gaussians():
    rng = np.random.default_rng(0)
    sets = [rng.normal(m, s, (500, 8, 8, 1)) for m, s in ((0.0, 1.0), (0.3, 0.5))]
    metric = FrechetDistance()
    for part in (slice(0, 200), slice(200, 500)):
        metric.update_state(*(x[part].astype("float32") for x in sets))
    a, b = (x.reshape(500, 64) for x in sets)
    both = np.cov(a.T, bias=True) @ np.cov(b.T, bias=True)
    expected = np.square(a.mean(0) - b.mean(0)).sum() + a.var(0).sum() + b.var(0).sum()
    expected -= 2 * np.sqrt(np.linalg.eigvals(both).real).sum()
    assert float(metric.result()) == pytest.approx(expected, rel=1e-3)
    metric.reset_state()
    metric.update_state(sets[0], sets[0])
    assert float(metric.result()) == pytest.approx(0, abs=1e-2)


def test_frechet_distance_sees_thumbnails():
    x = np.random.default_rng(0).uniform(-1, 1, (64, 8, 8, 1)).astype("float32")
    large = x.repeat(4, axis=1).repeat(4, axis=2).repeat(3, axis=3)
    checks = np.indices((1, 32, 32, 1)).sum(axis=0) % 2 - 0.5
    distances = []
    for other in (large + checks.astype("float32"), large + 0.5):
        metric = FrechetDistance()
        metric.update_state(large, other)
        distances.append(float(metric.result()))
    assert distances == [pytest.approx(0, abs=0.1), pytest.approx(16, abs=0.1)]


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="takes gradients")
@pytest.mark.parametrize("name", ADVERSARIAL)
def test_one_loss_has_the_gradients_of_two(name, monkeypatch):
    import tensorflow as tf

    model = tiny(name)
    x = images(model, low=-1)
    codes = model._codes(8, seed=0)
    monkeypatch.setattr(model, "_codes", lambda n, seed: codes)
    with tf.GradientTape(persistent=True) as tape:
        loss = model.compute_loss(x=x, y_pred=model(x, training=True))
        fakes = model.generator(codes, training=True)
        real = model.discriminator(x, training=True)
        fake = model.discriminator(fakes, training=True)
        softplus = keras.ops.softplus
        separate = {
            "discriminator": tf.reduce_mean(softplus(-real) + softplus(fake)),
            "generator": tf.reduce_mean(softplus(-fake)),
        }
    for part, own in separate.items():
        values = [v.value for v in getattr(model, part).trainable_variables]
        gradients = tape.gradient(loss, values), tape.gradient(own, values)
        for ours, theirs in zip(*gradients, strict=True):
            scale = float(tf.reduce_max(tf.abs(theirs)))
            np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4 * scale)


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_each_network_has_its_optimizer_also_after_loading(name, tmp_path):
    model = tiny(name)
    model.train_on_batch(images(model, low=-1))
    model.save(tmp_path / "model.keras")
    for one in (model, kerazoo.load(tmp_path / "model.keras")):
        theirs = [
            {v.path for v in optimizer._trainable_variables}
            for optimizer in one.optimizer.optimizers
        ]
        parts = one.generator, one.discriminator
        assert theirs == [{v.path for v in p.trainable_variables} for p in parts]


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_adversarial_samples_and_their_sheets(name, tmp_path):
    model = tiny(name)
    samples = model.sample(5, seed=1)
    assert samples.shape == (5, *model.input_shape[1:])
    assert -1 <= samples.min() < 0 < samples.max() <= 1
    assert np.array_equal(samples, model.sample(5, seed=1))
    assert not np.array_equal(samples, model.sample(5, seed=2))
    sheets = kerazoo.report.sample_sheets(tmp_path / "sheets", n=4)
    x = images(model, low=-1)
    history = model.fit(x, epochs=2, callbacks=[sheets], verbose=0).history
    assert set(history) == {
        "loss", "generator_loss", "discriminator_loss", "frechet_distance",
    }  # fmt: skip
    total = np.add(history["generator_loss"], history["discriminator_loss"])
    np.testing.assert_allclose(history["loss"], total, rtol=1e-4)
    first, second = (
        (tmp_path / "sheets" / f"epoch-{epoch:04}.png").read_bytes() for epoch in (1, 2)
    )
    assert first != second


def test_dcgan_refuses_sizes_it_cannot_double_to():
    with pytest.raises(ValueError, match="square of 8, 16, 32"):
        kerazoo.dcgan(input_shape=(28, 28, 1))
    with pytest.raises(ValueError, match="multiples of 4"):
        kerazoo.dcgan_mnist(input_shape=(30, 28, 1))
