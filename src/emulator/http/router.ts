import { type Route, routes } from "../api/routes.ts";

export interface Match {
  readonly route: Route;
  readonly params: { readonly [name: string]: string };
}

interface Compiled {
  readonly route: Route;
  readonly parts: readonly string[];
}

const compiled: readonly Compiled[] = routes.map((route) => ({
  route,
  parts: route.template.slice(1).split("/"),
}));

/** The route a request is for, or null. Fixed parts win over variable ones by standing first in the table. */
export function matchRoute(method: string, pathname: string): Match | null {
  if (!pathname.startsWith("/v1/")) return null;
  const parts = pathname.slice("/v1/".length).replace(/\/$/, "").split("/");
  for (const { route, parts: wanted } of compiled) {
    if (route.method !== method || wanted.length !== parts.length) continue;
    const params = matchParts(wanted, parts);
    if (params !== null) return { route, params };
  }
  return null;
}

function matchParts(wanted: readonly string[], parts: readonly string[]): { [name: string]: string } | null {
  const params: { [name: string]: string } = {};
  for (const [index, part] of parts.entries()) {
    const want = wanted[index] ?? "";
    if (want.startsWith("{")) params[want.slice(1, -1)] = decoded(part);
    else if (want !== part) return null;
  }
  return params;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
