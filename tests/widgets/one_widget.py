"""An app that holds one widget and keeps the messages it gives."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.message import Message
from textual.widget import Widget


class OneWidget(App[None]):
    """Shows `widget` alone, in `theme`, and nothing moves."""

    def __init__(self, widget: Widget, theme: str = "textual-dark") -> None:
        super().__init__()
        self.animation_level = "none"
        self.messages: list[Message] = []
        self._widget = widget
        self._wanted = theme

    def compose(self) -> ComposeResult:
        yield self._widget

    def on_mount(self) -> None:
        self.theme = self._wanted

    def on_rows_view_copied(self, message: Message) -> None:
        self.messages.append(message)

    def on_log_view_opened(self, message: Message) -> None:
        self.messages.append(message)

    def on_detail_body_jump(self, message: Message) -> None:
        self.messages.append(message)

    def on_detail_body_run_opened(self, message: Message) -> None:
        self.messages.append(message)

    def on_detail_view_tab_shown(self, message: Message) -> None:
        self.messages.append(message)
