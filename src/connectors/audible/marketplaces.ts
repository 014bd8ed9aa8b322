/** One of Audible's shops. An account lives in one; what it owns in another is another library. */
export interface Marketplace {
  /** As people and Audible call it: "us", "uk". */
  readonly locale: string;
  /** Top-level domain, of Amazon's and of Audible's servers alike. */
  readonly domain: string;
  readonly marketplaceId: string;
}

/** Known from the public clients of Audible (https://audible.readthedocs.io/en/latest/marketplaces/marketplaces.html). */
export const marketplaces: readonly Marketplace[] = [
  { locale: "us", domain: "com", marketplaceId: "AF2M0KC94RCEA" },
  { locale: "uk", domain: "co.uk", marketplaceId: "A2I9A3Q2GNFNGQ" },
  { locale: "de", domain: "de", marketplaceId: "AN7V1F1VY261K" },
  { locale: "fr", domain: "fr", marketplaceId: "A2728XDNODOQ8T" },
  { locale: "ca", domain: "ca", marketplaceId: "A2CQZ5RBY40XE" },
  { locale: "it", domain: "it", marketplaceId: "A2N7FU2W2BU2ZC" },
  { locale: "au", domain: "com.au", marketplaceId: "AN7EY7DTAW63G" },
  { locale: "in", domain: "in", marketplaceId: "AJO3FBRUE6J4S" },
  { locale: "jp", domain: "co.jp", marketplaceId: "A1QAP3MOU4173J" },
  { locale: "es", domain: "es", marketplaceId: "ALMIKO4SZCSAR" },
  { locale: "br", domain: "com.br", marketplaceId: "A10J1VAYUDTYRN" },
];

/** null: Audible has no such marketplace. */
export function findMarketplace(locale: string): Marketplace | null {
  return marketplaces.find((each) => each.locale === locale.toLowerCase()) ?? null;
}

/** Where the servers of a marketplace are; addresses without a trailing slash. */
export interface AudibleHosts {
  /** Pages for people: signing in. */
  readonly pages: string;
  /** Devices: registering, tokens. */
  readonly devices: string;
  /** The library and the catalogue. */
  readonly api: string;
}

/** `baseUrl`: one server in place of all three, such as a stand-in on this machine. */
export function hostsOf({ domain }: Marketplace, baseUrl: string | null): AudibleHosts {
  if (baseUrl !== null) return { pages: baseUrl, devices: baseUrl, api: baseUrl };
  return {
    pages: `https://www.amazon.${domain}`,
    devices: `https://api.amazon.${domain}`,
    api: `https://api.audible.${domain}`,
  };
}
