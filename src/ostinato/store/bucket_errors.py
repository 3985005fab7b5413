"""What goes wrong with a bucket, in words that say what to do."""

from botocore.exceptions import (
    ClientError,
    ConnectionError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)

MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
KEY = "see OSTINATO_S3_ACCESS_KEY_ID and OSTINATO_S3_SECRET_ACCESS_KEY_FILE"
REGION = "the bucket is in another region: say in which with OSTINATO_S3_REGION"
WORDS = {
    "NoSuchBucket": "there is no such bucket: make it, or name another one in OSTINATO_OBJECT_STORE",
    "InvalidAccessKeyId": f"the server does not know this key: {KEY}",
    "SignatureDoesNotMatch": f"this is not the secret of the key: {KEY}",
    "ExpiredToken": "the credentials of the environment have expired: renew them, and start the server again",
    "RequestTimeTooSkewed": "the clock of this machine differs too much from that of the server: set it",
    "PermanentRedirect": REGION,
    "AuthorizationHeaderMalformed": REGION,
    "301": REGION,
}
RIGHTS = {
    "ListObjectsV2": "s3:ListBucket",
    "HeadObject": "s3:GetObject",
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
}
"""The rights that are not called like what needs them."""


def is_missing(error: ClientError) -> bool:
    """Whether there is no such object."""
    return error.response["Error"]["Code"] in MISSING


def words_for(error: Exception, if_missing: str | None = None) -> str:
    """`if_missing`: what to say of an object that is not there."""
    if not isinstance(error, ClientError) and isinstance(error.__context__, ClientError):
        error = error.__context__  # what the library for transfers has wrapped
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return f"no key is known: {KEY}; or give the machine a role"
    if isinstance(error, ConnectionError | HTTPClientError):
        return f"{str(error).rstrip('.')}: see OSTINATO_S3_ENDPOINT, and whether the server is there"
    if not isinstance(error, ClientError):
        return str(error).rstrip(".")
    code = error.response["Error"]["Code"]
    if code in ("AccessDenied", "403"):
        right = RIGHTS.get(error.operation_name, f"s3:{error.operation_name}")
        return f"the key lacks the right {right}, or there is no such bucket"
    if code in MISSING and if_missing is not None:
        return if_missing
    return WORDS.get(code, str(error).rstrip("."))
