/* SHA-256 of files, made in the browser: what is attested is their digest, and nothing of them is sent. */
"use strict";

(() => {
  const LARGEST = 1 << 30;
  if (!window.crypto?.subtle) return;

  const digest = async (file) => {
    const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
    return [...bytes].map((each) => each.toString(16).padStart(2, "0")).join("");
  };

  document.querySelectorAll("[data-digests]").forEach((part) => {
    const field = part.querySelector("textarea, input:not([type=file])");
    const files = part.querySelector("input[type=file]");
    const status = part.querySelector("[role=status]");
    const say = (which) => {
      status.textContent = status.dataset[which];
      status.hidden = false;
    };
    files.closest("label").hidden = false;
    files.addEventListener("change", async () => {
      say("reading");
      const lines = [];
      let large = false;
      for (const file of files.files) {
        if (file.size > LARGEST) large = true;
        else lines.push(`${await digest(file)}  ${file.name}`);
      }
      if ("single" in part.dataset) field.value = lines[0] ?? field.value;
      else field.value = [field.value.trim(), ...lines].filter(Boolean).join("\n");
      say(large ? "large" : "ready");
    });
  });
})();
