"""Citation graphs with the planetoid split (Yang, Cohen & Salakhutdinov, 2016).

Nodes are papers, edges citations, features the words a paper has. The published files
are downloaded once, checked by their hashes, and kept as `<name>.npz`.
"""

import os
import pathlib
import pickle

import numpy as np

from kerazoo.datasets.embedded import embedded

# https://github.com/kimiyoung/planetoid, MIT licence.
_COMMIT = "af6abf468a772cc055bec88c52e4d6f51b7c37e3"
_URL = f"https://raw.githubusercontent.com/kimiyoung/planetoid/{_COMMIT}/data/"
_CLASSES = {"cora": 7, "citeseer": 6}
_SHA256 = {
    "cora": {
        "y": "94465c14eb53e04ca262198dcbb2521ee8af60fb3f3d546cd6ca24a511b0e7d1",
        "tx": "b9afbaa4a400df991f6f02ef677e1e44da55ffc04801fd02f9e673987829226a",
        "ty": "41f5ac76596a1699cc33f53084a2419e92961c42bb75f36fc38e616d348532ad",
        "allx": "9419ba2f26f5c35243db64aba110e0f35a04851609e0dc5433450676ca6b8543",
        "ally": "2b998f5cc7fedc86e7f97ca2498f47a1ffc1462c29e2d578b23bf3f62b6e7d71",
        "graph": "58f13302f39dde8852dad6fe6d15b89b077b6d7f837626bce671ef80344b383d",
        "test.index": (
            "297ce89af2b51a6a194181c7dbe1796c6a1cf9cd9349a88383b1b1e227867875"
        ),
    },
    "citeseer": {
        "y": "8ba87e515d8e3ee3cf52f6d2c5b86aa73f11ecad825a808455209ec26cd54924",
        "tx": "539a8906a2da97628d212f2fdd668c109a8b3f0d36574b59e5d3fd5b5303da21",
        "ty": "55e5bd1ba1e733a04598753ad1a8d57957f4b8f89e74519f41f4f4938767e4ce",
        "allx": "2ac30345d95c9ec933a817ee0bdd6a5f077f8c184a20e696910192d534414668",
        "ally": "f704b2d986dde6c2669934de1f3ae5696a6cf9455c0f6b2646a2d135ea0a1c95",
        "graph": "d79a4ef9d3e7169aee8946145f6b7306e35bc79bffad26346cfb94e10e9912a7",
        "test.index": (
            "2af990671580b6b2df5d158d1038f8292e30c9cd821b5453f399659b25b723d4"
        ),
    },
}
NAMES = tuple(_SHA256)


def find(name, offline):
    """Fields of a `Source` for a citation graph.

    Args:
        name: one of `NAMES`.
        offline: embedded dataset to name in errors, or None.

    Raises:
        FileNotFoundError: it is not on disk and could not be downloaded.
    """
    path = folder() / f"{name}.npz"
    if not path.is_file():
        try:
            files = {part: _download(name, part) for part in _SHA256[name]}
        except Exception as error:
            raise FileNotFoundError(_how_to_get(name, path, offline)) from error
        partial = path.with_name(f"partial-{name}.npz")
        np.savez_compressed(partial, **convert(files))
        os.replace(partial, path)
    with np.load(path) as stored:
        data = dict(stored)

    def read(split):
        import tensorflow as tf

        count = len(data["labels"])
        row = np.repeat(np.arange(count), np.diff(data["feature_indptr"]))
        nodes = np.zeros((count, int(data["num_features"])), "float32")
        nodes[row, data["feature_indices"]] = 1
        graph = {"nodes": nodes, "edges": both_ways(data["edges"])}
        counts = np.zeros(count, "float32")
        counts[data[split]] = 1
        labels = data["labels"].astype("int32")
        return tf.data.Dataset.from_tensors((graph, labels, counts))

    return {
        "kind": "graphs",
        "classes": _CLASSES[name],
        "splits": ("train", "validation", "test"),
        "image_shape": None,
        "read": read,
    }


def folder():
    """Where data that kerazoo downloads itself are kept."""
    return pathlib.Path(os.environ.get("KERAZOO_DATA_DIR", "~/.kerazoo")).expanduser()


def _download(name, part):
    import keras

    return keras.utils.get_file(
        f"ind.{name}.{part}",
        f"{_URL}ind.{name}.{part}",
        cache_dir=folder(),
        cache_subdir="planetoid",
        file_hash=_SHA256[name][part],
    )


