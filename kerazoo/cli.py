"""The command `kerazoo`: the zoo from a terminal.

`list`, `info` and `search` import neither keras nor a backend. What machines read goes
to stdout, everything else a person needs to know to stderr. Exit codes: 0 done, 1
failed, 2 wrong usage, 130 stopped by Ctrl-C.
"""

import argparse
import ast
import contextlib
import difflib
import json
import os
import pathlib
import platform
import re
import shutil
import sys
import time

import kerazoo
from kerazoo import catalog, report

_FORMATS = {
    "tf_saved_model": "",
    "onnx": ".onnx",
    "litert": ".tflite",
    "weights": ".weights.h5",
}


def main(argv=None):
    """Runs the command line.

    Args:
        argv: the words after `kerazoo`; those of the process by default.

    Returns:
        The exit code: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    parser = _parser()
    try:
        arguments = parser.parse_args(argv)
    except SystemExit as stop:
        return stop.code
    if arguments.command is None:
        parser.print_help()
        return 2
    try:
        arguments.run(arguments)
        sys.stdout.flush()
        return 0
    except BrokenPipeError:  # the reader, e.g. `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        _say("stopped", "red")
        return 130
    except Exception as error:
        if arguments.debug:
            raise
        _say_error(error)
        return 1


# ------------------------------------------------------------------------- the parser


class _Parser(argparse.ArgumentParser):
    """A parser that suggests near names for a mistyped choice."""

    def error(self, message):
        wrong = re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message)
        if wrong:
            near = difflib.get_close_matches(
                wrong[1], re.findall(r"[\w.-]+", wrong[2]), n=1
            )
            message = f"no {message.split(':')[0].removeprefix('argument ').lower()} "
            message += f"{wrong[1]!r}. "
            message += f"Did you mean {near[0]!r}?" if near else f"Choose: {wrong[2]}."
        super().error(message)


def _parser():
    parser = _Parser(
        prog="kerazoo",
        description="Every architecture of a first deep-learning course, from the "
        "McCulloch-Pitts neuron on, faithful to its paper.",
        epilog="First steps: `kerazoo list`, `kerazoo info fleuret_mnist`, `kerazoo "
        "fit fleuret_mnist --tiny`.",
        allow_abbrev=False,
    )
    version = f"kerazoo {kerazoo.__version__}"
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", title="commands"
    )

    def command(run, help, example):
        name = run.__name__.strip("_")
        new = commands.add_parser(
            name,
            help=help,
            description=help[0].upper() + help[1:] + ".",
            epilog=f"Example: {example}",
            allow_abbrev=False,
        )
        new.add_argument(
            "--debug", action="store_true", help="show the traceback of an error"
        )
        new.set_defaults(run=run)
        return new.add_argument

    add = command(
        _list,
        "list architectures, data sets, or published errors",
        "kerazoo list 'resnet*' --year 2015-2016",
    )
    add("pattern", nargs="?", help="part of a name, or a wildcard such as 'resnet*'")
    add("--domain", help="folder of the zoo, e.g. vision")
    add("--task", help="part of the task, e.g. classification")
    add("--year", type=_year, help="a year, or first-last, e.g. 1990-2000")
    add("--dataset", help="part of the data set's name, e.g. cifar")
    add("--lecture", help="part of a lecture's reference, e.g. 004")
    add(
        "--datasets",
        action="store_true",
        help="the data sets of the lectures with their TFDS names, and the embedded "
        "ones, instead",
    )
    add(
        "--results",
        action="store_true",
        help="the lectures' tables of errors on ImageNet and CIFAR-10, instead",
    )
    _json(add)

    add = command(
        _search,
        "find architectures by words of title, paper, task, data set or lecture",
        "kerazoo search residual cifar10",
    )
    add("words", nargs="+", metavar="WORD", help="all must occur")
    _json(add)

    add = command(
        _info,
        "show the whole card of an architecture",
        "kerazoo info lenet5",
    )
    add("name", metavar="NAME", help="an architecture")
    _json(add)

    add = command(
        _summary,
        "count parameters and operations of a full-size network, allocating nothing",
        "kerazoo summary resnet50 --layers",
    )
    add("name", metavar="NAME", help="an architecture")
    add("--layers", action="store_true", help="a line for every layer, not every stage")
    add("--tiny", action="store_true", help="the reduced configuration")
    _config(add)
    _backend(add)

    add = command(
        _diagram,
        "draw an architecture as its paper does: stages, repeated blocks folded",
        "kerazoo diagram resnet152 --output resnet152.svg",
    )
    add("name", metavar="NAME", help="an architecture")
    add(
        "--output",
        metavar="FILE",
        help="picture, its ending chooses the format: .svg, .png, .pdf; default: "
        "NAME.svg",
    )
    add("--tiny", action="store_true", help="the reduced configuration")
    _config(add)
    _backend(add)

    add = command(
        _fit,
        "train by the recipe of the card, then test",
        "kerazoo fit fleuret_mnist --data digits --epochs 20",
    )
    add("name", metavar="NAME", nargs="?", help="an architecture; known with --resume")
    add("--data", help="data set: embedded or of TFDS; the card's by default")
    add(
        "--tiny",
        action="store_true",
        default=None,
        help="the reduced configuration, on the embedded data set of the card",
    )
    add("--epochs", type=_positive, help="the recipe's by default")
    add(
        "--batch-size", type=_positive, help="over all devices; the recipe's by default"
    )
    add("--seed", type=int, help="makes the run repeatable")
    add(
        "--strategy",
        default="auto",
        choices=["auto", "single", "data_parallel"],
        help="auto takes all GPUs of this machine (default)",
    )
    add("--validation", metavar="SPLIT", help="split to measure after every epoch")
    add("--run-dir", metavar="DIR", help="default: runs/NAME-DATE-TIME")
    add(
        "--resume",
        action="store_true",
        help="continue the run in --run-dir as it was started",
    )
    _config(add)
    _backend(add)

    add = command(
        _evaluate,
        "measure a trained model",
        "kerazoo evaluate runs/lenet5-20250131-120000 --split test",
    )
    _model_argument(add)
    add("--data", help="data set; that of the run, else the card's, by default")
    add("--split", help="the test split by default")
    add("--batch-size", type=_positive, help="the recipe's by default")
    _config(add)
    _backend(add)
    _json(add)

    add = command(
        _play,
        "let an agent play, and draw the episode as a GIF",
        "kerazoo play runs/dqn-20250131-120000 -o catch.gif",
    )
    _model_argument(add)
    add("--data", help="environment; that of the run, else the card's, by default")
    add("--seed", type=int, default=0, help="fixes the game (default: %(default)s)")
    add("-o", "--output", metavar="GIF", help="default: the model's name")
    _config(add)
    _backend(add)

    add = command(
        _transcribe,
        "write down what recordings say",
        "kerazoo transcribe runs/deep_speech-20250131-120000 seven.wav",
    )
    _model_argument(add)
    add("recordings", metavar="WAV", nargs="+", help="wav files of one channel")
    add("--beam-width", type=_positive, help="texts pursued at once; the best path "
        "alone by default")  # fmt: skip
    add("--picture", metavar="PNG", help="draw the last one, with its letters in time")
    _config(add)
    _backend(add)

    add = command(
        _translate,
        "translate sentences",
        "kerazoo translate runs/transformer-20250131-120000 'the king sees a cat.'",
    )
    _model_argument(add)
    add("sentences", metavar="TEXT", nargs="+", help="sentences of the source language")
    add(
        "--beam-width",
        type=_positive,
        default=4,
        help="beginnings pursued at once; 1 takes the likeliest word each time "
        "(default: %(default)s)",
    )
    _config(add)
    _backend(add)

    add = command(
        _sample,
        "draw new images by a generative model",
        "kerazoo sample runs/ddpm-20250131-120000 -o samples.png --sampler ddim",
    )
    _model_argument(add)
    add("-n", type=_positive, default=64, help="how many (default: %(default)s)")
    add("--seed", type=int, default=0, help="fixes the draw (default: %(default)s)")
    add("-o", "--output", metavar="FILE", help="picture; default: NAME-samples.png")
    add("--steps", type=_positive, help="of a diffusion: calls of the network")
    add("--sampler", help="of a diffusion: ancestral (default) or ddim")
    _config(add)
    _backend(add)

    add = command(
        _show,
        "draw what a model does on test data, as suits its task: worst errors, boxes, "
        "regions, texts, samples, returns",
        "kerazoo show runs/unet-20250131-120000 -o answers.png",
    )
    _model_argument(add)
    add("--data", help="data set; that of the run, else the card's, by default")
    add("--split", help="the test split by default")
    add("-n", type=_positive, default=8, help="how many examples (default: %(default)s)"
        "; of samples n x n")  # fmt: skip
    add("-o", "--output", metavar="FILE", help="picture; default: NAME-answers.png")
    _config(add)
    _backend(add)

    add = command(
        _demo,
        "open a page on this machine to try a network: draw a digit, give it an image, "
        "a text or a recording, sample, play",
        "kerazoo demo runs/unet-20250131-120000",
    )
    add(
        "model",
        metavar="PATH",
        nargs="?",
        default="lenet5_modern",
        help="run folder, .keras file, or an architecture, whose reduced configuration "
        "is trained first, the first time (default: %(default)s)",
    )
    add("--data", help="data set; that of the run, else the card's, by default")
    add("--port", type=_positive, help="the first free one from 7860 on by default")
    add("--no-browser", action="store_true", help="open no browser")
    _config(add)
    _backend(add)

    add = command(
        _export,
        "write a model for serving: SavedModel, ONNX, LiteRT or weights alone",
        "kerazoo export runs/lenet5-20250131-120000 --format litert -o lenet5.tflite",
    )
    _model_argument(add)
    add("--format", default="tf_saved_model", choices=_FORMATS, help="%(default)s")
    add("-o", "--output", metavar="OUT", help="default: the model's name")
    _config(add)
    _backend(add)

    add = command(
        _chart,
        "draw accuracy against operations (Canziani et al., 2016) from our own counts",
        "kerazoo chart --output chart.png",
    )
    add(
        "--output",
        metavar="PNG",
        default="operations_versus_accuracy.png",
        help="default: %(default)s; a csv file of the same name goes with it",
    )
    _backend(add)
    return parser


def _json(add):
    add("--json", action="store_true", help="machine-readable, on stdout")


def _backend(add):
    add(
        "--backend",
        choices=["tensorflow", "jax", "torch"],
        help="of Keras; $KERAS_BACKEND, else tensorflow, by default",
    )


def _config(add):
    add(
        "--set",
        action="append",
        type=_keyword,
        default=[],
        metavar="KEY=VALUE",
        help="keyword of the builder, a Python literal or a bare word: "
        "--set classes=5 --set 'filters=(8, 16)'",
    )


def _model_argument(add):
    add("model", metavar="PATH", help="run folder, .keras file, or an architecture")


def _year(text):
    years = re.fullmatch(r"(\d{4})(?:-(\d{4}))?", text)
    if not years:
        raise argparse.ArgumentTypeError(f"{text!r} is neither 1998 nor 1990-2000")
    first, last = years.groups()
    return (int(first), int(last)) if last else int(first)


def _positive(text):
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive integer")
    return int(text)


def _keyword(text):
    key, equals, value = text.partition("=")
    if not (key.isidentifier() and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form key=value")
    try:
        return key, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        if re.fullmatch(r"[\w./:+-]+", value):  # saves the quotes inside quotes
            return key, value
        raise argparse.ArgumentTypeError(f"{value!r} is no Python literal") from None


# ------------------------------------------------------------------- looking around


def _list(arguments):
    if arguments.datasets:
        _print_tables(arguments, report.dataset_rows, report.dataset_tables)
        return
    if arguments.results:
        _print_tables(arguments, report.result_rows, report.result_tables)
        return
    filters = {
        key: getattr(arguments, key)
        for key in ("pattern", "domain", "task", "year", "dataset", "lecture")
    }
    names = catalog.list_models(**filters)
    if arguments.json:
        _print_json([catalog.card(name).to_dict() for name in names])
    elif names:
        _print(report.model_table(names))
        _say(f"{_plural(len(names))}; `kerazoo info NAME` shows a card")
    else:
        _say(_nothing({k: v for k, v in filters.items() if v is not None}), "")


def _print_tables(arguments, rows, tables):
    if arguments.json:
        _print_json(rows())
    else:
        _print(*tables())


def _nothing(filters):
    """What to say when no architecture fits, and what there is instead."""
    text = "No architecture with "
    text += " and ".join(f"{key} {value}" for key, value in filters.items()) + "."
    cards = catalog.cards().values()
    if "pattern" in filters:
        pattern = filters["pattern"].strip("*?").lower()
        near = difflib.get_close_matches(pattern, catalog.cards(), n=3)
        if near:
            text += f" Near names: {', '.join(near)}."
        text += " `kerazoo search WORD` looks in titles and papers as well."
    if "year" in filters:
        years = [card.year for card in cards]
        text += f" The zoo covers {min(years)} to {max(years)}."
    if "task" in filters:
        text += f" Tasks: {', '.join(sorted({card.task for card in cards}))}."
    if "dataset" in filters:
        names = {card.dataset for card in cards} | {card.offline for card in cards}
        text += f" Data sets: {', '.join(sorted(names - {None}))}."
    return text


def _search(arguments):
    words = " ".join(arguments.words).lower().split()
    found = [catalog.card(name).to_dict() for name in catalog.search(" ".join(words))]
    nothing = f"Nothing mentions {' and '.join(words)}."
    if arguments.json:
        _print_json(found)
    elif not found:
        _say(f"{nothing} Fewer words find more; `kerazoo list` shows everything.", "")
    else:
        if not all(word in str(found[0]).lower() for word in words):
            _say(f"{nothing} Near names:", "")
        names = [card["name"] for card in found]
        _print(report.model_table(names, by_domain=False))


def _info(arguments):
    card = catalog.card(arguments.name)
    if arguments.json:
        _print_json(card.to_dict())
    else:
        _print(*report.card_page(card))


def _chart(arguments):
    _start_keras(arguments)  # to count configurations that are on no card
    rows = report.operations_versus_accuracy(arguments.output)
    columns = {
        "network": "network",
        "builder": "builder",
        "top1": "top-1 %",
        "gops": "G-ops",
        "gops_figure": "in the figure",
        "params": "parameters",
    }
    shown = [
        row | {"params": report.short(row["params"]), "gops": f"{row['gops']:.2f}"}
        for row in rows
    ]
    _print(report.result_table(shown, columns))
    _say(f"wrote {arguments.output} and {pathlib.Path(arguments.output).stem}.csv")


def _summary(arguments):
    config = dict(arguments.set)
    catalog.card(arguments.name)  # a misspelt name fails before keras is loaded
    _start_keras(arguments)
    _check_keywords(arguments.name, config)
    kerazoo.summary(
        arguments.name, layers=arguments.layers, tiny=arguments.tiny, **config
    )


def _diagram(arguments):
    config = dict(arguments.set)
    catalog.card(arguments.name)
    _start_keras(arguments)
    _check_keywords(arguments.name, config)
    output = arguments.output or f"{arguments.name}.svg"
    report.diagram(arguments.name, output, tiny=arguments.tiny, **config)
    _say(f"wrote {output}")


# --------------------------------------------------------------- training and measuring

# What decides the outcome of a run; fixed when it is started.
_FIXED = ("name", "tiny", "config", "data", "batch_size", "seed", "validation")


def _fit(arguments):
    settings = _settings(arguments)
    name, run = settings["name"], settings["run_dir"]
    if (run / "last.keras").exists() and not arguments.resume:
        raise ValueError(
            f"{run} holds a run already: continue it with --resume, or choose another "
            "--run-dir."
        )
    _start_keras(arguments)
    import keras

    _check_keywords(name, settings["config"])
    if settings["seed"] is not None:
        keras.utils.set_random_seed(settings["seed"])
    model = kerazoo.create(name, tiny=settings["tiny"], **settings["config"])
    run.mkdir(parents=True, exist_ok=True)
    _write_settings(settings)
    history = kerazoo.fit(
        model,
        settings["data"],
        epochs=settings["epochs"],
        batch_size=settings["batch_size"],
        strategy=settings["strategy"],
        seed=settings["seed"],
        validation_data=settings["validation"],
        checkpoint_dir=run,
        resume=arguments.resume,
        verbose="auto" if sys.stdout.isatty() else 2,
    )
    shutil.copyfile(run / "last.keras", run / "model.keras")
    report.write_history(history, run / "history.csv")
    data, split, metrics = _measure(
        model, settings["data"], None, settings["batch_size"], 0
    )
    _print_metrics(split, metrics)
    _draw(model, data, split, run, arguments.debug)
    print(f"run folder {run}")


def _settings(arguments):
    """What to run: the command line, completed by the settings of a resumed run."""
    given = {key: getattr(arguments, key, None) for key in _FIXED}
    given["config"] = dict(arguments.set) or None
    before = {}
    if arguments.resume:
        if arguments.run_dir is None:
            raise ValueError("--resume continues the run in --run-dir DIR: give that.")
        before = _read_settings(pathlib.Path(arguments.run_dir))
    for key in _FIXED if before else ():
        if given[key] not in (None, before[key]):
            raise ValueError(
                f"The run in {arguments.run_dir} was started with {key}="
                f"{before[key]!r}, not {given[key]!r}. --resume continues it as it was."
            )
        given[key] = before[key]
    if given["name"] is None:
        raise ValueError("Which architecture? `kerazoo fit NAME`; see `kerazoo list`.")
    card = catalog.card(given["name"])
    tiny = bool(given["tiny"])
    run_dir = arguments.run_dir or f"runs/{card.name}-{time.strftime('%Y%m%d-%H%M%S')}"
    return given | {
        "tiny": tiny,
        "config": given["config"] or {},
        "data": given["data"] or (tiny and card.offline) or card.dataset,
        "epochs": arguments.epochs or before.get("epochs"),
        "strategy": arguments.strategy,
        "run_dir": pathlib.Path(run_dir),
    }


def _write_settings(settings):
    """Records in the run folder what makes the run repeatable."""
    import importlib.metadata

    import keras

    from kerazoo import distribution

    backend = keras.backend.backend()
    versions = {"python": platform.python_version(), "kerazoo": kerazoo.__version__}
    for package in ("keras", backend, "numpy"):
        versions[package] = importlib.metadata.version(package)
    machine = {
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "devices": distribution.devices(),
    }
    path = settings["run_dir"] / "settings.json"
    record = settings | {
        "run_dir": str(settings["run_dir"]),
        "backend": backend,
        "versions": versions,
        "machine": machine,
    }
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def _read_settings(folder):
    """Settings of the run in a folder, `{}` where there is none."""
    try:
        settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    settings["config"] = {k: _tuples(v) for k, v in settings["config"].items()}
    return settings


def _tuples(value):
    """Lists of JSON as the tuples that builders take."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _evaluate(arguments):
    model, settings = _open(arguments)
    data = arguments.data or settings.get("data")
    verbose = "auto" if sys.stdout.isatty() and not arguments.json else 0
    data, split, metrics = _measure(
        model, data, arguments.split, arguments.batch_size, verbose
    )
    if arguments.json:
        _print_json(
            {"model": arguments.model, "data": data, "split": split, "metrics": metrics}
        )
    else:
        _print_metrics(split, metrics)
    if settings:
        path = pathlib.Path(arguments.model)
        run = path if path.is_dir() else path.parent
        _draw(model, data, split, run, arguments.debug)


