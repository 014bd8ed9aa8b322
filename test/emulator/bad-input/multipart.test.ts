import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Emulator } from "../../../src/emulator/index.ts";
import { call, type JsonObject, startQuiet, text } from "../harness.ts";

const boundary = "----boundary7MA4YWxk";
const formBytesMax = 21_000_000;
const runs = { seed: 20_261_121, numRuns: 150, endOnFailure: true };

let emulator: Emulator;
let start: ReturnType<Emulator["snapshot"]>;
/** One that waits for its file, one that waits for the second of two parts. */
let single: string;
let double: string;

beforeAll(async () => {
  emulator = await startQuiet();
  const make = async (body: JsonObject): Promise<string> =>
    text((await call(emulator, "POST /v1/file_uploads", { body })).body.id);
  single = await make({ filename: "a.txt" });
  double = await make({ mode: "multi_part", number_of_parts: 2, filename: "b.txt" });
  start = emulator.snapshot();
});
afterAll(() => emulator.close());

async function send(id: string, body: Buffer, type: string): Promise<{ status: number; body: JsonObject }> {
  const response = await fetch(`${emulator.url}/v1/file_uploads/${id}/send`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${emulator.token}`,
      "notion-version": "2026-03-11",
      "content-type": type,
    },
    body: new Uint8Array(body),
  });
  return { status: response.status, body: JSON.parse(await response.text()) };
}

function uploads(): string {
  const { things, files } = emulator.snapshot();
  return JSON.stringify([things.fileUploads, files]);
}

/** A form is taken, and its upload then says so, or it is refused and nothing has changed. */
async function expectSane(id: string, body: Buffer, type: string): Promise<number> {
  const before = uploads();
  const answer = await send(id, body, type);
  const told = `${type} ${body.subarray(0, 400)}: ${JSON.stringify(answer.body)}`;
  if (answer.status === 200) {
    expect(answer.body, told).toMatchObject({ object: "file_upload", id });
    expect(uploads(), told).not.toBe(before);
    emulator.restore(start);
  } else {
    expect(answer, told).toMatchObject({ status: 400, body: { code: "validation_error" } });
    expect(uploads(), told).toBe(before);
  }
  return answer.status;
}

interface Part {
  readonly disposition: string;
  readonly type: string | null;
  readonly content: string;
}

function formOf(parts: readonly Part[], { newline = "\r\n", closing = `--${boundary}--` } = {}): Buffer {
  const lines = parts.flatMap(({ disposition, type, content }) => [
    `--${boundary}`,
    `Content-Disposition: ${disposition}`,
    ...(type === null ? [] : [`Content-Type: ${type}`]),
    "",
    content,
  ]);
  return Buffer.from([...lines, closing, ""].join(newline));
}

const file: Part = {
  disposition: 'form-data; name="file"; filename="a.txt"',
  type: "text/plain",
  content: "hello",
};
const usual = `multipart/form-data; boundary=${boundary}`;

const parts = fc.array(
  fc.record({
    disposition: fc.constantFrom(
      file.disposition,
      'form-data; name="file"',
      'form-data; name="File"; filename="a.txt"',
      'form-data; name="files[]"; filename="a.txt"',
      'form-data; name=""; filename=""',
      'form-data; name="part_number"',
      'form-data; filename="a.txt"',
      'form-data; name="__proto__"; filename="x"',
      'form-data; name="file"; filename="../../etc/passwd"',
      'form-data; name="file',
      'attachment; name="file"; filename="a.txt"',
      "",
    ),
    type: fc.constantFrom(null, "text/plain", "image/png", "nonsense", "", "text/plain; charset"),
    content: fc.oneof(
      fc.constantFrom("", "1", "2", "0", "-1", "1e9", "x", `--${boundary}--`, `\r\n--${boundary}\r\n`),
      fc.string(),
    ),
  }),
  { maxLength: 4 },
);

const types = fc.constantFrom(
  usual,
  `multipart/form-data; boundary="${boundary}"`,
  "multipart/form-data",
  "multipart/form-data; boundary=",
  "multipart/form-data; boundary=other",
  `multipart/mixed; boundary=${boundary}`,
  `multipart/form-data; boundary=${"x".repeat(300)}`,
  "application/json",
  "application/x-www-form-urlencoded",
);

const endings = fc.record({
  newline: fc.constantFrom("\r\n", "\r\n", "\n"),
  closing: fc.constantFrom(`--${boundary}--`, `--${boundary}`, "", "--other--"),
});

describe("a form that is sent", () => {
  it("as it should be is taken, so that breaking it means something", async () => {
    expect(await expectSane(single, formOf([file]), usual)).toBe(200);
    const part = { disposition: 'form-data; name="part_number"', type: null, content: "2" };
    expect(await expectSane(double, formOf([file, part]), usual)).toBe(200);
  });

  it("with any parts, names, types, endings and boundary is taken or refused, never half taken", async () => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), parts, types, endings, async (isSingle, sent, type, ending) => {
        await expectSane(isSingle ? single : double, formOf(sent, ending), type);
      }),
      runs,
    );
  });

  it("cut off anywhere is refused", async () => {
    const whole = formOf([file]);
    const end = whole.lastIndexOf(`--${boundary}--`);
    await fc.assert(
      fc.asyncProperty(fc.nat(end), async (length) => {
        expect(await expectSane(single, whole.subarray(0, length), usual)).toBe(400);
      }),
      { ...runs, numRuns: 60 },
    );
  });

  it("with bytes of it changed is taken or refused", async () => {
    const whole = formOf([file]);
    const changes = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(changes, async (all) => {
        const broken = Buffer.from(whole);
        for (const [at, byte] of all) broken[at] = byte;
        await expectSane(single, broken, usual);
      }),
      runs,
    );
  });

  it.each([
    ["no parts", formOf([])],
    ["no file", formOf([{ ...file, disposition: 'form-data; name="upload"; filename="a.txt"' }])],
    ["a file that is a text field", formOf([{ ...file, disposition: 'form-data; name="file"', type: null }])],
    ["nothing at all", Buffer.alloc(0)],
    ["JSON in it", Buffer.from('{"file": "hello"}')],
  ])("with %s is refused", async (_name, body) => {
    expect(await expectSane(single, body, usual)).toBe(400);
  });

  it("that is larger than forms may be is refused", async () => {
    const body = formOf([{ ...file, content: "x".repeat(formBytesMax) }]);
    expect(await expectSane(single, body, usual)).toBe(400);
  });

  it("with a file larger than may be sent at once is refused", async () => {
    const body = formOf([{ ...file, content: "x".repeat(20 * 1024 * 1024 + 1) }]);
    expect(body.length).toBeLessThan(formBytesMax);
    expect(await expectSane(single, body, usual)).toBe(400);
  });
});
