"""Batches of running text: windows of tokens, and the token that follows each."""

import tensorflow as tf

from kerazoo.tokenizers import ByteTokenizer, CharacterTokenizer


def batches(
    examples, source, model, *, preprocess, augment, batch_size, shuffle, seed,
    drop_remainder,
):  # fmt: skip
    """Batches `(tokens, next tokens)` of a `Source` of texts.

    The texts are read into memory, tokenized and joined. Windows have the length of
    the model's input. Shuffled, they are drawn from anywhere, as many in an epoch as
    the text has; in order, they follow one another without overlap.

    The tokenizer is the model's. A model without one is given the tokenizer that the
    card's `preprocess` names as `tokens`: `"bytes"`, or `"characters"` (default), those
    of all splits.

    Raises:
        ValueError: the model knows fewer tokens than the text has, does not read
            windows of a fixed length, or the text is shorter than one window.
    """
    length = model.input_shape[1]
    if length is None:
        raise ValueError(
            f"{model.name!r} reads texts of any length, so {source.name!r} cannot be "
            "cut for it. Build it with a fixed `sequence_length`."
        )
    tokenizer = getattr(model, "tokenizer", None)
    if tokenizer is None:
        tokenizer = _tokenizer(source, preprocess.get("tokens", "characters"))
    _check_vocabulary(tokenizer, source, model)
    model.tokenizer = tokenizer
    tokens = _tokens(examples, tokenizer)
    size = int(tokens.shape[0])
    if size <= length:
        raise ValueError(
            f"The text of {source.name!r} has {size} tokens, less than a window of "
            f"{model.name!r}, {length} tokens and the next one. Build it with a "
            "smaller `sequence_length`."
        )
    count = (size - 1) // length
    if shuffle:
        starts = tf.data.Dataset.random(seed, rerandomize_each_iteration=True)
        starts = starts.take(count).map(lambda number: number % (size - length))
    else:
        starts = tf.data.Dataset.range(count).map(lambda index: index * length)

    def windows(starts):
        chosen = tf.gather(
            tokens, starts[:, None] + tf.range(length + 1, dtype="int64")
        )
        return chosen[:, :-1], chosen[:, 1:]

    grouped = starts.batch(batch_size, drop_remainder=drop_remainder)
    return grouped.map(windows).prefetch(tf.data.AUTOTUNE)


def _texts(examples):
    return [text.decode("utf-8") for text in examples.as_numpy_iterator()]


def _tokenizer(source, tokens):
    if tokens not in ("bytes", "characters"):
        raise ValueError(
            f"`tokens` must be 'bytes' or 'characters'. Received: {tokens!r}"
        )
    if tokens == "bytes":
        return ByteTokenizer()
    texts = [text for split in source.splits for text in _texts(source.read(split))]
    return CharacterTokenizer.of("".join(texts))


def _tokens(examples, tokenizer):
    """The ids of all texts in a row, parted by the tokenizer's end token if any."""
    ids = []
    for text in _texts(examples):
        if ids and tokenizer.end_token is not None:
            ids.append(tokenizer.end_token)
        ids += tokenizer.encode(text)
    return tf.constant(ids, "int32")


def _check_vocabulary(tokenizer, source, model):
    known = model.output_shape[-1]
    if tokenizer.vocabulary_size > known:
        raise ValueError(
            f"{source.name!r} has {tokenizer.vocabulary_size} different tokens for "
            f"{type(tokenizer).__name__}, but {model.name!r} knows {known}. Build it "
            f"with vocabulary_size={tokenizer.vocabulary_size}."
        )
