r"""Translation of a foreign state dict into the weights of a model.

A family's key map, `kerazoo/weights/<family>.py`, holds one constant per layout of its
card (`TORCHVISION`, `TIMM`, `KERAS_APPLICATIONS`, ...): a list of rules, or a `Layout`
where there is more to say, or a function from the model to either.

A rule is `(pattern, target)`. The pattern is a regular expression that matches the
whole name of one of our layers, e.g. `conv2_1_1_conv`; the first rule that matches
holds. The target names the foreign module: a string (`\1` is a group of the pattern),
or a function of the groups, which come as integers where they are digits:

    (r"conv(\d)_(\d+)_(\d)_conv", lambda stage, block, conv:
        f"layer{stage - 1}.{block - 1}.conv{conv}")

Names and axes of the module's tensors follow from the layer: our `kernel`
(height, width, in, out) is `<target>.weight` (out, in, height, width), and so on. Where
that does not do:

    "attn.in_proj_*"               the tensor's name goes in place of the star
    "attn.qkv[1/3]"                ours is the second third of the foreign rows
    ("tokens/cls", "cls_token")    a pattern for a weight has the tensor for its target
    (pattern, target, (-1, 1, 1))  shape of the foreign tensor, if not the obvious one

Every foreign tensor must be used, but for those of a head or an auxiliary classifier
that the model was built without. These are the rules that fit no layer, have no groups
and start with `fc`, `head` or `aux`.
"""

import dataclasses
import importlib
import math
import re
from collections.abc import Callable, Sequence

import keras
import numpy as np
from keras import layers

from kerazoo import catalog


@dataclasses.dataclass(frozen=True)
class Layout:
    """One foreign layout of a family.

    Attributes:
        rules: the key map, see the module's docstring.
        epsilon: of the source's batch normalisation, where it is not ours; absorbed
            by the moving variance.
        conv_bias: whether convolutions in front of batch normalisation have a bias
            there; absorbed by the moving mean.
        scale: whether batch normalisation has a gamma there; else ours is one.
        ignored: pattern of foreign tensors that the network does not compute with.
        renames: `(pattern, replacement)` applied to the names in a file, for
            checkpoints older than the layout.
        requires: function of the model that raises ValueError where it computes
            otherwise than the source, although the tensors fit.
        configuration: function of the model and the content of `config.json`, for
            layouts that are folders; raises ValueError as `requires` does.
        native: whether tensors have Keras' names and axes, not torch's.
        part: function of the model that gives the sub-model whose weights a checkpoint
            holds, where it does not hold all.
        finish: function of the model, called when these weights are set.
    """

    rules: Sequence
    epsilon: float | None = None
    conv_bias: bool = False
    scale: bool = True
    ignored: str = r"(?!)"
    renames: Sequence = ()
    requires: Callable | None = None
    configuration: Callable | None = None
    native: bool = False
    part: Callable | None = None
    finish: Callable | None = None


def get_layout(model, name):
    """The layout `name` of the model's family."""
    family = catalog.card(model.architecture).module.rpartition(".")[2]
    module = importlib.import_module(f"kerazoo.weights.{family}")
    found = getattr(module, name.upper().replace(".", "_"))
    if callable(found):
        found = found(model)
    if not isinstance(found, Layout):
        found = Layout(found)
    native = found.native or name == "keras.applications"
    return dataclasses.replace(found, native=native)


@dataclasses.dataclass(frozen=True)
class Source:
    """Where one weight lies in a foreign layout.

    The weight, reshaped to `split`, transposed by `axes` and reshaped to `shape`, is
    part `part[0]` of `part[1]` equal parts of the foreign tensor. Without a tensor the
    weight is one. `bias` names a tensor to subtract, `offset` is added.
    """

    weight: keras.Variable
    tensor: str | None
    part: tuple
    split: tuple
    axes: tuple
    shape: tuple
    bias: str | None = None
    offset: float = 0.0

    def value(self, tensors):
        """The weight's value."""
        if self.tensor is None:
            return np.ones(self.weight.shape)
        value = tensors[self.tensor]
        if self.part[1] > 1:
            value = np.split(value, self.part[1])[self.part[0]]
        value = value.reshape([self.split[axis] for axis in self.axes])
        value = value.transpose(np.argsort(self.axes)).reshape(self.weight.shape)
        if self.bias is not None:
            value = value - tensors[self.bias]
        return value + self.offset


