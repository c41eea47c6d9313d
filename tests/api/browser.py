"""A browser: it keeps cookies as one does, says from where its forms are sent, and follows nothing by itself."""

from __future__ import annotations

import re
from html import escape, unescape
from urllib.parse import urlsplit

import httpx
from flask import Flask
from house import House

HERE = "https://registry.example"
SESSION, FLOW = "__Host-likeness-session", "__Host-likeness-flow"


class Browser:
    """One browser at a registry.

    Attributes:
        client: with its cookies.
    """

    def __init__(self, house: House, *, app: Flask | None = None) -> None:
        self.client = httpx.Client(transport=httpx.WSGITransport(app=app or house.app), base_url=HERE)

    @property
    def session(self) -> str | None:
        """The session that it holds."""
        return self.client.cookies.get(SESSION)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(_path(path), headers=headers)

    def submit(self, path: str, form: dict[str, str] | None = None, **headers: str) -> httpx.Response:
        """Send a form from a page of the registry; a header that is empty is left out."""
        said = {"Origin": HERE, "Sec-Fetch-Site": "same-origin"} | headers
        return self.client.post(
            _path(path), data=form or {}, headers={name: value for name, value in said.items() if value}
        )

    def press(self, page: httpx.Response, action: str, /, **changes: str) -> httpx.Response:
        """Send the form of a page that leads to an address, with what stands in it."""
        there = re.escape(escape(action))
        form = re.findall(rf'<form method="post" action="{there}"[^>]*>(.*?)</form>', page.text, re.DOTALL)[0]
        hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)
        return self.submit(action, {name: unescape(value) for name, value in hidden} | changes)

    def use(self, link: str) -> httpx.Response:
        """Open a link, and press its button."""
        return self.press(self.get(link), "/sign-in/link")


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
