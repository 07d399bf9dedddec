"""The commands: what each says and does at a terminal. Decisions are made in other rooms."""
