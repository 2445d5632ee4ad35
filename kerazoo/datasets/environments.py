"""Environments in which agents act, many games at a time, on NumPy arrays.

Built in is Catch; Gymnasium's ids (`"CartPole-v1"`) and Atari's (`"ALE/Breakout-v5"`)
need an extra. As a dataset an environment has no examples: `read` gives a function
`(count, seed) -> Environment`, and `kerazoo.datasets.experience` makes batches of what
an agent lives through in it.
"""

import functools
import importlib
import re
from typing import NamedTuple

import numpy as np

from kerazoo import catalog
from kerazoo.datasets.embedded import EMBEDDED, embedded


class Step(NamedTuple):
    """What comes of an action in each of several games.

    Attributes:
        observations: where to act next; of a game that ended, the first of the next.
        rewards: float32.
        terminated: whether the game came to its end.
        truncated: whether it was cut short, by a time limit, and would have gone on.
        following: what the action led to; of a game that ended, its last observation.
    """

    observations: np.ndarray
    rewards: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray
    following: np.ndarray


class Environment:
    """Several independent games, played in step. Games that end start again at once.

    Attributes:
        count: number of games.
        shape, dtype: of one observation.
        actions: how many actions there are to choose from; None where an action is a
            vector of numbers.
        bounds: then, arrays of the least and the greatest of them.
        frames: how many frames one observation stacks, see `FrameStack`.
    """

    count: int
    shape: tuple
    dtype: str
    actions: int | None = None
    bounds: tuple | None = None
    frames: int = 1

    def reset(self):
        """Starts all games; gives their observations `(count, *shape)`."""
        raise NotImplementedError

    def step(self, actions):
        """Plays one action, `(count,)` or `(count, numbers)`, in every game.

        Returns:
            A `Step`.
        """
        raise NotImplementedError

    def picture(self, game=0):
        """What a person sees of one game, uint8 `(height, width, 1 or 3)`."""
        raise NotImplementedError


class Catch(Environment):
    """Catch of bsuite (Osband et al., 2020): a paddle moves under a falling ball.

    A board of 10 x 5 cells; the ball falls one row a step from a random column of the
    top, the paddle in the bottom row starts in the middle and goes left, stays or goes
    right. After nine steps the reward is 1 for a ball caught, else -1.

    Args:
        count: number of games.
        seed: fixes where the balls fall.
        shape: of the picture, `(height, width, 1)`; cells are magnified to fill it.
    """

    ROWS, COLUMNS = 10, 5
    dtype = "uint8"
    actions = 3

    def __init__(self, count, seed=None, shape=(ROWS, COLUMNS, 1)):
        self.count, self.shape = count, tuple(shape)
        self._random = np.random.default_rng(seed)
        height, width, _ = shape
        self._cells = np.ix_(
            np.arange(count),
            np.arange(height) * self.ROWS // height,
            np.arange(width) * self.COLUMNS // width,
        )

    def reset(self):
        self._ball = np.zeros((2, self.count), int)  # row and column
        self._paddle = np.zeros(self.count, int)
        self._start(np.ones(self.count, bool))
        return self._draw()

    def step(self, actions):
        self._paddle = np.clip(self._paddle + actions - 1, 0, self.COLUMNS - 1)
        self._ball[0] += 1
        ended = self._ball[0] == self.ROWS - 1
        caught = np.where(self._ball[1] == self._paddle, 1.0, -1.0)
        rewards = np.where(ended, caught, 0.0).astype("float32")
        following = observations = self._draw()
        if ended.any():
            self._start(ended)
            observations = self._draw()
        return Step(observations, rewards, ended, np.zeros_like(ended), following)

    def picture(self, game=0):
        return self._draw()[game]

    def _start(self, games):
        self._ball[0, games] = 0
        self._ball[1, games] = self._random.integers(self.COLUMNS, size=games.sum())
        self._paddle[games] = self.COLUMNS // 2

    def _draw(self):
        board = np.zeros((self.count, self.ROWS, self.COLUMNS), "uint8")
        games = np.arange(self.count)
        board[games, self._ball[0], self._ball[1]] = 255
        board[games, -1, self._paddle] = 255
        return board[self._cells][..., None]


@embedded(
    "catch",
    kind="environments",
    classes=None,
    about="a game on 10 x 5 pixels (Osband et al., 2020): move the paddle under the "
    "falling ball; reward 1 for a ball caught, -1 for one missed",
)
def catch(split, input_shape=None):
    """The game Catch, drawn in the size of the model's input."""
    if input_shape is None or len(input_shape) != 3:
        return Catch
    return functools.partial(Catch, shape=(*input_shape[:2], 1))


