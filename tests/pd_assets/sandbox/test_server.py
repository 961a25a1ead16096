"""Starting, stopping and what a whole scrape costs."""

import re
import socket
import subprocess
import sys

import pytest
import requests

from pd_assets.lib.errors import SandboxError
from pd_assets.sandbox import Archive, SandboxServer
from tests.cost import cost_s
from tests.patience import PATIENCE_S
from tests.pd_assets.sandbox.asking import DETAILS, ROOTS, USER_AGENT, Asker, files_in

FOREGROUND = """
import sys
from pd_assets.sandbox import Archive, serve_forever
serve_forever(Archive.painted(count=5), int(sys.argv[1]), on_ready=lambda url: print(url, flush=True))
"""


def test_a_port_in_use_is_a_named_error_of_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SandboxError, match=f"cannot listen on 127.0.0.1:{port}") as caught:
            SandboxServer(Archive(), port=port).start()
    assert "\n" not in str(caught.value)


def test_a_stopped_server_no_longer_answers_and_its_port_is_free() -> None:
    with SandboxServer(Archive.painted(count=3)) as server:
        port = server.port
        assert Asker(server).query(meta="siteinfo")["batchcomplete"] is True
    with pytest.raises(requests.ConnectionError):
        requests.get(server.api_url, headers={"User-Agent": USER_AGENT}, timeout=PATIENCE_S)
    with SandboxServer(Archive.painted(count=3), port=port) as again:
        assert again.port == port


def test_the_foreground_server_tells_when_it_is_ready_and_ends_on_terminate() -> None:
    process = subprocess.Popen([sys.executable, "-c", FOREGROUND, "0"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
        answer = requests.get(f"{url}/w/api.php", headers={"User-Agent": USER_AGENT}, timeout=PATIENCE_S)
        assert answer.status_code == 200
    finally:
        process.terminate()
        rest, _ = process.communicate(timeout=PATIENCE_S)
    assert rest == ""


def test_a_scrape_of_300_files_costs_little() -> None:
    def scrape() -> None:
        with SandboxServer(Archive.painted(count=300, seed=9)) as server:
            asker = Asker(server)
            found = sorted(set().union(*(files_in(asker, root) for root in ROOTS)))
            for first in range(0, len(found), 50):
                batch = "|".join(map(str, found[first : first + 50]))
                for answer in asker.all(pageids=batch, iiurlwidth=1280, iiurlheight=1280, **DETAILS):
                    for page in answer["query"]["pages"]:
                        for info in page.get("imageinfo", []):
                            assert asker.get(info["thumburl"]).status_code == 200

    # Both sides run in this process: the budget of 15 s for 2,600 files, and as much again for the client.
    assert cost_s(scrape) < 30 * 300 / 2600
