/* Recording a sentence in the browser: a button, how loud one is, and the file put where a chosen one would be.
   Where the browser cannot, nothing is shown, and files are chosen as without this script. */
"use strict";

(() => {
  const LONGEST_MS = 60000;
  const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
  const ENDINGS = { "audio/webm": "webm", "audio/mp4": "m4a", "audio/ogg": "ogg" };
  const can = navigator.mediaDevices && window.MediaRecorder && window.DataTransfer && window.AudioContext;
  if (!can) return;
  const type = TYPES.find((each) => MediaRecorder.isTypeSupported(each));
  if (!type) return;
  let running = null;

  const say = (part, which) => {
    const status = part.querySelector("[role=status]");
    status.textContent = status.dataset[which];
    status.hidden = false;
  };

  const follow = (stream, meter) => {
    const audio = new AudioContext({ sinkId: { type: "none" } }); // nothing is played: no loudspeaker is needed
    const analyser = audio.createAnalyser();
    audio.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, each) => sum + each * each, 0) / samples.length;
      const decibels = 10 * Math.log10(power + 1e-10);
      meter.value = Math.min(1, Math.max(0, (decibels + 60) / 60));
    }, 100);
    return () => {
      clearInterval(timer);
      meter.value = 0;
      audio.close();
    };
  };

  const keep = (part, chunks) => {
    const kind = type.split(";")[0];
    const name = `sentence-${part.dataset.sentence}.${ENDINGS[kind]}`;
    const carrier = new DataTransfer();
    carrier.items.add(new File(chunks, name, { type: kind }));
    part.querySelector("input[type=file]").files = carrier.files;
    const player = part.querySelector("audio");
    player.src = URL.createObjectURL(carrier.files[0]);
    player.hidden = false;
    say(part, "recorded");
  };

  const start = async (part, button) => {
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
      });
    } catch {
      say(part, "refused");
      return;
    }
    const unfollow = follow(stream, part.querySelector("meter"));
    const recorder = new MediaRecorder(stream, { mimeType: type });
    const chunks = [];
    recorder.ondataavailable = (event) => chunks.push(event.data);
    recorder.onstop = () => {
      stream.getTracks().forEach((track) => track.stop());
      unfollow();
      running = null;
      button.textContent = button.dataset.start;
      keep(part, chunks);
    };
    recorder.start();
    setTimeout(() => recorder.state === "recording" && recorder.stop(), LONGEST_MS);
    running = recorder;
    button.textContent = button.dataset.stop;
  };

  document.querySelectorAll("[data-sentence]").forEach((part) => {
    const recorder = part.querySelector(".recorder");
    const button = recorder.querySelector("button");
    recorder.hidden = false;
    button.addEventListener("click", () => (running ? running.stop() : start(part, button)));
  });
})();
