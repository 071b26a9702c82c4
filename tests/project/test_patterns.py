"""Patterns of .gitignore: what pathspec matches, and no time without end."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from shapelint.patterns import PatternError, spec_of, spec_of_lines

names = st.text("ab.", min_size=1, max_size=4)
paths = st.lists(names, min_size=1, max_size=7).map("/".join)
parts = st.one_of(
    st.just("**"), st.text("ab*?.", min_size=1, max_size=7), st.sampled_from(["[ab]*a*b", r"\**a*b*", "[!a]*b*a*"])
)
patterns = st.builds(
    "{}{}{}{}".format, st.sampled_from(["", "!"]), st.sampled_from(["", "/"]), st.lists(parts, min_size=1, max_size=6).map("/".join), st.sampled_from(["", "/"])
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(st.lists(patterns, min_size=1, max_size=3), st.lists(paths, min_size=1, max_size=8), st.booleans())
def test_what_the_library_matches_is_matched(lines: list[str], given_paths: list[str], is_folder: bool) -> None:
    library, ours = GitIgnoreSpec.from_lines(lines), spec_of(lines)
    for path in given_paths:
        shown = path + "/" if is_folder else path
        assert ours.check_file(shown).include == library.check_file(shown).include, (lines, shown)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 40 + "b", "a" * 250),
        ("*" * 200 + "b", "a" * 250),
        ("/**/a" * 20 + "/b", "a/" * 200),
        ("/**/*a*a*a*a" * 9 + "/b", ("a" * 50 + "/") * 40),
        ("a*/**/" * 30 + "b", "aa/" * 300 + "c"),
    ],
)
def test_no_pattern_takes_time_without_end(pattern: str, path: str) -> None:
    assert spec_of([pattern]).check_file(path).include is None


def test_what_is_no_pattern() -> None:
    with pytest.raises(PatternError, match="bad character range z-a"):
        spec_of(["a", "[z-a]"])
    spec = spec_of_lines(["[z-a]", "*.log", "!", "keep*of*many*stars"])
    assert spec.match_file("x.log")
    assert spec.match_file("keep of many stars")
    assert not spec.match_file("z")
