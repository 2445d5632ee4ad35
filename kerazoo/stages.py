"""A network's layers, folded to the stages that a paper's figure shows.

The zoo names layers after the papers: `conv4_2_1_bn` belongs to the block `conv4_2` of
the stage `conv4`. Layers with a common beginning of their names are a group wherever
the rest of the network does not run through it; groups that are numbered and alike fold
into one, drawn once and marked with how often it occurs.
"""

import collections
import dataclasses
import os
import re

import keras

from kerazoo import inspection

# A group of more layers than a figure would draw as one block is shown by its parts.
_BLOCK = 16
# Share of layers that two blocks have in common where they fold: the first block of a
# stage may subsample, or project its shortcut.
_ALIKE = 0.7


@dataclasses.dataclass(eq=False)
class Layer:
    """One call of a layer, or of an operation between layers.

    Attributes:
        name: the layer's name, behind the names of the models around it.
        kind: its class.
        text: what it computes, in a few words; empty where it only accompanies.
        note: what a layer that only accompanies does, e.g. `"batch norm"`.
        shape: output shape without the batch; a list where there are several.
        params: weights that no earlier layer has counted.
        sources: the layers whose outputs it takes.
        named: whether somebody chose the name.
    """

    name: str
    kind: str
    text: str
    note: str
    shape: object
    params: int
    sources: list
    named: bool = True


@dataclasses.dataclass(eq=False)
class Fork:
    """Parallel branches inside a block; `direct` where one of them has no layers."""

    branches: list
    direct: bool


@dataclasses.dataclass(eq=False)
class Stage:
    """What a figure draws as one box.

    Attributes:
        name: after the paper, `"conv4_x"`; empty for layers nobody has named.
        model: the nested model that it is a part of, or an empty string.
        times: how often it is repeated.
        parallel: whether the repetitions stand side by side, not in a row.
        flow: its layers in order, branches as `Fork`.
        notes: what accompanies them.
        shape: output shape without the batch.
        params: number of weights, over all repetitions.
        sources: the stages whose outputs it takes.
        layers: all of its layers.
    """

    name: str
    model: str
    times: int
    parallel: bool
    flow: list
    notes: list
    shape: object
    params: int
    layers: list
    sources: list = dataclasses.field(default_factory=list)


def stages(model):
    """The stages of a model in the order in which they compute.

    Args:
        model: a built `keras.Model`, skeleton or not.

    Returns:
        A list of `Stage`.

    Example:
        >>> from kerazoo.stages import stages
        >>> model = kerazoo.inspection.skeleton("resnet152")
        >>> [(s.name, s.times) for s in stages(model)]
        [('input', 1), ('conv1', 1), ('pool1', 1), ('conv2_x', 3), ('conv3_x', 8), ...]
    """
    layers = read(model)
    graph = _Graph(layers)
    found = [_stage(group, graph) for group in _attached(_fold(layers, graph), graph)]
    home = {id(layer): stage for stage in found for layer in stage.layers}
    for stage in found:
        sources = {
            id(s): s
            for layer in stage.layers
            for source in layer.sources
            if (s := home[id(source)]) is not stage
        }
        stage.sources = list(sources.values())
    return _sorted(found)


# -------------------------------------------------------------------------- the layers


