// Elements made in code: no text ever becomes HTML.

export function h(tag, about = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(about)) {
    if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value);
    } else if (value === true) {
      element.setAttribute(name, "");
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value);
    }
  }
  element.append(...inside.filter((one) => one !== null && one !== undefined && one !== false));
  return element;
}

export const plain = (name) => name.replaceAll("_", " ");
export const grouped = (number) => number.toLocaleString("en");

export function button(text, onclick, about = {}) {
  return h("button", { type: "button", onclick, ...about }, text);
}

let numbered = 0;

// A control with its label before it, and what explains it after it.
export function labelled(text, control, help = "") {
  control.id ||= `control_${(numbered += 1)}`;
  const says = help ? h("small", { id: `${control.id}_help` }, help) : null;
  if (says) control.setAttribute("aria-describedby", says.id);
  return h("div", { class: "word" }, h("label", { for: control.id }, text), control, says);
}

// options: pairs of value and text, or [label of a group, pairs]. What is chosen and not offered
// is offered as well, so that nothing changes by being looked at.
export function choice(options, chosen, onchange, about = {}) {
  const select = h("select", { onchange: () => onchange(select.value), ...about });
  const option = ([value, text]) =>
    h("option", { value, selected: value === chosen }, text);
  const offered = options.flatMap(([value, text]) => (Array.isArray(text) ? text.map((o) => o[0]) : [value]));
  if (!offered.includes(chosen)) select.append(option([chosen ?? "", chosen || "choose …"]));
  for (const one of options) {
    select.append(
      Array.isArray(one[1]) ? h("optgroup", { label: one[0] }, ...one[1].map(option)) : option(one),
    );
  }
  return select;
}
