/* What a finder's phone keeps until it is sent: his own words, photographs, place and the page's stamp; nothing else.
   IndexedDB, each write on the disk before it is told as kept; where there is none, localStorage without photographs.
   Used by the pages and by their worker. */
(function (world) {
  "use strict";

  var NAME = "wristband-finder";
  var OLD_WAY = "wristband.kept";
  var LONGEST_MS = 7 * 24 * 3600 * 1000;

  function open() {
    return new Promise(function (resolve, reject) {
      if (!world.indexedDB) {
        reject(new Error("no IndexedDB"));
        return;
      }
      var asked = world.indexedDB.open(NAME, 1);
      asked.onupgradeneeded = function () {
        asked.result.createObjectStore("kept", { keyPath: "id" });
      };
      asked.onsuccess = function () { resolve(asked.result); };
      asked.onerror = asked.onblocked = function () { reject(asked.error || new Error("no store")); };
    });
  }

  /** One transaction: `deed` gets the store, and what its request finds is the answer once all is on the disk. */
  function within(mode, deed) {
    return open().then(function (store) {
      return new Promise(function (resolve, reject) {
        var transaction;
        try {
          transaction = store.transaction("kept", mode, { durability: "strict" });
        } catch (older) {
          transaction = store.transaction("kept", mode);
        }
        var request = deed(transaction.objectStore("kept"));
        transaction.oncomplete = function () { store.close(); resolve(request.result); };
        transaction.onerror = transaction.onabort = function () { store.close(); reject(transaction.error); };
      });
    });
  }

  function readOld() {
    try {
      return JSON.parse(world.localStorage.getItem(OLD_WAY) || "[]");
    } catch (nothing) {
      return [];
    }
  }

  function writeOld(items) {
    if (items.length) {
      world.localStorage.setItem(OLD_WAY, JSON.stringify(items));
    } else if (world.localStorage) {
      world.localStorage.removeItem(OLD_WAY);
    }
  }

  /** Keep an item: {id, scan, deed, query, fields: [[name, value]], photo: Blob or null, made_ms}. */
  function keep(item) {
    return within("readwrite", function (kept) { return kept.put(item); }).catch(function (missing) {
      if (item.photo) {
        throw missing; // a photograph is too much for the old way
      }
      writeOld(readOld().filter(function (one) { return one.id !== item.id; }).concat([item]));
    });
  }

  function forget(id) {
    return within("readwrite", function (kept) { return kept.delete(id); }).catch(function () { /* the old way */ })
      .then(function () {
        writeOld(readOld().filter(function (one) { return one.id !== id; }));
      }).catch(function () { /* nothing is kept, then */ });
  }

  function all() {
    return within("readonly", function (kept) { return kept.getAll(); }).catch(function () { return []; })
      .then(function (items) {
        return items.concat(world.localStorage ? readOld() : []);
      }).catch(function () { return []; });
  }

  /** What waits, in the order in which it was made; what is older than a week is dropped. */
  function list() {
    return all().then(function (items) {
      var now = Date.now();
      var late = items.filter(function (one) { return now - one.made_ms > LONGEST_MS; });
      return Promise.all(late.map(function (one) { return forget(one.id); })).then(function () {
        return items.filter(function (one) { return late.indexOf(one) < 0; })
          .sort(function (one, other) { return one.made_ms - other.made_ms || (one.id < other.id ? -1 : 1); });
      });
    });
  }

  world.wristbandStore = { keep: keep, forget: forget, list: list };
})(self);
