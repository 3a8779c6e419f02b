"""The secrets that were sent, in several threads and in turn."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from sage200_async.errors.known_secrets import remember, without_secrets


@pytest.fixture
def switching():
    """Let threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("switching")
def test_threads_send_secrets_at_once():
    """Clients in several threads send their tokens at once, and none fails."""

    def send(thread):
        for number in range(30_000):
            remember(f"hush-{thread}-{number % 7}-token")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(send, range(4)))
    assert without_secrets("got hush-3-6-token") == "got ***"


def test_a_secret_that_was_pushed_out_is_known_once_it_is_sent_again():
    """The last secret is not learned anew, and one that was forgotten is."""
    remember("hush-the-first")
    remember("hush-the-first")
    for number in range(300):
        remember(f"hush-another-{number}")
    remember("hush-the-first")
    assert without_secrets("hush-the-first") == "***"
