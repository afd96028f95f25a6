// Controls of one value each, and comparisons: an operator with what it compares to.

import { button, choice, grouped, h, plain } from "./elements.js";
import { known } from "./schema.js";
import { valuesOf } from "./server.js";

const LIKE = { text: (text) => text, number: (text) => ({ number: text }), date: (text) => ({ day: text }) };
const asText = (said) => String(said?.number ?? said?.day ?? said ?? "");
const typed = (kind, text) => (kind === "boolean" ? text === "true" : LIKE[kind](text));
const kindOfValue = (said) =>
  typeof said === "boolean" ? "boolean" : said?.number !== undefined ? "number" : said?.day !== undefined ? "date" : "text";

export function textInput(said, write, about = {}) {
  const input = h("input", { value: said, spellcheck: "false", ...about });
  input.addEventListener("input", () => write(input.value.trim()));
  return input;
}

// One value of a kind of columns.
export function scalar(kind, said, write, about = {}) {
  if (kind === "boolean") {
    const options = [["true", "true"], ["false", "false"]];
    return choice(options, said === undefined || said === "" ? "" : String(said), (text) => write(text === "true"), about);
  }
  const kinds = { date: { type: "date" }, number: { inputmode: "decimal" }, text: {} };
  return textInput(asText(said), (text) => write(typed(kind, text)), { ...kinds[kind], ...about });
}

export function period(said, write, label) {
  const [number = "", unit = "days"] = (said ?? "").split(" ");
  const now = { number, unit: unit.replace(/s$/, "") };
  const changed = () => write(now.number && `${now.number} ${now.unit}${now.number === "1" ? "" : "s"}`);
  return h(
    "span",
    { class: "pair" },
    textInput(number, (text) => { now.number = text; changed(); }, { inputmode: "numeric", "aria-label": `${label}: how many` }),
    choice(known.units.map((u) => [u, `${u}s`]), now.unit, (u) => { now.unit = u; changed(); }, { "aria-label": `${label}: unit` }),
  );
}

// Buttons of the most frequent values; each says how many people have it.
export function frequent(table, column, take, isTaken = () => false) {
  const place = h("div", { class: "frequent", role: "group", "aria-label": `Values of ${plain(column)}, with how many people have each` });
  valuesOf(table, column).then(({ values, says }) => {
    for (const { value, people } of values) {
      const about = { class: "value", "aria-pressed": String(isTaken(value)) };
      const one = button("", () => {
        take(value);
        for (const [at, each] of [...place.querySelectorAll("button")].entries()) {
          each.setAttribute("aria-pressed", String(isTaken(values[at].value)));
        }
      }, about);
      one.append(h("span", {}, value), " ", h("small", {}, grouped(people)));
      place.append(one);
    }
    if (says) place.append(h("small", {}, says));
  });
  return place;
}

// The value of a comparison, by what its operator takes.
function valueOf(said, kind, context) {
  const { takes, kinds } = known.operators[said.operator];
  const place = h("div", { class: "value_of" });
  const changed = context.changed;
  const label = `${context.label}: value`;
  if (takes === "nothing") {
    delete said.value;
    return place;
  }
  if (takes === "a period") {
    if (typeof said.value !== "string") said.value = "";
    place.append(period(said.value, (text) => { said.value = text; changed(); }, label));
    return place;
  }
  const isOne = takes === "a value";
  if (!(kind in LIKE) && kind !== "boolean") kind = kinds.length === 1 ? kinds[0] : kindOfValue(isOne ? said.value : said.value?.[0]);
  const fits = (one) => one !== undefined && kindOfValue(one) === kind;
  if (isOne) {
    if (!fits(said.value)) said.value = kind === "boolean" ? true : typed(kind, "");
    const draw = () => scalar(kind, said.value, (one) => { said.value = one; changed(); }, { "aria-label": label });
    place.append(draw());
    if (context.table) {
      place.append(frequent(context.table, context.column, (text) => {
        said.value = typed(kind, text);
        place.firstChild.replaceWith(draw());
        changed();
      }, (text) => asText(said.value) === text));
    }
  } else if (takes === "two values") {
    if (!Array.isArray(said.value) || said.value.length !== 2 || !said.value.every(fits)) {
      said.value = [typed(kind, ""), typed(kind, "")];
    }
    const one = (at, word) => scalar(kind, said.value[at], (v) => { said.value[at] = v; changed(); }, { "aria-label": `${label}, ${word}` });
    place.append(h("span", { class: "pair" }, one(0, "from"), " to ", one(1, "to")));
  } else {
    if (!Array.isArray(said.value) || !said.value.every(fits)) said.value = [];
    const lines = h("textarea", { rows: 3, spellcheck: "false", "aria-label": `${context.label}: values, one per line` });
    lines.value = said.value.map(asText).join("\n");
    const read = () => {
      said.value = lines.value.split("\n").map((line) => line.trim()).filter(Boolean).map((line) => typed(kind, line));
      changed();
    };
    lines.addEventListener("input", read);
    const has = (text) => said.value.some((one) => asText(one) === text);
    place.append(lines);
    if (context.table) {
      place.append(frequent(context.table, context.column, (text) => {
        const left = said.value.map(asText).filter((one) => one !== text);
        lines.value = (has(text) ? left : [...left, text]).join("\n");
        read();
      }, has));
    }
  }
  return place;
}

