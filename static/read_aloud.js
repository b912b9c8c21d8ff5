/* What a finder's page says aloud: the family's voice, and the coaching, read by a voice of the phone's own. */
(function () {
  "use strict";

  var RATE = 0.9;
  var family = document.getElementById("family-voice");
  var play = document.getElementById("play-voice");
  var readers = Array.prototype.slice.call(document.querySelectorAll("[data-read]"));
  var speech = window.speechSynthesis;
  var reading = null; // the button whose text is being read

  /* --- the family's voice -------------------------------------------------------------------------------------------- */

  function press(button, on) {
    button.setAttribute("aria-pressed", String(on));
  }

  if (family && play && family.play) {
    play.addEventListener("click", function () {
      if (!family.paused) {
        family.pause();
        return;
      }
      hush();
      family.currentTime = 0;
      var playing = family.play();
      if (playing) {
        playing.catch(function () { family.controls = true; }); // the browser's own controls are left to try
      }
    });
    family.addEventListener("play", function () { press(play, true); });
    ["pause", "ended"].forEach(function (name) {
      family.addEventListener(name, function () { press(play, false); });
    });
    play.hidden = false;
  }

  /* --- the coaching -------------------------------------------------------------------------------------------------- */

  /** A voice that speaks the page's language on this phone itself: others send the words to their maker. */
  function voice() {
    var language = document.documentElement.lang.toLowerCase();
    var own = speech.getVoices().filter(function (one) { return one.localService; });
    function speaks(one) {
      return one.lang.toLowerCase().replace("_", "-");
    }
    return own.filter(function (one) { return speaks(one) === language; })[0]
      || own.filter(function (one) {
        // Written alike, Cantonese is another language to listen to.
        return speaks(one).split("-")[0] === language.split("-")[0] && speaks(one) !== "zh-hk";
      })[0];
  }

  function hush() {
    if (reading) {
      press(reading, false);
      reading = null;
      speech.cancel();
    }
  }

  function plain(id) {
    var part = document.getElementById(id);
    return part ? part.textContent.replace(/\s+/g, " ").trim() : "";
  }

  function read(button) {
    var words = button.getAttribute("data-first") + " " + plain(button.getAttribute("data-read"));
    var said = new SpeechSynthesisUtterance(words.trim());
    said.voice = voice();
    said.lang = said.voice.lang;
    said.rate = RATE;
    said.onend = said.onerror = function () {
      if (reading === button) {
        hush();
      }
    };
    if (family) {
      family.pause();
    }
    speech.cancel();
    reading = button;
    press(button, true);
    speech.speak(said);
  }

  function offer() {
    readers.forEach(function (button) { button.hidden = !voice(); });
  }

  if (!speech || !window.SpeechSynthesisUtterance || !readers.length) {
    return;
  }
  readers.forEach(function (button) {
    button.addEventListener("click", function () {
      var again = reading === button;
      hush();
      if (!again) {
        read(button);
      }
    });
  });
  if (speech.addEventListener) {
    speech.addEventListener("voiceschanged", offer); // many phones find their voices late
  }
  offer();
  window.addEventListener("pagehide", hush);
})();
