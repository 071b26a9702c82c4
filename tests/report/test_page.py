"""The HTML report, as a browser shows it, and what does not need one. Chromium is Debian's `chromium`."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from results import ERROR, FINDING, MANY, TEXT

from shapelint.finding import Finding, Place, ShownShape
from shapelint.notebooks.places import first_line
from shapelint.pipeline.check import analyse_source
from shapelint.report import formats
from shapelint.report.graph.flow import graphs
from shapelint.report.result import FileResult, RunResult
from shapelint.report.telling import Telling
from shapelint.source import Source, Span

SCRIPT = "import torch\n\nprint('größer als', 1 < 2)\n"
HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">'\"`&{{"
MENDED = (((True, True), (False, False)), ((False, False), (True, True)))


def result() -> RunResult:
    """The made-up run, with a script, a mended footprint and a data flow."""
    fix = replace(FINDING.fixes[0], footprint=MENDED)
    told = replace(FINDING, witness=SCRIPT, fixes=(fix,))
    drawn = tuple(graphs(analyse_source(Source("tagger.py", TEXT)).traces, [told]))
    tagger = FileResult("tagger.py", TEXT, (told,), graphs=drawn)
    return replace(MANY, results=(*(one for one in MANY.results if one.path != "tagger.py"), tagger))


def rendered(run: RunResult) -> str:
    return formats.render("html", run, Telling())


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(rendered(result()), encoding="utf-8")
    return file


class Elements(HTMLParser):
    """Which elements and attributes a page has, and whether each that is opened is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in ("meta", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_loads_nothing() -> None:
    elements = Elements(rendered(result()))
    assert elements.open == []
    assert not [one for one in elements.attributes if one[1] in ("src", "srcset", "style") or one[1].startswith("on")]
    assert {
        value.partition(":")[0] for tag, name, value in elements.attributes if name == "href" and value[0] != "#"
    } == {"https"}
    assert "@import" not in rendered(result())
    names = [value for _, name, value in elements.attributes if name == "id"]
    assert len(names) == len(set(names))


def hostile() -> RunResult:
    shape = ShownShape(HOSTILE, HOSTILE, (HOSTILE,))
    told = replace(
        FINDING, message=HOSTILE, path=HOSTILE, witness=HOSTILE, shapes=(shape,), help=HOSTILE, related=(Place(FINDING.span, HOSTILE),)
    )  # fmt: skip
    drawn = graphs(analyse_source(Source(HOSTILE, TEXT)).traces)
    boxes = tuple(replace(box, name=HOSTILE, details=(HOSTILE,)) for box in drawn[0].boxes)
    arrows = tuple(replace(arrow, shape=HOSTILE, roles=(HOSTILE,)) for arrow in drawn[0].arrows)
    graph = replace(drawn[0], boxes=boxes, arrows=arrows, entry=HOSTILE, settings=(HOSTILE,))
    return RunResult(1, 1, (FileResult(HOSTILE, f"{HOSTILE}\n" * 12, (told,), graphs=(graph,)),))


def test_text_of_the_code_is_text() -> None:
    elements = Elements(rendered(hostile()))
    assert elements.open == []
    assert rendered(hostile()).count("<script") == rendered(result()).count("<script") == 1
    assert "<img" not in rendered(hostile())


def test_places_in_a_notebook_are_those_of_its_cells() -> None:
    first, rest = TEXT.split("\n\n", 1)
    text = "\n".join((first_line(2), first, first_line(5), rest))
    moved = replace(
        FINDING, path="m.ipynb", span=Span(11, 15, 11, 22), fixes=(), related=(Place(Span(7, 19, 7, 49), "here"),)
    )
    drawn = tuple(graphs(analyse_source(Source("m.ipynb", text)).traces, [moved]))
    page = rendered(RunResult(1, 1, (FileResult("m.ipynb", text, (moved,), graphs=drawn),)))
    assert '<code class="place">m.ipynb:cell 5:8:16</code>' in page
    assert re.search(r'class="line gap">cell 5</span>.*class="number">   4</span>.*class="number">   8</span>', page)
    assert ">cell 5:8</text>" in page
    assert "\x1f" not in page
    assert "\ufffd" not in page


def test_an_empty_run_is_a_page() -> None:
    page = rendered(RunResult(3, 1, ()))
    assert Elements(page).open == []
    assert "no mistakes found" in page


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no chromium on PATH: apt-get install chromium")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Any, path: Path) -> Iterator[Any]:
    """Opens the page in a context of its own; whatever it asks for or complains about fails the test."""
    contexts, wrong = [], []

    def opened(file: Path = path, **options: Any) -> Any:
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.on("request", lambda request: request.url.startswith("file:") or wrong.append(request.url))
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(file.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


def shown(page: Any) -> list[str]:
    return [one.get_attribute("id") for one in page.locator(".finding:visible").all()]


def test_findings_are_narrowed_by_choice_and_by_words(open_page: Any) -> None:
    page = open_page()
    everything = shown(page)
    assert everything == ["f1", "f2", "f3", "f4", "f5"]
    assert page.locator("#count").inner_text() == "5 of 5 shown"
    page.select_option("#by-code", "SHP501")
    assert shown(page) == ["f1", "f2", "f3"]
    assert page.locator("#count").inner_text() == "3 of 5 shown"
    assert not page.locator(".file[data-path='tagger.py']").is_visible()
    page.select_option("#by-severity", "error")
    assert shown(page) == ["f1"]
    page.select_option("#by-code", "")
    page.select_option("#by-severity", "")
    page.select_option("#by-status", "confirmed")
    page.fill("#search", "tagger LAST")
    assert shown(page) == ["f5"]
    page.fill("#search", "nothing like it")
    assert shown(page) == []
    page.press("#search", "Enter")
    page.fill("#search", "")
    page.select_option("#by-status", "")
    assert shown(page) == everything


def test_it_is_used_by_keyboard(open_page: Any) -> None:
    page = open_page()
    focused = "document.activeElement.id"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate(focused) == "findings"
    places = []
    for key in "jjk/":
        page.keyboard.press(key)
        places.append(page.evaluate(focused))
    assert places == ["f1", "f2", "f1", "search"]
    page.keyboard.type("jk")
    assert page.input_value("#search") == "jk"


def test_a_mark_in_the_picture_leads_to_its_finding(open_page: Any) -> None:
    page = open_page()
    mark = page.locator(".picture a")
    assert mark.count() == 1
    assert "SHP101" in mark.text_content()
    page.evaluate("document.querySelectorAll('.finding').forEach(one => one.closest('details').open = one.id !== 'f5')")
    page.evaluate("location.hash = '#f5'")
    page.wait_for_function("document.activeElement.id === 'f5'")
    assert page.locator("#f5").is_visible()


def test_a_script_is_copied_as_it_is(open_page: Any) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.locator("#f5 summary").click()
    page.locator("#f5 .copy").click()
    page.wait_for_function("document.querySelector('.copy').textContent === 'Copied'")
    assert page.evaluate("navigator.clipboard.readText()") == SCRIPT


def test_footprints_stand_side_by_side(open_page: Any) -> None:
    page = open_page()
    figures = page.locator("#f5 figure").all()
    assert [one.locator("figcaption").inner_text() for one in figures] == ["as it is", "with the fix"]
    assert [one.locator(".own").count() for one in figures] == [2, 4]
    assert [one.locator(".other").count() for one in figures] == [1, 0]
    left, right = (one.bounding_box() for one in figures)
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] < right["x"]
    title = figures[1].locator("title").text_content()
    assert title == "Footprint with the fix: row 0 depends on sample 0; row 1 depends on sample 1"


def brightness(page: Any) -> float:
    color = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(map(float, re.findall(r"[\d.]+", color)[:3])) / 765


def test_it_is_dark_where_the_system_is_and_where_the_reader_says_so(open_page: Any) -> None:
    for scheme, is_dark in (("light", False), ("dark", True)):
        page = open_page(color_scheme=scheme)
        assert (brightness(page) < 0.3) is is_dark
        assert page.locator("#theme").inner_text() == ("Light" if is_dark else "Dark")
        page.locator("#theme").click()
        assert (brightness(page) < 0.3) is not is_dark
        assert page.locator("#theme").get_attribute("aria-pressed") == str(not is_dark).lower()


CONTRAST = """selector => {
  const channel = value => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = text => text.match(/[\\d.]+/g).slice(0, 3).map(Number).map(channel).reduce((sum, one, i) => sum + one * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = one => { for (; one; one = one.parentElement) { const color = getComputedStyle(one).backgroundColor; if (!/, 0\\)$/.test(color)) return color; } };
  return Math.min(...[...document.querySelectorAll(selector)].map(one => {
    const [low, high] = [light(getComputedStyle(one).color), light(behind(one))].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  }));
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(open_page: Any, scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    for selector in ("h1, h2, h3, p, td, dd", ".muted, dt, th", "a", ".label", ".line, .note, mark", "button, select"):
        assert page.evaluate(CONTRAST, selector) >= 4.5, selector


@pytest.mark.parametrize("width", [320, 375, 1280])
def test_nothing_sticks_out_of_the_screen(open_page: Any, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 700}, has_touch=width < 400)
    page.evaluate("document.querySelectorAll('details').forEach(box => box.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for control in page.locator("button:visible, select:visible, input:visible").all():
        assert control.bounding_box()["height"] >= 32


def test_whole_footprints_and_counts_are_seen_on_a_phone(open_page: Any, tmp_path: Path) -> None:
    """What is reached may lie at the right end of a wide footprint: a part of it that looks like all of it misleads."""
    seven = tuple(tuple((step <= row,) * 2 for step in range(7)) for row in range(5))
    told = replace(FINDING, verdict=replace(FINDING.verdict, footprint=seven))
    file = tmp_path / "wide.html"
    file.write_text(rendered(RunResult(1, 1, (FileResult("tagger.py", TEXT, (told,)),))), encoding="utf-8")
    page = open_page(file, viewport={"width": 375, "height": 700})
    for part in page.locator("figure, .statistics").all():
        assert part.evaluate("one => one.scrollWidth - one.clientWidth") == 0
    assert "Squares are blue where the rows are not one for each sample." in page.locator(".reach .muted").inner_text()
    assert "blue" not in rendered(result())


@pytest.mark.parametrize("width", [375, 1280])
def test_code_and_what_is_told_of_it_are_seen_without_scrolling(open_page: Any, tmp_path: Path, width: int) -> None:
    """What stands behind a line of code explains the finding, and nothing shows that it is there beyond the edge."""
    long = "batch_first=True, bidirectional=True, num_layers=2, dropout=0.5, input_size=128, hidden_size=256"
    first, second = FINDING.related
    told = replace(
        FINDING,
        related=(replace(first, message=f"this GRU has {long}"), second),
        shapes=(*FINDING.shapes, ShownShape(f"self.drop(torch.cat(({long}), dim=1))", "(B, T, 2*hidden)", ("batch",))),
    )
    file = tmp_path / "long.html"
    code = TEXT.replace("out[-1]", f"out[-1], {long.replace('=', '')}")
    file.write_text(rendered(RunResult(1, 1, (FileResult("tagger.py", code, (told,)),))), encoding="utf-8")
    page = open_page(file, viewport={"width": width, "height": 700})
    parts = page.locator("pre.code:not(.script), .shapes").all()
    assert len(parts) == 3
    assert [part.evaluate("one => one.scrollWidth - one.clientWidth") for part in parts] == [0, 0, 0]


def test_a_picture_is_printed_on_one_page(open_page: Any, tmp_path: Path) -> None:
    rows = "".join(f"        x = self.l{i}(x)\n" for i in range(12))
    layers = "".join(f"        self.l{i} = nn.Linear(8, 8)\n" for i in range(12))
    code = "from torch import nn\n\n\nclass Deep(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    code += f"{layers}\n    def forward(self, x):\n{rows}        return x\n"
    drawn = tuple(graphs(analyse_source(Source("deep.py", code)).traces))
    file = tmp_path / "deep.html"
    file.write_text(rendered(RunResult(1, 1, (FileResult("deep.py", code, (), graphs=drawn),))), encoding="utf-8")
    page = open_page(file)
    page.evaluate("document.querySelectorAll('details').forEach(box => box.open = true)")
    picture = page.locator(".picture svg")
    assert picture.bounding_box()["height"] > 1123  # an A4 page, in pixels
    page.emulate_media(media="print")
    assert picture.bounding_box()["height"] < 900


def test_it_is_printed_unfolded_and_without_controls(open_page: Any, tmp_path: Path) -> None:
    page = open_page(color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator("details:not([open])").count() == 0
    assert not page.locator(".filters").is_visible()
    assert not page.locator("#theme").is_visible()
    assert brightness(page) == 1
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() > 0
    page.pdf(path=tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")


def test_hostile_code_does_nothing(open_page: Any, tmp_path: Path) -> None:
    file = tmp_path / "hostile.html"
    file.write_text(rendered(hostile()), encoding="utf-8")
    page = open_page(file)
    page.evaluate("document.querySelectorAll('details').forEach(box => box.open = true)")
    assert page.title() == "shapelint: 1 mistake"
    assert HOSTILE in page.locator(".script").text_content()


def test_a_page_without_findings_has_nothing_to_narrow(open_page: Any, tmp_path: Path) -> None:
    file = tmp_path / "empty.html"
    file.write_text(rendered(RunResult(3, 1, ())), encoding="utf-8")
    page = open_page(file)
    page.keyboard.press("j")
    page.keyboard.press("/")
    assert page.locator("form").count() == 0


def test_a_finding_of_many_lines_is_cut(path: Path) -> None:
    long: Finding = replace(ERROR, span=replace(ERROR.span, line=1, end_line=400))
    page = rendered(RunResult(1, 1, (FileResult(long.path, "x = 1\n" * 500, (long,)),)))
    assert page.count('class="number"') < 40