def read(model):
    """The layers of a model as they call each other, nested models unfolded.

    Returns:
        A list of `Layer` in an order in which they can compute.
    """
    found, counted, producers = [], set(), {}
    readers = collections.defaultdict(list)

    def add(operation, prefix, tensors, sources):
        shapes = inspection._without_batch(inspection._shapes(tensors))
        shape = shapes[0] if len(shapes) == 1 else shapes
        weights = [w for w in getattr(operation, "weights", ()) if id(w) not in counted]
        counted.update(map(id, weights))
        params = inspection._size_of(weights)
        layer = _layer(operation, prefix, shape, params, sources)
        if id(operation) in counted and "Embedding" in layer.kind:
            if shape[-1] == operation.output_dim:
                layer.text += ", shared"
            else:
                layer.text = f"dense {shape[-1]}, tied to the embedding"
        if layer.text in _MERGES.values() and layer.kind != "Concatenate":
            if len(_shown_sources(layer)) == 1:  # x times a gate of x
                layer.text = ""
        counted.add(id(operation))
        found.append(layer)
        producers.update((id(tensor), layer) for tensor in tensors)
        return layer

    def visit(model, prefix):
        counted.add(id(model))
        functional = _functional(model)
        parts = [getattr(model, part) for part in getattr(model, "PARTS", ())]
        for part in parts:  # e.g. a generator, which the outputs do not need
            if _functional(part) is not None and part not in functional.operations:
                visit(part, f"{prefix}{part.name}/")
        for depth in sorted(functional._nodes_by_depth, reverse=True):
            for node in functional._nodes_by_depth[depth]:
                inner, outputs = _functional(node.operation), node.outputs
                if node.is_input:
                    if id(outputs[0]) not in producers:
                        add(node.operation, prefix, outputs, [])
                elif inner is None:
                    sources = [producers[id(x)] for x in node.input_tensors]
                    sources = list({id(s): s for s in sources}.values())
                    layer = add(node.operation, prefix, outputs, sources)
                    for x in node.input_tensors:
                        readers[id(x)].append(layer)
                else:
                    inputs = zip(inner.inputs, node.input_tensors, strict=True)
                    inputs = [(id(x), producers[id(given)]) for x, given in inputs]
                    if id(node.operation) not in counted:
                        producers.update(inputs)
                        visit(node.operation, f"{prefix}{node.operation.name}/")
                    else:  # called again
                        for x, source in inputs:
                            for layer in readers[x]:
                                if layer not in _before(source):
                                    layer.sources.append(source)
                    for mine, theirs in zip(outputs, inner.outputs, strict=True):
                        producers[id(mine)] = producers[id(theirs)]

    if _functional(model) is not None:
        visit(model, "")
    else:  # Layers of a subclass, whose calls Keras does not record.
        for row in inspection.layer_table(model):
            text, note = _words(row.kind), ""
            found.append(
                Layer(row.name, row.kind, text, note, row.shape, row.params, found[-1:])
            )
    return found


def _before(layer):
    """A layer and all those that it depends on."""
    found, waiting = {}, [layer]
    while waiting:
        layer = waiting.pop()
        if id(layer) not in found:
            found[id(layer)] = layer
            waiting += layer.sources
    return found.values()


def _shown_sources(layer):
    """Layers with a text, or inputs, whose outputs reach `layer` unchanged."""
    found, waiting = {}, list(layer.sources)
    while waiting:
        source = waiting.pop(0)
        if source.text or not source.sources:
            found[id(source)] = source
        else:
            waiting[:0] = source.sources
    return list(found.values())


def _functional(operation):
    """The graph behind a model, or None."""
    inner = getattr(operation, "_functional", None) or operation
    return inner if hasattr(inner, "_nodes_by_depth") else None


def _layer(operation, prefix, shape, params, sources):
    kind = type(operation).__name__
    text, note = _describe(operation, len(sources), shape)
    snake = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", kind)
    snake = re.sub(r"([a-z])([A-Z])", r"\1_\2", snake).lower()
    automatic = r"(_\d+)?" if _is_of_keras(operation) else r"_\d+"
    named = not re.fullmatch(f"({snake}|input_layer){automatic}", operation.name)
    around = prefix.rstrip("/").rpartition("/")[2]  # the model: prefixes say it twice
    name = prefix + operation.name.removeprefix(f"{around}_")
    if not named and not text and sources:  # goes with the layer before
        name = f"{sources[0].name}_{snake}"
    return Layer(name, kind, text, note, shape, params, sources, named)


def _is_of_keras(operation):
    return type(operation).__module__.startswith("keras.")


