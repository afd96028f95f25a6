// The page: opens, checks, counts, saves. What a rule can say comes from the server.

import { choice, grouped, h } from "./elements.js";
import { Tree } from "./clauses.js";
import { group } from "./form.js";
import { initial, known } from "./schema.js";
import { ask, Refused } from "./server.js";

const KEPT = "c360 rule";
const MILLISECONDS_TO_CHECK = 250;
const get = (id) => document.getElementById(id);
const now = { name: "", mark: "", rule: {}, text: "" };
let trees = [];
let asked = 0;
let waiting = 0;

function say(text) {
  get("message").textContent = text;
}

async function trying(does, tell = fault) {
  try {
    await does();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    tell(error.message);
  }
}

function fault(text) {
  get("fault").textContent = text;
  for (const tree of trees) tree.showFaults(text);
}

function keep() {
  sessionStorage.setItem(KEPT, JSON.stringify({ name: now.name, mark: now.mark, rule: now.rule }));
}

// After every change: what was counted is not true any more, and the text is another one.
function changed() {
  keep();
  get("size").replaceChildren();
  for (const tree of trees) tree.showCounts(new Map());
  clearTimeout(waiting);
  waiting = setTimeout(() => trying(check), MILLISECONDS_TO_CHECK);
}

async function check() {
  const number = (asked += 1);
  const { text, sql, says } = await ask("check", { name: now.name, rule: now.rule });
  if (number !== asked) return;
  now.text = says ? "" : text;
  get("text").textContent = text;
  get("sql").textContent = sql;
  get("download").disabled = Boolean(says);
  fault(says);
}

async function count() {
  const button = get("count");
  button.disabled = true;
  get("size").textContent = "Counting …";
  const number = asked;
  try {
    const found = await ask("count", { name: now.name, rule: now.rule });
    if (number !== asked) return;
    const share = found.share === null ? "" : `, ${(100 * found.share).toFixed(1)} % of ${grouped(found.profiles)}`;
    const kept = Object.entries(found.kept_out).map(([cause, n]) => h("p", {}, `${grouped(n)} more fulfil the rule and are kept out: ${cause}`));
    const draft = found.state === "active" ? [] : [h("p", {}, `It is ${found.state}: a run builds it and publishes no members.`)];
    get("size").replaceChildren(h("p", { class: "members" }, h("strong", {}, grouped(found.members)), ` members${share}`), ...kept, ...draft);
    const counts = new Map(found.clauses.map((one) => [one.path, one]));
    for (const tree of trees) tree.showCounts(counts);
    fault("");
  } catch (error) {
    get("size").replaceChildren();
    throw error;
  } finally {
    button.disabled = false;
  }
}

async function save() {
  const { path, mark } = await ask("save", { name: now.name, rule: now.rule, mark: now.mark });
  now.mark = mark;
  keep();
  fault("");
  say(`Wrote ${path}. Review it, then: c360 segment compile ${now.name}, and c360 run.`);
  if (!known.files.includes(now.name)) known.files.push(now.name);
  files();
}

function download() {
  const address = URL.createObjectURL(new Blob([now.text], { type: "application/yaml" }));
  h("a", { href: address, download: `${now.name || "new_segment"}.yml` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

async function open() {
  const name = get("file").value;
  if (!name) return;
  const { rule, mark, says } = await ask("open", { name });
  Object.assign(now, { name, mark, rule });
  say(says);
  draw();
}

function files() {
  const about = { id: "file" };
  get("file").replaceWith(choice([["", "choose …"], ...known.files.map((one) => [one, one])], now.mark ? now.name : "", () => {}, about));
}

function draw() {
  get("name").value = now.name;
  const about = () => group(known.schema, now.rule, {
    label: "", rows: known.events, changed, redraw: () => { get("about").replaceChildren(about()); changed(); },
  }, ["include", "exclude"]);
  get("about").replaceChildren(about());
  trees = ["include", "exclude"].map((side) => new Tree(side, get(side), () => now.rule, changed));
  for (const tree of trees) tree.draw();
  files();
  changed();
}

async function begin() {
  Object.assign(known, await ask("form"));
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  Object.assign(now, kept ?? { rule: initial(known.schema) });
  get("rule").addEventListener("submit", (event) => event.preventDefault());
  get("name").addEventListener("input", (event) => { now.name = event.target.value.trim(); now.mark = ""; changed(); });
  for (const [id, does] of Object.entries({ count, save, open, download })) {
    get(id).addEventListener("click", () => trying(does));
  }
  get("new").addEventListener("click", () => {
    Object.assign(now, { name: "", mark: "", rule: initial(known.schema) });
    say("");
    draw();
  });
  document.querySelector("main").hidden = false;
  draw();
}

trying(begin, say);
