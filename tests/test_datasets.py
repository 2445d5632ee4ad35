"""Named datasets: batches in the model's shape, and errors that say what to do."""

import dataclasses
import importlib
import os
import pathlib
import socket

import numpy as np
import pytest
import tensorflow as tf
from keras import Input, Sequential, layers

import kerazoo
from kerazoo import datasets
from kerazoo.datasets import images

REAL = os.environ.get("TFDS_DATA_DIR", "")


def needs(name):
    return pytest.mark.skipif(
        not (pathlib.Path(REAL) / name).is_dir(), reason=f"no {name} in TFDS_DATA_DIR"
    )


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """No network, and no prepared dataset."""
    import tensorflow_datasets as tfds

    def refuse(*_, **__):
        raise socket.gaierror("no network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    builder = tfds.builder
    monkeypatch.setattr(
        tfds, "builder", lambda name, **k: builder(name, data_dir=tmp_path, **k)
    )
    return tmp_path


def model(input_shape, classes=10, name="probe"):
    stack = [Input(input_shape), layers.Flatten(), layers.Dense(classes)]
    return Sequential(stack, name=name)


@pytest.mark.parametrize(
    "shape", [(28, 28, 1), (16, 16, 3), (8, 8, 1), (12, 20, 3), (64,), (192,)]
)
def test_images_take_the_models_shape(shape):
    x, y = next(iter(datasets.load("digits", model=model(shape), batch_size=5)))
    assert x.shape == (5, *shape) and x.dtype == tf.float32
    assert y.shape == (5,) and y.dtype.is_integer
    assert 0 <= float(tf.reduce_min(x)) and float(tf.reduce_max(x)) <= 1.001


def test_standardised_by_the_card():
    plain = datasets.load(
        "digits", "test", model=model((28, 28, 1)), batch_size=360
    ).get_single_element()[0]
    ours = datasets.load(
        "digits", "test", model=kerazoo.fleuret_mnist(), batch_size=360
    ).get_single_element()[0]
    np.testing.assert_allclose(ours, (plain * 255 - 33.318) / 78.567, atol=1e-4)


def test_pad_and_threshold():
    raw = tf.data.Dataset.from_tensors((np.full((8, 8, 1), 200, "uint8"), 1))
    settings = {
        "flat": False, "augment": {}, "batch_size": 1, "shuffle": False, "seed": 0,
        "drop_remainder": False,
    }  # fmt: skip
    padded = images.fit_to_model(
        raw, 1, (8, 8, 1), (12, 12, 1), preprocess={"pad": 2, "std": 1.0}, **settings
    ).get_single_element()[0]
    assert float(tf.reduce_sum(padded)) == 8 * 8 * 200
    assert float(padded[0, 1, 6, 0]) == 0 and float(padded[0, 2, 6, 0]) == 200
    binary = images.fit_to_model(
        raw, 1, (8, 8, 1), (8, 8, 1), preprocess={"threshold": 127.5}, **settings
    ).get_single_element()[0]
    assert np.unique(binary).tolist() == [1.0]


def test_augmentation_shifts_and_mirrors_each_image():
    ramp = np.arange(64, dtype="uint8").reshape(8, 8, 1) + 1
    raw = tf.data.Dataset.from_tensors((ramp, 0)).repeat(64)

    def batch(seed, **augment):
        return images.fit_to_model(
            raw, 64, (8, 8, 1), (8, 8, 1), flat=False, preprocess={"std": 1.0},
            augment=augment, batch_size=64, shuffle=False, seed=seed,
            drop_remainder=False,
        ).get_single_element()[0].numpy()  # fmt: skip

    flipped = batch(0, flip=True)
    mirrored = (flipped == ramp[:, ::-1]).all((1, 2, 3))
    assert ((flipped == ramp).all((1, 2, 3)) ^ mirrored).all()
    assert 16 < mirrored.sum() < 48
    shifted = batch(0, pad_crop=2)
    assert len({image.tobytes() for image in shifted}) > 10
    assert {int(image[4, 4, 0]) for image in shifted} <= {
        int(ramp[4 + dy, 4 + dx, 0]) for dy in range(-2, 3) for dx in range(-2, 3)
    }
    np.testing.assert_array_equal(shifted, batch(0, pad_crop=2))
    assert (shifted != batch(1, pad_crop=2)).any()
    cropped = batch(0, random_resized_crop=[0.25, 1.0])
    assert cropped.shape == (64, 8, 8, 1)
    assert len({image.tobytes() for image in cropped}) > 10


def test_images_of_any_size_are_cropped_to_the_centre():
    def examples():
        for height, width in [(20, 30), (40, 25)]:
            image = np.zeros((height, width, 1), "uint8")
            image[height // 2 - 2 : height // 2 + 2] = 255
            yield image, 0

    spec = tf.TensorSpec((None, None, 1), "uint8"), tf.TensorSpec((), "int64")
    raw = tf.data.Dataset.from_generator(examples, output_signature=spec)
    x, _ = images.fit_to_model(
        raw, 2, (None, None, 1), (8, 8, 1), flat=False, preprocess={}, augment={},
        batch_size=2, shuffle=False, seed=0, drop_remainder=False,
    ).get_single_element()  # fmt: skip
    assert x.shape == (2, 8, 8, 1)
    np.testing.assert_array_less(0.7, x[:, 3:5].numpy().mean((1, 2, 3)))
    np.testing.assert_array_less(x.numpy()[:, [0, -1]].mean((1, 2, 3)), 0.1)


def test_order_is_fixed_by_the_seed_and_new_every_epoch():
    def labels(seed):
        batches = datasets.load(
            "digits", model=model((8, 8, 1)), batch_size=1437, seed=seed
        )
        return [y.numpy() for _ in range(2) for _, y in batches]

    first, second = labels(3), labels(3)
    np.testing.assert_array_equal(first, second)
    assert (first[0] != first[1]).any()
    assert (first[0] != labels(4)[0]).any()


def test_digits_split_is_disjoint_and_whole():
    train, test = datasets.EMBEDDED["digits"].load("train"), None
    test = datasets.EMBEDDED["digits"].load("test")
    assert (len(train[0]), len(test[0])) == (1437, 360)
    assert train[0].dtype == np.uint8 and train[0].max() == 255


def test_every_embedded_dataset_has_an_adapter():
    for name, dataset in datasets.EMBEDDED.items():
        adapter = importlib.import_module(f"kerazoo.datasets.{dataset.kind}")
        assert callable(adapter.batches) and dataset.about, name


def test_arrays_must_fit():
    with pytest.raises(ValueError, match=r"'xor' gives inputs of shape \(2,\)"):
        datasets.load("xor", model=model((3,)))


def test_refusals():
    probe = model((8, 8, 1))
    with pytest.raises(ValueError, match="'digts'.*'digits'"):
        datasets.load("digts", model=probe)
    with pytest.raises(ValueError, match="'validation'.*train, test"):
        datasets.load("digits", "validation", model=probe)
    with pytest.raises(ValueError, match="10 classes.*classes=10"):
        datasets.load("digits", model=model((8, 8, 1), classes=4))
    with pytest.raises(ValueError, match="input shape"):
        datasets.load("digits", model=model((63,)))
    with pytest.raises(ValueError, match="3 channels cannot be given 4"):
        images.to_channels(tf.zeros((1, 8, 8, 3)), 4)
    with pytest.raises(ValueError, match="`batch_size`"):
        datasets.load("digits", model=probe, batch_size=0)
    with pytest.raises(ValueError, match="no image with a class label"):
        datasets.load("tfds:movielens", model=probe)


def test_missing_dataset_says_what_to_do(offline):
    with pytest.raises(FileNotFoundError) as error:
        datasets.load("cifar10", model=kerazoo.create("resnet20", tiny=True))
    text = str(error.value)
    assert "tfds.load('cifar10')" in text
    assert str(offline / "cifar10") in text
    assert "data='digits'" in text
    with pytest.raises(FileNotFoundError, match="manual download"):
        datasets.load("imagenet2012", model=model((8, 8, 3), classes=1000))


def test_tfds_by_code(monkeypatch):
    import tensorflow_datasets as tfds

    monkeypatch.setattr("kerazoo.datasets.tfds._check_online", lambda: None)

    policy = tfds.testing.MockPolicy.USE_CODE
    with tfds.testing.mock_data(num_examples=6, policy=policy):
        source = datasets.find("tfds:cifar10", model((32, 32, 3)))
        assert source.classes == 10 and source.image_shape == (32, 32, 3)
        source = dataclasses.replace(source, splits=("train",))
        x, y = next(iter(datasets.batches(source, "train", model((16, 16, 1)))))
        assert x.shape[1:] == (16, 16, 1) and y.shape == x.shape[:1]


@needs("mnist")
def test_real_mnist_through_tfds():
    probe = kerazoo.fleuret_mnist()
    batches = datasets.load("mnist", "test", model=probe, batch_size=1000)
    assert int(batches.cardinality()) == 10
    pixels = np.concatenate([x.numpy() for x, _ in batches])
    assert abs(pixels.mean()) < 0.02 and abs(pixels.std() - 1) < 0.02
    part = datasets.load("mnist", "train[:250]", model=probe, batch_size=100)
    assert sum(len(y) for _, y in part) == 250
    with pytest.raises(ValueError, match="empty"):
        datasets.load("mnist", "train[:0]", model=probe)


@needs("cifar10")
def test_real_cifar10_with_the_recipes_augmentation():
    probe = kerazoo.resnet20(compile=False)
    batches = datasets.load(
        "cifar10", "train[:256]", model=probe, batch_size=128, seed=0,
        augment=kerazoo.card("resnet20").recipe["augment"],
    )  # fmt: skip
    x, y = next(iter(batches))
    assert x.shape == (128, 32, 32, 3) and len(set(y.numpy())) == 10


def test_images_that_wait_for_shuffling_fit_into_memory():
    from kerazoo.datasets.images import shuffle_buffer

    assert shuffle_buffer(60_000, (28, 28, 1)) == 60_000
    assert shuffle_buffer(1_281_167, (64, 64, 3)) == 2**16
    assert 1_000 < shuffle_buffer(1_281_167, (None, None, 3)) < 2_000