_MERGES = {
    "Add": "+", "Subtract": "-", "Multiply": "×", "Average": "mean", "Maximum": "max",
    "Minimum": "min", "Concatenate": "concat", "Dot": "·", "Matmul": "matmul",
    "Einsum": "einsum", "Stack": "stack",
}  # fmt: skip
_NOTES = {
    "BatchNormalization": "batch norm",
    "LocalResponseNormalization": "local response norm",
    "GroupNormalization": "group norm",
    "Dropout": "dropout",
    "SpatialDropout2D": "dropout",
    "StochasticDepth": "stochastic depth",
    "LayerScale": "layer scale",
    "ReLU": "ReLU",
    "LeakyReLU": "leaky ReLU",
    "PReLU": "PReLU",
    "ELU": "ELU",
    "Softmax": "softmax",
}
_SILENT = r"Flatten|Identity|Permute|Masking|GaussianNoise|UnitNormalization"
_SILENT += r"|\w*(Padding|Cropping|ActivityRegularization)\dD|BackgroundPadding"
_ACTIVATIONS = {
    "relu": "ReLU", "relu6": "ReLU6", "gelu": "GELU", "gelu_tanh": "GELU",
    "elu": "ELU", "selu": "SELU", "silu": "SiLU",
}  # fmt: skip
_SHOWN = {"softmax", "sigmoid"}


def _describe(operation, arguments, shape):
    """`(text, note)` of a layer: what it computes, or how it accompanies others."""
    kind = type(operation).__name__
    if kind == "InputLayer":
        return "input", ""
    if kind in _MERGES and (arguments > 1 or kind == "Concatenate"):
        return _MERGES[kind], ""
    if not isinstance(operation, keras.layers.Layer):
        return "", ""
    activation = _activation(operation)
    if kind == "Activation":
        return "", activation
    if kind in _NOTES:
        return "", _NOTES[kind]
    if re.fullmatch(_SILENT, kind):
        return "", ""
    text = _text(operation, kind, shape)
    if activation in _SHOWN:
        return f"{text}, {activation}", ""
    return text, activation


def _activation(operation):
    function = getattr(operation, "activation", None)
    name = getattr(function, "__name__", "")
    if name == "linear" or hasattr(operation, "recurrent_activation"):
        return ""
    return _ACTIVATIONS.get(name, name.replace("_", " "))


def _text(layer, kind, shape):
    if kind == "Bidirectional":
        inner = layer.forward_layer
        return f"bidirectional {_text(inner, type(inner).__name__, shape)}"
    if kind == "TimeDistributed":
        inner = _text(layer.layer, type(layer.layer).__name__, shape)
        return f"{inner} at each step"
    if kind in ("LayerNormalization", "RMSNormalization"):
        return "norm"
    text = _words(kind)
    area = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    if area is not None:
        text += f" {_extent(area)}"
    for attribute in ("filters", "units"):
        size = getattr(layer, attribute, None)
        if isinstance(size, int):
            text += f"{', ' if area is not None else ' '}{size}"
            break
    else:
        if "Conv" in kind and isinstance(shape, tuple):
            text += f", {shape[-1]}"
    if "Embedding" in kind and isinstance(getattr(layer, "output_dim", None), int):
        text += f" {layer.output_dim}"
    heads = getattr(layer, "num_heads", None)
    if isinstance(heads, int):
        text += f", {heads} heads" if heads > 1 else ""
    strides = _most(getattr(layer, "strides", 1))
    if strides > 1:
        text += f", ×{strides}" if "Transpose" in kind else f", /{strides}"
    if "UpSampling" in kind:
        text += f" ×{_most(layer.size)}"
    dilation = _most(getattr(layer, "dilation_rate", 1))
    if dilation > 1:
        text += f", dilated {dilation}"
    groups = getattr(layer, "groups", 1)
    if isinstance(groups, int) and groups > 1:
        text += f", {groups} groups"
    return text


