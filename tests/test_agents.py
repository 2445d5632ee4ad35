"""Agents: environments, memory, targets, losses, checkpoints, against small sums."""

import json
import zipfile

import keras
import numpy as np
import pytest
from keras import layers

import kerazoo
from kerazoo import datasets, gradients
from kerazoo.cli import main
from kerazoo.datasets import environments, experience
from kerazoo.datasets.environments import Catch, Environment, FrameStack, Step


def agent(outputs=3, shape=(10, 5, 1), recipe=None):
    """A small compiled model with one output for every action."""
    model = keras.Sequential(
        [keras.Input(shape), layers.Flatten(), layers.Dense(outputs)], name="agent"
    )
    model.compile("sgd", "mse")
    if recipe is not None:
        model.recipe = recipe
    return model


class Counting(Environment):
    """Two games that show how many steps were made: 3 a game, terminated or cut.

    The first game ends by itself, the second is cut short; both give their step as the
    reward.
    """

    count, shape, dtype, actions = 2, (1,), "float32", 2

    def reset(self):
        self.time = 0
        return np.zeros((2, 1), "float32")

    def step(self, actions):
        self.time += 1
        over = np.full(2, self.time == 3)
        following = np.full((2, 1), self.time, "float32")
        rewards = np.full(2, self.time, "float32")
        if over.all():
            self.time = 0
        observations = np.full((2, 1), self.time, "float32")
        first = np.array([True, False])
        return Step(observations, rewards, over & first, over & ~first, following)


# --- environments


def test_catch():
    game = Catch(50, seed=0)
    seen = game.reset()
    assert seen.shape == (50, 10, 5, 1) and seen.dtype == np.uint8
    assert (seen.sum(axis=(1, 2, 3)) == 2 * 255).all()
    ball = seen[:, 0, :, 0].argmax(axis=1)
    assert set(ball) == set(range(5))
    for t in range(9):
        paddle = seen[:, -1, :, 0].argmax(axis=1)
        step = game.step(1 + np.sign(ball - paddle))  # below the ball
        assert (step.rewards == (t == 8)).all()
        assert (step.terminated == (t == 8)).all() and not step.truncated.any()
        seen = step.following
    assert (seen.sum(axis=(1, 2, 3)) == 255).all(), "the ball lies on the paddle"
    assert (step.observations[:, -1, 2] == 255).all(), "the next game begins"
    lost = Catch(50, seed=0)
    lost.reset()
    for _ in range(9):
        step = lost.step(np.zeros(50, int))
    assert (step.rewards == np.where(ball == 0, 1, -1)).all()


def test_catch_fills_the_models_picture():
    game = Catch(1, seed=0, shape=(40, 30, 1))
    small = Catch(1, seed=0)
    large = game.reset()
    np.testing.assert_array_equal(large[:, ::4, ::6], small.reset())
    assert large.sum() == 2 * 255 * 4 * 6


def test_frame_stack():
    stack = FrameStack(Catch(2, seed=0), 3)
    assert (stack.shape, stack.frames, stack.actions) == ((10, 5, 3), 3, 3)
    twin = Catch(2, seed=0)
    frames = [twin.reset()]
    seen = stack.reset()
    assert (seen[..., :2] == 0).all() and (seen[..., 2:] == frames[0]).all()
    for _ in range(9):
        step, of_twin = stack.step(np.ones(2, int)), twin.step(np.ones(2, int))
        frames.append(of_twin.following)
        newest = np.concatenate(frames[-3:], axis=-1)
        np.testing.assert_array_equal(step.following[..., -newest.shape[-1] :], newest)
    assert (step.observations[..., :2] == 0).all()
    np.testing.assert_array_equal(step.observations[..., 2:], of_twin.observations)


def test_the_environment_must_fit():
    game = Catch(1)
    assert environments.fitted(game, "catch", agent()) is game
    stacked = environments.fitted(game, "catch", agent(shape=(10, 5, 4)))
    assert stacked.frames == 4
    for model in (agent(outputs=4), agent(shape=(50,))):
        with pytest.raises(ValueError, match=r"input_shape=\(10, 5, 1\), actions=3"):
            environments.fitted(game, "catch", model)


