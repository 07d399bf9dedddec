"""What can an operator assign a call to, besides a person? Values of the column assigned_kind.

A person is assigned by the value of a PersonKind.
"""

from __future__ import annotations

NEW_LEAD = "new_lead"
NOBODY = "nobody"
