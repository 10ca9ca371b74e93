import openapiTS, { astToString } from 'openapi-typescript';

/** Where the types of the API stand that the portal is written against. */
export const PORTAL_TYPES = 'web/src/data/openapi.ts';

/** The TypeScript of an OpenAPI document, which the portal compiles against: a field that the API drops no longer compiles. */
export async function portalTypes(openApi: string): Promise<string> {
  const ast = await openapiTS(JSON.parse(openApi) as Parameters<typeof openapiTS>[0]);
  return `/** The types of docs/openapi.json. Made by \`npm run generate\`. */\n\n${astToString(ast)}`;
}
