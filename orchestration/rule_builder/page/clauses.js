// The tree of clauses: containers in containers, each clause a card that can be moved.

import { button, choice, grouped, h } from "./elements.js";
import { group } from "./form.js";
import { isClauses, kindOf, known, newClause, schemaOf } from "./schema.js";

const WORDS = "input, select, textarea, button";

// How many a clause holds of, and how many it and those before it in its container leave.
function told(path, { alone, so_far: left }) {
  if (path === "include") return `${grouped(alone)} people`;
  if (path === "exclude") return `${grouped(alone)} people · without them ${grouped(left)}`;
  return `${grouped(alone)} alone · ${grouped(left)} so far`;
}

// Draws one side of the rule, include or exclude, and keeps it drawn.
export class Tree {
  constructor(side, place, rule, onchange) {
    Object.assign(this, { side, place, rule, onchange, counts: new Map(), faults: "" });
  }

  // Draw everything anew; the focus stays where it was, or goes to what is new.
  draw(focused = null) {
    const active = this.place.contains(document.activeElement) ? document.activeElement : null;
    const label = active?.getAttribute("aria-label");
    const before = new Set(this.labels());
    this.cards = new Map();
    const clause = this.rule()[this.side];
    this.place.replaceChildren(
      clause ? this.card(clause, this.side, this.side, null) : this.adder(`Add to ${this.side}`, (one) => { this.rule()[this.side] = one; }),
    );
    this.showCounts();
    if (focused) this.cards.get(focused)?.querySelector(".title")?.focus();
    else if (active) this.focusAgain(label, before);
  }

  labels() {
    return [...this.place.querySelectorAll("[aria-label]")].map((one) => one.getAttribute("aria-label"));
  }

  focusAgain(label, before) {
    const all = [...this.place.querySelectorAll(WORDS)].filter((one) => !one.disabled);
    const named = (one) => one.getAttribute("aria-label");
    (all.find((one) => named(one) === label) ?? all.find((one) => !before.has(named(one))) ?? all[0])?.focus();
  }

  changed() {
    this.onchange();
  }

  redraw(focused = null) {
    this.draw(focused);
    this.onchange();
  }

  // A card of a clause. at: the list it is in, its place there, and the same of its container.
  card(clause, path, label, at) {
    const kind = kindOf(clause);
    const schema = schemaOf(kind);
    const isContainer = isClauses(schema.properties[kind]);
    const title = h("h3", { class: "title", tabindex: "-1" }, isContainer ? this.containerChoice(clause, kind, label) : kind, " ", h("small", {}, schema.description));
    const card = h(
      "section",
      { class: isContainer ? "clause container" : "clause", "data-path": path, "aria-label": `${label}: ${kind}` },
      h("div", { class: "head" }, title, h("output", { class: "counts" })),
      this.moves(clause, label, at),
    );
    this.cards.set(clause, card);
    if (isContainer) {
      const list = clause[kind];
      card.append(h("ol", { class: "clauses" }, ...list.map((one, place) => h(
        "li",
        {},
        this.card(one, `${path}.${kind}[${place}]`, `${label} ${place + 1}`.replace(/(\d) (\d+)$/, "$1.$2"), { list, place, above: at, owner: clause }),
      ))));
      card.append(this.adder(`Add to ${label}`, (one) => list.push(one)));
    } else {
      card.append(group(schema, clause, { label, rows: known.events, changed: () => this.changed(), redraw: () => this.redraw() }));
    }
    return card;
  }

  containerChoice(clause, kind, label) {
    const containers = Object.keys(known.kinds).filter((one) => isClauses(schemaOf(one).properties[one]));
    return choice(containers.map((one) => [one, one]), kind, (chosen) => {
      const inside = clause[kind];
      delete clause[kind];
      clause[chosen] = inside;
      this.redraw();
    }, { "aria-label": `${label}: all, any or none` });
  }

  moves(clause, label, at) {
    const put = (one) => { if (at) at.list[at.place] = one; else this.rule()[this.side] = one; };
    const take = () => { if (at) at.list.splice(at.place, 1); else delete this.rule()[this.side]; };
    const before = at && at.list[at.place - 1];
    const into = before && before[kindOf(before)];
    const hasInside = before && isClauses(schemaOf(kindOf(before)).properties[kindOf(before)]);
    const act = (text, what, isPossible, does, stays = true) => button(text, () => {
      does();
      this.redraw(stays ? clause : null);
    }, { class: "small", disabled: !isPossible, "aria-label": `${what} ${label}`, title: what });
    const swap = (by) => () => { take(); at.list.splice(at.place + by, 0, clause); };
    return h(
      "div",
      { class: "moves" },
      act("Up", "Move up", at && at.place > 0, swap(-1)),
      act("Down", "Move down", at && at.place < at.list.length - 1, swap(1)),
      act("In", "Move into the container before", hasInside, () => { take(); into.push(clause); }),
      act("Out", "Move out of its container", at?.above, () => {
        take();
        at.above.list.splice(at.above.place + 1, 0, clause);
      }),
      act("Group", "Put into a container of its own", true, () => put({ all: [clause] })),
      act("Remove", "Remove", true, take, false),
    );
  }

  // What adds a clause: its kind, and a button, so that arrow keys can look at all kinds.
  adder(label, put) {
    const options = Object.keys(known.kinds).map((kind) => [kind, kind]);
    const help = h("small", {}, schemaOf("field").description);
    const kind = choice(options, "field", (chosen) => { help.textContent = schemaOf(chosen).description; }, { "aria-label": `${label}: kind of clause` });
    return h("div", { class: "adder" }, kind, button("Add clause", () => {
      const clause = newClause(kind.value);
      put(clause);
      this.redraw(clause);
    }, { "aria-label": label }), help);
  }

  // How many people each clause holds of; empty takes the numbers away.
  showCounts(counts = this.counts) {
    this.counts = counts;
    for (const card of this.cards.values()) {
      const found = counts.get(card.dataset.path);
      card.querySelector(".counts").textContent = found ? told(card.dataset.path, found) : "";
    }
  }

  // Mark the clauses that a sentence of the server names.
  showFaults(text) {
    const named = [...text.matchAll(/\b(?:include|exclude)[\w.[\]]*/g)].map(([path]) => path);
    for (const card of this.cards.values()) {
      const path = card.dataset.path;
      const isNearest = named.some((one) => one.startsWith(path) && ![...this.cards.values()].some(
        (other) => other.dataset.path.length > path.length && one.startsWith(other.dataset.path)));
      card.classList.toggle("wrong", isNearest);
    }
  }
}
