from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

import pytest
from textual.color import Color
from textual.theme import Theme

from miger.workbench.settings import Settings, load_settings
from miger.workbench.themes import DARK, HIGH_CONTRAST, LIGHT, THEMES

from tests.app.sandbox import Sandbox
from tests.workbench.conftest import Opener
from tests.workbench.driving import HOME, press, screen_text, svg_of, wait_for, wait_for_look

FRAME = {"ff5f57", "febc2e", "28c840", "292929", "c5c8c6"}
"""Colours of the picture of a window that Rich draws around the screen, and of what has none."""
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NO_TEXT = set(
    "border border-blurred background surface panel primary error warning success text boost foreground".split()
)
"""Colours of grounds and borders; `text` is whatever fits its ground, and tested with that."""


def _sources() -> Iterator[str]:
    for folder in ("widgets", "app/workbench"):
        for place, _, names in os.walk(os.path.join(ROOT, folder)):
            for name in names:
                if name.endswith((".py", ".tcss")):
                    with open(os.path.join(place, name), encoding="utf-8") as file:
                        yield file.read()


def _used() -> set[str]:
    """The colours that are text somewhere in our code."""
    found = {name for source in _sources() for name in re.findall(r"\$([a-z]+(?:-[a-z]+)*)", source)}
    return (found & set(_variables(DARK))) - NO_TEXT | {"foreground"}


def _variables(theme: Theme) -> dict[str, str]:
    return {**theme.to_color_system().generate(), **theme.variables}


def _luminance(color: Color) -> float:
    """As WCAG 2.2 defines it."""
    parts = [value / 255 for value in (color.r, color.g, color.b)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Color, other: Color) -> float:
    """From 1, the same, to 21, black on white."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _on(variables: Mapping[str, str], name: str, ground: Color) -> Color:
    """A colour of the theme as it looks on a ground."""
    value = variables[name]
    if value.startswith("auto"):
        return ground + ground.get_contrast_text(float(value.split()[1].rstrip("%")) / 100)
    return ground + Color.parse(value)


def _grounds(variables: Mapping[str, str]) -> dict[str, Color]:
    """What text lies on: the three grounds, and the row of the cursor with and without the focus."""
    grounds = {name: Color.parse(variables[name]) for name in ("background", "surface", "panel")}
    for name in ("background", "surface"):
        grounds[f"cursor on {name}"] = grounds[name] + Color.parse(variables["primary"]).with_alpha(0.25)
        grounds[f"cursor without focus on {name}"] = grounds[name] + Color.parse(variables["foreground"]).with_alpha(
            0.08
        )
    return grounds


def test_the_contrast_is_computed_as_wcag_does() -> None:
    assert contrast(Color.parse("#000000"), Color.parse("#ffffff")) == pytest.approx(21)
    assert contrast(Color.parse("#777777"), Color.parse("#ffffff")) == pytest.approx(4.48, abs=0.01)


def test_the_colours_of_text_are_found_in_the_sources() -> None:
    assert {"text-muted", "text-error", "text-success", "text-warning", "foreground", "accent"} <= _used()


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_all_text_can_be_read_on_every_ground(theme: Theme) -> None:
    variables = _variables(theme)
    weak = [
        f"{name} on {place}: {found:.1f}"
        for place, ground in _grounds(variables).items()
        for name in sorted(_used())
        if (found := contrast(_on(variables, name, ground), ground)) < 4.5
        and not (name == "accent" and place.startswith("cursor"))  # keys are on the bars alone
    ]
    assert weak == []


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_text_on_coloured_grounds_can_be_read(theme: Theme) -> None:
    variables = _variables(theme)
    for name in ("error", "primary", "block-cursor-background", "input-cursor-background"):
        ground = Color.parse(variables[name])
        text = "input-cursor-foreground" if name.startswith("input") else "text"
        assert contrast(_on(variables, text, ground), ground) >= 4.5, name


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_borders_can_be_seen(theme: Theme) -> None:
    variables = _variables(theme)
    for place in ("background", "surface"):
        ground = Color.parse(variables[place])
        for name in ("border", "border-blurred", "error", "warning", "success", "primary"):
            least = 2.9 if name == "border-blurred" else 3.0
            assert contrast(_on(variables, name, ground), ground) >= least, f"{name} on {place}"


def test_high_contrast_means_seven_to_one() -> None:
    variables = _variables(HIGH_CONTRAST)
    for name in _used():
        for place in ("background", "surface", "panel"):
            ground = Color.parse(variables[place])
            assert contrast(_on(variables, name, ground), ground) >= 7, f"{name} on {place}"


async def test_T_goes_through_the_themes_and_the_choice_is_kept(shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        assert app.theme == DARK.name
        await press(pilot, ["T"])
        assert app.theme == LIGHT.name
        await press(pilot, ["T"])
        assert app.theme == HIGH_CONTRAST.name
    assert load_settings(app.project.config.path).theme == HIGH_CONTRAST.name


async def test_a_theme_that_no_longer_exists_gives_the_usual_one(shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(shop, settings=Settings(theme="of-long-ago"))
    async with app.run_test(size=HOME):
        assert app.theme == DARK.name


async def test_without_colours_everything_is_there_in_grey(
    shop: Sandbox, open_workbench: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.table("1_a", "a")
    shop.table("2_b", "b")
    shop.miger("up", "--steps", "1", "--yes")
    monkeypatch.setenv("NO_COLOR", "1")
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        await wait_for(pilot, lambda: "1 pending" in screen_text(app), "the state in words")
        colours = set(re.findall(r"(?:fill: ?|fill=\")#([0-9a-f]{6})", svg_of(app))) - FRAME
        assert len(colours) > 2
        assert [colour for colour in colours if len({colour[:2], colour[2:4], colour[4:]}) > 1] == []
