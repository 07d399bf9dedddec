"""Which lines come of these numbers, properties and answers?

Nothing is guessed: a number gets a property, and a line an id, only by an answer. A proposal is taken only
where somebody says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from adapter.config.lines_file import read_lines
from adapter.config.lines_text import LineText, no_lines_in, with_lines
from adapter.domain.likeness import clear_match, most_alike
from adapter.domain.lines import Lines, UnknownCaller
from adapter.domain.phone import e164, pretty
from adapter.operations.set_up.answers import Asker, Given, Missing, NoLine
from adapter.providers.base import OwnNumber
from adapter.targets.catalogue import Catalogue, Choice, Integration, Place, Question


@dataclass(frozen=True)
class LinesNow:
    """lines.toml as it is. defaults: what a line has by the settings, under the keys of a line."""

    text: str
    defaults: Mapping[str, str | None]


@dataclass
class NewLine:
    """A line that is to be added. keys, open_keys: as of LineText. lacks: the open keys that are needed."""

    number: OwnNumber
    place: Place
    integration: Integration
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)
    open_keys: dict[str, str] = field(default_factory=dict)
    lacks: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Return what people call the line: its name at the provider, if that is no number."""
        name = self.number.name
        return name if any(sign.isalpha() for sign in name) else self.place.name

    @property
    def text(self) -> LineText:
        """Return it as it stands in lines.toml."""
        place = ", ".join(filter(None, [self.place.name, self.place.address]))
        about = f"{self.integration.name}, {self.integration.system}"
        first = {
            "name": (self.name, ""),
            "integration_id": (self.integration.id, about),
            "property_id": (self.place.id, place),
        }
        return LineText(
            number=self.number.number,
            remark="",
            keys={**first, **self.keys},
            open_keys=self.open_keys,
        )


@dataclass(frozen=True)
class Draft:
    """What the questions came to. left: numbers that got no line; no_lines: those said to be none.

    useless: numbers of which no hooks can come. text: lines.toml with all of it.
    """

    lines: Sequence[NewLine]
    left: Sequence[OwnNumber]
    no_lines: Sequence[OwnNumber]
    useless: Sequence[OwnNumber]
    text: str


@dataclass
class _Found:
    lines: list[NewLine] = field(default_factory=list)
    left: list[OwnNumber] = field(default_factory=list)
    no_lines: list[OwnNumber] = field(default_factory=list)
    useless: list[OwnNumber] = field(default_factory=list)


