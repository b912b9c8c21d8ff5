/* Wakes up when a message comes: shows it until it is looked at. Keeps no page, and answers no request of one.

   Its address says what it cannot know by itself: ?title= what to show where a message cannot be read,
   &home= the page to open then. A subscription that the browser makes anew is told when the page is opened next. */
(function () {
  "use strict";

  var told = new URLSearchParams(self.location.search);
  var home = told.get("home") || "/";

  self.addEventListener("install", function () {
    self.skipWaiting();
  });

  self.addEventListener("activate", function (event) {
    event.waitUntil(self.clients.claim());
  });

  /** What the server sealed; where it cannot be read, still something, for a browser takes silence as abuse. */
  function read(data) {
    try {
      return data.json();
    } catch (unreadable) {
      return {};
    }
  }

  self.addEventListener("push", function (event) {
    var message = event.data ? read(event.data) : {};
    event.waitUntil(self.registration.showNotification(message.title || told.get("title") || home, {
      body: message.body || "",
      data: { link: message.link || home },
      renotify: true, // the same message again makes its sound again
      requireInteraction: true,
      tag: message.tag || "message",
      vibrate: [400, 200, 400, 200, 400],
    }));
  });

  /** The link of a message, if it leads to a page; else our own. */
  function target(link) {
    try {
      var address = new URL(link, self.location.origin);
      if (address.protocol === "https:" || address.origin === self.location.origin) {
        return address.href;
      }
    } catch (unreadable) { /* home, then */ }
    return new URL(home, self.location.origin).href;
  }

  function show(address) {
    return self.clients.matchAll({ type: "window", includeUncontrolled: true }).then(function (pages) {
      var open = pages.filter(function (page) { return page.url === address; })[0];
      return open ? open.focus() : self.clients.openWindow(address);
    });
  }

  self.addEventListener("notificationclick", function (event) {
    event.notification.close();
    event.waitUntil(show(target(event.notification.data.link)));
  });
})();
