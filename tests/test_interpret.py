"""kerazoo.interpret and kerazoo.gradients: exact where a formula is known by hand."""

import importlib.util
import sys

import keras
import numpy as np
import pytest
from keras import layers, ops

import kerazoo
from kerazoo import interpret
from kerazoo.gradients import value_and_grad
from kerazoo.interpret.classifier import predicted


@pytest.fixture(scope="module")
def trained():
    """A small convolutional network that knows the digits."""
    model = kerazoo.create("fleuret_mnist", tiny=True)
    kerazoo.fit(model, "digits", epochs=10, seed=0, verbose=0)
    return model


@pytest.fixture(scope="module")
def digits(trained):
    """100 test digits as the network takes them, 96 of them recognised and more."""
    batches = kerazoo.datasets.load("digits", "test", model=trained, batch_size=100)
    x, y = next(batches.as_numpy_iterator())
    assert accuracy(trained, x, y) >= 0.96
    return x, y


def accuracy(model, x, y):
    return np.mean(predicted(model, x) == y)


def numpy(x):
    return ops.convert_to_numpy(x)


def images(n=3, shape=(6, 6, 2)):
    return np.random.default_rng(0).random((n, *shape), "float32")


def linear(activation="softmax"):
    """A model whose input gradients are its weights."""
    return keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            layers.Flatten(),
            layers.Dense(4, activation=activation, name="dense"),
        ]
    )


def convolutional():
    """Convolution, ReLU, global average pooling, softmax: the network of CAM."""
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            layers.Conv2D(5, 3, padding="same", activation="relu", name="conv"),
            layers.GlobalAveragePooling2D(name="pool"),
            layers.Dense(4, activation="softmax", name="dense"),
        ]
    )


# --------------------------------------------------------------------------- gradients


def test_gradients_of_structures_and_of_gradients():
    x = {"a": np.array([1.0, 2.0], "float32"), "b": np.array([3.0], "float32")}
    value, gradient = value_and_grad(lambda x: ops.sum(x["a"] ** 3))(x)
    assert float(value) == 9
    np.testing.assert_array_equal(numpy(gradient["a"]), [3, 12])
    np.testing.assert_array_equal(numpy(gradient["b"]), [0])

    slope = value_and_grad(lambda x: ops.sum(x**3), create_graph=True)
    value, curvature = value_and_grad(lambda x: ops.sum(slope(x)[1]))(x["a"])
    assert float(value) == 15
    np.testing.assert_array_equal(numpy(curvature), [6, 12])


