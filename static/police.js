/* The desk without reload: the stream says that something changed, the list is asked for anew. */
(function () {
  "use strict";

  var desk = document.getElementById("desk");
  var live = document.getElementById("live");
  var EVERY_MINUTE_MS = 60000; // waiting times grow without anything happening
  var ANSWER_WITHIN_MS = 10000;
  var AGAIN_AFTER_MS = 5000;
  if (!desk || !window.EventSource) {
    return;
  }

  var title = document.title;
  var known = waiting();
  var asking = false;
  var again = false;

  function waiting() {
    return Array.prototype.map.call(desk.querySelectorAll("[data-incident]"), function (row) {
      return row.getAttribute("data-incident");
    });
  }

  function tell(kind) {
    live.hidden = false;
    live.className = kind === "lost" ? "badge badge-danger" : "badge badge-good";
    live.textContent = live.getAttribute("data-" + kind);
  }

  function show(part) {
    while (desk.firstChild) {
      desk.removeChild(desk.firstChild);
    }
    Array.prototype.slice.call(part.childNodes).forEach(function (node) {
      desk.appendChild(document.importNode(node, true));
    });
    var now = waiting();
    if (now.some(function (id) { return known.indexOf(id) < 0; })) {
      document.title = "● " + live.getAttribute("data-title");
    }
    known = now;
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
    request.open("GET", window.location.pathname + window.location.search);
    request.responseType = "document";
    request.timeout = ANSWER_WITHIN_MS;
    request.setRequestHeader("X-Part", "desk");
    request.onload = function () {
      if (request.status === 401) {
        window.location.reload();
      } else if (request.status === 200 && request.response) {
        show(request.response.body);
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

  /* A new incident stays in the tab's title until the officer looks. */
  function calm() {
    document.title = title;
  }
  window.addEventListener("focus", calm);
  document.addEventListener("click", calm);
  document.addEventListener("keydown", calm);

  function listen() {
    var stream = new EventSource(desk.getAttribute("data-stream"));
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

  listen();
  window.setInterval(ask, EVERY_MINUTE_MS);
})();
