/* Recording in the browser, beside a field for a file: how loud one is, what would make it better, and the file put
   where a chosen one would be. Sending: what is recorded stays on the page until the registry has taken it.
   Where a browser cannot record, that is said, and files are chosen as without this script. */
"use strict";

(() => {
  const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
  const ENDINGS = { "audio/webm": "webm", "audio/mp4": "m4a", "audio/ogg": "ogg" };
  const EVERY_MS = 50; // a level is taken so often
  const SILENT_DB = -75; // no microphone in a room is as quiet as that
  const QUIET_DB = -40; // speech below it drowns in what follows it
  const CLIPPED = 0.985; // of full scale
  const CLIPPED_SHARE = 0.003; // a third of what the registry refuses
  const OVER_NOISE_DB = 14; // loud over quiet moments; the registry asks for 10 between speech and noise
  const SPEECH_OVER_DB = 9; // above the quietest moments, somebody speaks
  const FIRST_HINT = 30; // levels that are waited for: a second and a half

  const can = navigator.mediaDevices && window.MediaRecorder && window.DataTransfer && window.AudioContext;
  const type = can && TYPES.find((each) => MediaRecorder.isTypeSupported(each));
  const speechOf = new Map(); // of each part, how many seconds of speech were heard in its recording
  let running = null;

  const say = (place, which) => {
    if (!place) return;
    place.textContent = which ? place.dataset[which] : "";
    place.hidden = !which;
  };

  /* --- what one take sounds like ------------------------------------------------------------------------------- */

  const ranked = (levels, share) => {
    const sorted = [...levels].sort((one, other) => one - other);
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  };

  /* A take as it grows: its levels in dB of full scale, and how much of it is cut off. */
  const newTake = () => ({ levels: [], samples: 0, clipped: 0 });

  const hear = (take, samples) => {
    let power = 0;
    for (const each of samples) {
      power += each * each;
      if (Math.abs(each) >= CLIPPED) take.clipped += 1;
    }
    take.samples += samples.length;
    const level = 10 * Math.log10(power / samples.length + 1e-10);
    take.levels.push(level);
    return level;
  };

  const hintOf = (take) => {
    const loudest = ranked(take.levels, 0.98);
    if (loudest < SILENT_DB) return "silent";
    if (take.clipped / take.samples > CLIPPED_SHARE) return "loud";
    if (loudest < QUIET_DB) return "quiet";
    const settled = take.levels.length >= 2 * FIRST_HINT;
    return settled && loudest - ranked(take.levels, 0.05) < OVER_NOISE_DB ? "noisy" : "good";
  };

  const speechIn = (take) => {
    if (!take.levels.length) return 0;
    const floor = Math.max(ranked(take.levels, 0.05) + SPEECH_OVER_DB, -55);
    return (take.levels.filter((level) => level > floor).length * EVERY_MS) / 1000;
  };

  const tellSpeech = () => {
    const place = document.querySelector("#speech-so-far");
    if (!place || !speechOf.size) return;
    const heard = [...speechOf.values()].reduce((sum, each) => sum + each, 0);
    const { least, best } = place.dataset;
    const which = heard < least ? "short" : heard < best ? "enough" : "plenty";
    const more = Math.ceil((heard < least ? least : best) - heard);
    place.textContent = place.dataset[which].replace("{heard}", Math.floor(heard)).replace("{more}", more);
    place.hidden = false;
  };

  const follow = (stream, part, take) => {
    const meter = part.querySelector("meter");
    const hint = part.querySelector("[data-hint]");
    const audio = new AudioContext({ sinkId: { type: "none" } }); // nothing is played: no loudspeaker is needed
    const analyser = audio.createAnalyser();
    audio.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let said = "";
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      meter.value = Math.min(1, Math.max(0, (hear(take, samples) + 60) / 60));
      const now = take.levels.length >= FIRST_HINT ? hintOf(take) : "";
      if (now && now !== said && take.levels.length % 10 === 0) say(hint, (said = now));
    }, EVERY_MS);
    return () => {
      clearInterval(timer);
      meter.value = 0;
      audio.close();
    };
  };

  /* --- recording ------------------------------------------------------------------------------------------------ */

  const shown = (part, file) => {
    const player = part.querySelector("audio");
    if (player.src) URL.revokeObjectURL(player.src);
    player.hidden = !file;
    if (file) player.src = URL.createObjectURL(file);
    else player.removeAttribute("src");
    part.querySelector("[data-drop]").hidden = !file;
    const start = part.querySelector("[data-start]");
    start.textContent = file ? start.dataset.again : start.dataset.start;
  };

  const keep = (part, chunks, take, wasLost) => {
    const status = part.querySelector("[data-said]");
    const kind = type.split(";")[0];
    const file = new File(chunks, `${part.dataset.name}.${ENDINGS[kind]}`, { type: kind });
    if (!file.size) {
      say(status, "nothing");
      return;
    }
    const carrier = new DataTransfer();
    carrier.items.add(file);
    part.querySelector("input[type=file]").files = carrier.files;
    shown(part, carrier.files[0]);
    say(status, wasLost ? "lost" : "recorded");
    speechOf.set(part, speechIn(take));
    tellSpeech();
  };

  const drop = (part) => {
    part.querySelector("input[type=file]").value = "";
    speechOf.delete(part);
    shown(part, null);
    say(part.querySelector("[data-hint]"), "");
    say(part.querySelector("[data-said]"), "dropped");
    tellSpeech();
  };

  const WHY = { NotAllowedError: "denied", SecurityError: "denied", NotFoundError: "absent", OverconstrainedError: "absent" };

  const start = async (part, button) => {
    const status = part.querySelector("[data-said]");
    say(status, "");
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
      });
    } catch (error) {
      say(status, WHY[error.name] || "busy");
      return;
    }
    const take = newTake();
    const unfollow = follow(stream, part, take);
    const recorder = new MediaRecorder(stream, { mimeType: type });
    const chunks = [];
    let wasLost = false;
    recorder.ondataavailable = (event) => event.data.size && chunks.push(event.data);
    recorder.onstop = () => {
      stream.getTracks().forEach((track) => track.stop());
      unfollow();
      running = null;
      button.textContent = button.dataset.again;
      keep(part, chunks, take, wasLost);
    };
    stream.getAudioTracks()[0].onended = () => {
      wasLost = true;
      if (recorder.state === "recording") recorder.stop();
    };
    recorder.start(1000);
    setTimeout(() => recorder.state === "recording" && recorder.stop(), part.dataset.most * 1000);
    running = recorder;
    button.textContent = button.dataset.stop;
  };

  const begin = (part) => {
    const recorder = part.querySelector(".recorder");
    const button = recorder.querySelector("[data-start]");
    recorder.hidden = false;
    button.addEventListener("click", () => (running ? running.stop() : start(part, button)));
    recorder.querySelector("[data-drop]").addEventListener("click", () => drop(part));
    part.querySelector("input[type=file]").addEventListener("change", (event) => {
      const file = event.target.files[0] || null;
      speechOf.delete(part); // of a file that was chosen, only the registry says how much speech is in it
      shown(part, file);
      say(part.querySelector("[data-said]"), "");
    });
  };

  /* --- sending -------------------------------------------------------------------------------------------------- */

  /* A refusal: what is wrong is shown above the form, which stays with all that was recorded, and gets a new key. */
  const refused = (form, text) => {
    const answer = new DOMParser().parseFromString(text, "text/html");
    const alert = answer.querySelector("main [role=alert]");
    const other = answer.querySelector(`form[action="${form.getAttribute("action")}"]`);
    if (!alert || !other) return false;
    for (const hidden of other.querySelectorAll("input[type=hidden]")) {
      const own = form.querySelector(`input[type=hidden][name="${hidden.name}"]`);
      if (own) own.value = hidden.value;
    }
    alert.querySelectorAll("[data-lost-without-script]").forEach((each) => each.remove());
    form.parentElement.querySelectorAll("[role=alert]").forEach((each) => each.remove());
    form.before(document.importNode(alert, true));
    const before = form.previousElementSibling;
    before.tabIndex = -1;
    before.focus();
    return true;
  };

  const send = async (form, event) => {
    const place = form.querySelector("[data-sending]");
    const button = form.querySelector("button[type=submit]");
    event.preventDefault();
    if (running) running.stop();
    form.parentElement.querySelectorAll("[role=alert]").forEach((each) => each.remove()); // it is of what was sent before
    say(place, "on");
    button.disabled = true;
    let answer;
    let text;
    try {
      answer = await fetch(form.action, { method: "POST", body: new FormData(form), credentials: "same-origin" });
      text = await answer.text();
    } catch {
      say(place, "lost"); // the same key goes with it again, so that what did arrive is not done twice
      button.disabled = false;
      return;
    }
    button.disabled = false;
    if (answer.redirected) {
      form.dataset.sent = "";
      location.assign(answer.url);
    } else if (refused(form, text)) {
      say(place, "kept");
    } else {
      form.dataset.sent = "";
      form.submit(); // a page that is no form of ours, such as the one by which one signs in again: the browser shows it
    }
  };

  const holds = (form) => [...form.querySelectorAll("[data-recorder] input[type=file]")].some((each) => each.files.length);

  for (const form of document.querySelectorAll("form[data-sends]")) {
    form.addEventListener("submit", (event) => send(form, event));
    window.addEventListener("beforeunload", (event) => {
      if (!("sent" in form.dataset) && (running || holds(form))) event.preventDefault();
    });
    if (!type) form.querySelector("[data-cannot]").hidden = false;
  }
  if (type) document.querySelectorAll("[data-recorder]").forEach(begin);
})();
