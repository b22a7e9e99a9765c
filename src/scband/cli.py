"""The command line: `scband live`, `render`, `doctor` and what helps beside them."""

from __future__ import annotations

import gc
import json
import logging
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from scband.errors import ScbandError

app = typer.Typer(
    name="scband",
    help="A band in SuperCollider that anyone can conduct from Python.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

ChartArgument = Annotated[Path, typer.Argument(help="A chart: a text file of bars and chords.")]
StyleOption = Annotated[str | None, typer.Option(help="Style, in place of the chart's own.")]
TempoOption = Annotated[
    float | None, typer.Option(help="Quarter notes a minute, in place of the chart's own.")
]
PlayersOption = Annotated[
    str | None, typer.Option(help="Who plays, for example drums,bass,keys,guitar,lead,pad.")
]
SeedOption = Annotated[int | None, typer.Option(help="Seed of every musical choice.")]
IntensityOption = Annotated[float | None, typer.Option(help="How hard the band plays, 0 to 1.")]

CountInOption = Annotated[
    str | None, typer.Option(help="Who counts in: band, player, performance or none.")
]
FollowOption = Annotated[
    str | None, typer.Option(help="Follow the input's tempo: click (not at all), adaptive, free.")
]
StrengthOption = Annotated[
    float | None, typer.Option(help="How closely, 0 to 1: what is taken back within a beat.")
]


def _say(text: str) -> None:
    typer.echo(text)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run the command line; an error of scband's is one sentence and exit status 1."""
    # a terminal that closes and a polite kill end the band as Ctrl-C does, and Ctrl-C does it also
    # below a shell that ignores it
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
        *((signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ()),
    ):
        signal.signal(number, _interrupt)
    try:
        status = app(standalone_mode=False)
    except ScbandError as error:
        typer.echo(f"scband: {error}", err=True)
        sys.exit(1)
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("stopped", err=True)
        sys.exit(130)
    except Exception as error:
        # click's usage errors, which carry their own exit status and way of showing
        show: Callable[[], None] | None = getattr(error, "show", None)
        if show is None:
            raise
        show()
        sys.exit(getattr(error, "exit_code", 2))
    sys.exit(status if isinstance(status, int) else 0)


@app.command()
def live(
    chart: ChartArgument,
    input: Annotated[  # noqa: A002  # the word a musician uses
        Path | None, typer.Option(help="Audio file that plays in the performer's place.")
    ] = None,
    record: Annotated[
        Path | None, typer.Option(help="Write the mix to this .wav or .flac, a log beside it.")
    ] = None,
    stems: Annotated[bool, typer.Option(help="Record every player to a file, too.")] = False,
    log: Annotated[
        Path | None, typer.Option(help="Write what is heard and decided to this .jsonl.")
    ] = None,
    duration: Annotated[float | None, typer.Option(help="Stop after so many seconds.")] = None,
    choruses: Annotated[int, typer.Option(help="Times through the form; 0 goes round.")] = 0,
    tempo: TempoOption = None,
    style: StyleOption = None,
    players: PlayersOption = None,
    seed: SeedOption = None,
    intensity: IntensityOption = None,
    temperature: Annotated[
        float | None, typer.Option(help="How far the players stray, 0 to 2.")
    ] = None,
    monitor: Annotated[float, typer.Option(help="How loud the input is heard, 0 to 1.")] = 0.0,
    link: Annotated[bool, typer.Option(help="Share tempo and beat by Ableton Link.")] = False,
    midi_in: Annotated[
        str | None, typer.Option(help="MIDI inputs: all, none, virtual, or parts of names.")
    ] = None,
    midi_out: Annotated[str | None, typer.Option(help="MIDI outputs, named likewise.")] = None,
    midi_api: Annotated[
        str | None, typer.Option(help="Where MIDI ports are: system, jack or both.")
    ] = None,
    midi_clock: Annotated[str | None, typer.Option(help="off, in, out or both.")] = None,
    midi_map: Annotated[
        str | None, typer.Option(help="A .toml that says what controllers do.")
    ] = None,
    audio: Annotated[str | None, typer.Option(help="auto, running, card or dummy.")] = None,
    device: Annotated[str | None, typer.Option(help="Sound card, for example hw:USB.")] = None,
    period: Annotated[int | None, typer.Option(help="Samples in the card's buffer.")] = None,
    sample_rate: Annotated[int | None, typer.Option(help="Hertz; 0 takes what there is.")] = None,
    latency: Annotated[float | None, typer.Option(help="Seconds that notes go ahead.")] = None,
    count_in: CountInOption = None,
    no_count_in: Annotated[bool, typer.Option("--no-count-in", help="Begin at once.")] = False,
    follow: FollowOption = None,
    strength: StrengthOption = None,
    dynamics: Annotated[
        bool | None, typer.Option(help="Be as loud as the performer; so when it follows.")
    ] = None,
    by_ear: Annotated[
        bool, typer.Option("--by-ear", help="Take the chords from what you play, as by pedal.")
    ] = False,
    serve: Annotated[
        bool | None, typer.Option("--serve/--no-serve", help="Serve plugins and the live page.")
    ] = None,
) -> None:
    """Play a chart live through supernova, with the input being heard on the server."""
    from scband.api.serve import beside  # noqa: PLC0415
    from scband.api.sound import band_of, sound_of  # noqa: PLC0415
    from scband.live.display import play_through  # noqa: PLC0415  # sound only when it is wanted
    from scband.live.session import Session  # noqa: PLC0415
    from scband.settings import Settings  # noqa: PLC0415

    settings = Settings.load(
        audio=audio,
        device=device,
        period=period,
        sample_rate=sample_rate,
        latency=latency,
        players=players,
        seed=seed,
        intensity=intensity,
        temperature=temperature,
        count_in="none" if no_count_in else count_in,
        follow=follow,
        strength=strength,
        midi_in=midi_in,
        midi_out=midi_out,
        midi_api=midi_api,
        midi_clock=midi_clock,
        midi_map=midi_map,
        serve=serve,
    )
    unheard = not _has_card(settings.audio)
    if record is None and log is None and unheard:
        record = Path("sessions") / time.strftime("%Y%m%d-%H%M%S.wav")
    session = Session(
        chart,
        style=style,
        tempo=tempo,
        choruses=choruses,
        input=input,
        monitor=monitor,
        record=record,
        stems=stems,
        log=log,
        link=link,
        dynamics=dynamics,
        by_ear=by_ear,
        settings=settings,
        on_event=lambda event: typer.echo(f"{event.kind}: {event.text}", err=True),
    )
    if unheard:
        _say("no sound card: playing on JACK's dummy device")
    if record is not None:
        _say(f"recording to {record}")
    with beside(settings, _say, sound_of(session), band_of(session)):
        play_through(session, duration)
    if record is not None:
        _say(f"recorded {record}, log {record.with_suffix('.jsonl')}")
    _say(f"xruns {session.engine.jack.xruns}, late {session.late}")


def _has_card(audio: str) -> bool:
    from scband.supercollider.jack import look_for_server, sound_cards  # noqa: PLC0415

    if audio == "dummy":
        return False
    return bool(sound_cards()) or look_for_server() is not None


@app.command()
def rehearse(
    chart: ChartArgument,
    input: Annotated[Path, typer.Option(help="A recording: the performer.")],  # noqa: A002
    truth: Annotated[Path, typer.Option(help="Its beats: a line each, time and beat in the bar.")],
    follow: FollowOption = "adaptive",
    strength: StrengthOption = None,
    count_in: CountInOption = "player",
    style: StyleOption = None,
    players: PlayersOption = None,
    record: Annotated[Path | None, typer.Option(help="Write the mix here, a log beside.")] = None,
    stems: Annotated[bool, typer.Option(help="Record every player to a file, too.")] = False,
    monitor: Annotated[float, typer.Option(help="How loud the input is in the mix.")] = 0.0,
    audio: Annotated[str | None, typer.Option(help="auto, running, card or dummy.")] = None,
    period: Annotated[int | None, typer.Option(help="Samples in the card's buffer.")] = None,
    chords: Annotated[
        Path | None, typer.Option(help="Its chords (.lab): the band takes them by ear.")
    ] = None,
    log: Annotated[
        Path | None, typer.Option(help="Write all that was heard and decided here (.jsonl).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Draw it all into this .png.")] = None,
) -> None:
    """Let the band follow a recording whose beats are known; say how together they were."""
    from scband.live.rehearsal import rehearse as play  # noqa: PLC0415
    from scband.live.rehearsal_report import draw, lines  # noqa: PLC0415
    from scband.settings import Settings  # noqa: PLC0415

    done = play(
        chart,
        input,
        truth,
        follow=follow or "adaptive",
        strength=strength,
        count_in=count_in or "player",
        style=_style_named(style),
        record=record,
        stems=stems,
        monitor=monitor,
        chords=chords,
        log=log,
        settings=Settings.load(audio=audio, period=period, players=players),
    )
    if plot is not None:
        draw(done, plot)
    _say(json.dumps(done.as_dict()) if as_json else "\n".join(lines(done)))


@app.command()
def render(
    chart: ChartArgument,
    output: Annotated[Path, typer.Argument(help="The .wav or .flac to write.")],
    stems: Annotated[bool, typer.Option(help="Write every player to a file, too.")] = False,
    choruses: Annotated[int, typer.Option(help="Times through the form.")] = 1,
    tempo: TempoOption = None,
    style: StyleOption = None,
    players: PlayersOption = None,
    seed: int = 0,
    intensity: float = 0.5,
    temperature: Annotated[
        float, typer.Option(help="How freely: 0 the most likely, 1 usual, 2 wild.")
    ] = 1.0,
) -> None:
    """Render a chart to a file faster than real time, without a sound card."""
    from scband.song import DEFAULT_PLAYERS  # noqa: PLC0415
    from scband.song import chart as make_song  # noqa: PLC0415

    names = tuple(players.split(",")) if players else DEFAULT_PLAYERS
    style = _style_named(style)
    song = make_song(
        chart,
        style=style,
        tempo=tempo,
        players=names,
        seed=seed,
        intensity=intensity,
        temperature=temperature,
    )
    begun = time.monotonic()
    made = song.render(output, stems=stems, choruses=choruses)
    _say(f"{made.mix}: {made.seconds:.1f} s of music in {time.monotonic() - begun:.1f} s")
    for path in made.stems.values():
        _say(f"  {path}")


@app.command()
def midi(
    chart: ChartArgument,
    output: Annotated[Path, typer.Option("--output", "-o", help="The .mid to write.")],
    choruses: Annotated[int, typer.Option(help="Times through the form.")] = 1,
    tempo: TempoOption = None,
    style: StyleOption = None,
    players: PlayersOption = None,
    seed: Annotated[int, typer.Option(help="Seed of every musical choice.")] = 0,
    intensity: Annotated[float, typer.Option(help="How hard the band plays, 0 to 1.")] = 0.5,
    temperature: Annotated[
        float, typer.Option(help="How freely: 0 the most likely, 1 usual, 2 wild.")
    ] = 1.0,
    count_in: Annotated[bool, typer.Option(help="Count one bar in.")] = False,
) -> None:
    """Write what the band plays of a chart as a MIDI file, a track a player."""
    from scband.song import DEFAULT_PLAYERS  # noqa: PLC0415
    from scband.song import chart as make_song  # noqa: PLC0415

    song = make_song(
        chart,
        style=_style_named(style),
        tempo=tempo,
        players=tuple(players.split(",")) if players else DEFAULT_PLAYERS,
        seed=seed,
        intensity=intensity,
        temperature=temperature,
    )
    _say(str(song.to_midi(output, choruses=choruses, count_in=count_in)))


@app.command()
def convert(
    chart: Annotated[Path, typer.Argument(help="A chart or a playlist in any format.")],
    output: Annotated[
        Path | None,
        typer.Argument(help="File to write, by its ending; for a playlist a folder. None prints."),
    ] = None,
    to: Annotated[str, typer.Option(help="Ending of the files made of a playlist.")] = ".txt",
    transpose: Annotated[str | None, typer.Option(help="Interval, for example m3 or -M2.")] = None,
) -> None:
    """Turn a chart into another format: text, JSON, ChordPro, iReal, MusicXML, MIDI, lab."""
    from scband.chart import read_all, write, write_text  # noqa: PLC0415

    playlist = read_all(chart)
    songs = [song.transposed(transpose) if transpose else song for song in playlist.songs]
    if output is None:
        _say("\n".join(write_text(song) for song in songs))
    elif len(songs) == 1 and not output.is_dir():
        write(songs[0], output)
        _say(str(output))
    else:
        output.mkdir(parents=True, exist_ok=True)
        for number, song in enumerate(songs, 1):
            name = "".join(c if c.isalnum() else "-" for c in song.title.lower()).strip("-")
            write(song, output / f"{number:04d}-{name or 'song'}{to}")
        _say(f"{len(songs)} charts in {output}")
    for problem in playlist.problems:
        typer.echo(f"not read: {problem}", err=True)


@app.command()
def analyze(
    files: Annotated[list[Path], typer.Argument(help="Recordings: WAV, FLAC, Ogg, MP3, AIFF.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, an object a line.")] = False,
    lab: Annotated[bool, typer.Option("--lab", help="Print timed chords.")] = False,
    chart: Annotated[bool, typer.Option("--chart", help="Print a chart that plays.")] = False,
    plot: Annotated[bool, typer.Option("--plot", help="Draw FILE.png beside each file.")] = False,
    cache: Annotated[bool, typer.Option(help="Keep and use what was heard before.")] = True,
) -> None:
    """Hear beats, meter, tempo, key, chords and sections in recordings."""
    from scband.analysis.report import Form, report  # noqa: PLC0415  # heavy

    if as_json + lab + chart > 1:
        raise typer.BadParameter("choose one of --json, --lab and --chart")
    form = Form.JSON if as_json else Form.LAB if lab else Form.CHART if chart else Form.TEXT
    if report(files, form, plot=plot, cache=cache, say=_say):
        raise typer.Exit(1)


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    quick: Annotated[bool, typer.Option(help="Only look; boot and measure nothing.")] = False,
) -> None:
    """Say what is installed, what is missing, and how each figure looks on this machine."""
    from scband.live.doctor import examine  # noqa: PLC0415

    findings = examine(measure=not quick)
    if as_json:
        _say(json.dumps([f.as_dict() for f in findings], indent=2, ensure_ascii=False))
    else:
        for finding in findings:
            _say(finding.line())
    if any(finding.state == "missing" for finding in findings):
        raise typer.Exit(1)


