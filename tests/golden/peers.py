"""Golden outputs of independent implementations, for weights made from names.

Every parameter of a peer is a deterministic function of its name and shape, so a
golden file needs to hold no weights. README.md tells how to add a model.
"""

import argparse
import hashlib
import json
import pathlib
import zlib

import numpy as np

HERE = pathlib.Path(__file__).parent
LOGITS = 16  # of each sample are kept


def weight(name, shape, *, gain=1.0, native=False):
    """The value of one parameter, by its name and shape.

    Scales keep activations of the same order through the layers, so that the outputs
    depend on every layer; `gain` below one damps batch normalisation where residual
    branches would add up.

    Args:
        name: name in the peer, e.g. `"layer1.0.conv1.weight"`.
        shape: its shape.
        gain: factor of the normalisations' scales.
        native: whether kernels have Keras' axes (..., in, out), not torch's.
    """
    random = np.random.default_rng(zlib.crc32(name.encode()))
    last = name.replace("/", ".").rpartition(".")[2]
    if last in ("running_var", "moving_variance"):
        return random.uniform(0.5, 1.5, shape).astype("float32")
    if last in ("weight", "gamma") and len(shape) == 1:
        return (gain * random.uniform(0.5, 1.5, shape)).astype("float32")
    if last == "alpha":  # slopes of PReLU
        return random.uniform(0.1, 0.4, shape).astype("float32")
    value = random.standard_normal(shape, "float32")
    if len(shape) == 1:  # biases, betas, moving means
        return np.float32(0.1) * value
    if "depthwise" in name and native:
        fan_in = np.prod(shape[:2])
    else:
        fan_in = np.prod(shape[:-1] if native else shape[1:])
    return value * np.float32(np.sqrt(2 / fan_in))


def weights(shapes, **keywords):
    """Values of all parameters, from `{name: shape}`."""
    return {name: weight(name, shape, **keywords) for name, shape in shapes.items()}


def fingerprint(shapes):
    """Hash of the sorted names and shapes of a state dict."""
    listing = sorted((name, [int(n) for n in shape]) for name, shape in shapes.items())
    return hashlib.sha256(json.dumps(listing).encode()).hexdigest()


def inputs(seed, shape):
    """Two images: noise, and coarse blocks, which no average pooling levels out."""
    random = np.random.default_rng(seed)
    noise = random.standard_normal(shape, "float32")
    height, width, channels = shape
    grid = (-(-height // 16), -(-width // 16), channels)
    blocks = random.standard_normal(grid, "float32").repeat(16, 0).repeat(16, 1)
    return np.stack([noise, 2 * blocks[:height, :width]])


def tokens(seed, length, vocabulary):
    """Two texts of random tokens."""
    random = np.random.default_rng(seed)
    return random.integers(vocabulary, size=(2, length), dtype="int32")


def graph(nodes=12, links=20, features=5):
    """Random features `(12, 5)` and 20 links `(20, 2)`; node 11 has none."""
    random = np.random.default_rng(0)
    above = np.argwhere(np.triu(np.ones((nodes - 1, nodes - 1)), 1))
    edges = above[random.choice(len(above), links, replace=False)]
    return random.standard_normal((nodes, features)).astype("float32"), edges


def sample(outputs):
    """What a golden file keeps of a batch of logits."""
    outputs = np.asarray(outputs, "float64")
    return {
        "logits": outputs[:, :LOGITS].tolist(),
        "mean": outputs.mean(-1).tolist(),
        "std": outputs.std(-1).tolist(),
    }


def detections(found):
    """Rows of numbers of order one, for what a detector found in a batch of images."""
    boxes, scores, labels = (
        np.asarray(found[key], "float64") for key in ("boxes", "scores", "labels")
    )
    rows = [boxes / 100, scores[..., None], labels[..., None] / 100]
    return np.concatenate(rows, axis=-1).reshape(len(boxes), -1)


def make(peer, version, models, run):
    """Writes the golden files of one peer; command line arguments choose models.

    Args:
        peer: name of the library, also the layout of its key map.
        version: its version.
        models: `{peer's model: settings}`; settings are `builder` (default: the same
            name), `config` (keywords of our builder), `input_shape` of images, or
            `tokens` (length, vocabulary) of texts, `gain`, `native`, and what `run`
            understands.
        run: function `(model, inputs, settings, fill)` that builds the peer's model,
            sets its state dict `{name: shape}` to `fill(shapes)` and returns logits,
            or a pair of logits and further entries of the golden file.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("model", nargs="*", help="all by default")
    for model in parser.parse_args().model or models:
        settings = {"input_shape": (224, 224, 3), "gain": 1.0, **models[model]}
        native = settings.get("native", peer == "keras.applications")
        shapes = {}

        def fill(found, shapes=shapes, settings=settings, native=native):
            shapes.update({k: tuple(map(int, v)) for k, v in found.items()})
            return weights(shapes, gain=settings["gain"], native=native)

        if "tokens" in settings:
            shape = {"tokens": settings["tokens"]}
            x = tokens(0, *settings["tokens"])
        else:
            shape = {"input_shape": settings["input_shape"]}
            x = inputs(0, settings["input_shape"])
        outputs, more = run(model, x, settings, fill), {}
        if isinstance(outputs, tuple):
            outputs, more = outputs
        outputs = np.asarray(outputs)
        differ = np.abs(outputs[0] - outputs[1]).mean() / outputs.std()
        # A golden that hardly depends on the input would prove nothing.
        assert np.isfinite(outputs).all() and differ > 0.05, (model, differ)
        golden = {
            "peer": peer,
            "version": version,
            "model": model,
            "builder": settings.get("builder", model),
            "config": settings.get("config", {}),
            "input_seed": 0,
            **shape,
            "gain": settings["gain"],
            "tensors": len(shapes),
            "fingerprint": fingerprint(shapes),
            **sample(outputs),
            **more,
        }
        path = HERE / peer / f"{model}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(golden, indent=1) + "\n")
        print(f"{peer} {model}: {len(shapes)} tensors, outputs differ by {differ:.2g}")


def run_torch(model, x, fill):
    """Logits of a torch module, in evaluation mode."""
    import torch

    state = {
        name: tensor
        for name, tensor in model.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    values = fill({name: tensor.shape for name, tensor in state.items()})
    with torch.inference_mode():
        for name, tensor in state.items():
            tensor.copy_(torch.from_numpy(values[name]))
        # In double precision the golden is exact, whatever the order of summation.
        model = model.double().eval()
        outputs = model(torch.from_numpy(x.transpose(0, 3, 1, 2)).double())
        return to_numpy(outputs)


def to_numpy(outputs):
    """Tensors, in lists and dictionaries or not, as arrays."""
    if isinstance(outputs, dict):
        return {key: to_numpy(value) for key, value in outputs.items()}
    if isinstance(outputs, list):
        return [to_numpy(value) for value in outputs]
    return outputs.numpy()


def declare_torchvision_operators():
    """Lets torchvision be imported where its compiled operators do not load.

    Classifiers need none of them, but its import declares shapes for two.
    """
    import torch

    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        library = torch.library.Library("torchvision", "FRAGMENT")
        signature = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
        library.define("nms" + signature)
        library.define("qnms" + signature)
        declare_torchvision_operators.library = library  # ends with its object
