"""Make the pictures of `screenshots/` out of the real workbench: `python tools/screenshots.py [NAME…]`.

The demo's shop is made in a temporary folder and brought to where each picture needs it; then the app runs
without a terminal, keys are pressed, and what is on its screen becomes SVG and PNG. For PNG a font with all
the signs is needed: DejaVu Sans Mono.
"""

from __future__ import annotations

import asyncio
import html
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import resvg_py
from textual.pilot import Pilot

from miger.cli.commands.demo import RELEASED, copy_project
from miger.engine.errors import MigerError
from miger.project import Project
from miger.workbench.app import Workbench
from miger.workbench.settings import Settings

FOLDER = Path(__file__).resolve().parents[1] / "screenshots"
FONT = "DejaVu Sans Mono"
WIDE, SMALL = (120, 36), (80, 24)
PATIENCE = 30.0  # seconds until a text that should come counts as missed
DARK, LIGHT, CONTRAST = "miger-dark", "miger-light", "miger-high-contrast"

BROKEN = """-- Every product has a maker
-- /// miger
-- depends = ["20260209100000_create_stock"]
-- transaction = false
-- ///
-- miger:up
CREATE TABLE makers (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
ALTER TABLE products ADD COLUMN maker_id INTEGER REFERENCES makers (id);
ALTER TABLE products ADD COLUMN currency TEXT;
CREATE INDEX products_by_maker ON products (maker_id);
-- miger:verify
SELECT maker_id FROM products LIMIT 0;
-- miger:down
DROP INDEX products_by_maker;
ALTER TABLE products DROP COLUMN maker_id;
DROP TABLE makers;
"""
SECOND_HEAD = """-- What customers want to have one day
-- /// miger
-- depends = ["20260202090000_drop_text_prices"]
-- ///
-- miger:up
CREATE TABLE wishes (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id));
-- miger:down
DROP TABLE wishes;
"""


class Picture(NamedTuple):
    """One picture: how the shop stands, what is pressed, and what must be on the screen then.

    In `keys`, what begins with `=` is a text that is waited for.
    """

    name: str
    keys: tuple[str, ...] = ()
    shop: Callable[[Project], None] = lambda shop: released(shop)
    size: tuple[int, int] = WIDE
    theme: str = DARK


def released(shop: Project) -> None:
    """Release v2 is applied, after one way back and forth; v3 is pending."""
    shop.up(RELEASED)
    shop.down()
    shop.up(RELEASED)


def broken(shop: Project) -> None:
    """The last migration stopped half way."""
    released(shop)
    Path(shop.config.migrations, "20260216090000_add_makers.sql").write_text(BROKEN, encoding="utf-8")
    shop.reload()
    try:
        shop.up()
    except MigerError:
        return
    raise SystemExit("the broken migration did not break")


def two_heads(shop: Project) -> None:
    """Two people worked at once."""
    released(shop)
    Path(shop.config.migrations, "20260210090000_create_wishes.sql").write_text(SECOND_HEAD, encoding="utf-8")


def environments(shop: Project) -> None:
    """Some more environments, one of them out of reach."""
    released(shop)
    with open(shop.config.path, "a", encoding="utf-8") as file:
        file.write('\n[environments.staging]\nurl = "sqlite:///staging.db"\n')
        file.write('\n[environments.reports]\nurl = "postgresql://shop:secret@127.0.0.1:1/shop"\nread_only = true\n')


PICTURES = (
    Picture("home"),
    Picture("home-light", theme=LIGHT),
    Picture("home-high-contrast", theme=CONTRAST),
    Picture("home-small", size=SMALL),
    Picture("detail-small", ("enter", "right_square_bracket", "=ALTER TABLE"), size=SMALL),
    Picture("detail-preview", ("4", "=would succeed")),
    Picture("filter", ("slash", *"release:v1.1", "=of 15")),
    Picture("preview", ("u", "=would succeed")),
    Picture("preview-light", ("u", "=would succeed"), theme=LIGHT),
    Picture("dirty", ("=1 dirty", "2", "right_square_bracket", "=duplicate column"), shop=broken),
    Picture("recovery", ("=1 dirty", "x", "=resume"), shop=broken),
    Picture("two-heads", ("=2 heads", "m", "=depends"), shop=two_heads),
    Picture("history", ("h", "=reverted")),
    Picture("environments", ("E", "=staging", "=reports"), shop=environments),
    Picture("verify", ("v", "=verify")),
    Picture("help", ("question_mark", "=Keys")),
    Picture("palette", ("colon", "=history")),
    Picture("wizard", ("c", "=Kind")),
    Picture(
        "wizard-form",
        (
            "c",
            "=Kind",
            "3",
            "=Name",
            *"add_nickname",
            "enter",
            "=Parents",
            "ctrl+n",
            "=tables in the database",
            *"customers",
            "tab",
            *"nickname",
            "tab",
            *"varchar(40)",
            "=ADD COLUMN",
        ),
    ),
)


def main(names: list[str]) -> None:
    """Makes these pictures anew, or all."""
    FOLDER.mkdir(exist_ok=True)
    for picture in PICTURES:
        if not names or picture.name in names:
            svg = asyncio.run(taken(picture))
            (FOLDER / f"{picture.name}.svg").write_text(svg, encoding="utf-8")
            (FOLDER / f"{picture.name}.png").write_bytes(as_png(svg))
            print(f"screenshots/{picture.name}.svg and .png")


async def taken(picture: Picture) -> str:
    """The SVG of one picture."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MIGER_USER"] = "ada"
        os.environ["XDG_STATE_HOME"] = os.path.join(folder, "state")
        shop = copy_project(os.path.join(folder, "shop"))
        with Project.open(shop) as project:
            picture.shop(project)
        app = Workbench(Project.open(shop), Settings(theme=picture.theme), guard=0.0)
        async with app.run_test(size=picture.size) as pilot:
            await shown(pilot, "sqlite 3")
            for key in picture.keys:
                if key.startswith("=") and len(key) > 1:
                    await shown(pilot, key[1:])
                else:
                    await pilot.press(key)
            await settled(pilot)
            return without_fonts(app.export_screenshot(title=f"miger · {picture.name.replace('-', ' ')}"))


async def shown(pilot: Pilot[int], text: str) -> None:
    """Waits until `text` is on the screen."""
    deadline = time.monotonic() + PATIENCE
    while text not in text_of(pilot.app.export_screenshot()):
        if time.monotonic() > deadline:
            raise SystemExit(f"{text!r} did not come")
        await pilot.pause(0.05)


async def settled(pilot: Pilot[int]) -> None:
    """Waits until the screen stays as it is."""
    last = ""
    for _ in range(50):
        await pilot.pause(0.3)
        now = text_of(pilot.app.export_screenshot())
        if re.sub(r"\d\d:\d\d:\d\d", "", now) == last:
            return
        last = re.sub(r"\d\d:\d\d:\d\d", "", now)


def text_of(svg: str) -> str:
    """The words in a picture."""
    return html.unescape(" ".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg))).replace("\xa0", " ")


def without_fonts(svg: str) -> str:
    """The picture without fonts that are loaded from elsewhere."""
    plain = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    return re.sub(r"font-family: ?Fira Code,? ?monospace", f"font-family: {FONT}, ui-monospace, monospace", plain)


def as_png(svg: str) -> bytes:
    """The picture in dots, at the size at which a letter is sharp."""
    return bytes(resvg_py.svg_to_bytes(svg_string=svg.replace("Fira Code", FONT), monospace_family=FONT))


if __name__ == "__main__":
    main(sys.argv[1:])
