/* Passkeys: a button asks the browser for one and sends its answer as an ordinary form.

   <form method="post" data-passkey="get" data-ask="/police/…/ask" data-failed="…">
     <input type="hidden" name="csrf_token" value="…"> <input type="hidden" name="answer">
     <button type="submit">…</button> <p role="alert" hidden></p>
   </form>

   data-passkey is `get` or `create`; data-ask answers a POST with the options as JSON; data-failed is the sentence for
   whoever has cancelled or has no passkey here. Everything marked data-needs-passkey is shown where browsers have them;
   everything marked data-without-passkey where they have none. */
(function () {
  "use strict";

  var has = window.isSecureContext && typeof window.PublicKeyCredential === "function";

  function show(marked) {
    Array.prototype.forEach.call(document.querySelectorAll(marked), function (each) { each.hidden = false; });
  }

  show(has ? "[data-needs-passkey]" : "[data-without-passkey]");
  if (!has) {
    return;
  }

  function bytes(text) {
    var plain = window.atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, function (character) { return character.charCodeAt(0); });
  }

  function text(buffer) {
    var plain = Array.prototype.map.call(new Uint8Array(buffer), function (byte) {
      return String.fromCharCode(byte);
    }).join("");
    return window.btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  /** The options as the browser takes them: what is base64url in JSON is bytes there. */
  function opened(options) {
    options.challenge = bytes(options.challenge);
    if (options.user) {
      options.user.id = bytes(options.user.id);
    }
    ["excludeCredentials", "allowCredentials"].forEach(function (list) {
      (options[list] || []).forEach(function (each) { each.id = bytes(each.id); });
    });
    return options;
  }

  /** A credential as JSON, the way the standard's toJSON() writes it. */
  function closed(credential) {
    var response = {};
    ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"].forEach(function (name) {
      if (credential.response[name]) {
        response[name] = text(credential.response[name]);
      }
    });
    return JSON.stringify({
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      clientExtensionResults: credential.getClientExtensionResults(),
      response: response,
    });
  }

  function ask(form) {
    var token = form.querySelector("[name=csrf_token]").value;
    return window.fetch(form.getAttribute("data-ask"), {
      method: "POST",
      credentials: "same-origin",
      headers: { "X-CSRFToken": token, Accept: "application/json" },
    }).then(function (answer) {
      if (!answer.ok) {
        throw new Error("not asked");
      }
      return answer.json();
    });
  }

  function prove(form) {
    var line = form.querySelector("[role=alert]");
    var button = form.querySelector("button");
    line.hidden = true;
    button.disabled = true;
    ask(form).then(function (options) {
      var wanted = { publicKey: opened(options) };
      var creating = form.getAttribute("data-passkey") === "create";
      return creating ? navigator.credentials.create(wanted) : navigator.credentials.get(wanted);
    }).then(function (credential) {
      form.querySelector("[name=answer]").value = closed(credential);
      form.submit();
    }).catch(function () {
      button.disabled = false;
      line.textContent = form.getAttribute("data-failed");
      line.hidden = false;
    });
  }

  Array.prototype.forEach.call(document.querySelectorAll("form[data-passkey]"), function (form) {
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      event.stopImmediatePropagation();
      if (!form.checkValidity || form.checkValidity()) {
        prove(form);
      }
    });
  });
})();
