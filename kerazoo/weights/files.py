"""Readers: a checkpoint file to `{tensor name: NumPy array}`."""

import re

import h5py
import keras
import numpy as np

# Keys under which training scripts nest the state dict of a model.
_NESTED = ("state_dict", "model", "model_state_dict")

# Order of the tensors of a layer in `.weights.h5`, by the layer's class.
_KERNEL = ("kernel", "bias")
_VARIABLES = {
    "conv2d": _KERNEL,
    "dense": _KERNEL,
    "depthwise_conv2d": _KERNEL,
    "separable_conv2d": ("depthwise_kernel", "pointwise_kernel", "bias"),
    "batch_normalization": ("gamma", "beta", "moving_mean", "moving_variance"),
    "layer_normalization": ("gamma", "beta"),
    "layer_scale": ("gamma",),
    "normalization": ("mean", "variance", "count"),
}


def read_safetensors(path):
    """Tensors of a `.safetensors` file."""
    try:
        from safetensors.numpy import load_file
    except ImportError as error:
        raise ImportError(
            f"Reading {path} needs safetensors: pip install safetensors"
        ) from error
    return load_file(path)


def require_torch(path):
    """The torch module, or an error that says what reading `path` needs."""
    try:
        import torch
    except ImportError as error:
        raise ImportError(
            f"Reading {path} needs torch: pip install torch, or convert the file where "
            "torch is installed: safetensors.torch.save_file(torch.load(...), "
            "'weights.safetensors')"
        ) from error
    return torch


def read_torch(path):
    """Tensors of a state dict that torch saved; only tensors are unpickled."""
    torch = require_torch(path)
    state = torch.load(path, map_location="cpu", weights_only=True)
    for key in _NESTED:
        if isinstance(state.get(key), dict):
            state = state[key]
    return {
        name: tensor.detach().float().numpy()
        for name, tensor in state.items()
        if torch.is_tensor(tensor)
    }


def read_h5(path):
    """Tensors `layer/variable` of a Keras file, legacy `.h5` or `.weights.h5`."""
    with h5py.File(path) as file:
        root = file.get("model_weights", file)
        tensors = _read_legacy(root) if "layers" not in root else _read_weights(root)
    return number_from_zero(tensors)


def _read_legacy(root):
    tensors = {}
    for layer in _attribute(root, "layer_names"):
        names = _attribute(root[layer], "weight_names")
        parents = [name.split("/")[-2] if "/" in name else layer for name in names]
        if len(set(parents)) < 2:  # else a model used as a layer
            parents = [layer] * len(names)
        for parent, name in zip(parents, names, strict=True):
            tensors[f"{parent}/{_variable(name)}"] = np.asarray(root[layer][name])
    return tensors


def _attribute(group, name):
    """A list of names, which Keras splits where it exceeds what HDF5 takes."""
    if name in group.attrs:
        values = group.attrs[name]
    else:
        values, index = [], 0
        while f"{name}{index}" in group.attrs:
            values.extend(group.attrs[f"{name}{index}"])
            index += 1
    return [v.decode() if isinstance(v, bytes) else str(v) for v in values]


def _variable(name):
    """Keras 1 wrote `block1_conv1_W_1:0`, Keras 2 `block1_conv1/kernel:0`."""
    name = name.split("/")[-1].removesuffix(":0")
    if re.search(r"_[Wb](_\d+)?$", name):
        return "kernel" if "_W" in name else "bias"
    return name


def _read_weights(root):
    tensors = {}

    def visit(path, group):
        if not path.endswith("/vars") or not len(group):
            return
        kind = re.sub(r"_\d+$", "", path.split("/")[-2])
        names = _VARIABLES.get(kind, tuple(sorted(group)))
        if kind == "batch_normalization" and len(group) == 3:
            names = names[1:]  # scale=False
        for index, name in zip(sorted(group), names, strict=False):
            layer = group.attrs.get("name", path)
            tensors[f"{layer}/{name}"] = np.asarray(group[index])

    root.visititems(visit)
    return tensors


def read_network(network):
    """Tensors `layer/variable` of a network of keras.applications."""
    return number_from_zero(
        {
            f"{layer.name}/{variable.name}": keras.ops.convert_to_numpy(variable)
            for layer in network._flatten_layers(include_self=False)
            for variable in layer.weights
            if not isinstance(layer, keras.Model)  # its layers follow
        }
    )


def number_from_zero(tensors):
    """Counts layers that Keras named by itself from zero.

    Keras goes on counting through a process: the first convolution of a model may be
    `conv2d_95`. Creation order is kept.
    """
    automatic = re.compile(r"(conv2d|batch_normalization)(?:_(\d+))?")
    numbers = {}
    for name in tensors:
        match = automatic.fullmatch(name.partition("/")[0])
        if match:
            numbers.setdefault(match[1], set()).add(int(match[2] or 0))
    renamed = {}
    for name, tensor in tensors.items():
        layer, slash, variable = name.partition("/")
        match = automatic.fullmatch(layer)
        if match:
            index = sorted(numbers[match[1]]).index(int(match[2] or 0))
            layer = f"{match[1]}_{index}" if index else match[1]
        renamed[layer + slash + variable] = tensor
    return renamed
