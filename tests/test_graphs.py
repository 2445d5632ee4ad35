"""Graph networks and their batches: by hand, against PyTorch Geometric, on Cora."""

import json
import os
import pathlib
import pickle

import keras
import numpy as np
import pytest
from golden import peers
from sklearn.linear_model import LogisticRegression

import kerazoo
from kerazoo.datasets import planetoid
from kerazoo.layers.graph import SymmetricPropagation, sum_over_edges

# Prepared files lie beside the TFDS root of the suite, where there is one.
PREPARED = pathlib.Path(os.environ.get("TFDS_DATA_DIR", "../shared/tfds")).parent
needs_cora = pytest.mark.skipif(
    not (PREPARED / "data" / "cora.npz").is_file(), reason="Cora is not on disk"
)


def batch(nodes, edges):
    """A batch of one graph, from links given once."""
    edges = planetoid.both_ways(edges)
    return {
        "nodes": nodes[None],
        "edges": edges[None],
        "edge_weights": np.ones((1, len(edges)), "float32"),
    }


def propagation(nodes, edges):
    """`D^-1/2 (A + I) D^-1/2`, dense."""
    matrix = np.eye(nodes)
    for a, b in edges:
        matrix[a, b] = matrix[b, a] = 1
    degree = matrix.sum(1)
    return matrix / np.sqrt(degree[:, None] * degree)


def weights_of(name, shape):
    """A weight of the golden file in Keras' shape."""
    return peers.weight(name, shape[::-1]).T


def test_equals_torch_geometric_and_the_formula():
    nodes, edges = peers.graph()
    model = kerazoo.gcn(
        features=5, hidden_dim=4, classes=3, use_bias=True, classifier_activation=None
    )
    values = [
        weights_of(name, shape)
        for name, shape in (
            ("conv1.lin.weight", (5, 4)),
            ("conv1.bias", (4,)),
            ("conv2.lin.weight", (4, 3)),
            ("conv2.bias", (3,)),
        )
    ]
    model.set_weights(values)
    found = model.predict(batch(nodes, edges), verbose=0)[0]
    golden = json.loads((peers.HERE / "torch_geometric.json").read_text())
    np.testing.assert_allclose(found, golden["logits"], rtol=1e-4, atol=1e-5)

    p = propagation(len(nodes), edges)
    hidden = np.maximum(p @ nodes @ values[0] + values[1], 0)
    by_hand = p @ hidden @ values[2] + values[3]
    np.testing.assert_allclose(found, by_hand, rtol=1e-4, atol=1e-5)


def test_edges_have_directions_and_weights():
    nodes = np.float32([[[1, 10], [2, 20], [3, 30]]] * 2)
    edges = np.int32([[[0, 1], [2, 1]], [[1, 0], [0, 0]]])  # the last one is padding
    weights = np.float32([[1, 0.5], [2, 0]])
    found = keras.ops.convert_to_numpy(sum_over_edges(nodes, edges, weights))
    expected = [[[0, 0], [2.5, 25], [0, 0]], [[4, 40], [0, 0], [0, 0]]]
    np.testing.assert_allclose(found, expected)


def test_padding_changes_nothing():
    nodes, edges = peers.graph()
    alone = batch(nodes, edges)
    padded = {
        key: np.pad(value, [(0, 0), (0, 3)] + [(0, 0)] * (value.ndim - 2))
        for key, value in alone.items()
    }
    layer = SymmetricPropagation()
    a, b = (
        keras.ops.convert_to_numpy(layer(g["nodes"], g["edges"], g["edge_weights"]))
        for g in (alone, padded)
    )
    np.testing.assert_allclose(b[:, : len(nodes)], a, rtol=1e-6)


def test_the_split_is_in_the_weights():
    model = kerazoo.create("gcn", tiny=True)
    train, test = (
        next(iter(kerazoo.datasets.load("block_graph", split, model=model)))
        for split in ("train", "test")
    )
    for key, value in train[0].items():
        np.testing.assert_array_equal(value, test[0][key])
    np.testing.assert_allclose(np.sum(train[0]["nodes"], -1), 1, rtol=1e-5)
    assert train[0]["edges"].shape[1] == train[0]["edge_weights"].shape[1]
    assert float(np.sum(train[2])) == 80 and float(np.sum(test[2])) == 200
    assert not np.any(np.asarray(train[2]) * np.asarray(test[2]))


def test_only_labelled_nodes_count():
    """Loss and accuracy are means over the nodes of weight 1."""
    keras.utils.set_random_seed(0)
    model = kerazoo.create("gcn", tiny=True)
    batch = next(iter(kerazoo.datasets.load("block_graph", model=model)))
    x, y, counts = keras.tree.map_structure(np.asarray, batch)
    found = model.test_on_batch(x, y, counts, return_dict=True)
    p = model.predict_on_batch(x)[0]
    y, counts = y[0], counts[0] > 0
    loss = -np.log(p[np.arange(len(y)), y])[counts].mean()
    penalty = 5e-4 / 2 * np.square(model.get_weights()[0]).sum()
    assert found["loss"] == pytest.approx(loss + penalty, rel=1e-4)
    right = (p.argmax(-1) == y)[counts].mean()
    assert found["accuracy"] == pytest.approx(right, rel=1e-5)


