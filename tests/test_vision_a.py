"""AlexNet, ZFNet, NIN, VGG, GoogLeNet, PReLU-net: what their papers state."""

import keras
import numpy as np
import pytest

import kerazoo
from kerazoo import inspection
from kerazoo.layers import (
    ClippedAveragePooling2D,
    LocalResponseNormalization,
    WithAuxiliaryHeads,
)
from kerazoo.weights import translation
from kerazoo.zoo.vision.prelu_net import spatial_pyramid_pooling
from kerazoo.zoo.vision.zfnet import MaxRMS

# Maps after the layers, from the tables and figures of the papers.
STAGES = {
    "alexnet": {
        "conv1": (55, 55, 96), "pool1": (27, 27, 96), "conv2": (27, 27, 256),
        "pool2": (13, 13, 256), "conv3": (13, 13, 384), "conv4": (13, 13, 384),
        "conv5": (13, 13, 256), "pool5": (6, 6, 256), "flatten": (9216,),
    },
    "alexnet_owt": {
        "conv1": (55, 55, 64), "pool1": (27, 27, 64), "pool2": (13, 13, 192),
        "pool5": (6, 6, 256),
    },
    "zfnet": {
        "conv1": (110, 110, 96), "pool1": (55, 55, 96), "conv2": (26, 26, 256),
        "pool2": (13, 13, 256), "pool5": (6, 6, 256),
    },
    "zfnet_b": {"conv3": (13, 13, 512), "conv4": (13, 13, 1024), "pool5": (6, 6, 512)},
    "nin_cifar10": {
        "pool1": (16, 16, 96), "pool2": (8, 8, 192), "mlpconv3_3": (8, 8, 10),
    },
    "nin_imagenet": {
        "mlpconv1_3": (54, 54, 96), "pool1": (27, 27, 96), "pool2": (13, 13, 256),
        "pool3": (6, 6, 384), "mlpconv4_3": (6, 6, 1000),
    },
    "bn_nin": {
        "mlpconv1_3": (56, 56, 96), "pool1": (28, 28, 96), "pool2": (14, 14, 256),
        "pool3": (7, 7, 384),
    },
    "vgg19": {
        "conv1_2": (224, 224, 64), "conv2_2": (112, 112, 128),
        "conv3_4": (56, 56, 256), "conv4_4": (28, 28, 512), "conv5_4": (14, 14, 512),
        "pool5": (7, 7, 512), "fc7": (4096,),
    },
    "googlenet": {
        "conv1": (112, 112, 64), "pool1": (56, 56, 64), "conv2": (56, 56, 192),
        "pool2": (28, 28, 192), "inception_3a": (28, 28, 256),
        "inception_3b": (28, 28, 480), "pool3": (14, 14, 480),
        "inception_4a": (14, 14, 512), "inception_4b": (14, 14, 512),
        "inception_4c": (14, 14, 512), "inception_4d": (14, 14, 528),
        "inception_4e": (14, 14, 832), "pool4": (7, 7, 832),
        "inception_5a": (7, 7, 832), "inception_5b": (7, 7, 1024),
        "aux1_pool": (4, 4, 512), "aux2_pool": (4, 4, 528), "aux2_fc": (1024,),
    },
    "prelu_net_c": {
        "conv1": (112, 112, 96), "pool1": (56, 56, 96), "conv2_6": (56, 56, 384),
        "conv3_6": (28, 28, 768), "conv4_6": (14, 14, 896), "spp": (63 * 896,),
    },
}  # fmt: skip


@pytest.mark.parametrize("name", STAGES)
def test_stages_have_the_sizes_of_the_paper(name):
    model = inspection.skeleton(name)
    found = {layer: model.get_layer(layer).output.shape[1:] for layer in STAGES[name]}
    assert found == STAGES[name]


# --- AlexNet