@dataclass(frozen=True)
class LineSetUp:
    """Asks about the numbers that are new. catalogue: of the target. Errors of its methods: RemoteError."""

    now: LinesNow
    catalogue: Catalogue
    given: Given
    asker: Asker

    def draft(self, numbers: Sequence[OwnNumber]) -> Draft:
        """Ask all there is to ask, and return what it came to. Raise SettingsError if lines.toml is wrong."""
        known = read_lines(self.now.text or "\n", self.now.defaults)
        numbers = [_as_in_lines(number) for number in numbers]
        self._refuse_unknown_numbers(numbers)
        usable = self._usable()
        places = self._places(usable)
        self._refuse_unknown_places(places, known)
        found = _Found()
        said_before = no_lines_in(self.now.text) - set(self.given.places)
        for number in numbers:
            if not known.is_line(number.number) and number.number not in said_before:
                self._place(number, usable, places, found)
        if not found.lines and not known.by_number and found.left:
            self._lack_lines(found.left, places)
        self._ask(found.lines)
        return Draft(found.lines, found.left, found.no_lines, found.useless, self._text(found))

    # Numbers and properties ---------------------------------------------------------------------

    def _usable(self) -> Sequence[Integration]:
        found = self.catalogue.integrations()
        usable = [each for each in found if each.problem is None]
        ids = [(each.id, f"{each.name}, {each.system}") for each in usable]
        wanted = self.given.integrations
        for id in wanted:
            if id not in {each.id for each in usable}:
                problem = next((each.problem for each in found if each.id == id), None)
                fact = problem or f"there is no integration {id} for this key"
                self.asker.lacks(Missing("the integration", "integration", ids, problem=fact or ""))
        if not usable:
            why = "; ".join(f"{each.name}: {each.problem}" for each in found) or "there is none"
            self.asker.lacks(
                Missing("an integration that takes call events", "integration", problem=why)
            )
            return []
        if wanted:
            return [each for each in usable if each.id in wanted]
        return self.asker.integrations(usable) if len(usable) > 1 else usable

    def _places(self, usable: Sequence[Integration]) -> Sequence[Place]:
        """Return their properties. Where there are several integrations, each says whose it is."""
        if len(usable) == 1:
            return self.catalogue.places(usable[0].id)
        return [
            replace(place, owner=f"{each.name}, {each.system}")
            for each in usable
            for place in self.catalogue.places(each.id)
        ]

    def _refuse_unknown_numbers(self, numbers: Sequence[OwnNumber]) -> None:
        known = {number.number for number in numbers}
        choices = [(number.number, number.name) for number in numbers]
        for number in sorted({*self.given.places, *self.given.no_lines} - known):
            problem = f"{number} is a number of none of the accounts"
            self.asker.lacks(Missing("the number", "line", choices, problem=problem))

    def _refuse_unknown_places(self, places: Sequence[Place], known: Lines) -> None:
        ids = {place.id for place in places}
        for number, id in self.given.places.items():
            line, problem = known.by_number.get(number), ""
            if line is not None and line.property_id != id:
                there = line.property_id or "none"
                problem = f"lines.toml has {number} with the property {there}: change it there"
            elif id not in ids and places:
                problem = f"there is no property {id}"
            if problem:
                self.asker.lacks(Missing("the property", "line", _listed(places), number, problem))

    def _place(
        self,
        number: OwnNumber,
        usable: Sequence[Integration],
        places: Sequence[Place],
        found: _Found,
    ) -> None:
        """Find out where this number belongs, and note it."""
        given = self.given.places.get(number.number)
        place: Place | NoLine | None
        if given is not None and number.obstacle:
            problem = f"{number.number} cannot be a line: {number.obstacle}"
            self.asker.lacks(Missing("the number", "line", problem=problem))
            place = None
        elif given is not None:
            place = next((each for each in places if each.id == given), None)
        elif number.number in self.given.no_lines:
            place = NoLine()
        elif number.obstacle:
            found.useless.append(number)
            return
        else:
            place = self._asked(number, places) if places else None
        if isinstance(place, NoLine):
            found.no_lines.append(number)
        elif place is None:
            found.left.append(number)
        else:
            integration = next(each for each in usable if each.id == place.integration_id)
            found.lines.append(NewLine(number, place, integration))

    def _asked(self, number: OwnNumber, places: Sequence[Place]) -> Place | NoLine | None:
        by_id = {place.id: place for place in places}
        ordered = [by_id[id] for id in most_alike(number.name, {p.id: p.name for p in places})]
        ordered.sort(key=lambda place: not place.is_active)
        return self.asker.place(number, ordered, proposal(number, places))

    def _lack_lines(self, left: Sequence[OwnNumber], places: Sequence[Place]) -> None:
        if not places:
            problem = "none is listed for this key; they come once the system behind it was read"
            self.asker.lacks(Missing("a property", "property", problem=problem))
            return
        numbers = []
        for number in left:
            likely = proposal(number, places)
            words = f"perhaps {likely.id}, {likely.name}" if likely else ""
            named = title(number).removeprefix(pretty(number.number)).strip()
            numbers.append((number.number, "; ".join(filter(None, [named, words]))))
        self.asker.lacks(
            Missing(
                "which number belongs to which property",
                "line",
                _listed(places),
                for_each=numbers,
            )
        )

    def _text(self, found: _Found) -> str:
        if not found.lines and not found.no_lines:
            return self.now.text
        return with_lines(
            self.now.text,
            [line.text for line in found.lines],
            {number.number: number.name for number in found.no_lines},
        )

    # What each line needs -----------------------------------------------------------------------

    def _ask(self, lines: Sequence[NewLine]) -> None:
        if not lines:
            return
        policy = self._policy()
        usual: dict[tuple[str, str], Choice] = {}
        for line in lines:
            if policy is not UnknownCaller.HOLD:
                line.keys["unknown_caller"] = (policy.value, "")
            is_declined = False
            while question := self._next(line, is_declined=is_declined):
                choice = self._answer(
                    line, question, usual.get((line.integration.id, question.key))
                )
                if choice is not None:
                    line.keys[choice.key] = (
                        choice.value,
                        choice.name if choice.name != choice.value else "",
                    )
                    usual[line.integration.id, question.key] = choice
                    continue
                line.open_keys[question.key] = question.why
                if question.is_needed:
                    line.lacks.append(question.key)
                else:
                    is_declined = True

    def _policy(self) -> UnknownCaller:
        """Return what to do with unknown callers. What lines.toml or a flag says is not asked."""
        if self.given.unknown_caller is not None:
            return self.given.unknown_caller
        known = read_lines(self.now.text or "\n", self.now.defaults)
        if known.by_number or known.defaults.unknown_caller is not UnknownCaller.HOLD:
            return UnknownCaller.HOLD
        return self.asker.unknown_caller()

    def _next(self, line: NewLine, *, is_declined: bool) -> Question | None:
        """Return the next question about this line, which may depend on the answers before."""
        text = with_lines(self.now.text, [line.text], {})
        resolved = read_lines(text, self.now.defaults).by_number[line.number.number]
        for question in self.catalogue.questions(resolved):
            is_open = question.key not in line.open_keys and not (
                is_declined and not question.is_needed
            )
            if is_open:
                return question
        return None

    def _answer(self, line: NewLine, question: Question, usual: Choice | None) -> Choice | None:
        number = line.number.number
        given = self.given.answer(question.key, number)
        if given is None:
            return self.asker.answer(line.number, question, _still(usual, question))
        choice = question.choice(given)
        if choice is None:
            problem = f"{given} is none of {line.place.name}"
            self.asker.lacks(
                Missing(question.what, question.key, offered(question), number, problem=problem)
            )
        return choice


