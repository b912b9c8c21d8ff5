/* A tap is first kept by the phone, then sent, then forgotten: without network it waits, and is sent by itself, once.
   The page says in words which of it is so. Old browsers send their forms as they always did. */
(function () {
  "use strict";

  var house = window.wristband;
  var store = window.wristbandStore;
  var EVERY_MS = 5000;
  var ANSWER_WITHIN_MS = 20000;
  var MOST_PHOTOS = 6;
  var LONGEST_MS = 7 * 24 * 3600 * 1000;
  var PAGE = "wristband.page";
  var OURS = /^\/s\/([A-Za-z0-9_-]{22})(?:\/|$)/;
  var DEED = /^\/s\/([A-Za-z0-9_-]{22})\/(police|family|place|words|photos|gone|pickup)$/;
  var box = document.getElementById("kept");
  if (!box || !window.fetch || !window.Promise || !window.FormData || !store) {
    return;
  }
  var shell = box.hasAttribute("data-shell");
  var sending = false;
  var here = OURS.exec(window.location.pathname);

  function trusted(address) {
    return window.trustedTypes
      ? window.trustedTypes.createPolicy("keep", { createScriptURL: function (text) { return text; } })
        .createScriptURL(address)
      : address;
  }

  if ("serviceWorker" in navigator && window.isSecureContext) {
    navigator.serviceWorker.register(trusted("/s/sw.js"), { scope: "/s/" }).catch(function () { /* as without one */ });
  }

  /* --- what the page says of it ------------------------------------------------------------------------------------ */

  /** One of waiting, sending, sent, refused, full; "" says nothing. */
  function tell(state) {
    if (box.getAttribute("data-state") === state) {
      return;
    }
    box.setAttribute("data-state", state);
    Array.prototype.forEach.call(box.querySelectorAll("[data-when]"), function (part) {
      part.hidden = part.getAttribute("data-when").split(" ").indexOf(state) < 0;
    });
    box.hidden = !state;
    if (state) {
      house.announce(box.querySelector("[data-when~='" + state + "']").textContent.trim());
    }
  }

  function value(item, name) {
    var found = item.fields.filter(function (field) { return field[0] === name; })[0];
    return found ? found[1] : "";
  }

  /** A text to the police with what waits in it: the finder's own words and place. */
  function writeText(items) {
    var link = box.querySelector("[data-sms]");
    if (!link) {
      return;
    }
    var told = items.map(function (item) {
      var place = value(item, "latitude") ? value(item, "latitude") + "," + value(item, "longitude") : "";
      return [place, value(item, "words")].join(" ").trim();
    }).filter(Boolean);
    var words = [link.getAttribute("data-words")].concat(told).join(" ").slice(0, 300);
    link.setAttribute("href", "sms:" + link.getAttribute("data-sms") + "?&body=" + encodeURIComponent(words));
  }

  /* --- sending ------------------------------------------------------------------------------------------------------ */

  function body(item) {
    var form = item.photo ? new FormData() : new URLSearchParams();
    item.fields.concat([["made_ms", String(item.made_ms)], ["sent_ms", String(Date.now())]]).forEach(function (field) {
      form.append(field[0], field[1]);
    });
    if (item.photo) {
      form.append("photo", item.photo, "photo.jpg");
    }
    return form;
  }

  /** "sent", "refused", or "waits": only an answer of ours counts, and only a redirect says that it was kept. */
  function send(item) {
    var stop = window.AbortController ? new AbortController() : null;
    var alarm = window.setTimeout(function () {
      if (stop) {
        stop.abort();
      }
    }, ANSWER_WITHIN_MS);
    var asked = { method: "POST", body: body(item), redirect: "manual", credentials: "same-origin" };
    if (stop) {
      asked.signal = stop.signal;
    }
    return fetch("/s/" + item.scan + "/" + item.deed + item.query, asked).then(function (answer) {
      if (answer.type === "opaqueredirect" || (answer.status >= 200 && answer.status < 400)) {
        return "sent";
      }
      return answer.status < 500 && answer.status !== 429 ? "refused" : "waits";
    }, function () {
      return "waits";
    }).then(function (state) {
      window.clearTimeout(alarm);
      return state;
    });
  }

  /** Send what waits, one after the other: each once. Ends with the last state, and what was refused on the way. */
  function flush() {
    if (sending) {
      return Promise.resolve(null);
    }
    sending = true;
    var end = { state: "", sent: 0, refused: [] };
    function next(items) {
      if (!items.length) {
        return end;
      }
      tell("sending");
      return send(items[0]).then(function (state) {
        if (state === "waits") {
          writeText(items);
          tell("waiting");
          end.state = "waiting";
          return end;
        }
        end.sent += state === "sent" ? 1 : 0;
        if (state === "refused") {
          end.refused.push(items[0]);
        }
        return store.forget(items[0].id).then(function () { return next(items.slice(1)); });
      });
    }
    return store.list().then(next).then(function (ended) {
      sending = false;
      if (!ended.state && (ended.refused.length || ended.sent)) {
        tell(ended.refused.length ? "refused" : "sent");
      } else if (!ended.state && /waiting|sending/.test(box.getAttribute("data-state"))) {
        tell(""); // what was said of something sent stays until the next deed
      }
      return ended;
    }, function () {
      sending = false;
      return end;
    });
  }

  function lead(scan, query, deed) {
    var on = deed === "words" || deed === "photos" ? "/more" : "";
    var path = "/s/" + scan + on;
    if (on && window.location.pathname === path) {
      window.location.hash = deed; // by itself it would only scroll
      window.location.reload();
    } else {
      window.location.assign(path + query + (on ? "#" + deed : ""));
    }
  }

  /** Whether a new page would take away what somebody is writing. */
  function writing() {
    return Array.prototype.some.call(document.querySelectorAll("textarea, input[type=text]"), function (field) {
      return field.value || field === document.activeElement;
    });
  }

  /** What waited since an earlier page was sent: show the finder's page as it is now. Never by the answer of a form. */
  function later() {
    flush().then(function (ended) {
      var own = here && window.location.pathname === "/s/" + here[1];
      if (ended && ended.sent && !ended.state && (shell || (own && !writing()))) {
        window.location.replace("/s/" + here[1] + window.location.search);
      } else if (shell && ended && !ended.state && !ended.refused.length && navigator.onLine !== false && here) {
        lookForNetwork();
      }
    });
  }

  /** The shell gives way to the real page as soon as there is a network again. */
  function lookForNetwork() {
    fetch("/healthz", { cache: "no-store" }).then(function (answer) {
      if (answer.ok) {
        window.location.replace("/s/" + here[1] + window.location.search);
      }
    }, function () { /* not yet */ });
  }

  /* --- keeping ------------------------------------------------------------------------------------------------------ */

  function itemsOf(form, deed) {
    var made_ms = Date.now();
    var pictures = [];
    var fields = [];
    Array.prototype.forEach.call(form.elements, function (field) {
      if (!field.name || field.disabled || field.type === "submit" || (field.type === "radio" && !field.checked)) {
        return;
      }
      if (field.type === "file") {
        pictures = Array.prototype.slice.call(field.files, 0);
      } else {
        fields.push([field.name, field.value]);
      }
    });
    function item(own, photo, nth) {
      return {
        id: deed[1] + "-" + deed[2] + "-" + made_ms + "-" + nth,
        scan: deed[1],
        deed: deed[2],
        query: window.location.search.indexOf("lang=") < 0 ? "" : window.location.search,
        fields: own,
        photo: photo,
        made_ms: made_ms,
      };
    }
    if (deed[2] !== "photos") {
      return [item(fields, null, 0)];
    }
    return pictures.slice(0, MOST_PHOTOS).map(function (picture, nth) {
      var own = fields.map(function (field) {
        return field[0] === "key" && nth ? [field[0], field[1] + "-" + nth] : field;
      });
      return item(own, picture, nth);
    });
  }

  /** More photographs than a report takes: said before anything is sent, and those that fit go on. */
  function tooMany(form) {
    var line = form.querySelector("[data-too-many]");
    var field = form.querySelector("input[type=file]");
    if (line && field && field.files.length > MOST_PHOTOS) {
      line.textContent = line.getAttribute("data-too-many").replace("{n}", String(field.files.length - MOST_PHOTOS));
      line.hidden = false;
      house.announce(line.textContent);
      return true;
    }
    return false;
  }

  /** What was written is the phone's now: the form is empty, and what is written next is another deed. */
  function freshen(form) {
    Array.prototype.forEach.call(form.elements, function (field) {
      if (/^(text|textarea|file)$/.test(field.type)) {
        field.value = "";
      }
    });
    if (form.elements.key) {
      form.elements.key.value = newKey();
    }
  }

  function takeOver(form, deed) {
    var items = itemsOf(form, deed);
    if (!items.length) {
      form.submit();
      return;
    }
    house.busy(form);
    var told = tooMany(form);
    var kept = true;
    items.reduce(function (before, item) {
      return before.then(function () { return store.keep(item); });
    }, Promise.resolve()).then(flush, function () {
      kept = false;
      // The phone has no room for it: send it as a browser does.
      if (navigator.onLine === false) {
        tell("full");
        return null;
      }
      form.submit();
      return null;
    }).then(function (ended) {
      if (!ended || ended.state) {
        if (kept) {
          freshen(form);
        }
        return;
      }
      var mine = ended.refused.filter(function (one) { return one.made_ms === items[0].made_ms; });
      if (mine.length) {
        form.submit(); // the server says what is wrong, on its own page
      } else if (ended.sent && !told) {
        lead(deed[1], items[0].query, deed[2]);
      }
    });
  }

  document.addEventListener("submit", function (event) {
    var form = event.target;
    var deed = form.method === "post" ? DEED.exec(new URL(form.action, window.location.href).pathname) : null;
    if (!deed || event.defaultPrevented) {
      return;
    }
    event.preventDefault();
    if (!form.hasAttribute("data-sent")) {
      takeOver(form, deed);
    }
  }, true);

  house.keep = function (form) {
    var deed = DEED.exec(new URL(form.action, window.location.href).pathname);
    if (deed) {
      takeOver(form, deed);
    } else {
      house.busy(form);
      form.submit();
    }
  };

  var clear = box.querySelector("[data-clear]");
  if (clear) {
    clear.addEventListener("click", function () {
      store.list().then(function (items) {
        return Promise.all(items.map(function (item) { return store.forget(item.id); }));
      }).then(function () {
        window.localStorage.removeItem(PAGE);
        tell("");
      });
    });
  }

  /* --- the page without network: the scan is that of its address, the stamp the one that this phone had of it -------- */

  function remember() {
    var stamp = document.querySelector("input[name=stamp]");
    if (!here || !stamp || !stamp.value) {
      return;
    }
    try {
      window.localStorage.setItem(PAGE, JSON.stringify({ scan: here[1], stamp: stamp.value, at: Date.now() }));
    } catch (full) { /* then the page without network only says whom to call */ }
  }

  function newKey() {
    return Array.prototype.map.call(window.crypto.getRandomValues(new Uint8Array(16)), function (byte) {
      return ("0" + byte.toString(16)).slice(-2);
    }).join("");
  }

  function fillShell() {
    var page = null;
    try {
      page = JSON.parse(window.localStorage.getItem(PAGE));
    } catch (nothing) { /* none, then */ }
    if (!here || !page || page.scan !== here[1] || Date.now() - page.at > LONGEST_MS) {
      return;
    }
    Array.prototype.forEach.call(document.querySelectorAll("form[data-deed]"), function (form) {
      form.setAttribute("action", "/s/" + here[1] + "/" + form.getAttribute("data-deed"));
      form.elements.stamp.value = page.stamp;
      if (form.elements.key) {
        form.elements.key.value = newKey();
      }
      form.hidden = false;
    });
    document.getElementById("deeds").hidden = false;
  }

  if (shell) {
    fillShell();
  } else {
    remember();
  }
  window.addEventListener("online", later);
  document.addEventListener("visibilitychange", function () {
    if (!document.hidden) {
      later();
    }
  });
  window.setInterval(later, EVERY_MS);
  later();
})();
