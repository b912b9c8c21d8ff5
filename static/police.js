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
  var SOFTLY_EVERY_MS = 60000; // reports of bands that are not ours: one signal, however many come
  var LOOK_AT_REST_MS = 5000;
  var WARN_MS = 120000;
  var LOUD = 0.3;
  var SOFT = 0.08;
  if (!part) {
    return;
  }

  var title = document.title;
  var known = signals();
  var softly = 0;
  var locked = false;
  var stream = null;
  var asking = false;
  var again = false;
  var flashing = 0;

  function listed(attribute) {
    return Array.prototype.map.call(part.querySelectorAll("[" + attribute + "]"), function (row) {
      return row.getAttribute(attribute);
    });
  }

  /** What there is to signal. The desk lists it; an incident's page brings marks of it: the newest, and how many. */
  function signals() {
    var marks = part.querySelector("[data-newest]");
    return {
      incidents: listed("data-incident"),
      work: (marks && marks.getAttribute("data-work")) || "",
      late: listed("data-late").length + Number((marks && marks.getAttribute("data-late-count")) || 0),
      unsorted: (marks && marks.getAttribute("data-newest")) || "",
    };
  }

  /** Whether one row of digits is the greater number: ids are longer than numbers are exact here. */
  function greater(one, other) {
    return one.length > other.length || (one.length === other.length && one > other);
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

  function tone(frequency, at, loud) {
    var pitch = speaker.createOscillator();
    var loudness = speaker.createGain();
    pitch.frequency.value = frequency;
    loudness.gain.setValueAtTime(0.0001, at);
    loudness.gain.exponentialRampToValueAtTime(loud, at + 0.03);
    loudness.gain.exponentialRampToValueAtTime(0.0001, at + 0.35);
    pitch.connect(loudness);
    loudness.connect(speaker.destination);
    pitch.start(at);
    pitch.stop(at + 0.4);
  }

  /** Two rising tones for a new incident, three falling ones for a late one, a soft one for an unrecognised band. */
  var TONES = { new: [660, 880], late: [880, 660, 520], unsorted: [520] };

  function ring(kind) {
    if (speaker && sound && sound.getAttribute("aria-pressed") === "true") {
      TONES[kind].forEach(function (pitch, place) {
        tone(pitch, speaker.currentTime + place * 0.3, kind === "unsorted" ? SOFT : LOUD);
      });
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
        ring("new");
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

  function signal(kind) {
    var words = live.getAttribute("data-signal-" + kind);
    flash(words);
    ring(kind);
    window.wristband.announce(words);
  }

  function notice() {
    var now = signals();
    var isNew = now.incidents.some(function (id) { return known.incidents.indexOf(id) < 0; });
    if (isNew || greater(now.work, known.work)) {
      signal("new");
    } else if (now.late > known.late) {
      signal("late");
    } else if (greater(now.unsorted, known.unsorted)) {
      if (Date.now() - softly < SOFTLY_EVERY_MS) {
        now.unsorted = known.unsorted; // told with the next signal
      } else {
        softly = Date.now();
        signal("unsorted");
      }
    }
    known = now;
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
      notice();
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
    if (locked) {
      return;
    }
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
      heardOfRest(request);
      if (request.status === 401) {
        lock();
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
      if (Date.now() >= restsAt) {
        lock(); // nobody can say that the desk is still in use
      }
    };
    request.send();
  }

  // ---- a desk that nobody touches: it says so, locks, and rings on

  var resting = document.getElementById("resting");
  var restsAt = Date.now() + Number(part.getAttribute("data-rest-s")) * 1000;

  function heardOfRest(request) {
    var left = request.getResponseHeader("X-Left-S");
    if (left !== null) {
      restsAt = Date.now() + Number(left) * 1000;
      resting.hidden = restsAt - Date.now() > WARN_MS;
    }
  }

  function lookAtRest() {
    if (!locked && resting.hidden && restsAt - Date.now() <= WARN_MS) {
      ask(); // another page of this browser may have been used: the answer says how long is left
    } else if (!locked && Date.now() >= restsAt) {
      ask();
    }
  }

  resting.querySelector("form").addEventListener("submit", function (event) {
    var request = new XMLHttpRequest();
    var form = event.target;
    event.preventDefault();
    request.open("POST", form.action);
    request.timeout = ANSWER_WITHIN_MS;
    request.setRequestHeader("Content-Type", "application/x-www-form-urlencoded");
    request.onload = function () {
      heardOfRest(request);
      if (request.status === 401) {
        lock();
      }
    };
    request.send("csrf_token=" + encodeURIComponent(form.elements.csrf_token.value));
  });

  /** Everything goes from the screen but the way back in; what comes is still told, without what it is. */
  function lock() {
    if (locked) {
      return;
    }
    locked = true;
    if (stream) {
      stream.close();
    }
    var screen = document.importNode(document.getElementById("locked").content, true);
    while (document.body.firstChild) {
      document.body.removeChild(document.body.firstChild);
    }
    document.body.appendChild(screen);
    known = null;
    title = document.getElementById("lock").getAttribute("data-title");
    calm();
    hearBell();
  }

  function tellLocked(kind) {
    var lines = document.querySelectorAll("#lock [data-when]");
    Array.prototype.forEach.call(lines, function (line) {
      line.hidden = line.getAttribute("data-when") !== kind;
      if (!line.hidden && kind !== "over") {
        flash(line.textContent);
      }
    });
  }

  function hearBell() {
    if (!window.EventSource) {
      return;
    }
    var bell = new EventSource(document.getElementById("lock").getAttribute("data-bell"));
    bell.addEventListener("rang", function (event) {
      ring(event.data);
      tellLocked(event.data === "late" ? "late" : "new");
    });
    bell.addEventListener("over", function () {
      bell.close();
      tellLocked("over");
    });
    bell.addEventListener("error", function () {
      if (bell.readyState === EventSource.CLOSED) {
        window.setTimeout(whyNoBell, AGAIN_AFTER_MS);
      }
    });
  }

  /** A stream does not say why it was refused: full for now, or the sign-in is over. */
  function whyNoBell() {
    var request = new XMLHttpRequest();
    request.open("GET", document.getElementById("lock").getAttribute("data-bell"));
    request.onreadystatechange = function () {
      if (request.readyState === 2) {
        var over = request.status !== 503 && !/^text\/event-stream/.test(request.getResponseHeader("Content-Type") || "");
        request.onreadystatechange = null;
        request.abort();
        if (over) {
          tellLocked("over");
        } else {
          hearBell();
        }
      }
    };
    request.onerror = function () { window.setTimeout(whyNoBell, AGAIN_AFTER_MS); };
    request.send();
  }

  function listen() {
    if (locked) {
      return;
    }
    stream = new EventSource(part.getAttribute("data-stream"));
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
  window.setInterval(lookAtRest, LOOK_AT_REST_MS);
})();
