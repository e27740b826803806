"""The commands that rate, train and calibrate models; verbs are imported when chosen."""

from pathlib import Path
from typing import Annotated

import typer

from assist_server.cli.options import Device, Json, Model, flags_of

commands = typer.Typer()

_Installed = Annotated[
    Path | None, typer.Option(help="Folder made by `pip install --target`.", show_default=False)
]


@commands.command("eval")
def evaluate(  # noqa: PLR0913 - a command line has as many options as it has
    *,
    repo: Annotated[
        Path | None, typer.Option(help="Code of your own to evaluate on.", show_default=False)
    ] = None,
    packages: _Installed = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="On packages first published in 2025 or later.")
    ] = False,
    infilling: Annotated[
        Path | None,
        typer.Option(help="Benchmark of single lines, as JSON lines.", show_default=False),
    ] = None,
    corpus: Annotated[
        Path | None,
        typer.Option(help="What it was trained on; does it know that by heart?"),
    ] = None,
    beside: Annotated[
        list[str] | None, typer.Option(help="Another model to compare with.", show_default=False)
    ] = None,
    places: Annotated[
        int | None, typer.Option(min=1, help="Of each kind.", show_default="100")
    ] = None,
    pieces: Annotated[
        int | None, typer.Option(min=1, help="Typed again.", show_default="20")
    ] = None,
    lines: Annotated[
        int | None, typer.Option(min=1, help="Of the benchmark.", show_default="all")
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides which files and places.")] = 0,
    quick: Annotated[bool, typer.Option("--quick", help="Evaluate little, to try it out.")] = False,
    model: Model = None,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Evaluate how good a model is, on packages that it has not seen or on code of your own."""
    from assist_server.cli.eval import What, choose, run_eval  # noqa: PLC0415

    choice = choose(places, pieces, lines, seed, is_quick=quick)
    run_eval(
        flags_of(model, device),
        What(tuple(beside or ()), repo, packages, fresh, infilling, corpus, choice, as_json),
    )


_Out = Annotated[Path, typer.Option(help="Folder for the model.", show_default=False)]
_Time = Annotated[
    str | None, typer.Option(help="Training time in all, as 90m or 2h.", show_default=False)
]
_Tokens = Annotated[
    str | None, typer.Option(help="Tokens in all, as 20M, instead of --time.", show_default=False)
]
_Resume = Annotated[bool, typer.Option("--resume", help="Go on with the training in the folder.")]
_Seed = Annotated[int, typer.Option(help="Decides about weights, order and examples.")]


@commands.command()
def train(  # noqa: PLR0913 - as above
    out: _Out,
    *,
    size: Annotated[
        str | None, typer.Option(help="toy, small (the default) or base; from nothing.")
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option("--from", help="Folder with a model to begin with, instead of a size."),
    ] = None,
    vocabulary: Annotated[
        str | None, typer.Option(help="Tokens to keep of that model's, such as 24k.")
    ] = None,
    layers: Annotated[
        int | None, typer.Option(help="Layers to keep of that model, the most important ones.")
    ] = None,
    corpus: Annotated[
        Path | None, typer.Option(help="Folder with a corpus, or to build it in.")
    ] = None,
    packages: Annotated[
        list[Path] | None,
        typer.Option(help="Folder with installed packages to learn from, instead of this one's."),
    ] = None,
    standard_library: Annotated[
        bool,
        typer.Option("--standard-library", help="Learn from it as well; with --packages."),
    ] = False,
    answers: Annotated[
        Path | None, typer.Option(help="File of `assist-server answers`, to keep a model's chat.")
    ] = None,
    time: _Time = None,
    tokens: _Tokens = None,
    resume: _Resume = False,
    seed: _Seed = 0,
    device: Device = None,
) -> None:
    """Train a small model on permissively licensed code of this machine."""
    from assist_server.cli.train import run_train  # noqa: PLC0415
    from assist_server.training.loop.schedule import parse_budget, parse_count  # noqa: PLC0415
    from assist_server.training.options import TrainChoice  # noqa: PLC0415

    run_train(
        TrainChoice(
            out=out,
            budget=parse_budget(time, tokens),
            is_resumed=resume,
            seed=seed,
            device=device or "auto",
            size=size,
            corpus=corpus,
            packages=tuple(packages) if packages else None,
            has_standard_library=standard_library,
            start=start,
            vocabulary=parse_count(vocabulary, "--vocabulary", "8192 or 24k"),
            layers=layers,
            answers=answers,
        )
    )


@commands.command()
def answers(  # noqa: PLR0913 - as above
    corpus: Annotated[Path, typer.Option(help="Folder with a corpus.", show_default=False)],
    out: Annotated[Path, typer.Option(help="File for the answers.", show_default=False)],
    model: Annotated[str, typer.Option(help="Model with a chat format: a folder, or a hub id.")],
    *,
    count: Annotated[int, typer.Option(min=1, help="Good answers that are wanted.")] = 1000,
    seed: _Seed = 0,
    device: Device = None,
) -> None:
    """Have a model answer requests about a corpus; `train --answers` keeps its chat by them."""
    from assist_server.cli.answers import AnswersChoice, run_answers  # noqa: PLC0415

    run_answers(flags_of(model, device), AnswersChoice(corpus, out, count, seed))


@commands.command()
def corpus(
    out: Annotated[Path, typer.Option(help="Folder for the corpus.", show_default=False)],
    *,
    packages: Annotated[
        list[Path] | None,
        typer.Option(help="Folder with packages of pip, npm or Debian, instead of this one's."),
    ] = None,
    standard_library: Annotated[
        bool,
        typer.Option("--standard-library", help="Take it as well; with --packages."),
    ] = False,
    megabytes: Annotated[
        int | None, typer.Option(min=1, help="Of source code at most.", show_default="all")
    ] = None,
) -> None:
    """Collect permissively licensed code and prose that `train --corpus` learns from."""
    from assist_server.cli.corpus import CorpusChoice, run_corpus  # noqa: PLC0415

    run_corpus(CorpusChoice(out, tuple(packages or ()), standard_library, megabytes))


@commands.command()
def finetune(  # noqa: PLR0913 - as above
    repo: Annotated[Path, typer.Option(help="Repository to learn from.", show_default=False)],
    out: _Out,
    *,
    model: Annotated[str, typer.Option(help="Model: embedded, a folder, or a hub id.")] = (
        "embedded"
    ),
    time: _Time = None,
    tokens: _Tokens = None,
    resume: _Resume = False,
    seed: _Seed = 0,
    device: Device = None,
) -> None:
    """Train a model further on one's own code."""
    from assist_server.cli.train import run_train  # noqa: PLC0415
    from assist_server.training.loop.schedule import parse_budget  # noqa: PLC0415
    from assist_server.training.options import FinetuneChoice  # noqa: PLC0415

    run_train(
        FinetuneChoice(
            out=out,
            budget=parse_budget(time, tokens),
            is_resumed=resume,
            seed=seed,
            device=device or "auto",
            repo=repo,
            model=model,
        )
    )


@commands.command()
def calibrate(  # noqa: PLR0913 - a command line has as many options as it has
    *,
    out: Annotated[
        Path,
        typer.Option(help="File to write: calibration.json in the model's folder."),
    ],
    repo: Annotated[
        Path | None, typer.Option(help="Code of your own to measure on.", show_default=False)
    ] = None,
    packages: _Installed = None,
    quick: Annotated[bool, typer.Option("--quick", help="Measure little, to try it out.")] = False,
    plot: Annotated[
        Path | None, typer.Option(help="Draw a PNG; needs matplotlib.", show_default=False)
    ] = None,
    model: Model = None,
    device: Device = None,
) -> None:
    """Measure when a model is right, so that unlikely completions are not shown unasked."""
    from assist_server.cli.calibrate import run_calibrate  # noqa: PLC0415

    run_calibrate(flags_of(model, device), out, repo, packages, is_quick=quick, plot=plot)
