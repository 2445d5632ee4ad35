"""Networks that know how far off they are, and the measures of whether they do."""

import keras
import numpy as np
import pytest
from keras import layers
from scipy import special, stats

import kerazoo
from kerazoo import calibration
from kerazoo.datasets import regression
from kerazoo.layers.gaussian import GaussianMoments, GaussianNLL
from kerazoo.zoo.uncertainty.mixture_density_network import MixtureNLL


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


# --- likelihoods


def test_gaussian_likelihood():
    random = np.random.default_rng(0)
    y = random.normal(size=(7, 2)).astype("float32")
    prediction = random.normal(size=(7, 4)).astype("float32")
    expected = -stats.norm.logpdf(y, prediction[:, :2], np.exp(prediction[:, 2:])).sum(
        -1
    )
    found = GaussianNLL(reduction=None)(y, prediction)
    np.testing.assert_allclose(array(found), expected, rtol=1e-5)


def test_mixture_likelihood():
    random = np.random.default_rng(0)
    y = random.normal(size=(7, 1)).astype("float32")
    logits, mean, log_std = random.normal(size=(3, 7, 4)).astype("float32")
    density = stats.norm.pdf(y, mean, np.exp(log_std))
    expected = -np.log((special.softmax(logits, -1) * density).sum(-1))
    prediction = np.concatenate([logits, mean, log_std], axis=-1)
    found = MixtureNLL(reduction=None)(y, prediction)
    np.testing.assert_allclose(array(found), expected, rtol=1e-5)


def test_moments_of_a_mixture():
    """Mean and variance equal those of many draws from the members in turn."""
    members = np.float32([[[0.0, np.log(0.5)], [2.0, np.log(1.5)]]])
    mean, log_std = array(GaussianMoments()(members))[0]
    assert mean == pytest.approx(1)
    assert np.exp(2 * log_std) == pytest.approx((0.25 + 2.25) / 2 + 1, rel=1e-5)
    as_list = [members[:, 0], members[:, 1]]
    np.testing.assert_allclose(array(GaussianMoments()(as_list))[0], [mean, log_std])


# --- networks


def test_learns_where_the_noise_is():
    keras.utils.set_random_seed(0)
    model = kerazoo.heteroscedastic_mlp()
    kerazoo.fit(model, seed=0, verbose=0)
    x, y = regression.noisy_sine("test")
    prediction = model.predict(x, verbose=0)
    std = np.exp(prediction[:, 1])
    assert np.corrcoef(std, regression.noise_of_sine(x)[:, 0])[0, 1] > 0.85
    true = stats.norm.logpdf(y, np.sin(2 * x), regression.noise_of_sine(x))
    assert kerazoo.evaluate(model, verbose=0)["loss"] < -true.mean() + 0.1
    for one in calibration.coverage(prediction, y):
        assert abs(one.accuracy - one.confidence) < 0.1


def test_several_answers_need_several_components():
    losses = {}
    for count in (1, 3):
        keras.utils.set_random_seed(0)
        model = kerazoo.mixture_density_network(components=count)
        kerazoo.fit(model, epochs=60, seed=0, verbose=0)
        losses[count] = kerazoo.evaluate(model, verbose=0)["loss"]
    assert losses[3] < losses[1] - 0.4, losses
    # In the middle the likeliest answers are near 0.2 and 0.8, and one of 0.5.
    x = np.full((500, 1), 0.5, "float32")
    answers = array(model.sample(x, seed=0))
    assert answers.shape == (500, 1)
    assert (answers < 0.4).mean() > 0.15 and (answers > 0.6).mean() > 0.15
    assert np.array_equal(answers, array(model.sample(x, seed=0)))
    straight = regression.inverse_problem("test")[0]
    mode = array(model.mode(straight))
    forward = mode + 0.3 * np.sin(2 * np.pi * mode)
    assert np.abs(forward - straight).mean() < 0.1


def test_a_deep_ensemble_knows_where_it_was_never_shown_anything(tmp_path):
    keras.utils.set_random_seed(0)
    model = kerazoo.deep_ensemble()
    kerazoo.fit(model, epochs=10, seed=0, verbose=0)
    shown, beyond = np.float32([[-2], [0], [2]]), np.float32([[-8], [8]])
    ignorance = [
        calibration.of_gaussians(
            [member.predict(x, verbose=0) for member in model.members]
        ).ignorance
        for x in (shown, beyond)
    ]
    assert ignorance[1].min() > 10 * ignorance[0].max()
    model.save(tmp_path / "ensemble.keras")
    again = kerazoo.load(tmp_path / "ensemble.keras")
    np.testing.assert_array_equal(
        again.predict(shown, verbose=0), model.predict(shown, verbose=0)
    )


# --- Monte-Carlo dropout


def classifier(activation="softmax", from_logits=False):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.BatchNormalization(),
            layers.Dense(16, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(3, activation=activation),
        ],
        name="classifier",
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


