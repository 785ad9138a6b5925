"""A short list of things that can be done, with what each does and why it can't be done now."""

from __future__ import annotations

from typing import NamedTuple

from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from miger.widgets.rows_view import RowsView
from miger.widgets.words import fit, printable


class Choice(NamedTuple):
    """One of the list: its label, what it will do, and why it can't be done now, or ""."""

    label: str
    effect: str
    unavailable: str = ""


class ChoiceView(RowsView):
    """Numbered choices; enter, a number or two clicks on one chooses it."""

    choices: reactive[tuple[Choice, ...]] = reactive((), init=False)

    class Chosen(Message):
        """A person wants the choice at `place`, which may be one that can't be taken now."""

        def __init__(self, view: ChoiceView, place: int) -> None:
            super().__init__()
            self.view = view
            self.place = place

        @property
        def control(self) -> ChoiceView:
            """The list."""
            return self.view

    class Highlighted(Message):
        """The cursor is on the choice at `place`."""

        def __init__(self, view: ChoiceView, place: int) -> None:
            super().__init__()
            self.view = view
            self.place = place

        @property
        def control(self) -> ChoiceView:
            """The list."""
            return self.view

    def watch_choices(self, old: tuple[Choice, ...], new: tuple[Choice, ...]) -> None:
        """Shows them; the cursor goes to the first that can be taken where the labels are others."""
        self.rows_changed()
        if [choice.label for choice in old] != [choice.label for choice in new]:
            first = next((place for place, choice in enumerate(new) if not choice.unavailable), 0)
            self.move_cursor(first)
        self.post_message(self.Highlighted(self, self.cursor))

    def watch_cursor(self, old: int, new: int) -> None:
        """Tells where the cursor is."""
        super().watch_cursor(old, new)
        self.post_message(self.Highlighted(self, new))

    def row_count(self) -> int:
        """One for each."""
        return len(self.choices)

    def render_row(self, index: int, width: int) -> Content:
        """Number, label, and what it will do or why not."""
        choice = self.choices[index]
        label = max(len(other.label) for other in self.choices)
        head = f"{index + 1}  {choice.label:<{label}}  "
        room = max(width - len(head) - 2, 8)
        if choice.unavailable:
            return Content.styled(f"· {head}{fit(printable(f'not now: {choice.unavailable}'), room)}", "$text-muted")
        return Content.assemble(("○ ", "$text-primary"), (head, "bold"), fit(printable(choice.effect), room))

    def text_of_row(self, index: int) -> str:
        """The label and what it does."""
        choice = self.choices[index]
        return f"{choice.label}: {choice.unavailable or choice.effect}"

    def open_row(self, index: int) -> None:
        """Chooses it."""
        self.post_message(self.Chosen(self, index))
