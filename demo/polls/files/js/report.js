// Finds out which files the page has loaded, and asks the server for each of them again.

// Resolves when the page, its fonts and the first bytes of its videos are there.
export async function pageIsLoaded() {
  if (document.readyState !== "complete") {
    await new Promise((resolve) => addEventListener("load", resolve, { once: true }));
  }
  await document.fonts.ready;
  for (const video of document.querySelectorAll("video")) {
    if (video.readyState < HTMLMediaElement.HAVE_METADATA && !video.error) {
      await new Promise((resolve) => {
        video.addEventListener("loadedmetadata", resolve, { once: true });
        video.addEventListener("error", resolve, { once: true });
      });
    }
  }
}

// Returns the static files of the page, in the order in which they were loaded: the URL, the name without its hash,
// and whether it came from the browser's cache (unknown if the browser does not say).
export function loadedFiles(prefix) {
  const files = new Map();
  const add = (url, isCached) => {
    const { origin, pathname } = new URL(url);
    if (origin === location.origin && pathname.startsWith(prefix) && !files.has(url)) {
      const name = decodeURIComponent(pathname.slice(prefix.length)).replace(/\.[0-9a-f]{12}(?=\.[^./]*$)/, "");
      files.set(url, { url, name, isCached });
    }
  };
  for (const entry of performance.getEntriesByType("resource")) {
    add(entry.name, entry.decodedBodySize > 0 ? entry.transferSize === 0 : undefined);
  }
  // Browsers list a video only once they have all of it, if ever.
  for (const video of document.querySelectorAll("video")) {
    add(video.currentSrc, undefined);
  }
  return [...files.values()];
}

// Returns each file together with what the server says about it now.
export function askForEach(files) {
  return Promise.all(files.map(async (file) => ({ ...file, ...(await ask(file)) })));
}

async function ask({ url, name }) {
  // Of a video a part is enough, and shows that parts can be had.
  const range = /\.(webm|mp4)$/.test(name) ? "bytes=0-1023" : null;
  const response = await fetch(url, { cache: "no-store", headers: range ? { Range: range } : {} });
  const decoded = (await response.arrayBuffer()).byteLength;
  const etag = response.headers.get("ETag");
  return {
    asked: range ?? "all of it",
    status: response.status,
    coding: response.headers.get("Content-Encoding"),
    sent: Number(response.headers.get("Content-Length") ?? decoded),
    decoded,
    cacheControl: response.headers.get("Cache-Control"),
    etag,
    again: etag ? await askAgain(url, etag) : null,
  };
}

// A browser that asks on its own whether its copy is still good shows 200 to scripts. With the field set here, and
// the cache left out, the script sees the server's own answer.
async function askAgain(url, etag) {
  const response = await fetch(url, { cache: "no-store", headers: { "If-None-Match": etag } });
  return response.status;
}