def _draw(model, data, split, run, debug):
    """Draws what a model does on a split into its run folder, where it can be drawn."""
    path = run / (re.sub(r"[^\w-]+", "_", split) + ".png")
    try:
        report.show(model, data, path, split=split)
    except Exception as error:  # a picture is no reason for a command to fail
        if debug:
            raise
        _say(f"no picture: {error}")
    else:
        _say(f"wrote {path}")


def _data(arguments, settings, model):
    """The data set asked for, else that of the run, else the card's."""
    asked = arguments.data or settings.get("data")
    return asked or catalog.card(model.architecture).dataset


def _play(arguments):
    model, settings = _open(arguments)
    data = _data(arguments, settings, model)
    output = arguments.output or f"{model.name}.gif"
    gained = report.episode(model, data, output, seed=arguments.seed)
    print(f"return {gained:.4f}")
    _say(f"wrote {output}")


def _transcribe(arguments):
    from scipy.io import wavfile

    model, _ = _open(arguments)
    if not hasattr(model, "transcribe"):
        raise ValueError(f"{model.name!r} does not transcribe speech.")
    for path in arguments.recordings:
        rate, audio = wavfile.read(path)
        bank = model.filter_bank
        if bank is not None and rate != bank.sample_rate:
            raise ValueError(
                f"{path} has {rate} samples a second, but {model.name!r} hears "
                f"{bank.sample_rate}."
            )
        text = model.transcribe(audio, beam_width=arguments.beam_width)
        print(f"{path}: {text}")
    if arguments.picture is not None:
        report.transcript(model, audio, arguments.picture)
        _say(f"wrote {arguments.picture}")


