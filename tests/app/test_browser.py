"""The main job in a real browser, with the bundled models."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from selenium import webdriver
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    NoSuchElementException,
    StaleElementReferenceException,
)
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.app.test_server import free_port

pytestmark = [pytest.mark.browser, pytest.mark.models]

ROOT = Path(__file__).resolve().parents[2]
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1440,900",
)
WAIT_SECONDS = 120
# The drop zone lives in a shadow root, which no selector reaches.
FIND_INPUT = """
const role = arguments[0]
const search = (node) => {
  for (const element of node.querySelectorAll("*")) {
    if (!element.shadowRoot) continue
    const root = element.shadowRoot
    const found = root.querySelector(`[data-role=${role}]`) || search(root)
    if (found) return found
  }
  return null
}
return search(document)
"""
HOSTILE = "<img src=x onerror=\"document.title='hacked'\">"
T = TypeVar("T")


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    with (tmp_path / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.server", "--port", str(port)],
            cwd=ROOT,
            env=os.environ,
            stderr=log,
        )
        yield f"http://127.0.0.1:{port}"
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    options = Options()
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    yield driver
    driver.quit()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a subfolder, a hostile name and hostile text."""
    inside = tmp_path / "制度" / "考勤"
    inside.mkdir(parents=True)
    (inside / "年假.md").write_text(
        "# 年假管理办法\n\n员工工作满一年后，每年享有五天带薪年假。\n", encoding="utf-8"
    )
    hostile = tmp_path / "制度" / "<img src=x onerror=document.title=1>.txt"
    hostile.write_text(f"商业秘密的保密期限为三年。{HOSTILE}", encoding="utf-8")
    return tmp_path / "制度"


def until(what: Callable[[], T | None], *, seconds: float = WAIT_SECONDS) -> T:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            found = what()
        except (
            ElementClickInterceptedException,
            NoSuchElementException,
            StaleElementReferenceException,
        ):
            found = None
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"nothing came within {seconds} s")


def click(browser: webdriver.Chrome, text: str) -> None:
    def press() -> bool:
        shown = [
            element
            for element in browser.find_elements(By.CSS_SELECTOR, "button, summary, a, [role=tab]")
            if text in element.text and element.is_displayed() and element.is_enabled()
        ]
        if not shown:
            return False
        # A label that is the text itself goes before those that only hold it.
        element = min(shown, key=lambda each: len(each.text))
        browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)  # type: ignore[no-untyped-call]
        element.click()
        return True

    until(press)


def says(browser: webdriver.Chrome, text: str) -> None:
    until(lambda: text in browser.find_element(By.TAG_NAME, "body").text)


def drop_zone(browser: webdriver.Chrome, role: str) -> Any:
    return until(lambda: browser.execute_script(FIND_INPUT, role))  # type: ignore[no-untyped-call]


def ask(browser: webdriver.Chrome, question: str) -> None:
    box = until(lambda: browser.find_element(By.CSS_SELECTOR, "[data-testid=stChatInputTextArea]"))
    box.send_keys(question, Keys.ENTER)


def open_page(browser: webdriver.Chrome, address: str) -> None:
    until(lambda: _answers(address))
    browser.get(address)
    until(lambda: "知库" in browser.title)


def _answers(address: str) -> bool:
    import httpx

    try:
        return httpx.get(f"{address}/api/health", trust_env=False).is_success
    except httpx.HTTPError:
        return False


def test_from_an_empty_installation_to_an_answer_with_its_source(
    address: str, browser: webdriver.Chrome, folder: Path
) -> None:
    open_page(browser, address)
    says(browser, "先建一个知识库")
    click(browser, "新建第一个知识库")
    name = until(lambda: browser.find_element(By.CSS_SELECTOR, "[role=dialog] input"))
    name.send_keys("规章制度")
    click(browser, "创建")
    says(browser, "这里还没有文件")

    drop_zone(browser, "folder").send_keys(str(folder))
    says(browser, "2 个文件 · 2 个段落")

    click(browser, "提问")
    ask(browser, "每年有几天带薪年假？")
    partial = until(lambda: browser.find_elements(By.CSS_SELECTOR, ".zk-cursor"))
    assert partial
    until(lambda: "conversation=" in browser.current_url)
    until(lambda: not browser.find_elements(By.CSS_SELECTOR, ".zk-cursor"))
    answer = until(lambda: browser.find_element(By.CSS_SELECTOR, ".zk-answer")).text
    assert "五" in answer or "5" in answer

    click(browser, "制度/考勤/年假.md")
    until(lambda: "五天带薪年假" in browser.find_element(By.CSS_SELECTOR, ".zk-passage mark").text)
    click(browser, "查看全文")
    says(browser, "员工工作满一年后，每年享有五天带薪年假。")

    browser.get(address)
    ask(browser, "保密期限是几年？")
    # A source that is opened while the answer is written stays open when it is done.
    click(browser, "onerror=document.title=1")
    says(browser, HOSTILE)
    until(lambda: "conversation=" in browser.current_url)
    until(lambda: not browser.find_elements(By.CSS_SELECTOR, ".zk-cursor"))
    says(browser, HOSTILE)
    assert browser.find_elements(By.CSS_SELECTOR, "img[src='x']") == []
    assert "知库" in browser.title
    outside = [
        entry["message"]
        for entry in browser.get_log("browser")  # type: ignore[no-untyped-call]
        if "http" in entry["message"] and address not in entry["message"]
    ]
    assert outside == []