_NAMES = {
    "SeparableConv": "separable conv",
    "DepthwiseConv": "depthwise conv",
    "ConvTranspose": "up-conv",
    "MaxPooling": "max pool",
    "AveragePooling": "average pool",
    "ClippedAveragePooling": "average pool",
    "AdaptiveAveragePooling": "average pool",
    "GlobalAveragePooling": "global average pool",
    "GlobalMaxPooling": "global max pool",
    "UpSampling": "upsample",
    "MultiHeadAttention": "attention",
    "GroupedQueryAttention": "grouped attention",
    "CausalSelfAttention": "masked self-attention",
    "ReversibleEmbedding": "embedding",
    "RoIAlign": "RoI align",
    "SimpleRNN": "RNN",
}


def _words(kind):
    """`"TableConv2D"` is `"table conv"`."""
    kind = re.sub(r"\dD", "", kind)
    if kind in _NAMES:
        return _NAMES[kind]
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z\d]+", kind)
    return " ".join(word if word.isupper() else word.lower() for word in words)


def _extent(area):
    area = (area, area) if isinstance(area, int) else tuple(area)
    return "×".join(map(str, area))


def _most(sizes):
    if isinstance(sizes, int):
        return sizes
    return max((s for s in sizes or () if isinstance(s, int)), default=1)


# ----------------------------------------------------------------------------- folding


class _Graph:
    """Who takes whose outputs."""

    def __init__(self, layers):
        self.order = {id(layer): place for place, layer in enumerate(layers)}
        self.readers = collections.defaultdict(list)
        for layer in layers:
            for source in layer.sources:
                self.readers[id(source)].append(layer)

    def leaves_and_returns(self, group):
        """Whether a path runs out of a group of layers and back into it."""
        inside = {id(layer) for layer in group}
        waiting = [
            reader
            for layer in group
            for reader in self.readers[id(layer)]
            if id(reader) not in inside
        ]
        seen = set()
        while waiting:
            layer = waiting.pop()
            if id(layer) in seen:
                continue
            seen.add(id(layer))
            for reader in self.readers[id(layer)]:
                if id(reader) in inside:
                    return True
                waiting.append(reader)
        return False


@dataclasses.dataclass(eq=False)
class _Group:
    """Layers that become one stage: `parts` are its alike repetitions."""

    name: str
    parts: list
    parallel: bool = False

    @classmethod
    def of(cls, layers):
        """One block, named by what the names of its layers have in common."""
        steps = [_steps(layer.name) for layer in layers]
        shared = os.path.commonprefix(steps)
        name = "".join(_path(layers[0].name)[: len(shared)]).rstrip("_")
        return cls(name, [layers])

    @property
    def layers(self):
        return [layer for part in self.parts for layer in part]


def _path(name):
    """`"encoder/conv1_2"` is `["encoder/", "conv1_", "2"]`."""
    return re.findall(r"[^_/]+[_/]*|[_/]+", name)


def _steps(name):
    """As `_path`, each step without the mark that parts it from the next."""
    return [step.rstrip("_") for step in _path(name)]


def _fold(layers, graph, depth=0):
    """Groups of layers, alike neighbours together."""
    found = collections.defaultdict(list)
    for layer in layers:
        whole = layer.kind == "InputLayer"
        found[tuple(_steps(layer.name)[: None if whole else depth + 1])].append(layer)
    groups = []
    for members in found.values():
        if len(members) == 1 or not graph.leaves_and_returns(members):
            groups.append(_Group.of(members))
        elif len({layer.name for layer in members}) == 1:  # called again and again
            groups += [_Group.of([layer]) for layer in members]
        else:
            groups += _fold(members, graph, depth + 1)
    groups, opened = _merged(groups, graph), []
    shown = [g for g in groups if any(x.text and x.sources for x in g.layers)]
    alone = depth == 0 and len(shown) == 1
    for group in groups:
        if len(group.parts) > 1:
            opened.append(group)
        else:
            step = "".join(_path(group.layers[0].name)[depth:][:1])
            opened += _opened(group, graph, whole=alone or "/" in step)
    return opened


