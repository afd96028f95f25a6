// What the server is asked. The session is this tab's own; what is looked for is never in an address.

const KEY = "c360-session";
const HEADER = "X-C360-Session";

export class Refused extends Error {}
export class SignedOut extends Error {}

export const hasSession = () => Boolean(sessionStorage.getItem(KEY));

export function keep(session) {
  if (session) sessionStorage.setItem(KEY, session);
  else sessionStorage.removeItem(KEY);
}

export async function ask(what, said = {}) {
  let answer;
  try {
    answer = await fetch(`/customers/ask/${what}`, {
      method: "POST",
      cache: "no-store",
      headers: { "Content-Type": "application/json", [HEADER]: sessionStorage.getItem(KEY) ?? "" },
      body: JSON.stringify(said),
    });
  } catch {
    throw new Refused("The page does not answer. Whoever runs it starts it again: c360 dashboard.");
  }
  const text = await answer.text();
  let told;
  try {
    told = JSON.parse(text);
  } catch {
    throw new Refused(text.trim() || `The page answers ${answer.status}.`);
  }
  if (answer.ok) return told;
  if (answer.status === 403 && told.says === "session") throw new SignedOut();
  throw new Refused(told.says);
}
