"""Batches of images with the begin of a caption, and the words that follow."""

import math

import numpy as np
import tensorflow as tf

from kerazoo.datasets.images import (
    CACHE_BYTES,
    standardisation,
    to_channels,
    with_seeds,
)
from kerazoo.tokenizers import MarkedTokenizer, WordTokenizer, check_size

# Words are learned from so many images at most.
LEARNED_FROM = 20_000


def batches(
    examples, source, model, *, preprocess, augment, batch_size, shuffle, seed,
    drop_remainder,
):  # fmt: skip
    """Batches `({"images", "tokens"}, next tokens)` of a `Source` of captions.

    Examples are (uint8 image, captions `(n,)`). Shuffled, an image comes once in an
    epoch, with one of its captions; in order, it comes with each of them. `tokens` is
    the start token and the caption, the next tokens are the caption and the end token,
    both cut or filled up with padding to the model's length.

    Of `preprocess`, `mean` and `std` are as of images. The tokenizer is the model's. A
    model without one is given the most frequent words of the training split, as many as
    its vocabulary has room for.

    Raises:
        ValueError: the model takes other inputs, or knows fewer tokens than the
            tokenizer has.
    """
    inputs = {tensor.name: tensor for tensor in model.inputs}
    if set(inputs) != {"images", "tokens"}:
        raise ValueError(
            f"Dataset {source.name!r} holds images with captions, but {model.name!r} "
            "does not take images and tokens."
        )
    shape, length = inputs["images"].shape[1:], inputs["tokens"].shape[1]
    tokenizer = getattr(model, "tokenizer", None)
    if tokenizer is None:
        tokenizer = _words(source.read("train"), model.output_shape[-1])
    check_size(tokenizer, model)
    model.tokenizer = tokenizer
    scale, offset = standardisation(preprocess)

    def fit(image, captions):
        image = to_channels(tf.cast(image, tf.float32), shape[-1])
        if image.shape[:2] != shape[:2]:
            image = tf.image.resize(image, shape[:2], antialias=True)
        return tf.cast(tf.round(image), tf.uint8), captions

    def one_of_them(seeds, image, captions):
        index = tf.random.stateless_uniform(
            (), seeds, maxval=tf.size(captions), dtype=tf.int32
        )
        return image, captions[index]

    def each(image, captions):
        captions = tf.data.Dataset.from_tensor_slices(captions)
        return captions.map(lambda caption: (image, caption))

    def encode(captions):
        rows = np.full((len(captions), length + 1), tokenizer.padding_token, "int32")
        for row, caption in zip(rows, captions, strict=True):
            ids = tokenizer.encode(caption.decode("utf-8"))
            ids = [tokenizer.start_token, *ids, tokenizer.end_token][: length + 1]
            row[: len(ids)] = ids
        return rows

    def prepare(image, captions):
        tokens = tf.numpy_function(encode, [captions], tf.int32)
        tokens = tf.ensure_shape(tokens, (None, length + 1))
        image = tf.cast(image, tf.float32) * scale + offset
        return {"images": image, "tokens": tokens[:, :-1]}, tokens[:, 1:]

    size = int(examples.cardinality())
    room = CACHE_BYTES // math.prod(shape)
    examples = examples.map(fit, num_parallel_calls=tf.data.AUTOTUNE)
    if size <= room:
        examples = examples.cache()
    if shuffle:
        examples = examples.shuffle(min(size, room), seed=seed)
        pairs = with_seeds(examples, seed).map(one_of_them)
    else:
        pairs = examples.flat_map(each)
        many = examples.element_spec[1].shape[0]
        if many is not None:
            pairs = pairs.apply(tf.data.experimental.assert_cardinality(size * many))
    grouped = pairs.batch(batch_size, drop_remainder=drop_remainder)
    grouped = grouped.map(prepare, num_parallel_calls=tf.data.AUTOTUNE)
    return grouped.prefetch(tf.data.AUTOTUNE)


def _words(examples, vocabulary_size):
    texts = examples.take(LEARNED_FROM).map(lambda image, captions: captions)
    captions = (
        caption.decode("utf-8") for row in texts.as_numpy_iterator() for caption in row
    )
    return MarkedTokenizer(WordTokenizer.train(captions, vocabulary_size - 3))
