"""SNARC, the Stochastic Neural Analog Reinforcement Calculator (Minsky, 1951).

What is known of the machine of Minsky and Edmonds: about forty Hebb synapses of vacuum
tubes, wired at random through a plugboard. The memory of a synapse was a potentiometer,
the probability that it passes a pulse on. A synapse that had passed one kept a charge
for a few seconds; if a reward came meanwhile, a motor turned its potentiometer up. So a
rat of lamps learned its way through a maze.

The machine is lost, and with it its wiring, its mazes and its figures. What follows is
a model of it, not a reconstruction: forty synapses as ten cells times four directions,
and constants of our own. In today's words it learns by a Hebb rule with eligibility
traces, gated by the reward.
"""

import keras
from keras import layers, ops

from kerazoo.architecture import architecture
from kerazoo.layers.local_rule import LocalRule, SelfOrganizing

# The maze, two rows of five cells. From cell s the directions north, east, south and
# west lead here; a wall leads back. Cell 4 is a dead end, two ways lead to the goal.
#   0 1 2 3 4
#   5 6 7 8 9     open: 0-1 1-2 2-3 3-4, 5-6 6-7 7-8 8-9, 0-5 3-8
MAZE = (
    (0, 1, 5, 0), (1, 2, 1, 0), (2, 3, 2, 1), (3, 4, 8, 2), (4, 4, 4, 3),
    (0, 6, 5, 5), (6, 7, 6, 5), (7, 8, 7, 6), (3, 9, 8, 7), (9, 9, 9, 8),
)  # fmt: skip
START, GOAL = 0, 9
CELLS, DIRECTIONS = len(MAZE), len(MAZE[0])
PASSAGES, SHORTEST = 10, 5


def distance(ways):
    """Steps on the shortest way from start to goal; None if there is none."""
    reached, steps = {START}, 0
    while GOAL not in reached:
        further = reached.union(*(ways[cell] for cell in reached))
        if further == reached:
            return None
        reached, steps = further, steps + 1
    return steps


def random_maze(seed):
    """As many passages as in `MAZE`, between random cells; as long a shortest way.

    Drawn with the generator of Park and Miller (1988), equal on every backend, until
    no cell has more passages than synapses and the goal is `SHORTEST` steps away.
    """
    number = 1 + seed
    while True:
        ways = [[] for _ in range(CELLS)]
        while sum(map(len, ways)) < 2 * PASSAGES:
            number = 16807 * number % (2**31 - 1)
            one, other = divmod(number % CELLS**2, CELLS)
            if one != other and other not in ways[one]:
                ways[one].append(other)
                ways[other].append(one)
        if max(map(len, ways)) <= DIRECTIONS and distance(ways) == SHORTEST:
            return tuple(
                (*way, *[cell] * (DIRECTIONS - len(way)))
                for cell, way in enumerate(ways)
            )


@keras.saving.register_keras_serializable(package="kerazoo")
class Snarc(layers.Layer):
    """Forty stochastic synapses that steer a rat through the maze.

    In each step the four synapses of the rat's cell are tried in random order; the
    first that passes its pulse moves the rat. If none passes, only time goes by.

    Args:
        reward: by which share of the way to 1 a reward turns a fresh synapse up.
        forgetting: by which share a reward turns an unused synapse down.
        trace_decay: what a step leaves of the charge that marks a used synapse.
        maze: for every cell, where its four synapses lead.

    Input shape: `(batch, steps, 8)`, uniform random numbers in 0..1, the chance of
    every rat: in each step four that decide whether a synapse passes, and four that
    order the synapses. Output shape: `(batch, 1)`, steps to the goal.
    """

    def __init__(
        self, reward=0.2, forgetting=0.05, trace_decay=0.8, maze=MAZE, **keywords
    ):
        super().__init__(**keywords)
        self.maze = [list(ways) for ways in maze]
        self.reward = reward
        self.forgetting = forgetting
        self.trace_decay = trace_decay

    def build(self, input_shape):
        self.probability = self.add_weight(
            name="probability",
            shape=(CELLS, DIRECTIONS),
            initializer=keras.initializers.Constant(0.5),
        )

    def call(self, chance):
        return self._episode(chance)[0]

    def _episode(self, chance):
        """Steps taken, charge (batch, 10, 4) at the end and success of every rat."""
        probability = ops.stop_gradient(ops.convert_to_tensor(self.probability))
        ways = ops.convert_to_tensor(self.maze, "int32")
        limit = chance.shape[1]
        chance = ops.transpose(chance, (1, 0, 2))
        still = ops.zeros_like(chance[0, :, :1])  # (batch, 1)
        cell = ops.cast(still[:, 0], "int32") + START
        charge = still[:, :, None] * ops.zeros((1, CELLS, DIRECTIONS), still.dtype)

        def underway(step, cell, taken, charge):
            return ops.logical_and(step < limit, ops.any(cell != GOAL))

        def move(step, cell, taken, charge):
            walking = ops.cast(cell != GOAL, charge.dtype)[:, None]
            luck = ops.take(chance, step, axis=0)
            passes = luck[:, :DIRECTIONS] < ops.take(probability, cell, axis=0)
            order = ops.where(passes, luck[:, DIRECTIONS:], -1.0)
            direction = ops.argmax(order, axis=-1)
            moving = walking * ops.cast(ops.any(passes, -1, keepdims=True), luck.dtype)
            used = (
                moving[:, :, None]
                * ops.one_hot(cell, CELLS, dtype=luck.dtype)[:, :, None]
                * ops.one_hot(direction, DIRECTIONS, dtype=luck.dtype)[:, None, :]
            )
            fading = ops.where(walking[:, :, None] > 0, self.trace_decay, 1.0)
            way = ops.take_along_axis(
                ops.take(ways, cell, axis=0), direction[:, None], axis=1
            )
            return (
                step + 1,
                ops.where(moving[:, 0] > 0, way[:, 0], cell),
                taken + walking,
                ops.maximum(fading * charge, used),
            )

        start = (ops.convert_to_tensor(0, "int32"), cell, still, charge)
        _, cell, taken, charge = ops.while_loop(underway, move, start)
        return taken, charge, cell == GOAL

    def local_loss(self, chance, steps):
        """The reward at the goal, as a loss (see `SelfOrganizing`)."""
        _, charge, rewarded = self._episode(chance)
        old = ops.convert_to_tensor(self.probability)
        new = old + self.reward * charge * (1 - old)
        new = new - self.forgetting * (1 - charge) * new
        delta = ops.clip(new, 0.05, 0.99) - old
        delta = ops.where(rewarded[:, None, None], delta, 0.0)
        return LocalRule()(ops.mean(delta, axis=0), self.probability)

    def get_config(self):
        return {
            **super().get_config(),
            "reward": self.reward,
            "forgetting": self.forgetting,
            "trace_decay": self.trace_decay,
            "maze": self.maze,
        }


