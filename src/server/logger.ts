import { type Logger, pino } from "pino";
import { maskSecrets } from "../config/secrets.ts";

const redactedKeys = ["authorization", "token", "adminToken", "notionToken", "password"];

/** JSON lines. Secrets are taken out twice: by key, and by their look wherever they are. */
export function createLogger(output: { write(text: string): unknown }): Logger {
  const paths = redactedKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);
  const destination = { write: (line: string) => void output.write(maskSecrets(line)) };
  return pino(
    { base: null, redact: { paths, censor: "[secret]" }, timestamp: pino.stdTimeFunctions.isoTime },
    destination,
  );
}
