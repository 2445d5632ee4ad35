"""Nets of McCulloch-Pitts neurons (1943), the beginning of neural networks.

A neuron fires if at least `threshold` of its excitatory endings were active one step
before, and no inhibitory one was: inhibition is absolute. McCulloch and Pitts showed
that nets of such units compute every formula of propositional logic over time, and with
circles remember. Nothing learns; the net is the program.
"""

import keras
from keras import layers, ops

from kerazoo.architecture import architecture

# A net: the neurons it is fed by, its own neurons as (threshold, excitatory endings,
# inhibitory endings), its outputs, and its depth where the input is held still until
# the output is settled. A name that comes twice makes two endings; "on" always fires;
# "-n" is relative inhibition, an ending that counts as minus one.
GATES = {
    "and": ("a b", {"y": (2, "a b", "")}, "y", 1),
    "or": ("a b", {"y": (1, "a b", "")}, "y", 1),
    "not": ("a", {"y": (1, "on", "a")}, "y", 1),
    "nand": ("a b", {"p": (2, "a b", ""), "y": (1, "on", "p")}, "y", 2),
    "nor": ("a b", {"y": (1, "on", "a b")}, "y", 1),
    "xor": (
        "a b",
        {"p": (1, "a", "b"), "q": (1, "b", "a"), "y": (1, "p q", "")},
        "y",
        2,
    ),
    "xnor": (
        "a b",
        {"p": (2, "a b", ""), "q": (1, "on", "a b"), "y": (1, "p q", "")},
        "y",
        2,
    ),
    "majority": ("a b c", {"y": (2, "a b c", "")}, "y", 1),
    "half_adder": (
        "a b",
        {
            "p": (1, "a", "b"),
            "q": (1, "b", "a"),
            "sum": (1, "p q", ""),
            "carry": (2, "a b", ""),
        },
        "sum carry",
        2,
    ),
    "full_adder": (
        "a b c",
        {
            "carry": (2, "a b c", ""),
            "one": (1, "a b c", "carry"),
            "three": (3, "a b c", ""),
            "sum": (1, "one three", ""),
        },
        "sum carry",
        3,
    ),
}

# Figure 1 of the paper: every threshold is 2. Formulas give the firing of neuron i at
# time t, Ni(t).
FIGURE_1 = {
    # N2(t) = N1(t-1)
    "fig1a": ("1", {"2": (2, "1 1", "")}, "2", None),
    # N3(t) = N1(t-1) or N2(t-1)
    "fig1b": ("1 2", {"3": (2, "1 1 2 2", "")}, "3", None),
    # N3(t) = N1(t-1) and N2(t-1)
    "fig1c": ("1 2", {"3": (2, "1 2", "")}, "3", None),
    # N3(t) = N1(t-1) and not N2(t-1)
    "fig1d": ("1 2", {"3": (2, "1 1", "2")}, "3", None),
    # The illusion of heat: 1 and 2 are receptors of heat and cold, 3 and 4 the
    # sensations; a short touch of cold feels hot.
    # N3(t) = N1(t-1) or (N2(t-3) and not N2(t-2)); N4(t) = N2(t-2) and N2(t-1)
    "fig1e": (
        "1 2",
        {
            "b": (2, "2 2", ""),
            "a": (2, "b b", "2"),
            "3": (2, "1 1 a a", ""),
            "4": (2, "2 b", ""),
        },
        "3 4",
        None,
    ),
    # Relative inhibition of 4 by 1, and the same one step later with absolute
    # inhibition, neuron 4'.
    # N4(t) = (not N1 and (N2 or N3) or N1 and N2 and N3)(t-1); N4'(t) = N4(t-1)
    "fig1f": (
        "1 2 3",
        {
            "4": (2, "2 2 3 3 -1 -1", ""),
            "a": (2, "2 2 3 3", "1"),
            "b": (2, "2 3", ""),
            "4'": (2, "a a b b", ""),
        },
        "4 4'",
        None,
    ),
    # Extinction: N3(t) = N2(t-2) and not N1(t-3)
    "fig1g": (
        "1 2",
        {
            "a": (2, "1 1", ""),
            "b": (2, "a a", ""),
            "c": (2, "2 2", ""),
            "3": (2, "c c", "b"),
        },
        "3",
        None,
    ),
    # Temporal summation: N2(t) = N1(t-1) and N1(t-2)
    "fig1h": ("1", {"a": (2, "1 1", ""), "2": (2, "1 a", "")}, "2", None),
    # Learning as a circle that remembers that 1 and 2 once fired together:
    # N3(t) = N2(t-1) or (N1(t-1) and N1(x) and N2(x) for some x < t-1)
    "fig1i": ("1 2", {"a": (2, "1 2 a a", ""), "3": (2, "2 2 1 a", "")}, "3", None),
}