def test_conversations_survive_a_reload_and_the_language_is_switched(
    address: str, browser: webdriver.Chrome, folder: Path
) -> None:
    open_page(browser, address)
    click(browser, "English")
    says(browser, "Start with a knowledge base")
    browser.refresh()
    says(browser, "Start with a knowledge base")
    click(browser, "Create the first knowledge base")
    name = until(lambda: browser.find_element(By.CSS_SELECTOR, "[role=dialog] input"))
    name.send_keys("Policies")
    click(browser, "Create")
    file = folder / "考勤" / "年假.md"
    drop_zone(browser, "files").send_keys(str(file))
    says(browser, "1 documents · 1 passages")
    click(browser, "Ask")
    ask(browser, "每年有几天带薪年假？")
    until(lambda: "conversation=" in browser.current_url)
    browser.refresh()
    says(browser, "每年有几天带薪年假？")
    until(lambda: browser.find_element(By.CSS_SELECTOR, ".zk-answer"))


def type_cells(browser: webdriver.Chrome, *words: str) -> None:
    """Type words into the first row of the table of a dialog, cell by cell."""

    def typed() -> bool:
        table = browser.find_element(By.CSS_SELECTOR, "[role=dialog] canvas")
        width, height = table.size["width"], table.size["height"]
        # Below the heading, beside the column that marks rows.
        actions = ActionChains(browser)
        actions.move_to_element_with_offset(table, 90 - width // 2, 52 - height // 2).click()
        for word in words:
            # The first character that is typed would only open the cell.
            actions.send_keys(Keys.DELETE, Keys.ENTER).pause(0.3).send_keys(word).pause(0.3)
            actions.send_keys(Keys.TAB).pause(0.3)
        actions.perform()
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            if set(words) <= set(cells(browser)):
                return True
            time.sleep(0.1)
        # The table was drawn anew while it was typed into: once more.
        return False

    until(typed)


def cells(browser: webdriver.Chrome) -> list[str]:
    found = browser.find_elements(By.CSS_SELECTOR, "[role=dialog] [role=gridcell]")
    return [str(each.get_attribute("textContent")) for each in found]


def test_synonyms_are_typed_brought_by_a_file_and_kept(
    address: str, browser: webdriver.Chrome, tmp_path: Path
) -> None:
    open_page(browser, address)
    click(browser, "新建第一个知识库")
    name = until(lambda: browser.find_element(By.CSS_SELECTOR, "[role=dialog] input"))
    name.send_keys("规章制度")
    click(browser, "创建")
    click(browser, "设置")
    click(browser, "同义词")
    type_cells(browser, "年假", "带薪年休假、年休假")
    until(lambda: "年假" in cells(browser))
    click(browser, "保存")
    says(browser, "已保存 1 组同义词")

    browser.refresh()
    click(browser, "设置")
    click(browser, "同义词")
    until(lambda: "带薪年休假、年休假" in cells(browser))
    type_cells(browser, "假", "年假")
    click(browser, "保存")
    says(browser, "已保存 1 组同义词")
    click(browser, "用 Excel 编辑")
    file = tmp_path / "词.csv"
    file.write_text("PO,采购订单\n年假,年休假\n", encoding="gb18030")
    browser.find_element(By.CSS_SELECTOR, "[role=dialog] input[type=file]").send_keys(str(file))
    says(browser, "2 组已放进表格")
    until(lambda: "采购订单" in cells(browser))
    click(browser, "保存")
    says(browser, "已保存 2 组同义词")
