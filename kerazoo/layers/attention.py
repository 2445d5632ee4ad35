"""Attention and positions, and the cache that lets a network read token by token.

A network of these layers is written once, for whole texts. In the scope of a
`KeyValueCache` the same network reads a few tokens more of a text whose keys and values
it has computed before.
"""

import math
import threading

import keras
from keras import layers, ops

_scope = threading.local()


class KeyValueCache:
    """Keys and values of a text so far, for the layers that are called in its scope.

        with KeyValueCache(position, states) as cache:
            logits = model(tokens)  # the tokens at `position`, `position + 1`, ...
        states = cache.states

    All shapes are static, so that a loop over tokens compiles once: the states have
    room for the longest text, and what lies behind the current token is masked.

    Args:
        position: index in the text of the first token of the call, a scalar.
        states: `{layer name: (keys, values)}`, both `(batch, length, heads, size)`.
    """

    def __init__(self, position, states):
        self.position, self.states = position, dict(states)

    @classmethod
    def empty(cls, model, batch, length):
        """The cache before the first token of texts of up to `length` tokens."""
        return cls(
            0,
            {
                layer.name: layer.empty_state(batch, length)
                for layer in model.layers
                if getattr(layer, "causal", False)
            },
        )

    def extend(self, name, keys, values):
        """Writes new keys and values of a layer at `position`; gives all of them."""
        at = [0, self.position, 0, 0]
        old_keys, old_values = self.states[name]
        self.states[name] = (
            ops.slice_update(old_keys, at, keys),
            ops.slice_update(old_values, at, values),
        )
        return self.states[name]

    def __enter__(self):
        self._outer = active_cache()
        _scope.cache = self
        return self

    def __exit__(self, *exception):
        _scope.cache = self._outer


def active_cache():
    """The innermost `KeyValueCache` whose scope is open, or None."""
    return getattr(_scope, "cache", None)


def causal_mask(queries, keys, start=0, window=None):
    """Which tokens of a text are seen from `queries` of its tokens after `start`.

    Args:
        queries: number of tokens that look.
        keys: number of tokens to look at.
        start: position of the first query.
        window: how many tokens back a query sees, itself included; None for all.

    Returns:
        Booleans `(queries, keys)`.
    """
    query, key = start + ops.arange(queries)[:, None], ops.arange(keys)[None]
    seen = key <= query
    if window is not None:
        seen = ops.logical_and(seen, key > query - window)
    return seen


@keras.saving.register_keras_serializable(package="kerazoo")
class MultiHead(layers.Layer):
    """A layer of `num_heads` heads; a `KeyValueCache` keeps its keys and values."""

    def divide(self, width):
        """Settles the size of a head; ValueError where the heads do not divide."""
        if width % self.num_heads:
            raise ValueError(
                f"The width of the input of {self.name!r} must be a multiple of "
                f"`num_heads`. Received: width {width}, num_heads={self.num_heads}"
            )
        self.head_size = width // self.num_heads

    def empty_state(self, batch, length):
        """Keys and values with room for `length` tokens, for a `KeyValueCache`."""
        shape = (batch, length, self.num_heads, self.head_size)
        zeros = ops.zeros(shape, self.compute_dtype)
        return zeros, zeros


@keras.saving.register_keras_serializable(package="kerazoo")
class CausalSelfAttention(MultiHead):
    """Multi-head self-attention in which a token sees itself and those before it.

    One dense layer makes queries, keys and values of all heads, another one maps the
    heads' outputs back. Inside a `KeyValueCache` the tokens of a call also see the
    tokens of earlier calls.

    Args:
        num_heads: number of heads; must divide the width of the input.
        dropout: share of the attention weights that is dropped in training.
        window: how many tokens back a token sees, itself included; None for all.
        use_bias: whether the two dense layers have biases.
        kernel_initializer: of the layer that makes queries, keys and values.
        output_initializer: of the layer that maps the heads' outputs.

    Input and output shape: `(batch, tokens, width)`.
    """

    causal = True

    def __init__(
        self, num_heads, dropout=0.0, window=None, use_bias=True,
        kernel_initializer="glorot_uniform", output_initializer="glorot_uniform",
        **keywords,
    ):  # fmt: skip
        super().__init__(**keywords)
        self.num_heads, self.dropout, self.window = num_heads, dropout, window
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.output_initializer = keras.initializers.get(output_initializer)

    def build(self, input_shape):
        width = input_shape[-1]
        self.divide(width)
        shared = {"use_bias": self.use_bias, "dtype": self.dtype_policy}
        self.qkv = layers.Dense(
            3 * width, kernel_initializer=self.kernel_initializer, name="qkv", **shared
        )
        self.qkv.build(input_shape)
        self.output_dense = layers.Dense(
            width, kernel_initializer=self.output_initializer, name="output", **shared
        )
        self.output_dense.build(input_shape)
        if self.dropout:
            self.weights_dropout = layers.Dropout(
                self.dropout, dtype=self.dtype_policy, name="dropout"
            )

    def call(self, x, training=None):
        tokens, width = ops.shape(x)[1], x.shape[-1]
        heads = (-1, tokens, 3, self.num_heads, self.head_size)
        query, key, value = ops.unstack(ops.reshape(self.qkv(x), heads), axis=2)
        cache = active_cache()
        start = 0
        if cache is not None:
            start = cache.position
            key, value = cache.extend(self.name, key, value)
        if self.dropout and training:
            mask = causal_mask(tokens, ops.shape(key)[1], start, self.window)
            x = self._attend_with_dropout(query, key, value, mask)
        elif cache is None and self.window is None:
            x = ops.dot_product_attention(query, key, value, is_causal=True)
        else:
            mask = causal_mask(tokens, ops.shape(key)[1], start, self.window)
            x = ops.dot_product_attention(query, key, value, mask=mask[None, None])
        return self.output_dense(ops.reshape(x, (-1, tokens, width)))

    def _attend_with_dropout(self, query, key, value, mask):
        # Keras' fused attention drops nothing.
        scores = ops.einsum("bqhd,bkhd->bhqk", query, key) / self.head_size**0.5
        weights = ops.softmax(ops.where(mask, scores, -float("inf")))
        weights = self.weights_dropout(weights, training=True)
        return ops.einsum("bhqk,bkhd->bqhd", weights, value)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        serialize = keras.initializers.serialize
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "dropout": self.dropout,
            "window": self.window,
            "use_bias": self.use_bias,
            "kernel_initializer": serialize(self.kernel_initializer),
            "output_initializer": serialize(self.output_initializer),
        }


