"""Facts that the papers of the early networks state, held on ours."""

import keras
import numpy as np
import pytest

import kerazoo
from kerazoo.datasets import generated

LENET5_CONNECTIONS = {
    "c1": 122_304, "s2": 5_880, "c3": 151_600, "s4": 2_000, "c5": 48_120, "f6": 10_164,
    "output": 840,
}  # fmt: skip


def f(a):
    return 1.7159 * np.tanh(2 / 3 * a)


def convolve(x, kernel):
    """Valid cross-correlation of `(h, w, in)` with `(k, k, in, out)`."""
    k = len(kernel)
    windows = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(0, 1))
    return np.einsum("hwiyx,yxio->hwo", windows, kernel)


def subsample(x, gain, bias):
    h, w, c = x.shape
    return x.reshape(h // 2, 2, w // 2, 2, c).sum((1, 3)) * gain + bias


@pytest.fixture(scope="module")
def lenet5():
    keras.utils.set_random_seed(0)
    model = kerazoo.lenet5()
    random = np.random.default_rng(0)
    # Biases too must be seen to be in their places.
    model.set_weights([w + random.normal(0, 0.1, w.shape) for w in model.get_weights()])
    return model


def test_lenet5_has_the_weights_and_connections_of_section_ii_b(lenet5):
    weights = {layer.name: layer.count_params() for layer in lenet5.layers}
    expected = {
        "c1": 156, "s2": 12, "c3": 1_516, "s4": 32, "c5": 48_120, "f6": 10_164,
        "output": 840,
    }  # fmt: skip
    assert {name: n for name, n in weights.items() if n} == expected
    assert lenet5.get_layer("output").trainable_weights == []
    # A weight is used once at every place of its map; a subsampling unit has four
    # inputs and a bias.
    connections = {}
    for name, n in expected.items():
        *extent, maps = lenet5.get_layer(name).output.shape[1:]
        places = np.prod(extent, dtype=int)
        connections[name] = places * (5 * maps if name in ("s2", "s4") else n)
    assert connections == LENET5_CONNECTIONS
    assert sum(connections.values()) == 340_908


def test_lenet5_equals_its_equations(lenet5):
    weights = {
        layer.name: layer.get_weights() for layer in lenet5.layers if layer.weights
    }
    images = np.random.default_rng(1).uniform(-0.1, 1.175, (2, 32, 32, 1))
    expected = []
    for x in images:
        kernel, bias = weights["c1"]
        x = f(convolve(x, kernel) + bias)
        x = f(subsample(x, *weights["s2"]))
        kernels, bias = weights["c3"]
        maps, used = [], 0
        for row, b in zip(lenet5.get_layer("c3").table, bias, strict=True):
            own = kernels[:, :, used : used + len(row)]
            maps.append(convolve(x[:, :, row], own[..., None])[..., 0] + b)
            used += len(row)
        x = f(np.stack(maps, axis=-1))
        x = f(subsample(x, *weights["s4"]))
        kernel, bias = weights["c5"]
        x = f(convolve(x, kernel) + bias).ravel()
        kernel, bias = weights["f6"]
        x = f(x @ kernel + bias)
        expected.append([-((x - code) ** 2).sum() for code in weights["output"][0]])
    np.testing.assert_allclose(
        lenet5.predict_on_batch(images.astype("float32")), expected, rtol=1e-4
    )


def test_lenet5_codes_are_bitmaps_that_differ():
    (codes,) = kerazoo.lenet5().get_layer("output").get_weights()
    assert codes.shape == (10, 7 * 12)
    assert set(np.unique(codes)) == {-1.0, 1.0}
    distances = (codes[:, None] != codes[None]).sum(-1)
    assert distances[~np.eye(10, dtype=bool)].min() == 9
    one = codes[1].reshape(12, 7)
    assert (one[2:-1, 3] == 1).all() and one[2:-1].sum() == 9 * (1 - 6) + 2


def test_lenet5_starts_within_the_bounds_of_appendix_a():
    keras.utils.set_random_seed(0)
    model = kerazoo.lenet5()
    for name, fan_in in (("c1", 25), ("c5", 400), ("f6", 120)):
        kernel = model.get_layer(name).get_weights()[0]
        assert 0.95 < np.abs(kernel).max() * fan_in / 2.4 <= 1 + 1e-6
    layer = model.get_layer("c3")
    kernels, used = layer.get_weights()[0], 0
    for row in layer.table:
        own = kernels[:, :, used : used + len(row)]
        assert 0.9 < np.abs(own).max() * 25 * len(row) / 2.4 <= 1 + 1e-6
        used += len(row)


def test_lenet5_losses_are_equations_8_and_9():
    y = np.array([[3.0, 1.0, 7.0], [0.5, 9.0, 2.0]])
    labels = np.array([1, 2])
    right = np.array([1.0, 2.0])
    equation_9 = right + np.log(np.exp(-0.3) + np.exp(-y).sum(-1))
    for name, config, expected in (
        ("CodeDistance", {}, right),
        ("MAPDistance", {"j": 0.3}, equation_9),
    ):
        loss = keras.saving.get_registered_object(f"kerazoo>{name}")(**config)
        for shape in ((2,), (2, 1)):
            value = loss(labels.reshape(shape), -y.astype("float32"))
            assert float(value) == pytest.approx(expected.mean(), rel=1e-6)


def test_scaled_tanh_keeps_plus_and_minus_one():
    scaled_tanh = keras.saving.get_registered_object("kerazoo>scaled_tanh")
    values = keras.ops.convert_to_numpy(scaled_tanh(np.array([-1.0, 0.0, 1.0])))
    np.testing.assert_allclose(values, [-1, 0, 1], atol=1e-4)


def test_zip_network_has_the_weights_of_1989():
    weights = {}
    for layer in kerazoo.zip_cnn_1989().layers:
        name = layer.name.removesuffix("_bias")
        weights[name] = weights.get(name, 0) + layer.count_params()
    expected = {"h1": 1_068, "h2": 2_592, "h3": 5_790, "output": 310}
    assert {name: n for name, n in weights.items() if n} == expected


def test_lenet1_is_two_almost_independent_modules():
    """H3's first six maps see the first two of H2 only, the others the last two."""
    table = kerazoo.lenet1(compile=False).get_layer("h3").table
    assert len(table) == 12 and sum(map(len, table)) == 20
    assert {map_ for row in table[:6] for map_ in row} == {0, 1}
    assert {map_ for row in table[6:] for map_ in row} == {2, 3}
    assert [len(row) for row in table] == 2 * [1, 2, 2, 1, 2, 2]


@pytest.mark.parametrize(
    ("name", "outputs", "connections"),
    [("lenet1", 192 * 10, 98_442), ("lenet4", 48_000 + 1_200, 262_306)],
)
def test_lenets_have_the_connections_of_their_papers(name, outputs, connections):
    model = kerazoo.create(name, compile=False)
    found = 0
    for layer in model.layers:
        if not layer.weights:
            continue
        *extent, maps = layer.output.shape[1:]
        places = np.prod(extent, dtype=int)
        subsampling = type(layer).__name__ == "Subsampling"
        found += places * (5 * maps if subsampling else layer.count_params())
    assert found == connections


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("lenet1", 16),
        ("lenet4", 16),
        ("lenet5", 32),
        ("lenet5_modern", 16),
        ("info8010_convnet", 16),
        ("fleuret_mnist", 22),
    ],
)
def test_small_images_are_refused(name, least):
    model = kerazoo.create(name, input_shape=(least, least, 1), compile=False)
    assert model.output_shape == (None, 10)
    shape = (least, least - 1, 1)
    with pytest.raises(ValueError, match=f"at least {least}x{least}.*{least - 1}, 1"):
        kerazoo.create(name, input_shape=shape, compile=False)


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("lenet5_modern", {"filters": (6,)}),
        ("lenet5_modern", {"units": (120, 84, 10)}),
        ("fleuret_mnist", {"filters": (32, 64, 128)}),
    ],
)
def test_numbers_that_nothing_would_read_are_refused(name, config):
    ((argument, value),) = config.items()
    message = rf"`{argument}` must have 2 entries.*{value[0]}"
    with pytest.raises(ValueError, match=message):
        kerazoo.create(name, compile=False, **config)


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("werbos_mlp", {"units": 4}),
        ("dropout_mlp", {"units": 800}),
        ("six_layer_mlp", {"units": 500}),
        ("info8010_mlp", {"units": 8}),
        ("hubel_wiesel", {"frequencies": 0.125}),
    ],
)
def test_one_number_is_no_tuple(name, config):
    ((argument, value),) = config.items()
    with pytest.raises(TypeError, match=f"`{argument}` must be a tuple.*{value}"):
        kerazoo.create(name, compile=False, **config)