@architecture(
    title="SNARC (a model of the lost machine)",
    paper="Minsky, 1952, A neural-analogue calculator based upon a probability model "
    "of reinforcement, Harvard University Psychological Laboratories; Minsky, 1954, "
    "PhD thesis, Princeton",
    year=1951,
    url="https://en.wikipedia.org/wiki/Stochastic_Neural_Analog_Reinforcement_Calculator",
    task="reinforcement learning",
    lectures=["004: 1951, Marvin Minsky creates the first ANN (40 neurons)"],
    dataset="maze_chance",
    offline="maze_chance",
    params=40,
    macs=0,
    variants={"random_wiring": {"config": {"random_wiring": 0}, "params": 40}},
    recipe={
        "optimizer": {"class_name": "SGD", "config": {"learning_rate": 1.0}},
        "loss": None,
        "metrics": ["mean_absolute_error"],
        "batch_size": 1,
        "epochs": 1,
    },
    deviations=[
        "the machine is lost: maze, wiring (cells times directions; with random_wiring "
        "between random cells), constants and the forgetting of unused synapses are "
        "our model",
        "chance is an input, so that a run can be repeated",
        "learns behind plain fit by the gradient of a pseudo-loss, with which a step "
        "of SGD is exactly the reward; the value of the loss means nothing",
        "several rats (a batch) run without seeing each other, and share the mean of "
        "their rewards",
    ],
    tiny={"max_steps": 200},
    learns={"mean_absolute_error": 12.0},
)
def snarc(
    *, max_steps=500, reward=0.2, forgetting=0.05, trace_decay=0.8, random_wiring=None
):
    """A model of SNARC, the first neural machine (Minsky & Edmonds, 1951).

    The machine is lost; see the module for what is known of it. One example is one run
    of a rat through a maze of ten cells, given as the random numbers that befall it;
    its target is the length of the shortest way, so that the mean absolute error is
    the number of steps too many. A batch is several rats that share the synapses.

    Args:
        max_steps: a run ends here without reward.
        reward: by which share of the way to 1 a reward turns a fresh synapse up.
        forgetting: by which share a reward turns an unused synapse down. Without it
            the rat hardly improves.
        trace_decay: what a step leaves of the charge that marks a used synapse.
        random_wiring: None for the maze of the module; an integer is the seed of a
            graph with as many passages between random cells, in the manner of the
            machine's plugboard, whose shortest way to the goal is as long.

    Returns:
        A compiled `SelfOrganizing` model, `(batch, max_steps, 8)` numbers in 0..1 to
        `(batch, 1)` steps to the goal.

    Raises:
        ValueError: no `max_steps`, or a `random_wiring` that is no seed.

    Example:
        >>> model = kerazoo.snarc()
        >>> kerazoo.fit(model)
        >>> kerazoo.evaluate(model)

    Reference:
        Minsky, 1952 and 1954. No diagram or figure of the machine is public.
    """
    if max_steps < 1:
        raise ValueError(f"`max_steps` must be at least 1. Received: {max_steps}")
    is_seed = isinstance(random_wiring, int) and 0 <= random_wiring < 2**31 - 2
    if random_wiring is not None and not is_seed:
        raise ValueError(
            "`random_wiring` must be None, or a seed from 0 to 2,147,483,645. "
            f"Received: random_wiring={random_wiring!r}"
        )
    maze = MAZE if random_wiring is None else random_maze(random_wiring)
    synapses = Snarc(
        reward, forgetting, trace_decay, maze, dtype="float32", name="synapses"
    )
    return SelfOrganizing(
        [
            keras.Input((max_steps, 2 * DIRECTIONS)),  # 500x8
            synapses,
        ]
    )
