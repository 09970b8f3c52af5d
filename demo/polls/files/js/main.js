// The first page's script. The imports below carry hashed names once collectstatic has been here.
import { plural } from "./format.js";
import { askForEach, loadedFiles, pageIsLoaded } from "./report.js";
import { fillTable, summarise } from "./table.js";

const table = document.querySelector("#report");
const summary = document.querySelector("#summary");
const greeting = document.querySelector("#module");

greeting.textContent = `${plural(4, "module")} at your service`;
summary.textContent = "Asking for each file …";

await pageIsLoaded();
const answers = await askForEach(loadedFiles(table.dataset.prefix));
fillTable(table, answers);
summary.textContent = summarise(answers);
table.dataset.filled = answers.length;
