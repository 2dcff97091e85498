"""The connection to the mail server: Flask-Mail's, with a time limit and a verified certificate."""

import contextlib
import smtplib
import ssl
from types import TracebackType

from flask import Flask
from flask_mail import Connection, Mail

from idp.config import MailTls, Settings


class Postman(Connection):
    """One connection. Flask-Mail's own waits for ever and takes any certificate."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._settings = settings
        # The default in test mode is to send nothing at all.
        app.config["MAIL_SUPPRESS_SEND"] = False
        super().__init__(Mail(app))

    def configure_host(self) -> smtplib.SMTP:
        """Connect, encrypt and sign in as the settings say. Raises OSError and smtplib's errors."""
        chosen = self._settings
        timeout = chosen.mail_timeout_seconds
        host: smtplib.SMTP
        if chosen.mail_tls is MailTls.TLS:
            context = ssl.create_default_context()
            host = smtplib.SMTP_SSL(chosen.mail_server, chosen.mail_port, timeout=timeout, context=context)
        else:
            host = smtplib.SMTP(chosen.mail_server, chosen.mail_port, timeout=timeout)
        try:
            self._introduce(host)
        except BaseException:
            host.close()
            raise
        return host

    def _introduce(self, host: smtplib.SMTP) -> None:
        chosen = self._settings
        if chosen.mail_tls is MailTls.STARTTLS:
            host.starttls(context=ssl.create_default_context())
        if chosen.mail_username:
            host.login(chosen.mail_username, chosen.mail_password.get_secret_value())

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # What was accepted was accepted: a server that has gone before our farewell is no failure.
        if self.host is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self.host.quit()
            self.host.close()
