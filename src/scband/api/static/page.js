// What the band, the plugins and the jobs do, told by the WebSocket; the beat runs on between two
// messages by the browser's own clock.
"use strict";

const part = (id) => document.getElementById(id);
const plugins = new Map();
const jobs = new Map();
const files = new Map();
const MOST_ROWS = 30;
const RETRY_MS = [500, 1000, 2000, 5000];

let anchor = null; // the last known place: beat, beats a millisecond, and when that was here
let attempts = 0;
let token = "";

function tell(state, text) {
  part("link").dataset.state = state;
  part("link").textContent = text;
}

function row(title, detail, state, progress) {
  const item = document.createElement("li");
  const name = document.createElement("b");
  const more = document.createElement("span");
  name.textContent = title;
  more.textContent = detail;
  if (state) more.dataset.state = state;
  item.append(name, more);
  if (progress !== undefined) {
    const bar = document.createElement("progress");
    bar.value = progress;
    bar.setAttribute("aria-label", title);
    item.append(bar);
  }
  return item;
}

function fill(id, rows) {
  part(id).replaceChildren(...rows.reverse().slice(0, MOST_ROWS));
}

function drawPlugins() {
  fill("plugins", [...plugins.values()].map((p) => row(p.name || p.plugin_id, p.state, p.state)));
}

function drawJobs() {
  fill("jobs", [...jobs.values()].map((job) => {
    const text = job.error ? job.error.detail : job.stage || job.state;
    const running = job.state === "running" || job.state === "queued";
    return row(job.job_id, text, job.state, running ? job.progress : undefined);
  }));
}

function drawFiles() {
  fill("files", [...files.values()].map((file) => {
    const facts = [file.track_type, file.key, `${Math.round(file.duration)} beats`];
    return row(file.filename, facts.filter(Boolean).join(" · "));
  }));
}

function place(transport) {
  const rate = transport.isPlaying ? transport.tempo / 60000 : 0;
  anchor = { beat: transport.currentBeat, rate, at: performance.now() };
  part("transport").dataset.playing = String(transport.isPlaying);
  part("playing").textContent = transport.isPlaying ? "playing" : "stopped";
  part("tempo").textContent = transport.tempo.toFixed(1);
}

function remember(known, key, value) {
  known.delete(key); // so that the newest is the last one
  known.set(key, value);
  if (known.size > 4 * MOST_ROWS) known.delete(known.keys().next().value);
}

const hear = {
  snapshot(message) {
    plugins.clear();
    jobs.clear();
    files.clear();
    message.plugins.forEach((plugin) => plugins.set(plugin.plugin_id, plugin));
    message.jobs.forEach((job) => jobs.set(job.job_id, job));
    message.files.forEach((file) => files.set(file.file_id, file));
    place(message.transport);
    drawPlugins();
    drawJobs();
    drawFiles();
  },
  transport_sync: place,
  plugin_state(message) {
    plugins.set(message.plugin_id, message);
    drawPlugins();
  },
  job_progress(message) {
    remember(jobs, message.job_id, message);
    drawJobs();
  },
  midi_ready(message) {
    remember(files, message.file_id, message);
    drawFiles();
  },
  midi_removed(message) {
    files.delete(message.file_id);
    drawFiles();
  },
};

async function connect() {
  const answer = await fetch("/api/page/session", { method: "POST" });
  if (!answer.ok) throw new Error((await answer.json()).detail);
  token = (await answer.json()).token;
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/ws/sync`, ["scband", `bearer.${token}`]);
  await new Promise((resolve, reject) => {
    socket.onopen = () => {
      attempts = 0;
      tell("live", "live");
    };
    socket.onmessage = (event) => {
      const message = JSON.parse(event.data);
      if (Object.hasOwn(hear, message.type)) hear[message.type](message);
    };
    socket.onclose = () => reject(new Error("the connection is lost"));
  });
}

async function stayConnected() {
  for (;;) {
    try {
      await connect();
    } catch (error) {
      anchor = null;
      tell("lost", `${error.message}; trying again`);
    }
    const wait = RETRY_MS[Math.min(attempts++, RETRY_MS.length - 1)];
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

async function lookAtEngine() {
  const names = ["supernova", "sclang", "audio"];
  try {
    const health = await (await fetch("/health")).json();
    part("engine").replaceChildren(...names.map((name) => {
      const chip = document.createElement("li");
      chip.textContent = `${name}: ${health[name]}`;
      chip.dataset.state = health[name].split(/[:,]/)[0];
      return chip;
    }));
    part("missing").textContent = health.missing.join(" ");
  } catch {
    part("engine").replaceChildren(); // the line above says that the connection is lost
  }
  setTimeout(lookAtEngine, 3000);
}

function showBand(band) {
  part("band").hidden = !band.playing;
  part("band-title").textContent = [band.title, band.style].filter(Boolean).join(" · ");
  part("chord").textContent = band.chord || "–";
  part("next").textContent = band.next_chord ? `→ ${band.next_chord}` : "";
  const where = band.bar ? `bar ${band.bar}, beat ${band.beat}` : "count-in";
  const told = [band.section, where, `${band.tempo.toFixed(1)} bpm`, `${band.xruns} xruns`];
  part("place").textContent = told.filter(Boolean).join(" · ");
}

async function lookAtBand() {
  let playing = false;
  if (token) {
    try {
      const answer = await fetch("/api/band", { headers: { Authorization: `Bearer ${token}` } });
      const band = answer.ok ? await answer.json() : { playing };
      playing = band.playing;
      if (answer.ok) showBand(band);
    } catch {
      part("band").hidden = true;
    }
  }
  setTimeout(lookAtBand, playing ? 200 : 1000);
}

function draw() {
  if (anchor) {
    const beat = anchor.beat + (performance.now() - anchor.at) * anchor.rate;
    part("beat").textContent = beat.toFixed(1);
    part("lamp").style.opacity = anchor.rate ? Math.max(0.12, 1 - 1.5 * (beat % 1)) : 0.12;
  } else {
    part("beat").textContent = "–";
  }
  requestAnimationFrame(draw);
}

stayConnected();
lookAtEngine();
lookAtBand();
requestAnimationFrame(draw);