@keras.saving.register_keras_serializable("kerazoo_tests")
class Penalised(keras.Model):
    """Pays for every slope of its output that is not 1."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1)
        self.normalisation = layers.BatchNormalization()

    def call(self, x, training=None):
        return self.dense(self.normalisation(x, training=training))

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        slope = value_and_grad(
            lambda x: ops.sum(self(x, training=False)), create_graph=True
        )(x)[1]
        return ops.mean((ops.sum(slope**2, axis=-1) - 1) ** 2)


def test_gradients_inside_a_fit():
    """A gradient penalty alone: the slope becomes 1."""
    model = Penalised()
    model.compile(keras.optimizers.Adam(0.05))
    x = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
    value_and_grad(lambda x: ops.sum(model(x, training=True) ** 2))(x)
    assert np.isfinite(numpy(model(x))).all()  # statistics hold no tracer of the call
    losses = model.fit(x, x[:, :1], epochs=40, verbose=0).history["loss"]
    assert losses[-1] < 0.05 * losses[0]


# -------------------------------------------------------------------------- attribution


@pytest.mark.parametrize("activation", ["softmax", "sigmoid", None])
def test_saliency_of_a_linear_model_is_its_weights(activation):
    model = linear(activation)
    x, classes = images(), np.array([0, 3, 1])
    weights = model.get_layer("dense").get_weights()[0].T[classes].reshape(x.shape)
    gradient = interpret.input_gradient(model, x, classes)
    np.testing.assert_array_equal(gradient, weights)
    maps = interpret.saliency(model, x, classes)
    np.testing.assert_array_equal(maps, np.abs(weights).max(-1))
    smooth = interpret.smooth_grad(model, x, classes, samples=3)
    np.testing.assert_allclose(smooth, maps, rtol=1e-6)
    parts = interpret.integrated_gradients(model, x, classes, steps=2)
    np.testing.assert_allclose(parts, weights * x, rtol=1e-5, atol=1e-7)


def test_classes_are_the_predicted_ones_by_default():
    model, x = convolutional(), images()
    classes = predicted(model, x)
    np.testing.assert_array_equal(
        interpret.saliency(model, x), interpret.saliency(model, x, classes)
    )


def test_attributions_sum_to_the_difference_of_scores(trained, digits):
    x, y = digits[0][:4], digits[1][:4]
    parts = interpret.integrated_gradients(trained, x, y, steps=100)
    black = np.full_like(x, interpret.pixel_range(trained)[0])
    score = interpret.scores(trained)
    difference = numpy(score(x) - score(black))[range(4), y]
    np.testing.assert_allclose(parts.sum((1, 2, 3)), difference, rtol=0.02)


def test_scores_are_logits(trained, digits):
    x = digits[0][:5]
    odds = numpy(interpret.scores(trained)(x))
    softmax = numpy(ops.softmax(odds))
    np.testing.assert_allclose(softmax, numpy(trained(x)), rtol=1e-4, atol=1e-6)
    assert np.ptp(odds.sum(-1)) > 0 and odds.max() > 1
    committee = kerazoo.ensemble([trained, trained])
    odds = numpy(interpret.scores(committee)(x))
    np.testing.assert_allclose(
        numpy(ops.softmax(odds)), numpy(committee(x)), rtol=1e-4, atol=1e-6
    )


def test_grad_cam_by_hand():
    """Under global average pooling, Grad-CAM is the class activation map."""
    model, x = convolutional(), images()
    classes = np.array([2, 0, 1])
    features = numpy(keras.Model(model.inputs[0], model.get_layer("conv").output)(x))
    weights = model.get_layer("dense").get_weights()[0].T[classes] / 36
    expected = np.maximum(np.einsum("nhwk,nk->nhw", features, weights), 0)
    assert (expected.max((1, 2)) > 0).any()
    expected /= np.maximum(expected.max((1, 2), keepdims=True), 1e-12)
    maps = interpret.grad_cam(model, x, classes)
    np.testing.assert_allclose(maps, expected, rtol=1e-4, atol=1e-6)


def test_grad_cam_below_branches():
    """The gradients of all paths from the layer to the scores add up."""
    inputs = keras.Input((6, 6, 2))
    stem = layers.Conv2D(4, 3, padding="same", name="stem")(inputs)
    branch = layers.Conv2D(4, 3, padding="same", name="branch")(stem)
    x = layers.Flatten()(layers.Add()([stem, branch]))
    model = keras.Model(inputs, layers.Dense(3, activation="softmax")(x))
    maps = interpret.grad_cam(model, images(), 1, layer="stem")
    assert maps.shape == (3, 6, 6) and maps.max() <= 1
    with pytest.raises(ValueError, match="'branch', around which"):
        interpret.grad_cam(model, images(), 1, layer="branch")


def test_every_kind_of_classifier():
    """Auxiliary heads, depthwise blocks, flat inputs, outputs that are no softmax."""
    for name, is_map in {
        "googlenet": True,
        "lenet5": True,
        "simple_mlp": False,
    }.items():
        model = kerazoo.create(name, tiny=True)
        x = images(2, model.input_shape[1:])
        assert np.abs(interpret.input_gradient(model, x, 1)).max() > 0
        if is_map:
            assert interpret.grad_cam(model, x, 1).shape == x.shape[:3]


# ------------------------------------------------------------------------ deconvolution


def test_deconvnet_by_hand():
    """Two convolutions, ReLUs and a pooling, undone one by one in NumPy."""
    keras.utils.set_random_seed(1)
    closing = keras.initializers.Constant(-0.3)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(3, 3, bias_initializer=closing, name="conv1"),  # 6x6x3
            layers.MaxPooling2D(2, name="pool1"),  # 3x3x3
            layers.ReLU(name="relu1"),
            layers.Conv2D(2, 2, activation="relu", name="conv2"),  # 2x2x2
        ]
    )
    x = images(1, (8, 8, 1)) - 0.5
    one, two = (model.get_layer(name).get_weights()[0] for name in ("conv1", "conv2"))
    output = numpy(model(x))[0]
    channel = int(output.max((0, 1)).argmax())
    peak = output[..., channel]
    i, j = np.unravel_index(peak.argmax(), peak.shape)
    signal = np.zeros((3, 3, 3))
    signal[i : i + 2, j : j + 2] = peak.max() * two[..., channel]
    signal = np.maximum(signal, 0)
    conv1 = numpy(keras.Model(model.inputs[0], model.get_layer("conv1").output)(x))[0]
    unpooled, past_a_closed_relu = np.zeros((6, 6, 3)), 0
    for r, c, k in np.ndindex(3, 3, 3):
        window = conv1[2 * r : 2 * r + 2, 2 * c : 2 * c + 2, k]
        a, b = np.unravel_index(window.argmax(), (2, 2))
        unpooled[2 * r + a, 2 * c + b, k] = signal[r, c, k]
        past_a_closed_relu += signal[r, c, k] > 0 > window.max()
    assert past_a_closed_relu, "choose another seed: this is plain back-propagation"
    expected = np.zeros((8, 8))
    for r, c in np.ndindex(6, 6):
        expected[r : r + 3, c : c + 3] += one[:, :, 0] @ unpooled[r, c]
    found = interpret.deconvnet(model, x, "conv2", channel)[0, ..., 0]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_deconvnet_passes_normalisation_by():
    model = keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            kerazoo.layers.LocalResponseNormalization(),
            layers.Conv2D(3, 3, name="conv"),
        ]
    )
    kernel = model.get_layer("conv").get_weights()[0]
    x = images(1)
    maps = numpy(model(x))[0, ..., 1]
    i, j = np.unravel_index(maps.argmax(), maps.shape)
    expected = np.zeros((6, 6, 2))
    expected[i : i + 3, j : j + 3] = maps.max() * kernel[..., 1]
    found = interpret.deconvnet(model, x, "conv", 1)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_the_strongest_images(trained, digits):
    x = digits[0]
    maps = numpy(keras.Model(trained.inputs[0], trained.get_layer("conv2").output)(x))
    peaks = maps[..., 3].max((1, 2))
    best = interpret.strongest(trained, x, "conv2", 3, count=5)
    np.testing.assert_allclose(peaks[best], np.sort(peaks)[::-1][:5], rtol=1e-5)


# -------------------------------------------------------------------------- adversaries


def test_fgsm_and_pgd_fool_within_epsilon(trained, digits):
    """At a quarter of the range, one step leaves under 30 %, forty under 5 %."""
    x, y = digits
    low, high = interpret.pixel_range(trained)
    epsilon = 0.25 * (high - low)
    once = interpret.fgsm(trained, x, y, epsilon=epsilon)
    often = interpret.pgd(trained, x, y, epsilon=epsilon)
    for changed in (once, often):
        assert np.abs(changed - x).max() <= epsilon * 1.0001
        assert low <= changed.min() and changed.max() <= high
    assert accuracy(trained, once, y) < 0.3
    assert accuracy(trained, often, y) < 0.05
    noise = np.sign(np.random.default_rng(0).normal(size=x.shape)).astype("float32")
    assert accuracy(trained, np.clip(x + epsilon * noise, low, high), y) > 0.6


def test_lbfgs_finds_the_smallest_change(trained, digits):
    """Every target is reached, with a smaller change than one FGSM step needs."""
    x, y = digits[0][:2], digits[1][:2]
    targets = (y + 1) % 10
    low, high = interpret.pixel_range(trained)
    changed = interpret.lbfgs(trained, x, targets)
    np.testing.assert_array_equal(predicted(trained, changed), targets)
    assert low <= changed.min() and changed.max() <= high
    found = interpret.distortion(x, changed)
    for share in np.arange(0.02, 1, 0.02):
        once = interpret.fgsm(trained, x, y, epsilon=share * (high - low))
        fooled = predicted(trained, once) != y
        assert (found < interpret.distortion(x, once))[fooled].all()
        if fooled.all():
            break
    assert (found < 0.15 * (high - low)).all(), found / (high - low)


def test_an_epsilon_for_every_channel():
    model, x = convolutional(), images()
    changed = interpret.fgsm(model, x, [0, 1, 2], epsilon=[0.1, 0.02])
    largest = np.abs(changed - x).max((0, 1, 2))
    np.testing.assert_allclose(largest, [0.1, 0.02], rtol=1e-4)


# ------------------------------------------------------------------------------- dreams


def test_class_visualization_shows_the_class(trained):
    """Every class is drawn with a probability over 0.95."""
    drawn = interpret.class_visualization(trained, range(10), steps=100)
    low, high = interpret.pixel_range(trained)
    assert drawn.shape == (10, 28, 28, 1)
    assert low <= drawn.min() and drawn.max() <= high
    probability = numpy(trained(drawn))[range(10), range(10)]
    assert (probability > 0.95).all(), probability


def test_deep_dream_amplifies_a_layer_at_any_size(trained):
    """Half the squared norm of the layer grows threefold and more."""
    x = np.random.default_rng(0).normal(size=(1, 60, 44, 1)).astype("float32") / 4
    dream = interpret.deep_dream(trained, x, "conv2", octaves=2)
    assert dream.shape == x.shape
    features = keras.Sequential(
        [keras.Input(x.shape[1:]), *map(copy_of, trained.layers[:4])]
    )
    features.set_weights(trained.get_weights()[:4])
    before, after = (np.square(numpy(features(z))).mean() for z in (x, dream))
    assert after > 3 * before


def copy_of(layer):
    return type(layer).from_config(layer.get_config())


# ----------------------------------------------------------------------------- pictures


def test_pictures(tmp_path):
    x, maps = images(2, (8, 8, 1)), images(2, (8, 8))
    over = interpret.overlay(x, maps)
    assert over.shape == (2, 8, 8, 3) and 0 <= over.min() and over.max() <= 1
    flat = x.reshape(2, 64)
    columns = {"image": x, "map": maps, "both": over, "flat": flat}
    figure = interpret.sheet(columns, tmp_path / "sheet.png")
    assert len(figure.axes) == 8
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="equally many"):
        interpret.sheet({"image": x, "map": maps[:1]})
    with pytest.raises(ValueError, match="'odd' of shape"):
        interpret.sheet({"odd": images(2, (5,))})
    with pytest.raises(ValueError, match="`maps` must be"):
        interpret.overlay(x, maps[:, :4])


# ----------------------------------------------------------------------------- refusals


def test_refuses(trained):
    model, x = convolutional(), images()
    with pytest.raises(ValueError, match=r"`images` must have the shape \(n, 6, 6, 2"):
        interpret.saliency(model, x[0])
    with pytest.raises(ValueError, match="between 0 and 3.*Received: 4"):
        interpret.saliency(model, x, 4)
    with pytest.raises(ValueError, match="`labels` must be an integer or 3 of them"):
        interpret.fgsm(model, x, [1, 2], epsilon=0.1)
    with pytest.raises(ValueError, match="`epsilon` must be positive"):
        interpret.fgsm(model, x, 1, epsilon=0)
    with pytest.raises(ValueError, match="in the box from 0.0 to 1.0"):
        interpret.pgd(model, x * 255, 1, epsilon=0.1)
    with pytest.raises(ValueError, match="'pool', which gives"):
        interpret.grad_cam(model, x, layer="pool")
    with pytest.raises(ValueError, match="`channel` must be between 0 and 4"):
        interpret.deconvnet(model, x, "conv", 5)
    with pytest.raises(ValueError, match="`octaves` must be fewer"):
        interpret.deep_dream(trained, images(1, (28, 28, 1)), "conv2")
    with pytest.raises(TypeError, match="two or more classes"):
        interpret.saliency(keras.Model(model.inputs[0], model.layers[0].output), x)
    with pytest.raises(TypeError, match="one input and one output"):
        interpret.saliency(Penalised(), x)


# ----------------------------------------------------------------------- other backends


def everything(model, x, y):
    """What every procedure finds, in few steps."""
    low, high = interpret.pixel_range(model)
    small, target = 0.1 * (high - low), (y[:1] + 1) % 10
    found = interpret.lbfgs(model, x[:1], target, searches=3, iterations=20)
    return {
        "saliency": interpret.saliency(model, x, y),
        "smooth": interpret.smooth_grad(model, x, y, samples=4),
        "integrated": interpret.integrated_gradients(model, x, y, steps=4),
        "cam": interpret.grad_cam(model, x, y, layer="conv2"),
        "deconvnet": interpret.deconvnet(model, x, "conv2", 3),
        "classes": interpret.class_visualization(model, [3, 7], steps=8),
        "dream": interpret.deep_dream(model, x, "conv1", octaves=2, steps=4),
        "fgsm": interpret.fgsm(model, x, y, epsilon=small),
        "pgd": interpret.pgd(model, x, y, epsilon=small, steps=8),
        "lbfgs": interpret.distortion(x[:1], found),
    }


@pytest.fixture(scope="module")
def here(trained, digits, tmp_path_factory):
    """What this process finds, and a folder with the same network and digits."""
    folder = tmp_path_factory.mktemp("backends")
    trained.save(folder / "model.keras")
    x, y = digits[0][:4], digits[1][:4]
    np.savez(folder / "digits.npz", x=x, y=y)
    return everything(kerazoo.load(folder / "model.keras"), x, y), folder


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_same_numbers(backend, here, python):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    here, folder = here
    python(
        __file__, str(folder), backend,
        KERAS_BACKEND=backend, JAX_PLATFORMS="cpu", CUDA_VISIBLE_DEVICES="",
    )  # fmt: skip
    with np.load(folder / f"{backend}.npz") as there:
        for key in ("saliency", "smooth", "integrated", "cam", "deconvnet"):
            largest = np.abs(here[key]).max()
            np.testing.assert_allclose(there[key], here[key], atol=1e-3 * largest)
        for key in ("fgsm", "pgd"):  # a sign may differ where a gradient is nearly 0
            assert np.mean(np.abs(there[key] - here[key]) > 1e-3) < 0.01, key
        for key in ("classes", "dream"):
            alike = np.corrcoef(here[key].ravel(), there[key].ravel())[0, 1]
            assert alike > 0.999, key
        np.testing.assert_allclose(there["lbfgs"], here["lbfgs"], rtol=0.05)


if __name__ == "__main__":  # the other process of test_same_numbers
    folder, backend = sys.argv[1:]
    test_gradients_of_structures_and_of_gradients()
    test_gradients_inside_a_fit()
    network = kerazoo.load(f"{folder}/model.keras")
    with np.load(f"{folder}/digits.npz") as given:
        np.savez(f"{folder}/{backend}.npz", **everything(network, **given))