def test_refusals():
    with pytest.raises(ValueError, match="'agent' is no agent"):
        kerazoo.fit(agent(), "catch")
    model = kerazoo.create("dqn", tiny=True)
    with pytest.raises(ValueError, match="`return` of training"):
        kerazoo.fit(model, "catch", validation_data="test")
    with pytest.raises(ValueError, match="`episodes`.*0"):
        kerazoo.evaluate(model, "catch", episodes=0)
    with pytest.raises(ValueError, match="of a generation. Received: 10000"):
        kerazoo.fit(kerazoo.create("ppo", tiny=True), "catch", batch_size=10_000)
    numbers = Counting()
    numbers.actions, numbers.bounds = None, (np.zeros(1), np.ones(1))
    with pytest.raises(ValueError, match="needs a choice of actions.*kerazoo.ppo"):
        experience.Episodes(agent(2, (1,)), numbers, batch_size=1, gamma=1)


def test_gymnasium_is_optional(monkeypatch):
    gymnasium = pytest.importorskip("gymnasium")

    def absent(name):
        raise ImportError(name)

    monkeypatch.setattr(environments.importlib, "import_module", absent)
    with pytest.raises(ImportError, match=r'"kerazoo\[gym\]".*data=\'catch\''):
        environments.find("CartPole-v1", agent())

    def only(name):
        return gymnasium if name == "gymnasium" else absent(name)

    monkeypatch.setattr(environments.importlib, "import_module", only)
    with pytest.raises(ImportError, match=r'"kerazoo\[atari\]"'):
        environments.find("ALE/Pong-v5", agent())


def test_gymnasium():
    pytest.importorskip("gymnasium")
    model = agent(2, (4,))
    with pytest.raises(ValueError, match="'CartPole-v9'"):
        datasets.find("CartPole-v9", model)
    source = datasets.find("CartPole-v1", model)
    first, second = (source.read("test")(3, seed=5) for _ in range(2))
    assert (first.shape, first.actions, first.dtype) == ((4,), 2, "float32")
    seen = first.reset()
    np.testing.assert_array_equal(seen, second.reset())
    assert len(np.unique(seen[:, 0])) == 3
    for _ in range(30):
        step = first.step(np.ones(3, int))
        ended = step.terminated | step.truncated
        same = (step.observations == step.following).all(axis=1)
        np.testing.assert_array_equal(same, ~ended)
        if ended.any():
            break
    assert ended.any() and (abs(step.observations[ended]) < 0.05).all()


# --- memory


@pytest.mark.parametrize("stack", [1, 3])
def test_memory_against_a_diary(stack):
    random = np.random.default_rng(0)
    games, length = 3, 20
    memory = experience.Memory(games, length, (1,), "int32", stack)
    diary = {}  # what was seen, done, got, by the number of the newest frame
    frame = np.arange(games) * 1_000 + 1
    episodes = [[f] for f in frame]
    for _ in range(60):
        actions = random.integers(5, size=games)
        terminated, truncated = random.random((2, games)) < 0.15
        following = frame + 1
        for g in range(games):
            padded = [0] * stack + episodes[g]
            diary[frame[g]] = padded[-stack:], actions[g], terminated[g]
        step = Step(None, actions * 0.5, terminated, truncated, None)
        memory.add(frame[:, None], actions, step, following[:, None])
        for g in range(games):
            if terminated[g] or truncated[g]:
                episodes[g] = [following[g] + 1]
            else:
                episodes[g].append(following[g])
        frame = np.array([episode[-1] for episode in episodes])
    assert len(memory) == games * length
    where = memory.draw(3_000, random)
    seen = memory.observations(*where)
    acted = memory.read("actions", *where)
    over = memory.read("terminated", *where)
    later = memory.observations(where[0], where[1] + 1)
    for i, newest in enumerate(seen[:, -1]):
        expected, action, terminated = diary[newest]
        assert (list(seen[i]), acted[i], over[i]) == (expected, action, terminated)
        if not terminated:
            assert list(later[i]) == [*expected, newest + 1][-stack:]
    np.testing.assert_array_equal(memory.read("rewards", *where), acted * 0.5)
    # All that can be drawn is: the rest stacks frames that are gone, or was last.
    assert len(np.unique(seen[:, -1])) > 0.7 * games * (length - stack)

    twin = experience.Memory(games, length, (1,), "int32", stack)
    twin.restore(memory.state())
    np.testing.assert_array_equal(twin.observations(*where), seen)
    assert (twin.read("actions", np.arange(games), twin.written - 1) == -1).all()