// An operator and its value. context: label, kind of the column, table and column of its values.
export function comparison(schema, said, context) {
  const all = schema.operators ?? schema.properties.operator.enum;
  const kind = schema.compares ?? context.kind;
  const fitting = all.filter((name) => !(kind in LIKE || kind === "boolean") || known.operators[name].kinds.includes(kind));
  if (!fitting.includes(said.operator)) said.operator = fitting[0];
  const place = h("div", { class: "comparison" });
  const help = h("small", {});
  const draw = () => {
    help.textContent = `${plain(said.operator)}: ${known.operators[said.operator].meaning}`;
    const inner = schema.compares ? { ...context, table: null } : context;
    place.querySelector(".value_of")?.remove();
    help.before(valueOf(said, kind, inner));
  };
  const operator = choice(
    fitting.map((name) => [name, plain(name)]),
    said.operator,
    (name) => { said.operator = name; draw(); context.changed(); },
    { "aria-label": `${context.label}: operator` },
  );
  place.append(operator, help);
  draw();
  return place;
}

// One type of activity, or several.
export function eventTypes(said, write, label) {
  const { table, column } = known.events;
  const chosen = new Set([said].flat().filter(Boolean));
  const list = h("span", { class: "chosen" });
  const other = h("input", { "aria-label": `${label}: another type`, spellcheck: "false", placeholder: "another type" });
  const changed = () => {
    list.textContent = [...chosen].map(plain).join(" or ") || "none chosen";
    write(chosen.size > 1 ? [...chosen] : [...chosen][0] ?? "");
  };
  const toggle = (type) => { chosen.delete(type) || chosen.add(type); changed(); };
  list.textContent = [...chosen].map(plain).join(" or ") || "none chosen";
  const take = () => { if (other.value.trim()) toggle(other.value.trim()); other.value = ""; };
  other.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); take(); } });
  return h(
    "div",
    { class: "events" },
    list,
    frequent(table, column, toggle, (type) => chosen.has(type)),
    h("span", { class: "pair" }, other, button("Add or take out", take, { "aria-label": `${label}: add or take out` })),
  );
}

// A column of a table, by what people call it.
export function columnChoice(columns, chosen, onchange, label) {
  const options = Object.entries(columns).map(([name, { kind }]) => [name, `${plain(name)}${kind ? ` (${kind})` : ""}`]);
  return choice(options, chosen, onchange, { "aria-label": label });
}

// table.column: first the table, then its column.
export function field(said, write, label) {
  let [table, column = ""] = (said ?? "").split(".");
  const layers = new Map();
  for (const [name, { layer }] of Object.entries(known.tables)) {
    layers.set(layer, [...(layers.get(layer) ?? []), [name, plain(name)]].sort());
  }
  const help = h("small", {});
  const columns = () => columnChoice(known.tables[table]?.columns ?? {}, column, (name) => {
    column = name;
    told();
  }, `${label}: column`);
  const tables = choice([...layers], table, (name) => {
    [table, column] = [name, ""];
    tables.nextSibling.replaceWith(columns());
    told();
  }, { "aria-label": `${label}: table` });
  const describe = () => {
    const about = known.tables[table];
    help.textContent = about?.columns[column]?.description || about?.description || "";
  };
  const told = () => { describe(); write(`${table}.${column}`); };
  describe();
  return h("div", { class: "field" }, tables, columns(), help);
}
