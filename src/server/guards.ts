import { createHash, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import type { MiddlewareHandler } from "hono";
import { LockstepError } from "../core/errors.ts";

/** True for addresses only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/**
 * On loopback, the Host header must name loopback too: a web page whose own name is made to resolve to 127.0.0.1
 * (DNS rebinding) still sends its own name.
 */
export function requireLoopbackHost(): MiddlewareHandler {
  return async (context, next) => {
    const host = context.req.header("host") ?? "";
    if (URL.canParse(`http://${host}`) && isLoopback(hostnameOf(host))) return next();
    throw new LockstepError(
      "UNAUTHENTICATED",
      "The Host header does not name this machine: expected localhost or 127.0.0.1.",
    );
  };
}

function hostnameOf(host: string): string {
  return new URL(`http://${host}`).hostname.replace(/^\[|\]$/g, "");
}

/** Lets only holders of the admin token through; without one configured, nobody. */
export function requireBearer(adminToken: string | null): MiddlewareHandler {
  return async (context, next) => {
    if (adminToken === null) {
      throw new LockstepError(
        "UNAUTHENTICATED",
        "This server was started without LOCKSTEP_ADMIN_TOKEN, so its API is closed. Set it in the environment and restart.",
      );
    }
    const given = /^Bearer (.+)$/i.exec(context.req.header("authorization") ?? "")?.[1];
    if (given !== undefined && isSameSecret(given, adminToken)) return next();
    throw new LockstepError(
      "UNAUTHENTICATED",
      `The admin token is ${given === undefined ? "missing" : "wrong"}.`,
    );
  };
}

/** Takes as long for a wrong token as for the right one: digests have one length, and are compared in constant time. */
export function isSameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
