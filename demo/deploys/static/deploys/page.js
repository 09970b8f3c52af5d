// The third page's script: tells what this load took, and presses the button for you.
import { bytes, plural } from "../js/format.js";
import { keepForAfter, showBefore } from "./before.js";
import { measure, measureRest, remember } from "./loads.js";
import { describe, fillTable } from "./table.js";

const form = document.querySelector("#deploy");
const progress = document.querySelector("#progress");
const table = document.querySelector("#loads");

if (document.readyState !== "complete") {
  await new Promise((resolve) => addEventListener("load", resolve, { once: true }));
}
const rest = measureRest();
// First the old files: the dictionary for the next deploy is what Chromium has read last, even from its cache.
await showBefore();
const load = await measure();
fillTable(table, remember(load));
document.querySelector("#summary").textContent = describe(load);
document.querySelector("#rest").textContent = `All else on this page: ${plural(rest.count, "file")}, ${bytes(rest.sent)} sent in this load.`;
document.querySelector("#browser").textContent = describeBrowser(load);
form?.addEventListener("submit", (event) => {
  event.preventDefault();
  deploy();
});
if (form) form.hidden = false;
table.dataset.filled = load.files.length;

function describeBrowser({ files }) {
  if (document.createElement("link").relList.supports("compression-dictionary") && isSecureContext) {
    return "This browser has dictionaries: what it holds of the last release is the dictionary for the next. They need https, or localhost, as here.";
  }
  const coding = files[0].coding === "br" ? "Brotli" : files[0].coding;
  const reason = isSecureContext ? "This browser has no dictionaries" : "Dictionaries need https, or localhost";
  return `${reason}: it gets whole files, compressed with ${coding}.`;
}

async function deploy() {
  const button = form.querySelector("button");
  button.disabled = true;
  progress.textContent = "Writing two files, and collecting them …";
  try {
    const { number, name } = await askForDeploy();
    progress.textContent = `Release ${number} is built. Waiting for the new workers …`;
    await serverIsAt(name);
    keepForAfter();
    location.reload();
  } catch (error) {
    progress.textContent = error.message;
    button.disabled = false;
  }
}

async function askForDeploy() {
  const response = await fetch(form.action, { method: "POST", body: new FormData(form) });
  const answer = response.headers.get("Content-Type").startsWith("application/json") ? await response.json() : {};
  if (!response.ok) throw new Error(answer.problem ?? `The server says ${response.status}.`);
  return answer;
}

// Old workers answer once more on each connection that they have accepted. A browser has up to six to a server: when
// six answers at once are from new workers, none is left to an old one.
async function serverIsAt(name) {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const names = await Promise.all(Array.from({ length: 6 }, askForRelease));
    if (names.every((each) => each === name)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("The new workers have not come in ten seconds. Reload the page to see.");
}

async function askForRelease() {
  const response = await fetch(form.dataset.releaseFile, { cache: "no-store" }).catch(() => null);
  return response?.ok ? (await response.json()).release : null;
}
