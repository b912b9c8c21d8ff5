/* A portrait from the counter's camera: what was taken goes into the form's field for a file. */
(function () {
  "use strict";

  var place = document.getElementById("camera");
  var field = document.getElementById("photo");
  if (!place || !field || !window.DataTransfer || !navigator.mediaDevices || !navigator.mediaDevices.getUserMedia) {
    return;
  }
  var view = place.querySelector("video");
  var still = place.querySelector("canvas");
  var button = place.querySelector("button");
  var line = place.querySelector("[role=status]");
  var QUALITY = 0.92;
  var stream = null;

  function label(name) {
    button.querySelector("span").textContent = place.getAttribute("data-" + name);
  }

  function tell(name) {
    line.textContent = name ? place.getAttribute("data-" + name) : "";
    line.hidden = !name;
  }

  /** Let go of the camera: its light goes out. */
  function release() {
    stream.getTracks().forEach(function (track) { track.stop(); });
    stream = null;
    view.srcObject = null;
    view.hidden = true;
  }

  function begin(given) {
    stream = given;
    view.srcObject = given;
    view.hidden = false;
    still.hidden = true;
    tell("");
    label("take");
    return view.play();
  }

  function keep(blob) {
    if (!blob) {
      tell("refused");
      return;
    }
    var carrier = new DataTransfer();
    carrier.items.add(new File([blob], "camera.jpg", { type: "image/jpeg" }));
    field.files = carrier.files;
    tell("taken");
  }

  function take() {
    still.width = view.videoWidth;
    still.height = view.videoHeight;
    still.getContext("2d").drawImage(view, 0, 0);
    still.hidden = false;
    release();
    label("again");
    still.toBlob(keep, "image/jpeg", QUALITY);
  }

  button.addEventListener("click", function () {
    if (stream) {
      take();
      return;
    }
    navigator.mediaDevices
      .getUserMedia({ video: { facingMode: "user", width: { ideal: 1280 }, height: { ideal: 960 } }, audio: false })
      .then(begin)
      .catch(function () { tell("refused"); });
  });
  window.addEventListener("pagehide", function () {
    if (stream) {
      release();
    }
  });
  place.hidden = false;
}());