# --- targets


def linear(weights):
    """Values of two actions, linear in the number of steps."""
    model = agent(2, (1,))
    model.set_weights([np.array([weights], "float32"), np.zeros(2, "float32")])
    return model


@pytest.mark.parametrize("double", [False, True])
def test_targets_of_q_learning(double):
    model = linear([1.0, -1.0])
    lived = experience.Replay(
        model, Counting(), batch_size=50, updates=2, steps=40, memory=100, warmup=0,
        epsilon=(0.5, 0.1, 100), gamma=0.9, target_every=2, double=double,
        clip_rewards=True, seed=0,
    )  # fmt: skip
    lived[0]
    assert lived.steps == 40
    model.set_weights([np.array([[-2.0, 3.0]]), np.array([0.0, 5.0])])
    model.optimizer.iterations.assign(2)
    lived.on_epoch_begin()
    assert lived.steps == 80
    seen, packed = (np.concatenate(x) for x in zip(lived[0], lived[1], strict=True))
    after = seen[:, 0] + 1
    # The target network still has the first weights. With its own choice, the first
    # action, it expects `after`; the new weights choose the second: `-after`.
    value = -after if double else after
    places = lived._games, lived._places
    over = lived.memory.read("terminated", *places)
    assert (over == ((lived._games == 0) & (after == 3))).all() and over.any()
    expected = 1 + 0.9 * np.where(over, 0, value)  # rewards are clipped to 1
    np.testing.assert_allclose(packed[:, 1], expected, rtol=1e-5)
    assert set(packed[:, 0]) == {0, 1}
    # What was seen when time was up is bootstrapped from.
    assert (after[lived._games == 1] == 3).any()


def test_exploration_declines():
    model = linear([1.0, -1.0])
    lived = experience.Replay(
        model, Counting(), batch_size=4, updates=1, steps=20, memory=1_000, warmup=100,
        epsilon=(1.0, 0.0, 200), gamma=0.9, seed=0,
    )  # fmt: skip
    lived.on_epoch_begin()
    assert lived.steps == 120, "warm-up, then the first generation"
    shares = []
    for update in range(1, 16):
        model.optimizer.iterations.assign(update)
        lived.on_epoch_begin()
        newest = lived.memory.data["actions"][:, : lived.memory.written.min()]
        shares.append((newest[:, -10:] == 1).mean())
    assert np.mean(shares[:4]) > 0.2 and shares[-1] == 0, "the second is never best"


def test_advantages_against_sums():
    random = np.random.default_rng(0)
    rewards, values, following = random.normal(size=(3, 7, 2))
    terminated = random.random((7, 2)) < 0.2
    ended = terminated | (random.random((7, 2)) < 0.2)
    found = experience.advantages(
        rewards, values, following, terminated, ended, gamma=0.9, lambda_=0.8
    )
    for game in range(2):
        for start in range(7):
            total, weight = 0.0, 1.0
            for t in range(start, 7):
                later = 0 if terminated[t, game] else following[t, game]
                total += weight * (rewards[t, game] + 0.9 * later - values[t, game])
                weight *= 0.9 * 0.8
                if ended[t, game]:
                    break
            assert found[start, game] == pytest.approx(total)


