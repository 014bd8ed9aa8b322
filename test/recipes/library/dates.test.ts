import { describe, expect, it } from "vitest";
import { dayAt, showInstant, toDay } from "../../../src/recipes/library/day.ts";
import { DateColumn, type DateOrder, readIsoDay } from "../../../src/recipes/library/exports/dates.ts";

function readColumn(texts: readonly string[], order: DateOrder | null = null) {
  const column = new DateColumn("Purchase Date");
  for (const [at, text] of texts.entries()) column.add({ row: at + 2, line: at + 2 }, text);
  const { days, problems } = column.resolve({ told: order });
  return { days: texts.map((_, at) => days.get(at + 2) ?? null), problems };
}

describe("a column of dates", () => {
  const cases: readonly {
    name: string;
    texts: readonly string[];
    order?: DateOrder;
    days: readonly (string | null)[];
  }[] = [
    { name: "takes ISO days", texts: ["2021-04-03", "2021/4/3"], days: ["2021-04-03", "2021-04-03"] },
    {
      name: "keeps the day of an instant as it is written, whatever its zone",
      texts: ["2026-01-02T00:30:00.000Z", "2026-01-02T23:59:59-07:00", "2026-01-02 23:59:59"],
      days: ["2026-01-02", "2026-01-02", "2026-01-02"],
    },
    {
      name: "is American when one date can only be",
      texts: ["03/04/2021", "12/25/2021"],
      days: ["2021-03-04", "2021-12-25"],
    },
    {
      name: "is European when one date can only be",
      texts: ["03/04/2021", "25/12/2021"],
      days: ["2021-04-03", "2021-12-25"],
    },
    { name: "has the day first before dots", texts: ["03.04.2021"], days: ["2021-04-03"] },
    {
      name: "needs no order for a day that is the same either way",
      texts: ["05/05/2020"],
      days: ["2020-05-05"],
    },
    {
      name: "takes the order it is told",
      texts: ["03/04/2021"],
      order: "day-first",
      days: ["2021-04-03"],
    },
    {
      name: "reads two digits of a year, and times behind",
      texts: ["12-25-24", "1/2/99 10:00 PM"],
      days: ["2024-12-25", "1999-01-02"],
    },
    {
      name: "reads months by name in many languages",
      texts: [
        "12 Jan 2024",
        "January 12, 2024",
        "12. März 2024",
        "12 août 2024",
        "12 de enero de 2024",
        "3 dicembre 2023",
      ],
      days: ["2024-01-12", "2024-01-12", "2024-03-12", "2024-08-12", "2024-01-12", "2023-12-03"],
    },
    { name: "reads Japanese dates", texts: ["2024年1月2日"], days: ["2024-01-02"] },
    { name: "passes over empty cells", texts: ["", "  "], days: [null, null] },
  ];
  it.each(cases)("$name", ({ texts, order, days }) => {
    const read = readColumn(texts, order ?? null);
    expect(read.days).toEqual(days);
    expect(read.problems).toEqual([]);
  });

  it("says so once when nothing shows which comes first, and takes no day that could be another", () => {
    const { days, problems } = readColumn(["03/04/2021", "05/05/2020", "01/02/2021"]);
    expect(days).toEqual([null, "2020-05-05", null]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ row: null, column: "Purchase Date", lost: "value" });
    expect(problems[0]?.got).toContain("03/04/2021");
  });

  it("keeps the certain days of a column that contradicts itself", () => {
    const { days, problems } = readColumn(["12/25/2021", "25/12/2021", "03/04/2021"]);
    expect(days).toEqual(["2021-12-25", "2021-12-25", null]);
    expect(problems).toHaveLength(1);
  });

  it("names the row of a date that the calendar does not have", () => {
    const { days, problems } = readColumn(["2021-02-30", "yesterday", "2021-02-28"]);
    expect(days).toEqual([null, null, "2021-02-28"]);
    expect(problems.map(({ row, got }) => [row, got])).toEqual([
      [2, '"2021-02-30"'],
      [3, '"yesterday"'],
    ]);
  });
});

describe("days", () => {
  it("are those of the calendar", () => {
    expect([
      toDay(2024, 2, 29),
      toDay(2023, 2, 29),
      toDay(1900, 2, 29),
      toDay(2000, 2, 29),
      toDay(2024, 13, 1),
    ]).toEqual(["2024-02-29", null, null, "2000-02-29", null]);
    expect(readIsoDay("2024-1-2")).toBe("2024-01-02");
  });

  it("are told of an instant only in a zone, Denver's where none is named", () => {
    const instant = Date.parse("2026-01-02T03:15:00Z");
    expect([dayAt(instant), dayAt(instant, "UTC"), dayAt(instant, "Asia/Tokyo")]).toEqual([
      "2026-01-01",
      "2026-01-02",
      "2026-01-02",
    ]);
    expect([showInstant(instant), showInstant(instant, "UTC")]).toEqual([
      "2026-01-01 20:15",
      "2026-01-02 03:15",
    ]);
  });
});
