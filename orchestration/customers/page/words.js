// How values are written. Instants are UTC.

const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });
const AN_INSTANT = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)/;
const A_DAY = /^\d{4}-\d\d-\d\d$/;

export const plain = (name) => String(name).replaceAll("_", " ");
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const instant = (text) => new Date(`${text.slice(0, 10)}T${text.slice(11, 19) || "00:00:00"}Z`);

export const day = (text) => (text ? DAY.format(instant(text)) : "");
export const time = (text) => TIME.format(instant(text));

export function said(value) {
  if (value === true) return "yes";
  if (value === false) return "no";
  if (typeof value === "number") return value.toLocaleString("en", { maximumFractionDigits: 2 });
  if (Array.isArray(value)) return value.map(said).join(", ");
  if (value !== null && typeof value === "object") return JSON.stringify(value);
  const text = String(value ?? "");
  if (A_DAY.test(text)) return day(text);
  return AN_INSTANT.test(text) ? `${day(text)}, ${time(text)}` : text;
}

export function money(amount, currency) {
  if (amount === null || amount === undefined) return "";
  const number = Number(amount).toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return currency ? `${number} ${currency}` : number;
}
