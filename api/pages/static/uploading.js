/* Recordings, sent one by one: each with its own key, so that what was lost on the way is sent again and done once.
   Where this script cannot, the form sends all of them at once. */
"use strict";

(() => {
  const FIRST_WAIT_MS = 1000;
  const LONGEST_WAIT_MS = 30000;
  const BUSY = [409, 429, 503];
  const form = document.querySelector("form[data-uploads]");
  if (!form || !window.FormData || !window.htmx) return;
  const input = form.querySelector("input[type=file]");
  const list = form.querySelector(".uploads");
  const button = form.querySelector("button[type=submit]");
  const sent = new Map(); // file → the key that it was sent under first, and with what
  const words = form.dataset;
  const after = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

  const row = (file) => {
    const item = document.createElement("li");
    const name = document.createElement("strong");
    const bar = document.createElement("progress");
    const said = document.createElement("span");
    name.append(document.createElement("bdi"));
    name.firstChild.textContent = file.name;
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    said.textContent = words.waiting;
    item.append(name, " ", said, bar);
    return { item, bar, said };
  };

  const fields = (file, key) => {
    const data = new FormData(form);
    data.delete("file");
    data.set("form_key", key);
    data.append("file", file, file.name);
    return data;
  };

  /* What a form says besides its key: the same file for another use is another check. */
  const meaning = () => {
    const data = new FormData(form);
    ["file", "form_key", "csrf_token"].forEach((name) => data.delete(name));
    return JSON.stringify([...data]);
  };

  const keyOf = (file) => {
    const said = meaning();
    const known = sent.get(file);
    if (known && known.said === said) return known.key;
    const bytes = crypto.getRandomValues(new Uint8Array(18));
    const key = btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
    sent.set(file, { key, said });
    return key;
  };

  const post = (data, bar) => new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("HX-Request", "true");
    request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) bar.value = event.loaded / event.total; });
    request.addEventListener("load", () => resolve(request));
    ["error", "abort", "timeout"].forEach((kind) => request.addEventListener(kind, () => resolve(null)));
    request.send(data);
  });

  const online = () => (navigator.onLine ? Promise.resolve() : new Promise((resolve) => {
    addEventListener("online", resolve, { once: true });
  }));

  const pause = (answer, wait) => 1000 * Number(answer?.getResponseHeader("Retry-After")) || wait;

  /* Send one until it is answered: a connection that breaks costs nothing, the same key comes again. */
  const send = async (file, { item, bar, said }) => {
    if (file.size > Number(words.mostBytes)) {
      said.textContent = words.large;
      bar.remove();
      return false;
    }
    const key = keyOf(file);
    let wait = FIRST_WAIT_MS;
    for (;;) {
      said.textContent = words.sending;
      const answer = await post(fields(file, key), bar);
      if (answer && !BUSY.includes(answer.status)) return shown(answer, item, bar, said);
      if (!answer && !navigator.onLine) said.textContent = words.offline;
      else said.textContent = answer && answer.status === 429 ? words.often : words.again;
      await after(pause(answer, wait));
      await online();
      wait = Math.min(2 * wait, LONGEST_WAIT_MS);
    }
  };

  const shown = (answer, item, bar, said) => {
    if (answer.status === 200 || (answer.status === 422 && answer.responseText.includes('class="sent"'))) {
      item.innerHTML = answer.responseText;
      htmx.process(item);
      return answer.status === 200;
    }
    bar.remove();
    const told = { 401: words.over, 403: words.over, 413: words.large };
    said.textContent = told[answer.status] || words.wrong;
    return false;
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    const files = [...input.files].slice(0, Number(words.most));
    const rows = files.map(row);
    list.replaceChildren(...rows.map((each) => each.item));
    list.hidden = false;
    list.scrollIntoView({ block: "nearest" });
    for (const [number, file] of files.entries()) await send(file, rows[number]);
    button.disabled = false;
  });

  const drop = form.querySelector(".drop");
  ["dragenter", "dragover"].forEach((kind) => drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  }));
  ["dragleave", "drop"].forEach((kind) => drop.addEventListener(kind, () => drop.classList.remove("over")));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) input.files = event.dataTransfer.files;
  });
})();