def test_rollouts_bootstrap_where_time_was_up():
    seen = keras.Input((1,))
    value = layers.Dense(1, kernel_initializer="ones", name="value")(seen)
    policy = layers.Dense(2, kernel_initializer="zeros", name="policy")(seen)
    model = keras.Model(seen, {"policy": policy, "value": value})
    model.compile("sgd", {"policy": None, "value": "mse"})
    lived = experience.Rollouts(
        model, Counting(), batch_size=6, length=3, passes=2, gamma=0.5, lambda_=1.0,
        seed=0,
    )  # fmt: skip
    assert lived.num_batches == 2
    for index in range(2):
        x, y = lived[index]
        order = np.argsort(x[:, 0], kind="stable").reshape(3, 2)
        # Rewards 1, 2, 3; then the value of the last observation, 3, or nothing.
        returns = y["value"][order][..., 0]
        cut, over = [1 + 1 + 0.75 + 0.375, 2 + 1.5 + 0.75, 3 + 1.5], [2.75, 3.5, 3]
        np.testing.assert_allclose(np.sort(returns), np.stack([over, cut], 1))
        np.testing.assert_allclose(y["policy"][:, 1], np.log(0.5), rtol=1e-6)
        assert y["policy"][:, 2].mean() == pytest.approx(0, abs=1e-6)
        assert y["policy"][:, 2].std() == pytest.approx(1, rel=1e-4)


def test_rewards_to_go():
    model = linear([0.0, 0.0])
    lived = experience.Episodes(model, Counting(), batch_size=6, gamma=0.5, seed=0)
    x, actions, weights = lived[0]
    assert lived.steps == 6 and list(lived.returns) == [6, 6]
    to_go = np.array([1 + 1 + 0.75, 2 + 1.5, 3])[x[:, 0].astype(int)]
    np.testing.assert_allclose(weights, (to_go - to_go.mean()) / to_go.std(), rtol=1e-4)
    assert set(actions) <= {0, 1}


# --- losses


def test_temporal_difference_by_hand():
    loss = keras.saving.get_registered_object("kerazoo>TemporalDifference")()
    values = np.array([[1.0, 5.0], [2.0, -3.0], [0.0, 0.0]], "float32")
    packed = np.array([[0, 1.5], [1, 4.0], [0, 0.25]], "float32")
    assert float(loss(packed, values)) == pytest.approx(0.125 + 6.5 + 0.03125)
    _, slope = gradients.value_and_grad(lambda q: loss(packed, q))(values)
    expected = [[-0.5, 0], [0, -1], [-0.25, 0]]
    np.testing.assert_allclose(keras.ops.convert_to_numpy(slope), expected, atol=1e-6)


def surrogate(ratio, advantage, clip):
    return -np.minimum(
        ratio * advantage, np.clip(ratio, 1 - clip, 1 + clip) * advantage
    )


def test_clipped_surrogate_by_hand():
    make = keras.saving.get_registered_object("kerazoo>ClippedSurrogate")
    random = np.random.default_rng(0)
    logits = random.normal(size=(40, 3)).astype("float32")
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    actions, advantage = random.integers(3, size=40), random.normal(size=40)
    before = np.log(p[np.arange(40), actions]) + random.normal(size=40) * 0.4
    packed = np.stack([actions, before, advantage], 1).astype("float32")
    ratio = p[np.arange(40), actions] / np.exp(before)
    entropy = -(p * np.log(p)).sum(axis=1)
    expected = surrogate(ratio, advantage, 0.1).mean() - 0.01 * entropy.mean()
    loss = make(clip=0.1, entropy=0.01)
    assert float(loss(packed, logits)) == pytest.approx(expected, rel=1e-4)
    _, slope = gradients.value_and_grad(lambda x: make(clip=0.1)(packed, x))(logits)
    no_gain = np.where(advantage > 0, ratio > 1.1, ratio < 0.9)
    still = (keras.ops.convert_to_numpy(slope) == 0).all(axis=1)
    np.testing.assert_array_equal(still, no_gain)


def test_gaussian_surrogate_by_hand():
    from scipy.stats import norm

    make = keras.saving.get_registered_object("kerazoo>GaussianClippedSurrogate")
    random = np.random.default_rng(0)
    mean, log_std, actions = random.normal(size=(3, 20, 2))
    before, advantage = random.normal(size=(2, 20)) - 3
    log_p = norm(mean, np.exp(log_std)).logpdf(actions).sum(axis=1)
    expected = surrogate(np.exp(log_p - before), advantage, 0.2).mean()
    expected -= 0.1 * norm(mean, np.exp(log_std)).entropy().sum(axis=1).mean()
    packed = np.concatenate([actions, before[:, None], advantage[:, None]], 1)
    prediction = np.concatenate([mean, log_std], 1).astype("float32")
    found = float(make(entropy=0.1)(packed.astype("float32"), prediction))
    assert found == pytest.approx(expected, rel=1e-4)


