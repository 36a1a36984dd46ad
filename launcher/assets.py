"""The browser's files that come from npm: pinned in frontend/package-lock.json, copied to web/static/vendor."""

import shutil
from pathlib import Path

from launcher.errors import LauncherError
from launcher.layout import Layout
from launcher.processes import run
from launcher.tools import Tools

FONT = "@fontsource-variable/vazirmatn"
# From the package's folder to web/static/vendor; licences travel with what they cover.
FILES = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/dist/ext/hx-ws.min.js": "hx-ws.min.js",
    "htmx.org/LICENSE": "htmx.LICENSE.txt",
    f"{FONT}/files/vazirmatn-arabic-wght-normal.woff2": "vazirmatn-arabic-wght-normal.woff2",
    f"{FONT}/files/vazirmatn-latin-wght-normal.woff2": "vazirmatn-latin-wght-normal.woff2",
    f"{FONT}/LICENSE": "vazirmatn.LICENSE.txt",
    "swagger-ui-dist/swagger-ui-bundle.js": "swagger-ui.js",
    "swagger-ui-dist/swagger-ui.css": "swagger-ui.css",
    "swagger-ui-dist/LICENSE": "swagger-ui.LICENSE.txt",
}


def install(layout: Layout, tools: Tools) -> None:
    """Fetch the packages that the lock names and copy the files that pages use."""
    npm, environment = tools.npm()
    command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    what = "Fetching the browser's files"
    run(command, what=what, cwd=layout.frontend, log=tools.log, env=environment, tick=tools.tick)
    copy(layout.frontend / "node_modules", layout.vendor)


def copy(packages: Path, vendor: Path) -> None:
    """Put the wanted files, and nothing else, into the served folder."""
    missing = [name for name in FILES if not (packages / name).is_file()]
    if missing:
        raise LauncherError(
            f"the npm packages hold no {missing[0]}; frontend/package-lock.json and launcher/assets.py disagree"
        )
    shutil.rmtree(vendor, ignore_errors=True)
    vendor.mkdir(parents=True)
    for source, name in FILES.items():
        shutil.copyfile(packages / source, vendor / name)


def outputs(layout: Layout) -> tuple[Path, ...]:
    """What must lie in the served folder."""
    return tuple(layout.vendor / name for name in FILES.values())
