import { createVerify, generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { maskSecrets } from "../../src/config/secrets.ts";
import { deviceSigner } from "../../src/connectors/audible/client.ts";
import { keyToPem, parseDeviceKey } from "../../src/connectors/audible/credentials.ts";
import { findMarketplace, hostsOf, marketplaces } from "../../src/connectors/audible/marketplaces.ts";
import { beginSignIn, codeIn, signInLink } from "../../src/connectors/audible/sign-in.ts";
import { virtualClock } from "../http/virtual-clock.ts";

const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const der = (type: "pkcs1" | "pkcs8") => privateKey.export({ type, format: "der" }).toString("base64");

describe("the key of a device", () => {
  it.each([
    ["PEM, PKCS #1", privateKey.export({ type: "pkcs1", format: "pem" }).toString()],
    ["PEM, PKCS #8", privateKey.export({ type: "pkcs8", format: "pem" }).toString()],
    ["DER in base64, PKCS #1", der("pkcs1")],
    ["DER in base64, PKCS #8", der("pkcs8")],
  ])("is read as %s", (_, text) => {
    expect(keyToPem(parseDeviceKey(text))).toBe(keyToPem(privateKey));
  });

  it.each(["", "MIIabc", "-----BEGIN RSA PRIVATE KEY-----\nAA\n-----END RSA PRIVATE KEY-----"])(
    "is none when it is %j, and the message shows nothing of it",
    (text) => {
      expect(() => parseDeviceKey(text)).toThrow(/key cannot be read: expected an RSA key/);
    },
  );

  it("is no key of another kind", () => {
    const other = generateKeyPairSync("ed25519")
      .privateKey.export({ type: "pkcs8", format: "pem" })
      .toString();
    expect(() => parseDeviceKey(other)).toThrow(/expected an RSA key/);
  });
});

it("a signature covers method, path with query, time, body and token, each in its line", () => {
  const adpToken = "{enc:dummy}";
  const credentials = {
    locale: "us",
    serial: "S",
    adpToken,
    privateKey: keyToPem(privateKey),
    refreshToken: "r",
    accessToken: "a",
    accessTokenExpiresAt: "2026-11-21T10:00:00.000Z",
  };
  const sign = deviceSigner(credentials, virtualClock());
  const url = new URL("https://api.audible.com/1.0/library?page=1&sort_by=-PurchaseDate");
  const headers = sign({ method: "GET", url, body: "" });
  const at = "2026-11-21T10:00:20.000Z";
  const signature = headers["x-adp-signature"]?.replace(`:${at}`, "") ?? "";
  const isSigned = (text: string) =>
    createVerify("RSA-SHA256").update(text).verify(publicKey, signature, "base64");
  expect(headers).toMatchObject({ "x-adp-token": adpToken, "x-adp-alg": "SHA256withRSA:1.0" });
  expect(isSigned(`GET\n/1.0/library?page=1&sort_by=-PurchaseDate\n${at}\n\n${adpToken}`)).toBe(true);
  expect(isSigned(`GET\n/1.0/library?page=2&sort_by=-PurchaseDate\n${at}\n\n${adpToken}`)).toBe(false);
});

describe("a sign-in link", () => {
  const bytes = (count: number) => Uint8Array.from({ length: count }, (_, at) => at);

  it.each(marketplaces)("leads to the pages of $locale and back to them", (marketplace) => {
    const hosts = hostsOf(marketplace, null);
    const url = new URL(signInLink(beginSignIn(marketplace, bytes), marketplace, hosts));
    expect(url.origin).toBe(`https://www.amazon.${marketplace.domain}`);
    expect(url.searchParams.get("openid.return_to")).toBe(`${url.origin}/ap/maplanding`);
    expect(url.searchParams.get("marketPlaceId")).toBe(marketplace.marketplaceId);
    expect(url.searchParams.get("openid.assoc_handle")).toBe(`amzn_audible_ios_${marketplace.locale}`);
    expect(hosts).toMatchObject({ api: `https://api.audible.${marketplace.domain}` });
  });

  it("holds the challenge and never the verifier; the device is its serial and type", () => {
    const us = findMarketplace("US");
    if (us === null) throw new Error("there is one");
    const pending = beginSignIn(us, bytes);
    const link = signInLink(pending, us, hostsOf(us, null));
    expect(pending.verifier).toHaveLength(43);
    expect(link).not.toContain(pending.verifier);
    // https://www.rfc-editor.org/rfc/rfc7636#appendix-B
    const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const known = new URL(signInLink({ ...pending, verifier }, us, hostsOf(us, null)));
    expect(known.searchParams.get("openid.oa2.code_challenge")).toBe(
      "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    );
    const client = new URL(link).searchParams.get("openid.oa2.client_id")?.replace("device:", "") ?? "";
    expect(Buffer.from(client, "hex").toString()).toBe("000102030405060708090A0B0C0D0E0F#A2CZJZGLK2JJVM");
  });

  it.each([
    "https://www.amazon.com/ap/maplanding?x=1&openid.oa2.authorization_code=ANabc",
    "  'https://www.amazon.de/ap/maplanding?openid.oa2.authorization_code=ANabc&y=2'\n",
    "<https://www.amazon.co.jp/ap/maplanding?openid.oa2.authorization_code=ANabc>",
  ])("ends in a code, however it is pasted: %j", (landed) => {
    expect(codeIn(landed)).toBe("ANabc");
  });
});

it.each([
  ["Atza|IwEBIabc-_/+=x", "[secret]"],
  ["token Atnr|dummy1, and more", "token [secret], and more"],
  ["{enc:a/b=}{key:c}{iv:d}{name:e}{serial:Mg==} end", "[secret] end"],
  ["-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- end", "[secret] end"],
  ["-----BEGIN PRIVATE KEY-----\nMIIE…", "[secret]"],
  ["?openid.oa2.authorization_code=ANabc&x=1", "?openid.oa2.authorization_code=[secret]&x=1"],
])("no message shows what Audible gives: %j", (text, masked) => {
  expect(maskSecrets(text)).toBe(masked);
});
