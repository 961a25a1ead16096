"""The browser fixture drives a real page, scripts included."""

from pathlib import Path

from playwright.sync_api import Browser

PAGE = """<!doctype html><title>A page</title><p id="locale"></p>
<script>document.getElementById("locale").textContent = new Intl.NumberFormat().resolvedOptions().locale</script>"""


def test_a_local_page_is_rendered_and_its_script_has_run(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(PAGE)
    page = browser.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    assert page.title() == "A page"
    assert page.text_content("#locale") == "en-US"
    picture = page.screenshot()
    page.close()
    assert picture.startswith(b"\x89PNG") and len(picture) > 1000