def test_info8010_networks_train_as_in_their_notebook():
    """One notebook trains both, and both end in logits there."""
    mlp, convnet = map(kerazoo.card, ("info8010_mlp", "info8010_convnet"))
    assert (mlp.recipe, mlp.preprocess) == (convnet.recipe, convnet.preprocess)
    assert mlp.deviations == convnet.deviations
    assert (mlp.recipe["batch_size"], mlp.recipe["epochs"]) == (64, 1)
    assert kerazoo.info8010_mlp().optimizer.weight_decay == pytest.approx(0.01)
    widths = [layer.units for layer in kerazoo.info8010_mlp(units=(8, 7, 6)).layers[1:]]
    assert widths == [8, 7, 6, 10]


def test_simple_mlp_is_scikit_learns():
    from sklearn.neural_network import MLPClassifier

    random = np.random.default_rng(0)
    x, y = random.normal(size=(40, 64)), random.integers(0, 10, 40)
    peer = MLPClassifier(
        (100,), activation="tanh", solver="lbfgs", max_iter=20, random_state=0
    ).fit(x, np.concatenate([np.arange(10), y[10:]]))
    model = kerazoo.simple_mlp(input_shape=(64,), units=100, compile=False)
    pairs = zip(peer.coefs_, peer.intercepts_, strict=True)
    model.set_weights([weight for pair in pairs for weight in pair])
    np.testing.assert_allclose(
        model.predict(x.astype("float32"), verbose=0), peer.predict_proba(x), atol=1e-4
    )


