// Says what the loads took: in words, and in a table.
const CODINGS = { br: "Brotli", zstd: "Zstandard", gzip: "gzip" };
const CAME = {
  cache: () => "from cache",
  delta: () => "a delta",
  whole: (file) => `whole, ${CODINGS[file.coding] ?? "as it is"}`,
};

export function count(number) {
  return number.toLocaleString("en");
}

// "Release 3: app.css 135 bytes instead of 4,376, app.js …"
export function describe({ release, files }) {
  if (files.every((file) => file.came === "cache")) return `Release ${release} again: both files came from the cache.`;
  return `Release ${release}: ${files.map(describeFile).join(", ")}.`;
}

export function fillTable(table, loads) {
  table.tBodies[0].replaceChildren(...loads.flatMap((load) => load.files.map((file, place) => makeRow(load, file, place))));
}

function describeFile({ name, came, sent, whole }) {
  if (came === "cache") return `${name} from the cache`;
  return came === "delta" ? `${name} ${count(sent)} bytes instead of ${count(whole)}` : `${name} ${count(sent)} bytes`;
}

function makeRow({ release }, file, place) {
  const row = document.createElement("tr");
  row.className = `${place ? "again" : ""} ${file.came}-row`.trim();
  const head = makeCell("th", place ? "" : `Release ${release}`);
  head.scope = "row";
  row.append(
    head,
    makeCell("td", file.name, "name"),
    makeCell("td", `${count(file.sent)} B`, file.came === "delta" ? "number delta" : "number"),
    makeShare(file.sent / file.whole),
    makeCell("td", CAME[file.came](file), file.came === "delta" ? "delta" : "quiet"),
    makeCell("td", `${count(file.whole)} B`, "number quiet"),
    makeCell("td", `${count(file.decoded)} B`, "number quiet"),
  );
  return row;
}

function makeCell(kind, text, className = "") {
  const cell = document.createElement(kind);
  cell.textContent = text;
  cell.className = className;
  return cell;
}

function makeShare(share) {
  const cell = makeCell("td", "", "share");
  const track = cell.appendChild(makeCell("span", "", "track"));
  track.title = `${(share * 100).toFixed(1)} %`;
  if (share > 0) track.appendChild(makeCell("span", "", "fill")).style.width = `${Math.min(100, share * 100)}%`;
  return cell;
}
