"""One field of a form: its label, what it is filled in with, and what is wrong with it."""

from __future__ import annotations

from typing import NamedTuple

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Input, Label, TextArea

from miger.widgets.choice_line import ChoiceLine
from miger.widgets.offer_input import OfferInput, OfferList, fitting, with_offer
from miger.widgets.words import printable


class FieldSpec(NamedTuple):
    """What a field is like: its name, its label, a hint where it is empty.

    `choices` makes it a choice of a few words, the first of which is the usual one; `rows` over 1 a text of several
    lines. `offers` says what of the database is offered (tables, columns, …), `many`: several names, with commas.
    """

    name: str
    label: str
    hint: str = ""
    choices: tuple[str, ...] = ()
    offers: str = ""
    many: bool = False
    rows: int = 1


class FormField(Vertical):
    """A field by its `FieldSpec`. `value` is what was filled in, `problem` what is wrong with that."""

    DEFAULT_CSS = """
    FormField { height: auto; width: 1fr; }
    FormField > Horizontal { height: auto; width: 1fr; }
    FormField Label.-label { width: 14; padding-right: 1; color: $foreground-muted; text-align: right; }
    FormField.-at Label.-label { color: $foreground; text-style: bold; }
    FormField Input { width: 1fr; background: $panel; }
    FormField Input:focus { background: $primary 25%; }
    FormField TextArea { width: 1fr; background: $panel; border: none; padding: 0; }
    FormField ChoiceLine { padding: 0; }
    FormField OfferList { margin-left: 14; }
    FormField .-problem { margin-left: 14; width: 1fr; height: auto; color: $text-error; display: none; }
    FormField .-problem.-note { color: $foreground-muted; }
    """

    offers: reactive[tuple[str, ...]] = reactive(())
    problem: reactive[str] = reactive("")
    note: reactive[str] = reactive("")

    class Changed(Message):
        """Something was filled in."""

        def __init__(self, field: FormField) -> None:
            super().__init__()
            self.field = field

    class Submitted(Message):
        """Enter was pressed, and nothing of the offers was meant."""

        def __init__(self, field: FormField) -> None:
            super().__init__()
            self.field = field

    def __init__(self, spec: FieldSpec, value: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.spec = spec
        self._first = value

    def compose(self) -> ComposeResult:
        """Label and control on one line; offers and problem below."""
        spec = self.spec
        with Horizontal():
            yield Label(spec.label, classes="-label")
            if spec.choices:
                yield ChoiceLine(spec.choices, self._first)
            elif spec.rows > 1:
                area = TextArea(self._first, compact=True, tab_behavior="focus", placeholder=spec.hint)
                area.styles.height = spec.rows
                yield area
            elif spec.offers:
                yield OfferInput(self._first, compact=True, placeholder=spec.hint, select_on_focus=False)
            else:
                yield Input(self._first, compact=True, placeholder=spec.hint, select_on_focus=False)
        if spec.offers:
            yield OfferList()
        yield Label("", classes="-problem", markup=False)

    @property
    def control(self) -> Input | TextArea | ChoiceLine:
        """What is filled in."""
        if self.spec.choices:
            return self.query_one(ChoiceLine)
        return self.query_one(TextArea) if self.spec.rows > 1 else self.query_one(Input)

    @property
    def value(self) -> str:
        """What was filled in."""
        if not self.is_mounted or not self.children:
            return self._first
        control = self.control
        return control.text if isinstance(control, TextArea) else control.value

    @value.setter
    def value(self, text: str) -> None:
        control = self.control
        if isinstance(control, TextArea):
            control.text = text
        else:
            control.value = text

    def begin(self) -> None:
        """Takes the focus."""
        self.control.focus()

    # Drawing

    def watch_problem(self) -> None:
        """Says what is wrong."""
        self._tell()

    def watch_note(self) -> None:
        """Says what is to know where nothing is wrong."""
        self._tell()

    def on_mount(self) -> None:
        """Draws what was set before."""
        self._tell()

    def _tell(self) -> None:
        for label in self.query(".-problem").results(Label):
            label.display = bool(self.problem or self.note)
            label.set_class(not self.problem, "-note")
            label.update(f"✖ {printable(self.problem)}" if self.problem else printable(self.note))

    def watch_offers(self) -> None:
        """Offers something else."""
        self._offer()

    def _offer(self) -> None:
        for found in self.query(OfferList):
            found.offers = fitting(self.offers, self.value, many=self.spec.many) if self.has_focus_within else ()
            found.at = -1
            found.display = bool(found.offers)

    @property
    def has_focus_within(self) -> bool:
        """Whether a person types here."""
        return any(node.has_focus for node in self.query("Input"))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Shows what is offered."""
        self.add_class("-at")  # `:focus-within` reaches a label too late
        self._offer()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """Hides it."""
        self.remove_class("-at")
        self._offer()

    # Filling in

    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(ChoiceLine.Changed)
    def _changed(self, message: Message) -> None:
        message.stop()
        self._offer()
        self.post_message(self.Changed(self))

    @on(OfferInput.Moved)
    def _move(self, message: OfferInput.Moved) -> None:
        message.stop()
        found = self.query_one(OfferList)
        if found.offers:
            found.at = max(-1, min(found.at + message.places, len(found.offers) - 1))

    @on(OfferList.Taken)
    def _taken(self, message: OfferList.Taken) -> None:
        message.stop()
        self._take(message.offer)

    def _take(self, offer: str) -> None:
        line = self.query_one(Input)
        line.value = with_offer(line.value, offer, many=self.spec.many)
        line.cursor_position = len(line.value)
        line.focus()

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        message.stop()
        for found in self.query(OfferList):
            if 0 <= found.at < len(found.offers):
                self._take(found.offers[found.at])
                return
        self.post_message(self.Submitted(self))
