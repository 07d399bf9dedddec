"""Who is meant by a name, an e-mail address, a number or an id?"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from adapter.domain.lines import Line
from adapter.domain.matching import Person
from adapter.domain.phone import e164
from adapter.errors import AdapterError, PermanentError, RemoteError
from adapter.storage.people_index import PeopleIndex
from adapter.targets.base import Target

MOST = 25
WAIT_SECONDS = 5.0
# So many searches wait for the target at a time. Who comes while they hang is told so at once.
AT_ONCE = 2
LONGEST = 200
# Ids have no blanks, and a digit or an underscore: so no name is taken for one.
_ID = re.compile(r"(?=\S*[\d_])[\w.:-]{3,100}")


@dataclass(frozen=True)
class FoundPeople:
    """people: the matches, at most MOST. problem: why the target gave no answer."""

    people: Sequence[Person]
    problem: str | None = None


class PeopleSearch:
    """Looks in our index, and asks the target where the index cannot know."""

    def __init__(
        self, index: PeopleIndex, target: Target, *, wait_seconds: float = WAIT_SECONDS
    ) -> None:
        self._index = index
        self._target = target
        self._wait_seconds = wait_seconds
        self._places = threading.BoundedSemaphore(AT_ONCE)

    @property
    def target_label(self) -> str:
        """The name of the target as people write it."""
        return self._target.label

    def search(self, text: str, line: Line) -> FoundPeople:
        """Find people of the line's integration.

        A name is looked for in our index. An e-mail address, a number or an id is asked of the target, for a
        few seconds at most. Errors: StoreUnavailable.
        """
        words = " ".join(text.replace("\0", " ").split())[:LONGEST]
        integration_id = line.integration_id
        if not words or integration_id is None:
            return FoundPeople(())
        if "@" in words:
            return self._ask(lambda: self._target.api.people_by_email(words, line), ())
        if (number := e164(words)) is not None:
            known = self._index.find(number, integration_id)
            return self._ask(lambda: self._target.api.find_people(number, line), known)
        named = self._index.named(words, integration_id, limit=MOST)
        if named or not _ID.fullmatch(words):
            return FoundPeople(named)
        return self._ask(lambda: list(self._with_id(words, line)), ())

    def _with_id(self, person_id: str, line: Line) -> Iterator[Person]:
        for kind in line.people:
            try:
                yield self._target.api.person(kind, person_id, line)
            except PermanentError:
                continue  # it is another kind's, or nobody's

    def _ask(
        self, question: Callable[[], Sequence[Person]], known: Sequence[Person]
    ) -> FoundPeople:
        """Ask the target in a thread of its own, so that no page waits longer. known: if it is silent."""
        label = self._target.label
        if not self._places.acquire(blocking=False):
            return FoundPeople(known, f"{label} is still being asked for others; try again")
        future: Future[Sequence[Person]] = Future()

        def work() -> None:
            try:
                future.set_result(question())
            except BaseException as error:  # it is raised where the result is waited for
                future.set_exception(error)
            finally:
                self._places.release()

        threading.Thread(target=work, name="people search", daemon=True).start()
        try:
            return FoundPeople(future.result(self._wait_seconds)[:MOST])
        except TimeoutError:
            return FoundPeople(known, f"{label} did not answer within {self._wait_seconds:.0f} s")
        except RemoteError as error:
            return FoundPeople(known, str(error))
        except AdapterError as error:
            return FoundPeople(known, f"{label} could not be asked: {error}")
