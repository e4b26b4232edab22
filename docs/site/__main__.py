"""Builds the site: `python -m docs.site [FOLDER]`, or `make docs`.

The folder, build/docs unless named, is emptied and gets `pages`, of which Zensical makes `html`. A warning is an error.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import griffe

import ocpp_fast

from .messages import VERSIONS, message_pages
from .names import MODULES, TITLES, name_pages, pages_of_names
from .navigation import NAVIGATION
from .pages import linked, to_sources, with_anchors

ROOT: Final = Path(__file__).parents[2]
RULES: Final = "protocol.md"
FOREIGN: Final = re.compile(r'<script src="https://[^"]*/shim"[^>]*></script>')
"""The script by which a search works in pages that were opened as files; it would be fetched from elsewhere."""


def write(folder: Path) -> None:
    """Write the sources of the site into a folder, which is emptied before."""
    shutil.rmtree(folder, ignore_errors=True)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    package = griffe.load("ocpp_fast", search_paths=[str(ROOT)], resolve_aliases=True)
    reference = {f"reference/{path}": text for path, text in (*name_pages(package), *message_pages(package))}
    names = dict(_places(package))
    repository: str = project["urls"]["Homepage"]
    own = {path.name: to_sources(path.read_text("utf-8"), ROOT, repository) for path in (ROOT / "docs").glob("*.md")}
    own[RULES] = with_anchors(own[RULES])
    for path, text in (own | reference).items():
        page = folder / "pages" / path
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(linked(text, names, None if path == RULES else RULES, path), "utf-8")
    for picture in (ROOT / "docs").glob("*.svg"):
        shutil.copy(picture, folder / "pages")
    settings = _settings(project, repository, _navigation(own.keys(), reference.keys()))
    (folder / "mkdocs.yml").write_text(json.dumps(settings, indent=2), "utf-8")  # JSON is YAML


def _places(package: griffe.Object | griffe.Alias) -> Iterator[tuple[str, str]]:
    """Yield each name that pages may have, and where the reference has it."""
    for name, page in pages_of_names(package).items():
        yield name, f"reference/{page}.md#{name.lower()}"
    for name in MODULES:
        yield name, f"reference/{name}.md"
    for name, version in VERSIONS.items():
        yield name, f"reference/{name}/index.md"
        for action in version.actions.values():
            for kind in filter(None, (action.request, action.response)):
                module = kind.__module__.rpartition(".")[2]
                yield f"{name}.{kind.__name__}", f"reference/{name}/{module}.md#{kind.__name__.lower()}"


def _navigation(own: Any, reference: Any) -> list[dict[str, Any]]:
    """Return the navigation, without the pages that are still to be written."""
    navigation: list[dict[str, Any]] = [
        {title: [page for page in pages if page in own]} for title, pages in NAVIGATION.items()
    ]
    names = [f"reference/{page}.md" for page in (*TITLES, *MODULES)]
    versions = [
        {
            f"OCPP {version.number}": sorted(
                (each for each in reference if each.startswith(f"reference/{name}/")), key=_index_first
            )
        }
        for name, version in VERSIONS.items()
    ]
    return [*navigation, {"Reference": [*names, *versions]}]


def _index_first(page: str) -> tuple[bool, str]:
    return not page.endswith("/index.md"), page


def _settings(project: Any, repository: str, navigation: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "site_name": f"ocpp_fast {ocpp_fast.__version__}",
        "site_description": project["description"],
        "site_dir": "html",
        "docs_dir": "pages",
        "repo_url": repository,
        "nav": navigation,
        "plugins": ["search", "offline"],  # offline: the search works without a server
        "theme": {
            "font": False,
            "features": ["navigation.indexes", "navigation.top", "toc.follow", "content.code.copy", "search.highlight"],
            "palette": [
                {"scheme": "default", "toggle": {"icon": "lucide/sun", "name": "Dark"}},
                {"scheme": "slate", "toggle": {"icon": "lucide/moon", "name": "Light"}},
            ],
        },
        "markdown_extensions": [
            "attr_list",
            "md_in_html",
            "tables",
            {"toc": {"permalink": True}},
            "pymdownx.superfences",
            "pymdownx.highlight",
        ],
    }


def build(folder: Path) -> Path:
    """Build the site in a folder; return where its pages are. Raises `CalledProcessError` for a warning."""
    write(folder)
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--config-file", str(folder / "mkdocs.yml")]
    subprocess.run(command, check=True)
    html = folder / "html"
    shutil.copy(Path(__file__).with_name("worker.js"), html / "assets")
    for page in html.rglob("*.html"):
        up = "../" * (len(page.relative_to(html).parts) - 1)
        page.write_text(FOREIGN.sub(f'<script src="{up}assets/worker.js"></script>', page.read_text("utf-8")), "utf-8")
    return html


if __name__ == "__main__":
    build(Path(sys.argv[1]).absolute() if len(sys.argv) > 1 else ROOT / "build" / "docs")
