"""Where no font for a PDF is installed the browser prints: the page on paper is the wristband, to be cut and folded."""

from __future__ import annotations

from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image

from tests.browser import Arrivals
from tests.crafts.prints import DPI, pages, symbols
from tests.journeys.test_bands_become_things import make
from tests.journeys.test_home_again import on_this_server
from tests.server import Server

pytestmark = pytest.mark.browser


def lines_to_cut(picture: Image.Image) -> tuple[float, float]:
    """How far apart the outermost lines all across and all down are, in mm."""
    dark = np.asarray(picture.convert("L")) < 100
    down = np.flatnonzero(dark.mean(axis=0) > 0.2)
    across = np.flatnonzero(dark.mean(axis=1) > 0.9)
    return (down[-1] - down[0]) / DPI * 25.4, (across[-1] - across[0]) / DPI * 25.4


def test_the_browsers_own_print_is_a_wristband_of_true_size(
    arrive: Arrivals, arrive_as_daughter: Arrivals, server: Server
) -> None:
    family = arrive_as_daughter()
    code = make(family, "腕带")
    family.visit(urlsplit(family.page.url).path + "/print")
    family.check()
    pdf = family.page.pdf(prefer_css_page_size=True, print_background=True)
    (page,) = pages(pdf)
    assert page.width > page.height
    assert lines_to_cut(page) == (pytest.approx(279, abs=1), pytest.approx(2 * 25, abs=1))
    (symbol,) = symbols(page)
    corners = symbol.position
    # Without its quiet zone: 29 of the 37 modules of 22 mm.
    assert (corners.top_right.x - corners.top_left.x) / DPI * 25.4 == pytest.approx(22 * 29 / 37, abs=0.5)
    finder = arrive()
    finder.visit(on_this_server(str(symbol.text), server))
    assert code[-3:] in finder.page.inner_text("main")
