"""The one error root and the closed set of error codes.

Every error a person or a machine can meet is a subclass of :class:`XinyongError`. The class names the
code, the message in Chinese and in English (``str.format`` templates over the keyword arguments), the HTTP
status of the faces and the exit code of the command line. A message says what, where, why, and what to do.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar


class ErrorCode(StrEnum):
    """Closed list. A new failure gets a new member here, a class below or in its room, and a line in docs/errors.md."""

    INTERNAL = "internal"
    SETTING_INVALID = "setting-invalid"
    DATABASE_UNAVAILABLE = "database-unavailable"
    DATABASE_FULL = "database-full"
    DATABASE_UNSUITABLE = "database-unsuitable"
    NOT_MIGRATED = "not-migrated"
    CATALOGUE_INVALID = "catalogue-invalid"
    RULES_INVALID = "rules-invalid"
    RULES_REFUSED = "rules-refused"
    DATASET_UNKNOWN = "dataset-unknown"
    DATASET_NOT_IN_FORCE = "dataset-not-in-force"
    DEPARTMENT_UNKNOWN = "department-unknown"
    PASSWORD_WEAK = "password-weak"
    RIGHT_MISSING = "right-missing"
    TOO_MANY_ATTEMPTS = "too-many-attempts"
    IDENTITY_UNAVAILABLE = "identity-unavailable"
    IDENTITY_REFUSED = "identity-refused"
    SIGN_IN_NEEDED = "sign-in-needed"
    MANDATE_REFUSED = "mandate-refused"
    AUTHORISATION_REFUSED = "authorisation-refused"
    SUBSCRIPTION_REFUSED = "subscription-refused"
    NOTICE_NOT_DELIVERED = "notice-not-delivered"
    FEED_REFUSED = "feed-refused"
    CLIENT_INVALID = "client-invalid"
    CLIENT_UNKNOWN = "client-unknown"
    KEY_MISSING = "key-missing"
    KEY_REFUSED = "key-refused"
    KEY_REVOKED = "key-revoked"
    SIGNATURE_WRONG = "signature-wrong"
    SIGNATURE_REPLAYED = "signature-replayed"
    SIGNATURE_TIME = "signature-time"
    QUOTA_USED_UP = "quota-used-up"
    ITEM_UNKNOWN = "item-unknown"
    ITEM_NOT_ALLOWED = "item-not-allowed"
    PERSON_QUERY = "person-query"
    CODE_INVALID = "code-invalid"
    ENTITY_UNKNOWN = "entity-unknown"
    CHECK_REFUSED = "check-refused"
    FORM_EXPIRED = "form-expired"
    REQUEST_INVALID = "request-invalid"
    RECORD_REFUSED = "record-refused"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    LENGTH_MISSING = "length-missing"
    MEDIA_TYPE = "media-type"
    IDEMPOTENCY_KEY = "idempotency-key"
    IDEMPOTENCY_BUSY = "idempotency-busy"
    NOT_FOUND = "not-found"
    CURSOR_UNKNOWN = "cursor-unknown"
    RANGE_UNUSABLE = "range-unusable"
    CUT_UNDER_WAY = "cut-under-way"
    FAIR_USE = "fair-use"
    GONE = "gone"
    CALENDAR_UNKNOWN = "calendar-unknown"
    FILE_MISSING = "file-missing"
    FILE_EMPTY = "file-empty"
    FILE_FORMAT = "file-format"
    FILE_ENCODING = "file-encoding"
    FILE_TOO_LARGE = "file-too-large"
    FILE_DAMAGED = "file-damaged"
    HEADER_WRONG = "header-wrong"
    DELIVERY_BUSY = "delivery-busy"
    DELIVERY_REFUSED = "delivery-refused"
    CORRECTION_REFUSED = "correction-refused"
    DELIVERY_FAILED = "delivery-failed"
    DELIVERY_STATE = "delivery-state"
    SOURCE_INVALID = "source-invalid"
    SOURCE_UNAVAILABLE = "source-unavailable"
    GENERATOR_OPTION = "generator-option"
    FONTS_MISSING = "fonts-missing"
    REPORT_REFUSED = "report-refused"
    CONTENT_REFUSED = "content-refused"
    SHARE_REFUSED = "share-refused"
    SERVER_START = "server-start"
    REGISTRY_REFUSED = "registry-refused"
    REGISTRY_CHANGED = "registry-changed"
    STORE_UNWRITABLE = "store-unwritable"
    LINK_FILE = "link-file"
    MOMENT_AHEAD = "moment-ahead"
    STATUS_REFUSED = "status-refused"
    REMEDY_REFUSED = "remedy-refused"
    REMEDY_CHANGED = "remedy-changed"
    LISTS_INVALID = "lists-invalid"
    LIST_REFUSED = "list-refused"
    LIST_CHANGED = "list-changed"
    MEASURE_REFUSED = "measure-refused"
    COMMITMENTS_INVALID = "commitments-invalid"
    COMMITMENT_REFUSED = "commitment-refused"
    COMMITMENT_CHANGED = "commitment-changed"
    LOG_REFUSED = "log-refused"
    LOG_DAMAGED = "log-damaged"
    LOG_UNWRITABLE = "log-unwritable"


class XinyongError(Exception):
    """Something failed that has no better name: report it with the details below."""

    code: ClassVar[ErrorCode] = ErrorCode.INTERNAL
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    #: A state that ends by itself: the operator's log has a line of warning, no failure with its trace.
    passing: ClassVar[bool] = False
    zh: ClassVar[str] = "内部错误：{detail}"
    en: ClassVar[str] = "Internal error: {detail}"

    def __init__(self, **data: Any) -> None:
        self.data: dict[str, Any] = data
        super().__init__(self.message("en"))

    def __reduce__(self) -> tuple[Any, ...]:
        """An error may travel to another process: it is made again there from its data."""
        return _made_again, (type(self), self.data)

    def message(self, language: str = "zh") -> str:
        """The message in ``zh`` or ``en``; missing data never hides the error itself."""
        template = self.zh if language.startswith("zh") else self.en
        try:
            return template.format(**self.data)
        except (KeyError, IndexError, ValueError):
            return f"{template} {self.data}"

    def headers(self) -> dict[str, str]:
        """HTTP headers that belong to the answer, such as Retry-After."""
        return {}

    def as_dict(self) -> dict[str, Any]:
        """Form for ``--json`` and the API."""
        return {
            "error": self.code.value,
            "message_zh": self.message("zh"),
            "message_en": self.message("en"),
            "data": {key: str(value) for key, value in self.data.items()},
        }


def _made_again(kind: type[XinyongError], data: dict[str, Any]) -> XinyongError:
    error = kind.__new__(kind)
    XinyongError.__init__(error, **data)
    return error
