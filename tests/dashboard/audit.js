// What is wrong on the page for somebody who listens, reads at another contrast or has a small
// screen: a list of sentences. An expression, for `Browser.run`.
(() => {
  const wrong = [];
  const seen = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && e.getBoundingClientRect().width > 1;
  const say = (e) => `${e.tagName.toLowerCase()}#${e.id}.${String(e.className).slice(0, 40)} "${(e.innerText || "").slice(0, 30)}"`;

  const levels = Array.from(document.querySelectorAll("h1, h2, h3, h4, h5, h6, [role=heading]"))
    .filter((e) => seen(e) && !["presentation", "none", "paragraph"].includes(e.getAttribute("role")))
    .map((e) => Number(e.getAttribute("aria-level") || e.tagName[1]));
  if (levels.filter((l) => l === 1).length !== 1 || levels[0] !== 1) wrong.push(`headings do not begin with one first: ${levels}`);
  levels.forEach((l, i) => { if (i && l > levels[i - 1] + 1) wrong.push(`a heading jumps: ${levels}`); });

  const ids = Array.from(document.querySelectorAll("[id]")).map((e) => e.id);
  ids.filter((id, i) => ids.indexOf(id) !== i && id !== "vizro-notifications") // the library's own, empty, twice
   .forEach((id) => wrong.push(`two have the id ${id}`));

  document.querySelectorAll("[aria-labelledby], [aria-controls]").forEach((e) => {
    (e.getAttribute("aria-labelledby") || "").split(" ").filter(Boolean).forEach((id) => {
      if (!document.getElementById(id)) wrong.push(`${say(e)} is named by ${id}, which is not there`);
    });
  });
  for (const [role, tag] of [["banner", "header"], ["main", "main"], ["navigation", "nav"]]) {
    const said = document.querySelectorAll(`[role=${role}]`);
    if ((said.length ? said : document.querySelectorAll(tag)).length !== 1) wrong.push(`there is no one ${role}`);
  }

  const parse = (c) => { const n = c.match(/[\d.]+/g).map(Number); return { rgb: n.slice(0, 3), a: n.length > 3 ? n[3] : 1 }; };
  const over = (top, below) => top.rgb.map((v, i) => v * top.a + below[i] * (1 - top.a));
  const ground = (e) => {
    const layers = [];
    for (let at = e; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const parts = document.querySelector("#right-side") ? "#header *, #left-side *, #right-side *" : "body *";
  document.querySelectorAll(parts).forEach((e) => {
    const text = Array.from(e.childNodes).some((n) => n.nodeType === 3 && n.data.trim());
    if (!text || e.closest("svg") || !seen(e)) return;
    const below = ground(e);
    const style = getComputedStyle(e);
    const ink = parse(style.color);
    for (let at = e; at; at = at.parentElement) ink.a *= Number(getComputedStyle(at).opacity);
    const [a, b] = [light(over(ink, below)), light(below)].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize);
    if (size < 12) wrong.push(`${say(e)} is ${size} px`);
    if ((a + 0.05) / (b + 0.05) < (size >= 24 ? 3 : 4.5)) wrong.push(`${say(e)} has contrast ${((a + 0.05) / (b + 0.05)).toFixed(2)}`);
  });

  const wide = document.documentElement.clientWidth;
  document.querySelectorAll("#page-components, .card, .hit, .event, dd, .c360-card, .c360-value, .dash-graph, .c360-controls, .c360-card-head").forEach((e) => {
    if (e.getBoundingClientRect().right > wide + 1 || e.scrollWidth > e.clientWidth + 1) wrong.push(`${say(e)} is cut off`);
  });
  return wrong;
})()