class Gym(Environment):
    """Games of a Gymnasium id with one array to see, and one choice or array to do.

    Args:
        name: the id, e.g. `"CartPole-v1"`.
        count: number of games.
        seed: fixes how they start.
    """

    def __init__(self, name, count, seed=None):
        gymnasium = _gymnasium(name)
        # Pictures are drawn, and their package is loaded, on demand only.
        keywords = {"render_mode": "rgb_array", "disable_env_checker": True}
        try:
            self._games = [gymnasium.make(name, **keywords) for _ in range(count)]
        except gymnasium.error.DependencyNotInstalled as error:
            raise ImportError(f"Environment {name!r}: {error}") from error
        self.count, self._seed = count, seed
        seen, done = self._games[0].observation_space, self._games[0].action_space
        spaces = gymnasium.spaces
        is_choice = isinstance(done, spaces.Discrete) and done.start == 0
        is_vector = isinstance(done, spaces.Box) and len(done.shape) == 1
        if not isinstance(seen, spaces.Box) or not (is_choice or is_vector):
            raise ValueError(
                f"Environment {name!r} shows {seen} and takes {done}; an agent needs "
                "an array to see, and a choice of actions or a vector of numbers to do."
            )
        self.shape = seen.shape
        self.dtype = "uint8" if seen.dtype == np.uint8 else "float32"
        if is_choice:
            self.actions = int(done.n)
        else:
            self.bounds = done.low, done.high

    def reset(self):
        seeds = [None] * self.count
        if self._seed is not None:
            seeds = [self._seed + i for i in range(self.count)]
            self._seed = None  # later games go on with the generators of the first
        pairs = zip(self._games, seeds, strict=True)
        return self._array([game.reset(seed=seed)[0] for game, seed in pairs])

    def step(self, actions):
        pairs = zip(self._games, actions, strict=True)
        following, rewards, terminated, truncated, _ = zip(
            *(game.step(action) for game, action in pairs), strict=True
        )
        terminated, truncated = np.array(terminated), np.array(truncated)
        following = observations = self._array(following)
        if (terminated | truncated).any():
            observations = following.copy()
            for i in np.flatnonzero(terminated | truncated):
                observations[i] = self._games[i].reset()[0]
        rewards = np.array(rewards, "float32")
        return Step(observations, rewards, terminated, truncated, following)

    def picture(self, game=0):
        return np.asarray(self._games[game].render())

    def _array(self, observations):
        return np.stack(observations).astype(self.dtype, copy=False)


class Atari(Environment):
    """Games of an Atari console, seen and played as DQN does (Mnih et al., 2015).

    84 x 84 pixels of grey, the brightest of the last two frames; an action is repeated
    for four frames; up to 30 idle steps start a game. In training a lost life ends the
    game; else games last 5 minutes at most.

    Args:
        name: Gymnasium's id, e.g. `"ALE/Breakout-v5"`.
        count: number of games.
        seed: fixes how they start.
        training: whether a lost life ends the game.
    """

    shape, dtype = (84, 84, 1), "uint8"

    def __init__(self, name, count, seed=None, *, training=True):
        gymnasium = _gymnasium(name)
        from ale_py.vector_env import AtariVectorEnv

        self._games = AtariVectorEnv(
            gymnasium.spec(name).kwargs["game"],
            count,
            stack_num=1,  # FrameStack does it, and the memory keeps single frames
            episodic_life=training,
            max_num_frames_per_episode=108_000 if training else 18_000,
            repeat_action_probability=0.0,
            reward_clipping=False,
            use_fire_reset=False,
            autoreset_mode=gymnasium.vector.AutoresetMode.SAME_STEP,
        )
        self.count, self._seed = count, seed
        self.actions = int(self._games.single_action_space.n)

    def reset(self):
        self._seen = self._channels_last(self._games.reset(seed=self._seed)[0])
        self._seed = None
        return self._seen

    def step(self, actions):
        seen, rewards, terminated, truncated, info = self._games.step(actions)
        self._seen = following = self._channels_last(seen)
        ended = terminated | truncated
        if ended.any():
            following = self._seen.copy()
            following[ended] = self._channels_last(info["final_obs"])[ended]
        rewards = rewards.astype("float32")
        return Step(self._seen, rewards, terminated, truncated, following)

    def picture(self, game=0):
        return self._seen[game]

    def _channels_last(self, frames):
        return np.array(frames).reshape(self.count, *self.shape)


