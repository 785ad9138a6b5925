"""A line to type in, with a list of what there is to choose from below it."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input

from miger.widgets.words import fit, printable

MOST_SHOWN = 6


class OfferList(Widget):
    """At most six of the offers, and how many more there are; a click takes one."""

    DEFAULT_CSS = """
    OfferList { height: auto; width: 1fr; background: $boost; color: $foreground; padding: 0 1; display: none; }
    """

    offers: reactive[tuple[str, ...]] = reactive((), layout=True)
    at: reactive[int] = reactive(-1)  # the one the arrows have come to, -1 for none

    class Taken(Message):
        """A person wants this one."""

        def __init__(self, offer: str) -> None:
            super().__init__()
            self.offer = offer

    @property
    def _top(self) -> int:
        return max(0, self.at - MOST_SHOWN + 1)

    def render(self) -> Content:
        """A line for each that is shown."""
        shown = self.offers[self._top : self._top + MOST_SHOWN]
        width = max(self.size.width - 2, 4)
        lines = [
            Content.styled(
                f"{'▸' if number == self.at else ' '} {fit(printable(offer), width - 2)}", _style(number, self.at)
            )
            for number, offer in enumerate(shown, self._top)
        ]
        more = len(self.offers) - len(shown)
        lines += [Content.styled(f"  {more:,} more: type a part of the name, or ↓", "$text-muted")] if more > 0 else []
        return Content("\n").join(lines)

    def on_click(self, event: events.Click) -> None:
        """Takes the one that was clicked."""
        offset = event.get_content_offset(self)
        place = -1 if offset is None else offset.y + self._top
        if 0 <= place < len(self.offers) and (offset is not None and offset.y < MOST_SHOWN):
            self.post_message(self.Taken(self.offers[place]))


def _style(number: int, at: int) -> str:
    return "bold $text-primary" if number == at else ""


class OfferInput(Input):
    """A line for a name that is one of `offers`, or any other; with `many`, for several with commas."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "offer(1)", "The next of what is offered", show=False),
        Binding("up", "offer(-1)", "The one before", show=False),
    ]

    class Moved(Message):
        """The arrows went on by `places`."""

        def __init__(self, places: int) -> None:
            super().__init__()
            self.places = places

    def action_offer(self, places: int) -> None:
        """Goes through what is offered."""
        self.post_message(self.Moved(places))


def fitting(offers: tuple[str, ...], typed: str, *, many: bool) -> tuple[str, ...]:
    """The offers that go with what is typed, those that begin so first; none where it is one of them already."""
    *before, last = typed.split(",") if many else [typed]
    chosen = {part.strip() for part in before}
    word = last.strip().casefold()
    left = [offer for offer in offers if offer not in chosen]
    if word and any(offer.casefold() == word for offer in left):
        return ()
    starting = [offer for offer in left if offer.casefold().startswith(word)]
    return (*starting, *(offer for offer in left if word in offer.casefold() and offer not in starting))


def with_offer(typed: str, offer: str, *, many: bool) -> str:
    """What is typed once an offer was taken."""
    if not many:
        return offer
    before = [part.strip() for part in typed.split(",")[:-1] if part.strip()]
    return ", ".join([*before, offer])
