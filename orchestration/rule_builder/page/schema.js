// The schema of the rule model, as the server tells it: what a rule can say stands there alone.

export const known = {}; // the answer of ask/form

// A schema without references, and without the null that says "may be left out".
export function resolved(schema) {
  if (schema.$ref) {
    const { $ref, ...beside } = schema;
    return resolved({ ...known.schema.$defs[$ref.split("/").pop()], ...beside });
  }
  if (schema.anyOf) {
    const { anyOf, ...beside } = schema;
    const some = anyOf.filter((one) => one.type !== "null");
    return some.length === 1 ? resolved({ ...beside, ...some[0] }) : { ...beside, either: some.map(resolved) };
  }
  return schema;
}

export const isComparison = (schema) => Boolean(schema.properties?.operator && schema.properties?.value);
export const isClauses = (schema) => schema.type === "array" && Boolean(schema.items.oneOf);
export const isMapping = (schema) => typeof schema.additionalProperties === "object";
export const isFlag = (schema) => Boolean(schema.enum) || schema.type === "boolean";

// What stands there before anybody has said anything.
export function initial(asked) {
  const schema = resolved(asked);
  if (schema.oneOf) return newClause(Object.keys(known.kinds)[0]);
  if (schema.format === "date") return { day: "" };
  if (schema.either || schema.type === "string") return schema.default ?? schema.enum?.[0] ?? "";
  if (schema.type === "boolean") return false;
  if (schema.type === "integer") return { number: "" };
  if (isClauses(schema)) return [];
  if (schema.type === "array") {
    return Array.from({ length: schema.minItems ?? 0 }, () => initial(schema.items));
  }
  const said = {};
  if (isMapping(schema)) return said;
  for (const [word, inner] of Object.entries(schema.properties)) {
    const has = schema.required?.includes(word) || (resolved(inner).enum && word !== "operator");
    if (has || word === schema.one_of?.[0]) said[word] = initial(inner);
  }
  if (isComparison(schema)) said.operator = (schema.operators ?? schema.properties.operator.enum)[0];
  return said;
}

export function kindOf(clause) {
  return Object.keys(known.kinds).find((kind) => kind in clause);
}

export function schemaOf(kind) {
  return resolved({ $ref: known.kinds[kind] });
}

export function newClause(kind) {
  const schema = schemaOf(kind);
  const said = initial(schema);
  if (schema.one_of?.includes(kind)) {
    for (const word of schema.one_of) delete said[word];
    said[kind] = initial(schema.properties[kind]);
  }
  return said;
}
