"""What the site needs beyond docs/: the pages of the repository's root, and links that lead there.

mkdocs calls these functions (`hooks` in mkdocs.yml). On GitHub the same files are read as they lie.
"""

from __future__ import annotations

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
#: pages of the root, by their names in the site
OF_ROOT = {"contributing.md": "CONTRIBUTING.md", "changelog.md": "CHANGELOG.md", "security.md": "SECURITY.md"}
SITE = {"README.md": "index.md", **{name: page for page, name in OF_ROOT.items()}}
FROM_ELSEWHERE = re.compile(
    r"""<(?:script|img|iframe)[^>]+src=["']?(?:https?:)?//[^>]*|<link[^>]+href=["']?https?://[^>]*"""
)
LINK = re.compile(r"\]\((?P<path>[\w./-]+\.\w+)(?P<anchor>#[\w-]+)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of the root."""
    for name, source in OF_ROOT.items():
        files.append(File.generated(config, name, content=(ROOT / source).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links to files of the root lead to their pages, and those of the root's pages into docs/."""
    return LINK.sub(lambda found: _link(found, page.file.src_uri), markdown)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Refuse a page that would load something from elsewhere."""
    found = FROM_ELSEWHERE.search(output)
    if found:
        raise PluginError(f"{page.file.src_uri} loads from elsewhere: {found[0]}")
    return output


def _link(found: re.Match[str], here: str) -> str:
    path, anchor = found["path"], found["anchor"] or ""
    if here in OF_ROOT:
        path = path.removeprefix("docs/")
    path = path.removeprefix("../") if path.startswith("../") and "/" not in here else path
    if path in SITE:
        # the home page has no sections: they lie in README.md
        return f"]({SITE[path]}{'' if path == 'README.md' else anchor})"
    return f"]({path}{anchor})"
