/* The worker of the finder's pages. It keeps the shell and no page with content: where there is no network it shows the
   shell at whatever address was asked for, and a tap that could not be sent is put with the others that wait.
   Before it stand the list of the shell's files and finder_store.js. */
(function () {
  "use strict";

  var shell = self.wristbandShell;
  var name = "finder-shell-" + shell.files.join().split("").reduce(function (sum, character) {
    return (sum * 31 + character.charCodeAt(0)) % 4294967291;
  }, 7);
  var ANSWER_WITHIN_MS = 15000;
  var DEED = /^\/s\/([A-Za-z0-9_-]{22})\/(police|family|place|words)$/;

  self.addEventListener("install", function (event) {
    event.waitUntil(self.caches.open(name).then(function (cache) {
      return cache.addAll(shell.pages.concat(shell.files));
    }).then(function () { return self.skipWaiting(); }));
  });

  self.addEventListener("activate", function (event) {
    event.waitUntil(self.caches.keys().then(function (names) {
      return Promise.all(names.filter(function (one) {
        return one.indexOf("finder-shell-") === 0 && one !== name;
      }).map(function (one) { return self.caches.delete(one); }));
    }).then(function () { return self.clients.claim(); }));
  });

  function languageOf(address) {
    var asked = new URL(address).searchParams.get("lang") || self.navigator.language;
    return shell.pages.filter(function (page) {
      return page.split("lang=")[1].split("-")[0] === asked.split("-")[0];
    })[0] || shell.pages[0];
  }

  function show(request) {
    return self.caches.open(name).then(function (cache) { return cache.match(languageOf(request.url)); });
  }

  /** The network's answer, or none within a while: a line that only seems to be there is none. */
  function ask(request) {
    return new Promise(function (resolve, reject) {
      self.setTimeout(reject, ANSWER_WITHIN_MS, new Error("no answer"));
      self.fetch(request).then(resolve, reject);
    });
  }

  /** Put a tap with the others that wait. What was sent after all is counted once by its stamp or key. */
  function keep(copy, deed) {
    return copy.text().then(function (body) {
      var made_ms = Date.now();
      var fields = Array.from(new URLSearchParams(body).entries());
      return self.wristbandStore.keep({
        id: deed[1] + "-" + deed[2] + "-" + made_ms,
        scan: deed[1],
        deed: deed[2],
        query: new URL(copy.url).search,
        fields: fields,
        photo: null,
        made_ms: made_ms,
      });
    }).catch(function () { /* the shell says that nothing waits, and whom to call */ });
  }

  function answer(request) {
    var deed = request.method === "POST" && DEED.exec(new URL(request.url).pathname);
    var copy = deed ? request.clone() : null;
    return ask(request).catch(function () {
      return (copy ? keep(copy, deed) : Promise.resolve()).then(function () { return show(request); });
    });
  }

  self.addEventListener("fetch", function (event) {
    var request = event.request;
    var address = new URL(request.url);
    if (request.mode === "navigate") {
      event.respondWith(answer(request));
    } else if (shell.files.indexOf(address.pathname + address.search) >= 0) {
      event.respondWith(self.caches.match(request).then(function (found) { return found || self.fetch(request); }));
    }
  });
})();
