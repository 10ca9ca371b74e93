import type { HttpAnswer, HttpCall } from '../shared/http-call.ts';
import type { ArmPorts } from './arm-call.ts';
import type { Caller } from './authorization.ts';
import { AzureError } from './azure-error.ts';
import { JsonBody } from './json-body.ts';

/** What Graph's operations work with. */
export type GraphPorts = ArmPorts & {
  /** The simulator's own address, which clients may name objects by. */
  readonly url: () => string;
};

/** One call whose token has been checked. */
export type GraphCall = { readonly http: HttpCall; readonly caller: Caller };

/** Where a path leads. */
export type GraphRoute = {
  /** Method and path, as faults and the journal name it: `GET /users/{id}`. */
  readonly action: string;
  /** Application permissions, each of which is enough. */
  readonly permissions: readonly string[];
  /** Which people may: everybody, or who holds one of these roles of Entra. */
  readonly people: 'everybody' | readonly string[];
  /** Query options that mean something. */
  readonly options: readonly string[];
  readonly perform: (call: GraphCall) => HttpAnswer;
};

/** What a path does: method and path, where `{id}` stands for what differs. */
export type GraphRow = readonly [
  action: string,
  permissions: readonly string[],
  people: GraphRoute['people'],
  options: readonly string[],
  perform: (ports: GraphPorts, call: GraphCall, ids: readonly string[]) => HttpAnswer,
];

export const graphJson = (value: unknown, status = 200): HttpAnswer => ({
  status,
  headers: { 'content-type': 'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false' },
  body: JSON.stringify(value),
});

export const graphNothing: HttpAnswer = { status: 204, headers: {}, body: '' };

export const context = (what: string): { readonly '@odata.context': string } => ({
  '@odata.context': `https://graph.microsoft.com/v1.0/$metadata#${what}`,
});

/** A body of Graph's; throws `BadRequest` for what cannot be read. */
export const graphBody = (call: GraphCall): JsonBody =>
  JsonBody.parse(call.http.body, (message) => new AzureError(400, 'BadRequest', message));

export const notThere = (id: string): AzureError =>
  new AzureError(
    404,
    'Request_ResourceNotFound',
    `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  );

export const badRequest = (message: string): AzureError => new AzureError(400, 'Request_BadRequest', message);

export const denied = (): AzureError =>
  new AzureError(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.');