@app.command()
def midi_ports() -> None:
    """List the MIDI ports that `--midi-in` and `--midi-out` can name."""
    from scband.live.midi.ports import Door  # noqa: PLC0415
    from scband.live.midi.survey import look  # noqa: PLC0415
    from scband.settings import Settings  # noqa: PLC0415
    from scband.supercollider.jack import look_for_server  # noqa: PLC0415

    running = look_for_server(Settings.load().jack_name or "default")
    doors = [(Door.SYSTEM, "")] + ([(Door.JACK, running.name)] if running else [])
    for door, jack in doors:
        for line in look(door, jack).lines():
            _say(f"{door:<8}{line}")


@app.command()
def server() -> None:
    """Boot JACK and supernova with the band's settings, say how to do so by hand, and wait."""
    from scband.live.options import engine_options  # noqa: PLC0415
    from scband.settings import Settings  # noqa: PLC0415
    from scband.supercollider.engine import Engine  # noqa: PLC0415

    with Engine(engine_options(Settings.load())) as engine:
        if engine.jack.process is not None:
            _say(" ".join(engine.jack.process.argv))
        _say(engine.server.command())
        _say(f"supernova listens on UDP port {engine.server.port}; Ctrl-C ends it")
        while True:
            time.sleep(0.5)


@app.command("serve")
def serve_alone(
    host: Annotated[str | None, typer.Option(help="Name or address to listen on.")] = None,
    plugin_port: Annotated[int | None, typer.Option(help="TCP port of the plugin API.")] = None,
    engine_port: Annotated[int | None, typer.Option(help="TCP port of the engine API.")] = None,
    page_port: Annotated[int | None, typer.Option(help="TCP port of the live page.")] = None,
    sync_port: Annotated[int | None, typer.Option(help="One more port; 0 is none.")] = None,
    monitor_folder: Annotated[
        str | None, typer.Option(help="Folder that plugins watch for MIDI files.")
    ] = None,
    state_folder: Annotated[str | None, typer.Option(help="Folder of the service's key.")] = None,
    others: Annotated[
        list[str] | None, typer.Option("--set", help="Any other setting: --set name=value.")
    ] = None,
) -> None:
    """Serve plugins, workstations and the page until Ctrl-C, with or without SuperCollider."""
    from scband.api.serve import Service  # noqa: PLC0415
    from scband.settings import Settings, assigned  # noqa: PLC0415

    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    named = {
        "host": host,
        "plugin_port": plugin_port,
        "engine_port": engine_port,
        "page_port": page_port,
        "sync_port": sync_port,
        "monitor_folder": monitor_folder,
        "state_folder": state_folder,
    }
    given = {name: value for name, value in named.items() if value is not None}
    settings = Settings.load(**{**assigned(others or ()), **given})
    try:
        with Service(settings) as service:
            gc.freeze()  # what is loaded stays: no pauses to look through it, and a quick end
            for name, url in service.urls().items():
                _say(f"{name:<8} {url}")
            _say(f"API      {service.urls()['plugin']}/docs\nCtrl-C ends it")
            service.wait()
    except KeyboardInterrupt:  # the usual end, and no failure for who supervises it
        _say("stopped")


