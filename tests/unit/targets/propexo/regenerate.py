"""Writes the expected bodies anew: python -m tests.unit.targets.propexo.regenerate; read the diff."""

from __future__ import annotations

from tests.unit.targets.propexo.cases import PAYLOADS, SUPPORTED, as_file, payload_file, prepared


def main() -> None:
    PAYLOADS.mkdir(parents=True, exist_ok=True)
    for profile in SUPPORTED:
        payload_file(profile).write_text(as_file(profile, prepared(profile)), encoding="utf-8")
    print(f"wrote {len(SUPPORTED)} files to {PAYLOADS}: read the diff before you commit it")


if __name__ == "__main__":
    main()
