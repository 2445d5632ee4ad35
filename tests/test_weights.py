"""Weights from files: kerazoo's own and foreign checkpoints."""

import hashlib
import sys

import keras
import numpy as np
import pytest
from golden import peers
from keras import layers

import kerazoo
from kerazoo.weights import hub, translation

SMALL = {
    "input_shape": (32, 32, 3),
    "classes": 10,
    "blocks": (1, 1, 1, 1),
    "filters": 8,
    "stride_on": "3x3",
    "compile": False,
}


@pytest.fixture(scope="module")
def state():
    """A torchvision state dict of the small ResNet."""
    model = kerazoo.resnet50(**SMALL)
    layout = translation.get_layout(model, "torchvision")
    shapes = translation.foreign_shapes(translation.sources(model, layout))
    return peers.weights(shapes)


def save(state, path):
    numpy = pytest.importorskip("safetensors.numpy")
    state = {name: np.ascontiguousarray(tensor) for name, tensor in state.items()}
    numpy.save_file(state, path)
    return path


def check_loaded(model, state):
    kernel = model.get_layer("conv3_1_2_conv").kernel
    expected = state["layer2.0.conv2.weight"].transpose(2, 3, 1, 0)
    np.testing.assert_array_equal(kernel, expected)
    normalization = model.get_layer("conv2_1_shortcut_bn")
    for ours, theirs in {
        "gamma": "weight",
        "beta": "bias",
        "moving_mean": "running_mean",
        "moving_variance": "running_var",
    }.items():
        np.testing.assert_array_equal(
            getattr(normalization, ours), state[f"layer1.0.downsample.1.{theirs}"]
        )
    dense = model.get_layer("fc")
    np.testing.assert_array_equal(dense.kernel, state["fc.weight"].T)


def test_safetensors(state, tmp_path):
    path = save(state, tmp_path / "resnet.safetensors")
    check_loaded(kerazoo.resnet50(weights=path, **SMALL), state)
    check_loaded(kerazoo.resnet50(weights=str(path), **SMALL), state)


@pytest.mark.parametrize("nested", [False, True])
def test_pth(state, tmp_path, nested):
    torch = pytest.importorskip("torch")
    tensors = {name: torch.from_numpy(tensor) for name, tensor in state.items()}
    tensors["bn1.num_batches_tracked"] = torch.tensor(7)
    path = tmp_path / "resnet.pth"
    torch.save({"model": tensors, "epoch": 3} if nested else tensors, path)
    check_loaded(kerazoo.resnet50(weights=path, **SMALL), state)


def test_head_may_be_left_out(state, tmp_path):
    path = save(state, tmp_path / "resnet.safetensors")
    model = kerazoo.resnet50(weights=path, include_top=False, **SMALL)
    np.testing.assert_array_equal(
        model.get_layer("conv1_conv").kernel,
        state["conv1.weight"].transpose(2, 3, 1, 0),
    )


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda s: s.update({"fc2.weight": s["fc.weight"]}), r"left over \(fc2.weight"),
        (lambda s: s.pop("layer4.0.bn3.running_var"), r"missing \(layer4.0.bn3.runn"),
        (
            lambda s: s.update({"fc.weight": s["fc.weight"][:7]}),
            r"fc.weight \(7, 256\) instead of \(10, 256\)",
        ),
        (lambda s: s.pop("fc.bias"), r"1 missing \(fc.bias\)"),
    ],
    ids=["left over", "missing", "shape", "head"],
)
def test_tensors_must_fit_one_to_one(state, tmp_path, change, message):
    changed = dict(state)
    change(changed)
    path = save(changed, tmp_path / "resnet.safetensors")
    model = kerazoo.resnet50(**SMALL)
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        kerazoo.weights.load(model, path)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_lists_are_cut(tmp_path):
    path = save({"x": np.zeros(3)}, tmp_path / "resnet.safetensors")
    with pytest.raises(ValueError, match=r"missing \(conv1.weight, .*, and \d+ more"):
        kerazoo.resnet50(weights=path, **SMALL)


def test_wrong_files(tmp_path):
    with pytest.raises(ValueError, match="No such file"):
        kerazoo.resnet50(weights=tmp_path / "none.pth", **SMALL)
    (tmp_path / "weights.npz").touch()
    with pytest.raises(ValueError, match=r"must end in \.keras, \.safetensors"):
        kerazoo.resnet50(weights=tmp_path / "weights.npz", **SMALL)
    for name in ("a.h5", "a.safetensors"):
        (tmp_path / name).write_bytes(b"nothing")
        with pytest.raises(ValueError, match="cannot read"):
            kerazoo.resnet50(weights=tmp_path / name, **SMALL)