def _translate(arguments):
    model, _ = _open(arguments)
    if not hasattr(model, "translate"):
        raise ValueError(f"{model.name!r} does not translate.")
    found = model.translate(arguments.sentences, beam_width=arguments.beam_width)
    print(*found, sep="\n")


def _sample(arguments):
    model, _ = _open(arguments)
    if not hasattr(model, "sample"):
        raise ValueError(f"{model.name!r} does not draw images.")
    options = {key: getattr(arguments, key) for key in ("steps", "sampler")}
    options = {key: value for key, value in options.items() if value is not None}
    if options and not hasattr(model, "trajectory"):
        raise ValueError(
            f"{model.name!r} draws in one step. Received: --{' --'.join(options)}"
        )
    output = arguments.output or f"{model.name}-samples.png"
    images = model.sample(arguments.n, seed=arguments.seed, **options)
    report.sample_sheet(images, output)
    _say(f"wrote {output}")


def _show(arguments):
    model, settings = _open(arguments)
    data = arguments.data or settings.get("data")
    output = arguments.output or f"{model.name}-answers.png"
    report.show(model, data, output, split=arguments.split, n=arguments.n)
    _say(f"wrote {output}")


def _demo(arguments):
    from kerazoo import demo

    if not pathlib.Path(arguments.model).exists():
        card = catalog.cards().get(arguments.model)
        if card is not None and not arguments.set:
            arguments.model = str(_trained(card, arguments))
    model, settings = _open(arguments)
    data = arguments.data or settings.get("data")
    demo.launch(model, data, port=arguments.port, browser=not arguments.no_browser)