# Tensors that torch names otherwise than Keras.
_TORCH = {
    "kernel": "weight",
    "depthwise_kernel": "weight",
    "pointwise_kernel": "weight",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
    "alpha": "weight",
    "embeddings": "weight",
}

# Layers that may stand between a Flatten and the Dense layer it feeds.
_PASSING = (layers.Dropout, layers.Activation, layers.ReLU)

_DEPTHWISE = (layers.DepthwiseConv1D, layers.DepthwiseConv2D)


def _producers(model):
    """The layer that made each tensor of the model's graph, by the tensor's id."""
    graph = [
        layer
        for layer in model._flatten_layers(include_self=False)
        if getattr(layer, "output", None) is not None
    ]
    return {id(layer.output): layer for layer in graph}


def _flattened(layer, producers):
    """Shape that a Flatten in front of a Dense layer took; empty without Flatten."""
    layer = producers.get(id(getattr(layer, "input", None)))
    while isinstance(layer, _PASSING):
        layer = producers.get(id(layer.input))
    return tuple(layer.input.shape[1:]) if isinstance(layer, layers.Flatten) else ()


def _torch_view(layer, name, shape, producers):
    """`(split, axes, shape)` of a Keras tensor in torch's conventions, see `Source`."""
    if isinstance(layer, layers.EinsumDense) and name == "kernel":
        # Attention projections: the axes that the output lacks are summed over.
        kernel, output = re.fullmatch(r"\w+,(\w+)->(\w+)", layer.equation).groups()
        summed = sum(letter not in output for letter in kernel)
        shape = (math.prod(shape[:summed]), math.prod(shape[summed:]))
    elif isinstance(layer, layers.EinsumDense | layers.PReLU):
        shape = (math.prod(shape),)
    if not name.endswith("kernel"):
        return shape, tuple(range(len(shape))), shape
    if name == "depthwise_kernel" or isinstance(layer, _DEPTHWISE):
        *window, channels, multiplier = shape
        axes = (len(window), len(window) + 1, *range(len(window)))
        return shape, axes, (channels * multiplier, 1, *window)
    flattened = _flattened(layer, producers) if isinstance(layer, layers.Dense) else ()
    # torch flattens channels first, Keras channels last.
    split = (*flattened, shape[-1]) if flattened else shape
    axes = (len(split) - 1, len(split) - 2, *range(len(split) - 2))
    if len(shape) == 2:
        return split, axes, shape[::-1]
    return split, axes, tuple(shape[axis] for axis in axes)


_TARGET = r"(.*?)(?:\[(\d+)/(\d+)\])?"  # a name, perhaps with a part: name[1/3]


def _path(model, weight):
    """Path of a weight without the name that a Sequential model puts in front."""
    return "/".join(weight.path.split("/")[isinstance(model, keras.Sequential) :])


def _match(layout, path):
    """`(tensor, part, shape)` of the first rule that matches our weight at `path`.

    None where no rule does; the shape is None unless the rule gives it.
    """
    layer, _, name = path.rpartition("/")
    for pattern, target, *shape in layout.rules:
        match = re.fullmatch(pattern, layer) or re.fullmatch(pattern, path)
        if match is None:
            continue
        if callable(target):
            groups = [
                int(group) if group is not None and group.isdigit() else group
                for group in match.groups()
            ]
            target = target(*groups)
        else:
            target = match.expand(target)
        tensor, index, count = re.fullmatch(_TARGET, target).groups()
        if match.string == layer:
            if "*" not in tensor:
                tensor += "/*" if layout.native else ".*"
            name = name if layout.native else _TORCH.get(name, name)
            tensor = tensor.replace("*", name)
        part = (int(index or 0), int(count or 1))
        return tensor, part, shape[0] if shape else None
    return None


def _normalized(source, layer, model, layout, producers):
    """`source` of a batch normalisation's weight, its layout's differences absorbed."""
    name = source.weight.name
    if name == "gamma" and not layout.scale:
        return dataclasses.replace(source, tensor=None)
    if name == "moving_variance" and layout.epsilon is not None:
        return dataclasses.replace(source, offset=layout.epsilon - layer.epsilon)
    if name == "moving_mean" and layout.conv_bias:
        before = producers.get(id(layer.input))
        if getattr(before, "use_bias", True) is False:
            bias = _path(model, before.weights[0]).rpartition("/")[0] + "/bias"
            return dataclasses.replace(source, bias=_match(layout, bias)[0])
    return source


def _part(model, layout):
    return model if layout.part is None else layout.part(model)