@app.command()
def token(
    plugin_id: Annotated[str, typer.Argument(help="Who shall bear it.")],
    operator: Annotated[
        bool, typer.Option(help="One that may see and steer every plugin.")
    ] = False,
    hours: Annotated[float | None, typer.Option(help="How long it is good for.")] = None,
    state_folder: Annotated[str | None, typer.Option(help="Folder of the service's key.")] = None,
) -> None:
    """Print a bearer token for scripts; the service need not run."""
    from scband.api.keyring import Role, keyring_of  # noqa: PLC0415
    from scband.settings import Settings  # noqa: PLC0415

    settings = Settings.load(token_hours=hours, state_folder=state_folder)
    _say(keyring_of(settings).issue(plugin_id, Role.OPERATOR if operator else Role.PLUGIN))


@app.command()
def styles(
    play: Annotated[str | None, typer.Option(help="Play a short phrase in this style.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write it to a .wav, .flac or .mid.")
    ] = None,
    players: PlayersOption = None,
    seed: Annotated[int, typer.Option(help="Seed of every musical choice.")] = 0,
    intensity: Annotated[float, typer.Option(help="How hard the band plays, 0 to 1.")] = 0.6,
) -> None:
    """List the styles, or let one be heard."""
    from scband.agents import load, names  # noqa: PLC0415

    folders = _style_folders()
    if play is None:
        for name in names(folders):
            _say(f"{name:<16} {load(name, folders).description}")
        return
    from scband.song import audition  # noqa: PLC0415

    song = audition(_style_named(play) or play).with_(seed=seed, intensity=intensity)
    if players:
        song = song.with_(players=tuple(players.split(",")))
    if output is None:
        song.play()
    elif output.suffix.lower() in (".mid", ".midi"):
        _say(str(song.to_midi(output)))
    else:
        _say(str(song.render(output).mix))


def _style_folders() -> list[Path]:
    from scband.settings import Settings  # noqa: PLC0415

    folder = Settings.load().styles
    return [Path(folder)] if folder else []


def _style_named(name: str | None) -> str | None:
    """Return the path of a style in the user's own folder, or the name as it is."""
    wanted = (name or "").strip().lower().replace(" ", "_").replace("-", "_")
    own = [folder / f"{wanted}.toml" for folder in _style_folders()]
    return next((str(path) for path in own if wanted and path.is_file()), name)


@app.command()
def vocabulary() -> None:
    """Print every pattern-control message between Python and sclang."""
    from scband.supercollider.vocabulary import table  # noqa: PLC0415

    _say(table())


@app.command()
def settings() -> None:
    """Print every setting with its default and range."""
    from scband.settings import config_file, table  # noqa: PLC0415

    _say(f"file: {config_file()}\n")
    _say(table())


def _version(value: bool) -> None:
    if value:
        from scband import __version__  # noqa: PLC0415

        _say(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> Any:
    """Play, render and look after the band."""


if __name__ == "__main__":
    main()
