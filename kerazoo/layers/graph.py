"""Layers for graphs, by the one convention of the `graphs/` folder.

A batch of graphs is padded to its largest:

    nodes         (batch, nodes, features)  float32, 0 where there is no node
    edges         (batch, edges, 2)         int32, (source, target); a link that goes
                                            both ways is there twice; no self loops
    edge_weights  (batch, edges)            float32, 0 where there is no edge

Edges of padding point at node 0 and carry nothing, since their weight is 0. One large
graph is a batch of one.
"""

import keras
from keras import layers, ops


def sum_over_edges(nodes, edges, weights):
    """For every node, the weighted sum over the sources of the edges that reach it.

    Args:
        nodes: `(batch, nodes, features)`.
        edges: `(batch, edges, 2)` of (source, target).
        weights: `(batch, edges)`.

    Returns:
        A tensor of the shape of `nodes`.
    """
    graphs, count, features = ops.shape(nodes)
    # All graphs of the batch as one, the nodes of each after those of the one before.
    first = ops.arange(graphs, dtype=edges.dtype) * ops.cast(count, edges.dtype)
    edges = ops.reshape(edges + first[:, None, None], (-1, 2))
    messages = ops.take(ops.reshape(nodes, (-1, features)), edges[:, 0], axis=0)
    messages = messages * ops.reshape(ops.cast(weights, nodes.dtype), (-1, 1))
    total = ops.segment_sum(messages, edges[:, 1], num_segments=graphs * count)
    return ops.reshape(total, (-1, count, features))


@keras.saving.register_keras_serializable(package="kerazoo")
class SymmetricPropagation(layers.Layer):
    """`D^-1/2 (A + I) D^-1/2 X`: the mean of a node and its neighbours, nearly.

    `A` is the matrix of edge weights and `D` the diagonal of the row sums of `A + I`
    (Kipf & Welling, 2017, equation 2, the renormalization trick). Self loops are the
    identity: the edges must have none.

    Args:
        use_bias: whether a bias is added, after the propagation.

    Called on `nodes, edges, edge_weights`; the output has the shape of `nodes`.
    """

    def __init__(self, use_bias=False, **keywords):
        super().__init__(**keywords)
        self.use_bias = use_bias

    def build(self, nodes_shape, edges_shape, weights_shape):
        if self.use_bias:
            self.bias = self.add_weight(
                shape=(nodes_shape[-1],), initializer="zeros", name="bias"
            )

    def call(self, nodes, edges, weights):
        ones = ops.ones_like(nodes[..., :1])
        scale = ops.rsqrt(ones + sum_over_edges(ones, edges, weights))
        scaled = scale * nodes
        mean = scale * (scaled + sum_over_edges(scaled, edges, weights))
        return mean + self.bias if self.use_bias else mean

    def compute_output_shape(self, nodes_shape, edges_shape, weights_shape):
        return nodes_shape

    def get_config(self):
        return {**super().get_config(), "use_bias": self.use_bias}
