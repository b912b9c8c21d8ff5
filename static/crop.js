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

  /** The square as the fields say it, kept inside the picture. */
  function read() {
    var size = within(Number(fields.size.value) || 1, 0.1, 1);
    return {
      size: size,
      left: within(Number(fields.left.value) || 0, 0, 1 - size * shorter / width),
      top: within(Number(fields.top.value) || 0, 0, 1 - size * shorter / height),
    };
  }

  function draw() {
    var box = read();
    square.style.left = box.left * 100 + "%";
    square.style.top = box.top * 100 + "%";
    square.style.width = box.size * shorter / width * 100 + "%";
    square.style.height = box.size * shorter / height * 100 + "%";
  }

  function write(left, top) {
    fields.left.value = left.toFixed(3);
    fields.top.value = top.toFixed(3);
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
      write(at.x - grip.x, at.y - grip.y);
      var box = read();
      write(box.left, box.top);
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
