/* A recording, heard and seen in the browser alone: a file that is chosen is read in memory, and goes nowhere. Its peaks
   are counted once, a stretch at a time, so that an hour does not freeze the page; what is longer is heard, not drawn. */
"use strict";

(() => {
  const LONGEST_S = 3600;
  const LARGEST = 500e6;
  const PEAKS = 3000;
  const AT_ONCE = 1 << 20;
  const RATE_HZ = 8000; // what is decoded is drawn, not heard
  const nonce = document.currentScript.nonce;
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const breathe = () => new Promise((resolve) => { setTimeout(resolve); });
  const colours = () => ({ waveColor: colour("--wave"), progressColor: colour("--wave-heard"), cursorColor: colour("--registry-text") });

  const say = (player, which) => {
    const status = player.querySelector("[role=status]");
    status.textContent = status.dataset[which];
    status.hidden = false;
  };

  /* The largest amplitude of each of some thousand stretches, over all channels; between stretches the page may breathe. */
  const peaksOf = async (sound) => {
    const channels = Array.from({ length: sound.numberOfChannels }, (_, number) => sound.getChannelData(number));
    const peaks = new Float32Array(Math.min(PEAKS, sound.length));
    const each = sound.length / peaks.length;
    let since = 0;
    for (let number = 0; number < peaks.length; number += 1) {
      const [from, to] = [Math.floor(number * each), Math.floor((number + 1) * each)];
      for (const samples of channels) {
        for (let at = from; at < to; at += 1) peaks[number] = Math.max(peaks[number], Math.abs(samples[at]));
      }
      since += (to - from) * channels.length;
      if (since > AT_ONCE) {
        since = 0;
        await breathe();
      }
    }
    return peaks;
  };

  const loaded = (audio) => new Promise((resolve) => {
    if (audio.readyState) resolve(Number.isFinite(audio.duration));
    audio.addEventListener("loadedmetadata", () => resolve(Number.isFinite(audio.duration)), { once: true });
    audio.addEventListener("error", () => resolve(false), { once: true });
  });

  const wave = (player, audio, peaks) => {
    const container = player.querySelector(".wave");
    container.hidden = false;
    const shown = WaveSurfer.create({
      container, media: audio, peaks: [peaks], duration: audio.duration, cspNonce: nonce, height: 96, normalize: true, dragToSeek: true, ...colours(),
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => shown.setOptions(colours()));
    return shown;
  };

  const lanes = (player, duration) => {
    const box = player.querySelector(".lanes");
    const turns = [...player.querySelectorAll("[data-start]")];
    if (!turns.length || !duration) return;
    const bars = turns.map((turn) => {
      const bar = document.createElement("span");
      const [start, end] = [Number(turn.dataset.start), Number(turn.dataset.end)];
      bar.className = `l${turn.dataset.lane}`;
      bar.style.left = `${(100 * start) / duration}%`;
      bar.style.width = `${(100 * (end - start)) / duration}%`;
      bar.style.top = `${Number(turn.dataset.lane) * 0.75}rem`;
      return bar;
    });
    box.replaceChildren(...bars);
    box.style.height = `${(Math.max(...turns.map((turn) => Number(turn.dataset.lane))) + 1) * 0.75}rem`;
    box.hidden = false;
  };

  const seeking = (player, audio) => {
    let until = Infinity;
    audio.addEventListener("timeupdate", () => {
      if (audio.currentTime < until) return;
      audio.pause();
      until = Infinity;
    });
    player.querySelectorAll("[data-start]").forEach((turn) => {
      turn.querySelector("button").addEventListener("click", () => {
        player.querySelectorAll("[aria-current]").forEach((other) => other.removeAttribute("aria-current"));
        turn.setAttribute("aria-current", "true");
        audio.currentTime = Number(turn.dataset.start);
        until = Number(turn.dataset.end);
        audio.play();
      });
    });
  };

  const offer = (player) => player.querySelectorAll(".seek").forEach((button) => { button.hidden = false; });

  const digest = async (bytes) => {
    const found = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return [...found].map((each) => each.toString(16).padStart(2, "0")).join("");
  };

  const compared = async (player, bytes) => {
    const wanted = player.dataset.sha256;
    if (!wanted || !crypto.subtle) return "ready";
    return (await digest(bytes)) === wanted ? "same" : "other";
  };

  /* Draw what was chosen, unless something else has been chosen meanwhile. */
  const show = async (player, audio, file, state) => {
    state.wave?.destroy();
    state.wave = null;
    if (state.address) URL.revokeObjectURL(state.address);
    player.querySelector(".wave").hidden = true;
    const address = URL.createObjectURL(file);
    state.address = address;
    audio.src = address;
    audio.hidden = false;
    say(player, "reading");
    const plays = await loaded(audio);
    if (state.address !== address) return;
    if (!plays) {
      audio.hidden = true;
      say(player, "unplayable");
      return;
    }
    offer(player);
    lanes(player, audio.duration);
    if (audio.duration > LONGEST_S || file.size > LARGEST) {
      say(player, "large");
      return;
    }
    const bytes = await file.arrayBuffer();
    const found = await compared(player, bytes);
    try {
      const peaks = await peaksOf(await new OfflineAudioContext(1, 1, RATE_HZ).decodeAudioData(bytes));
      if (state.address !== address) return;
      state.wave = wave(player, audio, peaks);
    } catch {
      // what can be played and not decoded is heard, and not drawn
    }
    if (state.address === address) say(player, found);
  };

  const served = async (player, audio, state) => {
    if (!(await loaded(audio))) {
      say(player, "unplayable");
      return;
    }
    offer(player);
    lanes(player, audio.duration);
    if (audio.duration > LONGEST_S) return;
    const bytes = await (await fetch(audio.src)).arrayBuffer();
    state.wave = wave(player, audio, await peaksOf(await new OfflineAudioContext(1, 1, RATE_HZ).decodeAudioData(bytes)));
  };

  document.querySelectorAll("[data-player]").forEach((player) => {
    const audio = player.querySelector("audio");
    const state = { address: null, wave: null };
    const ends = [...player.querySelectorAll("[data-end]")].map((turn) => Number(turn.dataset.end));
    player.querySelector(".chooser").hidden = false;
    lanes(player, Math.max(0, ...ends));
    seeking(player, audio);
    if (audio.getAttribute("src")) served(player, audio, state);
    player.querySelector("input[type=file]")?.addEventListener("change", (event) => {
      const [file] = event.target.files;
      if (file) show(player, audio, file, state);
    });
  });
})();
