"""Weights from files: kerazoo's own, or foreign checkpoints translated strictly.

With a file, raw data must be preprocessed as the checkpoint's network was trained. The
card's `preprocess` is torchvision's for most families; keras.applications differs by
network (`keras.applications.<module>.preprocess_input`). What `"imagenet"` downloads is
made to fit the card's.
"""

import json
import pathlib

from kerazoo import catalog, tokenizers
from kerazoo.weights import files, hub, translation

_READERS = {
    ".safetensors": files.read_safetensors,
    ".pth": files.read_torch,
    ".pt": files.read_torch,
    ".h5": files.read_h5,
}


def load(model, weights):
    """Sets all weights of `model` from a file.

    A foreign file that does not fit leaves the model as it was.

    Args:
        model: a model that a kerazoo builder made.
        weights: path of kerazoo's own `.keras` / `.weights.h5`, or of a checkpoint in a
            layout named on the card: `.safetensors`, `.pth`, `.pt` (torchvision, timm),
            `.h5` (keras.applications); or a local Hugging Face folder (config.json and
            .safetensors), whose tokenizer is attached to the model if it is there.
            `"imagenet"` downloads the public checkpoint.

    Raises:
        ValueError: no such file or checkpoint, an unknown extension, a file that is
            damaged, or tensors that do not fit one to one; the message lists them.
        ImportError: reading the file needs safetensors or torch.
        ConnectionError: the public checkpoint could not be downloaded.
    """
    if weights == "imagenet":
        checkpoint = _public(model)  # before a long download
        tensors = checkpoint.read(catalog.card(model.architecture).preprocess)
        _translate(model, tensors, [checkpoint.layout], checkpoint.source)
        return
    path = pathlib.Path(weights)
    if path.is_dir():
        _load_folder(model, path)
        return
    if not path.is_file():
        raise ValueError(
            f'`weights` must be None, "imagenet" or the path of a file or a folder. '
            f"No such file: {path}"
        )
    if path.suffix == ".keras":
        model.load_weights(path)
        return
    if path.suffix not in _READERS:
        raise ValueError(
            f"`weights` must end in .keras, {', '.join(_READERS)}. Received: {path}"
        )
    tensors = _read(path)
    names = _layer_names(tensors)
    layouts = catalog.card(model.architecture).weights
    if path.suffix == ".h5":
        layouts = [name for name in layouts if name == "keras.applications"]
        ours = {layer.name for layer in model._flatten_layers() if layer.weights}
        foreign = set().union(*(_expected_layers(model, name) for name in layouts))
        if len(names & ours) >= len(names & foreign):
            model.load_weights(path)
            return
    else:
        layouts = [name for name in layouts if name != "keras.applications"]
    if not layouts:
        raise ValueError(
            f"`weights`: {model.architecture!r} has no key map for {path.suffix}; "
            "it loads kerazoo's own .keras and .weights.h5 only. "
            f"Received: {path}"
        )
    _translate(model, tensors, layouts, path)


def _read(path):
    try:
        return _READERS[path.suffix](path)
    except ImportError:
        raise
    except Exception as error:  # every reader has its own classes
        raise ValueError(f"`weights`: cannot read {path}: {error}") from error


def _load_folder(model, path):
    if "huggingface" not in catalog.card(model.architecture).weights:
        raise ValueError(
            f"`weights`: {model.architecture!r} has no key map for a Hugging Face "
            f"folder; name a file. Received: {path}"
        )
    files = sorted(path.glob("*.safetensors"))
    if not files or not (path / "config.json").is_file():
        raise ValueError(
            "`weights`: a Hugging Face folder holds config.json and .safetensors "
            f"files. Received: {path}"
        )
    layout = translation.get_layout(model, "huggingface")
    if layout.configuration is not None:
        layout.configuration(model, json.loads((path / "config.json").read_text()))
    tensors = {}
    for file in files:  # large networks come in several
        tensors |= _read(file)
    _translate(model, tensors, ["huggingface"], path)
    if (path / "merges.txt").is_file():
        model.tokenizer = tokenizers.BytePairTokenizer.from_directory(path)


def _public(model):
    """The public checkpoint of the model's configuration."""
    for checkpoint in hub.checkpoints(model.architecture):
        try:
            _check(model, checkpoint.layout)
        except ValueError as error:
            reason = error
        else:
            return checkpoint
    raise reason


def _check(model, name):
    layout = translation.get_layout(model, name)
    if layout.requires is not None:
        layout.requires(model)


def _layer_names(tensors):
    return {name.rpartition("/")[0] for name in tensors}


def _expected_layers(model, name):
    layout = translation.get_layout(model, name)
    try:
        found = translation.sources(model, layout)
    except ValueError:  # a configuration that the layout does not have
        return set()
    return _layer_names(translation.foreign_shapes(found))


def _translate(model, tensors, names, path):
    """Translates by the layout that fits; if none does, reports the nearest."""
    attempts = []
    for name in names:
        layout = translation.get_layout(model, name)
        renamed = translation.rename(tensors, layout)
        faults = translation.compare(model, renamed, layout)
        if not faults:
            _check(model, name)
            translation.assign(model, renamed, layout)
            return
        attempts.append((len("".join(faults)), name, faults))
    _, name, faults = min(attempts)
    raise ValueError(
        f"`weights`: {path} does not fit {model.architecture!r} in the {name} layout: "
        f"{'; '.join(faults)}. Every tensor must be used exactly once; `classes`, "
        "`input_shape` and the other keywords must be those of the checkpoint."
    )