def _opened(group, graph, whole):
    """A group as a figure draws it: one block, or the blocks that it is made of.

    A `whole` model, nested or not, is never one block.
    """
    shown = sum(map(_shows, group.layers))
    depth = len(_path(group.name))
    if shown < 2 or all(len(_path(layer.name)) <= depth for layer in group.layers):
        return [group]
    children = _children(group, graph)
    if not (whole or _repeats(children) or shown > _BLOCK):
        return [group]
    if len(children) == 1 and not whole:  # the stage is its blocks
        numbered = re.fullmatch(r"\d+(–\d+)?", _steps(children[0].name)[-1])
        children[0].name = group.name + ("_x" if numbered else "")
    return children


def _merged(groups, graph):
    """Neighbours that are numbered and alike as one group, named by their numbers."""
    found, runs = [], {}
    for group in groups:
        stem = re.fullmatch(r"(.*?)(\d+)(\D*)", group.name)
        run = stem and runs.get((stem[1], stem[3]))
        if run and _alike(run[-1].parts[-1], group.parts[0]):
            run.append(group)
            continue
        run = [group]
        found.append(run)
        if stem:
            runs[stem[1], stem[3]] = run
    merged = [[_joined(run)] if _worth(run, graph) else run for run in found]
    return [group for run in merged for group in run]


def _worth(run, graph):
    """Whether folding makes a figure simpler: of a few single layers it does not."""
    if len(run) in (2, 3):
        shown = sum(map(_shows, run[0].layers))
        return 1 < shown <= _BLOCK and not _repeats(_children(run[0], graph))
    return len(run) > 3


def _children(group, graph):
    return _fold(group.layers, graph, len(_path(group.name)))


def _repeats(groups):
    """Whether one of them is a block that occurs several times."""
    return any(
        len(group.parts) > 1 and sum(map(_shows, group.parts[-1])) > 1
        for group in groups
    )


def _joined(run):
    parts = [part for group in run for part in group.parts]
    names = [group.name.rstrip("/") for group in run]
    stem, _, rest = re.fullmatch(r"(.*?)(\d+)(\D*)", names[0]).groups()
    numbers = [int(name[len(stem) : len(name) - len(rest)]) for name in names]
    name = f"{stem}{min(numbers)}–{max(numbers)}{rest}"
    return _Group(name, parts, parallel=not _feeds(parts[0], parts[1]))


def _feeds(one, other):
    inside = {id(layer) for layer in one}
    return any(id(s) in inside for layer in other for s in layer.sources)


def _alike(one, other):
    """Whether two blocks compute the same, up to subsampling and projections."""
    a, b = (collections.Counter(map(_trait, filter(_shows, x))) for x in (one, other))
    fewer, more = sorted((a, b), key=collections.Counter.total)
    if not fewer or not fewer <= more or fewer.total() < _ALIKE * more.total():
        return False
    ends = one[-1].shape, other[-1].shape
    same = ends[0] == ends[1] or (a == b and ends[0][:-1] == ends[1][:-1])
    entries = [{id(s) for x in part for s in x.sources} for part in (one, other)]
    return same and (_feeds(one, other) or bool(entries[0] & entries[1]))


def _shows(layer):
    return bool(layer.text)


def _trait(layer):
    return layer.kind, re.sub(r", /\d+", "", layer.text)


def _attached(groups, graph):
    """Groups without a group that only accompanies: those go with a neighbour."""
    home = {id(layer): group for group in groups for layer in group.layers}
    for group in [g for g in groups if not any(map(_shows, g.layers))]:
        before = [home[id(s)] for x in group.layers for s in x.sources]
        after = [home[id(r)] for x in group.layers for r in graph.readers[id(x)]]
        before, after = (
            [other for other in side if other is not group] for side in (before, after)
        )
        ahead = "Padding" in group.layers[0].kind or not all(
            any(map(_shows, b.layers)) and b.layers[0].sources for b in before[:1]
        )
        neighbours = after + before if ahead else before + after
        if not neighbours:
            continue
        chosen = neighbours[0]
        chosen.parts[0 if chosen in after else -1] += group.layers
        home.update((id(layer), chosen) for layer in group.layers)
        groups = [g for g in groups if g is not group]
    return groups


