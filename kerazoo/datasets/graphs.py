"""Batches of graphs, padded to the largest, in the convention of `layers.graph`.

An example is `({"nodes", "edges"}, labels, weights)`: features `(nodes, features)`,
every edge as (source, target) in both directions where it has none, integer labels and
which of them count. A data set of one graph has one example, and its splits differ in
the weights alone.
"""

import tensorflow as tf


def batches(
    examples, source, model, *, preprocess, augment, batch_size, shuffle, seed,
    drop_remainder,
):  # fmt: skip
    """Batches of a `Source` of graphs, for a model that takes them by name.

    Of `preprocess`, `"normalize_rows": True` scales the features of a node to sum 1.

    Raises:
        ValueError: the model takes no graphs, or nodes of other features.
    """
    inputs = {tensor.name: tensor for tensor in model.inputs}
    if "nodes" not in inputs:
        raise ValueError(
            f"Dataset {source.name!r} holds graphs, but {model.name!r} takes none."
        )
    given = examples.element_spec[0]["nodes"].shape[-1]
    if given != inputs["nodes"].shape[-1]:
        raise ValueError(
            f"The nodes of {source.name!r} have {given} features, but {model.name!r} "
            f"takes {inputs['nodes'].shape[-1]}. Build it with features={given}."
        )

    def prepare(graph, *targets):
        nodes = tf.cast(graph["nodes"], "float32")
        if preprocess.get("normalize_rows"):
            total = tf.reduce_sum(nodes, axis=-1, keepdims=True)
            nodes = tf.math.divide_no_nan(nodes, total)
        weights = tf.ones(tf.shape(graph["edges"])[:1])
        return {**graph, "nodes": nodes, "edge_weights": weights}, *targets

    if shuffle:
        examples = examples.shuffle(int(examples.cardinality()), seed=seed)
    examples = examples.map(prepare)
    grouped = examples.padded_batch(batch_size, drop_remainder=drop_remainder)
    return grouped.prefetch(tf.data.AUTOTUNE)
