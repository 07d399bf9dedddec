"""How is a comparison with the provider's call log shown? A bar while it runs, then the balance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from adapter.cli.terminal import say
from adapter.reconcile.run import LAG, Progress, Report

NAMED = 20


@contextmanager
def progress_bar(
    console: Console, *, is_shown: bool = True
) -> Iterator[Callable[[Progress], None]]:
    """Show a bar of the days that are compared, on a terminal only. Yield the function that moves it."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("days"),
        TimeRemainingColumn(),
    )
    is_off = not (console.is_terminal and is_shown)
    with Bar(*columns, console=console, disable=is_off, transient=True) as bar:
        task = bar.add_task("reading Twilio's list", total=None)

        def watch(progress: Progress) -> None:
            account = f"{progress.account[:2]}..{progress.account[-4:]}"
            bar.update(
                task,
                description=f"{account} {progress.day}",
                completed=progress.done,
                total=progress.total,
            )

        yield watch


def print_report(console: Console, report: Report, *, dry_run: bool) -> None:
    """Print the balance, what was done, and the next step."""
    would = "would be" if dry_run else "were"
    minutes = int(LAG.total_seconds() // 60)
    say(console, report.balance())
    for count, what in (
        (len(report.taken_in), "call(s) that no hook told of {} taken in"),
        (report.completed, "call(s) {} completed"),
        (report.attached, "call(s) {} given a recording that was missing"),
        (report.left_alone, f"call(s) still go on or ended less than {minutes} minutes ago"),
    ):
        if count:
            say(console, f"{count} {what.format(would)}", head="  ")
    if dry_run and report.taken_in:
        more = ", ..." if len(report.taken_in) > NAMED else ""
        say(console, f"missing: {', '.join(report.taken_in[:NAMED])}{more}", head="  ")
    for account, error in report.problems.items():
        say(console, f"{account} was not compared to the end: {error}", head="  ")
    if dry_run:
        say(console, "Nothing was changed. Next: the same without --dry-run.")
    elif report.problems:
        say(console, "Next: the same command again; it goes on where it was.")
    else:
        say(console, "Next: adapter calls")
