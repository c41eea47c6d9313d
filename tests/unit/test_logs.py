"""What is logged is JSON, one object a line, whoever logs it."""

from __future__ import annotations

import json
import subprocess
import sys

SCRIPT = """
import logging, structlog
from registry.logs import configure_logs
configure_logs("warning")
structlog.get_logger().info("not shown")
structlog.get_logger().warning("ours", worker="wkr_1")
logging.getLogger("alembic").info("not shown either")
logging.getLogger("library").warning("theirs: %s", 7)
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("library").exception("broken")
"""


def test_our_lines_and_libraries_warnings_are_json_and_their_chatter_is_not_there() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)  # noqa: S603  (ours)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["ours", "theirs: 7", "broken"]
    assert [line["level"] for line in lines] == ["warning", "warning", "error"]
    assert all(line["timestamp"].endswith("Z") for line in lines)
    assert "ZeroDivisionError" in lines[2]["exception"]
