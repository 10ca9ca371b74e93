import { stringify } from 'yaml';
import type { Json, JsonObject } from '../src/core/json.ts';

/* How Terraform modules and CloudFormation templates are written down; what is in them stands in generate-infra.ts and beside it. */

const HEADER = '# Generated from src/providers/aws/permissions.ts by tools/generate-infra.ts. Do not edit.\n';

/** A role of CloudFormation's. */
export function role(properties: JsonObject): JsonObject {
  return { Type: 'AWS::IAM::Role', Properties: properties };
}

/** What a parameter of a template is for: it must be given, or has a value where it is not. */
export type Parameter = string | { readonly text: string; readonly fallback: string };

/** A CloudFormation template, as YAML. */
export function template(
  description: string,
  parameters: Readonly<Record<string, Parameter>>,
  resources: JsonObject,
  conditions: JsonObject = {},
): string {
  const Parameters = Object.fromEntries(
    Object.entries(parameters).map(([name, one]) => [
      name,
      typeof one === 'string'
        ? { Type: 'String', Description: one }
        : { Type: 'String', Description: one.text, Default: one.fallback },
    ]),
  );
  const body = {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: description,
    Parameters,
    ...(Object.keys(conditions).length === 0 ? {} : { Conditions: conditions }),
    Resources: substituted(resources),
  };
  return HEADER + stringify(body, { version: '1.1', singleQuote: true, lineWidth: 0, aliasDuplicateObjects: false });
}

/** CloudFormation replaces variables only where it is told to. */
function substituted(value: Json): Json {
  if (typeof value === 'string') return value.includes('${') ? { 'Fn::Sub': value } : value;
  if (Array.isArray(value)) return (value as readonly Json[]).map(substituted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, substituted(inner)]));
}

/** An expression of Terraform's, as opposed to a text. */
export interface Raw {
  readonly raw: string;
}

/** Marks a text as an expression. */
export function raw(expression: string): Raw {
  return { raw: expression };
}

/** A policy document as Terraform writes it. */
export function encoded(document: JsonObject): Raw {
  return raw(`jsonencode(${hcl(document, '  ')})`);
}

/** A variable of a Terraform module. */
export function variable(name: string, description: string, fallback?: string): string {
  return block(`variable "${name}"`, {
    type: raw('string'),
    description,
    ...(fallback === undefined ? {} : { default: fallback }),
  });
}

/** A block of attributes. */
export function block(head: string, attributes: Readonly<Record<string, string | number | Raw>>): string {
  const lines = Object.entries(attributes).map(([name, value]): [string, string] => [
    name,
    typeof value === 'object' ? value.raw : JSON.stringify(value),
  ]);
  return `${head} {\n${aligned(lines, '  ')}}\n`;
}

function hcl(value: Json, indent: string): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const items = (value as readonly Json[]).map((one) => `${inner}${hcl(one, inner)},\n`);
    return `[\n${items.join('')}${indent}]`;
  }
  if (typeof value === 'string') return /^\$\{([^}]+)\}$/.exec(value)?.[1] ?? JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const lines = Object.entries(value).map(([key, one]): [string, string] => [
    /^[A-Za-z]\w*$/.test(key) ? key : JSON.stringify(key),
    hcl(one, inner),
  ]);
  return `{\n${aligned(lines, inner)}${indent}}`;
}

/** `terraform fmt` aligns the equals signs of neighbouring lines; a value of several lines ends a neighbourhood. */
function aligned(lines: readonly (readonly [string, string])[], indent: string): string {
  let text = '';
  for (let from = 0; from < lines.length;) {
    let to = from;
    while (to < lines.length && !lines[to]?.[1].includes('\n')) to += 1;
    const neighbours = lines.slice(from, Math.max(to, from + 1));
    const width = Math.max(...neighbours.map(([name]) => name.length));
    for (const [name, value] of neighbours) text += `${indent}${name.padEnd(width)} = ${value}\n`;
    from += neighbours.length;
  }
  return text;
}

/** A Terraform module in one file. */
export function terraform(parts: readonly string[]): string {
  const requirements =
    'terraform {\n  required_version = ">= 1.5"\n  required_providers {\n    aws = {\n      source  = "hashicorp/aws"\n      version = ">= 5.0"\n    }\n  }\n}\n';
  return [HEADER, requirements, ...parts].join('\n');
}