def _how_to_get(name, path, offline):
    text = (
        f"Dataset {name!r} is not at {path} and could not be downloaded. With a "
        "network it is fetched on first use. Without, put the seven files "
        f"ind.{name}.* of {_URL} into {path.parent / 'planetoid'}, or a {path.name} "
        f"that was made of them on another machine into {path.parent} "
        "(KERAZOO_DATA_DIR chooses another folder)."
    )
    if offline:
        text += f" Offline, the embedded dataset serves: data={offline!r}."
    return text


class _Sparse:
    """Stands in for SciPy's matrix of rows: `data`, `indices`, `indptr`, `_shape`."""


class _Unpickler(pickle.Unpickler):
    """Reads what planetoid files hold and nothing else; they are of Python 2."""

    KNOWN = {
        ("__builtin__", "list"),
        ("__builtin__", "object"),
        ("collections", "defaultdict"),
        ("copy_reg", "_reconstructor"),
        ("numpy", "dtype"),
        ("numpy", "ndarray"),
    }

    def find_class(self, module, name):
        if name == "csr_matrix":
            return _Sparse
        if name == "_reconstruct":  # of NumPy, which has moved it
            return np.empty(0).__reduce__()[0]
        if (module, name) not in self.KNOWN:
            raise pickle.UnpicklingError(f"A citation graph has no {module}.{name}.")
        return super().find_class(module, name)


def _unpickle(path):
    with open(path, "rb") as file:
        return _Unpickler(file, encoding="latin1").load()


def convert(files):
    """The arrays of a graph from the seven files of planetoid that are needed.

    Papers come in the order x (labelled), the rest of allx, then the 1,000 of the test
    set. Those stand in tx in another order, `test.index`; in Citeseer it has gaps,
    papers without words or citations, which are left empty and unlabelled.

    Args:
        files: mapping from part (`"y"`, `"allx"`, `"test.index"`, ...) to path.

    Returns:
        Mapping with the words of each paper as rows of indices (`feature_indices`,
        `feature_indptr`, `num_features`), `labels`, `edges` (each once), and the
        papers of `train`, `validation` and `test`.
    """
    test = np.loadtxt(files["test.index"], dtype=int)
    part = {p: _unpickle(files[p]) for p in ("y", "tx", "ty", "allx", "ally", "graph")}
    words = [[]] * (test.max() + 1)
    labels = np.zeros(len(words), "int8")
    for papers, features, classes in (
        (np.arange(len(part["ally"])), part["allx"], part["ally"]),
        (test, part["tx"], part["ty"]),
    ):
        rows = np.split(features.indices, features.indptr[1:-1])
        for paper, row in zip(papers, rows, strict=True):
            words[paper] = np.sort(row)
        labels[papers] = classes.argmax(-1)
    links = {
        (min(a, b), max(a, b))
        for a, neighbours in part["graph"].items()
        for b in neighbours
        if a != b
    }
    labelled = len(part["y"])
    return {
        "feature_indices": np.concatenate(words).astype("int16"),
        "feature_indptr": np.cumsum([0, *map(len, words)]).astype("int32"),
        "num_features": np.int64(part["allx"]._shape[1]),
        "labels": labels,
        "edges": np.array(sorted(links), "int16"),
        "train": np.arange(labelled, dtype="int16"),
        "validation": np.arange(labelled, labelled + 500, dtype="int16"),
        "test": np.sort(test).astype("int16"),
    }


def both_ways(edges):
    """Directed edges `(2n, 2)` of `n` links between two nodes, as int32."""
    edges = np.asarray(edges, "int32")
    return np.concatenate([edges, edges[:, ::-1]])


@embedded(
    "block_graph",
    kind="graphs",
    classes=4,
    about="a stochastic block model: 400 nodes in 4 groups, linked with probability "
    "0.06 within a group and 0.005 across, 32 binary features of which a group's own 8 "
    "are a little more frequent; 20 labelled nodes a group train, 200 nodes test",
)
def block_graph(split, input_shape=None):
    """One graph of four communities, the offline stand-in for Cora."""
    random = np.random.default_rng(0)
    labels = np.arange(400) % 4
    same = labels[:, None] == labels
    linked = random.random((400, 400)) < np.where(same, 0.06, 0.005)
    own = labels[:, None] == np.arange(32) // 8
    nodes = random.random((400, 32)) < np.where(own, 0.35, 0.2)
    graph = {
        "nodes": nodes.astype("float32"),
        "edges": both_ways(np.argwhere(np.triu(linked, 1))),
    }
    train, test = np.arange(400) < 80, np.arange(400) >= 200
    counts = (train if split == "train" else test).astype("float32")
    return {k: v[None] for k, v in graph.items()}, labels[None], counts[None]
