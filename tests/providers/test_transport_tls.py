"""TLS with a self-made authority: accepted when it is named, refused otherwise; and the other settings."""

from __future__ import annotations

import datetime
import ipaddress
import logging
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cxconfig.errors import LiveError, SettingsError, Unreachable
from providers.transport import Connection, TransportSettings
from providers.transport.settings import proxy_for, tls_context
from tests.providers.loopback import Server, Time, reply, serving

INSECURE = "onecloud: TLS certificates are not verified (insecure_skip_tls_verify)"


class Authority:
    """A root of its own, and server certificates by it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test root")])
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        builder = self._builder(self.name, self.key).add_extension(constraints, critical=True)
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        self.certificate = builder.add_extension(usage, critical=True).sign(self.key, hashes.SHA256())
        self.bundle = folder / "root.pem"
        self.bundle.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        public = key.public_key()
        return (
            x509.CertificateBuilder(subject_name=subject, issuer_name=self.name, public_key=public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        )

    def context(self, name: x509.GeneralName) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        certificate = (
            self._builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test server")]), key)
            .add_extension(x509.SubjectAlternativeName([name]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(issuer, critical=False)
            .sign(self.key, hashes.SHA256())
        )
        file = self.folder / "server.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def server(authority: Authority) -> Iterator[Server]:
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    with serving(lambda seen: reply({"a": 1}), tls=authority.context(address)) as running:
        yield running


def settings(server: Server, bundle: Path | None = None, insecure: bool = False) -> TransportSettings:
    url = server.url.replace("http:", "https:")
    return TransportSettings(system="onecloud", url=url, ca_bundle=bundle, insecure_skip_tls_verify=insecure)


def test_a_private_root_that_is_named_is_trusted(server: Server, authority: Authority) -> None:
    """`ca_bundle` is all that a private root needs, and warns of nothing."""
    with Connection(settings(server, authority.bundle), None) as connection:
        assert connection.call("GET", "/a").json() == {"a": 1}
        assert connection.warnings == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_root_that_is_not_named_is_refused(server: Server, method: str) -> None:
    """The certificate is checked by default, the error names the way out, and trying again is pointless."""
    time = Time()
    with (
        Connection(settings(server), None, clock=time.clock) as connection,
        pytest.raises(Unreachable, match="certificate was not accepted") as caught,
    ):
        connection.call(method, "/a")
    assert "systems.onecloud.ca_bundle" in caught.value.way_out
    assert (server.seen, time.waits) == ([], [])


def test_a_certificate_for_another_host_is_refused(authority: Authority) -> None:
    """A trusted root is not enough: the name must fit."""
    context = authority.context(x509.DNSName("other.example.com"))
    with (
        serving(lambda seen: reply({}), tls=context) as other,
        Connection(settings(other, authority.bundle), None) as connection,
        pytest.raises(Unreachable, match=r"certificate was not accepted.*127\.0\.0\.1") as caught,
    ):
        connection.call("GET", "/a")
    assert "systems.onecloud.url" in caught.value.way_out
    assert other.seen == []


def test_tls_with_a_server_that_speaks_none() -> None:
    """https in place of http is told as such."""
    with (
        serving(lambda seen: reply({})) as plain,
        Connection(settings(plain), None, clock=Time().clock) as connection,
        pytest.raises(LiveError, match="TLS failed"),
    ):
        connection.call("GET", "/a")


@pytest.mark.parametrize("ci", ["", "0", "false", "False", None])
def test_unverified_tls_warns_on_every_run(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, ci: str | None
) -> None:
    """The only way round is named insecure, and says so in the log and in the output."""
    monkeypatch.delenv("CI", raising=False)
    if ci is not None:
        monkeypatch.setenv("CI", ci)
    with caplog.at_level(logging.WARNING, "cxconfig.transport"):
        for _ in range(2):
            with Connection(settings(server, insecure=True), None) as connection:
                assert connection.call("GET", "/a").status == 200
                assert connection.warnings == [INSECURE]
    assert [(record.name, record.getMessage()) for record in caplog.records] == [("cxconfig.transport", INSECURE)] * 2


@pytest.mark.parametrize("ci", ["1", "true", "yes", "woodpecker"])
def test_unverified_tls_is_refused_in_ci(server: Server, monkeypatch: pytest.MonkeyPatch, ci: str) -> None:
    """What runs unattended is verified."""
    monkeypatch.setenv("CI", ci)
    with pytest.raises(SettingsError, match="insecure_skip_tls_verify") as caught:
        Connection(settings(server, insecure=True), None)
    assert "ca_bundle" in caught.value.way_out


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_bundle_without_certificates_is_a_mistake_in_the_settings(
    server: Server, tmp_path: Path, content: bytes | None
) -> None:
    """It is told before the first call."""
    bundle = tmp_path / "roots.pem"
    if content is not None:
        bundle.write_bytes(content)
    with pytest.raises(SettingsError, match=r"systems\.onecloud\.ca_bundle.*roots\.pem"):
        Connection(settings(server, bundle), None)


def test_contexts_are_made_once_and_verify(server: Server, authority: Authority) -> None:
    """Loading the roots takes tens of milliseconds; all but the insecure one check certificate and name."""
    given = settings(server, authority.bundle)
    verified, plain = tls_context(given), tls_context(TransportSettings(system="s", url="http://127.0.0.1"))
    assert tls_context(given) is verified
    for context in (verified, plain):
        assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert plain.cert_store_stats()["x509_ca"] == 0
    assert verified.cert_store_stats()["x509_ca"] > 50


@pytest.mark.parametrize(
    "url",
    ["", "cc.example.com", "ftp://cc.example.com", "https://", "https://me:pw@cc.example.com", "https://cc/?key=pw",
     "https://cc/#pw", "https://cc:port", f"https://{'a' * 70}.example.com"],
)  # fmt: skip
def test_an_address_that_cannot_be_called_is_a_mistake_in_the_settings(url: str) -> None:
    """It is told before the first call, without what may be a password in it."""
    with pytest.raises(SettingsError, match=r"systems\.onecloud\.url") as caught:
        Connection(TransportSettings(system="onecloud", url=url), None)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("value", ["s3cret\n", " s3cret", "s3crét", "s3cret\r\nX: y"])
def test_a_header_that_cannot_be_sent_is_a_mistake_in_the_settings(value: str) -> None:
    """Keys are often read with a line break; the error does not repeat them."""
    with pytest.raises(SettingsError, match="x-api-key") as caught:
        Connection(TransportSettings(system="wisecx", url="https://cc.example.com"), None, {"x-api-key": value})
    assert "s3cr" not in str(caught.value)


def test_settings_must_be_positive() -> None:
    """Zero connections would wait for ever."""
    with pytest.raises(SettingsError, match="greater than 0"):
        TransportSettings(system="onecloud", url="https://cc.example.com", connections=0)


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("https://cc.example.com/x", "http://proxy.example.com:3128"),
        ("http://cc.example.com", "http://plain.example.com:8080"),
        ("https://inside.example.net", None),
        ("https://127.0.0.1:8443", None),
        ("http://localhost:1", None),
        ("http://[::1]:1", None),
    ],
)
def test_the_environment_names_the_proxy(monkeypatch: pytest.MonkeyPatch, url: str, proxy: str | None) -> None:
    """As every tool of the network's does it, and never for this computer itself."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", "http://proxy.example.com:3128")
    monkeypatch.setenv("http_proxy", "plain.example.com:8080")
    monkeypatch.setenv("no_proxy", "inside.example.net")
    assert proxy_for(url) == proxy


def test_the_library_logs_no_addresses() -> None:
    """Its lines hold queries and headers, whatever level the user chooses for the rest."""
    assert {logging.getLogger(name).level for name in ("httpx", "httpcore")} == {logging.WARNING}
