"""A browser context of one person that remembers everything which must not happen in it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

# Runs before each page's own scripts: what the content policy reports is kept where the test can ask for it.
LISTEN = """
window.__reports = [];
document.addEventListener('securitypolicyviolation', (event) => {
  window.__reports.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
});
"""
# A page that answers 403, 404 or 409 is what a test may be after; Chromium puts a line into the console for each.
_STATUS_LINE = re.compile(r"Failed to load resource: the server responded with a status of (4\d\d)")


class Visitor:
    """One person's browser. `page` is a Playwright page; `javascript=False` is a browser without it."""

    def __init__(
        self,
        browser: Any,
        address: str,
        cookie: str,
        *,
        javascript: bool = True,
        width: int = 1280,
        height: int = 900,
        scheme: str = "light",
        language: str = "en",
        allowed: tuple[str, ...] = (),
        **options: Any,
    ) -> None:
        self.address, self.javascript = address, javascript
        self.troubles: list[str] = []
        self.allowed = [re.compile(pattern) for pattern in allowed]
        self.statuses: dict[str, int] = {}
        # Where the browser was, and the headers of the page it is on.
        self.addresses: list[str] = []
        self.headers: dict[str, str] = {}
        self.context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            locale=language,
            java_script_enabled=javascript,
            base_url=address,
            **options,
        )
        self.context.set_default_timeout(8_000)
        if javascript:
            self.context.add_init_script(LISTEN)
        if cookie:
            self.context.add_cookies([{"name": "sessionid", "value": cookie, "url": address}])
        self.context.on("page", self._watch)
        self.page = self.context.new_page()

    def _watch(self, page: Any) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._trouble(f"error in a script: {error}"))
        page.on("request", self._request)
        page.on("requestfailed", self._failed)
        page.on("response", self._response)

    def _trouble(self, text: str) -> None:
        if not any(pattern.search(text) for pattern in self.allowed):
            self.troubles.append(f"{self.page.url if hasattr(self, 'page') else ''}: {text}")

    def _console(self, message: Any) -> None:
        if message.type not in {"error", "warning"}:
            return
        if _STATUS_LINE.search(message.text):
            return
        self._trouble(f"console {message.type}: {message.text}")

    def _request(self, request: Any) -> None:
        url = urlsplit(request.url)
        if url.scheme not in {"data", "blob", "about"} and not request.url.startswith(self.address + "/"):
            self._trouble(f"request to another host: {request.url}")

    def _failed(self, request: Any) -> None:
        # A navigation that the next one overtakes is no failure, nor is a file that is saved.
        if request.failure != "net::ERR_ABORTED":
            self._trouble(f"failed request: {request.url} ({request.failure})")

    def _response(self, response: Any) -> None:
        self.statuses[urlsplit(response.url).path] = response.status
        if response.request.is_navigation_request():
            self.addresses.append(response.url)
            self.headers = response.headers
        if response.status >= 500:
            self._trouble(f"answered {response.status}: {response.url}")

    # ------------------------------------------------------------------------------------------------------------ doing

    def go(self, path: str, status: int = 200) -> Any:
        """Open a page by its address and return it; it must answer as said."""
        self.collect()
        answer = self.page.goto(self.address + path)
        assert answer is not None
        assert answer.status == status, f"{path} answered {answer.status}"
        return self.page

    @property
    def path(self) -> str:
        """Return where the browser is, without the host."""
        url = urlsplit(self.page.url)
        return url.path + (f"?{url.query}" if url.query else "")

    def text(self) -> str:
        """Return what the page shows."""
        return str(self.page.inner_text("body"))

    def collect(self) -> None:
        """Take over what the content policy reported on the present page."""
        if not self.javascript or self.page.is_closed():
            return
        for report in self.page.evaluate("window.__reports ? window.__reports.splice(0) : []"):
            self._trouble(f"content policy: {report}")

    def close(self) -> list[str]:
        """Close the browser and return what went wrong in it."""
        self.collect()
        self.context.close()
        return self.troubles