def _trained(card, arguments):
    """The run folder of the reduced configuration, trained now or before."""
    from kerazoo import demo

    run = pathlib.Path(f"runs/demo-{card.name}")
    if (run / "model.keras").exists():
        return run
    _start_keras(arguments)
    demo.check(kerazoo.create(card.name, tiny=True))
    _say(
        f"training the reduced {card.name} on {card.offline or card.dataset} first, "
        f"for seconds to minutes; Ctrl-C ends it early. It is kept in {run}."
    )
    words = ["fit", card.name, "--tiny", "--seed", "0", "--run-dir", str(run)]
    if (run / "last.keras").exists():
        words.append("--resume")
    _fit(_parser().parse_args(words))
    return run


def _export(arguments):
    ending, output = _FORMATS[arguments.format], arguments.output
    if output is not None and not output.endswith(ending):
        raise ValueError(
            f"--output of format {arguments.format} must end in {ending!r}. Received: "
            f"{output!r}"
        )
    model, _ = _open(arguments)
    output = output or f"{model.name}{ending}"
    if arguments.format == "weights":
        model.save_weights(output)
    elif arguments.format == "onnx":
        _export_onnx(model, output)
    else:
        model.export(output, format=arguments.format, verbose=False)
    _say(f"wrote {output}")