def test_what_is_drawn_has_its_log_probability():
    """What the player says when it acts, the loss says again: the ratio is 1."""
    random = np.random.default_rng(0)
    for name, bounds in (
        ("ClippedSurrogate", None),
        ("GaussianClippedSurrogate", (-np.ones(2), np.ones(2))),
    ):
        game = Counting()
        game.bounds = bounds
        player = experience.Player(agent(4, (1,)), game)
        outputs = {"policy": random.normal(size=(500, 4)), "value": None}
        actions, log_p = player.draw(outputs, random)
        loss = keras.saving.get_registered_object(f"kerazoo>{name}")()
        actions = actions.reshape(500, -1).astype("float32")
        again, _ = loss.distribution(actions, outputs["policy"].astype("float32"))
        again = keras.ops.convert_to_numpy(again)
        np.testing.assert_allclose(again, log_p, rtol=1e-4, atol=1e-5)
        assert abs(player.legal(actions)).max() <= (3 if bounds is None else 1)


def test_reinforce_is_the_policy_gradient():
    """Equation 6 of the paper: weight times the gradient of log pi, on average."""
    model = kerazoo.reinforce(input_shape=(3,), actions=4, units=5)
    random = np.random.default_rng(0)
    x = random.normal(size=(6, 3)).astype("float32")
    actions, weights = random.integers(4, size=6), random.normal(size=6)
    logits = keras.ops.convert_to_numpy(model(x))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    loss = model.evaluate(x, actions, sample_weight=weights, verbose=0)
    expected = -(weights * np.log(p[np.arange(6), actions])).mean()
    assert loss == pytest.approx(expected, rel=1e-4)


# --- fitting


def tiny(name, **config):
    """A reduced agent whose generations are small."""
    settings = {"Replay": {"steps": 64, "warmup": 32, "updates": 4},
                "Rollouts": {"length": 8, "passes": 1},
                "Episodes": {"environments": 4}}  # fmt: skip
    recipe = dict(kerazoo.card(name).tiny_recipe)
    kind = recipe["experience"]["class_name"]
    small = {**recipe["experience"]["config"], **settings[kind], **config}
    recipe["experience"] = {"class_name": kind, "config": small}
    return kerazoo.create(name, tiny=True, recipe=recipe)


@pytest.mark.parametrize("name", ["dqn", "ppo", "reinforce_baseline"])
def test_a_generation_is_lived_once(name, monkeypatch):
    model = tiny(name)
    lived = []
    kind = type(datasets.load("catch", model=model))
    live = kind.live

    def counted(self):
        lived.append(int(model.optimizer.iterations))
        live(self)

    monkeypatch.setattr(kind, "live", counted)
    history = kerazoo.fit(model, "catch", epochs=3, batch_size=32, seed=0, verbose=0)
    per_epoch = lived[1]
    assert lived == [0, per_epoch, 2 * per_epoch]
    assert int(model.optimizer.iterations) == 3 * per_epoch
    assert len(history.history["steps"]) == 3
    assert all(-1 <= x <= 1 for x in history.history["return"])


def test_evaluation_is_repeatable():
    model = tiny("dqn")
    first = kerazoo.evaluate(model, "catch", seed=1)
    assert set(first) == {"return", "return_std"}
    assert first == kerazoo.evaluate(model, "catch", seed=1)
    random = kerazoo.evaluate(model, "catch", epsilon=1.0, episodes=400)
    assert random["return"] == pytest.approx(-0.6, abs=0.1)


