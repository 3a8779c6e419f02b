"""Chromium, without a window."""

import logging
import shutil

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def chromium():
    """Return a function that starts Chromium with a profile of its own."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is missing")
    if not CHROMIUM or not DRIVER:
        pytest.skip("chromium or chromedriver is not installed")

    for name in ("selenium", "urllib3"):
        # They log what a page shows, and the sandbox's shows a token.
        logging.getLogger(name).setLevel(logging.WARNING)

    def start(profile):
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for switch in (*SWITCHES, f"--user-data-dir={profile}"):
            options.add_argument(switch)
        service = webdriver.ChromeService(executable_path=DRIVER)
        return webdriver.Chrome(options=options, service=service)

    return start
