/* What every door's pages gain from script; all of them work without it. ES2015, text only: never markup. */
(function () {
  "use strict";

  var AGAIN_AFTER_MS = 8000; // a tap that got no answer may be repeated; the server counts it once
  var COPIED_MS = 2500;
  var voice = document.createElement("p");
  voice.className = "unseen";
  voice.setAttribute("role", "status");
  document.body.appendChild(voice);

  /** Tell readers of the screen; the same words twice are told once. */
  function announce(words) {
    if (voice.textContent !== words) {
      voice.textContent = words;
    }
  }

  function words(button) {
    return button.querySelector("b") || button.querySelector("span") || button;
  }

  function rest(form) {
    form.removeAttribute("data-sent");
    Array.prototype.forEach.call(form.querySelectorAll("[data-words]"), function (button) {
      words(button).textContent = button.getAttribute("data-words");
      button.removeAttribute("data-words");
      button.removeAttribute("aria-disabled");
    });
  }

  /** Mark a form as being sent: its button says so, and a second tap does nothing for a while. */
  function busy(form) {
    form.setAttribute("data-sent", "");
    Array.prototype.forEach.call(form.querySelectorAll("button[type=submit]"), function (button) {
      button.setAttribute("data-words", words(button).textContent);
      button.setAttribute("aria-disabled", "true");
      words(button).textContent = document.body.getAttribute("data-busy");
    });
    announce(document.body.getAttribute("data-busy"));
    window.setTimeout(rest, AGAIN_AFTER_MS, form);
  }

  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (event.defaultPrevented || form.method !== "post") {
      return;
    }
    if (form.hasAttribute("data-sent")) {
      event.preventDefault();
    } else {
      busy(form);
    }
  });

  // A page taken from the back-forward cache still wears its last tap.
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) {
      Array.prototype.forEach.call(document.querySelectorAll("form[data-sent]"), rest);
    }
  });

  function copyOldWay(text) {
    var area = document.createElement("textarea");
    area.value = text;
    area.className = "unseen";
    document.body.appendChild(area);
    area.select();
    area.setSelectionRange(0, text.length);
    var done = document.execCommand("copy");
    document.body.removeChild(area);
    return done ? Promise.resolve() : Promise.reject(new Error("copy refused"));
  }

  function copy(text) {
    return navigator.clipboard && window.isSecureContext
      ? navigator.clipboard.writeText(text).catch(function () { return copyOldWay(text); })
      : copyOldWay(text);
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest ? event.target.closest("[data-copy]") : null;
    if (!button) {
      return;
    }
    copy(button.getAttribute("data-copy")).then(function () {
      announce(button.getAttribute("data-copied"));
      button.classList.add("copied");
      window.setTimeout(function () {
        button.classList.remove("copied");
        announce("");
      }, COPIED_MS);
    }, function () { /* the text stands beside the button and can be held to copy */ });
  });

  /** Show what only script can do, in the page or in a part of it that has just come. */
  function reveal(part) {
    Array.prototype.forEach.call(part.querySelectorAll("[data-copy][hidden]"), function (button) {
      button.hidden = false;
    });
  }

  reveal(document);
  window.wristband = { announce: announce, busy: busy, reveal: reveal };
  // Printing needs a script; without one the browser's own menu prints the same.
  Array.prototype.forEach.call(document.querySelectorAll("[data-print]"), function (button) {
    button.hidden = false;
    button.addEventListener("click", function () { window.print(); });
  });
})();