def test_local_response_normalization_is_the_formula():
    x = np.random.default_rng(0).normal(size=(2, 3, 3, 7)).astype("float32") * 50
    expected = np.empty_like(x)
    for i in range(7):
        near = x[..., max(0, i - 2) : i + 3]
        expected[..., i] = x[..., i] / (2 + 1e-4 * (near**2).sum(-1)) ** 0.75
    found = keras.ops.convert_to_numpy(LocalResponseNormalization()(x))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_alexnet_starts_as_its_paper_says():
    model = kerazoo.alexnet(input_shape=(67, 67, 3), units=64, compile=False)
    biases = {}
    for name in ("conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8"):
        kernel, bias = model.get_layer(name).get_weights()
        assert kernel.std() == pytest.approx(0.01, rel=0.1)
        biases[name] = set(bias.tolist())
    ones = {name for name, values in biases.items() if values == {1.0}}
    assert ones == {"conv2", "conv4", "conv5", "fc6", "fc7"}
    assert all(biases[name] == {0.0} for name in biases if name not in ones)


@pytest.mark.parametrize(
    ("name", "dropped"),
    [("alexnet", ["fc6", "fc7"]), ("alexnet_owt", ["flatten", "fc6_relu"])],
)
def test_dropout_is_of_the_hidden_neurons_but_in_torchvisions(name, dropped):
    """Krizhevsky et al. (2012), section 4.2: the output of each hidden neuron."""
    model = inspection.skeleton(name)
    found = [
        layer.input._keras_history.operation.name
        for layer in model.layers
        if isinstance(layer, keras.layers.Dropout)
    ]
    assert found == dropped


def test_alexnet_normalises_with_the_constants_asked_for():
    def constants(**config):
        model = inspection.skeleton("alexnet", tiny=True, **config)
        norms = [x for x in model.layers if isinstance(x, LocalResponseNormalization)]
        return [(x.size, x.alpha, x.beta, x.bias) for x in norms]

    assert constants() == 2 * [(5, 1e-4, 0.75, 2.0)]
    assert constants(lrn="caffe") == 2 * [(5, 2e-5, 0.75, 1.0)]
    assert constants(lrn=None) == []


def test_alexnets_towers_are_separate():
    model = kerazoo.create("alexnet", tiny=True)
    tower = keras.Model(
        model.get_layer("pool1").output, model.get_layer("conv2").output
    )
    x = np.random.default_rng(0).normal(size=(1, 7, 7, 8)).astype("float32")
    changed = x.copy()
    changed[..., :4] += 1
    differ = np.abs(tower.predict(changed, verbose=0) - tower.predict(x, verbose=0))
    assert differ[..., :16].max() > 0 and differ[..., 16:].max() == 0


# --- ZFNet


def test_zfnet_bounds_the_rms_of_each_filter():
    kernel = np.random.default_rng(0).normal(size=(3, 3, 4, 6)).astype("float32")
    kernel[..., :3] *= 0.01
    bounded = keras.ops.convert_to_numpy(MaxRMS()(keras.ops.convert_to_tensor(kernel)))
    np.testing.assert_allclose(bounded[..., :3], kernel[..., :3], rtol=1e-6)
    rms = np.sqrt((bounded**2).mean((0, 1, 2)))
    np.testing.assert_allclose(rms[3:], 0.1, rtol=1e-5)
    model = inspection.skeleton("zfnet")
    constrained = {
        layer.name
        for layer in model.layers
        if isinstance(getattr(layer, "kernel_constraint", None), MaxRMS)
    }
    assert constrained == {"conv1", "conv2", "conv3", "conv4", "conv5"}


# --- NIN


@pytest.mark.parametrize("size", [7, 8])
def test_average_pools_see_what_is_inside_the_map_only(size):
    x = np.random.default_rng(0).normal(size=(2, size, size, 3)).astype("float32")
    found = keras.ops.convert_to_numpy(ClippedAveragePooling2D(3, 2)(x))
    before = size % 2  # of the padding, which is even at odd sizes
    windows = [slice(max(2 * i - before, 0), 2 * i - before + 3) for i in range(4)]
    for i, rows in enumerate(windows):
        for j, columns in enumerate(windows):
            expected = x[:, rows, columns].mean((1, 2))
            np.testing.assert_allclose(found[:, i, j], expected, rtol=1e-4, atol=1e-6)


# --- VGG


def test_vgg_c_has_1x1_convolutions_in_third_place():
    model = inspection.skeleton("vgg16_c")
    convolutions = [x for x in model.layers if isinstance(x, keras.layers.Conv2D)]
    small = {x.name for x in convolutions if x.kernel_size == (1, 1)}
    assert len(convolutions) == 13 and small == {"conv3_3", "conv4_3", "conv5_3"}


