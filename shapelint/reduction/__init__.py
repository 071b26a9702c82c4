"""A small text with other names that still gives a finding: what a report of a fault may show of somebody's code."""