# Set and reset; reset wins. Q(t) = (S(t-1) or Q(t-1)) and not R(t-1)
LATCH = {"latch": ("s r", {"q": (2, "s s q q", "r")}, "q", None)}

NETS = GATES | FIGURE_1 | LATCH


@keras.saving.register_keras_serializable(package="kerazoo")
class McCullochPittsCell(layers.Layer):
    """One synchronous step of a net of McCulloch-Pitts neurons.

    The numbers of endings and the thresholds are weights that are not trained.

    Args:
        inputs: names of the afferent neurons, separated by spaces.
        neurons: `{name: (threshold, excitatory endings, inhibitory endings)}`.
        outputs: names of the neurons whose spikes are given out.
    """

    def __init__(self, inputs, neurons, outputs, **keywords):
        super().__init__(**keywords)
        self.inputs_, self.neurons, self.outputs_ = inputs, dict(neurons), outputs
        self.sources = ["on", *inputs.split(), *self.neurons]
        self._check()
        self.chosen = [self._index(name) for name in outputs.split()]
        self.state_size = len(self.neurons)
        self.output_size = len(self.chosen)

    def _check(self):
        if len(set(self.sources)) < len(self.sources):
            raise ValueError(
                "`net` must give every input and neuron a name of its own, other than "
                f"'on'. Received: {', '.join(self.sources[1:])}"
            )
        for name, neuron in self.neurons.items():
            if len(neuron) != 3:
                raise ValueError(
                    "A neuron of `net` must be (threshold, excitatory endings, "
                    f"inhibitory endings). Received: {name}={neuron!r}"
                )
        if not self.inputs_.split() or not self.outputs_.split():
            raise ValueError(
                "`net` must have inputs and outputs. Received: "
                f"inputs={self.inputs_!r}, outputs={self.outputs_!r}"
            )

    def _index(self, name, among=None):
        among = list(self.neurons) if among is None else among
        if name not in among:
            raise ValueError(
                f"`net` names a neuron {name!r}; there are: {', '.join(among)}"
            )
        return among.index(name)

    def _endings(self, place):
        """Matrix (sources, neurons) of the endings written at `place` of a neuron."""
        matrix = [[0.0] * len(self.neurons) for _ in self.sources]
        for column, neuron in enumerate(self.neurons.values()):
            for name in neuron[place].split():
                row = self._index(name.removeprefix("-"), self.sources)
                matrix[row][column] += -1.0 if name.startswith("-") else 1.0
        return matrix

    def build(self, input_shape):
        def fixed(name, shape, values):
            def initializer(shape, dtype=None):
                return ops.convert_to_tensor(values, dtype)

            return self.add_weight(
                name=name, shape=shape, initializer=initializer, trainable=False
            )

        matrix = len(self.sources), len(self.neurons)
        self.excitatory = fixed("excitatory", matrix, self._endings(1))
        self.inhibitory = fixed("inhibitory", matrix, self._endings(2))
        thresholds = [float(threshold) for threshold, *_ in self.neurons.values()]
        self.threshold = fixed("threshold", matrix[1:], thresholds)

    def call(self, inputs, states):
        spikes = ops.concatenate([ops.ones_like(inputs[:, :1]), inputs, states[0]], -1)
        excited = ops.matmul(spikes, self.excitatory) >= self.threshold
        inhibited = ops.matmul(spikes, self.inhibitory) > 0
        fires = ops.logical_and(excited, ops.logical_not(inhibited))
        fires = ops.cast(fires, inputs.dtype)
        return ops.take(fires, self.chosen, axis=-1), [fires]

    def get_config(self):
        return {
            **super().get_config(),
            "inputs": self.inputs_,
            "neurons": self.neurons,
            "outputs": self.outputs_,
        }


