# Every task of a contributor, by name. `just` lists them; CONTRIBUTING.md says when to use which.
# `just` itself comes with the dev extra: pip install -e '.[dev]'.

set shell := ["bash", "-euo", "pipefail", "-c"]

bin := justfile_directory() / ".venv/bin"

# The tests of single modules, of taking hooks in, of the stories, and of the repository itself.
fast := "tests/unit tests/flow/test_intake.py tests/stories/test_stories.py tests/repository"

# List the tasks.
default:
    @{{ just_executable() }} --list --unsorted

# All that is checked without running the code: style, types, import layers, security, spelling.
check:
    {{ bin }}/ruff check .
    {{ bin }}/ruff format --check .
    {{ bin }}/mypy
    {{ bin }}/lint-imports
    {{ bin }}/bandit --quiet --recursive adapter
    {{ bin }}/codespell

# Let ruff mend what it can.
fix:
    {{ bin }}/ruff check --fix .
    {{ bin }}/ruff format .

# The fast tests, on SQLite. Arguments go to pytest: just test -k outcome
test *args:
    {{ bin }}/pytest -m "not postgres and not browser" {{ fast }} {{ args }}

# All tests, with all permutations and processes. What needs PostgreSQL, PgBouncer, nginx or Chromium is skipped where they are missing.
test-all *args:
    {{ bin }}/pytest --full {{ args }}

# What must pass before anything lands. On Debian, as root: it installs what it needs.
gate:
    .ci/run

# The adapter at work on this machine, against a stand-in for Propexo.
demo *args:
    {{ bin }}/adapter demo {{ args }}

# Draw the states of a call, and check the documents: links, settings, keys of a line, commands, the form of decisions, spelling.
docs:
    {{ bin }}/python -m tests.repository.state_diagram
    {{ bin }}/pytest -n 0 tests/repository/test_documents.py
    {{ bin }}/codespell README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md docs
