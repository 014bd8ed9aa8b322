/**
 * What we register as: Audible lets devices in, and has no other door. The values are those of its app for the iPhone, as
 * the public clients of Audible use them; the name is ours, so that people recognise it in their list of devices.
 */
const deviceType = "A2CZJZGLK2JJVM";

/** Amazon fills in the owner's first name, and a number when there are several. */
const deviceName = "%FIRST_NAME%%FIRST_NAME_POSSESSIVE_STRING%%DUPE_STRATEGY_1ST%Lockstep";

export const app = { app_name: "Audible", app_version: "3.56.2" } as const;

/** How sign-in pages know the app: by the shop's locale. */
export function associationOf(locale: string): string {
  return `amzn_audible_ios_${locale}`;
}

/** The device as sign-in and registration name it: serial and type, in hexadecimal. */
export function clientIdOf(serial: string): string {
  return Buffer.from(`${serial}#${deviceType}`).toString("hex");
}

/** A new serial number from 16 random bytes. */
export function serialFrom(random: Uint8Array): string {
  return Buffer.from(random).toString("hex").toUpperCase();
}

/** What a registration says about the device. */
export function describeDevice(serial: string): Readonly<Record<string, string>> {
  return {
    ...app,
    domain: "Device",
    device_type: deviceType,
    device_serial: serial,
    device_name: deviceName,
    device_model: "iPhone",
    os_version: "15.0.0",
    software_version: "35602678",
  };
}
