/* The square of the face, drawn on the photograph and moved with finger, mouse or the number fields. */
(function () {
  "use strict";

  var frame = document.getElementById("crop");
  if (!frame) {
    return;
  }
  var width = Number(frame.getAttribute("data-width"));
  var height = Number(frame.getAttribute("data-height"));
  var shorter = Math.min(width, height);
  var fields = ["left", "top", "size"].reduce(function (found, name) {
    found[name] = document.getElementById(name);
    return found;
  }, {});
  var square = document.createElement("span");
  square.className = "crop-square";
  frame.appendChild(square);

  function within(value, least, most) {
    return Math.min(Math.max(value, least), most);
  }

  /** A square there, brought back inside the picture. */
  function inside(left, top, size) {
    return {
      size: size,
      left: within(left, 0, 1 - size * shorter / width),
      top: within(top, 0, 1 - size * shorter / height),
    };
  }

  /** The square as the fields say it. */
  function read() {
    var size = within(Number(fields.size.value) || 1, 0.1, 1);
    return inside(Number(fields.left.value) || 0, Number(fields.top.value) || 0, size);
  }

  function draw() {
    var box = read();
    square.style.left = box.left * 100 + "%";
    square.style.top = box.top * 100 + "%";
    square.style.width = box.size * shorter / width * 100 + "%";
    square.style.height = box.size * shorter / height * 100 + "%";
  }

  function write(box) {
    fields.left.value = box.left.toFixed(3);
    fields.top.value = box.top.toFixed(3);
    draw();
  }

  Object.keys(fields).forEach(function (name) {
    fields[name].addEventListener("input", draw);
  });

  var grip = null;

  function point(event) {
    var touch = event.touches ? event.touches[0] : event;
    var area = frame.getBoundingClientRect();
    return { x: (touch.clientX - area.left) / area.width, y: (touch.clientY - area.top) / area.height };
  }

  function start(event) {
    var at = point(event);
    var box = read();
    grip = { x: at.x - box.left, y: at.y - box.top };
    event.preventDefault();
  }

  function drag(event) {
    if (grip) {
      var at = point(event);
      write(inside(at.x - grip.x, at.y - grip.y, read().size));
    }
  }

  function release() {
    grip = null;
  }

  square.addEventListener("mousedown", start);
  square.addEventListener("touchstart", start, { passive: false });
  document.addEventListener("mousemove", drag);
  document.addEventListener("touchmove", drag, { passive: true });
  document.addEventListener("mouseup", release);
  document.addEventListener("touchend", release);
  draw();
})();
