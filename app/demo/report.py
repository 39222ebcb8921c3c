"""The story on a screen: chapters with a progress bar, promises with a tick or a cross."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.progress import TimeElapsedColumn as Elapsed
from rich.table import Table
from rich.text import Text


@dataclass(frozen=True, slots=True)
class Promise:
    """Something the service promises, whether it held, and what was seen."""

    text: str
    held: bool
    seen: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """``stopped`` says in a sentence why the story could not be told to its end."""

    promises: tuple[Promise, ...]
    stopped: str | None = None

    @property
    def broken(self) -> tuple[Promise, ...]:
        return tuple(promise for promise in self.promises if not promise.held)

    @property
    def held(self) -> bool:
        """Whether the story was told to its end and every promise held."""
        return self.stopped is None and not self.broken

    @property
    def exit_status(self) -> int:
        """For the shell: 0 when every promise held, 1 when one did not, 2 when it stopped."""
        if self.stopped is not None:
            return 2
        return 1 if self.broken else 0


class Report:
    """Writes as the story goes on. Without a terminal the bar is left out, the lines stay."""

    def __init__(self, console: Console, chapters: int) -> None:
        self._console = console
        self._promises: list[Promise] = []
        self._timings: list[tuple[str, str]] = []
        self._stopped: str | None = None
        self._held, self._broken = ("ok", "NO") if console.options.ascii_only else ("✓", "✗")
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            Elapsed(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._bar = self._progress.add_task("", total=chapters)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    @contextmanager
    def chapter(self, title: str) -> Iterator[None]:
        self._progress.update(self._bar, description=title)
        self._console.print(f"\n[bold]{escape(title)}[/bold]")
        yield
        self._progress.advance(self._bar)

    def say(self, text: str) -> None:
        self._line(escape(text), 2)

    def arrived(self, where: str, what: str, lines: Sequence[str]) -> None:
        """Something that came, and what it said; what is too long for a line is cut."""
        self._line(
            f"[bold cyan]{escape(where)}:[/bold cyan] {escape(self._cut(what, len(where) + 4))}", 2
        )
        for line in lines:
            self._line(f"[dim]{escape(self._cut(line, 6))}[/dim]", 6)

    def show(self, table: Table) -> None:
        self._console.print(Padding(table, (1, 0, 1, 1)))

    def time(self, what: str, seen: str) -> None:
        """Something measured, for the summary at the end."""
        self._timings.append((what, seen))

    def promise(self, text: str, held: bool, seen: str) -> None:
        """Say whether a promise held, and remember it for the outcome."""
        promise = Promise(text, held, seen)
        self._promises.append(promise)
        self._line(f"{self._mark(promise)} {escape(text)}", 2)
        self._line(f"[dim]{escape(seen)}[/dim]", 4)

    def stop(self, why: str) -> None:
        self._stopped = why
        self._console.print(f"\n[red]{escape(why)}[/red]", highlight=False)

    def close(self) -> Outcome:
        """Sum up."""
        outcome = Outcome(tuple(self._promises), self._stopped)
        if self._timings:
            self._console.print(Padding(self._summary(), (1, 0, 0, 0)))
        if outcome.broken:
            told = "; ".join(promise.text for promise in outcome.broken)
            self._console.print(f"\n[red]Broken: {escape(told)}.[/red]", highlight=False)
        elif outcome.held:
            count = len(outcome.promises)
            self._console.print(f"\n[green]Every promise held ({count}).[/green]", highlight=False)
        return outcome

    def _cut(self, text: str, used: int) -> str:
        room = self._console.width - used
        return text if len(text) <= room else f"{text[: room - 3]}..."

    def _summary(self) -> Table:
        table = Table(title="Measured from here", title_justify="left", show_header=False)
        for what, seen in self._timings:
            table.add_row(escape(what), escape(seen))
        return table

    def _line(self, markup: str, indent: int) -> None:
        text = Text.from_markup(markup)
        self._console.print(Padding(text, (0, 0, 0, indent), expand=False))

    def _mark(self, promise: Promise) -> str:
        if promise.held:
            return f"[green]{self._held}[/green]"
        return f"[red]{self._broken}[/red]"


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms"