def _stage(group, graph):
    for part in group.parts:
        part.sort(key=lambda layer: graph.order[id(layer)])
    typical = group.parts[-1] if len(group.parts) > 1 else group.parts[0]
    shown = [layer for layer in typical if layer.text] or typical
    model, _, name = group.name.rstrip("/").rpartition("/")
    if all(layer.kind == "InputLayer" for layer in shown):
        name = name if shown[0].named else "input"
    elif not any(layer.named for layer in shown):
        name = ""
    notes = dict.fromkeys(layer.note for layer in typical if layer.note)
    return Stage(
        name=name,
        model=model,
        times=len(group.parts),
        parallel=group.parallel,
        flow=_flow(typical, graph),
        notes=list(notes),
        shape=shown[-1].shape,
        params=sum(layer.params for layer in group.layers),
        layers=group.layers,
    )


def _flow(layers, graph):
    """Layers of a block as a chain of layers and forks."""
    shown = [layer for layer in layers if layer.text] or layers[:1]
    inside = {id(layer): place for place, layer in enumerate(shown)}
    entry, edges, order = None, set(), {}
    for place, layer in enumerate(shown):
        sources = _shown_sources(layer)
        within = [inside[id(s)] for s in sources if id(s) in inside]
        without = [s for s in sources if id(s) not in inside]
        edges.update((source, place) for source in within)
        order[place] = within
        if entry is None and without:
            entry = without
        if not within or any(s in (entry or ()) for s in without):
            edges.add((-1, place))
    starts = {a for a, _ in edges}
    edges.update((p, len(shown)) for p in range(len(shown)) if p not in starts)
    return _chain(list(range(len(shown))), edges, -1, len(shown), shown, order)


def _chain(places, edges, start, end, shown, order):
    """The flow between two layers: those that all paths share, and forks between."""
    edges = {(a, b) for a, b in edges if a in (start, *places) and b in (end, *places)}
    shared = [p for p in places if not any(a < p < b for a, b in edges)]
    flow, last = [], start
    for place in (*shared, end):
        between = [p for p in places if last < p < place]
        direct = (last, place) in edges
        branches = _components(between, edges, order.get(place, []))
        if len(branches) == 1 and not direct:  # entered or left in several places
            flow += [shown[p] for p in between]
        elif branches:
            apart = edges - {(last, place)}
            flows = [
                _chain(sorted(branch), apart, last, place, shown, order)
                for branch in branches
            ]
            flow.append(Fork(flows, direct))
        if place != end:
            flow.append(shown[place])
        last = place
    return flow


def _components(places, edges, order):
    """Places that hang together, as the layer that joins them takes them."""
    left, found = set(places), []
    while left:
        waiting, component = [min(left)], set()
        while waiting:
            place = waiting.pop()
            if place in component:
                continue
            component.add(place)
            waiting += [b for a, b in edges if a == place and b in left]
            waiting += [a for a, b in edges if b == place and a in left]
        left -= component
        found.append(component)
    ranks = {place: rank for rank, place in enumerate(order)}
    return sorted(found, key=lambda c: min(ranks.get(p, len(ranks)) for p in c))


def _sorted(found):
    """Stages in an order in which they can compute, else as they stand."""
    done, result = set(), []
    left = list(found)
    while left:
        ready = [s for s in left if all(id(x) in done for x in s.sources)]
        stage = ready[0] if ready else left[0]  # a model that is called again
        done.add(id(stage))
        result.append(stage)
        left.remove(stage)
    return result
