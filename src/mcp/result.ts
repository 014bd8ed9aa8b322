import type { CallToolResult } from "@modelcontextprotocol/server";
import { explainError } from "../app/next-step.ts";
import { maskJson, maskSecrets } from "../config/secrets.ts";
import { isJsonObject, type Json } from "../core/json.ts";

/** Carries out a tool's work and puts what it found, or why it failed, into a result. No secret leaves through here. */
export async function answer(work: () => Promise<object>): Promise<CallToolResult> {
  try {
    const found: Json = maskJson(JSON.parse(JSON.stringify(await work())));
    const structuredContent = isJsonObject(found) ? { ...found } : {};
    return { content: [{ type: "text", text: JSON.stringify(found) }], structuredContent };
  } catch (thrown) {
    const { error, nextStep } = explainError(thrown);
    const text = maskSecrets(`${error.code}: ${error.message}\nNext step: ${nextStep}`);
    return { isError: true, content: [{ type: "text", text }] };
  }
}
