import type { IncomingMessage, ServerResponse } from 'node:http';
import { readHttpCall, sendAnswer, type HttpAnswer, type HttpCall } from './http-call.ts';
import { listenOnLoopback, type Loopback, type ServerCertificate } from './loopback.ts';

/** A simulator that listens; `lastCallAt` is when it was called last, in milliseconds since the epoch. */
export type Simulator = Loopback & { readonly lastCallAt: () => number };

/** What answers the calls of a simulator. */
export type Answers = {
  /** The cloud's own interfaces; `null` cuts the connection. */
  readonly cloud: (call: HttpCall) => Promise<HttpAnswer | null>;
  /** A handle that no cloud has, as `POST /_sim/clock`; `undefined` is none. What it throws is answered with 400. */
  readonly handle: (name: string, body: Readonly<Record<string, unknown>>) => unknown;
};

/** Opens the one loopback port of a simulator. What its interfaces throw is the simulator's own failure. */
export async function openSimulator(
  port: number,
  certificate: ServerCertificate | null,
  answers: Answers,
): Promise<Simulator> {
  let lastCallAt = Date.now();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    lastCallAt = Date.now();
    try {
      const call = await readHttpCall(request);
      const own = call.rawPath.startsWith('/_sim/');
      const answered = own ? answerHandle(call, answers.handle) : await answers.cloud(call);
      if (answered === null) return void response.destroy();
      sendAnswer(response, answered);
    } catch (error) {
      if (!response.headersSent)
        sendAnswer(response, {
          status: 500,
          headers: { 'content-type': 'text/plain' },
          body: `the simulator failed: ${String(error)}`,
        });
    }
  };
  const door = await listenOnLoopback(port, certificate, (request, response) => void answer(request, response));
  return { ...door, lastCallAt: () => lastCallAt };
}

function answerHandle(call: HttpCall, handle: Answers['handle']): HttpAnswer {
  const json = (value: unknown, status = 200): HttpAnswer => ({
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(value),
  });
  const name = `${call.method} ${call.rawPath}`;
  try {
    const body = call.body.length === 0 ? {} : (JSON.parse(call.body.toString('utf8')) as Record<string, unknown>);
    const answer = handle(name, body);
    return answer === undefined ? json({ error: `no ${name}` }, 404) : json(answer);
  } catch (error) {
    return json({ error: error instanceof Error ? error.message : String(error) }, 400);
  }
}