def test_tc_network_generalises_to_all_220_placements():
    keras.utils.set_random_seed(0)
    model = kerazoo.tc_network()
    kerazoo.fit(model, seed=0, verbose=0)
    x, y = generated.tc_patterns("test")
    assert len(x) == len(np.unique(x, axis=0)) == 220
    assert (x.sum((1, 2, 3)) == 5).all() and not x[:, [0, 1, -2, -1]].any()
    p = model.predict(x, verbose=0)
    assert ((p > 0.5) == (y > 0.5)).all()
    # One set of weights everywhere: the answer does not depend on the place.
    for label in (0, 1):
        assert len(np.unique(p[y == label].round(4))) <= 4


def test_explicit_backpropagation_is_automatic_differentiation():
    keras.utils.set_random_seed(0)
    x, y = generated.parity("test", (3,))
    models = [
        kerazoo.werbos_mlp(input_shape=(3,), units=(5, 4), explicit_backprop=explicit)
        for explicit in (True, False)
    ]
    models[1].set_weights(models[0].get_weights())
    for model in models:
        for _ in range(5):
            model.train_on_batch(x, y)
    for one, other in zip(*(m.get_weights() for m in models), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_explicit_backpropagation_refuses_other_activations():
    with pytest.raises(ValueError, match="activation='tanh'"):
        kerazoo.werbos_mlp(explicit_backprop=True, activation="tanh")


def grating(orientation, phase, size=64):
    rows, columns = np.mgrid[:size, :size]
    across = columns * np.cos(orientation) + rows * np.sin(orientation)
    return np.cos(2 * np.pi * across / 8 + phase)[..., None].astype("float32")


def test_simple_cells_follow_the_phase_and_complex_cells_do_not():
    """F1/F0 of a half-rectified linear cell is pi/2; that of an energy is 0."""
    x = np.stack([grating(0, 2 * np.pi * k / 16) for k in range(16)])

    def centre(cells):
        model = kerazoo.hubel_wiesel(cells=cells, compile=False)
        return model.predict(x, verbose=0)[:, 32, 32]

    def modulation(response):
        spectrum = np.abs(np.fft.rfft(response)) / len(response)
        return 2 * spectrum[1] / spectrum[0]

    simple = centre("simple")[:, :4]
    assert (simple >= 0).all()
    assert [modulation(simple[:, k]) for k in range(4)] == pytest.approx(
        [np.pi / 2] * 4, abs=0.06
    )
    assert modulation(centre("complex")[:, 0]) < 0.01


@pytest.mark.parametrize("cells", ["simple", "complex", "pooled"])
def test_cells_that_see_nothing_answer_with_numbers(cells):
    model = kerazoo.hubel_wiesel(
        input_shape=(32, 32, 1), cells=cells, readout=True, compile=False
    )
    share = model.predict(np.zeros((1, 32, 32, 1), "float32"), verbose=0)
    assert np.isfinite(share).all()


def test_complex_cells_are_tuned_to_orientation():
    x = np.stack([grating(np.pi * k / 8, 0.3) for k in range(8)])
    model = kerazoo.hubel_wiesel(compile=False)
    response = model.predict(x, verbose=0)[:, 32, 32]
    for preferred, tuning in enumerate(response.T):
        tuning = np.roll(tuning / tuning[preferred], -preferred)
        # 22.5 degrees away an eighth or less is left, further off next to nothing.
        assert tuning[0] == 1 and (tuning[[1, 7]] < 0.13).all()
        assert (tuning[2:7] < 0.07).all()
