"""The line at the top: which project, which environment, which server, how things stand, what time it is."""

from __future__ import annotations

from typing import NamedTuple

from rich.cells import cell_len
from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget


class Place(NamedTuple):
    """Where one is. `notes` are words such as READ-ONLY that must not be overlooked."""

    project: str = ""
    environment: str = ""
    protected: bool = False
    server: str = ""
    summary: str = ""
    alarm: bool = False
    notes: tuple[str, ...] = ()


class TitleBar(Widget):
    """One line. A protected environment is told by a colour of its own, by capitals and by a word."""

    DEFAULT_CSS = """
    TitleBar {
        height: 1;
        background: $panel;
        color: $foreground;
        &.-protected { background: $error; color: $text; }
    }
    """

    place: reactive[Place] = reactive(Place())
    time: reactive[str] = reactive("")

    def watch_place(self, place: Place) -> None:
        """Colours a protected environment."""
        self.set_class(place.protected, "-protected")

    def render(self) -> RenderResult:
        """The parts that fit, the least telling left out first: the clock, then the server."""
        place = self.place
        name = place.environment.upper() if place.protected else place.environment
        where = Content.assemble(f" {place.project} ▸ ", (name, "bold"), " PROTECTED" if place.protected else "")
        summary = Content.styled(place.summary, "bold" if place.alarm else "")
        notes = [Content.styled(note, "bold reverse") for note in place.notes]
        server = [Content(place.server)] if place.server else []
        for parts in ([where, *server, summary, *notes], [where, summary, *notes], [where, *notes]):
            line = Content(" ▐ ").join(parts)
            room = self.size.width - line.cell_length
            if room >= 0:
                break
        clock = f"{self.time} " if cell_len(self.time) + 2 <= room else ""
        return Content.assemble(line, " " * max(0, room - cell_len(clock)), clock).truncate(
            self.size.width, ellipsis=True
        )