@pytest.mark.parametrize(
    ("name", "indices"),
    [
        ("vgg11", [0, 3, 6, 8, 11, 13, 16, 18]),
        ("vgg19", [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34]),
        ("vgg11_bn", [0, 1, 4, 5, 8, 9, 11, 12, 15, 16, 18, 19, 22, 23, 25, 26]),
    ],
)
def test_vgg_counts_modules_as_torchvision(name, indices):
    model = inspection.skeleton(name)
    layout = translation.get_layout(model, "torchvision")
    names = translation.foreign_shapes(translation.sources(model, layout))
    found = {int(n.split(".")[1]) for n in names if n.startswith("features")}
    assert sorted(found) == indices


# --- GoogLeNet


def crossentropy(probabilities, labels):
    return -np.log(probabilities[np.arange(len(labels)), labels]).mean()


@pytest.fixture(scope="module")
def supervised():
    """A small network with two heads, as GoogLeNet has them, and a batch."""
    keras.utils.set_random_seed(0)
    inputs = x = keras.Input((8, 8, 3))
    outputs = []
    for name in ("aux1", "aux2", "main"):
        x = keras.layers.Conv2D(4, 3, activation="relu")(x)
        y = keras.layers.GlobalAveragePooling2D()(x)
        outputs.append(keras.layers.Dense(5, activation="softmax", name=name)(y))
    *heads, main = outputs
    model = WithAuxiliaryHeads(inputs, main, heads, weight=0.3)
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    random = np.random.default_rng(0)
    x = random.normal(size=(8, 8, 8, 3)).astype("float32")
    return model, x, random.integers(0, 5, 8)


def test_auxiliary_heads_count_in_training_only(supervised):
    model, x, y = supervised
    assert model.predict_on_batch(x).shape == (8, 5)
    main, aux1, aux2 = (
        crossentropy(keras.ops.convert_to_numpy(p), y) for p in model(x, training=True)
    )
    logs = model.test_on_batch(x, y, return_dict=True)
    assert set(logs) == {"loss", "accuracy"}
    assert logs["loss"] == pytest.approx(main, rel=1e-4)
    model.reset_metrics()
    logs = model.train_on_batch(x, y, return_dict=True)
    assert set(logs) == {"loss", "accuracy"}
    assert logs["loss"] == pytest.approx(main + 0.3 * (aux1 + aux2), rel=1e-4)


def test_auxiliary_heads_save_and_load(supervised, tmp_path):
    model, x, _ = supervised
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.weight == 0.3
    pairs = zip(model(x, training=True), loaded(x, training=True), strict=True)
    for ours, theirs in pairs:
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(theirs),
            keras.ops.convert_to_numpy(ours),
            rtol=1e-5,
            atol=1e-6,
        )


def test_googlenets_heads_sit_on_4a_and_4d_and_cost_nothing_at_inference():
    with_heads = inspection.skeleton("googlenet")
    assert with_heads.weight == 0.3
    for head, module in (("aux1", "4a"), ("aux2", "4d")):
        source = with_heads.get_layer(f"inception_{module}").output
        assert with_heads.get_layer(f"{head}_pool").input is source
    without = inspection.skeleton("googlenet", aux_heads=False)
    assert inspection.macs(with_heads) == inspection.macs(without)
    heads = {"aux1": 3_188_840, "aux2": 3_190_888}
    for name, expected in heads.items():
        layers = [x for x in with_heads.layers if x.name.startswith(name)]
        assert sum(x.count_params() for x in layers) == expected


# --- PReLU-net


def test_spatial_pyramid_pools_the_papers_bins():
    inputs = keras.Input((14, 14, 2))
    model = keras.Model(inputs, spatial_pyramid_pooling(inputs, (7, 3, 2, 1)))
    x = np.random.default_rng(0).normal(size=(1, 14, 14, 2)).astype("float32")
    cells = [  # (bins, window, stride)
        x[0, i * stride : i * stride + window, j * stride : j * stride + window]
        for bins, window, stride in ((7, 2, 2), (3, 5, 4), (2, 7, 7), (1, 14, 14))
        for i in range(bins)
        for j in range(bins)
    ]
    expected = np.concatenate([cell.max((0, 1)) for cell in cells])
    np.testing.assert_array_equal(model.predict(x, verbose=0)[0], expected)


