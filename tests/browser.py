"""Real browsers for the journeys: a phone and a desk, each page of theirs looked at by machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, Request, Response

from tests import pagecheck

PHONE = {"viewport": {"width": 360, "height": 780}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}
DESK = {"viewport": {"width": 1440, "height": 900}}
# Nothing outside this machine is spoken to: a browser that looks for its maker's servers only slows the tests.
LAUNCH = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A microphone that beeps, and is allowed to.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
SMALLEST_TEXT_PX = 18
SMALLEST_TARGET_PX = 60

# Elements with text of their own that show smaller than they may, and what reaches beyond the screen's edge.
_LAYOUT = """
([smallestText, smallestTarget]) => {
  const faults = [];
  const name = e => `<${e.localName} class="${e.getAttribute('class') || ''}"> ${e.textContent.trim().slice(0, 24)}`;
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) faults.push(`scrolls sideways by ${wide} px`);
  for (const e of document.body.querySelectorAll('*')) {
    if (!e.checkVisibility({opacityProperty: true, visibilityProperty: true}) || e.closest('svg')) continue;
    const ownText = [...e.childNodes].some(n => n.nodeType === Node.TEXT_NODE && n.data.trim());
    const size = parseFloat(getComputedStyle(e).fontSize);
    if (ownText && size < smallestText) faults.push(`shows text of ${size} px: ${name(e)}`);
    const box = e.getBoundingClientRect();
    if (smallestTarget && e.tagName === 'BUTTON' && box.height < smallestTarget)
      faults.push(`has a target of ${box.height} px: ${name(e)}`);
  }
  return faults;
}
"""


def executable() -> str | None:
    """A Chromium on this machine: $WRISTBAND_CHROMIUM, else one of the usual names; None where there is none."""
    named = os.environ.get("WRISTBAND_CHROMIUM")
    names = [named] if named else ["chromium", "chromium-browser", "google-chrome"]
    return next((found for name in names if (found := shutil.which(name))), None)


@dataclass
class Visitor:
    """One person with one browser, of a phone's size or a desk's. `page` is Playwright's own."""

    page: Page
    base_url: str
    scripts: bool
    small: bool
    _documents: list[Response] = field(default_factory=list)
    _faults: list[str] = field(default_factory=list)

    @classmethod
    def arrive(cls, context: BrowserContext, base_url: str, *, scripts: bool, small: bool) -> Visitor:
        visitor = cls(context.new_page(), base_url, scripts, small)
        visitor.page.on("response", visitor._answered)
        visitor.page.on("request", visitor._asked)
        visitor.page.on("console", visitor._said)
        visitor.page.on("pageerror", lambda error: visitor._faults.append(f"a script failed: {error}"))
        return visitor

    def visit(self, path: str) -> None:
        """Open an address of the service; its answer may be a refusal's page."""
        self.page.goto(path if path.startswith("http") else f"{self.base_url}{path}")

    def tap(self, words: str) -> None:
        """Tap the button or link that says `words`."""
        control = self.page.get_by_role("button", name=words).or_(self.page.get_by_role("link", name=words))
        first = control.first
        if self.small:
            first.tap()
        else:
            first.click()

    def check(self) -> None:
        """Look at the page shown now: its source, its accessibility (axe), its layout, what it loaded and said."""
        faults = list(self._faults)
        path = urlsplit(self.page.url).path
        faults += pagecheck.faults_of(self._source(), path)
        if self.scripts:
            faults += self._axe_faults()
            target = SMALLEST_TARGET_PX if self.small and not pagecheck.is_signed_in_door(path) else 0
            faults += self.page.evaluate(_LAYOUT, [SMALLEST_TEXT_PX if self.small else 0, target])
        assert not faults, f"{path} {'; '.join(faults)}"

    def _source(self) -> str:
        """The page as it was sent; as it stands now where the browser keeps no copy any more."""
        self.page.wait_for_load_state()
        try:
            return self._documents[-1].text()
        except Error:
            return self.page.content()

    def _axe_faults(self) -> list[str]:
        results: dict[str, Any] = Axe().run(self.page).response
        return [
            f"axe {fault['id']}: {fault['help']}: {'; '.join(node['html'][:120] for node in fault['nodes'][:3])}"
            for fault in results["violations"]
        ]

    def _answered(self, response: Response) -> None:
        request = response.request
        if request.is_navigation_request() and request.frame == self.page.main_frame and response.status // 100 != 3:
            self._documents.append(response)
        if response.status >= 500:
            self._faults.append(f"answered {response.status} at {urlsplit(response.url).path}")

    def _asked(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https") and address.netloc != urlsplit(self.base_url).netloc:
            self._faults.append(f"asked another host: {address.netloc}")

    def _said(self, message: ConsoleMessage) -> None:
        # The browser itself reports every answer of 400 and more; a journey may mean to get one.
        if message.type == "error" and "the server responded with a status" not in message.text:
            self._faults.append(f"said in its console: {message.text}")


Arrivals = Callable[..., Visitor]
"""`arrive(desk=False, scripts=True, language="zh-CN")`: one more person with a browser of his own."""
