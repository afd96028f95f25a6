// Controls made of a schema: whatever the rule model lets a rule say has one.

import { button, choice, h, labelled, plain } from "./elements.js";
import { initial, isComparison, isFlag, isMapping, known, resolved } from "./schema.js";
import { columnChoice, comparison, eventTypes, field, period, scalar, textInput } from "./values.js";

// What the columns of a `where` or an aggregate are those of.
function rowsOf(said) {
  if (typeof said.field === "string") {
    const table = said.field.split(".")[0];
    return { table, columns: known.tables[table]?.columns ?? {} };
  }
  if (typeof said.table === "string") return { table: said.table, columns: known.tables[said.table]?.columns ?? {} };
  return known.events;
}

// A control of what stands under a word. context: label, rows, changed (a value), redraw (a shape),
// reshape (what stands beside this word).
function control(schema, said, word, context) {
  const write = (value) => { said[word] = value; context.changed(); };
  const reshape = (value) => { said[word] = value; context.reshape(); };
  if (schema.enum) return choice(schema.enum.map((one) => [one, plain(one)]), said[word] ?? schema.default, write);
  if (schema.type === "boolean") {
    return h("input", { type: "checkbox", checked: Boolean(said[word]), onchange: (event) => {
      if (event.target.checked === schema.default) delete said[word];
      else said[word] = event.target.checked;
      context.changed();
    } });
  }
  if (schema.type === "integer") return scalar("number", said[word], write);
  if (schema.either) return eventTypes(said[word], write, context.label);
  if (schema.format === "period") return period(said[word], write, context.label);
  if (schema.format === "date") return scalar("date", said[word], write);
  if (schema.format === "field") return field(said[word], reshape, context.label);
  if (schema.format === "table") return choice(known.event_tables.map((one) => [one, plain(one)]), said[word], reshape);
  if (schema.format === "column") return columnChoice(context.rows.columns, said[word], write, context.label);
  if (schema.format === "segment") {
    const options = Object.entries(known.segments).map(([name, title]) => [name, title === name ? name : `${title} (${name})`]);
    return choice(options, said[word], write);
  }
  if (schema.type === "string") return textInput(said[word], write, { maxlength: schema.maxLength ?? 200 });
  if (schema.type === "array" && schema.items.format === "date") {
    const one = (at) => scalar("date", said[word][at], (v) => { said[word][at] = v; context.changed(); }, { "aria-label": `${context.label}, ${at ? "to" : "from"}` });
    return h("span", { class: "pair" }, one(0), " to ", one(1));
  }
  if (schema.type === "array" && schema.items.type === "string") {
    const lines = h("textarea", { rows: 2, "aria-label": `${context.label}, one per line` });
    lines.value = said[word].join("\n");
    lines.addEventListener("input", () => write(lines.value.split("\n").map((l) => l.trim()).filter(Boolean)));
    return lines;
  }
  if (schema.type === "array") return list(schema, said[word], context);
  if (isMapping(schema)) return where(schema, said[word], context);
  return group(schema, said[word], context);
}

const ofOne = (element) => element.matches("input, select, textarea");

// A word with its control: a label where the control is one thing, a frame where it is several.
function entry(word, asked, said, context, takeOut = null) {
  const schema = resolved(asked);
  const inner = { ...context, label: context.label ? `${context.label}, ${plain(word)}` : plain(word) };
  const element = control(schema, said, word, inner);
  const out = takeOut && button("Take out", takeOut, { class: "small", "aria-label": `Take out ${inner.label}` });
  if (schema.format === "field") return element;
  if (!ofOne(element)) {
    return h("fieldset", {}, h("legend", {}, plain(word)), out, element);
  }
  if (!element.hasAttribute("aria-label")) element.setAttribute("aria-label", inner.label);
  const line = labelled(plain(word), element);
  if (out) line.append(out);
  return line;
}

// All words of a mapping; without those in `but`, which are drawn elsewhere.
export function group(schema, said, context, but = []) {
  const place = h("div", { class: "group" });
  const words = Object.keys(schema.properties).filter((word) => !but.includes(word));
  // A control that changes what stands beside it stays itself, so that typing in it goes on.
  const reshape = (kept) => {
    const [before, after] = [[], []];
    let isBefore = true;
    for (const element of drawn()) {
      if (element === kept || element.dataset.word === kept.dataset.word) isBefore = false;
      else (isBefore ? before : after).push(element);
    }
    for (const element of [...place.children]) if (element !== kept) element.remove();
    kept.before(...before);
    kept.after(...after);
    context.changed();
  };
  const keptBy = (word) => () => reshape([...place.children].find((one) => one.dataset.word === word));

  function* drawn() {
    const rows = schema.properties.where || schema.properties.aggregate ? rowsOf(said) : context.rows;
    const inner = { ...context, rows };
    const left = [];
    const later = [];
    if (schema.one_of) yield marked("one of", oneOf(schema, said, { ...inner, reshape: keptBy("one of") }));
    for (const word of words) {
      const asked = schema.properties[word];
      if (schema.one_of?.includes(word) || (isComparison(schema) && ["operator", "value"].includes(word))) continue;
      const isNeeded = schema.required?.includes(word);
      if (!isNeeded && !(word in said) && !isFlag(resolved(asked))) {
        left.push(word);
        continue;
      }
      const takeOut = isNeeded || isFlag(resolved(asked)) ? null : () => { delete said[word]; context.redraw(); };
      const element = marked(word, entry(word, asked, said, { ...inner, reshape: keptBy(word) }, takeOut));
      if (isNeeded) yield element;
      else later.push(element);
    }
    if (isComparison(schema)) yield compared(schema, said, inner);
    yield* later;
    if (left.length) yield adders(schema, said, left, context);
  }

  place.append(...drawn());
  return place;
}

