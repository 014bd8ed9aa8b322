import { createHmac } from "node:crypto";

/** `X-Notion-Signature` for the exact bytes of a body. https://developers.notion.com/reference/webhooks */
export function signatureOf(body: Buffer, verificationToken: string): string {
  return `sha256=${createHmac("sha256", verificationToken).update(body).digest("hex")}`;
}
