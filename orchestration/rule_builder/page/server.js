// What the server is asked. The token is behind the # of the address, which no browser sends on.

export class Refused extends Error {}

export async function ask(what, said = {}) {
  let answer;
  try {
    answer = await fetch(`ask/${what}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-C360-Token": location.hash.slice(1) },
      body: JSON.stringify(said),
    });
  } catch {
    throw new Refused("The rule builder does not answer. Start it again: c360 segment build.");
  }
  const text = await answer.text();
  let told;
  try {
    told = JSON.parse(text);
  } catch {
    throw new Refused(text || `The rule builder answers ${answer.status}.`);
  }
  if (!answer.ok) throw new Refused(told.says);
  return told;
}

const known = new Map();

// The most frequent values of a column; asked once.
export function valuesOf(table, column) {
  const key = `${table}.${column}`;
  if (!known.has(key)) {
    known.set(key, ask("values", { table, column }).catch((error) => ({ values: [], says: error.message })));
  }
  return known.get(key);
}
