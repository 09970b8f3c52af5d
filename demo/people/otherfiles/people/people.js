// The second page's script. The module is of the other directory.
import { yearsSince } from "../js/format.js";

const list = document.querySelector("#people");
const button = document.querySelector("#sort");
const orders = {
  name: (a, b) => a.dataset.name.localeCompare(b.dataset.name),
  year: (a, b) => a.dataset.born - b.dataset.born,
};
let next = "name";

for (const person of list.children) {
  person.querySelector(".ago").textContent = `, ${yearsSince(person.dataset.born)} ago`;
}

button.addEventListener("click", () => {
  list.append(...[...list.children].sort(orders[next]));
  next = next === "name" ? "year" : "name";
  button.textContent = `Sort by ${next}`;
});
button.hidden = false;
