"""Adversarial examples: one class to a person, another to the network.

Box-constrained L-BFGS (Szegedy et al., 2014, arXiv:1312.6199), which found them, the
fast gradient sign method (Goodfellow, Shlens & Szegedy, 2015, arXiv:1412.6572), and
projected gradient descent (Madry et al., 2018, arXiv:1706.06083).

All sizes are in units of the model's input. An `epsilon` of 0.25 on pixels between 0
and 1 is `0.25 * (high - low)` with `low, high = pixel_range(model)`.
"""

import keras
import numpy as np
from keras import ops

from kerazoo.gradients import value_and_grad
from kerazoo.interpret.classifier import (
    as_classes,
    as_images,
    in_batches,
    pixel_range,
    scores,
)
from kerazoo.layers.compilation import compiled


def fgsm(model, images, labels, *, epsilon, box=None):
    """One step of size `epsilon` along the sign of the loss's gradient.

    Args:
        model: a classifier, see `scores`.
        images: `(n, ...)` as the model takes them.
        labels: the true classes, `n` integers.
        epsilon: the change of every value; a number, or one per channel.
        box: `(low, high)`, the least and largest value of a pixel; those of black and
            white by default, see `pixel_range`.

    Returns:
        The changed images, inside the box.

    Example:
        >>> low, high = kerazoo.interpret.pixel_range(model)
        >>> fooling = kerazoo.interpret.fgsm(model, x, y, epsilon=0.1 * (high - low))
        >>> model.evaluate(fooling, y)
    """
    images = as_images(model, images)
    labels = as_classes(model, labels, len(images), name="labels")
    low, high = _box(model, box, images)
    epsilon = _size("epsilon", epsilon)
    loss = _loss(model)
    gradient = in_batches(lambda x, y: loss(x, y)[1], images, labels)
    return np.clip(images + epsilon * np.sign(gradient), low, high)


def pgd(model, images, labels, *, epsilon, step=None, steps=40, box=None, seed=0):
    """Projected gradient descent: many small steps within `epsilon` of every value.

    From a random point of that ball, along the sign of the gradient and back into the
    ball and the box, `steps` times.

    Args:
        model: a classifier, see `scores`.
        images: `(n, ...)` as the model takes them.
        labels: the true classes, `n` integers.
        epsilon: the largest change of a value; a number, or one per channel.
        step: size of a step; `2.5 * epsilon / steps` by default, from which every point
            of the ball can be reached.
        steps: number of steps (the paper: 40 on MNIST, 7 on CIFAR-10).
        box: `(low, high)`, the least and largest value of a pixel; those of black and
            white by default, see `pixel_range`.
        seed: fixes the random start.

    Returns:
        The changed images, inside the ball and the box.
    """
    images = as_images(model, images)
    labels = as_classes(model, labels, len(images), name="labels")
    low, high = _box(model, box, images)
    epsilon = _size("epsilon", epsilon)
    step = 2.5 * epsilon / steps if step is None else _size("step", step)
    low, high = np.maximum(low, images - epsilon), np.minimum(high, images + epsilon)
    loss = _loss(model)
    ascent = compiled(lambda x, y: ops.sign(loss(x, y)[1]), model)
    start = np.random.default_rng(seed).uniform(-1, 1, images.shape)
    changed = np.clip(images + epsilon * start.astype("float32"), low, high)
    for _ in range(steps):
        moved = changed + step * in_batches(ascent, changed, labels)
        changed = np.clip(moved, low, high)
    return changed


def lbfgs(model, images, targets, *, iterations=60, searches=8, box=None):
    """The smallest change that makes a network see the class one wants.

    Minimises `c |r|^2 + loss(image + r, target)` over changes `r` that stay in the box,
    by L-BFGS-B, for `searches` values of `c`: larger while the target is reached,
    smaller while it is not, then between the two. The paper writes `c |r|`, which has
    no gradient at 0, where the search starts.

    Args:
        model: a classifier, see `scores`.
        images: `(n, ...)` as the model takes them.
        targets: the class to be seen in each image, `n` integers.
        iterations: of L-BFGS-B for each `c`.
        searches: number of values of `c`.
        box: `(low, high)`, the least and largest value of a pixel; those of black and
            white by default, see `pixel_range`.

    Returns:
        The changed images, inside the box. An image whose target was not reached with
        any `c` comes back as it was.

    Example:
        >>> fooling = kerazoo.interpret.lbfgs(model, x, (y + 1) % 10)
        >>> model.predict(fooling).argmax(-1)
    """
    images = as_images(model, images)
    targets = as_classes(model, targets, len(images), name="targets")
    low, high = (np.broadcast_to(b, images.shape[1:]) for b in _box(model, box, images))
    loss = compiled(_loss(model), model)
    score = compiled(scores(model), model)

    def seen(image):
        return int(ops.argmax(score(image[None])[0]))

    def search(image, target):
        best, least, reached, missed = image, np.inf, None, None
        c = 1.0
        for _ in range(searches):
            changed = _minimise(loss, image, target, c, low, high, iterations)
            if seen(changed) == target:
                reached = c
                if np.linalg.norm(changed - image) < least:
                    best, least = changed, np.linalg.norm(changed - image)
            else:
                missed = c
            if missed is None:
                c *= 4
            elif reached is None:
                c /= 4
            else:
                c = np.sqrt(reached * missed)
        return best

    return np.stack([search(*pair) for pair in zip(images, targets, strict=True)])


def _minimise(loss, image, target, c, low, high, iterations):
    """The image at the minimum of `c |r|^2 + loss`, found in float64."""
    from scipy.optimize import fmin_l_bfgs_b

    start = image.ravel().astype("float64")
    label = np.full(1, target, "int32")

    def objective(x):
        batch = x.reshape(1, *image.shape).astype("float32")
        value, gradient = map(ops.convert_to_numpy, loss(batch, label))
        r = x - start
        return c * r @ r + float(value), 2 * c * r + gradient.ravel()

    bounds = list(zip(low.ravel(), high.ravel(), strict=True))
    x, _, _ = fmin_l_bfgs_b(objective, start, bounds=bounds, maxiter=iterations)
    return np.clip(x.reshape(image.shape).astype("float32"), low, high)


def distortion(images, changed):
    """The root mean square change of each image's values, as the 2014 paper has it.

    Args:
        images: `(n, ...)`.
        changed: the same images, changed.

    Returns:
        `(n,)` array.
    """
    change = np.asarray(changed, "float64") - np.asarray(images, "float64")
    return np.sqrt(np.mean(change.reshape(len(change), -1) ** 2, axis=1))


def _loss(model):
    """The cross-entropy, summed over a batch, and its gradient by the images."""
    score = scores(model)

    def loss(images, classes):
        return ops.sum(
            keras.losses.sparse_categorical_crossentropy(
                classes, score(images), from_logits=True
            )
        )

    return value_and_grad(loss)


def _size(name, value):
    value = np.asarray(value, "float32")
    if not (value > 0).all():
        raise ValueError(f"`{name}` must be positive. Received: {value}")
    return value


def _box(model, box, images):
    """`(low, high)`, between which the images must be."""
    low, high = pixel_range(model) if box is None else np.asarray(box, "float32")
    slack = 1e-4 * (high - low)  # float32 rounding of the standardisation
    if (images < low - slack).any() or (images > high + slack).any():
        raise ValueError(
            f"`images` must be in the box from {low} to {high}. Received values from "
            f"{images.min()} to {images.max()}. Standardise them as the model takes "
            "them, or say `box=(low, high)`."
        )
    return low, high
