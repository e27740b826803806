"""The commands that evaluate, train and calibrate models; modules are imported when chosen."""

from pathlib import Path
from typing import Annotated

import typer

from assist_server.cli.options import Device, Json, Model, flags_of

commands = typer.Typer()

_Installed = Annotated[
    Path | None,
    typer.Option(
        help="Folder made by `pip install --target`, instead of this environment.",
        show_default=False,
    ),
]

_Repo = Annotated[
    Path | None, typer.Option(help="Folder with your own Python code.", show_default=False)
]


@commands.command("eval")
def evaluate(  # noqa: PLR0913 - one parameter for each option
    *,
    repo: _Repo = None,
    packages: _Installed = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Use packages first published in 2025 or later.")
    ] = False,
    infilling: Annotated[
        Path | None,
        typer.Option(help="File with a single-line benchmark, as JSON lines.", show_default=False),
    ] = None,
    corpus: Annotated[
        Path | None,
        typer.Option(help="Training data of the model, to measure memorization."),
    ] = None,
    beside: Annotated[
        list[str] | None, typer.Option(help="Another model to compare with.", show_default=False)
    ] = None,
    places: Annotated[
        int | None, typer.Option(min=1, help="Number of places of each kind.", show_default="100")
    ] = None,
    pieces: Annotated[
        int | None,
        typer.Option(min=1, help="Number of pieces of code to retype.", show_default="20"),
    ] = None,
    lines: Annotated[
        int | None,
        typer.Option(min=1, help="Number of lines of the benchmark.", show_default="all"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Random seed for files and places.")] = 0,
    quick: Annotated[bool, typer.Option("--quick", help="Make a short evaluation.")] = False,
    documentation: Annotated[
        bool, typer.Option("--documentation", help="Evaluate documentation, not completions.")
    ] = False,
    summaries: Annotated[
        bool, typer.Option("--summaries", help="Evaluate summaries, not completions.")
    ] = False,
    model: Model = None,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Evaluate a model on packages that it has not seen or on your own code."""
    from assist_server.cli.eval import What, choose, run_eval  # noqa: PLC0415

    choice = choose(
        places,
        pieces,
        lines,
        seed,
        is_quick=quick,
        has_documentation=documentation,
        has_summaries=summaries,
    )
    run_eval(
        flags_of(model, device),
        What(tuple(beside or ()), repo, packages, fresh, infilling, corpus, choice, as_json),
    )


_Out = Annotated[Path, typer.Option(help="Folder for the model.", show_default=False)]
_Time = Annotated[
    str | None, typer.Option(help="Total training time, such as 90m or 2h.", show_default=False)
]
_Tokens = Annotated[
    str | None,
    typer.Option(
        help="Total number of tokens, such as 20M, instead of --time.", show_default=False
    ),
]
_Resume = Annotated[bool, typer.Option("--resume", help="Continue the training in the folder.")]
_Seed = Annotated[int, typer.Option(help="Random seed for weights, order and examples.")]


@commands.command()
def train(  # noqa: PLR0913 - as above
    out: _Out,
    *,
    size: Annotated[
        str | None, typer.Option(help="Size of a new model: toy, small (the default) or base.")
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option("--from", help="Folder with a model to start from, instead of --size."),
    ] = None,
    vocabulary: Annotated[
        str | None, typer.Option(help="With --from: size to reduce the vocabulary to, such as 24k.")
    ] = None,
    layers: Annotated[
        int | None,
        typer.Option(help="With --from: number of layers to keep, the most important ones."),
    ] = None,
    corpus: Annotated[
        Path | None, typer.Option(help="Folder with a corpus, or for a new one.")
    ] = None,
    packages: Annotated[
        list[Path] | None,
        typer.Option(help="Folder with packages to learn from, instead of this environment."),
    ] = None,
    standard_library: Annotated[
        bool,
        typer.Option("--standard-library", help="With --packages: include the standard library."),
    ] = False,
    answers: Annotated[
        Path | None, typer.Option(help="File from `answers`, so that the model can still chat.")
    ] = None,
    time: _Time = None,
    tokens: _Tokens = None,
    resume: _Resume = False,
    seed: _Seed = 0,
    device: Device = None,
) -> None:
    """Train a small model on permissively licensed code on this machine."""
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
    out: Annotated[
        Path,
        typer.Option(
            help="File for the answers; an existing one is continued.", show_default=False
        ),
    ],
    *,
    model: Annotated[
        str | None,
        typer.Option(
            help="Model with a chat format: a folder, a GGUF file, or a hub id; without it, "
            "descriptions and documentation in the corpus are the answers."
        ),
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="Number of answers to keep.")] = 1000,
    seed: Annotated[int, typer.Option(help="Random seed for texts and requests.")] = 0,
    device: Device = None,
) -> None:
    """Collect answers to requests about a corpus, for `train --answers`."""
    from assist_server.cli.answers import AnswersChoice, run_answers  # noqa: PLC0415

    flags = None if model is None else flags_of(model, device)
    run_answers(flags, AnswersChoice(corpus, out, count, seed))


@commands.command()
def corpus(
    out: Annotated[Path, typer.Option(help="Folder for the corpus.", show_default=False)],
    *,
    packages: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder with packages of pip, npm or Debian, instead of this environment."
        ),
    ] = None,
    standard_library: Annotated[
        bool,
        typer.Option("--standard-library", help="With --packages: include the standard library."),
    ] = False,
    megabytes: Annotated[
        int | None, typer.Option(min=1, help="Maximum amount of source code.", show_default="all")
    ] = None,
) -> None:
    """Collect permissively licensed code and prose for `train --corpus`."""
    from assist_server.cli.corpus import CorpusChoice, run_corpus  # noqa: PLC0415

    run_corpus(CorpusChoice(out, tuple(packages or ()), standard_library, megabytes))


@commands.command()
def finetune(  # noqa: PLR0913 - as above
    repo: Annotated[Path, typer.Option(help="Repository to learn from.", show_default=False)],
    out: _Out,
    *,
    model: Annotated[
        str, typer.Option(help="Model: embedded, a folder, a GGUF file, or a hub id.")
    ] = ("embedded"),
    time: _Time = None,
    tokens: _Tokens = None,
    resume: _Resume = False,
    seed: _Seed = 0,
    device: Device = None,
) -> None:
    """Train a model further on your own code."""
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
def calibrate(  # noqa: PLR0913 - one parameter for each option
    *,
    out: Annotated[
        Path,
        typer.Option(
            help="File to write; name it calibration.json in the model's folder to use it."
        ),
    ],
    repo: _Repo = None,
    packages: _Installed = None,
    quick: Annotated[bool, typer.Option("--quick", help="Make a short measurement.")] = False,
    plot: Annotated[
        Path | None, typer.Option(help="Draw a PNG; needs matplotlib.", show_default=False)
    ] = None,
    model: Model = None,
    device: Device = None,
) -> None:
    """Measure how likely a model's completions are to be right, to hide those probably wrong."""
    from assist_server.cli.calibrate import run_calibrate  # noqa: PLC0415

    run_calibrate(flags_of(model, device), out, repo, packages, is_quick=quick, plot=plot)