class FrameStack(Environment):
    """Games of which the newest few frames are seen, oldest first, as channels.

    Before the first frame of a game there are black ones.

    Args:
        environment: the games.
        frames: how many frames make one observation.
    """

    def __init__(self, environment, frames):
        self._inner, self.frames = environment, frames
        self.count, self.dtype = environment.count, environment.dtype
        self.actions, self.bounds = environment.actions, environment.bounds
        *extent, self._channels = environment.shape
        self.shape = (*extent, frames * self._channels)
        self.picture = environment.picture

    def reset(self):
        frames = self._inner.reset()
        self._seen = np.zeros((self.count, *self.shape), self.dtype)
        self._seen[..., -self._channels :] = frames
        return self._seen

    def step(self, actions):
        step = self._inner.step(actions)
        kept = self._seen[..., self._channels :]
        following = np.concatenate([kept, step.following], axis=-1)
        self._seen = np.concatenate([kept, step.observations], axis=-1)
        self._seen[step.terminated | step.truncated, ..., : -self._channels] = 0
        return step._replace(observations=self._seen, following=following)


def is_meant(name, model):
    """Whether a name stands for an environment, for this model."""
    if name in EMBEDDED and EMBEDDED[name].kind == "environments":
        return True
    recipe = getattr(model, "recipe", None) or {}
    return "experience" in recipe or bool(re.search(r"-v\d+$", name))


def find(name, model):
    """Fields of a `Source` for an environment.

    Raises:
        ValueError: no environment has this name.
        ImportError: it needs a package that is not installed.
    """
    if name not in EMBEDDED or EMBEDDED[name].kind != "environments":
        _spec(name)

    def read(split):
        if name in EMBEDDED:
            shape = model.input_shape
            is_picture = isinstance(shape, tuple) and len(shape) == 4
            return EMBEDDED[name].load(split, shape[1:] if is_picture else None)
        if name.startswith("ALE/"):
            return functools.partial(Atari, name, training=split == "train")
        return functools.partial(Gym, name)

    return {
        "kind": "environments",
        "classes": None,
        "splits": ("train", "test"),
        "image_shape": None,
        "read": read,
    }


def batches(
    examples, source, model, *, preprocess, augment, batch_size, shuffle, seed,
    drop_remainder,
):  # fmt: skip
    """The `Experience` of the recipe, for a `Source` of games.

    Raises:
        ValueError: the recipe has none, or the model cannot see or do what the
            environment shows and takes.
    """
    from kerazoo.datasets import experience

    return experience.of(model, source.name, examples, batch_size, seed)


def fitted(environment, name, model):
    """The environment as the model sees it: where it takes more channels, stacked.

    Raises:
        ValueError: the model cannot see or do what the environment shows and takes.
    """
    wanted, policy = model.input_shape, model.outputs[0]
    if len(model.outputs) > 1:
        named = zip(model.output_names, model.outputs, strict=True)
        policy = dict(named).get("policy", policy)
    given = policy.shape[-1]
    numbers = environment.actions or 2 * len(environment.bounds[0])
    if isinstance(wanted, tuple) and given == numbers:
        if wanted[1:] == environment.shape:
            return environment
        if len(wanted) == 4 and wanted[1:3] == environment.shape[:2]:
            frames, rest = divmod(wanted[-1], environment.shape[-1])
            if frames and not rest:
                return FrameStack(environment, frames)
    actions = f"{environment.actions} actions to choose from"
    keywords = f"actions={environment.actions}"
    if environment.actions is None:
        size = len(environment.bounds[0])
        actions = f"actions of {size} numbers"
        keywords = f"actions={size} and, where the builder has it, continuous=True"
    raise ValueError(
        f"Environment {name!r} shows {environment.shape} and has {actions}, but "
        f"{model.name!r} takes {wanted[1:]} and gives "
        f"{given} outputs. Build it with input_shape={environment.shape}, "
        f"{keywords}."
    )


def _gymnasium(name):
    try:
        gymnasium = importlib.import_module("gymnasium")
    except ImportError as error:
        raise ImportError(
            f"Environment {name!r} is of Gymnasium, which is not installed: pip "
            'install "kerazoo[gym]". Without it the built-in environment serves: '
            "data='catch'."
        ) from error
    if name.startswith("ALE/"):
        try:
            gymnasium.register_envs(importlib.import_module("ale_py"))
        except ImportError as error:
            raise ImportError(
                f"Environment {name!r} needs Atari's emulator, which is not "
                'installed: pip install "kerazoo[atari]". (It is under the GPL.)'
            ) from error
    return gymnasium


def _spec(name):
    gymnasium = _gymnasium(name)
    try:
        return gymnasium.spec(name)
    except gymnasium.error.Error as error:
        built_in = [e.name for e in EMBEDDED.values() if e.kind == "environments"]
        known = [*built_in, *gymnasium.registry]
        raise ValueError(catalog.unknown("environment", name, known)) from error
