/** Whether a host, with or without port, names this machine and no other. */
export function isLoopback(host: string | undefined): boolean {
  const name = (host ?? "").toLowerCase();
  if (name === "::1") return true;
  return /^(localhost|\[::1\]|127(\.\d{1,3}){3})(:\d+)?$/.test(name);
}
