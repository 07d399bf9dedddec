"""What holds for every page, whatever it shows: roles, tokens, errors, and how many there are at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from flask import Blueprint, Flask, Response, abort

from adapter.config.settings import Settings
from adapter.domain.actor import Actor
from adapter.errors import StoreRefused, StoreUnavailable
from adapter.storage.store import Store
from adapter.web.app import create_app
from adapter.web.pages.entrance import entrance
from adapter.web.pages.shell import render
from adapter.web.sign_in.users import current_user, operators_only, signed_in
from adapter.web.slots import Slots
from tests.support.browser_user import OPERATOR, VIEWER, WITH_PAGES, BrowserUser
from tests.support.environment import ENVIRON
from tests.support.waiting import wait_for


class Sample:
    """A page with every kind of route. hold: keeps its requests back until it is set."""

    def __init__(self) -> None:
        self.hold = threading.Event()
        self.began = 0
        self.decisions: list[Actor] = []

    def routes(self) -> Blueprint:
        routes = Blueprint("sample", __name__)

        @routes.get("/look")
        def look() -> Response:
            return render("error.html", title="Look", detail="", next_step=current_user().name)

        @routes.post("/decide")
        def decide() -> Response:
            self.decisions.append(current_user().actor())
            return Response("done")

        @routes.get("/secret")
        @operators_only
        def secret() -> Response:
            return Response("secret")

        @routes.post("/for-all")
        @signed_in
        def for_all() -> Response:
            return Response("done")

        @routes.get("/fail/<kind>")
        def fail(kind: str) -> Response:
            if kind == "away":
                raise StoreUnavailable("the database did not do it")
            if kind == "refused":
                raise StoreRefused("the database does not take it")
            if kind == "409":
                abort(409, "Kim was first.")
            raise ValueError("hunter2")

        @routes.get("/slow")
        def slow() -> Response:
            self.began += 1
            self.hold.wait(30)
            return Response("at last")

        @routes.get("/stream")
        def stream() -> Response:
            return Response(iter(["a", "b"]))

        return routes


@pytest.fixture
def sample() -> Iterator[Sample]:
    made = Sample()
    yield made
    made.hold.set()


@pytest.fixture
def app(store: Store, sample: Sample) -> Flask:
    settings = Settings.from_environ({**ENVIRON, **WITH_PAGES})
    way_in = entrance(
        settings,
        store,
        lambda: [ENVIRON["SECRET_KEY"]],
        Slots(2),
        default_zone="UTC",
        clock=lambda: datetime.now(UTC),
    )
    pages = [*way_in.pages, sample.routes()]
    return create_app(pages=lambda app: way_in.frame.install(app, pages))


@pytest.fixture
def come(app: Flask, store: Store) -> Callable[[str], BrowserUser]:
    def come(address: str) -> BrowserUser:
        user = BrowserUser(app)
        user.come_by_service(store, address)
        user.get("/look")
        return user

    return come


def test_an_operator_decides_and_a_viewer_may_not(
    come: Callable[[str], BrowserUser], sample: Sample
) -> None:
    operator, viewer = come(OPERATOR), come(VIEWER)
    assert operator.post("/decide").status_code == 200
    answer = viewer.post("/decide")
    assert answer.status_code == 403 and "Ask an operator" in answer.text
    assert viewer.post("/for-all").status_code == 200
    assert (operator.get("/secret").status_code, viewer.get("/secret").status_code) == (200, 403)
    (actor,) = sample.decisions
    assert (actor.name, actor.origin) == (OPERATOR, "203.0.113.5")


def test_no_token_is_400_before_anything_else(
    app: Flask, come: Callable[[str], BrowserUser], sample: Sample
) -> None:
    others = {"csrf_token": come(OPERATOR).token}
    for user in (come(OPERATOR), come(VIEWER), BrowserUser(app)):
        assert user.post_without_token("/decide").status_code == 400
        assert user.post_without_token("/decide", others).status_code == 400
    assert sample.decisions == []


def test_a_stranger_with_a_token_is_still_a_stranger(app: Flask, sample: Sample) -> None:
    user = BrowserUser(app)
    user.get("/login")
    assert user.post("/decide").status_code == 403
    assert sample.decisions == []


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("away", 503, "Wait a moment"),
        ("refused", 503, "Wait a moment"),
        ("409", 409, "Kim was first."),
        ("bug", 500, "Load the page again"),
    ],
)
def test_a_page_that_failed_to_load_says_what_to_do(
    come: Callable[[str], BrowserUser], kind: str, status: int, words: str
) -> None:
    answer = come(OPERATOR).get(f"/fail/{kind}")
    assert answer.status_code == status and words in answer.text
    assert "hunter2" not in answer.text and "database do" not in answer.text
    assert "Content-Security-Policy" in answer.headers


def test_a_third_page_at_a_time_is_refused_at_once(
    app: Flask, come: Callable[[str], BrowserUser], sample: Sample
) -> None:
    users = [come(OPERATOR) for _ in range(3)]
    with ThreadPoolExecutor(2) as pool:
        slow = [pool.submit(user.get, "/slow") for user in users[:2]]
        wait_for("two pages under way", lambda: sample.began == 2)
        answer = users[2].get("/look")
        assert answer.status_code == 503 and answer.headers["Retry-After"]
        assert app.test_client().get("/nowhere").status_code == 404
        sample.hold.set()
        assert [future.result().status_code for future in slow] == [200, 200]
    assert users[2].get("/look").status_code == 200


def test_a_stream_holds_its_slot_until_it_is_sent(
    app: Flask, come: Callable[[str], BrowserUser]
) -> None:
    user = come(OPERATOR)
    cookie = user.client.get_cookie("adapter_session", domain="calls.example.com")
    assert cookie is not None
    headers = {"Cookie": f"adapter_session={cookie.value}"}
    client = app.test_client(use_cookies=False)
    streams = [client.get("/stream", headers=headers) for _ in range(2)]
    assert client.get("/look", headers=headers).status_code == 503
    for stream in streams:
        stream.close()
    assert client.get("/look", headers=headers).status_code == 200
