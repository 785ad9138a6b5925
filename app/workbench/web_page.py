"""The page that shows a workbench in a browser: textual-serve's terminal, and nothing from other hosts."""

from __future__ import annotations

from string import Template

PAGE = Template("""<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>$title – miger</title>
    <link rel="icon" href="data:," />
    <link rel="preload" href="/static/fonts/RobotoMono-VariableFont_wght.ttf" as="font" type="font/ttf" crossorigin />
    <link rel="stylesheet" href="/static/css/xterm.css" />
    <script src="/static/js/textual.js"></script>
    <style>
      @font-face {
        font-family: "Roboto Mono";
        src: url("/static/fonts/RobotoMono-VariableFont_wght.ttf");
        font-weight: 100 700;
      }
      body { background: #14171c; margin: 0; height: 100vh; overflow: hidden; }
      .textual-terminal { height: 100vh; width: 100vw; }
      .message {
        position: absolute; inset: 0; display: flex; flex-direction: column; align-items: center;
        justify-content: center; gap: 1em; z-index: 10; background: #14171c; color: #dfe3ea;
        font: 16px "Roboto Mono", monospace;
      }
      .message button { font: inherit; padding: 0.5em 1.5em; }
      .ended { display: none; }
      body.-first-byte .opening { display: none; }
      body.-closed .ended { display: flex; }
    </style>
  </head>
  <body>
    <div class="message opening">$title</div>
    <div class="message ended">
      <div>The workbench has ended.</div>
      <button type="button" onclick="window.location.reload()">Open it again</button>
    </div>
    <div id="terminal" class="textual-terminal"
      data-session-websocket-url="$websocket" data-font-size="$font_size"></div>
  </body>
</html>
""")
"""`title`, `websocket` (its URL, to which the terminal adds `?width=…`) and `font_size` in pixels."""
