import { isJsonObject, type Json } from "../core/json.ts";
import { type ConfigProblem, pathText } from "./problem.ts";

/** Tokens by their public prefixes, keys, sign-in codes, authorization headers, and URLs that carry a password. */
const secretPatterns: readonly RegExp[] = [
  /\b(?:ntn|secret|ghp|gho|ghu|ghs|ghr|github_pat)_[A-Za-z0-9_]+/g,
  /\bBearer\s+[A-Za-z0-9._~+/=-]+/gi,
  /\bAt[nz][a-z]\|[A-Za-z0-9+/=_-]+/g,
  /\{enc:[^}]*\}(?:\{\w+:[^}]*\})*/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /(?<=authorization_code=)[^&\s"',<>]+/gi,
  /(?<=:\/\/[^/\s:@]*:)[^/\s@"',<>]+(?=@)/g,
  /(?<=[?&](?:ssl)?password=)[^&\s"',<>]+/gi,
];

/** Keys whose value is a secret whatever it looks like. */
const secretKey = /(?:token|api[-_]?key|secret|password|authorization)$/i;

const mask = "[secret]";

/** The text with everything that looks like a secret blanked out. */
export function maskSecrets(text: string): string {
  return secretPatterns.reduce((masked, pattern) => masked.replace(pattern, mask), text);
}

/** The same value with every text in it masked, keys included. */
export function maskJson(value: Json): Json {
  if (typeof value === "string") return maskSecrets(value);
  if (Array.isArray(value)) return value.map(maskJson);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [maskSecrets(key), maskJson(each)]));
}

export interface SecretScan {
  readonly problems: readonly ConfigProblem[];
  /** The value with every secret blanked out, so that nothing after this can print one. */
  readonly masked: Json;
}

/** Objects whose keys are names and words from outside: a property or an option may well be called "Secret". */
const keysFromOutside: readonly unknown[] = [
  "fieldMappings",
  "toTable",
  "toNotion",
  "statuses",
  "labels",
  "people",
];

/** Finds secrets written into a configuration. */
export function scanForSecrets(value: Json, path: readonly (string | number)[] = []): SecretScan {
  if (typeof value === "string")
    return maskSecrets(value) === value ? { problems: [], masked: value } : found(path);
  if (Array.isArray(value)) return scanList(value, path);
  if (isJsonObject(value)) return scanObject(value, path);
  return { problems: [], masked: value };
}

function scanList(list: readonly Json[], path: readonly (string | number)[]): SecretScan {
  const scans = list.map((item, index) => scanForSecrets(item, [...path, index]));
  return { problems: scans.flatMap((scan) => scan.problems), masked: scans.map((scan) => scan.masked) };
}

function scanObject(
  object: { readonly [key: string]: Json },
  path: readonly (string | number)[],
): SecretScan {
  const problems: ConfigProblem[] = [];
  const masked: Record<string, Json> = {};
  const isJudgedByKey = !keysFromOutside.includes(path.at(-1));
  for (const [key, value] of Object.entries(object)) {
    const shownKey = maskSecrets(key);
    const here = [...path, shownKey];
    const isSecretKey = isJudgedByKey && secretKey.test(key) && typeof value === "string" && value !== "";
    const scan = isSecretKey || shownKey !== key ? found(here) : scanForSecrets(value, here);
    problems.push(...scan.problems);
    masked[shownKey] = scan.masked;
  }
  return { problems, masked };
}

function found(path: readonly (string | number)[]): SecretScan {
  const message = `looks like a secret; take it out, ${insteadOf(path)}`;
  return { problems: [{ path: pathText(path), message }], masked: mask };
}

function insteadOf(path: readonly (string | number)[]): string {
  if (path[0] === "tables" && path.at(-1) === "url")
    return 'put the address into the environment and write {"env": "DATABASE_URL"} here';
  return `set ${path[0] === "store" ? "PGPASSWORD" : "NOTION_TOKEN"} in the environment`;
}
