import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isLoopback } from "../http/hosts.ts";

/** How long a receiver may take; Notion's own limit is not known. Real time. */
const answerWithinMs = 10_000;

/** What came of a request: the status, or 0 when there was no answer. */
export function post(
  url: string,
  {
    body,
    headers,
    signal,
  }: {
    readonly body: Buffer;
    readonly headers: { readonly [name: string]: string };
    readonly signal: AbortSignal;
  },
): Promise<number> {
  const request = new URL(url).protocol === "https:" ? requestHttps : requestHttp;
  return new Promise((resolve) => {
    const sent = request(
      url,
      {
        method: "POST",
        // A connection for each request: none is left open when the emulator stops.
        agent: false,
        headers: {
          "content-type": "application/json; charset=utf-8",
          "content-length": String(body.length),
          ...headers,
        },
        signal,
        timeout: answerWithinMs,
      },
      (response) => {
        response.resume();
        response.once("end", () => resolve(response.statusCode ?? 0));
        response.once("error", () => resolve(0));
      },
    );
    sent.once("timeout", () => sent.destroy());
    sent.once("error", () => resolve(0));
    sent.end(body);
  });
}

/** Whether a webhook's URL leads to this machine. */
export function isLocal(url: string): boolean {
  const { hostname, protocol } = new URL(url);
  return /^https?:$/.test(protocol) && isLoopback(hostname);
}
