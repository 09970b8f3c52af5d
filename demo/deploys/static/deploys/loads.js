// What the two files of each load of this page took, by the browser's own records. They last as long as the tab.
const KEY = "deploys.loads";
const MOST = 8;

// Returns the element of each of the two files: a link or a script.
export function fileElements() {
  return [...document.querySelectorAll("[data-file]")];
}

export function urlOf(element) {
  return element.href ?? element.src;
}

// Returns this load: the number of the release, and its files.
export async function measure() {
  const release = Number(document.querySelector("[data-app]").dataset.app);
  return { release, files: await Promise.all(fileElements().map(measureFile)) };
}

// Returns the loads of this tab, the newest first, with the one given.
export function remember(load) {
  const loads = [load, ...JSON.parse(sessionStorage.getItem(KEY) ?? "[]")].slice(0, MOST);
  sessionStorage.setItem(KEY, JSON.stringify(loads));
  return loads;
}

// Returns how many other files the page has loaded, and the bytes that were sent of them.
export function measureRest() {
  const urls = new Set(fileElements().map(urlOf));
  const entries = performance.getEntriesByType("resource").filter((entry) => !urls.has(entry.name));
  const sent = entries.map((entry) => (entry.transferSize ? entry.encodedBodySize : 0));
  return { count: entries.length, sent: sent.reduce((sum, bytes) => sum + bytes, 0) };
}

async function measureFile(element) {
  const url = urlOf(element);
  const entry = performance.getEntriesByName(url, "resource")[0];
  const whole = await askForWhole(url);
  const sent = entry.transferSize ? entry.encodedBodySize : 0;
  const came = sent === 0 ? "cache" : sent < whole.sent ? "delta" : "whole";
  return { name: element.dataset.file, came, sent, decoded: entry.decodedBodySize, whole: whole.sent, coding: whole.coding };
}

// Returns what the file takes as a whole. The browser names a dictionary now, too, but that is this very file, and
// there is no difference to itself; it may take a moment to be one.
async function askForWhole(url, tries = 10) {
  const response = await fetch(url, { cache: "no-store" });
  await response.arrayBuffer();
  const coding = response.headers.get("Content-Encoding");
  if (coding === "dcz" && tries > 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    return askForWhole(url, tries - 1);
  }
  return { sent: performance.getEntriesByName(url, "resource").at(-1).encodedBodySize, coding };
}