def test_full_size_plays_catch():
    """The board is drawn in 84 x 84, and four frames are stacked."""
    recipe = {"experience": {"class_name": "Replay", "config": {
        "environments": 2, "steps": 16, "updates": 1, "memory": 100, "warmup": 16,
        "epsilon": [1.0, 0.1, 100], "gamma": 0.99}}}  # fmt: skip
    model = kerazoo.dqn(actions=3, recipe=recipe)
    history = kerazoo.fit(model, "catch", epochs=1, batch_size=4, verbose=0)
    assert np.isfinite(history.history["loss"][0])


def test_a_checkpoint_keeps_the_memory(tmp_path):
    def fit(epochs, **keywords):
        model = tiny("dqn", target_every=4)
        lived = datasets.load("catch", model=model, batch_size=32, seed=0)
        history = kerazoo.fit(
            model, lived, epochs=epochs, checkpoint_dir=tmp_path, verbose=0, **keywords
        )
        return model, lived, history.history

    _, first, _ = fit(3)
    model, second, history = fit(5, resume=True)
    assert len(history["steps"]) == 5 and (np.diff(history["steps"]) == 64).all()
    assert second.steps == first.steps + 2 * 64
    assert second.generations == 5
    kept = first.memory.written.min()
    for key in ("frames", "rewards", "terminated"):
        np.testing.assert_array_equal(
            second.memory.data[key][:, :kept], first.memory.data[key][:, :kept]
        )
    assert len(second.memory) > len(first.memory)
    with zipfile.ZipFile(tmp_path / "last.keras") as file:
        assert json.loads(file.read("kerazoo.json"))["state"]["epochs_done"] == 5
        assert "experience/memory/frames.npy" in file.namelist()
    with zipfile.ZipFile(tmp_path / "best.keras") as file:
        assert not [n for n in file.namelist() if n.startswith("experience/")]
    loaded = kerazoo.load(tmp_path / "last.keras")
    np.testing.assert_array_equal(loaded.get_weights()[0], model.get_weights()[0])


def test_checkpoints_take_little_of_the_time(tmp_path, monkeypatch):
    from kerazoo import training

    written = []
    write = training._Checkpoint._write

    def counted(self):
        written.append(self.state["epochs_done"])
        write(self)

    monkeypatch.setattr(training._Checkpoint, "_write", counted)
    monkeypatch.setattr(training._Checkpoint, "SHARE", 1e-6)
    kerazoo.fit(tiny("dqn"), "catch", epochs=4, checkpoint_dir=tmp_path, verbose=0)
    assert written == [1, 4]


def test_continuous_actions():
    pytest.importorskip("gymnasium")
    rollouts = {"class_name": "Rollouts", "config": {
        "environments": 2, "length": 16, "passes": 1, "gamma": 0.9, "lambda_": 0.95,
        "evaluation": {"episodes": 1}}}  # fmt: skip
    model = kerazoo.ppo(input_shape=(3,), actions=1, recipe={"experience": rollouts})
    before = model.get_weights()
    kerazoo.fit(model, "Pendulum-v1", epochs=2, batch_size=16, seed=0, verbose=0)
    moved = [(a != b).any() for a, b in zip(before, model.get_weights(), strict=True)]
    assert all(moved), "the standard deviation too"
    with pytest.raises(ValueError, match="actions of 1 numbers.*continuous=True"):
        datasets.load("Pendulum-v1", model=kerazoo.create("ppo", tiny=True))


def test_atari():
    pytest.importorskip("gymnasium")
    pytest.importorskip("ale_py")
    model = kerazoo.dqn(
        recipe={"experience": {"class_name": "Replay", "config": {
            "environments": 2, "steps": 24, "updates": 1, "memory": 100, "warmup": 40,
            "epsilon": [1.0, 0.1, 100], "gamma": 0.99, "clip_rewards": True}}}
    )  # fmt: skip
    lived = datasets.load("ALE/Breakout-v5", model=model, batch_size=4, seed=0)
    assert lived.environment.shape == (84, 84, 4)
    x, y = lived[0]
    assert x.shape == (4, 84, 84, 4) and x.dtype == np.uint8 and x.max() > 100
    assert y.shape == (4, 2)
    assert (lived.memory.data["frames"].shape[2:]) == (84, 84, 1)