@architecture(
    title="McCulloch-Pitts net",
    paper="McCulloch & Pitts, 1943, A logical calculus of the ideas immanent in "
    "nervous activity, Bulletin of Mathematical Biophysics 5:115-133",
    year=1943,
    url="doi:10.1007/BF02478259",
    task="logic",
    lectures=["004: Networks of Threshold Logic Unit (McCulloch and Pitts, 1943)"],
    dataset="xor_gate",
    offline="xor_gate",
    params=0,
    non_trainable=39,
    macs=72,
    variants={
        "and": {"config": {"net": "and"}, "params": 0},
        "or": {"config": {"net": "or"}, "params": 0},
        "not": {"config": {"net": "not"}, "params": 0},
        "nand": {"config": {"net": "nand"}, "params": 0},
        "nor": {"config": {"net": "nor"}, "params": 0},
        "xnor": {"config": {"net": "xnor"}, "params": 0},
        "majority": {"config": {"net": "majority"}, "params": 0},
        "half_adder": {"config": {"net": "half_adder"}, "params": 0},
        "full_adder": {"config": {"net": "full_adder"}, "params": 0},
        "fig1a": {"config": {"net": "fig1a"}, "params": 0},
        "fig1b": {"config": {"net": "fig1b"}, "params": 0},
        "fig1c": {"config": {"net": "fig1c"}, "params": 0},
        "fig1d": {"config": {"net": "fig1d"}, "params": 0},
        "fig1e": {"config": {"net": "fig1e"}, "params": 0},
        "fig1f": {"config": {"net": "fig1f"}, "params": 0},
        "fig1g": {"config": {"net": "fig1g"}, "params": 0},
        "fig1h": {"config": {"net": "fig1h"}, "params": 0},
        "fig1i": {"config": {"net": "fig1i"}, "params": 0},
        "latch": {"config": {"net": "latch"}, "params": 0},
    },
    recipe={
        "optimizer": {"class_name": "SGD", "config": {}},
        "loss": "mean_squared_error",
        "metrics": ["binary_accuracy"],
        "batch_size": 8,
        "epochs": 1,
    },
    deviations=[
        "nothing learns, as in the paper: kerazoo.fit refuses, kerazoo.evaluate "
        "compares with a truth table (dataset '<gate>_gate')",
        "a gate holds its input still for as many steps as the net is deep, and gives "
        "the last spikes",
        "the paper has no gates by these names and no latch; they are built of its "
        "neurons, and of a neuron 'on' that always fires where a gate fires at rest",
    ],
    tiny={},
    learns={"binary_accuracy": 1.0},
)
def mcculloch_pitts(*, net="xor"):
    """A net of McCulloch-Pitts neurons (1943): a gate, a net of Figure 1, a latch.

    Args:
        net: name of a gate (`"and"`, `"or"`, `"not"`, `"nand"`, `"nor"`, `"xor"`,
            `"xnor"`, `"majority"`, `"half_adder"`, `"full_adder"`), of a net of the
            paper's Figure 1 (`"fig1a"` to `"fig1i"`), or `"latch"` (set, reset); or a
            net of your own, `(inputs, neurons, outputs, steps)`:
            `("a b", {"y": (2, "a b", "")}, "y", 1)` is the gate "and". A neuron is
            `(threshold, excitatory endings, inhibitory endings)`. `steps` is the depth
            of a gate, or None for a net that answers at every time.
            `kerazoo.evaluate` compares with the table of the exclusive or where it is
            not told another gate's.

    Returns:
        A compiled `keras.Sequential` on spikes 0 and 1. A gate takes `(batch, inputs)`
        to `(batch, outputs)`; another net takes trains `(batch, time, inputs)` to
        `(batch, time, outputs)`, where the output at place t is what fires at time
        t + 1.

    Raises:
        ValueError: no such net, or a net of your own that is not of this form or
            names an unknown neuron.

    Example:
        >>> model = kerazoo.mcculloch_pitts(net="full_adder")
        >>> kerazoo.evaluate(model, "full_adder_gate")

    Reference:
        doi:10.1007/BF02478259, Figure 1.
    """
    if isinstance(net, str) and net not in NETS:
        raise ValueError(
            f"`net` must be one of {', '.join(NETS)}, or a net of your own. "
            f"Received: net={net!r}"
        )
    parts = NETS[net] if isinstance(net, str) else net
    if not isinstance(parts, list | tuple) or len(parts) != 4:
        raise ValueError(
            "A `net` of your own must be (inputs, neurons, outputs, steps). "
            f"Received: net={net!r}"
        )
    inputs, neurons, outputs, steps = parts
    if steps is not None and steps < 1:
        raise ValueError(f"The steps of `net` must be 1 or more. Received: {steps}")
    cell = McCullochPittsCell(inputs, neurons, outputs, name="neurons")
    afferents = len(inputs.split())
    if steps is None:
        return keras.Sequential(
            [
                keras.Input((None, afferents)),
                layers.RNN(cell, return_sequences=True, name="net"),
            ]
        )
    return keras.Sequential(
        [
            keras.Input((afferents,)),  # 2
            layers.RepeatVector(steps, name="hold"),  # 2x2
            layers.RNN(cell, name="net"),  # 1
        ]
    )
