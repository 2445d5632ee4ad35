"""How many steps and seconds agents need, beside Stable-Baselines3.

    KERAS_BACKEND=jax python -m benchmarks.agents --seeds 5
    KERAS_BACKEND=jax python -m benchmarks.agents ppo_cartpole --seeds 2 --peer

Trains by the recipe of the card and plays greedily every few generations. PPO is
measured when its steps are used up, by 100 episodes; the values of DQN come and go: its
best evaluation counts, and training ends with the first that reaches the bound. The
peer has the same settings, evaluations and budget. CPU seconds are of the process, for
training alone, compilation included. Goes to results/agents.csv; exit status 1 when
fewer seeds than wanted reach the bound.
"""

import argparse
import dataclasses
import importlib.metadata
import sys
import time

import keras
import numpy as np

import kerazoo
from benchmarks.records import record
from kerazoo import datasets
from kerazoo.datasets import experience


@dataclasses.dataclass(frozen=True)
class Task:
    """What is trained where, and what it should reach.

    Attributes:
        builder: of the agent.
        tiny: whether its reduced configuration is meant.
        environment: where it acts.
        bound: mean return to reach.
        steps: budget.
        wanted: share of seeds that should reach it.
        best: whether the best evaluation counts, else the last.
        every: generations between evaluations.
        episodes: in one of them.
    """

    builder: str
    tiny: bool
    environment: str
    bound: float
    steps: int
    wanted: float
    best: bool
    every: int
    episodes: int = 20


TASKS = {
    "ppo_cartpole": Task(
        "ppo_cartpole", False, "CartPole-v1", 475, 45_000, 4 / 5, False, 25
    ),
    "dqn_catch": Task("dqn", True, "catch", 1.0, 8_000, 1.0, True, 2, 100),
    "dqn_cartpole": Task("dqn_mlp", False, "CartPole-v1", 475, 50_000, 3 / 5, True, 10),
}


class Evaluations(keras.callbacks.Callback):
    """Greedy episodes every few generations; what they cost is kept apart."""

    def __init__(self, task, model, seed):
        super().__init__()
        self.task = task
        make = datasets.find(task.environment, model).read("test")
        self.game = make(task.episodes, 1_000 + seed)
        self.player = experience.Player(model, self.game)
        self.measured = []
        self.cpu = 0.0

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.task.every:
            return
        start = time.process_time()
        gained = experience.play(self.player, self.game).mean()
        self.measured.append((logs["steps"], float(gained)))
        self.cpu += time.process_time() - start
        if self.task.best and gained >= self.task.bound:
            self.model.stop_training = True


def ours(task, seed):
    """Trains our agent: evaluations, last return, steps, CPU seconds."""
    keras.utils.set_random_seed(seed)
    keras.utils.clear_session()
    start = time.process_time()
    model = kerazoo.create(task.builder, tiny=task.tiny)
    evaluations = Evaluations(task, model, seed)
    history = kerazoo.fit(
        model, task.environment, seed=seed, callbacks=[evaluations], verbose=0
    )
    seconds = time.process_time() - start - evaluations.cpu
    last = kerazoo.evaluate(model, task.environment, episodes=100, seed=2_000 + seed)
    return evaluations.measured, last["return"], history.history["steps"][-1], seconds


def peers(task, seed):
    """The same by Stable-Baselines3, with the settings of its RL Zoo."""
    import stable_baselines3
    import torch
    from stable_baselines3.common.callbacks import BaseCallback
    from stable_baselines3.common.env_util import make_vec_env

    torch.set_num_threads(1)
    is_ppo = task.builder.startswith("ppo")
    games = make_vec_env(task.environment, 8 if is_ppo else 1, seed=seed)
    if is_ppo:
        model = stable_baselines3.PPO(
            "MlpPolicy", games, n_steps=32, batch_size=256, gae_lambda=0.8, gamma=0.98,
            n_epochs=20, ent_coef=0.0, learning_rate=lambda left: 1e-3 * left,
            clip_range=0.2, seed=seed, device="cpu",
        )  # fmt: skip
    else:
        model = stable_baselines3.DQN(
            "MlpPolicy", games, learning_rate=2.3e-3, batch_size=64,
            buffer_size=100_000, learning_starts=1_000, gamma=0.99,
            target_update_interval=10, train_freq=256, gradient_steps=128,
            exploration_fraction=0.16, exploration_final_eps=0.04,
            policy_kwargs={"net_arch": [256, 256]}, seed=seed, device="cpu",
        )  # fmt: skip
    make = datasets.find(task.environment, None).read("test")

    class Player:
        def best(self, observations):
            return model.predict(observations, deterministic=True)[0]

    def play(episodes, seed):
        return float(experience.play(Player(), make(episodes, seed)).mean())

    measured = []

    class Watch(BaseCallback):
        cpu, due = 0.0, 0

        def _on_rollout_start(self):
            # After the updates of the rollout before.
            if self.num_timesteps < self.due + 256 * task.every:
                return
            self.due = self.num_timesteps
            start = time.process_time()
            measured.append((self.num_timesteps, play(task.episodes, 1_000 + seed)))
            self.cpu += time.process_time() - start

        def _on_step(self):
            reached = measured and measured[-1][1] >= task.bound
            return not (task.best and reached)

    watch = Watch()
    start = time.process_time()
    model.learn(task.steps // 256 * 256, callback=watch)
    seconds = time.process_time() - start - watch.cpu
    return measured, play(100, 2_000 + seed), model.num_timesteps, seconds


def measure(name, seed, peer=False):
    """A row of results/agents.csv, and whether the bound was reached."""
    task = TASKS[name]
    measured, last, steps, seconds = (peers if peer else ours)(task, seed)
    reached = [at for at, gained in measured if gained >= task.bound]
    best = max(gained for _, gained in measured)
    result = best if task.best else last
    agent = "kerazoo"
    if peer:
        agent = f"stable-baselines3 {importlib.metadata.version('stable-baselines3')}"
    row = {
        "task": name,
        "agent": agent,
        "environment": task.environment,
        "seed": seed,
        "return": result,
        "return_is": "best evaluation" if task.best else "last, 100 episodes",
        "bound": task.bound,
        "first_reached_at": reached[0] if reached else "",
        "steps": steps,
        "cpu_seconds": round(seconds, 1),
        "cpu_ms_per_step": round(1000 * seconds / steps, 3),
    }
    return row, result >= task.bound and steps <= task.steps


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help=f"of {', '.join(TASKS)}; all")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--peer", action="store_true", help="Stable-Baselines3 instead")
    arguments = parser.parse_args()
    missed = False
    for name in arguments.names or TASKS:
        first = arguments.first_seed
        reached = []
        for seed in range(first, first + arguments.seeds):
            row, well = measure(name, seed, arguments.peer)
            record("agents", row, key=["task", "agent", "seed"])
            reached.append(well)
            print(row, flush=True)
        print(f"{name}: {sum(reached)} of {len(reached)} seeds", flush=True)
        missed |= not arguments.peer and np.mean(reached) < TASKS[name].wanted
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
