"""How does a test get a Target of an API of its own, or Propexo's API out of a container?"""

from __future__ import annotations

from typing import Any
from unittest.mock import NonCallableMock

from adapter.bootstrap import Container
from adapter.targets.base import Target, TargetApi
from adapter.targets.propexo.target import PropexoTarget


def target_of(api: TargetApi) -> Target:
    """Return a target that has this API and nothing else."""
    nothing: Any = NonCallableMock(spec_set=())
    return Target(
        name="target",
        label="the target",
        api=api,
        people=nothing,
        line_check=nothing,
        failure_hooks=nothing,
        key_pause="key/none",
        try_key=lambda: None,
    )


def propexo_api(container: Container) -> PropexoTarget:
    """Return the API of the container's target, which is Propexo."""
    api = container.target.api
    assert isinstance(api, PropexoTarget)
    return api
