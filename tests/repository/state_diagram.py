"""How does docs/architecture.md show the states of a call? Drawn from the table of transitions.

python -m tests.repository.state_diagram writes it into the page.
"""

from __future__ import annotations

from pathlib import Path

from adapter.domain.call import CallState
from adapter.domain.lifecycle import TRANSITIONS, Transition

PAGE = Path(__file__).parents[2] / "docs" / "architecture.md"
BEGINS, ENDS = (
    "<!-- states: written by python -m tests.repository.state_diagram -->\n",
    "<!-- /states -->\n",
)


def draw() -> str:
    """The diagram of what changes the state, and the table of all transitions."""
    rows = [f"| {t.name} | {_from(t)} | {_to(t)} | {t.meaning} |" for t in TRANSITIONS]
    return "\n".join(
        [
            "```mermaid",
            "stateDiagram-v2",
            *(f"    {arrow}" for arrow in _arrows()),
            "```",
            "",
            "| transition | from | to | when |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def written_into(page: str) -> str:
    """The page with the states as the code has them."""
    before, found, rest = page.partition(BEGINS)
    _, ended, after = rest.partition(ENDS)
    if not (found and ended):
        raise SystemExit(f"{PAGE} has no place for the states: {BEGINS.strip()} ... {ENDS.strip()}")
    return f"{before}{BEGINS}\n{draw()}\n{ENDS}{after}"


def _arrows() -> list[str]:
    """Each pair of states once, with the names of all transitions between them."""
    names: dict[tuple[str, str], list[str]] = {}
    for transition in TRANSITIONS:
        if (target := transition.target) is None:
            continue
        sources = [state.value for state in _in_order(transition)] or ["[*]"]
        for source in sources:
            if source != target.value:
                names.setdefault((source, target.value), []).append(transition.name)
    order = ["[*]", *(state.value for state in CallState)]
    pairs = sorted(names, key=lambda pair: (order.index(pair[0]), order.index(pair[1])))
    return [
        f"{source} --> {target}: {', '.join(names[source, target])}" for source, target in pairs
    ]


def _from(transition: Transition) -> str:
    return ", ".join(state.value for state in _in_order(transition)) or "nothing"


def _to(transition: Transition) -> str:
    state = transition.target.value if transition.target else "the same"
    return f"{state}, with a new run" if transition.plans_run else state


def _in_order(transition: Transition) -> list[CallState]:
    return [state for state in CallState if state in transition.sources]


if __name__ == "__main__":
    PAGE.write_text(written_into(PAGE.read_text("utf-8")), "utf-8")
