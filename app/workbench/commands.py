"""The palette: every action of the screen in front, found by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from rich.cells import cell_len
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from miger.workbench.actions import Context
from miger.workbench.screens.base import Acting

LABEL_CELLS = 26


class _Command(NamedTuple):
    label: str
    key: str
    help: str
    possible: bool
    press: Callable[[], None]

    @property
    def text(self) -> str:
        """What is searched first: the name, and the key."""
        return f"{self.label}  {self.key}"

    def drawn(self, label: Content) -> Content:
        """Name and key side by side."""
        gap = " " * max(LABEL_CELLS - cell_len(self.label), 2)
        if not self.possible:
            return Content.assemble(label.stylize("$text-muted"), gap, (self.key, "$text-muted"))
        return Content.assemble(label, gap, (self.key, "$text-accent"))


class ActionCommands(Provider):
    """Offers the actions; one that can't be done now says why."""

    async def discover(self) -> Hits:
        """All of them, in the order of the registry."""
        for command in self._commands():
            yield DiscoveryHit(command.drawn(Content(command.label)), command.press, command.text, _plain(command.help))

    async def search(self, query: str) -> Hits:
        """Those whose name or description has the letters of `query`."""
        matcher = self.matcher(query)
        for command in self._commands():
            score = max(matcher.match(command.text), matcher.match(command.help) / 2)
            if score > 0:
                drawn = command.drawn(matcher.highlight(command.label))
                yield Hit(score, drawn, command.press, command.text, _plain(command.help))

    def _commands(self) -> list[_Command]:
        screen = self.screen
        if not isinstance(screen, Acting):
            return []
        context: Context = screen.context()
        commands = []
        for action in screen.ACTIONS:
            if action.id == "palette" or not action.help:
                continue
            why = action.why_not(context)
            help = f"not now: {why}" if why else action.help
            commands.append(_Command(action.label, action.key, help, not why, _pressing(screen, action.id)))
        return commands


def _plain(text: str) -> str:
    """The text as markup that says just that: ids and paths may hold brackets."""
    return Content(text).markup


def _pressing(screen: Acting[object], id: str) -> Callable[[], None]:
    return lambda: screen.action_act(id)


class Palette(CommandPalette):
    """Textual's palette in our looks: in themes, on small terminals, and without a picture of two cells' width."""

    DEFAULT_CSS = """
    Palette { background: $background 60%; }
    Palette > Vertical {
        margin-top: 2;
        width: 84;
        max-width: 100%;
        background: $surface;
        &:dark { background: $surface; }
    }
    Palette #--input { border: round $border; background: $surface; }
    Palette #--input.--list-visible { border-bottom: round $border; }
    Palette #--input SearchIcon { display: none; }
    Palette #--input CommandInput, Palette #--input CommandInput:focus { border: none; padding: 0 1; height: 1; }
    Palette CommandList {
        max-height: 75vh;
        border: round $border-blurred;
        border-top: none;
        background: $surface;
        padding: 0;
    }
    Palette CommandList.--populating { border-bottom: round $border-blurred; }
    Palette CommandList > .option-list--option { padding: 0 1; color: $foreground; text-style: none; }
    Palette CommandList > .option-list--option-highlighted {
        background: $primary 25%;
        color: $foreground;
        text-style: bold;
    }
    Palette > .command-palette--help-text { color: $text-muted; text-style: not bold not dim; }
    Palette > .command-palette--highlight { color: $text-accent; text-style: bold underline; }
    """

    def __init__(self) -> None:
        super().__init__(placeholder="a command, or its key", id="--command-palette")
