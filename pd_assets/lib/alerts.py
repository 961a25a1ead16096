"""Tell people that something failed: a line in PD_HOME/alerts.log, and a webhook or an e-mail where they are set.

The line comes first; who cannot be reached is named in the log too. The address of a webhook is a secret, and so is the
password of the mail server: neither is shown, and the password is sent over a connection that was verified, or not at
all.
"""

import http.client
import json
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.headerregistry import AddressHeader
from email.message import EmailMessage

from pd_assets.lib.errors import PdError
from pd_assets.lib.home import Home
from pd_assets.lib.settings import Settings

LOG = "alerts.log"
PATIENCE_S = 20.0
LONGEST_LINE = 2000
NOT_TOLD = "not told: "
TLS_PORT = 465
SENDER = "Public-Domain Diffusion <{}>"


class AlertFailed(PdError):
    """Somebody who is to be told of a failure could not be reached; the failure itself is in the log."""


@dataclass(frozen=True, kw_only=True)
class Alert:
    """A failure in words: what failed, where it is looked at, and why."""

    run_id: str
    job: str
    step: str
    reason: str
    will_be_retried: bool = False

    @property
    def line(self) -> str:
        """All of it in one line."""
        retried = " (it will be tried again)" if self.will_be_retried else ""
        said = f"{self.job}{f', {self.step}' if self.step else ''} failed{retried}: {self.reason}"
        return f"{_in_one_line(said)[:LONGEST_LINE]} {_marked(self.run_id)}"


def send(home: Home, settings: Settings, alert: Alert) -> None:
    """Write the line, then tell everybody who is configured. AlertFailed names all who could not be reached."""
    ways: list[Callable[[], None]] = [lambda: write_line(home, alert.line)]
    if webhook := settings.alert_webhook:
        ways.append(lambda: post(webhook, alert))
    if settings.alert_email:
        ways.append(lambda: mail(settings, alert))
    failed = [problem for way in ways if (problem := _tried(way))]
    if failed:
        said = "; ".join(failed)
        _tried(lambda: write_line(home, f"{NOT_TOLD}{said} {_marked(alert.run_id)}"))
        raise AlertFailed(f"{said}; the failure itself is in {home.root / LOG}, where that can be written")


def is_told(home: Home, run_id: str) -> bool:
    """Whether the log has this run, and nobody who could not be reached; of a log that cannot be read, no."""
    try:
        with (home.root / LOG).open(encoding="utf-8", errors="replace") as log:
            said = [line.partition(" ")[2] for line in log if line.rstrip().endswith(_marked(run_id))]
    except OSError:
        return False
    return bool(said) and not any(words.startswith(NOT_TOLD) for words in said)


def write_line(home: Home, line: str) -> None:
    """Append one line with the time to the log of alerts."""
    path = home.root / LOG
    try:
        with path.open("a", encoding="utf-8", errors="backslashreplace") as log:
            log.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} {line}\n")
    except OSError as error:
        raise AlertFailed(f"{path} cannot be written ({error.strerror}); make room, or let us write there") from error


def _tried(way: Callable[[], None]) -> str | None:
    try:
        way()
    except AlertFailed as error:
        return str(error)
    return None


def _marked(run_id: str) -> str:
    return f"[run {run_id}]"


def _in_one_line(text: str) -> str:
    """Words with a space between, in characters that mail and logs take."""
    return " ".join(text.encode("utf-8", "backslashreplace").decode().split())


def _opener() -> urllib.request.OpenerDirector:
    """HTTP alone, without redirects: who moved would be asked without the alert, or tell the secret to another."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.UnknownHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPErrorProcessor,
    ):
        opener.add_handler(handler())
    return opener


def post(url: str, alert: Alert) -> None:
    """POST the alert as JSON; `text` is what chat services show. AlertFailed says what went wrong, not the address."""
    body = json.dumps({"text": alert.line, **asdict(alert)}).encode()
    try:
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        with _opener().open(request, timeout=PATIENCE_S):
            return
    except Exception as error:
        # What it says may hold the address: of any fault only the kind is told, and what the system says of it.
        raise AlertFailed(
            f"PD_ALERT_WEBHOOK cannot be used: {_kind(error)}; expected an address that takes JSON"
        ) from None


def _kind(error: BaseException) -> str:
    """The kind of a fault, in words in which no address can be."""
    if isinstance(error, urllib.error.HTTPError):
        return f"it answered HTTP {error.code}"
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, BaseException):
        return _kind(error.reason)
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid ({error.verify_message})"
    if isinstance(error, http.client.BadStatusLine) and not isinstance(error, OSError):
        return "it answered something that is no HTTP (BadStatusLine)"
    said = error.strerror if isinstance(error, OSError) else None
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def mail(settings: Settings, alert: Alert) -> None:
    """Send the alert by PD_SMTP_HOST, encrypted where the server can; a password only if it proves who it is."""
    assert settings.alert_email and settings.smtp_host
    message = EmailMessage()
    message["Subject"] = f"{_in_one_line(alert.job)} failed"
    _address(message, "To", settings.alert_email, "PD_ALERT_EMAIL")
    is_address = "@" in (settings.smtp_user or "")
    _address(message, "From", SENDER.format(settings.smtp_user if is_address else settings.alert_email), "PD_SMTP_USER")
    message.set_content(f"{alert.line}\n")
    where = f"PD_SMTP_HOST={settings.smtp_host}, PD_SMTP_PORT={settings.smtp_port}"
    try:
        with _connected(settings, where) as server:
            if settings.smtp_user and settings.smtp_password:
                server.login(settings.smtp_user, settings.smtp_password)
            server.send_message(message)
    except smtplib.SMTPResponseException as error:
        raise AlertFailed(f"{where}: {type(error).__name__}, the server answered {error.smtp_code}") from None
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise AlertFailed(f"{where} cannot be used: {_kind(error)}") from None


def _address(message: EmailMessage, header: str, value: str, variable: str) -> None:
    try:
        message[header] = value
        found = message[header]
        assert isinstance(found, AddressHeader)
        is_usable = bool(found.addresses) and all(one.username and one.domain for one in found.addresses)
    except (ValueError, IndexError, AttributeError):
        is_usable = False
    if not is_usable or not value.isprintable():
        raise AlertFailed(f"{variable}={value!r}: expected one line with an address such as me@museum.org")


def _connected(settings: Settings, where: str) -> smtplib.SMTP:
    """A session with the mail server: verified where a password will be sent, else encrypted where it can be."""
    assert settings.smtp_host
    needs_proof = bool(settings.smtp_user and settings.smtp_password)
    context = ssl.create_default_context()
    if not needs_proof:
        # A server of one's own may have a certificate of its own: better than none.
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if settings.smtp_port == TLS_PORT:
        return smtplib.SMTP_SSL(settings.smtp_host, settings.smtp_port, timeout=PATIENCE_S, context=context)
    server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=PATIENCE_S)
    try:
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
        elif needs_proof:
            raise AlertFailed(
                f"{where}: the server offers no encryption (STARTTLS), and PD_SMTP_PASSWORD is sent over verified TLS "
                f"only; set PD_SMTP_PORT={TLS_PORT} or another server, or unset PD_SMTP_PASSWORD"
            )
    except BaseException:
        server.close()
        raise
    return server
