"""Parameters, output shapes and multiply-accumulates of a full-size model.

Nothing is allocated and nothing is run: a `skeleton` has variables without values,
and one symbolic call of it shows every product that an inference computes. The numbers
are the same on TensorFlow, JAX and torch.

The counter listens to a few functions of Keras' private backend modules. They are named
in this file only; where a release of Keras moves them, `macs` gives None.
"""

import collections
import contextlib
import functools
import inspect
import math
import re
import threading

import keras
import rich.box
import rich.console
import rich.table

from kerazoo import architecture, catalog


def skeleton(name_or_builder, **config):
    """The model of an architecture without values: shapes and names only.

    GPT-3 takes seconds and no memory to speak of. A skeleton is for looking at, not for
    prediction, and it is not compiled.

    Args:
        name_or_builder: a builder's name, or any function that returns a `keras.Model`.
        **config: keywords of the builder; with a name also `tiny=True`.

    Returns:
        An uncompiled `keras.Model`.

    Example:
        >>> kerazoo.inspection.skeleton("resnet152").count_params()
        60344232
    """
    if isinstance(name_or_builder, str):
        build = functools.partial(architecture.create, name_or_builder, compile=False)
    elif "compile" in inspect.signature(name_or_builder).parameters:
        build = functools.partial(name_or_builder, compile=False)
    else:
        build = name_or_builder
    return architecture.without_values(functools.partial(build, **config))


def parameters(model):
    """Exact numbers of a model's weights, `(trainable, non_trainable)`.

    The second number holds BatchNorm statistics, fixed wiring and frozen weights;
    optimizer, metric and random-generator states are not weights.
    """
    return _size_of(model.trainable_weights), _size_of(model.non_trainable_weights)


def _size_of(weights):
    return sum(math.prod(weight.shape) for weight in weights)


def macs(model):
    """Multiply-accumulates of one sample at inference (FLOPs = 2 x MACs).

    Counted are the products of convolutions, dense layers, attention, recurrent steps
    and everything else that goes through `keras.ops.matmul`, `dot`, `tensordot`,
    `einsum` and the convolutions of `keras.ops`; elementwise work is not, and neither
    is Python's `@` between tensors. Padding counts as in the formulas of the papers:
    outputs x kernel area x channels.

    Args:
        model: a built `keras.Model`, skeleton or not.

    Returns:
        An int; None where the number is not defined, because the input has no fixed
        shape or the model multiplies a data-dependent number of times, or where it
        cannot be counted under the installed Keras.
    """
    trace = _trace(model)
    return None if trace is None else trace.macs[id(model)]


Row = collections.namedtuple("Row", "name kind shape params macs")
Row.__doc__ = """One line of `layer_table`.

Attributes:
    name: the layer's name, behind the names of the models around it.
    kind: its class.
    shape: output shape without the batch, or a list of them; None where unknown.
    params: number of weights that no earlier row has counted.
    macs: multiply-accumulates of all calls of the layer; None as in `macs`.
"""


def layer_table(model):
    """Every layer of a model in order, nested models unfolded.

    What belongs to no layer (operations between layers, weights of the model itself)
    stands in a last row, so that the columns add up to `parameters` and `macs`.

    Args:
        model: a built `keras.Model`, skeleton or not.

    Returns:
        A list of `Row`.
    """
    trace = _trace(model)
    rows, seen = [], set()

    def visit(layers, prefix):
        for layer in layers:
            if id(layer) in seen or isinstance(layer, keras.layers.InputLayer):
                continue
            seen.add(id(layer))
            if isinstance(layer, keras.Model):
                visit(layer.layers, f"{prefix}{layer.name}/")
                continue
            fresh = [weight for weight in layer.weights if id(weight) not in seen]
            seen.update(map(id, fresh))
            rows.append(
                Row(
                    prefix + layer.name,
                    type(layer).__name__,
                    _output_shape(layer, trace),
                    _size_of(fresh),
                    None if trace is None else trace.macs[id(layer)],
                )
            )

    visit(model.layers, "")
    rest = sum(parameters(model)) - sum(row.params for row in rows), None
    if trace is not None:
        rest = rest[0], trace.macs[id(model)] - sum(row.macs for row in rows)
    if any(rest):
        rows.append(Row("(between layers)", "", None, *rest))
    return rows


def _output_shape(layer, trace):
    if trace is not None and id(layer) in trace.shapes:
        return _without_batch(trace.shapes[id(layer)])
    try:
        return _without_batch(_shapes(layer.output))
    except AttributeError:  # not called, or by the layer or model around it only
        return None


