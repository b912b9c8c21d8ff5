/* Single keys for a desk's page: what bears data-key is pressed by it, never while somebody types; "?" lists them.
   ES2015, text only. */
(function () {
  "use strict";

  var box = document.querySelector(".keys");
  var hint = document.querySelector(".keys-hint");
  var before = null;
  if (!box) {
    return;
  }

  function typing(node) {
    return node && (node.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName));
  }

  function target(bearer) {
    return /^(A|BUTTON)$/.test(bearer.tagName) ? bearer : bearer.querySelector("button, a, summary, textarea, input:not([type=hidden])");
  }

  function named(bearer) {
    return bearer.getAttribute("data-key-words") || target(bearer).textContent.replace(/\s+/g, " ").trim();
  }

  function bearers() {
    return Array.prototype.filter.call(document.querySelectorAll("[data-key]"), function (bearer) {
      return target(bearer) && target(bearer).offsetParent !== null;
    });
  }

  function row(list, key, words) {
    var term = document.createElement("dt");
    var said = document.createElement("dd");
    var shown = document.createElement("kbd");
    shown.textContent = key;
    term.appendChild(shown);
    said.textContent = words;
    list.appendChild(term);
    list.appendChild(said);
  }

  function open() {
    var list = box.querySelector("[data-keys]");
    while (list.firstChild) {
      list.removeChild(list.firstChild);
    }
    bearers().forEach(function (bearer) {
      row(list, bearer.getAttribute("data-key"), named(bearer));
    });
    before = document.activeElement;
    box.hidden = false;
    box.focus();
  }

  function close() {
    box.hidden = true;
    if (before) {
      before.focus();
    }
  }

  box.querySelector("[data-close]").addEventListener("click", close);
  document.addEventListener("keydown", function (event) {
    if (!box.hidden && event.key === "Tab") {
      event.preventDefault(); // one button: focus stays in the box
      box.querySelector("[data-close]").focus();
      return;
    }
    if (!box.hidden && (event.key === "Escape" || event.key === "?")) {
      close();
      return;
    }
    if (!box.hidden || event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat || typing(event.target)) {
      return;
    }
    if (event.key === "?") {
      open();
      event.preventDefault();
      return;
    }
    bearers().some(function (bearer) {
      if (bearer.getAttribute("data-key") !== event.key.toLowerCase()) {
        return false;
      }
      event.preventDefault();
      target(bearer).focus();
      if (!typing(target(bearer))) {
        target(bearer).click();
      }
      return true;
    });
  });
  if (hint) {
    hint.hidden = false;
  }
  document.documentElement.classList.add("has-keys");
})();
