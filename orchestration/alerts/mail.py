"""A channel that sends e-mail through a server of the company's own."""

from __future__ import annotations

import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path

from orchestration.alerts.alert import Alert
from orchestration.errors import UserError
from orchestration.retries import PassingError

LONGEST_PASSWORD = 4096


@dataclass(frozen=True)
class Mail:
    """Where alerts are mailed.

    Attributes:
        recipients: whom to.
        sender: the address they come from.
        host, port: the mail server.
        tls: `starttls`, `ssl` or `none`.
        user: whom to log in as, empty for no login.
        password_file: the file with the password; it is read anew for each alert.
    """

    recipients: tuple[str, ...]
    sender: str
    host: str
    port: int
    tls: str
    user: str = ""
    password_file: Path | None = field(default=None, repr=False)
    name: str = "e-mail"

    @property
    def label(self) -> str:
        """The channel as it may be shown."""
        count = len(self.recipients)
        who = "one address" if count == 1 else f"{count} addresses"
        return f"e-mail {who} through {self.host}:{self.port}"

    def send(self, alert: Alert, timeout: float) -> None:
        """Mail one alert.

        Parameters:
            alert: what to tell.
            timeout: seconds for connecting and for each answer.

        Raises:
            PassingError: the server is away or says that it can't at the moment.
            UserError: it does not take the alert; another try would not help.
        """
        server = f"The mail server {self.host}:{self.port}"
        try:
            refused = self._deliver(alert, timeout)
        except ssl.SSLCertVerificationError:
            raise UserError(
                f"{server} shows a certificate that this machine does not trust. Correct "
                "C360_SMTP_HOST, or name the authority's certificate in SSL_CERT_FILE."
            ) from None
        except ssl.SSLError:
            raise UserError(
                f"{server} does not speak TLS in the way that C360_SMTP_TLS={self.tls} says. Use "
                "starttls (usually port 587) or ssl (465)."
            ) from None
        except smtplib.SMTPNotSupportedError:
            raise UserError(
                f"{server} offers no {'login' if self.tls == 'none' else 'STARTTLS or no login'}. "
                "Check C360_SMTP_PORT, C360_SMTP_TLS and C360_SMTP_USER."
            ) from None
        except smtplib.SMTPAuthenticationError as error:
            raise self._answered(error.smtp_code, "refuses the login", "C360_SMTP_USER") from None
        except smtplib.SMTPSenderRefused as error:
            what = "refuses the sender"
            raise self._answered(error.smtp_code, what, "C360_ALERT_EMAIL_FROM") from None
        except smtplib.SMTPRecipientsRefused as error:
            code = min((code for code, _ in error.recipients.values()), default=550)
            raise self._answered(code, "refuses all recipients", "C360_ALERT_EMAIL_TO") from None
        except smtplib.SMTPResponseException as error:
            what = f"answers {error.smtp_code}"
            raise self._answered(error.smtp_code, what, "C360_SMTP_HOST") from None
        except UnicodeError:
            raise UserError(
                f"{server} can't be told a user or a password with other letters than ASCII. Check "
                "C360_SMTP_USER and the file that C360_SMTP_PASSWORD_FILE names."
            ) from None
        except TimeoutError:
            raise PassingError(f"{server} does not answer in time") from None
        except (OSError, smtplib.SMTPException, EOFError) as error:
            raise PassingError(f"{server} can't be reached ({type(error).__name__})") from None
        if refused:
            raise UserError(
                f"{server} refuses {refused} of {len(self.recipients)} recipients; the others have "
                "the alert. Check C360_ALERT_EMAIL_TO."
            )

    def _deliver(self, alert: Alert, timeout: float) -> int:
        context = ssl.create_default_context()
        # Both look the machine's name up when they are given none, which may take minutes.
        here = socket.gethostname() or "localhost"
        if self.tls == "ssl":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, here, timeout=timeout, context=context
            )
        else:
            server = smtplib.SMTP(self.host, self.port, here, timeout=timeout)
        try:
            if self.tls == "starttls":
                server.starttls(context=context)
            if self.user:
                server.login(self.user, self._password())
            refused = server.send_message(self.message(alert))
            with suppress(smtplib.SMTPException, OSError):
                # The message is theirs by now; how they say goodbye would have it sent again.
                server.quit()
            return len(refused)
        finally:
            server.close()

    def message(self, alert: Alert) -> EmailMessage:
        """An alert as a message. Its texts hold no line ends, so none can begin a header."""
        message = EmailMessage()
        message["Subject"] = f"Customer 360: {alert.title}"
        message["From"] = self.sender
        message["To"] = ", ".join(self.recipients)
        message["Date"] = format_datetime(alert.at)
        message["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(alert.body)
        return message

    def _password(self) -> str:
        path = self.password_file
        if path is None:
            raise UserError("C360_SMTP_USER is set; C360_SMTP_PASSWORD_FILE must name a file.")
        try:
            with path.open(encoding="utf-8") as handle:
                password = handle.read(LONGEST_PASSWORD).strip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(
                f"The file that C360_SMTP_PASSWORD_FILE names can't be read "
                f"({type(error).__name__}). Name a file with the password and nothing else."
            ) from None
        if not password:
            raise UserError("The file that C360_SMTP_PASSWORD_FILE names is empty.")
        return password

    def _answered(self, code: int, what: str, variable: str) -> UserError:
        server = f"The mail server {self.host}:{self.port}"
        if 400 <= code < 500:
            return PassingError(f"{server} {what} for now ({code})")
        return UserError(f"{server} {what} ({code}). Check {variable}.")
