"""A daughter records her voice, a finder plays it to her mother; a phone that can speak reads the coaching."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import Arrivals, Visitor
from tests.journeys.test_verified import band_of, tell_family
from tests.pagecheck import shown_on_cards
from tests.recordings import m4a
from tests.server import Server
from tests.world import ELDER

CARD = [ELDER[name] for name in ("called", "approach", "health")]
pytestmark = pytest.mark.browser

# A phone that speaks: two voices on the phone and one that sends every word to its maker; what is said is kept.
_SPEAKING_PHONE = """
window.said = []; window.silenced = 0;
class Utterance { constructor(text) { this.text = text; } }
window.SpeechSynthesisUtterance = Utterance;
Object.defineProperty(window, 'speechSynthesis', { value: {
  getVoices: () => [
    { lang: 'zh-CN', localService: false, name: 'far away' },
    { lang: 'en_US', localService: true, name: 'English' },
    ...(window.chinese === false ? [] : [{ lang: 'zh_CN', localService: true, name: 'Chinese' }]),
  ],
  speak: utterance => window.said.push([utterance.text, utterance.voice.name, utterance.lang]),
  cancel: () => { window.silenced += 1; },
  addEventListener: () => {},
} });
"""


def open_voice_page(family: Visitor) -> None:
    family.tap("资料和手环")
    family.page.wait_for_selector("#voice")
    if family.page.get_by_role("link", name="重新录").count():
        family.tap("重新录")
    else:
        family.tap("录一段")
    family.page.wait_for_selector("#voice-form")


def agree(family: Visitor) -> None:
    """Where it is still asked for."""
    box = family.page.locator("[name=agreed]")
    if box.count():
        box.check()


def plays(page: Page, selector: str) -> float:
    """How long it lasts, in seconds, once its sound has come."""
    sound = page.locator(selector)
    page.wait_for_function(
        "audio => audio.readyState >= 1 || (audio.preload = 'auto', audio.load(), false)", arg=sound.element_handle()
    )
    return float(sound.evaluate("audio => audio.duration"))


def open_card(server: Server, finder: Visitor) -> None:
    link, check = band_of(server)
    tell_family(finder, link)
    finder.page.fill("#check", check)
    finder.tap("看急救卡")
    finder.page.wait_for_selector(".seen-card")


def test_she_records_in_the_browser_listens_keeps_it_and_a_finder_plays_it(
    server: Server, arrive: Arrivals, arrive_as_daughter: Arrivals
) -> None:
    family = arrive_as_daughter()
    open_voice_page(family)
    family.check()
    family.tap("开始录音")
    family.page.wait_for_selector("text=还能说 27 秒")
    family.check()
    family.tap("说完了")
    expect(family.page.locator("#recorded")).to_contain_text("录好了")
    assert plays(family.page, "#listen") > 0
    family.check()
    agree(family)
    family.tap("保存录音")
    family.page.wait_for_selector("text=录音收好了")
    family.check()
    assert 1 < plays(family.page, ".sound >> nth=0") < 6
    finder = arrive()
    open_card(server, finder)
    with shown_on_cards(*CARD):
        finder.check()
    button = finder.page.locator("#play-voice")
    expect(button).to_have_attribute("aria-pressed", "false")
    finder.tap("放给老人听")
    expect(button).to_have_attribute("aria-pressed", "true")
    finder.page.wait_for_function("() => document.getElementById('family-voice').currentTime > 0.3")
    finder.tap("放给老人听")
    expect(button).to_have_attribute("aria-pressed", "false")
    family.visit("/family")
    family.tap("资料和手环")
    family.page.wait_for_selector("#voice audio")
    family.check()
    family.tap("删除录音")
    family.page.wait_for_selector("text=还没有录音")


def test_a_recording_can_be_made_again_before_it_is_kept(arrive_as_daughter: Arrivals) -> None:
    family = arrive_as_daughter()
    open_voice_page(family)
    for start in ("开始录音", "重新录"):
        family.page.locator("#record", has_text=start).tap()
        family.page.wait_for_selector("text=还能说 29 秒")
        family.tap("说完了")
        expect(family.page.locator("#recorded")).to_contain_text("录好了")
    assert family.page.locator("#voice-form [name=voice]").evaluate("field => field.files.length") == 1


def test_a_phone_without_a_microphone_says_so_and_leaves_the_file(arrive_as_daughter: Arrivals) -> None:
    family = arrive_as_daughter()
    family.page.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'));"
    )
    open_voice_page(family)
    family.tap("开始录音")
    expect(family.page.locator("#recorded")).to_contain_text("没有允许用话筒")
    family.check()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_file_does_as_well_and_is_played_without_scripts(
    server: Server, arrive: Arrivals, arrive_as_daughter: Arrivals, tmp_path: Path, scripts: bool
) -> None:
    recording = tmp_path / "recording.m4a"
    recording.write_bytes(m4a())
    family = arrive_as_daughter(scripts=scripts)
    open_voice_page(family)
    family.page.set_input_files("[name=voice]", recording)
    agree(family)
    family.tap("保存录音")
    family.page.wait_for_selector("text=录音收好了")
    finder = arrive(scripts=scripts)
    open_card(server, finder)
    sound = finder.page.locator("#family-voice")
    expect(sound).to_be_visible()
    assert re.match("data:audio/mpeg;base64,", sound.get_attribute("src") or "")
    family.visit("/family")
    family.tap("资料和手环")
    family.tap("删除录音")
    family.page.wait_for_selector("text=还没有录音")


def test_what_is_no_recording_is_told_where_it_was_chosen(arrive_as_daughter: Arrivals, tmp_path: Path) -> None:
    picture = tmp_path / "picture.m4a"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(500))
    family = arrive_as_daughter()
    open_voice_page(family)
    family.page.set_input_files("[name=voice]", picture)
    agree(family)
    family.tap("保存录音")
    family.page.wait_for_selector("text=这不是我们能打开的录音")
    family.check()


def test_a_phone_that_speaks_reads_the_coaching_with_a_voice_of_its_own_and_stops_at_a_second_tap(
    server: Server, arrive: Arrivals
) -> None:
    finder = arrive()
    finder.page.add_init_script(_SPEAKING_PHONE)
    tell_family(finder, band_of(server)[0])
    button = finder.page.get_by_role("button", name="读给我听")
    finder.tap("读给我听")
    expect(button).to_have_attribute("aria-pressed", "true")
    [[text, voice, language]] = finder.page.evaluate("said")
    assert (voice, language) == ("Chinese", "zh_CN")
    assert text.startswith("站在老人面前，慢慢说")
    silenced = finder.page.evaluate("silenced")
    finder.tap("读给我听")
    expect(button).to_have_attribute("aria-pressed", "false")
    assert finder.page.evaluate("silenced") == silenced + 1
    assert len(finder.page.evaluate("said")) == 1
    finder.check()


def test_a_card_is_read_with_the_familys_words_and_without_those_of_health(server: Server, arrive: Arrivals) -> None:
    finder = arrive()
    finder.page.add_init_script(_SPEAKING_PHONE)
    open_card(server, finder)
    finder.tap("读给我听")
    [[text, _, _]] = finder.page.evaluate("said")
    assert text.startswith("请叫：林阿姨")
    assert "青霉素" not in text
    with shown_on_cards(*CARD):
        finder.check()


def test_where_only_its_maker_could_speak_nothing_is_offered(server: Server, arrive: Arrivals) -> None:
    finder = arrive()
    finder.page.add_init_script("window.chinese = false;" + _SPEAKING_PHONE)
    tell_family(finder, band_of(server)[0])
    expect(finder.page.locator("[data-read]")).to_be_hidden()


def test_a_phone_that_cannot_speak_is_offered_nothing(server: Server, arrive: Arrivals) -> None:
    finder = arrive()
    finder.page.add_init_script("Object.defineProperty(window, 'speechSynthesis', { value: undefined });")
    tell_family(finder, band_of(server)[0])
    expect(finder.page.locator("[data-read]")).to_be_hidden()
