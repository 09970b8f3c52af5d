// Writes the answers into the table.
import { bytes, lifetime, plural } from "./format.js";

export function fillTable(table, answers) {
  table.tBodies[0].replaceChildren(...answers.map(makeRow));
}

export function summarise(answers) {
  const sent = answers.reduce((sum, answer) => sum + answer.sent, 0);
  const unchanged = answers.filter((answer) => answer.again === 304).length;
  const cached = answers.filter((answer) => answer.isCached).length;
  const visit = cached ? `On this visit ${cached} came from your browser’s cache.` : "";
  return `${plural(answers.length, "file")}, ${bytes(sent)} when asked for anew, and ${unchanged} of them 304 when asked again. ${visit}`;
}

function makeRow(answer) {
  const row = document.createElement("tr");
  const name = document.createElement("th");
  name.scope = "row";
  name.textContent = answer.name;
  name.title = answer.url;
  row.append(
    name,
    makeCell({ true: "from cache", false: "from the server" }[answer.isCached] ?? "in parts", answer.isCached ? "" : "quiet"),
    makeCell(answer.asked, "quiet"),
    makeCell(answer.status, [200, 206].includes(answer.status) ? "status" : "status bad"),
    makeCell(answer.coding ?? "none", answer.coding ? "" : "quiet"),
    makeCell(bytes(answer.sent), "number", `${answer.sent} bytes`),
    makeCell(bytes(answer.decoded), "number", `${answer.decoded} bytes`),
    makeCell(lifetime(answer.cacheControl), "", answer.cacheControl),
    makeTag(answer.etag),
    makeCell(answer.again ?? "no ETag", answer.again === 304 ? "status" : "status bad"),
  );
  return row;
}

function makeCell(text, className, title) {
  const cell = document.createElement("td");
  cell.textContent = text;
  cell.className = className;
  if (title) cell.title = title;
  return cell;
}

function makeTag(etag) {
  const cell = makeCell("", "");
  const tag = document.createElement("span");
  tag.className = "tag";
  tag.textContent = etag ?? "none";
  tag.title = etag ?? "";
  cell.append(tag);
  return cell;
}
