/* A map that moves under a pin: square pictures of 256 pixels in the web's usual numbering, no more of them than are seen. */
(function () {
  "use strict";

  var SIDE = 256;
  var CLOSEST = 18;
  var WIDEST = 3;
  var map = document.getElementById("map");
  if (!map) {
    return;
  }
  var sheet = map.querySelector(".map-tiles");
  var form = document.querySelector("#map-tools form");
  var zoom = Number(map.getAttribute("data-zoom"));
  var middle = project(Number(map.getAttribute("data-latitude")), Number(map.getAttribute("data-longitude")));
  var shown = {};
  var held = null;

  /** Fractions of the world's width and height from its upper left corner: the web's Mercator. */
  function project(latitude, longitude) {
    var sine = Math.sin(latitude * Math.PI / 180);
    return { x: (longitude + 180) / 360, y: 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI) };
  }

  function place() {
    var north = Math.PI - 2 * Math.PI * middle.y;
    return { latitude: Math.atan(Math.sinh(north)) * 180 / Math.PI, longitude: middle.x * 360 - 180 };
  }

  function address(x, y) {
    return map.getAttribute("data-tiles").replace("{z}", zoom).replace("{x}", x).replace("{y}", y);
  }

  function draw() {
    var tiles = Math.pow(2, zoom);
    var left = middle.x * tiles * SIDE - map.clientWidth / 2;
    var top = middle.y * tiles * SIDE - map.clientHeight / 2;
    var seen = {};
    for (var x = Math.floor(left / SIDE); x * SIDE < left + map.clientWidth; x += 1) {
      for (var y = Math.max(0, Math.floor(top / SIDE)); y < tiles && y * SIDE < top + map.clientHeight; y += 1) {
        var name = zoom + "/" + x + "/" + y;
        var picture = shown[name];
        if (!picture) {
          picture = document.createElement("img");
          picture.alt = "";
          picture.draggable = false;
          picture.src = address((x % tiles + tiles) % tiles, y);
          sheet.appendChild(picture);
        }
        picture.style.transform = "translate(" + Math.round(x * SIDE - left) + "px," + Math.round(y * SIDE - top) + "px)";
        seen[name] = picture;
      }
    }
    Object.keys(shown).forEach(function (name) {
      if (!seen[name]) {
        sheet.removeChild(shown[name]);
      }
    });
    shown = seen;
    form.elements.latitude.value = place().latitude.toFixed(6);
    form.elements.longitude.value = place().longitude.toFixed(6);
  }

  function move(right, down) {
    var world = Math.pow(2, zoom) * SIDE;
    middle.x = ((middle.x + right / world) % 1 + 1) % 1;
    middle.y = Math.min(Math.max(middle.y + down / world, 0.01), 0.99);
    draw();
  }

  function zoomBy(steps) {
    zoom = Math.min(Math.max(zoom + steps, WIDEST), CLOSEST);
    draw();
  }

  map.addEventListener("pointerdown", function (event) {
    held = { x: event.clientX, y: event.clientY };
    map.setPointerCapture(event.pointerId);
  });
  map.addEventListener("pointermove", function (event) {
    if (held) {
      move(held.x - event.clientX, held.y - event.clientY);
      held = { x: event.clientX, y: event.clientY };
    }
  });
  ["pointerup", "pointercancel"].forEach(function (end) {
    map.addEventListener(end, function () { held = null; });
  });
  map.addEventListener("keydown", function (event) {
    var step = { ArrowLeft: [-40, 0], ArrowRight: [40, 0], ArrowUp: [0, -40], ArrowDown: [0, 40] }[event.key];
    if (step) {
      move(step[0], step[1]);
    } else if (event.key === "+" || event.key === "=" || event.key === "-") {
      zoomBy(event.key === "-" ? -1 : 1);
    } else {
      return;
    }
    event.preventDefault();
  });
  Array.prototype.forEach.call(document.querySelectorAll("[data-zoom-by]"), function (button) {
    button.addEventListener("click", function () { zoomBy(Number(button.getAttribute("data-zoom-by"))); });
  });
  map.hidden = false;
  document.getElementById("map-tools").hidden = false;
  window.addEventListener("resize", draw);
  draw();
})();
