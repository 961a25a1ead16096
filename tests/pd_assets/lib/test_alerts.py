"""What is told of a failure: one line always, and the webhook and the e-mail as a receiver on loopback gets them."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pd_assets.lib.alerts import LOG, Alert, AlertFailed, is_told, mail, post, send
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.settings import Settings
from tests.pd_assets.lib.local_server import LocalServer, Reply, in_turn
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


def test_what_was_told_of_a_run_is_known_unless_somebody_could_not_be_reached(home: Home) -> None:
    assert not is_told(home, "0123")
    send(home, Settings(), ALERT)
    assert is_told(home, "0123") and not is_told(home, "123")
    with pytest.raises(AlertFailed):
        send(home, Settings(alert_webhook=NOWHERE), ALERT)
    assert not is_told(home, "0123")


def test_where_the_log_cannot_be_read_nobody_is_taken_to_know(home: Home) -> None:
    (home.root / LOG).mkdir()
    assert not is_told(home, "0123")


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


# --- passwords and secrets -------------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A file with a certificate for 127.0.0.1 and its key."""
    key, today = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    made = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "mail.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def encrypted(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def by_mail(port: int, *, password: str | None = "S3CRET") -> Settings:
    return Settings(
        alert_email="me@somewhere.net",
        smtp_host="127.0.0.1",
        smtp_port=port,
        smtp_user="us@somewhere.net" if password else None,
        smtp_password=password,
    )


def test_a_password_is_never_sent_in_clear() -> None:
    with mail_server() as (port, received), pytest.raises(AlertFailed, match=r"no encryption.*PD_SMTP_PORT=465"):
        mail(by_mail(port), ALERT)
    assert received == []


def test_a_password_is_never_sent_to_a_server_that_cannot_prove_who_it_is(encrypted: ssl.SSLContext) -> None:
    with mail_server(encrypted) as (port, received), pytest.raises(AlertFailed, match="its certificate is not valid"):
        mail(by_mail(port), ALERT)
    assert received == []


def test_a_password_is_sent_to_a_server_that_proves_who_it_is(
    encrypted: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with mail_server(encrypted) as (port, received):
        mail(by_mail(port), ALERT)
    login, message = received
    assert login.startswith("AUTH PLAIN") and "To: me@somewhere.net" in message


def test_without_a_password_a_server_of_one_s_own_is_good_enough(encrypted: ssl.SSLContext) -> None:
    with mail_server(encrypted) as (port, received):
        mail(by_mail(port, password=None), ALERT)
    assert len(received) == 1


@pytest.mark.parametrize("address", ["me@x.net\nBcc: evil@x", "me@x.net\r", "me", "@", "me@x.net, ", "\ud800@x.net"])
def test_an_address_that_is_none_is_named_and_nothing_is_sent(address: str) -> None:
    with mail_server() as (port, received), pytest.raises(AlertFailed, match=r"PD_ALERT_EMAIL|PD_SMTP_USER"):
        mail(Settings(alert_email=address, smtp_host="127.0.0.1", smtp_port=port), ALERT)
    assert received == []


def test_a_job_or_a_reason_of_any_characters_is_told(home: Home) -> None:
    odd = Alert(run_id="1", job="a\nBcc: evil@x", step="\x00", reason="half a character: \udc80")
    with mail_server() as (port, received), webhook() as (url, posted):
        told = by_mail(port, password=None)
        send(
            home, Settings(alert_webhook=url, alert_email=told.alert_email, smtp_host="127.0.0.1", smtp_port=port), odd
        )
    assert len(received) == len(posted) == 1
    assert r"half a character: \udc80" in lines(home)[0]


ODD_WEBHOOKS = (
    "https://hooks.example/SE CRET/x",
    "http://127.0.0.1:%d/SECRET",
    "http://[::1/SECRET",
    "http://a..b/SECRET",
    "http://127.0.0.1:9/SECRET",
    "SECRET",
    "http://\ud800/SECRET",
    "file:///SECRET",
)


@pytest.mark.parametrize("url", ODD_WEBHOOKS)
def test_a_webhook_that_is_no_address_is_a_named_error_without_it(home: Home, url: str) -> None:
    with pytest.raises(AlertFailed, match="PD_ALERT_WEBHOOK cannot be used") as failed:
        send(home, Settings(alert_webhook=url), ALERT)
    assert "SE" not in str(failed.value).replace(str(home.root), "")
    assert "SE" not in lines(home)[1]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(status=500), "HTTP 500"),
        (Reply(status=404, body=b"/SECRET"), "HTTP 404"),
        (Reply(reset=True), "Connection"),
        (Reply(status=302, headers={"Location": "/SECRET2"}), "HTTP 302"),
        (Reply(status=307, headers={"Location": "http://[::1/SECRET2"}), "HTTP 307"),
    ],
)
def test_a_webhook_that_does_not_take_it_is_a_named_error_without_its_address(reply: Reply, said: str) -> None:
    with LocalServer(in_turn([reply])) as server, pytest.raises(AlertFailed, match=said) as failed:
        post(f"{server.url}/SECRET", ALERT)
    assert "SECRET" not in str(failed.value)


def test_where_the_log_cannot_be_written_the_others_are_told_all_the_same(home: Home) -> None:
    (home.root / LOG).mkdir()
    with webhook() as (url, received), pytest.raises(AlertFailed, match=r"alerts\.log cannot be written"):
        send(home, Settings(alert_webhook=url), ALERT)
    assert len(received) == 1
