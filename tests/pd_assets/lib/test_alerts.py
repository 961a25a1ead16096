"""What is told of a failure: one line always, and the webhook and the e-mail as a receiver on loopback gets them."""

from pathlib import Path

import pytest

from pd_assets.lib.alerts import LOG, Alert, AlertFailed, send
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.settings import Settings
from tests.receivers import mail_server, webhook

ALERT = Alert(run_id="0123", job="nightly", step="commons/refresh", reason="the archive\nis down")
NOWHERE = "http://127.0.0.1:9/secret-key"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path)


def lines(home: Home) -> list[str]:
    return (home.root / LOG).read_text().splitlines()


def test_a_failure_is_one_line_of_the_log(home: Home) -> None:
    send(home, Settings(), ALERT)
    send(home, Settings(), ALERT)
    assert len(lines(home)) == 2
    assert lines(home)[0].endswith("nightly, commons/refresh failed: the archive is down [run 0123]")


def test_a_webhook_gets_the_alert_as_json(home: Home) -> None:
    with webhook() as (url, received):
        send(home, Settings(alert_webhook=url), ALERT)
    assert len(received) == 1
    assert received[0]["run_id"] == "0123"
    assert "the archive is down" in str(received[0]["text"])


def test_a_mail_server_gets_a_message_to_the_operator(home: Home) -> None:
    with mail_server() as (port, received):
        send(home, Settings(alert_email="me@somewhere.net", smtp_host="127.0.0.1", smtp_port=port), ALERT)
    assert len(received) == 1
    assert "To: me@somewhere.net" in received[0] and "the archive is down" in received[0]


def test_who_cannot_be_reached_is_named_after_the_failure_and_no_address_is_shown(home: Home) -> None:
    with mail_server() as (port, received):
        settings = Settings(
            alert_webhook=NOWHERE, alert_email="me@somewhere.net", smtp_host="127.0.0.1", smtp_port=port
        )
        with pytest.raises(AlertFailed, match="the failure itself is in"):
            send(home, settings, ALERT)
    assert len(received) == 1, "the e-mail is sent all the same"
    first, second = lines(home)
    assert "the archive is down" in first
    assert "not told" in second and "secret-key" not in second
