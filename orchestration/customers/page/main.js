// What is seen: the password, the search, the people found, one person.

import { h } from "./elements.js";
import { consent, identity, link, nameOf, provenance, rest, segments, who } from "./person.js";
import { ask, hasSession, keep, SignedOut } from "./server.js";
import { timeline } from "./timeline.js";
import { day, said } from "./words.js";

const $ = (id) => document.getElementById(id);
const STEP = 50;
const MOST = 2000;
const IDLE = "c360-idle";
const idOf = () => location.pathname.match(/^\/customers\/(p[0-9a-f]{16})$/)?.[1];
let looked = 0;
let idle;

function show(...ids) {
  for (const id of ["enter", "search", "found", "person"]) $(id).hidden = !ids.includes(id);
  $("leave").hidden = ids.includes("enter");
}

const tell = (text) => { $("message").textContent = text; };

// Nothing of a person stays on a screen that nobody looks at.
function forget(text) {
  keep("");
  looked += 1;
  clearTimeout(idle);
  for (const id of ["found", "person", "stamp"]) $(id).replaceChildren();
  $("text").value = "";
  document.title = "Customers · Customer 360";
  show("enter");
  tell(text);
  $("password").focus();
}

function stayAwake() {
  clearTimeout(idle);
  const minutes = Number(sessionStorage.getItem(IDLE));
  if (hasSession() && minutes) {
    idle = setTimeout(() => { ask("leave").catch(() => {}); forget(`Signed out after ${minutes} minutes without a look.`); }, minutes * 60000);
  }
}

// The last question counts: an answer that comes after another was asked is not shown.
async function asked(what, about, then) {
  const number = (looked += 1);
  tell("");
  stayAwake();
  try {
    const found = await ask(what, about);
    if (number === looked) then(found);
  } catch (error) {
    if (number !== looked) return;
    if (error instanceof SignedOut) forget("Your session has ended. Give your password to look on.");
    else tell(error.message);
  }
}

function stamped(stamp) {
  $("stamp").textContent = `As of ${day(stamp.as_of_on)}, published ${said(stamp.published_at)} UTC.`;
}

function people(found) {
  stamped(found.stamp);
  document.title = "Customers · Customer 360";
  const count = found.people.length;
  const told = count === 0 ? "Nobody is found." : `${count === 20 ? "The best 20 people" : count === 1 ? "One person" : `${count} people`}`;
  tell(told + (found.left_out.length ? ` Not looked for, because too many people have it: ${found.left_out.join(", ")}.` : ""));
  $("person").replaceChildren();
  $("found").replaceChildren(h("ul", { class: "people" }, ...found.people.map((row) => h("li", {}, link(row.profile_id, "", open, { class: "hit" }))))); 
  found.people.forEach((row, n) => {
    const place = [row.postal_code, row.city].filter(Boolean).join(" ");
    $("found").querySelectorAll("a")[n].append(h("strong", {}, nameOf(row)), h("span", {}, [place, row.email, row.phone].filter(Boolean).join(" · ")), h("small", {}, row.profile_id));
  });
  show("search", "found");
}

function open(id) {
  history.pushState(null, "", `/customers/${id}`);
  look(id);
}

function look(id, kind = "", limit = STEP, focus = "") {
  asked("person", { profile: id, kind, limit, since: "" }, (person) => {
    stamped(person.stamp);
    document.title = "Customer · Customer 360";
    const why = (segment) => ask("why", { profile: id, segment }).catch((error) => {
      if (error instanceof SignedOut) forget("Your session has ended. Give your password to look on.");
      throw error;
    });
    const line = () => timeline(person, kind, (type) => look(id, type, STEP, `[data-type="${type}"].chip`), () => look(id, kind, Math.min(limit + 4 * STEP, MOST), "#more"));
    if (focus && $("timeline")) {
      $("timeline").replaceWith(line());
      ($("person").querySelector(focus) ?? $("timeline")).focus();
      return;
    }
    $("found").replaceChildren();
    $("person").replaceChildren(
      h("div", { class: "side" }, who(person), segments(person, why), consent(person), identity(person, open)),
      h("div", { class: "side" }, line(), provenance(person), rest(person)));
    show("search", "person");
    $("person").focus();
  });
}

function begin() {
  if (!hasSession()) {
    show("enter");
    $("password").focus();
    return;
  }
  const id = idOf();
  if (id) {
    show("search");
    look(id);
  } else {
    $("person").replaceChildren();
    show("search");
    $("text").focus();
  }
}

$("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  const password = $("password").value;
  $("password").value = "";
  asked("enter", { password }, (told) => {
    keep(told.session);
    sessionStorage.setItem(IDLE, told.idle_minutes);
    stayAwake();
    begin();
  });
});
$("search").addEventListener("submit", (event) => {
  event.preventDefault();
  if (idOf()) history.pushState(null, "", "/customers");
  asked("search", { text: $("text").value }, people);
});
$("leave").addEventListener("click", async () => {
  await ask("leave").catch(() => {});
  history.replaceState(null, "", "/customers");
  forget("You are signed out here. The dashboard's login lasts until the browser is closed.");
});
addEventListener("popstate", begin);
for (const done of ["pointerdown", "keydown"]) addEventListener(done, stayAwake, { passive: true });
begin();
