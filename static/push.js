/* The switch that lets this phone ring when somebody scans the band. The browser is asked only after a tap.

   <section id="push" data-worker="/family/sw.js?title=…&home=…" data-key="BN…" data-key-id="1"
            data-save="/family/push" data-csrf="…" data-on="…" data-refused="…" data-unsupported="…"
            data-install="…" data-failed="…">
     <button type="button" hidden>…</button> <p role="status" hidden></p>
   </section>

   data-key and data-key-id: the server's key to subscribe with, and its name. data-save takes
   {"subscription": …, "key_id": …} as JSON with the header X-CSRFToken and answers 2xx. The rest are sentences. */
(function () {
  "use strict";

  var place = document.getElementById("push");
  if (!place) {
    return;
  }
  var button = place.querySelector("button");
  var line = place.querySelector("[role=status]");
  var busy = false;
  var ANSWER_WITHIN_MS = 10000;

  function tell(kind) {
    line.textContent = place.getAttribute("data-" + kind);
    line.hidden = false;
    button.hidden = kind === "on" || kind === "unsupported" || kind === "install" || kind === "refused";
  }

  function supported() {
    return window.isSecureContext && "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
  }

  /** An address of ours for a worker: pages that allow only trusted scripts want it vouched for. */
  function trusted(address) {
    if (!window.trustedTypes) {
      return address;
    }
    return window.trustedTypes.createPolicy("push", {
      createScriptURL: function (text) {
        if (new URL(text, window.location.href).origin !== window.location.origin) {
          throw new TypeError("a worker of another house");
        }
        return text;
      },
    }).createScriptURL(address);
  }

  function bytes(base64url) {
    var plain = window.atob(base64url.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, function (character) { return character.charCodeAt(0); });
  }

  function same(one, other) {
    return one.length === other.length && one.every(function (value, at) { return value === other[at]; });
  }

  /** The registration once its worker runs. Not serviceWorker.ready: this page may lie outside the worker's folder. */
  function standing(registration) {
    var coming = registration.installing || registration.waiting;
    if (registration.active || !coming) {
      return registration;
    }
    return new Promise(function (resolve, reject) {
      coming.addEventListener("statechange", function () {
        if (coming.state === "activated") {
          resolve(registration);
        } else if (coming.state === "redundant") {
          reject(new Error("the worker did not start"));
        }
      });
    });
  }

  /** The subscription there is, if it was made with today's key; one made with an older key is ended. */
  function current(registration, key) {
    return registration.pushManager.getSubscription().then(function (found) {
      if (!found) {
        return null;
      }
      var made = found.options && found.options.applicationServerKey;
      return !made || same(new Uint8Array(made), key) ? found : found.unsubscribe().then(function () { return null; });
    });
  }

  function save(subscription) {
    return new Promise(function (resolve, reject) {
      var request = new XMLHttpRequest();
      request.open("POST", place.getAttribute("data-save"));
      request.timeout = ANSWER_WITHIN_MS;
      request.setRequestHeader("Content-Type", "application/json");
      request.setRequestHeader("X-CSRFToken", place.getAttribute("data-csrf"));
      request.onload = function () {
        if (request.status >= 200 && request.status < 300) {
          resolve();
        } else {
          reject(new Error("not kept: " + request.status));
        }
      };
      request.onerror = request.ontimeout = function () { reject(new Error("no answer")); };
      request.send(JSON.stringify({ subscription: subscription, key_id: place.getAttribute("data-key-id") }));
    });
  }

  /** Subscribed, and the server knows. Done again it changes nothing. */
  function subscribe() {
    var key = bytes(place.getAttribute("data-key"));
    return navigator.serviceWorker.register(worker).then(standing).then(function (registration) {
      return current(registration, key).then(function (found) {
        return found || registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
      });
    }).then(save).then(function () { tell("on"); });
  }

  function failed() {
    tell(Notification.permission === "denied" ? "refused" : "failed");
  }

  function rest() {
    busy = false;
    button.removeAttribute("aria-disabled");
  }

  function turnOn() {
    if (busy) {
      return;
    }
    busy = true;
    button.setAttribute("aria-disabled", "true");
    Notification.requestPermission().then(function (answer) {
      return answer === "granted" ? subscribe() : failed();
    }).catch(failed).then(rest);
  }

  if (!supported()) {
    // Only phones of one maker have this property, and push there only once the page is on the home screen.
    tell(navigator.standalone === false ? "install" : "unsupported");
    return;
  }
  var worker = trusted(place.getAttribute("data-worker"));
  button.addEventListener("click", turnOn);
  if (Notification.permission === "denied") {
    tell("refused");
  } else if (Notification.permission === "granted") {
    // Allowed before: nobody is asked, and what a browser forgot or a new key made void is mended.
    subscribe().catch(function () { tell("failed"); });
  } else {
    button.hidden = false;
  }
})();