def sources(model, layout):
    """A `Source` for every weight of `model`.

    Raises:
        ValueError: the key map lacks a weight.
    """
    model = _part(model, layout)
    # The innermost of the layers that hold a weight is written last.
    holders = sorted(model._flatten_layers(), key=lambda layer: -len(layer.weights))
    owners = {id(weight): layer for layer in holders for weight in layer.weights}
    producers = _producers(model)
    found, unknown = [], []
    for weight in model.weights:
        layer, shape = owners[id(weight)], tuple(weight.shape)
        path = _path(model, weight)
        match = _match(layout, path)
        if match is None:
            unknown.append(path)
            continue
        tensor, part, reshaped = match
        if layout.native:
            split, axes, foreign = shape, tuple(range(len(shape))), shape
        else:
            name = path.rpartition("/")[2]
            split, axes, foreign = _torch_view(layer, name, shape, producers)
        if reshaped is not None:
            foreign = np.empty(foreign, np.bool_).reshape(reshaped).shape
        source = Source(weight, tensor, part, split, axes, foreign)
        if isinstance(layer, layers.BatchNormalization):
            source = _normalized(source, layer, model, layout, producers)
        found.append(source)
    if unknown:
        raise ValueError(
            f"The key map of {model.name!r} has no rule for {_few(unknown)}: "
            "this configuration has no counterpart in that layout."
        )
    _check_parts(found)
    return found


def _check_parts(found):
    """Every foreign tensor must have one taker, or one for each of its parts."""
    takers = {}
    for source in found:
        if source.tensor is not None:
            takers.setdefault(source.tensor, []).append(source.part)
    for tensor, parts in takers.items():
        if sorted(parts) != [(index, parts[0][1]) for index in range(parts[0][1])]:
            raise ValueError(f"The key map gives {tensor!r} to {len(parts)} weights.")


def foreign_shapes(found):
    """`{foreign tensor: shape}` that a list of sources takes."""
    shapes = {}
    for source in found:
        if source.tensor is not None:
            shape = source.shape
            if source.part[1] > 1:
                shape = (shape[0] * source.part[1], *shape[1:])
            shapes[source.tensor] = shape
        if source.bias is not None:
            shapes[source.bias] = source.shape
    return shapes


def _absent(model, layout):
    """Pattern of the tensors of parts that the model was built without."""
    model = _part(model, layout)
    paths = [_path(model, weight) for weight in model.weights]
    names = {name for path in paths for name in (path, path.rpartition("/")[0])}
    prefixes = [
        re.escape(target)
        for pattern, target, *_ in layout.rules
        if re.match("fc|head|aux", pattern)
        and isinstance(target, str)
        and not re.compile(pattern).groups
        and not any(re.fullmatch(pattern, name) for name in names)
    ]
    return f"({'|'.join(prefixes)})([./].*)?" if prefixes else r"(?!)"


def compare(model, tensors, layout):
    """What keeps `tensors` from being a checkpoint of `model`: a list of phrases."""
    expected = foreign_shapes(sources(model, layout))
    absent = _absent(model, layout)
    missing = [name for name in expected if name not in tensors]
    left_over = [
        name
        for name in tensors
        if name not in expected
        and not name.endswith("num_batches_tracked")
        and not re.fullmatch(layout.ignored, name)
        and not re.fullmatch(absent, name)
    ]
    differing = [
        f"{name} {tuple(tensors[name].shape)} instead of {shape}"
        for name, shape in expected.items()
        if name in tensors and tuple(tensors[name].shape) != shape
    ]
    phrases = []
    if missing:
        phrases.append(f"{len(missing)} missing ({_few(missing)})")
    if left_over:
        phrases.append(f"{len(left_over)} left over ({_few(left_over)})")
    if differing:
        phrases.append(f"{len(differing)} of another shape ({_few(differing)})")
    return phrases


def rename(tensors, layout):
    """`tensors` under the names that the layout has today."""
    renamed = {}
    for name, tensor in tensors.items():
        for pattern, replacement in layout.renames:
            name = re.sub(pattern, replacement, name)
        renamed[name] = tensor
    return renamed


def assign(model, tensors, layout):
    """Sets every weight of `model` from `tensors`, which `compare` found to fit."""
    for source in sources(model, layout):
        source.weight.assign(source.value(tensors))
    if layout.finish is not None:
        layout.finish(model)


def _few(names, count=4):
    more = f", and {len(names) - count} more" if len(names) > count else ""
    return ", ".join(map(str, names[:count])) + more
