"""Walking through the wizard in tests."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input, Select, TextArea

from miger.widgets.choice_line import ChoiceLine
from miger.widgets.form_field import FormField
from miger.widgets.graph_view import GraphView
from miger.workbench.screens.home import HomeScreen
from miger.workbench.screens.wizard import WizardScreen
from miger.workbench.wizard.answers import CONTENT, KINDS, NAME, PARENTS, REVIEW
from miger.workbench.wizard.form_step import FormStep
from miger.workbench.wizard.review_step import ReviewStep

from tests.app.sandbox import Sandbox
from tests.workbench.driving import press, screen_text, wait_for, wait_for_look


async def open_wizard(pilot: Pilot[Any]) -> WizardScreen:
    """Presses `c` on the home screen."""
    await wait_for_look(pilot)
    await press(pilot, "c")
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, WizardScreen), "the wizard")
    screen = pilot.app.screen
    assert isinstance(screen, WizardScreen)
    await wait_for(pilot, lambda: screen.found is not None, "the wizard's first look")
    return screen


async def choose_kind(pilot: Pilot[Any], kind: str) -> None:
    """Chooses a kind by its number."""
    screen = pilot.app.screen
    assert isinstance(screen, WizardScreen)
    await press(pilot, str(KINDS.index(kind) + 1))
    await wait_for(pilot, lambda: screen.step == NAME, "the name")


async def type_text(pilot: Pilot[Any], text: str) -> None:
    """Types the first two characters, key by key, and pastes the rest: a key costs a frame, and texts are long."""
    names = {" ": "space", "\n": "enter", "_": "underscore", "(": "left_parenthesis", ")": "right_parenthesis"}
    for character in text[:2]:
        await pilot.press(names.get(character, character))
    if text[2:]:
        focused = pilot.app.focused
        assert isinstance(focused, Input | TextArea)
        pilot.app.post_message(Paste(text[2:]))
        await wait_for(pilot, lambda: text[2:] in (focused.text if isinstance(focused, TextArea) else focused.value))
    await pilot.pause()


async def to_content(pilot: Pilot[Any], kind: str, name: str) -> WizardScreen:
    """Opens the wizard, and goes on to the content with the heads as parents."""
    screen = await open_wizard(pilot)
    await choose_kind(pilot, kind)
    await type_text(pilot, name)
    await press(pilot, ["enter"])
    await wait_for(pilot, lambda: screen.step == PARENTS, "the parents")
    await press(pilot, ["ctrl+n"])
    await wait_for(pilot, lambda: screen.step in (CONTENT, REVIEW), "the content")
    return screen


async def wait_for_tables(pilot: Pilot[Any], screen: WizardScreen) -> None:
    """Waits until the tables have been read, or could not be."""
    ground = lambda: screen.ground  # noqa: E731
    await wait_for(pilot, lambda: ground() and (ground().tables is not None or ground().trouble), "the tables")


def field_of(screen: WizardScreen, name: str) -> FormField:
    """A field of the step that is open."""
    return next(field for field in screen.opened.query(FormField) if field.spec.name == name)


async def fill_in(pilot: Pilot[Any], texts: Mapping[str, str]) -> None:
    """Fills in fields, each by typing into it; a choice by going through it."""
    screen = pilot.app.screen
    assert isinstance(screen, WizardScreen)
    for name, text in texts.items():
        control = field_of(screen, name).control
        control.focus()
        await pilot.pause()
        if isinstance(control, ChoiceLine):
            while control.value != text:
                await press(pilot, ["right"])
        elif isinstance(control, TextArea):
            control.text = text
        else:
            assert isinstance(control, Input)
            control.value = ""
            await type_text(pilot, text)
    await pilot.pause()


async def choose_change(pilot: Pilot[Any], form: str) -> None:
    """Opens the form of a change."""
    screen = pilot.app.screen
    assert isinstance(screen, WizardScreen)
    step = screen.query_one(FormStep)
    step.query_one("#change", Select).value = form

    def opened() -> bool:
        return step.form is not None and step.form.id == form and [f.spec for f in step.fields] == [*step.form.fields]

    await wait_for(pilot, opened, f"the form {form}")


async def to_review(pilot: Pilot[Any], *, tried: bool = True) -> str:
    """Goes on to the review, waits for the dry run to end, and gives what is on the screen."""
    screen = pilot.app.screen
    assert isinstance(screen, WizardScreen)
    if screen.step != REVIEW:
        await press(pilot, ["ctrl+n"])
    await wait_for(pilot, lambda: screen.step == REVIEW, "the review")
    view = screen.query_one(ReviewStep).view
    if tried:
        await wait_for(pilot, lambda: view.preview is not None, "the dry run")
    else:
        await wait_for(pilot, lambda: "No preview" in screen_text(pilot.app), "why there is no dry run")
    return screen_text(pilot.app)


async def write(pilot: Pilot[Any]) -> str:
    """Writes the file; gives its id once the home screen has selected it."""
    screen = pilot.app.screen
    assert isinstance(screen, WizardScreen)
    assert screen.found is not None
    id = screen.found.id
    await press(pilot, ["w"])
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, HomeScreen), "the home screen")
    graph = pilot.app.screen.query_one(GraphView)
    await wait_for(pilot, lambda: graph.cursor_id == id, "the new migration under the cursor")
    return id


def files(sandbox: Sandbox) -> list[str]:
    """The files of the migrations folder."""
    return sorted(os.listdir(sandbox.migrations))


def text_of(sandbox: Sandbox, id: str) -> str:
    """The text of a migration's file."""
    [name] = [name for name in files(sandbox) if name.rpartition(".")[0] == id]
    with open(os.path.join(sandbox.migrations, name), encoding="utf-8") as file:
        return file.read()


def told(app: Any) -> str:
    """What was said for a moment."""
    return "\n".join(notification.message for notification in app._notifications)
