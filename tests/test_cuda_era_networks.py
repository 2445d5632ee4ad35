"""Facts of the first GPU networks: cuda-convnet, MCDNN and the mitosis detectors."""

import keras
import numpy as np
import pytest

import kerazoo
from kerazoo.optimizers import SGD
from kerazoo.zoo.vision.cuda_convnet import LocallyConnected2D, WithinMapNormalization
from kerazoo.zoo.vision.mcdnn import WidthNormalization


def numbers(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


@pytest.mark.parametrize("name", ["mitosis_net", "mitosis_net_dnn2"])
def test_sliding_over_an_image_answers_for_every_window(name):
    keras.utils.set_random_seed(0)
    config = {"maps": 4, "units": 6, "classifier_activation": None, "compile": False}
    windows = kerazoo.create(name, **config)
    image = numbers(1, 104, 103, 3)
    slide = kerazoo.create(name, sliding=True, input_shape=image.shape[1:], **config)
    slide.set_weights(windows.get_weights())
    answers = keras.ops.convert_to_numpy(slide(image))
    assert answers.shape == (1, 4, 3, 2)
    places = [(i, j) for i in range(4) for j in range(3)]
    cut = np.concatenate([image[:, i : i + 101, j : j + 101] for i, j in places])
    expected = keras.ops.convert_to_numpy(windows(cut)).reshape(answers.shape)
    np.testing.assert_allclose(answers, expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("mcdnn", (13, 3)),
        ("mcdnn_cifar10", (15, 7, 3, 1)),
        ("mcdnn_norb", (22, 5)),
        ("mcdnn_gtsrb", (21, 9, 3)),
        ("mcdnn_hwdb", (23, 11, 5, 2)),
    ],
)
def test_columns_have_the_map_sizes_of_the_paper(name, sizes):
    model = kerazoo.create(name, maps=(2,) * len(sizes), units=(3,), compile=False)
    pools = [layer for layer in model.layers if layer.name.startswith("pool")]
    assert [tuple(pool.output.shape[1:3]) for pool in pools] == [(n, n) for n in sizes]


@pytest.mark.parametrize(
    ("name", "config", "message"),
    [
        ("cuda_convnet", {"filters": (8, 8)}, "`filters` must have 3 entries"),
        ("cuda_convnet_local", {"filters": (8, 8)}, "`filters` must have 4 entries"),
        ("cuda_convnet_local", {"input_shape": (None, None, 3)}, "`input_shape`"),
        ("mcdnn", {"maps": (8, 8, 8)}, "`kernels` must have 3 entries"),
        ("mcdnn", {"pools": (2,)}, "`pools` must have 2 entries"),
        ("mcdnn", {"digit_width": 0}, "`digit_width` must be"),
        ("mcdnn", {"digit_width": 16, "input_shape": (29, 29, 3)}, "`digit_width`"),
        ("mitosis_net", {"input_shape": (80, 80, 3)}, "`input_shape`"),
        ("mitosis_net", {"input_shape": (90, 90, 3), "sliding": True}, "`input_shape`"),
    ],
)
def test_refusals_name_the_argument(name, config, message):
    with pytest.raises(ValueError, match=message):
        kerazoo.create(name, compile=False, **config)


@pytest.mark.parametrize("shape", [(120, 120, 3), (1, 120, 120, 1), (1, 50, 120, 3)])
def test_a_detector_says_which_images_it_takes(shape):
    detector = kerazoo.mitosis_detector(maps=2, units=2, compile=False)
    with pytest.raises(ValueError, match="at least 51x51 pixels. Received: an image"):
        detector.detect(np.zeros(shape, "float32"))


def test_biases_of_a_locally_connected_layer_do_not_decay():
    """They differ from place to place, and so have three axes."""
    model = kerazoo.create("cuda_convnet_local", tiny=True, recipe={})
    layer = model.get_layer("local3")
    optimizer = SGD(learning_rate=0.1, l2=0.5)
    optimizer.build(layer.trainable_weights)
    layer.set_weights([np.ones(w.shape) for w in layer.weights])
    optimizer.apply([keras.ops.zeros(w.shape) for w in layer.trainable_weights])
    kernel, bias = layer.get_weights()
    np.testing.assert_allclose(kernel, 0.95, rtol=1e-6)
    assert (bias == 1).all()


def test_width_normalisation_scales_and_centres_the_digit():
    x = np.full((2, 29, 29, 1), -1.0, "float32")
    x[0, 4:20, 2:7] = 1.0
    y = keras.ops.convert_to_numpy(WidthNormalization(20)(x))
    assert (y[1] == -1).all()
    row = y[0, 10, :, 0]
    inked = np.flatnonzero(row > 0)
    assert 18 <= len(inked) <= 20
    assert inked[0] + inked[-1] == 28
    assert (y[0, :4] == -1).all() and (y[0, 20:] == -1).all()


def test_a_locally_connected_layer_has_kernels_for_every_place():
    layer = LocallyConnected2D(5, 3)
    x = numbers(2, 4, 6, 3)
    y = keras.ops.convert_to_numpy(layer(x))
    kernel, bias = layer.get_weights()
    bias += 1
    layer.set_weights([kernel, bias])
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    for i, j in ((0, 0), (2, 5), (3, 1)):
        window = padded[:, i : i + 3, j : j + 3].reshape(2, -1)
        np.testing.assert_allclose(y[:, i, j], window @ kernel[i, j], atol=1e-5)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer(x)), y + 1, atol=1e-5)
    assert layer.count_params() == 4 * 6 * (27 * 5 + 5)


def test_normalisation_within_a_map_is_the_formula():
    x = 100 * numbers(1, 5, 5, 2)
    y = keras.ops.convert_to_numpy(WithinMapNormalization(3, 5e-5, 0.75)(x))
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    for i, j in ((0, 0), (2, 3), (4, 4)):
        energy = (padded[0, i : i + 3, j : j + 3] ** 2).sum((0, 1)) / 9
        expected = x[0, i, j] / (1 + 5e-5 * energy) ** 0.75
        np.testing.assert_allclose(y[0, i, j], expected, rtol=1e-5)
