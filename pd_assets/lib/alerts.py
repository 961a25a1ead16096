"""Tell people that something failed: a line in PD_HOME/alerts.log, and a webhook or an e-mail where they are set.

The line comes first and alone decides whether the failure was told; who cannot be reached is named in the log too.
"""

import json
import smtplib
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.message import EmailMessage

from pd_assets.lib.errors import PdError
from pd_assets.lib.home import Home
from pd_assets.lib.settings import Settings

LOG = "alerts.log"
PATIENCE_S = 20.0
LONGEST_LINE = 2000
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
        return f"{' '.join(said.split())[:LONGEST_LINE]} [run {self.run_id}]"


def send(home: Home, settings: Settings, alert: Alert) -> None:
    """Write the line, then tell everybody who is configured. AlertFailed names all who could not be reached."""
    write_line(home, alert.line)
    failed = [problem for way in _ways(settings, alert) if (problem := _tried(way))]
    if failed:
        said = "; ".join(failed)
        write_line(home, f"not told: {said} [run {alert.run_id}]")
        raise AlertFailed(f"{said}; the failure itself is in {home.root / LOG}")


def write_line(home: Home, line: str) -> None:
    """Append one line with the time to the log of alerts."""
    with (home.root / LOG).open("a") as log:
        log.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} {line}\n")


def _ways(settings: Settings, alert: Alert) -> list[Callable[[], None]]:
    ways: list[Callable[[], None]] = []
    if settings.alert_webhook:
        ways.append(lambda: post(str(settings.alert_webhook), alert))
    if settings.alert_email:
        ways.append(lambda: mail(settings, alert))
    return ways


def _tried(way: Callable[[], None]) -> str | None:
    """What went wrong, without the address: that of a webhook is a secret."""
    try:
        way()
    except (OSError, smtplib.SMTPException, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    return None


def post(url: str, alert: Alert) -> None:
    """POST the alert as JSON; `text` is what chat services show."""
    body = json.dumps({"text": alert.line, **asdict(alert)}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE_S):
        return


def mail(settings: Settings, alert: Alert) -> None:
    """Send the alert by PD_SMTP_HOST, encrypted where the server can; a password only then."""
    assert settings.alert_email and settings.smtp_host
    message = EmailMessage()
    message["Subject"] = f"{alert.job} failed"
    message["From"] = SENDER.format(settings.smtp_user if "@" in (settings.smtp_user or "") else settings.alert_email)
    message["To"] = settings.alert_email
    message.set_content(f"{alert.line}\n")
    with smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=PATIENCE_S) as server:
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls()
            server.ehlo()
        if settings.smtp_user and settings.smtp_password:
            server.login(settings.smtp_user, settings.smtp_password)
        server.send_message(message)