def test_an_episode_as_a_gif(tmp_path):
    from PIL import Image

    model = tiny("dqn")
    path = tmp_path / "catch.gif"
    gained = kerazoo.report.episode(model, "catch", path, seed=3)
    assert gained in (-1, 1)
    with Image.open(path) as picture:
        assert (picture.n_frames, picture.size) == (9, (100, 200))
    with pytest.raises(ValueError, match="'digits' is no environment"):
        kerazoo.report.episode(agent(10, (8, 8, 1)), "digits", path)


def test_the_command_line(tmp_path, capsys):
    run, gif = tmp_path / "run", tmp_path / "catch.gif"
    words = ["fit", "dqn", "--tiny", "--epochs", "2", "--run-dir", str(run)]
    assert main([*words, "--seed", "0"]) == 0
    assert "test return -" in capsys.readouterr().out
    assert (run / "learning_curve.png").is_file()
    assert main(["evaluate", str(run)]) == 0
    assert main(["play", str(run), "-o", str(gif)]) == 0
    assert gif.is_file() and "return " in capsys.readouterr().out
    words = ["fit", "--resume", "--epochs", "3", "--run-dir", str(run)]
    assert main(words) == 0


# --- the peer


def test_parity_with_torch():
    """The network as Stable-Baselines3's CnnPolicy has it, with the same weights."""
    torch = pytest.importorskip("torch")
    from torch import nn

    model = kerazoo.dqn()
    peer = nn.Sequential(
        nn.Conv2d(4, 32, 8, 4), nn.ReLU(), nn.Conv2d(32, 64, 4, 2), nn.ReLU(),
        nn.Conv2d(64, 64, 3), nn.ReLU(), nn.Flatten(), nn.Linear(3136, 512), nn.ReLU(),
        nn.Linear(512, 4),
    )  # fmt: skip
    assert sum(p.numel() for p in peer.parameters()) == model.count_params()
    model.set_weights(from_torch(peer))
    random = np.random.default_rng(0)
    x = random.integers(256, size=(3, 84, 84, 4)).astype("uint8")
    with torch.no_grad():
        expected = peer(torch.from_numpy(x.transpose(0, 3, 1, 2) / 255).float())
    np.testing.assert_allclose(
        model.predict(x, verbose=0), expected.numpy(), rtol=1e-4, atol=1e-5
    )


def test_parity_with_stable_baselines():
    pytest.importorskip("stable_baselines3")
    import torch
    from gymnasium.spaces import Box, Discrete
    from stable_baselines3.dqn.policies import CnnPolicy

    space = Box(0, 255, (4, 84, 84), np.uint8)
    peer = CnnPolicy(space, Discrete(6), lambda progress: 1e-4).q_net
    model = kerazoo.dqn(actions=6)
    model.set_weights(from_torch(peer))
    x = np.random.default_rng(0).integers(256, size=(3, 84, 84, 4)).astype("uint8")
    with torch.no_grad():
        expected = peer(torch.from_numpy(x.transpose(0, 3, 1, 2).copy()))
    np.testing.assert_allclose(
        model.predict(x, verbose=0), expected.numpy(), rtol=1e-4, atol=1e-5
    )


def from_torch(peer):
    """Weights in Keras' order and axes; the first dense layer reads H, W, C."""
    weights = []
    for value in (p.detach().numpy() for p in peer.parameters()):
        if value.ndim == 4:
            value = value.transpose(2, 3, 1, 0)
        elif value.shape[-1] == 3136:
            value = value.reshape(512, 64, 7, 7).transpose(2, 3, 1, 0)
            value = value.reshape(3136, 512)
        elif value.ndim == 2:
            value = value.T
        weights.append(value)
    return weights


def test_dueling_by_hand():
    """Q = V + A - mean A; the gradient into the convolutions is scaled."""
    model = kerazoo.create("dueling_dqn", tiny=True)
    parts = keras.Model(
        model.inputs,
        [model.get_layer("value").output, model.get_layer("advantage").output],
    )
    x = datasets.load("catch", model=model, batch_size=8, seed=0)[0][0]
    value, advantage = parts.predict(x, verbose=0)
    expected = value + advantage - advantage.mean(axis=1, keepdims=True)
    found = model.predict(x, verbose=0)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