def test_architecture_without_a_key_map(tmp_path):
    path = save({"x": np.zeros(3)}, tmp_path / "a.safetensors")
    with pytest.raises(ValueError, match="'fleuret_mnist' has no key map"):
        kerazoo.fleuret_mnist(weights=path)


def test_reading_pth_without_torch(state, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    (tmp_path / "a.pth").touch()
    with pytest.raises(ImportError, match="pip install torch"):
        kerazoo.resnet50(weights=tmp_path / "a.pth", **SMALL)


def test_stride_must_be_the_sources(state, tmp_path):
    path = save(state, tmp_path / "resnet.safetensors")
    with pytest.raises(ValueError, match=r'kerazoo.resnet50\(stride_on="3x3"'):
        kerazoo.resnet50(weights=path, **{**SMALL, "stride_on": "1x1"})
    model = kerazoo.resnet50(**SMALL)
    with pytest.raises(ValueError, match='stride_on="1x1"'):
        translation.get_layout(model, "keras.applications").requires(model)


def test_shortcut_must_be_the_sources():
    for shortcut in ("A", "C"):
        model = kerazoo.create("resnet20", tiny=True, shortcut=shortcut, compile=False)
        with pytest.raises(ValueError, match=r'kerazoo.resnet20\(shortcut="B"'):
            translation.get_layout(model, "pytorchcv").requires(model)
    model = kerazoo.create("resnet20", tiny=True, shortcut="B", compile=False)
    translation.get_layout(model, "pytorchcv").requires(model)


@pytest.mark.parametrize("suffix", [".keras", ".weights.h5", ".h5"])
def test_own_files(tmp_path, suffix):
    model = kerazoo.resnet50(**SMALL)
    path = tmp_path / f"own{suffix}"
    (model.save_weights if "weights" in suffix else model.save)(path)
    again = kerazoo.resnet50(weights=path, **SMALL)
    for old, new in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    with pytest.raises(ValueError):
        kerazoo.resnet50(weights=path, **{**SMALL, "classes": 7})


@pytest.fixture(scope="module")
def applications_resnet():
    net = keras.applications.ResNet50(weights=None, input_shape=(64, 64, 3), classes=10)
    for variable in net.weights:
        name = variable.path
        variable.assign(peers.weight(name, variable.shape, gain=0.7, native=True))
    return net


@pytest.mark.parametrize("suffix", [".h5", ".weights.h5"])
def test_keras_applications(applications_resnet, tmp_path, suffix):
    """Its convolutions have biases and its normalisation another epsilon (rule R5)."""
    net, path = applications_resnet, tmp_path / f"net{suffix}"
    (net.save_weights if "weights" in suffix else net.save)(path)
    config = {"input_shape": (64, 64, 3), "classes": 10, "compile": False}
    model = kerazoo.resnet50(weights=path, **config)
    x = peers.inputs(0, (64, 64, 3))
    np.testing.assert_allclose(
        model.predict(x, verbose=0), net.predict(x, verbose=0), rtol=1e-4, atol=1e-7
    )


def test_torch_conventions():
    """Every kind of layer computes as torch's with the same tensors."""
    torch = pytest.importorskip("torch")
    from torch import nn

    theirs = nn.Sequential(
        nn.Conv2d(4, 6, 3),
        nn.PReLU(6),
        nn.Conv2d(6, 6, 3, groups=6),
        nn.Conv2d(6, 8, 3, groups=2),
        nn.ConvTranspose2d(8, 6, 2, stride=2),
        nn.Flatten(),
        nn.Dropout(),
        nn.Linear(6 * 8 * 6, 5),
    ).eval()
    ours = keras.Sequential(
        [
            keras.Input((10, 9, 4)),
            layers.Conv2D(6, 3, name="l0"),
            layers.PReLU(shared_axes=[1, 2], name="l1"),
            layers.DepthwiseConv2D(3, name="l2"),
            layers.Conv2D(8, 3, groups=2, name="l3"),
            layers.Conv2DTranspose(6, 2, strides=2, name="l4"),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(5, name="l7"),
        ]
    )
    layout = translation.Layout([(r"l(\d)", r"\1")])
    shapes = {name: tuple(t.shape) for name, t in theirs.state_dict().items()}
    state = peers.weights(shapes)
    theirs.load_state_dict({k: torch.from_numpy(v) for k, v in state.items()})
    assert translation.compare(ours, state, layout) == []
    translation.assign(ours, state, layout)
    x = np.random.default_rng(0).standard_normal((2, 10, 9, 4), "float32")
    expected = theirs(torch.from_numpy(x.transpose(0, 3, 1, 2))).detach()
    np.testing.assert_allclose(ours.predict(x, verbose=0), expected, 1e-4, 1e-4)


def test_attention_takes_thirds_of_the_fused_projection():
    torch = pytest.importorskip("torch")
    inputs = keras.Input((7, 12))
    outputs = layers.MultiHeadAttention(3, 4, name="attention")(inputs, inputs)
    ours = keras.Model(inputs, outputs)
    third = {"query": 0, "key": 1, "value": 2}
    layout = translation.Layout(
        [
            (
                "attention/(query|key|value)",
                lambda which: f"in_proj_*[{third[which]}/3]",
            ),
            ("attention/attention_output", "out_proj"),
        ]
    )
    theirs = torch.nn.MultiheadAttention(12, 3, batch_first=True).eval()
    shapes = {name: tuple(t.shape) for name, t in theirs.state_dict().items()}
    state = peers.weights(shapes)
    theirs.load_state_dict({k: torch.from_numpy(v) for k, v in state.items()})
    assert translation.compare(ours, state, layout) == []
    translation.assign(ours, state, layout)
    x = np.random.default_rng(0).standard_normal((2, 7, 12), "float32")
    tokens = torch.from_numpy(x)
    expected = theirs(tokens, tokens, tokens)[0].detach()
    np.testing.assert_allclose(ours.predict(x, verbose=0), expected, 1e-4, 1e-5)


def test_key_map_must_be_one_to_one():
    inputs = keras.Input((3,))
    x = layers.Dense(3, name="a")(inputs)
    model = keras.Model(inputs, layers.Dense(3, name="b")(x), name="twin")
    with pytest.raises(ValueError, match="gives 'fc.weight' to 2 weights"):
        translation.sources(model, translation.Layout([("a|b", "fc")]))
    with pytest.raises(ValueError, match="'twin' has no rule for b/kernel, b/bias"):
        translation.sources(model, translation.Layout([("a", "fc")]))
    halves = translation.Layout([("a", "fc[0/2]"), ("b", "fc[1/2]")])
    found = translation.sources(model, halves)
    assert translation.foreign_shapes(found) == {"fc.weight": (6, 3), "fc.bias": (6,)}


# The public checkpoints.


@pytest.mark.parametrize("builder", hub.CHECKPOINTS)
def test_checkpoints_are_preprocessed_as_the_card_says(builder):
    card = kerazoo.card(builder)
    for checkpoint in hub.checkpoints(builder):
        assert checkpoint.layout in card.weights
        if checkpoint.first is None:
            assert checkpoint.preprocess == card.preprocess


def standardised(image, preprocess):
    mean, std = np.asarray(preprocess["mean"]), np.asarray(preprocess["std"])
    return ((image - mean) / std).astype("float32")


@pytest.mark.parametrize("builder", ["vit_base_16", "vit_large_32", "bn_inception"])
def test_first_convolution_absorbs_other_preprocessing(builder, monkeypatch):
    """What the checkpoint says of its own inputs, the model says of the card's."""
    (checkpoint,) = hub.checkpoints(builder)
    height, width, _ = kerazoo.card(builder).tiny["input_shape"]
    config = {"input_shape": (height, width, 3)}
    theirs = kerazoo.create(builder, tiny=True, compile=False, **config)
    layout = translation.get_layout(theirs, checkpoint.layout)
    shapes = translation.foreign_shapes(translation.sources(theirs, layout))
    state = peers.weights(shapes, gain=0.7)
    translation.assign(theirs, state, layout)
    image = np.random.default_rng(0).integers(0, 256, (2, height, width, 3))
    fed = standardised(image, checkpoint.preprocess)
    if checkpoint.blue_first:
        fed = fed[..., ::-1]
    expected = theirs.predict(fed, verbose=0)
    monkeypatch.setattr(hub.Checkpoint, "_fetch", lambda self: dict(state))
    ours = kerazoo.create(
        builder, tiny=True, compile=False, weights="imagenet", **config
    )
    x = standardised(image, kerazoo.card(builder).preprocess)
    np.testing.assert_allclose(ours.predict(x, verbose=0), expected, 1e-4, 1e-6)
    assert not np.allclose(ours.predict(fed, verbose=0), expected, 1e-2)


def test_background_is_left_out(monkeypatch):
    checkpoint = hub.CHECKPOINTS["inception_v4"]
    state = {
        "last_linear.weight": np.arange(12.0).reshape(4, 3),
        "last_linear.bias": np.arange(4.0),
    }
    monkeypatch.setattr(hub.Checkpoint, "_fetch", lambda self: dict(state))
    tensors = checkpoint.read(kerazoo.card("inception_v4").preprocess)
    np.testing.assert_array_equal(tensors["last_linear.bias"], [1, 2, 3])
    np.testing.assert_array_equal(tensors["last_linear.weight"][0], [3, 4, 5])


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return tmp_path / "models"


def test_imagenet_offline(cache, monkeypatch):
    pytest.importorskip("torch")

    def get_file(*args, **keywords):
        raise Exception("URL fetch failure")

    monkeypatch.setattr(keras.utils, "get_file", get_file)
    with pytest.raises(ConnectionError) as error:
        kerazoo.resnet18(weights="imagenet", compile=False, filters=8)
    assert "https://download.pytorch.org/models/resnet18" in str(error.value)
    assert str(cache / "resnet18-f37072fd.pth") in str(error.value)


def test_imagenet_offline_keras(cache, monkeypatch):
    def xception(weights):
        raise Exception("URL fetch failure on https://storage")

    monkeypatch.setattr(keras.applications, "Xception", xception)
    with pytest.raises(ConnectionError, match=f"https://storage.* put it at {cache}"):
        hub.CHECKPOINTS["xception"].read({})


def test_imagenet_says_what_is_wrong_before_downloading(cache):
    config = {"input_shape": (32, 32, 3), "filters": 8, "compile": False}
    with pytest.raises(ValueError, match=r'resnet50_v2\(stage_stride="last"'):
        kerazoo.resnet50_v2(weights="imagenet", **config)
    with pytest.raises(ValueError, match="no public checkpoint .* 'fleuret_mnist'"):
        kerazoo.fleuret_mnist(weights="imagenet")


def test_imagenet_through_keras_applications(applications_resnet, monkeypatch):
    """The paper's strides take the authors' weights, which were fed otherwise."""

    def resnet(weights):
        assert weights == "imagenet"
        return applications_resnet

    monkeypatch.setattr(keras.applications, "ResNet50", resnet)
    model = kerazoo.resnet50(
        weights="imagenet", input_shape=(64, 64, 3), include_top=False
    )
    image = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3))
    fed = keras.applications.resnet.preprocess_input(image.astype("float32"))
    maps = applications_resnet.get_layer("conv5_block3_out").output
    body = keras.Model(applications_resnet.input, maps)
    expected = body.predict(fed, verbose=0)
    scale = expected.max()
    x = standardised(image, kerazoo.card("resnet50").preprocess)
    np.testing.assert_allclose(
        model.predict(x, verbose=0) / scale, expected / scale, atol=0.01
    )
    wrong = model.predict(x[..., ::-1], verbose=0) / scale
    assert np.abs(wrong - expected / scale).max() > 0.1


def test_download_is_checked_and_atomic(cache, monkeypatch):
    content, fetched = b"tensors", []

    def get_file(name, address, cache_dir, cache_subdir, force_download):
        fetched.append(address)
        assert cache_dir == str(cache.parent) and force_download
        cache.mkdir(exist_ok=True)
        (cache / name).write_bytes(content)

    monkeypatch.setattr(keras.utils, "get_file", get_file)
    with pytest.raises(ValueError, match="is damaged"):
        hub.download("https://example.org/net-00000000.pth")
    assert not (cache / "net-00000000.pth").exists()
    file = f"net-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    address = f"https://example.org/{file}"
    assert hub.download(address).read_bytes() == content
    assert hub.download(address) == cache / file
    assert len(fetched) == 2
    (cache / file).write_bytes(b"tens")
    with pytest.raises(ValueError, match="is damaged"):
        hub.download(address)
