"""A key with certificates that nobody vouches for, and that say so in their names.

Which extensions a certificate needs was tried: without an authority key identifier, or with another extended key usage
than the protection of e-mail, readers of content credentials refuse it.
"""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

TEST_NAME = "TEST KEY, NOT AN OPERATOR"
TEST_ROOT_NAME = "TEST ROOT, NOT AN OPERATOR"
_LIFE = timedelta(days=20 * 365)
# A clock that is a little behind must not find the certificate not yet valid.
_BEFORE = timedelta(days=1)


def make_test_key() -> bytes:
    """PEM: a private key, its certificate, and that of the root, whose own key is thrown away."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = certificate(TEST_ROOT_NAME, root_key.public_key(), issuer=TEST_ROOT_NAME, signer=root_key, is_root=True)
    leaf = certificate(TEST_NAME, key.public_key(), issuer=TEST_ROOT_NAME, signer=root_key)
    parts = [leaf, root]
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + b"".join(part.public_bytes(serialization.Encoding.PEM) for part in parts)


def certificate(
    subject: str,
    public_key: ec.EllipticCurvePublicKey,
    *,
    issuer: str,
    signer: ec.EllipticCurvePrivateKey,
    is_root: bool = False,
    life: timedelta = _LIFE,
) -> x509.Certificate:
    """Of a root, or of a key that signs; from a day ago on, for `life` from now."""
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now + life)
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        .add_extension(_usage(is_root), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if not is_root:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        builder = builder.add_extension(usage, critical=False)
    return builder.sign(signer, hashes.SHA256())


def _name(text: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, text), x509.NameAttribute(NameOID.COMMON_NAME, text)]
    )


def _usage(is_root: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_root,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_root,
        crl_sign=is_root,
        encipher_only=False,
        decipher_only=False,
    )
