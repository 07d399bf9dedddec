"""Who answers the questions of `adapter setup`: somebody at a terminal, or nobody?"""

from __future__ import annotations

from collections.abc import Sequence

import click

from adapter.cli import common
from adapter.cli.setup.keys import Key
from adapter.cli.setup.pick import STOP, Option, pick
from adapter.cli.terminal import say
from adapter.domain.lines import UnknownCaller
from adapter.operations.set_up.answers import Missing, NoLine
from adapter.operations.set_up.lines import offered, title
from adapter.providers.base import OwnNumber
from adapter.targets.catalogue import Choice, Integration, Place, Question
from adapter.text.plain import plain

_POLICIES = {
    UnknownCaller.HOLD: "hold: the call waits for a person to decide",
    UnknownCaller.CREATE_LEAD: "create_lead: the caller becomes a new lead",
    UnknownCaller.IGNORE: "ignore: the call is not written",
}


class Unattended:
    """Nobody. What is missing or wrong is kept in `missing`. accepts_proposals: they are answers."""

    def __init__(self, *, accepts_proposals: bool) -> None:
        self._accepts_proposals = accepts_proposals
        self.missing: list[Missing] = []

    def key(self, key: Key, usual: str | None) -> str | None:
        if key.is_needed:
            self.missing.append(Missing(f"the {key.what}", key.setting))
        return None

    def refused(self, key: Key, problem: str) -> bool:
        self.missing.append(Missing(f"the {key.what}", key.setting, problem=problem))
        return False

    def well(self, words: str) -> None:
        common.say(words)

    def integrations(self, usable: Sequence[Integration]) -> Sequence[Integration]:
        return usable

    def place(
        self, number: OwnNumber, places: Sequence[Place], proposal: Place | None
    ) -> Place | NoLine | None:
        return proposal if self._accepts_proposals else None

    def unknown_caller(self) -> UnknownCaller:
        return UnknownCaller.HOLD

    def answer(self, number: OwnNumber, question: Question, usual: Choice | None) -> Choice | None:
        if not question.is_needed:
            return None
        if self._accepts_proposals and question.proposal:
            return question.proposal
        if question.choices or question.is_free:
            why = f"{title(number)}: {question.what}. {question.why}"
            self.missing.append(Missing(why, question.key, offered(question), number.number))
        return None

    def lacks(self, missing: Missing) -> None:
        self.missing.append(missing)

    def confirm(self, question: str) -> bool:
        return False


class Terminal(Unattended):
    """Somebody at a terminal. What a flag says wrong is kept in `missing`, and not asked."""

    _has_enough = False

    def key(self, key: Key, usual: str | None) -> str | None:
        words = f"{key.what[0].upper()}{key.what[1:]} ({key.where})"
        if key.is_secret:
            words += "; it is not shown"
        answer: str = click.prompt(
            words,
            default=usual or "",
            show_default=bool(usual),
            hide_input=key.is_secret,
            prompt_suffix=": ",
        )
        while key.is_needed and not answer.strip():
            answer = click.prompt(words, default="", show_default=False, hide_input=key.is_secret)
        return answer.strip() or None

    def refused(self, key: Key, problem: str) -> bool:
        common.say(f"That is no good: {plain(problem)}")
        return True

    def integrations(self, usable: Sequence[Integration]) -> Sequence[Integration]:
        common.say("\nPropexo's integrations:")
        for at, each in enumerate(usable, 1):
            say(common.console, f"{each.name}, {each.system}", head=f"  {at}  ")
        while True:
            text: str = click.prompt(
                "Which of them have lines? Like 1,3; Enter: all", default="", show_default=False
            )
            if not text.strip():
                return usable
            chosen = {part.strip() for part in text.split(",") if part.strip()}
            known = {str(at): each for at, each in enumerate(usable, 1)}
            if chosen <= known.keys():
                return [known[at] for at in known if at in chosen]
            common.say(f"Give numbers from 1 to {len(usable)}, with a comma between.")

    def place(
        self, number: OwnNumber, places: Sequence[Place], proposal: Place | None
    ) -> Place | NoLine | None:
        if proposal is not None and self._accepts_proposals:
            return proposal
        if self._has_enough:
            return None
        if proposal is not None:
            places = [proposal, *(place for place in places if place is not proposal)]
        common.say(f"\n{title(number)}")
        options = [Option(place.label, (place.id, place.name)) for place in places]
        if proposal is not None:
            options[0] = Option(f"{options[0].label}  (the names are alike)", options[0].texts)
        chosen = pick(
            "Which property is it?",
            options,
            has_default=proposal is not None,
            none="no line",
            stop="no more numbers now",
        )
        self._has_enough = chosen == STOP
        if chosen == STOP:
            return None
        return places[chosen] if isinstance(chosen, int) else NoLine()

    def unknown_caller(self) -> UnknownCaller:
        common.say("\nWhat becomes of a call whose caller Propexo does not know?")
        policies = list(_POLICIES)
        options = [Option(_POLICIES[each], (each.value,)) for each in policies]
        chosen = pick("Which?", options, has_default=True)
        return policies[chosen if isinstance(chosen, int) else 0]

    def answer(self, number: OwnNumber, question: Question, usual: Choice | None) -> Choice | None:
        if usual is not None and question.key in ("event_type_id", "lead_source_id"):
            return usual
        default = usual or question.proposal
        if default is not None and default is question.proposal and self._accepts_proposals:
            return default
        if not question.choices and not question.is_free:
            say(
                common.console,
                f"{title(number)}: {question.why}, and none is listed there: the {question.what} is left open.",
            )
            return None
        common.say(f"\n{title(number)}: {question.what}. {question.why}.")
        choices = list(question.choices)
        if default is not None:
            choices = [default, *(each for each in choices if each != default)]
        options = [
            Option(_choice_label(each), (each.value, each.name, *each.ids)) for each in choices
        ]
        none = "leave it open" if question.is_needed else "none"
        picked = pick(
            "Which?",
            options,
            has_default=default is not None,
            none=none,
            is_free=question.is_free,
        )
        if isinstance(picked, str):
            return question.choice(picked)
        return None if picked is None else choices[picked]

    def confirm(self, question: str) -> bool:
        return click.confirm(question, default=True)


def _choice_label(choice: Choice) -> str:
    return (
        f"{choice.name or choice.value} ({choice.remark})"
        if choice.remark
        else choice.name or choice.value
    )
