"""Boxes: their geometry and codes, which of them mean the same thing, and sampling.

A box is (left, top, right, bottom) in pixels of the network's input, in float32. Every
image of a batch has equally many, so that shapes are static: what is no box has the
label -1 where there are labels, and no area where there are none.
"""

import math

import keras
from keras import ops

# Boxes grow at most so far in one step; from here on exp would overflow.
_LARGEST = math.log(1000 / 16)


def area(boxes):
    """Areas `(...)` of boxes `(..., 4)`."""
    left, top, right, bottom = ops.unstack(boxes, axis=-1)
    return (right - left) * (bottom - top)


def iou(first, second):
    """Intersection over union of every pair: `(..., n, m)` of n and m boxes."""
    one = ops.unstack(first[..., :, None, :], axis=-1)
    other = ops.unstack(second[..., None, :, :], axis=-1)
    width = ops.minimum(one[2], other[2]) - ops.maximum(one[0], other[0])
    height = ops.minimum(one[3], other[3]) - ops.maximum(one[1], other[1])
    shared = ops.maximum(width, 0.0) * ops.maximum(height, 0.0)
    union = area(first)[..., :, None] + area(second)[..., None, :] - shared
    return shared / ops.maximum(union, 1e-6)


def clip(boxes, image_shape):
    """Boxes without what lies outside of an image of `(height, width, ...)`."""
    height, width = image_shape[:2]
    return ops.clip(boxes, 0.0, _tensor([width, height, width, height]))


def is_box(boxes, smallest=1e-3):
    """Where both sides are at least `smallest` pixels long."""
    sides = boxes[..., 2:] - boxes[..., :2]
    return ops.all(sides >= smallest, axis=-1)


def encode(boxes, references, scale=(1.0, 1.0, 1.0, 1.0)):
    """Boxes as seen from reference boxes: the centre's shift and the growth.

    `(dx, dy) = (centre - centre_ref) / size_ref` and `(dw, dh) = log(size / size_ref)`
    (Girshick et al., 2014), times `scale`.
    """
    centre, size = _centre_and_size(boxes)
    origin, unit = _centre_and_size(references)
    shift = (centre - origin) / unit
    return ops.concatenate([shift, ops.log(size / unit)], axis=-1) * _tensor(scale)


def decode(deltas, references, scale=(1.0, 1.0, 1.0, 1.0)):
    """The boxes that `encode` gives `deltas` for."""
    deltas = deltas / _tensor(scale)
    low, high = references[..., :2], references[..., 2:]
    centre = (low + high) / 2 + deltas[..., :2] * (high - low)
    half = ops.exp(ops.minimum(deltas[..., 2:], _LARGEST)) * (high - low) / 2
    return ops.concatenate([centre - half, centre + half], axis=-1)


def _centre_and_size(boxes):
    low, high = boxes[..., :2], boxes[..., 2:]
    # What is no box must not give infinity, which a weight of zero would not undo.
    return (low + high) / 2, ops.maximum(high - low, 1e-3)


def _tensor(numbers):
    return ops.convert_to_tensor(numbers, "float32")


def pick(rows, index):
    """For every image the rows `index`: `(batch, k, ...)` of `(batch, n, ...)`."""
    if len(rows.shape) == 3:
        index = index[..., None]
    return ops.take_along_axis(rows, index, axis=1)


def match(references, boxes, labels, *, low, high, keep_best=False):
    """Which true box every reference box stands for.

    Args:
        references: boxes `(n, 4)`, or `(batch, n, 4)`.
        boxes: true boxes `(batch, m, 4)`.
        labels: their labels `(batch, m)`, -1 where there is no box.
        low: overlap below which a reference is background.
        high: overlap from which on it stands for a box. In between it is neither.
        keep_best: whether the references that overlap most with some box are taken for
            boxes whatever the overlap.

    Returns:
        The index of the true box that overlaps most and the state: 1 it stands for
        that box, 0 background, -1 neither; both `(batch, n)`.
    """
    overlap = ops.where(labels[:, None] >= 0, iou(references, boxes), -1.0)
    most = ops.max(overlap, axis=-1)
    state = ops.where(most >= high, 1, ops.where(most < low, 0, -1))
    if keep_best:
        best = ops.max(overlap, axis=1, keepdims=True)
        # Compilers may round the same overlap in two ways.
        is_best = ops.logical_and(overlap >= best - 1e-6, best > 1e-3)
        state = ops.where(ops.any(is_best, axis=-1), 1, state)
    return ops.cast(ops.argmax(overlap, axis=-1), "int32"), state


def sample(state, count, share, seed):
    """Draws examples from what `match` found, no more than `share` of them positive.

    Args:
        state: 1, 0 or -1, `(batch, n)`.
        count: examples for each image. Too few positives are made up for by negatives.
        share: largest share of the positives.
        seed: a `keras.random.SeedGenerator`.

    Returns:
        Their indices and weights `(batch, count)`; the weight is 0 where there were not
        enough, else 1.
    """
    count = min(count, state.shape[1])
    lot = keras.random.uniform(ops.shape(state), dtype="float32", seed=seed)
    positive = state == 1
    drawn = ops.where(positive, lot, -1.0)
    last = ops.top_k(drawn, max(1, int(share * count)))[0][:, -1:]
    chosen = ops.logical_and(positive, drawn >= last)
    rank = ops.where(chosen, lot + 2, ops.where(state == 0, lot + 1, -1.0))
    rank, index = ops.top_k(rank, count)
    return index, ops.cast(rank > 0, "float32")


def non_max_suppression(boxes, valid, threshold, labels=None):
    """Greedy suppression of boxes that overlap with better ones.

    A box stays if no better box that stays overlaps with it by more than `threshold`.
    What stays is settled from the best box on: the rule is applied to all boxes at
    once, until nothing changes, and that is after a few rounds.

    Args:
        boxes: `(batch, n, 4)`, the best first.
        valid: which of them are boxes at all, `(batch, n)`.
        threshold: greatest overlap.
        labels: `(batch, n)`; where given, boxes of different labels do not compete.

    Returns:
        Booleans `(batch, n)`.
    """
    count = boxes.shape[1]
    places = ops.arange(count)
    beats = ops.logical_and(iou(boxes, boxes) > threshold, places < places[:, None])
    if labels is not None:
        beats = ops.logical_and(beats, labels[:, :, None] == labels[:, None, :])

    def changes(stays, before):
        return ops.any(stays != before)

    def settle(stays, before):
        beaten = ops.any(ops.logical_and(beats, stays[:, None, :]), axis=-1)
        return ops.logical_and(valid, ops.logical_not(beaten)), stays

    start = valid, ops.zeros_like(valid)
    return ops.while_loop(changes, settle, start, maximum_iterations=count)[0]
