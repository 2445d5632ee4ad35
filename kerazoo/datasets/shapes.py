"""Coloured shapes: scenes whose boxes, masks and captions are known.

One generator serves every task on pictures with things in them. The sky and the ground
have a random tint each; in front of them are circles, squares and triangles of six
colours, which may hide one another a little; over all lies noise. What a task wants of
the scenes is a view of its own, a dataset `shapes/...`.
"""

import functools

import numpy as np

from kerazoo.datasets.embedded import embedded

SIDE = 64
THINGS = ("circle", "square", "triangle")
# What a pixel can belong to; the class of a thing is two more than its label.
REGIONS = ("ground", "sky", *THINGS)
COLOURS = {
    "red": (210, 45, 45),
    "green": (45, 180, 45),
    "blue": (50, 70, 215),
    "yellow": (215, 205, 45),
    "magenta": (205, 50, 200),
    "cyan": (50, 200, 205),
}


@embedded(
    "shapes/boxes",
    kind="detection",
    classes=len(THINGS),
    labels=THINGS,
    about="64x64 generated scenes of 1 to 4 coloured shapes (2,000 train, 400 test): "
    "boxes and labels of the circles, squares and triangles",
)
def boxes(split, input_shape=None):
    """Images, and `boxes` (n, 4, 4) with `labels` (n, 4), padded by -1.

    A box is (left, top, right, bottom) in pixels, of the whole thing, hidden or not.
    """
    scenes = _scenes(split, most=4)
    return scenes["images"], {key: scenes[key] for key in ("boxes", "labels")}


@embedded(
    "shapes/masks",
    kind="segmentation",
    classes=len(REGIONS),
    labels=REGIONS,
    about="64x64 generated scenes of 1 to 4 coloured shapes (2,000 train, 400 test): "
    "a mask of ground, sky, circles, squares and triangles",
)
def masks(split, input_shape=None):
    """Images, and the region of every pixel `(n, 64, 64)`, as far as it is seen."""
    scenes = _scenes(split, most=4)
    return scenes["images"], scenes["masks"]


@embedded(
    "shapes/captions",
    kind="captions",
    classes=None,
    about="64x64 generated scenes of one large coloured shape (2,000 train, 400 test): "
    'a caption such as "a red circle in the sky"',
)
def captions(split, input_shape=None):
    """Images, and a caption of each `(n, 1)`."""
    scenes = _scenes(split, most=1, sizes=(0.3, 0.6))
    return scenes["images"], scenes["captions"][:, None]


@functools.cache
def _scenes(split, most, sizes=(0.16, 0.42)):
    """Scenes of 1 to `most` things, of sizes that are shares of the side."""
    random = np.random.default_rng({"train": 0, "test": 1}[split])
    n = {"train": 2000, "test": 400}[split]
    boxes, labels = _placed(random, n, most, sizes)
    colours = random.integers(len(COLOURS), size=(n, most))
    horizon = random.uniform(0.25, 0.75, n) * SIDE
    images, masks = _background(random, horizon)
    palette = np.array(list(COLOURS.values()), "float32")
    for k in range(most):  # later things hide earlier ones
        inside = _inside(boxes[:, k], labels[:, k])
        tint = palette[colours[:, k]] * random.uniform(0.7, 1.1, (n, 1))
        images = np.where(inside[..., None], _pixels(tint), images)
        masks = np.where(inside, (labels[:, k, None, None] + 2).astype("uint8"), masks)
    images += 8 * random.standard_normal(images.shape, "float32")
    return {
        "images": images.clip(0, 255).astype("uint8"),
        "boxes": boxes,
        "labels": labels,
        "masks": masks,
        "captions": _captions(boxes, labels, colours, horizon),
    }


def _placed(random, n, most, sizes):
    """Boxes and labels. At most a quarter of the smaller of two boxes is in both."""
    boxes = np.full((n, most, 4), -1, "float32")
    labels = np.full((n, most), -1, "int32")
    count = random.integers(1, most + 1, n)
    for k in range(most):
        wanted = np.flatnonzero((count > k) & (k == 0 or labels[:, k - 1] >= 0))
        for _ in range(50):
            tried = _boxes(random, len(wanted), sizes)
            fits = (_shared(tried[:, None], boxes[wanted, :k]) <= 0.25).all(axis=1)
            boxes[wanted[fits], k] = tried[fits]
            labels[wanted[fits], k] = random.integers(len(THINGS), size=fits.sum())
            wanted = wanted[~fits]
    return boxes, labels


def _boxes(random, n, sizes):
    size = SIDE * random.uniform(*sizes, n)
    stretch = np.sqrt(random.uniform(0.75, 1.33, n))
    extent = np.stack([size * stretch, size / stretch], axis=1)
    corner = random.uniform(size=(n, 2)) * (SIDE - extent)
    return np.concatenate([corner, corner + extent], axis=1)


def _shared(a, b):
    """What boxes share, as a part of the smaller one."""
    extent = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    areas = [np.prod(c[..., 2:] - c[..., :2], axis=-1) for c in (a, b)]
    return np.prod(extent.clip(0), axis=-1) / np.minimum(*areas)


def _background(random, horizon):
    n = len(horizon)
    sky = random.uniform(120, 200, (n, 3))
    ground = random.uniform(40, 110, (n, 3))
    above = np.arange(SIDE) + 0.5 < horizon[:, None]
    masks = np.broadcast_to(above[..., None], (n, SIDE, SIDE)).astype("uint8")
    return np.where(masks[..., None], _pixels(sky), _pixels(ground)), masks


def _pixels(colour):
    return colour[:, None, None].astype("float32")


def _inside(box, label):
    """Which pixels have their centre in a thing; none where the label is -1."""
    left, top, right, bottom = (edge[:, None] for edge in box.T)
    place = np.arange(SIDE, dtype="float32") + 0.5
    with np.errstate(divide="ignore", invalid="ignore"):  # the boxes that are padding
        x = np.abs(2 * (place - left) / (right - left) - 1)[:, None, :]  # 0 amid
        y = (2 * (place - top) / (bottom - top) - 1)[:, :, None]  # -1 top, 1 bottom
    within = np.abs(y) <= 1
    outlines = x**2 + y**2 <= 1, (x <= 1) & within, (2 * x <= 1 + y) & within
    chosen = label[:, None, None]
    return np.select([chosen == k for k in range(len(THINGS))], outlines, False)


def _captions(boxes, labels, colours, horizon):
    """What is in each scene, from left to right."""
    names, middle = list(COLOURS), (boxes[..., :2] + boxes[..., 2:]) / 2
    captions = []
    for i, height in enumerate(horizon):
        things = []
        for k in np.argsort(middle[i, :, 0]):
            if labels[i, k] >= 0:
                place = "in the sky" if middle[i, k, 1] < height else "on the ground"
                colour, shape = names[colours[i, k]], THINGS[labels[i, k]]
                things.append(f"a {colour} {shape} {place}")
        captions.append(" and ".join(things))
    return np.array(captions)
