/* Recording for the elder: one button, a level, a countdown; what was recorded goes into the form's field for a file. */
(function () {
  "use strict";

  var recorder = document.getElementById("recorder");
  var AudioGraph = window.AudioContext || window.webkitAudioContext;
  if (!recorder || !window.MediaRecorder || !window.DataTransfer || !AudioGraph
    || !navigator.mediaDevices || !navigator.mediaDevices.getUserMedia) {
    return;
  }
  var house = window.wristband;
  var longest_s = Number(recorder.getAttribute("data-longest-s"));
  var button = document.getElementById("record");
  var line = document.getElementById("recorded");
  var level = document.getElementById("level");
  var listen = document.getElementById("listen");
  var field = document.getElementById("voice");
  var LOOK_EVERY_MS = 100;
  var TYPES = ["audio/mp4", "audio/webm;codecs=opus", "audio/webm", "audio/ogg;codecs=opus"];
  var taking = null; // what is being recorded
  var sending = false;
  level.appendChild(document.createElement("span")); // the bar

  function words(name, n) {
    return recorder.getAttribute("data-" + name).replace("{n}", String(n));
  }

  /** Tell it on the page, and once to readers of the screen. */
  function tell(text, aloud) {
    line.textContent = text;
    line.hidden = false;
    if (aloud) {
      house.announce(text);
    }
  }

  function label(name) {
    button.querySelector("span").textContent = words(name);
    button.classList.toggle("recording", name === "stop");
  }

  function seconds() {
    return (Date.now() - taking.began_ms) / 1000;
  }

  /** How loud it is, as the width of a bar; and how long one may still speak. */
  function look() {
    taking.analyser.getByteTimeDomainData(taking.wave);
    var peak = taking.wave.reduce(function (most, value) { return Math.max(most, Math.abs(value - 128)); }, 0);
    level.firstElementChild.style.width = Math.min(100, peak / 0.9) + "%";
    var left_s = Math.max(0, Math.ceil(longest_s - seconds()));
    if (left_s !== taking.left_s) {
      taking.left_s = left_s;
      tell(words("left", left_s), left_s === longest_s);
    }
    if (seconds() >= longest_s) {
      taking.recorder.stop();
    }
  }

  /** Let go of the microphone: its light on the phone goes out. */
  function release() {
    window.clearInterval(taking.timer);
    taking.stream.getTracks().forEach(function (track) { track.stop(); });
    taking.graph.close();
    level.hidden = true;
  }

  function finish() {
    var blob = new Blob(taking.pieces, { type: taking.recorder.mimeType });
    var lasted_s = Math.min(longest_s, Math.round(seconds()));
    release();
    taking = null;
    label("again");
    if (!blob.size) {
      tell(words("broken"), true);
      return;
    }
    var carrier = new DataTransfer();
    carrier.items.add(new File([blob], listen.getAttribute("aria-label"), { type: blob.type }));
    field.files = carrier.files;
    listen.src = URL.createObjectURL(blob);
    listen.hidden = false;
    tell(words("done", lasted_s), true);
    if (sending) {
      window.wristband.busy(field.form);
      field.form.submit();
    }
  }

  function begin(stream) {
    var graph = new AudioGraph();
    var analyser = graph.createAnalyser();
    graph.createMediaStreamSource(stream).connect(analyser);
    var type = TYPES.filter(function (one) { return MediaRecorder.isTypeSupported(one); })[0];
    taking = {
      stream: stream,
      graph: graph,
      analyser: analyser,
      wave: new Uint8Array(analyser.fftSize),
      recorder: new MediaRecorder(stream, type ? { mimeType: type } : {}),
      pieces: [],
      began_ms: Date.now(),
      left_s: null,
    };
    taking.recorder.addEventListener("dataavailable", function (event) {
      if (event.data.size) {
        taking.pieces.push(event.data);
      }
    });
    taking.recorder.addEventListener("stop", finish);
    taking.recorder.start();
    taking.timer = window.setInterval(look, LOOK_EVERY_MS);
    button.removeAttribute("aria-disabled");
    level.hidden = false;
    label("stop");
  }

  function missed(error) {
    button.removeAttribute("aria-disabled");
    label("start");
    tell(words(error && error.name === "NotAllowedError" ? "refused" : "broken"), true);
  }

  button.addEventListener("click", function () {
    if (taking) {
      taking.recorder.stop();
      return;
    }
    if (button.hasAttribute("aria-disabled")) {
      return;
    }
    button.setAttribute("aria-disabled", "true");
    listen.pause();
    listen.hidden = true;
    tell(words("asking"), false);
    navigator.mediaDevices.getUserMedia({ audio: true }).then(begin).catch(missed);
  });

  // Kept while it is still being taken: it ends there, and goes with the form.
  field.form.addEventListener("submit", function (event) {
    if (taking) {
      event.preventDefault();
      sending = true;
      taking.recorder.stop();
    }
  });

  // A file chosen by hand takes the place of what was recorded.
  field.addEventListener("change", function () {
    listen.pause();
    listen.hidden = true;
    line.hidden = true;
  });

  window.addEventListener("pagehide", function () {
    if (taking) {
      release();
      taking = null;
    }
  });

  recorder.hidden = false;
})();
