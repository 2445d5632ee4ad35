"""Networks with a class for every pixel: data, measure, tiles, and U-Net itself."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerazoo
from kerazoo import datasets, inspection
from kerazoo.datasets import segmentation, shapes
from kerazoo.layers import MeanIoU


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


# --- the scenes


def test_scenes_agree_with_themselves():
    images, masks = datasets.EMBEDDED["shapes/masks"].load("test")
    same, things = datasets.EMBEDDED["shapes/boxes"].load("test")
    boxes, labels = things["boxes"], things["labels"]
    assert images is same and images.dtype == masks.dtype == np.uint8
    assert images.shape == (400, 64, 64, 3) and masks.shape == (400, 64, 64)
    counts = (labels >= 0).sum(axis=1)
    assert set(counts) == {1, 2, 3, 4}
    assert ((boxes >= 0).all(-1) == (labels >= 0)).all() and boxes.max() <= 64
    assert np.unique(masks).tolist() == [*range(len(shapes.REGIONS))]
    for mask, box, label in zip(masks, boxes, labels, strict=True):
        if (label >= 0).sum() == 1:
            rows, columns = np.nonzero(mask == label[0] + 2)
            seen = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
            np.testing.assert_allclose(seen, box[0], atol=2.1)
    train, _ = datasets.EMBEDDED["shapes/masks"].load("train")
    assert len(train) == 2000 and not (train[:400] == images).all()


def test_cells_have_membranes():
    images, masks = datasets.EMBEDDED["cells"].load("test")
    assert images.shape == (150, 64, 64, 1) and set(np.unique(masks)) == {0, 1}
    assert 0.15 < masks.mean() < 0.35
    assert images[..., 0][masks == 1].mean() < images[..., 0][masks == 0].mean() - 50


# --- the adapter


def probe(side, out, channels=3, classes=5):
    inputs = keras.Input((side, side, channels))
    crop = (side - out) // 2
    x = keras.layers.Cropping2D(((crop, side - out - crop),) * 2)(inputs)
    return keras.Model(inputs, keras.layers.Conv2D(classes, 1)(x), name="probe")


def examples(image, mask, count=1):
    return tf.data.Dataset.from_tensors((image, mask)).repeat(count)


def batch(data, model, image_shape, **changes):
    settings = {
        "preprocess": {"std": 1.0}, "augment": {}, "batch_size": 64, "shuffle": False,
        "seed": 0, "drop_remainder": False,
    }  # fmt: skip
    source = datasets.Source(
        "test", "segmentation", 5, ("train",), image_shape, lambda split: data
    )
    batches = segmentation.batches(data, source, model, **{**settings, **changes})
    return [np.asarray(part) for part in batches.get_single_element()]


def scene(side):
    """An image that tells its mask: 50 times the class."""
    mask = np.random.default_rng(0).integers(0, 5, (side, side)).astype("uint8")
    return np.repeat(50 * mask[..., None], 3, axis=-1), mask


def test_masks_have_the_extent_of_the_output_and_images_are_mirrored_beyond():
    image, mask = scene(20)
    x, y, weights = batch(examples(image, mask), probe(33, 20), (20, 20, 3))
    assert x.shape == (1, 33, 33, 3) and y.shape == weights.shape == (1, 20, 20)
    assert y.dtype == np.int32 and (weights == 1).all()
    np.testing.assert_array_equal(y[0], mask)
    expected = np.pad(image, [(6, 7), (6, 7), (0, 0)], mode="reflect")
    np.testing.assert_allclose(x[0], expected, rtol=1e-6)
    _, y, _ = batch(examples(image, mask), probe(20, 20, classes=1), (20, 20, 3))
    assert y.shape == (1, 20, 20, 1)


def test_void_pixels_weigh_nothing():
    image, mask = scene(8)
    mask[:2] = segmentation.VOID
    _, y, weights = batch(examples(image, mask), probe(8, 8), (8, 8, 3))
    assert (weights[0, :2] == 0).all() and (weights[0, 2:] == 1).all()
    assert (y[0, :2] == 0).all() and (y[0, 2:] == mask[2:]).all()


def test_sizes_are_fitted_and_masks_keep_their_classes():
    image, mask = scene(8)
    image, mask = image.repeat(4, 0).repeat(4, 1), mask.repeat(4, 0).repeat(4, 1)
    spec = (
        tf.TensorSpec((None, None, 3), tf.uint8),
        tf.TensorSpec((None, None), tf.uint8),
    )
    anysize = tf.data.Dataset.from_generator(
        lambda: iter([(image, mask)]), output_signature=spec
    ).apply(tf.data.experimental.assert_cardinality(1))
    for data, shape in (
        (examples(image, mask), (32, 32, 3)), (anysize, (None, None, 3)),
    ):  # fmt: skip
        x, y, _ = batch(data, probe(8, 8), shape)
        assert x.shape == (1, 8, 8, 3)
        np.testing.assert_array_equal(y[0], mask[::4, ::4])


def test_flips_move_both():
    image, mask = scene(8)
    data = examples(image, mask, 64)
    x, y, _ = batch(data, probe(8, 8), (8, 8, 3), augment={"flip": True})
    np.testing.assert_allclose(x[..., 0], 50 * y)
    mirrored = (y == mask[:, ::-1]).all((1, 2))
    assert (mirrored ^ (y == mask).all((1, 2))).all() and 16 < mirrored.sum() < 48


def test_elastic_deformations_move_both_smoothly():
    rows, columns = np.mgrid[:64, :64]
    mask = ((rows // 16 + columns // 16) % 2).astype("uint8")
    image = np.repeat(200 * mask[..., None], 3, axis=-1)
    data = examples(image, mask, 16)
    settings = {"augment": {"elastic": 4}, "preprocess": {"std": 1.0}}
    x, y, _ = batch(data, probe(64, 64), (64, 64, 3), **settings)
    agree = (x[..., 0] > 100) == y
    assert agree.mean() > 0.98  # they differ at most on the borders
    assert len({picture.tobytes() for picture in y}) == 16
    moved = (y != mask).mean()
    assert 0.02 < moved < 0.5
    again = batch(data, probe(64, 64), (64, 64, 3), **settings)[1]
    np.testing.assert_array_equal(y, again)


@pytest.mark.parametrize(
    ("name", "classes"), [("oxford_iiit_pet", 3), ("cityscapes", 19)]
)
def test_masks_by_tfds_name(name, classes, monkeypatch):
    import tensorflow_datasets as tfds

    monkeypatch.setattr("kerazoo.datasets.tfds._check_online", lambda: None)
    model = kerazoo.create("unet", tiny=True, classes=classes, compile=False)
    policy = tfds.testing.MockPolicy.USE_CODE
    with tfds.testing.mock_data(num_examples=3, policy=policy):
        source = datasets.find(name, model)
        assert (source.kind, source.classes) == ("segmentation", classes)
        source = dataclasses.replace(source, splits=("train",))
        x, y, weights = next(iter(datasets.batches(source, "train", model)))
    assert x.shape == (3, 64, 64, 3) and y.shape == weights.shape == (3, 64, 64)
    assert int(tf.reduce_max(y)) < classes
    with pytest.raises(ValueError, match="target is a mask.*oxford_iiit_pet"):
        datasets.find("cifar10", model)


# --- the paper's weights


def test_border_weights_are_the_papers_formula():
    cells = np.zeros((1, 9, 20), int)
    cells[0, :, :5], cells[0, :, 8:13] = 1, 2
    weights = segmentation.border_weights(cells, strength=10.0, sigma=5.0)
    row = weights[0, 4]
    # Ten of twenty columns are cells: each class weighs 1.
    for column, both in ((6, 2 + 2), (4, 4), (0, 8), (19, 7 + 15)):
        assert row[column] == pytest.approx(1 + 10 * np.exp(-(both**2) / 50), rel=1e-5)
    alone = segmentation.border_weights(np.minimum(cells, 1) * (cells == 1))
    assert set(np.unique(alone)) == {np.float32(0.5 / 0.25), np.float32(0.5 / 0.75)}
    with pytest.raises(ValueError, match=r"\(n, height, width\).*\(9, 20\)"):
        segmentation.border_weights(cells[0])


def test_a_weight_map_trains():
    model = kerazoo.create("louppe_unet", tiny=True)
    x, masks = datasets.EMBEDDED["cells"].load("test")
    x, y = x[:4] / 255, masks[:4, ..., None]
    still = np.zeros(masks[:4].shape, "float32")
    before = [array(v) for v in model.trainable_variables]
    model.compile(keras.optimizers.SGD(0.1), "binary_crossentropy")
    kerazoo.fit(model, (x, y, still), epochs=1, batch_size=4, verbose=0)
    for old, new in zip(before, model.trainable_variables, strict=True):
        np.testing.assert_array_equal(old, array(new))


# --- the measure


def test_mean_iou_by_hand():
    truth = np.array([[[0, 0, 1], [1, 2, 2]]])
    guess = np.array([[[0, 1, 1], [1, 2, 0]]])
    metric = MeanIoU()
    metric.update_state(truth, np.eye(4, dtype="float32")[guess])
    # Class 0: 1 of 3, class 1: 2 of 3, class 2: 1 of 2; class 3 does not occur.
    assert float(metric.result()) == pytest.approx((1 / 3 + 2 / 3 + 1 / 2) / 3)
    metric.update_state(truth, np.eye(4, dtype="float32")[truth])
    assert float(metric.result()) == pytest.approx((3 / 5 + 4 / 5 + 3 / 4) / 3)
    metric.reset_state()
    right = (truth == guess).astype("float32")
    metric.update_state(truth, np.eye(4, dtype="float32")[guess], right)
    assert float(metric.result()) == 1


def test_mean_iou_of_a_probability():
    metric = MeanIoU()
    truth = np.array([0, 0, 1, 1]).reshape(1, 2, 2, 1)
    metric.update_state(truth, np.array([0.1, 0.6, 0.7, 0.8]).reshape(1, 2, 2, 1))
    assert float(metric.result()) == pytest.approx((1 / 2 + 2 / 3) / 2)


def test_mean_iou_agrees_with_keras():
    random = np.random.default_rng(0)
    truth = random.integers(0, 5, (3, 8, 8))
    guess = random.random((3, 8, 8, 5)).astype("float32")
    theirs = keras.metrics.MeanIoU(5, sparse_y_pred=False)
    ours = MeanIoU()
    for metric in (theirs, ours):
        metric.update_state(truth, guess)
    assert float(ours.result()) == pytest.approx(float(theirs.result()), rel=1e-6)


# --- U-Net


def test_extents_of_the_paper():
    model = inspection.skeleton("unet")
    extents = [
        model.get_layer(name).output.shape[1]
        for name in (
            "down1_conv2", "down2_conv2", "down3_conv2", "down4_conv2", "down5_conv2",
            "up4", "up4_conv2", "up3_conv2", "up2_conv2", "up1_conv2", "output",
        )
    ]  # fmt: skip
    assert extents == [568, 280, 136, 64, 28, 56, 52, 100, 196, 388, 388]
    convolutions = [x for x in model.layers if isinstance(x, keras.layers.Conv2D)]
    assert len(convolutions) + 4 == 23  # section 2


@pytest.mark.parametrize(
    ("side", "padding", "following"),
    [(570, "valid", 572), (180, "valid", 188), (100, "same", 112)],
)
def test_extents_that_poolings_do_not_divide(side, padding, following):
    with pytest.raises(ValueError, match=f"extent is {following}. Received: {side}"):
        kerazoo.unet(input_shape=(side, side, 1), padding=padding)


def small(side, **config):
    keras.utils.set_random_seed(0)
    return kerazoo.unet(
        input_shape=(side, side, 1), filters=4, depth=2, classes=3, **config
    )


def test_tiles_answer_as_one_large_image():
    """Section 2: segmentation of arbitrarily large images is seamless."""
    image = np.random.default_rng(0).uniform(size=(50, 37, 1)).astype("float32")
    model = small(60)  # to 20x20: six tiles
    assert model.output_shape[1:3] == (20, 20)
    tiled = model.segment(image)
    assert tiled.shape == (50, 37) and tiled.dtype == np.int32
    whole = small(104)  # to 64x64
    whole.set_weights(model.get_weights())
    padded = np.pad(image, [(20, 34), (20, 47), (0, 0)], mode="reflect")
    answer = array(whole(padded[None], training=False))[0, :50, :37].argmax(-1)
    assert (tiled == answer).mean() == 1
    assert len(np.unique(tiled)) > 1


def test_pictures_show_truth_and_answer(tmp_path):
    from kerazoo import cli

    kerazoo.create("louppe_unet", tiny=True).save(tmp_path / "model.keras")
    words = ["show", str(tmp_path / "model.keras"), "--data", "cells", "-n", "2"]
    assert cli.main([*words, "-o", str(tmp_path / "answers.png")]) == 0
    assert (tmp_path / "answers.png").stat().st_size > 1000
    masks = np.array([[[0, 1], [2, 3]]])
    picture = kerazoo.report.regions(np.eye(4)[None, ..., None], [masks, masks])
    assert picture.shape == (2, 8, 3)  # the middle, twice with a mask, two lines
    np.testing.assert_array_equal(picture[:, 3:5], picture[:, 6:])
    assert len(np.unique(picture[:, 6:].reshape(-1, 3), axis=0)) == 4


def test_segment_takes_one_image():
    with pytest.raises(ValueError, match=r"\(height, width, 1\).*\(20, 20, 3\)"):
        small(60).segment(np.zeros((20, 20, 3)))
    model = kerazoo.create("louppe_unet", tiny=True, compile=False)
    assert set(np.unique(model.segment(np.zeros((70, 30, 1))))) <= {0, 1}


def test_agrees_with_torch_on_the_same_weights():
    torch = pytest.importorskip("torch")
    from torch.nn import functional

    model = small(60)
    kernels = {
        x.name: [torch.tensor(array(w)) for w in x.weights]
        for x in model.layers
        if x.weights
    }

    def conv(x, name):
        kernel, bias = kernels[name]
        return functional.conv2d(x, kernel.permute(3, 2, 0, 1), bias)

    def level(x, name):
        x = functional.relu(conv(x, f"{name}_conv1"))
        return functional.relu(conv(x, f"{name}_conv2"))

    image = np.random.default_rng(0).normal(size=(2, 60, 60, 1)).astype("float32")
    x, skips = torch.tensor(image).permute(0, 3, 1, 2), []
    for name in ("down1", "down2"):
        skips.append(level(x, name))
        x = functional.max_pool2d(skips[-1], 2)
    x = level(x, "down3")
    for name in ("up2", "up1"):
        kernel, bias = kernels[name]
        x = functional.conv_transpose2d(x, kernel.permute(3, 2, 0, 1), bias, stride=2)
        skip = skips.pop()
        margin = (skip.shape[-1] - x.shape[-1]) // 2
        middle = slice(margin, margin + x.shape[-1])
        x = level(torch.cat([skip[..., middle, middle], x], dim=1), name)
    x = functional.softmax(conv(x, "classes"), dim=1).permute(0, 2, 3, 1)
    ours = array(model(image, training=False))
    np.testing.assert_allclose(ours, x.numpy(), rtol=1e-4, atol=1e-5)