@pytest.mark.parametrize("size", [5, 6, 10, 13])
def test_spatial_pyramid_has_as_many_cells_for_a_map_of_any_size(size):
    inputs = keras.Input((size, size, 2))
    model = keras.Model(inputs, spatial_pyramid_pooling(inputs, (7, 3, 2, 1)))
    assert model.output_shape == (None, 63 * 2)
    x = np.random.default_rng(0).normal(size=(1, size, size, 2)).astype("float32")
    y = keras.ops.convert_to_numpy(model(x))[0]
    np.testing.assert_allclose(y[-2:], x.max((0, 1, 2)))
    for i, j in ((0, 0), (2, 5), (6, 6)):  # cells of the finest grid
        rows, columns = (slice(k * size // 7, -(-(k + 1) * size // 7)) for k in (i, j))
        expected = x[0, rows, columns].max((0, 1))
        np.testing.assert_allclose(y[2 * (7 * i + j) :][:2], expected)


@pytest.mark.parametrize(
    ("activation", "slopes", "gain"),
    [("prelu_shared", 1, 1.0625), ("relu", None, 1.0)],
)
def test_prelu_net_with_the_papers_other_rectifiers(activation, slopes, gain):
    model = inspection.skeleton("prelu_net_a", tiny=True, activation=activation)
    for name in ("conv2_1", "fc1"):
        sizes = [w.shape for w in model.get_layer(f"{name}_prelu").weights]
        assert [np.prod(shape) for shape in sizes] == ([slopes] if slopes else [])
        assert model.get_layer(name).kernel_initializer.scale == 2 / gain


def test_prelu_learns_one_slope_for_each_channel():
    model = kerazoo.create("prelu_net_a", tiny=True)
    for name, size in (("conv2_1", 16), ("fc1", 64)):
        (alpha,) = model.get_layer(f"{name}_prelu").get_weights()
        assert alpha.size == size and (alpha == 0.25).all()


# --- refusals


@pytest.mark.parametrize(
    ("name", "config", "message"),
    [
        ("alexnet", {"filters": (8, 8, 8)}, "`filters` must have 5 entries"),
        ("alexnet", {"lrn": "torch"}, "`lrn` must be one of"),
        ("alexnet", {"classes": 0}, "`classes` must be a positive integer"),
        ("alexnet", {"classes": "10"}, "`classes` must be a positive integer"),
        ("alexnet", {"input_shape": (67, 67)}, r"input_shape=\(67, 67\)"),
        ("alexnet", {"input_shape": (20, 20, 3)}, r"`input_shape` is \(227, 227, 3\)"),
        ("alexnet_owt", {"filters": (8, 8)}, "`filters` must have 5 entries"),
        ("zfnet", {"filters": (8, 8)}, "`filters` must have 5 entries"),
        ("nin_cifar10", {"filters": ((8, 8, 8), (8, 8))}, "`filters` must have 3"),
        (
            "nin_cifar10",
            {"filters": ((8, 8, 8), (8, 8, 8), (8, 8, 8))},
            r"`filters\[2\]` must have 2 entries",
        ),
        ("nin_imagenet", {"filters": (8, 8, 8)}, "`filters` must have 4 entries"),
        ("bn_nin", {"filters": (8, 8, 8, 8, 8)}, "`filters` must have 4 entries"),
        ("vgg16", {"filters": 8}, "`filters` must have 5 entries"),
        ("vgg16", {"input_shape": (16, 16, 3)}, "`input_shape`"),
        ("googlenet", {"input_shape": (32, 32, 3)}, "`input_shape`"),
        ("googlenet", {"input_shape": (None, None, 3)}, "`aux_heads=True`"),
        ("prelu_net_a", {"filters": (8, 8, 8)}, "`filters` must have 4 entries"),
        ("prelu_net_a", {"activation": "gelu"}, "`activation` must be one of"),
        ("prelu_net_a", {"bins": ()}, "`bins` must not be empty"),
        ("prelu_net_a", {"input_shape": (None, None, 3)}, "one size"),
    ],
)
def test_refusals_name_the_argument(name, config, message):
    with pytest.raises(ValueError, match=message):
        inspection.skeleton(name, tiny=True, **config)