function marked(word, element) {
  element.dataset.word = word;
  return element;
}

// The operator and the value of a mapping that compares, of a field with the kind of its column.
function compared(schema, said, context) {
  const [table, column] = (said.field ?? "").split(".");
  const about = known.tables[table]?.columns[column];
  const label = column ? `${context.label}, ${plain(column)}` : context.label;
  return comparison(schema, said, { ...context, label, kind: about?.kind, table: about && table, column });
}

function adders(schema, said, words, context) {
  return h("p", { class: "adders" }, ...words.map((word) => button(`+ ${plain(word)}`, () => {
    said[word] = initial(schema.properties[word]);
    context.redraw();
  }, { class: "small", "aria-label": `Add ${plain(word)}${context.label ? ` to ${context.label}` : ""}` })));
}

// Words of which one is said: which one, and its control.
function oneOf(schema, said, context) {
  const place = h("div", { class: "one_of" });
  const chosen = () => schema.one_of.find((word) => word in said) ?? schema.one_of[0];
  const inner = () => {
    const label = `${context.label}, ${plain(chosen())}`;
    const element = control(resolved(schema.properties[chosen()]), said, chosen(), { ...context, label });
    if (ofOne(element)) element.setAttribute("aria-label", label);
    return element;
  };
  const which = choice(schema.one_of.map((word) => [word, plain(word)]), chosen(), (word) => {
    for (const each of schema.one_of) delete said[each];
    said[word] = initial(schema.properties[word]);
    place.lastChild.replaceWith(inner());
    context.reshape();
  }, { "aria-label": `${context.label}: ${schema.one_of.map(plain).join(" or ")}` });
  place.append(which, inner());
  return place;
}

// Conditions on columns of the same row.
function where(schema, said, context) {
  const rows = schema.columns_of ? { table: schema.columns_of, columns: known.tables[schema.columns_of].columns } : context.rows;
  const place = h("div", { class: "where" });
  const asked = resolved(schema.additionalProperties);
  for (const column of Object.keys(said)) {
    const label = `${context.label}, ${plain(column)}`;
    const at = { ...context, label, kind: rows.columns[column]?.kind, table: rows.table, column };
    place.append(h(
      "fieldset",
      {},
      h("legend", {}, plain(column)),
      button("Take out", () => { delete said[column]; context.redraw(); }, { class: "small", "aria-label": `Take out ${label}` }),
      comparison(asked, said[column], at),
    ));
  }
  const free = Object.fromEntries(Object.entries(rows.columns).filter(([name]) => !(name in said)));
  const column = columnChoice(free, "", () => {}, `${context.label}: column to add`);
  place.append(h("span", { class: "pair" }, column, button("Add condition", () => {
    if (!column.value) return;
    said[column.value] = initial(schema.additionalProperties);
    context.redraw();
  }, { class: "small", "aria-label": `Add a condition to ${context.label}` })));
  return place;
}

// Things in an order, such as steps.
function list(schema, said, context) {
  const place = h("ol", { class: "list" });
  const asked = resolved(schema.items);
  said.forEach((one, at) => {
    const label = `${context.label} ${at + 1}`;
    const move = (by) => { said.splice(at + by, 0, ...said.splice(at, 1)); context.redraw(); };
    place.append(h(
      "li",
      {},
      h(
        "div",
        { class: "moves" },
        button("Up", () => move(-1), { class: "small", disabled: at === 0, "aria-label": `Move up ${label}` }),
        button("Down", () => move(1), { class: "small", disabled: at === said.length - 1, "aria-label": `Move down ${label}` }),
        button("Remove", () => { said.splice(at, 1); context.redraw(); }, { class: "small", "aria-label": `Remove ${label}` }),
      ),
      group(asked, one, { ...context, label }),
    ));
  });
  place.append(h("li", { class: "last" }, button("Add one", () => { said.push(initial(schema.items)); context.redraw(); }, { class: "small", "aria-label": `Add one to ${context.label}` })));
  return place;
}
