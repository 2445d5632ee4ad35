"""What networks with a class for every pixel share: a measure, and tiles."""

import math

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="kerazoo")
class MeanIoU(keras.metrics.Metric):
    """Mean intersection over union of the classes, over all pixels seen.

    Of a class: the pixels that both truth and prediction give it, as a part of those
    that either does. Classes that neither gives to any pixel do not count. Keras' own
    metric must be told the number of classes; this one reads it off the predictions,
    `(batch, height, width, classes)`; a single channel is the probability of class 1.
    """

    def __init__(self, **keywords):
        super().__init__(**{"name": "mean_iou", **keywords})
        self.confusion = None

    def update_state(self, y_true, y_pred, sample_weight=None):
        channels = y_pred.shape[-1]
        if channels == 1:
            predicted = ops.cast(y_pred[..., 0] > 0.5, "int32")
        else:
            predicted = ops.cast(ops.argmax(y_pred, axis=-1), "int32")
        classes = max(channels, 2)
        if self.confusion is None:
            self.confusion = self.add_variable(
                (classes * classes,), initializer="zeros", name="confusion"
            )
        pairs = ops.cast(ops.reshape(y_true, (-1,)), "int32") * classes
        pairs += ops.reshape(predicted, (-1,))
        if sample_weight is None:
            sample_weight = ops.ones_like(pairs, dtype="float32")
        weights = ops.cast(ops.reshape(sample_weight, (-1,)), "float32")
        counts = ops.segment_sum(weights, pairs, num_segments=classes * classes)
        self.confusion.assign_add(counts)

    def result(self):
        if self.confusion is None:
            return 0.0
        side = math.isqrt(self.confusion.shape[0])
        confusion = ops.reshape(self.confusion, (side, side))
        both = ops.diagonal(confusion)
        either = ops.sum(confusion, axis=0) + ops.sum(confusion, axis=1) - both
        occurs = ops.cast(either > 0, "float32")
        shares = both / ops.maximum(either, 1e-7)
        return ops.sum(shares * occurs) / ops.maximum(ops.sum(occurs), 1.0)


@keras.saving.register_keras_serializable(package="kerazoo")
class SegmentationModel(keras.Model):
    """A functional model from images to a class for every pixel.

    `SegmentationModel(inputs, outputs)` is `keras.Model(inputs, outputs)` with a method
    more: `segment` takes an image of any size.
    """

    def segment(self, image, *, batch_size=4):
        """The class of every pixel of an image of any size, by overlapping tiles.

        The tiles of the result meet. What the model sees around a tile, where its input
        is larger than its output, overlaps with the neighbours, and is mirrored beyond
        the borders of the image (Ronneberger et al., 2015, figure 2).

        Args:
            image: `(height, width, channels)`, standardised as the model's inputs are.
            batch_size: tiles to predict at once.

        Returns:
            int32 classes `(height, width)`.

        Raises:
            ValueError: `image` is not one image with the model's channels.

        Example:
            >>> mask = kerazoo.unet().segment(slice_of_tissue / 255)  # (1024, 1024, 1)
        """
        image = np.asarray(image, "float32")
        seen, told = self.input_shape[1:], self.output_shape[1:]
        if image.ndim != 3 or image.shape[-1] != seen[-1]:
            raise ValueError(
                f"`image` must have the shape (height, width, {seen[-1]}). Received: "
                f"{image.shape}"
            )
        counts, margins = [], []
        for size, extent, step in zip(image.shape[:2], seen[:2], told[:2], strict=True):
            count, first = -(-size // step), (extent - step) // 2
            counts.append(count)
            margins.append((first, (count - 1) * step + extent - first - size))
        padded = np.pad(image, [*margins, (0, 0)], mode="reflect")
        corners = [
            (row * told[0], column * told[1])
            for row in range(counts[0])
            for column in range(counts[1])
        ]
        result = np.empty((counts[0] * told[0], counts[1] * told[1]), "int32")
        for start in range(0, len(corners), batch_size):
            batch = corners[start : start + batch_size]
            tiles = [padded[y : y + seen[0], x : x + seen[1]] for y, x in batch]
            answers = self.predict_on_batch(np.stack(tiles))
            if answers.shape[-1] == 1:
                classes = answers[..., 0] > 0.5
            else:
                classes = answers.argmax(axis=-1)
            for (y, x), answer in zip(batch, classes, strict=True):
                result[y : y + told[0], x : x + told[1]] = answer
        return result[: image.shape[0], : image.shape[1]]
