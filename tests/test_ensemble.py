"""kerazoo.ensemble: several models as one that evaluates, trains, saves and loads."""

import keras
import numpy as np
import pytest
from keras import layers

import kerazoo
from kerazoo import tables


def small(
    seed, activation="softmax", loss="sparse_categorical_crossentropy", decay=None
):
    """A convolutional network of 16 filters and 64 units."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(64, activation="relu", kernel_regularizer=decay),
            layers.Dense(10, activation=activation, dtype="float32"),
        ],
        name="small",
    )
    model.compile(keras.optimizers.SGD(0.1), loss, metrics=["accuracy"])
    return model


def digits(split, n=None):
    x, y = kerazoo.datasets.embedded.digits(split)
    return x[:n].astype("float32") / 255, y[:n]


def probabilities(model, x):
    return keras.ops.convert_to_numpy(model(x))


def test_mean_of_probabilities():
    x, _ = digits("test", 20)
    models = [small(seed) for seed in range(3)]
    together = kerazoo.ensemble(models)
    mean = np.mean([probabilities(m, x) for m in models], axis=0)
    np.testing.assert_allclose(probabilities(together, x), mean, rtol=1e-6)
    assert [m.name for m in together.members] == ["small_1", "small_2", "small_3"]
    assert [m.name for m in models] == ["small"] * 3
    for one in models:  # copies: the ensemble does not follow them
        one.set_weights([0 * w for w in one.get_weights()])
    np.testing.assert_allclose(probabilities(together, x), mean, rtol=1e-6)


def test_logits_become_probabilities():
    x, y = digits("test", 20)
    usual = [small(seed) for seed in range(2)]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    logits = [small(seed, None, loss) for seed in range(2)]
    mixed = kerazoo.ensemble([logits[0], usual[1]])
    expected = kerazoo.ensemble(usual)
    np.testing.assert_allclose(
        probabilities(mixed, x), probabilities(expected, x), rtol=1e-5
    )
    assert not mixed.loss.from_logits
    a, b = (m.evaluate(x, y, verbose=0, return_dict=True) for m in (mixed, expected))
    assert a == pytest.approx(b, rel=1e-4)


def test_averages_in_float32_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        models = [small(seed) for seed in range(2)]
    finally:
        keras.config.set_dtype_policy("float32")
    x, _ = digits("test", 20)
    outputs = probabilities(kerazoo.ensemble(models), x)
    assert outputs.dtype == "float32"
    np.testing.assert_allclose(outputs.sum(-1), 1, rtol=1e-6)


def test_a_step_is_a_step_of_each_member_alone():
    x, y = digits("train", 32)
    models = [small(seed, decay="l2") for seed in range(2)]
    together = kerazoo.ensemble(models)
    together.train_on_batch(x, y)
    for one, member in zip(models, together.members, strict=True):
        one.train_on_batch(x, y)
        for a, b in zip(one.get_weights(), member.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_better_than_its_members_and_loads(tmp_path):
    """200 images: the committee beats its mean member by half a percent and more."""
    together = kerazoo.ensemble([small(seed) for seed in range(6)])
    together.compile("adam", together.loss, metrics=["accuracy"])
    x, y = map(np.concatenate, zip(digits("train"), digits("test"), strict=True))
    together.fit(x[:200], y[:200], epochs=25, verbose=0)
    x, y = x[200:], y[200:]
    singles = [(probabilities(m, x).argmax(-1) == y).mean() for m in together.members]
    accuracy = together.evaluate(x, y, verbose=0, return_dict=True)["accuracy"]
    assert accuracy >= np.mean(singles) + 0.005, (accuracy, singles)

    together.save(tmp_path / "ensemble.keras")
    again = keras.saving.load_model(tmp_path / "ensemble.keras")
    np.testing.assert_array_equal(probabilities(again, x), probabilities(together, x))
    assert again.evaluate(x, y, verbose=0, return_dict=True)[
        "accuracy"
    ] == pytest.approx(accuracy)


def test_knows_the_images_of_its_members(tmp_path):
    """Data by name are prepared as the members' card says, also after loading."""
    models = [kerazoo.fleuret_mnist(filters=(4, 4), units=8) for _ in range(2)]
    together = kerazoo.ensemble(models, name="committee")
    assert together.recipe == models[0].recipe
    kerazoo.fit(together, "digits", epochs=1, verbose=0)
    result = kerazoo.evaluate(together, "digits", verbose=0)
    together.save(tmp_path / "ensemble.keras")
    again = kerazoo.evaluate(tmp_path / "ensemble.keras", "digits", verbose=0)
    assert again == pytest.approx(result)


def test_members_with_auxiliary_heads_predict_but_train_alone():
    model = kerazoo.create("googlenet", tiny=True)
    together = kerazoo.ensemble([model, model])
    x = np.zeros((1, *model.input_shape[1:]), "float32")
    np.testing.assert_allclose(
        probabilities(together, x), probabilities(model, x), rtol=1e-5
    )
    with pytest.raises(ValueError, match="Train it alone"):
        together(x, training=True)


def test_refuses():
    one = small(0)
    with pytest.raises(ValueError, match="at least two models. Received: 1"):
        kerazoo.ensemble([one])
    for no_list in (one, 5):
        with pytest.raises(TypeError, match="`models` must be a list of keras.Model"):
            kerazoo.ensemble(no_list)
    with pytest.raises(TypeError, match="list of keras.Model. Received: 'small'"):
        kerazoo.ensemble([one, "small"])
    other = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten()], name="other")
    with pytest.raises(ValueError, match="'other' is not compiled"):
        kerazoo.ensemble([one, other])
    other.compile(loss="mse")
    with pytest.raises(ValueError, match="'other' gives outputs of shape"):
        kerazoo.ensemble([one, other])
    two = [
        kerazoo.create(name, tiny=True, input_shape=(32, 32, 1))
        for name in ("fleuret_mnist", "lenet5")
    ]
    with pytest.raises(ValueError, match="needs images prepared by"):
        kerazoo.ensemble(two)


def test_the_table_in_the_docstring():
    for row in tables.ILSVRC_ENSEMBLES:
        assert f"{row.method:21} {row.top5} %" in kerazoo.ensemble.__doc__