def test_runs_differ_and_their_mean_is_the_prediction(tmp_path):
    model = classifier()
    x = np.random.default_rng(0).normal(size=(5, 6)).astype("float32")
    usual = model.predict(x, verbose=0)
    bayesian = kerazoo.mc_dropout(model, samples=200)
    runs = bayesian.sample(x)
    assert runs.shape == (200, 5, 3)
    assert not np.array_equal(runs[0], runs[1])
    assert len(np.unique(bayesian.sample(np.repeat(x[:1], 5, 0))[0], axis=0)) > 1
    mean = bayesian.predict(x, verbose=0)
    np.testing.assert_allclose(mean, runs.mean(0), atol=0.1)
    assert not np.array_equal(mean, bayesian.predict(x, verbose=0))
    # Statistics of batch normalisation are those of the trained network.
    np.testing.assert_array_equal(model.predict(x, verbose=0), usual)
    for a, b in zip(model.get_weights(), bayesian.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)

    bayesian.save(tmp_path / "bayesian.keras")
    again = kerazoo.load(tmp_path / "bayesian.keras")
    np.testing.assert_allclose(again.predict(x, verbose=0), mean, atol=0.1)
    assert set(again.evaluate(x, np.zeros(5), verbose=0, return_dict=True)) == {
        "accuracy",
        "loss",
    }


def test_logits_are_averaged_as_probabilities():
    x = np.random.default_rng(0).normal(size=(5, 6)).astype("float32")
    bayesian = kerazoo.mc_dropout(classifier(None, from_logits=True))
    np.testing.assert_allclose(bayesian.sample(x).sum(-1), 1, rtol=1e-5)
    assert not bayesian.loss.from_logits


def test_dropout_of_a_gaussian_network():
    """Kendall & Gal: noise from the output, ignorance from dropout."""
    keras.utils.set_random_seed(0)
    model = kerazoo.heteroscedastic_mlp(dropout=0.2)
    kerazoo.fit(model, epochs=5, verbose=0)
    bayesian = kerazoo.mc_dropout(model, samples=100)
    shown, beyond = (
        calibration.of_gaussians(bayesian.sample(np.float32([[x]]))) for x in (1, 8)
    )
    assert beyond.ignorance > shown.ignorance
    mean, log_std = bayesian.predict(np.float32([[1]]), verbose=0)[0]
    assert np.exp(2 * log_std) == pytest.approx(shown.total[0], rel=0.5)
    assert np.isfinite(kerazoo.evaluate(bayesian, "noisy_sine", verbose=0)["loss"])


def test_refuses():
    model = classifier()
    with pytest.raises(ValueError, match="positive integer. Received: 0"):
        kerazoo.mc_dropout(model, samples=0)
    with pytest.raises(ValueError, match="'heteroscedastic_mlp' has no dropout"):
        kerazoo.mc_dropout(kerazoo.heteroscedastic_mlp())
    bare = keras.Sequential([keras.Input((3,)), layers.Dropout(0.1)], name="bare")
    with pytest.raises(ValueError, match="'bare' is not compiled"):
        kerazoo.mc_dropout(bare)
    with pytest.raises(ValueError, match="logits need a softmax"):
        calibration.scores([[2.0, 3.0]], [0])
    with pytest.raises(ValueError, match=r"Received: \(1, 2\) and \(2,\)"):
        calibration.reliability([[0.5, 0.5]], [0, 1])


# --- measures


def test_scores_by_hand():
    p = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.3, 0.7]])
    y = np.array([0, 1, 1, 1])
    found = calibration.scores(p, y, bins=10)
    assert found["accuracy"] == 0.75
    assert found["nll"] == pytest.approx(-np.log([0.9, 0.1, 0.6, 0.7]).mean())
    assert found["brier"] == pytest.approx((2 * 0.01 + 2 * 0.81 + 0.32 + 0.18) / 4)
    # Bins of 0.9 (half right), 0.6 and 0.7 (right).
    assert found["ece"] == pytest.approx((2 * 0.4 + 0.4 + 0.3) / 4)


def test_honest_probabilities_are_calibrated(tmp_path):
    random = np.random.default_rng(0)
    p = random.dirichlet([1, 1, 1], 20_000)
    y = (random.random((len(p), 1)) > p.cumsum(-1)).sum(-1)
    bins = calibration.reliability(p, y)
    assert sum(one.count for one in bins) == len(p)
    assert bins[0].count == 0  # three classes: the likeliest has a third at least
    assert calibration.expected_calibration_error(p, y) < 0.02
    sharp = p**3 / (p**3).sum(-1, keepdims=True)
    assert calibration.expected_calibration_error(sharp, y) > 0.1
    calibration.diagram(bins, tmp_path / "reliability.png")
    assert (tmp_path / "reliability.png").read_bytes().startswith(b"\x89PNG")


def test_coverage_of_honest_gaussians():
    random = np.random.default_rng(0)
    gaussians = random.normal(size=(20_000, 2))
    y = gaussians[:, 0] + np.exp(gaussians[:, 1]) * random.normal(size=20_000)
    for one in calibration.coverage(gaussians, y):
        assert one.accuracy == pytest.approx(one.confidence, abs=0.02)


def test_noise_and_ignorance():
    agree = calibration.of_classes([[[0.5, 0.5]], [[0.5, 0.5]]])
    assert agree.noise == pytest.approx(np.log(2))
    assert agree.ignorance == pytest.approx(0)
    differ = calibration.of_classes([[[1.0, 0.0]], [[0.0, 1.0]]])
    assert differ.noise == pytest.approx(0)
    assert differ.ignorance == pytest.approx(np.log(2))
    found = calibration.of_gaussians([[[0.0, 0.0]], [[2.0, 0.0]]])
    assert found == (pytest.approx(2), pytest.approx(1), pytest.approx(1))
