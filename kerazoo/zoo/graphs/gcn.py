"""Graph convolutional networks (Kipf & Welling, 2017).

A convolution on a graph that is as cheap as a dense layer: every node takes a weighted
mean of itself and its neighbours, and one matrix serves all nodes. Two such layers, and
20 labelled papers of each kind, tell the subject of most others from who cites whom.

The whole citation graph is one example, seen in every step; the loss is that of its
labelled nodes, `sample_weight` 1. Batches follow the convention of
`kerazoo.layers.graph`.
"""

import keras
from keras import layers

from kerazoo.architecture import architecture
from kerazoo.layers.graph import SymmetricPropagation


@architecture(
    title="Graph convolutional network",
    paper="Kipf & Welling, 2017, Semi-Supervised Classification with Graph "
    "Convolutional Networks, ICLR",
    year=2017,
    url="arXiv:1609.02907",
    task="node classification",
    lectures=["001: Lecture 9: Graph neural networks"],
    dataset="cora",
    offline="block_graph",
    params=23_040,
    variants={
        "Cora, with biases": {"config": {"use_bias": True}, "params": 23_063},
        "Citeseer": {"config": {"features": 3703, "classes": 6}, "params": 59_344},
        "Pubmed": {"config": {"features": 500, "classes": 3}, "params": 8_048},
    },
    recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 0.01}},
        "loss": {
            "class_name": "sparse_categorical_crossentropy",
            "config": {"reduction": "mean_with_sample_weight"},
        },
        "weighted_metrics": ["accuracy"],
        "batch_size": 1,
        "epochs": 200,
    },
    preprocess={"normalize_rows": True},
    published=["test accuracy Cora 81.5 %, Citeseer 70.3 %, Pubmed 79.0 % (Table 2)"],
    deviations=[
        "trains for all 200 epochs; the paper stops where the validation loss has not "
        "fallen for 10, which is callbacks=[keras.callbacks.EarlyStopping(patience=10)]"
    ],
    tiny={"features": 32, "classes": 4},
    tiny_recipe={"epochs": 100},
    learns={"accuracy": 0.9},
)
def gcn(
    *, features=1433, classes=7, hidden_dim=16, dropout=0.5, l2=5e-4, use_bias=False,
    classifier_activation="softmax",
):  # fmt: skip
    """Two graph convolutions that label the nodes of a graph (Kipf & Welling, 2017).

    Args:
        features: numbers that come with every node.
        classes: number of classes of nodes.
        hidden_dim: width of the hidden layer.
        dropout: rate before both layers.
        l2: weight decay of the first layer, the factor of half its squared weights.
        use_bias: whether layers have biases; the paper's formula has none.
        classifier_activation: `"softmax"`, or None for logits.

    Returns:
        A compiled `keras.Model`, from a mapping of `nodes` `(batch, nodes, features)`,
        `edges` `(batch, edges, 2)` and `edge_weights` `(batch, edges)`, graphs of any
        size, to `(batch, nodes, classes)`.

    Example:
        >>> model = kerazoo.gcn(features=32, classes=4)
        >>> kerazoo.fit(model, "block_graph", epochs=100)

    Reference:
        arXiv:1609.02907, equations 8 and 9.
    """
    nodes = keras.Input((None, features), name="nodes")
    edges = keras.Input((None, 2), dtype="int32", name="edges")
    weights = keras.Input((None,), name="edge_weights")

    x = layers.Dropout(dropout, name="dropout1")(nodes)
    x = layers.Dense(
        hidden_dim,
        use_bias=False,
        # Keras' penalty is not halved.
        kernel_regularizer=keras.regularizers.L2(l2 / 2),
        name="dense1",
    )(x)
    x = SymmetricPropagation(use_bias, name="propagation1")(x, edges, weights)
    x = layers.ReLU(name="relu1")(x)  # (batch, nodes, 16)

    x = layers.Dropout(dropout, name="dropout2")(x)
    x = layers.Dense(classes, use_bias=False, name="dense2")(x)
    x = SymmetricPropagation(use_bias, name="propagation2")(x, edges, weights)
    outputs = layers.Activation(
        classifier_activation, dtype="float32", name="predictions"
    )(x)  # (batch, nodes, 7)
    inputs = {"nodes": nodes, "edges": edges, "edge_weights": weights}
    return keras.Model(inputs, outputs)
