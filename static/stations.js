/* Inside WeChat, for operators with an account there: its own map, and the phone's place by way of it.
   Everything on the page works without; what WeChat refuses is asked of the browser. */
(function () {
  "use strict";

  var GIVE_UP_MS = 12000;
  var said = document.getElementById("wechat");
  var wx = window.wx;
  if (!said || !wx) {
    return;
  }

  var ready = false;
  var refused = false;
  var asking = false;
  var passing = false; // a tap that WeChat could not answer goes on to the browser

  wx.config({
    debug: false,
    appId: said.getAttribute("data-app"),
    timestamp: Number(said.getAttribute("data-timestamp")),
    nonceStr: said.getAttribute("data-nonce"),
    signature: said.getAttribute("data-signature"),
    jsApiList: ["openLocation", "getLocation"]
  });

  wx.error(function () {
    refused = true;
    show(false);
  });

  wx.ready(function () {
    ready = !refused;
    show(ready);
  });

  function show(able) {
    Array.prototype.forEach.call(document.querySelectorAll("[data-wechat-map]"), function (button) {
      button.hidden = !able;
    });
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest ? event.target.closest("[data-wechat-map]") : null;
    if (!button) {
      return;
    }
    wx.openLocation({
      latitude: Number(button.getAttribute("data-latitude")),
      longitude: Number(button.getAttribute("data-longitude")),
      name: button.getAttribute("data-name"),
      address: button.getAttribute("data-address"),
      scale: 16
    });
  });

  /** The browser's own way, by the same button. */
  function pass(button) {
    if (!asking) {
      return;
    }
    asking = false;
    passing = true;
    button.click();
    passing = false;
  }

  // Before the button's own listener, which asks the browser.
  document.addEventListener("click", function (event) {
    var button = event.target.closest ? event.target.closest(".locate") : null;
    if (!button || !ready || refused || passing) {
      return;
    }
    event.stopPropagation();
    if (asking) {
      return;
    }
    asking = true;
    window.setTimeout(pass, GIVE_UP_MS, button);
    var form = button.form;
    wx.getLocation({
      type: "wgs84",
      success: function (place) {
        if (!asking) {
          return;
        }
        asking = false;
        form.elements.latitude.value = place.latitude;
        form.elements.longitude.value = place.longitude;
        form.elements.accuracy.value = Math.round(place.accuracy);
        window.wristband.busy(form);
        form.submit();
      },
      fail: function () { pass(button); },
      cancel: function () { pass(button); }
    });
  }, true);
})();