def _export_onnx(model, output):
    import keras

    # Keras refuses a model that was loaded and never called.
    model(model.inputs[0] if len(model.inputs) == 1 else model.inputs)
    try:
        model.export(output, format="onnx", verbose=False)
    except ImportError as error:
        backend = keras.backend.backend()
        package = {"tensorflow": "tf2onnx", "jax": "jax2onnx", "torch": "onnxscript"}
        raise ImportError(
            f"{error}. To write ONNX from {backend}: pip install {package[backend]}"
        ) from error


def _open(arguments):
    """The model meant by a path or a name, and the settings of its run."""
    path, config = pathlib.Path(arguments.model), dict(arguments.set)
    if not path.exists():
        if path.suffix or len(path.parts) > 1:
            raise FileNotFoundError(f"No model file or run folder at {str(path)!r}.")
        catalog.card(arguments.model)
        _start_keras(arguments)
        _check_keywords(arguments.model, config)
        if "weights" not in config:
            _say(f"{arguments.model} with random weights, untrained")
        return kerazoo.create(arguments.model, **config), {}
    if config:
        raise ValueError("--set goes with the name of an architecture, not a file.")
    if path.is_dir():
        path /= "model.keras" if (path / "model.keras").exists() else "last.keras"
    _start_keras(arguments)
    return kerazoo.load(path), _read_settings(path.parent)