def _shapes(tensors):
    return keras.tree.map_structure(lambda x: tuple(getattr(x, "shape", ())), tensors)


def _without_batch(shapes):
    if isinstance(shapes, tuple) and not any(isinstance(x, tuple) for x in shapes):
        return shapes[1:]
    if isinstance(shapes, dict):
        shapes = shapes.values()
    return [_without_batch(shape) for shape in shapes]


def summary(name_or_model, *, layers=False, **config):
    """Prints a network as a table: stages, output shapes, parameters and MACs.

    The full-size network is shown, without allocating it.

    Args:
        name_or_model: a builder's name, or a built `keras.Model`.
        layers: whether to list every layer; else the layers of a long network are
            grouped by the paper's names of its blocks or stages.
        **config: keywords of the builder, `tiny=True` included, with a name only.

    Raises:
        TypeError: keywords of a builder came with a model.

    Example:
        >>> kerazoo.summary("resnet50")
        >>> kerazoo.summary("resnet50", classes=10, layers=True)
    """
    if isinstance(name_or_model, str):
        model = skeleton(name_or_model, **config)
    elif config:
        raise TypeError(
            "summary() of a built model takes no builder keywords. "
            f"Received: {', '.join(config)}"
        )
    else:
        model = name_or_model
    console = rich.console.Console(highlight=False)
    console.print(_header(model))
    every = layer_table(model)
    rows = every if layers else _grouped(every)
    console.print(_table(rows))
    console.print(_totals(model, every, rows))


def _header(model):
    """Title and facts: from the card, where the model is an architecture of the zoo."""
    card = catalog.cards().get(getattr(model, "architecture", None))
    grid = rich.table.Table.grid(padding=(0, 2))
    grid.add_row("[bold]Model", model.name if card is None else card.title)
    if card is not None:
        grid.add_row("[bold]Paper", f"{card.paper} ({card.url})")
        grid.add_row("[bold]Task", card.task)
        names = [card.dataset, card.offline and f"{card.offline} (offline)"]
        grid.add_row("[bold]Data", ", ".join(filter(None, names)))
    inputs = _inputs(model)
    if inputs is not None:
        grid.add_row("[bold]Input", _format_shape(_without_batch(_shapes(inputs))))
    return grid


# Rows that still read as one picture.
_READABLE = 40


def _grouped(rows):
    """Rows merged by the leading parts of their names, as finely as stays readable.

    Names are paths: `conv4_2_1_bn` belongs to the block `conv4_2` and the stage
    `conv4`.
    """
    paths = [re.findall(r"[^_/]*[_/]?", row.name)[:-1] for row in rows]
    for depth in range(max(map(len, paths), default=1), 0, -1):
        groups = collections.defaultdict(list)
        for row, path in zip(rows, paths, strict=True):
            groups["".join(path[:depth]).rstrip("_/")].append(row)
        if len(groups) <= _READABLE:
            break
    return [_merged(name, members) for name, members in groups.items()]


def _merged(name, rows):
    if len(rows) == 1:
        return rows[0]
    macs = None if rows[-1].macs is None else sum(row.macs for row in rows)
    params = sum(row.params for row in rows)
    return Row(name, f"{len(rows)} layers", rows[-1].shape, params, macs)


def _table(rows):
    table = rich.table.Table(box=rich.box.SIMPLE_HEAD, pad_edge=False)
    for title in ("Layer", "Type", "Output"):
        table.add_column(title, overflow="fold")
    for title in ("Parameters", "MACs"):
        table.add_column(title, justify="right", no_wrap=True)
    for row in rows:
        shape = _format_shape(row.shape)
        table.add_row(row.name, row.kind, shape, _format(row.params), _format(row.macs))
    return table


def _format(number):
    return f"{number:,}" if number else ""


def _format_shape(shape):
    if shape is None:
        return ""
    if isinstance(shape, list):
        return ", ".join(map(_format_shape, shape))
    return "x".join("?" if size is None else str(size) for size in shape) or "scalar"


def _totals(model, every, rows):
    trainable, rest = parameters(model)
    grid = rich.table.Table.grid(padding=(0, 2))
    text = f"{trainable:,} trainable" + (f" + {rest:,} not trainable" if rest else "")
    megabytes = 4e-6 * (trainable + rest)
    grid.add_row("[bold]Parameters", f"{text} ({megabytes:,.1f} MB in float32)")
    if every and every[0].macs is not None:
        total = sum(row.macs for row in every)
        grid.add_row("[bold]MACs", f"{total:,} for one sample (FLOPs = 2 x MACs)")
    else:
        grid.add_row("[bold]MACs", "not defined for this input")
    if len(rows) < len(every):
        grid.add_row("[bold]Layers", f"{len(every)}; layers=True lists them all")
    return grid


