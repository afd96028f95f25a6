// What somebody did, drawn along a line, the latest first; and how much of it when.

import { h, button } from "./elements.js";
import { capital, day, money, plain, time } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const MONTHS = 24;

// A colour and a shape each, so that they differ for everybody.
const KINDS = [
  ["orders", /^(order|credit_note|purchase|checkout|cart)/, "M2 2h12v12H2z"],
  ["messages", /^message/, "M8 1l7 7-7 7-7-7z"],
  ["contacts", /^(support|checked_in|form|registered|attended)/, "M8 1l7 13H1z"],
  ["points", /point|earn|redeem|expire/, "M8 1l2 5h5l-4 3 2 5-5-3-5 3 2-5-4-3h5z"],
  ["web", /./, "M8 2a6 6 0 1 1 0 12A6 6 0 1 1 8 2z"],
];
const kindOf = (type) => KINDS.find(([, looks]) => looks.test(type))[0];

function drawn(tag, about, ...inside) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(about)) element.setAttribute(name, value);
  element.append(...inside);
  return element;
}

function mark(type) {
  const [kind, , path] = KINDS.find(([, looks]) => looks.test(type));
  const icon = drawn("svg", { viewBox: "0 0 16 16", class: `mark ${kind}`, "aria-hidden": "true" });
  icon.append(drawn("path", { d: path }));
  return icon;
}

// person: as told; filter(type), more(): what the reader asks for.
export function timeline(person, chosen, filter, more) {
  const types = person.activity_types ?? [];
  const every = types.reduce((sum, one) => sum + one.activity_count, 0);
  const shown = person.activities ?? [];
  const count = chosen ? (types.find((one) => one.activity_type === chosen)?.activity_count ?? 0) : every;
  const chips = [["", "Everything", every], ...types.map((one) => [one.activity_type, capital(plain(one.activity_type)), one.activity_count])]
    .map(([type, text, number]) => {
      const chip = button("", () => filter(type), { "aria-pressed": String(type === chosen), class: "chip", "data-type": type });
      if (type) chip.append(mark(type));
      chip.append(text, " ", h("small", {}, number.toLocaleString("en")));
      return chip;
    });
  return h("section", { class: "card wide", "aria-labelledby": "timeline_title", id: "timeline" },
    h("h3", { id: "timeline_title" }, "Timeline"),
    ...(every
      ? [h("div", { class: "chips", role: "group", "aria-label": "Which activities" }, ...chips), months(shown), line(shown), rest(shown, count, more)]
      : [h("p", {}, "Nothing is known of what the person did.")]),
  );
}

function rest(shown, count, more) {
  const told = h("p", { class: "soft" }, `${shown.length.toLocaleString("en")} of ${count.toLocaleString("en")} are shown, the latest first. Times are UTC.`);
  return shown.length < count ? h("div", { class: "row" }, told, button("Show more", more, { id: "more" })) : told;
}

// Bars of the shown activities of the last months that have any.
function months(shown) {
  const dated = shown.filter((one) => one.occurred_at);
  if (dated.length < 2) return null;
  const number = (text) => Number(text.slice(0, 4)) * 12 + Number(text.slice(5, 7)) - 1;
  const last = number(dated[0].occurred_at);
  const first = Math.max(number(dated.at(-1).occurred_at), last - MONTHS + 1);
  const counts = new Map();
  for (const one of dated) {
    const at = number(one.occurred_at);
    if (at < first) continue;
    const of = counts.get(at) ?? {};
    of[kindOf(one.activity_type)] = (of[kindOf(one.activity_type)] ?? 0) + 1;
    counts.set(at, of);
  }
  const all = [...counts.values()].map((of) => Object.values(of).reduce((a, b) => a + b, 0));
  const most = Math.max(...all);
  const wide = 24;
  const columns = last - first + 1;
  const name = (at) => day(`${Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, "0")}-01`).replace(/^1 /, "");
  const picture = drawn("svg", {
    viewBox: `0 0 ${columns * wide} 60`, preserveAspectRatio: "none", class: "months", role: "img",
    "aria-label": `Activities by month from ${name(first)} to ${name(last)}; most are ${most} in a month.`,
  });
  for (const [at, of] of counts) {
    let below = 60;
    for (const [kind] of KINDS) {
      if (!of[kind]) continue;
      const high = (of[kind] / most) * 58;
      below -= high;
      picture.append(drawn("rect", { x: (at - first) * wide + 3, y: below, width: wide - 6, height: high, class: kind }));
    }
  }
  return h("figure", {}, picture, h("figcaption", {}, h("span", {}, name(first)), h("span", {}, name(last))));
}

function line(shown) {
  const days = [];
  for (const one of shown) {
    const on = one.occurred_at ? one.occurred_at.slice(0, 10) : "";
    if (days.at(-1)?.on !== on) days.push({ on, of: [] });
    days.at(-1).of.push(one);
  }
  return h("ol", { class: "line" }, ...days.map(({ on, of }) =>
    h("li", { class: "day" },
      h("h4", {}, on ? day(on) : "Without a day"),
      h("ol", {}, ...of.map(event)))));
}

function event(one) {
  const facts = [
    one.channel && plain(one.channel), one.topic, !one.description?.includes("points") && one.points !== null && one.points !== undefined && `${one.points} points`,
    one.piece_count && `${one.piece_count} ${one.piece_count === 1 ? "piece" : "pieces"}`,
    !one.description?.includes(one.url_path) && one.url_path, plain(one.source_system),
  ].filter(Boolean);
  return h("li", { class: `event ${kindOf(one.activity_type)}`, "data-type": one.activity_type },
    mark(one.activity_type),
    h("div", {},
      h("p", {}, h("strong", {}, one.title || capital(plain(one.activity_type))),
        one.amount === null || one.amount === undefined ? null : h("span", { class: "amount" }, money(one.amount, one.currency))),
      one.description ? h("p", {}, one.description) : null,
      h("p", { class: "soft" }, one.occurred_at ? h("time", { datetime: one.occurred_at.replace(" ", "T") }, time(one.occurred_at)) : null,
        one.occurred_at ? " · " : "", facts.join(" · "))));
}
