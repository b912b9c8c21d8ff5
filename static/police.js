/* The desk and an incident without reload: the stream says that something changed, the part is asked for anew.
   ES2015, text only. */
(function () {
  "use strict";

  var desk = document.getElementById("desk");
  var happenings = document.getElementById("happenings");
  var part = desk || happenings;
  var live = document.getElementById("live");
  var moved = document.getElementById("moved");
  var EVERY_MINUTE_MS = 60000; // waiting times grow without anything happening
  var ANSWER_WITHIN_MS = 10000;
  var AGAIN_AFTER_MS = 5000;
  var FLASH_MS = 1000;
  if (!part) {
    return;
  }

  var title = document.title;
  var known = listed("data-incident");
  var late = listed("data-late").length;
  var asking = false;
  var again = false;
  var flashing = 0;

  function listed(attribute) {
    return Array.prototype.map.call(part.querySelectorAll("[" + attribute + "]"), function (row) {
      return row.getAttribute(attribute);
    });
  }

  // ---- sound: made here, after a tap, as browsers want it

  var sound = document.getElementById("sound");
  var Context = window.AudioContext || window.webkitAudioContext;
  var speaker = null;

  function wanted() {
    try {
      return window.localStorage.getItem("desk-sound") === "on";
    } catch (refused) {
      return false;
    }
  }

  function want(on) {
    try {
      window.localStorage.setItem("desk-sound", on ? "on" : "off");
    } catch (refused) { /* remembered until the page is left */ }
  }

  function wake() {
    speaker = speaker || new Context();
    if (speaker.resume) {
      speaker.resume();
    }
  }

  function tone(frequency, at) {
    var pitch = speaker.createOscillator();
    var loudness = speaker.createGain();
    pitch.frequency.value = frequency;
    loudness.gain.setValueAtTime(0.0001, at);
    loudness.gain.exponentialRampToValueAtTime(0.3, at + 0.03);
    loudness.gain.exponentialRampToValueAtTime(0.0001, at + 0.35);
    pitch.connect(loudness);
    loudness.connect(speaker.destination);
    pitch.start(at);
    pitch.stop(at + 0.4);
  }

  /** Two rising tones for a new incident, three falling ones for a late one. */
  function ring(pitches) {
    if (speaker && sound && sound.getAttribute("aria-pressed") === "true") {
      pitches.forEach(function (pitch, place) { tone(pitch, speaker.currentTime + place * 0.3); });
    }
  }

  function press(on) {
    sound.setAttribute("aria-pressed", String(on));
    sound.textContent = sound.getAttribute(on ? "data-on" : "data-off");
  }

  if (sound && Context) {
    sound.hidden = false;
    press(wanted());
    sound.addEventListener("click", function () {
      var on = sound.getAttribute("aria-pressed") !== "true";
      want(on);
      press(on);
      if (on) {
        wake();
        ring([660, 880]);
      }
    });
    // Remembered from before: the first touch of the page lets it speak.
    ["click", "keydown"].forEach(function (kind) {
      document.addEventListener(kind, function () {
        if (wanted() && !speaker) {
          wake();
        }
      });
    });
  }

  // ---- what is new, in the tab's title until somebody looks

  function flash(words) {
    window.clearInterval(flashing);
    var on = true;
    document.title = "● " + words;
    flashing = window.setInterval(function () {
      on = !on;
      document.title = on ? "● " + words : title;
    }, FLASH_MS);
  }

  function calm() {
    window.clearInterval(flashing);
    document.title = title;
  }

  window.addEventListener("focus", calm);
  document.addEventListener("click", calm);
  document.addEventListener("keydown", calm);

  function tell(kind) {
    if (live) {
      live.hidden = false;
      live.className = kind === "lost" ? "badge badge-danger" : "badge badge-good";
      live.textContent = live.getAttribute("data-" + kind);
    }
  }

  function notice() {
    var now = listed("data-incident");
    var lateNow = listed("data-late").length;
    if (now.some(function (id) { return known.indexOf(id) < 0; })) {
      flash(live.getAttribute("data-title"));
      ring([660, 880]);
      window.wristband.announce(live.getAttribute("data-title"));
    } else if (lateNow > late) {
      flash(live.getAttribute("data-late"));
      ring([880, 660, 520]);
      window.wristband.announce(live.getAttribute("data-late"));
    }
    known = now;
    late = lateNow;
  }

  // ---- the part

  /** Whether somebody is in the middle of something there: it is not taken away under his hands. */
  function busy() {
    var at = document.activeElement;
    var typed = at && part.contains(at) && /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName);
    return typed || part.querySelector("[data-sent], input[type=checkbox]:checked");
  }

  function show(fresh) {
    var open = part.querySelector("#unsorted[open]");
    var focused = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    while (part.firstChild) {
      part.removeChild(part.firstChild);
    }
    Array.prototype.slice.call(fresh.childNodes).forEach(function (node) {
      part.appendChild(document.importNode(node, true));
    });
    if (open && part.querySelector("#unsorted")) {
      part.querySelector("#unsorted").setAttribute("open", "");
    }
    Array.prototype.some.call(focused ? part.querySelectorAll("a[href]") : [], function (link) {
      return link.getAttribute("href") === focused && (link.focus(), true);
    });
    prepare();
  }

  function prepare() {
    var all = document.getElementById("tick-all");
    if (all) {
      all.hidden = false;
      all.addEventListener("click", function () {
        Array.prototype.forEach.call(part.querySelectorAll("input[name=incidents]"), function (box) { box.checked = true; });
      });
    }
  }

  function take(fresh) {
    if (happenings) {
      var before = happenings.querySelector("[data-state]").getAttribute("data-state");
      var now = fresh.querySelector("[data-state]");
      if (!now) {
        return;
      }
      moved.hidden = moved.hidden && now.getAttribute("data-state") === before;
      show(fresh);
    } else if (!busy()) {
      show(fresh);
      notice();
    } else {
      window.setTimeout(ask, AGAIN_AFTER_MS);
    }
  }

  function settle() {
    asking = false;
    if (again) {
      again = false;
      ask();
    }
  }

  // XMLHttpRequest, because it parses an answer without handing markup to the page as a string (Trusted Types).
  function ask() {
    if (asking) {
      again = true;
      return;
    }
    asking = true;
    var request = new XMLHttpRequest();
    request.open("GET", part.getAttribute("data-address") + window.location.search);
    request.responseType = "document";
    request.timeout = ANSWER_WITHIN_MS;
    request.setRequestHeader("X-Part", desk ? "desk" : "happenings");
    request.onload = function () {
      if (request.status === 401) {
        window.location.reload();
      } else if (request.status === 200 && request.response) {
        take(request.response.body);
      } else if (request.status === 404 && moved) {
        moved.hidden = false; // passed on to another station
      } else {
        tell("lost");
      }
      settle();
    };
    request.onerror = request.ontimeout = function () {
      tell("lost");
      settle();
    };
    request.send();
  }

  function listen() {
    var stream = new EventSource(part.getAttribute("data-stream"));
    stream.addEventListener("open", function () { tell("live"); });
    stream.addEventListener("error", function () {
      tell("lost");
      // A refusal closes the stream for good: another is asked for.
      if (stream.readyState === EventSource.CLOSED) {
        window.setTimeout(listen, AGAIN_AFTER_MS);
      }
    });
    stream.addEventListener("changed", ask);
  }

  prepare();
  if (window.EventSource) {
    listen();
  }
  window.setInterval(ask, EVERY_MINUTE_MS);
})();
