"""What is remembered from one start to the next."""

from __future__ import annotations

import json
import os
import stat
import threading

import pytest

from miger.workbench.settings import Settings, load_settings, save_settings, settings_path
from miger.workbench.themes import LIGHT

from tests.app.sandbox import Sandbox
from tests.workbench.conftest import Opener
from tests.workbench.driving import HOME, press, wait_for_look

CONFIG = "/somewhere/shop/miger.toml"


def test_what_was_saved_is_loaded() -> None:
    settings = Settings("prod", LIGHT.name, "status:pending", 40, 12)
    save_settings(CONFIG, settings)
    assert load_settings(CONFIG) == settings
    assert load_settings("/somewhere/else/miger.toml") == Settings()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '"x"',
        "\x00\xff",
        '{"environment": 5, "detail_width": "wide", "theme": null}',
        "[" * 100_000,
    ],
)
def test_a_broken_file_gives_the_usual_ones(content: str) -> None:
    path = settings_path(CONFIG)
    os.makedirs(os.path.dirname(path))
    with open(path, "w", encoding="utf-8", errors="replace") as file:
        file.write(content)
    assert load_settings(CONFIG) == Settings()


def test_what_is_right_of_a_half_right_file_counts_and_what_is_unknown_does_not() -> None:
    path = settings_path(CONFIG)
    os.makedirs(os.path.dirname(path))
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"environment": "prod", "detail_width": True, "of_tomorrow": 1}, file)
    assert load_settings(CONFIG) == Settings(environment="prod")


def test_a_folder_that_cannot_be_written_bothers_nobody(
    monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str]
) -> None:
    blocked = os.path.join(tmp_path, "file")
    with open(blocked, "w", encoding="utf-8") as file:
        file.write("x")
    monkeypatch.setenv("XDG_STATE_HOME", blocked)
    save_settings(CONFIG, Settings("prod"))
    assert load_settings(CONFIG) == Settings()


def test_workbenches_that_save_at_once_never_tear_the_file() -> None:
    kinds = [Settings(f"environment{number}" * 500, filter=str(number) * 5000) for number in range(8)]
    save_settings(CONFIG, kinds[0])
    torn: list[Settings] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            if (found := load_settings(CONFIG)) not in kinds:
                torn.append(found)

    def write(settings: Settings) -> None:
        for _ in range(50):
            save_settings(CONFIG, settings)

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(settings,)) for settings in kinds]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    reader.join()
    assert torn == []
    assert os.listdir(os.path.dirname(settings_path(CONFIG))) == [os.path.basename(settings_path(CONFIG))]


def test_nobody_else_may_read_it_and_its_name_tells_no_path() -> None:
    save_settings(CONFIG, Settings("prod"))
    path = settings_path(CONFIG)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert "somewhere" not in path and "shop" not in os.path.basename(path)


async def test_no_secret_is_remembered(postgresql_shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(postgresql_shop)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        await press(pilot, ["slash", *"status:applied", "enter", "plus", "T"])
    with open(settings_path(app.project.config.path), encoding="utf-8") as file:
        text = file.read()
    found = json.loads(text)
    assert found["filter"] == "status:applied" and found["theme"] == LIGHT.name
    assert set(found) == set(Settings._fields)
    for secret in (*app.situation.environment.url.secrets, "postgresql://"):
        assert secret not in text
