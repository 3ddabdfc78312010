/**
 * `GET /docs`: the API for people. Made from the OpenAPI document, on the server,
 * without a script: what is described there is what is shown here.
 *
 * @module
 */

import { html } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";

/** The parts of a JSON schema that are shown. */
interface ShownSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, ShownSchema>>;
  readonly required?: readonly string[];
  readonly items?: ShownSchema;
  readonly additionalProperties?: boolean | ShownSchema;
  readonly anyOf?: readonly ShownSchema[];
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** The parts of an OpenAPI document that are shown. */
export interface ApiDocument {
  readonly info: { readonly title: string; readonly description?: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, ShownSchema>>;
  };
}

interface Operation {
  readonly summary?: string;
  readonly requestBody?: { readonly content: MediaContents };
  readonly responses: Readonly<
    Record<
      string,
      { readonly description: string; readonly content?: MediaContents }
    >
  >;
}

type MediaContents = Readonly<
  Record<string, { readonly schema?: ShownSchema; readonly example?: unknown }>
>;

type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

const STYLE = `
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto;
  padding: 1rem; }
code, pre { font: 14px/1.4 ui-monospace, monospace; }
pre { overflow-x: auto; padding: .75rem; border: 1px solid; border-radius: 4px; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0;
  border-bottom: 1px solid #8884; }
section { margin-top: 3rem; }
nav { columns: 2; }
`;

/** The page; `server` is where its examples are sent. */
export function docsPage(api: ApiDocument, server: string): Html {
  const routes = Object.entries(api.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      id: `${method}${path.replaceAll(/\W+/g, "-")}`,
      method,
      path,
      operation,
    }))
  );
  const { schemas } = api.components;
  return html`
    <!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <title>${api.info.title}</title>
        <style>${STYLE}</style>
      </head>
      <body>
            <h1>${api.info.title}</h1>
            <p>${api.info.description}. As a document for programs:
              <a href="/openapi.json">/openapi.json</a></p>
            <nav aria-label="Routes">${routes.map(({ id, name }) =>
              html`<div><a href="#${id}"><code>${name}</code></a></div>`
            )}</nav>
            ${routes.map(({ id, name, path, operation }) =>
              html`<section id="${id}">
          <h2><code>${name}</code></h2>
          <p>${operation.summary}</p>
          ${requestSection(operation, schemas, `${server}${path}`)}
          <h3>Answers</h3>
          <table><tbody>${
                Object.entries(operation.responses).map(([status, response]) =>
                  html`
                    <tr>
                      <td><code>${status}</code></td>
                      <td>${response.description}</td>
                      <td>${Object.keys(response.content ?? {}).join(", ")}</td>
                    </tr>
                  `
                )
              }</tbody></table>
          ${answerSection(operation, schemas)}
        </section>`
            )}
          </body>
    </html>
  `;
}

function requestSection(
  { requestBody }: Operation,
  schemas: ApiDocument["components"]["schemas"],
  url: string,
): Html {
  const json = requestBody?.content["application/json"];
  if (json?.schema === undefined) {
    return html`<pre>curl ${url}</pre>`;
  }
  return html`<h3>Request</h3>
    ${fieldTable(json.schema, schemas)}
    ${
    json.example === undefined ? "" : html`<pre>curl ${url} \\
  -H 'content-type: application/json' \\
  -d '${JSON.stringify(json.example)}'</pre>`
  }`;
}

function answerSection(
  { responses }: Operation,
  schemas: ApiDocument["components"]["schemas"],
): Html {
  const schema = responses["200"]?.content?.["application/json"]?.schema;
  return schema === undefined ? html`` : fieldTable(schema, schemas);
}

function fieldTable(
  schema: ShownSchema,
  schemas: ApiDocument["components"]["schemas"],
): Html {
  const rows = schemaFields(schema, schemas, "");
  return html`
    <table>
      <thead>
        <tr>
          <th>Field</th>
          <th>Type</th>
          <th>Meaning</th>
        </tr>
      </thead>
      <tbody>${rows.map(({ name, type, meaning }) =>
        html`
          <tr>
            <td><code>${name}</code></td>
            <td>${type}</td>
            <td>${meaning}</td>
          </tr>
        `
      )}</tbody>
    </table>
  `;
}

interface SchemaField {
  readonly name: string;
  readonly type: string;
  readonly meaning: string;
}

/** The fields of an object, and of objects in it; `messages[].role`. */
function schemaFields(
  schema: ShownSchema,
  schemas: ApiDocument["components"]["schemas"],
  prefix: string,
): SchemaField[] {
  const found = resolve(schema, schemas);
  if (found.anyOf !== undefined) {
    return found.anyOf.flatMap((one) => schemaFields(one, schemas, prefix));
  }
  if (found.items !== undefined && prefix !== "") {
    return schemaFields(found.items, schemas, `${prefix}[]`);
  }
  return Object.entries(found.properties ?? {}).flatMap(([key, value]) => {
    const name = prefix === "" ? key : `${prefix}.${key}`;
    const field = { ...resolve(value, schemas), ...value };
    const required = found.required?.includes(key) ? "Required. " : "";
    return [
      {
        name,
        type: typeOf(field, schemas),
        meaning: required + (field.description ?? ""),
      },
      ...schemaFields(value, schemas, name),
    ];
  });
}

function resolve(
  schema: ShownSchema,
  schemas: ApiDocument["components"]["schemas"],
): ShownSchema {
  const name = schema.$ref?.split("/").at(-1);
  return name === undefined ? schema : schemas[name] ?? schema;
}

/** A type with its bounds and default, in a few words. */
function typeOf(
  schema: ShownSchema,
  schemas: ApiDocument["components"]["schemas"],
): string {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems } = schema;
  const words = schema.anyOf !== undefined
    ? schema.anyOf.map((one) => typeOf(resolve(one, schemas), schemas))
      .join(" or ")
    : schema.enum !== undefined
    ? schema.enum.join(", ")
    : [schema.type ?? "anything"].flat().join(" or ");
  const bounds = [
    range(minimum, maximum, ""),
    range(minLength, maxLength, " characters"),
    range(minItems, maxItems, " items"),
  ].filter((bound) => bound !== "");
  const preset = schema.default === undefined
    ? ""
    : `; default ${JSON.stringify(schema.default)}`;
  return [words, ...bounds].join(", ") + preset;
}

function range(
  least: number | undefined,
  most: number | undefined,
  unit: string,
): string {
  if (least === undefined && most === undefined) return "";
  if (most === undefined) return `at least ${least}${unit}`;
  return least === undefined
    ? `at most ${most}${unit}`
    : `${least} to ${most}${unit}`;
}