@keras.saving.register_keras_serializable(package="kerazoo")
class DotProductAttention(MultiHead):
    """Scaled dot-product attention in several heads (Vaswani et al., 2017, equation 1).

    Called on queries, keys and values that dense layers have made. Has no weights.

    Args:
        num_heads: number of heads; must divide the width.
        causal: whether queries, keys and values are of one text, of which a token sees
            itself and those before it. Inside a `KeyValueCache` that includes the
            tokens of earlier calls.
        **keywords: as in `keras.layers.Layer`.

    Inputs: queries `(batch, tokens, width)`; keys and values `(batch, seen, width)`;
    where some of these are padding, `is_token`, booleans `(batch, seen)`. Output:
    `(batch, tokens, width)`.
    """

    def __init__(self, num_heads, causal=False, **keywords):
        super().__init__(**keywords)
        self.num_heads, self.causal = num_heads, causal

    def build(self, queries_shape):
        self.divide(queries_shape[-1])

    def call(self, queries, keys, values, is_token=None):
        width, tokens = queries.shape[-1], ops.shape(queries)[1]
        queries, keys, values = map(self._heads, (queries, keys, values))
        cache, mask = active_cache(), None
        if self.causal and cache is not None:
            keys, values = cache.extend(self.name, keys, values)
            mask = causal_mask(tokens, ops.shape(keys)[1], cache.position)[None, None]
        elif is_token is not None:
            mask = is_token[:, None, None]
        x = ops.dot_product_attention(
            queries, keys, values, mask=mask, is_causal=self.causal and mask is None
        )
        return ops.reshape(x, (-1, tokens, width))

    def _heads(self, x):
        return ops.reshape(x, (-1, ops.shape(x)[1], self.num_heads, self.head_size))

    def compute_output_shape(self, queries_shape):
        return queries_shape

    def get_config(self):
        own = {"num_heads": self.num_heads, "causal": self.causal}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="kerazoo")
class LearnedPositions(layers.Layer):
    """Adds a learned vector to the token at each position of a text.

    Args:
        sequence_length: number of positions.
        embeddings_initializer: of the vectors.

    Input and output shape: `(batch, tokens, width)`, no more tokens than positions.
    """

    def __init__(self, sequence_length, embeddings_initializer="uniform", **keywords):
        super().__init__(**keywords)
        self.sequence_length = sequence_length
        self.embeddings_initializer = keras.initializers.get(embeddings_initializer)

    def build(self, input_shape):
        self.embeddings = self.add_weight(
            (self.sequence_length, input_shape[-1]),
            initializer=self.embeddings_initializer,
            name="embeddings",
        )

    def call(self, x):
        tokens = x.shape[1]
        if tokens is not None and tokens > self.sequence_length:
            raise ValueError(
                f"A text has {tokens} tokens, but {self.name!r} knows "
                f"{self.sequence_length} positions: cut it, or build the model with a "
                "larger `sequence_length`."
            )
        cache = active_cache()
        start = 0 if cache is None else cache.position
        return x + ops.take(
            self.embeddings, start + ops.arange(ops.shape(x)[1]), axis=0
        )

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "sequence_length": self.sequence_length,
            "embeddings_initializer": keras.initializers.serialize(
                self.embeddings_initializer
            ),
        }


@keras.saving.register_keras_serializable(package="kerazoo")
class SinusoidalPositions(layers.Layer):
    """Adds to each token sines and cosines of its position (Vaswani et al., 2017).

    Channels `2i` and `2i + 1` are the sine and the cosine of
    `position / 10000 ** (2i / width)`: nothing is learned, and no text is too long.

    Input and output shape: `(batch, tokens, width)`, an even width.
    """

    def build(self, input_shape):
        if input_shape[-1] % 2:
            raise ValueError(
                f"The width of the input of {self.name!r} must be even, for pairs of "
                f"sine and cosine. Received: {input_shape[-1]}"
            )

    def call(self, x):
        width, tokens = x.shape[-1], ops.shape(x)[1]
        cache = active_cache()
        start = 0 if cache is None else cache.position
        positions = ops.cast(start + ops.arange(tokens), "float32")
        powers = ops.arange(0, width, 2, dtype="float32") / width
        angles = positions[:, None] * ops.exp(-math.log(10_000.0) * powers)
        waves = ops.stack([ops.sin(angles), ops.cos(angles)], axis=-1)
        return x + ops.cast(ops.reshape(waves, (tokens, width)), x.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape
