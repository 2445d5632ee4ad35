"""fit, evaluate and load: what reaches Keras, what is kept, what is refused."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
import zipfile

import keras
import numpy as np
import pytest
from keras import layers

import kerazoo
from kerazoo import datasets
from kerazoo.optimizers import Schedule


@pytest.fixture
def model():
    return kerazoo.create("fleuret_mnist", tiny=True)


@pytest.fixture
def small():
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(3, activation="softmax")], name="small"
    )
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def arrays(count=32, classes=3):
    rng = np.random.default_rng(0)
    return rng.normal(size=(count, 4)).astype("float32"), rng.integers(
        0, classes, count
    )


def test_fit_uses_the_recipe_and_reaches_its_bound(model):
    history = kerazoo.fit(model, "digits", seed=0, verbose=0)
    card = kerazoo.card("fleuret_mnist")
    assert len(history.history["loss"]) == card.tiny_recipe["epochs"]
    result = kerazoo.evaluate(model, "digits", verbose=0)
    assert set(result) == {"loss", "accuracy"}
    assert result["accuracy"] >= card.learns["accuracy"]


def test_a_name_builds_and_trains():
    history = kerazoo.fit("fleuret_mnist", "digits", epochs=1, verbose=0)
    assert history.model.name == "fleuret_mnist"


def test_seed_fixes_results():
    def run(seed):
        keras.utils.set_random_seed(seed)
        model = kerazoo.create("fleuret_mnist", tiny=True)
        kerazoo.fit(model, "digits", epochs=1, seed=seed, verbose=0)
        return model.get_weights()

    first, second, other = run(1), run(1), run(2)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
    assert any((a != b).any() for a, b in zip(first, other, strict=True))


def test_arrays_tuples_and_datasets_pass_through(small):
    x, y = arrays()
    kerazoo.fit(small, (x, y), epochs=1, verbose=0)
    kerazoo.fit(small, x, y=y, epochs=1, batch_size=8, verbose=0)
    assert small.optimizer.iterations == 1 + 4
    import tensorflow as tf

    dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(16)
    kerazoo.fit(small, dataset, epochs=1, verbose=0)
    assert small.optimizer.iterations == 1 + 4 + 2
    assert kerazoo.evaluate(small, (x, y), verbose=0) == pytest.approx(
        kerazoo.evaluate(small, dataset, verbose=0), rel=1e-5
    )


def test_equals_plain_keras_fit(small):
    x, y = arrays()
    twin = keras.models.clone_model(small)
    twin.set_weights(small.get_weights())
    twin.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    ours = kerazoo.fit(small, (x, y), epochs=3, batch_size=8, shuffle=False, verbose=0)
    theirs = twin.fit(x, y, epochs=3, batch_size=8, shuffle=False, verbose=0)
    for name, values in theirs.history.items():
        assert ours.history[name] == pytest.approx(values)


def test_several_updates_in_one_call_change_nothing():
    losses = []
    for steps in (1, 20):
        keras.utils.set_random_seed(0)
        model = kerazoo.create(
            "fleuret_mnist", tiny=True, recipe={"steps_per_execution": steps}
        )
        history = kerazoo.fit(model, "digits", epochs=1, seed=0, verbose=0)
        assert model.steps_per_execution == (
            1 if keras.backend.backend() == "torch" else steps
        )
        losses.append(history.history["loss"][-1])
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_evaluation_before_training_leaves_that_behind_it_whole(model):
    """A step compiled for one batch must not be called once for every twenty."""
    test = datasets.load("digits", "test", model=model)
    model.evaluate(test, verbose=0)
    model.predict(test, verbose=0)
    kerazoo.fit(model, "digits", epochs=1, seed=0, verbose=0)
    y = np.concatenate([y for _, y in test.as_numpy_iterator()])
    predicted = model.predict(test, verbose=0)
    assert len(predicted) == len(y) == 360
    found = kerazoo.evaluate(model, "digits", verbose=0)["accuracy"]
    assert found == pytest.approx(np.mean(predicted.argmax(axis=-1) == y))


@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="torch takes one step at a time"
)
def test_what_the_user_compiled_is_not_regrouped():
    model = kerazoo.create("fleuret_mnist", tiny=True)
    model.compile("sgd", "sparse_categorical_crossentropy", steps_per_execution=2)
    kerazoo.fit(model, "digits", epochs=1, verbose=0)
    assert model.steps_per_execution == 2


def test_the_recipes_schedule_is_applied_and_restarts():
    model = kerazoo.create("simple_mlp", tiny=True)
    kerazoo.fit(model, "digits", epochs=1, batch_size=512, verbose=0)
    schedule = model.optimizer._learning_rate
    assert isinstance(schedule, Schedule)
    assert schedule.config["steps_per_epoch"] == 3
    assert schedule.config["total_epochs"] == 1
    before = model.get_weights()[0]
    kerazoo.fit(model, "digits", epochs=1, batch_size=512, verbose=0)
    assert model.optimizer._learning_rate.config["start_step"] == 3
    assert np.abs(model.get_weights()[0] - before).max() > 1e-3  # not at the old end


def test_a_schedule_of_several_optimizers(tmp_path):
    """Each falls from its own rate; what the user compiled is left alone."""
    model = kerazoo.create(
        "dcgan", tiny=True, recipe={"schedule": {"kind": "linear"}}, filters=2
    )
    model.run_eagerly = keras.backend.backend() == "tensorflow"
    x = np.zeros((4, *model.input_shape[1:]), "float32")
    kerazoo.fit(model, x, epochs=1, checkpoint_dir=tmp_path, verbose=0)
    model = kerazoo.load(tmp_path / "last.keras")
    model.run_eagerly = keras.backend.backend() == "tensorflow"
    kerazoo.fit(model, x, epochs=2, verbose=0)
    for optimizer in model.optimizer.optimizers[:2]:
        config = optimizer._learning_rate.config
        assert config["learning_rate"] == pytest.approx(1e-3)
        assert (config["kind"], config["total_epochs"]) == ("linear", 2)
        assert config["start_step"] == 1
    own = keras.optimizers.schedules.CosineDecay(0.5, 10)
    model.optimizer.optimizers[0].learning_rate = own
    kerazoo.fit(model, x, epochs=1, verbose=0)
    assert model.optimizer.optimizers[1]._learning_rate.config["total_epochs"] == 2


def test_the_users_own_optimizer_is_left_alone():
    model = kerazoo.create("resnet20", tiny=True)
    model.compile(keras.optimizers.SGD(0.05), "sparse_categorical_crossentropy")
    kerazoo.fit(model, "digits", epochs=1, batch_size=512, verbose=0)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.05)


def test_validation_split_by_name(model):
    history = kerazoo.fit(
        model, "digits", epochs=1, validation_data="test", verbose=0
    ).history
    assert "val_accuracy" in history
    with pytest.raises(ValueError, match="split"):
        kerazoo.fit(model, "digits", epochs=1, validation_data="dev", verbose=0)


def test_checkpoints_resume_and_load(tmp_path, model):
    folder = tmp_path / "run"
    kerazoo.fit(model, "digits", epochs=2, checkpoint_dir=folder, seed=0, verbose=0)
    assert sorted(p.name for p in folder.iterdir()) == [
        "best.keras", "last.keras", "learning_curve.png",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="resume=True"):
        kerazoo.fit(model, "digits", epochs=4, checkpoint_dir=folder, verbose=0)

    fresh = kerazoo.create("fleuret_mnist", tiny=True)
    history = kerazoo.fit(
        fresh, "digits", epochs=4, checkpoint_dir=folder, resume=True, verbose=0
    )
    assert history.epoch == [0, 1, 2, 3]
    assert len(history.history["loss"]) == 4
    assert fresh.optimizer.iterations == 4 * 45

    done = kerazoo.fit(
        fresh, "digits", epochs=4, checkpoint_dir=folder, resume=True, verbose=0
    )
    assert done.history == history.history
    loaded = kerazoo.load(folder / "last.keras")
    assert loaded.architecture == "fleuret_mnist"
    assert loaded.recipe["batch_size"] == 32
    assert kerazoo.evaluate(loaded, "digits", verbose=0) == pytest.approx(
        kerazoo.evaluate(fresh, "digits", verbose=0), rel=1e-5
    )
    with pytest.raises(ValueError, match="fleuret_mnist"):
        kerazoo.fit(
            kerazoo.create("resnet20", tiny=True), "digits", epochs=1, verbose=0,
            checkpoint_dir=folder, resume=True,
        )  # fmt: skip


def test_best_is_kept_by_loss(tmp_path, small):
    x, y = arrays()
    small.optimizer.learning_rate = 0.5
    kerazoo.fit(
        small, (x, y), epochs=4, batch_size=8, checkpoint_dir=tmp_path, verbose=0,
        validation_data=(x[:, ::-1], y),
    )  # fmt: skip
    state = note(tmp_path / "last.keras")["state"]
    assert state["best"] == min(state["past"]["val_loss"])


def note(path):
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("kerazoo.json"))


KILLED = """
import sys
import numpy as np
import kerazoo

model = kerazoo.create("fleuret_mnist", tiny=True)
x = np.zeros((64, 28, 28, 1), "float32")
y = np.arange(64) % 10
print("ready", flush=True)
history = kerazoo.fit(
    model, (x, y), epochs=int(sys.argv[2]), batch_size=1, checkpoint_dir=sys.argv[1],
    resume=True, verbose=0,
)
print("done", len(history.epoch), int(model.optimizer.iterations), flush=True)
"""


def test_killed_in_the_middle_of_an_epoch_and_resumed(tmp_path):
    script = tmp_path / "run.py"
    script.write_text(textwrap.dedent(KILLED))
    folder = tmp_path / "run"
    command = [sys.executable, script, folder]
    process = subprocess.Popen([*command, "100000"], stdout=subprocess.PIPE)
    last = folder / "last.keras"
    deadline = time.monotonic() + 300
    while not last.is_file() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert last.is_file(), "no checkpoint was written"
    done = note(last)["state"]["epochs_done"]

    epochs = done + 2
    output = subprocess.run(
        [*command, str(epochs)], capture_output=True, text=True, check=True
    ).stdout
    assert f"done {epochs} {epochs * 64}" in output
    kerazoo.load(last).predict(np.zeros((1, 28, 28, 1)), verbose=0)


def test_ctrl_c_keeps_what_was_learned(tmp_path, small):
    x, y = arrays()
    before = small.get_weights()

    class Interrupt(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 1:
                os.kill(os.getpid(), signal.SIGINT)

    handler = signal.getsignal(signal.SIGINT)
    kerazoo.fit(
        small, (x, y), epochs=50, batch_size=1, callbacks=[Interrupt()],
        checkpoint_dir=tmp_path, verbose=0,
    )  # fmt: skip
    assert signal.getsignal(signal.SIGINT) is handler
    assert 2 <= small.optimizer.iterations < 32
    assert any((a != b).any() for a, b in zip(before, small.get_weights(), strict=True))
    assert note(tmp_path / "last.keras")["state"]["epochs_done"] == 0


def test_nan_loss_is_an_error_and_keeps_the_checkpoint(tmp_path, small):
    x, y = arrays()
    kerazoo.fit(small, (x, y), epochs=1, checkpoint_dir=tmp_path, verbose=0)
    good = (tmp_path / "last.keras").read_bytes()
    x[3] = np.nan
    with pytest.raises(FloatingPointError, match="learning rate"):
        kerazoo.fit(
            small, (x, y), epochs=9, checkpoint_dir=tmp_path, resume=True, verbose=0
        )
    assert (tmp_path / "last.keras").read_bytes() == good


def test_refusals(small, tmp_path):
    x, y = arrays()
    with pytest.raises(ValueError, match=r"takes \(batch, 4\)"):
        kerazoo.fit(small, (x[:, :3], y))
    with pytest.raises(ValueError, match=r"0\.\.2.*0\.\.5.*classes=6"):
        kerazoo.fit(small, (x, np.arange(32) % 6))
    with pytest.raises(ValueError, match=r"0\.\.2.*-1"):
        kerazoo.evaluate(small, (x, y - 1))
    with pytest.raises(ValueError, match="32 examples and `y` has 31"):
        kerazoo.fit(small, (x, y[1:]))
    with pytest.raises(ValueError, match="No examples"):
        kerazoo.fit(small, (x[:0], y[:0]))
    with pytest.raises(ValueError, match="pass `data`"):
        kerazoo.fit(small)
    with pytest.raises(ValueError, match="`epochs`.*0"):
        kerazoo.fit(small, (x, y), epochs=0)
    with pytest.raises(ValueError, match="`batch_size`.*2.5"):
        kerazoo.fit(small, (x, y), batch_size=2.5)
    with pytest.raises(ValueError, match="checkpoint_dir"):
        kerazoo.fit(small, (x, y), resume=True)
    with pytest.raises(ValueError, match="`strategy`.*'sideways'"):
        kerazoo.fit(small, (x, y), strategy="sideways")
    with pytest.raises(ValueError, match="lenet6.*lenet5"):
        kerazoo.fit("lenet6", "digits")
    with pytest.raises(ValueError, match="named dataset"):
        kerazoo.fit(small, (x, y), validation_data="test")
    with pytest.raises(ValueError, match="`split`"):
        kerazoo.evaluate(small, (x, y), split="test")
    with pytest.raises(ValueError, match="no trainable weights"):
        small.trainable = False
        kerazoo.fit(small, (x, y))
    with pytest.raises(ValueError, match="not compiled"):
        kerazoo.fit(kerazoo.fleuret_mnist(compile=False), "digits")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        kerazoo.load(tmp_path / "nowhere.keras")
    other = tmp_path / "text.keras"
    other.write_text("no zip")
    with pytest.raises(ValueError, match="not a .keras file"):
        kerazoo.load(other)