def _measure(model, data, split, batch_size, verbose):
    """The data set and the split that were measured, and the metrics."""
    from kerazoo import datasets

    data = data or catalog.card(datasets.architecture_of(model)).dataset
    split = split or datasets.evaluation_split(datasets.find(data, model))
    metrics = kerazoo.evaluate(
        model, data, split=split, batch_size=batch_size, verbose=verbose
    )
    return data, split, {key: float(value) for key, value in metrics.items()}


def _check_keywords(name, config):
    """Refuses keywords that the builder does not have, with near names."""
    import inspect

    known = inspect.signature(catalog.builder(name)).parameters
    for key in config:
        if key not in known:
            raise ValueError(
                catalog.unknown(f"keyword of {name}:", key, known)
                + f" It has: {', '.join(known)}."
            )


def _start_keras(arguments):
    """Imports keras on the backend asked for, and TensorFlow, which reads the data."""
    if arguments.backend is not None and "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = arguments.backend
    with _quiet(not arguments.debug):
        import keras
        import tensorflow  # noqa: F401
    loaded = keras.backend.backend()
    if arguments.backend not in (None, loaded):
        raise ValueError(
            f"Keras runs on {loaded} in this process already; --backend "
            f"{arguments.backend} needs a new one."
        )


@contextlib.contextmanager
def _quiet(wanted):
    """Drops what TensorFlow's C++ logs before it looks at TF_CPP_MIN_LOG_LEVEL."""
    if not wanted:
        yield
        return
    sys.stderr.flush()
    with open(os.devnull, "wb") as nowhere, os.fdopen(os.dup(2), "wb") as stderr:
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr.fileno(), 2)


# ----------------------------------------------------------------------------- printing


def _print(*renderables):
    from rich.console import Console

    console = Console()
    for renderable in renderables:
        console.print(renderable)


def _print_json(value):
    print(json.dumps(value, indent=2, ensure_ascii=False))


def _print_metrics(split, metrics):
    for key in sorted(metrics, key=lambda key: key == "loss"):
        print(f"{split} {key.replace('_', ' ')} {metrics[key]:.4f}")


def _plural(count):
    return "1 architecture" if count == 1 else f"{count} architectures"


def _say(text, style="dim"):
    """A remark for the person, away from the output of the command."""
    from rich.console import Console
    from rich.text import Text

    with contextlib.suppress(BrokenPipeError):
        Console(stderr=True).print(Text(text, style), soft_wrap=True)


def _say_error(error):
    kind = (
        "" if isinstance(error, ValueError | OSError) else f"{type(error).__name__}: "
    )
    _say(f"error: {kind}{error}", "red")