class _Uncountable(Exception):
    """The number of products is not known before the data are."""


def _size(shape):
    if None in tuple(shape):
        raise _Uncountable
    return math.prod(shape)


# Multiply-accumulates of one call: the output's shape, then the operation's arguments.


def _matmul(out, x1, x2):
    return _size(out) * x1.shape[-1]


def _dot(out, x1, x2):
    scalar = not len(x1.shape) or not len(x2.shape)
    return _size(out) * (1 if scalar else x1.shape[-1])


def _tensordot(out, x1, x2, axes=2):
    summed = range(-axes, 0) if isinstance(axes, int) else axes[0]
    summed = [summed] if isinstance(summed, int) else summed
    return _size(out) * math.prod(x1.shape[axis] for axis in summed)


def _einsum(out, subscripts, *operands, **keywords):
    if len(operands) == 1:
        return 0
    if len(operands) > 2:  # depends on the order in which the backend multiplies
        raise _Uncountable
    sizes = {}
    terms = subscripts.replace(" ", "").split("->")[0].split(",")
    for term, operand in zip(terms, operands, strict=True):
        head, dots, tail = term.partition("...")
        hidden = len(operand.shape) - len(head + tail)
        labels = [*head, *range(-hidden, 0), *tail] if dots else term
        for label, size in zip(labels, operand.shape, strict=True):
            sizes[label] = max(sizes.get(label, 1), _size([size]))
    return math.prod(sizes.values())


def _conv(out, inputs, kernel, *args, **keywords):
    return _size(out) * math.prod(kernel.shape[:-1])  # (*area, in / groups, out)


def _depthwise_conv(out, inputs, kernel, *args, **keywords):
    return _size(out) * math.prod(kernel.shape[:-2])  # (*area, in, multiplier)


def _separable_conv(out, inputs, depthwise_kernel, pointwise_kernel, *args, **keywords):
    positions = _size(out) // pointwise_kernel.shape[-1]
    return positions * _size_of([depthwise_kernel, pointwise_kernel])


def _conv_transpose(out, inputs, kernel, *args, **keywords):
    return _size(inputs.shape) * math.prod(kernel.shape[:-1])  # (*area, out, in)


def _attention(out, query, key, value, *args, **keywords):
    products = _size(query.shape) + _size(out)  # query x key, weights x value
    return products * key.shape[1]


# Steps of a loop: its arguments.


def _length(tensors, axis):
    return _size([keras.tree.flatten(tensors)[0].shape[axis]])


def _rnn(step_function, inputs, *args, time_major=False, **keywords):
    return _length(inputs, 0 if time_major else 1)


def _mapped(function, elements):
    return _length(elements, 0)


def _scan(f, init, xs=None, length=None, **keywords):
    return _length(xs, 0) if length is None else length


def _fori_loop(lower, upper, body_fun, init_val):
    if not isinstance(lower, int) or not isinstance(upper, int):
        raise _Uncountable
    return upper - lower