def proposal(number: OwnNumber, places: Sequence[Place]) -> Place | None:
    """Return the property whose name clearly means the same as the number's; None if there is none."""
    match = clear_match(number.name, {place.id: place.name for place in places if place.is_active})
    return next((place for place in places if place.id == match), None)


def offered(question: Question) -> Sequence[tuple[str, str]]:
    """Return of each choice its value, and what else tells it from the others."""
    return [
        (
            choice.value,
            ", ".join(
                words for words in (choice.name, choice.remark) if words and words != choice.value
            ),
        )
        for choice in question.choices
    ]


def title(number: OwnNumber) -> str:
    """Return the number and what it is called at the provider, if that is not the number itself."""
    has_name = any(sign.isalpha() for sign in number.name)
    return f"{pretty(number.number)} {number.name}" if has_name else pretty(number.number)


def _as_in_lines(number: OwnNumber) -> OwnNumber:
    """Return the number as lines.toml has it, which knows some countries' numbers in one form only."""
    written = e164(number.number)
    if written is None:
        return replace(number, obstacle="it is no phone number that lines.toml takes")
    return replace(number, number=written)


def _still(usual: Choice | None, question: Question) -> Choice | None:
    """Return the choice of another line if this one may have it too."""
    if usual is None:
        return None
    if question.is_free:
        return usual
    return next(
        (each for each in question.choices if (each.key, each.value) == (usual.key, usual.value)),
        None,
    )


def _listed(places: Sequence[Place]) -> Sequence[tuple[str, str]]:
    return [(place.id, place.label) for place in places if place.is_active]
