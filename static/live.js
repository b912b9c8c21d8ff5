/* A part of a page that is asked for again and again, until it says that nothing more will happen.

   <div data-live="/family/drills/7" data-part="drill" data-every-ms="3000"> … <p data-over> … </p> </div>
   The address answers the header X-Part: drill with the part alone. Without script the page is reloaded by hand. */
(function () {
  "use strict";

  var ANSWER_WITHIN_MS = 10000;

  function plain(node) {
    return node.textContent.replace(/\s+/g, " ").trim();
  }

  function show(place, part) {
    // Somebody is at a button in it: it is not taken away under the finger.
    if (plain(part) === plain(place) || place.querySelector("[data-sent]")) {
      return;
    }
    var focused = place.contains(document.activeElement) ? plain(document.activeElement) : "";
    while (place.firstChild) {
      place.removeChild(place.firstChild);
    }
    Array.prototype.slice.call(part.childNodes).forEach(function (node) {
      place.appendChild(document.importNode(node, true));
    });
    window.wristband.reveal(place);
    Array.prototype.some.call(focused ? place.querySelectorAll("a, button") : [], function (node) {
      return plain(node) === focused && (node.focus(), true);
    });
    var news = place.querySelector("[data-news]");
    if (news) {
      window.wristband.announce(plain(news));
    }
  }

  function watch(place) {
    function again() {
      if (!place.querySelector("[data-over]")) {
        window.setTimeout(ask, Number(place.getAttribute("data-every-ms")));
      }
    }

    // XMLHttpRequest, because it parses an answer without handing markup to the page as a string (Trusted Types).
    function ask() {
      if (document.hidden) {
        again();
        return;
      }
      var request = new XMLHttpRequest();
      request.open("GET", place.getAttribute("data-live"));
      request.responseType = "document";
      request.timeout = ANSWER_WITHIN_MS;
      request.setRequestHeader("X-Part", place.getAttribute("data-part"));
      request.onload = function () {
        if (request.status === 200 && request.response && request.response.querySelector("[data-news]")) {
          show(place, request.response.body);
        }
        again();
      };
      request.onerror = request.ontimeout = again;
      request.send();
    }

    again();
  }

  Array.prototype.forEach.call(document.querySelectorAll("[data-live]"), watch);
})();