class _Trace:
    """What one symbolic call of a model does.

    Attributes:
        macs: multiply-accumulates by the id of each layer on the call stack.
        shapes: output shapes by the id of the layer, a batch of one included.
    """

    def __init__(self):
        self.reset()

    def reset(self):
        """Forgets a run that the backend broke off and repeats."""
        self.macs = collections.Counter()
        self.shapes = {}
        self._stack = []
        self._repeats = 1  # of the current operation, by the loops around it

    @contextlib.contextmanager
    def _repeating(self, times):
        outside = self._repeats
        self._repeats = outside * times
        try:
            yield
        finally:
            self._repeats = outside

    def layer(self, original, layer, *args, **keywords):
        self._stack.append(id(layer))
        try:
            outputs = original(layer, *args, **keywords)
        finally:
            self._stack.pop()
        self.shapes[id(layer)] = _shapes(outputs)
        return outputs

    def product(self, formula, original, *args, **keywords):
        with self._repeating(0):  # a product may be made of others
            out = original(*args, **keywords)
        if math.isnan(self._repeats):
            raise _Uncountable
        if self._repeats:
            count = self._repeats * formula(out.shape, *args, **keywords)
            for layer in set(self._stack):
                self.macs[layer] += count
        return out

    def loop(self, steps, place, original, *args, **keywords):
        """Counts the first step for all: backends trace it once, twice or each time."""
        pending = [steps(*args, **keywords)]
        step = args[place]

        def counted_once(*args, **keywords):
            with self._repeating(pending.pop() if pending else 0):
                return step(*args, **keywords)

        return original(*args[:place], counted_once, *args[place + 1 :], **keywords)

    def silent(self, original, *args, **keywords):
        with self._repeating(0):
            return original(*args, **keywords)

    def unfused(self, original, *args, **keywords):
        raise NotImplementedError  # Keras then takes the generic loop

    def open_loop(self, original, cond, body, loop_vars, *args, **keywords):
        """One step of a loop of unknown length, which must not multiply."""
        with self._repeating(math.nan):
            several = isinstance(loop_vars, list | tuple)
            return body(*loop_vars) if several else body(loop_vars)

    def hooks(self):
        """`(owner, attribute, replacement)` of every function to listen to."""
        from keras.src import backend
        from keras.src.ops import image

        product = functools.partial(functools.partial, self.product)
        loop = functools.partial(functools.partial, self.loop)
        return [
            (keras.layers.Layer, "__call__", self.layer),
            (backend.numpy, "matmul", product(_matmul)),
            (backend.numpy, "dot", product(_dot)),
            (backend.numpy, "inner", product(_dot)),
            (backend.numpy, "tensordot", product(_tensordot)),
            (backend.numpy, "einsum", product(_einsum)),
            (backend.nn, "conv", product(_conv)),
            (backend.nn, "depthwise_conv", product(_depthwise_conv)),
            (backend.nn, "separable_conv", product(_separable_conv)),
            (backend.nn, "conv_transpose", product(_conv_transpose)),
            (backend.nn, "dot_product_attention", product(_attention)),
            (backend, "rnn", loop(_rnn, 0)),
            (backend, "lstm", self.unfused),
            (backend, "gru", self.unfused),
            (backend, "bidirectional_lstm", self.unfused),
            (backend, "bidirectional_gru", self.unfused),
            (backend.core, "map", loop(_mapped, 0)),
            (backend.core, "vectorized_map", loop(_mapped, 0)),
            (backend, "vectorized_map", loop(_mapped, 0)),
            (backend.core, "scan", loop(_scan, 0)),
            (backend.core, "fori_loop", loop(_fori_loop, 2)),
            (backend.core, "while_loop", self.open_loop),
            # Runs stacked cells once more, only to draw their dropout masks.
            (keras.layers.RNN, "_maybe_config_dropout_masks", self.silent),
            # Cuts patches by convolving with an identity matrix.
            (image, "_extract_patches_2d", self.silent),
            (image, "_extract_patches_3d", self.silent),
        ]


def _inputs(model):
    """The symbolic inputs of a model in the structure it is called with, or None."""
    if not model.built:
        return None
    functional = getattr(model, "_functional", None) or model  # of a Sequential
    inputs = getattr(functional, "_inputs_struct", None)
    if inputs is None:  # a subclass of keras.Model that was called on keras.Input
        with contextlib.suppress(AttributeError):
            inputs = model.input
    return inputs


_listening = threading.Lock()


def _trace(model):
    """The trace of a call with one sample; None where it has no definite shape."""
    from keras.src.backend import compute_output_spec

    inputs = _inputs(model)
    if inputs is None or any(None in x.shape[1:] for x in keras.tree.flatten(inputs)):
        return None
    inputs = keras.tree.map_structure(
        lambda x: keras.KerasTensor((1, *x.shape[1:]), x.dtype), inputs
    )
    values = [keras.KerasTensor(v.shape, v.dtype) for v in model.variables]
    trace = _Trace()

    def call(values, inputs):
        trace.reset()
        with keras.StatelessScope(zip(model.variables, values, strict=True)):
            return model(inputs, training=False)

    thread = threading.get_ident()

    def listen(original, replacement):
        @functools.wraps(original)
        def function(*args, **keywords):
            if threading.get_ident() != thread:
                return original(*args, **keywords)
            return replacement(original, *args, **keywords)

        return function

    with _listening, contextlib.ExitStack() as stack:
        try:
            for owner, name, replacement in trace.hooks():
                original = getattr(owner, name)
                stack.callback(setattr, owner, name, original)
                setattr(owner, name, listen(original, replacement))
        except (ImportError, AttributeError):
            return None
        try:
            compute_output_spec(call, values, inputs)
        except _Uncountable:
            return None
    return trace