def test_the_graph_helps():
    """What sees the words alone cannot tell the groups apart."""
    (graph, labels, train), (_, _, test) = map(planetoid.block_graph, ("train", "test"))
    words = graph["nodes"][0]
    alone = LogisticRegression().fit(words[train[0] > 0], labels[train > 0])
    assert alone.score(words[test[0] > 0], labels[test > 0]) < 0.6
    keras.utils.set_random_seed(0)
    model = kerazoo.create("gcn", tiny=True)
    kerazoo.fit(model, "block_graph", epochs=60, verbose=0)
    assert kerazoo.evaluate(model, "block_graph", verbose=0)["accuracy"] > 0.8


def test_refuses():
    model = kerazoo.gcn(features=5, classes=4)
    with pytest.raises(ValueError, match="Build it with features=32"):
        kerazoo.fit(model, "block_graph")
    with pytest.raises(ValueError, match="holds graphs, but 'lenet5' takes none"):
        kerazoo.evaluate(kerazoo.create("lenet5", tiny=True), "block_graph")


# --- Cora


def test_missing_files_are_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAZOO_DATA_DIR", str(tmp_path))

    def offline(*arguments, **keywords):
        raise OSError("no network")

    monkeypatch.setattr(keras.utils, "get_file", offline)
    with pytest.raises(FileNotFoundError) as error:
        kerazoo.fit(kerazoo.gcn())
    for part in ("cora.npz", "ind.cora.*", "planetoid", "'block_graph'"):
        assert part in str(error.value)


class csr_matrix:  # noqa: N801  the name that planetoid's files ask for
    """A matrix of rows as SciPy pickled it."""

    def __init__(self, rows, width):
        self.indices = np.concatenate(rows)
        self.indptr = np.cumsum([0, *map(len, rows)])
        self._shape = (len(rows), width)


def test_conversion(tmp_path, monkeypatch):
    """Downloads are converted once; the papers of the test set are out of order."""
    one_hot = np.eye(6, dtype="int32")
    parts = {
        "y": one_hot[[0, 1]],
        "allx": csr_matrix([[0, 2], [1], [3]], 4),
        "ally": one_hot[[0, 1, 2]],
        "tx": csr_matrix([[2], [1, 0]], 4),
        "ty": one_hot[[4, 5]],
        "graph": {0: [1, 3], 1: [0, 1], 3: [0, 5], 5: [3]},
    }
    for part, value in parts.items():
        (tmp_path / part).write_bytes(pickle.dumps(value, protocol=3))
    (tmp_path / "test.index").write_text("5\n3\n")  # 4 is missing, as in Citeseer

    def download(name, url, **keywords):
        assert url.endswith(f"/data/{name}") and len(keywords["file_hash"]) == 64
        return tmp_path / name.removeprefix("ind.citeseer.")

    monkeypatch.setattr(keras.utils, "get_file", download)
    monkeypatch.setenv("KERAZOO_DATA_DIR", str(tmp_path))
    source = planetoid.find("citeseer", None)
    assert [p.name for p in tmp_path.glob("*.npz")] == ["citeseer.npz"]
    found, labels, counts = next(iter(source["read"]("test")))
    words = [[1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1], [1, 1, 0, 0], [0] * 4]
    np.testing.assert_array_equal(found["nodes"], [*words, [0, 0, 1, 0]])
    np.testing.assert_array_equal(labels, [0, 1, 2, 5, 0, 4])
    np.testing.assert_array_equal(counts, [0, 0, 0, 1, 0, 1])
    links = {tuple(edge) for edge in np.asarray(found["edges"]).tolist()}
    assert links == {(0, 1), (1, 0), (0, 3), (3, 0), (3, 5), (5, 3)}


def test_files_hold_no_code(tmp_path):
    (tmp_path / "y").write_bytes(pickle.dumps(os.system, protocol=2))
    with pytest.raises(pickle.UnpicklingError, match="system"):
        planetoid._unpickle(tmp_path / "y")


@needs_cora
def test_cora(monkeypatch):
    """Facts of the citation graph; benchmarks/citations.py has the figure."""
    monkeypatch.setenv("KERAZOO_DATA_DIR", str(PREPARED / "data"))
    keras.utils.set_random_seed(0)
    model = kerazoo.gcn()
    sizes = {"train": 140, "validation": 500, "test": 1000}
    for split, size in sizes.items():
        x, y, counts = next(iter(kerazoo.datasets.load("cora", split, model=model)))
        assert x["nodes"].shape == (1, 2708, 1433)
        assert x["edges"].shape == (1, 2 * 5278, 2)
        assert float(np.sum(counts)) == size
    history = kerazoo.fit(model, epochs=2, seed=0, verbose=0).history
    assert history["val_loss"][1] < history["val_loss"][0]
