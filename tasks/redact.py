"""Take secrets out of text before it is stored: passwords, tokens, cookies and card-like numbers.

The patterns are written for RE2, so that the very same ones run in DuckDB (`SQL_MACROS`) and in Python.
"""

from __future__ import annotations

import re

from warehouse.connection import quoted

_WORDS = "pass|passwd|password|pwd|secret|token|apikey|api_key|api-key|credential|signature"
_NAMES = "auth|authorization|phpsessid|jsessionid|sessionid|session|sid|key|cookie|card|cardnumber|cvc|cvv|iban"
HIDDEN_NAME = rf"(?:[a-z0-9_.-]*(?:{_WORDS})[a-z0-9_.-]*|{_NAMES})"
"""A parameter whose value is a secret, by its name; case does not matter."""
HIDDEN_PAIR = rf"(?i)((?:^|[?&;,{{\s]){HIDDEN_NAME}(?:\[[^\]=&]*\])?=)[^&;\s]*"
CARD_NUMBER = r"\b(?:[0-9][ -]?){12,18}[0-9]\b"
HIDDEN_TARGET = (
    rf"(?i)^(?:(?:ARGS|ARGS_GET|ARGS_POST|FILES)(?:_NAMES)?:{HIDDEN_NAME}$|REQUEST_COOKIES|REQUEST_BODY|XML"
    r"|REQUEST_HEADERS:(?:cookie|authorization|x-api-key|proxy-auth)|RESPONSE_BODY|RESPONSE_HEADERS:set-cookie"
    r"|FILES_TMP|MATCHED_VARS)"
)
"""A ModSecurity variable whose value is a secret or a body."""
HIDDEN = "[redacted]"
_PAIR, _CARD = re.compile(HIDDEN_PAIR), re.compile(CARD_NUMBER)


def redact(text: str) -> str:
    """Return the text without the values of secret parameters and without card-like numbers."""
    if "=" in text:  # few addresses have a parameter, and to look for its name takes long
        text = _PAIR.sub(rf"\1{HIDDEN}", text)
    return _CARD.sub(HIDDEN, text)


def excerpt(text: str, length: int = 200) -> str:
    """Return the start of a line, redacted, for a reject."""
    return redact(text[: length * 4])[:length]


SQL_MACROS = f"""
CREATE OR REPLACE MACRO redact(text) AS CASE
  WHEN text IS NULL OR NOT regexp_matches(text, '=|[0-9]{{4}}') THEN text
  ELSE regexp_replace(
    regexp_replace(text, {quoted(HIDDEN_PAIR)}, '\\1{HIDDEN}', 'g'), {quoted(CARD_NUMBER)}, '{HIDDEN}', 'g')
END;
CREATE OR REPLACE MACRO is_secret_target(target) AS
  regexp_matches(regexp_replace(coalesce(target, ''), '[\\[\\]"'' ]', '.', 'g'), {quoted(HIDDEN_TARGET)});
"""
