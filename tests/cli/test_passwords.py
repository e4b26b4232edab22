"""Files of passwords, as people and their editors write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocpp_fast.cli.passwords import read_passwords

KEY = "00ff" * 10


@pytest.mark.parametrize(
    ("content", "passwords"),
    [
        (b"", {}),
        (b"# ours\n\n  \nCP1:p", {"CP1": b"p"}),
        (b"\xef\xbb\xbfCP1:p\nCP2:q", {"CP1": b"p", "CP2": b"q"}),
        (b"\xef\xbb\xbf# ours\r\nCP1:p\r\n", {"CP1": b"p"}),
        (b"CP1:p\rCP2:q\r\r\nCP3:r\n", {"CP1": b"p", "CP2": b"q", "CP3": b"r"}),
        ("CP1:a\x0b\x0c\x1c\x85\u2028b\nCP2:q".encode(), {"CP1": "a\x0b\x0c\x1c\x85\u2028b".encode(), "CP2": b"q"}),
        (b"CP1: p \nCP2:a:b\n", {"CP1": b" p ", "CP2": b"a:b"}),
        ("Zürich:wört".encode(), {"Zürich": "wört".encode()}),
        (f"CP1:hex:{KEY}\nCP2:HEX:p".encode(), {"CP1": bytes.fromhex(KEY), "CP2": b"HEX:p"}),
    ],
)
def test_what_a_file_says(content: bytes, passwords: dict[str, bytes], tmp_path: Path) -> None:
    file = tmp_path / "passwords"
    file.write_bytes(content)
    assert read_passwords(str(file)) == passwords


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"CP1", "line 1: expected identity:password"),
        (b"\n:s3cret", "line 2: expected identity:password"),
        (b"CP1:", "line 1: the password is empty"),
        (b"CP1:\r\nCP2:s3cret", "line 1: the password is empty"),
        (b"CP1:hex:s3cret", "line 1: expected 40 hexadecimal digits"),
        (b"CP1:a\rCP1:s3cret", "line 2: CP1 stands there twice"),
        (b" CP1:s3cret", "line 1: expected an identity without blanks"),
        (b"CP1 :s3cret", "line 1: expected an identity without blanks"),
        (b"CP1:a\nC\x00P2:s3cret", "line 2: expected an identity without"),
        (b"CP1:a\nCP2:s3cret\xff", "line 2: expected UTF-8"),
        ("CP1:s3cret".encode("utf-16"), "line 1: expected UTF-8"),
        (b"CP1:a\n\xef\xbb\xbfCP2:s3cret", "line 2: expected an identity without"),
    ],
)
def test_a_wrong_line_is_named_and_its_password_is_not(content: bytes, error: str, tmp_path: Path) -> None:
    file = tmp_path / "passwords"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=error) as raised:
        read_passwords(str(file))
    text = f"{raised.value!r} {raised.value.__cause__!r}"
    assert "s3cret" not in text
    assert "xff" not in text
