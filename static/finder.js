/* The finder's pages: where the phone is, and how far the news came. */
(function () {
  "use strict";

  var house = window.wristband;
  var GIVE_UP_MS = 22000; // some in-app browsers never answer an ignored question
  var PRECISE = { enableHighAccuracy: true, timeout: 10000, maximumAge: 30000 };
  var COARSE = { enableHighAccuracy: false, timeout: 10000, maximumAge: 60000 };
  var REFUSED = 1; // GeolocationPositionError.PERMISSION_DENIED
  var SLOW_AFTER_MS = 600000;
  var SLOW_MS = 15000;
  var ANSWER_WITHIN_MS = 10000;

  /* --- place: asked for only after a tap ------------------------------------------------------------------------- */

  function equip(form) {
    var button = form.querySelector(".locate");
    var line = form.querySelector(".located");
    var asking = false;

    function tell(kind) {
      line.textContent = form.getAttribute("data-" + kind);
      line.hidden = false;
    }

    function stop(kind) {
      if (!asking) {
        return;
      }
      asking = false;
      button.removeAttribute("aria-disabled");
      tell(kind);
      var box = form.querySelector("[name=words]") || document.getElementById("district");
      if (box) {
        box.focus();
      }
    }

    function found(position) {
      if (!asking) {
        return;
      }
      asking = false;
      if (form.elements.source) {
        form.elements.source.value = "device";
      }
      form.elements.latitude.value = position.coords.latitude;
      form.elements.longitude.value = position.coords.longitude;
      form.elements.accuracy.value = Math.round(position.coords.accuracy);
      send(form);
    }

    function missed(error) {
      stop(error.code === REFUSED ? "refused" : "unfound");
    }

    button.addEventListener("click", function () {
      if (asking) {
        return;
      }
      asking = true;
      button.setAttribute("aria-disabled", "true");
      tell("locating");
      window.setTimeout(stop, GIVE_UP_MS, "unfound");
      navigator.geolocation.getCurrentPosition(found, function (error) {
        if (error.code === REFUSED) {
          missed(error);
        } else {
          navigator.geolocation.getCurrentPosition(found, missed, COARSE);
        }
      }, PRECISE);
    });
    button.hidden = false;
  }

  if (navigator.geolocation) {
    Array.prototype.forEach.call(document.querySelectorAll("form[data-locate]"), equip);
  }

  /** By keep.js where it runs: what has no network waits. */
  function send(form) {
    if (house.keep) {
      house.keep(form);
      return;
    }
    house.busy(form);
    form.submit();
  }

  /* --- the family was asked: look whether it has answered, then open what it allowed -------------------------------- */

  var ASK_EVERY_MS = 4000;
  var question = document.getElementById("waiting");

  function look() {
    var request = new XMLHttpRequest();
    request.open("GET", question.getAttribute("data-ask"));
    request.timeout = ANSWER_WITHIN_MS;
    request.onload = function () {
      if (request.status === 200 && (request.responseText === "given" || request.responseText === "ended")) {
        question.submit();
        return;
      }
      window.setTimeout(look, ASK_EVERY_MS);
    };
    request.onerror = request.ontimeout = function () {
      window.setTimeout(look, ASK_EVERY_MS);
    };
    request.send();
  }

  if (question) {
    window.setTimeout(look, ASK_EVERY_MS);
  }

  /* --- progress: asked for again and again --------------------------------------------------------------------------- */

  var progress = document.getElementById("progress");
  if (!progress) {
    return;
  }
  var stale = document.getElementById("stale");
  var every_ms = Number(progress.getAttribute("data-every-ms"));
  var opened_ms = Date.now();
  var shown = plain(progress);

  function plain(node) {
    return node.textContent.replace(/\s+/g, " ").trim();
  }

  /** The button that had the focus has it again in the part that replaced it. */
  function refocus(before) {
    if (!before) {
      return;
    }
    Array.prototype.some.call(progress.querySelectorAll("a, button, summary"), function (node) {
      if (node.tagName !== before.tagName || plain(node) !== plain(before)) {
        return false;
      }
      node.focus();
      return true;
    });
  }

  function show(part) {
    var text = plain(part);
    if (text === shown || progress.querySelector("[data-sent]")) {
      return;
    }
    var focused = progress.contains(document.activeElement) ? document.activeElement : null;
    while (progress.firstChild) {
      progress.removeChild(progress.firstChild);
    }
    Array.prototype.slice.call(part.childNodes).forEach(function (node) {
      progress.appendChild(document.importNode(node, true));
    });
    shown = text;
    var news = document.getElementById("news");
    Array.prototype.forEach.call(document.querySelectorAll("[data-while-open]"), function (section) {
      section.hidden = news.hasAttribute("data-over");
    });
    house.reveal(progress);
    house.announce(plain(news));
    refocus(focused);
  }

  function again() {
    window.setTimeout(ask, Date.now() - opened_ms > SLOW_AFTER_MS ? SLOW_MS : every_ms);
  }

  // XMLHttpRequest, because it parses an answer without handing markup to the page as a string (Trusted Types).
  function ask() {
    if (document.hidden) {
      again();
      return;
    }
    var request = new XMLHttpRequest();
    request.open("GET", progress.getAttribute("data-address"));
    request.responseType = "document";
    request.timeout = ANSWER_WITHIN_MS;
    request.setRequestHeader("X-Part", "progress");
    request.onload = function () {
      var good = request.status === 200 && request.response && request.response.getElementById("news");
      stale.hidden = Boolean(good);
      if (good) {
        show(request.response.body);
      }
      again();
    };
    request.onerror = request.ontimeout = function () {
      stale.hidden = false;
      again();
    };
    request.send();
  }

  document.addEventListener("visibilitychange", function () {
    if (!document.hidden) {
      opened_ms = Date.now();
    }
  });
  again();
})();
