"""RoIAlign: a patch of fixed size for every region of interest."""

import math

import keras
import numpy as np
from keras import layers, ops

from kerazoo.layers.boxes import area


@keras.saving.register_keras_serializable(package="kerazoo")
class RoIAlign(layers.Layer):
    """Cuts regions out of feature maps and resamples them to `size` by `size`.

    A bin is the mean of `samples` by `samples` points, each interpolated between four
    places of the map (He et al., 2017, section 3), with torchvision's conventions: no
    half-pixel shift, and no region smaller than one place. Of a pyramid, a region is
    cut out of the map of level `4 + log2(side / 224)`, level n having stride 2^n (Lin
    et al., 2017, equation 1).

    Args:
        size: side of a patch.
        strides: pixels of the image from place to place, of every map.
        samples: points along each side of a bin.

    Called on a list of maps `(batch, height, width, channels)`, of which those behind
    `strides` are left out, and on boxes `(batch, n, 4)`. The output has shape `(batch,
    n, size, size, channels)`. No gradient reaches the boxes.
    """

    def __init__(self, size, strides, samples=2, **keywords):
        super().__init__(**keywords)
        self.size, self.strides, self.samples = size, list(strides), samples

    def call(self, maps, boxes):
        maps = maps[: len(self.strides)]
        boxes = ops.stop_gradient(boxes)
        batch, channels = ops.shape(boxes)[0], maps[0].shape[-1]
        level = self._level(boxes)
        scale = 1 / _of_level(self.strides, level, "float32")
        # All places of all maps of all images are rows of one table.
        sizes = [m.shape[1] * m.shape[2] for m in maps]
        rows = [
            ops.reshape(m, (-1, n, channels)) for m, n in zip(maps, sizes, strict=True)
        ]
        table = ops.reshape(ops.concatenate(rows, axis=1), (-1, channels))
        first = _of_level(np.cumsum([0, *sizes])[:-1], level, "int32")
        first = first + sum(sizes) * ops.arange(batch, dtype="int32")[:, None]

        height = _of_level([m.shape[1] for m in maps], level, "int32")
        width = _of_level([m.shape[2] for m in maps], level, "int32")
        ys = self._between(boxes[..., 1] * scale, boxes[..., 3] * scale, height)
        xs = self._between(boxes[..., 0] * scale, boxes[..., 2] * scale, width)
        patches = 0.0
        for y, y_share in ys:
            for x, x_share in xs:
                row = first[..., None, None] + y[..., None] * width[..., None, None]
                values = ops.take(table, row + x[..., None, :], axis=0)
                share = y_share[..., None] * x_share[..., None, :]
                patches = patches + values * ops.cast(share, values.dtype)[..., None]
        bins = (self.size, self.samples)
        patches = ops.reshape(patches, (-1, boxes.shape[1], *bins, *bins, channels))
        return ops.mean(patches, axis=(3, 5))

    def _level(self, boxes):
        """Index of the map that each box is cut out of."""
        lowest = int(math.log2(self.strides[0]))
        side = ops.sqrt(ops.maximum(area(boxes), 1.0))
        level = ops.floor(4 + ops.log(side / 224) / math.log(2) + 1e-6) - lowest
        return ops.cast(ops.clip(level, 0, len(self.strides) - 1), "int32")

    def _between(self, low, high, length):
        """The two neighbours of each point along one side, and their shares."""
        count = self.size * self.samples
        steps = (ops.arange(count, dtype="float32") + 0.5) / count
        extent = ops.maximum(high - low, 1.0)
        point = low[..., None] + extent[..., None] * steps
        end = ops.cast(length, "float32")[..., None]
        inside = ops.logical_and(point >= -1, point <= end)
        point = ops.clip(point, 0.0, end - 1)
        before = ops.floor(point)
        after = ops.minimum(before + 1, end - 1)
        share = point - before
        return [
            (ops.cast(place, "int32"), ops.where(inside, part, 0.0))
            for place, part in ((before, 1 - share), (after, share))
        ]

    def compute_output_shape(self, maps_shape, boxes_shape):
        return (*boxes_shape[:2], self.size, self.size, maps_shape[0][-1])

    def get_config(self):
        return {
            **super().get_config(),
            "size": self.size,
            "strides": self.strides,
            "samples": self.samples,
        }


def _of_level(values, level, dtype):
    """For every box the value of its map."""
    return ops.take(ops.convert_to_tensor(np.array(values, dtype)), level, axis=0)
