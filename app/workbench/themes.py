"""The themes: dark, light, and one of high contrast.

Text has a contrast of 4.5 to 1 at least, borders one of 3 to 1, on every ground that they lie on: a test
computes it. Where Textual would derive a weaker colour, `variables` names another.
"""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="miger-dark",
    primary="#5fa8f5",
    secondary="#8b7cf0",
    accent="#f2b457",
    warning="#f2b457",
    error="#cb3a52",
    success="#4fbf83",
    foreground="#dfe3ea",
    background="#14171c",
    surface="#1b1f26",
    panel="#262c36",
    dark=True,
    variables={
        "text": "auto 95%",
        "text-error": "#ff9aa5",
        "text-secondary": "#cbc4fb",
        "text-muted": "#bcc4cf",
        "foreground-muted": "#bcc4cf",
        "text-disabled": "#a9b2bf",
        "foreground-disabled": "#a9b2bf",
        "border-blurred": "#66707f",
        "scrollbar": "#4a5463",
        "scrollbar-background": "#1b1f26",
    },
)
LIGHT = Theme(
    name="miger-light",
    primary="#1f5fae",
    secondary="#5a45c7",
    accent="#824c00",
    warning="#8f5a00",
    error="#b3263e",
    success="#1b7a45",
    foreground="#1d2430",
    background="#f7f8fa",
    surface="#ffffff",
    panel="#e4e8ee",
    dark=False,
    variables={
        "text": "auto 95%",
        "text-muted": "#465060",
        "foreground-muted": "#465060",
        "text-disabled": "#4f5764",
        "foreground-disabled": "#4f5764",
        "border-blurred": "#858f9e",
        "scrollbar": "#a9b2bf",
        "scrollbar-background": "#f0f2f5",
    },
)
HIGH_CONTRAST = Theme(
    name="miger-high-contrast",
    primary="#00ffff",
    secondary="#ffff00",
    accent="#ffff00",
    warning="#ffff00",
    error="#ff5555",
    success="#00ff66",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#000000",
    dark=True,
    text_alpha=1.0,
    variables={
        "text": "auto 100%",
        "border": "#ffffff",
        "border-blurred": "#aaaaaa",
        "text-muted": "#ffffff",
        "foreground-muted": "#ffffff",
        "text-disabled": "#dddddd",
        "foreground-disabled": "#dddddd",
        "text-error": "#ffaaaa",
        "scrollbar": "#aaaaaa",
        "scrollbar-background": "#000000",
    },
)
THEMES = (DARK, LIGHT, HIGH_CONTRAST)
