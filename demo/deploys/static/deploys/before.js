// The release before: its card, made of its own files, which the server still has.
import { lifetime } from "../js/format.js";
import { fileElements, urlOf } from "./loads.js";

const KEY = "deploys.before";

// Keeps the URLs of this page's files for the page that comes after the deploy.
export function keepForAfter() {
  sessionStorage.setItem(KEY, JSON.stringify(fileElements().map(urlOf)));
}

// Shows the card, if this page comes after a deploy, and what the server says about each file now.
export async function showBefore() {
  const urls = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
  const now = fileElements().map(urlOf);
  if (!urls.length || urls.every((url) => now.includes(url))) return;
  const answers = await Promise.all(urls.map(ask));
  document.querySelector("#kept").replaceChildren(...answers.flatMap((answer) => [answer, document.createElement("br")]));
  const frame = document.querySelector("#frame");
  document.querySelector("#before").hidden = false;
  const loaded = new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
  frame.srcdoc = makePage(urls);
  await loaded;
  frame.style.height = `${frame.contentDocument.body.offsetHeight}px`;
}

// Past the browser's cache, which has the old files for ten years.
async function ask(url) {
  const response = await fetch(url, { method: "HEAD", cache: "no-store" });
  const name = url.slice(url.lastIndexOf("/") + 1);
  return `${name}: asked for just now, the server says ${response.status} (${lifetime(response.headers.get("Cache-Control"))}).`;
}

function makePage([styleSheet, script]) {
  const own = document.querySelector('link[href*="/page."]').href;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">
    <link rel="stylesheet" href="${own}"><link rel="stylesheet" href="${styleSheet}"><script defer src="${script}"></script>
    </head><body class="framed"><div data-app></div></body></html>`;
}
