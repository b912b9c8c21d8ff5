/* A board without reload: its posts are asked for anew, and what stood before somebody's eyes is marked as read. */
(function () {
  "use strict";

  var house = window.wristband;
  var SLOW_AFTER_MS = 600000;
  var SLOW_MS = 15000;
  var ANSWER_WITHIN_MS = 10000;
  var SEEN_AFTER_MS = 1500; // so long on the screen, and it was not only scrolled past

  function plain(node) {
    return node.textContent.replace(/\s+/g, " ").trim();
  }

  function equip(box) {
    var every_ms = Number(box.getAttribute("data-every-ms"));
    var active_ms = Date.now();
    var shown = plain(box);
    var marking = false;
    var card = box.parentNode;
    box.classList.add("talk-scripted");

    function last() {
      var posts = box.querySelector("[data-posts]");
      return posts ? Number(posts.getAttribute("data-posts")) : 0;
    }

    function refocus(before) {
      if (!before || !before.getAttribute("href")) {
        return;
      }
      Array.prototype.some.call(box.querySelectorAll("a[href]"), function (link) {
        if (link.getAttribute("href") !== before.getAttribute("href")) {
          return false;
        }
        link.focus();
        return true;
      });
    }

    function show(part) {
      var text = plain(part);
      if (text === shown || box.querySelector("[data-sent]")) {
        return;
      }
      var before = last();
      var focused = box.contains(document.activeElement) ? document.activeElement : null;
      while (box.firstChild) {
        box.removeChild(box.firstChild);
      }
      Array.prototype.slice.call(part.childNodes).forEach(function (node) {
        box.appendChild(document.importNode(node, true));
      });
      shown = text;
      active_ms = Date.now();
      refocus(focused);
      if (last() > before) {
        var theirs = box.querySelectorAll("[data-theirs]");
        if (theirs.length) {
          house.announce(plain(theirs[theirs.length - 1]));
        }
      }
      var isShut = Boolean(box.querySelector("[data-shut]"));
      Array.prototype.forEach.call(document.querySelectorAll("[data-say]"), function (section) {
        if (card.contains(section) || document.querySelectorAll("[data-board]").length === 1) {
          section.hidden = isShut;
        }
      });
      look();
    }

    function inSight() {
      var posts = box.querySelector(".talk");
      if (document.hidden || !posts || !posts.lastElementChild) {
        return false;
      }
      var edge = posts.lastElementChild.getBoundingClientRect();
      return edge.height > 0 && edge.top < window.innerHeight && edge.bottom > 0;
    }

    /** Somebody has the newest post before them: its side has read it. */
    function look() {
      if (marking || !box.querySelector("[data-mark]") || !inSight()) {
        return;
      }
      marking = true;
      window.setTimeout(function () {
        marking = false;
        var form = box.querySelector("[data-mark]");
        if (form && inSight()) {
          mark(form);
        }
      }, SEEN_AFTER_MS);
    }

    function mark(form) {
      var fields = Array.prototype.map.call(form.querySelectorAll("input[name]"), function (field) {
        return encodeURIComponent(field.name) + "=" + encodeURIComponent(field.value);
      });
      var request = new XMLHttpRequest();
      marking = true;
      request.open("POST", form.getAttribute("action"));
      request.timeout = ANSWER_WITHIN_MS;
      request.setRequestHeader("Content-Type", "application/x-www-form-urlencoded");
      request.setRequestHeader("X-Part", "board");
      request.onload = function () {
        marking = false;
        if (request.status === 204 && form.parentNode) {
          form.parentNode.removeChild(form);
          shown = plain(box);
        }
      };
      request.onerror = request.ontimeout = function () {
        marking = false;
      };
      request.send(fields.join("&"));
    }

    function again() {
      window.setTimeout(ask, Date.now() - active_ms > SLOW_AFTER_MS ? SLOW_MS : every_ms);
    }

    // XMLHttpRequest, because it parses an answer without handing markup to the page as a string (Trusted Types).
    function ask() {
      if (document.hidden) {
        again();
        return;
      }
      var request = new XMLHttpRequest();
      request.open("GET", box.getAttribute("data-board"));
      request.responseType = "document";
      request.timeout = ANSWER_WITHIN_MS;
      request.setRequestHeader("X-Part", "board");
      request.onload = function () {
        if (request.status === 401 || request.status === 404) {
          return; // nobody is signed in any more, or there is no such board: the page is what it is
        }
        if (request.status === 200 && request.response && request.response.querySelector("[data-posts]")) {
          show(request.response.body);
        }
        again();
      };
      request.onerror = request.ontimeout = again;
      request.send();
    }

    document.addEventListener("visibilitychange", function () {
      if (!document.hidden) {
        active_ms = Date.now();
        look();
      }
    });
    window.addEventListener("scroll", look);
    look();
    again();
  }

  Array.prototype.forEach.call(document.querySelectorAll("[data-scripted]"), function (section) {
    section.hidden = false;
  });
  Array.prototype.forEach.call(document.querySelectorAll("[data-board]"), equip);

  // A page taken from the back-forward cache holds keys of forms that were sent: its next phrase would be the last one.
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) {
      window.location.reload();
    }
  });
})();
