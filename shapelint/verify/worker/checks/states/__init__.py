"""Properties of states: what a value depends on, and what another state would give."""
