// One person: who it is, what may be sent, why the profile says so, segments, identity.

import { h, button } from "./elements.js";
import { capital, day, plain, said } from "./words.js";

const CHANNELS = [["emailed", "E-mail"], ["texted", "Text message"], ["phoned", "Phone"], ["mailed", "Letter"]];
const FIRST = ["email", "phone", "street", "address_line_2", "postal_code", "city", "state", "country_code", "loyalty_id", "loyalty_tier", "birth_date", "gender"];
const ADDRESS = ["street", "address_line_2", "postal_code", "city", "state", "country_code"];
const NAMES = ["given_name", "middle_name", "family_name", "organisation_name"];

const card = (id, title, ...inside) =>
  h("section", { class: "card", id, "aria-labelledby": `${id}_title` }, h("h3", { id: `${id}_title` }, title), ...inside.flat());
const pairs = (listed) => h("dl", {}, ...listed.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
const more = (title, ...inside) => h("details", {}, h("summary", {}, title), ...inside.flat());
const record = (row) => `${plain(row.source_system)} · ${row.source_record_id}`;
const none = (text) => h("p", { class: "soft" }, text);

export function nameOf(row) {
  const name = [row.given_name, row.family_name].filter(Boolean).join(" ");
  return name || row.organisation_name || "Without a name";
}

export const link = (id, text, open, about = {}) =>
  h("a", { href: `/customers/${id}`, onclick: (event) => { event.preventDefault(); open(id); }, ...about }, text);

export function who(person) {
  const own = person.attributes;
  const facts = FIRST.filter((name) => own[name] !== undefined).map((name) => [capital(plain(name)), said(own[name])]);
  const said_yes = CHANNELS.filter(([name]) => own[`may_be_${name}`] !== undefined).map(([name, text]) => {
    const yes = own[`may_be_${name}`];
    return h("li", { class: yes ? "yes" : "no" }, `${yes ? "✓" : "✗"} ${text}`,
      h("small", {}, yes ? `may be ${name}` : `may not be ${name}`));
  });
  return h("section", { class: "card", id: "who", "aria-labelledby": "who_title" },
    h("h2", { id: "who_title" }, own.is_known === false ? "Unknown visitor" : nameOf(own)),
    h("p", { class: "soft" }, person.profile_id,
      own.first_seen_at ? ` · seen ${day(own.first_seen_at)} to ${day(own.last_seen_at ?? own.first_seen_at)}` : ""),
    person.asked !== person.profile_id ? h("p", { class: "note" }, `${person.asked} has become this profile.`) : null,
    person.is_masked ? h("p", { class: "note" }, "Your role does not show contact points.") : null,
    said_yes.length ? h("ul", { class: "may", "aria-label": "How the person may be reached" }, ...said_yes) : null,
    facts.length ? pairs(facts) : none("No record says who it is."));
}

// The address is won as a unit.
function valueOf(own, attribute) {
  if (own[attribute] !== undefined) return said(own[attribute]);
  return attribute === "address" ? ADDRESS.map((name) => own[name]).filter(Boolean).join(", ") : "";
}

export function provenance(person) {
  const lost = Map.groupBy(person.values_that_lost ?? [], (row) => row.attribute);
  const listed = (person.provenance ?? []).map((row) => {
    const others = lost.get(row.attribute) ?? [];
    return h("li", {},
      h("p", {}, h("strong", {}, capital(plain(row.attribute))), " ", row.is_cleared ? "cleared" : valueOf(person.attributes, row.attribute)),
      h("p", { class: "soft" }, `from ${record(row)}, by the rule ${plain(row.rule)}`),
      others.length
        ? more(`${others.length} other ${others.length === 1 ? "value" : "values"}`,
          h("ul", {}, ...others.map((one) => h("li", {}, said(one.attribute_value ?? "cleared"),
            h("small", {}, `${record(one)}, lost by ${plain(one.lost_by ?? "rule")}`)))))
        : null);
  });
  return card("provenance", "Where it comes from", listed.length ? h("ul", { class: "plain" }, ...listed) : none("No record says anything."));
}

export function consent(person) {
  const listed = (person.consent ?? []).map((row) => {
    const of = [row.purpose, row.channel, row.topic].map((word) => (word === "any" ? null : plain(word)));
    const about = [of[0] ?? "every purpose", of[1] ? `by ${of[1]}` : "by every channel", of[2]].filter(Boolean).join(", ");
    const point = row.contact_value === "any" ? "" : ` at ${row.contact_value}`;
    return h("li", { class: row.code === "y" ? "yes" : row.code === "n" ? "no" : "" },
      h("p", {}, h("strong", {}, capital(plain(row.status))), ` ${about}${point}`),
      h("p", { class: "soft" }, [row.recorded_at && said(row.recorded_at), row.source_system && plain(row.source_system), row.origin && plain(row.origin)].filter(Boolean).join(" · ")));
  });
  return card("consent", "Consent", listed.length ? h("ul", { class: "plain" }, ...listed) : none("The person was never asked."));
}

export function segments(person, why) {
  const stays = Map.groupBy(person.segment_stays ?? [], (row) => row.segment_name);
  const one = (row) => {
    const own = stays.get(row.segment_name) ?? [];
    const last = own[0];
    const told = h("div", { class: "why", role: "status" });
    const ask = button("Why", async () => {
      const open = ask.getAttribute("aria-expanded") !== "true";
      ask.setAttribute("aria-expanded", String(open));
      told.replaceChildren(...(open ? await why(row.segment_name).then(reasons) : []));
    }, { class: "small", "aria-expanded": "false", "aria-label": `Why ${row.is_member ? "in" : "not in"} ${row.title}` });
    const since = row.is_member && last ? `since ${day(last.valid_from)}`
      : last?.valid_to ? `left on ${day(last.valid_to)}` : row.is_member ? "" : "never was in it";
    return h("li", { "data-segment": row.segment_name },
      h("p", {}, h("strong", {}, row.title), " ", ask),
      h("p", { class: "soft" }, [row.reason, since, row.kept_out && `fulfils the rule and is kept out: ${plain(row.kept_out)}`].filter(Boolean).join(" · ")),
      told);
  };
  const all = person.all_segments ?? [];
  const inside = all.filter((row) => row.is_member);
  const outside = all.filter((row) => !row.is_member);
  return card("segments", "Segments",
    inside.length ? h("ul", { class: "plain" }, ...inside.map(one)) : none("The person is in no segment."),
    outside.length ? more(`Not in ${outside.length} ${outside.length === 1 ? "segment" : "segments"}`, h("ul", { class: "plain" }, ...outside.map(one))) : []);
}

function reasons(found) {
  const clause = (one, extra) =>
    h("li", { class: one.is_true ? "yes" : "no" }, h("span", { class: "sign" }, one.is_true ? "✓ holds" : "✗ does not hold"), " ", h("code", {}, one.clause), extra ? h("small", {}, extra) : null);
  const played = { decides: "decided", decides_together: "decided together with others", changed: "changed as well", unchanged: "" };
  return [
    h("p", {}, found.description),
    found.clauses.length
      ? [h("p", {}, "What the segment asks, as of the last run:"), h("ul", { class: "clauses" }, ...found.clauses.map((one) => clause(one)))]
      : [none("The last run has kept nothing of which of its clauses hold.")],
    ...found.changes.toReversed().map((one) => [
      h("p", {}, h("strong", {}, capital(one.change)), ` on ${day(one.changed_on)}: ${one.why}`),
      one.clauses.length ? h("ul", { class: "clauses" }, ...one.clauses.map((c) => clause(c, played[c.part_played]))) : null,
    ]),
    found.stays.length
      ? h("ul", { class: "plain" }, ...found.stays.toReversed().map((one) => h("li", {},
        `In from ${day(one.valid_from)} (${plain(one.entering_cause)}) ${one.valid_to ? `to ${day(one.valid_to)} (${plain(one.leaving_cause)})` : "until now"}`)))
      : null,
  ].flat().filter(Boolean);
}

export function identity(person, open) {
  const found = [];
  if (person.identities?.length) {
    found.push(more(`Known by ${person.identities.length} identities`, h("ul", { class: "plain" }, ...person.identities.map((row) =>
      h("li", {}, h("strong", {}, plain(row.namespace)), ` ${row.identity_value}`, h("small", {}, `on ${row.record_count} ${row.record_count === 1 ? "record" : "records"}`))))));
  }
  if (person.records?.length) found.push(more(`${person.records.length} ${person.records.length === 1 ? "record" : "records"}`, h("ul", { class: "plain" }, ...person.records.map((row) => h("li", {}, record(row))))));
  const household = person.household ?? [];
  found.push(household.length
    ? h("p", {}, "In one household with ", ...household.flatMap((row, n) => [n ? ", " : "", link(row.profile_id, row.profile_id, open)]))
    : none("Nobody is known to live in the same household."));
  const former = person.former_profiles ?? [];
  found.push(former.length
    ? h("div", {}, h("p", {}, "Former ids, and where the profile came from"), h("ul", { class: "plain" }, ...former.map((row) =>
      h("li", {}, row.profile_id, h("small", {}, [plain(row.status), row.split_from_profile_id && `split from ${row.split_from_profile_id}`, `founded ${day(row.founded_at)}`, row.ended_at && `ended ${day(row.ended_at)}`].filter(Boolean).join(" · "))))))
    : none("The profile never had another id."));
  return card("identity", "Identity and household", found);
}

export function rest(person) {
  const known = new Set([...FIRST, ...NAMES]);
  const others = Object.entries(person.attributes).filter(([name]) => !known.has(name) && !name.startsWith("may_be_"));
  const history = (person.history ?? []).map((row) => h("li", {},
    h("p", {}, h("strong", {}, capital(plain(row.attribute))), ` ${said(row.previous_value ?? "nothing")} → ${row.is_cleared ? "cleared" : said(row.attribute_value ?? "nothing")}`),
    h("p", { class: "soft" }, [said(row.known_from), plain(row.change_reason ?? ""), record(row)].join(" · "))));
  const listed = (rows) => pairs(rows.map(([name, value]) => [capital(plain(name)), said(value)]));
  return card("rest", "More",
    Object.keys(person.measures).length ? more(`${Object.keys(person.measures).length} measures`, listed(Object.entries(person.measures))) : [],
    others.length ? more(`${others.length} other attributes`, listed(others)) : [],
    history.length ? more(`The latest ${history.length} changes of attributes`, h("ul", { class: "plain" }, ...history)) : []);
}
