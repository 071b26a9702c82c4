"""docs/operations.md says what the registry has."""

from shapelint.ops import docs
from shapelint.ops.registry import LAYERS, OPS


def test_the_page_is_up_to_date() -> None:
    assert docs.FILE.read_text(encoding="utf-8") == docs.text(), "run `python -m shapelint.ops.docs`"


def test_every_name_stands_in_it() -> None:
    text = docs.text()
    assert [name for name in (*OPS, *LAYERS) if f"`{name}`" not in text] == []
