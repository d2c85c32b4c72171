/* Passkeys: asks the browser for one, or lets it make one, and sends what it says with the form.
   Works on every <form data-passkey="get|create">. Without this file, or without passkeys in the browser, these forms
   stay hidden; everything else on the page works by itself. */
(() => {
  "use strict";

  const bytes = (text) => {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  };
  const text = (buffer) => {
    const plain = String.fromCharCode(...new Uint8Array(buffer));
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };
  const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  const ask = async (options) => {
    const asked = { ...options.publicKey, challenge: bytes(options.publicKey.challenge) };
    asked.allowCredentials = named(asked.allowCredentials);
    return navigator.credentials.get({ publicKey: asked });
  };

  const make = async (options, alone) => {
    const asked = { ...options.publicKey, challenge: bytes(options.publicKey.challenge) };
    asked.user = { ...asked.user, id: bytes(asked.user.id) };
    asked.excludeCredentials = named(asked.excludeCredentials);
    asked.authenticatorSelection = {
      ...asked.authenticatorSelection,
      residentKey: alone ? "required" : "discouraged",
      requireResidentKey: alone,
      userVerification: alone ? "required" : "preferred",
    };
    return navigator.credentials.create({ publicKey: asked });
  };

  const plain = (found) => {
    const given = found.response;
    const response = { clientDataJSON: text(given.clientDataJSON) };
    if (given.attestationObject) {
      response.attestationObject = text(given.attestationObject);
      response.transports = given.getTransports ? given.getTransports() : [];
    } else {
      response.authenticatorData = text(given.authenticatorData);
      response.signature = text(given.signature);
      response.userHandle = given.userHandle ? text(given.userHandle) : null;
    }
    return {
      id: found.id,
      rawId: text(found.rawId),
      type: found.type,
      authenticatorAttachment: found.authenticatorAttachment || undefined,
      clientExtensionResults: found.getClientExtensionResults(),
      response,
    };
  };

  const optionsOf = async (form) => {
    if (form.dataset.options) return JSON.parse(form.dataset.options);
    const answer = await fetch(form.action, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (!answer.ok) throw new Error("options");
    return answer.json();
  };

  const say = (form, problem) => {
    const place = form.querySelector("[data-passkey-problem]");
    const cancelled = problem && (problem.name === "NotAllowedError" || problem.name === "AbortError");
    const known = problem && problem.name === "InvalidStateError";
    place.textContent = cancelled ? form.dataset.cancelled : known ? form.dataset.known : form.dataset.failed;
    place.hidden = false;
    place.focus();
  };

  const run = async (form) => {
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      const options = await optionsOf(form);
      const choice = form.querySelector("input[name=alone]:checked, input[name=alone][type=hidden]");
      const alone = !choice || choice.value === "yes";
      const found = form.dataset.passkey === "get" ? await ask(options) : await make(options, alone);
      form.elements.credential.value = JSON.stringify(plain(found));
      form.submit();
    } catch (problem) {
      say(form, problem);
      button.disabled = false;
    }
  };

  if (!window.PublicKeyCredential) return;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      run(form);
    });
  }
  for (const other of document.querySelectorAll("[data-with-passkeys]")) other.hidden = false;
  for (const other of document.querySelectorAll("[data-without-passkeys]")) other.hidden = true;
})();
